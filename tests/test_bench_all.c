/* test_bench_all.c: `clunroll bench all`: products with one lane, then steps with more and more. TEST_NEEDS: device */
#include "bench_fixture.h"

static void test_products_then_steps(void **state)
{
	(void)state;
	if (fixture_elsewhere()) skip();
	support_result run = support_run(WORDS("bench", "all", "--arch", "LISTA", "--m", "5", "--n", "9", "--layers", "2", "--batch",
	    "4", "--repeat", "1", "--slice", "0.005", "--json"));
	if (run.code != 0) fail_msg("exit code %d: %s", run.code, run.err);
	const char *text = run.out;
	unsigned products = 0, lanes = 1;
	for (cJSON *row; (row = row_next(&text));) {
		const bool step = strcmp(row_word(row, "bench"), "step") == 0;
		row_check(row, step ? "step" : "product");
		assert_true(row_number(row, "lanes") == (step ? lanes : 1));
		if (step)
			lanes *= 2;
		else
			products++;
		assert_true(step || lanes == 1); /* steps come last */
		cJSON_Delete(row);
	}
	assert_true(products >= 10); /* five, in two ways at the least */
	assert_int_equal(lanes, 32); /* 1, 2, 4, 8, 16 */
	support_result_release(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(test_products_then_steps, fixture_enter, fixture_leave)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
