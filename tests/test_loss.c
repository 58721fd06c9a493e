/* test_loss.c: batches gathered from samples on the device, the loss backwards, both NMSE over sets of any size. Gathering and
 * differences are exact; the NMSE and the other losses are held against sums in double. TEST_NEEDS: device */
#include "loss.h"

#include "support_network.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { M = 7, N = 19, LAYERS = 3, BATCH = 5, LANES = 3, COUNT = 13, BURST = 3, IDLE = 1 };

static const lane_entry entries[] = {{0, 3}, {2, 1}};
static const float untouched = 77;

/* Float32 sums of squares over a sample, its logarithm, sums over the samples: some 1e-6 of a decibel's scale each. */
static const double tolerance_db = 1e-3;

typedef struct fixture {
	arena arena;
	lane_list list;
	device_samples samples;
	float b[COUNT * M], x[COUNT * N];
	uint32_t order[LANES][COUNT];
	step_data steps[BURST][LANES];
} fixture;

static fixture *fixture_create(clu_device *device)
{
	clu_error error;
	const arena_shape shape = {.m = M,
	    .n = N,
	    .layers = LAYERS,
	    .batch = BATCH,
	    .lanes = LANES,
	    .purpose = ARENA_TRAIN,
	    .burst = BURST,
	    .order = COUNT,
	    .evaluation = COUNT};
	fixture *f = calloc(1, sizeof *f);
	assert_non_null(f);
	support_fill(f->b, COUNT * M, 1.0, 1);
	support_fill(f->x, COUNT * N, 0.3, 2);
	const clu_samples samples = {COUNT, f->x, f->b};
	support_ok(arena_create(device, &shape, &f->arena, &error), &error);
	support_ok(samples_create(device, M, N, &samples, "samples", &f->samples, &error), &error);
	assert_int_equal(f->samples.count, COUNT);
	f->list = support_list_create(device, entries, 2);
	for (uint32_t lane = 0; lane < LANES; lane++) {
		for (uint32_t i = 0; i < COUNT; i++) f->order[lane][i] = (i * 5 + 3 * lane + 2) % COUNT;
		support_ok(arena_write(&f->arena, ROLE_ORDER, lane, 0, COUNT, f->order[lane], &error), &error);
		for (uint32_t step = 0; step < BURST; step++)
			f->steps[step][lane] = (step_data){.first = (3 * step + 2 * lane) % (COUNT - BATCH + 1)};
		support_role_fill(&f->arena, ROLE_B, lane, untouched);
		support_role_fill(&f->arena, ROLE_TOP, lane, untouched);
	}
	support_ok(memory_write(device, f->arena.buffer[ROLE_STEPS], 0, sizeof f->steps, f->steps, &error), &error);
	return f;
}

static void fixture_destroy(fixture *f)
{
	samples_destroy(&f->samples);
	memory_release(&f->list.buffer);
	arena_destroy(&f->arena);
	free(f);
}

static void check_batch(const fixture *f, const char *what, uint32_t lane, const uint32_t picked[BATCH])
{
	float *got = support_rows(&f->arena, ROLE_B, lane, 0, BATCH, f->arena.ld_m, M);
	for (uint32_t row = 0; row < BATCH; row++)
		support_same_bits(what, row, got + (size_t)row * M, f->b + (size_t)picked[row] * M, M);
	free(got);
}

static void check_gather_training(clu_device *device)
{
	fixture *f = fixture_create(device);
	clu_error error;
	for (uint32_t step = 0; step < BURST; step++) {
		support_ok(gather_training(&f->arena, &f->list, &f->samples, step, &error), &error);
		for (uint32_t e = 0; e < f->list.count; e++) {
			const uint32_t lane = entries[e].slot;
			check_batch(f, "training batch", lane, f->order[lane] + f->steps[step][lane].first);
		}
		support_role_untouched(&f->arena, ROLE_B, IDLE, untouched);
	}
	fixture_destroy(f);
}

static void test_gather_training(void **state)
{
	const support_pair *pair = *state;
	check_gather_training(pair->single);
	check_gather_training(pair->grouped);
}

static void check_gather_evaluation(clu_device *device)
{
	static const struct {
		uint32_t first, picked[BATCH];
	} cases[] = {{0, {0, 1, 2, 3, 4}}, {5, {5, 6, 7, 8, 9}}, {8, {8, 9, 10, 11, 12}}, {10, {10, 11, 12, 12, 12}},
	    {12, {12, 12, 12, 12, 12}}};
	fixture *f = fixture_create(device);
	clu_error error;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		support_ok(gather_evaluation(&f->arena, &f->list, &f->samples, cases[i].first, &error), &error);
		for (uint32_t e = 0; e < f->list.count; e++) check_batch(f, "evaluation batch", entries[e].slot, cases[i].picked);
		support_role_untouched(&f->arena, ROLE_B, IDLE, untouched);
	}
	fixture_destroy(f);
}

static void test_gather_evaluation(void **state)
{
	const support_pair *pair = *state;
	check_gather_evaluation(pair->single);
	check_gather_evaluation(pair->grouped);
}

/* Random outputs in all layers: the loss must take the one of the lane's depth. */
static void fill_codes(const fixture *f, uint32_t lane, uint32_t layer, float *values)
{
	support_fill(values, BATCH * N, 0.5, 100 * lane + layer);
	support_rows_write(&f->arena, ROLE_CODES, lane, (layer - 1) * f->arena.plane, BATCH, f->arena.ld_n, N, values);
}

static void check_loss_backward(clu_device *device)
{
	fixture *f = fixture_create(device);
	clu_error error;
	float codes[LANES][LAYERS][BATCH * N], want[BATCH * N];
	for (uint32_t lane = 0; lane < LANES; lane++)
		for (uint32_t layer = 1; layer <= LAYERS; layer++) fill_codes(f, lane, layer, codes[lane][layer - 1]);
	for (uint32_t step = 0; step < BURST; step++) {
		support_ok(loss_backward(&f->arena, &f->list, &f->samples, step, &error), &error);
		for (uint32_t e = 0; e < f->list.count; e++) {
			const uint32_t lane = entries[e].slot;
			const float *x = codes[lane][entries[e].depth - 1];
			const uint32_t *picked = f->order[lane] + f->steps[step][lane].first;
			for (uint32_t i = 0; i < BATCH * N; i++) want[i] = x[i] - f->x[picked[i / N] * N + i % N];
			float *got = support_rows(&f->arena, ROLE_TOP, lane, 0, BATCH, f->arena.ld_n, N);
			if (support_equal_bits()) support_same_bits("loss gradient", step, got, want, BATCH * N);
			for (uint32_t i = 0; i < BATCH * N; i++) assert_true(got[i] == want[i]);
			free(got);
		}
		support_role_untouched(&f->arena, ROLE_TOP, IDLE, untouched);
	}
	fixture_destroy(f);
}

static void test_loss_backward(void **state)
{
	const support_pair *pair = *state;
	check_loss_backward(pair->single);
	check_loss_backward(pair->grouped);
}

/* Every kind of loss, one lane's beside another's in each launch. */
static const clu_loss losses[BURST][LANES] = {{CLU_LOSS_NORM, CLU_LOSS_LOG, CLU_LOSS_SQUARES},
    {CLU_LOSS_LOG, CLU_LOSS_SQUARES, CLU_LOSS_NORM}, {CLU_LOSS_SQUARES, CLU_LOSS_NORM, CLU_LOSS_LOG}};

/* Squares and their sums round to 2⁻²⁴ some 20 times; the sum's size follows from them by one root and one division. */
static const double loss_tolerance = 2e-6;

/* The formulas of clunroll.h. */
static void loss_gradient(clu_loss loss, const float *x, const float *truth, double gradient[N])
{
	double error = 0, norm = 0, factor = 1;
	for (uint32_t i = 0; i < N; i++) {
		gradient[i] = (double)x[i] - truth[i];
		error += gradient[i] * gradient[i];
		norm += (double)truth[i] * truth[i];
	}
	if (loss == CLU_LOSS_NORM) factor = 1 / sqrt(fmax(error, 1e-30));
	if (loss == CLU_LOSS_LOG && norm > 0) factor = 2 / fmax(error + 1e-9 * norm, 1e-30);
	for (uint32_t i = 0; i < N; i++) gradient[i] *= factor;
}

/* Rows of errors from −20 to −120 dB, one without any, and one whose truth is zero, with an error in every other step. */
static void check_losses(clu_device *device)
{
	enum { EXACT = 9, EMPTY = 4 };
	fixture *f = fixture_create(device);
	clu_error error;
	memset(f->x + EMPTY * N, 0, N * sizeof(float));
	support_ok(memory_write_rows(device, f->samples.x, 0, f->x, COUNT, N, f->arena.ld_n, &error), &error);
	for (uint32_t step = 0; step < BURST; step++) {
		float x[LANES][BATCH * N];
		for (uint32_t lane = 0; lane < LANES; lane++) {
			f->steps[step][lane].loss = losses[step][lane];
			support_fill(x[lane], BATCH * N, 0.9, 10 * step + lane);
			for (uint32_t row = 0; row < BATCH; row++) {
				const uint32_t sample = f->order[lane][f->steps[step][lane].first + row];
				const bool exact = sample == EXACT || (sample == EMPTY && step % 2 == 0);
				const float size = exact ? 0 : powf(10, -1.0f - (float)row);
				for (uint32_t i = 0; i < N; i++) x[lane][row * N + i] = f->x[sample * N + i] + size * x[lane][row * N + i];
			}
		}
		support_ok(memory_write(device, f->arena.buffer[ROLE_STEPS], 0, sizeof f->steps, f->steps, &error), &error);
		for (uint32_t e = 0; e < f->list.count; e++)
			support_rows_write(&f->arena, ROLE_CODES, entries[e].slot, (entries[e].depth - 1) * f->arena.plane, BATCH,
			    f->arena.ld_n, N, x[entries[e].slot]);
		support_ok(loss_backward(&f->arena, &f->list, &f->samples, step, &error), &error);
		for (uint32_t e = 0; e < f->list.count; e++) {
			const uint32_t lane = entries[e].slot;
			float *got = support_rows(&f->arena, ROLE_TOP, lane, 0, BATCH, f->arena.ld_n, N);
			for (uint32_t row = 0; row < BATCH; row++) {
				double want[N];
				const uint32_t sample = f->order[lane][f->steps[step][lane].first + row];
				loss_gradient(losses[step][lane], x[lane] + row * N, f->x + sample * N, want);
				support_close("loss gradient", 100 * step + row, got + row * N, want, N, loss_tolerance);
			}
			free(got);
		}
		support_role_untouched(&f->arena, ROLE_TOP, IDLE, untouched);
	}
	fixture_destroy(f);
}

static void test_losses(void **state)
{
	const support_pair *pair = *state;
	check_losses(pair->single);
	check_losses(pair->grouped);
}

/* ---- NMSE ---- */

typedef struct evaluation {
	uint32_t count;
	float *truth, *estimate[2]; /* of the two listed lanes */
} evaluation;

static evaluation evaluation_create(uint32_t count, uint64_t seed)
{
	evaluation e = {.count = count, .truth = malloc(count * N * sizeof(float))};
	assert_non_null(e.truth);
	support_fill(e.truth, count * N, 0.6, seed);
	for (uint32_t s = 0; s < count; s++) e.truth[s * N + s % N] = 1; /* no sample is zero */
	for (int lane = 0; lane < 2; lane++) {
		e.estimate[lane] = malloc(count * N * sizeof(float));
		assert_non_null(e.estimate[lane]);
		support_fill(e.estimate[lane], count * N, 0.9, seed + 1 + (uint64_t)lane);
		for (uint32_t i = 0; i < count * N; i++) /* errors from −20 to −100 dB */
			e.estimate[lane][i] = e.truth[i] + e.estimate[lane][i] * powf(10, -1.0f - (float)(i / N % 5));
	}
	return e;
}

static void evaluation_destroy(evaluation *e)
{
	free(e->truth);
	free(e->estimate[0]);
	free(e->estimate[1]);
}

/* What the device makes of the two lanes' estimates, batch after batch. */
static void evaluate(clu_device *device, const evaluation *e, clu_nmse nmse[2])
{
	clu_error error;
	arena arena;
	device_samples samples = {0};
	const arena_shape shape = {.m = M,
	    .n = N,
	    .layers = LAYERS,
	    .batch = BATCH,
	    .lanes = LANES,
	    .purpose = ARENA_TRAIN,
	    .burst = 1,
	    .order = 1,
	    .evaluation = e->count};
	float *b = calloc(e->count * M, sizeof *b);
	const clu_samples host = {e->count, e->truth, b};
	assert_non_null(b);
	support_ok(arena_create(device, &shape, &arena, &error), &error);
	support_ok(samples_create(device, M, N, &host, "samples", &samples, &error), &error);
	lane_list list = support_list_create(device, entries, 2);
	support_role_fill(&arena, ROLE_ERRORS, IDLE, untouched); /* a row beyond the last of lane 0 would lie there */
	for (uint32_t first = 0; first < e->count; first += BATCH) {
		const uint32_t rows = e->count - first < BATCH ? e->count - first : BATCH;
		for (int k = 0; k < 2; k++) {
			support_role_fill(
			    &arena, ROLE_CODES, entries[k].slot, NAN); /* rows beyond the last and other layers count for nothing */
			support_rows_write(&arena, ROLE_CODES, entries[k].slot, (entries[k].depth - 1) * arena.plane, rows, arena.ld_n, N,
			    e->estimate[k] + first * N);
		}
		support_ok(nmse_batch(&arena, &list, &samples, first, &error), &error);
	}
	support_role_fill(&arena, ROLE_SUMS, IDLE, untouched);
	support_ok(nmse_total(&arena, &list, e->count, nmse, &error), &error);
	support_role_untouched(&arena, ROLE_SUMS, IDLE, untouched);
	support_role_untouched(&arena, ROLE_ERRORS, IDLE, untouched);
	memory_release(&list.buffer);
	samples_destroy(&samples);
	arena_destroy(&arena);
	free(b);
}

/* The definitions in clunroll.h, summed here in double. */
static clu_nmse nmse_of(const evaluation *e, int lane)
{
	double db = 0, errors = 0, norms = 0;
	for (uint32_t s = 0; s < e->count; s++) {
		double error = 0, norm = 0;
		for (uint32_t i = s * N; i < (s + 1) * N; i++) {
			const double difference = (double)e->estimate[lane][i] - e->truth[i];
			error += difference * difference;
			norm += (double)e->truth[i] * e->truth[i];
		}
		db += 10 * log10(fmax(error / norm, 1e-30));
		errors += error;
		norms += norm;
	}
	return (clu_nmse){db / e->count, 10 * log10(errors / norms)};
}

static void check_nmse(const char *what, const evaluation *e, const clu_nmse nmse[2])
{
	for (int lane = 0; lane < 2; lane++) {
		const clu_nmse want = nmse_of(e, lane);
		if (!(fabs(nmse[lane].db - want.db) < tolerance_db) || !(fabs(nmse[lane].ratio_db - want.ratio_db) < tolerance_db))
			fail_msg("%s, %u samples, lane %d: %.6f and %.6f dB, wanted %.6f and %.6f", what, e->count, lane, nmse[lane].db,
			    nmse[lane].ratio_db, want.db, want.ratio_db);
	}
}

/* Around the batch and around the number of runs that are summed apart. */
static void test_nmse(void **state)
{
	const support_pair *pair = *state;
	static const uint32_t counts[] = {1, 2, BATCH - 1, BATCH, BATCH + 1, 13, 63, 64, 65, 130};
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		if (support_tiny() && counts[i] > 13 && counts[i] != 65) continue;
		evaluation e = evaluation_create(counts[i], 10 * i);
		clu_nmse nmse[2];
		evaluate(pair->single, &e, nmse);
		check_nmse("single", &e, nmse);
		evaluate(pair->grouped, &e, nmse);
		check_nmse("grouped", &e, nmse);
		evaluation_destroy(&e);
	}
}

/* A sample that is met exactly counts as a ratio of 1e-30. */
static void test_exact_sample(void **state)
{
	const support_pair *pair = *state;
	evaluation e = evaluation_create(4, 5);
	clu_nmse nmse[2];
	memcpy(e.estimate[0] + N, e.truth + N, N * sizeof(float));
	memcpy(e.estimate[1], e.truth, 3 * N * sizeof(float));
	evaluate(pair->single, &e, nmse);
	check_nmse("exact samples", &e, nmse);
	assert_true(nmse[1].db < -200);
	evaluation_destroy(&e);
}

/* One entry that is not finite, in any sample, shows in both figures; the other lane's stay as they are. */
static void test_not_finite(void **state)
{
	const support_pair *pair = *state;
	static const float wrong[] = {NAN, INFINITY, -INFINITY};
	evaluation e = evaluation_create(11, 7);
	clu_nmse clean[2], nmse[2];
	evaluate(pair->single, &e, clean);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		const uint32_t at[] = {0, 5 * N + 3, 11 * N - 1};
		const float kept = e.estimate[0][at[i]];
		e.estimate[0][at[i]] = wrong[i];
		evaluate(pair->single, &e, nmse);
		assert_false(isfinite(nmse[0].db) || isfinite(nmse[0].ratio_db));
		assert_memory_equal(&nmse[1], &clean[1], sizeof nmse[1]);
		e.estimate[0][at[i]] = kept;
	}
	evaluation_destroy(&e);
}

static void test_samples(void **state)
{
	const support_pair *pair = *state;
	clu_error error;
	device_samples none = {0};
	const clu_samples empty = {0};
	support_ok(samples_create(pair->single, M, N, &empty, "no samples", &none, &error), &error);
	assert_true(none.count == 0 && !none.b && !none.x);
	samples_destroy(&none);
	assert_true(samples_bytes(M, N, COUNT) == COUNT * (16 + 32) * sizeof(float));
	const clu_samples many = {.count = (size_t)1 << 32};
	assert_int_equal(samples_create(pair->single, M, N, &many, "training samples", &none, &error), CLU_SIZE);
	assert_non_null(strstr(error.message, "training samples"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_gather_training),
	    cmocka_unit_test(test_gather_evaluation),
	    cmocka_unit_test(test_loss_backward),
	    cmocka_unit_test(test_losses),
	    cmocka_unit_test(test_nmse),
	    cmocka_unit_test(test_exact_sample),
	    cmocka_unit_test(test_not_finite),
	    cmocka_unit_test(test_samples),
	};
	return cmocka_run_group_tests(tests, support_pair_open, support_pair_close);
}
