/* test_main.c: the program's own options, and what it does with commands that do not exist. */
#include "support.h"

#include "commit.h"
#include "message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void assert_contains(const char *text, const char *wanted)
{
	if (!strstr(text, wanted)) fail_msg("'%s' is not in '%s'", wanted, text);
}

static void help_goes_to_stdout(void **state)
{
	(void)state;
	static const char *const words[] = {"--help", "-h", "help"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		support_result result = support_run((const char *const[]){words[i], NULL});
		assert_int_equal(result.code, EXIT_DONE);
		assert_contains(result.out, "Usage: clunroll COMMAND");
		assert_contains(result.out, "train");
		assert_string_equal(result.err, "");
		support_result_release(&result);
	}
}

static void no_command_is_wrong_usage(void **state)
{
	(void)state;
	support_result result = support_run((const char *const[]){NULL});
	assert_int_equal(result.code, EXIT_USAGE);
	assert_string_equal(result.out, "");
	assert_contains(result.err, "Usage: clunroll COMMAND");
	support_result_release(&result);
}

static void version(void **state)
{
	(void)state;
	support_result result = support_run((const char *const[]){"--version", NULL});
	char wanted[128];
	snprintf(wanted, sizeof wanted, "clunroll %s (%s)\n", CLUNROLL_VERSION, commit_text);
	assert_int_equal(result.code, EXIT_DONE);
	assert_string_equal(result.out, wanted);
	support_result_release(&result);
}

static void typing_errors_get_a_suggestion(void **state)
{
	(void)state;
	static const struct {
		const char *typed, *meant; /* NULL: nothing comes near */
	} cases[] = {{"trian", "train"}, {"Train", "train"}, {"device", "devices"}, {"evl", "eval"}, {"aply", "apply"},
	    {"frobnicate", NULL}, {"", NULL}, {"a-very-long-word-that-is-longer-than-any-command-there-is", NULL}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		support_result result = support_run((const char *const[]){cases[i].typed, NULL});
		assert_int_equal(result.code, EXIT_USAGE);
		assert_string_equal(result.out, "");
		assert_contains(result.err, cases[i].typed);
		char wanted[64] = "there is no command";
		if (cases[i].meant) snprintf(wanted, sizeof wanted, "did you mean '%s'?", cases[i].meant);
		assert_contains(result.err, wanted);
		if (!cases[i].meant) assert_null(strstr(result.err, "did you mean"));
		support_result_release(&result);
	}
}

static void every_command_has_help_with_examples(void **state)
{
	(void)state;
	static const char *const commands[] = {
	    "devices", "train", "eval", "apply", "data", "search", "worker", "status", "report", "bench"};
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		support_result result = support_run((const char *const[]){commands[i], "--help", NULL});
		char usage[64];
		snprintf(usage, sizeof usage, "Usage: clunroll %s", commands[i]);
		assert_int_equal(result.code, EXIT_DONE);
		assert_contains(result.out, usage);
		assert_contains(result.out, "Example");
		assert_string_equal(result.err, "");
		support_result_release(&result);

		result = support_run((const char *const[]){commands[i], "--no-such-option", NULL});
		snprintf(usage, sizeof usage, "clunroll %s: unrecognized option", commands[i]);
		assert_int_equal(result.code, EXIT_USAGE);
		assert_contains(result.err, usage);
		assert_contains(result.err, "--help");
		support_result_release(&result);
	}
}

/* A full disk behind a redirection is a failure, not a success with less output. */
static void lost_output_is_a_failure(void **state)
{
	(void)state;
	int code = system("\"" CLUNROLL_PROGRAM "\" --help >/dev/full 2>/dev/null");
	assert_true(code != -1);
	assert_int_equal(code >> 8, EXIT_FAILED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(help_goes_to_stdout),
	    cmocka_unit_test(no_command_is_wrong_usage),
	    cmocka_unit_test(version),
	    cmocka_unit_test(typing_errors_get_a_suggestion),
	    cmocka_unit_test(every_command_has_help_with_examples),
	    cmocka_unit_test(lost_output_is_a_failure),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
