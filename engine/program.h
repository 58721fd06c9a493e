/* program.h: the kernels: their sources (embedded from cl/ at build time), their names, and building them for a device. */
#ifndef CLU_PROGRAM_H
#define CLU_PROGRAM_H

#include "status.h"

#include <CL/cl.h>

struct kernel_file {
	const char *name, *text;
};
extern const struct kernel_file kernel_files[]; /* ended by a NULL name */

#define KERNEL_MAP(X) \
	X(layer_forward) \
	X(layer_backward) \
	X(gather_training) \
	X(gather_evaluation) \
	X(loss_backward) \
	X(nmse_samples) \
	X(nmse_parts) \
	X(nmse_sum) \
	X(matrix_update) \
	X(matrix_transpose) \
	X(gradient_norms) \
	X(clip_factors) \
	X(scalar_update) \
	X(weights_check) \
	X(product_dense) \
	X(measure_fma) \
	X(measure_copy)

/* Built only for plans whose work-items work alone. */
#define PASS_KERNEL_MAP(X) \
	X(pass_forward) \
	X(pass_backward) \
	X(pass_training) \
	X(pass_gradients)

/* Built only for plans that skip zeros. */
#define SPARSE_KERNEL_MAP(X) \
	X(product_sparse) \
	X(list_columns) \
	X(product_gradient) \
	X(network_apply)

/* Built only for plans whose products are tiled; the latter only for those with `epilogue`. */
#define TILED_KERNEL_MAP(X) \
	X(product_tiled) \
	X(layer_tiled)

/* Built only for those of them that skip zeros. */
#define LISTED_KERNEL_MAP(X) \
	X(list_rows) \
	X(list_segments) \
	X(product_listed) \
	X(layer_listed)

typedef enum kernel_id {
#define KERNEL_ENUM(name) KERNEL_##name,
	KERNEL_MAP(KERNEL_ENUM) PASS_KERNEL_MAP(KERNEL_ENUM) SPARSE_KERNEL_MAP(KERNEL_ENUM) TILED_KERNEL_MAP(KERNEL_ENUM)
	    LISTED_KERNEL_MAP(KERNEL_ENUM)
#undef KERNEL_ENUM
	        KERNEL_COUNT,
	KERNEL_PASS_FIRST = KERNEL_pass_forward,
	KERNEL_SPARSE_FIRST = KERNEL_product_sparse,
	KERNEL_TILED_FIRST = KERNEL_product_tiled,
	KERNEL_LISTED_FIRST = KERNEL_list_rows
} kernel_id;

/* Numbers that kernels get as -D and the host needs too. */
#define MATRIX_ALIGN 16u /* leading dimensions are multiples of it, and of every vector */
#define PANEL 32u        /* columns of a panel, see common.cl; a multiple of every vector */
#define TILE_SIDE 16u    /* rows that matrix_update transposes at a time */
#define LIST_COLUMNS \
	64u /* columns and rows of a block of product_gradient.cl: of PANEL and at most the bits of a ulong, any number */
#define LIST_ROWS 128u
#define LIST_GAP 8u     /* entries between the lists of neighbouring rows: a line of a cache */
#define TILED_INNER 16u /* inner rows that product_tiled stages at a time */
#define NMSE_PARTS 64u
#define FINITE_RUN 4096u

const char *kernel_name(kernel_id id);
/* The plan's sparse_below where its products can skip zeros at all, 0 elsewhere. */
uint32_t program_sparse_below(const clu_plan *plan);
/* Panels whose sums products that skip zeros keep in registers at once. */
uint32_t program_panels_at_once(const clu_plan *plan);
/* Whether tiled products skip zeros. */
bool program_listed(const clu_plan *plan);
/* Whether layers are computed in the launches of products: the plan wants it and products are tiled. */
bool program_epilogue(const clu_plan *plan);
/* Bytes of local memory that a work-group of the plan's products takes. */
uint64_t program_local_bytes(const clu_plan *plan);
/* Whether what products read as B lies in panels under the plan: our own products on devices where a work-item works alone. */
bool program_panels(const clu_plan *plan);
/* Whether a pass is one launch: the plan wants it and a work-item works alone. */
bool program_passes(const clu_plan *plan);
/* What a program is built from: up to `room` texts in their order, returning how many, and the compiler's options for a plan. */
cl_uint program_sources(const char **texts, cl_uint room);
#define PROGRAM_OPTIONS 1024
void program_options(const clu_plan *plan, char text[PROGRAM_OPTIONS]);
/* Builds all kernels for a device and a plan; those that the plan never uses stay NULL. CLU_SIZE where the device has not the
 * local memory for them. The caller releases
 * program and kernels, also on error. CLU_BUILD with the compiler's log. */
clu_status program_build(const clu_device_info *info, const clu_plan *plan, cl_context context, cl_program *program,
    cl_kernel kernels[KERNEL_COUNT], clu_error *error);

#endif
