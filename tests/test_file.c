/* test_file.c: whole files read and replaced as one. What matters is what lies in the directory afterwards: the new file alone
 * after success, the old one alone after any failure, a full disk and a missing directory included. */
#include "file.h"
#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct fixture {
	char *directory, *path;
} fixture;

static int setup(void **state)
{
	fixture *made = calloc(1, sizeof *made);
	assert_non_null(made);
	made->directory = support_directory_create();
	made->path = support_path(made->directory, "file");
	*state = made;
	return 0;
}

static int teardown(void **state)
{
	fixture *made = *state;
	support_directory_remove(made->directory);
	free(made->path);
	free(made);
	return 0;
}

static int entries(const char *directory)
{
	int count = 0;
	DIR *open_directory = opendir(directory);
	assert_non_null(open_directory);
	for (struct dirent *entry; (entry = readdir(open_directory));) count += entry->d_name[0] != '.';
	closedir(open_directory);
	return count;
}

static void assert_content(const char *path, const void *bytes, size_t size)
{
	size_t found_size;
	void *found;
	clu_error error;
	support_ok(clu_file_read(path, &found, &found_size, &error), &error);
	assert_int_equal(found_size, size);
	assert_memory_equal(found, bytes, size);
	free(found);
}

static void test_replaces_and_reads_back(void **state)
{
	fixture *made = *state;
	static const size_t sizes[] = {0, 1, 4095, 4096, 4097, 1000003, 5};
	char *bytes = malloc(1000003);
	assert_non_null(bytes);
	for (size_t i = 0; i < 1000003; i++) bytes[i] = (char)(i * 2654435761u >> 24);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		clu_error error;
		support_ok(clu_file_replace(made->path, bytes, sizes[i], &error), &error);
		assert_content(made->path, bytes, sizes[i]);
		assert_int_equal(entries(made->directory), 1);
	}
	free(bytes);
}

static void test_new_files_obey_the_umask(void **state)
{
	fixture *made = *state;
	struct stat status;
	mode_t before = umask(027);
	assert_int_equal(clu_file_replace(made->path, "x", 1, NULL), CLU_OK);
	umask(before);
	assert_int_equal(stat(made->path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0640);
}

static void test_steps_over_leftovers_of_a_killed_process(void **state)
{
	fixture *made = *state;
	char leftover[64];
	for (int i = 0; i < 3; i++) {
		snprintf(leftover, sizeof leftover, "file.%ld-%d.tmp", (long)getpid(), i);
		char *path = support_path(made->directory, leftover);
		support_write(path, "old", 3);
		free(path);
	}
	assert_int_equal(clu_file_replace(made->path, "new", 3, NULL), CLU_OK);
	assert_content(made->path, "new", 3);
	assert_int_equal(entries(made->directory), 4);
}

static char *write_old(const char *directory, const char *name)
{
	const struct timespec old[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
	char *path = support_path(directory, name);
	support_write(path, "old", 3);
	assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
	return path;
}

static void test_removes_old_leftovers_of_its_own_file(void **state)
{
	fixture *made = *state;
	static const struct {
		const char *name;
		bool removed;
	} cases[] = {{"file.12-0.tmp", true}, {"file.9-999.tmp", true}, {"file.tmp", false}, {"file.12.tmp", false},
	    {"file.-0.tmp", false}, {"file.12-x.tmp", false}, {"file.12-0.tmp.gz", false}, {"files.12-0.tmp", false},
	    {"other.12-0.tmp", false}};
	enum { CASES = sizeof cases / sizeof *cases };
	char *paths[CASES], *fresh = support_path(made->directory, "file.13-0.tmp");
	for (size_t i = 0; i < CASES; i++) paths[i] = write_old(made->directory, cases[i].name);
	support_write(fresh, "new", 3);
	assert_int_equal(clu_file_replace(made->path, "x", 1, NULL), CLU_OK);
	for (size_t i = 0; i < CASES; i++) {
		if ((access(paths[i], F_OK) != 0) != cases[i].removed) fail_msg("%s", cases[i].name);
		free(paths[i]);
	}
	assert_int_equal(access(fresh, F_OK), 0);
	/* A process looks once: the next one removes what a writer leaves that is killed meanwhile. */
	char *later = write_old(made->directory, cases[0].name);
	assert_int_equal(clu_file_replace(made->path, "y", 1, NULL), CLU_OK);
	assert_int_equal(access(later, F_OK), 0);
	free(later);
	free(fresh);
}

/* RLIMIT_FSIZE makes write fail in the middle, as a full disk does. */
static void test_full_disk_leaves_the_old_file(void **state)
{
	fixture *made = *state;
	clu_error error = {0};
	char *bytes = calloc(1, 100000);
	struct rlimit limit, small;
	assert_non_null(bytes);
	assert_int_equal(clu_file_replace(made->path, "old", 3, NULL), CLU_OK);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	small = limit;
	small.rlim_cur = 5000;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	clu_status status = clu_file_replace(made->path, bytes, 100000, &error);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	free(bytes);
	assert_int_equal(status, CLU_FILE);
	print_message("%s\n", error.message);
	assert_non_null(strstr(error.message, made->path));
	assert_non_null(strstr(error.message, strerror(EFBIG)));
	assert_content(made->path, "old", 3);
	assert_int_equal(entries(made->directory), 1);
}

static void test_aborted_leaves_the_old_file(void **state)
{
	fixture *made = *state;
	file_temporary file;
	assert_int_equal(clu_file_replace(made->path, "old", 3, NULL), CLU_OK);
	assert_int_equal(file_begin(made->path, &file, NULL), CLU_OK);
	assert_int_equal(file_append(&file, "ne", 2, NULL), CLU_OK);
	assert_content(made->path, "old", 3);
	assert_int_equal(entries(made->directory), 2);
	file_abort(&file);
	file_abort(&file);
	assert_content(made->path, "old", 3);
	assert_int_equal(entries(made->directory), 1);
}

static void test_what_cannot_be_replaced(void **state)
{
	fixture *made = *state;
	char *missing = support_path(made->directory, "none/file");
	const struct {
		const char *path, *part;
	} cases[] = {{made->directory, "is a directory"}, {"/dev/null", "no regular file"}, {missing, strerror(ENOENT)}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		clu_error error = {0};
		assert_int_equal(clu_file_replace(cases[i].path, "x", 1, &error), CLU_FILE);
		print_message("%s\n", error.message);
		assert_non_null(strstr(error.message, cases[i].path));
		assert_non_null(strstr(error.message, cases[i].part));
	}
	assert_int_equal(entries(made->directory), 0);
	free(missing);
}

static void test_what_cannot_be_read(void **state)
{
	fixture *made = *state;
	const struct {
		const char *path, *part;
	} cases[] = {{made->directory, strerror(EISDIR)}, {made->path, strerror(ENOENT)}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		clu_error error = {0};
		void *bytes = NULL;
		size_t size;
		assert_int_equal(clu_file_read(cases[i].path, &bytes, &size, &error), CLU_FILE);
		assert_null(bytes);
		assert_non_null(strstr(error.message, cases[i].path));
		assert_non_null(strstr(error.message, cases[i].part));
	}
}

static void test_reads_what_has_no_size(void **state)
{
	fixture *made = *state;
	assert_int_equal(mkfifo(made->path, 0600), 0);
	pid_t writer = fork();
	assert_true(writer >= 0);
	if (writer == 0) {
		FILE *stream = fopen(made->path, "wb");
		for (int i = 0; stream && i < 200000; i++) fputc(i % 251, stream);
		_exit(stream && fclose(stream) == 0 ? 0 : 1);
	}
	void *bytes;
	size_t size;
	clu_error error;
	support_ok(clu_file_read(made->path, &bytes, &size, &error), &error);
	assert_int_equal(size, 200000);
	for (int i = 0; i < 200000; i++) assert_int_equal(((unsigned char *)bytes)[i], i % 251);
	free(bytes);
}

#define FILE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    FILE_TEST(test_replaces_and_reads_back),
	    FILE_TEST(test_new_files_obey_the_umask),
	    FILE_TEST(test_steps_over_leftovers_of_a_killed_process),
	    FILE_TEST(test_removes_old_leftovers_of_its_own_file),
	    FILE_TEST(test_full_disk_leaves_the_old_file),
	    FILE_TEST(test_aborted_leaves_the_old_file),
	    FILE_TEST(test_what_cannot_be_replaced),
	    FILE_TEST(test_what_cannot_be_read),
	    FILE_TEST(test_reads_what_has_no_size),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
