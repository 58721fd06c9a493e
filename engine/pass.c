/* pass.c: launches of cl/pass.cl and cl/pass_gradient.cl. */
#include "pass.h"

#include "launch.h"

/* Rows of the batch that a work-item takes through the layers: as many as give each compute unit its share, for every work-item
 * reads all of the weights. */
static uint32_t rows_of_item(const arena *arena, uint32_t lanes)
{
	const uint32_t block = arena->device->plan.block_rows, batch = arena->shape.batch;
	const uint32_t units = arena->device->info.compute_units;
	const uint32_t items = lanes == 0 || lanes >= units ? 1 : divide_up(units, lanes); /* of a lane */
	const uint32_t rows = divide_up(batch, items);
	return divide_up(rows, block) * block;
}

static launch_grid pass_grid(const arena *arena, uint32_t rows, uint32_t lanes)
{
	return (launch_grid){{divide_up(arena->shape.batch, rows), lanes, 1}, {1, 1, 1}};
}

clu_status pass_forward(const arena *arena, const lane_list *list, clu_error *error)
{
	const arena_shape *shape = &arena->shape;
	const cl_mem *buffer = arena->buffer;
	const uint32_t rows = rows_of_item(arena, list->count);
	const matrix w_b = arena_w_b(arena, ROLE_WEIGHTS), w_x = arena_w_x(arena, ROLE_WEIGHTS);
	const launch_argument arguments[] = {ARG_UINT(shape->layers), ARG_UINT(shape->batch), ARG_UINT(shape->m), ARG_UINT(shape->n),
	    ARG_UINT(arena->ld_m), ARG_UINT(arena->ld_n), ARG_OFFSET(arena->spaced), ARG_UINT(rows), ARG_BUFFER(list->buffer),
	    ARG_UINT(list->first), ARG_BUFFER(buffer[ROLE_GATES]), ARG_BUFFER(buffer[ROLE_NEURONS]), ARG_BUFFER(buffer[ROLE_SIDES]),
	    ARG_BUFFER(w_b.buffer), ARG_OFFSET(w_b.stride), ARG_OFFSET(w_b.panel), ARG_OFFSET(w_x.at), ARG_OFFSET(w_x.panel),
	    ARG_OFFSET(arena->scalars_at), ARG_BUFFER(buffer[ROLE_B]), ARG_BUFFER(buffer[ROLE_U]), ARG_BUFFER(buffer[ROLE_Y]),
	    ARG_BUFFER(buffer[ROLE_CODES]), ARG_BUFFER(buffer[ROLE_CUTOFFS]), ARG_BUFFER(buffer[ROLE_CODE_ENTRIES]),
	    ARG_BUFFER(buffer[ROLE_CODE_STARTS])};
	return LAUNCH(arena->device, KERNEL_pass_forward, arguments, pass_grid(arena, rows, list->count), error);
}

clu_status pass_backward(const arena *arena, const lane_list *list, clu_error *error)
{
	const arena_shape *shape = &arena->shape;
	const cl_mem *buffer = arena->buffer;
	const uint32_t rows = rows_of_item(arena, list->count);
	const matrix w_x = arena_operand(arena, ROLE_TRANSPOSED, 0, shape->n);
	const launch_argument arguments[] = {ARG_UINT(shape->layers), ARG_UINT(shape->batch), ARG_UINT(shape->n), ARG_UINT(arena->ld_n),
	    ARG_OFFSET(arena->spaced), ARG_UINT(rows), ARG_BUFFER(list->buffer), ARG_UINT(list->first), ARG_BUFFER(buffer[ROLE_REACH]),
	    ARG_BUFFER(buffer[ROLE_GATES]), ARG_BUFFER(buffer[ROLE_NEURONS]), ARG_BUFFER(buffer[ROLE_SIDES]),
	    ARG_BUFFER(buffer[ROLE_WEIGHTS]), ARG_OFFSET(arena->weights_floats), ARG_OFFSET(arena->scalars_at), ARG_BUFFER(w_x.buffer),
	    ARG_OFFSET(w_x.stride), ARG_OFFSET(w_x.panel), ARG_BUFFER(buffer[ROLE_CODES]), ARG_BUFFER(buffer[ROLE_CUTOFFS]),
	    ARG_BUFFER(buffer[ROLE_Y]), ARG_BUFFER(buffer[ROLE_TOP]), ARG_BUFFER(buffer[ROLE_DV]), ARG_BUFFER(buffer[ROLE_PARTIALS]),
	    ARG_BUFFER(buffer[ROLE_DV_ENTRIES]), ARG_BUFFER(buffer[ROLE_DV_STARTS])};
	return LAUNCH(arena->device, KERNEL_pass_backward, arguments, pass_grid(arena, rows, list->count), error);
}

clu_status pass_training(const arena *arena, const lane_list *list, const device_samples *samples, uint32_t step, clu_error *error)
{
	const arena_shape *shape = &arena->shape;
	const cl_mem *buffer = arena->buffer;
	const uint32_t rows = rows_of_item(arena, list->count);
	const matrix w_b = arena_w_b(arena, ROLE_WEIGHTS), w_x = arena_w_x(arena, ROLE_WEIGHTS);
	const matrix transposed = arena_operand(arena, ROLE_TRANSPOSED, 0, shape->n);
	const launch_argument arguments[] = {ARG_UINT(shape->layers), ARG_UINT(shape->batch), ARG_UINT(shape->m), ARG_UINT(shape->n),
	    ARG_UINT(arena->ld_m), ARG_UINT(arena->ld_n), ARG_OFFSET(arena->spaced), ARG_UINT(rows), ARG_BUFFER(list->buffer),
	    ARG_UINT(list->first), ARG_BUFFER(buffer[ROLE_REACH]), ARG_BUFFER(buffer[ROLE_GATES]), ARG_BUFFER(buffer[ROLE_NEURONS]),
	    ARG_BUFFER(buffer[ROLE_SIDES]), ARG_BUFFER(w_b.buffer), ARG_OFFSET(w_b.stride), ARG_OFFSET(w_b.panel), ARG_OFFSET(w_x.at),
	    ARG_OFFSET(w_x.panel), ARG_OFFSET(arena->scalars_at), ARG_BUFFER(transposed.buffer), ARG_OFFSET(transposed.stride),
	    ARG_BUFFER(buffer[ROLE_STEPS]), ARG_UINT(step), ARG_UINT(shape->lanes), ARG_BUFFER(buffer[ROLE_ORDER]),
	    ARG_UINT(shape->order), ARG_BUFFER(samples->b), ARG_BUFFER(samples->x), ARG_BUFFER(buffer[ROLE_B]),
	    ARG_BUFFER(buffer[ROLE_U]), ARG_BUFFER(buffer[ROLE_Y]), ARG_BUFFER(buffer[ROLE_CODES]), ARG_BUFFER(buffer[ROLE_CUTOFFS]),
	    ARG_BUFFER(buffer[ROLE_TOP]), ARG_BUFFER(buffer[ROLE_DV]), ARG_BUFFER(buffer[ROLE_PARTIALS]),
	    ARG_BUFFER(buffer[ROLE_CODE_ENTRIES]), ARG_BUFFER(buffer[ROLE_CODE_STARTS]), ARG_BUFFER(buffer[ROLE_DV_ENTRIES]),
	    ARG_BUFFER(buffer[ROLE_DV_STARTS])};
	return LAUNCH(arena->device, KERNEL_pass_training, arguments, pass_grid(arena, rows, list->count), error);
}

/* The grid for the gradients of a set, and how much a work-item has of each, 0: none. W_b's rows go to the parts that W_x's columns
 * make. */
static launch_grid share_gradients(const arena *arena, gradient_set set, uint32_t lanes, uint32_t *rows, uint32_t *columns)
{
	const uint32_t m = arena->shape.m, n = arena->shape.n, tile_rows = arena->device->plan.tile_rows;
	const uint32_t vectors = arena->ld_n / arena->device->plan.vector;
	*rows = *columns = 0;
	if (set == GRADIENT_OF_W_B) return gradient_grid(arena->device, m, tile_rows, vectors, lanes, rows);
	const launch_grid grid = gradient_grid(arena->device, n, LIST_COLUMNS, vectors, lanes, columns);
	if (set == GRADIENT_OF_BOTH) *rows = divide_up(divide_up(m, tile_rows), (uint32_t)grid.groups[1]) * tile_rows;
	return grid;
}

clu_status pass_gradients(const arena *arena, gradient_set set, const product *x, const lane_list *list, clu_error *error)
{
	const arena_shape *shape = &arena->shape;
	const cl_mem *buffer = arena->buffer;
	const nonzeros *z = &x->sparse;
	const matrix w_b = arena_w_b(arena, ROLE_GRADIENTS), w_x = arena_w_x(arena, ROLE_GRADIENTS);
	uint32_t rows, columns;
	const launch_grid grid = share_gradients(arena, set, list->count, &rows, &columns);
	if (arena->sparse && set & GRADIENT_OF_W_X) CLU_TRY(product_list_columns(arena->device, x, list, error));
	const launch_argument arguments[] = {ARG_UINT(shape->layers), ARG_UINT(shape->batch), ARG_UINT(shape->m), ARG_UINT(shape->n),
	    ARG_UINT(arena->ld_m), ARG_UINT(arena->ld_n), ARG_OFFSET(arena->spaced), ARG_UINT(rows), ARG_UINT(columns),
	    ARG_BUFFER(list->buffer), ARG_UINT(list->first), ARG_BUFFER(buffer[ROLE_GATES]), ARG_BUFFER(buffer[ROLE_SIDES]),
	    ARG_BUFFER(buffer[ROLE_WEIGHTS]), ARG_OFFSET(arena->weights_floats), ARG_OFFSET(arena->scalars_at),
	    ARG_BUFFER(buffer[ROLE_B]), ARG_BUFFER(x->a.buffer), ARG_BUFFER(z->by_column), ARG_OFFSET(z->by_column_ld),
	    ARG_BUFFER(z->by_column_starts), ARG_OFFSET(z->by_column_starts_stride), ARG_BUFFER(buffer[ROLE_DV]),
	    ARG_BUFFER(buffer[ROLE_DY]), ARG_BUFFER(w_b.buffer), ARG_OFFSET(w_b.panel), ARG_OFFSET(w_x.at), ARG_OFFSET(w_x.panel)};
	return LAUNCH(arena->device, KERNEL_pass_gradients, arguments, grid, error);
}
