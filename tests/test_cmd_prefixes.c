/* test_cmd_prefixes.c: `clunroll prefixes` as a user meets it: what it shows as text and as JSON, a cap that holds from then on,
 * clearing, places that are no directory of prefixes. */
#include "json_check.h"
#include "prefix.h"
#include "support.h"

#include "message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BYTES = 4000 };

/* Two prefixes of one layer, one of three, the last from another recipe; two trainings have started at them. */
static int enter(void **state)
{
	char *directory = support_directory_create(), bytes[BYTES] = "";
	clu_prefixes *prefixes;
	clu_error error;
	support_ok(clu_prefixes_open(directory, NULL, NULL, &prefixes, &error), &error);
	const clu_prefix about[] = {{1, 10, 0, "fast"}, {1, 10, 0, "fast"}, {3, 30, 0, "mine"}};
	for (int i = 0; i < 3; i++) {
		char key[32];
		snprintf(key, sizeof key, "key %d\n", i);
		prefix_store(prefixes, key, &about[i], bytes, BYTES);
	}
	prefix_count(prefixes, 3, 30);
	prefix_count(prefixes, 3, 30);
	clu_prefixes_destroy(prefixes);
	*state = directory;
	return 0;
}

static support_result run(const char *const *arguments, int code)
{
	support_result result = support_run(arguments);
	if (result.code != code) fail_msg("exit code %d, wanted %d: %s", result.code, code, result.err);
	return result;
}

static void text_shows_depths_uses_and_recipes(void **state)
{
	support_result result = run((const char *[]){"prefixes", *state, NULL}, EXIT_DONE);
	static const char *const words[] = {"3 prefixes, ", "of at most 2.0 GiB", "2 trainings started at one, 60 steps saved",
	    "recipes: fast 2, mine 1", "     3          1     4.0 KiB          2            60"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (!strstr(result.out, words[i])) fail_msg("'%s' is not in '%s'", words[i], result.out);
	support_result_release(&result);
}

static void json_says_the_same(void **state)
{
	support_result result = run((const char *[]){"prefixes", *state, "--json", NULL}, EXIT_DONE);
	cJSON *json = cJSON_Parse(result.out);
	assert_non_null(json);
	assert_true(json_number(json, "version") == 1 && json_number(json, "prefixes") == 3 && json_number(json, "starts") == 2);
	assert_true(json_number(json, "steps_saved") == 60 && json_number(json, "cap_bytes") == (double)CLU_PREFIXES_BYTES);
	assert_true(json_number(json, "bytes") > 3 * BYTES && json_number(json, "bytes") < 3 * (BYTES + 256));
	const cJSON *depths = cJSON_GetObjectItem(json, "depths"), *deep = cJSON_GetArrayItem(depths, 1);
	assert_int_equal(cJSON_GetArraySize(depths), 2);
	assert_true(json_number(deep, "layers") == 3 && json_number(deep, "prefixes") == 1 && json_number(deep, "steps_saved") == 60);
	assert_true(json_number(cJSON_GetObjectItem(json, "recipes"), "fast") == 2);
	cJSON_Delete(json);
	support_result_release(&result);
}

static void a_cap_removes_and_holds(void **state)
{
	support_result result = run((const char *[]){"prefixes", *state, "--cap", "9K", "--json", NULL}, EXIT_DONE);
	cJSON *json = cJSON_Parse(result.out);
	assert_true(json_number(json, "prefixes") == 2 && json_number(json, "cap_bytes") == 9 * 1024);
	cJSON_Delete(json);
	support_result_release(&result);
	clu_prefixes *prefixes;
	clu_error error;
	support_ok(clu_prefixes_open(*state, NULL, NULL, &prefixes, &error), &error);
	assert_true(clu_prefixes_limit(prefixes) == 9 * 1024);
	clu_prefixes_destroy(prefixes);
}

static void clearing_leaves_nothing(void **state)
{
	support_result result = run((const char *[]){"prefixes", *state, "--clear", NULL}, EXIT_DONE);
	assert_non_null(strstr(result.out, "0 prefixes, 0 B"));
	assert_non_null(strstr(result.out, "0 trainings"));
	support_result_release(&result);
}

static void wrong_usage(void **state)
{
	char *missing = support_path(*state, "no-such-directory"), *file = support_path(*state, "file");
	support_write(file, "x", 1);
	const struct {
		const char *words[6];
		int code;
		const char *named;
	} cases[] = {
	    {{"prefixes", NULL}, EXIT_USAGE, "DIR"},
	    {{"prefixes", *state, "more", NULL}, EXIT_USAGE, "more"},
	    {{"prefixes", *state, "--cap", "many", NULL}, EXIT_USAGE, "many"},
	    {{"prefixes", *state, "--cap", "-1", NULL}, EXIT_USAGE, "--cap"},
	    {{"prefixes", *state, "--cap", "3GB", NULL}, EXIT_USAGE, "3GB"},
	    {{"prefixes", *state, "--nonsense", NULL}, EXIT_USAGE, "nonsense"},
	    {{"prefixes", missing, NULL}, EXIT_FAILED, missing},
	    {{"prefixes", file, NULL}, EXIT_FAILED, file},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		support_result result = run(cases[i].words, cases[i].code);
		if (!strstr(result.err, cases[i].named)) fail_msg("'%s' is not in '%s'", cases[i].named, result.err);
		support_result_release(&result);
	}
	assert_int_not_equal(access(missing, F_OK), 0);
	free(missing);
	free(file);
}

int main(void)
{
#define PREFIXES_TEST(name) cmocka_unit_test_setup_teardown(name, enter, support_leave)
	const struct CMUnitTest tests[] = {
	    PREFIXES_TEST(text_shows_depths_uses_and_recipes),
	    PREFIXES_TEST(json_says_the_same),
	    PREFIXES_TEST(a_cap_removes_and_holds),
	    PREFIXES_TEST(clearing_leaves_nothing),
	    PREFIXES_TEST(wrong_usage),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
