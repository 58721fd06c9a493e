/* test_bench_step.c: `clunroll bench step` on tiny networks: its rows, the kernels in them, an interrupt. Of times only that they
 * are some and in order. TEST_NEEDS: device */
#include "bench_fixture.h"

#include <signal.h>

static char *train_tiny(void)
{
	char *path = support_path(fixture_directory, "m");
	support_result run = support_run(WORDS("train", "--arch", "0_0_1", "--layers", "3", "--m", "5", "--n", "9", "--batch", "8",
	    "--train-samples", "64", "--validation-samples", "16", "--test-samples", "16", "--schedule", "2,2,2", "-o", path));
	if (run.code != 0) fail_msg("train ended with %d: %s", run.code, run.err);
	support_result_release(&run);
	return path;
}

static void check_step_row(const cJSON *row)
{
	row_check(row, "step");
	assert_true(row_number(row, "density_gradient") > 0 && row_number(row, "density_gradient") <= 1);
	const double foretold = row_number(row, "memory_predicted_bytes"), more = row_number(row, "memory_measured_bytes") - foretold;
	assert_true(foretold > 0 && more >= 0 && more < 1024);
}

static void test_a_named_network(void **state)
{
	(void)state;
	char *path = train_tiny();
	support_result run = support_run(WORDS("bench", "step", path, "--lanes", "1,2", "--repeat", "3", "--slice", "0.02", "--json"));
	const char *text = run.out;
	assert_int_equal(run.code, 0);
	for (int lanes = 1; lanes <= 2; lanes++) {
		cJSON *row = row_next(&text);
		assert_non_null(row);
		check_step_row(row);
		assert_true(row_number(row, "lanes") == lanes && row_number(row, "m") == 5 && row_number(row, "n") == 9 &&
		            row_number(row, "layers") == 3);
		assert_true(row_number(row, "batch") == 8 && row_number(row, "slices") == 3 && row_number(row, "connections") == 1);
		assert_string_equal(row_word(row, "arch"), "LFISTA"); /* which it is */
		assert_string_equal(row_word(row, "network"), path);
		assert_null(cJSON_GetObjectItem(row, "kernels"));
		cJSON_Delete(row);
	}
	assert_null(row_next(&text));
	support_result_release(&run);
	free(path);
}

static void check_kernels(const cJSON *row)
{
	const cJSON *kernels = cJSON_GetObjectItem(row, "kernels"), *kernel;
	double percent = 0;
	bool adam = false;
	assert_true(row_number(row, "ms_per_step_profiled") > 0);
	cJSON_ArrayForEach(kernel, kernels)
	{
		assert_true(row_number(kernel, "ms_per_step") >= 0);
		percent += row_number(kernel, "percent_of_step");
		if (strcmp(row_word(kernel, "kernel"), "matrix_update") == 0) adam = row_number(kernel, "launches") == 2;
	}
	assert_true(adam); /* W_b and W_x */
	assert_true(percent > 0 && percent <= 100.1);
}

static void test_own_networks_and_their_kernels(void **state)
{
	(void)state;
	if (fixture_elsewhere()) skip();
	for (int time = 0; time < 2; time++) {
		support_result run = support_run(WORDS("bench", "step", "--arch", "LISTA,Dense", "--m", "4", "--n", "7", "--layers", "2",
		    "--batch", "4", "--repeat", "1", "--slice", "0.02", "--kernels", "--json"));
		const char *text = run.out;
		assert_int_equal(run.code, 0);
		/* Trained the first time, and said so. */
		assert_true((strstr(run.err, "training LISTA") != NULL) == (time == 0));
		for (int i = 0; i < 2; i++) {
			cJSON *row = row_next(&text);
			assert_non_null(row);
			check_step_row(row);
			check_kernels(row);
			assert_null(cJSON_GetObjectItem(row, "network"));
			assert_true(row_number(row, "n") == 7 && row_number(row, "layers") == 2);
			cJSON_Delete(row);
		}
		assert_null(row_next(&text));
		support_result_release(&run);
	}
}

static void test_the_table(void **state)
{
	(void)state;
	if (fixture_elsewhere()) skip();
	support_result run = support_run(WORDS("bench", "step", "--arch", "LISTA", "--m", "4", "--n", "7", "--layers", "2", "--batch",
	    "4", "--repeat", "1", "--slice", "0.02", "--kernels"));
	assert_int_equal(run.code, 0);
	assert_non_null(strstr(run.out, "LISTA 4x7 k2 b4"));
	assert_non_null(strstr(run.out, "matrix_update"));
	assert_non_null(strstr(run.out, "outside of them"));
	support_result_release(&run);
}

static void test_interrupted(void **state)
{
	(void)state;
	if (fixture_elsewhere()) skip();
	char *path = train_tiny();
	support_process *process = support_start(WORDS("bench", "step", path, "--repeat", "1000", "--slice", "0.5", "--json"));
	kill(support_pid(process), SIGINT);
	support_result run = support_wait(process);
	assert_int_equal(run.code, 130);
	support_result_release(&run);
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_a_named_network, fixture_enter, fixture_leave),
	    cmocka_unit_test_setup_teardown(test_own_networks_and_their_kernels, fixture_enter, fixture_leave),
	    cmocka_unit_test_setup_teardown(test_the_table, fixture_enter, fixture_leave),
	    cmocka_unit_test_setup_teardown(test_interrupted, fixture_enter, fixture_leave),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
