/* test_device.c: the list of devices, opening and closing one, and errors that name it. TEST_NEEDS: device */
#include "support_network.h"

#include <stdlib.h>
#include <string.h>

static void test_list(void **state)
{
	(void)state;
	clu_device_info *infos = NULL, *again = NULL;
	size_t count = 0, count_again = 0;
	clu_error error;
	support_ok(clu_device_list(&infos, &count, &error), &error);
	support_ok(clu_device_list(&again, &count_again, &error), &error);
	assert_true(count >= 1);
	assert_int_equal(count, count_again);
	for (size_t i = 0; i < count; i++) {
		const clu_device_info *info = &infos[i];
		assert_int_equal(info->index, i);
		assert_true(info->name[0] && info->platform[0] && info->driver[0] && info->version[0] && info->physical[0]);
		assert_true(info->name[0] != ' ' && info->name[strlen(info->name) - 1] != ' ');
		assert_true(info->compute_units >= 1 && info->work_group_max >= 1);
		assert_true(info->memory_bytes > 0 && info->allocation_bytes > 0);
		assert_non_null(info->device_id);
		assert_memory_equal(&infos[i], &again[i], sizeof infos[i]);
		if (info->type == CLU_DEVICE_CPU) assert_string_equal(info->physical, "cpu");
	}
	free(infos);
	free(again);
}

static void test_type_names(void **state)
{
	(void)state;
	assert_string_equal(clu_device_type_name(CLU_DEVICE_CPU), "CPU");
	assert_string_equal(clu_device_type_name(CLU_DEVICE_GPU), "GPU");
	assert_string_equal(clu_device_type_name(CLU_DEVICE_ACCELERATOR), "ACCELERATOR");
	assert_string_equal(clu_device_type_name(CLU_DEVICE_CUSTOM), "CUSTOM");
}

static void test_open(void **state)
{
	(void)state;
	const clu_device_info info = support_device_info();
	clu_plan plan = clu_plan_default(&info), other = plan;
	clu_device *devices[3];
	clu_error error;
	other.block_rows += 1;
	support_ok(clu_device_open(&info, NULL, &devices[0], &error), &error);
	support_ok(clu_device_open(&info, &plan, &devices[1], &error), &error);
	support_ok(clu_device_open(&info, &other, &devices[2], &error), &error);
	assert_memory_equal(clu_device_about(devices[0]), &info, sizeof info);
	assert_memory_equal(clu_device_plan(devices[0]), &plan, sizeof plan);
	assert_memory_equal(clu_device_plan(devices[2]), &other, sizeof other);
	assert_string_equal(clu_device_key(devices[0]), clu_device_key(devices[1]));
	assert_string_not_equal(clu_device_key(devices[0]), clu_device_key(devices[2]));
	for (int i = 0; i < 3; i++) {
		support_ok(device_finish(devices[i], &error), &error);
		clu_device_destroy(devices[i]);
	}
	clu_device_destroy(NULL);
}

static void test_custom_is_refused(void **state)
{
	(void)state;
	clu_device_info info = support_device_info();
	clu_device *device = (clu_device *)&info;
	clu_error error;
	info.type = CLU_DEVICE_CUSTOM;
	assert_int_equal(clu_device_open(&info, NULL, &device, &error), CLU_NO_DEVICE);
	assert_null(device);
	assert_non_null(strstr(error.message, info.name));
	assert_non_null(strstr(error.message, "CUSTOM"));
}

static void test_plan_out_of_range(void **state)
{
	(void)state;
	const clu_device_info info = support_device_info();
	clu_plan plan = clu_plan_default(&info);
	clu_device *device = (clu_device *)&plan;
	clu_error error;
	plan.vector = 5;
	assert_int_equal(clu_device_open(&info, &plan, &device, &error), CLU_FORMAT);
	assert_null(device);
	assert_non_null(strstr(error.message, "vector is 5"));
	assert_int_equal(clu_device_open(&info, &plan, &device, NULL), CLU_FORMAT);
}

static void test_errors_name_the_device(void **state)
{
	(void)state;
	const clu_device device = {.info = {.name = "Some device"}};
	clu_error error;
	assert_int_equal(device_fail(&device, &error, CL_OUT_OF_RESOURCES, "doing a thing"), CLU_DEVICE);
	assert_string_equal(error.message, "Some device: doing a thing: OpenCL error -5 (out of device resources)");
	assert_int_equal(device_fail(&device, &error, -9999, "x"), CLU_DEVICE);
	assert_non_null(strstr(error.message, "-9999"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_list),
	    cmocka_unit_test(test_type_names),
	    cmocka_unit_test(test_open),
	    cmocka_unit_test(test_custom_is_refused),
	    cmocka_unit_test(test_plan_out_of_range),
	    cmocka_unit_test(test_errors_name_the_device),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
