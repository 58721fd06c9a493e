/* test_kernel_cache.c: kernels that were kept serve the next opening, kernels that are damaged or of another plan do not, no more
 * files are kept than there is room for, and a driver with a cache of its own is left alone. TEST_NEEDS: device */
#include "support.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static clu_device_info info;
static clu_plan plan; /* whose kernels are soon built */

/* Whether this driver's kernels are kept. */
static bool is_kept(void)
{
	return strstr(info.platform, "Intel") != NULL;
}

static int enter(void **state)
{
	char *folder = support_directory_create();
	clu_device_keep_kernels(folder);
	*state = folder;
	return 0;
}

static int leave(void **state)
{
	clu_device_keep_kernels(NULL);
	support_directory_remove(*state);
	return 0;
}

static void open_and_use(const clu_plan *with)
{
	clu_device *device;
	clu_error error;
	support_ok(clu_device_open(&info, with, &device, &error), &error);
	support_ok(clu_device_self_test(device, NULL, &error), &error);
	clu_device_destroy(device);
}

/* Files in the folder; *path is one of them, the caller frees it. */
static size_t count_files(const char *folder, char **path)
{
	size_t count = 0;
	DIR *directory = opendir(folder);
	assert_non_null(directory);
	*path = NULL;
	for (struct dirent *entry; (entry = readdir(directory));) {
		if (entry->d_name[0] == '.') continue;
		free(*path);
		*path = support_path(folder, entry->d_name);
		count++;
	}
	closedir(directory);
	return count;
}

static void kernels_are_kept_by_plan(void **state)
{
	clu_plan other = plan;
	char *path;
	struct stat before, after;
	open_and_use(&plan);
	assert_int_equal(count_files(*state, &path), is_kept() ? 1 : 0);
	if (!is_kept()) return;
	assert_int_equal(stat(path, &before), 0);
	open_and_use(&plan);
	assert_int_equal(stat(path, &after), 0);
	assert_true(before.st_ino == after.st_ino); /* not written again: it was read */
	free(path);
	other.block_rows = 3;
	open_and_use(&other);
	assert_int_equal(count_files(*state, &path), 2);
	free(path);
}

/* Built from source again, and kept again. */
static void damage_is_no_harm(void **state)
{
	char *path, *again;
	size_t size;
	if (!is_kept()) skip();
	open_and_use(&plan);
	assert_int_equal(count_files(*state, &path), 1);
	char *good = support_read(path, &size);
	for (int i = 0; i < 3; i++) {
		char *bad = malloc(size);
		memcpy(bad, good, size);
		bad[i == 0 ? 30 : size / 2] ^= 1; /* the key, the binary; then the end is missing */
		support_write(path, bad, i == 2 ? size / 2 : size);
		open_and_use(&plan);
		free(bad);
		bad = support_read(path, &size);
		assert_memory_equal(bad, good, 200);
		free(bad);
		assert_int_equal(count_files(*state, &again), 1);
		free(again);
	}
	free(good);
	free(path);
}

static void old_files_make_room(void **state)
{
	enum { MANY = 60 };
	char *path;
	if (!is_kept()) skip();
	for (int i = 0; i < MANY; i++) {
		char name[32];
		snprintf(name, sizeof name, "%d.kernels", i);
		path = support_path(*state, name);
		support_write(path, "old", 3);
		free(path);
	}
	path = support_path(*state, "notes");
	support_write(path, "mine", 4);
	free(path);
	open_and_use(&plan);
	assert_int_equal(count_files(*state, &path), MANY + 1); /* one in, one out; what has another name stays */
	free(path);
	path = support_path(*state, "notes");
	free(support_read(path, NULL));
	free(path);
}

static void no_place_is_no_harm(void **state)
{
	(void)state;
	char longer[8192];
	memset(longer, 'x', sizeof longer);
	longer[sizeof longer - 1] = '\0';
	clu_device_keep_kernels("/dev/null/nowhere");
	open_and_use(&plan);
	clu_device_keep_kernels(longer);
	open_and_use(&plan);
	clu_device_keep_kernels(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(kernels_are_kept_by_plan, enter, leave),
	    cmocka_unit_test_setup_teardown(damage_is_no_harm, enter, leave),
	    cmocka_unit_test_setup_teardown(old_files_make_room, enter, leave),
	    cmocka_unit_test_setup_teardown(no_place_is_no_harm, enter, leave),
	};
	info = support_device_info();
	plan = clu_plan_default(&info);
	plan.product = CLU_WAY_NATIVE;
	plan.tile_rows = plan.tile_vectors = 1;
	plan.sparse_below = plan.passes = 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
