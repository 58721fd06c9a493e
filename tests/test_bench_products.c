/* test_bench_products.c: `clunroll bench products` on a tiny network: each product as planned and in other ways. TEST_NEEDS: device
 */
#include "bench_fixture.h"

/* The plan first, then natively at the least. */
static void test_products_in_all_ways(void **state)
{
	(void)state;
	if (fixture_elsewhere()) skip();
	static const char *const products[] = {"U", "Y", "H", "dW_x", "dW_b"};
	support_result run = support_run(WORDS("bench", "products", "--arch", "LISTA", "--m", "5", "--n", "9", "--layers", "3",
	    "--batch", "4", "--lanes", "2", "--repeat", "3", "--slice", "0.01", "--json"));
	if (run.code != 0) fail_msg("exit code %d: %s", run.code, run.err);
	const char *text = run.out;
	size_t product = 0, ways = 0;
	for (cJSON *row; (row = row_next(&text));) {
		row_check(row, "product");
		if (strcmp(row_word(row, "way"), "plan") == 0) {
			assert_true(product == 0 || ways >= 1);
			assert_string_equal(row_word(row, "product"), products[product++]);
			ways = 0;
		} else {
			assert_string_equal(row_word(row, "product"), products[product - 1]);
			ways++;
		}
		assert_true(row_number(row, "lanes") == 2 && row_number(row, "gbytes_per_second") > 0);
		const bool dense = strcmp(row_word(row, "product"), "U") == 0 || strcmp(row_word(row, "product"), "dW_b") == 0;
		assert_true((row_number(row, "density") == 1) >= dense);
		cJSON_Delete(row);
	}
	assert_int_equal(product, 5);
	support_result_release(&run);
}

static void test_the_table(void **state)
{
	(void)state;
	if (fixture_elsewhere()) skip();
	support_result run = support_run(WORDS("bench", "products", "--arch", "LISTA", "--m", "5", "--n", "9", "--layers", "1",
	    "--batch", "4", "--repeat", "1", "--slice", "0.01"));
	assert_int_equal(run.code, 0);
	assert_non_null(strstr(run.out, "LISTA 5x9 k1 b4"));
	assert_non_null(strstr(run.out, "dW_b dense"));
	assert_null(strstr(run.out, "dW_x")); /* one layer has no product with W_x */
	support_result_release(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_products_in_all_ways, fixture_enter, fixture_leave),
	    cmocka_unit_test_setup_teardown(test_the_table, fixture_enter, fixture_leave),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
