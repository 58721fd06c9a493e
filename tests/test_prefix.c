/* test_prefix.c: the directory of trained prefixes by itself: what is kept comes back, nothing that is torn, damaged or of another
 * key does, the least recently used go first, writers that are killed or at work at the same time do no harm, and what lies there
 * besides is left alone. Bytes here are any bytes; what lanes make of it is tested in test_lane_prefix.c. */
#include "prefix.h"
#include "support.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BYTES = 1000 };

typedef struct fixture {
	char *directory;
	clu_prefixes *prefixes;
	int notes;       /* heard so far … */
	char note[1024]; /* … and the last */
} fixture;

static void hear(void *context, const char *text)
{
	fixture *f = context;
	f->notes++;
	snprintf(f->note, sizeof f->note, "%s", text);
}

static clu_prefixes *open_prefixes(fixture *f)
{
	clu_prefixes *prefixes;
	clu_error error;
	support_ok(clu_prefixes_open(f->directory, hear, f, &prefixes, &error), &error);
	return prefixes;
}

static int enter(void **state)
{
	fixture *f = calloc(1, sizeof *f);
	assert_non_null(f);
	f->directory = support_directory_create();
	f->prefixes = open_prefixes(f);
	*state = f;
	return 0;
}

static int leave(void **state)
{
	fixture *f = *state;
	clu_prefixes_destroy(f->prefixes);
	support_directory_remove(f->directory);
	free(f);
	return 0;
}

/* Keys and bytes number `index`. */
static const char *key_of(int index)
{
	static char key[64];
	snprintf(key, sizeof key, "version 1\ntraining %d\n", index);
	return key;
}

static void fill(int index, char bytes[BYTES])
{
	for (int i = 0; i < BYTES; i++) bytes[i] = (char)(index * 31 + i * 7);
}

static void store(clu_prefixes *prefixes, int index)
{
	char bytes[BYTES];
	const clu_prefix about = {.layers = 1 + (uint32_t)index % 4, .steps = 100, .recipe = "fast"};
	fill(index, bytes);
	prefix_store(prefixes, key_of(index), &about, bytes, BYTES);
}

static bool holds(clu_prefixes *prefixes, int index)
{
	size_t size = 0;
	char want[BYTES];
	char *bytes = prefix_load(prefixes, key_of(index), &size);
	if (!bytes) return false;
	fill(index, want);
	assert_int_equal(size, BYTES);
	assert_memory_equal(bytes, want, BYTES);
	free(bytes);
	return true;
}

/* Calls `act` for each name in the directory but "." and "..". */
static int for_names(const fixture *f, void (*act)(const char *path))
{
	int count = 0;
	DIR *folder = opendir(f->directory);
	assert_non_null(folder);
	for (struct dirent *entry; (entry = readdir(folder));) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
		char *path = support_path(f->directory, entry->d_name);
		if (act) act(path);
		free(path);
		count++;
	}
	closedir(folder);
	return count;
}

/* The path of the only file; the caller frees it. */
static char *only_path;
static void take_path(const char *path)
{
	free(only_path);
	only_path = strdup(path);
}

/* ---- what is kept ---- */

static void what_is_kept_comes_back(void **state)
{
	fixture *f = *state;
	assert_false(holds(f->prefixes, 0));
	assert_false(prefix_touch(f->prefixes, key_of(0)));
	for (int i = 0; i < 5; i++) store(f->prefixes, i);
	store(f->prefixes, 2); /* is there already */
	assert_int_equal(for_names(f, NULL), 5);
	clu_prefixes *other = open_prefixes(f);
	for (int i = 0; i < 5; i++) assert_true(holds(other, i));
	assert_false(holds(other, 5));
	clu_prefixes_destroy(other);
	assert_int_equal(f->notes, 0);
}

static void the_list_says_what_is_there(void **state)
{
	fixture *f = *state;
	clu_prefix *list;
	size_t count;
	clu_error error;
	uint32_t layers = 0;
	for (int i = 0; i < 4; i++) store(f->prefixes, i);
	support_ok(clu_prefixes_list(f->prefixes, &list, &count, &error), &error);
	assert_int_equal(count, 4);
	for (size_t i = 0; i < count; i++) {
		layers |= 1u << list[i].layers;
		assert_int_equal(list[i].steps, 100);
		assert_string_equal(list[i].recipe, "fast");
		assert_true(list[i].bytes > BYTES && list[i].bytes < BYTES + 256);
	}
	assert_int_equal(layers, 1u << 1 | 1u << 2 | 1u << 3 | 1u << 4);
	free(list);
}

static void uses_are_added_up(void **state)
{
	fixture *f = *state;
	clu_prefix_uses uses;
	clu_error error;
	support_ok(clu_prefixes_uses(f->prefixes, &uses, &error), &error);
	assert_int_equal(uses.starts[2], 0);
	clu_prefixes *other = open_prefixes(f);
	prefix_count(f->prefixes, 3, 700);
	prefix_count(other, 3, UINT64_C(10000000000));
	prefix_count(other, 1, 5);
	char *path = support_path(f->directory, "uses");
	FILE *file = fopen(path, "a"); /* a writer that was killed, and lines of nobody */
	fputs("nonsense\n99 1\n0 1\n2", file);
	fclose(file);
	free(path);
	support_ok(clu_prefixes_uses(f->prefixes, &uses, &error), &error);
	assert_int_equal(uses.starts[0], 1);
	assert_int_equal(uses.starts[1], 0);
	assert_int_equal(uses.starts[2], 2);
	assert_true(uses.steps[2] == UINT64_C(10000000700));
	clu_prefixes_destroy(other);
}

/* ---- what must not be used ---- */

static void no_damage_gets_through(void **state)
{
	fixture *f = *state;
	size_t size;
	store(f->prefixes, 1);
	for_names(f, take_path);
	char *good = support_read(only_path, &size), *bad = malloc(size);
	for (size_t at = 0; at < size; at += at < 200 ? 1 : 37) {
		memcpy(bad, good, size);
		bad[at] = (char)(bad[at] ^ 4);
		support_write(only_path, bad, size);
		char *bytes = prefix_load(f->prefixes, key_of(1), &(size_t){0});
		char want[BYTES];
		fill(1, want);
		if (bytes && memcmp(bytes, want, BYTES) != 0) fail_msg("byte %zu changed what came back", at);
		free(bytes);
	}
	/* What is damaged is removed, told, and kept anew. */
	memcpy(bad, good, size);
	bad[size - 1] = (char)(bad[size - 1] ^ 1);
	support_write(only_path, bad, size);
	f->notes = 0;
	assert_false(holds(f->prefixes, 1));
	assert_int_equal(f->notes, 1);
	assert_non_null(strstr(f->note, only_path));
	assert_non_null(strstr(f->note, "checksum"));
	assert_int_not_equal(access(only_path, F_OK), 0);
	store(f->prefixes, 1);
	assert_true(holds(f->prefixes, 1));
	free(bad);
	free(good);
}

static void torn_files_are_no_prefixes(void **state)
{
	fixture *f = *state;
	size_t size;
	store(f->prefixes, 1);
	for_names(f, take_path);
	char *good = support_read(only_path, &size);
	for (size_t kept = 0; kept < size; kept += kept < 200 ? 1 : 53) {
		support_write(only_path, good, kept);
		if (holds(f->prefixes, 1)) fail_msg("%zu of %zu bytes were taken for a prefix", kept, size);
	}
	free(good);
}

/* A file under another's name: copied by hand, or two keys of one hash. */
static void another_trainings_file_is_refused(void **state)
{
	fixture *f = *state;
	size_t size;
	store(f->prefixes, 1);
	for_names(f, take_path);
	char *first = support_read(only_path, &size);
	clu_error error;
	support_ok(clu_prefixes_clear(f->prefixes, &error), &error);
	store(f->prefixes, 2);
	for_names(f, take_path);
	support_write(only_path, first, size);
	assert_false(holds(f->prefixes, 2));
	assert_non_null(strstr(f->note, "another training"));
	free(first);
}

/* ---- room ---- */

/* Makes every file `seconds` older. */
static long age;
static void make_older(const char *path)
{
	struct stat about;
	assert_int_equal(stat(path, &about), 0);
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {about.st_mtim.tv_sec - age, about.st_mtim.tv_nsec}};
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void the_least_recently_used_go_first(void **state)
{
	fixture *f = *state;
	clu_error error;
	assert_true(clu_prefixes_limit(f->prefixes) == CLU_PREFIXES_BYTES);
	support_ok(clu_prefixes_set_limit(f->prefixes, 6 * (BYTES + 300), &error), &error);
	age = 100;
	for (int i = 0; i < 5; i++) {
		store(f->prefixes, i);
		for_names(f, make_older);
	}
	assert_true(prefix_touch(f->prefixes, key_of(0)));
	clu_prefixes *other = open_prefixes(f);
	assert_true(clu_prefixes_limit(other) == 6 * (BYTES + 300));
	for (int i = 5; i < 8; i++) store(other, i);
	clu_prefixes_destroy(other);
	const bool want[8] = {true, false, false, true, true, true, true, true};
	for (int i = 0; i < 8; i++)
		if (holds(f->prefixes, i) != want[i]) fail_msg("prefix %d is %s", i, want[i] ? "gone" : "still there");
	support_ok(clu_prefixes_set_limit(f->prefixes, 2 * (BYTES + 300), &error), &error);
	clu_prefix *list;
	size_t count;
	support_ok(clu_prefixes_list(f->prefixes, &list, &count, &error), &error);
	assert_int_equal(count, 2);
	free(list);
	assert_int_equal(f->notes, 0);
}

static void what_is_larger_than_the_cap_is_not_kept(void **state)
{
	fixture *f = *state;
	clu_error error;
	support_ok(clu_prefixes_set_limit(f->prefixes, BYTES, &error), &error);
	for (int i = 0; i < 3; i++) store(f->prefixes, i);
	assert_false(holds(f->prefixes, 0));
	assert_int_equal(f->notes, 1); /* said once */
	assert_non_null(strstr(f->note, "1000"));
}

/* RLIMIT_FSIZE makes write fail in the middle, as a full disk does. */
static void a_full_disk_is_said_once(void **state)
{
	fixture *f = *state;
	struct rlimit limit, small;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	signal(SIGXFSZ, SIG_IGN);
	small = limit;
	small.rlim_cur = BYTES / 2;
	store(f->prefixes, 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (int i = 1; i < 4; i++) store(f->prefixes, i);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(f->notes, 1);
	assert_non_null(strstr(f->note, "training goes on"));
	assert_int_equal(for_names(f, NULL), 1); /* nothing half-written */
	assert_true(holds(f->prefixes, 0));
	store(f->prefixes, 1); /* there is room again */
	assert_true(holds(f->prefixes, 1));
}

static void a_directory_that_is_gone_does_no_harm(void **state)
{
	fixture *f = *state;
	assert_int_equal(rmdir(f->directory), 0);
	for (int i = 0; i < 3; i++) store(f->prefixes, i);
	assert_false(holds(f->prefixes, 0));
	assert_int_equal(f->notes, 1);
	assert_int_equal(mkdir(f->directory, 0700), 0);
}

/* ---- several processes ---- */

/* Stores, loads and, now and then, evicts, until it is killed. */
static void work_until_killed(fixture *f, unsigned seed)
{
	clu_error error;
	for (uint64_t state = seed;;) {
		const int index = (int)(support_uniform(&state) * 12);
		store(f->prefixes, index);
		free(prefix_load(f->prefixes, key_of((index + 5) % 12), &(size_t){0}));
		if (support_uniform(&state) < 0.05) clu_prefixes_set_limit(f->prefixes, 8 * (BYTES + 300), &error);
	}
}

static void writers_are_killed_at_any_moment(void **state)
{
	fixture *f = *state;
	uint64_t random = 1;
	clu_error error;
	support_ok(clu_prefixes_set_limit(f->prefixes, CLU_PREFIXES_BYTES, &error), &error); /* children may not come to it */
	for (int round = 0; round < 30; round++) {
		pid_t children[3];
		for (int i = 0; i < 3; i++) {
			children[i] = fork();
			if (children[i] == 0) work_until_killed(f, (unsigned)(1 + round * 3 + i));
			assert_true(children[i] > 0);
		}
		nanosleep(&(struct timespec){.tv_nsec = (long)(2e6 + support_uniform(&random) * 8e6)}, NULL);
		for (int i = 0; i < 3; i++) kill(children[i], SIGKILL);
		for (int i = 0; i < 3; i++) waitpid(children[i], NULL, 0);
	}
	f->notes = 0;
	int held = 0;
	for (int i = 0; i < 12; i++) held += holds(f->prefixes, i); /* whole or not there */
	assert_true(held > 0);
	assert_int_equal(f->notes, 0);
	/* What they left of files goes once it is old, and only then. */
	char *own = support_path(f->directory, "0123456789abcdef.prefix.77-0.tmp"), *foreign = support_path(f->directory, "notes.tmp");
	support_write(own, "half", 4);
	support_write(foreign, "mine", 4);
	clu_prefixes_destroy(open_prefixes(f));
	assert_int_equal(access(own, F_OK), 0);
	age = 1000;
	for_names(f, make_older);
	clu_prefixes_destroy(open_prefixes(f));
	assert_int_not_equal(access(own, F_OK), 0);
	assert_int_equal(access(foreign, F_OK), 0);
	support_ok(clu_prefixes_clear(f->prefixes, &error), &error);
	assert_int_equal(for_names(f, NULL), 2); /* the limit and the foreign file */
	free(own);
	free(foreign);
}

static void a_place_that_is_no_directory_is_refused(void **state)
{
	fixture *f = *state;
	clu_prefixes *prefixes;
	clu_error error;
	char *file = support_path(f->directory, "file"), *nowhere = support_path(f->directory, "a/b");
	support_write(file, "x", 1);
	assert_int_equal(clu_prefixes_open(file, NULL, NULL, &prefixes, &error), CLU_FILE);
	assert_non_null(strstr(error.message, file));
	assert_null(prefixes);
	assert_int_equal(clu_prefixes_open(nowhere, NULL, NULL, &prefixes, &error), CLU_FILE);
	assert_int_equal(clu_prefixes_open("", NULL, NULL, &prefixes, &error), CLU_ARGUMENT);
	free(nowhere);
	free(file);
}

int main(void)
{
#define PREFIX_TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)
	const struct CMUnitTest tests[] = {
	    PREFIX_TEST(what_is_kept_comes_back),
	    PREFIX_TEST(the_list_says_what_is_there),
	    PREFIX_TEST(uses_are_added_up),
	    PREFIX_TEST(no_damage_gets_through),
	    PREFIX_TEST(torn_files_are_no_prefixes),
	    PREFIX_TEST(another_trainings_file_is_refused),
	    PREFIX_TEST(the_least_recently_used_go_first),
	    PREFIX_TEST(what_is_larger_than_the_cap_is_not_kept),
	    PREFIX_TEST(a_full_disk_is_said_once),
	    PREFIX_TEST(a_directory_that_is_gone_does_no_harm),
	    PREFIX_TEST(writers_are_killed_at_any_moment),
	    PREFIX_TEST(a_place_that_is_no_directory_is_refused),
	};
	const int failed = cmocka_run_group_tests(tests, NULL, NULL);
	free(only_path);
	return failed;
}
