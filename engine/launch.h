/* launch.h: the one way to enqueue a kernel, and the buffers that kernels work on. */
#ifndef CLU_LAUNCH_H
#define CLU_LAUNCH_H

#include "device.h"

typedef struct launch_argument {
	size_t size;
	union {
		cl_mem buffer;
		cl_uint number;
		cl_ulong offset;
		cl_float real;
	} value;
} launch_argument;

#define ARG_BUFFER(x) ((launch_argument){sizeof(cl_mem), {.buffer = (x)}})
#define ARG_UINT(x) ((launch_argument){sizeof(cl_uint), {.number = (cl_uint)(x)}})
#define ARG_OFFSET(x) ((launch_argument){sizeof(cl_ulong), {.offset = (cl_ulong)(x)}})
#define ARG_FLOAT(x) ((launch_argument){sizeof(cl_float), {.real = (cl_float)(x)}})

typedef struct launch_grid {
	size_t groups[3]; /* work-groups in each direction; nothing is enqueued when one is 0 */
	size_t local[3];  /* work-items of a group */
} launch_grid;

/* Sets the arguments and enqueues. Errors name kernel, grid and device. */
clu_status launch(
    clu_device *device, kernel_id kernel, const launch_argument *arguments, size_t count, launch_grid grid, clu_error *error);
#define LAUNCH(device, kernel, arguments, grid, error) \
	launch(device, kernel, arguments, sizeof(arguments) / sizeof((arguments)[0]), grid, error)

/* Parts of that size that cover `count`, the last perhaps smaller. */
uint32_t divide_up(uint32_t count, uint32_t part);
/* The grid of a row kernel (layer.cl): blocks of the plan's block_rows of `rows` rows, for `entries` list entries. */
launch_grid row_grid(const clu_device *device, uint32_t rows, uint32_t entries);
/* The grid of a tiled kernel (product_gpu.cl) for a C of `rows` rows of `vectors` vectors. */
launch_grid tiled_grid(const clu_device *device, uint32_t rows, uint32_t vectors, uint32_t entries);
/* The same of a listed kernel, which shares each of those work-groups among *split. */
launch_grid listed_grid(const clu_device *device, uint32_t rows, uint32_t vectors, uint32_t entries, uint32_t *split);

/* The grid of a CPU's gradient kernel (product_gradient.cl, pass_gradient.cl) for a C of `rows` rows of `vectors` vectors: each
 * work-item has *item_rows of the rows, a multiple of `unit`. All of them where there are work-items enough, since those that share
 * columns prepare the same. */
launch_grid gradient_grid(
    const clu_device *device, uint32_t rows, uint32_t unit, uint32_t vectors, uint32_t entries, uint32_t *item_rows);
/* Floats that the work-items of one entry of such a grid, however many, mix in (pass_gradient.cl), for rows of `width` floats. */
uint64_t gradient_room(const clu_plan *plan, uint32_t width);

#endif
