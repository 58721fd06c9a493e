/* step_speed.c: see step_speed.h. */
#include "step_speed.h"

#include "status.h"

clu_status step_speed_measure(
    const clu_device_info *info, const plan_wish *wish, const plan_choice *plan, step_speed *speed, clu_error *error)
{
	const clu_tuning_job job = {.m = wish->shape.m,
	    .n = wish->shape.n,
	    .layers = wish->shape.layers,
	    .batch = wish->shape.batch,
	    .base = plan->plan,
	    .keep_key = true,
	    .seconds = 0.001, /* no time to try another plan */
	    .stop = wish->stop};
	clu_tuning tuning = plan->measured.tuning;
	*speed = (step_speed){0};
	if (plan->source != PLAN_MEASURED) CLU_TRY(clu_tune(info, &job, &tuning, error));
	*speed = (step_speed){.alone = tuning.step_seconds, .among_lanes = tuning.lanes > 0 ? tuning.lane_seconds : 0};
	return CLU_OK;
}
