/* test_bench_compare.c: `clunroll bench compare` on made files: columns by place, speeds relative to the first, gaps, the picture.
 */
#include "bench_fixture.h"

#define ROW(bench, device, commit, arch, lanes, ms) \
	"{\"bench\":\"" bench "\",\"device\":\"" device "\",\"driver\":\"1\",\"platform\":\"P\",\"commit\":\"" commit \
	"\",\"arch\":\"" arch "\",\"m\":5,\"n\":9,\"layers\":3,\"batch\":4,\"lanes\":" #lanes ",\"ms_per_step_min\":" #ms \
	",\"ms_per_step_median\":" #ms ",\"ms_per_step_max\":" #ms ",\"ms_per_step_mad\":0.25,\"gflops_dense_equivalent\":100}\n"

static char *write_rows(const char *name, const char *text)
{
	char *path = support_path(fixture_directory, name);
	support_write(path, text, strlen(text));
	return path;
}

static void test_columns_beside_each_other(void **state)
{
	(void)state;
	char *a = write_rows("a", ROW("step", "CPU", "c1", "LISTA", 1, 8) ROW("step", "CPU", "c1", "Dense", 1, 6));
	char *b = write_rows("b",
	    ROW("step", "GPU", "c1", "LISTA", 1, 2) ROW("step", "CPU", "c2", "LISTA", 1, 4) ROW("step", "GPU", "c1", "LISTA", 4, 1));
	support_result run = support_run(WORDS("bench", "compare", a, b, "--json"));
	static const struct {
		const char *subject, *places[3];
		double ms[3], speed[3];
	} want[] = {
	    {"step LISTA 5x9 k3 b4, 1 lane", {"CPU, P 1, c1", "GPU, P 1, c1", "CPU, P 1, c2"}, {8, 2, 4}, {1, 4, 2}},
	    {"step Dense 5x9 k3 b4, 1 lane", {"CPU, P 1, c1"}, {6}, {1}},
	    {"step LISTA 5x9 k3 b4, 4 lanes", {"GPU, P 1, c1"}, {1}, {0}}, /* nothing to be held to */
	};
	assert_int_equal(run.code, 0);
	const char *text = run.out;
	for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
		cJSON *row = row_next(&text);
		assert_non_null(row);
		assert_string_equal(row_word(row, "subject"), want[i].subject);
		const cJSON *columns = cJSON_GetObjectItem(row, "columns"), *column;
		int c = 0;
		cJSON_ArrayForEach(column, columns)
		{
			assert_true(c < 3 && want[i].places[c]);
			assert_string_equal(row_word(column, "place"), want[i].places[c]);
			assert_true(row_number(column, "ms_median") == want[i].ms[c]);
			assert_true(row_number(column, "speed") == want[i].speed[c]);
			c++;
		}
		assert_true(c == 3 || !want[i].places[c]);
		cJSON_Delete(row);
	}
	assert_null(row_next(&text));
	support_result_release(&run);

	run = support_run(WORDS("bench", "compare", a, b));
	assert_int_equal(run.code, 0);
	assert_non_null(strstr(run.out, "A  CPU, P 1, c1\nB  GPU, P 1, c1\nC  CPU, P 1, c2\n"));
	assert_non_null(strstr(run.out, "2.000 ±0.250 (4.00)"));
	support_result_release(&run);
	free(a);
	free(b);
}

/* The same device and commit twice: the files tell them apart. */
static void test_twins_have_their_files_names(void **state)
{
	(void)state;
	char *a = write_rows("a", ROW("step", "CPU", "c1", "LISTA", 1, 8)),
	     *b = write_rows("b", ROW("step", "CPU", "c1", "LISTA", 1, 4));
	support_result run = support_run(WORDS("bench", "compare", a, b));
	assert_int_equal(run.code, 0);
	assert_non_null(strstr(run.out, "/a\nB  CPU, P 1, c1, "));
	assert_non_null(strstr(run.out, "4.000 ±0.250 (2.00)"));
	support_result_release(&run);
	free(a);
	free(b);
}

static void test_the_picture(void **state)
{
	(void)state;
	char *a = write_rows("a", ROW("step", "<CPU>", "c1", "LISTA", 1, 8) ROW("product", "<CPU>", "c1", "LISTA", 1, 3));
	char *b = write_rows("b", ROW("step", "GPU", "c1", "LISTA", 1, 2)), *picture = support_path(fixture_directory, "p.svg");
	support_result run = support_run(WORDS("bench", "compare", a, b, "-o", picture));
	assert_int_equal(run.code, 0);
	char *svg = support_read(picture, NULL);
	static const char *const has[] = {"<svg xmlns=\"http://www.w3.org/2000/svg\"", "&lt;CPU&gt;, P 1, c1", "GPU, P 1, c1",
	    ">LISTA 5x9 k3 b4, 1 lane<", "100 GFLOP/s, 8 ms ±0.25", "100 GFLOP/s, 2 ms ±0.25", "</svg>\n"};
	for (size_t i = 0; i < sizeof has / sizeof *has; i++)
		if (!strstr(svg, has[i])) fail_msg("the picture lacks %s", has[i]);
	assert_null(strstr(svg, "<CPU>"));
	assert_null(strstr(svg, "product")); /* whole steps are what is pictured */
	free(svg);
	support_result_release(&run);
	free(picture);
	free(a);
	free(b);
}

static void test_the_picture_replaces_no_input(void **state)
{
	(void)state;
	char *a = write_rows("a", ROW("step", "CPU", "c1", "LISTA", 1, 8)),
	     *b = write_rows("b", ROW("step", "GPU", "c1", "LISTA", 1, 2)), *dotted = support_path(fixture_directory, "./b");
	const char *const pictures[] = {a, b, dotted};
	for (size_t i = 0; i < sizeof pictures / sizeof *pictures; i++) {
		support_result run = support_run(WORDS("bench", "compare", a, b, "-o", pictures[i]));
		if (run.code != 2 || !strstr(run.err, "would overwrite")) fail_msg("case %zu: %d, %s", i, run.code, run.err);
		support_result_release(&run);
	}
	support_result run = support_run(WORDS("bench", "compare", a, b));
	assert_int_equal(run.code, 0); /* they are as they were */
	support_result_release(&run);
	free(dotted);
	free(a);
	free(b);
}

static void test_refused(void **state)
{
	(void)state;
	char *empty = write_rows("empty", ""), *wrong = write_rows("wrong", "no row\n"),
	     *timeless = write_rows("t", "{\"bench\":\"x\"}\n");
	const struct {
		const char *path;
		int code;
		const char *says;
	} cases[] = {{NULL, 2, "what to compare"}, {empty, 1, "no row"}, {wrong, 1, "line 1"}, {timeless, 1, "no row"},
	    {"/dev/null/none", 1, "none"}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		support_result run = support_run(WORDS("bench", "compare", cases[i].path));
		if (run.code != cases[i].code || !strstr(run.err, cases[i].says)) fail_msg("case %zu: %d, %s", i, run.code, run.err);
		support_result_release(&run);
	}
	char *timed = write_rows("timed", "{\"bench\":\"step\",\"ms_per_step_median\":1}\n");
	support_result run = support_run(WORDS("bench", "compare", timeless, timed));
	if (run.code == 0 || !strstr(run.err, "nothing to compare")) fail_msg("%d, %s", run.code, run.err);
	support_result_release(&run);
	free(timed);
	free(empty);
	free(wrong);
	free(timeless);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_columns_beside_each_other, fixture_enter, fixture_leave),
	    cmocka_unit_test_setup_teardown(test_twins_have_their_files_names, fixture_enter, fixture_leave),
	    cmocka_unit_test_setup_teardown(test_the_picture, fixture_enter, fixture_leave),
	    cmocka_unit_test_setup_teardown(test_the_picture_replaces_no_input, fixture_enter, fixture_leave),
	    cmocka_unit_test_setup_teardown(test_refused, fixture_enter, fixture_leave),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
