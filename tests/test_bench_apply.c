/* test_bench_apply.c: `clunroll bench apply` on a tiny network: a row for each batch, also those that repeat the signals there are,
 * with the error that `clunroll eval` finds. Of times only that they are some and in order. TEST_NEEDS: device */
#include "support.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
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

static double number(const cJSON *row, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(row, key);
	if (!cJSON_IsNumber(item)) fail_msg("%s is no number", key);
	return item->valuedouble;
}

/* Dense-equivalent operations of a signal at m=5, n=9, K=3. */
static const double flop = 2 * 9 * 5 + 2 * 2 * 9 * 9;

static void check_row(const cJSON *row, double batch)
{
	const double least = number(row, "ms_per_call_min"), median = number(row, "ms_per_call_median");
	const double p95 = number(row, "ms_per_call_p95"), rate = number(row, "signals_per_second");
	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(row, "bench")), "apply");
	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(row, "arch")), "LFISTA");
	assert_true(number(row, "batch") == batch && number(row, "m") == 5 && number(row, "n") == 9 && number(row, "layers") == 3);
	assert_true(number(row, "calls") >= 5);
	assert_true(0 < least && least <= median && median <= p95 && p95 <= number(row, "ms_per_call_max"));
	assert_true(fabs(rate - 1e3 * batch / median) < 1e-6 * rate);
	assert_true(fabs(number(row, "gflops_dense_equivalent") - 1e-9 * rate * flop) < 1e-6 * 1e-9 * rate * flop);
}

static void test_rows(void **state)
{
	(void)state;
	static const double batches[] = {1, 3, 1500};
	char *directory = support_directory_create(), *path = train_tiny(directory);
	support_result run = support_run(WORDS("bench", "apply", path, "--batches", "1,3,1500", "--slice", "0.01", "--json"));
	if (run.code != 0) fail_msg("bench apply ended with %d: %s", run.code, run.err);
	const char *line = run.out;
	for (size_t i = 0; i < sizeof batches / sizeof *batches; i++) {
		cJSON *row = cJSON_Parse(line);
		assert_non_null(row);
		check_row(row, batches[i]);
		cJSON_Delete(row);
		line = strchr(line, '\n') + 1;
	}
	assert_true(*line == '\0');
	support_result_release(&run);
	free(path);
	support_directory_remove(directory);
}

/* With own data, which training scales: the error of the validation set, which is given, is that of `eval` on it. */
static void test_error_is_that_of_eval(void **state)
{
	(void)state;
	char *directory = support_directory_create(), *folder = support_path(directory, "data");
	char *train_x = support_path(directory, "data/train_x.npy"), *d = support_path(directory, "data/dictionary.npy");
	char *validation_x = support_path(directory, "data/validation_x.npy"), *path = support_path(directory, "m");
	support_result run = support_run(WORDS("data", "-o", folder, "--m", "5", "--n", "9", "--train-samples", "64",
	    "--validation-samples", "16", "--test-samples", "16"));
	assert_int_equal(run.code, 0);
	support_result_release(&run);
	run = support_run(WORDS("train", "--arch", "0_0_1", "--layers", "3", "--dictionary", d, "--train-set", train_x,
	    "--validation-set", validation_x, "--test-set", validation_x, "--batch", "8", "--schedule", "2,2,2", "-o", path));
	if (run.code != 0) fail_msg("train ended with %d: %s", run.code, run.err);
	support_result_release(&run);
	support_result applied = support_run(WORDS("bench", "apply", path, "--batches", "2", "--slice", "0.01", "--json"));
	support_result evaluated = support_run(WORDS("eval", path, "--json"));
	if (applied.code != 0) fail_msg("bench apply ended with %d: %s", applied.code, applied.err);
	cJSON *ours = cJSON_Parse(applied.out), *theirs = cJSON_Parse(evaluated.out);
	assert_non_null(ours);
	assert_non_null(theirs);
	if (!(fabs(number(ours, "nmse_db") - number(theirs, "nmse_db")) < 1e-3))
		fail_msg("%g dB, eval says %g dB", number(ours, "nmse_db"), number(theirs, "nmse_db"));
	cJSON_Delete(theirs);
	cJSON_Delete(ours);
	support_result_release(&evaluated);
	support_result_release(&applied);
	free(path);
	free(validation_x);
	free(d);
	free(train_x);
	free(folder);
	support_directory_remove(directory);
}

static void test_wrong_batches(void **state)
{
	(void)state;
	static const char *const wrong[] = {"0", "65537", ",", "one", "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17"};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		support_result run = support_run(WORDS("bench", "apply", "m", "--batches", wrong[i]));
		if (run.code != 2 || !strstr(run.err, "--batches")) fail_msg("%s: exit code %d: %s", wrong[i], run.code, run.err);
		support_result_release(&run);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rows),
	    cmocka_unit_test(test_error_is_that_of_eval),
	    cmocka_unit_test(test_wrong_batches),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
