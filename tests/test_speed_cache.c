/* test_speed_cache.c: speeds come back for the same device and driver only; a cache that is damaged is an empty one. */
#include "support.h"

#include "speed_cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int enter(void **state)
{
	*state = support_directory_create();
	return setenv("XDG_CACHE_HOME", *state, 1);
}

static clu_device_info device(const char *name, const char *driver)
{
	clu_device_info info = {0};
	snprintf(info.name, sizeof info.name, "%s", name);
	snprintf(info.driver, sizeof info.driver, "%s", driver);
	return info;
}

static void speeds_are_kept_by_device_and_driver(void **state)
{
	(void)state;
	clu_device_info a = device("CPU\twith a tab", "1"), b = device("CPU\twith a tab", "2"), c = device("another", "1");
	assert_true(speed_cache_get(&a) == 0);
	assert_true(speed_cache_put(&a, 12.5));
	assert_true(speed_cache_put(&b, 100));
	assert_true(speed_cache_get(&a) == 12.5 && speed_cache_get(&b) == 100 && speed_cache_get(&c) == 0);
	assert_true(speed_cache_put(&a, 13));
	assert_true(speed_cache_get(&a) == 13 && speed_cache_get(&b) == 100);
}

static void damage_is_an_empty_cache(void **state)
{
	static const char *const cases[] = {
	    "", "clunroll-speeds 2\n", "clunroll-speeds 1", "clunroll-speeds 1\nabc\n\n\tx\n5\n", "clunroll-speeds 12\n"};
	clu_device_info a = device("CPU", "1");
	assert_true(speed_cache_put(&a, 10)); /* makes the directory */
	char *directory = support_path(*state, "clunroll"), *path = support_path(directory, "speeds");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		support_write(path, cases[i], strlen(cases[i]));
		if (speed_cache_get(&a) != 0) fail_msg("case %zu gave a speed", i);
		assert_true(speed_cache_put(&a, 11));
		if (speed_cache_get(&a) != 11) fail_msg("case %zu was not mended", i);
	}
	free(path);
	free(directory);
}

static void no_place_to_keep_it(void **state)
{
	(void)state;
	clu_device_info a = device("CPU", "1");
	setenv("XDG_CACHE_HOME", "/dev/null/no-directory", 1);
	assert_false(speed_cache_put(&a, 10));
	assert_true(speed_cache_get(&a) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(speeds_are_kept_by_device_and_driver, enter, support_leave),
	    cmocka_unit_test_setup_teardown(damage_is_an_empty_cache, enter, support_leave),
	    cmocka_unit_test_setup_teardown(no_place_to_keep_it, enter, support_leave),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
