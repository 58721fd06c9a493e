/* test_reproduce_files.c: paths, directories that may be there already, and the files with results. */
#include "reproduce_fixture.h"

#include "reproduce_files.h"

#include <unistd.h>

static reproduce_job *job_in(const char *directory)
{
	reproduce_job *job = fixture_job("tiny");
	job->directory = directory;
	return job;
}

static void paths(void **state)
{
	(void)state;
	reproduce_job *job = job_in("there");
	char *inside = reproduce_path(job, "models", "a", ".npy"), *beside = reproduce_path(job, "", "a", ".md");
	assert_string_equal(inside, "there/models/a.npy");
	assert_string_equal(beside, "there/a.md");
	free(beside);
	free(inside);
	free(job);
}

static void directories_are_made_once(void **state)
{
	(void)state;
	static const char *const folders[] = {"models", "ranking", NULL};
	char *directory = support_directory_create(), *inner = support_path(directory, "new"),
	     *file = support_path(directory, "new/models/file"), *second = support_path(directory, "new/ranking");
	reproduce_job *job = job_in(inner);
	clu_error error;
	support_ok(reproduce_directories(job, folders, &error), &error);
	assert_int_equal(access(second, F_OK), 0);
	support_write(file, "x", 1);
	support_ok(reproduce_directories(job, folders, &error), &error);
	assert_int_equal(access(file, F_OK), 0);
	job->directory = "/dev/null/none";
	assert_int_equal(reproduce_directories(job, folders, &error), CLU_FILE);
	assert_non_null(strstr(error.message, "/dev/null/none"));
	free(job);
	free(second);
	free(file);
	free(inner);
	support_directory_remove(directory);
}

static void expect_file(const char *directory, const char *name, const char *wanted)
{
	char *path = support_path(directory, name), *text = support_read(path, NULL);
	assert_string_equal(text, wanted);
	free(text);
	free(path);
}

static void results_are_replaced_and_removed(void **state)
{
	(void)state;
	char *directory = support_directory_create();
	reproduce_job *job = job_in(directory);
	clu_error error;
	cJSON *first = cJSON_Parse("[1]"), *second = cJSON_Parse("[2]");
	support_ok(reproduce_write(job, "table", first, "one", &error), &error);
	support_ok(reproduce_write(job, "table", second, "two", &error), &error);
	expect_file(directory, "table.json", "[2]");
	expect_file(directory, "table.md", "two");
	assert_int_equal(reproduce_write(job, "table", first, NULL, &error), CLU_MEMORY);
	assert_int_equal(reproduce_write(job, "table", NULL, "three", &error), CLU_MEMORY);
	expect_file(directory, "table.md", "two");
	char *path = support_path(directory, "table.md");
	reproduce_remove(job, "other");
	assert_int_equal(access(path, F_OK), 0);
	reproduce_remove(job, "table");
	assert_int_not_equal(access(path, F_OK), 0);
	free(path);
	cJSON_Delete(second);
	cJSON_Delete(first);
	free(job);
	support_directory_remove(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(paths),
	    cmocka_unit_test(directories_are_made_once),
	    cmocka_unit_test(results_are_replaced_and_removed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
