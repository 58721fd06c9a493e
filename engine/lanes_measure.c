/* lanes_measure.c: parts of a step by themselves, for those who measure: its products, its densities, its memory. What is timed is
 * what a step enqueues, on what a step left on the device. */
#include "lanes.h"

#include "clock.h"

#include <stdlib.h>

/* The most layers that a lane trains now. */
static uint32_t lanes_depth(const clu_lanes *lanes)
{
	uint32_t depth = 0;
	for (uint32_t slot = 0; slot < lanes->arena.shape.lanes; slot++) {
		const lane *lane = &lanes->lane[slot];
		if (lane->state == CLU_LANE_TRAINING && lane->schedule.layer > depth) depth = lane->schedule.layer;
	}
	return depth;
}

/* One pass: as many Y or H as a step of the deepest lane computes. A step that lists nonzeros keeps the last layer's lists only:
 * that product is timed in place of all, Y_{K−1} and H_2. */
static clu_status enqueue_pass(const clu_lanes *lanes, clu_product product, clu_error *error)
{
	const uint32_t layers = lanes_depth(lanes);
	const network_lists *lists = &lanes->training_lists;
	if (product != CLU_PRODUCT_FORWARD && product != CLU_PRODUCT_BACKWARD)
		return network_product(&lanes->arena, lists, product, 0, error);
	for (uint32_t i = 1; i < layers; i++)
		CLU_TRY(network_product(&lanes->arena, lists, product, product == CLU_PRODUCT_FORWARD ? layers - 1 : 2, error));
	return CLU_OK;
}

clu_status clu_lanes_time_product(clu_lanes *lanes, clu_product product, uint32_t count, double *seconds, clu_error *error)
{
	*seconds = 0;
	if ((unsigned)product >= CLU_PRODUCT_COUNT) return clu_fail(error, CLU_ARGUMENT, "no product %d", (int)product);
	if (lanes->lists_stale || !lanes->steps)
		return clu_fail(error, CLU_ARGUMENT, "a product is timed on what a step left: run the lanes first");
	const double begin = clock_seconds();
	for (uint32_t i = 0; i < count; i++) CLU_TRY(enqueue_pass(lanes, product, error));
	CLU_TRY(device_finish(lanes->device, error));
	*seconds = clock_seconds() - begin;
	return CLU_OK;
}

/* Shares of nonzeros of one role's layers from `first` up to the lane's depth. */
static clu_status count_role(
    const clu_lanes *lanes, arena_role role, uint32_t slot, float *plane, double density[CLU_LAYERS_MAX], clu_error *error)
{
	const arena *arena = &lanes->arena;
	const uint32_t n = arena->shape.n, batch = arena->shape.batch;
	for (uint32_t l = 0; l < lanes->lane[slot].schedule.layer; l++) {
		uint64_t nonzeros = 0;
		CLU_TRY(arena_read(arena, role, slot, l * (role == ROLE_CODES ? arena->plane : arena->spaced), arena->plane, plane, error));
		for (uint32_t row = 0; row < batch; row++)
			for (uint32_t column = 0; column < n; column++) nonzeros += plane[(size_t)row * arena->ld_n + column] != 0.0f;
		density[l] = (double)nonzeros / ((double)batch * n);
	}
	return CLU_OK;
}

clu_status clu_lanes_density(clu_lanes *lanes, uint32_t slot, clu_density *density, clu_error *error)
{
	clu_status status;
	*density = (clu_density){0};
	if (slot >= lanes->arena.shape.lanes || lanes->lane[slot].state == CLU_LANE_EMPTY)
		return clu_fail(error, CLU_ARGUMENT, "slot %u of %u lanes holds no network", slot, lanes->arena.shape.lanes);
	float *plane = malloc(lanes->arena.plane * sizeof *plane);
	if (!plane) return clu_fail(error, CLU_MEMORY, "no host memory for a layer's outputs");
	CLU_GOTO(count_role(lanes, ROLE_CODES, slot, plane, density->code, error));
	CLU_GOTO(count_role(lanes, ROLE_DV, slot, plane, density->gradient, error));
cleanup:
	free(plane);
	return status;
}

uint64_t clu_lanes_held_bytes(const clu_lanes *lanes)
{
	const device_samples *samples[] = {&lanes->train, &lanes->validation, &lanes->test};
	uint64_t total = 0;
	for (arena_role role = 0; role < ROLE_COUNT; role++) total += memory_bytes(lanes->arena.buffer[role]);
	for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
		total += memory_bytes(samples[i]->b) + memory_bytes(samples[i]->x);
	return total;
}
