/* test_pulse.c: the heartbeat reaches the study and renews leases; the lifeline's end stops the process; a study that cannot be
 * written is reported. */
#include "study_fixture.h"

#include "interrupt.h"
#include "message.h"
#include "pulse.h"
#include "store_sql.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void wait_a_little(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
}

static void beats_carry_steps_and_renew_leases(void **context)
{
	(void)context;
	clu_error error;
	pulse *beating;
	run_status status = {.steps = 0};
	int64_t lease, begun = store_now();
	study_fixture f = fixture_create(1);
	trial_claim claim;
	uint32_t count;
	int64_t run = fixture_run(f.study, "w0", "key");
	support_ok(store_claim(f.study, run, 1, 0, &claim, &count, &error), &error);
	pulse_options options = {.path = f.path, .run = run, .lease_ms = 3600000, .lifeline = -1};
	support_ok(pulse_start(&options, &beating, &error), &error);
	pulse_tell(beating, 42, 45);
	pulse_stop(beating);
	support_ok(store_run_status(f.study, run, &status, &error), &error);
	assert_int_equal(status.steps, 42);
	assert_int_equal(status.beats, 45);
	support_ok(sql_whole(f.study, "SELECT lease_until FROM trial", NULL, 0, &lease, &error), &error);
	assert_true(lease >= begun + 3600000);
	fixture_destroy(&f);
}

/* Whoever hangs goes on beating, but its trials go to others; whoever moves keeps them, however short the lease. */
static void a_hung_worker_loses_its_trials(void **context)
{
	(void)context;
	clu_error error;
	pulse *beating;
	study_fixture f = fixture_create(1);
	trial_claim claim;
	uint32_t count;
	int64_t hung = fixture_run(f.study, "hung", "key"), other = fixture_run(f.study, "other", "key");
	support_ok(store_claim(f.study, hung, 1, 5000, &claim, &count, &error), &error);
	pulse_options options = {.path = f.path, .run = hung, .lease_ms = 5000, .hang_limit = 1, .lifeline = -1};
	support_ok(pulse_start(&options, &beating, &error), &error);
	for (uint64_t beats = 1; beats <= 700; beats++) {
		pulse_tell(beating, 7, beats);
		wait_a_little();
	}
	support_ok(store_claim(f.study, other, 1, 60000, &claim, &count, &error), &error);
	assert_int_equal(count, 0); /* 7 s after it was given, the lease holds */
	for (int waits = 0; count == 0 && waits < 6000; waits++) {
		pulse_tell(beating, 7, 700);
		wait_a_little();
		support_ok(store_claim(f.study, other, 1, 60000, &claim, &count, &error), &error);
	}
	assert_int_equal(count, 1);
	assert_int_equal(pulse_check(beating, &error), CLU_OK);
	pulse_stop(beating);
	fixture_destroy(&f);
}

static void a_study_that_fails_is_reported(void **context)
{
	(void)context;
	clu_error error;
	pulse *beating;
	study_fixture f = fixture_create(1);
	int64_t run = fixture_run(f.study, "w0", "key");
	support_ok(sql_script(f.study, "CREATE TRIGGER fail BEFORE UPDATE ON worker BEGIN SELECT raise(ABORT, 'no more'); END", &error),
	    &error);
	pulse_options options = {.path = f.path, .run = run, .lease_ms = 40, .lifeline = -1};
	support_ok(pulse_start(&options, &beating, &error), &error);
	while (pulse_check(beating, &error) == CLU_OK) wait_a_little();
	assert_int_equal(pulse_check(beating, &error), CLU_FILE);
	assert_non_null(strstr(error.message, "no more"));
	pulse_stop(beating);
	pulse_options nowhere = {.path = "/no/such/study", .run = run, .lease_ms = 40, .lifeline = -1};
	assert_int_equal(pulse_start(&nowhere, &beating, &error), CLU_FILE);
	fixture_destroy(&f);
}

/* A process with a pulse on `lifeline`; stops at the first signal or, when deaf, never. */
static void live(const study_fixture *f, int64_t run, int lifeline, bool deaf)
{
	clu_error error;
	pulse *beating;
	alarm(60);
	if (deaf) {
		signal(SIGTERM, SIG_IGN);
	} else {
		interrupt_install();
	}
	pulse_options options = {.path = f->path, .run = run, .lease_ms = 1000, .lifeline = lifeline, .grace = 0.2};
	if (pulse_start(&options, &beating, &error) != CLU_OK) _exit(99);
	while (!interrupt_flag) wait_a_little();
	pulse_stop(beating);
	_exit(EXIT_STOPPED);
}

static void the_end_of_the_lifeline_is_a_signal(void **context)
{
	(void)context;
	study_fixture f = fixture_create(1);
	int64_t run = fixture_run(f.study, "w0", "key");
	for (int deaf = 0; deaf < 2; deaf++) {
		int ends[2], how;
		assert_int_equal(pipe(ends), 0);
		pid_t child = fork();
		if (child == 0) {
			close(ends[1]);
			live(&f, run, ends[0], deaf);
		}
		close(ends[0]);
		assert_int_equal(waitpid(child, &how, WNOHANG), 0);
		close(ends[1]);
		assert_int_equal(waitpid(child, &how, 0), child); /* the deaf one ends too, after its grace */
		assert_true(WIFEXITED(how));
		assert_int_equal(WEXITSTATUS(how), EXIT_STOPPED);
	}
	fixture_destroy(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(beats_carry_steps_and_renew_leases),
	    cmocka_unit_test(a_hung_worker_loses_its_trials),
	    cmocka_unit_test(a_study_that_fails_is_reported),
	    cmocka_unit_test(the_end_of_the_lifeline_is_a_signal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
