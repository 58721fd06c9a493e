/* test_path.c: names from the root, and files that are one under several names, places in the cache. */
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

static void files_that_would_be_one(void **state)
{
	(void)state;
	char *directory = support_directory_create(), *missing = support_path(directory, "missing"),
	     *dotted = support_path(directory, "./missing"), *other = support_path(directory, "other"),
	     *elsewhere = support_path(directory, "nowhere/missing");
	const struct {
		const char *name;
		bool same;
	} cases[] = {{missing, true}, {dotted, true}, {other, false}, {elsewhere, false}, {"missing", false}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (path_same_place(missing, cases[i].name) != cases[i].same) fail_msg("%s", cases[i].name);
	assert_true(path_same_place("missing", "./missing"));
	support_write(missing, "x", 1);
	assert_int_equal(symlink(missing, other), 0);
	assert_true(path_same_place(missing, other));
	char *all[] = {missing, dotted, other, elsewhere};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
	support_directory_remove(directory);
}

/* What can be written is as it was afterwards, and nothing lies beside it. */
static void whether_a_file_can_be_written(void **state)
{
	(void)state;
	clu_error error;
	char *directory = support_directory_create(), *file = support_path(directory, "file"),
	     *nowhere = support_path(directory, "nowhere/file");
	support_ok(path_check_writable(file, &error), &error);
	support_write(file, "here", 4);
	support_ok(path_check_writable(file, &error), &error);
	size_t size;
	free(support_read(file, &size));
	assert_int_equal(size, 4);
	const struct {
		const char *path, *says;
	} cases[] = {{nowhere, "cannot be written"}, {directory, "is a directory"}, {"/dev/null", "no regular file"}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(path_check_writable(cases[i].path, &error), CLU_FILE);
		if (!strstr(error.message, cases[i].says) || !strstr(error.message, cases[i].path)) fail_msg("%s", error.message);
	}
	assert_int_equal(path_check_writable("", &error), CLU_ARGUMENT);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(rmdir(directory), 0); /* empty */
	free(nowhere);
	free(file);
	free(directory);
}

static void cached_files_have_a_directory(void **state)
{
	(void)state;
	char *directory = support_directory_create(), *own = support_path(directory, "own"), *home = support_path(directory, "home");
	const struct {
		const char *cache, *home, *name, *want;
	} cases[] = {
	    {own, home, "speeds", "/own/clunroll/speeds"},
	    {own, home, "bench/a", "/own/clunroll/bench/a"},
	    {"not/absolute", home, "speeds", "/home/.cache/clunroll/speeds"},
	    {"", home, "speeds", "/home/.cache/clunroll/speeds"},
	    {"", "", "speeds", NULL},
	    {"/dev/null/no-directory", home, "speeds", NULL},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		setenv("XDG_CACHE_HOME", cases[i].cache, 1);
		setenv("HOME", cases[i].home, 1);
		char *path = path_cache(cases[i].name);
		if (!cases[i].want) {
			if (path) fail_msg("case %zu: %s, wanted none", i, path);
			continue;
		}
		if (!path || strcmp(path + strlen(directory), cases[i].want) != 0) fail_msg("case %zu: %s", i, path ? path : "none");
		support_write(path, "x", 1);
		free(path);
	}
	free(home);
	free(own);
	support_directory_remove(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_from_the_root),
	    cmocka_unit_test(one_file_has_many_names),
	    cmocka_unit_test(files_that_would_be_one),
	    cmocka_unit_test(whether_a_file_can_be_written),
	    cmocka_unit_test(cached_files_have_a_directory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
