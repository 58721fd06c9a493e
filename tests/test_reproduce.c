/* test_reproduce.c: a row's settings at every scale, names of files, and the figures of a cell: mean, range, what counts as worse.
 */
#include "reproduce_fixture.h"

static void settings_by_scale(void **state)
{
	(void)state;
	static const struct {
		const char *scale, *setting;
		uint32_t m, n;
		size_t train, validation, test;
		double snr_db;
	} cases[] = {
	    {"full", "noiseless", 250, 500, 102400, 10240, 10240, INFINITY},
	    {"full", "snr40", 250, 500, 102400, 10240, 10240, 40},
	    {"full", "samples5120", 250, 500, 5120, 1024, 10240, INFINITY},
	    {"full", "size512", 512, 1024, 102400, 10240, 10240, INFINITY},
	    {"small", "snr20", 50, 100, 10240, 1024, 1024, 20},
	    {"small", "samples10240", 50, 100, 1024, 102, 1024, INFINITY},
	    {"tiny", "samples5120", 10, 20, 51, 10, 102, INFINITY},
	};
	for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
		reproduce_job *job = fixture_job(cases[c].scale);
		settings made;
		clu_error error;
		support_ok(reproduce_settings(job, cases[c].setting, 7, &made, &error), &error);
		const clu_problem *p = &made.problem;
		if (p->m != cases[c].m || p->n != cases[c].n || p->train != cases[c].train || p->validation != cases[c].validation ||
		    p->test != cases[c].test || p->snr_db != cases[c].snr_db || made.seed != 7)
			fail_msg("case %zu: %ux%u, %zu %zu %zu samples, %g dB", c, p->m, p->n, p->train, p->validation, p->test, p->snr_db);
		assert_true(p->train >= job->scale->batch);
		free(job);
	}
	assert_null(reproduce_scale_find("huge"));
}

static void names_of_files(void **state)
{
	(void)state;
	reproduce_job *job = fixture_job("full");
	settings made;
	clu_error error;
	char name[REPRODUCE_NAME], long_arch[CLU_ARCH_TEXT];
	support_ok(reproduce_settings(job, "snr40", 3, &made, &error), &error);
	support_ok(reproduce_network_name("Searched", "snr40", &made, name, &error), &error);
	assert_string_equal(name, "searched-250x500-snr40-fast-seed3");
	support_ok(reproduce_network_name("0_0_1:ssr", "snr40", &made, name, &error), &error);
	assert_string_equal(name, "0_0_1-ssr-250x500-snr40-fast-seed3");
	memset(long_arch, '0', sizeof long_arch - 1);
	long_arch[sizeof long_arch - 1] = '\0';
	assert_int_equal(reproduce_network_name(long_arch, "snr40", &made, name, &error), CLU_ARGUMENT);
	reproduce_table_name(job, true, name);
	assert_string_equal(name, "table1");
	free(job);
	job = fixture_job("small"); /* whose usual recipe is another */
	reproduce_table_name(job, false, name);
	assert_string_equal(name, "table1-small-fast-unfinished");
	job->part = true;
	reproduce_table_name(job, false, name);
	assert_string_equal(name, "table1-small-fast-part");
	job->part = false;
	strcpy(job->base.recipe.name, "quick");
	reproduce_table_name(job, true, name);
	assert_string_equal(name, "table1-small");
	free(job);
}

static void figures_of_a_cell(void **state)
{
	(void)state;
	const paper_row *row = paper_row_find(paper_table_find("table1"), "b");
	assert_true(reproduce_paper_db(row, "LISTA") == -43.3);
	assert_true(reproduce_paper_db(row, "searched") == -54.2);
	assert_true(reproduce_paper_db(row, "0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0") == -43.3); /* LISTA by its integers */
	assert_true(isnan(reproduce_paper_db(row, "0_0_1")));
	assert_true(isnan(reproduce_paper_db(row, "LISTA:srrrrrrrrrrrrrrr")));

	reproduce_cell cell = {.paper_db = -43.3, .count = 3};
	const double db[] = {-42, -43, -44};
	for (int i = 0; i < 3; i++) cell.training[i].nmse.db = db[i];
	double least, most;
	reproduce_range_db(&cell, &least, &most);
	assert_true(reproduce_mean_db(&cell) == -43 && least == -44 && most == -42);
	assert_false(reproduce_is_worse(&cell)); /* by 0.3 */
	cell.training[0].nmse.db = -41;
	assert_true(reproduce_is_worse(&cell)); /* by 0.63 */
	cell.paper_db = NAN;
	assert_false(reproduce_is_worse(&cell));
}

/* What diverged has no figure, and is no better than the paper's. */
static void figures_where_some_diverged(void **state)
{
	(void)state;
	reproduce_cell cell = {.paper_db = -43.3, .count = 3};
	double least, most;
	for (int i = 0; i < 3; i++) cell.training[i].nmse.db = i == 0 ? (double)NAN : -42.0 - 2 * i;
	reproduce_range_db(&cell, &least, &most);
	assert_true(reproduce_mean_db(&cell) == -45 && least == -46 && most == -44);
	assert_true(reproduce_diverged(&cell) == 1 && reproduce_is_worse(&cell));
	cell.count = 1;
	assert_true(isnan(reproduce_mean_db(&cell)) && reproduce_diverged(&cell) == 1 && reproduce_is_worse(&cell));
	cell.paper_db = NAN;
	assert_false(reproduce_is_worse(&cell));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(settings_by_scale),
	    cmocka_unit_test(names_of_files),
	    cmocka_unit_test(figures_of_a_cell),
	    cmocka_unit_test(figures_where_some_diverged),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
