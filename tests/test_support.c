/* test_support.c: the comparisons that the other tests rely on fail where they should. Each case runs as the one test of a cmocka
 * group in a child process, whose exit code is the number of failed tests. */
#include "support.h"

#include <math.h>
#include <string.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { COUNT = 3 };

static const struct comparison {
	const char *label;
	float got[COUNT];
	double want[COUNT];
	double tolerance;
	int close, same_bits; /* 1: passes */
} comparisons[] = {
    {"equal", {1, -2, 0}, {1, -2, 0}, 0, 1, 1},
    {"within the tolerance of the largest", {1.5f, 100, 0}, {1, 100, 0}, 0.01, 1, 0},
    {"beyond it", {2.5f, 100, 0}, {1, 100, 0}, 0.01, 0, 0},
    {"NaN", {1, NAN, 0}, {1, 0, 0}, 1, 0, 0},
    {"NaN at the end", {1, 0, NAN}, {1, 0, 0}, 1, 0, 0},
    {"infinite", {1, INFINITY, 0}, {1, 2, 0}, 1, 0, 0},
    {"all zero wanted", {0, 0, 1e-30f}, {0, 0, 0}, 1, 0, 0},
    {"sign of zero", {0, -0.0f, 1}, {0, 0, 1}, 0, 1, 0},
};

static void run_close(void **state)
{
	const struct comparison *c = *state;
	support_close(c->label, 0, c->got, c->want, COUNT, c->tolerance);
}

static void run_same_bits(void **state)
{
	const struct comparison *c = *state;
	float want[COUNT];
	for (int i = 0; i < COUNT; i++) want[i] = (float)c->want[i];
	support_same_bits(c->label, 0, c->got, want, COUNT);
}

/* 1 where the test passes on the case, in a process of its own. */
static int passes(CMUnitTestFunction test, const struct comparison *comparison)
{
	fflush(NULL);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr)) _exit(99);
		const struct CMUnitTest group[] = {{"case", test, NULL, NULL, (void *)(uintptr_t)comparison}};
		_exit(cmocka_run_group_tests(group, NULL, NULL));
	}
	int status = 0;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) <= 1);
	return WEXITSTATUS(status) == 0;
}

static void test_comparisons(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof comparisons / sizeof *comparisons; i++) {
		const struct comparison *c = &comparisons[i];
		if (passes(run_close, c) != c->close) fail_msg("support_close: %s", c->label);
		if (passes(run_same_bits, c) != c->same_bits) fail_msg("support_same_bits: %s", c->label);
	}
}

static void test_directory(void **state)
{
	(void)state;
	char *directory = support_directory_create(), *path = support_path(directory, "a file");
	size_t size = 0;
	support_write(path, "a\0b", 3);
	char *bytes = support_read(path, &size);
	assert_int_equal(size, 3);
	assert_memory_equal(bytes, "a\0b", 4);
	free(bytes);
	char *gone = strdup(directory);
	support_directory_remove(directory);
	assert_int_equal(access(gone, F_OK), -1);
	free(gone);
	free(path);
}

static void test_run(void **state)
{
	(void)state;
	const char *const arguments[] = {"no-such-command", NULL};
	support_result result = support_run(arguments);
	assert_int_equal(result.code, 2);
	assert_string_equal(result.out, "");
	assert_non_null(strstr(result.err, "no-such-command"));
	support_result_release(&result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_comparisons),
	    cmocka_unit_test(test_directory),
	    cmocka_unit_test(test_run),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
