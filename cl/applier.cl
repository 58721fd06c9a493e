/* applier.cl: a trained network from measurements to codes in one launch, for plans that skip zeros. A work-item takes a block of
 * signals through all layers, so that nothing is launched or waited for in between, and what it works on stays in its core's
 * cache. One signal costs one launch and many keep all cores busy. Its bits are those of layer.cl and product.cl, launched
 * layer by layer: it calls their functions in the same order.
 *
 * Index space: (workers, 1, 1), one work-item a group; worker w takes blocks w, w + workers, … of `block` rows, the last block
 * what is left. b is [rows][b_ld], x [rows][ld]; a worker's scratch: u, codes [block][ld], y [layers][block][ld], and the lists of
 * nonzeros of codes, columns [block][ld] and counts [block]. The weights are those of one lane. */
#if SPARSE_BELOW > 0

/* A dense row times B: a tile would compute TILE_ROWS of them. */
void row_dense(uint entries, __global const float *a, uint vector0, uint vector_end, __global const float *b, ulong b_ld,
	__global float *c)
{
	SPARSE_ROW_ALL(a[e], (ulong)e)
}

void block_dense(uint rows, uint inner, uint vectors, __global const float *a, ulong a_ld, __global const float *b,
	__global float *c, ulong ld)
{
	if (rows < TILE_ROWS) {
		for (uint row = 0; row < rows; row++) row_dense(inner, a + row * a_ld, 0, vectors, b, ld, c + row * ld);
		return;
	}
	for (uint vector = 0; vector < vectors; vector += TILE_VECTORS)
		for (uint row = 0; row < rows; row += TILE_ROWS)
			tile_dense(row, rows, vector, vectors, inner, a, a_ld, 1, b, ld, c, ld);
}

/* C = A B, A with its lists of nonzeros; in column chunks whose panel of B serves all rows of the block from the cache. */
void block_times(uint rows, uint inner, uint vectors, __global const float *a, __global const ushort *columns,
	__global const uint *counts, __global const float *b, __global float *c, ulong ld)
{
	uint nonzeros = 0;
	for (uint row = 0; row < rows; row++) nonzeros += counts[row];
	const uint tile_rows = (rows + TILE_ROWS - 1) / TILE_ROWS * TILE_ROWS; /* what dense tiles would compute */
	if (nonzeros * 100 > tile_rows * inner * SPARSE_BELOW) {
		block_dense(rows, inner, vectors, a, ld, b, c, ld);
		return;
	}
	for (uint vector = 0; vector < vectors; vector += SPARSE_VECTORS)
		for (uint row = 0; row < rows; row++)
			row_sparse(counts[row], columns + row * ld, a + row * ld, vector, min(vector + SPARSE_VECTORS, vectors), b, ld,
				c + row * ld);
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void network_apply(uint rows, uint block, uint m, uint n, uint layers,
	uint ld, uint b_ld, __global const uint *gates, __global const uint *neurons, __global const float *sides,
	__global const float *weights, ulong w_xt_at, ulong scalars_at, __global const float *b, __global float *u,
	__global float *y, __global float *codes, __global ushort *columns, __global uint *counts, __global float *x)
{
	const uint worker = (uint)get_global_id(0), stride = (uint)get_global_size(0) * block;
	const ulong plane = (ulong)block * ld;
	__global const float *scalars = weights + scalars_at, *w_xt = weights + w_xt_at;
	u += worker * plane;
	y += worker * layers * plane;
	codes += worker * plane;
	columns += worker * plane;
	counts += worker * block;
	for (uint row0 = worker * block; row0 < rows; row0 += stride) {
		const uint count = min(block, rows - row0);
		block_dense(count, m, ld / VECTOR, b + (ulong)row0 * b_ld, b_ld, weights, u, ld);
		for (uint l = 0; l < layers; l++) {
			const bool last = l + 1 == layers;
			__global float *out = last ? x + (ulong)row0 * ld : codes;
			for (uint row = 0; row < count; row++) {
				for (uint c = 0; c < ld; c += VECTOR) {
					const ulong here = (ulong)row * ld + c;
					const vec v = mix_forward(gates[l], scalars + layers + l * layers, sides[l], u + here, y + here, plane);
					STORE(clear_padding(neuron_forward(neurons[l], v, scalars[l]), c, n), out + here);
				}
				if (!last) counts[row] = list_nonzeros(out + (ulong)row * ld, n, columns + (ulong)row * ld);
			}
			if (!last) block_times(count, n, ld / VECTOR, codes, columns, counts, w_xt, y + l * plane, ld);
		}
	}
}
#endif
