/* bench.h: what the measurements of `clunroll bench` share: what was asked for, samples and their spread, rows of results.
 *
 * A subcommand is a file bench_NAME.c with one function, listed in cmd_bench.c's table. It fills rows (JSON objects: one is a line
 * of --json, what --check and `bench compare` read, and what pictures are drawn from) and hands each to bench_row_end. */
#ifndef BENCH_H
#define BENCH_H

#include "clunroll.h"

#include <cjson/cJSON.h>

enum { BENCH_LANES_MAX = 16, BENCH_REPEAT_MAX = 1000 };

typedef struct bench_job {
	const char *device_spec, *plan_path;
	uint32_t lanes[BENCH_LANES_MAX], lanes_count; /* trainings at once */
	uint32_t repeat;                              /* timed slices */
	double slice;                                 /* seconds of one */
	bool json;
	char **words; /* behind the subcommand, ended by NULL */
} bench_job;

/* The subcommands; each returns an exit code. */
int bench_step(const bench_job *job);

/* One run of a subcommand on one device. */
typedef struct bench_run {
	const bench_job *job;
	clu_device *device;
	cJSON *rows; /* array: all rows that ended, in their order */
} bench_run;

/* Installs the interrupt handlers and opens the device. bench_end is to follow also where it fails. */
clu_status bench_begin(const bench_job *job, bench_run *run, clu_error *error);
/* Closes all, says what went wrong where status is not CLU_OK; returns the exit code: 128 + signal where one came. */
int bench_end(bench_run *run, clu_status status, const clu_error *error);

typedef struct bench_spread {
	uint32_t count;
	double min, median, max;
	double mad; /* median absolute deviation from the median */
} bench_spread;

/* Of at least one sample; overwrites the samples. */
bench_spread bench_spread_of(double *samples, uint32_t count);

/* A row with what all have: version, bench, device, driver, platform, key. */
cJSON *bench_row_begin(const bench_run *run, const char *bench);
/* Adds PREFIX_min, PREFIX_median, PREFIX_max, PREFIX_mad. */
void bench_row_spread(cJSON *row, const char *prefix, const bench_spread *spread);
/* Prints the row, as JSON or as `text`, and keeps it in run->rows. */
void bench_row_end(bench_run *run, cJSON *row, const char *text);

#endif
