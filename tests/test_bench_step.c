/* test_bench_step.c: `clunroll bench step` on a tiny trained network: its rows.
 * TEST_NEEDS: device */
#include "support.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static char *train_tiny(const char *directory)
{
	char *path = support_path(directory, "m");
	support_result run = support_run(WORDS("train", "--arch", "0_0_1", "--layers", "3", "--m", "5", "--n", "9", "--batch", "8",
	    "--train-samples", "64", "--validation-samples", "16", "--test-samples", "16", "--schedule", "2,2,2", "-o", path));
	if (run.code != 0) fail_msg("train ended with %d: %s", run.code, run.err);
	support_result_release(&run);
	return path;
}

static void test_rows_name_what_was_measured(void **state)
{
	(void)state;
	char *directory = support_directory_create(), *path = train_tiny(directory);
	support_result run = support_run(WORDS("bench", "step", path, "--lanes", "1,2", "--repeat", "3", "--slice", "0.02", "--json"));
	assert_int_equal(run.code, 0);
	char *line = run.out;
	for (int lanes = 1; lanes <= 2; lanes++) {
		cJSON *row = cJSON_Parse(line);
		assert_non_null(row);
		assert_string_equal(cJSON_GetObjectItem(row, "bench")->valuestring, "step");
		assert_int_equal(cJSON_GetObjectItem(row, "lanes")->valueint, lanes);
		assert_int_equal(cJSON_GetObjectItem(row, "n")->valueint, 9);
		assert_int_equal(cJSON_GetObjectItem(row, "slices")->valueint, 3);
		const double least = cJSON_GetObjectItem(row, "ms_per_step_min")->valuedouble;
		const double median = cJSON_GetObjectItem(row, "ms_per_step_median")->valuedouble;
		const double most = cJSON_GetObjectItem(row, "ms_per_step_max")->valuedouble;
		assert_true(0 < least && least <= median && median <= most);
		assert_true(cJSON_GetObjectItem(row, "gflops_dense_equivalent")->valuedouble > 0);
		cJSON_Delete(row);
		line = strchr(line, '\n') + 1;
	}
	support_result_release(&run);
	free(path);
	support_directory_remove(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows_name_what_was_measured)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
