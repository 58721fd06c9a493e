/* test_forecast.c: a forecast against counts made by hand, and which of its figures the JSON carries. */
#include "support.h"

#include "forecast.h"

#include <math.h>

static void operations_over_speed(void **state)
{
	(void)state;
	static const cost_shape shape = {3, 5, 1, 2, 1};
	clu_recipe recipe = {.name = "mine", .stage_count = 1, .validate_every = 10};
	recipe.stage[0] = (clu_stage){.variables = CLU_VARIABLES_ALL, .length = 7, .length_last = 11};
	/* One layer: U and dW_b, 2·2·3·5 operations each. */
	forecast f = forecast_make(&shape, &recipe, 4, 0.5);
	assert_int_equal(f.steps, 11);
	assert_true(f.exact);
	assert_true(fabs(f.operations - 4 * 11 * 120.0) < 1e-6);
	assert_true(fabs(f.seconds - 4 * 11 * 120.0 / 0.5e9) < 1e-15);
	recipe.stage[0] = (clu_stage){.variables = CLU_VARIABLES_ALL, .patience = 25};
	f = forecast_make(&shape, &recipe, 1, 0.5);
	assert_int_equal(f.steps, 40);
	assert_false(f.exact);
}

static void json_has_every_figure(void **state)
{
	(void)state;
	const forecast f = {.steps = 12, .exact = false, .operations = 34, .product_gflops = 5.5, .seconds = 6.25};
	cJSON *json = cJSON_CreateObject();
	forecast_json(&f, json);
	char *text = cJSON_PrintUnformatted(json);
	assert_string_equal(text, "{\"steps\":12,\"exact\":false,\"flop\":34,\"product_gflops\":5.5,\"seconds\":6.25}");
	cJSON_free(text);
	cJSON_Delete(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(operations_over_speed),
	    cmocka_unit_test(json_has_every_figure),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
