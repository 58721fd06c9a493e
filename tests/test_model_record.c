/* test_model_record.c: what stands beside a network, and what of it must agree for a training to go on. TEST_NEEDS: device */
#include "support.h"

#include "model_record.h"
#include "settings_json.h"

#include <stdlib.h>

static const char *text(const cJSON *json, const char *key)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, key));
}

static void a_record_says_what_and_where(void **state)
{
	(void)state;
	settings all;
	clu_error error;
	clu_device *device;
	clu_device_info info = support_device_info();
	support_ok(settings_default(&all, "quick", &error), &error);
	support_ok(clu_device_open(&info, NULL, &device, &error), &error);
	cJSON *record = model_record(&all, "0_0_1", "/from/here", "00ff", device);
	assert_string_equal(text(record, "arch"), "0_0_1");
	assert_string_equal(text(record, "from"), "/from/here");
	assert_string_equal(text(record, SETTINGS_DICTIONARY_KEY), "00ff");
	assert_string_equal(text(record, "device"), info.name);
	assert_string_equal(text(record, "driver"), info.driver);
	assert_string_equal(text(record, "platform"), info.platform);
	assert_string_equal(text(record, "key"), clu_device_key(device));
	clu_plan plan;
	support_ok(clu_plan_parse(text(record, "plan"), "the record's plan", &plan, &error), &error);
	assert_memory_equal(&plan, clu_device_plan(device), sizeof plan);
	assert_string_equal(text(record, "clunroll"), clu_version());
	/* Without where it was: the settings, architecture and start, nothing else. */
	cJSON *what = model_record_settings(record), *wanted = settings_to_json(&all);
	cJSON_AddStringToObject(wanted, "arch", "0_0_1");
	cJSON_AddStringToObject(wanted, "from", "/from/here");
	cJSON_AddStringToObject(wanted, SETTINGS_DICTIONARY_KEY, "00ff");
	assert_true(cJSON_Compare(what, wanted, true));
	cJSON_Delete(wanted);
	cJSON_Delete(what);
	cJSON_Delete(record);
	record = model_record(&all, "0_0_1", NULL, "", device);
	assert_null(cJSON_GetObjectItem(record, "from"));
	assert_null(cJSON_GetObjectItem(record, SETTINGS_DICTIONARY_KEY));
	cJSON_Delete(record);
	clu_device_destroy(device);
	settings_release(&all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_record_says_what_and_where)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
