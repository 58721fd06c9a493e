/* test_recipe_json.c: the JSON of compared recipes: figures as numbers, what is not known as null. */
#include "recipe_fixture.h"

#include "recipe_table.h"

/* The object as it is read again, and not as it was made: only what is printed has null for what is no number. */
static cJSON *read_again(cJSON *made)
{
	char *text = cJSON_Print(made);
	cJSON *json = cJSON_Parse(text);
	assert_non_null(json);
	cJSON_free(text);
	cJSON_Delete(made);
	return json;
}

static const cJSON *item(const cJSON *json, const char *list, int index)
{
	const cJSON *found = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(json, list), index);
	if (!found) fail_msg("no %s %d", list, index);
	return found;
}

static double number(const cJSON *json, const char *key)
{
	const cJSON *found = cJSON_GetObjectItemCaseSensitive(json, key);
	if (!cJSON_IsNumber(found)) fail_msg("no number \"%s\"", key);
	return found->valuedouble;
}

static void quality(void **state)
{
	(void)state;
	recipe_study *study = fixture_study("full");
	recipe_results *results = fixture_results(study);
	cJSON *json = read_again(recipe_json(results));
	assert_true(number(json, "version") == 1 && number(json, "n") == 500 && number(json, "repeat") == 2);
	assert_non_null(strstr(cJSON_GetStringValue(cJSON_GetObjectItem(item(json, "variants", 0), "recipe")), "loss=log"));
	const cJSON *network = item(item(json, "quality", 0), "networks", 0), *training = item(network, "trainings", 0);
	assert_true(number(network, "paper_db") == -43.3 && number(network, "nmse_db") == -40.5 && number(network, "best_db") == -41);
	assert_true(number(network, "dip_db") == 1.5 && number(network, "steps") == 3200 && number(network, "seconds") == 1800);
	assert_true(number(training, "dip_db") == 1.5 && number(item(training, "layers", 2), "steps") == 2400);
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(item(training, "layers", 1), "nmse_db")));
	const cJSON *unknown = item(item(json, "quality", 1), "networks", 1);
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(unknown, "paper_db")) && cJSON_IsNull(cJSON_GetObjectItem(unknown, "dip_db")));
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(item(unknown, "trainings", 0), "layers")), 0);
	cJSON_Delete(json);
	fixture_diverged(&results->quality[0][0], 0);
	fixture_diverged(&results->quality[0][0], 1);
	json = read_again(recipe_json(results));
	network = item(item(json, "quality", 0), "networks", 0);
	assert_true(number(network, "diverged") == 2 && cJSON_IsNull(cJSON_GetObjectItem(network, "best_db")));
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
	cJSON *json = read_again(recipe_json(results));
	assert_null(cJSON_GetObjectItem(json, "quality"));
	const cJSON *part = cJSON_GetObjectItem(json, "ranking");
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(part, "pairs")), 3);
	assert_true(number(item(part, "runs", 1), "seed") == 2 && number(item(part, "runs", 1), "steps_made") == 100000);
	assert_true(cJSON_IsNull(item(item(part, "runs", 2), "nmse_db", 3)));
	const cJSON *pair = item(part, "pairs", 1); /* the reference and quick-few */
	assert_true(number(pair, "reference") == 0 && number(pair, "other") == 2 && number(pair, "compared") == 4);
	assert_true(number(pair, "rho") == -1 && number(pair, "place_of_best") == 4 && number(pair, "lost_db") == 4);
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
