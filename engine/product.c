/* product.c: the ways behind product.h. Native and tiled: one launch for all lanes, of the dense kernel or of one that skips zeros
 * where there are lists of nonzeros (it looks at the density itself and falls back to dense tiles; same bits); or clblast.h. */
#include "product.h"

#include "clblast.h"
#include "launch.h"
#include "plan.h"

/* Vectors of a row with its padding. */
static uint32_t vectors_of(const clu_device *device, uint32_t columns)
{
	return divide_up(columns, MATRIX_ALIGN) * MATRIX_ALIGN / device->plan.vector;
}

static clu_status enqueue_dense(clu_device *device, const product *p, const lane_list *list, clu_error *error)
{
	const clu_plan *plan = &device->plan;
	const uint32_t vectors = vectors_of(device, p->columns);
	const uint64_t a_row = p->kind == PRODUCT_TIMES ? p->a.ld : 1, a_inner = p->kind == PRODUCT_TIMES ? 1 : p->a.ld;
	const launch_argument arguments[] = {ARG_UINT(p->rows), ARG_UINT(vectors), ARG_UINT(p->inner),
	    ARG_UINT(p->stacking == INNER_STACKED), ARG_BUFFER(list->buffer), ARG_UINT(list->first), ARG_BUFFER(p->a.buffer),
	    ARG_OFFSET(p->a.at), ARG_OFFSET(p->a.stride), ARG_OFFSET(a_row), ARG_OFFSET(a_inner), ARG_BUFFER(p->b.buffer),
	    ARG_OFFSET(p->b.at), ARG_OFFSET(p->b.stride), ARG_OFFSET(p->b.ld), ARG_OFFSET(p->b.panel), ARG_BUFFER(p->c.buffer),
	    ARG_OFFSET(p->c.at), ARG_OFFSET(p->c.stride), ARG_OFFSET(p->c.ld), ARG_OFFSET(p->c.panel)};
	const uint32_t row_tiles = divide_up(p->rows, plan->tile_rows);
	const uint32_t column_tiles = divide_up(vectors, plan->tile_vectors);
	const size_t row_groups = divide_up(row_tiles, plan->group_rows);
	const size_t column_groups = divide_up(column_tiles, plan->group_columns);
	const bool columns_first = plan->group_columns > 1; /* TILE_ROW_AXIS, see program.c */
	const launch_grid grid =
	    columns_first ? (launch_grid){{column_groups, row_groups, list->count}, {plan->group_columns, plan->group_rows, 1}}
	                  : (launch_grid){{row_groups, column_groups, list->count}, {plan->group_rows, 1, 1}};
	return LAUNCH(device, KERNEL_product_dense, arguments, grid, error);
}

static clu_status enqueue_sparse(clu_device *device, const product *p, const lane_list *list, clu_error *error)
{
	const clu_plan *plan = &device->plan;
	const nonzeros *z = &p->sparse;
	const uint32_t vectors = vectors_of(device, p->columns);
	const launch_argument arguments[] = {ARG_UINT(p->rows), ARG_UINT(vectors), ARG_UINT(p->inner), ARG_BUFFER(list->buffer),
	    ARG_UINT(list->first), ARG_BUFFER(p->a.buffer), ARG_OFFSET(p->a.at), ARG_OFFSET(p->a.stride), ARG_OFFSET(p->a.ld),
	    ARG_BUFFER(z->entries), ARG_OFFSET(z->entries_stride), ARG_OFFSET(z->entries_ld), ARG_BUFFER(z->starts),
	    ARG_OFFSET(z->starts_stride), ARG_UINT(z->starts_ld), ARG_BUFFER(p->b.buffer), ARG_OFFSET(p->b.at), ARG_OFFSET(p->b.stride),
	    ARG_OFFSET(p->b.panel), ARG_BUFFER(p->c.buffer), ARG_OFFSET(p->c.at), ARG_OFFSET(p->c.stride), ARG_OFFSET(p->c.ld),
	    ARG_OFFSET(p->c.panel)};
	const launch_grid grid = {
	    {divide_up(p->rows, plan->sparse_rows), divide_up(vectors * plan->vector, PANEL), list->count}, {1, 1, 1}};
	return LAUNCH(device, KERNEL_product_sparse, arguments, grid, error);
}

/* ---- the gradient: lists by column first ---- */

/* Layers whose samples are stacked in a launch, of the deepest lane: at least one. */
static uint32_t deepest_stack(const product *p, const lane_list *list)
{
	uint32_t layers = 1;
	for (uint32_t e = 0; e < list->count && p->stacking == INNER_STACKED; e++)
		if (list->entries[e].depth - 1 > layers) layers = list->entries[e].depth - 1;
	return layers;
}

clu_status product_list_columns(clu_device *device, const product *p, const lane_list *list, clu_error *error)
{
	const nonzeros *z = &p->sparse;
	const launch_argument arguments[] = {ARG_UINT(p->rows), ARG_UINT(p->inner), ARG_UINT(p->stacking == INNER_STACKED),
	    ARG_BUFFER(list->buffer), ARG_UINT(list->first), ARG_BUFFER(p->a.buffer), ARG_OFFSET(p->a.at), ARG_OFFSET(p->a.stride),
	    ARG_OFFSET(p->a.ld), ARG_BUFFER(z->by_column), ARG_OFFSET(z->by_column_ld), ARG_BUFFER(z->by_column_starts),
	    ARG_OFFSET(z->by_column_starts_stride)};
	const launch_grid grid = {
	    {divide_up(p->rows, LIST_COLUMNS), divide_up(p->inner * deepest_stack(p, list), LIST_ROWS), list->count}, {1, 1, 1}};
	return LAUNCH(device, KERNEL_list_columns, arguments, grid, error);
}

static clu_status enqueue_gradient(clu_device *device, const product *p, const lane_list *list, clu_error *error)
{
	const nonzeros *z = &p->sparse;
	const uint32_t vectors = vectors_of(device, p->columns);
	uint32_t item_columns;
	const launch_grid grid = gradient_grid(device, p->rows, LIST_COLUMNS, vectors, list->count, &item_columns);
	CLU_TRY(product_list_columns(device, p, list, error));
	const launch_argument arguments[] = {ARG_UINT(p->rows), ARG_UINT(vectors), ARG_UINT(p->inner),
	    ARG_UINT(p->stacking == INNER_STACKED), ARG_UINT(item_columns), ARG_BUFFER(list->buffer), ARG_UINT(list->first),
	    ARG_BUFFER(p->a.buffer), ARG_OFFSET(p->a.at), ARG_OFFSET(p->a.stride), ARG_OFFSET(p->a.ld), ARG_BUFFER(z->by_column),
	    ARG_OFFSET(z->by_column_ld), ARG_BUFFER(z->by_column_starts), ARG_OFFSET(z->by_column_starts_stride),
	    ARG_BUFFER(p->b.buffer), ARG_OFFSET(p->b.at), ARG_OFFSET(p->b.stride), ARG_OFFSET(p->b.panel), ARG_BUFFER(p->c.buffer),
	    ARG_OFFSET(p->c.at), ARG_OFFSET(p->c.stride), ARG_OFFSET(p->c.ld), ARG_OFFSET(p->c.panel)};
	return LAUNCH(device, KERNEL_product_gradient, arguments, grid, error);
}

uint64_t product_by_column_starts(uint32_t columns, uint32_t rows)
{
	return (uint64_t)divide_up(columns, LIST_COLUMNS) * divide_up(rows, LIST_ROWS) * (LIST_COLUMNS + 1);
}

/* ---- tiles in local memory, and beside them what skips zeros ---- */

/* Where a tiled product has its lists of the rows of C: see product_gpu.cl. */
typedef struct tiled_lists {
	cl_mem entries, counts; /* NULL: A is taken as dense */
	uint64_t entries_stride, entries_ld, counts_stride;
} tiled_lists;

clu_status product_list_rows(clu_device *device, const product *p, const lane_list *list, clu_error *error)
{
	const nonzeros *z = &p->sparse;
	const launch_argument arguments[] = {ARG_UINT(p->inner), ARG_BUFFER(list->buffer), ARG_UINT(list->first),
	    ARG_BUFFER(p->a.buffer), ARG_OFFSET(p->a.at), ARG_OFFSET(p->a.stride), ARG_OFFSET(p->a.ld), ARG_BUFFER(z->entries),
	    ARG_OFFSET(z->entries_stride), ARG_OFFSET(z->entries_ld), ARG_BUFFER(z->starts), ARG_OFFSET(z->starts_stride)};
	const launch_grid grid = {{p->rows, list->count, 1}, {device->plan.group, 1, 1}};
	return LAUNCH(device, KERNEL_list_rows, arguments, grid, error);
}

static clu_status list_rows(clu_device *device, const product *p, const lane_list *list, tiled_lists *lists, clu_error *error)
{
	const nonzeros *z = &p->sparse;
	*lists = (tiled_lists){z->entries, z->starts, z->entries_stride, z->entries_ld, z->starts_stride};
	return product_list_rows(device, p, list, error);
}

static clu_status list_segments(clu_device *device, const product *p, const lane_list *list, tiled_lists *lists, clu_error *error)
{
	const nonzeros *z = &p->sparse;
	const uint32_t group = device->plan.group;
	const uint32_t segments = deepest_stack(p, list);
	*lists =
	    (tiled_lists){z->by_column, z->by_column_starts, p->rows * z->by_column_ld, z->by_column_ld, z->by_column_starts_stride};
	const launch_argument arguments[] = {ARG_UINT(p->rows), ARG_UINT(p->inner), ARG_UINT(p->stacking == INNER_STACKED),
	    ARG_BUFFER(list->buffer), ARG_UINT(list->first), ARG_BUFFER(p->a.buffer), ARG_OFFSET(p->a.at), ARG_OFFSET(p->a.stride),
	    ARG_OFFSET(p->a.ld), ARG_BUFFER(lists->entries), ARG_OFFSET(lists->entries_stride), ARG_OFFSET(lists->entries_ld),
	    ARG_BUFFER(lists->counts), ARG_OFFSET(lists->counts_stride)};
	const launch_grid grid = {{divide_up(p->rows, group), segments, list->count}, {group, 1, 1}};
	return LAUNCH(device, KERNEL_list_segments, arguments, grid, error);
}

static clu_status enqueue_listed(
    clu_device *device, const product *p, const lane_list *list, const tiled_lists *lists, clu_error *error)
{
	const uint32_t vectors = vectors_of(device, p->columns);
	uint32_t split;
	const launch_grid grid = listed_grid(device, p->rows, vectors, list->count, &split);
	const launch_argument arguments[] = {ARG_UINT(p->rows), ARG_UINT(vectors), ARG_UINT(p->inner),
	    ARG_UINT(p->stacking == INNER_STACKED), ARG_UINT(split), ARG_BUFFER(list->buffer), ARG_UINT(list->first),
	    ARG_BUFFER(lists->counts), ARG_OFFSET(lists->counts_stride), ARG_BUFFER(lists->entries), ARG_OFFSET(lists->entries_stride),
	    ARG_OFFSET(lists->entries_ld), ARG_BUFFER(p->b.buffer), ARG_OFFSET(p->b.at), ARG_OFFSET(p->b.stride), ARG_OFFSET(p->b.ld),
	    ARG_BUFFER(p->c.buffer), ARG_OFFSET(p->c.at), ARG_OFFSET(p->c.stride), ARG_OFFSET(p->c.ld)};
	return LAUNCH(device, KERNEL_product_listed, arguments, grid, error);
}

static clu_status enqueue_tiled(clu_device *device, const product *p, const lane_list *list, clu_error *error)
{
	const uint32_t vectors = vectors_of(device, p->columns);
	const uint64_t a_row = p->kind == PRODUCT_TIMES ? p->a.ld : 1, a_inner = p->kind == PRODUCT_TIMES ? 1 : p->a.ld;
	const bool listed = program_listed(&device->plan) && p->sparse.entries;
	tiled_lists lists = {.counts = list->buffer}; /* unused where nothing is listed, and yet a buffer */
	if (listed) {
		CLU_TRY((p->kind == PRODUCT_TIMES ? list_rows : list_segments)(device, p, list, &lists, error));
		CLU_TRY(enqueue_listed(device, p, list, &lists, error));
	}
	const launch_argument arguments[] = {ARG_UINT(p->rows), ARG_UINT(vectors), ARG_UINT(p->inner),
	    ARG_UINT(p->stacking == INNER_STACKED), ARG_BUFFER(list->buffer), ARG_UINT(list->first), ARG_UINT(listed),
	    ARG_BUFFER(lists.counts), ARG_OFFSET(lists.counts_stride), ARG_BUFFER(p->a.buffer), ARG_OFFSET(p->a.at),
	    ARG_OFFSET(p->a.stride), ARG_OFFSET(a_row), ARG_OFFSET(a_inner), ARG_BUFFER(p->b.buffer), ARG_OFFSET(p->b.at),
	    ARG_OFFSET(p->b.stride), ARG_OFFSET(p->b.ld), ARG_BUFFER(p->c.buffer), ARG_OFFSET(p->c.at), ARG_OFFSET(p->c.stride),
	    ARG_OFFSET(p->c.ld)};
	return LAUNCH(device, KERNEL_product_tiled, arguments, tiled_grid(device, p->rows, vectors, list->count), error);
}

clu_status product_enqueue(clu_device *device, const product *product, const lane_list *list, clu_error *error)
{
	if (list->count == 0) return CLU_OK;
	if (plan_uses_clblast(&device->plan)) return clblast_enqueue(device, product, list, error);
	if (clu_plan_is_tiled(&device->plan)) return enqueue_tiled(device, product, list, error);
	if (!program_sparse_below(&device->plan) || !product->sparse.entries) return enqueue_dense(device, product, list, error);
	return (product->kind == PRODUCT_TIMES ? enqueue_sparse : enqueue_gradient)(device, product, list, error);
}
