/* reproduce.h: what `clunroll reproduce` is asked for and what came of it: plain data that the run fills, and tables and picture
 * show. Nothing here trains or knows a device. */
#ifndef REPRODUCE_H
#define REPRODUCE_H

#include "paper_figures.h"
#include "solver_results.h"

enum { REPRODUCE_ARCHS_MAX = 16, REPRODUCE_REPEATS_MAX = 16, REPRODUCE_NAME = 240 };

/* Full size, or how far from it. */
typedef struct reproduce_scale {
	const char *name;
	uint32_t sides, samples; /* both are divided by that */
	uint32_t batch;
	const char *recipe;  /* unless --recipe says otherwise */
	const char *compare; /* how far the figures can be held against the paper's */
} reproduce_scale;

/* "full", "small", "tiny"; NULL: no such scale. */
const reproduce_scale *reproduce_scale_find(const char *name);

typedef struct reproduce_job {
	const paper_table *table;
	const reproduce_scale *scale;
	const paper_row *rows[PAPER_ROWS_MAX];
	size_t row_count;
	char archs[REPRODUCE_ARCHS_MAX][CLU_ARCH_TEXT]; /* as given */
	size_t arch_count;
	uint32_t repeat;
	settings base; /* of full size, row b, seed 1; batch and recipe are those to train with */
	const char *directory, *device_spec, *plan_path;
	bool part; /* rows, networks or solvers that belong to the table are left out */
	bool no_solvers;
	bool json, dry_run;
} reproduce_job;

/* The base in a named setting at the job's scale. It owns nothing: no settings_release. */
clu_status reproduce_settings(const reproduce_job *job, const char *setting, uint64_t seed, settings *settings, clu_error *error);
/* "searched-250x500-snr40-fast-seed1": of a training, without ending. CLU_ARGUMENT where it is too long for a file's name. */
clu_status reproduce_network_name(
    const char *arch, const char *setting, const settings *settings, char name[REPRODUCE_NAME], clu_error *error);
/* Of the files with results: "table1", "table2-small", "table1-paper"; "table1-part" where rows or networks are left out, and
 * "table1-unfinished" with the rows so far of one that is to be whole. */
void reproduce_table_name(const reproduce_job *job, bool finished, char name[REPRODUCE_NAME]);

/* One network under a row's conditions. */
typedef struct reproduce_training {
	uint64_t seed;
	clu_nmse nmse;
	uint64_t steps;   /* of its training; 0: not known */
	double seconds;   /* that it took; NaN: not known */
	char device[128]; /* REPRODUCE_DIVERGED: its training diverged, and there are no figures (NaN) */
	char name[REPRODUCE_NAME];
} reproduce_training;

#define REPRODUCE_DIVERGED "diverged"

/* All seeds of one architecture. */
typedef struct reproduce_cell {
	const char *arch;
	double paper_db; /* NaN: the paper has none */
	uint32_t count;
	reproduce_training training[REPRODUCE_REPEATS_MAX];
} reproduce_cell;

typedef struct reproduce_row {
	const paper_row *paper;
	uint32_t m, n;
	reproduce_cell cell[REPRODUCE_ARCHS_MAX]; /* job->arch_count of them */
	solver_result solvers[SOLVER_RESULTS];
} reproduce_row;

typedef struct reproduce_results {
	const reproduce_job *job;
	size_t row_count; /* that are complete */
	reproduce_row row[PAPER_ROWS_MAX];
} reproduce_results;

/* The paper's figure for an architecture in a row; NaN where it has none. */
double reproduce_paper_db(const paper_row *row, const char *arch);
/* Of trainings that did not diverge; NaN: all did. */
double reproduce_mean_db(const reproduce_cell *cell);
uint32_t reproduce_diverged(const reproduce_cell *cell);
void reproduce_range_db(const reproduce_cell *cell, double *least, double *most);
/* Worse than the paper's by more than this is marked, and what diverged. */
#define REPRODUCE_WORSE_DB 0.5
bool reproduce_is_worse(const reproduce_cell *cell);

#endif
