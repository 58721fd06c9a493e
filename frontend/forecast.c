/* forecast.c: see forecast.h. */
#include "forecast.h"

#include "units.h"

#include <inttypes.h>
#include <stdio.h>

forecast forecast_make(
    const cost_shape *shape, const clu_recipe *recipe, size_t validation, uint64_t trainings, double steps_per_second)
{
	forecast f = {.shape = *shape, .recipe = recipe->name, .steps_per_second = steps_per_second};
	const double operations = cost_training(shape, recipe);
	const double full_steps = operations / cost_step(shape, 1, shape->layers, CLU_VARIABLES_ALL, COST_MATRICES_TRAINED);
	const double forward = recipe->rate_w > 0 ? 1.0 / 3 : 0.5; /* a step's part that validates a batch */
	const double validating = (double)validation / shape->batch / recipe->validate_every * forward;
	f.steps = cost_steps(shape, recipe, &f.exact);
	f.operations = operations * (double)trainings;
	f.seconds = full_steps * (1 + validating) * (double)trainings / steps_per_second;
	return f;
}

void forecast_print(const forecast *f)
{
	char operations[UNITS_TEXT], duration[UNITS_TEXT];
	const char *least = f->exact ? "" : "at least ";
	units_flop(f->operations, operations);
	units_duration(f->seconds, duration);
	printf("network        %u×%u, %u layers, batch %u\n", f->shape.m, f->shape.n, f->shape.layers, f->shape.batch);
	printf("recipe         %s, %s%" PRIu64 " steps a training\n", f->recipe, least, f->steps);
	printf("operations     %s%s in matrix products\n", least, operations);
	printf("expected time  %s%s at %.4g steps of all layers a second\n", least, duration, f->steps_per_second);
}

void forecast_json(const forecast *f, cJSON *json)
{
	cJSON_AddNumberToObject(json, "steps", (double)f->steps);
	cJSON_AddBoolToObject(json, "exact", f->exact);
	cJSON_AddNumberToObject(json, "flop", f->operations);
	cJSON_AddNumberToObject(json, "steps_per_second", f->steps_per_second);
	cJSON_AddNumberToObject(json, "seconds", f->seconds);
}
