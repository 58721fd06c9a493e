/* reproduce_step.c: see reproduce_step.h. */
#include "reproduce_step.h"

#include "interrupt.h"
#include "status.h"
#include "step_speed.h"

static clu_status measure(
    const reproduce_job *job, const cost_shape *shape, double operations, reproduce_step *step, clu_error *error)
{
	const plan_wish wish = {.imposed = job->plan_path,
	    .shape = {shape->m, shape->n, shape->layers, shape->batch},
	    .operations = operations,
	    .stop = &interrupt_flag};
	plan_choice plan;
	clu_device *device;
	step_speed speed;
	CLU_TRY(device_choice_open_one_as(job->device_spec, &wish, &plan, &device, error));
	const clu_device_info info = *clu_device_about(device);
	clu_device_destroy(device);
	CLU_TRY(step_speed_measure(&info, &wish, &plan, &speed, error));
	*step = (reproduce_step){.shape = *shape, .seconds = speed.alone};
	device_choice_describe(&info, step->device);
	return CLU_OK;
}

static bool same_shape(const cost_shape *a, const cost_shape *b)
{
	return a->m == b->m && a->n == b->n && a->layers == b->layers && a->batch == b->batch;
}

clu_status reproduce_step_foresee(const reproduce_job *job, const settings *settings, uint64_t trainings, reproduce_step *step,
    forecast *foreseen, clu_error *error)
{
	*foreseen = (forecast){.exact = true};
	if (trainings == 0) return CLU_OK;
	const clu_problem *problem = &settings->problem;
	const cost_shape shape = {problem->m, problem->n, settings->layers, settings->batch, 1};
	if (!same_shape(&step->shape, &shape)) CLU_TRY(measure(job, &shape, cost_training(&shape, &settings->recipe), step, error));
	*foreseen = forecast_make(&shape, &settings->recipe, problem->validation, trainings, 1 / step->seconds);
	return CLU_OK;
}
