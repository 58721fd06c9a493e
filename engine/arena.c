/* arena.c: what a lane costs, and the buffers made from that. */
#include "arena.h"

#include "launch.h"
#include "plan.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Floats between Y and dv of neighbouring layers: 64 floats of a row, which are mixed of many layers at a time (pass.cl), fall on
 * different sets of a first-level cache for each of 16 layers, 256 bytes × 16 = 4 KiB. */
static const uint64_t layer_gap = 64;

uint32_t arena_ld(uint32_t columns)
{
	return (columns + MATRIX_ALIGN - 1) / MATRIX_ALIGN * MATRIX_ALIGN;
}

uint32_t arena_scalars(uint32_t layers)
{
	return layers + layers * layers;
}

/* Panels of `rows` rows, each followed by a row's room, so that the same row of all panels does not fall on one line of a cache. */
static uint64_t panel_floats(uint64_t rows)
{
	return (rows + 1) * PANEL;
}

static uint64_t operand_floats(const arena *arena, uint64_t rows)
{
	return arena->panels ? (arena->ld_n + PANEL - 1) / PANEL * panel_floats(rows) : rows * arena->ld_n;
}

static void derive(const arena_shape *shape, const clu_plan *plan, arena *arena)
{
	const uint64_t n = shape->n, m = shape->m;
	*arena = (struct arena){.shape = *shape, .ld_m = arena_ld(shape->m), .ld_n = arena_ld(shape->n)};
	arena->blocks = (shape->batch + plan->block_rows - 1) / plan->block_rows;
	arena->sparse = program_sparse_below(plan) > 0;
	/* Applied to any number of signals, each by itself: which of a tile's rows are listed depends on its neighbours. */
	const bool mixed = plan->product == CLU_WAY_TENSOR && shape->purpose == ARENA_APPLY;
	arena->listed = program_listed(plan) && !mixed;
	arena->panels = program_panels(plan);
	arena->passes = program_passes(plan);
	arena->mixing = arena->passes ? gradient_room(plan, arena->ld_n) : 0;
	arena->plane = (uint64_t)shape->batch * arena->ld_n;
	arena->spaced = arena->plane + layer_gap;
	arena->w_xt_at = operand_floats(arena, m);
	arena->scalars_at = arena->w_xt_at + operand_floats(arena, n);
	arena->weights_floats = arena->scalars_at + arena_ld(arena_scalars(shape->layers));
	arena->transposed_floats = operand_floats(arena, n);
	arena->starts_ld = (shape->n + LIST_COLUMNS - 1) / LIST_COLUMNS + 1;
	arena->list_ld = arena->ld_n + (arena->sparse ? LIST_GAP : 0);
	arena->by_column_ld = (uint64_t)shape->layers * shape->batch + MATRIX_ALIGN / 2;
	arena->by_column_starts = arena->sparse   ? product_by_column_starts(shape->n, shape->layers * shape->batch)
	                          : arena->listed ? (uint64_t)shape->layers * shape->n
	                                          : 0;
}

/* 4-byte values of one lane's part of a role. */
static uint64_t role_values(const arena *arena, arena_role role)
{
	const arena_shape *shape = &arena->shape;
	const uint64_t layers = shape->layers, stack = layers * arena->plane;
	switch (role) {
	case ROLE_LISTS: return 2u * LIST_SETS * LISTS_PER_SET(layers);
	case ROLE_NEURONS: return 2 * layers;
	case ROLE_GATES:
	case ROLE_SIDES:
	case ROLE_MULTIPLIERS:
	case ROLE_SPREADS: return layers;
	case ROLE_HYPER:
	case ROLE_SUMS: return 4;
	case ROLE_WEIGHTS:
	case ROLE_FIRST:
	case ROLE_SECOND:
	case ROLE_GRADIENTS:
	case ROLE_BEST: return arena->weights_floats;
	case ROLE_TRANSPOSED: return arena->transposed_floats;
	case ROLE_B: return (uint64_t)shape->batch * arena->ld_m;
	case ROLE_CODES: return stack;
	case ROLE_CUTOFFS: return layers * shape->batch;
	case ROLE_Y:
	case ROLE_DV: return layers * arena->spaced;
	case ROLE_DY: return arena->passes ? arena->mixing : operand_floats(arena, layers * shape->batch);
	case ROLE_DU: return arena->passes ? 0 : arena->plane;
	case ROLE_U:
	case ROLE_TOP: return arena->plane;
	case ROLE_CODE_ENTRIES: /* two numbers each, here and below */
		return (arena->sparse || arena->listed) * 2u * (uint64_t)shape->batch * arena->list_ld;
	case ROLE_CODE_STARTS: return shape->batch * (arena->sparse ? (uint64_t)arena->starts_ld : arena->listed);
	case ROLE_DV_ENTRIES: /* apart from those, so that either's product can be timed by itself */
		return arena->sparse * 2u * (uint64_t)shape->batch * arena->list_ld;
	case ROLE_DV_STARTS: return arena->sparse * (uint64_t)shape->batch * arena->starts_ld;
	case ROLE_COLUMN_ENTRIES: return arena->sparse || arena->listed ? 2u * (uint64_t)shape->n * arena->by_column_ld : 0;
	case ROLE_COLUMN_STARTS: return arena->by_column_starts;
	case ROLE_PARTIALS: return layers * (layers + 1) * arena->blocks;
	case ROLE_STEPS: return STEP_VALUES * shape->burst;
	case ROLE_ORDER: return shape->order;
	case ROLE_ERRORS: return 2u * (uint64_t)shape->evaluation;
	case ROLE_PARTS: return 4u * NMSE_PARTS;
	case ROLE_NORMS: return (uint64_t)shape->m + shape->n + layers;
	case ROLE_REACH:
	case ROLE_FACTORS:
	case ROLE_FLAGS: return 1;
	case ROLE_COUNT: break;
	}
	return 0;
}

static const struct {
	const char *text;
	bool training;
} roles[] = {
#define ROLE_ROW(name, text, training) {text, training},
    ROLE_MAP(ROLE_ROW)
#undef ROLE_ROW
};

static bool role_needed(const arena *arena, arena_role role)
{
	return arena->shape.purpose == ARENA_TRAIN || !roles[role].training;
}

uint64_t arena_lane_bytes(const arena_shape *shape, const clu_plan *plan)
{
	arena arena;
	uint64_t total = 0;
	derive(shape, plan, &arena);
	for (arena_role role = 0; role < ROLE_COUNT; role++)
		if (role_needed(&arena, role)) total += 4u * role_values(&arena, role);
	return total;
}

uint64_t arena_largest_bytes(const arena_shape *shape, const clu_plan *plan)
{
	arena arena;
	uint64_t largest = 0;
	derive(shape, plan, &arena);
	for (arena_role role = 0; role < ROLE_COUNT; role++)
		if (role_needed(&arena, role) && role_values(&arena, role) > largest) largest = role_values(&arena, role);
	return 4u * largest * shape->lanes;
}

clu_status arena_create(clu_device *device, const arena_shape *shape, arena *arena, clu_error *error)
{
	derive(shape, &device->plan, arena);
	arena->device = device;
	arena->whole_rows = calloc(shape->lanes, sizeof *arena->whole_rows);
	if (!arena->whole_rows) return clu_fail(error, CLU_MEMORY, "no host memory for %u lanes", shape->lanes);
	const uint64_t most = arena_largest_bytes(shape, &device->plan) / shape->lanes / 4u;
	if (clu_plan_is_tiled(&device->plan) && most > UINT32_MAX)
		return clu_fail(error, CLU_SIZE, "a lane has %" PRIu64 " floats of one kind, tiled products count to 2^32", most);
	for (arena_role role = 0; role < ROLE_COUNT; role++)
		if (role_needed(arena, role))
			CLU_TRY(
			    memory_create(device, roles[role].text, 4u * role_values(arena, role) * shape->lanes, &arena->buffer[role], error));
	return CLU_OK;
}

void arena_destroy(arena *arena)
{
	for (arena_role role = ROLE_COUNT; role > 0; role--) memory_release(&arena->buffer[role - 1]);
	free(arena->whole_rows);
	arena->whole_rows = NULL;
}

arena arena_narrow(const arena *wide, uint32_t batch)
{
	arena narrow;
	arena_shape shape = wide->shape;
	shape.batch = batch;
	derive(&shape, &wide->device->plan, &narrow);
	narrow.device = wide->device;
	narrow.whole_rows = wide->whole_rows;
	memcpy(narrow.buffer, wide->buffer, sizeof narrow.buffer);
	return narrow;
}

matrix arena_matrix(const arena *arena, arena_role role, uint64_t at, uint32_t ld)
{
	return (matrix){arena->buffer[role], at, role_values(arena, role), PANEL, ld};
}

matrix arena_operand(const arena *arena, arena_role role, uint64_t at, uint32_t rows)
{
	matrix operand = arena_matrix(arena, role, at, arena->ld_n);
	if (!arena->panels) return operand;
	operand.ld = PANEL;
	operand.panel = panel_floats(rows);
	return operand;
}

matrix arena_w_b(const arena *arena, arena_role role)
{
	return arena_operand(arena, role, 0, arena->shape.m);
}

matrix arena_w_x(const arena *arena, arena_role role)
{
	return arena_operand(arena, role, arena->w_xt_at, arena->shape.n);
}

matrix arena_dy(const arena *arena)
{
	return arena_operand(arena, ROLE_DY, 0, arena->shape.layers * arena->shape.batch);
}

/* One panel after the other; row-major is one wide panel. */
clu_status arena_write_operand(
    const arena *arena, matrix operand, uint32_t slot, uint32_t row0, uint32_t rows, const float *values, clu_error *error)
{
	const uint32_t n = arena->shape.n;
	clu_status status = CLU_OK;
	uint64_t at = slot * operand.stride + operand.at + (uint64_t)row0 * operand.ld;
	float *part = calloc((size_t)rows * operand.ld + 1, sizeof *part);
	if (!part) return clu_fail(error, CLU_MEMORY, "no host memory for a matrix of %u×%u", rows, n);
	for (uint32_t column = 0; column < n; column += operand.ld, at += operand.panel) {
		const uint32_t width = n - column < operand.ld ? n - column : operand.ld;
		for (uint32_t row = 0; row < rows; row++) {
			memcpy(part + (size_t)row * operand.ld, values + (size_t)row * n + column, width * sizeof *part);
			memset(part + (size_t)row * operand.ld + width, 0, (operand.ld - width) * sizeof *part);
		}
		CLU_GOTO(memory_write(
		    arena->device, operand.buffer, at * sizeof *part, (uint64_t)rows * operand.ld * sizeof *part, part, error));
	}
cleanup:
	free(part);
	return status;
}

clu_status arena_read_operand(
    const arena *arena, matrix operand, uint32_t slot, uint32_t row0, uint32_t rows, float *values, clu_error *error)
{
	const uint32_t n = arena->shape.n;
	clu_status status = CLU_OK;
	uint64_t at = slot * operand.stride + operand.at + (uint64_t)row0 * operand.ld;
	float *part = malloc(((size_t)rows * operand.ld + 1) * sizeof *part);
	if (!part) return clu_fail(error, CLU_MEMORY, "no host memory for a matrix of %u×%u", rows, n);
	for (uint32_t column = 0; column < n; column += operand.ld, at += operand.panel) {
		const uint32_t width = n - column < operand.ld ? n - column : operand.ld;
		CLU_GOTO(
		    memory_read(arena->device, operand.buffer, at * sizeof *part, (uint64_t)rows * operand.ld * sizeof *part, part, error));
		for (uint32_t row = 0; row < rows; row++)
			memcpy(values + (size_t)row * n + column, part + (size_t)row * operand.ld, width * sizeof *part);
	}
cleanup:
	free(part);
	return status;
}

clu_status arena_write(
    const arena *arena, arena_role role, uint32_t slot, uint64_t at, uint64_t count, const void *values, clu_error *error)
{
	return memory_write(arena->device, arena->buffer[role], 4u * (slot * role_values(arena, role) + at), 4u * count, values, error);
}

clu_status arena_read(
    const arena *arena, arena_role role, uint32_t slot, uint64_t at, uint64_t count, void *values, clu_error *error)
{
	return memory_read(arena->device, arena->buffer[role], 4u * (slot * role_values(arena, role) + at), 4u * count, values, error);
}

clu_status arena_read_lanes(const arena *arena, arena_role role, void *values, clu_error *error)
{
	return arena_read(arena, role, 0, 0, arena->shape.lanes * role_values(arena, role), values, error);
}

clu_status arena_zero_lanes(const arena *arena, arena_role role, clu_error *error)
{
	const uint64_t bytes = 4u * arena->shape.lanes * role_values(arena, role);
	return memory_zero(arena->device, arena->buffer[role], 0, bytes, error);
}

clu_status arena_zero(const arena *arena, arena_role role, uint32_t slot, clu_error *error)
{
	const uint64_t bytes = 4u * role_values(arena, role);
	return memory_zero(arena->device, arena->buffer[role], slot * bytes, bytes, error);
}

clu_status arena_copy(const arena *arena, arena_role from, arena_role to, uint32_t slot, clu_error *error)
{
	const uint64_t bytes = 4u * role_values(arena, from);
	return memory_copy(arena->device, arena->buffer[from], arena->buffer[to], slot * bytes, slot * bytes, bytes, error);
}
