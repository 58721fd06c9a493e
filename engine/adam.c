/* adam.c: launches of cl/adam.cl. */
#include "adam.h"

#include "launch.h"

typedef struct matrix_place {
	uint32_t rows, transposed_columns, introduced; /* introduced: the layer whose multiplier it has */
	matrix weights;
} matrix_place;

static matrix_place place_of(const arena *arena, weight_matrix which)
{
	if (which == WEIGHT_B) return (matrix_place){arena->shape.m, 0, 1, arena_w_b(arena, ROLE_WEIGHTS)};
	return (matrix_place){arena->shape.n, arena->shape.n, 2, arena_w_x(arena, ROLE_WEIGHTS)};
}

/* A vector of each work-item by TILE_SIDE rows. */
static launch_grid matrix_grid(const arena *arena, uint32_t rows, uint32_t entries)
{
	const clu_plan *plan = &arena->device->plan;
	const uint32_t width = plan->vector * plan->group;
	return (launch_grid){{divide_up(arena->ld_n, width), divide_up(rows, TILE_SIDE), entries}, {plan->group, 1, 1}};
}

/* The grid of matrix_update, whose work-items have *item_rows of the rows: where each works alone a panel's, as many as leave
 * work-items enough for all compute units. */
static launch_grid update_grid(const arena *arena, uint32_t rows, uint32_t entries, uint32_t *item_rows)
{
	enum { ITEMS_A_UNIT = 8 };
	const clu_device *device = arena->device;
	*item_rows = TILE_SIDE;
	if (device->plan.group > 1) return matrix_grid(arena, rows, entries);
	const uint32_t columns = divide_up(arena->ld_n, PANEL);
	while (
	    2 * *item_rows < rows && columns * entries * divide_up(rows, 2 * *item_rows) >= ITEMS_A_UNIT * device->info.compute_units)
		*item_rows *= 2;
	return (launch_grid){{columns, divide_up(rows, *item_rows), entries}, {1, 1, 1}};
}

clu_status adam_clip(const arena *arena, const lane_list *list, clu_error *error)
{
	const arena_shape *shape = &arena->shape;
	const cl_mem *buffer = arena->buffer;
	const matrix w_b = arena_w_b(arena, ROLE_GRADIENTS), w_x = arena_w_x(arena, ROLE_GRADIENTS);
	const uint32_t parts = shape->m + shape->n + shape->layers;
	const launch_argument norms[] = {ARG_UINT(shape->m), ARG_UINT(shape->n), ARG_UINT(arena->ld_n), ARG_UINT(shape->layers),
	    ARG_UINT(arena->blocks), ARG_OFFSET(w_b.ld), ARG_OFFSET(w_b.panel), ARG_OFFSET(w_x.panel),
	    ARG_OFFSET(arena->weights_floats), ARG_OFFSET(w_x.at), ARG_BUFFER(list->buffer), ARG_UINT(list->first),
	    ARG_BUFFER(buffer[ROLE_MULTIPLIERS]), ARG_BUFFER(buffer[ROLE_SPREADS]), ARG_BUFFER(buffer[ROLE_GATES]),
	    ARG_BUFFER(buffer[ROLE_GRADIENTS]), ARG_BUFFER(buffer[ROLE_PARTIALS]), ARG_BUFFER(buffer[ROLE_NORMS])};
	const launch_argument factors[] = {ARG_UINT(parts), ARG_BUFFER(list->buffer), ARG_UINT(list->first),
	    ARG_BUFFER(buffer[ROLE_HYPER]), ARG_BUFFER(buffer[ROLE_NORMS]), ARG_BUFFER(buffer[ROLE_FACTORS])};
	const uint32_t group = arena->device->plan.group;
	const launch_grid parts_grid = {{parts, list->count, 1}, {group, 1, 1}}, lanes_grid = {{list->count, 1, 1}, {group, 1, 1}};
	CLU_TRY(LAUNCH(arena->device, KERNEL_gradient_norms, norms, parts_grid, error));
	return LAUNCH(arena->device, KERNEL_clip_factors, factors, lanes_grid, error);
}

clu_status adam_matrix(const arena *arena, weight_matrix which, const lane_list *list, uint32_t step, clu_error *error)
{
	const matrix_place place = place_of(arena, which);
	const cl_mem *buffer = arena->buffer;
	uint32_t item_rows;
	const launch_grid grid = update_grid(arena, place.rows, list->count, &item_rows);
	const launch_argument arguments[] = {ARG_UINT(place.rows), ARG_UINT(place.transposed_columns), ARG_UINT(item_rows),
	    ARG_UINT(arena->ld_n), ARG_OFFSET(place.weights.ld), ARG_OFFSET(place.weights.panel), ARG_BUFFER(list->buffer),
	    ARG_UINT(list->first), ARG_BUFFER(buffer[ROLE_STEPS]), ARG_UINT(step), ARG_UINT(arena->shape.lanes),
	    ARG_BUFFER(buffer[ROLE_HYPER]), ARG_BUFFER(buffer[ROLE_FACTORS]), ARG_BUFFER(buffer[ROLE_MULTIPLIERS]),
	    ARG_UINT(arena->shape.layers), ARG_UINT(place.introduced), ARG_OFFSET(arena->weights_floats), ARG_OFFSET(place.weights.at),
	    ARG_OFFSET(arena->transposed_floats), ARG_BUFFER(buffer[ROLE_GRADIENTS]), ARG_BUFFER(buffer[ROLE_WEIGHTS]),
	    ARG_BUFFER(buffer[ROLE_FIRST]), ARG_BUFFER(buffer[ROLE_SECOND]), ARG_BUFFER(buffer[ROLE_TRANSPOSED])};
	return LAUNCH(arena->device, KERNEL_matrix_update, arguments, grid, error);
}

clu_status adam_scalars(const arena *arena, const lane_list *list, uint32_t step, clu_error *error)
{
	const cl_mem *buffer = arena->buffer;
	const launch_argument arguments[] = {ARG_UINT(arena->shape.layers), ARG_UINT(arena->blocks), ARG_BUFFER(list->buffer),
	    ARG_UINT(list->first), ARG_BUFFER(buffer[ROLE_STEPS]), ARG_UINT(step), ARG_UINT(arena->shape.lanes),
	    ARG_BUFFER(buffer[ROLE_HYPER]), ARG_BUFFER(buffer[ROLE_FACTORS]), ARG_BUFFER(buffer[ROLE_MULTIPLIERS]),
	    ARG_BUFFER(buffer[ROLE_SPREADS]), ARG_BUFFER(buffer[ROLE_GATES]), ARG_OFFSET(arena->weights_floats),
	    ARG_OFFSET(arena->scalars_at), ARG_BUFFER(buffer[ROLE_PARTIALS]), ARG_BUFFER(buffer[ROLE_WEIGHTS]),
	    ARG_BUFFER(buffer[ROLE_FIRST]), ARG_BUFFER(buffer[ROLE_SECOND])};
	const launch_grid grid = {{arena_scalars(arena->shape.layers), list->count, 1}, {1, 1, 1}};
	return LAUNCH(arena->device, KERNEL_scalar_update, arguments, grid, error);
}

clu_status weights_transpose(const arena *arena, uint32_t slot, clu_error *error)
{
	const uint32_t n = arena->shape.n;
	const matrix weights = arena_w_x(arena, ROLE_WEIGHTS);
	const launch_argument arguments[] = {ARG_UINT(n), ARG_UINT(n), ARG_OFFSET(weights.ld), ARG_OFFSET(weights.panel),
	    ARG_UINT(slot), ARG_OFFSET(arena->weights_floats), ARG_OFFSET(arena->w_xt_at), ARG_OFFSET(arena->transposed_floats),
	    ARG_BUFFER(arena->buffer[ROLE_WEIGHTS]), ARG_BUFFER(arena->buffer[ROLE_TRANSPOSED])};
	return LAUNCH(arena->device, KERNEL_matrix_transpose, arguments, matrix_grid(arena, n, 1), error);
}

clu_status weights_finite(const arena *arena, const lane_list *list, bool *finite, clu_error *error)
{
	const cl_uint count = (cl_uint)arena->weights_floats;
	const launch_argument arguments[] = {ARG_BUFFER(list->buffer), ARG_UINT(list->first), ARG_OFFSET(arena->weights_floats),
	    ARG_UINT(count), ARG_BUFFER(arena->buffer[ROLE_WEIGHTS]), ARG_BUFFER(arena->buffer[ROLE_FLAGS])};
	const launch_grid grid = {{divide_up(count, FINITE_RUN), list->count, 1}, {arena->device->plan.group, 1, 1}};
	cl_int *flags = malloc(arena->shape.lanes * sizeof *flags);
	clu_status status;
	if (!flags) return clu_fail(error, CLU_MEMORY, "no host memory for the flags of %u lanes", arena->shape.lanes);
	CLU_GOTO(arena_zero_lanes(arena, ROLE_FLAGS, error));
	CLU_GOTO(LAUNCH(arena->device, KERNEL_weights_check, arguments, grid, error));
	CLU_GOTO(arena_read_lanes(arena, ROLE_FLAGS, flags, error));
	for (uint32_t k = 0; k < list->count; k++) finite[k] = flags[list->entries[k].slot] == 0;
cleanup:
	free(flags);
	return status;
}
