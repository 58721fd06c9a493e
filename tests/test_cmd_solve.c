/* test_cmd_solve.c: `clunroll solve`: its figures are those of the solvers themselves, chosen or given, on generated data and on
 * own files in whatever units. */
#include "support.h"

#include "message.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { M = 10, N = 20, COUNT = 64, ARGUMENTS_MAX = 32 };

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static bool has_own_sets(const char *const *words)
{
	for (; *words; words++) {
		const char *ending = strstr(*words, "-set");
		if (ending && !ending[4]) return true;
	}
	return false;
}

/* Of few samples, where they are generated. */
static support_result solve(const char *const *more)
{
	const char *words[ARGUMENTS_MAX] = {"solve", "--validation-samples", "64", "--test-samples", "64"};
	size_t count = has_own_sets(more) ? 1 : 5;
	for (; *more; more++) {
		assert_true(count + 1 < ARGUMENTS_MAX);
		words[count++] = *more;
	}
	words[count] = NULL;
	return support_run(words);
}

static cJSON *solve_json(const char *const *more)
{
	support_result result = solve(more);
	if (result.code != EXIT_DONE) fail_msg("exit code %d: %s", result.code, result.err);
	cJSON *rows = cJSON_CreateArray();
	char *rest = NULL;
	for (char *line = strtok_r(result.out, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		cJSON *row = cJSON_Parse(line);
		if (!row) fail_msg("no JSON: %s", line);
		cJSON_AddItemToArray(rows, row);
	}
	support_result_release(&result);
	return rows;
}

static double number(const cJSON *rows, int row, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(rows, row), key);
	if (!cJSON_IsNumber(item)) fail_msg("row %d: no number \"%s\"", row, key);
	return item->valuedouble;
}

static void expect_near(double got, double wanted, double relative)
{
	if (!(fabs(got - wanted) <= relative * fabs(wanted))) fail_msg("%.17g, wanted %.17g", got, wanted);
}

static clu_data *make_data(double snr_db)
{
	clu_problem problem = clu_problem_default();
	clu_data *data;
	clu_error error;
	problem.m = M;
	problem.n = N;
	problem.snr_db = snr_db;
	problem.train = 0;
	problem.validation = problem.test = COUNT;
	support_ok(clu_data_create(&problem, NULL, &data, &error), &error);
	return data;
}

static void figures_are_those_of_the_solvers(void **state)
{
	(void)state;
	static const clu_solve solvers[] = {
	    {.method = CLU_METHOD_FISTA, .iterations = 50}, {.method = CLU_METHOD_OMP}, {.method = CLU_METHOD_ORACLE}};
	clu_data *data = make_data(30);
	clu_solver *solver;
	clu_error error;
	support_ok(clu_solver_create(data->dictionary, M, N, &solver, &error), &error);
	cJSON *rows = solve_json(WORDS("--m", "10", "--n", "20", "--snr", "30", "--solver", "fista:50,omp,oracle", "--json"));
	assert_int_equal(cJSON_GetArraySize(rows), 3);
	for (int i = 0; i < 3; i++) {
		clu_solve how = solvers[i];
		clu_score score;
		support_ok(clu_solver_choose(solver, &how, &data->validation, CLU_MEASURED_AS_GIVEN, &error), &error);
		support_ok(clu_solver_score(solver, &how, &data->test, CLU_MEASURED_AS_GIVEN, &score, &error), &error);
		expect_near(number(rows, i, "nmse_db"), score.nmse.db, 1e-12);
		expect_near(number(rows, i, "nmse_ratio_db"), score.nmse.ratio_db, 1e-12);
		if (i == 0) expect_near(number(rows, i, "penalty"), how.penalty, 1e-12);
		if (i == 1) expect_near(number(rows, i, "residual"), how.residual, 1e-12);
		assert_true(number(rows, i, "seconds") > 0 && number(rows, i, "samples") == COUNT);
	}
	cJSON_Delete(rows);
	clu_solver_destroy(solver);
	clu_data_destroy(data);
}

static void without_noise_measurements_are_exact(void **state)
{
	(void)state;
	cJSON *rows = solve_json(WORDS("--m", "10", "--n", "20", "--solver", "oracle", "--json"));
	assert_true(number(rows, 0, "nmse_db") < -200);
	cJSON_Delete(rows);
}

/* Writes values times scale; returns the path. */
static char *write_matrix(const char *directory, const char *name, const float *values, size_t rows, size_t columns, float scale)
{
	char *path = support_path(directory, name);
	float *scaled = malloc(rows * columns * sizeof *scaled);
	assert_non_null(scaled);
	for (size_t i = 0; i < rows * columns; i++) scaled[i] = values[i] * scale;
	clu_npy_writer *writer;
	clu_error error;
	support_ok(clu_npy_create(path, rows, columns, &writer, &error), &error);
	support_ok(clu_npy_write(writer, rows, scaled, &error), &error);
	support_ok(clu_npy_commit(writer, &error), &error);
	free(scaled);
	return path;
}

/* In units 1024 times as small, codes, measurements and the penalty are 1024 times as large, and the errors the same. */
static void units_do_not_matter(void **state)
{
	(void)state;
	enum { UNIT = 1024 };
	char *directory = support_directory_create();
	clu_data *data = make_data(30);
	cJSON *rows[2];
	for (int i = 0; i < 2; i++) {
		const float unit = i == 0 ? 1 : UNIT;
		char *paths[] = {write_matrix(directory, "d.npy", data->dictionary, M, N, 1),
		    write_matrix(directory, "vx.npy", data->validation.x, COUNT, N, unit),
		    write_matrix(directory, "vb.npy", data->validation.b, COUNT, M, unit),
		    write_matrix(directory, "tx.npy", data->test.x, COUNT, N, unit),
		    write_matrix(directory, "tb.npy", data->test.b, COUNT, M, unit)};
		rows[i] = solve_json(WORDS("--dictionary", paths[0], "--validation-set", paths[1], "--validation-measurements", paths[2],
		    "--test-set", paths[3], "--test-measurements", paths[4], "--json", "--solver",
		    i == 0 ? "fista:50,fista:50:0.01,omp" : "fista:50,fista:50:10.24,omp"));
		for (size_t p = 0; p < sizeof paths / sizeof *paths; p++) free(paths[p]);
	}
	for (int i = 0; i < 3; i++) expect_near(number(rows[1], i, "nmse_db"), number(rows[0], i, "nmse_db"), 1e-9);
	for (int i = 0; i < 2; i++) expect_near(number(rows[1], i, "penalty"), UNIT * number(rows[0], i, "penalty"), 1e-9);
	assert_true(number(rows[0], 0, "nmse_db") <= number(rows[0], 1, "nmse_db") + 1); /* chosen on others, and hardly worse */
	cJSON_Delete(rows[0]);
	cJSON_Delete(rows[1]);
	clu_data_destroy(data);
	support_directory_remove(directory);
}

static void a_table_for_people(void **state)
{
	(void)state;
	support_result result = solve(WORDS("--m", "10", "--n", "20"));
	assert_int_equal(result.code, EXIT_DONE);
	static const char *const wanted[] = {"NMSE dB", "us a signal", "\nfista:200 ", " P 0.", "\nomp ", " R "};
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
		if (!strstr(result.out, wanted[i])) fail_msg("'%s' is not in: %s", wanted[i], result.out);
	support_result_release(&result);
}

/* It trains nothing: what would change a training is not taken as if it did something. */
static void options_of_trainings_are_refused(void **state)
{
	(void)state;
	static const char *const options[] = {
	    "--layers=2", "--batch=2", "--seed=2", "--recipe=quick", "--set=decay=0.5", "--schedule=5"};
	for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
		support_result result = solve(WORDS(options[i]));
		if (result.code != EXIT_USAGE) fail_msg("%s: exit code %d, %s", options[i], result.code, result.err);
		/* --set is taken for the beginning of --setting */
		if (!strstr(result.err, i == 4 ? "--setting decay=0.5" : "unrecognized option")) fail_msg("%s: %s", options[i], result.err);
		support_result_release(&result);
	}
}

static void wrong_usage(void **state)
{
	(void)state;
	char *directory = support_directory_create();
	float codes[N] = {1};
	char *x = write_matrix(directory, "x.npy", codes, 1, N, 1);
	const struct {
		const char *words[4], *named;
	} cases[] = {
	    {{"--solver", "ista:20"}, "ista"},
	    {{"--solver", "fista"}, "how many iterations"},
	    {{"--solver", "fista:0"}, "0"},
	    {{"--solver", "fista:20:-1"}, "-1"},
	    {{"--solver", "omp:2"}, "2"},
	    {{"--solver", "oracle:1"}, "oracle:1"},
	    {{"--solver", ","}, "names none"},
	    {{"--validation-samples", "0"}, "--validation-samples 0"},
	    {{"--train-set", x, "--validation-samples", "0"}, "--validation-samples 0"},
	    {{"--n", "20", "--test-set", x}, "--validation-set"},
	    {{"extra"}, "'extra'"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *words[5] = {0};
		memcpy(words, cases[i].words, sizeof cases[i].words);
		support_result result = solve(words);
		if (result.code != EXIT_USAGE) fail_msg("case %zu: exit code %d, %s", i, result.code, result.err);
		if (!strstr(result.err, cases[i].named)) fail_msg("'%s' is not in '%s'", cases[i].named, result.err);
		assert_string_equal(result.out, "");
		support_result_release(&result);
	}
	free(x);
	support_directory_remove(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(figures_are_those_of_the_solvers),
	    cmocka_unit_test(without_noise_measurements_are_exact),
	    cmocka_unit_test(units_do_not_matter),
	    cmocka_unit_test(a_table_for_people),
	    cmocka_unit_test(wrong_usage),
	    cmocka_unit_test(options_of_trainings_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
