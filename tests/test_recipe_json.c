/* test_recipe_json.c: the JSON of compared recipes: figures as numbers, what is not known as null. */
#include "json_check.h"
#include "recipe_fixture.h"

#include "recipe_table.h"

static void quality(void **state)
{
	(void)state;
	recipe_study *study = fixture_study("full");
	recipe_results *results = fixture_results(study);
	cJSON *json = json_read_again(recipe_json(results));
	assert_true(json_number(json, "version") == 1 && json_number(json, "n") == 500 && json_number(json, "repeat") == 2);
	assert_non_null(strstr(cJSON_GetStringValue(cJSON_GetObjectItem(json_item(json, "variants", 0), "recipe")), "loss=log"));
	const cJSON *network = json_item(json_item(json, "quality", 0), "networks", 0), *training = json_item(network, "trainings", 0);
	assert_true(json_number(network, "paper_db") == -43.3 && json_number(network, "nmse_db") == -40.5 &&
	            json_number(network, "best_db") == -41);
	assert_true(
	    json_number(network, "dip_db") == 1.5 && json_number(network, "steps") == 3200 && json_number(network, "seconds") == 1800);
	assert_true(json_number(training, "dip_db") == 1.5 && json_number(json_item(training, "layers", 2), "steps") == 2400);
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(json_item(training, "layers", 1), "nmse_db")));
	const cJSON *unknown = json_item(json_item(json, "quality", 1), "networks", 1);
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(unknown, "paper_db")) && cJSON_IsNull(cJSON_GetObjectItem(unknown, "dip_db")));
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(json_item(unknown, "trainings", 0), "layers")), 0);
	cJSON_Delete(json);
	fixture_diverged(&results->quality[0][0], 0);
	fixture_diverged(&results->quality[0][0], 1);
	json = json_read_again(recipe_json(results));
	network = json_item(json_item(json, "quality", 0), "networks", 0);
	assert_true(json_number(network, "diverged") == 2 && cJSON_IsNull(cJSON_GetObjectItem(network, "best_db")));
	cJSON_Delete(json);
	free(results);
	free(study);
}

static void ranking(void **state)
{
	(void)state;
	recipe_study *study = fixture_study("full");
	recipe_results *results = fixture_results(study);
	results->quality_count = 0;
	cJSON *json = json_read_again(recipe_json(results));
	assert_null(cJSON_GetObjectItem(json, "quality"));
	const cJSON *part = cJSON_GetObjectItem(json, "ranking");
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(part, "pairs")), 3);
	assert_true(
	    json_number(json_item(part, "runs", 1), "seed") == 2 && json_number(json_item(part, "runs", 1), "steps_made") == 100000);
	assert_true(cJSON_IsNull(json_item(json_item(part, "runs", 2), "nmse_db", 3)));
	const cJSON *pair = json_item(part, "pairs", 1); /* the reference and quick-few */
	assert_true(json_number(pair, "reference") == 0 && json_number(pair, "other") == 2 && json_number(pair, "compared") == 4);
	assert_true(json_number(pair, "rho") == -1 && json_number(pair, "place_of_best") == 4 && json_number(pair, "lost_db") == 4);
	cJSON_Delete(json);
	free(results);
	free(study);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(quality),
	    cmocka_unit_test(ranking),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
