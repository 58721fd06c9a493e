/* bench_rows.h: rows of measurements that lie in files (one JSON object a line, as --json prints them): reading them, which ones
 * are about the same thing, and whether two times of it differ by more than their noise. */
#ifndef BENCH_ROWS_H
#define BENCH_ROWS_H

#include "bench.h"

/* All rows of a file as an array that the caller deletes; CLU_FORMAT names the line that is none. Lines of checks and comparisons,
 * which are no measurements, are left out. */
clu_status bench_rows_read(const char *path, cJSON **rows, clu_error *error);

/* What a row is about, without where and when: "step LISTA 250x500 k16 b128, 4 lanes", with the file's name behind the
 * architecture's where the network is a person's. Rows with equal subjects compare. */
#define BENCH_SUBJECT 256
void bench_row_subject(const cJSON *row, char subject[BENCH_SUBJECT]);
/* Where it was measured: "DEVICE, PLATFORM DRIVER, COMMIT". */
#define BENCH_PLACE 320
void bench_row_place(const cJSON *row, char place[BENCH_PLACE]);
/* The first row with that subject; NULL: none. */
const cJSON *bench_rows_find(const cJSON *rows, const char *subject);
/* Its text or its number; "" or NaN where there is none. */
const char *bench_row_text(const cJSON *row, const char *key);
double bench_row_number(const cJSON *row, const char *key);
/* Its time per step or, of apply, per call; false where it has none. */
bool bench_row_time(const cJSON *row, bench_spread *ms);

typedef enum bench_verdict { BENCH_SAME, BENCH_SLOWER, BENCH_FASTER } bench_verdict;
const char *bench_verdict_name(bench_verdict verdict);
/* Slower or faster only where the medians differ by more than 5 % and by more than *noise, three times the deviations of both
 * together (or no slice of one was as fast as any of the other), and the fastest slices by more than 5 % too: other work on the
 * machine spoils many slices, but seldom all. */
bench_verdict bench_judge(const bench_spread *before, const bench_spread *now, double *noise);

#endif
