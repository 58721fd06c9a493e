/* product_gradient.cl: C = Aᵀ B of product.cl, skipping the zeros of A [inner][rows of C]; inner is the stacked layers' samples.
 * CPUs: one work-item a work-group. Same order of each sum, same bits.
 *
 * A is taken in blocks of LIST_ROWS by LIST_COLUMNS: of the panels of B such a block needs as much as the first-level cache holds,
 * and some layers of a network may be dense where others are not, so that each block is multiplied as its own nonzeros have it.
 * Sums wait in C from one block to the next.
 *
 * Lists by column, of (row · PANEL, bits of the value), rows ascending: those of a block of A lie one behind the other, from
 * column0·entries_ld + row0·(its columns) on in the lane's entries; starts [blocks of columns][blocks of rows][LIST_COLUMNS + 1]
 * say where each begins in there, or first of all LISTS_LEFT_OUT: the block is better multiplied as it is. */
#if GROUP == 1

#define LISTS_LEFT_OUT 0xffffffffu
#define BLOCK_STARTS (LIST_COLUMNS + 1)

/* Blocks that `inner` rows of A are, at least one: C is overwritten even where there is nothing to add up. */
uint row_blocks(uint inner)
{
	return max((inner + LIST_ROWS - 1) / LIST_ROWS, 1u);
}

#if SPARSE_BELOW > 0
/* The lists of a block of `width` columns, which A points to, rows counting from its first; entries and starts are the block's. A
 * is read twice: first to count, which fetches it. */
void list_block(uint height, uint width, __global const float *a, ulong a_ld, __global uint2 *entries, __global uint *starts)
{
	const uint vectors = (width + VECTOR - 1) / VECTOR; /* beyond A's columns there are zeros */
	ivec counts[LIST_COLUMNS / VECTOR];
	uint filled[LIST_COLUMNS], next = 0;
	for (uint v = 0; v < LIST_COLUMNS / VECTOR; v++) counts[v] = (ivec)(0);
	for (uint row = 0; row < height; row++)
		for (uint v = 0; v < vectors; v++) counts[v] += NONZERO_ONES(LOAD(a + row * a_ld + v * VECTOR));
	for (uint v = 0; v < LIST_COLUMNS / VECTOR; v++) STORE_PRIVATE(counts[v], (int *)filled + v * VECTOR);
	for (uint i = 0; i < width; i++) {
		const uint count = filled[i];
		starts[i] = filled[i] = next;
		next += count;
	}
	starts[width] = next;
	if (next * 100 > height * width * SPARSE_BELOW) {
		starts[0] = LISTS_LEFT_OUT;
		return;
	}
	for (uint row = 0; row < height; row++, a += a_ld) {
		ulong rest = 0;
		for (uint v = 0; v < vectors; v++) rest |= (ulong)nonzero_bits(LOAD(a + v * VECTOR)) << v * VECTOR;
		for (; rest; rest &= rest - 1) {
			const uint column = (uint)popcount((rest & (0ul - rest)) - 1);
			entries[filled[column]++] = (uint2)(row * PANEL, as_uint(a[column]));
		}
	}
}

/* Work-item (block of columns, block of rows, entry). */
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void list_columns(uint columns, uint inner, uint stacked,
    __global const uint2 *list, uint list_first, __global const float *a, ulong a_at, ulong a_stride, ulong a_ld,
    __global uint2 *entries, ulong entries_ld, __global uint *starts, ulong starts_stride)
{
	const uint2 entry = list[list_first + get_global_id(2)];
	if (stacked) inner *= entry.y - 1;
	const uint block = (uint)get_global_id(0), row_block = (uint)get_global_id(1), blocks = row_blocks(inner);
	const uint column0 = block * LIST_COLUMNS, width = min((uint)LIST_COLUMNS, columns - column0);
	const uint row0 = row_block * LIST_ROWS;
	if (row_block >= blocks) return;
	a += a_at + entry.x * a_stride + row0 * a_ld + column0;
	entries += (entry.x * (ulong)columns + column0) * entries_ld + row0 * width;
	starts += entry.x * starts_stride + (block * blocks + row_block) * BLOCK_STARTS;
	list_block(min((uint)LIST_ROWS, inner - row0), width, a, a_ld, entries, starts);
}

#endif

/* What a block of LIST_ROWS by LIST_COLUMNS of A adds to C, from vector0 on. */
void gradient_block(uint goes_on, uint width, uint height, uint vector0, uint vector_end, __global const float *a, ulong a_ld,
    __global const uint2 *entries, __global const uint *starts, __global const float *b, ulong b_panel, __global float *c,
    ulong c_ld, ulong c_panel)
{
#if SPARSE_BELOW > 0
	if (starts[0] != LISTS_LEFT_OUT) {
		const uint panel = vector0 / PANEL_VECTORS;
		for (uint i = 0; i < width; i++)
			row_sparse(goes_on, starts[i + 1] - starts[i], entries + starts[i], vector_end - vector0, b + panel * b_panel, b_panel,
			    c + i * c_ld + panel * c_panel, c_panel);
		return;
	}
#endif
	rows_dense(0, width, vector0, vector_end, height, a, 1, a_ld, b, PANEL, b_panel, goes_on, c, c_ld, c_panel);
}

#if SPARSE_BELOW > 0
/* Work-item (PANELS_AT_ONCE panels, item_columns columns of A, entry). */
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void product_gradient(uint rows, uint vectors, uint inner, uint stacked,
    uint item_columns, __global const uint2 *list, uint list_first, __global const float *a, ulong a_at, ulong a_stride, ulong a_ld,
    __global const uint2 *entries, ulong entries_ld, __global const uint *starts, ulong starts_stride, __global const float *b,
    ulong b_at, ulong b_stride, ulong b_panel, __global float *c, ulong c_at, ulong c_stride, ulong c_ld, ulong c_panel)
{
	const uint2 entry = list[list_first + get_global_id(2)];
	const uint vector0 = (uint)get_global_id(0) * WIDE_VECTORS, vector_end = min(vector0 + WIDE_VECTORS, vectors);
	const uint first = (uint)get_global_id(1) * item_columns, end = min(first + item_columns, rows);
	if (stacked) inner *= entry.y - 1;
	const uint blocks = row_blocks(inner);
	a += a_at + entry.x * a_stride;
	entries += entry.x * (ulong)rows * entries_ld;
	starts += entry.x * starts_stride;
	b += b_at + entry.x * b_stride;
	c += c_at + entry.x * c_stride;
	for (uint block = 0; block < blocks; block++)
		for (uint row0 = first; row0 < end; row0 += LIST_COLUMNS) {
			const uint k0 = block * LIST_ROWS, width = min((uint)LIST_COLUMNS, end - row0);
			gradient_block(block > 0, width, min((uint)LIST_ROWS, inner - k0), vector0, vector_end, a + row0 + k0 * a_ld, a_ld,
			    entries + row0 * entries_ld + k0 * width, starts + (row0 / LIST_COLUMNS * blocks + block) * BLOCK_STARTS,
			    b + k0 * PANEL, b_panel, c + row0 * c_ld, c_ld, c_panel);
		}
}
#endif
#endif
