/* test_supervisor.c: a supervisor over workers that work, crash, hang, ignore signals or outlive it. The workers are this program
 * itself, started as `worker … BEHAVIOUR`: they use the store as real ones do, and train nothing. Waits have limits that only a
 * failure reaches; no test depends on how fast the machine is. */
#include "study_fixture.h"

#include "interrupt.h"
#include "message.h"
#include "pulse.h"
#include "store_sql.h"
#include "supervisor.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- fake workers ---- */

typedef struct fake {
	store *study;
	int64_t run;
	int lifeline;
	const char *path, *behaviour;
} fake;

static trial_claim take_or_exit(fake *f)
{
	clu_error error;
	trial_claim claim;
	uint32_t count;
	if (store_run_ready(f->study, f->run, "key", "plan", 1, &error) != CLU_OK) _exit(EXIT_STORE);
	if (store_claim(f->study, f->run, 1, 60000, &claim, &count, &error) != CLU_OK) _exit(EXIT_STORE);
	if (count == 0) _exit(EXIT_DONE);
	return claim;
}

static int work(fake *f)
{
	clu_error error;
	clu_layer_record record[1];
	for (;;) {
		bool held;
		trial_claim claim;
		uint32_t count;
		if (store_claim(f->study, f->run, 1, 60000, &claim, &count, &error) != CLU_OK) return EXIT_STORE;
		if (count == 0) return EXIT_DONE;
		trial_report report = fixture_report(claim.number, 1, -(double)claim.number, record);
		if (store_done(f->study, f->run, &report, "model", 5, &held, &error) != CLU_OK) return EXIT_STORE;
	}
}

static void beat_without_moving(fake *f)
{
	clu_error error;
	take_or_exit(f);
	for (;;) {
		store_heartbeat(f->study, f->run, 0, 0, 60000, &error);
		nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
	}
}

/* Four seconds of validations, no step among them, then a result. */
static int validate_for_long(fake *f)
{
	clu_error error;
	bool held;
	trial_claim claim;
	uint32_t count;
	clu_layer_record record[1];
	if (store_run_ready(f->study, f->run, "key", "plan", 1, &error) != CLU_OK) return EXIT_STORE;
	if (store_claim(f->study, f->run, 1, 60000, &claim, &count, &error) != CLU_OK) return EXIT_STORE;
	if (count == 0) return EXIT_DONE;
	for (uint64_t beats = 1; beats <= 40; beats++) {
		store_heartbeat(f->study, f->run, 0, beats, 60000, &error);
		nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
	}
	trial_report report = fixture_report(claim.number, 1, -10, record);
	return store_done(f->study, f->run, &report, "model", 5, &held, &error) == CLU_OK ? EXIT_DONE : EXIT_STORE;
}

/* As a real worker: a pulse on the lifeline, and a stop in order. */
static int wait_for_stop(fake *f)
{
	clu_error error;
	pulse *beating;
	pulse_options options = {.path = f->path, .run = f->run, .lease_ms = 60000, .lifeline = f->lifeline, .grace = 60};
	interrupt_install();
	take_or_exit(f);
	if (pulse_start(&options, &beating, &error) != CLU_OK) return EXIT_FAILED;
	for (uint64_t steps = 1; !interrupt_flag; steps++) {
		pulse_tell(beating, steps, steps);
		nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
	}
	pulse_stop(beating);
	store_run_end(f->study, f->run, RUN_STOPPED, "", &error);
	return EXIT_STOPPED;
}

static void wait_for(fake *f, trial_state state, uint64_t number)
{
	clu_error error;
	for (uint64_t counts[4] = {0}; counts[state] < number; nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL))
		store_counts(f->study, counts, &error);
}

/* The first run stops with its trial queued again; the second, of another seat, waits until all trials but its own are done. */
static int be_told_to_stop(fake *f)
{
	clu_error error;
	bool held;
	clu_layer_record record[1];
	if (f->run > 2) return work(f);
	trial_claim claim = take_or_exit(f);
	wait_for(f, f->run == 1 ? TRIAL_RUNNING : TRIAL_DONE, f->run == 1 ? 2 : 3);
	if (f->run == 1) return EXIT_STOPPED;
	trial_report report = fixture_report(claim.number, 1, -5, record);
	return store_done(f->study, f->run, &report, "model", 5, &held, &error) == CLU_OK ? EXIT_DONE : EXIT_STORE;
}

static int behave(fake *f)
{
	clu_error error;
	const char *b = f->behaviour;
	if (strcmp(b, "work") == 0) return work(f);
	if (strcmp(b, "crash once") == 0 && f->run > 1) return work(f);
	if (strcmp(b, "crash") == 0 || strcmp(b, "crash once") == 0) {
		take_or_exit(f);
		raise(SIGABRT);
	}
	if (strcmp(b, "be killed") == 0) {
		take_or_exit(f);
		store_heartbeat(f->study, f->run, 100, 100, 60000, &error);
		raise(SIGKILL);
	}
	if (strcmp(b, "be told to stop") == 0) return be_told_to_stop(f);
	if (strcmp(b, "fail early") == 0) {
		store_run_message(f->study, f->run, "the driver is not what it was", &error);
		return EXIT_FAILED;
	}
	if (strcmp(b, "fail its self-test") == 0) {
		store_run_end(f->study, f->run, RUN_RETIRED, "shrink_forward is off by 0.5", &error);
		return EXIT_NO_DEVICE;
	}
	if (strcmp(b, "lose the study") == 0) return EXIT_STORE;
	if (strcmp(b, "find other data") == 0) return EXIT_SETTINGS;
	if (strcmp(b, "beat without moving") == 0) beat_without_moving(f);
	if (strcmp(b, "validate for long") == 0) return validate_for_long(f);
	if (strcmp(b, "fall silent") == 0) take_or_exit(f), pause();
	if (strcmp(b, "never get ready") == 0) pause();
	if (strcmp(b, "ignore signals") == 0) {
		signal(SIGTERM, SIG_IGN);
		take_or_exit(f);
		for (;;) pause();
	}
	return wait_for_stop(f);
}

/* argv: worker PATH --run R --name NAME --device INDEX --lifeline FD BEHAVIOUR */
static int fake_worker(char **argv)
{
	clu_error error;
	fake f = {.path = argv[2], .run = atoll(argv[4]), .lifeline = atoi(argv[10]), .behaviour = argv[11]};
	alarm(60); /* nothing is left behind, whatever a broken supervisor does */
	if (store_open(f.path, &f.study, &error) != CLU_OK) return EXIT_STORE;
	return behave(&f);
}

/* ---- the supervisor under test ---- */

static char *program;
static volatile int stop_flag;

typedef struct watcher {
	char notes[4096];
	store *study;
	double stop_when_running; /* sets stop_flag once so many trials run */
} watcher;

static void keep_note(void *context, const char *text)
{
	watcher *w = context;
	size_t used = strlen(w->notes);
	snprintf(w->notes + used, sizeof w->notes - used, "%s\n", text);
}

static void stop_once_running(void *context)
{
	watcher *w = context;
	clu_error error;
	uint64_t counts[4];
	if (w->stop_when_running <= 0) return;
	support_ok(store_counts(w->study, counts, &error), &error);
	if ((double)counts[TRIAL_RUNNING] >= w->stop_when_running) stop_flag = SIGINT;
}

typedef struct outcome {
	clu_status status;
	supervisor_end end;
	clu_error error;
	watcher watcher;
	uint64_t counts[4];
} outcome;

static const supervisor_options limits = {.start_limit = 60,
    .hang_limit = 60,
    .stop_limit = 60,
    .restart_delay = 0.01,
    .stop = &stop_flag,
    .note = keep_note,
    .tick = stop_once_running};

/* Runs `seats` workers that all behave so. */
static outcome supervise_fakes(
    const study_fixture *f, const char *behaviour, size_t seats, supervisor_options options, double stop_when_running)
{
	outcome o = {.watcher = {.study = f->study, .stop_when_running = stop_when_running}};
	clu_error error;
	supervisor_seat plan[4] = {0};
	const char *arguments[] = {behaviour, NULL};
	for (size_t i = 0; i < seats; i++) {
		snprintf(plan[i].name, sizeof plan[i].name, "w%zu", i);
		snprintf(plan[i].device.name, sizeof plan[i].device.name, "Fake device");
	}
	stop_flag = 0;
	options.program = program;
	options.study_path = f->path;
	options.arguments = arguments;
	options.seats = plan;
	options.seat_count = seats;
	options.context = &o.watcher;
	o.status = supervise(f->study, &options, &o.end, &o.error);
	support_ok(store_counts(f->study, o.counts, &error), &error);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no worker is left */
	return o;
}

static void expect_note(const outcome *o, const char *words)
{
	if (!strstr(o->watcher.notes, words)) fail_msg("no note with \"%s\" in:\n%s", words, o->watcher.notes);
}

static void workers_do_all_trials(void **context)
{
	(void)context;
	study_fixture f = fixture_create(50);
	outcome o = supervise_fakes(&f, "work", 3, limits, 0);
	support_ok(o.status, &o.error);
	assert_int_equal(o.end, SUPERVISOR_DONE);
	assert_int_equal(o.counts[TRIAL_DONE], 50);
	assert_string_equal(o.watcher.notes, "");
	o = supervise_fakes(&f, "crash", 3, limits, 0); /* nothing to do: workers look, and are not missed */
	support_ok(o.status, &o.error);
	assert_int_equal(o.end, SUPERVISOR_DONE);
	fixture_destroy(&f);
}

static void a_crash_costs_nothing(void **context)
{
	(void)context;
	study_fixture f = fixture_create(5);
	outcome o = supervise_fakes(&f, "crash once", 1, limits, 0);
	support_ok(o.status, &o.error);
	assert_int_equal(o.end, SUPERVISOR_DONE);
	assert_int_equal(o.counts[TRIAL_DONE], 5);
	expect_note(&o, "signal 6");
	fixture_destroy(&f);
}

static void a_seat_that_gets_nowhere_is_retired(void **context)
{
	(void)context;
	const struct {
		const char *behaviour, *words;
		int attempts;
		supervisor_end end;
	} cases[] = {
	    {"crash", "retired after 3 failures in a row; the last: ended by signal 6", 3, SUPERVISOR_RETIRED},
	    {"be killed", "retired after 10 failures in a row; the last: ended by signal 9", 10, SUPERVISOR_RETIRED},
	    {"fail early", "the driver is not what it was", 3, SUPERVISOR_RETIRED},
	    {"fail its self-test", "gets no work: shrink_forward is off by 0.5", 1, SUPERVISOR_UNFIT},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		clu_error error;
		int64_t runs;
		size_t count;
		worker_info *workers;
		study_fixture f = fixture_create(2);
		outcome o = supervise_fakes(&f, cases[i].behaviour, 1, limits, 0);
		support_ok(o.status, &o.error);
		assert_int_equal(o.end, cases[i].end);
		expect_note(&o, cases[i].words);
		assert_int_equal(o.counts[TRIAL_QUEUED], 2); /* no trial is blamed for a device that fails with any */
		support_ok(sql_whole(f.study, "SELECT count(*) FROM worker", NULL, 0, &runs, &error), &error);
		assert_int_equal(runs, cases[i].attempts);
		support_ok(store_workers(f.study, &workers, &count, &error), &error);
		assert_string_equal(workers[0].state, "retired");
		assert_true(workers[0].message[0] != '\0');
		free(workers);
		fixture_destroy(&f);
	}
}

static void hung_workers_are_killed(void **context)
{
	(void)context;
	const struct {
		const char *behaviour, *words;
	} cases[] = {
	    {"beat without moving", "no step or validation"},
	    {"fall silent", "no sign of life"},
	    {"never get ready", "not ready"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		study_fixture f = fixture_create(1);
		supervisor_options options = limits;
		options.hang_limit = options.start_limit = 0.5;
		outcome o = supervise_fakes(&f, cases[i].behaviour, 1, options, 0);
		support_ok(o.status, &o.error);
		assert_int_equal(o.end, SUPERVISOR_RETIRED);
		expect_note(&o, cases[i].words);
		assert_int_equal(o.counts[TRIAL_QUEUED], 1);
		fixture_destroy(&f);
	}
}

static void a_long_validation_is_no_hang(void **context)
{
	(void)context;
	study_fixture f = fixture_create(1);
	supervisor_options options = limits;
	options.hang_limit = 2;
	outcome o = supervise_fakes(&f, "validate for long", 1, options, 0);
	support_ok(o.status, &o.error);
	assert_int_equal(o.end, SUPERVISOR_DONE);
	assert_string_equal(o.watcher.notes, "");
	fixture_destroy(&f);
}

static void stopping_leaves_work_for_next_time(void **context)
{
	(void)context;
	study_fixture f = fixture_create(10);
	outcome o = supervise_fakes(&f, "wait for stop", 2, limits, 2);
	support_ok(o.status, &o.error);
	assert_int_equal(o.end, SUPERVISOR_STOPPED);
	assert_int_equal(o.counts[TRIAL_QUEUED], 10);
	supervisor_options options = limits;
	options.time_limit = 0.3;
	o = supervise_fakes(&f, "wait for stop", 2, options, 0);
	assert_int_equal(o.end, SUPERVISOR_STOPPED);
	options = limits;
	options.stop_limit = 0.2;
	o = supervise_fakes(&f, "ignore signals", 1, options, 1);
	assert_int_equal(o.end, SUPERVISOR_STOPPED);
	expect_note(&o, "did not stop within");
	assert_int_equal(o.counts[TRIAL_QUEUED], 10);
	fixture_destroy(&f);
}

static void a_worker_that_others_stop_is_replaced_at_once(void **context)
{
	(void)context;
	study_fixture f = fixture_create(4);
	outcome o = supervise_fakes(&f, "be told to stop", 2, limits, 0);
	support_ok(o.status, &o.error);
	assert_int_equal(o.end, SUPERVISOR_DONE);
	assert_int_equal(o.counts[TRIAL_DONE], 4);
	expect_note(&o, "told to stop by another process");
	assert_null(strstr(o.watcher.notes, "signal")); /* the second would have waited for ever, and be ended by its alarm */
	fixture_destroy(&f);
}

static void a_lost_study_ends_the_search(void **context)
{
	(void)context;
	study_fixture f = fixture_create(2);
	outcome o = supervise_fakes(&f, "lose the study", 2, limits, 0);
	assert_int_equal(o.status, CLU_FILE);
	o = supervise_fakes(&f, "find other data", 2, limits, 0);
	assert_int_equal(o.status, CLU_MISMATCH);
	fixture_destroy(&f);
}

/* Runs until it is killed; its workers inherit the write end of a pipe, which ends when the last of them does. */
static void supervise_for_ever(const study_fixture *f)
{
	store *study;
	clu_error error;
	study_fixture own = {.path = f->path};
	alarm(60);
	if (store_open(f->path, &study, &error) != CLU_OK) _exit(1);
	own.study = study;
	supervise_fakes(&own, "wait for stop", 2, limits, 0);
	_exit(0);
}

static void no_worker_outlives_a_killed_supervisor(void **context)
{
	(void)context;
	clu_error error;
	uint64_t counts[4] = {0};
	int alive[2];
	char byte;
	study_fixture f = fixture_create(4);
	assert_int_equal(pipe(alive), 0);
	pid_t child = fork();
	if (child == 0) supervise_for_ever(&f);
	close(alive[1]);
	while (counts[TRIAL_RUNNING] < 2) {
		support_ok(store_counts(f.study, counts, &error), &error);
		nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
	}
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(read(alive[0], &byte, 1), 0);
	close(alive[0]);
	/* They stopped in order, so their trials are queued again without waiting for a lease to run out. */
	support_ok(store_counts(f.study, counts, &error), &error);
	assert_int_equal(counts[TRIAL_QUEUED], 4);
	fixture_destroy(&f);
}

static void a_killed_worker_is_replaced(void **context)
{
	(void)context;
	clu_error error;
	study_fixture f = fixture_create(3);
	/* A run that a dead supervisor left behind: swept at the start, its trial is done with the others. */
	int64_t left = fixture_run(f.study, "old", "key");
	trial_claim claim;
	uint32_t count;
	pid_t child = fork();
	if (child == 0) _exit(0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	support_ok(store_run_process(f.study, left, child, &error), &error);
	support_ok(store_claim(f.study, left, 1, 3600000, &claim, &count, &error), &error);
	outcome o = supervise_fakes(&f, "work", 1, limits, 0);
	support_ok(o.status, &o.error);
	assert_int_equal(o.counts[TRIAL_DONE], 3);
	fixture_destroy(&f);
}

static void a_program_that_does_not_start_is_an_error(void **context)
{
	(void)context;
	char *right = program;
	study_fixture f = fixture_create(1);
	program = (char[]){"/no/such/program"};
	outcome o = supervise_fakes(&f, "work", 1, limits, 0);
	program = right;
	assert_int_equal(o.end, SUPERVISOR_RETIRED);
	expect_note(&o, "could not be started");
	fixture_destroy(&f);
}

int main(int argc, char **argv)
{
	if (argc > 11 && strcmp(argv[1], "worker") == 0) _exit(fake_worker(argv)); /* a worker that dies frees nothing either */
	program = argv[0];
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(workers_do_all_trials),
	    cmocka_unit_test(a_crash_costs_nothing),
	    cmocka_unit_test(a_seat_that_gets_nowhere_is_retired),
	    cmocka_unit_test(hung_workers_are_killed),
	    cmocka_unit_test(a_long_validation_is_no_hang),
	    cmocka_unit_test(stopping_leaves_work_for_next_time),
	    cmocka_unit_test(a_worker_that_others_stop_is_replaced_at_once),
	    cmocka_unit_test(a_lost_study_ends_the_search),
	    cmocka_unit_test(no_worker_outlives_a_killed_supervisor),
	    cmocka_unit_test(a_killed_worker_is_replaced),
	    cmocka_unit_test(a_program_that_does_not_start_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
