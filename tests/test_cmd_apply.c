/* test_cmd_apply.c: `clunroll apply` with a network of one layer that the test makes, x = η(W_b b / s)·s, so that it can be
 * computed here too; more rows than a slice holds, and files that do not fit.
 * TEST_NEEDS: device */
#include "support.h"

#include "message.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { M = 3, N = 5 };

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

struct fixture {
	char *directory, *model_path, *input, *output;
	clu_model *model;
};

static int enter(void **state)
{
	struct fixture *fixture = malloc(sizeof *fixture);
	fixture->directory = support_directory_create();
	fixture->model_path = support_path(fixture->directory, "m");
	fixture->input = support_path(fixture->directory, "b.npy");
	fixture->output = support_path(fixture->directory, "x.npy");
	clu_arch arch = {.layers = 1, .side = {1}};
	clu_error error;
	support_ok(clu_model_create(&arch, M, N, &fixture->model, &error), &error);
	fixture->model->scale = 2.5;
	fixture->model->theta[0] = 0.25f;
	support_fill(fixture->model->w_b, (size_t)N * M, 1, 7);
	support_ok(clu_model_save(fixture->model, fixture->model_path, &error), &error);
	*state = fixture;
	return 0;
}

static int leave(void **state)
{
	struct fixture *fixture = *state;
	clu_model_destroy(fixture->model);
	free(fixture->model_path);
	free(fixture->input);
	free(fixture->output);
	support_directory_remove(fixture->directory);
	free(fixture);
	return 0;
}

static void write_matrix(const char *path, const float *values, size_t rows, size_t columns)
{
	clu_npy_writer *writer;
	clu_error error;
	support_ok(clu_npy_create(path, rows, columns, &writer, &error), &error);
	support_ok(clu_npy_write(writer, rows, values, &error), &error);
	support_ok(clu_npy_commit(writer, &error), &error);
}

static support_result apply(const struct fixture *fixture)
{
	return support_run(WORDS("apply", fixture->model_path, "--input", fixture->input, "--output", fixture->output));
}

static void reference(const clu_model *model, const float *b, double *x)
{
	for (size_t j = 0; j < N; j++) {
		double v = 0;
		for (size_t i = 0; i < M; i++) v += (double)model->w_b[j * M + i] * ((double)b[i] / model->scale);
		double excess = fabs(v) - (double)model->theta[0];
		x[j] = excess > 0 ? copysign(excess, v) * model->scale : 0;
	}
}

static void check_rows(const struct fixture *fixture, size_t rows)
{
	float *b = malloc(rows * M * sizeof *b), *x = malloc(rows * N * sizeof *x);
	double *wanted = malloc(rows * N * sizeof *wanted);
	support_fill(b, rows * M, 1, rows);
	for (size_t i = 0; i < rows * M; i++) b[i] *= 10;
	write_matrix(fixture->input, b, rows, M);
	support_result result = apply(fixture);
	if (result.code != EXIT_DONE) fail_msg("%zu rows: exit code %d, %s", rows, result.code, result.err);
	support_result_release(&result);

	clu_npy_reader *reader;
	clu_error error;
	support_ok(clu_npy_open(fixture->output, &reader, &error), &error);
	assert_int_equal(clu_npy_rows(reader), rows);
	assert_int_equal(clu_npy_columns(reader), N);
	support_ok(clu_npy_read(reader, rows, x, &error), &error);
	clu_npy_close(reader);
	for (size_t s = 0; s < rows; s++) reference(fixture->model, b + s * M, wanted + s * N);
	support_close("apply", rows, x, wanted, rows * N, 1e-6); /* a few float32 roundings of sums of 3 */
	free(b);
	free(x);
	free(wanted);
}

static void any_number_of_rows(void **state)
{
	/* A slice of 16 MiB holds 524,288 rows of 3 + 5 floats. */
	static const size_t counts[] = {1, 7, 513, 524288 + 3};
	size_t cases = support_tiny() ? 2 : sizeof counts / sizeof *counts;
	for (size_t i = 0; i < cases; i++) check_rows(*state, counts[i]);
}

static void failures_are_named(void **state)
{
	struct fixture *fixture = *state;
	float values[4 * (M + 1)] = {0};
	support_result result = apply(fixture); /* no input file yet */
	assert_int_equal(result.code, EXIT_FAILED);
	assert_non_null(strstr(result.err, fixture->input));
	support_result_release(&result);

	write_matrix(fixture->input, values, 4, M + 1);
	result = apply(fixture);
	assert_int_equal(result.code, EXIT_FAILED);
	if (!strstr(result.err, "found 4 columns, wanted 3")) fail_msg("'%s'", result.err);
	support_result_release(&result);

	write_matrix(fixture->input, values, 4, M);
	support_write(fixture->model_path, "no model", 8);
	result = apply(fixture);
	assert_int_equal(result.code, EXIT_FAILED);
	assert_non_null(strstr(result.err, fixture->model_path));
	support_result_release(&result);
	assert_int_not_equal(access(fixture->output, F_OK), 0);
}

/* A NaN far down is met when half the output is written: it must not stay, under no name. */
static void bad_rows_leave_no_output(void **state)
{
	struct fixture *fixture = *state;
	float values[4 * M] = {0};
	values[2 * M + 1] = NAN;
	write_matrix(fixture->input, values, 4, M);
	support_result result = apply(fixture);
	assert_int_equal(result.code, EXIT_FAILED);
	assert_non_null(strstr(result.err, fixture->input));
	support_result_release(&result);
	assert_int_equal(unlink(fixture->input), 0);
	assert_int_equal(unlink(fixture->model_path), 0);
	assert_int_equal(rmdir(fixture->directory), 0); /* empty */
	assert_int_equal(mkdir(fixture->directory, 0700), 0);
}

static void inputs_are_never_overwritten(void **state)
{
	struct fixture *fixture = *state;
	float values[4 * M] = {1};
	write_matrix(fixture->input, values, 4, M);
	char *other_name = support_path(fixture->directory, "./b.npy");
	support_result result = support_run(WORDS("apply", fixture->model_path, "--input", fixture->input, "--output", other_name));
	assert_int_equal(result.code, EXIT_USAGE);
	assert_non_null(strstr(result.err, other_name));
	support_result_release(&result);
	free(other_name);

	size_t before, after;
	char *model = support_read(fixture->model_path, &before);
	result = support_run(WORDS("apply", fixture->model_path, "--input", fixture->input, "--output", fixture->model_path));
	assert_int_equal(result.code, EXIT_USAGE);
	assert_non_null(strstr(result.err, "is the network"));
	support_result_release(&result);
	char *still = support_read(fixture->model_path, &after);
	assert_int_equal(after, before);
	assert_memory_equal(still, model, before);
	free(still);
	free(model);
}

static void training_files_are_never_overwritten(void **state)
{
	struct fixture *fixture = *state;
	float values[4 * M] = {1};
	clu_error error;
	char *dictionary = support_path(fixture->directory, "d.npy"), settings[1024];
	write_matrix(fixture->input, values, 4, M);
	write_matrix(dictionary, values, 1, N);
	snprintf(settings, sizeof settings, "{\"dictionary\":\"%s\"}", dictionary);
	free(fixture->model->settings);
	fixture->model->settings = strdup(settings);
	support_ok(clu_model_save(fixture->model, fixture->model_path, &error), &error);
	support_result result = support_run(WORDS("apply", fixture->model_path, "--input", fixture->input, "--output", dictionary));
	assert_int_equal(result.code, EXIT_USAGE);
	assert_non_null(strstr(result.err, "(dictionary)"));
	support_result_release(&result);
	free(dictionary);
}

static void wrong_usage(void **state)
{
	(void)state;
	static const struct {
		const char *words[8];
		const char *named;
	} cases[] = {
	    {{"apply", "--input", "b", "--output", "x"}, "network"},
	    {{"apply", "m", "--output", "x"}, "--input"},
	    {{"apply", "m", "--input", "b"}, "--output"},
	    {{"apply", "m", "m2", "--input", "b", "--output", "x"}, "'m2'"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		support_result result = support_run(cases[i].words);
		assert_int_equal(result.code, EXIT_USAGE);
		if (!strstr(result.err, cases[i].named)) fail_msg("case %zu: '%s'", i, result.err);
		support_result_release(&result);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(any_number_of_rows, enter, leave),
	    cmocka_unit_test_setup_teardown(failures_are_named, enter, leave),
	    cmocka_unit_test_setup_teardown(bad_rows_leave_no_output, enter, leave),
	    cmocka_unit_test_setup_teardown(inputs_are_never_overwritten, enter, leave),
	    cmocka_unit_test_setup_teardown(training_files_are_never_overwritten, enter, leave),
	    cmocka_unit_test(wrong_usage),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
