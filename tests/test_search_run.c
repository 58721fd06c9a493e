/* test_search_run.c: whole searches at tiny sizes: what a user types, sees and gets, how a search goes on after Ctrl-C and kills,
 * and that nothing of that changes a bit of the results. TEST_NEEDS: device */
#include "study_fixture.h"

#include "message.h"
#include "store_sql.h"

#include <math.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ARGUMENTS_MAX = 64 };

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* A search of 4-layer networks so small that every driver trains them in seconds; further words win. */
struct line {
	const char *words[ARGUMENTS_MAX];
	size_t count;
};

static void add(struct line *line, const char *const *words)
{
	for (; *words; words++) {
		assert_true(line->count + 1 < ARGUMENTS_MAX);
		line->words[line->count++] = *words;
	}
	line->words[line->count] = NULL;
}

static struct line tiny_search_of(const char *study, const char *const *data)
{
	struct line line = {{0}, 0};
	const char *device = getenv("CLUNROLL_TEST_DEVICE");
	add(&line, WORDS("search", study, "--device", device ? device : "0", "--m", "6", "--n", "10", "--layers", "4", "--batch", "8",
	               "--recipe", "quick", "--schedule", support_tiny() ? "3" : "40", "--lanes", "3"));
	add(&line, data);
	return line;
}

static struct line tiny_search(const char *study, const char *const *more)
{
	struct line line = tiny_search_of(study, WORDS("--train-samples", "64", "--validation-samples", "16", "--test-samples", "16"));
	add(&line, more);
	return line;
}

static support_result run_line(const struct line *line)
{
	return support_run(line->words);
}

static void expect(const support_result *result, int code, const char *out, const char *err)
{
	if (result->code != code) fail_msg("exit code %d, wanted %d; stderr: %s", result->code, code, result->err);
	if (!strstr(result->out, out)) fail_msg("'%s' is not in stdout '%s'", out, result->out);
	if (!strstr(result->err, err)) fail_msg("'%s' is not in stderr '%s'", err, result->err);
}

static trial *load(const char *path, size_t *count)
{
	clu_error error;
	store *study;
	support_ok(store_open(path, &study, &error), &error);
	trial *trials = fixture_trials(study, count);
	store_close(study);
	return trials;
}

static void expect_same_results(const char *left, const char *right)
{
	size_t left_count, right_count;
	trial *a = load(left, &left_count), *b = load(right, &right_count);
	assert_int_equal(left_count, right_count);
	for (size_t i = 0; i < left_count; i++) {
		assert_string_equal(a[i].arch, b[i].arch);
		assert_int_equal(a[i].state, b[i].state);
		assert_int_equal(a[i].layers, b[i].layers);
		assert_memory_equal(a[i].layer_validation_db, b[i].layer_validation_db, sizeof a[i].layer_validation_db);
		assert_memory_equal(a[i].layer_nmse_db, b[i].layer_nmse_db, sizeof a[i].layer_nmse_db);
	}
	free(a);
	free(b);
}

static void a_search_ends_with_a_winner(void **state)
{
	clu_error error;
	size_t count;
	clu_model *model;
	char *study = support_path(*state, "study.clu"), *best = support_path(*state, "best.safetensors");
	struct line line = tiny_search(study, WORDS("--trials", "6", "--enqueue", "LISTA,LFISTA,Dense,0_0_0_2", "--model", best));
	support_result result = run_line(&line);
	expect(&result, EXIT_DONE, "LISTA", "new study");
	expect(&result, EXIT_DONE, "best of 6 trials: -", "");
	support_result_release(&result);
	trial *trials = load(study, &count);
	const char *names[] = {"LISTA", "LFISTA", "Dense", "Searched", "", ""};
	assert_int_equal(count, 6);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(trials[i].state, TRIAL_DONE);
		assert_string_equal(trials[i].name, names[i]);
		assert_int_equal(trials[i].layers, 4);
		assert_true(isfinite(trials[i].validation_db) && isfinite(trials[i].nmse_db));
		for (size_t j = 0; j < i; j++) assert_string_not_equal(trials[i].arch, trials[j].arch);
	}
	free(trials);
	support_ok(clu_model_load(best, &model, &error), &error);
	assert_int_equal(model->n, 10);
	assert_non_null(strstr(model->settings, "\"key\""));
	clu_model_destroy(model);

	/* Again: nothing to do. A bare command takes the study's settings. */
	result = support_run(WORDS("search", study, "--json"));
	expect(&result, EXIT_DONE, "\"done\":6", "no trial");
	cJSON *json = cJSON_Parse(result.out);
	assert_non_null(json);
	assert_true(cJSON_GetObjectItem(json, "version")->valueint == 1);
	assert_true(cJSON_IsNumber(cJSON_GetObjectItem(cJSON_GetObjectItem(json, "best"), "gain_over_lista_db")));
	cJSON_Delete(json);
	support_result_release(&result);
	free(study);
	free(best);
}

static void an_extended_search_is_the_longer_one(void **state)
{
	char *once = support_path(*state, "once"), *grown = support_path(*state, "grown");
	struct line whole = tiny_search(once, WORDS("--trials", "5", "--lanes", "1")),
	            start = tiny_search(grown, WORDS("--trials", "2"));
	struct line more = tiny_search(grown, WORDS("--trials", "5", "--workers", "2"));
	const struct line *lines[] = {&whole, &start, &more};
	for (size_t i = 0; i < 3; i++) {
		support_result result = run_line(lines[i]);
		expect(&result, EXIT_DONE, "best of", "");
		support_result_release(&result);
	}
	/* Other lanes, other workers, another day: the same bits. */
	expect_same_results(once, grown);
	free(once);
	free(grown);
}

static uint64_t sum_reused(const char *path)
{
	size_t count;
	uint64_t reused = 0;
	trial *trials = load(path, &count);
	for (size_t i = 0; i < count; i++) reused += trials[i].reused;
	free(trials);
	return reused;
}

/* By default beside the study; in a named place for several; or not at all. The results are the same. */
static void trials_start_at_trained_prefixes(void **state)
{
	char *without = support_path(*state, "without"), *beside = support_path(*state, "beside"),
	     *named = support_path(*state, "named");
	char *place = support_path(*state, "beside.prefixes"), *none = support_path(*state, "without.prefixes");
	struct line lines[] = {tiny_search(without, WORDS("--trials", "6", "--lanes", "1", "--no-prefixes")),
	    tiny_search(beside, WORDS("--trials", "6", "--lanes", "1")),
	    tiny_search(named, WORDS("--trials", "6", "--lanes", "1", "--prefixes", place))};
	if (!support_equal_bits()) skip();
	for (size_t i = 0; i < 3; i++) {
		support_result result = run_line(&lines[i]);
		expect(&result, EXIT_DONE, "best of", "");
		support_result_release(&result);
	}
	expect_same_results(without, beside);
	expect_same_results(without, named);
	assert_int_not_equal(access(none, F_OK), 0);
	assert_int_equal(sum_reused(without), 0);
	assert_true(sum_reused(beside) > 0 && sum_reused(named) > sum_reused(beside));
	support_result result = support_run(WORDS("status", beside));
	expect(&result, EXIT_DONE, "steps of the trials done were made before", "");
	support_result_release(&result);
	/* A place that is none is said before any work. */
	struct line line = tiny_search(beside, WORDS("--trials", "8", "--prefixes", without));
	result = run_line(&line);
	expect(&result, EXIT_FAILED, "", "--no-prefixes does without");
	support_result_release(&result);
	free(none);
	free(place);
	free(named);
	free(beside);
	free(without);
}

/* Optimiser steps done in the study; 0 while it is being made. */
static uint64_t steps_done(const char *path)
{
	clu_error error;
	store *study;
	size_t count = 0;
	worker_info *workers = NULL;
	if (store_open(path, &study, &error) != CLU_OK) return 0;
	support_ok(store_workers(study, &workers, &count, &error), &error);
	uint64_t steps = count > 0 ? workers[0].steps : 0;
	free(workers);
	store_close(study);
	return steps;
}

static bool has_ended(const support_process *process)
{
	siginfo_t info = {.si_pid = 0};
	return waitid(P_PID, (id_t)support_pid(process), &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != 0;
}

static void interrupted_searches_go_on(void **state)
{
	size_t count;
	char *study = support_path(*state, "study.clu");
	/* As good as endless: it ends by the signal alone. */
	struct line line = tiny_search(study, WORDS("--trials", "4", "--schedule", "100000000"));
	double progress = 0;
	for (int i = 0; i < 2; i++) {
		uint64_t before = steps_done(study);
		support_process *process = support_start(line.words);
		while (steps_done(study) <= before && !has_ended(process)) nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
		kill(support_pid(process), i == 0 ? SIGINT : SIGTERM);
		support_result result = support_wait(process);
		expect(&result, EXIT_STOPPED, "", "the same command goes on");
		support_result_release(&result);
		trial *trials = load(study, &count);
		assert_int_equal(trials[0].state, TRIAL_QUEUED);
		assert_true(trials[0].steps > 0 && trials[0].progress >= progress);
		progress = trials[0].progress;
		free(trials);
	}
	free(study);
}

static void a_time_limit_stops_a_search(void **state)
{
	char *study = support_path(*state, "study.clu");
	struct line line = tiny_search(study, WORDS("--trials", "4", "--schedule", "100000000", "--time", "1s"));
	support_result result = run_line(&line);
	expect(&result, EXIT_STOPPED, "", "the same command goes on");
	support_result_release(&result);
	free(study);
}

static void a_training_that_diverges_is_a_failed_trial(void **state)
{
	size_t count;
	if (support_tiny()) skip(); /* too few steps to get that far */
	char *study = support_path(*state, "study.clu");
	struct line line = tiny_search(
	    study, WORDS("--trials", "2", "--set", "rate=1000", "--set", "fall=1", "--set", "loss=squares", "--set", "start=previous"));
	support_result result = run_line(&line);
	expect(&result, EXIT_FAILED, "none yet", "2 trials failed");
	support_result_release(&result);
	char *best = support_path(*state, "best");
	add(&line, WORDS("--model", best));
	result = run_line(&line);
	expect(&result, EXIT_FAILED, "none yet", "none to write to");
	assert_non_null(strstr(result.err, best));
	assert_int_not_equal(access(best, F_OK), 0);
	support_result_release(&result);
	free(best);
	trial *trials = load(study, &count);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(trials[i].state, TRIAL_FAILED);
		assert_non_null(strstr(trials[i].error, "finite"));
	}
	free(trials);
	free(study);
}

static void a_device_that_is_not_there_leaves_no_study(void **state)
{
	char *study = support_path(*state, "study.clu");
	struct line line = tiny_search(study, WORDS("--trials", "4", "--device", "no such device"));
	support_result result = run_line(&line);
	expect(&result, EXIT_NO_DEVICE, "", "no such device");
	support_result_release(&result);
	assert_int_not_equal(access(study, F_OK), 0);
	result = support_run(WORDS("worker", study, "--device", "no such device"));
	expect(&result, EXIT_NO_DEVICE, "", "no such device");
	support_result_release(&result);
	free(study);
}

static void a_dry_run_writes_nothing(void **state)
{
	char *study = support_path(*state, "study.clu");
	struct line line = tiny_search(study, WORDS("--trials", "4", "--dry-run"));
	support_result result = run_line(&line);
	expect(&result, EXIT_DONE, "4 to train, of 4", "steps of all layers a second");
	support_result_release(&result);
	assert_int_not_equal(access(study, F_OK), 0);
	free(study);
}

static void a_worker_by_hand_does_the_rest(void **state)
{
	clu_error error;
	size_t count;
	uint64_t added;
	store *study;
	char *path = support_path(*state, "study.clu");
	const char *device = getenv("CLUNROLL_TEST_DEVICE");
	struct line line = tiny_search(path, WORDS("--trials", "1"));
	support_result result = run_line(&line);
	expect(&result, EXIT_DONE, "", "");
	support_result_release(&result);
	/* Two more that `search` knows nothing of; one is no architecture. */
	const study_entry entries[] = {{"0_0_1_3", ""}, {"no architecture", ""}};
	study_request request = fixture_request(NULL, 0);
	request.enqueue = entries;
	request.enqueue_count = 2;
	support_ok(store_open(path, &study, &error), &error);
	support_ok(store_extend(study, &request, &added, &error), &error);
	assert_int_equal(added, 2);
	store_close(study);
	result = support_run(WORDS("worker", path, "--device", device ? device : "0"));
	expect(&result, EXIT_DONE, "", "trial 1 is done");
	support_result_release(&result);
	trial *trials = load(path, &count);
	assert_int_equal(trials[1].state, TRIAL_DONE);
	assert_int_equal(trials[2].state, TRIAL_FAILED);
	free(trials);
	free(path);
}

static void settings_must_agree(void **state)
{
	char *study = support_path(*state, "study.clu");
	struct line line = tiny_search(study, WORDS("--trials", "1"));
	support_result result = run_line(&line);
	expect(&result, EXIT_DONE, "", "");
	support_result_release(&result);
	const struct {
		const char *const *words;
		int code;
		const char *err;
	} cases[] = {
	    {WORDS("search", study, "--m", "7"), EXIT_SETTINGS, "m: 7 here, 6 there"},
	    {WORDS("search", study, "--space", "both"), EXIT_SETTINGS, "space: both here, gates there"},
	    {WORDS("search", study, "--seed", "3"), EXIT_SETTINGS, "seed: 3 here, 1 there"},
	    {WORDS("search", study, "--m", "6", "--trials", "1"), EXIT_DONE, "no trial"},
	    {WORDS("search", study, "--trials", "9"), EXIT_USAGE, "only 8 architectures of 4 layers"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		result = support_run(cases[i].words);
		expect(&result, cases[i].code, "", cases[i].err);
		support_result_release(&result);
	}
	free(study);
}

/* The best network takes the place of an earlier one, and of no other file. */
static void the_model_replaces_networks_alone(void **state)
{
	char *study = support_path(*state, "study.clu"), *model = support_path(*state, "best"), *other = support_path(*state, "notes");
	struct line line = tiny_search(study, WORDS("--trials", "1", "--model", model));
	support_result result = run_line(&line);
	expect(&result, EXIT_DONE, "", "best written");
	support_result_release(&result);
	result = run_line(&line);
	expect(&result, EXIT_DONE, "", "best written");
	support_result_release(&result);
	support_write(other, "mine", 4);
	result = support_run(WORDS("search", study, "--model", other));
	expect(&result, EXIT_USAGE, "", "is no network");
	support_result_release(&result);
	size_t size;
	free(support_read(other, &size));
	assert_int_equal(size, 4);
	free(other);
	free(model);
	free(study);
}

static void write_codes(const char *path, float last)
{
	enum { ROWS = 40, COLUMNS = 10 };
	clu_error error;
	clu_npy_writer *writer;
	float codes[ROWS * COLUMNS];
	for (size_t i = 0; i < ROWS * COLUMNS; i++) codes[i] = (i * 7 + i / COLUMNS) % 5 ? 0 : 1 + (float)(i % 3);
	codes[ROWS * COLUMNS - 1] = last;
	support_ok(clu_npy_create(path, ROWS, COLUMNS, &writer, &error), &error);
	support_ok(clu_npy_write(writer, ROWS, codes, &error), &error);
	support_ok(clu_npy_commit(writer, &error), &error);
}

/* Under the same name, one number of the held-out samples another. */
static void other_data_under_the_same_name_is_no_way_to_go_on(void **state)
{
	clu_error error;
	store *study;
	char *path = support_path(*state, "study.clu"), *codes = support_path(*state, "x.npy");
	const char *device = getenv("CLUNROLL_TEST_DEVICE");
	write_codes(codes, 1);
	struct line line = tiny_search_of(path, WORDS("--trials", "2", "--train-set", codes));
	support_result result = run_line(&line);
	expect(&result, EXIT_DONE, "best of 2 trials", "");
	support_result_release(&result);
	const char *const *more = WORDS("search", path, "--trials", "4");
	const char *const *worker = WORDS("worker", path, "--device", device ? device : "0");
	write_codes(codes, 2);
	result = support_run(more);
	expect(&result, EXIT_SETTINGS, "", "data_hash");
	support_result_release(&result);
	support_ok(store_open(path, &study, &error), &error);
	support_ok(sql_script(study, "UPDATE trial SET state = 0 WHERE number = 1", &error), &error);
	store_close(study);
	result = support_run(worker);
	expect(&result, EXIT_SETTINGS, "", "data_hash");
	support_result_release(&result);
	write_codes(codes, 1);
	result = support_run(worker);
	expect(&result, EXIT_DONE, "", "trial 1 is done");
	support_result_release(&result);
	result = support_run(more);
	expect(&result, EXIT_DONE, "best of 4 trials", "");
	support_result_release(&result);
	free(codes);
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_search_ends_with_a_winner, support_enter, support_leave),
	    cmocka_unit_test_setup_teardown(an_extended_search_is_the_longer_one, support_enter, support_leave),
	    cmocka_unit_test_setup_teardown(trials_start_at_trained_prefixes, support_enter, support_leave),
	    cmocka_unit_test_setup_teardown(interrupted_searches_go_on, support_enter, support_leave),
	    cmocka_unit_test_setup_teardown(a_time_limit_stops_a_search, support_enter, support_leave),
	    cmocka_unit_test_setup_teardown(a_training_that_diverges_is_a_failed_trial, support_enter, support_leave),
	    cmocka_unit_test_setup_teardown(a_device_that_is_not_there_leaves_no_study, support_enter, support_leave),
	    cmocka_unit_test_setup_teardown(a_dry_run_writes_nothing, support_enter, support_leave),
	    cmocka_unit_test_setup_teardown(a_worker_by_hand_does_the_rest, support_enter, support_leave),
	    cmocka_unit_test_setup_teardown(settings_must_agree, support_enter, support_leave),
	    cmocka_unit_test_setup_teardown(the_model_replaces_networks_alone, support_enter, support_leave),
	    cmocka_unit_test_setup_teardown(other_data_under_the_same_name_is_no_way_to_go_on, support_enter, support_leave),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
