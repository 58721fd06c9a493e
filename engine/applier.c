/* applier.c: a trained network at work: measurements in, codes out. Forward buffers only. */
#include "network.h"

#include <stdlib.h>

struct clu_applier {
	clu_device *device;
	arena arena;
	network_lists lists;
	double scale;
	float *slice; /* a batch of b or x in scaled units */
};

static clu_status applier_fill(clu_applier *applier, const clu_model *model, clu_error *error)
{
	const lane_place place = {.slot = 0, .depth = model->arch.layers, .lowest = CLU_LAYERS_MAX + 1};
	const arena *arena = &applier->arena;
	CLU_TRY(network_lists_create(arena, LIST_SET_EVALUATE, &applier->lists, error));
	CLU_TRY(network_lists_set(arena, &applier->lists, &place, 1, error));
	CLU_TRY(network_set_arch(arena, 0, &model->arch, error));
	return network_set_weights(arena, 0, model, error);
}

clu_status clu_applier_create(clu_device *device, const clu_model *model, uint32_t batch, clu_applier **out, clu_error *error)
{
	*out = NULL;
	if (batch < 1) return clu_fail(error, CLU_ARGUMENT, "a batch of 0 samples");
	CLU_TRY(clu_arch_check(&model->arch, error));
	const arena_shape shape = {
	    .m = model->m, .n = model->n, .layers = model->arch.layers, .batch = batch, .lanes = 1, .purpose = ARENA_APPLY};
	const uint32_t widest = model->m > model->n ? model->m : model->n;
	clu_applier *applier = calloc(1, sizeof *applier);
	if (!applier) return clu_fail(error, CLU_MEMORY, "no host memory for an applier");
	applier->device = device;
	applier->scale = model->scale;
	clu_status status = CLU_OK;
	applier->slice = malloc((size_t)batch * widest * sizeof *applier->slice);
	if (!applier->slice) status = clu_fail(error, CLU_MEMORY, "no host memory for a batch of %u", batch);
	if (status == CLU_OK) status = arena_create(device, &shape, &applier->arena, error);
	if (status == CLU_OK) status = applier_fill(applier, model, error);
	if (status == CLU_OK)
		*out = applier;
	else
		clu_applier_destroy(applier);
	return status;
}

clu_status clu_applier_run(clu_applier *applier, const float *b, size_t count, float *x, clu_error *error)
{
	const arena *arena = &applier->arena;
	const uint32_t m = arena->shape.m, n = arena->shape.n;
	const uint64_t top = (arena->shape.layers - 1) * arena->plane;
	for (size_t first = 0; first < count; first += arena->shape.batch) {
		const size_t rows = count - first < arena->shape.batch ? count - first : arena->shape.batch;
		for (size_t i = 0; i < rows * m; i++) applier->slice[i] = (float)(b[first * m + i] / applier->scale);
		CLU_TRY(memory_write_rows(applier->device, arena->buffer[ROLE_B], 0, applier->slice, rows, m, arena->ld_m, error));
		CLU_TRY(network_forward(arena, &applier->lists, error));
		CLU_TRY(memory_read_rows(applier->device, arena->buffer[ROLE_CODES], top, applier->slice, rows, n, arena->ld_n, error));
		for (size_t i = 0; i < rows * n; i++) x[first * n + i] = (float)(applier->slice[i] * applier->scale);
	}
	return CLU_OK;
}

void clu_applier_destroy(clu_applier *applier)
{
	if (!applier) return;
	network_lists_destroy(&applier->lists);
	arena_destroy(&applier->arena);
	free(applier->slice);
	free(applier);
}
