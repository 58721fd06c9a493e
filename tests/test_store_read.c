/* test_store_read.c: what readers get: results bit for bit, curves, workers over several runs, the models that are kept. */
#include "study_fixture.h"

#include "store_sql.h"

#include <math.h>
#include <sys/wait.h>
#include <unistd.h>

static void finish(store *study, int64_t run, int64_t number, double db)
{
	clu_error error;
	bool held;
	clu_layer_record record[3];
	trial_report report = fixture_report(number, 3, db, record);
	char model[32];
	snprintf(model, sizeof model, "model %lld", (long long)number);
	support_ok(store_done(study, run, &report, model, strlen(model), &held, &error), &error);
	assert_true(held);
}

static void results_and_curves_come_back(void **context)
{
	(void)context;
	clu_error error;
	bool held;
	size_t count;
	uint32_t claimed;
	study_fixture f = fixture_create(3);
	trial_claim claims[3];
	clu_layer_record record[3];
	int64_t run = fixture_run(f.study, "w0", "key");
	support_ok(store_claim(f.study, run, 2, 60000, claims, &claimed, &error), &error);
	finish(f.study, run, 0, -41.123456789);
	trial_report report = fixture_report(1, 2, -20, record);
	record[1].test = (clu_nmse){NAN, NAN}; /* there may be no test set */
	report.progress = 0.625;
	support_ok(store_progress(f.study, run, &report, 1, &held, &error), &error);
	record[1].validation.db = -99; /* stored already: not written again */
	report.layers_stored = 2;
	support_ok(store_progress(f.study, run, &report, 1, &held, &error), &error);

	trial *trials = fixture_trials(f.study, &count);
	assert_int_equal(trials[0].state, TRIAL_DONE);
	assert_true(trials[0].validation_db == -41.123456789);
	assert_true(trials[0].nmse_db == -41.123456789 + 0.5);
	assert_true(trials[0].nmse_ratio_db == -41.123456789 - 0.5);
	assert_int_equal(trials[0].layers, 3);
	assert_true(trials[0].layer_validation_db[0] == -41.123456789 + 2.0);
	assert_int_equal(trials[0].steps, 1000);
	assert_true(trials[0].seconds >= 0 && trials[0].finished_at > 0);
	assert_string_equal(trials[0].device, "Test device");
	assert_string_equal(trials[0].key, "key");
	assert_int_equal(trials[1].state, TRIAL_RUNNING);
	assert_true(trials[1].progress == 0.625);
	assert_true(trials[1].layer_validation_db[1] == -20 && isnan(trials[1].layer_nmse_db[1]));
	assert_int_equal(trials[1].finished_at, 0);
	assert_int_equal(trials[2].state, TRIAL_QUEUED);
	assert_string_equal(trials[2].worker, "");
	assert_true(isnan(trials[2].validation_db));
	free(trials);
	fixture_destroy(&f);
}

static void runs_of_a_worker_are_summed(void **context)
{
	(void)context;
	clu_error error;
	uint32_t claimed;
	size_t count;
	study_fixture f = fixture_create(4);
	trial_claim claims[1];
	for (int i = 0; i < 3; i++) { /* w0, w1, w0 again */
		int64_t run = fixture_run(f.study, i == 1 ? "w1" : "w0", i == 2 ? "new key" : "key");
		support_ok(store_claim(f.study, run, 1, 60000, claims, &claimed, &error), &error);
		finish(f.study, run, claims[0].number, -10);
		support_ok(store_heartbeat(f.study, run, 100, 101, 60000, &error), &error);
		if (i == 0) support_ok(store_run_end(f.study, run, RUN_CRASHED, "killed", &error), &error);
	}
	support_ok(sql_script(f.study, "UPDATE worker SET heartbeat_at = started_at + 1500", &error), &error);
	worker_info *workers;
	support_ok(store_workers(f.study, &workers, &count, &error), &error);
	assert_int_equal(count, 2);
	assert_string_equal(workers[0].worker, "w0");
	assert_string_equal(workers[0].state, "running");
	assert_string_equal(workers[0].key, "new key");
	assert_string_equal(workers[0].plan, "plan of test");
	assert_string_equal(workers[0].type, "CPU");
	assert_int_equal(workers[0].lanes, 4);
	assert_int_equal(workers[0].steps, 200);
	assert_int_equal(workers[0].trials_done, 2);
	assert_true(workers[0].busy_seconds == 3);
	assert_string_equal(workers[1].worker, "w1");
	free(workers);
	support_ok(sql_script(f.study, "UPDATE worker SET heartbeat_at = heartbeat_at - 3600000", &error), &error);
	support_ok(store_workers(f.study, &workers, &count, &error), &error);
	assert_string_equal(workers[0].state, "lost"); /* not heard of for an hour */
	free(workers);
	fixture_destroy(&f);
}

static void a_worker_whose_process_is_gone_is_lost(void **context)
{
	(void)context;
	clu_error error;
	size_t count;
	worker_info *workers;
	study_fixture f = fixture_create(1);
	int64_t run = fixture_run(f.study, "w0", "key");
	pid_t child = fork();
	if (child == 0) _exit(0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	support_ok(store_run_process(f.study, run, child, &error), &error);
	support_ok(store_workers(f.study, &workers, &count, &error), &error);
	assert_string_equal(workers[0].state, "lost");
	free(workers);
	/* The same process on another machine may well be alive. */
	support_ok(sql_script(f.study, "UPDATE worker SET host = 'elsewhere'", &error), &error);
	support_ok(store_workers(f.study, &workers, &count, &error), &error);
	assert_string_equal(workers[0].state, "running");
	free(workers);
	fixture_destroy(&f);
}

/* The first run's key counts, as long as the device still has it: later runs' and other devices' do not. */
static void a_device_is_pinned_to_its_first_key(void **context)
{
	(void)context;
	clu_error error;
	study_fixture f = fixture_create(1);
	clu_device_info device = {.type = CLU_DEVICE_CPU, .name = "A device", .driver = "2"}, other = device;
	clu_plan plans[2] = {clu_plan_default(&device), clu_plan_default(&device)};
	char keys[2][CLU_KEY_TEXT], texts[2][CLU_PLAN_TEXT], key[CLU_KEY_TEXT], plan[CLU_PLAN_TEXT];
	bool found = true;
	plans[1].block_rows++;
	strcpy(other.driver, "3");
	for (int i = 0; i < 2; i++) {
		clu_plan_key(&device, &plans[i], keys[i]);
		clu_plan_print(&plans[i], texts[i]);
	}
	support_ok(store_pin(f.study, &device, key, plan, &found, &error), &error);
	assert_false(found);
	const struct {
		const char *key, *plan;
	} runs[] = {{"", ""}, {"of an older driver", texts[0]}, {keys[1], "no plan"}, {keys[1], texts[1]}, {keys[0], texts[0]}};
	for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
		int64_t run;
		support_ok(store_run_begin(f.study, "w", &device, &run, &error), &error);
		support_ok(store_run_ready(f.study, run, runs[i].key, runs[i].plan, 1, &error), &error);
		support_ok(store_pin(f.study, &device, key, plan, &found, &error), &error);
		assert_true(found == (i >= 3));
	}
	assert_string_equal(key, keys[1]);
	assert_string_equal(plan, texts[1]);
	support_ok(store_pin(f.study, &other, key, plan, &found, &error), &error);
	assert_false(found);
	fixture_destroy(&f);
}

static void best_and_named_models_are_kept(void **context)
{
	(void)context;
	enum { TRIALS = 16 };
	clu_error error;
	uint32_t claimed;
	study_fixture f = fixture_create(TRIALS);
	trial_claim claims[TRIALS];
	support_ok(sql_script(f.study, "UPDATE trial SET name = 'LISTA' WHERE number = 3", &error), &error);
	int64_t run = fixture_run(f.study, "w0", "key");
	support_ok(store_claim(f.study, run, TRIALS, 60000, claims, &claimed, &error), &error);
	/* Trial 7 has no number at all; of the others the higher numbers are better. */
	for (int64_t i = 0; i < TRIALS; i++) finish(f.study, run, i, i == 7 ? NAN : -(double)i);
	for (int64_t i = 0; i < TRIALS; i++) {
		void *bytes;
		size_t size;
		support_ok(store_model(f.study, i, &bytes, &size, &error), &error);
		bool best = i >= TRIALS - STORE_MODELS - 1 && i != 7;
		if (!bytes != !(best || i == 3)) fail_msg("trial %lld: model %s", (long long)i, bytes ? "kept" : "not kept");
		if (bytes) assert_memory_equal(bytes, "model ", 6);
		free(bytes);
	}
	fixture_destroy(&f);
}

static void counts_are_by_state(void **context)
{
	(void)context;
	clu_error error;
	uint32_t claimed;
	uint64_t counts[4];
	study_fixture f = fixture_create(6);
	trial_claim claims[3];
	int64_t run = fixture_run(f.study, "w0", "key");
	support_ok(store_claim(f.study, run, 3, 60000, claims, &claimed, &error), &error);
	finish(f.study, run, 1, -3);
	support_ok(store_counts(f.study, counts, &error), &error);
	const uint64_t want[4] = {3, 2, 1, 0};
	assert_memory_equal(counts, want, sizeof want);
	fixture_destroy(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(results_and_curves_come_back),
	    cmocka_unit_test(runs_of_a_worker_are_summed),
	    cmocka_unit_test(a_worker_whose_process_is_gone_is_lost),
	    cmocka_unit_test(a_device_is_pinned_to_its_first_key),
	    cmocka_unit_test(best_and_named_models_are_kept),
	    cmocka_unit_test(counts_are_by_state),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
