/* test_cmd_devices.c: `clunroll devices` as a user and a script meet it.
 * TEST_NEEDS: device */
#include "json_check.h"
#include "support.h"

#include "message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *text(const cJSON *json, const char *key)
{
	const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, key));
	if (!value) fail_msg("no text \"%s\"", key);
	return value;
}

static void json_line_for_each_device(void **state)
{
	(void)state;
	support_result result = support_run((const char *const[]){"devices", "--json", NULL});
	assert_int_equal(result.code, EXIT_DONE);
	clu_device_info *infos;
	size_t count, lines = 0;
	clu_error error;
	support_ok(clu_device_list(&infos, &count, &error), &error);
	char *rest = NULL;
	for (char *line = strtok_r(result.out, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest), lines++) {
		cJSON *json = cJSON_Parse(line);
		assert_non_null(json);
		assert_true(lines < count);
		assert_true(json_number(json, "version") == 1);
		assert_true(json_number(json, "index") == (double)lines);
		assert_string_equal(text(json, "name"), infos[lines].name);
		assert_string_equal(text(json, "type"), clu_device_type_name(infos[lines].type));
		assert_true(json_number(json, "memory_bytes") > 0 && json_number(json, "allocation_bytes") > 0);
		if (infos[lines].conformance[0]) assert_string_equal(text(json, "conformance"), infos[lines].conformance);
		if (infos[lines].type != CLU_DEVICE_CUSTOM) {
			assert_string_equal(text(json, "self_test"), "passed");
			assert_true(json_number(json, "product_gflops") > 0 && json_number(json, "bandwidth_gbytes") > 0);
			clu_plan plan;
			support_ok(clu_plan_parse(text(json, "plan"), "plan", &plan, &error), &error);
		}
		cJSON_Delete(json);
	}
	assert_int_equal(lines, count);
	free(infos);
	support_result_release(&result);
}

static void table_names_the_devices(void **state)
{
	(void)state;
	clu_device_info info = support_device_info();
	char index[16];
	snprintf(index, sizeof index, "%u", info.index);
	support_result result = support_run((const char *const[]){"devices", "--device", index, NULL});
	assert_int_equal(result.code, EXIT_DONE);
	static const char *const words[] = {"GFLOP/s", "GB/s", "passed", "vendor:", "driver:", "plan:"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (!strstr(result.out, words[i])) fail_msg("no '%s' in '%s'", words[i], result.out);
	}
	assert_non_null(strstr(result.out, info.name));
	support_result_release(&result);
}

static void nothing_that_matches(void **state)
{
	(void)state;
	support_result result = support_run((const char *const[]){"devices", "--device", "no such device", NULL});
	assert_int_equal(result.code, EXIT_NO_DEVICE);
	assert_string_equal(result.out, "");
	assert_non_null(strstr(result.err, "clunroll devices: "));
	assert_non_null(strstr(result.err, "no such device"));
	assert_non_null(strstr(result.err, support_device_info().name));
	support_result_release(&result);
}

/* A machine without any driver: what it lacks, and how to get it. */
static void no_device_at_all(void **state)
{
	(void)state;
	char *directory = support_directory_create();
	const char *before = getenv("OCL_ICD_VENDORS");
	char *kept = before ? strdup(before) : NULL;
	setenv("OCL_ICD_VENDORS", directory, 1);
	support_result result = support_run((const char *const[]){"devices", NULL});
	if (kept)
		setenv("OCL_ICD_VENDORS", kept, 1);
	else
		unsetenv("OCL_ICD_VENDORS");
	free(kept);
	assert_int_equal(result.code, EXIT_NO_DEVICE);
	assert_non_null(strstr(result.err, "pocl-opencl-icd"));
	support_result_release(&result);
	support_directory_remove(directory);
}

static void wrong_usage(void **state)
{
	(void)state;
	support_result result = support_run((const char *const[]){"devices", "gpu", NULL});
	assert_int_equal(result.code, EXIT_USAGE);
	assert_non_null(strstr(result.err, "'gpu'"));
	support_result_release(&result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(json_line_for_each_device),
	    cmocka_unit_test(table_names_the_devices),
	    cmocka_unit_test(nothing_that_matches),
	    cmocka_unit_test(no_device_at_all),
	    cmocka_unit_test(wrong_usage),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
