/* forecast.h: what trainings will take, for a dry run: steps, operations, and the time at a measured speed. A step of fewer layers
 * counts by its operations, and validation as a third of a step for each batch, half a one where
 * matrices are not trained. */
#ifndef FORECAST_H
#define FORECAST_H

#include "cost.h"

#include <cjson/cJSON.h>

typedef struct forecast {
	cost_shape shape;
	const char *recipe;      /* its name */
	uint64_t steps;          /* of one training */
	bool exact;              /* false: steps, operations and seconds are the least possible */
	double operations;       /* of all trainings, in matrix products, dense-equivalent */
	double steps_per_second; /* at full depth */
	double seconds;
} forecast;

/* validation: samples of that set. steps_per_second: of all devices together. The recipe must outlive the forecast. */
forecast forecast_make(
    const cost_shape *shape, const clu_recipe *recipe, size_t validation, uint64_t trainings, double steps_per_second);
/* Lines on stdout: network, recipe, operations, expected time. */
void forecast_print(const forecast *f);
/* Adds steps, exact, flop, steps_per_second, seconds. */
void forecast_json(const forecast *f, cJSON *json);

#endif
