/* test_adam.c: the optimiser's step on matrices and scalars over several steps, against the reference's: moments, multipliers,
 * the mean form's spreads, rates of each step; what is frozen, not listed, no origin or beyond the depth keeps its bits;
 * gradients are clipped by their norm; transposes follow; the search for weights that are not finite finds any. TEST_NEEDS: device
 */
#include "adam.h"

#include "support_network.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LANES = 3, BATCH = 5, STEPS = 4, IDLE = 1 };

/* A step moves a weight by up to its rate; float32 rounds each of some ten operations to 2⁻²⁴, over four steps. */
static const double tolerance = 3e-6;

typedef struct sizes {
	uint32_t m, n, layers;
	const char *arch[LANES];
	uint32_t depth[LANES];
} sizes;

static const sizes cases[] = {
    {1, 1, 1, {"0", "0", "0"}, {1, 1, 1}}, {3, 5, 4, {"0_0_1_3", "0_0_0_0", "0_0_1_1"}, {4, 4, 3}},
    {16, 32, 4, {"0_0_1_2", "0_0_0_0", "0_0_0_3"}, {4, 4, 2}}, {17, 33, 5, {"0_0_0_3_7", "0_0_0_0_0", "0_0_1_2_5"}, {3, 5, 5}},
    {3, 230, 2, {"0_0", "0_0", "0_0"}, {2, 2, 2}}, /* work-items of many rows, where they work alone */
};

/* Everything of a lane in double; matrices as in a model, scalars θ then a. */
typedef struct mirror {
	size_t counts[3]; /* of W_b, W_x, scalars */
	double *weight[3], *first[3], *second[3];
} mirror;

typedef struct fixture {
	const sizes *size;
	arena arena;
	clu_model *model[LANES];
	mirror mirror[LANES];
	float hyper[LANES][4], multipliers[LANES][CLU_LAYERS_MAX], spreads[LANES][CLU_LAYERS_MAX];
	step_data steps[STEPS][LANES];
	double factor[LANES]; /* of the step in hand, by which its gradient is clipped */
} fixture;

static void mirror_create(mirror *mirror, const clu_model *model)
{
	const uint32_t layers = model->arch.layers;
	mirror->counts[0] = (size_t)model->n * model->m;
	mirror->counts[1] = (size_t)model->n * model->n;
	mirror->counts[2] = arena_scalars(layers);
	for (int p = 0; p < 3; p++) {
		mirror->weight[p] = calloc(mirror->counts[p], sizeof(double));
		mirror->first[p] = calloc(mirror->counts[p], sizeof(double));
		mirror->second[p] = calloc(mirror->counts[p], sizeof(double));
		assert_true(mirror->weight[p] && mirror->first[p] && mirror->second[p]);
	}
	support_widen(mirror->weight[0], model->w_b, mirror->counts[0]);
	support_widen(mirror->weight[1], model->w_x, mirror->counts[1]);
	support_widen(mirror->weight[2], model->theta, layers);
	for (uint32_t l = 0; l < layers; l++) support_widen(mirror->weight[2] + layers + l * layers, model->coefficient[l], layers);
}

/* Below the gradients' norm, above it (which lane 2 never reaches), none. */
static const float clips[LANES] = {0.5f, 0, 1e6f};

/* Constants of which each counts: ε is of the gradients' size, and differs by lane as do rates and multipliers. */
static void set_constants(fixture *f, uint32_t lane)
{
	clu_error error;
	const float hyper[4] = {0.9f - 0.2f * (float)lane, 0.99f - 0.1f * (float)lane, 0.05f + 0.1f * (float)lane, clips[lane]};
	memcpy(f->hyper[lane], hyper, sizeof hyper);
	for (uint32_t l = 0; l < f->size->layers; l++) {
		f->multipliers[lane][l] = l == 2 ? 0 : 1.0f - 0.3f * (float)(l % 3);
		f->spreads[lane][l] = (float)(1 + (l + lane) % 3);
	}
	for (uint32_t s = 0; s < STEPS; s++) {
		const float rate = 0.1f / (float)(1 + s + lane);
		f->steps[s][lane] = (step_data){.rate = rate, .rate_theta = rate * 0.75f, .rate_coefficient = rate * 1.5f};
	}
	support_ok(arena_write(&f->arena, ROLE_HYPER, lane, 0, 4, hyper, &error), &error);
	support_ok(arena_write(&f->arena, ROLE_MULTIPLIERS, lane, 0, f->size->layers, f->multipliers[lane], &error), &error);
	support_ok(arena_write(&f->arena, ROLE_SPREADS, lane, 0, f->size->layers, f->spreads[lane], &error), &error);
}

static fixture *fixture_create(clu_device *device, const sizes *size)
{
	clu_error error;
	fixture *f = calloc(1, sizeof *f);
	assert_non_null(f);
	f->size = size;
	const arena_shape shape = {.m = size->m,
	    .n = size->n,
	    .layers = size->layers,
	    .batch = BATCH,
	    .lanes = LANES,
	    .purpose = ARENA_TRAIN,
	    .burst = STEPS,
	    .order = 1,
	    .evaluation = 1};
	support_ok(arena_create(device, &shape, &f->arena, &error), &error);
	for (uint32_t lane = 0; lane < LANES; lane++) {
		f->model[lane] = support_model_create(size->arch[lane], size->m, size->n, 10 * lane);
		mirror_create(&f->mirror[lane], f->model[lane]);
		support_lane_load(&f->arena, lane, f->model[lane]);
		set_constants(f, lane);
	}
	support_ok(memory_write(device, f->arena.buffer[ROLE_STEPS], 0, sizeof f->steps, f->steps, &error), &error);
	return f;
}

static void fixture_destroy(fixture *f)
{
	for (uint32_t lane = 0; lane < LANES; lane++) {
		for (int p = 0; p < 3; p++) {
			free(f->mirror[lane].weight[p]);
			free(f->mirror[lane].first[p]);
			free(f->mirror[lane].second[p]);
		}
		clu_model_destroy(f->model[lane]);
	}
	arena_destroy(&f->arena);
	free(f);
}

/* ---- a step ---- */

static reference_adam constants_of(const fixture *f, uint32_t lane, double rate, uint32_t layer, double spread)
{
	return (reference_adam){.beta1 = f->hyper[lane][0],
	    .beta2 = f->hyper[lane][1],
	    .epsilon = f->hyper[lane][2],
	    .rate = rate,
	    .multiplier = f->multipliers[lane][layer - 1] * f->factor[lane],
	    .spread = spread};
}

static void step_matrix(fixture *f, uint32_t lane, int which, const float *gradient, uint32_t step)
{
	mirror *m = &f->mirror[lane];
	const reference_adam adam = constants_of(f, lane, f->steps[step][lane].rate, which == 0 ? 1 : 2, 1);
	for (size_t i = 0; i < m->counts[which]; i++)
		reference_adam_step(&adam, gradient[i], &m->first[which][i], &m->second[which][i], &m->weight[which][i]);
}

/* partials: [layers][layers + 1][blocks]; the last of a layer's rows is −dθ. */
static void step_scalars(fixture *f, uint32_t lane, const float *partials, uint32_t step)
{
	const uint32_t layers = f->size->layers, blocks = f->arena.blocks;
	mirror *m = &f->mirror[lane];
	for (uint32_t layer = 1; layer <= f->size->depth[lane]; layer++)
		for (uint32_t i = 0; i <= layers; i++) {
			const bool threshold = i == layers;
			double sum = 0;
			if (f->multipliers[lane][layer - 1] == 0) continue;
			if (!threshold && !(clu_arch_origins(&f->model[lane]->arch, layer) >> i & 1u)) continue;
			for (uint32_t b = 0; b < blocks; b++) sum += partials[((layer - 1) * (layers + 1) + i) * blocks + b];
			const step_data *now = &f->steps[step][lane];
			const double rate = threshold ? now->rate_theta : now->rate_coefficient;
			const reference_adam adam = constants_of(f, lane, rate, layer, threshold ? 1 : f->spreads[lane][layer - 1]);
			const size_t at = threshold ? layer - 1 : layers + (layer - 1) * layers + i;
			reference_adam_step(&adam, threshold ? -sum : sum, &m->first[2][at], &m->second[2][at], &m->weight[2][at]);
		}
}

/* The factor that brings the norm of all gradients down to the lane's clip, in double. */
static double clip_factor(const fixture *f, uint32_t lane, const float *w_b, const float *w_x, const float *partials)
{
	const uint32_t layers = f->size->layers, blocks = f->arena.blocks;
	const float *multipliers = f->multipliers[lane];
	double norm = 0;
	for (size_t i = 0; i < f->mirror[lane].counts[0]; i++) norm += pow((double)w_b[i] * multipliers[0], 2);
	for (size_t i = 0; i < f->mirror[lane].counts[1] && f->size->depth[lane] > 1; i++)
		norm += pow((double)w_x[i] * multipliers[1], 2);
	for (uint32_t l = 0; l < f->size->depth[lane]; l++)
		for (uint32_t i = 0; i <= layers && multipliers[l] != 0; i++) {
			double sum = 0;
			if (i < layers && !(clu_arch_origins(&f->model[lane]->arch, l + 1) >> i & 1u)) continue;
			for (uint32_t b = 0; b < blocks; b++) sum += partials[(l * (layers + 1) + i) * blocks + b];
			norm += pow(sum * multipliers[l] / (i < layers ? f->spreads[lane][l] : 1), 2);
		}
	norm = sqrt(norm);
	return clips[lane] > 0 && norm > clips[lane] ? clips[lane] / norm : 1;
}

/* Random gradients of a step into the arena and through the mirrors of the lanes that are listed. */
static void give_gradients(fixture *f, uint32_t lane, uint32_t step)
{
	clu_error error;
	const mirror *m = &f->mirror[lane];
	const size_t partial_count = f->size->layers * (f->size->layers + 1) * f->arena.blocks;
	float *w_b = malloc(m->counts[0] * sizeof *w_b), *w_x = malloc(m->counts[1] * sizeof *w_x);
	float *partials = malloc(partial_count * sizeof *partials);
	assert_true(w_b && w_x && partials);
	support_fill(w_b, m->counts[0], 0.7, 1000 * lane + 10 * step);
	support_fill(w_x, m->counts[1], 0.7, 1000 * lane + 10 * step + 1);
	support_fill(partials, partial_count, 0.9, 1000 * lane + 10 * step + 2);
	const size_t layer_count = partial_count / f->size->layers;
	for (size_t i = 0; i < partial_count; i++) /* what is frozen has no partials: whatever lies there must not be read */
		if (f->multipliers[lane][i / layer_count] == 0) partials[i] = NAN;
	support_matrices_write(&f->arena, ROLE_GRADIENTS, lane, w_b, w_x);
	support_ok(arena_write(&f->arena, ROLE_PARTIALS, lane, 0, partial_count, partials, &error), &error);
	f->factor[lane] = clip_factor(f, lane, w_b, w_x, partials);
	assert_true(lane != 0 || f->factor[lane] < 1);
	if (lane != IDLE) {
		step_matrix(f, lane, 0, w_b, step);
		if (lane != 2) step_matrix(f, lane, 1, w_x, step); /* lane 2 trains no W_x */
		step_scalars(f, lane, partials, step);
	}
	free(partials);
	free(w_x);
	free(w_b);
}

/* ---- what came of it ---- */

static void check_part(const fixture *f, const char *what, uint32_t lane, const float *got, const double *want, size_t count)
{
	char label[96];
	snprintf(label, sizeof label, "case %td, lane %u, %s", f->size - cases, lane, what);
	support_close(label, 0, got, want, count, tolerance);
}

static void check_role(const fixture *f, const char *what, uint32_t lane, arena_role role, double *const *want)
{
	clu_error error;
	const size_t *counts = f->mirror[lane].counts;
	float *got[3];
	for (int p = 0; p < 3; p++) assert_non_null(got[p] = malloc(counts[p] * sizeof(float)));
	support_matrices_read(&f->arena, role, lane, got[0], got[1]);
	support_ok(arena_read(&f->arena, role, lane, f->arena.scalars_at, counts[2], got[2], &error), &error);
	for (int p = 0; p < 3; p++) {
		check_part(f, what, lane, got[p], want[p], counts[p]);
		free(got[p]);
	}
}

/* Whatever must not move has the bits it began with. */
static void check_frozen(const fixture *f, uint32_t lane)
{
	clu_error error;
	const clu_model *model = f->model[lane];
	const uint32_t layers = f->size->layers;
	clu_model *now;
	support_ok(clu_model_create(&model->arch, model->m, model->n, &now, &error), &error);
	support_ok(network_get_weights(&f->arena, lane, now, &error), &error);
	if (lane == IDLE) support_same_bits("W_b of the idle lane", 0, now->w_b, model->w_b, f->mirror[lane].counts[0]);
	if (lane != 0) support_same_bits("W_x that is not trained", lane, now->w_x, model->w_x, f->mirror[lane].counts[1]);
	for (uint32_t l = 0; l < layers; l++) {
		const bool frozen = lane == IDLE || l >= f->size->depth[lane] || f->multipliers[lane][l] == 0;
		if (frozen) support_same_bits("threshold", l, &now->theta[l], &model->theta[l], 1);
		assert_true(frozen || now->theta[l] != model->theta[l]);
		for (uint32_t i = 0; i < layers; i++) {
			const bool fixed = frozen || !(clu_arch_origins(&model->arch, l + 1) >> i & 1u);
			if (fixed) support_same_bits("coefficient", l * 100 + i, &now->coefficient[l][i], &model->coefficient[l][i], 1);
		}
	}
	clu_model_destroy(now);
}

/* The transposes are those that weights_transpose makes of the weights. */
static void check_transposed(const fixture *f, uint32_t lane)
{
	clu_error error;
	const size_t count = arena_matrix(&f->arena, ROLE_TRANSPOSED, 0, 0).stride;
	float *kept = malloc(count * sizeof *kept), *made = malloc(count * sizeof *made);
	assert_true(kept && made);
	support_ok(arena_read(&f->arena, ROLE_TRANSPOSED, lane, 0, count, kept, &error), &error);
	support_role_fill(&f->arena, ROLE_TRANSPOSED, lane, 0);
	support_ok(weights_transpose(&f->arena, lane, &error), &error);
	support_ok(arena_read(&f->arena, ROLE_TRANSPOSED, lane, 0, count, made, &error), &error);
	support_same_bits("transposes", lane, kept, made, count);
	free(made);
	free(kept);
}

static void check_case(clu_device *device, const sizes *size)
{
	static const lane_entry both[] = {{0, 0}, {2, 0}};
	fixture *f = fixture_create(device, size);
	clu_error error;
	lane_entry entries[2] = {both[0], both[1]};
	for (int e = 0; e < 2; e++) entries[e].depth = size->depth[entries[e].slot];
	lane_list w_b = support_list_create(device, entries, 2), w_x = support_list_create(device, entries, 1);
	for (uint32_t step = 0; step < STEPS; step++) {
		for (uint32_t lane = 0; lane < LANES; lane++) give_gradients(f, lane, step);
		support_ok(adam_clip(&f->arena, &w_b, &error), &error);
		support_ok(adam_matrix(&f->arena, WEIGHT_B, &w_b, step, &error), &error);
		support_ok(adam_matrix(&f->arena, WEIGHT_X, &w_x, step, &error), &error);
		support_ok(adam_scalars(&f->arena, &w_b, step, &error), &error);
	}
	for (uint32_t lane = 0; lane < LANES; lane++) {
		check_role(f, "weights", lane, ROLE_WEIGHTS, f->mirror[lane].weight);
		check_role(f, "first moments", lane, ROLE_FIRST, f->mirror[lane].first);
		check_role(f, "second moments", lane, ROLE_SECOND, f->mirror[lane].second);
		check_frozen(f, lane);
		check_transposed(f, lane);
	}
	memory_release(&w_x.buffer);
	memory_release(&w_b.buffer);
	fixture_destroy(f);
}

static void test_steps(void **state)
{
	const support_pair *pair = *state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		if (cases[i].layers == 1) continue; /* below, where it has no layer 2 to take W_x's multiplier from */
		check_case(pair->single, &cases[i]);
		check_case(pair->grouped, &cases[i]);
	}
}

/* A network of one layer has no W_x to train. */
static void test_one_layer(void **state)
{
	const support_pair *pair = *state;
	static const lane_entry entries[] = {{0, 1}, {2, 1}};
	fixture *f = fixture_create(pair->single, &cases[0]);
	clu_error error;
	lane_list list = support_list_create(pair->single, entries, 2);
	const float gradient = 0.5f, partials[2] = {9, 0.25f};
	for (uint32_t lane = 0; lane < LANES; lane++) {
		support_matrices_write(&f->arena, ROLE_GRADIENTS, lane, &gradient, NULL);
		support_ok(arena_write(&f->arena, ROLE_PARTIALS, lane, 0, 2, partials, &error), &error);
		if (lane == IDLE) continue;
		f->factor[lane] = clip_factor(f, lane, &gradient, NULL, partials);
		step_matrix(f, lane, 0, &gradient, 0);
		step_scalars(f, lane, partials, 0);
	}
	support_ok(adam_clip(&f->arena, &list, &error), &error);
	support_ok(adam_matrix(&f->arena, WEIGHT_B, &list, 0, &error), &error);
	support_ok(adam_scalars(&f->arena, &list, 0, &error), &error);
	for (uint32_t lane = 0; lane < LANES; lane++) {
		check_role(f, "weights", lane, ROLE_WEIGHTS, f->mirror[lane].weight);
		check_transposed(f, lane);
	}
	memory_release(&list.buffer);
	fixture_destroy(f);
}

/* ---- weights that are not finite ---- */

static void test_finite(void **state)
{
	const support_pair *pair = *state;
	static const lane_entry entries[] = {{0, 4}, {2, 4}};
	static const float wrong[] = {NAN, INFINITY, -INFINITY};
	const arena_shape shape = {
	    .m = 40, .n = 70, .layers = 4, .batch = 1, .lanes = LANES, .purpose = ARENA_TRAIN, .burst = 1, .order = 1, .evaluation = 1};
	const float largest = 3.4e38f, subnormal = 1e-42f;
	arena arena;
	clu_error error;
	bool finite[2] = {false, false};
	support_ok(arena_create(pair->single, &shape, &arena, &error), &error);
	lane_list list = support_list_create(pair->single, entries, 2);
	assert_true(arena.weights_floats > 2 * FINITE_RUN); /* more than one work-item looks */
	support_role_fill(&arena, ROLE_WEIGHTS, IDLE, NAN);
	support_ok(arena_write(&arena, ROLE_WEIGHTS, 0, 0, 1, &largest, &error), &error);
	support_ok(arena_write(&arena, ROLE_WEIGHTS, 0, 1, 1, &subnormal, &error), &error);
	support_ok(weights_finite(&arena, &list, finite, &error), &error);
	assert_true(finite[0] && finite[1]);
	const uint64_t places[] = {0, 1, FINITE_RUN - 1, FINITE_RUN, 2 * FINITE_RUN - 1, 2 * FINITE_RUN, arena.scalars_at - 1,
	    arena.scalars_at, arena.scalars_at + arena_scalars(4) - 1};
	for (size_t p = 0; p < sizeof places / sizeof *places; p++)
		for (size_t w = 0; w < sizeof wrong / sizeof *wrong; w++) {
			const float zero = 0;
			const uint32_t bad = (uint32_t)((p + w) % 2);
			support_ok(arena_write(&arena, ROLE_WEIGHTS, entries[bad].slot, places[p], 1, &wrong[w], &error), &error);
			support_ok(weights_finite(&arena, &list, finite, &error), &error);
			if (finite[bad] || !finite[1 - bad])
				fail_msg("%g at %llu: lanes finite: %d, %d", (double)wrong[w], (unsigned long long)places[p], finite[0], finite[1]);
			support_ok(arena_write(&arena, ROLE_WEIGHTS, entries[bad].slot, places[p], 1, &zero, &error), &error);
		}
	memory_release(&list.buffer);
	arena_destroy(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_steps),
	    cmocka_unit_test(test_one_layer),
	    cmocka_unit_test(test_finite),
	};
	return cmocka_run_group_tests(tests, support_pair_open, support_pair_close);
}
