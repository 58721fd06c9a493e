/* product_gpu.cl: the product of product.cl for GPUs: a work-group stages tiles of A and B in local memory, so that each float
 * comes from global memory once a group instead of once a work-item. Same face, same order of each sum, same bits: tiles of the
 * inner dimension ascend, and what pads the last one adds fma(0, 0, sum). By tensor units, tile_tensor.cl, bits are others.
 *
 * Index space: (column groups, row groups, entries). A work-group of GROUP_COLUMNS × GROUP_ROWS work-items computes TILED_ROWS rows
 * by TILED_VECTORS vectors. Any size of matrix. The next tiles are on their way into registers while these are multiplied: with few
 * lanes there is no other work-group to hide that wait. epilogue.cl goes on from the same sums. */
#if TILED

/* Whether more than TILED_BELOW per cent of the entries of rows row0 to row_end of A are nonzero, by their counts [segment][rows].
 * The whole work-group must call it; all get the same answer, and so do product_tiled and product_listed of the same rows. */
bool tile_rows_are_dense(
    uint item, uint row0, uint row_end, uint rows, uint inner, uint segments, __global const uint *counts, __local uint *total)
{
	const uint width = row_end - row0;
	uint mine = 0;
	if (item == 0) *total = 0;
	barrier(CLK_LOCAL_MEM_FENCE);
	for (uint i = item; i < width * segments; i += TILED_ITEMS) mine += counts[i / width * rows + row0 + i % width];
	atomic_add(total, mine);
	barrier(CLK_LOCAL_MEM_FENCE);
	return (ulong)*total * 100 > (ulong)width * inner * segments * TILED_BELOW;
}

/* The sums of this work-item's part of C; a, b, rows and vectors count from the work-group's. The next tiles are fetched while
 * these are multiplied. The whole work-group must call it. Of a lane's A and B less than 2^32 floats are read: numbers of 64 bits
 * would take twice the registers. */
INLINED void tiles_multiply(uint item, uint rows, uint vectors, uint inner, __global const float *a, uint a_row, uint a_inner,
    __global const float *b, uint b_ld, __local float *a_tile, __local vec *b_tile, tile_sums sum)
{
	const tile_places places = places_of(item, a_inner);
	float a_next[A_PER_ITEM];
	vec b_next[B_PER_ITEM];
	sums_clear(sum);
	tiles_fetch(item, places, rows, vectors, inner, 0, a, a_row, a_inner, b, b_ld, a_next, b_next);
	for (uint k0 = 0; k0 < inner; k0 += TILED_INNER) {
		barrier(CLK_LOCAL_MEM_FENCE); /* the tiles before these are multiplied */
		tiles_put(item, places, a_inner, a_next, b_next, a_tile, b_tile);
		barrier(CLK_LOCAL_MEM_FENCE);
		tiles_fetch(item, places, rows, vectors, inner, k0 + TILED_INNER, a, a_row, a_inner, b, b_ld, a_next, b_next);
		sums_add(item, a_tile, b_tile, sum);
	}
}

/* Where there are counts of A's nonzeros (`listed`), rows with few of them are left to product_listed. */
__kernel __attribute__((reqd_work_group_size(GROUP_COLUMNS, GROUP_ROWS, 1))) void product_tiled(uint rows, uint vectors, uint inner,
    uint stacked, __global const uint2 *list, uint list_first, uint listed, __global const uint *counts, ulong counts_stride,
    __global const float *a, ulong a_at, ulong a_stride, ulong a_row, ulong a_inner, __global const float *b, ulong b_at,
    ulong b_stride, ulong b_ld, __global float *c, ulong c_at, ulong c_stride, ulong c_ld)
{
	__local uint total;
	__local float4 a_quads[TILED_INNER * TILED_LD / 4];
	__local vec b_tile[TILED_INNER * TILED_B_LD];
	const uint2 entry = list[list_first + get_group_id(2)];
	const uint row0 = (uint)get_group_id(1) * TILED_ROWS, vector0 = (uint)get_group_id(0) * TILED_VECTORS;
	const uint item = (uint)(get_local_id(1) * GROUP_COLUMNS + get_local_id(0));
	const uint segments = stacked ? entry.y - 1 : 1;
	if (listed && !tile_rows_are_dense(
	                  item, row0, min(row0 + TILED_ROWS, rows), rows, inner, segments, counts + entry.x * counts_stride, &total))
		return;
	inner *= segments;
	a += a_at + entry.x * a_stride + row0 * a_row;
	b += b_at + entry.x * b_stride + (ulong)vector0 * VECTOR;
	c += c_at + entry.x * c_stride + row0 * c_ld + (ulong)vector0 * VECTOR;
	rows -= row0;
	vectors -= vector0;

	tile_sums sum;
	tiles_multiply(item, rows, vectors, inner, a, a_row, a_inner, b, b_ld, (__local float *)a_quads, b_tile, sum);
	sums_store(item, rows, vectors, sum, c, c_ld);
}

/* ---- skipping the zeros of A ----
 *
 * Lists by row of A, or by column for Aᵀ B: (inner index, bits of the value), ascending, in segments of `inner` entries' room, one
 * for each lower layer where A is stacked; counts [segment][row of C]. Each costs one launch that reads A once. */
#if TILED_BELOW > 0

/* Work-group (row, entry) of GROUP work-items, a power of two: each lists a run of the row's columns behind those before it. */
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void list_rows(uint inner, __global const uint2 *list, uint list_first,
    __global const float *a, ulong a_at, ulong a_stride, ulong a_row, __global uint2 *entries, ulong entries_stride,
    ulong entries_ld, __global uint *counts, ulong counts_stride)
{
	__local uint found[GROUP];
	const uint slot = list[list_first + get_group_id(1)].x, row = (uint)get_group_id(0), item = (uint)get_local_id(0);
	const uint run = (inner + GROUP - 1) / GROUP, begin = min(item * run, inner), end = min(begin + run, inner);
	a += a_at + slot * a_stride + row * a_row;
	entries += slot * entries_stride + row * entries_ld;
	uint mine = 0;
	for (uint k = begin; k < end; k++) mine += a[k] != 0.0f;
	found[item] = mine;
	for (uint reach = 1; reach < GROUP; reach *= 2) { /* inclusive sums */
		barrier(CLK_LOCAL_MEM_FENCE);
		const uint before = item >= reach ? found[item - reach] : 0;
		barrier(CLK_LOCAL_MEM_FENCE);
		found[item] += before;
	}
	uint filled = found[item] - mine;
	for (uint k = begin; k < end; k++)
		if (a[k] != 0.0f) entries[filled++] = (uint2)(k, as_uint(a[k]));
	if (item == GROUP - 1) counts[slot * counts_stride + row] = filled;
}

#define LIST_AT_ONCE 16u
/* Work-item (column, segment, entry): neighbours read neighbouring entries of A's rows. */
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void list_segments(uint columns, uint inner, uint stacked,
    __global const uint2 *list, uint list_first, __global const float *a, ulong a_at, ulong a_stride, ulong a_row,
    __global uint2 *entries, ulong entries_stride, ulong entries_ld, __global uint *counts, ulong counts_stride)
{
	const uint2 entry = list[list_first + get_global_id(2)];
	const uint column = (uint)get_global_id(0), segment = (uint)get_global_id(1);
	if (column >= columns || (stacked && segment >= entry.y - 1)) return;
	a += a_at + entry.x * a_stride + column;
	entries += entry.x * entries_stride + column * entries_ld + segment * inner;
	const uint end = (segment + 1) * inner;
	uint filled = 0;
	for (uint row = segment * inner; row < end; row += LIST_AT_ONCE) {
		float value[LIST_AT_ONCE]; /* asked for together: a store that may be elsewhere would let each wait for the one before */
		UNROLLED
		for (uint i = 0; i < LIST_AT_ONCE; i++) value[i] = a[min(row + i, end - 1) * a_row];
		UNROLLED
		for (uint i = 0; i < LIST_AT_ONCE; i++)
			if (row + i < end && value[i] != 0.0f) entries[filled++] = (uint2)(row + i, as_uint(value[i]));
	}
	counts[entry.x * counts_stride + segment * columns + column] = filled;
}

/* One row of C, of which a work-item computes TILE_VECTORS vectors. The row's list has `inner` entries' room for each segment, and
 * counts that are `rows` apart. */
INLINED void row_listed(uint vector0, uint vectors, uint segments, uint inner, uint rows, __global const uint *counts,
    __global const uint2 *nonzeros, __global const float *b, ulong b_ld, __global float *c)
{
	uint column[TILE_VECTORS]; /* beyond the last: the last, not stored */
	vec sum[TILE_VECTORS];
	UNROLLED
	for (uint v = 0; v < TILE_VECTORS; v++) {
		column[v] = min(vector0 + v * GROUP_COLUMNS, vectors - 1) * VECTOR;
		sum[v] = (vec)(0.0f);
	}
	for (uint segment = 0; segment < segments; segment++, nonzeros += inner) {
		const uint count = counts[segment * rows];
		UNROLLED_BY_4
		for (uint i = 0; i < count; i++) {
			const uint2 nonzero = nonzeros[i];
			__global const float *b_row = b + nonzero.x * b_ld;
			UNROLLED
			for (uint v = 0; v < TILE_VECTORS; v++) sum[v] = fma((vec)(as_float(nonzero.y)), LOAD(b_row + column[v]), sum[v]);
		}
	}
	UNROLLED
	for (uint v = 0; v < TILE_VECTORS; v++)
		if (vector0 + v * GROUP_COLUMNS < vectors) store_sum(sum[v], c + column[v]);
}

/* The rows that product_tiled leaves, in work-groups of the same shape: GROUP_COLUMNS work-items share a row of C, read its list
 * together and each TILE_VECTORS vectors of the rows of B that it names, from the caches. `split` work-groups share the rows of one
 * of product_tiled's: few lanes would not fill a GPU otherwise, and rows are summed one after the other. */
__kernel __attribute__((reqd_work_group_size(GROUP_COLUMNS, GROUP_ROWS, 1))) void product_listed(uint rows, uint vectors,
    uint inner, uint stacked, uint split, __global const uint2 *list, uint list_first, __global const uint *counts,
    ulong counts_stride, __global const uint2 *entries, ulong entries_stride, ulong entries_ld, __global const float *b, ulong b_at,
    ulong b_stride, ulong b_ld, __global float *c, ulong c_at, ulong c_stride, ulong c_ld)
{
	__local uint total;
	const uint2 entry = list[list_first + get_group_id(2)];
	const uint row0 = (uint)get_group_id(1) / split * TILED_ROWS, row_end = min(row0 + TILED_ROWS, rows);
	const uint first = row0 + (uint)get_group_id(1) % split * GROUP_ROWS + (uint)get_local_id(1);
	const uint vector0 = (uint)get_group_id(0) * TILED_VECTORS + (uint)get_local_id(0);
	const uint segments = stacked ? entry.y - 1 : 1;
	counts += entry.x * counts_stride;
	entries += entry.x * entries_stride;
	b += b_at + entry.x * b_stride;
	c += c_at + entry.x * c_stride;
	if (tile_rows_are_dense(
	        get_local_id(1) * GROUP_COLUMNS + get_local_id(0), row0, row_end, rows, inner, segments, counts, &total))
		return;

	for (uint row = first; row < row_end; row += split * GROUP_ROWS)
		row_listed(vector0, vectors, segments, inner, rows, counts + row, entries + row * entries_ld, b, b_ld, c + row * c_ld);
}
#endif
#endif
