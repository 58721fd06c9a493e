/* test_cmd_worker.c: the command line of `clunroll worker`. What a worker does is in test_worker.c. */
#include "study_fixture.h"

#include "message.h"

static void mistakes_get_an_answer(void **context)
{
	(void)context;
	study_fixture f = fixture_create(1);
	const struct {
		const char *arguments[6];
		int code;
		const char *words;
	} cases[] = {
	    {{NULL}, EXIT_USAGE, "STUDY is missing"},
	    {{f.path, "more", NULL}, EXIT_USAGE, "unexpected argument 'more'"},
	    {{f.path, "--lanes", "0", NULL}, EXIT_USAGE, "--lanes"},
	    {{f.path, "--lease", "0.5s", NULL}, EXIT_USAGE, "--lease"},
	    {{f.path, "--run", "first", NULL}, EXIT_USAGE, "--run"},
	    {{f.path, "--checkpoint", "often", NULL}, EXIT_USAGE, "often"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *arguments[8] = {"worker"};
		memcpy(arguments + 1, cases[i].arguments, sizeof cases[i].arguments);
		support_result result = support_run(arguments);
		if (result.code != cases[i].code) fail_msg("case %zu: exit code %d; %s", i, result.code, result.err);
		if (!strstr(result.err, cases[i].words)) fail_msg("case %zu: '%s' is not in '%s'", i, cases[i].words, result.err);
		support_result_release(&result);
	}
	fixture_destroy(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(mistakes_get_an_answer)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
