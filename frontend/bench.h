/* bench.h: what the measurements of `clunroll bench` share: what was asked for, samples and their spread, rows of results.
 *
 * A subcommand is a file bench_NAME.c with one function, listed in cmd_bench.c's table. It fills rows (JSON objects: one is a line
 * of --json, what --check and `bench compare` read, and what pictures are drawn from) and hands each to bench_row_end. */
#ifndef BENCH_H
#define BENCH_H

#include "bench_network.h"

#include <cjson/cJSON.h>

enum { BENCH_LANES_MAX = 16, BENCH_REPEAT_MAX = 1000, BENCH_BATCH_MAX = 65536 };

typedef struct bench_job {
	const char *device_spec, *plan_path;
	settings settings;                                /* of networks that the bench trains itself */
	const char *archs;                                /* theirs, with commas between */
	uint32_t lanes[BENCH_LANES_MAX], lanes_count;     /* trainings at once; none: the subcommand's own choice */
	uint32_t batches[BENCH_LANES_MAX], batches_count; /* signals of a call of apply */
	uint32_t repeat;                                  /* timed slices */
	double slice;                                     /* seconds of one */
	bool json, kernels;
	const char *baseline; /* --check; NULL: none */
	const char *sweep;    /* NULL: none */
	const char *output;   /* of a picture; NULL: none */
	char **words;         /* behind the subcommand, ended by NULL */
} bench_job;

/* The subcommands; each returns an exit code. */
int bench_step(const bench_job *job);
int bench_products(const bench_job *job);
int bench_all(const bench_job *job);
int bench_compare(const bench_job *job);
int bench_apply(const bench_job *job);

/* ---- a run of a subcommand on one device ---- */

typedef struct bench_run {
	const bench_job *job;
	clu_device *device;
	clu_measurement device_measured; /* what the device can do at best */
	cJSON *rows;                     /* array: all rows that ended, in their order */
} bench_run;

/* Installs the interrupt handlers and opens the device. bench_end is to follow also where it fails. */
clu_status bench_open(const bench_job *job, bench_run *run, clu_error *error);
/* The same, and fills device_measured: what rows need. */
clu_status bench_begin(const bench_job *job, bench_run *run, clu_error *error);
/* Closes all, says what went wrong where status is not CLU_OK; returns the exit code: 128 + signal where one came. */
int bench_end(bench_run *run, clu_status status, const clu_error *error);

/* Measures a network with so many lanes (apply: signals of a call) and ends a row or several; none where an interrupt came first.
 */
typedef clu_status (*bench_measure)(bench_run *run, const bench_network *network, uint32_t count, clu_error *error);
clu_status bench_step_measure(bench_run *run, const bench_network *network, uint32_t lanes, clu_error *error);
clu_status bench_products_measure(bench_run *run, const bench_network *network, uint32_t lanes, clu_error *error);
clu_status bench_apply_measure(bench_run *run, const bench_network *network, uint32_t batch, clu_error *error);
/* Print the heads of their tables, unless rows are JSON. */
void bench_step_head(const bench_run *run);
void bench_products_head(const bench_run *run);
void bench_apply_head(const bench_run *run);

/* Calls `visit` with each network that the job asks for: those in the files it names, else the bench's own. */
clu_status bench_each_network(
    bench_run *run, clu_status (*visit)(bench_run *run, const bench_network *network, clu_error *error), clu_error *error);
/* `measure` with each of the job's numbers of lanes (one lane where it has none). */
clu_status bench_each_lanes(bench_run *run, const bench_network *network, bench_measure measure, clu_error *error);

/* Lanes that take steps which change next to nothing, so that the network stays the trained one while it is measured. */
clu_status bench_lanes_create(clu_device *device, const bench_network *network, uint32_t lanes, clu_lanes **out, clu_error *error);

/* ---- samples ---- */

typedef struct bench_spread {
	uint32_t count;
	double min, median, max;
	double mad; /* median absolute deviation from the median */
	double p95; /* what 95 per cent of the samples do not exceed */
} bench_spread;

/* Of at least one sample; overwrites the samples. */
bench_spread bench_spread_of(double *samples, uint32_t count);

/* ---- rows ---- */

/* A row with what all have: version, bench, device, driver, platform, key, commit, peak_gflops, bandwidth_gbytes. */
cJSON *bench_row_begin(const bench_run *run, const char *bench);
/* "LISTA 250x500 k16 b128", for tables; an architecture without a name is told by its extra connections: "77 extra …". */
#define BENCH_LABEL 64
void bench_label(const bench_network *network, char label[BENCH_LABEL]);
/* Adds arch, network (the file it came from), m, n, layers, connections, batch, lanes. */
void bench_row_network(cJSON *row, const bench_network *network, uint32_t lanes);
/* Adds ms_per_step_min, _median, _max, _mad and slices. */
void bench_row_spread(cJSON *row, const bench_spread *ms);
/* Prints the row, as JSON or as `text`, and keeps it in run->rows. */
void bench_row_end(bench_run *run, cJSON *row, const char *text);

#endif
