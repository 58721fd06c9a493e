/* product.cl: matrix products of many lanes in one launch, C = A B, each entry an ascending sum of fma onto +0 with one
 * accumulator. A product that skips the zeros of A has the same order, and a skipped term fma(0, b, sum) changes no bit of a
 * finite sum, so dense and sparse have the same bits (C's zeros are +0 in both) and each work-item chooses freely.
 *
 * A work-item of the dense kernel computes a register tile of TILE_ROWS × (TILE_VECTORS·VECTOR). Index space: (row tiles, column
 * tiles, entries) on CPUs, where the groups of one panel of B follow each other and find it in the cache; columns first on GPUs
 * (TILE_ROW_AXIS 1), where neighbours read neighbouring columns. Rows beyond the last are computed from the last row and not
 * stored; B and C have whole vectors of columns, their padding zero, and may lie in panels (common.cl).
 * A is read as a[row·a_row + k·a_inner], so that A and Aᵀ are one kernel. With `stacked`, the inner dimension is the lane's own:
 * inner rows for each of its depth − 1 lower layers. */

/* A sum that underflowed may be −0 where skipping gives +0; canonical by its bits. */
void store_sum(vec sum, __global float *c)
{
	STORE(select(sum, (vec)(0.0f), sum == (vec)(0.0f)), c);
}

/* What a sum of C begins with: 0, or, where it goes on over further inner rows, what C has of it already. */
#define SUM_BEGIN(goes_on, at) ((goes_on) ? LOAD(at) : (vec)(0.0f))

/* One tile from (row0, vector0) on, TILE_VECTORS wide; a, b, c are the lane's. */
SHARED_FUNCTION void tile_whole(uint row0, uint rows, uint vector0, uint inner, __global const float *a, ulong a_row, ulong a_inner,
    __global const float *b, ulong b_ld, ulong b_panel, uint goes_on, __global float *c, ulong c_ld, ulong c_panel)
{
	__global const float *a_rows[TILE_ROWS], *b_columns[TILE_VECTORS];
	vec sum[TILE_ROWS][TILE_VECTORS];
	UNROLLED
	for (uint v = 0; v < TILE_VECTORS; v++) b_columns[v] = b + column_at((vector0 + v) * VECTOR, b_panel);
	UNROLLED
	for (uint r = 0; r < TILE_ROWS; r++) {
		const uint row = min(row0 + r, rows - 1);
		a_rows[r] = a + row * a_row;
		UNROLLED
		for (uint v = 0; v < TILE_VECTORS; v++)
			sum[r][v] = SUM_BEGIN(goes_on, c + row * c_ld + column_at((vector0 + v) * VECTOR, c_panel));
	}
	for (uint k = 0; k < inner; k++) {
		vec panel[TILE_VECTORS];
		UNROLLED
		for (uint v = 0; v < TILE_VECTORS; v++) panel[v] = LOAD(b_columns[v] + k * b_ld);
		UNROLLED
		for (uint r = 0; r < TILE_ROWS; r++) {
			const vec entry_a = (vec)(a_rows[r][k * a_inner]);
			UNROLLED
			for (uint v = 0; v < TILE_VECTORS; v++) sum[r][v] = fma(entry_a, panel[v], sum[r][v]);
		}
	}
	UNROLLED
	for (uint r = 0; r < TILE_ROWS; r++)
		if (row0 + r < rows) {
			UNROLLED
			for (uint v = 0; v < TILE_VECTORS; v++)
				store_sum(sum[r][v], c + (row0 + r) * c_ld + column_at((vector0 + v) * VECTOR, c_panel));
		}
}

/* The last, narrower tile, one vector at a time. */
SHARED_FUNCTION void tile_edge(uint row0, uint rows, uint vector0, uint vector_end, uint inner, __global const float *a,
    ulong a_row, ulong a_inner, __global const float *b, ulong b_ld, ulong b_panel, uint goes_on, __global float *c, ulong c_ld,
    ulong c_panel)
{
	for (uint vector = vector0; vector < vector_end; vector++) {
		__global const float *b_column = b + column_at(vector * VECTOR, b_panel);
		vec sum[TILE_ROWS];
		UNROLLED
		for (uint r = 0; r < TILE_ROWS; r++)
			sum[r] = SUM_BEGIN(goes_on, c + min(row0 + r, rows - 1) * c_ld + column_at(vector * VECTOR, c_panel));
		for (uint k = 0; k < inner; k++) {
			const vec panel = LOAD(b_column + k * b_ld);
			UNROLLED
			for (uint r = 0; r < TILE_ROWS; r++)
				sum[r] = fma((vec)(a[min(row0 + r, rows - 1) * a_row + k * a_inner]), panel, sum[r]);
		}
		UNROLLED
		for (uint r = 0; r < TILE_ROWS; r++)
			if (row0 + r < rows) store_sum(sum[r], c + (row0 + r) * c_ld + column_at(vector * VECTOR, c_panel));
	}
}

/* Rows up to `rows`, vectors up to `vector_end`, at most a tile. */
void tile_dense(uint row0, uint rows, uint vector0, uint vector_end, uint inner, __global const float *a, ulong a_row,
    ulong a_inner, __global const float *b, ulong b_ld, ulong b_panel, uint goes_on, __global float *c, ulong c_ld, ulong c_panel)
{
	if (vector0 + TILE_VECTORS <= vector_end)
		tile_whole(row0, rows, vector0, inner, a, a_row, a_inner, b, b_ld, b_panel, goes_on, c, c_ld, c_panel);
	else
		tile_edge(row0, rows, vector0, vector_end, inner, a, a_row, a_inner, b, b_ld, b_panel, goes_on, c, c_ld, c_panel);
}

__kernel __attribute__((reqd_work_group_size(TILE_GROUP_0, TILE_GROUP_1, 1))) void product_dense(uint rows, uint vectors,
    uint inner, uint stacked, __global const uint2 *list, uint list_first, __global const float *a, ulong a_at, ulong a_stride,
    ulong a_row, ulong a_inner, __global const float *b, ulong b_at, ulong b_stride, ulong b_ld, ulong b_panel, __global float *c,
    ulong c_at, ulong c_stride, ulong c_ld, ulong c_panel)
{
	const uint row0 = (uint)get_global_id(TILE_ROW_AXIS) * TILE_ROWS;
	const uint vector0 = (uint)get_global_id(1 - TILE_ROW_AXIS) * TILE_VECTORS;
	const uint2 entry = list[list_first + get_global_id(2)];
	if (row0 >= rows || vector0 >= vectors) return;
	tile_dense(row0, rows, vector0, vectors, stacked ? inner * (entry.y - 1) : inner, a + a_at + entry.x * a_stride, a_row, a_inner,
	    b + b_at + entry.x * b_stride, b_ld, b_panel, 0, c + c_at + entry.x * c_stride, c_ld, c_panel);
}

/* Rows row0 to row_end of C, all its columns. */
SHARED_FUNCTION void rows_dense(uint row0, uint row_end, uint vector0, uint vector_end, uint inner, __global const float *a,
    ulong a_row, ulong a_inner, __global const float *b, ulong b_ld, ulong b_panel, uint goes_on, __global float *c, ulong c_ld,
    ulong c_panel)
{
	for (uint vector = vector0; vector < vector_end; vector += TILE_VECTORS)
		for (uint row = row0; row < row_end; row += TILE_ROWS)
			tile_dense(row, row_end, vector, vector_end, inner, a, a_row, a_inner, b, b_ld, b_panel, goes_on, c, c_ld, c_panel);
}

/* ---- skipping the zeros of A (CPUs: one work-item a work-group) ----
 *
 * B lies in panels: a panel of 500 rows is 64 KB, half of it in the first-level cache, and row after row of C is summed from it.
 * The nonzeros of a row of A are a list of (inner index · PANEL, bits of the value), ascending. */
#define PANEL_VECTORS (PANEL / VECTOR)

/* Where vector v of neighbouring panels is. */
#define PANEL_AT(v, panel) ((v) / PANEL_VECTORS * (panel) + (v) % PANEL_VECTORS * VECTOR)

/* Vectors that are summed at once where there are as many: each load of a list's entry serves PANELS_AT_ONCE panels. */
#define WIDE_VECTORS (PANELS_AT_ONCE * PANEL_VECTORS)

#if SPARSE_BELOW > 0

/* Σ over e < count of value_of·B's row at offset_of, in `width` vectors of neighbouring panels; `width` is a constant at each use,
 * so that the sums stay in registers. */
#define PANEL_SUM(width, goes_on, count, value_of, offset_of, b_panel, c_panel) \
	do { \
		vec sum[width]; \
		_Pragma("unroll") for (uint v = 0; v < width; v++) sum[v] = SUM_BEGIN(goes_on, c + PANEL_AT(v, c_panel)); \
		for (uint e = 0; e < count; e++) { \
			const vec factor = (vec)(value_of); \
			__global const float *row = b + (offset_of); \
			_Pragma("unroll") for (uint v = 0; v < width; v++) sum[v] = fma(factor, LOAD(row + PANEL_AT(v, b_panel)), sum[v]); \
		} \
		_Pragma("unroll") for (uint v = 0; v < width; v++) store_sum(sum[v], c + PANEL_AT(v, c_panel)); \
	} while (0)

/* One row of C in `width` vectors of neighbouring panels, WIDE_VECTORS at most; the last panel may be half as wide. */
void row_sparse(uint goes_on, uint count, __global const uint2 *entries, uint width, __global const float *b, ulong b_panel,
    __global float *c, ulong c_panel)
{
	if (width == WIDE_VECTORS) {
		PANEL_SUM(WIDE_VECTORS, goes_on, count, as_float(entries[e].y), entries[e].x, b_panel, c_panel);
		return;
	}
	for (; width; width -= min(width, (uint)PANEL_VECTORS), b += b_panel, c += c_panel)
		if (width >= PANEL_VECTORS)
			PANEL_SUM(PANEL_VECTORS, goes_on, count, as_float(entries[e].y), entries[e].x, 0, 0);
		else
			PANEL_SUM(PANEL_VECTORS / 2, goes_on, count, as_float(entries[e].y), entries[e].x, 0, 0);
}

/* Whether dense tiles are faster for these rows of A: their nonzeros are more than SPARSE_BELOW per cent of `computed` rows. How
 * many a row has is at starts[row·starts_ld]. */
bool rows_are_dense(uint row0, uint row_end, uint computed, uint inner, __global const uint *starts, uint starts_ld)
{
	ulong nonzeros = 0;
	for (uint row = row0; row < row_end; row++) nonzeros += starts[row * starts_ld];
	return nonzeros * 100 > (ulong)computed * inner * SPARSE_BELOW;
}

/* Work-item (block of SPARSE_ROWS rows, panel, entry). */
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void product_sparse(uint rows, uint vectors, uint inner,
    __global const uint2 *list, uint list_first, __global const float *a, ulong a_at, ulong a_stride, ulong a_ld,
    __global const uint2 *entries, ulong entries_stride, ulong entries_ld, __global const uint *starts, ulong starts_stride,
    uint starts_ld, __global const float *b, ulong b_at, ulong b_stride, ulong b_panel, __global float *c, ulong c_at,
    ulong c_stride, ulong c_ld, ulong c_panel)
{
	const uint slot = list[list_first + get_global_id(2)].x;
	const uint row0 = (uint)get_global_id(0) * SPARSE_ROWS, row_end = min(row0 + SPARSE_ROWS, rows);
	const uint panel = (uint)get_global_id(1), vector0 = panel * PANEL_VECTORS;
	const uint vector_end = min(vector0 + PANEL_VECTORS, vectors);
	a += a_at + slot * a_stride;
	entries += slot * entries_stride;
	starts += slot * starts_stride + starts_ld - 1;
	b += b_at + slot * b_stride;
	c += c_at + slot * c_stride;
	if (rows_are_dense(row0, row_end, row_end - row0, inner, starts, starts_ld)) {
		rows_dense(row0, row_end, vector0, vector_end, inner, a, a_ld, 1, b, PANEL, b_panel, 0, c, c_ld, c_panel);
		return;
	}
	for (uint row = row0; row < row_end; row++)
		row_sparse(0, starts[row * starts_ld], entries + row * entries_ld, vector_end - vector0, b + panel * b_panel, b_panel,
		    c + row * c_ld + panel * c_panel, c_panel);
}
#endif

#if GROUP == 1
#if SPARSE_BELOW > 0
/* Inner rows of B that rows_sparse has in hand: what WIDE_VECTORS of them take should stay close. A multiple of LIST_COLUMNS, where
 * lists can be taken up again. */
#define INNER_ROWS 256

/* Rows that must share what is fetched ahead for it to be worth it: 2 to 4 % of a pass at 64. */
#define FETCHING_ROWS 32

/* Brings `count` lines of 16 floats of each of PANELS_AT_ONCE panels closer: lists read them in an order that no cache foresees. */
void fetch_lines(uint count, __global const float *b, ulong b_panel)
{
#if defined(__x86_64__)
	for (uint i = 0; i < count; i++)
		for (uint panel = 0; panel < PANELS_AT_ONCE; panel++)
			__builtin_prefetch((const void *)(ulong)(b + panel * b_panel + i * 16), 0, 2);
#endif
}

/* Rows of C = A B by A's lists: the rows find in the caches what one after the other needs of B, and their sums wait in C. */
void rows_sparse(uint row0, uint row_end, uint n, uint ld, __global const uint2 *entries, __global const uint *starts,
    __global const float *b, ulong b_panel, __global float *c)
{
	const uint last = STARTS_LD(n) - 1, step = INNER_ROWS / LIST_COLUMNS, vectors = ld / VECTOR;
	const uint rows = row_end - row0;
	const uint lines =
	    rows < FETCHING_ROWS ? 0 : (INNER_ROWS * PANEL / 16 + rows - 1) / rows; /* a row's share of what comes next */
	for (uint vector = 0, panel = 0; vector < vectors; vector += WIDE_VECTORS, panel += PANELS_AT_ONCE)
		for (uint block = 0; block < last; block += step) {
			__global const float *here = b + panel * b_panel,
			                     *beside = vector + WIDE_VECTORS < vectors ? here + PANELS_AT_ONCE * b_panel : b;
			__global const float *next = block + step < last ? here + (block + step) * LIST_COLUMNS * PANEL : beside;
			for (uint row = row0; row < row_end; row++) {
				__global const uint *bounds = starts + row * STARTS_LD(n);
				const uint begin = bounds[block], end = bounds[min(block + step, last)];
				fetch_lines(lines, next + (row - row0) * lines * 16, b_panel);
				row_sparse(block > 0, end - begin, entries + (ulong)row * LIST_LD(ld) + begin,
				    min(vectors - vector, (uint)WIDE_VECTORS), here, b_panel, c + (ulong)row * ld + panel * PANEL, PANEL);
			}
		}
}
#endif

/* Rows of C = A B, by A's lists where zeros are skipped. */
SHARED_FUNCTION void rows_times(uint row0, uint row_end, uint n, uint ld, __global const float *a, __global const uint2 *entries,
    __global const uint *starts, __global const float *b, ulong b_panel, __global float *c)
{
#if SPARSE_BELOW > 0
	const uint starts_ld = STARTS_LD(n), tile_rows = (row_end - row0 + TILE_ROWS - 1) / TILE_ROWS * TILE_ROWS;
	if (!rows_are_dense(row0, row_end, tile_rows, n, starts + starts_ld - 1, starts_ld)) {
		rows_sparse(row0, row_end, n, ld, entries, starts, b, b_panel, c);
		return;
	}
#endif
	rows_dense(row0, row_end, 0, ld / VECTOR, n, a, ld, 1, b, PANEL, b_panel, 0, c, ld, PANEL);
}
#endif
