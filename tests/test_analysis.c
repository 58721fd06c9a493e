/* test_analysis.c: ranking with figures that are none, the average architecture against shares counted by hand, devices' rates over
 * runs that overlap and follow each other. All from made-up trials. */
#include "made_study.h"

#include "analysis.h"

#include <stdlib.h>

static study_analysis *analyse(uint32_t layers, const trial *trials, size_t count, const worker_info *workers, size_t worker_count)
{
	study_analysis *analysis = NULL;
	clu_error error;
	support_ok(analysis_create(layers, trials, count, workers, worker_count, &analysis, &error), &error);
	return analysis;
}

static trial done_trial(int64_t number, const char *name, const char *arch, double validation_db)
{
	trial made = made_trial(number, name, arch);
	made_done(&made, 4, validation_db);
	return made;
}

static void test_nothing(void **state)
{
	(void)state;
	study_analysis *analysis = analyse(8, NULL, 0, NULL, 0);
	assert_int_equal(analysis->done + analysis->queued + analysis->running + analysis->failed, 0);
	assert_int_equal(analysis->ranked, 0);
	assert_int_equal(analysis->top, 0);
	assert_int_equal(analysis->device_count, 0);
	assert_true(isnan(analysis_gain(analysis)));
	const ranked_trial *curves[ANALYSIS_CURVES_MAX];
	assert_int_equal(analysis_curves(analysis, curves), 0);
	analysis_destroy(analysis);
	analysis_destroy(NULL);
}

static void test_ranking(void **state)
{
	(void)state;
	trial trials[] = {done_trial(0, "LISTA", "0_0_0_0", -20), done_trial(1, "", "0_0_1_0", NAN), done_trial(2, "", "0_0_0_2", -30),
	    done_trial(3, "", "0_0_1_2", -30), done_trial(4, "", "0_0_1_3", -INFINITY), made_trial(5, "", "0_0_0_1"),
	    made_trial(6, "", "0_0_1_1"), made_trial(7, "", "0_0_0_3"), done_trial(8, "", "0_0_0_1", -25),
	    done_trial(9, "", "no architecture", -28), done_trial(10, "", "0_0_0_1", -5000)};
	trials[6].state = TRIAL_RUNNING;
	trials[7].state = TRIAL_FAILED;
	size_t count = sizeof trials / sizeof *trials;
	static const int64_t want[] = {2, 3, 9, 8, 0, 1, 4, 10}; /* equal figures by number; what is no figure last */
	study_analysis *analysis = analyse(4, trials, count, NULL, 0);
	assert_int_equal(analysis->done, 8);
	assert_int_equal(analysis->ranked, 5);
	assert_int_equal(analysis->queued, 1);
	assert_int_equal(analysis->running, 1);
	assert_int_equal(analysis->failed, 1);
	for (size_t rank = 0; rank < analysis->done; rank++) assert_int_equal(analysis->entries[rank].trial->number, want[rank]);
	assert_false(analysis->entries[2].readable);
	assert_int_equal(analysis->entries[1].extra, 2);
	assert_int_equal(analysis->named[NAMED_LISTA]->trial->number, 0);
	assert_null(analysis->named[NAMED_DENSE]);
	assert_true(analysis->has_test);
	assert_true(fabs(analysis_gain(analysis) - 10) < 1e-9);
	assert_int_equal(analysis->history[0]->trial->number, 0);
	assert_int_equal(analysis->history[4]->trial->number, 9);
	const ranked_trial *curves[ANALYSIS_CURVES_MAX];
	assert_int_equal(analysis_curves(analysis, curves), 4);
	assert_ptr_equal(curves[3], analysis->named[NAMED_LISTA]);
	analysis_destroy(analysis);
}

static void test_shown_figures(void **state)
{
	(void)state;
	trial trials[] = {done_trial(0, "LISTA", "0_0_0_0", -20), done_trial(1, "", "0_0_1_0", -22)};
	trials[1].nmse_db = -19; /* ranked first by validation, worse on the test set: shown as it is */
	study_analysis *analysis = analyse(4, trials, 2, NULL, 0);
	assert_int_equal(analysis->entries[0].trial->number, 1);
	assert_true(fabs(analysis_gain(analysis) + 0.5) < 1e-9);
	analysis_destroy(analysis);

	for (size_t i = 0; i < 2; i++) trials[i].nmse_db = trials[i].layer_nmse_db[0] = NAN; /* a study without a test set */
	analysis = analyse(4, trials, 2, NULL, 0);
	assert_false(analysis->has_test);
	assert_true(analysis_db(analysis, &analysis->entries[0]) == -22);
	assert_true(analysis_layer_db(analysis, &analysis->entries[0], 1) == -22.0 / 4);
	assert_true(fabs(analysis_gain(analysis) - 2) < 1e-9);
	analysis_destroy(analysis);
}

/* Best first: of the five sampled ones the average takes three. Gates of 4 layers: 1→3 (integer 3), 2→4 and 1→4 (bits 0, 1). */
static void test_average(void **state)
{
	(void)state;
	const trial trials[] = {
	    done_trial(0, "Dense", "0_0_1_3", -40), /* enqueued: the best of all, and not in the average */
	    done_trial(1, "", "0_0_1_2:ssrl:1101", -39),
	    done_trial(2, "", "0_0_1_0:srrs:1101", -38),
	    done_trial(3, "", "0_0_0_2:lsss:1111", -37),
	    done_trial(4, "", "0_0_0_1", -36),
	    done_trial(5, "", "0_0_0_1", -35),
	    done_trial(6, "", "not one of 4 layers", -50),
	};
	study_analysis *analysis = analyse(4, trials, sizeof trials / sizeof *trials, NULL, 0);
	assert_int_equal(analysis->sampled, 5);
	assert_int_equal(analysis->top, 3);
	assert_true(fabs(analysis->share[2][0] - 2.0 / 3) < 1e-12);
	assert_true(fabs(analysis->share[3][0] - 2.0 / 3) < 1e-12);
	assert_true(analysis->share[3][1] == 0);
	assert_true(fabs(analysis->share_all[3][1] - 2.0 / 5) < 1e-12);
	assert_true(analysis->share[3][2] == 0); /* x^(L−1) is no extra connection */
	char text[CLU_ARCH_TEXT];
	clu_arch_print(&analysis->average, text);
	assert_string_equal(text, "0_0_1_2:ssrs:1101");
	assert_int_equal(analysis->average_extra, 2);
	analysis_destroy(analysis);
}

static void test_half_is_kept(void **state)
{
	(void)state;
	trial trials[200];
	for (int i = 0; i < 200; i++) trials[i] = done_trial(i, "", i % 2 ? "0_0_1_0" : "0_0_0_0", -50 + 0.1 * i);
	study_analysis *analysis = analyse(4, trials, 200, NULL, 0);
	assert_int_equal(analysis->top, ANALYSIS_TOP_MAX);
	assert_true(analysis->share[2][0] == 0.5);
	assert_int_equal(analysis->average.extra[2], 1);
	analysis_destroy(analysis);
}

static void test_sizes(void **state)
{
	(void)state;
	static const struct {
		uint32_t layers;
		const char *name;
		uint32_t extra;
	} cases[] = {{1, "LISTA", 0}, {2, "LISTA", 0}, {3, "LFISTA", 1}, {32, "Dense", 31 * 30 / 2}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		clu_arch arch;
		trial one = made_trial(0, "", "");
		assert_int_equal(clu_arch_parse("Dense", cases[i].layers, &arch, NULL), CLU_OK);
		clu_arch_print(&arch, one.arch);
		made_done(&one, cases[i].layers, -10);
		study_analysis *analysis = analyse(cases[i].layers, &one, 1, NULL, 0);
		assert_string_equal(analysis->entries[0].name, cases[i].name);
		assert_int_equal(analysis->top, 1);
		assert_int_equal(analysis->average_extra, cases[i].extra);
		assert_int_equal(clu_arch_check(&analysis->average, NULL), CLU_OK);
		analysis_destroy(analysis);
	}
}

static void test_devices(void **state)
{
	(void)state;
	trial trials[5];
	for (int i = 0; i < 5; i++) trials[i] = done_trial(i, "", "0_0_0_0", -10);
	snprintf(trials[3].device, sizeof trials[3].device, "device B");
	snprintf(trials[4].device, sizeof trials[4].device, "device of a worker that nobody knows");
	const int64_t minute = 60000, start = 1600000000000;
	worker_info workers[] = {
	    made_worker("w1", "device A", "00ff", start + 5 * minute, start + 15 * minute), /* shares the device with w0 */
	    made_worker("w0", "device A", "00ff", start, start + 10 * minute),
	    made_worker("w2", "device B", "", start, start), /* never came up */
	    made_worker("w4", "device B", "00ff", start, start + 30 * minute),
	    made_worker("w5", "device A", "another key", start, start + 1 * minute),
	};
	workers[3].busy_seconds = 10 * 60; /* two runs with a pause between them */
	trials[1].reused = 300;
	trials[2].reused = 20;
	study_analysis *analysis = analyse(4, trials, 5, workers, sizeof workers / sizeof *workers);
	assert_int_equal(analysis->device_count, 4);
	assert_int_equal(analysis->reused, 320);
	const device_share *a = &analysis->devices[0], *b = &analysis->devices[1];
	assert_string_equal(a->device, "device A");
	assert_int_equal(a->trials, 3);
	assert_int_equal(a->workers, 2);
	assert_int_equal(a->steps, 2000);
	assert_true(fabs(a->seconds - 15 * 60) < 1e-9);
	assert_true(fabs(a->trials_per_hour - 3 * 60.0 / 15) < 1e-9);
	assert_true(fabs(a->steps_per_second - 2000 / 900.0) < 1e-9);
	assert_string_equal(b->device, "device B");
	assert_string_equal(b->key, "00ff");
	assert_int_equal(b->workers, 2);
	assert_true(fabs(b->seconds - 10 * 60) < 1e-9);
	assert_int_equal(b->trials, 1);
	assert_int_equal(analysis->devices[2].trials, 1);
	assert_true(isnan(analysis->devices[2].trials_per_hour));
	assert_string_equal(analysis->devices[3].key, "another key");
	analysis_destroy(analysis);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_nothing),
	    cmocka_unit_test(test_ranking),
	    cmocka_unit_test(test_shown_figures),
	    cmocka_unit_test(test_average),
	    cmocka_unit_test(test_half_is_kept),
	    cmocka_unit_test(test_sizes),
	    cmocka_unit_test(test_devices),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
