/* loss.c: launches of cl/loss.cl. */
#include "loss.h"

#include "launch.h"
#include "nmse.h"

#include <assert.h>
#include <stdlib.h>

static_assert(sizeof(step_data) == STEP_VALUES * sizeof(cl_uint), "STEPS has room for step_data");

uint64_t samples_bytes(uint32_t m, uint32_t n, size_t count)
{
	return (uint64_t)count * (arena_ld(m) + arena_ld(n)) * sizeof(float);
}

clu_status samples_create(clu_device *device, uint32_t m, uint32_t n, const clu_samples *from, const char *role,
    device_samples *samples, clu_error *error)
{
	const uint32_t ld_m = arena_ld(m), ld_n = arena_ld(n);
	if (from->count > UINT32_MAX / 2) return clu_fail(error, CLU_SIZE, "%s: %zu samples are too many", role, from->count);
	samples->count = (uint32_t)from->count;
	if (samples->count == 0) return CLU_OK;
	CLU_TRY(memory_create_unset(device, role, (uint64_t)from->count * ld_m * sizeof(float), &samples->b, error));
	CLU_TRY(memory_create_unset(device, role, (uint64_t)from->count * ld_n * sizeof(float), &samples->x, error));
	CLU_TRY(memory_write_rows(device, samples->b, 0, from->b, from->count, m, ld_m, error));
	return memory_write_rows(device, samples->x, 0, from->x, from->count, n, ld_n, error);
}

void samples_destroy(device_samples *samples)
{
	memory_release(&samples->b);
	memory_release(&samples->x);
}

clu_status gather_training(
    const arena *arena, const lane_list *list, const device_samples *samples, uint32_t step, clu_error *error)
{
	const arena_shape *shape = &arena->shape;
	const launch_argument arguments[] = {ARG_UINT(shape->batch), ARG_UINT(arena->ld_m), ARG_BUFFER(list->buffer),
	    ARG_UINT(list->first), ARG_BUFFER(arena->buffer[ROLE_STEPS]), ARG_UINT(step), ARG_UINT(shape->lanes),
	    ARG_BUFFER(arena->buffer[ROLE_ORDER]), ARG_UINT(shape->order), ARG_BUFFER(samples->b), ARG_BUFFER(arena->buffer[ROLE_B])};
	return LAUNCH(arena->device, KERNEL_gather_training, arguments, row_grid(arena->device, shape->batch, list->count), error);
}

clu_status gather_evaluation(
    const arena *arena, const lane_list *list, const device_samples *samples, uint32_t first, clu_error *error)
{
	const arena_shape *shape = &arena->shape;
	const launch_argument arguments[] = {ARG_UINT(shape->batch), ARG_UINT(arena->ld_m), ARG_BUFFER(list->buffer),
	    ARG_UINT(list->first), ARG_UINT(first), ARG_UINT(samples->count), ARG_BUFFER(samples->b),
	    ARG_BUFFER(arena->buffer[ROLE_B])};
	return LAUNCH(arena->device, KERNEL_gather_evaluation, arguments, row_grid(arena->device, shape->batch, list->count), error);
}

clu_status loss_backward(const arena *arena, const lane_list *list, const device_samples *samples, uint32_t step, clu_error *error)
{
	const arena_shape *shape = &arena->shape;
	const cl_mem *buffer = arena->buffer;
	const launch_argument arguments[] = {ARG_UINT(shape->layers), ARG_UINT(shape->batch), ARG_UINT(arena->ld_n),
	    ARG_BUFFER(list->buffer), ARG_UINT(list->first), ARG_BUFFER(buffer[ROLE_STEPS]), ARG_UINT(step), ARG_UINT(shape->lanes),
	    ARG_BUFFER(buffer[ROLE_ORDER]), ARG_UINT(shape->order), ARG_BUFFER(samples->x), ARG_BUFFER(buffer[ROLE_CODES]),
	    ARG_BUFFER(buffer[ROLE_TOP])};
	return LAUNCH(arena->device, KERNEL_loss_backward, arguments, row_grid(arena->device, shape->batch, list->count), error);
}

clu_status nmse_batch(const arena *arena, const lane_list *list, const device_samples *samples, uint32_t first, clu_error *error)
{
	const arena_shape *shape = &arena->shape;
	const cl_mem *buffer = arena->buffer;
	const launch_argument arguments[] = {ARG_UINT(shape->layers), ARG_UINT(shape->batch), ARG_UINT(arena->ld_n),
	    ARG_BUFFER(list->buffer), ARG_UINT(list->first), ARG_UINT(first), ARG_UINT(samples->count), ARG_BUFFER(samples->x),
	    ARG_BUFFER(buffer[ROLE_CODES]), ARG_BUFFER(buffer[ROLE_ERRORS]), ARG_UINT(shape->evaluation)};
	return LAUNCH(arena->device, KERNEL_nmse_samples, arguments, row_grid(arena->device, shape->batch, list->count), error);
}

clu_status nmse_total(const arena *arena, const lane_list *list, uint32_t count, clu_nmse *nmse, clu_error *error)
{
	const cl_mem *buffer = arena->buffer;
	const launch_argument parts[] = {ARG_BUFFER(list->buffer), ARG_UINT(list->first), ARG_UINT(count),
	    ARG_BUFFER(buffer[ROLE_ERRORS]), ARG_UINT(arena->shape.evaluation), ARG_BUFFER(buffer[ROLE_PARTS])};
	const launch_argument sums[] = {
	    ARG_BUFFER(list->buffer), ARG_UINT(list->first), ARG_BUFFER(buffer[ROLE_PARTS]), ARG_BUFFER(buffer[ROLE_SUMS])};
	const launch_grid parts_grid = {{NMSE_PARTS, list->count, 1}, {1, 1, 1}}, sums_grid = {{list->count, 1, 1}, {1, 1, 1}};
	CLU_TRY(LAUNCH(arena->device, KERNEL_nmse_parts, parts, parts_grid, error));
	CLU_TRY(LAUNCH(arena->device, KERNEL_nmse_sum, sums, sums_grid, error));
	float(*totals)[4] = malloc(arena->shape.lanes * sizeof *totals);
	if (!totals) return clu_fail(error, CLU_MEMORY, "no host memory for the sums of %u lanes", arena->shape.lanes);
	const clu_status status = arena_read_lanes(arena, ROLE_SUMS, totals, error);
	for (uint32_t k = 0; k < list->count && status == CLU_OK; k++) {
		const float *total = totals[list->entries[k].slot];
		nmse[k] = (clu_nmse){(double)total[0] / count, nmse_decibels((double)total[1] / (double)total[2])};
	}
	free(totals);
	return status;
}
