/* test_store_lease.c: who holds a trial: claims by several processes, leases that run out, results and checkpoints of runs that no
 * longer hold the trial, runs that end in each way. A lease of −1 ms has run out when it is given: nothing here waits for a clock.
 */
#include "study_fixture.h"

#include "store_sql.h"

#include <math.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LEASE_MS = 60000, EXPIRED_MS = -1 };

static uint32_t claim(store *study, int64_t run, uint32_t wanted, int64_t lease_ms, trial_claim *claims)
{
	clu_error error;
	uint32_t count;
	support_ok(store_claim(study, run, wanted, lease_ms, claims, &count, &error), &error);
	return count;
}

static trial one_trial(store *study, size_t number)
{
	size_t count;
	trial *trials = fixture_trials(study, &count);
	assert_true(number < count);
	trial one = trials[number];
	free(trials);
	return one;
}

static void lowest_numbers_are_claimed_first(void **context)
{
	(void)context;
	study_fixture f = fixture_create(5);
	trial_claim claims[8];
	int64_t run = fixture_run(f.study, "w0", "key");
	assert_int_equal(claim(f.study, run, 2, LEASE_MS, claims), 2);
	assert_int_equal(claims[0].number, 0);
	assert_string_equal(claims[1].arch, "t1");
	assert_int_equal(claim(f.study, run, 8, LEASE_MS, claims), 3);
	assert_int_equal(claims[0].number, 2);
	assert_int_equal(claim(f.study, run, 8, LEASE_MS, claims), 0);
	assert_string_equal(one_trial(f.study, 1).worker, "w0");
	assert_int_equal(one_trial(f.study, 1).state, TRIAL_RUNNING);
	fixture_destroy(&f);
}

static void runs_share_what_is_queued(void **context)
{
	(void)context;
	study_fixture f = fixture_create(7);
	trial_claim claims[8];
	int64_t first = fixture_run(f.study, "w0", "key"), second = fixture_run(f.study, "w1", "key");
	assert_int_equal(claim(f.study, first, 3, LEASE_MS, claims), 3);
	assert_int_equal(claim(f.study, first, 5, LEASE_MS, claims), 1); /* half of 7, rounded up, what it holds counted */
	assert_int_equal(claim(f.study, first, 4, LEASE_MS, claims), 0);
	assert_int_equal(claim(f.study, second, 8, LEASE_MS, claims), 3);
	fixture_destroy(&f);
}

/* Workers of four lanes over eight trials, of which one kills whoever trains it, with others or alone. */
static void only_the_guilty_trial_fails(void **context)
{
	(void)context;
	for (int64_t guilty = 0; guilty < 8; guilty += 3) {
		clu_error error;
		bool held;
		study_fixture f = fixture_create(8);
		trial_claim claims[4];
		clu_layer_record record[1];
		int crashes = 0;
		for (uint64_t counts[4] = {8}; counts[TRIAL_QUEUED] > 0; support_ok(store_counts(f.study, counts, &error), &error)) {
			int64_t run = fixture_run(f.study, "w0", "key");
			uint32_t count = claim(f.study, run, 4, LEASE_MS, claims);
			assert_true(count > 0);
			bool dies = false;
			for (uint32_t i = 0; i < count; i++) dies = dies || claims[i].number == guilty;
			if (crashes > 0 && dies) {
				assert_int_equal(count, 1);
				assert_int_equal(claim(f.study, run, 3, LEASE_MS, claims), 0); /* nothing beside it */
			}
			for (uint32_t i = 0; i < count && !dies; i++) {
				trial_report report = fixture_report(claims[i].number, 1, -5, record);
				support_ok(store_done(f.study, run, &report, "m", 1, &held, &error), &error);
			}
			crashes += dies;
			support_ok(store_run_end(f.study, run, dies ? RUN_CRASHED : RUN_STOPPED, "segmentation fault", &error), &error);
		}
		assert_int_equal(crashes, TRIAL_DEATHS);
		for (size_t i = 0; i < 8; i++)
			assert_int_equal(one_trial(f.study, i).state, (int64_t)i == guilty ? TRIAL_FAILED : TRIAL_DONE);
		fixture_destroy(&f);
	}
}

/* Claims one trial at a time until none is left, and writes the numbers to the pipe. */
static void claim_all(const char *path, const char *name, int out)
{
	clu_error error;
	store *study;
	trial_claim claims[1];
	uint32_t count;
	if (store_open(path, &study, &error) != CLU_OK) _exit(1);
	int64_t run;
	clu_device_info device = {.type = CLU_DEVICE_CPU, .name = "Test device"};
	if (store_run_begin(study, name, &device, &run, &error) != CLU_OK) _exit(2);
	for (;;) {
		if (store_claim(study, run, 1, LEASE_MS, claims, &count, &error) != CLU_OK) _exit(3);
		if (count == 0) break;
		if (write(out, &claims[0].number, sizeof claims[0].number) != sizeof claims[0].number) _exit(4);
	}
	_exit(0);
}

static void processes_never_share_a_trial(void **context)
{
	(void)context;
	enum { TRIALS = 120, PROCESSES = 4 };
	study_fixture f = fixture_create(TRIALS);
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	for (int i = 0; i < PROCESSES; i++)
		if (fork() == 0) claim_all(f.path, "w", ends[1]);
	close(ends[1]);
	int seen[TRIALS] = {0}, status;
	int64_t number;
	while (read(ends[0], &number, sizeof number) == sizeof number) seen[number]++;
	close(ends[0]);
	for (int i = 0; i < PROCESSES; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	for (int i = 0; i < TRIALS; i++)
		if (seen[i] != 1) fail_msg("trial %d was claimed %d times", i, seen[i]);
	fixture_destroy(&f);
}

static void an_expired_lease_can_be_claimed_and_the_old_owner_is_refused(void **context)
{
	(void)context;
	clu_error error;
	bool held = true;
	study_fixture f = fixture_create(1);
	trial_claim claims[1];
	clu_layer_record record[3];
	int64_t slow = fixture_run(f.study, "slow", "key"), quick = fixture_run(f.study, "quick", "key");
	assert_int_equal(claim(f.study, slow, 1, EXPIRED_MS, claims), 1);
	support_ok(store_heartbeat(f.study, slow, 10, 12, LEASE_MS, &error), &error); /* late, but nobody took it: renewed */
	assert_int_equal(claim(f.study, quick, 1, LEASE_MS, claims), 0);
	support_ok(store_heartbeat(f.study, slow, 11, 13, EXPIRED_MS, &error), &error);
	assert_int_equal(claim(f.study, quick, 1, LEASE_MS, claims), 1);

	trial_report report = fixture_report(0, 3, -40, record);
	support_ok(store_progress(f.study, slow, &report, 1, &held, &error), &error);
	assert_false(held);
	held = true;
	support_ok(store_done(f.study, slow, &report, "model", 5, &held, &error), &error);
	assert_false(held);
	held = true;
	support_ok(store_failed(f.study, slow, &report, "why", &held, &error), &error);
	assert_false(held);
	held = true;
	support_ok(store_checkpoint(f.study, slow, &report, "key", "bytes", 5, CHECKPOINT_KEEP, &held, &error), &error);
	assert_false(held);
	trial one = one_trial(f.study, 0);
	assert_int_equal(one.state, TRIAL_RUNNING);
	assert_int_equal(one.layers, 0);
	assert_string_equal(one.worker, "quick");

	report = fixture_report(0, 3, -41, record);
	support_ok(store_done(f.study, quick, &report, "model", 5, &held, &error), &error);
	assert_true(held);
	assert_true(one_trial(f.study, 0).validation_db == -41);
	support_ok(store_done(f.study, quick, &report, "model", 5, &held, &error), &error); /* nor twice by its owner */
	assert_false(held);
	fixture_destroy(&f);
}

static void checkpoints_belong_to_a_key(void **context)
{
	(void)context;
	clu_error error;
	bool held;
	void *bytes;
	size_t size;
	study_fixture f = fixture_create(3);
	trial_claim claims[3];
	clu_layer_record record[2];
	int64_t first = fixture_run(f.study, "w0", "key A");
	assert_int_equal(claim(f.study, first, 1, LEASE_MS, claims), 1);
	trial_report report = fixture_report(0, 2, -20, record);
	report.progress = 0.4;
	report.reused = 30;
	support_ok(store_checkpoint(f.study, first, &report, "key A", "old", 3, CHECKPOINT_KEEP, &held, &error), &error);
	assert_true(held);
	assert_int_equal(one_trial(f.study, 0).state, TRIAL_RUNNING);
	support_ok(store_checkpoint(f.study, first, &report, "key A", "new!", 4, CHECKPOINT_RELEASE, &held, &error), &error);
	assert_int_equal(one_trial(f.study, 0).state, TRIAL_QUEUED);
	assert_int_equal(one_trial(f.study, 0).layers, 2);
	support_ok(store_checkpoint_load(f.study, 0, "key B", &bytes, &size, &error), &error);
	assert_null(bytes);
	support_ok(store_checkpoint_load(f.study, 0, "key A", &bytes, &size, &error), &error);
	assert_int_equal(size, 4);
	assert_memory_equal(bytes, "new!", 4);
	free(bytes);

	/* The same key goes on with it; another takes it last, and starts anew. */
	support_ok(store_run_end(f.study, first, RUN_STOPPED, "", &error), &error);
	int64_t other = fixture_run(f.study, "w1", "key B");
	assert_int_equal(claim(f.study, other, 1, LEASE_MS, claims), 1);
	assert_int_equal(claims[0].number, 1);
	support_ok(store_run_end(f.study, other, RUN_STOPPED, "", &error), &error);
	int64_t same = fixture_run(f.study, "w0", "key A");
	assert_int_equal(claim(f.study, same, 1, LEASE_MS, claims), 1);
	assert_int_equal(claims[0].number, 0);
	assert_int_equal(one_trial(f.study, 0).layers, 2);
	assert_true(one_trial(f.study, 0).progress == 0.4);
	assert_int_equal(one_trial(f.study, 0).reused, 30);
	support_ok(store_run_end(f.study, same, RUN_STOPPED, "", &error), &error);
	other = fixture_run(f.study, "w1", "key B");
	assert_int_equal(claim(f.study, other, 3, LEASE_MS, claims), 3);
	assert_int_equal(claims[2].number, 0);
	assert_int_equal(one_trial(f.study, 0).layers, 0);
	assert_true(one_trial(f.study, 0).progress == 0);
	assert_int_equal(one_trial(f.study, 0).reused, 0);
	fixture_destroy(&f);
}

static void a_finished_trial_leaves_no_checkpoint(void **context)
{
	(void)context;
	clu_error error;
	bool held;
	void *bytes;
	size_t size;
	study_fixture f = fixture_create(2);
	trial_claim claims[2];
	clu_layer_record record[2];
	int64_t run = fixture_run(f.study, "w0", "key");
	assert_int_equal(claim(f.study, run, 2, LEASE_MS, claims), 2);
	for (int64_t i = 0; i < 2; i++) {
		trial_report report = fixture_report(i, 2, -20, record);
		support_ok(store_checkpoint(f.study, run, &report, "key", "bytes", 5, CHECKPOINT_KEEP, &held, &error), &error);
		if (i == 0)
			support_ok(store_done(f.study, run, &report, "model", 5, &held, &error), &error);
		else
			support_ok(store_failed(f.study, run, &report, "the loss is not finite", &held, &error), &error);
		support_ok(store_checkpoint_load(f.study, i, "key", &bytes, &size, &error), &error);
		assert_null(bytes);
	}
	assert_int_equal(one_trial(f.study, 1).state, TRIAL_FAILED);
	assert_string_equal(one_trial(f.study, 1).error, "the loss is not finite");
	fixture_destroy(&f);
}

static void trials_of_dead_runs_go_back(void **context)
{
	(void)context;
	const struct {
		run_end how;
		const char *state;
	} cases[] = {{RUN_STOPPED, "stopped"}, {RUN_RETIRED, "retired"}, {RUN_LOST, "lost"}, {RUN_CRASHED, "lost"}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		clu_error error;
		study_fixture f = fixture_create(3);
		trial_claim claims[3];
		run_status status;
		int64_t run = fixture_run(f.study, "w0", "key");
		assert_int_equal(claim(f.study, run, 2, LEASE_MS, claims), 2);
		support_ok(store_run_status(f.study, run, &status, &error), &error);
		assert_int_equal(status.held, 2);
		assert_string_equal(status.state, "running");
		support_ok(store_run_end(f.study, run, cases[i].how, "killed by signal 9", &error), &error);
		support_ok(store_run_end(f.study, run, RUN_CRASHED, "again", &error), &error); /* has no effect any more */
		support_ok(store_run_status(f.study, run, &status, &error), &error);
		assert_int_equal(status.held, 0);
		assert_string_equal(status.state, cases[i].state);
		assert_string_equal(status.message, "killed by signal 9");
		uint64_t counts[4];
		support_ok(store_counts(f.study, counts, &error), &error);
		assert_int_equal(counts[TRIAL_QUEUED], 3);
		fixture_destroy(&f);
	}
}

static void a_deadly_trial_fails_after_three_crashes(void **context)
{
	(void)context;
	clu_error error;
	bool held;
	study_fixture f = fixture_create(1);
	trial_claim claims[1];
	clu_layer_record record[1];
	/* Two crashes, a checkpoint (which starts the count anew), a kill from outside (which does not count), three crashes. */
	const run_end ends[] = {RUN_CRASHED, RUN_CRASHED, RUN_STOPPED, RUN_LOST, RUN_CRASHED, RUN_CRASHED, RUN_CRASHED};
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		int64_t run = fixture_run(f.study, "w0", "key");
		assert_int_equal(claim(f.study, run, 1, LEASE_MS, claims), 1);
		trial_report report = fixture_report(0, 1, -5, record);
		if (ends[i] == RUN_STOPPED)
			support_ok(store_checkpoint(f.study, run, &report, "key", "bytes", 5, CHECKPOINT_RELEASE, &held, &error), &error);
		support_ok(store_run_end(f.study, run, ends[i], "segmentation fault", &error), &error);
	}
	trial one = one_trial(f.study, 0);
	assert_int_equal(one.state, TRIAL_FAILED);
	assert_non_null(strstr(one.error, "segmentation fault"));
	fixture_destroy(&f);
}

static void a_sweep_finds_runs_whose_process_is_gone(void **context)
{
	(void)context;
	clu_error error;
	run_status status;
	study_fixture f = fixture_create(4);
	trial_claim claims[2];
	int64_t dead = fixture_run(f.study, "dead", "key"), alive = fixture_run(f.study, "alive", "key");
	pid_t child = fork();
	if (child == 0) {
		pause();
		_exit(0);
	}
	support_ok(store_run_process(f.study, dead, child, &error), &error);
	assert_int_equal(claim(f.study, dead, 1, LEASE_MS, claims), 1);
	assert_int_equal(claim(f.study, alive, 1, LEASE_MS, claims), 1);
	support_ok(store_runs_sweep(f.study, &error), &error);
	support_ok(store_run_status(f.study, dead, &status, &error), &error);
	assert_string_equal(status.state, "running");
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
	support_ok(store_runs_sweep(f.study, &error), &error);
	support_ok(store_run_status(f.study, dead, &status, &error), &error);
	assert_string_equal(status.state, "lost");
	support_ok(store_run_status(f.study, alive, &status, &error), &error);
	assert_string_equal(status.state, "running");
	assert_int_equal(one_trial(f.study, 0).state, TRIAL_QUEUED);
	assert_int_equal(one_trial(f.study, 1).state, TRIAL_RUNNING);
	fixture_destroy(&f);
}

/* Of two that are reported together one has gone to another run: the other is stored all the same. */
static void reports_of_several_trials_go_together(void **context)
{
	(void)context;
	enum { BOTH = 2 };
	clu_error error;
	bool held[BOTH];
	study_fixture f = fixture_create(BOTH);
	trial_claim claims[BOTH];
	clu_layer_record records[BOTH][1];
	int64_t slow = fixture_run(f.study, "slow", "key"), quick = fixture_run(f.study, "quick", "key");
	assert_int_equal(claim(f.study, slow, 1, EXPIRED_MS, claims), 1);
	assert_int_equal(claim(f.study, quick, 1, LEASE_MS, claims), 1);
	assert_int_equal(claims[0].number, 0);
	assert_int_equal(claim(f.study, slow, 1, LEASE_MS, claims), 1);
	trial_report reports[BOTH] = {fixture_report(0, 1, -5, records[0]), fixture_report(1, 1, -6, records[1])};
	support_ok(store_progress(f.study, slow, reports, BOTH, held, &error), &error);
	assert_true(!held[0] && held[1]);
	assert_int_equal(one_trial(f.study, 0).layers, 0);
	assert_int_equal(one_trial(f.study, 1).layers, 1);
	fixture_destroy(&f);
}

static void advances_count_results_and_checkpoints(void **context)
{
	(void)context;
	clu_error error;
	bool held;
	run_status status;
	study_fixture f = fixture_create(2);
	trial_claim claims[2];
	clu_layer_record record[1];
	int64_t run = fixture_run(f.study, "w0", "key");
	assert_int_equal(claim(f.study, run, 2, LEASE_MS, claims), 2);
	trial_report report = fixture_report(0, 1, -5, record);
	support_ok(store_progress(f.study, run, &report, 1, &held, &error), &error);
	support_ok(store_heartbeat(f.study, run, 77, 80, LEASE_MS, &error), &error);
	support_ok(store_run_status(f.study, run, &status, &error), &error);
	assert_int_equal(status.advances, 0);
	assert_int_equal(status.steps, 77);
	assert_int_equal(status.beats, 80);
	support_ok(store_checkpoint(f.study, run, &report, "key", "b", 1, CHECKPOINT_KEEP, &held, &error), &error);
	support_ok(store_done(f.study, run, &report, "m", 1, &held, &error), &error);
	support_ok(store_run_status(f.study, run, &status, &error), &error);
	assert_int_equal(status.advances, 2);
	fixture_destroy(&f);
}

/* Dies of SIGKILL in the middle of a transaction, the lock held. */
static void die_within_a_transaction(const char *path, int64_t run)
{
	clu_error error;
	store *study;
	if (store_open(path, &study, &error) != CLU_OK) _exit(1);
	if (sql_begin(study, &error) != CLU_OK) _exit(2);
	if (sql_run(study, "UPDATE trial SET state = 2 WHERE run = ?", SQL_VALUES(SQL_WHOLE(run)), NULL, &error) != CLU_OK) _exit(3);
	kill(getpid(), SIGKILL);
}

static void a_kill_within_a_transaction_changes_nothing(void **context)
{
	(void)context;
	clu_error error;
	bool held;
	study_fixture f = fixture_create(2);
	trial_claim claims[2];
	clu_layer_record record[1];
	int64_t run = fixture_run(f.study, "w0", "key");
	assert_int_equal(claim(f.study, run, 2, LEASE_MS, claims), 2);
	pid_t child = fork();
	if (child == 0) die_within_a_transaction(f.path, run);
	int how;
	assert_int_equal(waitpid(child, &how, 0), child);
	assert_true(WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL);
	assert_int_equal(one_trial(f.study, 0).state, TRIAL_RUNNING);
	trial_report report = fixture_report(0, 1, -5, record);
	support_ok(store_done(f.study, run, &report, "m", 1, &held, &error), &error);
	assert_true(held);
	fixture_destroy(&f);
}

static void ten_thousand_trials_are_claimed_by_index(void **context)
{
	(void)context;
	clu_error error;
	study_fixture f = fixture_create(10000);
	/* What a claim asks must not read the whole table: SQLite's own plan says so. */
	const char *questions[] = {
	    "EXPLAIN QUERY PLAN SELECT number FROM trial WHERE state = 0 ORDER BY number LIMIT 8",
	    "EXPLAIN QUERY PLAN UPDATE trial SET state = 0, run = NULL WHERE state = 1 AND lease_until < 5",
	    "EXPLAIN QUERY PLAN UPDATE trial SET lease_until = 5 WHERE run = 1 AND state = 1",
	    "EXPLAIN QUERY PLAN SELECT count(*) FROM trial WHERE state IN (0, 1)",
	};
	for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
		sqlite3_stmt *query;
		bool row;
		char detail[256] = "";
		support_ok(sql_query(f.study, questions[i], NULL, 0, &query, &error), &error);
		while (sql_step(f.study, query, &row, &error) == CLU_OK && row) {
			sql_text(query, 3, detail, sizeof detail);
			if (!strstr(detail, "USING INDEX") && !strstr(detail, "USING COVERING INDEX")) fail_msg("%s: %s", questions[i], detail);
		}
		sqlite3_finalize(query);
		assert_true(detail[0] != '\0');
	}
	trial_claim claims[64];
	int64_t run = fixture_run(f.study, "w0", "key");
	for (int64_t next = 0; next < 10000;) {
		uint32_t count = claim(f.study, run, 64, LEASE_MS, claims);
		assert_true(count > 0);
		assert_int_equal(claims[0].number, next);
		next += count;
	}
	fixture_destroy(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lowest_numbers_are_claimed_first),
	    cmocka_unit_test(runs_share_what_is_queued),
	    cmocka_unit_test(only_the_guilty_trial_fails),
	    cmocka_unit_test(processes_never_share_a_trial),
	    cmocka_unit_test(an_expired_lease_can_be_claimed_and_the_old_owner_is_refused),
	    cmocka_unit_test(checkpoints_belong_to_a_key),
	    cmocka_unit_test(a_finished_trial_leaves_no_checkpoint),
	    cmocka_unit_test(trials_of_dead_runs_go_back),
	    cmocka_unit_test(a_deadly_trial_fails_after_three_crashes),
	    cmocka_unit_test(a_sweep_finds_runs_whose_process_is_gone),
	    cmocka_unit_test(reports_of_several_trials_go_together),
	    cmocka_unit_test(advances_count_results_and_checkpoints),
	    cmocka_unit_test(a_kill_within_a_transaction_changes_nothing),
	    cmocka_unit_test(ten_thousand_trials_are_claimed_by_index),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
