/* test_linux.c: the program finds itself, also after its file is gone. */
#include "support.h"

#include "linux.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char *self;

static void the_path_is_this_program(void **context)
{
	(void)context;
	char path[4096];
	struct stat there, here;
	linux_program_path(path, sizeof path);
	assert_int_equal(stat(path, &there), 0);
	assert_int_equal(stat(self, &here), 0);
	assert_true(there.st_ino == here.st_ino && there.st_dev == here.st_dev);
}

/* In a copy of this program: 0 when it still finds itself after removing its own file. */
static int find_after_removal(const char *path)
{
	char found[4096];
	if (unlink(path) != 0) return 1;
	linux_program_path(found, sizeof found);
	return access(found, X_OK) == 0 ? 0 : 2;
}

static void a_removed_program_is_still_found(void **context)
{
	(void)context;
	char *directory = support_directory_create(), *copy = support_path(directory, "copy");
	size_t size;
	int how;
	char *bytes = support_read(self, &size);
	support_write(copy, bytes, size);
	assert_int_equal(chmod(copy, 0700), 0);
	pid_t child = fork();
	if (child == 0) {
		execl(copy, copy, "remove", copy, (char *)NULL);
		_exit(3);
	}
	assert_int_equal(waitpid(child, &how, 0), child);
	assert_int_equal(how, 0);
	free(bytes);
	free(copy);
	support_directory_remove(directory);
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "remove") == 0) _exit(find_after_removal(argv[2]));
	self = argv[0];
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_path_is_this_program),
	    cmocka_unit_test(a_removed_program_is_still_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
