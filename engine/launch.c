/* launch.c: enqueues kernels, with the checks that turn an OpenCL error into a sentence. */
#include "launch.h"

#include "profile.h"

#include <stdio.h>

clu_status launch(
    clu_device *device, kernel_id id, const launch_argument *arguments, size_t count, launch_grid grid, clu_error *error)
{
	cl_kernel kernel = device->kernels[id];
	size_t global[3], items = 1;
	for (int d = 0; d < 3; d++) {
		if (grid.groups[d] == 0) return CLU_OK;
		global[d] = grid.groups[d] * grid.local[d];
		items *= grid.local[d];
	}
	if (items > device->info.work_group_max)
		return clu_fail(error, CLU_SIZE, "kernel %s wants work-groups of %zu work-items, %s allows %zu: use another plan",
		    kernel_name(id), items, device->info.name, device->info.work_group_max);
	char what[96];
	for (size_t i = 0; i < count; i++) {
		cl_int code = clSetKernelArg(kernel, (cl_uint)i, arguments[i].size, &arguments[i].value);
		if (code != CL_SUCCESS) {
			snprintf(what, sizeof what, "argument %zu of kernel %s", i, kernel_name(id));
			return device_fail(device, error, code, what);
		}
	}
	cl_event *event = NULL;
	if (device->profile) CLU_TRY(profile_event(device, id, &event, error));
	cl_int code = clEnqueueNDRangeKernel(device->queue, kernel, 3, NULL, global, grid.local, 0, NULL, event);
	if (event && code == CL_SUCCESS) profile_launched(device);
	if (code == CL_SUCCESS && device->sync) code = clFinish(device->queue);
	if (code != CL_SUCCESS) {
		snprintf(what, sizeof what, "kernel %s over %zux%zux%zu", kernel_name(id), global[0], global[1], global[2]);
		return device_fail(device, error, code, what);
	}
	return CLU_OK;
}

uint32_t divide_up(uint32_t count, uint32_t part)
{
	return (count + part - 1) / part;
}

launch_grid row_grid(const clu_device *device, uint32_t rows, uint32_t entries)
{
	const uint32_t block = device->plan.block_rows;
	return (launch_grid){{1, divide_up(rows, block), entries}, {device->plan.group, 1, 1}};
}

launch_grid tiled_grid(const clu_device *device, uint32_t rows, uint32_t vectors, uint32_t entries)
{
	const clu_plan *plan = &device->plan;
	const uint32_t tile_columns = plan->tile_vectors * plan->group_columns, tile_rows = plan->tile_rows * plan->group_rows;
	return (launch_grid){
	    {divide_up(vectors, tile_columns), divide_up(rows, tile_rows), entries}, {plan->group_columns, plan->group_rows, 1}};
}

launch_grid listed_grid(const clu_device *device, uint32_t rows, uint32_t vectors, uint32_t entries, uint32_t *split)
{
	enum { GROUPS_A_UNIT = 4 }; /* that hide each other's waits for memory */
	launch_grid grid = tiled_grid(device, rows, vectors, entries);
	const size_t groups = grid.groups[0] * grid.groups[1] * grid.groups[2];
	*split = 1;
	while (2 * *split <= device->plan.tile_rows && groups * *split < (size_t)GROUPS_A_UNIT * device->info.compute_units)
		*split *= 2;
	grid.groups[1] *= *split;
	return grid;
}

/* Columns of work-items. */
static uint32_t gradient_columns(const clu_plan *plan, uint32_t width)
{
	return divide_up(width, program_panels_at_once(plan) * PANEL);
}

/* Rows of work-items at most. */
static uint32_t gradient_parts(uint32_t width)
{
	enum { PARTS_MAX = 8 }; /* each needs room */
	const uint32_t blocks = divide_up(width, LIST_COLUMNS);
	return blocks < PARTS_MAX ? blocks : PARTS_MAX;
}

launch_grid gradient_grid(
    const clu_device *device, uint32_t rows, uint32_t unit, uint32_t vectors, uint32_t entries, uint32_t *item_rows)
{
	enum { ITEMS_A_UNIT = 4 }; /* that even out what each takes */
	const uint32_t width = vectors * device->plan.vector, columns = gradient_columns(&device->plan, width);
	const uint32_t wanted = entries ? divide_up(ITEMS_A_UNIT * device->info.compute_units, columns * entries) : 1;
	const uint32_t most = gradient_parts(width), parts = wanted < most ? wanted : most;
	*item_rows = divide_up(divide_up(rows, unit), parts) * unit;
	return (launch_grid){{columns, divide_up(rows, *item_rows), entries}, {1, 1, 1}};
}

uint64_t gradient_room(const clu_plan *plan, uint32_t width)
{
	const uint64_t item = program_panels_at_once(plan) * (LIST_ROWS + 1) * PANEL; /* MIXED_PANEL floats a panel */
	return item * gradient_columns(plan, width) * gradient_parts(width);
}
