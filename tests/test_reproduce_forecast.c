/* test_reproduce_forecast.c: a dry run counts what is missing, each network once, and writes nothing.
 * TEST_NEEDS: device */
#include "json_check.h"
#include "support.h"

#include "message.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Rows f and g take b's networks: of the three rows one trains. */
static void each_network_once(void **state)
{
	(void)state;
	if (support_tiny()) skip();
	char *directory = support_directory_create(), *models = support_path(directory, "models"),
	     *model = support_path(directory, "models/lista-10x20-noiseless-quick-seed1.safetensors");
	assert_int_equal(mkdir(models, 0777), 0);
	support_write(model, "", 0);
	support_result result = support_run(WORDS("reproduce", "table1", "--scale", "tiny", "--rows", "b,f,g", "--arch", "LISTA,Dense",
	    "--repeat", "3", "--dry-run", "--json", "-o", directory));
	if (result.code != EXIT_DONE) fail_msg("%s", result.err);
	cJSON *json = cJSON_Parse(result.out);
	assert_true(json_number(json, "missing") == 5 && json_number(json, "there") == 1);
	assert_true(json_number(json, "steps") == 5 * (15 * 400 + 2400));
	assert_true(json_number(json, "seconds") > 0);
	assert_null(strchr(strchr(result.out, '\n') + 1, '\n')); /* one line */
	cJSON_Delete(json);
	support_result_release(&result);
	char *table = support_path(directory, "table1-tiny.md");
	assert_int_not_equal(access(table, F_OK), 0);
	free(table);
	free(model);
	free(models);
	support_directory_remove(directory);
}

/* The paper's four, and three with neurons that select the support. */
static void networks_by_default(void **state)
{
	(void)state;
	if (support_tiny()) skip();
	support_result result =
	    support_run(WORDS("reproduce", "table1", "--scale", "tiny", "--rows", "c", "--dry-run", "--json", "-o", "nowhere"));
	if (result.code != EXIT_DONE) fail_msg("%s", result.err);
	cJSON *json = cJSON_Parse(result.out);
	assert_true(json_number(json, "missing") == 7);
	cJSON_Delete(json);
	support_result_release(&result);
}

/* Patience gives a lower bound. */
static void for_people(void **state)
{
	(void)state;
	if (support_tiny()) skip();
	support_result result = support_run(WORDS("reproduce", "table1", "--scale", "tiny", "--rows", "c", "--arch", "LISTA",
	    "--recipe", "paper", "--dry-run", "-o", "nowhere"));
	if (result.code != EXIT_DONE) fail_msg("%s", result.err);
	assert_non_null(strstr(result.out, "at least"));
	assert_int_not_equal(access("nowhere", F_OK), 0);
	support_result_release(&result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_network_once),
	    cmocka_unit_test(networks_by_default),
	    cmocka_unit_test(for_people),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
