/* test_report.c: the whole page, from made-up studies in every state that a study may be in, and with hostile text in every field
 * that comes from outside. */
#include "made_study.h"
#include "page_check.h"

#include "report.h"

#include <stdlib.h>

#define HOSTILE "<script>alert(1)</script>\"&'\xff\x1b"
#define HOSTILE_ESCAPED "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&amp;&#39;\ufffd\ufffd"

static settings made_settings(uint32_t layers)
{
	settings made = {.problem = {.m = 50, .n = 100, .density = 0.1, .snr_db = INFINITY}, .layers = layers, .batch = 128};
	snprintf(made.recipe.name, sizeof made.recipe.name, "quick");
	return made;
}

static char *render(const report_input *input)
{
	char *html = NULL;
	size_t size = 0;
	clu_error error;
	support_ok(report_render(input, &html, &size, &error), &error);
	assert_int_equal(strlen(html), size);
	page_check(html);
	return html;
}

static char *render_trials(uint32_t layers, const trial *trials, size_t count, uint64_t total)
{
	settings chosen = made_settings(layers);
	report_input input = {.study = "study.db", .settings = &chosen, .total = total, .trials = trials, .trial_count = count};
	return render(&input);
}

static void expect(const char *html, const char *text)
{
	if (strstr(html, text)) return;
	print_error("the page lacks '%s'\n", text);
	fail();
}

static void refuse(const char *html, const char *text)
{
	if (!strstr(html, text)) return;
	print_error("the page has '%s'\n", text);
	fail();
}

static void test_finished(void **state)
{
	(void)state;
	trial trials[] = {made_trial(0, "LISTA", "0_0_0_0"), made_trial(1, "Dense", "0_0_1_3"), made_trial(2, "", "0_0_1_2"),
	    made_trial(3, "", "0_0_0_1")};
	static const double figures[] = {-20, -22, -24.5, -21};
	for (int i = 0; i < 4; i++) made_done(&trials[i], 4, figures[i]);
	char *html = render_trials(4, trials, 4, 4);
	expect(html, "<h1>The architecture of trial 2 won: −24.00\u00a0dB, 4.50\u00a0dB better than LISTA</h1>");
	expect(html, "n = 100 unknowns (10 % of them nonzero) from m = 50 measurements, without noise (SNR ∞)");
	expect(html, "K = 4 layers");
	expect(html, "<b>quick</b>");
	expect(html, "#1 trial 2: −24.00");
	expect(html, "#4 LISTA: −19.50");
	expect(html, "best 1 of 2 sampled");
	refuse(html, "Unfinished");
	expect(html, "<dt>optimiser steps</dt><dd>32,000</dd>");
	refuse(html, "trained prefixes");
	refuse(html, "LISTA is not among");
	refuse(html, "fair coins"); /* nobody knows how these were sampled */
	assert_int_equal(page_count(html, ">done</td>"), 4);
	free(html);

	trials[1].reused = 3000;       /* what a trial did not do itself is no work of the study's devices */
	trials[1].validation_db = -30; /* a named one wins */
	html = render_trials(4, trials, 4, 4);
	expect(html, "<h1>Dense won: −21.50\u00a0dB, 2.00\u00a0dB better than LISTA</h1>");
	expect(html, "<dt>optimiser steps</dt><dd>29,000</dd>");
	expect(html, "<dt>steps saved by trained prefixes</dt><dd>3,000</dd>");
	free(html);

	trials[0].validation_db = -40;
	html = render_trials(4, trials, 4, 4);
	expect(html, "<h1>LISTA won: −19.50\u00a0dB</h1>");
	free(html);
}

static void test_unfinished(void **state)
{
	(void)state;
	trial trials[] = {
	    made_trial(0, "", "0_0_1_0"), made_trial(1, "", "0_0_1_3"), made_trial(2, "", "0_0_1_2"), made_trial(3, "", "0_0_0_1")};
	made_done(&trials[0], 4, -20);
	trials[1].state = TRIAL_RUNNING;
	trials[1].progress = 0.371;
	trials[2].state = TRIAL_FAILED;
	snprintf(trials[2].error, sizeof trials[2].error, "the loss is not finite in layer 3");
	char *html = render_trials(4, trials, 4, 35);
	expect(html, "<b>Unfinished:</b> 1 of 35 trials done, 1 running, 1 failed, 32 not yet begun.");
	expect(html, "running, 37 %");
	expect(html, "failed: the loss is not finite in layer 3");
	expect(html, "LISTA is not among the trials done");
	expect(html, "<h1>The architecture of trial 0 won: ");
	free(html);
}

static void test_no_winner(void **state)
{
	(void)state;
	char *html = render_trials(8, NULL, 0, 35);
	expect(html, "<h1>No result yet</h1>");
	expect(html, "0 of 35 trials done");
	expect(html, "No trial has begun.");
	free(html);

	trial trials[] = {made_trial(0, "", "0_0_0_0"), made_trial(1, "", "0_0_1_3")};
	trials[0].state = trials[1].state = TRIAL_FAILED;
	html = render_trials(4, trials, 2, 2);
	expect(html, "<h1>All 2 trials failed</h1>");
	expect(html, "no reason recorded");
	free(html);

	for (int i = 0; i < 2; i++) made_done(&trials[i], 4, i ? NAN : INFINITY);
	html = render_trials(4, trials, 2, 2);
	expect(html, "<h1>No winner: no trial ended with an NMSE that is a number</h1>");
	expect(html, "2 trials ended with an NMSE that is no finite number, and are not ranked.");
	free(html);
}

static void test_sizes(void **state)
{
	(void)state;
	static const struct {
		uint32_t layers;
		int count;
	} cases[] = {{1, 1}, {1, 3}, {2, 3}, {3, 5}, {8, 1}, {16, 60}, {32, 12}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		trial trials[60];
		uint64_t random = i + 1;
		for (int k = 0; k < cases[i].count; k++) {
			char arch[CLU_ARCH_TEXT];
			made_arch(cases[i].layers, true, &random, arch);
			trials[k] = made_trial(k, "", arch);
			made_done(&trials[k], cases[i].layers, -20 * support_uniform(&random));
		}
		print_message("%d trials of %u layers\n", cases[i].count, cases[i].layers);
		char *html = render_trials(cases[i].layers, trials, (size_t)cases[i].count, (uint64_t)cases[i].count);
		assert_int_equal(page_count(html, ">done</td>"), cases[i].count);
		assert_int_equal(
		    page_count(html, "<svg class=\"architecture\""), (cases[i].count < 6 ? cases[i].count : 6) + (cases[i].layers > 2));
		free(html);
	}
}

static void test_noise_and_own_data(void **state)
{
	(void)state;
	settings chosen = made_settings(4);
	char dictionary[] = "/data/D.npy";
	chosen.problem.snr_db = 20;
	chosen.dictionary = dictionary;
	report_input input = {.study = "study.db", .settings = &chosen};
	char *html = render(&input);
	expect(html, "SNR 20.0 dB");
	expect(html, "on data of its own");
	free(html);
}

static void test_other_codes_and_noise(void **state)
{
	(void)state;
	settings chosen = made_settings(4);
	chosen.problem.codes = CLU_CODES_GAMMA;
	chosen.problem.gamma_shape = 0.1;
	chosen.problem.gamma_scale = 1;
	chosen.problem.rank = 20;
	chosen.problem.salt_pepper = 0.01;
	chosen.problem.perturbation = 1e-3;
	report_input input = {.study = "study.db", .settings = &chosen};
	char *html = render(&input);
	expect(html, "100 unknowns (all Gamma(0.1, 1)) from m = 50 measurements, dictionary of rank 20");
	expect(html, "1 % salt and pepper, dictionary perturbed by 0.001");
	free(html);
}

static void test_settings_and_devices(void **state)
{
	(void)state;
	settings chosen = made_settings(4);
	cJSON *json = cJSON_Parse("{\"strategy\":\"random\",\"space\":\"gates\",\"settings\":{\"m\":50,\"recipe\":\"two\\nlines\"},"
	                          "\"list\":[1,2,3],\"none\":null}");
	assert_non_null(json);
	worker_info workers[] = {made_worker("w0", "device A", "00ff", 1600000000000, 1600003600000),
	    made_worker("w1", "device B", "", 1600000000000, 1600000000000)};
	snprintf(workers[1].state, sizeof workers[1].state, "retired");
	snprintf(workers[1].message, sizeof workers[1].message, "failed its self-test: mix_forward is off by 0.1");
	trial one = made_trial(0, "", "0_0_1_0");
	made_done(&one, 4, -20);
	report_input input = {.study = "study.db",
	    .settings = &chosen,
	    .study_json = json,
	    .total = 1,
	    .trials = &one,
	    .trial_count = 1,
	    .workers = workers,
	    .worker_count = 2,
	    .written_at = 1600000000000};
	char *html = render(&input);
	expect(html, "<th scope=\"row\">strategy</th><td class=\"long\">random</td>");
	expect(html, "fair coins would give 50 ± 50 %");
	expect(html, "<th scope=\"row\">m</th><td class=\"long\">50</td>");
	expect(html, "<th scope=\"row\">recipe</th><td class=\"long\">two\nlines</td>");
	expect(html, "<th scope=\"row\">list</th><td class=\"long\">[1,2,3]</td>");
	expect(html, "<th scope=\"row\">none</th><td class=\"long\">null</td>");
	expect(html, "<b>retired</b>: worker <bdi>w1</bdi> on <bdi>device B</bdi>: failed its self-test: mix_forward is off by 0.1");
	refuse(html, "worker <bdi>w0</bdi>");
	expect(html, "Written 2020-09-13 12:26 UTC");
	free(html);
	cJSON_Delete(json);
}

static void test_hostile_text(void **state)
{
	(void)state;
	settings chosen = made_settings(4);
	snprintf(chosen.recipe.name, sizeof chosen.recipe.name, "%s", HOSTILE);
	cJSON *json = cJSON_CreateObject();
	cJSON_AddStringToObject(json, HOSTILE, HOSTILE);
	trial trials[3];
	for (int i = 0; i < 3; i++) {
		trials[i] = made_trial(i, HOSTILE, HOSTILE);
		made_done(&trials[i], 4, -20);
		snprintf(trials[i].device, sizeof trials[i].device, "%s", HOSTILE);
		snprintf(trials[i].key, sizeof trials[i].key, "%s", HOSTILE);
		snprintf(trials[i].worker, sizeof trials[i].worker, "%s", HOSTILE);
		snprintf(trials[i].error, sizeof trials[i].error, "%s", HOSTILE);
	}
	trials[1].state = TRIAL_RUNNING;
	trials[2].state = TRIAL_FAILED;
	worker_info worker = made_worker(HOSTILE, HOSTILE, HOSTILE, 1600000000000, 1600003600000);
	snprintf(worker.driver, sizeof worker.driver, "%s", HOSTILE);
	snprintf(worker.type, sizeof worker.type, "%.15s", HOSTILE);
	snprintf(worker.state, sizeof worker.state, "%.15s", HOSTILE);
	snprintf(worker.message, sizeof worker.message, "%s", HOSTILE);
	report_input input = {.study = HOSTILE,
	    .settings = &chosen,
	    .study_json = json,
	    .total = 3,
	    .trials = trials,
	    .trial_count = 3,
	    .workers = &worker,
	    .worker_count = 1};
	char *html = render(&input); /* page_check refuses any <script */
	assert_true(page_count(html, HOSTILE_ESCAPED) >= 20);
	refuse(html, "alert(1)</script>");
	free(html);
	cJSON_Delete(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_finished),
	    cmocka_unit_test(test_unfinished),
	    cmocka_unit_test(test_no_winner),
	    cmocka_unit_test(test_sizes),
	    cmocka_unit_test(test_noise_and_own_data),
	    cmocka_unit_test(test_other_codes_and_noise),
	    cmocka_unit_test(test_settings_and_devices),
	    cmocka_unit_test(test_hostile_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
