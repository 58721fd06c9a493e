/* adam.h: the optimiser's step on a lane's weights (cl/adam.cl), and what goes with the weights. Enqueued unless said. */
#ifndef CLU_ADAM_H
#define CLU_ADAM_H

#include "arena.h"

typedef enum weight_matrix { WEIGHT_B, WEIGHT_X } weight_matrix;

/* FACTORS, which the two below multiply gradients by where the lane's hyper has a norm to clip to. From all of the gradient. */
clu_status adam_clip(const arena *arena, const lane_list *list, clu_error *error);
/* Adam on W_b or W_x from GRADIENTS, with the rate of `step` of the burst; keeps TRANSPOSED in step. */
clu_status adam_matrix(const arena *arena, weight_matrix which, const lane_list *list, uint32_t step, clu_error *error);
/* Adam on θ and a of the layers up to each lane's depth, from PARTIALS. */
clu_status adam_scalars(const arena *arena, const lane_list *list, uint32_t step, clu_error *error);
/* Makes TRANSPOSED of a lane from its WEIGHTS. */
clu_status weights_transpose(const arena *arena, uint32_t slot, clu_error *error);
/* finite[k]: whether all weights of list entry k are finite. Waits. */
clu_status weights_finite(const arena *arena, const lane_list *list, bool *finite, clu_error *error);

#endif
