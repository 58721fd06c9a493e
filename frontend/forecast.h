/* forecast.h: what trainings will take, for a dry run: steps, operations, and the time at a measured speed. */
#ifndef FORECAST_H
#define FORECAST_H

#include "cost.h"

#include <cjson/cJSON.h>

typedef struct forecast {
	cost_shape shape;
	const char *recipe; /* its name */
	uint64_t steps;     /* of one training */
	bool exact;         /* false: steps, operations and seconds are the least possible */
	double operations;  /* of all trainings, in matrix products */
	double product_gflops, seconds;
} forecast;

/* product_gflops: of all devices together. The recipe must outlive the forecast. */
forecast forecast_make(const cost_shape *shape, const clu_recipe *recipe, uint64_t trainings, double product_gflops);
/* Lines on stdout: network, recipe, operations, expected time. */
void forecast_print(const forecast *f);
/* Adds steps, exact, flop, product_gflops, seconds. */
void forecast_json(const forecast *f, cJSON *json);

#endif
