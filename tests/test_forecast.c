/* test_forecast.c: a forecast against counts made by hand, and which of its figures the JSON carries. */
#include "support.h"

#include "forecast.h"

#include <math.h>

static void steps_over_speed(void **state)
{
	(void)state;
	static const cost_shape shape = {3, 5, 1, 2, 1};
	clu_recipe recipe = {.name = "mine", .stage_count = 1, .validate_every = 10, .rate_w = 1};
	recipe.stage[0] = (clu_stage){.variables = CLU_VARIABLES_ALL, .length = 7, .length_last = 11};
	/* One layer: U and dW_b, 2·2·3·5 operations each. All steps are of full depth. */
	forecast f = forecast_make(&shape, &recipe, 0, 4, 50);
	assert_int_equal(f.steps, 11);
	assert_true(f.exact);
	assert_true(fabs(f.operations - 4 * 11 * 120.0) < 1e-6);
	assert_true(fabs(f.seconds - 4 * 11 / 50.0) < 1e-12);
	/* Every ten steps three batches of two, a third of a step each. */
	f = forecast_make(&shape, &recipe, 6, 1, 50);
	assert_true(fabs(f.seconds - 11 * 1.1 / 50) < 1e-12);
	recipe.stage[0] = (clu_stage){.variables = CLU_VARIABLES_ALL, .patience = 25};
	f = forecast_make(&shape, &recipe, 0, 1, 50);
	assert_int_equal(f.steps, 40);
	assert_false(f.exact);
}

/* Steps of few layers cost less. */
static void of_many_layers(void **state)
{
	(void)state;
	static const cost_shape shape = {250, 500, 16, 128, 1};
	clu_recipe recipe;
	clu_error error;
	support_ok(clu_recipe_load("fast", &recipe, &error), &error);
	const forecast f = forecast_make(&shape, &recipe, 10240, 1, 100);
	assert_true(f.exact && f.steps == 14400 && f.seconds > 72 && f.seconds < 144);
}

static void json_has_every_figure(void **state)
{
	(void)state;
	const forecast f = {.steps = 12, .exact = false, .operations = 34, .steps_per_second = 5.5, .seconds = 6.25};
	cJSON *json = cJSON_CreateObject();
	forecast_json(&f, json);
	char *text = cJSON_PrintUnformatted(json);
	assert_string_equal(text, "{\"steps\":12,\"exact\":false,\"flop\":34,\"steps_per_second\":5.5,\"seconds\":6.25}");
	cJSON_free(text);
	cJSON_Delete(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(steps_over_speed),
	    cmocka_unit_test(of_many_layers),
	    cmocka_unit_test(json_has_every_figure),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
