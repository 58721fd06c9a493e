/* bench_fixture.h: what the tests of bench commands share: a cache of their own, reading rows. */
#ifndef BENCH_FIXTURE_H
#define BENCH_FIXTURE_H

#include "support.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static char *fixture_directory;

/* Networks are kept apart from those of a real bench. */
static inline int fixture_enter(void **state)
{
	(void)state;
	fixture_directory = support_directory_create();
	return setenv("XDG_CACHE_HOME", fixture_directory, 1);
}

static inline int fixture_leave(void **state)
{
	(void)state;
	support_directory_remove(fixture_directory);
	return 0;
}

/* What looks at rows and exit codes, not at the device, runs on one driver: the others build kernels for long, in every run of the
 * program anew. */
static inline bool fixture_elsewhere(void)
{
	const char *driver = getenv("CLUNROLL_TEST_DRIVER");
	return driver && strcmp(driver, "pocl") != 0 && strcmp(driver, "system") != 0;
}

static inline double row_number(const cJSON *row, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(row, key);
	if (!cJSON_IsNumber(item)) fail_msg("%s is no number", key);
	return item->valuedouble;
}

static inline const char *row_word(const cJSON *row, const char *key)
{
	const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(row, key));
	if (!value || !value[0]) fail_msg("%s is no text", key);
	return value;
}

/* The next line of *text as a row; NULL at the end. */
static inline cJSON *row_next(const char **text)
{
	if (!**text) return NULL;
	cJSON *row = cJSON_Parse(*text);
	if (!row) fail_msg("no JSON object: %s", *text);
	*text = strchr(*text, '\n') + 1;
	return row;
}

/* What every row of a measurement has. */
static inline void row_check(const cJSON *row, const char *bench)
{
	static const char *const words[] = {"device", "driver", "platform", "key", "commit", "arch"};
	static const char *const positive[] = {"m", "n", "layers", "batch", "lanes", "slices", "gflops_dense_equivalent", "gflops_real",
	    "percent_of_peak", "peak_gflops", "bandwidth_gbytes", "density"};
	assert_string_equal(row_word(row, "bench"), bench);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) row_word(row, words[i]);
	for (size_t i = 0; i < sizeof positive / sizeof *positive; i++)
		if (!(row_number(row, positive[i]) > 0)) fail_msg("%s is %g", positive[i], row_number(row, positive[i]));
	const double least = row_number(row, "ms_per_step_min"), median = row_number(row, "ms_per_step_median");
	assert_true(0 < least && least <= median && median <= row_number(row, "ms_per_step_max"));
	assert_true(row_number(row, "ms_per_step_mad") >= 0);
	assert_true(row_number(row, "gflops_real") <= 1.0001 * row_number(row, "gflops_dense_equivalent"));
	assert_true(row_number(row, "density") <= 1);
}

#endif
