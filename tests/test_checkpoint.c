/* test_checkpoint.c: checkpoints come back byte for byte, damaged ones never; the one before the newest serves where that is
 * damaged, missing, or could not be replaced. */
#include "support.h"

#include "checkpoint.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

typedef struct fixture {
	char *directory, *model, *path, *previous;
	cJSON *settings;
} fixture;

static int setup(void **state)
{
	fixture *f = calloc(1, sizeof *f);
	assert_non_null(f);
	f->directory = support_directory_create();
	f->model = support_path(f->directory, "m.safetensors");
	f->path = checkpoint_path(f->model);
	f->previous = support_path(f->directory, "m.safetensors.checkpoint.previous");
	f->settings = cJSON_Parse("{\"recipe\":\"name a\\ndecay 1\\n\",\"batch\":3}");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	fixture *f = *state;
	support_directory_remove(f->directory);
	cJSON_Delete(f->settings);
	free(f->previous);
	free(f->path);
	free(f->model);
	free(f);
	return 0;
}

static void write_text(const fixture *f, const char *text)
{
	clu_error error;
	support_ok(checkpoint_write(f->path, f->settings, text, strlen(text), &error), &error);
}

/* Reads, and holds what comes against `text`; `fault`: what is said of a newest that does not serve, NULL where it serves. */
static void expect(const fixture *f, const char *text, const char *fault)
{
	checkpoint found;
	clu_error error;
	support_ok(checkpoint_read(f->path, &found, &error), &error);
	assert_true(cJSON_Compare(f->settings, found.settings, true));
	assert_int_equal(found.size, strlen(text));
	assert_memory_equal(found.bytes, text, found.size);
	if (!fault && found.fault) fail_msg("%s", found.fault);
	if (fault && (!found.fault || !strstr(found.fault, fault) || !strstr(found.fault, f->path)))
		fail_msg("'%s' is not said, but: %s", fault, found.fault ? found.fault : "nothing");
	checkpoint_release(&found);
}

static void expect_none(const fixture *f, clu_status status, const char *const *named)
{
	checkpoint found;
	clu_error error;
	assert_int_equal(checkpoint_read(f->path, &found, &error), status);
	for (; *named; named++)
		if (!strstr(error.message, *named)) fail_msg("'%s' is not in: %s", *named, error.message);
	assert_null(found.settings);
	assert_null(found.bytes);
	checkpoint_release(&found);
}

#define NAMED(...) ((const char *const[]){__VA_ARGS__, NULL})

static void round_trip(void **state)
{
	fixture *f = *state;
	static const size_t sizes[] = {0, 1, 1000};
	assert_string_equal(f->path + strlen(f->model), ".checkpoint");
	/* Bytes that would end a text or a line early. */
	unsigned char bytes[1000];
	for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (unsigned char)(i % 3 == 0 ? 0 : i % 3 == 1 ? '\n' : i);
	assert_false(checkpoint_exists(f->path));
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		clu_error error;
		checkpoint back;
		support_ok(checkpoint_write(f->path, f->settings, bytes, sizes[i], &error), &error);
		assert_true(checkpoint_exists(f->path));
		support_ok(checkpoint_read(f->path, &back, &error), &error);
		assert_true(cJSON_Compare(f->settings, back.settings, true));
		assert_int_equal(back.size, sizes[i]);
		assert_memory_equal(back.bytes, bytes, back.size);
		assert_null(back.fault);
		checkpoint_release(&back);
	}
	checkpoint_remove(f->path);
	assert_false(checkpoint_exists(f->path));
}

static void other_files_are_refused(void **state)
{
	fixture *f = *state;
	static const char *const cases[] = {"", "clunroll checkpoint 2", "clunroll checkpoint 2 \n",
	    "clunroll checkpoint 1\n{\"a\":1}\n", "clunroll checkpoint 2 3 0123456789abcdef\n{}\n", "\x93NUMPY and so on\n{}\n"};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		support_write(f->path, cases[i], strlen(cases[i]));
		expect_none(f, CLU_FORMAT, NAMED(f->path));
	}
}

/* Every length that is too short, and every byte that is another. */
static void no_damage_gets_through(void **state)
{
	fixture *f = *state;
	size_t size;
	write_text(f, "older");
	clu_error error;
	support_ok(checkpoint_write(f->path, f->settings, "newer\0\0\0", 8, &error), &error); /* zeros, which checksums may overlook */
	char *whole = support_read(f->path, &size);
	for (size_t i = 0; i < size; i++) {
		support_write(f->path, whole, i);
		expect(f, "older", "");
		whole[i] ^= 4;
		support_write(f->path, whole, size);
		expect(f, "older", "");
		whole[i] ^= 4;
	}
	free(whole);
}

static void the_one_before_serves(void **state)
{
	fixture *f = *state;
	write_text(f, "first");
	assert_int_not_equal(access(f->previous, F_OK), 0);
	write_text(f, "second");
	write_text(f, "third");
	expect(f, "third", NULL);
	assert_int_equal(unlink(f->path), 0);
	assert_true(checkpoint_exists(f->path));
	expect(f, "second", "cannot read");
	support_write(f->path, "torn", 4);
	expect(f, "second", "no checkpoint");
	checkpoint_step_back(f->path);
	expect(f, "second", NULL);
	write_text(f, "fourth");
	support_write(f->path, "torn", 4);
	expect(f, "second", "no checkpoint");
	support_write(f->previous, "torn too", 8);
	expect_none(f, CLU_FORMAT, NAMED(f->path, f->previous));
	assert_true(checkpoint_remove_previous(f->path));
	assert_false(checkpoint_remove_previous(f->path));
	expect_none(f, CLU_FORMAT, NAMED(f->path));
}

/* RLIMIT_FSIZE makes write fail in the middle, as a full disk does. */
static void full_disk_leaves_the_newest(void **state)
{
	fixture *f = *state;
	struct rlimit limit, small;
	clu_error error;
	char large[4000] = {0};
	write_text(f, "first");
	write_text(f, "second");
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	small = limit;
	small.rlim_cur = 2000;
	signal(SIGXFSZ, SIG_IGN);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
		const clu_status status = checkpoint_write(f->path, f->settings, large, sizeof large, &error);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
		assert_int_equal(status, CLU_FILE);
		assert_non_null(strstr(error.message, f->path));
		expect(f, "second", NULL);
	}
	write_text(f, "third");
	expect(f, "third", NULL);
	support_write(f->path, "torn", 4);
	expect(f, "second", "no checkpoint");
}

#define CHECKPOINT_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CHECKPOINT_TEST(round_trip),
	    CHECKPOINT_TEST(other_files_are_refused),
	    CHECKPOINT_TEST(no_damage_gets_through),
	    CHECKPOINT_TEST(the_one_before_serves),
	    CHECKPOINT_TEST(full_disk_leaves_the_newest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
