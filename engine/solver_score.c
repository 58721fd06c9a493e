/* solver_score.c: how good a classical solver is on a set of samples, and with which penalty or residual it is best.
 *
 * Threads share the samples, each with BLAS on that thread alone; a signal's time is CPU time of the thread that it ran on, so that
 * it is a time of one thread whatever the number of them. */
#include "nmse.h"
#include "parallel.h"
#include "solver.h"

#include <cblas.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- score ---- */

typedef struct block_result {
	double seconds;
	clu_error error; /* status CLU_OK: none */
} block_result;

typedef struct scoring {
	const clu_solver *solver;
	const clu_solve *how;
	const clu_samples *samples;
	clu_measured measured;
	double *error, *square; /* [count]: ‖x̂ − x‖², ‖x‖² */
	block_result *blocks;
} scoring;

static double thread_seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The measurements of samples first … first + rows − 1, in double. work: [rows][n]. */
static void take_measurements(const scoring *s, size_t first, size_t rows, double *work, double *b)
{
	const size_t m = s->solver->m, n = s->solver->n;
	if (s->measured == CLU_MEASURED_AS_GIVEN) {
		for (size_t i = 0; i < rows * m; i++) b[i] = s->samples->b[first * m + i];
		return;
	}
	for (size_t i = 0; i < rows * n; i++) work[i] = s->samples->x[first * n + i];
	cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)rows, (int)m, (int)n, 1, work, (int)n, s->solver->atoms, (int)m, 0,
	    b, (int)m);
}

static void take_errors(const scoring *s, size_t first, size_t rows, const double *x)
{
	const size_t n = s->solver->n;
	const float *truth = s->samples->x + first * n;
	for (size_t i = 0; i < rows; i++) {
		double error = 0, square = 0;
		for (size_t at = i * n; at < (i + 1) * n; at++) {
			const double difference = x[at] - (double)truth[at];
			error += difference * difference;
			square += (double)truth[at] * (double)truth[at];
		}
		s->error[first + i] = error;
		s->square[first + i] = square;
	}
}

static void score_block(const scoring *s, size_t block)
{
	const size_t m = s->solver->m, n = s->solver->n, first = block * SOLVER_BLOCK;
	const size_t rows = s->samples->count - first < SOLVER_BLOCK ? s->samples->count - first : SOLVER_BLOCK;
	block_result *result = &s->blocks[block];
	double *b = malloc(rows * m * sizeof *b), *x = malloc(rows * n * sizeof *x);
	if (!b || !x) {
		clu_fail(&result->error, CLU_MEMORY, "out of memory for %zu signals", rows);
	} else {
		take_measurements(s, first, rows, x, b);
		const double begin = thread_seconds();
		solver_run(s->solver, s->how, b, rows, s->samples->x + first * n, x, &result->error);
		result->seconds = thread_seconds() - begin;
		take_errors(s, first, rows, x);
	}
	free(x);
	free(b);
}

static void score_blocks(void *context, size_t begin, size_t end)
{
	for (size_t block = begin; block < end; block++) score_block(context, block);
}

static clu_status sum_up(const scoring *s, size_t blocks, clu_score *score, clu_error *error)
{
	double seconds = 0;
	for (size_t i = 0; i < blocks; i++) {
		const clu_error *inner = &s->blocks[i].error;
		if (inner->status != CLU_OK) return clu_fail(error, inner->status, "%s", inner->message);
		seconds += s->blocks[i].seconds;
	}
	score->nmse = nmse_of_squares(s->error, s->square, s->samples->count);
	score->seconds = seconds / (double)s->samples->count;
	return CLU_OK;
}

clu_status clu_solver_score(const clu_solver *solver, const clu_solve *how, const clu_samples *samples, clu_measured measured,
    clu_score *score, clu_error *error)
{
	CLU_TRY(solver_check(how, samples->x, error));
	if (samples->count == 0) return clu_fail(error, CLU_ARGUMENT, "there are no samples to score a solver on");
	const size_t blocks = (samples->count + SOLVER_BLOCK - 1) / SOLVER_BLOCK;
	scoring s = {.solver = solver,
	    .how = how,
	    .samples = samples,
	    .measured = measured,
	    .error = malloc(samples->count * sizeof(double)),
	    .square = malloc(samples->count * sizeof(double)),
	    .blocks = calloc(blocks, sizeof(block_result))};
	clu_status status;
	if (!s.error || !s.square || !s.blocks) {
		status = clu_fail(error, CLU_MEMORY, "out of memory for the errors of %zu samples", samples->count);
		goto cleanup;
	}
	solver_hold_threads();
	parallel_run(blocks, 1, score_blocks, &s);
	solver_release_threads();
	status = sum_up(&s, blocks, score, error);

cleanup:
	free(s.blocks);
	free(s.square);
	free(s.error);
	return status;
}

/* ---- choice ---- */

/* Values are 10^(place/16), a penalty's times the square of the dictionary's gain: half decades first, then refined. */
enum { PLACES = 16, COARSE = PLACES / 2, LEAST_PLACE = -12 * PLACES, PATIENCE = 4 };
static const double choice_gain_db = 0.01; /* less is no improvement */

typedef struct choice {
	const clu_solver *solver;
	clu_solve how;
	clu_samples samples;
	clu_measured measured;
	int best_place;
	double best_db;
} choice;

static void set_place(const clu_solver *solver, clu_solve *how, int place)
{
	const double value = pow(10, (double)place / PLACES);
	if (how->method == CLU_METHOD_FISTA)
		how->penalty = value * solver->gain * solver->gain;
	else
		how->residual = value;
}

static clu_status try_place(choice *c, int place, bool *better, clu_error *error)
{
	clu_score score;
	set_place(c->solver, &c->how, place);
	CLU_TRY(clu_solver_score(c->solver, &c->how, &c->samples, c->measured, &score, error));
	*better = score.nmse.db < c->best_db - choice_gain_db;
	if (!*better) return CLU_OK;
	c->best_db = score.nmse.db;
	c->best_place = place;
	return CLU_OK;
}

/* Down from 1 until it has not got better for two decades: a penalty or residual that is too large leaves codes of zero, 0 dB. */
static clu_status search_coarse(choice *c, clu_error *error)
{
	bool better;
	CLU_TRY(try_place(c, 0, &better, error));
	for (int place = -COARSE; place >= LEAST_PLACE; place -= COARSE) {
		CLU_TRY(try_place(c, place, &better, error));
		if (c->best_db < -choice_gain_db && place <= c->best_place - PATIENCE * COARSE) break;
	}
	return CLU_OK;
}

static clu_status search_fine(choice *c, clu_error *error)
{
	for (int step = COARSE / 2; step >= 1; step /= 2) {
		const int middle = c->best_place;
		bool better;
		CLU_TRY(try_place(c, middle + step, &better, error));
		if (!better) CLU_TRY(try_place(c, middle - step, &better, error));
	}
	return CLU_OK;
}

clu_status clu_solver_choose(
    const clu_solver *solver, clu_solve *how, const clu_samples *samples, clu_measured measured, clu_error *error)
{
	if (how->method == CLU_METHOD_ORACLE) return CLU_OK;
	choice c = {.solver = solver, .how = *how, .samples = *samples, .measured = measured, .best_db = INFINITY};
	if (c.samples.count > CLU_CHOICE_SAMPLES) c.samples.count = CLU_CHOICE_SAMPLES;
	CLU_TRY(search_coarse(&c, error));
	CLU_TRY(search_fine(&c, error));
	set_place(solver, how, c.best_place);
	return CLU_OK;
}
