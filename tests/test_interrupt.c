/* test_interrupt.c: in a child process, since the second signal ends it: one signal sets the flag, two end it with 128 + n,
 * unless the second is a hangup. */
#include "support.h"

#include "interrupt.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* Exit code of a child that raises the signals in turn, and of 7 when it lives on with the last flag set. */
static int child_code(int first, int second)
{
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		interrupt_install();
		if (interrupt_flag != 0) _exit(1);
		raise(first);
		if (interrupt_flag != first) _exit(2);
		if (second) raise(second);
		_exit(7);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void signals(void **state)
{
	(void)state;
	assert_int_equal(child_code(SIGINT, 0), 7);
	assert_int_equal(child_code(SIGTERM, 0), 7);
	assert_int_equal(child_code(SIGINT, SIGINT), 130);
	assert_int_equal(child_code(SIGTERM, SIGTERM), 143);
	assert_int_equal(child_code(SIGTERM, SIGINT), 130);
	assert_int_equal(child_code(SIGHUP, 0), 7);
	assert_int_equal(child_code(SIGHUP, SIGHUP), 7);
	assert_int_equal(child_code(SIGTERM, SIGHUP), 7);
	assert_int_equal(child_code(SIGHUP, SIGTERM), 143);
}

/* As nohup starts a program: it stays ignored, and does not count as the first of two. */
static void an_ignored_hangup_stays_ignored(void **state)
{
	(void)state;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		signal(SIGHUP, SIG_IGN);
		interrupt_install();
		raise(SIGHUP);
		raise(SIGHUP);
		_exit(interrupt_flag == 0 ? 7 : 2);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(signals), cmocka_unit_test(an_ignored_hangup_stays_ignored)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
