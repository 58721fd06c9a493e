/* train_fixture.h: command lines of `clunroll train` for a tiny problem, and their runs, for the tests of that command. */
#ifndef TRAIN_FIXTURE_H
#define TRAIN_FIXTURE_H

#include "support.h"

#include "message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { LAYERS = 3, ARGUMENTS_MAX = 64 };

/* A command line: a tiny problem, then further arguments, which win. The words must outlive it. */
struct line {
	const char *words[ARGUMENTS_MAX];
	size_t count;
};

static inline void add(struct line *line, const char *const *words)
{
	for (; *words; words++) {
		assert_true(line->count + 1 < ARGUMENTS_MAX);
		line->words[line->count++] = *words;
	}
	line->words[line->count] = NULL;
}

static inline struct line tiny(const char *const *more)
{
	static const char *const words[] = {"train", "--m", "10", "--n", "20", "--layers", "3", "--train-samples", "64",
	    "--validation-samples", "32", "--test-samples", "32", "--batch", "16", "--schedule", "2,5,3", "--json", NULL};
	struct line line = {{0}, 0};
	add(&line, words);
	add(&line, more);
	return line;
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static inline void expect(const support_result *result, int code)
{
	if (result->code != code) fail_msg("exit code %d, wanted %d; stderr: %s", result->code, code, result->err);
}

static inline void expect_in_stderr(const support_result *result, const char *wanted)
{
	if (!strstr(result->err, wanted)) fail_msg("'%s' is not in '%s'", wanted, result->err);
}

/* Trains to the end and returns the model's bytes; the caller frees them. */
static inline char *train_to_end(const char *const *more, const char *model, size_t *size)
{
	struct line line = tiny(more);
	add(&line, WORDS("-o", model));
	support_result result = support_run(line.words);
	expect(&result, EXIT_DONE);
	support_result_release(&result);
	return support_read(model, size);
}

static inline void expect_same_bytes(const char *path, const char *wanted, size_t wanted_size)
{
	size_t size;
	char *bytes = support_read(path, &size);
	assert_int_equal(size, wanted_size);
	assert_memory_equal(bytes, wanted, size);
	free(bytes);
}

/* 0 when there is no such file; a file that is replaced gets another number. */
static inline ino_t file_number(const char *path)
{
	struct stat about;
	return stat(path, &about) == 0 ? about.st_ino : 0;
}

/* Starts a training and waits for its first checkpoint, which comes before its first step. */
static inline support_process *start_until_checkpoint(const struct line *line, const char *checkpoint)
{
	ino_t before = file_number(checkpoint);
	support_process *process = support_start(line->words);
	const struct timespec pause = {0, 2000000};
	for (unsigned i = 0; file_number(checkpoint) == before; i++) {
		if (i > 300000) fail_msg("no checkpoint after ten minutes");
		nanosleep(&pause, NULL);
	}
	return process;
}

/* Long enough to be still under way when the signal comes. */
static inline const char *long_schedule(void)
{
	return support_tiny() ? "5,20,5" : "300,600,300";
}

#endif
