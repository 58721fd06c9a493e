/* test_cmd_search.c: the command line of `clunroll search`: what is refused, with which words, and that a refusal leaves nothing
 * behind. No case gets as far as a device. Whole searches are in test_search_run.c. */
#include "study_fixture.h"

#include "message.h"
#include "store_sql.h"

#include <unistd.h>

static void expect(const support_result *result, int code, const char *err, size_t number)
{
	if (result->code != code) fail_msg("case %zu: exit code %d, wanted %d; stderr: %s", number, result->code, code, result->err);
	if (!strstr(result->err, err)) fail_msg("case %zu: '%s' is not in '%s'", number, err, result->err);
	assert_string_equal(result->out, "");
}

static void mistakes_on_the_command_line_leave_no_study(void **context)
{
	(void)context;
	char *directory = support_directory_create(), *study = support_path(directory, "study.clu");
	char *dotted = support_path(directory, "./study.clu"), *nowhere = support_path(directory, "missing/best");
	const struct {
		const char *arguments[8];
		int code;
		const char *words;
	} cases[] = {
	    {{NULL}, EXIT_USAGE, "STUDY is missing"},
	    {{study, NULL}, EXIT_USAGE, "--trials is missing"},
	    {{study, "other", "--trials", "3", NULL}, EXIT_USAGE, "unexpected argument 'other'"},
	    {{study, "--trials", "0", NULL}, EXIT_USAGE, "--trials"},
	    {{study, "--trials", "many", NULL}, EXIT_USAGE, "many"},
	    {{study, "--trials", "3", "--strategy", "magic", NULL}, EXIT_USAGE, "magic"},
	    {{study, "--trials", "3", "--space", "outer", NULL}, EXIT_USAGE, "outer"},
	    {{study, "--trials", "3", "--enqueue", "LISTA,LITSA", NULL}, EXIT_USAGE, "LITSA"},
	    {{study, "--trials", "3", "--enqueue", "LISTA,,Dense", NULL}, EXIT_USAGE, ""},
	    {{study, "--trials", "3", "--enqueue", "0_0_1", NULL}, EXIT_USAGE, ""}, /* of 16 layers */
	    {{study, "--trials", "1", "--enqueue", "LISTA,Dense", NULL}, EXIT_USAGE, "less than the 2 architectures"},
	    {{study, "--trials", "9", "--layers", "4", NULL}, EXIT_USAGE, "only 8 architectures of 4 layers"},
	    {{study, "--trials", "3", "--lease", "0.1s", NULL}, EXIT_USAGE, "--lease"},
	    {{study, "--trials", "3", "--time", "soon", NULL}, EXIT_USAGE, "soon"},
	    {{study, "--trials", "3", "--lanes", "0", NULL}, EXIT_USAGE, "--lanes"},
	    {{study, "--trials", "3", "--workers", "65", NULL}, EXIT_USAGE, "--workers"},
	    {{study, "--trials", "3", "--prefixes", "p", "--no-prefixes", NULL}, EXIT_USAGE, "contradict"},
	    {{study, "--trials", "3", "--m", "5000", NULL}, EXIT_USAGE, "5000"},
	    {{study, "--trials", "3", "--recipe", "/no/such/recipe", NULL}, EXIT_FAILED, "/no/such/recipe"},
	    {{study, "--trials", "3", "--batch", "200", "--train-samples", "100", NULL}, EXIT_USAGE, "--batch 200"},
	    {{study, "--trials", "3", "--model", study, NULL}, EXIT_USAGE, "would overwrite the study"},
	    {{study, "--trials", "3", "--model", dotted, NULL}, EXIT_USAGE, "would overwrite the study"},
	    {{study, "--trials", "3", "--model", nowhere, NULL}, EXIT_FAILED, "missing/best"},
	    {{study, "--trials", "3", "--model", directory, NULL}, EXIT_FAILED, "is a directory"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *arguments[10] = {"search"};
		memcpy(arguments + 1, cases[i].arguments, sizeof cases[i].arguments);
		support_result result = support_run(arguments);
		expect(&result, cases[i].code, cases[i].words, i);
		support_result_release(&result);
		if (access(study, F_OK) == 0) fail_msg("case %zu left a study", i);
	}
	free(nowhere);
	free(dotted);
	free(study);
	support_directory_remove(directory);
}

static void files_that_are_no_study_stay_as_they_are(void **context)
{
	(void)context;
	clu_error error;
	static const char content[] = "somebody's notes, which a search must not write over, whatever it is told on the command line\n";
	char *directory = support_directory_create(), *text = support_path(directory, "text");
	study_fixture old = fixture_create(2);
	support_ok(sql_script(old.study, "PRAGMA user_version = 0x7fff", &error), &error);
	support_write(text, content, sizeof content - 1);
	const struct {
		const char *path, *words;
	} cases[] = {
	    {text, "not a clunroll study"},
	    {directory, "not a file"},
	    {old.path, "version 32767"},
	    {"/proc/version/study", "Not a directory"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		support_result result = support_run((const char *[]){"search", cases[i].path, "--trials", "3", NULL});
		expect(&result, EXIT_STORE, cases[i].words, i);
		support_result_release(&result);
	}
	size_t size;
	char *after = support_read(text, &size);
	assert_int_equal(size, sizeof content - 1);
	assert_memory_equal(after, content, size);
	free(after);
	free(text);
	support_directory_remove(directory);
	fixture_destroy(&old);
}

/* The study is open when the model is written: under its name it would be lost. */
static void the_model_never_replaces_the_study(void **context)
{
	(void)context;
	study_fixture old = fixture_create(2);
	char *soft = support_path(old.directory, "soft");
	assert_int_equal(symlink(old.path, soft), 0);
	const char *const names[] = {old.path, soft};
	size_t before, after;
	char *bytes = support_read(old.path, &before);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		support_result result = support_run((const char *[]){"search", old.path, "--model", names[i], NULL});
		expect(&result, EXIT_USAGE, "would overwrite the study", i);
		support_result_release(&result);
		char *now = support_read(old.path, &after);
		assert_int_equal(after, before);
		assert_memory_equal(now, bytes, after);
		free(now);
	}
	free(bytes);
	free(soft);
	fixture_destroy(&old);
}

static void help_names_every_option(void **context)
{
	(void)context;
	support_result result = support_run((const char *[]){"search", "--help", NULL});
	assert_int_equal(result.code, EXIT_DONE);
	const char *options[] = {"--trials", "--strategy", "--space", "--enqueue", "--time", "--device", "--workers", "--lanes",
	    "--lease", "--checkpoint", "--hang-timeout", "--model", "--json", "--dry-run", "--recipe", "--seed"};
	for (size_t i = 0; i < sizeof options / sizeof *options; i++)
		if (!strstr(result.out, options[i])) fail_msg("--help does not name %s", options[i]);
	support_result_release(&result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(mistakes_on_the_command_line_leave_no_study),
	    cmocka_unit_test(files_that_are_no_study_stay_as_they_are),
	    cmocka_unit_test(the_model_never_replaces_the_study),
	    cmocka_unit_test(help_names_every_option),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
