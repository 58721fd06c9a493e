/* test_recipe_picture.c: the picture of compared recipes: a panel a network, a curve a variant where its layers are known, a mark
 * for each layer with a figure, none above 0 dB. */
#include "recipe_fixture.h"

#include "recipe_picture.h"

static size_t count_of(const char *text, const char *part)
{
	size_t count = 0;
	for (; (text = strstr(text, part)); text += strlen(part)) count++;
	return count;
}

static char *draw(const recipe_results *results)
{
	char *directory = support_directory_create(), *path = support_path(directory, "p.svg");
	clu_error error;
	support_ok(recipe_picture(results, path, &error), &error);
	char *text = support_read(path, NULL);
	free(path);
	support_directory_remove(directory);
	return text;
}

static void marks_and_curves(void **state)
{
	(void)state;
	recipe_study *study = fixture_study("full");
	recipe_results *results = fixture_results(study);
	char *text = draw(results);
	assert_int_equal(count_of(text, "<title>fast, "), 4); /* two layers in each of two panels */
	assert_int_equal(count_of(text, "<title>quick-few, "), 2);
	assert_int_equal(count_of(text, "stroke-opacity"), 3);
	assert_int_equal(count_of(text, "<title>fast, 3,200 steps: −40.50\u00a0dB</title>"), 2);
	assert_int_equal(count_of(text, "<title>the paper: −43.3"), 1); /* of LISTA alone */
	assert_int_equal(count_of(text, ">1,000</text>"), 2);           /* ticks of two panels */
	assert_int_equal(count_of(text, ">500</text>"), 0);             /* left of the range */
	assert_int_equal(count_of(text, "<g "), count_of(text, "</g>"));
	assert_int_equal(count_of(text, "</svg>"), 1);
	assert_null(strstr(text, "nan"));
	free(text);
	free(results);
	free(study);
}

/* What diverged must not set the scale; where nothing is known there is an empty panel. */
static void what_diverged_and_what_is_not_known(void **state)
{
	(void)state;
	recipe_study *study = fixture_study("full");
	recipe_results *results = fixture_results(study);
	study->job.arch_count = 1;
	fixture_training(&results->quality[0][0], 0, 400, 0);
	fixture_training(&results->quality[0][0], 1, 400, 0);
	char *text = draw(results);
	assert_int_equal(count_of(text, "<title>fast, 3,200 steps: 0.00\u00a0dB"), 1);
	assert_int_equal(count_of(text, ">400<") + count_of(text, ": 400"), 0);
	free(text);
	results->quality_count = 1;
	results->quality[0][0].known[0] = results->quality[0][0].known[1] = false;
	study->job.scale = reproduce_scale_find("small"); /* whose sizes the paper has no figures for */
	text = draw(results);
	assert_int_equal(count_of(text, "<title>"), 0);
	assert_null(strstr(text, "nan"));
	assert_null(strstr(text, "inf"));
	free(text);
	free(results);
	free(study);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(marks_and_curves),
	    cmocka_unit_test(what_diverged_and_what_is_not_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
