/* test_message.c: which exit code an error becomes. Scripts decide by them, so that a change of one is a break. */
#include "support.h"

#include "message.h"

#include <math.h>
#include <stdio.h>

static void exit_codes(void **state)
{
	(void)state;
	static const struct {
		clu_status status;
		int code;
	} cases[] = {
	    {CLU_OK, 0},
	    {CLU_ARGUMENT, 2},
	    {CLU_MEMORY, 1},
	    {CLU_FILE, 1},
	    {CLU_FORMAT, 1},
	    {CLU_NO_DEVICE, 4},
	    {CLU_SIZE, 1},
	    {CLU_BUILD, 4},
	    {CLU_DEVICE, 1},
	    {CLU_SELF_TEST, 4},
	    {CLU_NUMERIC, 1},
	    {CLU_MISMATCH, 6},
	};
	report_command("test");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		clu_error error = {.status = cases[i].status};
		snprintf(error.message, sizeof error.message, "%s", clu_status_text(cases[i].status));
		assert_int_equal(report_error(&error), cases[i].code);
	}
	assert_int_equal(report_usage("wanted for %s", "the test"), 2);
	assert_int_equal(report_usage_hint(), 2);
}

static void json_has_a_version_and_no_nan(void **state)
{
	(void)state;
	cJSON *json = report_json_begin();
	cJSON_AddNumberToObject(json, "nmse_db", NAN);
	char *text = cJSON_PrintUnformatted(json);
	assert_string_equal(text, "{\"version\":1,\"nmse_db\":null}");
	cJSON_free(text);
	cJSON_Delete(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(exit_codes), cmocka_unit_test(json_has_a_version_and_no_nan)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
