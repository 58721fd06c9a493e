/* reproduce_step.c: see reproduce_step.h. */
#include "reproduce_step.h"

#include "interrupt.h"
#include "status.h"

/* What was measured already with the plan, or what is measured now. */
static clu_status measure(
    const reproduce_job *job, const cost_shape *shape, double operations, reproduce_step *step, clu_error *error)
{
	const plan_wish wish = {.imposed = job->plan_path,
	    .shape = {shape->m, shape->n, shape->layers, shape->batch},
	    .operations = operations,
	    .stop = &interrupt_flag};
	plan_choice plan;
	clu_device *device;
	clu_tuning tuning;
	CLU_TRY(device_choice_open_one_as(job->device_spec, &wish, &plan, &device, error));
	const clu_device_info info = *clu_device_about(device);
	clu_device_destroy(device); /* measuring wants the device for itself */
	const clu_tuning_job short_job = {.m = shape->m,
	    .n = shape->n,
	    .layers = shape->layers,
	    .batch = shape->batch,
	    .base = plan.plan,
	    .keep_key = true,
	    .seconds = 0.001, /* no time to try another plan */
	    .stop = &interrupt_flag};
	step->seconds = plan.measured.tuning.step_seconds;
	if (plan.source != PLAN_MEASURED) {
		CLU_TRY(clu_tune(&info, &short_job, &tuning, error));
		step->seconds = tuning.base_seconds;
	}
	step->shape = *shape;
	device_choice_describe(&info, step->device);
	return CLU_OK;
}

static bool same_shape(const cost_shape *a, const cost_shape *b)
{
	return a->m == b->m && a->n == b->n && a->layers == b->layers && a->batch == b->batch;
}

clu_status reproduce_step_foresee(const reproduce_job *job, const settings *settings, reproduce_step *step, uint64_t *steps,
    bool *exact, double *seconds, clu_error *error)
{
	const clu_recipe *recipe = &settings->recipe;
	const cost_shape shape = {settings->problem.m, settings->problem.n, settings->layers, settings->batch, 1};
	const double operations = cost_training(&shape, recipe);
	*steps = cost_steps(&shape, recipe, exact);
	if (!same_shape(&step->shape, &shape)) CLU_TRY(measure(job, &shape, operations, step, error));
	const double full_steps = operations / cost_step(&shape, 1, shape.layers, CLU_VARIABLES_ALL);
	const double validation = (double)settings->problem.validation / shape.batch / recipe->validate_every / 3;
	*seconds = step->seconds * full_steps * (1 + validation);
	return CLU_OK;
}
