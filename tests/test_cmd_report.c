/* test_cmd_report.c: `clunroll report` as a user meets it, on a study that was made here without any device. */
#include "support.h"

#include "message.h"
#include "options.h"
#include "page_check.h"
#include "settings_json.h"
#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LAYERS = 3 };

typedef struct fixture {
	char *directory, *study, *page, *dictionary;
} fixture;

/* With 3 layers, gates give two architectures, LISTA and LFISTA; the rest differ in neurons. */
static clu_status candidate(const void *context, uint64_t index, uint32_t attempt, char text[CLU_ARCH_TEXT], clu_error *error)
{
	(void)context;
	(void)error;
	static const char *const archs[] = {"0_0_1", "0_0_1:srs", "0_0_0:ssl"};
	snprintf(text, CLU_ARCH_TEXT, "%s", archs[(index + attempt) % 3]);
	return CLU_OK;
}

static void finish_trial(store *study, int64_t run, int64_t number, double db)
{
	clu_error error;
	bool held;
	clu_layer_record record[LAYERS];
	for (int i = 0; i < LAYERS; i++) record[i] = (clu_layer_record){{db / (LAYERS - i), db}, {db / (LAYERS - i), db}, 100, 1};
	trial_report report = {.number = number, .progress = 1, .steps = 300, .layers = LAYERS, .record = record};
	support_ok(store_done(study, run, &report, "", 0, &held, &error), &error);
	assert_true(held);
}

/* A study of LISTA and three more, of which LISTA and the next are done. */
static void make_study(const char *path, const char *dictionary)
{
	settings chosen;
	clu_error error;
	store *study;
	support_ok(settings_default(&chosen, "quick", &error), &error);
	chosen.problem.m = 5;
	chosen.problem.n = 10;
	chosen.layers = LAYERS;
	chosen.dictionary = strdup(dictionary);
	cJSON *json = settings_to_json(&chosen);
	settings_release(&chosen);
	study_entry lista = {"0_0_0", "LISTA"};
	study_request request = {.settings = json,
	    .strategy = "random",
	    .space = "both",
	    .total = 4,
	    .enqueue = &lista,
	    .enqueue_count = 1,
	    .source = candidate};
	support_ok(store_create(path, &request, &study, &error), &error);
	cJSON_Delete(json);
	clu_device_info device = {.type = CLU_DEVICE_ACCELERATOR, .name = "A <device> & more", .driver = "1.0"};
	int64_t run;
	trial_claim claims[4];
	uint32_t count;
	support_ok(store_run_begin(study, "w0", &device, &run, &error), &error);
	support_ok(store_run_ready(study, run, "00ff", "a plan", 2, &error), &error);
	support_ok(store_claim(study, run, 2, 60000, claims, &count, &error), &error);
	assert_int_equal(count, 2);
	finish_trial(study, run, claims[0].number, -10);
	finish_trial(study, run, claims[1].number, -12.5);
	support_ok(store_run_end(study, run, RUN_STOPPED, "", &error), &error);
	store_close(study);
}

static int set_up(void **state)
{
	fixture *made = malloc(sizeof *made);
	if (!made) return -1;
	made->directory = support_directory_create();
	made->study = support_path(made->directory, "study.clu");
	made->page = support_path(made->directory, "report.html");
	made->dictionary = support_path(made->directory, "d.npy");
	make_study(made->study, made->dictionary);
	*state = made;
	return 0;
}

static int tear_down(void **state)
{
	fixture *made = *state;
	support_directory_remove(made->directory);
	free(made->study);
	free(made->page);
	free(made->dictionary);
	free(made);
	return 0;
}

static void expect(const char *text, const char *part)
{
	if (!strstr(text, part)) fail_msg("'%s' is not in: %.2000s", part, text);
}

/* Runs `clunroll report` with up to three arguments; stderr must have `message`. */
static void run(int code, const char *message, const char *a, const char *b, const char *c)
{
	support_result result = support_run((const char *const[]){"report", a, b, c, NULL});
	if (result.code != code) fail_msg("exit code %d, wanted %d: %s", result.code, code, result.err);
	expect(result.err, message);
	support_result_release(&result);
}

static void test_writes_a_page(void **state)
{
	const fixture *made = *state;
	support_write(made->page, "an earlier report", 17);
	support_result result = support_run((const char *const[]){"report", made->study, "-o", made->page, NULL});
	if (result.code != EXIT_DONE) fail_msg("exit code %d: %s", result.code, result.err);
	assert_string_equal(result.err, "");
	expect(result.out, made->page);
	support_result_release(&result);

	char *html = support_read(made->page, NULL);
	page_check(html);
	expect(html, "<h1>LFISTA won: −12.50\u00a0dB, 2.50\u00a0dB better than LISTA</h1>");
	expect(html, "<b>Unfinished:</b> 2 of 4 trials done, 0 running, 0 failed, 2 not yet begun.");
	expect(html, "n = 10 unknowns (10 % of them nonzero) from m = 5 measurements");
	expect(html, "A &lt;device&gt; &amp; more");
	expect(html, ">ACCELERATOR<");
	expect(html, "<th scope=\"row\">batch</th><td class=\"long\">128</td>");
	free(html);
}

static void test_refusals(void **state)
{
	const fixture *made = *state;
	char *nowhere = support_path(made->directory, "missing/report.html"), *link_path = support_path(made->directory, "link");
	char *absent = support_path(made->directory, "absent.clu"), *other = support_path(made->directory, "other.clu");
	support_write(other, "this is no study", 16);
	assert_int_equal(symlink(made->study, link_path), 0);

	run(EXIT_USAGE, "the study is missing", NULL, NULL, NULL);
	run(EXIT_USAGE, "-o is missing", made->study, NULL, NULL);
	run(EXIT_USAGE, "--help", made->study, "--unknown", NULL);
	run(EXIT_STORE, "absent.clu", absent, "-o", made->page);
	run(EXIT_STORE, "other.clu", other, "-o", made->page);
	run(EXIT_FAILED, "missing/report.html", made->study, "-o", nowhere);
	run(EXIT_USAGE, "would overwrite the study", made->study, "-o", made->study);
	run(EXIT_USAGE, "would overwrite the study", made->study, "-o", link_path);
	support_write(made->dictionary, "codes of a lifetime", 19);
	run(EXIT_USAGE, "the study's dictionary", made->study, "-o", made->dictionary);
	struct stat facts;
	assert_int_equal(stat(absent, &facts), -1); /* looking made no study */

	support_result result = support_run((const char *const[]){"report", made->study, "-o", made->page, NULL});
	assert_int_equal(result.code, EXIT_DONE); /* the study is as it was */
	support_result_release(&result);
	free(nowhere);
	free(link_path);
	free(absent);
	free(other);
}

static void test_help(void **state)
{
	(void)state;
	support_result result = support_run((const char *const[]){"report", "--help", NULL});
	assert_int_equal(result.code, EXIT_DONE);
	expect(result.out, "clunroll report STUDY -o FILE");
	support_result_release(&result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_writes_a_page, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_refusals, set_up, tear_down),
	    cmocka_unit_test(test_help),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
