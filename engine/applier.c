/* applier.c: a trained network at work: measurements in, codes out. Plans that skip zeros take a batch through all layers in one
 * launch (cl/applier.cl), the others layer by layer as training does (network.c). Either way a call computes as many rows as it
 * was given, few or many; a batch is only the most that is on the device at a time. */
#include "launch.h"
#include "network.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One launch: the most rows of a worker's block, whose Y should stay in its core's cache, and workers a core. */
enum { BLOCK_MAX = 12, WORKERS = 2 };

struct clu_applier {
	clu_device *device;
	uint32_t batch;
	double scale;
	bool one_launch;
	arena arena;         /* the weights, and workers' scratch (one launch) or the batch (layer by layer) */
	network_lists lists; /* layer by layer */
	cl_mem b, x;         /* one launch: the batch */
};

static uint32_t workers_max(const clu_device *device)
{
	return WORKERS * device->info.compute_units;
}

static clu_status fill_lists(clu_applier *applier, clu_error *error)
{
	const lane_place place = {.slot = 0, .depth = applier->arena.shape.layers, .lowest = CLU_LAYERS_MAX + 1};
	CLU_TRY(network_lists_create(&applier->arena, LIST_SET_EVALUATE, &applier->lists, error));
	return network_lists_set(&applier->arena, &applier->lists, &place, 1, error);
}

static clu_status create_batch(clu_applier *applier, clu_error *error)
{
	const uint64_t row = sizeof(float) * applier->batch;
	CLU_TRY(memory_create(applier->device, "measurements", row * applier->arena.ld_m, &applier->b, error));
	return memory_create(applier->device, "codes", row * applier->arena.ld_n, &applier->x, error);
}

/* Of workers' scratch in one launch: whole blocks of a batch, as far as there are workers. */
static uint32_t scratch_rows(const clu_applier *applier)
{
	const uint32_t most = workers_max(applier->device) * BLOCK_MAX;
	return applier->batch < most - BLOCK_MAX ? applier->batch + BLOCK_MAX : most;
}

static clu_status prepare(clu_applier *applier, const clu_model *model, clu_error *error)
{
	clu_device *device = applier->device;
	applier->one_launch = program_sparse_below(&device->plan) > 0;
	const arena_shape shape = {.m = model->m,
	    .n = model->n,
	    .layers = model->arch.layers,
	    .batch = applier->one_launch ? scratch_rows(applier) : applier->batch,
	    .lanes = 1,
	    .purpose = ARENA_APPLY};
	CLU_TRY(arena_create(device, &shape, &applier->arena, error));
	CLU_TRY(network_set_arch(&applier->arena, 0, &model->arch, model->selected, error));
	CLU_TRY(network_set_weights(&applier->arena, 0, model, error));
	return applier->one_launch ? create_batch(applier, error) : fill_lists(applier, error);
}

clu_status clu_applier_create(clu_device *device, const clu_model *model, uint32_t batch, clu_applier **out, clu_error *error)
{
	*out = NULL;
	if (batch < 1) return clu_fail(error, CLU_ARGUMENT, "a batch of 0 samples");
	CLU_TRY(clu_arch_check(&model->arch, error));
	clu_applier *applier = calloc(1, sizeof *applier);
	if (!applier) return clu_fail(error, CLU_MEMORY, "no host memory for an applier");
	applier->device = device;
	applier->batch = batch;
	applier->scale = model->scale;
	const clu_status status = prepare(applier, model, error);
	if (status == CLU_OK)
		*out = applier;
	else
		clu_applier_destroy(applier);
	return status;
}

/* A few rows spread over the cores; many go in blocks that share what they read of the weights. */
static clu_status enqueue_one_launch(const clu_applier *applier, uint32_t rows, clu_error *error)
{
	const arena *arena = &applier->arena;
	const arena_shape *shape = &arena->shape;
	const cl_mem *buffer = arena->buffer;
	const uint32_t spread = divide_up(rows, applier->device->info.compute_units);
	const uint32_t block = spread < BLOCK_MAX ? spread : BLOCK_MAX, blocks = divide_up(rows, block);
	const uint32_t workers = blocks < workers_max(applier->device) ? blocks : workers_max(applier->device);
	const matrix w_b = arena_w_b(arena, ROLE_WEIGHTS), w_x = arena_w_x(arena, ROLE_WEIGHTS);
	const launch_argument arguments[] = {ARG_UINT(rows), ARG_UINT(block), ARG_UINT(shape->m), ARG_UINT(shape->n),
	    ARG_UINT(shape->layers), ARG_UINT(arena->ld_n), ARG_UINT(arena->ld_m), ARG_BUFFER(buffer[ROLE_GATES]),
	    ARG_BUFFER(buffer[ROLE_NEURONS]), ARG_BUFFER(buffer[ROLE_SIDES]), ARG_BUFFER(buffer[ROLE_WEIGHTS]), ARG_OFFSET(w_b.panel),
	    ARG_OFFSET(w_x.at), ARG_OFFSET(w_x.panel), ARG_OFFSET(arena->scalars_at), ARG_BUFFER(applier->b),
	    ARG_BUFFER(buffer[ROLE_U]), ARG_BUFFER(buffer[ROLE_Y]), ARG_BUFFER(buffer[ROLE_CODES]),
	    ARG_BUFFER(buffer[ROLE_CODE_ENTRIES]), ARG_BUFFER(buffer[ROLE_CODE_STARTS]), ARG_BUFFER(applier->x)};
	const launch_grid grid = {{workers, 1, 1}, {1, 1, 1}};
	return LAUNCH(applier->device, KERNEL_network_apply, arguments, grid, error);
}

/* Names the first measurement that is no number, or none in scaled units. */
static clu_status refuse(const clu_applier *applier, const float *b, size_t first, clu_error *error)
{
	const size_t m = applier->arena.shape.m;
	size_t i = 0;
	while (isfinite((float)(b[i] / applier->scale))) i++;
	return clu_fail(error, CLU_ARGUMENT,
	    "measurement %zu of signal %zu (from 0) is %g, in units of the network's scale %g: wanted finite numbers", i % m,
	    first + i / m, (double)b[i], b[i] / applier->scale);
}

/* Measurements in scaled units into their buffer; padding need not be anything. b: of signals `first` on. CLU_ARGUMENT where one is
 * not finite: neurons would make zeros of it. */
static clu_status put(const clu_applier *applier, cl_mem buffer, const float *b, size_t first, uint32_t rows, clu_error *error)
{
	const size_t m = applier->arena.shape.m, ld = applier->arena.ld_m;
	int32_t largest = 0; /* of their bits without the sign: in the order of their sizes, infinity and NaN last */
	float *scaled;
	CLU_TRY(memory_map(
	    applier->device, buffer, CL_MAP_WRITE_INVALIDATE_REGION, 0, rows * ld * sizeof *scaled, (void **)&scaled, error));
	for (size_t row = 0; row < rows; row++)
		for (size_t i = 0; i < m; i++) {
			const float value = (float)(b[row * m + i] / applier->scale);
			int32_t bits;
			memcpy(&bits, &value, sizeof bits);
			bits &= 0x7fffffff;
			largest = bits > largest ? bits : largest;
			scaled[row * ld + i] = value;
		}
	CLU_TRY(memory_unmap(applier->device, buffer, scaled, error));
	return largest < 0x7f800000 ? CLU_OK : refuse(applier, b, first, error);
}

/* Codes in the user's units, from float `at` of their buffer. */
static clu_status take(const clu_applier *applier, cl_mem buffer, uint64_t at, float *x, uint32_t rows, clu_error *error)
{
	const size_t n = applier->arena.shape.n, ld = applier->arena.ld_n;
	const float *scaled;
	CLU_TRY(
	    memory_map(applier->device, buffer, CL_MAP_READ, at * sizeof *scaled, rows * ld * sizeof *scaled, (void **)&scaled, error));
	for (size_t row = 0; row < rows; row++)
		for (size_t i = 0; i < n; i++) x[row * n + i] = (float)(scaled[row * ld + i] * applier->scale);
	return memory_unmap(applier->device, buffer, (void *)scaled, error);
}

static clu_status run_batch(const clu_applier *applier, const float *b, size_t first, uint32_t rows, float *x, clu_error *error)
{
	if (applier->one_launch) {
		CLU_TRY(put(applier, applier->b, b, first, rows, error));
		CLU_TRY(enqueue_one_launch(applier, rows, error));
		return take(applier, applier->x, 0, x, rows, error);
	}
	const arena arena = arena_narrow(&applier->arena, rows);
	CLU_TRY(put(applier, arena.buffer[ROLE_B], b, first, rows, error));
	CLU_TRY(network_forward(&arena, &applier->lists, error));
	return take(applier, arena.buffer[ROLE_CODES], (arena.shape.layers - 1) * arena.plane, x, rows, error);
}

clu_status clu_applier_run(clu_applier *applier, const float *b, size_t count, float *x, clu_error *error)
{
	const uint32_t m = applier->arena.shape.m, n = applier->arena.shape.n;
	for (size_t first = 0; first < count; first += applier->batch) {
		const uint32_t rows = count - first < applier->batch ? (uint32_t)(count - first) : applier->batch;
		CLU_TRY(run_batch(applier, b + first * m, first, rows, x + first * n, error));
	}
	return CLU_OK;
}

void clu_applier_destroy(clu_applier *applier)
{
	if (!applier) return;
	network_lists_destroy(&applier->lists);
	memory_release(&applier->x);
	memory_release(&applier->b);
	arena_destroy(&applier->arena);
	free(applier);
}
