/* layer.h: one layer between its products: mix and neuron, forward and backward (cl/layer.cl, cl/neuron.cl). Enqueued only. */
#ifndef CLU_LAYER_H
#define CLU_LAYER_H

#include "arena.h"

/* x_L = η(s_L U + Σ a_{i,L} Y_i) of the lanes in `list`; layer counts from 1. */
clu_status layer_forward(const arena *arena, uint32_t layer, const lane_list *list, clu_error *error);
/* dv_L, dY_L, dU and the partial sums of da_L, dθ_L, from TOP where L is a lane's depth and from the H above otherwise. To be
 * called from the top down. */
clu_status layer_backward(const arena *arena, uint32_t layer, const lane_list *list, clu_error *error);

#endif
