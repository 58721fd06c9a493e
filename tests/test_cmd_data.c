/* test_cmd_data.c: `clunroll data`: what lies in the directory afterwards, and how failures are named. Needs no device. */
#include "support.h"

#include "message.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Reads a file of the wanted shape; the caller frees it. */
static float *read_matrix(const char *directory, const char *name, size_t rows, size_t columns)
{
	char *path = support_path(directory, name);
	clu_npy_reader *reader;
	clu_error error;
	support_ok(clu_npy_open(path, &reader, &error), &error);
	assert_int_equal(clu_npy_rows(reader), rows);
	assert_int_equal(clu_npy_columns(reader), columns);
	float *values = malloc(rows * columns * sizeof *values);
	assert_non_null(values);
	support_ok(clu_npy_read(reader, rows, values, &error), &error);
	clu_npy_close(reader);
	free(path);
	return values;
}

/* Largest |b − D x|: float32 sums over n = 20 products of numbers of order 1. */
static double largest_residual(const float *dictionary, const float *x, const float *b, size_t count, size_t m, size_t n)
{
	double largest = 0;
	for (size_t s = 0; s < count; s++) {
		for (size_t i = 0; i < m; i++) {
			double sum = 0;
			for (size_t j = 0; j < n; j++) sum += (double)dictionary[i * n + j] * (double)x[s * n + j];
			largest = fmax(largest, fabs(sum - (double)b[s * m + i]));
		}
	}
	return largest;
}

static void sets_fit_together(void **state)
{
	char *directory = support_path(*state, "made new");
	support_result result = support_run(WORDS("data", "--m", "10", "--n", "20", "--train-samples", "30", "--validation-samples",
	    "7", "--test-samples", "1", "-o", directory));
	if (result.code != EXIT_DONE) fail_msg("exit code %d: %s", result.code, result.err);
	static const struct {
		const char *x, *b;
		size_t count;
	} sets[] = {{"train_x.npy", "train_b.npy", 30}, {"validation_x.npy", "validation_b.npy", 7}, {"test_x.npy", "test_b.npy", 1}};
	float *dictionary = read_matrix(directory, "dictionary.npy", 10, 20);
	for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
		float *x = read_matrix(directory, sets[i].x, sets[i].count, 20), *b = read_matrix(directory, sets[i].b, sets[i].count, 10);
		double residual = largest_residual(dictionary, x, b, sets[i].count, 10, 20);
		if (!(residual < 1e-5)) fail_msg("%s: largest |b - D x| is %g", sets[i].b, residual);
		assert_non_null(strstr(result.out, sets[i].x));
		free(x);
		free(b);
	}
	free(dictionary);
	free(directory);
	support_result_release(&result);
}

/* The measurements are those of the perturbed dictionary, which is written too. */
static void perturbed_dictionary(void **state)
{
	char *directory = support_path(*state, "d");
	support_result result = support_run(WORDS("data", "--m", "10", "--n", "20", "--perturbation", "0.1", "--train-samples", "0",
	    "--validation-samples", "0", "--test-samples", "9", "-o", directory));
	if (result.code != EXIT_DONE) fail_msg("exit code %d: %s", result.code, result.err);
	assert_non_null(strstr(result.out, "perturbed.npy  10×20"));
	float *known = read_matrix(directory, "dictionary.npy", 10, 20), *perturbed = read_matrix(directory, "perturbed.npy", 10, 20);
	float *x = read_matrix(directory, "test_x.npy", 9, 20), *b = read_matrix(directory, "test_b.npy", 9, 10);
	assert_true(largest_residual(perturbed, x, b, 9, 10, 20) < 1e-5);
	assert_true(largest_residual(known, x, b, 9, 10, 20) > 1e-2);
	free(known);
	free(perturbed);
	free(x);
	free(b);
	free(directory);
	support_result_release(&result);
}

static void same_settings_same_bytes(void **state)
{
	static const char *const names[] = {"dictionary.npy", "train_x.npy", "test_b.npy"};
	char *a = support_path(*state, "a"), *b = support_path(*state, "b");
	const char *const directories[] = {a, b};
	for (size_t i = 0; i < 2; i++) {
		support_result result = support_run(WORDS("data", "--m", "3", "--n", "7", "--train-samples", "5", "--validation-samples",
		    "2", "--test-samples", "2", "--snr", "10", "-o", directories[i]));
		assert_int_equal(result.code, EXIT_DONE);
		support_result_release(&result);
	}
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char *a_path = support_path(a, names[i]), *b_path = support_path(b, names[i]);
		size_t a_size, b_size;
		char *a_bytes = support_read(a_path, &a_size), *b_bytes = support_read(b_path, &b_size);
		assert_int_equal(a_size, b_size);
		assert_memory_equal(a_bytes, b_bytes, a_size);
		free(a_bytes);
		free(b_bytes);
		free(a_path);
		free(b_path);
	}
	free(a);
	free(b);
}

/* A limit on file sizes stands in for a full disk: writing fails in the middle. */
static void full_disk_is_named(void **state)
{
	struct rlimit before, limit;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = 4096;
	signal(SIGXFSZ, SIG_IGN); /* inherited: the write then fails with an error */
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	support_result result = support_run(WORDS("data", "--m", "10", "--n", "20", "--train-samples", "1000", "--validation-samples",
	    "1", "--test-samples", "1", "-o", *state));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(result.code, EXIT_FAILED);
	if (!strstr(result.err, "train_x.npy")) fail_msg("'%s' does not name the file", result.err);
	char *path = support_path(*state, "train_x.npy");
	assert_int_not_equal(access(path, F_OK), 0); /* nor half of it under its name */
	free(path);
	support_result_release(&result);
}

/* A split of own codes, written where they lie, would leave the first part of them alone. */
static void inputs_are_never_overwritten(void **state)
{
	char *directory = *state, *train = support_path(directory, "train_x.npy"), *test = support_path(directory, "test_x.npy"),
	     *dictionary = support_path(directory, "dictionary.npy"), *soft = support_path(directory, "other.npy");
	support_result result = support_run(WORDS("data", "--m", "3", "--n", "7", "--train-samples", "40", "--validation-samples", "2",
	    "--test-samples", "2", "-o", directory));
	assert_int_equal(result.code, EXIT_DONE);
	support_result_release(&result);
	assert_int_equal(symlink(train, soft), 0);
	const char *const cases[][2] = {
	    {"--train-set", train}, {"--train-set", soft}, {"--train-set", test}, {"--dictionary", dictionary}};
	size_t before, after;
	char *bytes = support_read(train, &before);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		result = support_run(WORDS("data", "--m", "3", "--n", "7", cases[i][0], cases[i][1], "-o", directory));
		if (result.code != EXIT_USAGE || !strstr(result.err, "would overwrite")) fail_msg("case %zu: %s", i, result.err);
		support_result_release(&result);
	}
	char *still = support_read(train, &after);
	assert_int_equal(after, before);
	assert_memory_equal(still, bytes, before);
	free(still);
	free(bytes);

	/* Elsewhere they may be read from. */
	char *elsewhere = support_path(directory, "elsewhere");
	result = support_run(WORDS("data", "--m", "3", "--n", "7", "--train-set", train, "-o", elsewhere));
	if (result.code != EXIT_DONE) fail_msg("exit code %d: %s", result.code, result.err);
	support_result_release(&result);
	char *all[] = {train, test, dictionary, soft, elsewhere};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

/* It trains nothing: what would change a training is not taken as if it did something. */
static void options_of_trainings_are_refused(void **state)
{
	static const char *const options[] = {
	    "--layers=2", "--batch=2", "--seed=2", "--recipe=quick", "--set=decay=0.5", "--schedule=5"};
	for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
		support_result result = support_run(WORDS("data", "-o", *state, options[i]));
		if (result.code != EXIT_USAGE) fail_msg("%s: exit code %d, %s", options[i], result.code, result.err);
		/* --set is taken for the beginning of --setting */
		if (!strstr(result.err, i == 4 ? "--setting decay=0.5" : "unrecognized option")) fail_msg("%s: %s", options[i], result.err);
		support_result_release(&result);
	}
}

static void failures_are_named(void **state)
{
	char *bad = support_path(*state, "bad.npy"), *directory = support_path(*state, "d");
	support_write(bad, "no matrix", 9);
	const struct {
		const char *words[6];
		int code;
		const char *named;
	} cases[] = {
	    {{"--m", "5"}, EXIT_USAGE, "-o"},
	    {{"-o", "/dev/null/d", "--m", "5", "--n", "9"}, EXIT_FAILED, "/dev/null/d"},
	    {{"-o", directory, "--dictionary", bad}, EXIT_FAILED, "bad.npy"},
	    {{"-o", directory, "--n", "0"}, EXIT_USAGE, "--n 0"},
	    {{"-o", directory, "--setting", "none-such"}, EXIT_USAGE, "snr40, snr20, gamma"},
	    {{"-o", directory, "--gamma-shape", "2"}, EXIT_USAGE, "--codes gamma"},
	    {{"-o", directory, "surplus"}, EXIT_USAGE, "'surplus'"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *words[16] = {"data", "--train-samples", "4", "--validation-samples", "1", "--test-samples", "1"};
		for (size_t j = 0; j < 6; j++) words[7 + j] = cases[i].words[j];
		support_result result = support_run(words);
		if (result.code != cases[i].code) fail_msg("case %zu: exit code %d, %s", i, result.code, result.err);
		if (!strstr(result.err, cases[i].named)) fail_msg("case %zu: '%s' lacks '%s'", i, result.err, cases[i].named);
		support_result_release(&result);
	}
	free(directory);
	free(bad);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(sets_fit_together, support_enter, support_leave),
	    cmocka_unit_test_setup_teardown(perturbed_dictionary, support_enter, support_leave),
	    cmocka_unit_test_setup_teardown(same_settings_same_bytes, support_enter, support_leave),
	    cmocka_unit_test_setup_teardown(full_disk_is_named, support_enter, support_leave),
	    cmocka_unit_test_setup_teardown(inputs_are_never_overwritten, support_enter, support_leave),
	    cmocka_unit_test_setup_teardown(failures_are_named, support_enter, support_leave),
	    cmocka_unit_test_setup_teardown(options_of_trainings_are_refused, support_enter, support_leave),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
