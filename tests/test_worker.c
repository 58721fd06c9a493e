/* test_worker.c: one worker over a small study: results that depend on neither lanes nor stops, checkpoints that serve and others
 * that do not, ends that say what they should. Workers run in child processes, as they do in life. TEST_NEEDS: device */
#include "study_fixture.h"

#include "message.h"
#include "options.h"
#include "settings_json.h"
#include "store_sql.h"
#include "worker.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TRIALS = 3 };
static const char *const archs[TRIALS] = {"0_0_0", "0_0_1:rsl", "0_0_1"};

/* A study of 3-layer networks at 5×9; `steps` a layer. */
static study_fixture small_study(const char *steps)
{
	clu_error error;
	settings all;
	study_entry entries[TRIALS];
	study_fixture f = {.directory = support_directory_create()};
	f.path = support_path(f.directory, "study.clu");
	const struct {
		int option;
		const char *value;
	} options[] = {{OPTION_M, "5"}, {OPTION_N, "9"}, {OPTION_LAYERS, "3"}, {OPTION_BATCH, "8"}, {OPTION_TRAIN_SAMPLES, "48"},
	    {OPTION_VALIDATION_SAMPLES, "16"}, {OPTION_TEST_SAMPLES, "16"}, {OPTION_SCHEDULE, steps}};
	support_ok(settings_default(&all, "quick", &error), &error);
	for (size_t i = 0; i < sizeof options / sizeof *options; i++)
		support_ok(settings_option(&all, options[i].option, options[i].value, &error), &error);
	support_ok(settings_finish(&all, &error), &error);
	for (size_t i = 0; i < TRIALS; i++) entries[i] = (study_entry){.name = ""}, strcpy(entries[i].arch, archs[i]);
	cJSON *json = settings_to_json(&all);
	study_request request = fixture_request(json, TRIALS);
	request.enqueue = entries;
	request.enqueue_count = TRIALS;
	support_ok(store_create(f.path, &request, &f.study, &error), &error);
	cJSON_Delete(json);
	settings_release(&all);
	return f;
}

static char *self;

/* In a process of its own, which loads its drivers itself: they do not survive a fork. */
static int work(const char *path, const char *lanes, const char *run, const char *prefixes)
{
	clu_device_info device = support_device_info();
	worker_options options = {.study_path = path,
	    .name = "w",
	    .run = strtoll(run, NULL, 10),
	    .device = &device,
	    .lanes = (uint32_t)strtoul(lanes, NULL, 10),
	    .prefixes = prefixes[0] ? prefixes : NULL,
	    .lease = 60,
	    .checkpoint = 0.2,
	    .lifeline = -1};
	report_command("test");
	return worker_run(&options);
}

/* run 0: its own. prefixes "": none. */
static pid_t start_with(const char *path, uint32_t lanes, const char *run, const char *prefixes)
{
	char text[16];
	snprintf(text, sizeof text, "%u", lanes);
	pid_t child = fork();
	if (child == 0) {
		execl(self, self, "work", path, text, run, prefixes, (char *)NULL);
		_exit(127);
	}
	return child;
}

static pid_t start_run(const char *path, uint32_t lanes, const char *run)
{
	return start_with(path, lanes, run, "");
}

static pid_t start(const study_fixture *f, uint32_t lanes)
{
	return start_run(f->path, lanes, "0");
}

/* Without collecting it. */
static bool has_ended(pid_t child)
{
	siginfo_t info = {.si_pid = 0};
	return waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != 0;
}

static int end_of(pid_t child)
{
	int how;
	assert_int_equal(waitpid(child, &how, 0), child);
	return WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
}

static int64_t checkpoints_saved(store *study)
{
	clu_error error;
	int64_t saves;
	support_ok(sql_whole(study, "SELECT coalesce(sum(saves), 0) FROM worker", NULL, 0, &saves, &error), &error);
	return saves;
}

static void expect_same(const study_fixture *left, const study_fixture *right, const char *label)
{
	size_t count;
	trial *a = fixture_trials(left->study, &count), *b = fixture_trials(right->study, &count);
	for (size_t i = 0; i < TRIALS; i++) {
		if (a[i].state != TRIAL_DONE || b[i].state != TRIAL_DONE)
			fail_msg("%s: trial %zu: %s %s", label, i, a[i].error, b[i].error);
		if (memcmp(a[i].layer_validation_db, b[i].layer_validation_db, sizeof a[i].layer_validation_db) != 0 ||
		    memcmp(a[i].layer_nmse_db, b[i].layer_nmse_db, sizeof a[i].layer_nmse_db) != 0)
			fail_msg("%s: trial %zu ended at %.17g and %.17g dB", label, i, a[i].validation_db, b[i].validation_db);
		assert_int_equal(a[i].steps, b[i].steps);
	}
	free(a);
	free(b);
}

/* Stops and kills a worker, each time after it has saved a checkpoint, until it gets to the end. Returns how often. */
static int work_with_stops(const study_fixture *f)
{
	enum { STOPS = 6 };
	clu_error error;
	for (int stops = 0;; stops++) {
		int64_t before = checkpoints_saved(f->study);
		pid_t child = start(f, 2);
		while (stops < STOPS && checkpoints_saved(f->study) <= before && !has_ended(child))
			nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
		if (stops < STOPS) kill(child, stops % 3 == 2 ? SIGKILL : SIGTERM);
		int code = end_of(child);
		if (code == EXIT_DONE) return stops;
		if (code != EXIT_STOPPED && code != 128 + SIGKILL) fail_msg("exit code %d", code);
		support_ok(store_runs_sweep(f->study, &error), &error);
	}
}

/* Whether a worker could be stopped on the way through so many steps a stage. */
static bool same_results(const char *steps)
{
	study_fixture calm = small_study(steps), wide = small_study(steps), stopped = small_study(steps);
	assert_int_equal(end_of(start(&calm, 1)), EXIT_DONE);
	assert_int_equal(end_of(start(&wide, 4)), EXIT_DONE);
	expect_same(&calm, &wide, "four lanes");
	const int stops = work_with_stops(&stopped);
	expect_same(&calm, &stopped, "stopped and killed");
	fixture_destroy(&calm);
	fixture_destroy(&wide);
	fixture_destroy(&stopped);
	return stops > 0;
}

/* A machine that is through before its first checkpoint gets more to do; simulators, where that would take an hour, lanes only. */
static void results_depend_on_neither_lanes_nor_stops(void **context)
{
	(void)context;
	if (support_tiny())
		same_results("4");
	else
		assert_true(same_results("8000") || same_results("32000") || same_results("128000"));
}

static void a_damaged_checkpoint_means_starting_anew(void **context)
{
	(void)context;
	clu_error error;
	const char *steps = support_tiny() ? "4" : "60";
	study_fixture calm = small_study(steps), damaged = small_study(steps);
	assert_int_equal(end_of(start(&calm, 2)), EXIT_DONE);
	size_t count;
	trial *trials = fixture_trials(calm.study, &count);
	support_ok(sql_run(damaged.study,
	               "INSERT INTO checkpoint(trial, key, saved_at, bytes) SELECT number, ?, 0, CAST('nonsense' AS BLOB) FROM trial",
	               SQL_VALUES(SQL_TEXT(trials[0].key)), NULL, &error),
	    &error);
	assert_int_equal(end_of(start(&damaged, 2)), EXIT_DONE);
	expect_same(&calm, &damaged, "damaged checkpoint");
	free(trials);
	fixture_destroy(&calm);
	fixture_destroy(&damaged);
}

static uint64_t sum_reused(store *study)
{
	size_t count;
	uint64_t reused = 0;
	trial *trials = fixture_trials(study, &count);
	for (size_t i = 0; i < count; i++) reused += trials[i].reused;
	free(trials);
	return reused;
}

/* Two workers at once, then another study with what they left: the same results, and the steps that were saved are told. */
static void workers_share_prefixes(void **context)
{
	(void)context;
	study_fixture calm = small_study("8"), shared = small_study("8"), later = small_study("8");
	char *prefixes = support_path(shared.directory, "prefixes"), *file = support_path(shared.directory, "file");
	if (!support_equal_bits()) skip();
	assert_int_equal(end_of(start(&calm, 2)), EXIT_DONE);
	assert_int_equal(sum_reused(calm.study), 0);
	pid_t children[2] = {start_with(shared.path, 1, "0", prefixes), start_with(shared.path, 2, "0", prefixes)};
	for (int i = 0; i < 2; i++) assert_int_equal(end_of(children[i]), EXIT_DONE);
	expect_same(&calm, &shared, "two workers with prefixes");
	assert_int_equal(end_of(start_with(later.path, 2, "0", prefixes)), EXIT_DONE);
	expect_same(&calm, &later, "all from prefixes");
	assert_int_equal(sum_reused(later.study), TRIALS * 3 * 8);
	fixture_destroy(&later);
	/* A place that serves for none is no reason to stop. */
	later = small_study("8");
	support_write(file, "x", 1);
	assert_int_equal(end_of(start_with(later.path, 2, "0", file)), EXIT_DONE);
	expect_same(&calm, &later, "no directory");
	free(file);
	free(prefixes);
	fixture_destroy(&calm);
	fixture_destroy(&shared);
	fixture_destroy(&later);
}

/* A study that was begun under another plan goes on under its numeric key. */
static void a_study_keeps_its_key(void **context)
{
	(void)context;
	clu_error error;
	clu_device_info device = support_device_info();
	clu_plan plan = clu_plan_default(&device);
	char key[CLU_KEY_TEXT], usual[CLU_KEY_TEXT], text[CLU_PLAN_TEXT];
	size_t count;
	int64_t run;
	clu_plan_key(&device, &plan, usual);
	plan.block_rows = plan.block_rows == 1 ? 2 : 1;
	clu_plan_key(&device, &plan, key);
	clu_plan_print(&plan, text);
	assert_string_not_equal(key, usual);
	study_fixture f = small_study("4");
	support_ok(store_run_begin(f.study, "before", &device, &run, &error), &error);
	support_ok(store_run_ready(f.study, run, key, text, 1, &error), &error);
	support_ok(store_run_end(f.study, run, RUN_STOPPED, "", &error), &error);
	assert_int_equal(end_of(start(&f, 1)), EXIT_DONE);
	trial *trials = fixture_trials(f.study, &count);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(trials[i].state, TRIAL_DONE);
		assert_string_equal(trials[i].key, key);
	}
	free(trials);
	fixture_destroy(&f);
}

static void a_worker_that_does_not_fit_is_retired(void **context)
{
	(void)context;
	clu_error error;
	size_t count;
	worker_info *workers;
	study_fixture f = small_study("4");
	assert_int_equal(end_of(start(&f, UINT32_MAX / 64)), EXIT_NO_DEVICE);
	support_ok(store_workers(f.study, &workers, &count, &error), &error);
	assert_string_equal(workers[0].state, "retired");
	assert_true(workers[0].message[0] != '\0');
	free(workers);
	fixture_destroy(&f);
}

static void a_study_that_cannot_be_written_ends_the_worker(void **context)
{
	(void)context;
	clu_error error;
	study_fixture f = small_study("4");
	support_ok(sql_script(f.study,
	               "CREATE TRIGGER full BEFORE UPDATE OF state ON trial WHEN new.state = 2"
	               " BEGIN SELECT raise(ABORT, 'no room'); END",
	               &error),
	    &error);
	assert_int_equal(end_of(start(&f, 2)), EXIT_STORE);
	fixture_destroy(&f);
}

/* Also where a supervisor has begun the run: a study that is gone by then takes no message. */
static void a_study_that_is_not_there_ends_the_worker(void **context)
{
	(void)context;
	assert_int_equal(end_of(start_run("/no/such/study", 2, "0")), EXIT_STORE);
	assert_int_equal(end_of(start_run("/no/such/study", 2, "1")), EXIT_STORE);
}

int main(int argc, char **argv)
{
	if (argc == 6 && strcmp(argv[1], "work") == 0) return work(argv[2], argv[3], argv[4], argv[5]);
	self = argv[0];
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(results_depend_on_neither_lanes_nor_stops),
	    cmocka_unit_test(a_damaged_checkpoint_means_starting_anew),
	    cmocka_unit_test(workers_share_prefixes),
	    cmocka_unit_test(a_study_keeps_its_key),
	    cmocka_unit_test(a_worker_that_does_not_fit_is_retired),
	    cmocka_unit_test(a_study_that_cannot_be_written_ends_the_worker),
	    cmocka_unit_test(a_study_that_is_not_there_ends_the_worker),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
