/* test_device_choice.c: from --device and --plan to devices, on whatever devices the driver under test has.
 * TEST_NEEDS: device */
#include "support.h"

#include "device_choice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Measured speeds go into a fresh cache. One for all tests: a driver may keep its own there from its start on. */
static int enter(void **state)
{
	*state = support_directory_create();
	return setenv("XDG_CACHE_HOME", *state, 1);
}

static void every_lists_all(void **state)
{
	(void)state;
	device_choice choice;
	clu_error error;
	support_ok(device_choice_every(&choice, &error), &error);
	assert_true(choice.count > 0);
	assert_int_equal(choice.chosen_count, choice.count);
	for (size_t i = 0; i < choice.count; i++) assert_int_equal(choice.chosen[i], i);
	device_choice_release(&choice);
}

static void all_takes_each_hardware_once(void **state)
{
	(void)state;
	device_choice choice, again;
	clu_error error;
	support_ok(device_choice_select(NULL, &choice, &error), &error);
	assert_true(choice.chosen_count > 0);
	for (size_t i = 0; i < choice.chosen_count; i++) {
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(choice.infos[choice.chosen[i]].physical, choice.infos[choice.chosen[j]].physical);
	}
	/* Speeds that were kept give the same choice as speeds that were just measured. */
	support_ok(device_choice_select("all", &again, &error), &error);
	assert_int_equal(again.chosen_count, choice.chosen_count);
	assert_memory_equal(again.chosen, choice.chosen, choice.chosen_count * sizeof *choice.chosen);
	device_choice_release(&again);
	device_choice_release(&choice);
}

static void nothing_matches(void **state)
{
	(void)state;
	device_choice choice;
	clu_error error;
	assert_int_equal(device_choice_select("no such device", &choice, &error), CLU_NO_DEVICE);
	assert_non_null(strstr(error.message, "no such device"));
	assert_null(choice.infos);
	clu_device *device;
	assert_int_equal(device_choice_open_one("no such device", NULL, &device, &error), CLU_NO_DEVICE);
	assert_null(device);
}

static void plan_file_is_used(void **state)
{
	clu_device_info info = support_device_info();
	clu_plan plan = clu_plan_default(&info);
	char text[CLU_PLAN_TEXT], used[CLU_PLAN_TEXT];
	plan.block_rows = plan.block_rows == 1 ? 2 : 1;
	clu_plan_print(&plan, text);
	char *path = support_path(*state, "plan");
	support_write(path, text, strlen(text));
	clu_device *device;
	clu_error error;
	support_ok(device_choice_open(&info, path, &device, &error), &error);
	clu_plan_print(clu_device_plan(device), used);
	assert_string_equal(used, text);
	clu_device_destroy(device);
	free(path);
}

static void bad_plans_are_named(void **state)
{
	char *path = support_path(*state, "bad-plan"), index[16];
	clu_device_info info = support_device_info();
	snprintf(index, sizeof index, "%u", info.index);
	clu_device *device;
	clu_error error;
	assert_int_equal(device_choice_open_one(index, path, &device, &error), CLU_FILE);
	assert_non_null(strstr(error.message, path));
	static const char nonsense[] = "plan 2\nvector three\n";
	support_write(path, nonsense, sizeof nonsense - 1);
	assert_int_equal(device_choice_open_one(index, path, &device, &error), CLU_ARGUMENT);
	assert_non_null(strstr(error.message, path));
	char longer[2 * CLU_PLAN_TEXT];
	memset(longer, '\n', sizeof longer);
	support_write(path, longer, sizeof longer);
	assert_int_equal(device_choice_open_one(index, path, &device, &error), CLU_ARGUMENT);
	assert_null(device);
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_lists_all),
	    cmocka_unit_test(all_takes_each_hardware_once),
	    cmocka_unit_test(nothing_matches),
	    cmocka_unit_test(plan_file_is_used),
	    cmocka_unit_test(bad_plans_are_named),
	};
	return cmocka_run_group_tests(tests, enter, support_leave);
}
