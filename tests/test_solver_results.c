/* test_solver_results.c: scores of classical solvers kept in files: what is there is taken, what is of other data or damaged is
 * made anew, a stop leaves the rest open. */
#include "support.h"

#include "solver_results.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static settings tiny_settings(void)
{
	settings made;
	clu_error error;
	support_ok(settings_default(&made, "fast", &error), &error);
	made.problem.m = 10;
	made.problem.n = 20;
	made.problem.validation = made.problem.test = 40;
	return made;
}

static void make(const settings *given, const char *directory, int stop, solver_result results[SOLVER_RESULTS])
{
	clu_error error;
	support_ok(solver_results_make(given, directory, &stop, results, &error), &error);
}

/* The one file of a solver. */
static char *file_of(const char *directory, size_t index)
{
	const size_t length = strlen(solver_result_id(index));
	char *found = NULL;
	DIR *files = opendir(directory);
	assert_non_null(files);
	for (struct dirent *file; (file = readdir(files));) {
		if (strncmp(file->d_name, solver_result_id(index), length) != 0 || file->d_name[length] != '-') continue;
		assert_null(found);
		found = support_path(directory, file->d_name);
	}
	closedir(files);
	assert_non_null(found);
	return found;
}

/* Read back from a file, which keeps 15 digits: the time too, so that it was not made again. */
static void assert_kept(const solver_result *got, const solver_result *want)
{
	assert_true(got->known);
	assert_true(fabs(got->score.nmse.db - want->score.nmse.db) < 1e-9);
	assert_true(fabs(got->score.nmse.ratio_db - want->score.nmse.ratio_db) < 1e-9);
	assert_true(fabs(got->score.seconds - want->score.seconds) < 1e-12 * want->score.seconds);
	assert_true(fabs(got->chosen - want->chosen) < 1e-12);
}

static void made_once(void **state)
{
	(void)state;
	char *directory = support_directory_create();
	const settings given = tiny_settings();
	solver_result made[SOLVER_RESULTS], again[SOLVER_RESULTS];
	make(&given, directory, 0, made);
	for (size_t i = 0; i < SOLVER_RESULTS; i++)
		assert_true(made[i].known && made[i].score.nmse.db < 0 && made[i].score.seconds > 0);
	assert_true(made[1].score.nmse.db <= made[0].score.nmse.db); /* more iterations */
	assert_true(made[4].score.nmse.db < -250);                   /* measured in double */
	make(&given, directory, 0, again);
	for (size_t i = 0; i < SOLVER_RESULTS; i++) assert_kept(&again[i], &made[i]);

	char *first = file_of(directory, 0);
	support_write(first, "{\"nmse_db\":", 11);
	make(&given, directory, 0, again);
	assert_true(again[0].known && again[0].score.nmse.db == made[0].score.nmse.db);
	char *text = support_read(first, NULL);
	assert_non_null(strstr(text, "nmse_ratio_db")); /* whole again */
	free(text);
	free(first);
	support_directory_remove(directory);
}

static void other_data_are_other_figures(void **state)
{
	(void)state;
	char *directory = support_directory_create();
	settings given = tiny_settings();
	solver_result made[SOLVER_RESULTS], other[SOLVER_RESULTS];
	make(&given, directory, 0, made);
	given.seed = 9; /* of trainings: none of a solver's business */
	given.problem.train = 5000;
	make(&given, directory, 0, other);
	assert_kept(&other[2], &made[2]);
	given.problem.snr_db = 20;
	make(&given, directory, 0, other);
	for (size_t i = 0; i < SOLVER_RESULTS; i++) assert_true(other[i].known && other[i].score.nmse.db > -60);
	given.problem.snr_db = tiny_settings().problem.snr_db; /* the first data's figures are still there */
	make(&given, directory, 0, other);
	assert_kept(&other[2], &made[2]);
	support_directory_remove(directory);
}

static void codes_without_zeros(void **state)
{
	(void)state;
	char *directory = support_directory_create();
	settings given = tiny_settings();
	solver_result made[SOLVER_RESULTS];
	given.problem.codes = CLU_CODES_GAMMA;
	make(&given, directory, 0, made);
	assert_true(made[0].known && made[1].known && made[2].known);
	assert_true(!made[3].known && !made[4].known);
	support_directory_remove(directory);
}

static void a_stop_leaves_the_rest(void **state)
{
	(void)state;
	char *directory = support_directory_create();
	const settings given = tiny_settings();
	solver_result made[SOLVER_RESULTS];
	make(&given, directory, 1, made);
	for (size_t i = 0; i < SOLVER_RESULTS; i++) assert_false(made[i].known);
	support_directory_remove(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(made_once),
	    cmocka_unit_test(other_data_are_other_figures),
	    cmocka_unit_test(codes_without_zeros),
	    cmocka_unit_test(a_stop_leaves_the_rest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
