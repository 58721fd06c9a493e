/* pass.h: a whole pass through the network in one launch, for plans with `passes`: the same results, to the bit, as layer.h's and
 * product.h's launches one after the other. */
#ifndef CLU_PASS_H
#define CLU_PASS_H

#include "arena.h"

/* From B to U, Y and CODES up to each lane's depth. */
clu_status pass_forward(const arena *arena, const lane_list *list, clu_error *error);
/* From TOP to DV, DY, DU and PARTIALS, from each lane's depth down to the layer that its REACH names; DY and DU where that has
 * their matrices. */
clu_status pass_backward(const arena *arena, const lane_list *list, clu_error *error);

#endif
