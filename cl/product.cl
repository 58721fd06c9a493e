/* product.cl: dense matrix products of many lanes in one launch, C = A B, each entry an ascending sum of fma onto +0 with one
 * accumulator: the order that a product which skips zeros has too, so both have the same bits.
 *
 * A work-item computes a register tile of TILE_ROWS × (TILE_VECTORS·VECTOR). Index space: (row tiles, column tiles, entries) on
 * CPUs, where the groups of one panel of B follow each other and find it in the cache; columns first on GPUs (TILE_ROW_AXIS 1),
 * where neighbours read neighbouring columns. Rows beyond the last are computed from the last row and not stored; B and C have
 * whole vectors of columns, their padding zero.
 * A is read as a[row·a_row + k·a_inner], so that A and Aᵀ are one kernel. With `stacked`, the inner dimension is the lane's own:
 * inner rows for each of its depth − 1 lower layers. */

__kernel __attribute__((reqd_work_group_size(TILE_GROUP_0, TILE_GROUP_1, 1))) void product_tile(uint rows, uint vectors,
	uint inner, uint stacked, __global const uint2 *list, uint list_first, __global const float *a, ulong a_at, ulong a_stride,
	ulong a_row, ulong a_inner, __global const float *b, ulong b_at, ulong b_stride, ulong b_ld, __global float *c, ulong c_at,
	ulong c_stride, ulong c_ld)
{
	const uint row0 = (uint)get_global_id(TILE_ROW_AXIS) * TILE_ROWS;
	const uint vector0 = (uint)get_global_id(1 - TILE_ROW_AXIS) * TILE_VECTORS;
	const uint2 entry = list[list_first + get_global_id(2)];
	if (row0 >= rows || vector0 >= vectors) return;
	if (stacked) inner *= entry.y - 1;
	a += a_at + entry.x * a_stride;
	b += b_at + entry.x * b_stride + (ulong)vector0 * VECTOR;
	c += c_at + entry.x * c_stride + (ulong)vector0 * VECTOR;

	__global const float *a_rows[TILE_ROWS];
	#pragma unroll
	for (uint r = 0; r < TILE_ROWS; r++) a_rows[r] = a + min(row0 + r, rows - 1) * a_row;

	if (vector0 + TILE_VECTORS <= vectors) {
		vec sum[TILE_ROWS][TILE_VECTORS];
		#pragma unroll
		for (uint r = 0; r < TILE_ROWS; r++)
			#pragma unroll
			for (uint v = 0; v < TILE_VECTORS; v++) sum[r][v] = (vec)(0.0f);
		for (uint k = 0; k < inner; k++) {
			vec panel[TILE_VECTORS];
			#pragma unroll
			for (uint v = 0; v < TILE_VECTORS; v++) panel[v] = LOAD(b + k * b_ld + v * VECTOR);
			#pragma unroll
			for (uint r = 0; r < TILE_ROWS; r++) {
				const vec entry_a = (vec)(a_rows[r][k * a_inner]);
				#pragma unroll
				for (uint v = 0; v < TILE_VECTORS; v++) sum[r][v] = fma(entry_a, panel[v], sum[r][v]);
			}
		}
		#pragma unroll
		for (uint r = 0; r < TILE_ROWS; r++)
			if (row0 + r < rows) {
				#pragma unroll
				for (uint v = 0; v < TILE_VECTORS; v++) STORE(sum[r][v], c + (row0 + r) * c_ld + v * VECTOR);
			}
		return;
	}
	for (uint v = 0; v < vectors - vector0; v++) { /* the last, narrower tile: a vector of columns at a time */
		vec sum[TILE_ROWS];
		#pragma unroll
		for (uint r = 0; r < TILE_ROWS; r++) sum[r] = (vec)(0.0f);
		for (uint k = 0; k < inner; k++) {
			const vec panel = LOAD(b + k * b_ld + v * VECTOR);
			#pragma unroll
			for (uint r = 0; r < TILE_ROWS; r++) sum[r] = fma((vec)(a_rows[r][k * a_inner]), panel, sum[r]);
		}
		#pragma unroll
		for (uint r = 0; r < TILE_ROWS; r++)
			if (row0 + r < rows) STORE(sum[r], c + (row0 + r) * c_ld + v * VECTOR);
	}
}
