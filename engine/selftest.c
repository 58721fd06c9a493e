/* selftest.c: whether a device computes what it should, before it gets work: one optimiser step of three lanes of different
 * architectures and depths, and a network applied, at sizes that are no multiple of anything, against the double-precision
 * reference. */
#include "clock.h"
#include "network.h"
#include "plan.h"
#include "reference.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEST_M = 7, TEST_N_MAX = 16 * 16 + 3, TEST_LAYERS = 5, TEST_BATCH = 11, TEST_LANES = 3, TEST_SAMPLES = 13 };

static const struct {
	const char *arch;
	uint32_t depth;
	float threshold; /* growing with the layer: products of the first lane are dense, of the second sparse */
	clu_loss loss;
	double clipped; /* the gradient, to that share of its norm */
	float spread;   /* of coefficients, see adam.cl */
} cases[TEST_LANES] = {{"0_0_1_2_5:srlpp", 5, 0.1f, CLU_LOSS_SQUARES, 1, 2},
    {"0_0_0_3_7:sfsff:11010", 4, 0.5f, CLU_LOSS_NORM, 0.5, 1}, {"0_0_0_0_0", 2, 0.05f, CLU_LOSS_LOG, 1, 1}};

/* Largest allowed error relative to the largest reference value: sums of some 100 float32 products, with room for the
 * amplification through five layers; an error of indexing or order is a hundred times larger. */
static const double tolerance = 2e-4;

static const float beta1 = 0.9f, beta2 = 0.999f, epsilon = 1e-7f, rate = 1e-3f;

typedef struct fixture {
	clu_device *device;
	arena arena;
	network_lists lists;
	device_samples samples;
	uint32_t n; /* wide enough for whole tiles, whole chunks and several lists, and a rest, in the device's plan */
	clu_model *model[TEST_LANES];
	reference *reference[TEST_LANES];
	float b[TEST_SAMPLES * TEST_M], x[TEST_SAMPLES * TEST_N_MAX];
} fixture;

/* Numbers in [−1, 1), every third one zero. */
static void fill(float *values, size_t count, uint64_t seed)
{
	for (size_t i = 0; i < count; i++) {
		const uint64_t bits = (seed + i + 1) * UINT64_C(0x9e3779b97f4a7c15),
		               mixed = (bits ^ bits >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
		values[i] = mixed % 3 == 0 ? 0.0f : (float)((double)(mixed >> 11) * 0x1p-52 - 1.0);
	}
}

static uint32_t covering_n(const clu_plan *plan)
{
	const bool sparse = program_sparse_below(plan) > 0;
	const uint32_t tile = plan->tile_vectors * (clu_plan_is_tiled(plan) ? plan->group_columns : 1) * plan->vector;
	uint32_t n = sparse ? LIST_COLUMNS : PANEL;
	if (tile > n) n = tile;
	return n < TEST_N_MAX - 3 ? n + 3 : TEST_N_MAX;
}

static clu_status make_model(uint32_t n, uint32_t lane, clu_model **model, clu_error *error)
{
	clu_arch arch;
	CLU_TRY(clu_arch_parse(cases[lane].arch, TEST_LAYERS, &arch, error));
	CLU_TRY(clu_model_create(&arch, TEST_M, n, model, error));
	fill((*model)->w_b, n * TEST_M, 100 * lane + 1);
	fill((*model)->w_x, n * n, 100 * lane + 2);
	for (size_t i = 0; i < n * n; i++) (*model)->w_x[i] *= 0.25f;
	for (uint32_t layer = 1; layer <= TEST_LAYERS; layer++) {
		(*model)->theta[layer - 1] = cases[lane].threshold * (1.0f + 0.125f * (float)layer);
		if (arch.neuron[layer - 1] == CLU_NEURON_SELECT) (*model)->selected[layer - 1] = n / 8;
		for (uint32_t i = 0; i < layer; i++)
			if (clu_arch_origins(&arch, layer) >> i & 1u) (*model)->coefficient[layer - 1][i] = 0.4f + 0.1f * (float)i;
	}
	return CLU_OK;
}

static void to_double(double *to, const float *from, size_t count)
{
	for (size_t i = 0; i < count; i++) to[i] = from[i];
}

static clu_status make_reference(fixture *f, uint32_t lane, clu_error *error)
{
	const clu_model *model = f->model[lane];
	CLU_TRY(reference_create(&model->arch, TEST_M, f->n, TEST_BATCH, cases[lane].depth, &f->reference[lane], error));
	reference *r = f->reference[lane];
	r->loss = cases[lane].loss;
	to_double(r->w_b, model->w_b, f->n * TEST_M);
	to_double(r->w_x, model->w_x, f->n * f->n);
	for (uint32_t l = 0; l < TEST_LAYERS; l++) {
		r->theta[l] = model->theta[l];
		r->selected[l] = model->selected[l];
		to_double(r->coefficient[l], model->coefficient[l], TEST_LAYERS);
	}
	for (uint32_t row = 0; row < TEST_BATCH; row++) { /* the lane's batch starts at sample `lane` of the reversed order */
		const uint32_t sample = TEST_SAMPLES - 1 - (row + lane % 2);
		to_double(r->b + row * TEST_M, f->b + sample * TEST_M, TEST_M);
		to_double(r->truth + row * f->n, f->x + sample * f->n, f->n);
	}
	reference_forward(r);
	reference_backward(r);
	return CLU_OK;
}

/* Of all that the lane trains, with spreads of 1. */
static double gradient_norm(const fixture *f, uint32_t lane)
{
	const reference *r = f->reference[lane];
	double sum = 0;
	for (uint32_t i = 0; i < f->n * TEST_M; i++) sum += r->dw_b[i] * r->dw_b[i];
	for (uint32_t i = 0; i < f->n * f->n; i++) sum += r->dw_x[i] * r->dw_x[i];
	for (uint32_t l = 0; l < cases[lane].depth; l++) {
		sum += r->dtheta[l] * r->dtheta[l];
		for (uint32_t i = 0; i < TEST_LAYERS; i++) sum += r->dcoefficient[l][i] * r->dcoefficient[l][i];
	}
	return sqrt(sum);
}

static clu_status prepare_lane(fixture *f, uint32_t lane, clu_error *error)
{
	const float one[TEST_LAYERS] = {1, 1, 1, 1, 1};
	float hyper[4] = {beta1, beta2, epsilon, 0}, spreads[TEST_LAYERS];
	uint32_t order[TEST_SAMPLES];
	for (uint32_t s = 0; s < TEST_SAMPLES; s++) order[s] = TEST_SAMPLES - 1 - s;
	CLU_TRY(make_model(f->n, lane, &f->model[lane], error));
	CLU_TRY(make_reference(f, lane, error));
	CLU_TRY(network_set_arch(&f->arena, lane, &f->model[lane]->arch, f->model[lane]->selected, error));
	CLU_TRY(network_set_weights(&f->arena, lane, f->model[lane], error));
	if (cases[lane].clipped < 1) hyper[3] = (float)(cases[lane].clipped * gradient_norm(f, lane));
	for (uint32_t l = 0; l < TEST_LAYERS; l++) spreads[l] = cases[lane].spread;
	CLU_TRY(arena_write(&f->arena, ROLE_HYPER, lane, 0, 4, hyper, error));
	CLU_TRY(arena_write(&f->arena, ROLE_MULTIPLIERS, lane, 0, TEST_LAYERS, one, error));
	CLU_TRY(arena_write(&f->arena, ROLE_SPREADS, lane, 0, TEST_LAYERS, spreads, error));
	return arena_write(&f->arena, ROLE_ORDER, lane, 0, TEST_SAMPLES, order, error);
}

static clu_status prepare(fixture *f, clu_error *error)
{
	const arena_shape shape = {.m = TEST_M,
	    .n = f->n,
	    .layers = TEST_LAYERS,
	    .batch = TEST_BATCH,
	    .lanes = TEST_LANES,
	    .purpose = ARENA_TRAIN,
	    .burst = 1,
	    .order = TEST_SAMPLES,
	    .evaluation = TEST_SAMPLES};
	const clu_samples samples = {TEST_SAMPLES, f->x, f->b};
	step_data steps[TEST_LANES];
	lane_place places[TEST_LANES];
	fill(f->b, TEST_SAMPLES * TEST_M, 1000);
	fill(f->x, TEST_SAMPLES * f->n, 2000);
	CLU_TRY(arena_create(f->device, &shape, &f->arena, error));
	CLU_TRY(samples_create(f->device, TEST_M, f->n, &samples, "self-test samples", &f->samples, error));
	CLU_TRY(network_lists_create(&f->arena, LIST_SET_TRAIN, &f->lists, error));
	for (uint32_t lane = 0; lane < TEST_LANES; lane++) {
		CLU_TRY(prepare_lane(f, lane, error));
		steps[lane] = (step_data){lane % 2, rate, rate, rate, cases[lane].loss};
		places[lane] = (lane_place){lane, cases[lane].depth, 1, true, true, cases[lane].clipped < 1};
	}
	CLU_TRY(arena_write(&f->arena, ROLE_STEPS, 0, 0, STEP_VALUES * TEST_LANES, steps, error));
	return network_lists_set(&f->arena, &f->lists, places, TEST_LANES, error);
}

/* CLU_SELF_TEST where a value is further from the reference than the tolerance allows. `got` has rows of ld floats. */
static clu_status compare(const fixture *f, const char *op, uint32_t lane, const float *got, uint32_t ld, const double *want,
    uint32_t rows, uint32_t columns, double scale, clu_error *error)
{
	double largest = 0, worst = 0;
	bool finite = true;
	for (uint32_t i = 0; i < rows; i++)
		for (uint32_t j = 0; j < columns; j++) {
			const double value = got[(size_t)i * ld + j] * scale, target = want[(size_t)i * columns + j];
			largest = fmax(largest, fabs(target));
			worst = fmax(worst, fabs(value - target));
			finite = finite && isfinite(value);
		}
	if (finite && worst <= tolerance * fmax(largest, 1e-3)) return CLU_OK;
	return clu_fail(error, CLU_SELF_TEST, "%s (%s, driver %s) computes %s wrong: error %.3g where values reach %.3g (lane %u)",
	    f->device->info.name, f->device->info.platform, f->device->info.driver, op, finite ? worst : INFINITY, largest, lane);
}

/* Reads `rows` rows of a role and compares. */
static clu_status compare_role(const fixture *f, const char *op, uint32_t lane, arena_role role, uint64_t at, uint32_t ld,
    const double *want, uint32_t rows, uint32_t columns, double scale, clu_error *error)
{
	float *got = malloc((size_t)rows * ld * sizeof *got);
	if (!got) return clu_fail(error, CLU_MEMORY, "no host memory for a self-test");
	clu_status status = arena_read(&f->arena, role, lane, at, (uint64_t)rows * ld, got, error);
	if (status == CLU_OK) status = compare(f, op, lane, got, ld, want, rows, columns, scale, error);
	free(got);
	return status;
}

/* W_bᵀ or W_xᵀ, [columns][n] on the device, against the reference's [n][columns]. */
static clu_status compare_transposed(
    const fixture *f, const char *op, uint32_t lane, matrix operand, const double *want, uint32_t columns, clu_error *error)
{
	const uint32_t n = f->n;
	float *got = malloc((size_t)columns * n * sizeof *got);
	double *transposed = malloc((size_t)columns * n * sizeof *transposed);
	clu_status status = CLU_OK;
	if (!got || !transposed) status = clu_fail(error, CLU_MEMORY, "no host memory for a self-test");
	for (uint32_t i = 0; i < n && transposed; i++)
		for (uint32_t j = 0; j < columns; j++) transposed[(size_t)j * n + i] = want[(size_t)i * columns + j];
	if (status == CLU_OK) status = arena_read_operand(&f->arena, operand, lane, 0, columns, got, error);
	if (status == CLU_OK) status = compare(f, op, lane, got, n, transposed, columns, n, 1, error);
	free(transposed);
	free(got);
	return status;
}

/* W_x, kept for the backward products; its rows are the columns of W_xᵀ. */
static clu_status compare_kept_transpose(const fixture *f, uint32_t lane, clu_error *error)
{
	float *got = malloc((size_t)f->n * f->n * sizeof *got);
	if (!got) return clu_fail(error, CLU_MEMORY, "no host memory for a self-test");
	clu_status status =
	    arena_read_operand(&f->arena, arena_operand(&f->arena, ROLE_TRANSPOSED, 0, f->n), lane, 0, f->n, got, error);
	if (status == CLU_OK) status = compare(f, "transpose of W_x", lane, got, f->n, f->reference[lane]->w_x, f->n, f->n, 1, error);
	free(got);
	return status;
}

/* θ and a: their gradients are read from the first moments, (1 − β₁)·g after one step from zero. */
static clu_status compare_scalars(const fixture *f, uint32_t lane, clu_error *error)
{
	const reference *r = f->reference[lane];
	double coefficients[TEST_LAYERS * TEST_LAYERS];
	for (uint32_t l = 0; l < TEST_LAYERS; l++)
		memcpy(coefficients + l * TEST_LAYERS, r->dcoefficient[l], TEST_LAYERS * sizeof(double));
	const uint64_t at = f->arena.scalars_at;
	const double scale = 1.0 / (1.0 - beta1) / cases[lane].clipped;
	CLU_TRY(compare_role(f, "threshold gradients", lane, ROLE_FIRST, at, TEST_LAYERS, r->dtheta, 1, TEST_LAYERS, scale, error));
	return compare_role(f, "coefficient gradients", lane, ROLE_FIRST, at + TEST_LAYERS, TEST_LAYERS, coefficients, TEST_LAYERS,
	    TEST_LAYERS, scale, error);
}

/* θ and a after the step. */
static clu_status compare_scalar_update(const fixture *f, uint32_t lane, clu_error *error)
{
	const reference *r = f->reference[lane];
	const double clipped = cases[lane].clipped;
	const reference_adam of_theta = {beta1, beta2, epsilon, rate, 1, 1},
	                     of_a = {beta1, beta2, epsilon, rate, 1, cases[lane].spread};
	double want[(1 + TEST_LAYERS) * TEST_LAYERS] = {0}, *coefficient = want + TEST_LAYERS;
	memcpy(want, r->theta, TEST_LAYERS * sizeof *want);
	for (uint32_t l = 0; l < TEST_LAYERS; l++) memcpy(coefficient + l * TEST_LAYERS, r->coefficient[l], TEST_LAYERS * sizeof *want);
	for (uint32_t l = 0; l < cases[lane].depth; l++) {
		double first = 0, second = 0;
		reference_adam_step(&of_theta, clipped * r->dtheta[l], &first, &second, &want[l]);
		for (uint32_t i = 0; i < l; i++) {
			if (!(clu_arch_origins(&r->arch, l + 1) >> i & 1u)) continue;
			first = second = 0;
			reference_adam_step(&of_a, clipped * r->dcoefficient[l][i], &first, &second, &coefficient[l * TEST_LAYERS + i]);
		}
	}
	return compare_role(f, "update of thresholds and coefficients", lane, ROLE_WEIGHTS, f->arena.scalars_at, TEST_LAYERS, want,
	    1 + TEST_LAYERS, TEST_LAYERS, 1, error);
}

/* The weights after the step, from the reference's gradient. */
static clu_status compare_update(const fixture *f, uint32_t lane, clu_error *error)
{
	reference *r = f->reference[lane];
	const reference_adam adam = {beta1, beta2, epsilon, rate, 1, 1};
	for (uint32_t i = 0; i < f->n * TEST_M; i++) {
		double first = 0, second = 0;
		reference_adam_step(&adam, cases[lane].clipped * r->dw_b[i], &first, &second, &r->w_b[i]);
	}
	for (uint32_t i = 0; i < f->n * f->n; i++) {
		double first = 0, second = 0;
		reference_adam_step(&adam, cases[lane].clipped * r->dw_x[i], &first, &second, &r->w_x[i]);
	}
	CLU_TRY(compare_transposed(f, "update of W_b", lane, arena_w_b(&f->arena, ROLE_WEIGHTS), r->w_b, TEST_M, error));
	CLU_TRY(compare_transposed(f, "update of W_x", lane, arena_w_x(&f->arena, ROLE_WEIGHTS), r->w_x, f->n, error));
	return compare_kept_transpose(f, lane, error);
}

static clu_status compare_lane(const fixture *f, uint32_t lane, clu_error *error)
{
	const reference *r = f->reference[lane];
	const arena *a = &f->arena;
	const uint32_t depth = cases[lane].depth, plane = TEST_BATCH * f->n;
	for (uint32_t l = 0; l < depth; l++)
		CLU_TRY(compare_role(
		    f, "layer_forward", lane, ROLE_CODES, l * a->plane, a->ld_n, r->x + l * plane, TEST_BATCH, f->n, 1, error));
	for (uint32_t l = depth; l-- > 0;)
		CLU_TRY(compare_role(
		    f, "layer_backward", lane, ROLE_DV, l * a->spaced, a->ld_n, r->dv + l * plane, TEST_BATCH, f->n, 1, error));
	CLU_TRY(compare_transposed(f, "gradient of W_b", lane, arena_w_b(a, ROLE_GRADIENTS), r->dw_b, TEST_M, error));
	CLU_TRY(compare_transposed(f, "gradient of W_x", lane, arena_w_x(a, ROLE_GRADIENTS), r->dw_x, f->n, error));
	CLU_TRY(compare_scalars(f, lane, error));
	CLU_TRY(compare_scalar_update(f, lane, error));
	return compare_update(f, lane, error);
}

/* NMSE of the network before the step, against the reference's sums over the same samples. */
static clu_status compare_nmse(fixture *f, clu_error *error)
{
	clu_nmse got[TEST_LANES];
	CLU_TRY(network_evaluate(&f->arena, &f->lists, &f->samples, got, error));
	for (uint32_t lane = 0; lane < TEST_LANES; lane++) {
		reference *r;
		double db = 0, error_sum = 0, truth_sum = 0;
		CLU_TRY(reference_create(&f->model[lane]->arch, TEST_M, f->n, TEST_SAMPLES, cases[lane].depth, &r, error));
		memcpy(r->w_b, f->reference[lane]->w_b, f->n * TEST_M * sizeof(double));
		memcpy(r->w_x, f->reference[lane]->w_x, f->n * f->n * sizeof(double));
		memcpy(r->theta, f->reference[lane]->theta, sizeof r->theta);
		memcpy(r->selected, f->reference[lane]->selected, sizeof r->selected);
		memcpy(r->coefficient, f->reference[lane]->coefficient, sizeof r->coefficient);
		to_double(r->b, f->b, TEST_SAMPLES * TEST_M);
		reference_forward(r);
		const double *top = r->x + (size_t)(cases[lane].depth - 1) * TEST_SAMPLES * f->n;
		for (uint32_t s = 0; s < TEST_SAMPLES; s++) {
			double e = 0, t = 0;
			for (uint32_t j = 0; j < f->n; j++) {
				const double truth = f->x[s * f->n + j], difference = top[s * f->n + j] - truth;
				e += difference * difference;
				t += truth * truth;
			}
			db += 10 * log10(e / t) / TEST_SAMPLES;
			error_sum += e;
			truth_sum += t;
		}
		reference_destroy(r);
		const double ratio_db = 10 * log10(error_sum / truth_sum);
		if (!(fabs(got[lane].db - db) < 2e-3 && fabs(got[lane].ratio_db - ratio_db) < 2e-3))
			return clu_fail(error, CLU_SELF_TEST, "%s (%s, driver %s) computes the NMSE wrong: %.4f and %.4f dB for %.4f and %.4f",
			    f->device->info.name, f->device->info.platform, f->device->info.driver, got[lane].db, got[lane].ratio_db, db,
			    ratio_db);
	}
	return CLU_OK;
}

/* The first lane's network, whose layers are all there, on the lane's batch. */
static clu_status compare_applied(const fixture *f, clu_error *error)
{
	const reference *r = f->reference[0];
	const double *top = r->x + (size_t)(TEST_LAYERS - 1) * TEST_BATCH * f->n;
	float b[TEST_BATCH * TEST_M], x[TEST_BATCH * TEST_N_MAX];
	clu_applier *applier = NULL;
	for (uint32_t i = 0; i < TEST_BATCH * TEST_M; i++) b[i] = (float)r->b[i];
	CLU_TRY(clu_applier_create(f->device, f->model[0], TEST_BATCH, &applier, error));
	clu_status status = clu_applier_run(applier, b, TEST_BATCH, x, error);
	if (status == CLU_OK) status = compare(f, "an applied network", 0, x, f->n, top, TEST_BATCH, f->n, 1, error);
	clu_applier_destroy(applier);
	return status;
}

static clu_status run(fixture *f, clu_error *error)
{
	CLU_TRY(prepare(f, error));
	CLU_TRY(compare_nmse(f, error));
	CLU_TRY(network_step(&f->arena, &f->lists, &f->samples, 0, error));
	CLU_TRY(device_finish(f->device, error));
	for (uint32_t lane = 0; lane < TEST_LANES; lane++) CLU_TRY(compare_lane(f, lane, error));
	return compare_applied(f, error);
}

clu_status clu_device_self_test(clu_device *device, double *seconds, clu_error *error)
{
	fixture *f = calloc(1, sizeof *f);
	if (!f) return clu_fail(error, CLU_MEMORY, "no host memory for a self-test");
	f->device = device;
	f->n = covering_n(&device->plan);
	const double begin = clock_seconds();
	clu_status status = run(f, error);
	if (seconds) *seconds = clock_seconds() - begin;
	for (uint32_t lane = 0; lane < TEST_LANES; lane++) {
		reference_destroy(f->reference[lane]);
		clu_model_destroy(f->model[lane]);
	}
	network_lists_destroy(&f->lists);
	samples_destroy(&f->samples);
	arena_destroy(&f->arena);
	free(f);
	return status;
}
