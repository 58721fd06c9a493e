/* plan.h: what the engine asks of a plan before it uses one. */
#ifndef CLU_PLAN_H
#define CLU_PLAN_H

#include "status.h"

/* CLU_FORMAT where a number is out of range or two do not go together; `source` names the plan. */
clu_status plan_check(const clu_plan *plan, const char *source, clu_error *error);

#endif
