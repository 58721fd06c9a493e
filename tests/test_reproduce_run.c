/* test_reproduce_run.c: tables made again at the tiniest scale: files, figures that `eval` finds too, going on after a kill to the
 * same bytes, networks of other settings refused.
 * TEST_NEEDS: device */
#include "json_check.h"
#include "support.h"

#include "message.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NETWORK "models/lista-10x20-noiseless-quick-seed1"

/* Tables of LISTA alone, `steps` a layer, with further arguments. */
static support_process *start(const char *directory, const char *steps, const char *const *more)
{
	const char *words[24] = {"reproduce", "table1", "--scale", "tiny", "--arch", "LISTA", "--schedule", steps, "-o", directory};
	size_t count = 10;
	for (; *more; more++) words[count++] = *more;
	return support_start(words);
}

static support_result run(const char *directory, const char *steps, const char *const *more, int code)
{
	support_result result = support_wait(start(directory, steps, more));
	if (result.code != code) fail_msg("exit code %d, wanted %d: %s", result.code, code, result.err);
	return result;
}

static void run_to_end(const char *directory, const char *steps, const char *const *more)
{
	support_result result = run(directory, steps, more, EXIT_DONE);
	support_result_release(&result);
}

static char *read_in(const char *directory, const char *name, size_t *size)
{
	char *path = support_path(directory, name), *text = support_read(path, size);
	free(path);
	return text;
}

static ino_t file_number(const char *directory, const char *name)
{
	struct stat about;
	char *path = support_path(directory, name);
	const ino_t number = stat(path, &about) == 0 ? about.st_ino : 0;
	free(path);
	return number;
}

/* ---- what is written ---- */

static const cJSON *training_of(const cJSON *table, int row)
{
	const cJSON *rows = cJSON_GetObjectItem(table, "rows");
	const cJSON *cell = cJSON_GetArrayItem(cJSON_GetObjectItem(cJSON_GetArrayItem(rows, row), "networks"), 0);
	return cJSON_GetArrayItem(cJSON_GetObjectItem(cell, "trainings"), 0);
}

/* A row that tests another's networks has the figure that eval finds for them under its conditions. */
static void expect_eval(const char *directory, const char *snr, double nmse_db)
{
	char *model = support_path(directory, NETWORK ".safetensors");
	support_result result = support_run(WORDS("eval", model, "--snr", snr, "--json"));
	assert_int_equal(result.code, EXIT_DONE);
	cJSON *json = cJSON_Parse(result.out);
	if (!(fabs(json_number(json, "nmse_db") - nmse_db) < 1e-4))
		fail_msg("%g dB, eval says %g", nmse_db, json_number(json, "nmse_db"));
	cJSON_Delete(json);
	support_result_release(&result);
	free(model);
}

static void a_table_is_made(void **state)
{
	if (support_tiny()) skip();
	char *directory = support_path(*state, "made");
	support_result result = run(directory, "2", WORDS("--rows", "b,f", "--json"), EXIT_DONE);
	char *text = read_in(directory, "table1-tiny-part.json", NULL);
	cJSON *table = cJSON_Parse(text), *printed = cJSON_Parse(result.out);
	assert_true(table && cJSON_Compare(table, printed, true));
	const cJSON *noiseless = training_of(table, 0), *noisy = training_of(table, 1);
	assert_true(json_number(noiseless, "steps") == 32 && json_number(noiseless, "seconds") >= 0);
	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(noisy, "network")), "lista-10x20-noiseless-quick-seed1");
	assert_true(json_number(noisy, "nmse_db") != json_number(noiseless, "nmse_db"));
	expect_eval(directory, "inf", json_number(noiseless, "nmse_db"));
	expect_eval(directory, "40", json_number(noisy, "nmse_db"));
	const cJSON *row = cJSON_GetArrayItem(cJSON_GetObjectItem(table, "rows"), 1);
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(row, "solvers")), 5);
	assert_true(file_number(directory, "table1-tiny-part.md") && file_number(directory, "table1-tiny-part.svg"));
	assert_false(file_number(directory, "table1-tiny.md"));
	cJSON_Delete(printed);
	cJSON_Delete(table);
	free(text);
	support_result_release(&result);
	free(directory);
}

/* Only networks, and nothing of solvers beside them. */
static void a_table_without_solvers(void **state)
{
	if (support_tiny()) skip();
	char *directory = support_path(*state, "networks");
	run_to_end(directory, "2", WORDS("--rows", "b", "--no-solvers"));
	char *text = read_in(directory, "table1-tiny-part.md", NULL), *record = read_in(directory, "table1-tiny-part.json", NULL);
	cJSON *table = cJSON_Parse(record);
	const cJSON *row = cJSON_GetArrayItem(cJSON_GetObjectItem(table, "rows"), 0);
	assert_true(isfinite(json_number(training_of(table, 0), "nmse_db")));
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(row, "solvers")), 0);
	assert_null(strstr(text, "Classical solvers"));
	cJSON_Delete(table);
	free(record);
	free(text);
	free(directory);
}

/* What leaves rows or networks out is a part, which lies beside a whole table; of the rows so far nothing is left. */
static void a_part_leaves_the_whole(void **state)
{
	if (support_tiny()) skip();
	char *directory = support_path(*state, "parts");
	const char *const whole[] = {"reproduce", "table2", "--scale", "tiny", "--schedule", "1", "-o", directory, NULL};
	const char *const part[] = {
	    "reproduce", "table2", "--scale", "tiny", "--schedule", "1", "-o", directory, "--rows", "uv", "--repeat", "1", NULL};
	support_result result = support_run(whole);
	if (result.code != EXIT_DONE) fail_msg("exit code %d: %s", result.code, result.err);
	support_result_release(&result);
	const ino_t first = file_number(directory, "table2-tiny.md");
	assert_true(first && file_number(directory, "table2-tiny.json") && file_number(directory, "table2-tiny.svg"));
	assert_false(file_number(directory, "table2-tiny-part.md") || file_number(directory, "table2-tiny-unfinished.md"));
	result = support_run(part);
	assert_int_equal(result.code, EXIT_DONE);
	assert_true(file_number(directory, "table2-tiny-part.md") && file_number(directory, "table2-tiny.md") == first);
	if (!strstr(result.err, "table2-tiny-part.md")) fail_msg("%s", result.err);
	support_result_release(&result);
	free(directory);
}

/* A network that diverged is a cell without a figure; the others stand. */
static void what_diverges_is_marked(void **state)
{
	if (support_tiny()) skip();
	char *directory = support_path(*state, "wild");
	run_to_end(directory, "200", WORDS("--rows", "b", "--set", "rate=1000"));
	char *text = read_in(directory, "table1-tiny-part.md", NULL);
	if (!strstr(text, "**–**; −43.3 ▲; 1 diverged |")) fail_msg("%s", text);
	assert_false(file_number(directory, NETWORK ".safetensors"));
	free(text);
	free(directory);
}

/* ---- going on ---- */

static void what_is_there_is_not_trained_again(void **state)
{
	if (support_tiny()) skip();
	char *directory = support_path(*state, "again"),
	     *second = support_path(directory, "models/lista-10x20-noiseless-quick-seed2.safetensors");
	size_t size, size_after;
	run_to_end(directory, "2", WORDS("--rows", "b", "--repeat", "2"));
	char *bytes = support_read(second, &size);
	const ino_t first = file_number(directory, NETWORK ".safetensors");
	assert_int_equal(unlink(second), 0);
	run_to_end(directory, "2", WORDS("--rows", "b", "--repeat", "2"));
	assert_true(file_number(directory, NETWORK ".safetensors") == first);
	char *after = support_read(second, &size_after);
	assert_int_equal(size_after, size);
	assert_memory_equal(after, bytes, size);
	free(after);
	free(bytes);
	free(second);
	free(directory);
}

/* Waits for a file, at most a minute. */
static bool appears(const char *directory, const char *name)
{
	const struct timespec pause = {.tv_nsec = 2000000};
	for (int i = 0; i < 30000 && !file_number(directory, name); i++) nanosleep(&pause, NULL);
	return file_number(directory, name) != 0;
}

static size_t layers_in_record(const char *directory)
{
	char *record = read_in(directory, NETWORK ".jsonl", NULL);
	size_t lines = 0;
	for (const char *at = record; (at = strchr(at, '\n')); at++) lines++;
	free(record);
	return lines;
}

static void killed_it_goes_on_to_the_same_bytes(void **state)
{
	if (support_tiny()) skip();
	char *whole = support_path(*state, "whole"), *killed = support_path(*state, "killed");
	size_t size, size_after;
	run_to_end(whole, "60", WORDS("--rows", "b"));
	support_process *process = start(killed, "60", WORDS("--rows", "b"));
	assert_true(appears(killed, NETWORK ".jsonl")); /* the first layer is done */
	kill(support_pid(process), SIGKILL);
	support_result result = support_wait(process);
	assert_int_equal(result.code, 128 + SIGKILL);
	support_result_release(&result);
	assert_false(file_number(killed, "table1-tiny-part.md"));
	run_to_end(killed, "60", WORDS("--rows", "b"));
	char *bytes = read_in(whole, NETWORK ".safetensors", &size), *after = read_in(killed, NETWORK ".safetensors", &size_after);
	assert_int_equal(size_after, size);
	assert_memory_equal(after, bytes, size);
	assert_int_equal(layers_in_record(killed), 16);
	free(after);
	free(bytes);
	free(killed);
	free(whole);
}

/* Where the record cannot be written, the checkpoint stays instead. */
static void no_network_without_its_record(void **state)
{
	if (support_tiny()) skip();
	char *directory = support_path(*state, "record"), *models = support_path(directory, "models");
	char *record = support_path(directory, NETWORK ".jsonl");
	assert_int_equal(mkdir(directory, 0700) | mkdir(models, 0700) | mkdir(record, 0700), 0);
	support_result result = run(directory, "2", WORDS("--rows", "b"), EXIT_FAILED);
	if (!strstr(result.err, record) || !strstr(result.err, "the same command goes on from")) fail_msg("%s", result.err);
	support_result_release(&result);
	assert_int_equal(file_number(directory, NETWORK ".safetensors"), 0);
	assert_int_equal(rmdir(record), 0);
	run_to_end(directory, "2", WORDS("--rows", "b"));
	assert_int_equal(layers_in_record(directory), 16);
	free(record);
	free(models);
	free(directory);
}

static void networks_of_other_settings_are_refused(void **state)
{
	if (support_tiny()) skip();
	char *directory = support_path(*state, "other");
	run_to_end(directory, "2", WORDS("--rows", "b"));
	support_result result = run(directory, "3", WORDS("--rows", "b"), EXIT_SETTINGS);
	if (!strstr(result.err, NETWORK) || !strstr(result.err, "length=2")) fail_msg("%s", result.err);
	support_result_release(&result);
	free(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_table_is_made),
	    cmocka_unit_test(a_table_without_solvers),
	    cmocka_unit_test(a_part_leaves_the_whole),
	    cmocka_unit_test(what_diverges_is_marked),
	    cmocka_unit_test(what_is_there_is_not_trained_again),
	    cmocka_unit_test(killed_it_goes_on_to_the_same_bytes),
	    cmocka_unit_test(no_network_without_its_record),
	    cmocka_unit_test(networks_of_other_settings_are_refused),
	};
	return cmocka_run_group_tests(tests, support_enter, support_leave);
}
