/* test_linux.c: the program finds itself, also after its file is gone; memory and energy as the kernel tells them. */
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

static void memory_grows_with_what_is_touched(void **context)
{
	(void)context;
	const size_t size = 64u << 20;
	const uint64_t before = linux_resident_bytes();
	char *memory = malloc(size);
	assert_non_null(memory);
	memset(memory, 1, size);
	const uint64_t after = linux_resident_bytes();
	assert_true(memory[size / 2] == 1 && before > 0);
	assert_true(after >= before + size / 2 && after < before + 2 * size);
	free(memory);
}

/* A counter of a processor, as Linux shows it. */
static void write_zone(const char *folder, const char *zone, const char *name, const char *energy)
{
	const char *const texts[][2] = {{"name", name}, {"energy_uj", energy}, {"max_energy_range_uj", "50000000\n"}};
	char *directory = support_path(folder, zone);
	mkdir(directory, 0700);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		char *file = support_path(directory, texts[i][0]);
		support_write(file, texts[i][1], strlen(texts[i][1]));
		free(file);
	}
	free(directory);
}

static void energy_is_that_of_whole_processors(void **context)
{
	(void)context;
	char *folder = support_directory_create();
	linux_energy before, after;
	assert_false(linux_energy_read(folder, &before));
	assert_false(linux_energy_read("/dev/null/none", &before));
	write_zone(folder, "intel-rapl:0", "package-0\n", "1000000\n");
	write_zone(folder, "intel-rapl:0:0", "core\n", "7000000\n"); /* a part of the former */
	write_zone(folder, "intel-rapl:1", "package-1\n", "48000000\n");
	write_zone(folder, "intel-rapl:2", "psys\n", "1000\n"); /* all of them once more */
	assert_true(linux_energy_read(folder, &before));
	assert_int_equal(before.zones, 2);
	write_zone(folder, "intel-rapl:0", "package-0\n", "3500000\n");
	write_zone(folder, "intel-rapl:0:0", "core\n", "9000000\n");
	write_zone(folder, "intel-rapl:1", "package-1\n", "1000000\n"); /* it began anew */
	assert_true(linux_energy_read(folder, &after));
	const double joules = linux_energy_between(&before, &after);
	assert_true(joules > 5.4999 && joules < 5.5001);
	write_zone(folder, "intel-rapl:0", "package-0\n", "none\n");
	write_zone(folder, "intel-rapl:1", "package-1\n", "");
	assert_false(linux_energy_read(folder, &after));
	support_directory_remove(folder);
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "remove") == 0) _exit(find_after_removal(argv[2]));
	self = argv[0];
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_path_is_this_program),
	    cmocka_unit_test(a_removed_program_is_still_found),
	    cmocka_unit_test(memory_grows_with_what_is_touched),
	    cmocka_unit_test(energy_is_that_of_whole_processors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
