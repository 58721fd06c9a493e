/* pass.h: a whole pass through the network in one launch, or both of a step in one, for plans with `passes`: the same results, to
 * the bit, as layer.h's and product.h's launches one after the other, but for Y of a lane's top layer, which is scratch here. */
#ifndef CLU_PASS_H
#define CLU_PASS_H

#include "loss.h"

/* From B to U, Y and CODES up to each lane's depth. */
clu_status pass_forward(const arena *arena, const lane_list *list, clu_error *error);
/* From TOP to DV and PARTIALS, from each lane's depth down to the layer that its REACH names. By itself only where launches are
 * timed. */
clu_status pass_backward(const arena *arena, const lane_list *list, clu_error *error);
/* gather_training, pass_forward, loss_backward and pass_backward in one launch. */
clu_status pass_training(const arena *arena, const lane_list *list, const device_samples *samples, uint32_t step, clu_error *error);

typedef enum gradient_set { GRADIENT_OF_W_B = 1, GRADIENT_OF_W_X = 2, GRADIENT_OF_BOTH = 3 } gradient_set;

/* From DV to the gradients of W_b, W_x or both, the layers' share of it mixed on the way. x: CODES, their lists and the room for
 * lists by column, as the A of W_x's product. Overwrites DY. */
clu_status pass_gradients(const arena *arena, gradient_set set, const product *x, const lane_list *list, clu_error *error);

#endif
