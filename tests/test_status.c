/* test_status.c: every status has a text of its own, and clu_fail fills an error once, cut to its room. */
#include "support.h"

#include "status.h"

#include <string.h>

static void test_texts(void **state)
{
	(void)state;
	for (int a = CLU_OK; a <= CLU_MISMATCH; a++) {
		assert_true(clu_status_text((clu_status)a)[0] != '\0');
		assert_string_not_equal(clu_status_text((clu_status)a), clu_status_text((clu_status)999));
		for (int b = CLU_OK; b < a; b++) assert_string_not_equal(clu_status_text((clu_status)a), clu_status_text((clu_status)b));
	}
	assert_string_equal(clu_status_text((clu_status)999), "unknown status");
	assert_string_equal(clu_version(), CLUNROLL_VERSION);
}

static void test_fail(void **state)
{
	(void)state;
	clu_error error = {CLU_OK, "before"};
	assert_int_equal(clu_fail(&error, CLU_SIZE, "%u of %s", 7u, "lanes"), CLU_SIZE);
	assert_int_equal(error.status, CLU_SIZE);
	assert_string_equal(error.message, "7 of lanes");
	assert_int_equal(clu_fail(NULL, CLU_FILE, "nobody reads this"), CLU_FILE);
	char longer[2 * sizeof error.message];
	memset(longer, 'x', sizeof longer);
	longer[sizeof longer - 1] = '\0';
	clu_fail(&error, CLU_FORMAT, "%s", longer);
	assert_int_equal(strlen(error.message), sizeof error.message - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_texts), cmocka_unit_test(test_fail)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
