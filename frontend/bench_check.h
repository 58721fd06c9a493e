/* bench_check.h: --check: measures again what a baseline has and says what got slower or faster. */
#ifndef BENCH_CHECK_H
#define BENCH_CHECK_H

#include "bench_rows.h"

/* Measures the rows of job->baseline again whose bench is one of the NULL-ended list (step, product, apply), on the job's device,
 * and prints a verdict for each. Exit code 1 where something got slower, 2 where the baseline has no such row of this device and
 * driver. */
int bench_check(const bench_job *job, const char *const *benches);

/* Takes out of the rows those of other measurements and of other devices or drivers; CLU_ARGUMENT, naming `path`, where none is
 * left. */
clu_status bench_check_select(
    cJSON *rows, const char *const *benches, const clu_device_info *info, const char *path, clu_error *error);
/* Prints a verdict for each row of the baseline of which there is a row now; returns how many got slower, or have no time
 * there to be held against. */
unsigned bench_check_report(const cJSON *baseline, const cJSON *now, bool json);

#endif
