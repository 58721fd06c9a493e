/* test_path.c: names from the root, and files that are one under several names. */
#include "support.h"

#include "path.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void names_from_the_root(void **state)
{
	(void)state;
	char *absolute = path_absolute("/a/b"), *relative = path_absolute("c/d"), *here = getcwd(NULL, 0);
	assert_string_equal(absolute, "/a/b");
	assert_int_equal(strncmp(relative, here, strlen(here)), 0);
	assert_string_equal(relative + strlen(here), "/c/d");
	free(here);
	free(relative);
	free(absolute);
}

static void one_file_has_many_names(void **state)
{
	(void)state;
	char *directory = support_directory_create(), *file = support_path(directory, "file"),
	     *other = support_path(directory, "other"), *soft = support_path(directory, "soft"),
	     *hard = support_path(directory, "hard"), *dotted = support_path(directory, "./file"),
	     *missing = support_path(directory, "missing");
	support_write(file, "same", 4);
	support_write(other, "same", 4);
	assert_int_equal(symlink(file, soft), 0);
	assert_int_equal(link(file, hard), 0);
	const struct {
		const char *name;
		bool same;
	} cases[] = {{file, true}, {soft, true}, {hard, true}, {dotted, true}, {other, false}, {missing, false}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (path_same_file(file, cases[i].name) != cases[i].same) fail_msg("%s", cases[i].name);
	assert_false(path_same_file(missing, missing));
	char *all[] = {file, other, soft, hard, dotted, missing};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
	support_directory_remove(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_from_the_root),
	    cmocka_unit_test(one_file_has_many_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
