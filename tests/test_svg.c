/* test_svg.c: axes that hold their data and have round ticks, labels that end up apart, pictures that carry their name. */
#include "support.h"

#include "svg.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void test_axes(void **state)
{
	(void)state;
	static const struct {
		bool whole;
		double low, high;
		int ticks;
		double want_low, want_high, want_step;
	} cases[] = {
	    {false, -54.2, -6.5, 6, -60, 0, 10},
	    {false, -29.14, -22.1, 6, -30, -22, 2},
	    {false, -30, -20, 5, -30, -20, 2},
	    {false, -0.004, 0.003, 6, -0.004, 0.004, 0.002},
	    {false, -1000, 1000, 6, -1000, 1000, 500},
	    {false, -5, -5, 6, -6, -4, 0.5}, /* one value */
	    {true, 1, 16, 8, 0.5, 16.5, 2},
	    {true, 1, 1, 8, 0.5, 1.5, 1},
	    {true, 0, 3, 8, -0.5, 3.5, 1}, /* never half a layer */
	    {true, 1, 25000, 8, 0.5, 25000.5, 5000},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		svg_axis axis = (cases[i].whole ? svg_axis_whole : svg_axis_fit)(cases[i].low, cases[i].high, cases[i].ticks);
		print_message("[%g, %g]: [%g, %g] by %g\n", cases[i].low, cases[i].high, axis.low, axis.high, axis.step);
		assert_true(fabs(axis.low - cases[i].want_low) < 1e-9);
		assert_true(fabs(axis.high - cases[i].want_high) < 1e-9);
		assert_true(fabs(axis.step - cases[i].want_step) < 1e-9);
	}
}

static void test_frame_places_the_ends(void **state)
{
	(void)state;
	svg_frame frame = {.left = 50, .top = 10, .width = 300, .height = 200, .x = {0, 10, 2}, .y = {-40, 0, 10}};
	assert_true(svg_x(&frame, 0) == 50 && svg_x(&frame, 10) == 350);
	assert_true(svg_y(&frame, 0) == 10 && svg_y(&frame, -40) == 210); /* the highest value at the top */
}

static void test_grid_labels_every_tick(void **state)
{
	(void)state;
	svg_frame frame = {.left = 50, .top = 10, .width = 300, .height = 200, .x = {0.5, 4.5, 1}, .y = {-0.4, 0, 0.1}};
	static const char *const ticks[] = {">1<", ">2<", ">3<", ">4<", ">−0.4<", ">−0.3<", ">−0.1<", ">0.0<", ">layer<", ">NMSE<"};
	markup out = {0};
	svg_grid(&out, &frame, "layer", "NMSE");
	for (size_t i = 0; i < sizeof ticks / sizeof *ticks; i++) assert_non_null(strstr(out.text, ticks[i]));
	assert_null(strstr(out.text, ">0<"));
	assert_null(strstr(out.text, ">5<"));
	free(out.text);
}

static void test_spread(void **state)
{
	(void)state;
	static const struct {
		size_t count;
		double positions[5], want[5];
	} cases[] = {
	    {0, {0}, {0}},
	    {1, {50}, {50}},
	    {1, {-5}, {0}},                   /* outside, above */
	    {1, {120}, {100}},                /* … and below */
	    {3, {20, 50, 80}, {20, 50, 80}},  /* apart already */
	    {3, {50, 50, 50}, {50, 60, 70}},  /* all at one place */
	    {3, {95, 96, 97}, {80, 90, 100}}, /* pushed back from the end */
	    {4, {0, 0, 99, 100}, {0, 10, 90, 100}},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		double positions[5];
		memcpy(positions, cases[i].positions, sizeof positions);
		svg_spread(positions, cases[i].count, 10, 0, 100);
		for (size_t k = 0; k < cases[i].count; k++) {
			print_message("case %zu, label %zu: %g\n", i, k, positions[k]);
			assert_true(fabs(positions[k] - cases[i].want[k]) < 1e-9);
		}
	}
	double crowded[20] = {0};
	svg_spread(crowded, 20, 10, 0, 100); /* room for 11 */
	for (size_t k = 0; k < 20; k++) assert_true(fabs(crowded[k] - 10.0 * (double)k) < 1e-9);
}

static void test_markers_and_names(void **state)
{
	(void)state;
	markup out = {0};
	svg_open(&out, 400, 300, "plot", "a \"name\" & <more>");
	assert_non_null(strstr(out.text, "aria-label=\"a &quot;name&quot; &amp; &lt;more&gt;\""));
	assert_non_null(strstr(out.text, "viewBox=\"0 0 400.0 300.0\""));
	free(out.text);
	for (int shape = 0; shape < SVG_SHAPE_COUNT; shape++) {
		markup marker = {0};
		svg_marker_open(&marker, (svg_shape)shape, 10, 20, 4, "marker");
		assert_memory_equal(marker.text, "<path class=\"marker\" d=\"M", strlen("<path class=\"marker\" d=\"M"));
		assert_string_equal(marker.text + marker.size - 2, "\">");
		free(marker.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_axes),
	    cmocka_unit_test(test_frame_places_the_ends),
	    cmocka_unit_test(test_grid_labels_every_tick),
	    cmocka_unit_test(test_spread),
	    cmocka_unit_test(test_markers_and_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
