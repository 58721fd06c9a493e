/* test_network.c: whole networks: outputs and every gradient against the double-precision reference, lanes of several depths and
 * architectures in one launch; passes that stop above the lowest layers; one optimiser step; NMSE of a data set; weights in and
 * out. Networks are drawn until no v lies near a kink, where two roundings may have two slopes. TEST_NEEDS: device */
#include "support_network.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Relative to the largest entry: float32 sums of up to 150 products, carried through up to eight layers that each multiply an
 * error by no more than two or so. Measured: 1e-6. A gradient that misses one term of one layer is off by 1e-2. */
static const double tolerance = 2e-5;
static const double margin = 3e-5;

enum { LANES_MAX = 4 };

typedef struct lane_case {
	const char *arch;
	uint32_t depth, lowest;
	bool w_b, w_x;
} lane_case;

typedef struct network_case {
	uint32_t m, n, batch, lanes;
	lane_case lane[LANES_MAX];
	bool large;
} network_case;

static const network_case cases[] = {
    {1, 1, 1, 1, {{"0", 1, 1, true, false}}, false},
    {1, 1, 1, 2, {{"0_0_1_3", 4, 1, true, true}, {"0_0_0_0:slrs", 3, 1, true, true}}, false},
    {1, 5, 3, 1, {{"0_0_1:lsr", 3, 1, true, true}}, false},
    {7, 1, 2, 1, {{"0_0_1_2", 4, 1, true, true}}, false},
    {3, 5, 1, 3, {{"0_0_0_0", 4, 1, true, true}, {"0_0_1_1", 2, 1, true, true}, {"0_0_1_3:rrrr", 1, 1, true, false}}, false},
    {7, 19, 5, 4,
        {{"0_0_1_2_5:srlss:11010", 5, 1, true, true}, {"0_0_0_0_0:lllll", 4, 1, true, true},
            {"0_0_1_3_7:sssss:10000", 5, 1, true, true}, {"0_0_1_1_1", 2, 1, true, true}},
        false},
    /* only what a new layer brings is trained: the lowest layer of the backward pass is the last, or in between */
    {7, 13, 5, 4,
        {{"0_0_1_3_7", 5, 5, false, false}, {"0_0_1_2_4:srlsr", 4, 2, false, false}, {"0_0_0_1_3", 2, 1, false, true},
            {"0_0_1_3_7", 1, 1, true, false}},
        false},
    {16, 32, 16, 2, {{"0_0_1_3_7_15", 6, 1, true, true}, {"0_0_0_0_0_0", 6, 1, true, true}}, true},
    {17, 33, 9, 3,
        {{"0_0_1_3_7_15:sslrss", 6, 1, true, true}, {"0_0_1_1_1_1:ssssss:101010", 5, 1, true, true},
            {"0_0_0_2_4_8:lsrlsr", 3, 1, true, true}},
        true},
    {7, 19, 5, 3,
        {{"0_0_1_2_5:psppl:11010", 5, 1, true, true}, {"0_0_1_3_7:p", 5, 1, true, true}, {"0_0_0_0_0:p", 3, 2, false, false}},
        false},
    {7, 19, 5, 3,
        {{"0_0_1_2_5:fsffl:11010", 5, 1, true, true}, {"0_0_1_3_7:f", 5, 1, true, true}, {"0_0_0_0_0:f", 3, 2, false, false}},
        false},
    {50, 100, 16, 2, {{"0_0_0_2_1_3_14_42", 8, 1, true, true}, {"0_0_1_3_7_15_31_63", 8, 1, true, true}}, true},
};

typedef struct fixture {
	const network_case *c;
	arena arena;
	network_lists lists;
	clu_model *model[LANES_MAX];
	reference *reference[LANES_MAX];
	float *b[LANES_MAX], *truth[LANES_MAX];
} fixture;

/* A model, batch and reference for a lane, drawn until there is room around all kinks. */
static void draw_lane(fixture *f, uint32_t lane, uint64_t seed)
{
	const network_case *c = f->c;
	f->b[lane] = malloc(c->batch * c->m * sizeof(float));
	f->truth[lane] = malloc(c->batch * c->n * sizeof(float));
	assert_true(f->b[lane] && f->truth[lane]);
	for (;; seed++) {
		f->model[lane] = support_model_create(c->lane[lane].arch, c->m, c->n, seed);
		f->reference[lane] = support_reference_create(f->model[lane], c->batch, c->lane[lane].depth);
		reference *r = f->reference[lane];
		support_fill(f->b[lane], c->batch * c->m, 1.0, seed + 100);
		support_fill(f->truth[lane], c->batch * c->n, 0.3, seed + 200);
		support_widen(r->b, f->b[lane], c->batch * c->m);
		support_widen(r->truth, f->truth[lane], c->batch * c->n);
		reference_forward(r);
		if (support_kink_distance(r) > margin) break;
		reference_destroy(r);
		clu_model_destroy(f->model[lane]);
	}
	reference_backward(f->reference[lane]);
}

static fixture *fixture_create(clu_device *device, const network_case *c)
{
	clu_error error;
	lane_place places[LANES_MAX];
	fixture *f = calloc(1, sizeof *f);
	assert_non_null(f);
	f->c = c;
	const arena_shape shape = {.m = c->m,
	    .n = c->n,
	    .layers = support_arch(c->lane[0].arch).layers,
	    .batch = c->batch,
	    .lanes = c->lanes + 1,
	    .purpose = ARENA_TRAIN,
	    .burst = 1,
	    .order = c->batch,
	    .evaluation = c->batch};
	support_ok(arena_create(device, &shape, &f->arena, &error), &error);
	support_ok(network_lists_create(&f->arena, LIST_SET_TRAIN, &f->lists, &error), &error);
	for (uint32_t lane = 0; lane < c->lanes; lane++) {
		const uint32_t slot = lane ? lane + 1 : 0; /* slot 1 stays empty */
		draw_lane(f, lane, 1000 * (uint64_t)(c - cases) + 10 * lane);
		support_lane_load(&f->arena, slot, f->model[lane]);
		support_rows_write(&f->arena, ROLE_B, slot, 0, c->batch, f->arena.ld_m, c->m, f->b[lane]);
		places[lane] = (lane_place){slot, c->lane[lane].depth, c->lane[lane].lowest, c->lane[lane].w_b, c->lane[lane].w_x, false};
	}
	support_ok(network_lists_set(&f->arena, &f->lists, places, c->lanes, &error), &error);
	return f;
}

static void fixture_destroy(fixture *f)
{
	for (uint32_t lane = 0; lane < f->c->lanes; lane++) {
		free(f->b[lane]);
		free(f->truth[lane]);
		reference_destroy(f->reference[lane]);
		clu_model_destroy(f->model[lane]);
	}
	network_lists_destroy(&f->lists);
	arena_destroy(&f->arena);
	free(f);
}

static void check(const fixture *f, uint32_t lane, const char *what, const float *got, const double *want, size_t count)
{
	char label[96];
	snprintf(label, sizeof label, "case %td, lane %u, %s", f->c - cases, lane, what);
	support_close(label, 0, got, want, count, tolerance);
}

/* The output of the lane's last layer; TOP becomes its difference from the truth. */
static void check_output(const fixture *f, uint32_t lane, uint32_t slot)
{
	const network_case *c = f->c;
	const reference *r = f->reference[lane];
	const size_t count = (size_t)c->batch * c->n;
	float *x = support_rows(&f->arena, ROLE_CODES, slot, (r->depth - 1) * f->arena.plane, c->batch, f->arena.ld_n, c->n);
	check(f, lane, "output", x, r->x + (r->depth - 1) * count, count);
	for (size_t i = 0; i < count; i++) x[i] -= f->truth[lane][i];
	support_rows_write(&f->arena, ROLE_TOP, slot, 0, c->batch, f->arena.ld_n, c->n, x);
	free(x);
}

/* Whole sums of partials of the layers that were reached, as float, where the reference has its gradients. */
static void check_scalars(const fixture *f, uint32_t lane, uint32_t slot)
{
	clu_error error;
	const reference *r = f->reference[lane];
	const uint32_t layers = f->arena.shape.layers, blocks = f->arena.blocks, rows = layers + 1;
	const size_t count = (size_t)layers * rows * blocks;
	float *partials = malloc(count * sizeof *partials), got[CLU_LAYERS_MAX * 2] = {0};
	double want[CLU_LAYERS_MAX * 2] = {0};
	assert_non_null(partials);
	support_ok(arena_read(&f->arena, ROLE_PARTIALS, slot, 0, count, partials, &error), &error);
	for (uint32_t l = f->c->lane[lane].lowest - 1; l < r->depth; l++) {
		for (uint32_t i = 0; i <= layers; i++) {
			const bool threshold = i == layers, origin = !threshold && clu_arch_origins(&r->arch, l + 1) >> i & 1u;
			double sum = 0;
			for (uint32_t b = 0; b < blocks; b++) sum += partials[(l * rows + i) * blocks + b];
			got[i] = threshold ? -(float)sum : origin ? (float)sum : 0;
			want[i] = threshold ? r->dtheta[l] : r->dcoefficient[l][i];
		}
		check(f, lane, "gradients of a layer's scalars", got, want, rows);
	}
	free(partials);
}

static void check_matrices(const fixture *f, uint32_t lane, uint32_t slot)
{
	const lane_case *c = &f->c->lane[lane];
	const reference *r = f->reference[lane];
	const size_t sides = (size_t)r->n * r->m, squares = (size_t)r->n * r->n;
	float *w_b = malloc(sides * sizeof *w_b), *w_x = malloc(squares * sizeof *w_x);
	assert_true(w_b && w_x);
	support_matrices_read(&f->arena, ROLE_GRADIENTS, slot, w_b, w_x);
	if (c->w_b) check(f, lane, "gradient of W_b", w_b, r->dw_b, sides);
	if (c->w_x) check(f, lane, "gradient of W_x", w_x, r->dw_x, squares);
	for (size_t i = 0; i < sides && !c->w_b; i++) assert_true(w_b[i] == 0);
	for (size_t i = 0; i < squares && !c->w_x; i++) assert_true(w_x[i] == 0);
	free(w_x);
	free(w_b);
}

static const arena_role passed[] = {ROLE_U, ROLE_CODES, ROLE_Y, ROLE_DV, ROLE_GRADIENTS, ROLE_PARTIALS};

static void check_case(clu_device *device, const network_case *c)
{
	fixture *f = fixture_create(device, c);
	clu_error error;
	for (size_t i = 0; i < sizeof passed / sizeof *passed; i++) support_role_fill(&f->arena, passed[i], 1, 77);
	support_ok(network_forward(&f->arena, &f->lists, &error), &error);
	for (uint32_t lane = 0; lane < c->lanes; lane++) check_output(f, lane, lane ? lane + 1 : 0);
	support_ok(network_backward(&f->arena, &f->lists, &error), &error);
	support_ok(network_matrix_gradients(&f->arena, &f->lists, &error), &error);
	for (uint32_t lane = 0; lane < c->lanes; lane++) {
		check_scalars(f, lane, lane ? lane + 1 : 0);
		check_matrices(f, lane, lane ? lane + 1 : 0);
	}
	for (size_t i = 0; i < sizeof passed / sizeof *passed; i++) support_role_untouched(&f->arena, passed[i], 1, 77);
	fixture_destroy(f);
}

static void test_gradients(void **state)
{
	const support_pair *pair = *state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		if (support_tiny() && cases[i].large) continue;
		check_case(pair->single, &cases[i]);
		check_case(pair->grouped, &cases[i]);
	}
}

/* ---- a step, an evaluation ---- */

enum { M = 5, N = 11, BATCH = 4, SAMPLES = 9 };

typedef struct set {
	float b[SAMPLES * M], x[SAMPLES * N];
	device_samples samples;
	arena arena;
	network_lists lists;
	clu_model *model;
} set;

static set *set_create(clu_device *device, const char *arch, const lane_place *place)
{
	clu_error error;
	set *s = calloc(1, sizeof *s);
	assert_non_null(s);
	s->model = support_model_create(arch, M, N, 3);
	const arena_shape shape = {.m = M,
	    .n = N,
	    .layers = s->model->arch.layers,
	    .batch = BATCH,
	    .lanes = 2,
	    .purpose = ARENA_TRAIN,
	    .burst = 1,
	    .order = SAMPLES,
	    .evaluation = SAMPLES};
	const clu_samples host = {SAMPLES, s->x, s->b};
	support_fill(s->b, SAMPLES * M, 1.0, 4);
	support_fill(s->x, SAMPLES * N, 0.5, 5);
	for (int i = 0; i < SAMPLES; i++) s->x[i * N] = 1;
	support_ok(arena_create(device, &shape, &s->arena, &error), &error);
	support_ok(samples_create(device, M, N, &host, "samples", &s->samples, &error), &error);
	support_ok(network_lists_create(&s->arena, LIST_SET_TRAIN, &s->lists, &error), &error);
	support_ok(network_lists_set(&s->arena, &s->lists, place, 1, &error), &error);
	support_lane_load(&s->arena, place->slot, s->model);
	return s;
}

static void set_destroy(set *s)
{
	network_lists_destroy(&s->lists);
	samples_destroy(&s->samples);
	arena_destroy(&s->arena);
	clu_model_destroy(s->model);
	free(s);
}

/* The reference of the first `depth` layers on samples order[0 … rows − 1]. */
static reference *reference_on(const set *s, const uint32_t *order, uint32_t rows, uint32_t depth)
{
	reference *r = support_reference_create(s->model, rows, depth);
	for (uint32_t row = 0; row < rows; row++) {
		support_widen(r->b + row * M, s->b + order[row] * M, M);
		support_widen(r->truth + row * N, s->x + order[row] * N, N);
	}
	reference_forward(r);
	reference_backward(r);
	return r;
}

static void step_all(const reference_adam *adam, const double *gradient, double *weight, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		double first = 0, second = 0;
		reference_adam_step(adam, gradient[i], &first, &second, &weight[i]);
	}
}

/* One whole step: batch by the permutation, loss, gradients, Adam. ε is of the gradients' size, so that the step shows them. */
static void test_step(void **state)
{
	const support_pair *pair = *state;
	static const uint32_t order[SAMPLES] = {8, 1, 6, 3, 0, 5, 2, 7, 4};
	static const float hyper[4] = {0.9f, 0.999f, 0.5f, 0}, ones[4] = {1, 1, 1, 1};
	const lane_place place = {.slot = 1, .depth = 4, .lowest = 1, .w_b = true, .w_x = true};
	const step_data steps[2] = {{.first = 0}, {3, 0.05f, 0.05f, 0.05f, CLU_LOSS_SQUARES}}; /* of slots 0 and 1 */
	set *s = set_create(pair->single, "0_0_1_3:slrs", &place);
	clu_error error;
	clu_model *after;
	support_ok(arena_write(&s->arena, ROLE_ORDER, 1, 0, SAMPLES, order, &error), &error);
	support_ok(arena_write(&s->arena, ROLE_HYPER, 1, 0, 4, hyper, &error), &error);
	support_ok(arena_write(&s->arena, ROLE_MULTIPLIERS, 1, 0, 4, ones, &error), &error);
	support_ok(arena_write(&s->arena, ROLE_SPREADS, 1, 0, 4, ones, &error), &error);
	support_ok(memory_write(pair->single, s->arena.buffer[ROLE_STEPS], 0, sizeof steps, steps, &error), &error);
	support_ok(network_step(&s->arena, &s->lists, &s->samples, 0, &error), &error);
	support_ok(clu_model_create(&s->model->arch, M, N, &after, &error), &error);
	support_ok(network_get_weights(&s->arena, 1, after, &error), &error);
	reference *r = reference_on(s, order + 3, BATCH, 4);
	const reference_adam adam = {hyper[0], hyper[1], hyper[2], steps[1].rate, 1, 1};
	step_all(&adam, r->dw_b, r->w_b, N * M);
	step_all(&adam, r->dw_x, r->w_x, N * N);
	step_all(&adam, r->dtheta, r->theta, 4);
	support_close("W_b after a step", 0, after->w_b, r->w_b, N * M, 1e-6);
	support_close("W_x after a step", 0, after->w_x, r->w_x, N * N, 1e-6);
	support_close("thresholds after a step", 0, after->theta, r->theta, 4, 1e-5);
	for (uint32_t l = 0; l < 4; l++) {
		step_all(&adam, r->dcoefficient[l], r->coefficient[l], 4);
		support_close("coefficients after a step", l, after->coefficient[l], r->coefficient[l], 4, 1e-5);
	}
	reference_destroy(r);
	clu_model_destroy(after);
	set_destroy(s);
}

static void test_evaluate(void **state)
{
	const support_pair *pair = *state;
	clu_device *const devices[] = {pair->single, pair->grouped};
	static const uint32_t in_order[SAMPLES] = {0, 1, 2, 3, 4, 5, 6, 7, 8};
	for (uint32_t depth = 1; depth <= 4; depth++) {
		const lane_place place = {.slot = 1, .depth = depth, .lowest = CLU_LAYERS_MAX + 1};
		set *s = set_create(devices[depth % 2], "0_0_1_3:slrs:1010", &place);
		clu_error error;
		clu_nmse nmse;
		float estimate[SAMPLES * N];
		reference *r = reference_on(s, in_order, SAMPLES, depth);
		for (size_t i = 0; i < SAMPLES * N; i++) estimate[i] = (float)r->x[(depth - 1) * SAMPLES * N + i];
		const clu_nmse want = clu_nmse_compute(estimate, s->x, SAMPLES, N);
		support_ok(network_evaluate(&s->arena, &s->lists, &s->samples, &nmse, &error), &error);
		if (!(fabs(nmse.db - want.db) < 1e-3 && fabs(nmse.ratio_db - want.ratio_db) < 1e-3))
			fail_msg("depth %u: %.6f and %.6f dB, wanted %.6f and %.6f", depth, nmse.db, nmse.ratio_db, want.db, want.ratio_db);
		reference_destroy(r);
		set_destroy(s);
	}
}

/* What goes in comes out, and nothing else changes. */
static void test_weights_in_and_out(void **state)
{
	const support_pair *pair = *state;
	const lane_place place = {.slot = 0, .depth = 4};
	set *s = set_create(pair->single, "0_0_1_3", &place);
	clu_error error;
	clu_model *back;
	support_role_fill(&s->arena, ROLE_WEIGHTS, 1, 77);
	support_role_fill(&s->arena, ROLE_TRANSPOSED, 1, 77);
	support_lane_load(&s->arena, 0, s->model);
	support_ok(clu_model_create(&s->model->arch, M, N, &back, &error), &error);
	support_ok(network_get_weights(&s->arena, 0, back, &error), &error);
	support_same_bits("W_b", 0, back->w_b, s->model->w_b, N * M);
	support_same_bits("W_x", 0, back->w_x, s->model->w_x, N * N);
	support_same_bits("thresholds", 0, back->theta, s->model->theta, 4);
	for (int l = 0; l < 4; l++) support_same_bits("coefficients", 0, back->coefficient[l], s->model->coefficient[l], 4);
	support_role_untouched(&s->arena, ROLE_WEIGHTS, 1, 77);
	support_role_untouched(&s->arena, ROLE_TRANSPOSED, 1, 77);
	clu_model_destroy(back);
	set_destroy(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_gradients),
	    cmocka_unit_test(test_step),
	    cmocka_unit_test(test_evaluate),
	    cmocka_unit_test(test_weights_in_and_out),
	};
	return cmocka_run_group_tests(tests, support_pair_open, support_pair_close);
}
