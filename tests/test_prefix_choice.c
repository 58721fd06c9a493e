/* test_prefix_choice.c: which directory of trained prefixes is used: the one that was named, or one beside the study, or none. */
#include "prefix_choice.h"
#include "support.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void beside_the_study_unless_something_else_is_said(void **state)
{
	(void)state;
	static const struct {
		prefix_wish wish;
		const char *want; /* NULL: none */
	} cases[] = {
	    {{NULL, false}, "a/study.clu.prefixes"},
	    {{"shared", false}, "shared"},
	    {{NULL, true}, NULL},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *directory;
		clu_error error;
		support_ok(prefix_choice_directory(&cases[i].wish, "a/study.clu", &directory, &error), &error);
		if (cases[i].want)
			assert_string_equal(directory, cases[i].want);
		else
			assert_null(directory);
		free(directory);
	}
}

static void contradictions_are_refused(void **state)
{
	(void)state;
	const prefix_wish wish = {"shared", true};
	char *directory;
	clu_error error;
	assert_int_equal(prefix_choice_directory(&wish, "study.clu", &directory, &error), CLU_ARGUMENT);
	assert_non_null(strstr(error.message, "shared"));
	assert_null(directory);
}

static void none_opens_as_none(void **state)
{
	(void)state;
	clu_prefixes *prefixes;
	clu_error error;
	support_ok(prefix_choice_open(NULL, &prefixes, &error), &error);
	assert_null(prefixes);
	clu_prefixes_destroy(prefixes);
	char *base = support_directory_create(), *path = support_path(base, "new");
	struct stat about;
	support_ok(prefix_choice_open(path, &prefixes, &error), &error);
	assert_true(stat(path, &about) == 0 && S_ISDIR(about.st_mode));
	clu_prefixes_destroy(prefixes);
	free(path);
	support_directory_remove(base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(beside_the_study_unless_something_else_is_said),
	    cmocka_unit_test(contradictions_are_refused),
	    cmocka_unit_test(none_opens_as_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
