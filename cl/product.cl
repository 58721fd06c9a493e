/* product.cl: matrix products of many lanes in one launch, C = A B, each entry an ascending sum of fma onto +0 with one
 * accumulator. A product that skips the zeros of A has the same order, and a skipped term fma(0, b, sum) changes no bit of a
 * finite sum, so dense and sparse have the same bits (C's zeros are +0 in both) and each work-item chooses freely.
 *
 * A work-item of the dense kernel computes a register tile of TILE_ROWS × (TILE_VECTORS·VECTOR). Index space: (row tiles, column
 * tiles, entries) on CPUs, where the groups of one panel of B follow each other and find it in the cache; columns first on GPUs
 * (TILE_ROW_AXIS 1), where neighbours read neighbouring columns. Rows beyond the last are computed from the last row and not
 * stored; B and C have whole vectors of columns, their padding zero.
 * A is read as a[row·a_row + k·a_inner], so that A and Aᵀ are one kernel. With `stacked`, the inner dimension is the lane's own:
 * inner rows for each of its depth − 1 lower layers. */

/* A sum that underflowed may be −0 where skipping gives +0; canonical by its bits. */
void store_sum(vec sum, __global float *c)
{
	STORE(select(sum, (vec)(0.0f), sum == (vec)(0.0f)), c);
}

/* One tile from (row0, vector0) on, TILE_VECTORS wide; a, b, c are the lane's, b and c already at vector0. */
void tile_whole(uint row0, uint rows, uint inner, __global const float *a, ulong a_row, ulong a_inner, __global const float *b,
	ulong b_ld, __global float *c, ulong c_ld)
{
	__global const float *a_rows[TILE_ROWS];
	vec sum[TILE_ROWS][TILE_VECTORS];
	#pragma unroll
	for (uint r = 0; r < TILE_ROWS; r++) {
		a_rows[r] = a + min(row0 + r, rows - 1) * a_row;
		#pragma unroll
		for (uint v = 0; v < TILE_VECTORS; v++) sum[r][v] = (vec)(0.0f);
	}
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
			for (uint v = 0; v < TILE_VECTORS; v++) store_sum(sum[r][v], c + (row0 + r) * c_ld + v * VECTOR);
		}
}

/* The last, narrower tile: `width` vectors, one at a time. */
void tile_edge(uint row0, uint rows, uint width, uint inner, __global const float *a, ulong a_row, ulong a_inner,
	__global const float *b, ulong b_ld, __global float *c, ulong c_ld)
{
	for (uint v = 0; v < width; v++) {
		vec sum[TILE_ROWS];
		#pragma unroll
		for (uint r = 0; r < TILE_ROWS; r++) sum[r] = (vec)(0.0f);
		for (uint k = 0; k < inner; k++) {
			const vec panel = LOAD(b + k * b_ld + v * VECTOR);
			#pragma unroll
			for (uint r = 0; r < TILE_ROWS; r++)
				sum[r] = fma((vec)(a[min(row0 + r, rows - 1) * a_row + k * a_inner]), panel, sum[r]);
		}
		#pragma unroll
		for (uint r = 0; r < TILE_ROWS; r++)
			if (row0 + r < rows) store_sum(sum[r], c + (row0 + r) * c_ld + v * VECTOR);
	}
}

void tile_dense(uint row0, uint rows, uint vector0, uint vectors, uint inner, __global const float *a, ulong a_row, ulong a_inner,
	__global const float *b, ulong b_ld, __global float *c, ulong c_ld)
{
	b += (ulong)vector0 * VECTOR;
	c += (ulong)vector0 * VECTOR;
	if (vector0 + TILE_VECTORS <= vectors)
		tile_whole(row0, rows, inner, a, a_row, a_inner, b, b_ld, c, c_ld);
	else
		tile_edge(row0, rows, vectors - vector0, inner, a, a_row, a_inner, b, b_ld, c, c_ld);
}

__kernel __attribute__((reqd_work_group_size(TILE_GROUP_0, TILE_GROUP_1, 1))) void product_dense(uint rows, uint vectors,
	uint inner, uint stacked, __global const uint2 *list, uint list_first, __global const float *a, ulong a_at, ulong a_stride,
	ulong a_row, ulong a_inner, __global const float *b, ulong b_at, ulong b_stride, ulong b_ld, __global float *c, ulong c_at,
	ulong c_stride, ulong c_ld)
{
	const uint row0 = (uint)get_global_id(TILE_ROW_AXIS) * TILE_ROWS;
	const uint vector0 = (uint)get_global_id(1 - TILE_ROW_AXIS) * TILE_VECTORS;
	const uint2 entry = list[list_first + get_global_id(2)];
	if (row0 >= rows || vector0 >= vectors) return;
	tile_dense(row0, rows, vector0, vectors, stacked ? inner * (entry.y - 1) : inner, a + a_at + entry.x * a_stride, a_row, a_inner,
		b + b_at + entry.x * b_stride, b_ld, c + c_at + entry.x * c_stride, c_ld);
}

/* ---- skipping the zeros of A (CPUs: one work-item a work-group) ----
 *
 * A work-item takes SPARSE_ROWS rows of C and a chunk of SPARSE_VECTORS vectors of columns, so that the chunk's panel of B stays in
 * the second-level cache while the work-items of one chunk follow each other. Where more than SPARSE_BELOW per cent of its part
 * of A is nonzero it computes dense tiles instead. */
#if SPARSE_BELOW > 0

/* One row, `width` vectors of columns: width is a constant at each use, so that the sums stay in registers. */
#define SPARSE_ROW(width, value_of, row_of) \
	do { \
		vec sum[width]; \
		_Pragma("unroll") \
		for (uint v = 0; v < width; v++) sum[v] = (vec)(0.0f); \
		for (uint e = 0; e < entries; e++) { \
			const vec factor = (vec)(value_of); \
			__global const float *panel = b + (row_of) * b_ld + at * VECTOR; \
			_Pragma("unroll") \
			for (uint v = 0; v < width; v++) sum[v] = fma(factor, LOAD(panel + v * VECTOR), sum[v]); \
		} \
		_Pragma("unroll") \
		for (uint v = 0; v < width; v++) store_sum(sum[v], c + (at + v) * VECTOR); \
		at += width; \
	} while (0)

#define SPARSE_ROW_ALL(value_of, row_of) \
	for (uint at = vector0; at < vector_end;) { \
		if (at + SPARSE_VECTORS <= vector_end) \
			SPARSE_ROW(SPARSE_VECTORS, value_of, row_of); \
		else if (at + 4 <= vector_end) \
			SPARSE_ROW(4, value_of, row_of); \
		else if (at + 2 <= vector_end) \
			SPARSE_ROW(2, value_of, row_of); \
		else \
			SPARSE_ROW(1, value_of, row_of); \
	}

/* Values of a dense row, at the columns of its list. */
void row_sparse(uint entries, __global const ushort *columns, __global const float *a, uint vector0, uint vector_end,
	__global const float *b, ulong b_ld, __global float *c)
{
	SPARSE_ROW_ALL(a[columns[e]], (ulong)columns[e])
}

/* A list of (row, value). */
void column_sparse(uint entries, __global const uint2 *list, uint vector0, uint vector_end, __global const float *b, ulong b_ld,
	__global float *c)
{
	SPARSE_ROW_ALL(as_float(list[e].y), (ulong)list[e].x)
}

/* C = A B. columns [lane][…][batch][a_row]: the nonzero columns of each row of A, ascending; counts: how many. */
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void product_rows(uint rows, uint vectors, uint inner,
	__global const uint2 *list, uint list_first, __global const float *a, ulong a_at, ulong a_stride, ulong a_row,
	__global const ushort *columns, __global const uint *counts, ulong counts_at, ulong counts_stride, __global const float *b,
	ulong b_at, ulong b_stride, ulong b_ld, __global float *c, ulong c_at, ulong c_stride, ulong c_ld)
{
	const uint slot = list[list_first + get_global_id(2)].x;
	const uint row0 = (uint)get_global_id(0) * SPARSE_ROWS, row_end = min(row0 + SPARSE_ROWS, rows);
	const uint vector0 = (uint)get_global_id(1) * SPARSE_VECTORS, vector_end = min(vector0 + SPARSE_VECTORS, vectors);
	a += a_at + slot * a_stride;
	columns += a_at + slot * a_stride;
	counts += counts_at + slot * counts_stride;
	b += b_at + slot * b_stride;
	c += c_at + slot * c_stride;
	uint nonzeros = 0;
	for (uint row = row0; row < row_end; row++) nonzeros += counts[row];
	if (nonzeros * 100 > (row_end - row0) * inner * SPARSE_BELOW) {
		for (uint vector = vector0; vector < vector_end; vector += TILE_VECTORS)
			for (uint row = row0; row < row_end; row += TILE_ROWS)
				tile_dense(row, row_end, vector, vector_end, inner, a, a_row, 1, b, b_ld, c, c_ld);
		return;
	}
	for (uint row = row0; row < row_end; row++)
		row_sparse(counts[row], columns + row * a_row, a + row * a_row, vector0, vector_end, b, b_ld, c + row * c_ld);
}

/* C = Aᵀ B with stacked inner rows. nonzeros [lane][column][nonzeros_ld]: (row, bits of the value) of each column of A. */
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void product_columns(uint rows, uint vectors, uint inner, uint stacked,
	__global const uint2 *list, uint list_first, __global const float *a, ulong a_at, ulong a_stride, ulong a_ld,
	__global const uint2 *nonzeros, uint nonzeros_ld, __global const uint *counts, __global const float *b, ulong b_at,
	ulong b_stride, ulong b_ld, __global float *c, ulong c_at, ulong c_stride, ulong c_ld)
{
	const uint2 entry = list[list_first + get_global_id(2)];
	const uint row0 = (uint)get_global_id(0) * SPARSE_ROWS, row_end = min(row0 + SPARSE_ROWS, rows);
	const uint vector0 = (uint)get_global_id(1) * SPARSE_VECTORS, vector_end = min(vector0 + SPARSE_VECTORS, vectors);
	if (stacked) inner *= entry.y - 1;
	a += a_at + entry.x * a_stride;
	nonzeros += (ulong)entry.x * rows * nonzeros_ld;
	counts += (ulong)entry.x * rows;
	b += b_at + entry.x * b_stride;
	c += c_at + entry.x * c_stride;
	ulong total = 0;
	for (uint row = row0; row < row_end; row++) total += counts[row];
	if (total * 100 > (ulong)(row_end - row0) * inner * SPARSE_BELOW) {
		for (uint vector = vector0; vector < vector_end; vector += TILE_VECTORS)
			for (uint row = row0; row < row_end; row += TILE_ROWS)
				tile_dense(row, row_end, vector, vector_end, inner, a, 1, a_ld, b, b_ld, c, c_ld);
		return;
	}
	for (uint row = row0; row < row_end; row++)
		column_sparse(counts[row], nonzeros + (ulong)row * nonzeros_ld, vector0, vector_end, b, b_ld, c + row * c_ld);
}

/* The lists by column of A [inner rows][a_row] for product_columns, from its lists by row; rows ascending. A work-item makes those
 * of LIST_COLUMNS columns. Where A is too dense to skip zeros it says so by full counts, and makes none. */
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void list_columns(uint columns, uint inner, uint stacked,
	__global const uint2 *list, uint list_first, __global const float *a, ulong a_at, ulong a_stride, ulong a_row,
	__global const ushort *row_columns, __global const uint *row_counts, ulong row_counts_at, ulong row_counts_stride,
	__global uint2 *nonzeros, uint nonzeros_ld, __global uint *counts)
{
	const uint2 entry = list[list_first + get_global_id(1)];
	const uint column0 = (uint)get_global_id(0) * LIST_COLUMNS, column_end = min(column0 + LIST_COLUMNS, columns);
	if (stacked) inner *= entry.y - 1;
	a += a_at + entry.x * a_stride;
	row_columns += a_at + entry.x * a_stride;
	row_counts += row_counts_at + entry.x * row_counts_stride;
	nonzeros += ((ulong)entry.x * columns + column0) * nonzeros_ld;
	counts += (ulong)entry.x * columns + column0;
	ulong total = 0;
	for (uint row = 0; row < inner; row++) total += row_counts[row];
	const bool dense = total * 100 > (ulong)inner * columns * SPARSE_BELOW;
	for (uint i = 0; i < column_end - column0; i++) counts[i] = dense ? inner : 0;
	for (uint row = 0; row < inner && !dense; row++) {
		const uint entries = row_counts[row];
		uint e = 0;
		while (e < entries && row_columns[e] < column0) e++;
		for (; e < entries && row_columns[e] < column_end; e++) {
			const uint column = row_columns[e], i = column - column0;
			nonzeros[(ulong)i * nonzeros_ld + counts[i]++] = (uint2)(row, as_uint(a[column]));
		}
		row_columns += a_row;
		a += a_row;
	}
}
#endif
