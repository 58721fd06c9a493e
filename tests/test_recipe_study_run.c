/* test_recipe_study_run.c: recipes compared at the tiniest scale: files, figures beside those of the networks and studies, going on
 * after a kill to the same figures, both parts by themselves.
 * TEST_NEEDS: device */
#include "json_check.h"
#include "recipe_fixture.h"

#include "message.h"
#include "recipe_study_run.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static support_process *start(const char *directory, const char *variants, const char *const *more)
{
	const char *words[24] = {"reproduce", "recipe", "--scale", "tiny", "--variants", variants, "-o", directory};
	size_t count = 8;
	for (; *more; more++) words[count++] = *more;
	return support_start(words);
}

static void run_to_end(const char *directory, const char *variants, const char *const *more)
{
	support_result result = support_wait(start(directory, variants, more));
	if (result.code != EXIT_DONE) fail_msg("exit code %d: %s", result.code, result.err);
	support_result_release(&result);
}

static cJSON *read_json(const char *directory, const char *name)
{
	char *path = support_path(directory, name), *text = support_read(path, NULL);
	cJSON *json = cJSON_Parse(text);
	assert_non_null(json);
	free(text);
	free(path);
	return json;
}

static bool exists(const char *directory, const char *name)
{
	char *path = support_path(directory, name);
	const bool there = access(path, F_OK) == 0;
	free(path);
	return there;
}

/* Times and devices' work differ between runs; figures must not. */
static void expect_same_figures(const cJSON *a, const cJSON *b)
{
	for (int v = 0; v < 2; v++) {
		const cJSON *left = json_item(json_item(json_item(a, "quality", v), "networks", 0), "trainings", 0),
		            *right = json_item(json_item(json_item(b, "quality", v), "networks", 0), "trainings", 0);
		assert_true(json_number(left, "nmse_db") == json_number(right, "nmse_db") &&
		            json_number(left, "steps") == json_number(right, "steps"));
	}
	for (int run = 0; run < 3; run++) {
		const cJSON *left = cJSON_GetObjectItem(json_item(cJSON_GetObjectItem(a, "ranking"), "runs", run), "nmse_db"),
		            *right = cJSON_GetObjectItem(json_item(cJSON_GetObjectItem(b, "ranking"), "runs", run), "nmse_db");
		if (!cJSON_Compare(left, right, true)) fail_msg("run %d differs", run);
	}
}

/* The last layer's figure in the record is that of the network, evaluated. */
static void expect_sound(const cJSON *json)
{
	const cJSON *training = json_item(json_item(json_item(json, "quality", 1), "networks", 0), "trainings", 0);
	assert_true(json_number(training, "steps") == 15 * 4 + 24 && json_number(training, "seconds") >= 0);
	assert_true(fabs(json_number(json_item(training, "layers", 15), "nmse_db") - json_number(training, "nmse_db")) < 1e-3);
	const cJSON *ranking = cJSON_GetObjectItem(json, "ranking");
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(ranking, "archs")), 6);
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(ranking, "runs")), 3);
	for (int a = 0; a < 6; a++) assert_true(cJSON_IsNumber(json_item(json_item(ranking, "runs", 2), "nmse_db", a)));
	assert_true(json_number(json_item(ranking, "runs", 2), "training_steps") == 5 * 4 + 24);
	assert_true(json_number(json_item(ranking, "pairs", 0), "compared") == 6);
}

static bool appears(const char *directory, const char *name)
{
	const struct timespec pause = {.tv_nsec = 2000000};
	for (int i = 0; i < 30000 && !exists(directory, name); i++) nanosleep(&pause, NULL);
	return exists(directory, name);
}

static void end_when_there_is(const char *directory, const char *name, const char *const *more, int number, int code)
{
	support_process *process = start(directory, "fast,quick", more);
	assert_true(appears(directory, name));
	kill(support_pid(process), number);
	support_result result = support_wait(process);
	if (result.code != code) fail_msg("exit code %d, wanted %d: %s", result.code, code, result.err);
	assert_true(number == SIGKILL || strstr(result.err, "the same command goes on"));
	support_result_release(&result);
}

/* Killed in the first part, interrupted in the second. */
static void it_goes_on_to_the_same_figures(void **state)
{
	if (support_tiny()) skip();
	const char *const *more = WORDS("--arch", "LISTA", "--random", "2");
	char *whole = support_path(*state, "whole"), *killed = support_path(*state, "killed");
	run_to_end(whole, "fast,quick", more);
	assert_true(exists(whole, "recipe-tiny.md") && exists(whole, "recipe-tiny.svg"));
	end_when_there_is(killed, "models/lista-10x20-noiseless-fast-tiny-seed1.jsonl", more, SIGKILL, 128 + SIGKILL);
	end_when_there_is(killed, "ranking/fast-tiny-10x20-6-seed2.clu", more, SIGINT, EXIT_STOPPED);
	run_to_end(killed, "fast,quick", more);
	cJSON *a = read_json(whole, "recipe-tiny.json"), *b = read_json(killed, "recipe-tiny.json");
	expect_sound(a);
	expect_same_figures(a, b);
	cJSON_Delete(b);
	cJSON_Delete(a);
	free(killed);
	free(whole);
}

/* Parts have files of their own; a study that is there gets the architectures that it lacks. */
static void parts_and_more_architectures(void **state)
{
	if (support_tiny()) skip();
	char *directory = support_path(*state, "parts");
	run_to_end(directory, "quick", WORDS("--part", "quality", "--arch", "LISTA", "--repeat", "2"));
	assert_true(exists(directory, "recipe-quality-tiny.svg") && !exists(directory, "ranking/quick-tiny-10x20-6-seed1.clu"));
	run_to_end(directory, "quick", WORDS("--part", "ranking", "--random", "1"));
	support_result result = support_wait(start(directory, "quick", WORDS("--part", "ranking", "--random", "3", "--json")));
	assert_int_equal(result.code, EXIT_DONE);
	assert_true(exists(directory, "recipe-ranking-tiny.md") && !exists(directory, "recipe-ranking-tiny.svg"));
	cJSON *json = read_json(directory, "recipe-ranking-tiny.json"), *printed = cJSON_Parse(result.out);
	assert_true(cJSON_Compare(json, printed, true)); /* nothing else is on stdout */
	assert_null(strchr(strchr(result.out, '\n') + 1, '\n'));
	cJSON_Delete(printed);
	support_result_release(&result);
	assert_int_equal(
	    cJSON_GetArraySize(cJSON_GetObjectItem(json_item(cJSON_GetObjectItem(json, "ranking"), "runs", 0), "nmse_db")), 7);
	cJSON_Delete(json);
	free(directory);
}

#define WILD "models/lista-10x20-noiseless-fast-tiny-seed1"

/* Run again it comes to the same, and nothing is trained; without the record it is trained again; one of other settings is refused.
 */
static void expect_divergence_is_remembered(recipe_study *study, const cJSON *first)
{
	char *checkpoint = support_path(study->job.directory, WILD ".safetensors.checkpoint"),
	     *record = support_path(study->job.directory, WILD ".diverged.json");
	assert_int_equal(recipe_study_run(study), EXIT_DONE);
	assert_int_equal(access(checkpoint, F_OK), -1); /* nothing is to go on from there */
	cJSON *second = read_json(study->job.directory, "recipe-quality-tiny.json");
	assert_true(cJSON_Compare(cJSON_GetObjectItem(first, "quality"), cJSON_GetObjectItem(second, "quality"), true));
	study->recipe[0].stage[0].rate = study->recipe[0].stage[0].rate_last = 999;
	assert_int_equal(recipe_study_run(study), EXIT_SETTINGS);
	assert_int_equal(unlink(record), 0);
	assert_int_equal(recipe_study_run(study), EXIT_DONE);
	assert_true(exists(study->job.directory, WILD ".diverged.json"));
	cJSON_Delete(second);
	free(record);
	free(checkpoint);
}

/* No variant that has a name diverges at this size; one with a wild rate does, and stops nothing. */
static void what_diverges_is_a_result(void **state)
{
	if (support_tiny()) skip();
	char *directory = support_path(*state, "wild");
	recipe_study *study = fixture_study("tiny");
	study->job.directory = directory;
	study->job.device_spec = getenv("CLUNROLL_TEST_DEVICE");
	study->job.base.layers = 16;
	study->job.base.batch = 16;
	study->job.arch_count = study->job.repeat = 1;
	study->parts = RECIPE_QUALITY; /* a search would start this test as its worker */
	study->recipe[0].stage[0].rate = study->recipe[0].stage[0].rate_last = 1000;
	assert_int_equal(recipe_study_run(study), EXIT_DONE);
	cJSON *json = read_json(directory, "recipe-quality-tiny.json");
	const cJSON *wild = json_item(json_item(json, "quality", 0), "networks", 0),
	            *tame = json_item(json_item(json, "quality", 1), "networks", 0);
	assert_true(json_number(wild, "diverged") == 1 && cJSON_IsNull(cJSON_GetObjectItem(wild, "nmse_db")));
	assert_true(json_number(tame, "diverged") == 0 && json_number(tame, "nmse_db") < 0);
	expect_divergence_is_remembered(study, json);
	cJSON_Delete(json);
	free(study);
	free(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(it_goes_on_to_the_same_figures),
	    cmocka_unit_test(parts_and_more_architectures),
	    cmocka_unit_test(what_diverges_is_a_result),
	};
	return cmocka_run_group_tests(tests, support_enter, support_leave);
}
