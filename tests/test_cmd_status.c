/* test_cmd_status.c: `clunroll status` as a user meets it: text, JSON, watching to the end, files that are no study. */
#include "study_fixture.h"

#include "message.h"
#include "store_sql.h"

static void run_to_done(store *study, int64_t run, int64_t from, int64_t to)
{
	clu_error error;
	bool held;
	uint32_t count;
	trial_claim claim;
	clu_layer_record record[3];
	for (int64_t i = from; i < to; i++) {
		support_ok(store_claim(study, run, 1, 60000, &claim, &count, &error), &error);
		trial_report report = fixture_report(i, 3, -20, record);
		support_ok(store_done(study, run, &report, "m", 1, &held, &error), &error);
	}
}

static void expect(const char *text, const char *words)
{
	if (!strstr(text, words)) fail_msg("'%s' is not in '%s'", words, text);
}

static void json_holds_counts_workers_and_what_they_train(void **context)
{
	(void)context;
	clu_error error;
	uint32_t count;
	trial_claim claim;
	study_fixture f = fixture_create(5);
	int64_t run = fixture_run(f.study, "d0", "key");
	run_to_done(f.study, run, 0, 2);
	support_ok(store_claim(f.study, run, 1, 60000, &claim, &count, &error), &error);
	support_result result = support_run((const char *[]){"status", f.path, "--json", NULL});
	assert_int_equal(result.code, EXIT_DONE);
	cJSON *json = cJSON_Parse(result.out);
	assert_non_null(json);
	const struct {
		const char *key;
		int want;
	} counts[] = {{"version", 1}, {"queued", 2}, {"running", 1}, {"done", 2}, {"failed", 0}};
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		assert_int_equal(cJSON_GetObjectItem(json, counts[i].key)->valueint, counts[i].want);
	const cJSON *worker = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "workers"), 0);
	assert_string_equal(cJSON_GetObjectItem(worker, "worker")->valuestring, "d0");
	assert_string_equal(cJSON_GetObjectItem(worker, "device")->valuestring, "Test device");
	assert_string_equal(cJSON_GetObjectItem(worker, "state")->valuestring, "running");
	const cJSON *training = cJSON_GetArrayItem(cJSON_GetObjectItem(worker, "trials"), 0);
	assert_int_equal(cJSON_GetObjectItem(training, "number")->valueint, 2);
	cJSON_Delete(json);
	support_result_release(&result);
	fixture_destroy(&f);
}

static void text_names_the_same(void **context)
{
	(void)context;
	clu_error error;
	uint32_t count;
	trial_claim claim;
	study_fixture f = fixture_create(4);
	int64_t run = fixture_run(f.study, "d0", "key"), broken = fixture_run(f.study, "d1", "key");
	run_to_done(f.study, run, 0, 1);
	support_ok(store_claim(f.study, run, 1, 60000, &claim, &count, &error), &error);
	support_ok(store_run_end(f.study, broken, RUN_RETIRED, "adam is off by 3", &error), &error);
	support_result result = support_run((const char *[]){"status", f.path, NULL});
	assert_int_equal(result.code, EXIT_DONE);
	expect(result.out, "1 of 4 trials done, 1 running, 2 queued, 0 failed");
	expect(result.out, "best: -19.50 dB");
	expect(result.out, "d0         running");
	expect(result.out, "trial 1 ");
	expect(result.out, "layer  1/3");
	expect(result.out, "d1         retired");
	expect(result.out, "adam is off by 3");
	support_result_release(&result);
	fixture_destroy(&f);
}

static void watching_ends_with_the_study(void **context)
{
	(void)context;
	study_fixture f = fixture_create(2);
	int64_t run = fixture_run(f.study, "d0", "key");
	run_to_done(f.study, run, 0, 2);
	support_result result = support_run((const char *[]){"status", "--watch", f.path, NULL});
	assert_int_equal(result.code, EXIT_DONE);
	expect(result.out, "2 of 2 trials done");
	assert_null(strstr(result.out, "\033")); /* no terminal, no escapes */
	support_result_release(&result);
	fixture_destroy(&f);
}

static void mistakes_get_an_answer(void **context)
{
	(void)context;
	char *directory = support_directory_create(), *text = support_path(directory, "text"), *none = support_path(directory, "none");
	support_write(text, "a text that is longer than nothing, and is no study at all, whatever its name may say about it.\n", 96);
	const struct {
		const char *arguments[4];
		int code;
		const char *words;
	} cases[] = {
	    {{"status", NULL}, EXIT_USAGE, "STUDY is missing"},
	    {{"status", text, "more", NULL}, EXIT_USAGE, "unexpected argument 'more'"},
	    {{"status", "--wach", text, NULL}, EXIT_USAGE, "unrecognized option"},
	    {{"status", none, NULL}, EXIT_STORE, "No such file"},
	    {{"status", text, NULL}, EXIT_STORE, "not a clunroll study"},
	    {{"status", directory, NULL}, EXIT_STORE, "not a file"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		support_result result = support_run(cases[i].arguments);
		if (result.code != cases[i].code) fail_msg("case %zu: exit code %d; %s", i, result.code, result.err);
		expect(result.err, cases[i].words);
		assert_string_equal(result.out, "");
		support_result_release(&result);
	}
	free(text), free(none);
	support_directory_remove(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(json_holds_counts_workers_and_what_they_train),
	    cmocka_unit_test(text_names_the_same),
	    cmocka_unit_test(watching_ends_with_the_study),
	    cmocka_unit_test(mistakes_get_an_answer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
