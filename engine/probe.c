/* probe.c: see probe.h. The side product U = b W_bᵀ of a layer is close to a standard normal deviate in every entry, what earlier
 * layers add to it is small: so a threshold's share of nonzeros follows from the normal distribution. */
#include "probe.h"

#include "clock.h"
#include "network.h"
#include "random.h"

#include <math.h>
#include <stdlib.h>

/* Variance of what earlier layers add to an entry of U, which has 1: small enough to leave densities alone, large enough for
 * gradients of ordinary size. */
static const double feedback = 0.02;

struct probe_network {
	uint32_t batch;
	clu_model *model;
	float *b, *x; /* [batch][m], [batch][n] */
};

struct probe {
	const probe_network *network;
	clu_device *device;
	arena arena;
	device_samples samples;
	network_lists lists;
};

/* ---- the network ---- */

static void fill_normal(float *values, size_t count, double deviation, uint32_t major)
{
	random_stream stream = random_open(1, RANDOM_PROBE, major, 0);
	for (size_t i = 0; i < count; i++) values[i] = (float)(deviation * random_normal(&stream));
}

/* Each connection by a fair coin, as in a search; mean form. */
static void draw_connections(clu_model *model)
{
	random_stream stream = random_open(1, RANDOM_PROBE, 0, 0);
	clu_arch *arch = &model->arch;
	for (uint32_t layer = 1; layer <= arch->layers; layer++) {
		const uint32_t word = random_u32(&stream);
		arch->extra[layer - 1] = layer > 2 ? word & ((1u << (layer - 2)) - 1) : 0;
		arch->side[layer - 1] = 1;
		uint32_t count = 0;
		for (uint32_t origins = clu_arch_origins(arch, layer); origins; origins &= origins - 1) count++;
		for (uint32_t i = 0; i + 1 < layer; i++)
			if (clu_arch_origins(arch, layer) >> i & 1u) model->coefficient[layer - 1][i] = 1.0f / (float)count;
	}
}

clu_status probe_network_create(uint32_t m, uint32_t n, uint32_t layers, uint32_t batch, probe_network **out, clu_error *error)
{
	*out = NULL;
	probe_network *network = calloc(1, sizeof *network);
	if (!network) return clu_fail(error, CLU_MEMORY, "no host memory for a network to measure");
	clu_arch arch = {.layers = layers};
	for (uint32_t l = 0; l < layers; l++) arch.side[l] = 1;
	clu_status status = clu_model_create(&arch, m, n, &network->model, error);
	network->batch = batch;
	network->b = calloc((size_t)batch * m, sizeof(float));
	network->x = calloc((size_t)batch * n, sizeof(float));
	if (status == CLU_OK && !(network->b && network->x))
		status = clu_fail(error, CLU_MEMORY, "no host memory for %u samples to measure", batch);
	if (status != CLU_OK) {
		probe_network_destroy(network);
		return status;
	}
	draw_connections(network->model);
	fill_normal(network->model->w_b, (size_t)n * m, 1 / sqrt(m), 1);
	fill_normal(network->model->w_x, (size_t)n * n, 1 / sqrt(n), 2);
	fill_normal(network->b, (size_t)batch * m, 1, 3);
	fill_normal(network->x, (size_t)batch * n, 1, 4);
	*out = network;
	return CLU_OK;
}

void probe_network_destroy(probe_network *network)
{
	if (!network) return;
	clu_model_destroy(network->model);
	free(network->b);
	free(network->x);
	free(network);
}

static arena_shape shape_of(const probe_network *network, uint32_t lanes)
{
	const clu_model *model = network->model;
	return (arena_shape){.m = model->m,
	    .n = model->n,
	    .layers = model->arch.layers,
	    .batch = network->batch,
	    .lanes = lanes,
	    .purpose = ARENA_TRAIN,
	    .burst = 1,
	    .order = network->batch,
	    .evaluation = 1};
}

uint64_t probe_lane_bytes(const probe_network *network, const clu_plan *plan)
{
	const arena_shape shape = shape_of(network, 1);
	return arena_lane_bytes(&shape, plan);
}

uint64_t probe_largest_bytes(const probe_network *network, const clu_plan *plan, uint32_t lanes)
{
	const arena_shape shape = shape_of(network, lanes);
	return arena_largest_bytes(&shape, plan);
}

/* ---- on a device ---- */

static clu_status fill_lane(const probe *probe, uint32_t slot, clu_error *error)
{
	const arena *arena = &probe->arena;
	const clu_model *model = probe->network->model;
	const uint32_t layers = model->arch.layers, batch = probe->network->batch;
	const float hyper[4] = {0.9f, 0.999f, 1e-7f, 0};
	float one[CLU_LAYERS_MAX];
	for (uint32_t l = 0; l < layers; l++) one[l] = 1;
	uint32_t *order = malloc(batch * sizeof *order);
	if (!order) return clu_fail(error, CLU_MEMORY, "no host memory for %u samples to measure", batch);
	for (uint32_t i = 0; i < batch; i++) order[i] = i;
	clu_status status = arena_write(arena, ROLE_ORDER, slot, 0, batch, order, error);
	free(order);
	CLU_TRY(status);
	CLU_TRY(network_set_arch(arena, slot, &model->arch, model->selected, error));
	CLU_TRY(network_set_weights(arena, slot, model, error));
	CLU_TRY(arena_write(arena, ROLE_HYPER, slot, 0, 4, hyper, error));
	CLU_TRY(arena_write(arena, ROLE_MULTIPLIERS, slot, 0, layers, one, error));
	return arena_write(arena, ROLE_SPREADS, slot, 0, layers, one, error);
}

/* All lanes at full depth, everything trained. ROLE_STEPS stays zero: the first sample, rate 0. */
static clu_status fill(probe *probe, clu_error *error)
{
	const arena_shape *shape = &probe->arena.shape;
	const clu_samples samples = {shape->batch, probe->network->x, probe->network->b};
	CLU_TRY(samples_create(probe->device, shape->m, shape->n, &samples, "samples to measure", &probe->samples, error));
	CLU_TRY(network_lists_create(&probe->arena, LIST_SET_TRAIN, &probe->lists, error));
	lane_place *places = calloc(shape->lanes, sizeof *places);
	if (!places) return clu_fail(error, CLU_MEMORY, "no host memory for %u lanes to measure", shape->lanes);
	clu_status status = CLU_OK;
	for (uint32_t slot = 0; slot < shape->lanes && status == CLU_OK; slot++) {
		places[slot] = (lane_place){slot, shape->layers, 1, true, shape->layers > 1, false};
		status = fill_lane(probe, slot, error);
	}
	if (status == CLU_OK) status = network_lists_set(&probe->arena, &probe->lists, places, shape->lanes, error);
	free(places);
	return status;
}

clu_status probe_create(clu_device *device, const probe_network *network, uint32_t lanes, probe **out, clu_error *error)
{
	*out = NULL;
	probe *made = calloc(1, sizeof *made);
	if (!made) return clu_fail(error, CLU_MEMORY, "no host memory for a network to measure");
	const arena_shape shape = shape_of(network, lanes);
	made->network = network;
	made->device = device;
	clu_status status = arena_create(device, &shape, &made->arena, error);
	if (status == CLU_OK) status = fill(made, error);
	if (status == CLU_OK) status = probe_set_density(made, PROBE_DENSITY_ENDS, PROBE_DENSITY_MIDDLE, error);
	if (status == CLU_OK)
		*out = made;
	else
		probe_destroy(made);
	return status;
}

void probe_destroy(probe *probe)
{
	if (!probe) return;
	network_lists_destroy(&probe->lists);
	samples_destroy(&probe->samples);
	arena_destroy(&probe->arena);
	free(probe);
}

/* Mean square of what a soft threshold leaves of a standard normal deviate. */
static double square_above(double threshold)
{
	const double tail = erfc(threshold * sqrt(0.5)) / 2, height = exp(-threshold * threshold / 2) / sqrt(2 * acos(-1));
	return 2 * ((1 + threshold * threshold) * tail - threshold * height);
}

clu_status probe_set_density(probe *probe, double ends, double middle, clu_error *error)
{
	const arena *arena = &probe->arena;
	const clu_model *model = probe->network->model;
	const uint32_t layers = arena->shape.layers;
	const double end = random_normal_quantile(1 - ends / 2), between = random_normal_quantile(1 - middle / 2);
	const double scale = sqrt(feedback / square_above(between < end ? between : end));
	float scalars[CLU_LAYERS_MAX + CLU_LAYERS_MAX * CLU_LAYERS_MAX];
	for (uint32_t l = 0; l < layers; l++) {
		scalars[l] = (float)(l == 0 || l + 1 == layers ? end : between);
		for (uint32_t i = 0; i < layers; i++) scalars[layers + l * layers + i] = (float)(scale * (double)model->coefficient[l][i]);
	}
	for (uint32_t slot = 0; slot < arena->shape.lanes; slot++)
		CLU_TRY(arena_write(arena, ROLE_WEIGHTS, slot, arena->scalars_at, arena_scalars(layers), scalars, error));
	return CLU_OK;
}

clu_status probe_run(probe *probe, uint32_t steps, double *seconds, clu_error *error)
{
	const double begin = clock_seconds();
	for (uint32_t s = 0; s < steps; s++) CLU_TRY(network_step(&probe->arena, &probe->lists, &probe->samples, 0, error));
	CLU_TRY(device_finish(probe->device, error));
	*seconds = clock_seconds() - begin;
	return CLU_OK;
}

clu_status probe_density(const probe *probe, uint32_t layer, double *density, clu_error *error)
{
	const arena *arena = &probe->arena;
	const uint32_t batch = arena->shape.batch, n = arena->shape.n;
	float *codes = malloc(arena->plane * sizeof *codes);
	if (!codes) return clu_fail(error, CLU_MEMORY, "no host memory for a layer's outputs");
	clu_status status = arena_read(arena, ROLE_CODES, 0, (layer - 1) * arena->plane, arena->plane, codes, error);
	size_t nonzero = 0;
	for (size_t i = 0; i < arena->plane && status == CLU_OK; i++) nonzero += codes[i] != 0;
	*density = (double)nonzero / ((double)batch * n);
	free(codes);
	return status;
}
