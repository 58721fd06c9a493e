/* test_cmd_eval.c: `clunroll eval` on a network that `clunroll train` has just made: the same figures where the conditions are the
 * same, others where options change them.
 * TEST_NEEDS: device */
#include "json_check.h"
#include "support.h"

#include "message.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

struct fixture {
	char *directory, *model;
	double nmse_db, nmse_ratio_db; /* of the last layer, as train said */
};

/* Parses the last line; the caller deletes it. */
static cJSON *last_line(char *text)
{
	size_t length = strlen(text);
	assert_true(length > 0 && text[length - 1] == '\n');
	text[length - 1] = '\0';
	const char *line = strrchr(text, '\n');
	cJSON *json = cJSON_Parse(line ? line + 1 : text);
	if (!json) fail_msg("no JSON: %s", text);
	return json;
}

/* Writes the data sets of the tiny problem as files; the caller frees the directory's name. */
static char *write_data(const struct fixture *fixture, const char *name)
{
	char *directory = support_path(fixture->directory, name);
	support_result result = support_run(WORDS("data", "--m", "10", "--n", "20", "--density", "0.2", "--train-samples", "64",
	    "--validation-samples", "1", "--test-samples", "33", "-o", directory));
	assert_int_equal(result.code, EXIT_DONE);
	support_result_release(&result);
	return directory;
}

/* One training for all tests. */
static int enter(void **state)
{
	static struct fixture fixture;
	fixture.directory = support_directory_create();
	fixture.model = support_path(fixture.directory, "m");
	support_result result = support_run(WORDS("train", "--arch", "LISTA", "--m", "10", "--n", "20", "--density", "0.2", "--layers",
	    "2", "--train-samples", "64", "--validation-samples", "32", "--test-samples", "33", "--batch", "16", "--schedule", "5,30,5",
	    "--json", "-o", fixture.model));
	if (result.code != EXIT_DONE) return -1;
	cJSON *json = last_line(result.out);
	fixture.nmse_db = json_number(json, "nmse_db");
	fixture.nmse_ratio_db = json_number(json, "nmse_ratio_db");
	cJSON_Delete(json);
	support_result_release(&result);
	*state = &fixture;
	return 0;
}

static int leave(void **state)
{
	struct fixture *fixture = *state;
	free(fixture->model);
	support_directory_remove(fixture->directory);
	return 0;
}

/* Evaluates with further arguments and returns the last line; the caller deletes it. */
static cJSON *eval(const struct fixture *fixture, const char *const *more)
{
	const char *words[16] = {"eval", fixture->model, "--json"};
	for (size_t i = 0; more[i]; i++) words[3 + i] = more[i];
	support_result result = support_run(words);
	if (result.code != EXIT_DONE) fail_msg("exit code %d: %s", result.code, result.err);
	cJSON *json = last_line(result.out);
	support_result_release(&result);
	return json;
}

static void same_conditions_same_figures(void **state)
{
	const struct fixture *fixture = *state;
	cJSON *json = eval(fixture, (const char *const[]){NULL});
	assert_true(json_number(json, "version") == 1 && json_number(json, "samples") == 33);
	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(json, "snr_db")), "inf");
	/* Training measures on the device, in float32. */
	double difference = fabs(json_number(json, "nmse_db") - fixture->nmse_db);
	double ratio_difference = fabs(json_number(json, "nmse_ratio_db") - fixture->nmse_ratio_db);
	if (!(difference < 1e-3 && ratio_difference < 1e-3)) fail_msg("NMSE differs by %g and %g dB", difference, ratio_difference);
	cJSON_Delete(json);
}

static void noise_by_the_list(void **state)
{
	const struct fixture *fixture = *state;
	support_result result = support_run(WORDS("eval", fixture->model, "--snr", "inf,5", "--snr", "-10", "--json"));
	assert_int_equal(result.code, EXIT_DONE);
	double before = -1000;
	size_t lines = 0;
	char *rest = NULL;
	for (char *line = strtok_r(result.out, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest), lines++) {
		cJSON *json = cJSON_Parse(line);
		if (lines == 2) assert_true(json_number(json, "snr_db") == -10);
		assert_true(json_number(json, "nmse_db") > before); /* more noise, more error */
		before = json_number(json, "nmse_db");
		cJSON_Delete(json);
	}
	assert_int_equal(lines, 3);
	support_result_release(&result);
}

/* Finds the line of a setting among those of the output and returns its NMSE. */
static double line_of(const char *out, const char *setting, double salt_pepper, double perturbation)
{
	char *copy = strdup(out), *rest = NULL;
	double found = NAN;
	assert_non_null(copy);
	for (char *line = strtok_r(copy, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		cJSON *json = cJSON_Parse(line);
		const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(json, "setting"));
		if (name && strcmp(name, setting) == 0) {
			found = json_number(json, "nmse_db");
			assert_true(json_number(json, "salt_pepper") == salt_pepper && json_number(json, "perturbation") == perturbation);
		}
		cJSON_Delete(json);
	}
	free(copy);
	if (isnan(found)) fail_msg("no line of '%s'", setting);
	return found;
}

/* Each is another test set; the other options hold for every line. */
static void settings_by_the_list(void **state)
{
	if (support_tiny()) skip(); /* nothing in it hangs on the device, and each start builds kernels for seconds */
	const struct fixture *fixture = *state;
	support_result result = support_run(WORDS("eval", fixture->model, "--setting", "noiseless,snr20,salt-pepper", "--setting",
	    "perturbed,gamma", "--perturbation", "0.05", "--json"));
	if (result.code != EXIT_DONE) fail_msg("exit code %d: %s", result.code, result.err);
	double noiseless = line_of(result.out, "noiseless", 0, 0.05);
	assert_true(line_of(result.out, "perturbed", 0, 0.05) == noiseless); /* the option over what the name stands for */
	assert_true(line_of(result.out, "snr20", 0, 0.05) != noiseless);
	assert_true(line_of(result.out, "salt-pepper", 0.01, 0.05) != noiseless);
	assert_true(line_of(result.out, "gamma", 0, 0.05) != noiseless);
	assert_true(fabs(noiseless - fixture->nmse_db) > 1e-3);
	support_result_release(&result);
}

static void each_setting_at_each_snr(void **state)
{
	if (support_tiny()) skip(); /* nothing in it hangs on the device, and each start builds kernels for seconds */
	const struct fixture *fixture = *state;
	support_result result = support_run(WORDS("eval", fixture->model, "--setting", "noiseless,salt-pepper", "--snr", "40,20"));
	assert_int_equal(result.code, EXIT_DONE);
	static const char *const lines[] = {"setting ", "noiseless ", "noiseless ", "salt-pepper ", "salt-pepper "};
	char *rest = NULL, *line = strtok_r(result.out, "\n", &rest);
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++, line = strtok_r(NULL, "\n", &rest)) {
		assert_non_null(line);
		assert_true(strncmp(line, lines[i], strlen(lines[i])) == 0);
		if (i > 0) assert_non_null(strstr(line, i % 2 ? " 40 " : " 20 "));
	}
	assert_null(line);
	support_result_release(&result);
}

/* What a network was trained under is in its file: without options it is evaluated under the same. */
static void conditions_of_the_training(void **state)
{
	if (support_tiny()) skip(); /* nothing in it hangs on the device, and each start builds kernels for seconds */
	const struct fixture *fixture = *state;
	char *model = support_path(fixture->directory, "conditions");
	support_result result = support_run(WORDS("train", "--arch", "LISTA", "--m", "10", "--n", "20", "--layers", "1",
	    "--train-samples", "64", "--validation-samples", "32", "--test-samples", "33", "--batch", "16", "--schedule", "5,5,5",
	    "--setting", "gamma", "--gamma-scale", "2", "--dictionary-rank", "7", "--perturbation", "0.01", "--salt-pepper", "0.1",
	    "--snr", "30", "--json", "-o", model));
	if (result.code != EXIT_DONE) fail_msg("exit code %d: %s", result.code, result.err);
	cJSON *trained = last_line(result.out);
	support_result_release(&result);
	result = support_run(WORDS("eval", model, "--json"));
	assert_int_equal(result.code, EXIT_DONE);
	cJSON *evaluated = last_line(result.out);
	assert_true(json_number(evaluated, "salt_pepper") == 0.1 && json_number(evaluated, "perturbation") == 0.01);
	assert_true(fabs(json_number(evaluated, "nmse_db") - json_number(trained, "nmse_db")) < 1e-3);
	cJSON_Delete(trained);
	cJSON_Delete(evaluated);
	support_result_release(&result);
	free(model);
}

static void options_change_the_test_set(void **state)
{
	const struct fixture *fixture = *state;
	cJSON *json = eval(fixture, WORDS("--test-samples", "7", "--density", "0.5"));
	assert_true(json_number(json, "samples") == 7);
	assert_true(fabs(json_number(json, "nmse_db") - fixture->nmse_db) > 0.01); /* other codes than those of the training */
	cJSON_Delete(json);
}

/* The same test set from files gives the same figures. */
static void own_files(void **state)
{
	const struct fixture *fixture = *state;
	char *directory = write_data(fixture, "files"), *x = support_path(directory, "test_x.npy"),
	     *b = support_path(directory, "test_b.npy");
	cJSON *json = eval(fixture, WORDS("--test-set", x, "--test-measurements", b));
	assert_true(fabs(json_number(json, "nmse_db") - fixture->nmse_db) < 1e-3);
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(json, "snr_db")));
	cJSON_Delete(json);

	/* Noise cannot be put on measurements that are given. */
	support_result result = support_run(WORDS("eval", fixture->model, "--test-set", x, "--test-measurements", b, "--snr", "20"));
	assert_int_equal(result.code, EXIT_USAGE);
	assert_non_null(strstr(result.err, "--snr"));
	support_result_release(&result);
	result = support_run(WORDS("eval", fixture->model, "--density", "0.3", "--test-set", x, "--test-measurements", b));
	assert_int_equal(result.code, EXIT_USAGE); /* they have the density that they have */
	assert_non_null(strstr(result.err, "--density 0.3"));
	support_result_release(&result);
	result = support_run(WORDS("eval", fixture->model, "--test-set", x, "--test-measurements", b, "--salt-pepper", "0.1"));
	assert_int_equal(result.code, EXIT_USAGE);
	assert_non_null(strstr(result.err, "--salt-pepper"));
	support_result_release(&result);
	free(directory);
	free(x);
	free(b);
}

/* A tenth that was held out from an own training set is found again: the tenth before the last, 6 of 64 samples. */
static void held_out_test_set(void **state)
{
	const struct fixture *fixture = *state;
	char *directory = write_data(fixture, "own"), *x = support_path(directory, "train_x.npy"),
	     *model = support_path(directory, "m");
	support_result result = support_run(WORDS("train", "--arch", "LISTA", "--m", "10", "--n", "20", "--layers", "1", "--batch",
	    "16", "--train-set", x, "--schedule", "5,5,5", "--json", "-o", model));
	assert_int_equal(result.code, EXIT_DONE);
	cJSON *trained = last_line(result.out);
	support_result_release(&result);
	result = support_run(WORDS("eval", model, "--json"));
	assert_int_equal(result.code, EXIT_DONE);
	cJSON *evaluated = last_line(result.out);
	support_result_release(&result);
	assert_true(json_number(evaluated, "samples") == 6);
	assert_true(fabs(json_number(evaluated, "nmse_db") - json_number(trained, "nmse_db")) < 1e-3);
	cJSON_Delete(trained);
	cJSON_Delete(evaluated);
	free(model);
	free(x);
	free(directory);
}

/* Another dictionary in the place of the one that a network was trained on is found out, unless it is named. */
static void another_dictionary_is_found_out(void **state)
{
	const struct fixture *fixture = *state;
	char *directory = write_data(fixture, "first"), *dictionary = support_path(directory, "dictionary.npy"),
	     *model = support_path(directory, "m"), *second = support_path(fixture->directory, "second"),
	     *other = support_path(second, "dictionary.npy");
	const struct {
		const char *words[4];
		int code;
	} cases[] = {
	    {{model}, EXIT_SETTINGS}, {{model, "--snr", "20"}, EXIT_SETTINGS}, {{model, "--dictionary", dictionary}, EXIT_DONE}};
	support_result result = support_run(WORDS("train", "--arch", "LISTA", "--dictionary", dictionary, "--layers", "1", "--batch",
	    "16", "--train-samples", "64", "--validation-samples", "32", "--test-samples", "33", "--schedule", "5", "-o", model));
	assert_int_equal(result.code, EXIT_DONE);
	support_result_release(&result);
	result = support_run(WORDS("eval", model));
	assert_int_equal(result.code, EXIT_DONE);
	support_result_release(&result);
	result = support_run(WORDS("data", "--m", "10", "--n", "20", "--data-seed", "2", "--train-samples", "1", "--validation-samples",
	    "1", "--test-samples", "1", "-o", second));
	assert_int_equal(result.code, EXIT_DONE);
	support_result_release(&result);
	assert_int_equal(rename(other, dictionary), 0);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *const *w = cases[i].words;
		result = support_run((const char *const[]){"eval", w[0], w[1], w[2], NULL});
		if (result.code != cases[i].code) fail_msg("case %zu: exit code %d, %s", i, result.code, result.err);
		if (result.code != EXIT_DONE) assert_non_null(strstr(result.err, dictionary));
		support_result_release(&result);
	}
	free(other);
	free(second);
	free(model);
	free(dictionary);
	free(directory);
}

static void table_for_people(void **state)
{
	const struct fixture *fixture = *state;
	support_result result = support_run(WORDS("eval", fixture->model));
	assert_int_equal(result.code, EXIT_DONE);
	assert_non_null(strstr(result.out, "NMSE dB"));
	assert_non_null(strstr(result.out, "inf"));
	support_result_release(&result);
}

/* It trains nothing: what would change a training is not taken as if it did something. */
static void options_of_trainings_are_refused(void **state)
{
	const struct fixture *fixture = *state;
	static const char *const options[] = {
	    "--layers=2", "--batch=2", "--seed=2", "--recipe=quick", "--set=decay=0.5", "--schedule=5"};
	for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
		support_result result = support_run(WORDS("eval", fixture->model, options[i]));
		if (result.code != EXIT_USAGE) fail_msg("%s: exit code %d, %s", options[i], result.code, result.err);
		/* --set is taken for the beginning of --setting */
		if (!strstr(result.err, i == 4 ? "--setting decay=0.5" : "unrecognized option")) fail_msg("%s: %s", options[i], result.err);
		support_result_release(&result);
	}
}

static void failures_are_named(void **state)
{
	const struct fixture *fixture = *state;
	const struct {
		const char *words[8];
		int code;
		const char *named;
	} cases[] = {
	    {{"eval"}, EXIT_USAGE, "network"},
	    {{"eval", "/no/such/model"}, EXIT_FAILED, "/no/such/model"},
	    {{"eval", fixture->model, "--snr", "loud"}, EXIT_USAGE, "loud"},
	    {{"eval", fixture->model, "--snr", ","}, EXIT_USAGE, "--snr"},
	    {{"eval", fixture->model, "--setting", "snr40,loud"}, EXIT_USAGE, "--setting loud"},
	    {{"eval", fixture->model, "--setting", ","}, EXIT_USAGE, "--setting"},
	    {{"eval", fixture->model, "--setting", "snr40,size512"}, EXIT_USAGE, "512×1024"},
	    {{"eval", fixture->model, "--salt-pepper", "2"}, EXIT_USAGE, "--salt-pepper 2"},
	    {{"eval", fixture->model, "--dictionary-rank", "11"}, EXIT_USAGE, "--dictionary-rank 11"},
	    {{"eval", fixture->model, "--m", "11"}, EXIT_USAGE, "10×20"},
	    {{"eval", fixture->model, "--test-samples", "0"}, EXIT_USAGE, "empty"},
	    {{"eval", fixture->model, "--device", "no such device"}, EXIT_NO_DEVICE, "no such device"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		support_result result = support_run(cases[i].words);
		if (result.code != cases[i].code) fail_msg("case %zu: exit code %d, %s", i, result.code, result.err);
		if (!strstr(result.err, cases[i].named)) fail_msg("case %zu: '%s' lacks '%s'", i, result.err, cases[i].named);
		support_result_release(&result);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(same_conditions_same_figures),
	    cmocka_unit_test(noise_by_the_list),
	    cmocka_unit_test(settings_by_the_list),
	    cmocka_unit_test(each_setting_at_each_snr),
	    cmocka_unit_test(conditions_of_the_training),
	    cmocka_unit_test(options_change_the_test_set),
	    cmocka_unit_test(own_files),
	    cmocka_unit_test(held_out_test_set),
	    cmocka_unit_test(another_dictionary_is_found_out),
	    cmocka_unit_test(table_for_people),
	    cmocka_unit_test(failures_are_named),
	    cmocka_unit_test(options_of_trainings_are_refused),
	};
	return cmocka_run_group_tests(tests, enter, leave);
}
