/* epilogue.c: launches of cl/epilogue.cl. */
#include "epilogue.h"

#include "launch.h"

static clu_status enqueue_listed(const arena *arena, uint32_t layer, const lane_list *list, clu_error *error)
{
	const arena_shape *shape = &arena->shape;
	uint32_t split;
	const launch_grid grid =
	    listed_grid(arena->device, shape->batch, arena->ld_n / arena->device->plan.vector, list->count, &split);
	const cl_mem *buffer = arena->buffer;
	const launch_argument arguments[] = {ARG_UINT(layer), ARG_UINT(shape->layers), ARG_UINT(shape->batch), ARG_UINT(shape->n),
	    ARG_UINT(arena->ld_n), ARG_OFFSET(arena->spaced), ARG_UINT(split), ARG_BUFFER(list->buffer), ARG_UINT(list->first),
	    ARG_BUFFER(buffer[ROLE_CODE_STARTS]), ARG_BUFFER(buffer[ROLE_CODE_ENTRIES]), ARG_BUFFER(buffer[ROLE_GATES]),
	    ARG_BUFFER(buffer[ROLE_NEURONS]), ARG_BUFFER(buffer[ROLE_SIDES]), ARG_BUFFER(buffer[ROLE_WEIGHTS]),
	    ARG_OFFSET(arena->weights_floats), ARG_OFFSET(arena->w_xt_at), ARG_OFFSET(arena->scalars_at), ARG_BUFFER(buffer[ROLE_U]),
	    ARG_BUFFER(buffer[ROLE_Y]), ARG_BUFFER(buffer[ROLE_CODES])};
	return LAUNCH(arena->device, KERNEL_layer_listed, arguments, grid, error);
}

clu_status epilogue_forward(const arena *arena, uint32_t layer, const lane_list *list, clu_error *error)
{
	const arena_shape *shape = &arena->shape;
	const cl_mem *buffer = arena->buffer;
	const launch_grid grid = tiled_grid(arena->device, shape->batch, arena->ld_n / arena->device->plan.vector, list->count);
	const bool listed = arena->listed && layer > 1;
	if (listed) CLU_TRY(enqueue_listed(arena, layer, list, error));
	const launch_argument arguments[] = {ARG_UINT(layer), ARG_UINT(shape->layers), ARG_UINT(shape->batch), ARG_UINT(shape->m),
	    ARG_UINT(shape->n), ARG_UINT(arena->ld_m), ARG_UINT(arena->ld_n), ARG_OFFSET(arena->spaced), ARG_BUFFER(list->buffer),
	    ARG_UINT(list->first), ARG_UINT(listed), ARG_BUFFER(buffer[ROLE_CODE_STARTS]), ARG_BUFFER(buffer[ROLE_GATES]),
	    ARG_BUFFER(buffer[ROLE_NEURONS]), ARG_BUFFER(buffer[ROLE_SIDES]), ARG_BUFFER(buffer[ROLE_WEIGHTS]),
	    ARG_OFFSET(arena->weights_floats), ARG_OFFSET(arena->w_xt_at), ARG_OFFSET(arena->scalars_at), ARG_BUFFER(buffer[ROLE_B]),
	    ARG_BUFFER(buffer[ROLE_U]), ARG_BUFFER(buffer[ROLE_Y]), ARG_BUFFER(buffer[ROLE_CODES])};
	return LAUNCH(arena->device, KERNEL_layer_tiled, arguments, grid, error);
}
