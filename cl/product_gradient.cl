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
#if SPARSE_BELOW > 0

#define LISTS_LEFT_OUT 0xffffffffu
#define BLOCK_STARTS (LIST_COLUMNS + 1)

/* Blocks that `inner` rows of A are, at least one: C is overwritten even where there is nothing to add up. */
uint row_blocks(uint inner)
{
	return max((inner + LIST_ROWS - 1) / LIST_ROWS, 1u);
}

/* The lists of a block, from those by row [row][row_ld], whose entries of this block of columns are from starts[0] to starts[1].
 * All rows are read twice: the first time fetches them, none waiting for another. */
void list_block(uint row0, uint row_end, uint column0, uint width, __global const uint2 *row_entries, ulong row_ld,
    __global const uint *row_starts, uint row_starts_ld, __global uint2 *entries, __global uint *starts)
{
	uint filled[BLOCK_STARTS], next = 0;
	for (uint i = 0; i < width; i++) filled[i] = 0;
	for (uint row = row0; row < row_end; row++) {
		__global const uint *bounds = row_starts + row * row_starts_ld;
		for (uint e = bounds[0]; e < bounds[1]; e++) filled[row_entries[row * row_ld + e].x / PANEL - column0]++;
	}
	for (uint i = 0; i < width; i++) {
		const uint count = filled[i];
		starts[i] = filled[i] = next;
		next += count;
	}
	starts[width] = next;
	for (uint row = row0; row < row_end; row++) {
		__global const uint *bounds = row_starts + row * row_starts_ld;
		for (uint e = bounds[0]; e < bounds[1]; e++) {
			const uint2 listed = row_entries[row * row_ld + e];
			entries[filled[listed.x / PANEL - column0]++] = (uint2)(row * PANEL, listed.y);
		}
	}
}

/* Work-item (block of columns, block of rows, entry). */
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void list_columns(uint columns, uint inner, uint stacked,
    __global const uint2 *list, uint list_first, __global const uint2 *row_entries, ulong row_entries_at, ulong row_entries_stride,
    ulong row_ld, __global const uint *row_starts, ulong row_starts_at, ulong row_starts_stride, uint row_starts_ld,
    __global uint2 *entries, ulong entries_ld, __global uint *starts, ulong starts_stride)
{
	const uint2 entry = list[list_first + get_global_id(2)];
	if (stacked) inner *= entry.y - 1;
	const uint block = (uint)get_global_id(0), row_block = (uint)get_global_id(1), blocks = row_blocks(inner);
	const uint column0 = block * LIST_COLUMNS, width = min((uint)LIST_COLUMNS, columns - column0);
	const uint row0 = row_block * LIST_ROWS, row_end = min(row0 + LIST_ROWS, inner);
	if (row_block >= blocks) return;
	row_entries += row_entries_at + entry.x * row_entries_stride;
	row_starts += row_starts_at + entry.x * row_starts_stride + block;
	entries += (entry.x * (ulong)columns + column0) * entries_ld + row0 * width;
	starts += entry.x * starts_stride + (block * blocks + row_block) * BLOCK_STARTS;
	uint total = 0;
	for (uint row = row0; row < row_end; row++) total += row_starts[row * row_starts_ld + 1] - row_starts[row * row_starts_ld];
	if (total * 100 > (row_end - row0) * width * SPARSE_BELOW)
		starts[0] = LISTS_LEFT_OUT;
	else
		list_block(row0, row_end, column0, width, row_entries, row_ld, row_starts, row_starts_ld, entries, starts);
}

/* Work-item (PANELS_AT_ONCE panels, block of columns of A, entry). */
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void product_gradient(uint rows, uint vectors, uint inner, uint stacked,
    __global const uint2 *list, uint list_first, __global const float *a, ulong a_at, ulong a_stride, ulong a_ld,
    __global const uint2 *entries, ulong entries_ld, __global const uint *starts, ulong starts_stride, __global const float *b,
    ulong b_at, ulong b_stride, ulong b_panel, __global float *c, ulong c_at, ulong c_stride, ulong c_ld, ulong c_panel)
{
	const uint2 entry = list[list_first + get_global_id(2)];
	const uint panel = (uint)get_global_id(0) * PANELS_AT_ONCE, vector0 = panel * PANEL_VECTORS;
	const uint vector_end = min(vector0 + WIDE_VECTORS, vectors);
	const uint row0 = (uint)get_global_id(1) * LIST_COLUMNS, row_end = min(row0 + LIST_COLUMNS, rows);
	if (stacked) inner *= entry.y - 1;
	a += a_at + entry.x * a_stride;
	entries += (entry.x * (ulong)rows + row0) * entries_ld;
	starts += entry.x * starts_stride + get_global_id(1) * row_blocks(inner) * BLOCK_STARTS;
	b += b_at + entry.x * b_stride;
	c += c_at + entry.x * c_stride;
	for (uint block = 0; block < row_blocks(inner); block++, starts += BLOCK_STARTS) {
		const uint k0 = block * LIST_ROWS, block_rows = min((uint)LIST_ROWS, inner - k0);
		if (starts[0] == LISTS_LEFT_OUT) {
			rows_dense(row0, row_end, vector0, vector_end, block_rows, a + k0 * a_ld, 1, a_ld, b + k0 * PANEL, PANEL, b_panel,
			    block > 0, c, c_ld, c_panel);
			continue;
		}
		__global const uint2 *listed = entries + k0 * (row_end - row0);
		for (uint i = 0; i < row_end - row0; i++)
			row_sparse(block > 0, starts[i + 1] - starts[i], listed + starts[i], vector_end - vector0, b + panel * b_panel, b_panel,
			    c + (row0 + i) * c_ld + panel * c_panel, c_panel);
	}
}
#endif
