/* test_reproduce_picture.c: the picture of a reproduced table: a hollow marker for each figure of the paper, a filled one for each
 * cell, all within the frame; names escaped. */
#include "reproduce_fixture.h"

#include "reproduce_picture.h"

static size_t count_of(const char *text, const char *part)
{
	size_t count = 0;
	for (; (text = strstr(text, part)); text += strlen(part)) count++;
	return count;
}

static char *draw(const reproduce_results *results)
{
	char *directory = support_directory_create(), *path = support_path(directory, "p.svg");
	clu_error error;
	support_ok(reproduce_picture(results, path, &error), &error);
	char *text = support_read(path, NULL);
	free(path);
	support_directory_remove(directory);
	return text;
}

static void a_marker_for_each_figure(void **state)
{
	(void)state;
	reproduce_job *job = fixture_job("full");
	reproduce_results *results = fixture_results(job);
	char *text = draw(results);
	assert_int_equal(count_of(text, "<title>the paper: "), 2); /* LISTA in two rows */
	assert_int_equal(count_of(text, "<title>LISTA: −42.70"), 2);
	assert_int_equal(count_of(text, "<title>0_0_1: "), 2);
	assert_int_equal(count_of(text, "<svg"), 1);
	assert_int_equal(count_of(text, "</svg>"), 1);
	assert_int_equal(count_of(text, "<g "), count_of(text, "</g>"));
	assert_null(strstr(text, "nan"));
	free(text);
	free(results);
	free(job);
}

/* What diverged has no marker; the paper's figure stays. */
static void what_diverged_is_left_out(void **state)
{
	(void)state;
	reproduce_job *job = fixture_job("full");
	reproduce_results *results = fixture_results(job);
	for (int i = 0; i < 2; i++) results->row[0].cell[0].training[i].nmse = (clu_nmse){NAN, NAN};
	char *text = draw(results);
	assert_int_equal(count_of(text, "<title>the paper: "), 2);
	assert_int_equal(count_of(text, "<title>LISTA: "), 1);
	assert_null(strstr(text, "nan"));
	free(text);
	free(results);
	free(job);
}

/* One figure alone leaves no axis to speak of. */
static void one_figure(void **state)
{
	(void)state;
	reproduce_job *job = fixture_job("tiny");
	job->arch_count = job->row_count = job->repeat = 1;
	strcpy(job->archs[0], "0_0_1");
	reproduce_results *results = fixture_results(job);
	char *text = draw(results);
	assert_int_equal(count_of(text, "<title>"), 1);
	assert_null(strstr(text, "nan"));
	assert_null(strstr(text, "inf"));
	free(text);
	free(results);
	free(job);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_marker_for_each_figure),
	    cmocka_unit_test(what_diverged_is_left_out),
	    cmocka_unit_test(one_figure),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
