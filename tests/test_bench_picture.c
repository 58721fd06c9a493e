/* test_bench_picture.c: pictures that stand alone: well-formed, with all labels escaped, and drawn inside their frame. */
#include "support.h"

#include "bench_picture.h"

#include <stdlib.h>
#include <string.h>

static const picture_titles titles = {"Title & more", "below <it>", "across", "upwards"};

/* Draws into a fresh file and returns its text. */
static char *drawn(clu_status (*draw)(const char *path, clu_error *error))
{
	char *directory = support_directory_create(), *path = support_path(directory, "p.svg");
	clu_error error;
	const clu_status status = draw(path, &error);
	if (status != CLU_OK) fail_msg("%s", error.message);
	char *text = support_read(path, NULL);
	free(path);
	support_directory_remove(directory);
	return text;
}

static unsigned count(const char *text, const char *word)
{
	unsigned found = 0;
	for (; (text = strstr(text, word)); text += strlen(word)) found++;
	return found;
}

static void check(const char *svg)
{
	assert_int_equal(strncmp(svg, "<svg xmlns=", 11), 0);
	assert_string_equal(svg + strlen(svg) - 7, "</svg>\n");
	assert_non_null(strstr(svg, "Title &amp; more"));
	assert_non_null(strstr(svg, "below &lt;it&gt;"));
	assert_null(strstr(svg, "nan"));
	assert_null(strstr(svg, "inf"));
}

static clu_status draw_curves(const char *path, clu_error *error)
{
	static const picture_point first[] = {{64, 1}, {512, 4}, {1024, 17}}, second[] = {{64, 1}}, third[] = {{0, 0}, {1024, 16.9}};
	const picture_curve curves[] = {{"LISTA", first, 3}, {"a < b", second, 1}, {"Dense", third, 2}};
	return bench_picture_curves(path, &titles, curves, 3, error);
}

static void test_curves(void **state)
{
	(void)state;
	char *svg = drawn(draw_curves);
	check(svg);
	assert_int_equal(count(svg, "class=\"line\""), 3);
	assert_int_equal(count(svg, "class=\"marker\""), 6);
	assert_non_null(strstr(svg, ">LISTA<"));
	assert_non_null(strstr(svg, ">a &lt; b<"));
	assert_non_null(strstr(svg, "across"));
	free(svg);
}

/* All at nothing is still a picture. */
static clu_status draw_zero(const char *path, clu_error *error)
{
	static const picture_point points[] = {{0, 0}};
	const picture_curve curve = {"nothing", points, 1};
	return bench_picture_curves(path, &titles, &curve, 1, error);
}

static clu_status draw_bars(const char *path, clu_error *error)
{
	static const picture_bar bars[] = {{0, 100, "100 GFLOP/s"}, {1, 1e5, "<fast>"}, {1, 0, "none"}};
	const picture_group groups[] = {{"LISTA", bars, 2}, {"Dense & co", bars + 2, 1}, {"empty", NULL, 0}};
	const char *const columns[] = {"CPU", "GPU <1>"};
	return bench_picture_bars(path, &titles, columns, 2, groups, 3, error);
}

static void test_bars(void **state)
{
	(void)state;
	char *svg = drawn(draw_bars);
	check(svg);
	assert_int_equal(count(svg, "class=\"bar "), 2 + 3);
	assert_int_equal(count(svg, ">A</text>"), 2); /* in the legend and in its bar */
	assert_int_equal(count(svg, ">B</text>"), 3);
	assert_non_null(strstr(svg, "GPU &lt;1&gt;"));
	assert_non_null(strstr(svg, "&lt;fast&gt;"));
	assert_non_null(strstr(svg, "Dense &amp; co"));
	free(svg);
}

static void test_nothing_but_zero(void **state)
{
	(void)state;
	char *svg = drawn(draw_zero);
	check(svg);
	free(svg);
}

static void test_no_place_for_it(void **state)
{
	(void)state;
	clu_error error;
	assert_int_equal(draw_curves("/dev/null/none", &error), CLU_FILE);
	assert_int_equal(draw_bars("/dev/null/none", &error), CLU_FILE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_curves),
	    cmocka_unit_test(test_bars),
	    cmocka_unit_test(test_nothing_but_zero),
	    cmocka_unit_test(test_no_place_for_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
