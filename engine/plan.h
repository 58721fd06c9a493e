/* plan.h: what the engine asks of plans before it uses one, and how it changes them. */
#ifndef CLU_PLAN_H
#define CLU_PLAN_H

#include "status.h"

/* What a field of a plan has an effect on: speed alone, the bits of results, or which rows skip zeros: that changes bits where
 * products by tensor units stand beside it. */
typedef enum plan_effect { PLAN_SPEED = 1, PLAN_BITS = 2, PLAN_SKIPPING = 4 } plan_effect;

/* CLU_FORMAT where a number is out of range or two do not go together; `source` names the plan. */
clu_status plan_check(const clu_plan *plan, const char *source, clu_error *error);
/* Whether the plan leaves products to CLBlast. */
bool plan_uses_clblast(const clu_plan *plan);
/* Sets the fields that `lines` names, such as "tile_rows 4\ntile_vectors 3"; what comes out is not checked. */
clu_status plan_change(clu_plan *plan, const char *lines, clu_error *error);
/* The lines of those fields alone that change bits: what of a plan belongs to the numeric key. */
void plan_print_bits(const clu_plan *plan, char text[CLU_PLAN_TEXT]);

#endif
