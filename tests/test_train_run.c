/* test_train_run.c: `clunroll train` stopped, killed, on a full disk, with damaged checkpoints: it goes on to the same model, byte
 * for byte, and loses no more than what it trained since its last checkpoint. TEST_NEEDS: device */
#define _GNU_SOURCE /* prlimit */
#include "train_fixture.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- interruptions ---- */

static void stopped_training_goes_on_to_the_same_bits(void **state)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGKILL};
	char *model = support_path(*state, "m"), *checkpoint = support_path(*state, "m.checkpoint"), *whole = support_path(*state, "w");
	const char *const *words = WORDS("--arch", "Dense", "--schedule", long_schedule());
	size_t wanted_size;
	char *wanted = train_to_end(words, whole, &wanted_size);
	struct line line = tiny(words);
	add(&line, WORDS("-o", model));
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
		support_process *process = start_until_checkpoint(&line, checkpoint);
		kill(support_pid(process), signals[i]);
		support_result result = support_wait(process);
		expect(&result, signals[i] == SIGKILL ? 128 + SIGKILL : EXIT_STOPPED);
		if (signals[i] != SIGKILL) expect_in_stderr(&result, checkpoint);
		support_result_release(&result);
		assert_int_not_equal(access(model, F_OK), 0);
	}
	support_result result = support_run(line.words);
	expect(&result, EXIT_DONE);
	expect_in_stderr(&result, "going on from");
	/* The lines of all layers, those trained before the last interruption too. */
	assert_non_null(strstr(result.out, "\"layer\":1"));
	assert_non_null(strstr(result.out, "\"layer\":3"));
	support_result_release(&result);
	expect_same_bytes(model, wanted, wanted_size);
	free(wanted);
	free(whole);
	free(checkpoint);
	free(model);
}

/* JSON lines without what differs from run to run; the caller frees them. */
static char *without_times(const char *lines)
{
	char *copy = strdup(lines), *kept = calloc(1, strlen(lines) + 1), *rest = NULL;
	assert_true(copy && kept);
	for (char *line = strtok_r(copy, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		cJSON *json = cJSON_Parse(line);
		cJSON_DeleteItemFromObject(json, "seconds");
		char *text = cJSON_PrintUnformatted(json);
		assert_non_null(text);
		strcat(strcat(kept, text), "\n");
		cJSON_free(text);
		cJSON_Delete(json);
	}
	free(copy);
	return kept;
}

/* Kills a training three times, somewhere after the checkpoint with which it begins, then lets it end. */
static support_result train_through_kills(const struct line *line, const char *checkpoint, uint64_t seed)
{
	for (int kills = 0; kills < 3; kills++) {
		support_process *process = start_until_checkpoint(line, checkpoint);
		nanosleep(&(struct timespec){0, (long)(1.5e8 * support_uniform(&seed))}, NULL);
		kill(support_pid(process), SIGKILL);
		support_result result = support_wait(process);
		expect(&result, 128 + SIGKILL);
		support_result_release(&result);
	}
	return support_run(line->words);
}

/* tests/chaos.sh does this at length. */
static void kills_change_neither_model_nor_record(void **state)
{
	if (support_tiny() || !support_equal_bits()) skip(); /* a tenth of a second is less than a step there */
	char *whole = support_path(*state, "w"), *prefixes = support_path(*state, "prefixes");
	char *model = support_path(*state, "m"), *checkpoint = support_path(*state, "m.checkpoint");
	const char *const *words = WORDS("--arch", "Dense", "--schedule", "2000,4000,2000", "--checkpoint", "0.1s");
	struct line line = tiny(words);
	add(&line, WORDS("-o", whole));
	support_result calm = support_run(line.words);
	expect(&calm, EXIT_DONE);
	char *wanted_record = without_times(calm.out);
	size_t wanted_size;
	char *wanted = support_read(whole, &wanted_size);
	for (int shared = 0; shared < 2; shared++) {
		line = tiny(words);
		add(&line, WORDS("-o", model));
		if (shared) add(&line, WORDS("--prefixes", prefixes));
		support_result result = train_through_kills(&line, checkpoint, (uint64_t)shared + 1);
		expect(&result, EXIT_DONE);
		char *record = without_times(result.out);
		assert_string_equal(record, wanted_record);
		expect_same_bytes(model, wanted, wanted_size);
		assert_int_equal(unlink(model), 0);
		support_result_release(&result);
		free(record);
	}
	free(wanted);
	free(wanted_record);
	support_result_release(&calm);
	free(checkpoint);
	free(model);
	free(prefixes);
	free(whole);
}

/* What another training wrote meanwhile stays; this one can be gone on with. */
static void a_model_written_meanwhile_stays(void **state)
{
	if (support_tiny()) skip(); /* it would take minutes */
	char *model = support_path(*state, "m"), *checkpoint = support_path(*state, "m.checkpoint");
	struct line line = tiny(WORDS("--arch", "LISTA", "-o", model, "--schedule", "400,400,400"));
	support_process *process = support_start(line.words);
	const struct timespec pause = {.tv_nsec = 2000000};
	for (int i = 0; i < 30000 && access(checkpoint, F_OK) != 0; i++) nanosleep(&pause, NULL);
	support_write(model, "theirs", 6);
	support_result result = support_wait(process);
	expect(&result, EXIT_FAILED);
	expect_in_stderr(&result, "written there meanwhile");
	support_result_release(&result);
	char *text = support_read(model, NULL);
	assert_string_equal(text, "theirs");
	free(text);
	assert_int_equal(unlink(model), 0);
	result = support_run(line.words);
	expect(&result, EXIT_DONE);
	support_result_release(&result);
	free(checkpoint);
	free(model);
}

static void other_settings_are_named(void **state)
{
	if (support_slow_builds()) skip(); /* nothing in it hangs on the device, and each start builds kernels for seconds */
	char *model = support_path(*state, "m"), *checkpoint = support_path(*state, "m.checkpoint");
	struct line line = tiny(WORDS("--arch", "LISTA", "--schedule", long_schedule(), "-o", model));
	support_process *process = start_until_checkpoint(&line, checkpoint);
	kill(support_pid(process), SIGTERM);
	support_result result = support_wait(process);
	expect(&result, EXIT_STOPPED);
	support_result_release(&result);

	static const struct {
		const char *option, *value, *named;
	} cases[] = {
	    {"--batch", "8", "batch: 8 here, 16 there"},
	    {"--snr", "20", "snr_db: 20 here, \"inf\" there"},
	    {"--salt-pepper", "0.1", "salt_pepper: 0.1 here, none there"},
	    {"--setting", "gamma", "codes: \"gamma\" here, none there"},
	    {"--arch", "LFISTA", "arch: "},
	    {"--set", "decay=0.5", "decay 0.5 here, decay 0.3 there"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct line other = line;
		add(&other, WORDS(cases[i].option, cases[i].value));
		result = support_run(other.words);
		expect(&result, EXIT_SETTINGS);
		expect_in_stderr(&result, cases[i].named);
		expect_in_stderr(&result, "--restart");
		support_result_release(&result);
	}
	add(&line, WORDS("--schedule", "2,5,3", "--batch", "8", "--restart"));
	result = support_run(line.words);
	expect(&result, EXIT_DONE);
	support_result_release(&result);
	assert_int_equal(access(model, F_OK), 0);
	assert_int_not_equal(access(checkpoint, F_OK), 0);
	free(checkpoint);
	free(model);
}

static void damaged_checkpoint_is_named(void **state)
{
	char *model = support_path(*state, "m"), *checkpoint = support_path(*state, "m.checkpoint");
	support_write(checkpoint, "no checkpoint", 13);
	struct line line = tiny(WORDS("--arch", "LISTA", "-o", model));
	support_result result = support_run(line.words);
	expect(&result, EXIT_FAILED);
	expect_in_stderr(&result, checkpoint);
	expect_in_stderr(&result, "--restart");
	support_result_release(&result);
	free(checkpoint);
	free(model);
}

/* Trains until there are two checkpoints, and kills. */
static void leave_two_checkpoints(const struct line *line, const char *checkpoint, const char *previous)
{
	support_process *process = start_until_checkpoint(line, checkpoint);
	const struct timespec pause = {0, 2000000};
	for (unsigned i = 0; file_number(previous) == 0; i++) {
		if (i > 300000) fail_msg("no second checkpoint after ten minutes");
		nanosleep(&pause, NULL);
	}
	kill(support_pid(process), SIGKILL);
	support_result result = support_wait(process);
	expect(&result, 128 + SIGKILL);
	support_result_release(&result);
}

static void damaged_checkpoints_cost_an_interval(void **state)
{
	if (support_tiny() || !support_equal_bits()) skip(); /* test_checkpoint has the files */
	static const char *const faults[] = {"torn or damaged", "torn or damaged", "cannot read"};
	char *whole = support_path(*state, "w"), *model = support_path(*state, "m"), *checkpoint = support_path(*state, "m.checkpoint");
	char *previous = support_path(*state, "m.checkpoint.previous");
	const char *const *words = WORDS("--arch", "Dense", "--schedule", "2000,4000,2000", "--checkpoint", "0.1s");
	size_t wanted_size, size, previous_size;
	char *wanted = train_to_end(words, whole, &wanted_size);
	struct line line = tiny(words);
	add(&line, WORDS("-o", model));
	leave_two_checkpoints(&line, checkpoint, previous);
	char *bytes = support_read(checkpoint, &size), *previous_bytes = support_read(previous, &previous_size);
	bytes[size / 2] ^= 1;
	unlink(checkpoint); /* the kill may have left both as one file */
	unlink(previous);
	for (int i = 0; i < 3; i++) { /* torn, a bit flipped, missing */
		support_write(previous, previous_bytes, previous_size);
		if (i < 2) support_write(checkpoint, bytes, i == 0 ? size / 2 : size);
		support_result result = support_run(line.words);
		expect(&result, EXIT_DONE);
		expect_in_stderr(&result, faults[i]);
		expect_in_stderr(&result, "the one before it serves");
		expect_in_stderr(&result, "going on from");
		support_result_release(&result);
		expect_same_bytes(model, wanted, wanted_size);
		assert_int_equal(unlink(model), 0);
		assert_int_equal(file_number(checkpoint) + file_number(previous), 0);
	}
	support_write(checkpoint, bytes, size);
	support_write(previous, previous_bytes, previous_size - 1);
	support_result result = support_run(line.words);
	expect(&result, EXIT_FAILED);
	expect_in_stderr(&result, previous);
	expect_in_stderr(&result, "--restart");
	support_result_release(&result);
	free(previous_bytes);
	free(bytes);
	free(wanted);
	free(previous);
	free(checkpoint);
	free(model);
	free(whole);
}

/* ---- full disks ---- */

/* From some moment on no file can be written beyond half of the model: checkpoints, trained prefixes, the model. */
static void a_full_disk_costs_an_interval(void **state)
{
	if (support_slow_builds() || !support_equal_bits()) skip(); /* each start builds kernels for seconds */
	char *whole = support_path(*state, "w"), *model = support_path(*state, "m"), *checkpoint = support_path(*state, "m.checkpoint");
	char *place = support_path(*state, "prefixes");
	const char *const *words =
	    WORDS("--m", "20", "--n", "40", "--arch", "Dense", "--schedule", "500,1500,500", "--checkpoint", "0.1s");
	size_t wanted_size;
	char *wanted = train_to_end(words, whole, &wanted_size);
	struct line line = tiny(words);
	add(&line, WORDS("-o", model, "--prefixes", place));
	support_process *process = start_until_checkpoint(&line, checkpoint);
	const struct rlimit limit = {wanted_size / 2, wanted_size / 2};
	assert_int_equal(prlimit(support_pid(process), RLIMIT_FSIZE, &limit, NULL), 0);
	support_result result = support_wait(process);
	expect(&result, EXIT_FAILED);
	expect_in_stderr(&result, "no checkpoint now, training goes on");
	expect_in_stderr(&result, "no trained prefixes are kept, training goes on");
	expect_in_stderr(&result, "cannot write");
	expect_in_stderr(&result, "the same command goes on from");
	support_result_release(&result);
	assert_int_equal(file_number(model), 0);

	result = support_run(line.words);
	expect(&result, EXIT_DONE);
	expect_in_stderr(&result, "going on from");
	support_result_release(&result);
	expect_same_bytes(model, wanted, wanted_size);
	free(wanted);
	free(place);
	free(checkpoint);
	free(model);
	free(whole);
}

/* Runs a command line with its standard output on a full disk; returns the exit code. */
static int run_into_full(const struct line *line, const char *err)
{
	char command[4096] = "\"" CLUNROLL_PROGRAM "\"";
	for (const char *const *word = line->words; *word; word++) {
		assert_true(strlen(command) + strlen(*word) + 64 < sizeof command);
		sprintf(command + strlen(command), " '%s'", *word);
	}
	assert_true(strlen(command) + strlen(err) + 64 < sizeof command);
	sprintf(command + strlen(command), " >/dev/full 2>'%s'", err);
	const int status = system(command);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void layers_that_were_not_printed_can_be_had(void **state)
{
	if (support_tiny() || access("/dev/full", W_OK) != 0) skip();
	char *model = support_path(*state, "m"), *checkpoint = support_path(*state, "m.checkpoint"), *err = support_path(*state, "e");
	struct line line = tiny(WORDS("--arch", "LISTA", "-o", model));
	size_t size;
	assert_int_equal(run_into_full(&line, err), EXIT_FAILED);
	char *said = support_read(err, NULL), *bytes = support_read(model, &size);
	assert_non_null(strstr(said, "--force"));
	assert_non_null(strstr(said, "standard output cannot be written"));
	assert_int_not_equal(file_number(checkpoint), 0);
	add(&line, WORDS("--force"));
	support_result result = support_run(line.words);
	expect(&result, EXIT_DONE);
	expect_in_stderr(&result, "going on from");
	assert_non_null(strstr(result.out, "\"layer\":1"));
	assert_non_null(strstr(result.out, "\"layer\":3"));
	support_result_release(&result);
	if (support_equal_bits()) expect_same_bytes(model, bytes, size);
	assert_int_equal(file_number(checkpoint), 0);
	free(bytes);
	free(said);
	free(err);
	free(checkpoint);
	free(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(stopped_training_goes_on_to_the_same_bits, support_enter, support_leave),
	    cmocka_unit_test_setup_teardown(kills_change_neither_model_nor_record, support_enter, support_leave),
	    cmocka_unit_test_setup_teardown(a_model_written_meanwhile_stays, support_enter, support_leave),
	    cmocka_unit_test_setup_teardown(other_settings_are_named, support_enter, support_leave),
	    cmocka_unit_test_setup_teardown(damaged_checkpoint_is_named, support_enter, support_leave),
	    cmocka_unit_test_setup_teardown(damaged_checkpoints_cost_an_interval, support_enter, support_leave),
	    cmocka_unit_test_setup_teardown(a_full_disk_costs_an_interval, support_enter, support_leave),
	    cmocka_unit_test_setup_teardown(layers_that_were_not_printed_can_be_had, support_enter, support_leave),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
