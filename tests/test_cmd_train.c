/* test_cmd_train.c: `clunroll train` as a user meets it: what it prints and writes, how it refuses. What interrupts it is in
 * test_train_run.c.
 * TEST_NEEDS: device */
#include "json_check.h"
#include "train_fixture.h"

#include <unistd.h>

static void a_line_for_each_layer(void **state)
{
	char *model_path = support_path(*state, "m.safetensors"), *checkpoint = support_path(*state, "m.safetensors.checkpoint");
	struct line line = tiny(WORDS("--arch", "0_0_1", "-o", model_path));
	support_result result = support_run(line.words);
	expect(&result, EXIT_DONE);
	unsigned layer = 0;
	char *rest = NULL;
	for (char *text = strtok_r(result.out, "\n", &rest); text; text = strtok_r(NULL, "\n", &rest)) {
		cJSON *json = cJSON_Parse(text);
		if (!json) fail_msg("no JSON: %s", text);
		assert_true(json_number(json, "version") == 1);
		assert_true(json_number(json, "layer") == ++layer);
		assert_true(json_number(json, "steps") == 10);
		assert_true(json_number(json, "seconds") >= 0);
		assert_true(json_number(json, "nmse_db") < 5 && json_number(json, "nmse_ratio_db") < 5);
		cJSON_Delete(json);
	}
	assert_int_equal(layer, LAYERS);
	assert_int_not_equal(access(checkpoint, F_OK), 0);

	clu_model *model;
	clu_error error;
	support_ok(clu_model_load(model_path, &model, &error), &error);
	cJSON *metadata = cJSON_Parse(model->settings);
	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(metadata, "arch")), "0_0_1");
	assert_true(json_number(metadata, "m") == 10 && json_number(metadata, "batch") == 16);
	static const char *const texts[] = {"device", "driver", "key", "clunroll", "recipe"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_non_null(cJSON_GetStringValue(cJSON_GetObjectItem(metadata, texts[i])));
	cJSON_Delete(metadata);
	clu_model_destroy(model);
	support_result_release(&result);
	free(checkpoint);
	free(model_path);
}

static void finished_models_are_kept(void **state)
{
	if (support_slow_builds()) skip(); /* nothing in it hangs on the device, and each start builds kernels for seconds */
	char *model = support_path(*state, "m");
	size_t size, size_after;
	char *bytes = train_to_end(WORDS("--arch", "LISTA"), model, &size);
	struct line line = tiny(WORDS("--arch", "LISTA", "-o", model));
	support_result result = support_run(line.words);
	expect(&result, EXIT_FAILED);
	expect_in_stderr(&result, model);
	expect_in_stderr(&result, "--force");
	support_result_release(&result);

	char *after = train_to_end(WORDS("--arch", "LISTA", "--force"), model, &size_after);
	assert_int_equal(size_after, size);
	assert_memory_equal(after, bytes, size);
	free(after);
	free(bytes);
	free(model);
}

/* A model is the same file whether its first layers were trained for it or not. */
static void shared_prefixes_change_no_bit(void **state)
{
	if (support_slow_builds()) skip(); /* test_lane_prefix has the bits; each start builds kernels for seconds */
	char *alone = support_path(*state, "alone"), *first = support_path(*state, "first"), *second = support_path(*state, "second");
	char *again = support_path(*state, "again"), *prefixes = support_path(*state, "prefixes");
	size_t wanted_size, size;
	if (!support_equal_bits()) skip();
	char *wanted = train_to_end(WORDS("--arch", "0_0_1"), alone, &wanted_size);
	free(train_to_end(WORDS("--arch", "0_0_0", "--prefixes", prefixes), first, &size));
	static const char *const said[] = {"2 of 3 layers are in", "3 of 3 layers are in"};
	for (size_t i = 0; i < 2; i++) {
		const char *model = i == 0 ? second : again;
		struct line line = tiny(WORDS("--arch", "0_0_1", "--prefixes", prefixes, "-o", model));
		support_result result = support_run(line.words);
		expect(&result, EXIT_DONE);
		expect_in_stderr(&result, said[i]);
		expect_in_stderr(&result, i == 0 ? "20 steps less" : "30 steps less");
		expect_in_stderr(&result, i == 0 ? "written after 10 steps" : "written after 0 steps");
		assert_non_null(strstr(result.out, "\"layer\":1"));
		assert_non_null(strstr(result.out, "\"layer\":3"));
		support_result_release(&result);
		expect_same_bytes(model, wanted, wanted_size);
	}
	free(wanted);
	free(prefixes);
	free(again);
	free(second);
	free(first);
	free(alone);
}

/* ---- further ways to train ---- */

static void tuning_trains_the_last_layer_only(void **state)
{
	char *first = support_path(*state, "first"), *tuned = support_path(*state, "tuned");
	size_t size;
	free(train_to_end(WORDS("--arch", "LFISTA"), first, &size));
	static const char *const words[] = {"train", "--train-samples", "64", "--validation-samples", "32", "--test-samples", "32",
	    "--batch", "16", "--recipe", "paper", "--schedule", "2,5,3", "--snr", "20", "--json", NULL};
	struct line line = {{0}, 0};
	add(&line, words);
	add(&line, WORDS("--from", first, "-o", tuned));
	support_result result = support_run(line.words);
	expect(&result, EXIT_DONE);
	assert_null(strstr(result.out, "\"layer\":1"));
	assert_non_null(strstr(result.out, "\"layer\":3"));
	support_result_release(&result);

	add(&line, WORDS("--m", "11", "--force"));
	result = support_run(line.words);
	expect(&result, EXIT_USAGE);
	expect_in_stderr(&result, "found a network of 10×20 with 3 layers, wanted 11×20 with 3");
	support_result_release(&result);

	add(&line, WORDS("--setting", "size512"));
	result = support_run(line.words);
	expect(&result, EXIT_USAGE);
	expect_in_stderr(&result, "found a network of 10×20 with 3 layers, wanted 512×1024 with 3");
	support_result_release(&result);
	free(tuned);
	free(first);
}

/* Tuning goes by the dictionary and the codes of the training, unless others are given; no input is an output. */
static void tuning_goes_by_the_networks_data(void **state)
{
	char *data = support_path(*state, "data"), *dictionary = support_path(data, "dictionary.npy"),
	     *codes = support_path(data, "train_x.npy"), *others = support_path(data, "test_x.npy"),
	     *first = support_path(*state, "first"), *tuned = support_path(*state, "tuned");
	support_result result = support_run(WORDS("data", "--m", "10", "--n", "20", "--train-samples", "64", "--validation-samples",
	    "32", "--test-samples", "32", "-o", data));
	expect(&result, EXIT_DONE);
	support_result_release(&result);
	result = support_run(WORDS("train", "--arch", "LFISTA", "--dictionary", dictionary, "--train-set", codes, "--layers", "3",
	    "--batch", "16", "--schedule", "2,5,3", "-o", first));
	expect(&result, EXIT_DONE);
	support_result_release(&result);
	for (int other = 0; other < 2; other++) {
		const char *const words[] = {"train", "--from", first, "--batch", "16", "--schedule", "2,5,3", "--snr", "20", "--force",
		    "-o", tuned, other ? "--train-set" : NULL, others, NULL};
		result = support_run(words);
		expect(&result, EXIT_DONE);
		support_result_release(&result);
		clu_model *model;
		clu_error error;
		support_ok(clu_model_load(tuned, &model, &error), &error);
		assert_non_null(strstr(model->settings, dictionary));
		assert_true((strstr(model->settings, codes) == NULL) == other && (strstr(model->settings, others) != NULL) == other);
		clu_model_destroy(model);
	}
	result = support_run(WORDS("train", "--from", first, "--batch", "16", "--schedule", "2,5,3", "--force", "-o", codes));
	expect(&result, EXIT_USAGE);
	expect_in_stderr(&result, "the file of --train-set");
	support_result_release(&result);
	result = support_run(WORDS("train", "--arch", "LISTA", "--m", "10", "--n", "20", "--layers", "3", "--density", "0.2",
	    "--dictionary-rank", "5", "--train-samples", "64", "--validation-samples", "32", "--test-samples", "32", "--batch", "16",
	    "--schedule", "2,5,3", "--force", "-o", tuned));
	expect(&result, EXIT_DONE);
	support_result_release(&result);
	char *third = support_path(*state, "third"); /* what was generated for a network is no matter of others' data */
	result = support_run(WORDS("train", "--from", tuned, "--dictionary", dictionary, "--train-set", codes, "--batch", "16",
	    "--schedule", "2,5,3", "-o", third));
	expect(&result, EXIT_DONE);
	support_result_release(&result);
	free(third);
	result = support_run(WORDS("train", "--from", first, "--batch", "53", "--schedule", "2,5,3", "-o", tuned, "--force"));
	expect(&result, EXIT_USAGE);
	expect_in_stderr(&result, "--batch 53");
	support_result_release(&result);
	free(tuned);
	free(first);
	free(others);
	free(codes);
	free(dictionary);
	free(data);
}

static void dry_run_trains_nothing(void **state)
{
	char *model = support_path(*state, "m");
	struct line line = tiny(WORDS("--arch", "LISTA", "-o", model, "--dry-run"));
	support_result result = support_run(line.words);
	expect(&result, EXIT_DONE);
	cJSON *json = cJSON_Parse(result.out);
	assert_non_null(json);
	assert_true(json_number(json, "steps") == 30);
	assert_true(json_number(json, "flop") > 0 && json_number(json, "seconds") > 0 && json_number(json, "steps_per_second") > 0);
	cJSON_Delete(json);
	support_result_release(&result);
	assert_int_equal(rmdir(*state), 0); /* nothing was left there */
	assert_int_equal(mkdir(*state, 0700), 0);
	free(model);
}

static void printed_recipes_can_be_used(void **state)
{
	char *path = support_path(*state, "recipe.txt");
	support_result result = support_run(WORDS("train", "--print-recipe", "--recipe", "fast", "--set", "decay=0.75"));
	expect(&result, EXIT_DONE);
	support_write(path, result.out, strlen(result.out));
	support_result again = support_run(WORDS("train", "--print-recipe", "--recipe", path));
	expect(&again, EXIT_DONE);
	assert_non_null(strstr(again.out, "decay 0.75\n"));
	assert_string_equal(again.out, result.out);
	support_result_release(&again);
	support_result_release(&result);
	free(path);
}

/* ---- refusals ---- */

static void wrong_usage(void **state)
{
	(void)state;
	static const struct {
		const char *words[5];
		const char *named;
	} cases[] = {
	    {{"-o", "m"}, "--arch"},
	    {{"--arch", "LISTA"}, "-o"},
	    {{"--arch", "LISTAA", "-o", "m"}, "LISTAA"},
	    {{"--arch", "0_0_9", "-o", "m"}, "9"},
	    {{"--arch", "0_0", "-o", "m"}, "3"},
	    {{"--arch", "LISTA", "-o", "m", "extra"}, "'extra'"},
	    {{"--batch", "65", "--arch", "LISTA"}, "-o"},
	    {{"--recipe", "slow"}, "slow"},
	    {{"--schedule", "1,2", "--arch", "LISTA", "-om"}, "1,2"},
	    {{"--layers", "33"}, "--layers 33"},
	    {{"--checkpoint", "0.01s"}, "must be 0.1 s at least"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct line line = tiny((const char *const[]){NULL});
		for (size_t j = 0; j < 5 && cases[i].words[j]; j++) add(&line, WORDS(cases[i].words[j]));
		support_result result = support_run(line.words);
		if (result.code != EXIT_USAGE) fail_msg("case %zu: exit code %d, %s", i, result.code, result.err);
		assert_string_equal(result.out, "");
		expect_in_stderr(&result, "clunroll train: ");
		expect_in_stderr(&result, cases[i].named);
		support_result_release(&result);
	}
}

/* A file of options is a part of the command line where it can be read. */
static void wrong_files_of_options(void **state)
{
	char *recipe = support_path(*state, "recipe"), *plan = support_path(*state, "plan"), *model = support_path(*state, "m");
	support_write(recipe, "name mine\nform sideways\n", 24);
	support_write(plan, "plan 2\nvector many\n", 19);
	const struct {
		const char *option, *path, *named;
		int code;
	} cases[] = {
	    {"--recipe", recipe, "sideways", EXIT_USAGE},
	    {"--recipe", "/no/such/recipe", "/no/such/recipe", EXIT_FAILED},
	    {"--plan", plan, "many", EXIT_USAGE},
	    {"--plan", "/no/such/plan", "/no/such/plan", EXIT_FAILED},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct line line = tiny(WORDS("--arch", "LISTA", "-o", model, cases[i].option, cases[i].path));
		support_result result = support_run(line.words);
		expect(&result, cases[i].code);
		expect_in_stderr(&result, cases[i].named);
		support_result_release(&result);
	}
	free(model);
	free(plan);
	free(recipe);
}

/* Found before the training, not after. */
static void unwritable_places(void **state)
{
	char *missing = support_path(*state, "no-such-directory/m");
	const char *const paths[] = {missing, "/dev/null/m", *state};
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		struct line line = tiny(WORDS("--arch", "LISTA", "-o", paths[i], "--force", "--schedule", "1000000,1000000,1000000"));
		support_result result = support_run(line.words);
		expect(&result, EXIT_FAILED);
		expect_in_stderr(&result, paths[i]);
		support_result_release(&result);
	}
	char *model = support_path(*state, "m");
	struct line line = tiny(WORDS("--arch", "LISTA", "-o", model, "--prefixes", missing));
	support_result result = support_run(line.words);
	expect(&result, EXIT_FAILED);
	expect_in_stderr(&result, missing);
	support_result_release(&result);
	free(model);
	free(missing);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_line_for_each_layer, support_enter, support_leave),
	    cmocka_unit_test_setup_teardown(finished_models_are_kept, support_enter, support_leave),
	    cmocka_unit_test_setup_teardown(shared_prefixes_change_no_bit, support_enter, support_leave),
	    cmocka_unit_test_setup_teardown(tuning_trains_the_last_layer_only, support_enter, support_leave),
	    cmocka_unit_test_setup_teardown(tuning_goes_by_the_networks_data, support_enter, support_leave),
	    cmocka_unit_test_setup_teardown(dry_run_trains_nothing, support_enter, support_leave),
	    cmocka_unit_test_setup_teardown(printed_recipes_can_be_used, support_enter, support_leave),
	    cmocka_unit_test_setup_teardown(wrong_usage, support_enter, support_leave),
	    cmocka_unit_test_setup_teardown(wrong_files_of_options, support_enter, support_leave),
	    cmocka_unit_test_setup_teardown(unwritable_places, support_enter, support_leave),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
