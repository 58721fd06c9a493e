/* test_bench_step.c: `clunroll bench step` on tiny networks: its rows, the kernels in them, an interrupt. Of times only that they
 * are some and in order. TEST_NEEDS: device */
#include "support.h"

#include <cjson/cJSON.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static char *directory;

/* Networks are kept apart from those of a real bench. */
static int enter(void **state)
{
	(void)state;
	directory = support_directory_create();
	return setenv("XDG_CACHE_HOME", directory, 1);
}

static int leave(void **state)
{
	(void)state;
	support_directory_remove(directory);
	return 0;
}

static char *train_tiny(void)
{
	char *path = support_path(directory, "m");
	support_result run = support_run(WORDS("train", "--arch", "0_0_1", "--layers", "3", "--m", "5", "--n", "9", "--batch", "8",
	    "--train-samples", "64", "--validation-samples", "16", "--test-samples", "16", "--schedule", "2,2,2", "-o", path));
	if (run.code != 0) fail_msg("train ended with %d: %s", run.code, run.err);
	support_result_release(&run);
	return path;
}

static double number(const cJSON *row, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(row, key);
	if (!cJSON_IsNumber(item)) fail_msg("%s is no number", key);
	return item->valuedouble;
}

static const char *word(const cJSON *row, const char *key)
{
	const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(row, key));
	if (!value || !value[0]) fail_msg("%s is no text", key);
	return value;
}

/* The next line of *text as a row; NULL at the end. */
static cJSON *next_row(const char **text)
{
	if (!**text) return NULL;
	cJSON *row = cJSON_Parse(*text);
	assert_non_null(row);
	*text = strchr(*text, '\n') + 1;
	return row;
}

static void check_step_row(const cJSON *row)
{
	static const char *const words[] = {"device", "driver", "platform", "key", "commit"};
	static const char *const positive[] = {"gflops_dense_equivalent", "gflops_real", "percent_of_peak", "peak_gflops",
	    "bandwidth_gbytes", "density", "density_gradient", "memory_predicted_bytes", "memory_measured_bytes"};
	assert_string_equal(word(row, "bench"), "step");
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) word(row, words[i]);
	for (size_t i = 0; i < sizeof positive / sizeof *positive; i++)
		if (!(number(row, positive[i]) > 0)) fail_msg("%s is %g", positive[i], number(row, positive[i]));
	const double least = number(row, "ms_per_step_min"), median = number(row, "ms_per_step_median");
	assert_true(0 < least && least <= median && median <= number(row, "ms_per_step_max"));
	assert_true(number(row, "ms_per_step_mad") >= 0);
	assert_true(number(row, "gflops_real") <= number(row, "gflops_dense_equivalent"));
	assert_true(number(row, "density") <= 1 && number(row, "density_gradient") <= 1);
	const double more = number(row, "memory_measured_bytes") - number(row, "memory_predicted_bytes");
	assert_true(more >= 0 && more < 1024);
}

static void test_a_named_network(void **state)
{
	(void)state;
	char *path = train_tiny();
	support_result run = support_run(WORDS("bench", "step", path, "--lanes", "1,2", "--repeat", "3", "--slice", "0.02", "--json"));
	const char *text = run.out;
	assert_int_equal(run.code, 0);
	for (int lanes = 1; lanes <= 2; lanes++) {
		cJSON *row = next_row(&text);
		assert_non_null(row);
		check_step_row(row);
		assert_true(number(row, "lanes") == lanes && number(row, "m") == 5 && number(row, "n") == 9 && number(row, "layers") == 3);
		assert_true(number(row, "batch") == 8 && number(row, "slices") == 3 && number(row, "connections") == 1);
		assert_string_equal(word(row, "arch"), "LFISTA"); /* which it is */
		assert_string_equal(word(row, "network"), path);
		assert_null(cJSON_GetObjectItem(row, "kernels"));
		cJSON_Delete(row);
	}
	assert_null(next_row(&text));
	support_result_release(&run);
	free(path);
}

static void check_kernels(const cJSON *row)
{
	const cJSON *kernels = cJSON_GetObjectItem(row, "kernels"), *kernel;
	double percent = 0;
	bool adam = false;
	assert_true(number(row, "ms_per_step_profiled") > 0);
	cJSON_ArrayForEach(kernel, kernels)
	{
		assert_true(number(kernel, "ms_per_step") >= 0);
		percent += number(kernel, "percent_of_step");
		if (strcmp(word(kernel, "kernel"), "matrix_update") == 0) adam = number(kernel, "launches") == 2;
	}
	assert_true(adam); /* W_b and W_x */
	assert_true(percent > 0 && percent <= 100.1);
}

static void test_own_networks_and_their_kernels(void **state)
{
	(void)state;
	for (int time = 0; time < 2; time++) {
		support_result run = support_run(WORDS("bench", "step", "--arch", "LISTA,Dense", "--m", "4", "--n", "7", "--layers", "2",
		    "--batch", "4", "--repeat", "1", "--slice", "0.02", "--kernels", "--json"));
		const char *text = run.out;
		assert_int_equal(run.code, 0);
		/* Trained the first time, and said so. */
		assert_true((strstr(run.err, "training LISTA") != NULL) == (time == 0));
		for (int i = 0; i < 2; i++) {
			cJSON *row = next_row(&text);
			assert_non_null(row);
			check_step_row(row);
			check_kernels(row);
			assert_null(cJSON_GetObjectItem(row, "network"));
			assert_true(number(row, "n") == 7 && number(row, "layers") == 2);
			cJSON_Delete(row);
		}
		assert_null(next_row(&text));
		support_result_release(&run);
	}
}

static void test_the_table(void **state)
{
	(void)state;
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
	    cmocka_unit_test_setup_teardown(test_a_named_network, enter, leave),
	    cmocka_unit_test_setup_teardown(test_own_networks_and_their_kernels, enter, leave),
	    cmocka_unit_test_setup_teardown(test_the_table, enter, leave),
	    cmocka_unit_test_setup_teardown(test_interrupted, enter, leave),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
