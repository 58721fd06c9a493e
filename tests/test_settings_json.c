/* test_settings_json.c: settings survive the way through JSON text, and differences are named with both values. */
#include "support.h"

#include "options.h"
#include "settings_json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void assert_same_settings(const settings *a, const settings *b)
{
	cJSON *a_json = settings_to_json(a), *b_json = settings_to_json(b);
	char *difference = settings_difference(a_json, b_json);
	assert_string_equal(difference, "");
	free(difference);
	cJSON_Delete(a_json);
	cJSON_Delete(b_json);
}

static void round_trip(void **state)
{
	(void)state;
	settings given, back;
	clu_error error;
	support_ok(settings_default(&given, "fast", &error), &error);
	given.problem = (clu_problem){.m = 7, .n = 4096, .seed = SEED_MAX, .train = 1001, .validation = 13};
	/* More digits than JSON keeps: they must not come back as another number. */
	support_ok(settings_option(&given, OPTION_DENSITY, "0.33333333333333331", &error), &error);
	support_ok(settings_option(&given, OPTION_SNR, "19.999999999999996", &error), &error);
	given.layers = 32;
	given.batch = 3;
	given.seed = SEED_MAX - 1;
	given.recipe.decay = 0.1;
	given.recipe.stage[0].rate = given.recipe.stage[0].rate_last = 1.0 / 7.0;
	support_ok(settings_option(&given, OPTION_TRAIN_SET, "/data/x \"1\".npy", &error), &error);
	cJSON *json = settings_to_json(&given);
	char *text = cJSON_PrintUnformatted(json);
	cJSON_Delete(json);
	json = cJSON_Parse(text);
	support_ok(settings_from_json(json, &back, &error), &error);

	assert_int_equal(back.problem.m, 7);
	assert_int_equal(back.problem.n, 4096);
	assert_true(back.problem.density == given.problem.density && back.problem.snr_db == given.problem.snr_db);
	assert_true(back.problem.seed == SEED_MAX && back.seed == SEED_MAX - 1);
	assert_int_equal(back.problem.train, 1001);
	assert_int_equal(back.problem.validation, 13);
	assert_int_equal(back.problem.test, 0);
	assert_int_equal(back.layers, 32);
	assert_int_equal(back.batch, 3);
	assert_string_equal(back.train_x, "/data/x \"1\".npy");
	assert_null(back.dictionary);
	assert_true(back.recipe.decay == 0.1 && back.recipe.stage[0].rate == 1.0 / 7.0);
	assert_same_settings(&given, &back);
	settings_release(&given);
	settings_release(&back);
	cJSON_Delete(json);
	cJSON_free(text);
}

static void codes_and_noise_go_round(void **state)
{
	(void)state;
	static const struct {
		int option;
		const char *value, *key;
	} changes[] = {
	    {OPTION_CODES, "gamma", "codes"},
	    {OPTION_GAMMA_SHAPE, "0.33333333333333331", "gamma_shape"}, /* more digits than JSON keeps, here too */
	    {OPTION_GAMMA_SCALE, "2.5e-3", "gamma_scale"},
	    {OPTION_DICTIONARY_RANK, "199", "dictionary_rank"},
	    {OPTION_PERTURBATION, "0.0010000000000000002", "perturbation"},
	    {OPTION_SALT_PEPPER, "0.01", "salt_pepper"},
	};
	settings given, back;
	clu_error error;
	support_ok(settings_default(&given, "paper", &error), &error);
	/* At their defaults nothing of them is written: an older study has equal settings. */
	cJSON *json = settings_to_json(&given);
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) assert_false(cJSON_HasObjectItem(json, changes[i].key));
	support_ok(settings_from_json(json, &back, &error), &error);
	assert_true(back.problem.codes == CLU_CODES_BERNOULLI_GAUSSIAN && back.problem.gamma_shape == given.problem.gamma_shape);
	assert_true(back.problem.rank == 0 && back.problem.perturbation == 0 && back.problem.salt_pepper == 0);
	settings_release(&back);
	cJSON_Delete(json);

	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
		support_ok(settings_option(&given, changes[i].option, changes[i].value, &error), &error);
	json = settings_to_json(&given);
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) assert_true(cJSON_HasObjectItem(json, changes[i].key));
	char *text = cJSON_PrintUnformatted(json);
	cJSON_Delete(json);
	json = cJSON_Parse(text);
	support_ok(settings_from_json(json, &back, &error), &error);
	const clu_problem *there = &given.problem, *here = &back.problem;
	assert_true(here->codes == CLU_CODES_GAMMA && here->rank == 199 && here->salt_pepper == 0.01);
	assert_true(here->gamma_shape == there->gamma_shape && here->gamma_scale == there->gamma_scale);
	assert_true(here->perturbation == there->perturbation && here->perturbation > 0);
	assert_same_settings(&given, &back);
	settings_release(&given);
	settings_release(&back);
	cJSON_Delete(json);
	cJSON_free(text);
}

static void no_noise_is_a_text(void **state)
{
	(void)state;
	settings given, back;
	clu_error error;
	support_ok(settings_default(&given, "paper", &error), &error);
	cJSON *json = settings_to_json(&given);
	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(json, "snr_db")), "inf");
	support_ok(settings_from_json(json, &back, &error), &error);
	assert_true(isinf(back.problem.snr_db) && back.problem.snr_db > 0);
	settings_release(&given);
	settings_release(&back);
	cJSON_Delete(json);
}

static void relative_paths_become_absolute(void **state)
{
	(void)state;
	settings given;
	clu_error error;
	support_ok(settings_default(&given, "paper", &error), &error);
	support_ok(settings_option(&given, OPTION_DICTIONARY, "some/D.npy", &error), &error);
	cJSON *json = settings_to_json(&given);
	const char *path = cJSON_GetStringValue(cJSON_GetObjectItem(json, "dictionary"));
	assert_int_equal(path[0], '/');
	assert_non_null(strstr(path, "/some/D.npy"));
	settings_release(&given);
	cJSON_Delete(json);
}

static void bad_json_is_refused(void **state)
{
	(void)state;
	static const char *const cases[] = {
	    "[]",
	    "{\"m\": 0}",
	    "{\"m\": 2.5}",
	    "{\"n\": 5000}",
	    "{\"batch\": true}",
	    "{\"snr_db\": {}}",
	    "{\"density\": -1}",
	    "{\"recipe\": 3}",
	    "{\"recipe\": \"no recipe at all\"}",
	    "{\"layers\": \"many\"}",
	    "{\"codes\": 1}",
	    "{\"codes\": \"beta\"}",
	    "{\"gamma_shape\": 0}",
	    "{\"dictionary_rank\": -1}",
	    "{\"perturbation\": null}",
	    "{\"salt_pepper\": 2}",
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		settings back;
		clu_error error;
		cJSON *json = cJSON_Parse(cases[i]);
		if (settings_from_json(json, &back, &error) == CLU_OK) fail_msg("%s was taken", cases[i]);
		cJSON_Delete(json);
	}
}

static void check_difference(const char *here, const char *there, const char *wanted)
{
	cJSON *a = cJSON_Parse(here), *b = cJSON_Parse(there);
	assert_non_null(a);
	assert_non_null(b);
	char *difference = settings_difference(a, b);
	assert_string_equal(difference, wanted);
	free(difference);
	cJSON_Delete(a);
	cJSON_Delete(b);
}

static void differences(void **state)
{
	(void)state;
	check_difference("{\"batch\":128}", "{\"batch\":128}", "");
	check_difference("{\"batch\":128,\"m\":1}", "{\"m\":1,\"batch\":64}", "batch: 128 here, 64 there");
	check_difference("{\"a\":1,\"b\":2}", "{\"a\":2,\"b\":3}", "a: 1 here, 2 there; b: 2 here, 3 there");
	check_difference("{\"snr_db\":\"inf\"}", "{\"snr_db\":40}", "snr_db: \"inf\" here, 40 there");
	check_difference("{}", "{\"train_set\":\"/x.npy\"}", "train_set: none here, \"/x.npy\" there");
	check_difference("{\"train_set\":\"/x.npy\"}", "{}", "train_set: \"/x.npy\" here, none there");
}

/* Of a recipe only the lines that differ are shown. */
static void recipes_differ_by_line(void **state)
{
	(void)state;
	check_difference("{\"recipe\":\"name a\\ndecay 0.3\\nstage x\\n\"}", "{\"recipe\":\"name a\\ndecay 0.5\\nstage x\\n\"}",
	    "recipe: decay 0.3 here, decay 0.5 there");
	check_difference("{\"recipe\":\"name a\\nstage x\\n\"}", "{\"recipe\":\"name a\\nstage x\\nstage y\\n\"}",
	    "recipe: none here, stage y there");
}

static const char own_recipe[] =
    "name a\nform sum\nstart repeat\nthreshold 0.4\ndecay 1\nbeta1 0.9\nbeta2 0.999\nepsilon 1e-7\nvalidate_every 800\n";

/* Settings of that recipe with one stage. */
static char *with_stage(const char *more, const char *stage)
{
	char text[1024];
	snprintf(text, sizeof text, "%s%sstage variables=all rate=4e-3 %s\n", own_recipe, more, stage);
	cJSON *json = cJSON_CreateObject();
	cJSON_AddStringToObject(json, "recipe", text);
	char *settings = cJSON_PrintUnformatted(json);
	cJSON_Delete(json);
	return settings;
}

/* How a recipe was written does not count, what it says does. */
static void recipes_that_train_alike_are_equal(void **state)
{
	(void)state;
	static const struct {
		const char *more, *stage;
		const char *difference;
	} cases[] = {
	    {"", "fall=0.82 length=80", ""},
	    {"", "rate_last=0.004 fall=0.82 length=80 length_last=80", ""},
	    {"rate_w 1\nlayers_at all\n", "cap=0 keep=last part=all loss=squares fall=0.820 length=80", ""},
	    {"", "fall=0.82 floor=0.1 length=80", ""}, /* of a flat curve */
	    {"rate_w 2\n", "fall=0.82 length=80", "rate_w 2 there"},
	};
	char *here = with_stage(cases[0].more, cases[0].stage);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *there = with_stage(cases[i].more, cases[i].stage);
		cJSON *a = cJSON_Parse(here), *b = cJSON_Parse(there);
		char *difference = settings_difference(a, b);
		if ((difference[0] != '\0') != (cases[i].difference[0] != '\0') || !strstr(difference, cases[i].difference))
			fail_msg("case %zu: %s", i, difference);
		free(difference);
		cJSON_Delete(a);
		cJSON_Delete(b);
		cJSON_free(there);
	}
	cJSON_free(here);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(round_trip),
	    cmocka_unit_test(codes_and_noise_go_round),
	    cmocka_unit_test(no_noise_is_a_text),
	    cmocka_unit_test(relative_paths_become_absolute),
	    cmocka_unit_test(bad_json_is_refused),
	    cmocka_unit_test(differences),
	    cmocka_unit_test(recipes_differ_by_line),
	    cmocka_unit_test(recipes_that_train_alike_are_equal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
