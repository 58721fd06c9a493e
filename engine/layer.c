/* layer.c: launches of cl/layer.cl. */
#include "layer.h"

#include "launch.h"

clu_status layer_forward(const arena *arena, uint32_t layer, const lane_list *list, clu_error *error)
{
	const arena_shape *shape = &arena->shape;
	const cl_mem *buffer = arena->buffer;
	const launch_argument arguments[] = {ARG_UINT(layer), ARG_UINT(shape->layers), ARG_UINT(shape->batch), ARG_UINT(shape->n),
	    ARG_UINT(arena->ld_n), ARG_OFFSET(arena->spaced), ARG_BUFFER(list->buffer), ARG_UINT(list->first),
	    ARG_BUFFER(buffer[ROLE_GATES]), ARG_BUFFER(buffer[ROLE_NEURONS]), ARG_BUFFER(buffer[ROLE_SIDES]),
	    ARG_BUFFER(buffer[ROLE_WEIGHTS]), ARG_OFFSET(arena->weights_floats), ARG_OFFSET(arena->scalars_at),
	    ARG_BUFFER(buffer[ROLE_U]), ARG_BUFFER(buffer[ROLE_Y]), ARG_BUFFER(buffer[ROLE_CODES]), ARG_BUFFER(buffer[ROLE_CUTOFFS]),
	    ARG_BUFFER(buffer[ROLE_CODE_ENTRIES]), ARG_BUFFER(buffer[ROLE_CODE_STARTS])};
	return LAUNCH(arena->device, KERNEL_layer_forward, arguments, row_grid(arena->device, shape->batch, list->count), error);
}

clu_status layer_backward(const arena *arena, uint32_t layer, const lane_list *list, clu_error *error)
{
	const arena_shape *shape = &arena->shape;
	const cl_mem *buffer = arena->buffer;
	const matrix dy = arena_dy(arena);
	const launch_argument arguments[] = {ARG_UINT(layer), ARG_UINT(shape->layers), ARG_UINT(shape->batch), ARG_UINT(shape->n),
	    ARG_UINT(arena->ld_n), ARG_OFFSET(arena->spaced), ARG_OFFSET(dy.stride), ARG_OFFSET(dy.ld), ARG_OFFSET(dy.panel),
	    ARG_BUFFER(list->buffer), ARG_UINT(list->first), ARG_BUFFER(buffer[ROLE_REACH]), ARG_BUFFER(buffer[ROLE_GATES]),
	    ARG_BUFFER(buffer[ROLE_NEURONS]), ARG_BUFFER(buffer[ROLE_SIDES]), ARG_BUFFER(buffer[ROLE_WEIGHTS]),
	    ARG_OFFSET(arena->weights_floats), ARG_OFFSET(arena->scalars_at), ARG_BUFFER(buffer[ROLE_CODES]),
	    ARG_BUFFER(buffer[ROLE_CUTOFFS]), ARG_BUFFER(buffer[ROLE_Y]), ARG_BUFFER(buffer[ROLE_TOP]), ARG_BUFFER(buffer[ROLE_DV]),
	    ARG_BUFFER(dy.buffer), ARG_BUFFER(buffer[ROLE_DU]), ARG_BUFFER(buffer[ROLE_PARTIALS]), ARG_BUFFER(buffer[ROLE_DV_ENTRIES]),
	    ARG_BUFFER(buffer[ROLE_DV_STARTS])};
	return LAUNCH(arena->device, KERNEL_layer_backward, arguments, row_grid(arena->device, shape->batch, list->count), error);
}
