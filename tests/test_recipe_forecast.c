/* test_recipe_forecast.c: a dry run counts what is missing of both parts, and writes nothing. TEST_NEEDS: device */
#include "json_check.h"
#include "support.h"

#include "message.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void expect_line(const char *line, const char *part, double missing, double there, double steps)
{
	cJSON *json = cJSON_Parse(line);
	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(json, "part")), part);
	if (json_number(json, "missing") != missing || json_number(json, "there") != there || json_number(json, "steps") != steps)
		fail_msg("%s", line);
	assert_true(json_number(json, "seconds") > 0);
	cJSON_Delete(json);
}

static void both_parts(void **state)
{
	(void)state;
	if (support_tiny()) skip();
	char *directory = support_directory_create(), *models = support_path(directory, "models"),
	     *model = support_path(directory, "models/lista-10x20-noiseless-quick-tiny-seed1.safetensors");
	assert_int_equal(mkdir(models, 0777), 0);
	support_write(model, "", 0);
	support_result result = support_run(WORDS("reproduce", "recipe", "--scale", "tiny", "--variants", "quick", "--arch",
	    "LISTA,Dense", "--repeat", "2", "--random", "3", "--dry-run", "--json", "-o", directory));
	if (result.code != EXIT_DONE) fail_msg("%s", result.err);
	char *rest = NULL, *quality = strtok_r(result.out, "\n", &rest), *ranking = strtok_r(NULL, "\n", &rest),
	     *again = strtok_r(NULL, "\n", &rest);
	assert_non_null(again);
	expect_line(quality, "quality", 3, 1, 3 * (15 * 4 + 24));
	expect_line(ranking, "ranking", 7, 0, 7 * (5 * 4 + 24));
	expect_line(again, "ranking", 7, 0, 7 * (5 * 4 + 24));
	assert_null(strtok_r(NULL, "\n", &rest));
	support_result_release(&result);
	char *studies = support_path(directory, "ranking");
	assert_int_not_equal(access(studies, F_OK), 0);
	free(studies);
	free(model);
	free(models);
	support_directory_remove(directory);
}

/* Patience gives a lower bound. */
static void for_people(void **state)
{
	(void)state;
	if (support_tiny()) skip();
	support_result result = support_run(WORDS(
	    "reproduce", "recipe", "--scale", "tiny", "--variants", "quick,paper", "--part", "ranking", "--dry-run", "-o", "nowhere"));
	if (result.code != EXIT_DONE) fail_msg("%s", result.err);
	if (!strstr(result.out, "at least") || !strstr(result.out, "quick, seed 2")) fail_msg("%s", result.out);
	assert_null(strstr(result.out, "quality"));
	assert_int_not_equal(access("nowhere", F_OK), 0);
	support_result_release(&result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(both_parts),
	    cmocka_unit_test(for_people),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
