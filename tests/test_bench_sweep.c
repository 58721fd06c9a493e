/* test_bench_sweep.c: `clunroll bench step --sweep`: its points, and the picture of rows. TEST_NEEDS: device */
#include "bench_fixture.h"

#include "bench_sweep.h"

#include <math.h>

#define SMALL "--arch", "LISTA", "--m", "3", "--n", "5", "--batch", "4", "--repeat", "1", "--slice", "0.005", "--json"

static void test_layers_and_connections(void **state)
{
	(void)state;
	if (fixture_elsewhere()) skip();
	static const struct {
		const char *sweep, *layers, *key;
		size_t count;
		double values[4];
	} cases[] = {
	    {"layers", "4", "layers", 2, {2, 4}},
	    {"connections", "6", "connections", 4, {0, 4, 7, 10}},
	    {"connections", "2", "connections", 1, {0}},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *picture = support_path(fixture_directory, "p.svg");
		support_result run =
		    support_run(WORDS("bench", "step", "--sweep", cases[i].sweep, "--layers", cases[i].layers, SMALL, "-o", picture));
		if (run.code != 0) fail_msg("case %zu: %d, %s", i, run.code, run.err);
		const char *text = run.out;
		for (size_t k = 0; k < cases[i].count; k++) {
			cJSON *row = row_next(&text);
			assert_non_null(row);
			row_check(row, "step");
			if (row_number(row, cases[i].key) != cases[i].values[k]) fail_msg("case %zu: %s", i, run.out);
			cJSON_Delete(row);
		}
		assert_null(row_next(&text));
		char *svg = support_read(picture, NULL);
		assert_non_null(strstr(svg, "class=\"line\""));
		free(svg);
		free(picture);
		support_result_release(&run);
	}
}

static void test_the_picture_of_rows(void **state)
{
	(void)state;
	/* Two curves of lane 1; what more lanes took is left out, and so is a row without a time. */
	static const char *const rows_text = "[{\"arch\":\"LISTA\",\"n\":128,\"lanes\":1,\"ms_per_step_median\":2},"
	                                     "{\"arch\":\"LISTA\",\"n\":64,\"lanes\":1,\"ms_per_step_median\":1},"
	                                     "{\"arch\":\"LISTA\",\"n\":64,\"lanes\":4,\"ms_per_step_median\":3},"
	                                     "{\"arch\":\"Dense\",\"n\":64,\"lanes\":1,\"ms_per_step_median\":5},"
	                                     "{\"arch\":\"Dense\",\"n\":128,\"lanes\":1}]";
	cJSON *rows = cJSON_Parse(rows_text);
	char *path = support_path(fixture_directory, "rows.svg");
	clu_error error;
	assert_int_equal(bench_sweep_picture(path, rows, "n", &error), CLU_OK);
	char *svg = support_read(path, NULL);
	const char *points[] = {"<title>64: 1<", "<title>128: 2<", "<title>64: 5<"};
	const char *at = svg;
	for (size_t i = 0; i < 3; i++) {
		at = strstr(at, points[i]); /* ascending along a curve */
		if (!at) fail_msg("no %s in its place", points[i]);
	}
	assert_null(strstr(svg, "<title>64: 3<"));
	free(svg);
	free(path);
	cJSON_Delete(rows);
}

static void test_refused(void **state)
{
	(void)state;
	support_result run = support_run(WORDS("bench", "step", "--sweep", "width"));
	assert_int_equal(run.code, 2);
	assert_non_null(strstr(run.err, "connections"));
	support_result_release(&run);
	run = support_run(WORDS("bench", "step", "--sweep", "n", "model"));
	assert_int_equal(run.code, 2);
	support_result_release(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_layers_and_connections, fixture_enter, fixture_leave),
	    cmocka_unit_test_setup_teardown(test_the_picture_of_rows, fixture_enter, fixture_leave),
	    cmocka_unit_test_setup_teardown(test_refused, fixture_enter, fixture_leave),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
