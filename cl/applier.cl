/* applier.cl: a trained network from measurements to codes in one launch, for plans that skip zeros. A work-item takes a block of
 * signals through all layers, so that nothing is launched or waited for in between, and what it works on stays in its core's
 * cache. One signal costs one launch and many keep all cores busy. Its bits are those of layer.cl and product.cl, launched
 * layer by layer: it calls their functions in the same order.
 *
 * Index space: (workers, 1, 1), one work-item a group; worker w takes blocks w, w + workers, … of `block` rows, the last block
 * what is left. b is [rows][b_ld], x [rows][ld]; a worker's scratch: u, codes [block][ld], y [layers][block][ld], and the lists of
 * codes, entries [block][LIST_LD] and starts [block][STARTS_LD] (layer.cl). The weights are those of one lane. */
#if SPARSE_BELOW > 0

/* One panel of a dense row times B: a tile would compute TILE_ROWS of them. */
void row_dense(uint inner, __global const float *a, uint width, __global const float *b, __global float *c)
{
	if (width == PANEL_VECTORS)
		PANEL_SUM(PANEL_VECTORS, 0, inner, a[e], e * PANEL, 0, 0);
	else
		PANEL_SUM(PANEL_VECTORS / 2, 0, inner, a[e], e * PANEL, 0, 0);
}

void block_dense(uint rows, uint inner, uint vectors, __global const float *a, ulong a_ld, __global const float *b, ulong b_panel,
    __global float *c, ulong ld)
{
	if (rows >= TILE_ROWS) {
		rows_dense(0, rows, 0, vectors, inner, a, a_ld, 1, b, PANEL, b_panel, 0, c, ld, PANEL);
		return;
	}
	for (uint vector = 0, panel = 0; vector < vectors; vector += PANEL_VECTORS, panel++)
		for (uint row = 0; row < rows; row++)
			row_dense(inner, a + row * a_ld, min(vectors - vector, (uint)PANEL_VECTORS), b + panel * b_panel,
			    c + row * ld + panel * PANEL);
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void network_apply(uint rows, uint block, uint m, uint n, uint layers,
    uint ld, uint b_ld, __global const uint *gates, __global const uint2 *neurons, __global const float *sides,
    __global const float *weights, ulong w_b_panel, ulong w_xt_at, ulong w_x_panel, ulong scalars_at, __global const float *b,
    __global float *u, __global float *y, __global float *codes, __global uint2 *entries, __global uint *starts, __global float *x)
{
	const uint worker = (uint)get_global_id(0), stride = (uint)get_global_size(0) * block;
	const ulong plane = (ulong)block * ld;
	__global const float *scalars = weights + scalars_at, *w_xt = weights + w_xt_at;
	u += worker * plane;
	y += worker * layers * plane;
	codes += worker * plane;
	entries += worker * (ulong)block * LIST_LD(ld);
	starts += (ulong)worker * block * STARTS_LD(n);
	for (uint row0 = worker * block; row0 < rows; row0 += stride) {
		const uint count = min(block, rows - row0);
		block_dense(count, m, ld / VECTOR, b + (ulong)row0 * b_ld, b_ld, weights, w_b_panel, u, ld);
		for (uint l = 0; l < layers; l++) {
			const bool last = l + 1 == layers;
			__global float *out = last ? x + (ulong)row0 * ld : codes;
			for (uint row = 0; row < count; row++) {
				for (uint c = 0; c < ld; c += VECTOR) {
					const ulong here = (ulong)row * ld + c;
					const vec v = mix_forward(gates[l], scalars + layers + l * layers, sides[l], u + here, y + here, plane);
					STORE(clear_padding(neuron_forward(neurons[l].x, v, scalars[l]), c, n), out + here);
				}
				if (neurons[l].x == NEURON_SELECT) neuron_select(neurons[l].y, scalars[l], out + (ulong)row * ld, ld, 0);
				if (!last) list_row(out + (ulong)row * ld, n, entries + (ulong)row * LIST_LD(ld), starts + row * STARTS_LD(n));
			}
			if (!last) rows_times(0, count, n, ld, codes, entries, starts, w_xt, w_x_panel, y + l * plane);
		}
	}
}
#endif
