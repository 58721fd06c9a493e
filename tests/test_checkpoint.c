/* test_checkpoint.c: checkpoints come back byte for byte; files that are none are told apart. */
#include "support.h"

#include "checkpoint.h"

#include <stdlib.h>
#include <string.h>

static void round_trip(void **state)
{
	(void)state;
	static const size_t sizes[] = {0, 1, 1000};
	char *directory = support_directory_create(), *model = support_path(directory, "m.safetensors");
	char *path = checkpoint_path(model);
	assert_string_equal(path + strlen(model), ".checkpoint");
	/* Bytes that would end a text or a line early. */
	unsigned char bytes[1000];
	for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (unsigned char)(i % 3 == 0 ? 0 : i % 3 == 1 ? '\n' : i);
	cJSON *settings = cJSON_Parse("{\"recipe\":\"name a\\ndecay 1\\n\",\"batch\":3}");
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		clu_error error;
		cJSON *settings_back;
		void *back;
		size_t size;
		support_ok(checkpoint_write(path, settings, bytes, sizes[i], &error), &error);
		support_ok(checkpoint_read(path, &settings_back, &back, &size, &error), &error);
		assert_true(cJSON_Compare(settings, settings_back, true));
		assert_int_equal(size, sizes[i]);
		assert_memory_equal(back, bytes, size);
		cJSON_Delete(settings_back);
		free(back);
	}
	cJSON_Delete(settings);
	free(path);
	free(model);
	support_directory_remove(directory);
}

static void other_files_are_refused(void **state)
{
	(void)state;
	static const char *const cases[] = {"", "clunroll checkpoint 1\n", "clunroll checkpoint 1\n{\"a\":1}",
	    "clunroll checkpoint 2\n{}\n", "clunroll checkpoint 1\n[1]\nxyz", "clunroll checkpoint 1\n{\"a\":\nxyz",
	    "\x93NUMPY and so on\n{}\n"};
	char *directory = support_directory_create(), *path = support_path(directory, "c");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		clu_error error;
		cJSON *settings;
		void *bytes;
		size_t size;
		support_write(path, cases[i], strlen(cases[i]));
		clu_status status = checkpoint_read(path, &settings, &bytes, &size, &error);
		if (status != CLU_FORMAT) fail_msg("case %zu: status %d", i, status);
		assert_non_null(strstr(error.message, path));
		assert_null(settings);
		assert_null(bytes);
	}
	free(path);
	support_directory_remove(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(round_trip), cmocka_unit_test(other_files_are_refused)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
