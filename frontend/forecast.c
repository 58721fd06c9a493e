/* forecast.c: see forecast.h. Operations are dense-equivalent, so that a plan which skips zeros is faster than foreseen. */
#include "forecast.h"

#include "units.h"

#include <inttypes.h>
#include <stdio.h>

forecast forecast_make(const cost_shape *shape, const clu_recipe *recipe, uint64_t trainings, double product_gflops)
{
	forecast f = {.shape = *shape, .recipe = recipe->name, .product_gflops = product_gflops};
	f.steps = cost_steps(shape, recipe, &f.exact);
	f.operations = cost_training(shape, recipe) * (double)trainings;
	f.seconds = f.operations / (product_gflops * 1e9);
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
	printf("expected time  %s%s at %.4g GFLOP/s in matrix products\n", least, duration, f->product_gflops);
}

void forecast_json(const forecast *f, cJSON *json)
{
	cJSON_AddNumberToObject(json, "steps", (double)f->steps);
	cJSON_AddBoolToObject(json, "exact", f->exact);
	cJSON_AddNumberToObject(json, "flop", f->operations);
	cJSON_AddNumberToObject(json, "product_gflops", f->product_gflops);
	cJSON_AddNumberToObject(json, "seconds", f->seconds);
}
