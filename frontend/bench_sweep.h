/* bench_sweep.h: bench step --sweep: how the cost of a step grows with codes, layers or connections, as rows and as a picture. */
#ifndef BENCH_SWEEP_H
#define BENCH_SWEEP_H

#include "bench.h"

/* job->sweep: n, layers or connections; the picture goes to job->output where that is not NULL. Returns an exit code. */
int bench_sweep(const bench_job *job);

/* Draws the rows: ms per step against `key` of a row, a curve for each architecture (one for all where key is "connections") with
 * the least number of lanes among them. */
clu_status bench_sweep_picture(const char *path, const cJSON *rows, const char *key, clu_error *error);

#endif
