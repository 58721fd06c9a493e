/* test_pictures.c: what is in the pictures: each connection an arc, each figure a mark, nothing where there is nothing, well-formed
 * SVG at every size. How they look is for eyes. */
#include "made_study.h"
#include "page_check.h"

#include "pictures.h"

#include <stdlib.h>

static study_analysis *analyse(uint32_t layers, const trial *trials, size_t count, const worker_info *workers, size_t worker_count)
{
	study_analysis *analysis = NULL;
	clu_error error;
	support_ok(analysis_create(layers, trials, count, workers, worker_count, &analysis, &error), &error);
	return analysis;
}

/* Neither NaN nor infinity may get into a coordinate. */
static void check_picture(const char *svg)
{
	page_check(svg);
	assert_null(strstr(svg, "nan"));
	assert_null(strstr(svg, "inf"));
}

static void test_architecture(void **state)
{
	(void)state;
	static const struct {
		const char *arch;
		uint32_t layers;
		size_t arcs, pruned;
	} cases[] = {
	    {"LISTA", 1, 0, 0},
	    {"LISTA", 2, 0, 0},
	    {"Dense", 3, 1, 0},
	    {"Searched", 16, 42, 0},
	    {"Dense", 16, 105, 0},
	    {"Dense", 32, 465, 0},
	    {"0_0_1_2:srls:1010", 4, 2, 2},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		clu_arch arch;
		markup out = {0};
		print_message("%s at %u layers\n", cases[i].arch, cases[i].layers);
		assert_int_equal(clu_arch_parse(cases[i].arch, cases[i].layers, &arch, NULL), CLU_OK);
		picture_architecture(&out, &arch, "a \"label\" & <more>");
		assert_false(out.failed);
		check_picture(out.text);
		assert_int_equal(page_count(out.text, "class=\"arc\""), cases[i].arcs);
		assert_int_equal(page_count(out.text, "class=\"node\""), cases[i].layers);
		assert_int_equal(page_count(out.text, "class=\"pruned\""), cases[i].pruned);
		free(out.text);
	}
}

static void test_neurons_are_named(void **state)
{
	(void)state;
	clu_arch arch;
	markup out = {0};
	assert_int_equal(clu_arch_parse("0_0_1:srl:110", 3, &arch, NULL), CLU_OK);
	picture_architecture(&out, &arch, "all kinds");
	assert_non_null(strstr(out.text, "layer 1: soft<"));
	assert_non_null(strstr(out.text, "layer 2: relu<"));
	assert_non_null(strstr(out.text, "layer 3: leaky, side connection pruned<"));
	assert_non_null(strstr(out.text, "layer 1 → layer 3"));
	free(out.text);
}

static void test_the_legend_has_every_neuron(void **state)
{
	(void)state;
	markup out = {0};
	picture_architecture_legend(&out);
	assert_false(out.failed);
	check_picture(out.text);
	static const char *const names[] = {
	    ">soft threshold<", ">ReLU<", ">LeakyReLU<", ">soft threshold with support selection<", ">firm shrinkage<"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (!strstr(out.text, names[i])) fail_msg("the legend lacks %s", names[i]);
	assert_int_equal(page_count(out.text, "class=\"node\""), CLU_NEURON_COUNT);
	free(out.text);
}

static void test_nothing_to_draw(void **state)
{
	(void)state;
	trial trials[2] = {made_trial(0, "", "0_0_0_0"), made_trial(1, "", "0_0_1_0")};
	trials[1].state = TRIAL_DONE; /* with NaN everywhere */
	trials[1].layers = 4;
	for (size_t count = 0; count <= 2; count++) {
		study_analysis *analysis = analyse(4, trials, count, NULL, 0);
		markup out = {0};
		assert_false(picture_heat_map(&out, analysis));
		assert_false(picture_layers(&out, analysis));
		assert_false(picture_connections(&out, analysis));
		assert_false(picture_history(&out, analysis));
		assert_int_equal(picture_devices(&out, analysis), count == 2);
		assert_int_equal(out.size == 0, count < 2);
		free(out.text);
		analysis_destroy(analysis);
	}
}

static void test_heat_map(void **state)
{
	(void)state;
	trial trials[8];
	for (int i = 0; i < 8; i++) {
		trials[i] = made_trial(i, "", i < 1 ? "0_0_1_3" : i < 2 ? "0_0_1_0" : i < 3 ? "0_0_1_1" : "0_0_0_0");
		made_done(&trials[i], 4, -20 + i);
	}
	study_analysis *analysis = analyse(4, trials, 8, NULL, 0); /* top 4: 1→3 75 %, 2→4 50 %, 1→4 25 % */
	markup out = {0};
	assert_true(picture_heat_map(&out, analysis));
	check_picture(out.text);
	assert_non_null(strstr(out.text, "layer 1 → layer 3: 75 % of the top 4; 38 % of all 8 sampled"));
	assert_non_null(strstr(out.text, "<g class=\"h5 kept\"><title>layer 2 → layer 4: 50 % of the top 4"));
	assert_non_null(strstr(out.text, "<g class=\"h2\"><title>layer 1 → layer 4: 25 % of the top 4"));
	assert_int_equal(page_count(out.text, ": always connected"), 3);
	free(out.text);
	analysis_destroy(analysis);
}

/* Curves with gaps, a single trial, equal figures, figures beyond all reason: whatever a study may hold. */
static void test_odd_figures(void **state)
{
	(void)state;
	static const struct {
		uint32_t layers;
		double validation_db, test_db, layer_db;
	} cases[] = {
	    {8, -20, -20, NAN},
	    {8, -20, NAN, -10},
	    {8, -20, INFINITY, INFINITY},
	    {1, -3, -3, -3},
	    {32, 0, 0, 0},
	    {8, -20, -20, 1e30},
	    {8, 900, 900, 900},
	    {8, -20, -20, -300},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		trial trials[2];
		for (int k = 0; k < 2; k++) {
			clu_arch arch;
			trials[k] = made_trial(k, k ? "" : "LISTA", "");
			assert_int_equal(clu_arch_parse(k ? "Dense" : "LISTA", cases[i].layers, &arch, NULL), CLU_OK);
			clu_arch_print(&arch, trials[k].arch);
			made_done(&trials[k], cases[i].layers, cases[i].validation_db);
			trials[k].nmse_db = cases[i].test_db;
			trials[k].layer_nmse_db[cases[i].layers / 2] = cases[i].layer_db;
			trials[k].layers += (uint32_t)(7 * k); /* more than the study's: no more are drawn */
			trials[k].layers = trials[k].layers > CLU_LAYERS_MAX ? CLU_LAYERS_MAX : trials[k].layers;
		}
		print_message("case %zu\n", i);
		study_analysis *analysis = analyse(cases[i].layers, trials, 2, NULL, 0);
		markup out = {0};
		picture_heat_map(&out, analysis);
		picture_layers(&out, analysis);
		picture_connections(&out, analysis);
		picture_history(&out, analysis);
		picture_devices(&out, analysis);
		check_picture(out.text);
		free(out.text);
		analysis_destroy(analysis);
	}
}

static void test_points_and_curves(void **state)
{
	(void)state;
	enum { LAYERS = 8, COUNT = 40 };
	trial trials[COUNT];
	uint64_t random = 3;
	for (int i = 0; i < COUNT; i++) {
		char arch[CLU_ARCH_TEXT];
		made_arch(LAYERS, true, &random, arch);
		trials[i] = made_trial(i, i ? "" : "LISTA", i ? arch : "0_0_0_0_0_0_0_0");
		made_done(&trials[i], LAYERS, -20 - 5 * support_uniform(&random) * (i > 0));
	}
	study_analysis *analysis = analyse(LAYERS, trials, COUNT, NULL, 0);
	markup layers = {0}, connections = {0}, history = {0};
	assert_true(picture_layers(&layers, analysis));
	assert_true(picture_connections(&connections, analysis));
	assert_true(picture_history(&history, analysis));
	check_picture(layers.text);
	check_picture(connections.text);
	check_picture(history.text);
	assert_int_equal(page_count(layers.text, "layer 8: "), 4); /* the best three and LISTA */
	assert_non_null(strstr(layers.text, "LISTA, layer 8: −19.50"));
	assert_int_equal(page_count(connections.text, "class=\"marker\""), COUNT);
	assert_int_equal(page_count(connections.text, "class=\"label"), 2);
	assert_int_equal(page_count(history.text, "<title>"), COUNT + 1);
	free(layers.text);
	free(connections.text);
	free(history.text);
	analysis_destroy(analysis);
}

static void test_devices(void **state)
{
	(void)state;
	trial trials[4];
	for (int i = 0; i < 4; i++) {
		trials[i] = made_trial(i, "", "0_0_0_0");
		made_done(&trials[i], 4, -10 - i);
	}
	worker_info worker = made_worker("w0", "device A", "00ff", 1600000000000, 1600000360000);
	snprintf(worker.driver, sizeof worker.driver, "<driver> & \"more\"");
	snprintf(trials[0].device, sizeof trials[0].device, "</svg><script>alert(1)</script>");
	study_analysis *analysis = analyse(4, trials, 4, &worker, 1);
	markup out = {0};
	assert_true(picture_devices(&out, analysis));
	check_picture(out.text);
	assert_non_null(strstr(out.text, ">3 (75 %)<"));
	assert_non_null(strstr(out.text, "30.0 trials/h, 2.78 steps/s"));
	assert_non_null(strstr(out.text, "&lt;/svg&gt;&lt;script&gt;"));
	free(out.text);
	analysis_destroy(analysis);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_architecture),
	    cmocka_unit_test(test_neurons_are_named),
	    cmocka_unit_test(test_the_legend_has_every_neuron),
	    cmocka_unit_test(test_nothing_to_draw),
	    cmocka_unit_test(test_heat_map),
	    cmocka_unit_test(test_odd_figures),
	    cmocka_unit_test(test_points_and_curves),
	    cmocka_unit_test(test_devices),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
