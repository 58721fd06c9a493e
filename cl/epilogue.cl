/* epilogue.cl: a layer of layer.cl in the launch of the product before it, for GPUs: the work-items that compute a part of
 * Y_{L−1} = x_{L−1} W_xᵀ, or of U = b W_bᵀ below the first layer, go on at the same entries to v_L and x_L.
 *
 * Index space, work-groups and the sharing of rows between the two kernels are product_gpu.cl's, layouts layer.cl's; W_bᵀ begins a
 * lane's weights, W_xᵀ lies w_x_at floats into them. The product is stored first, as later layers and the backward pass read it,
 * and comes back from the caches as the last origin: so the mix has the registers of the sums, and asks for all of a work-item's
 * part of an origin at once, where one vector after the other would wait for each. Every sum has layer.cl's order, and its bits.
 * Neurons that need a whole row are not for these kernels: several work-groups compute it. */
#if EPILOGUE

/* The part of a plane that is a work-item's: TILE_ROWS rows, row_step apart, by TILE_VECTORS vectors, GROUP_COLUMNS apart. */
typedef struct {
	uint row, row_step, rows, vector, vectors, ld;
} tile_part;

INLINED bool part_has(const tile_part *p, uint r, uint t)
{
	return p->row + r * p->row_step < p->rows && p->vector + t * GROUP_COLUMNS < p->vectors;
}

INLINED uint part_at(const tile_part *p, uint r, uint t)
{
	return (p->row + r * p->row_step) * p->ld + (p->vector + t * GROUP_COLUMNS) * VECTOR;
}

/* x = η(s U + Σ a_i Y_i) in one part; u, y and the scalars are the lane's, x is the layer's. */
INLINED void part_finish(const tile_part *p, uint layer, uint layers, uint n, ulong spaced, uint origins, uint kind, float side,
    __global const float *scalars, __global const float *u, __global const float *y, __global float *x)
{
	__global const float *coefficients = scalars + layers + (layer - 1) * layers;
	const float theta = scalars[layer - 1];
	vec v[TILE_ROWS][TILE_VECTORS];
	UNROLLED
	for (uint r = 0; r < TILE_ROWS; r++) {
		UNROLLED
		for (uint t = 0; t < TILE_VECTORS; t++) v[r][t] = part_has(p, r, t) ? side * LOAD(u + part_at(p, r, t)) : (vec)(0.0f);
	}
	for (uint rest = origins; rest; rest &= rest - 1) {
		const uint i = lowest_bit(rest);
		const vec a = (vec)(coefficients[i]);
		UNROLLED
		for (uint r = 0; r < TILE_ROWS; r++) {
			UNROLLED
			for (uint t = 0; t < TILE_VECTORS; t++)
				if (part_has(p, r, t)) v[r][t] = fma(a, LOAD(y + i * spaced + part_at(p, r, t)), v[r][t]);
		}
	}
	UNROLLED
	for (uint r = 0; r < TILE_ROWS; r++) {
		UNROLLED
		for (uint t = 0; t < TILE_VECTORS; t++)
			if (part_has(p, r, t))
				STORE(clear_padding(neuron_forward(kind, v[r][t], theta), (p->vector + t * GROUP_COLUMNS) * VECTOR, n),
				    x + part_at(p, r, t));
	}
}

/* Where there are counts of the nonzeros of x_{L−1} (`listed`), rows with few of them are left to layer_listed. */
__kernel __attribute__((reqd_work_group_size(GROUP_COLUMNS, GROUP_ROWS, 1))) void layer_tiled(uint layer, uint layers, uint batch,
    uint m, uint n, uint m_ld, uint ld, ulong spaced, __global const uint2 *list, uint list_first, uint listed,
    __global const uint *counts, __global const uint *gates, __global const uint2 *neurons, __global const float *sides,
    __global const float *weights, ulong weights_stride, ulong w_x_at, ulong scalars_at, __global const float *b, __global float *u,
    __global float *y, __global float *x)
{
	__local uint total;
	__local float4 a_quads[TILED_INNER * TILED_LD / 4];
	__local vec b_tile[TILED_INNER * TILED_B_LD];
	const uint slot = list[list_first + get_group_id(2)].x, at = slot * layers + layer - 1, vectors = ld / VECTOR;
	const uint row0 = (uint)get_group_id(1) * TILED_ROWS, vector0 = (uint)get_group_id(0) * TILED_VECTORS;
	const uint column = (uint)get_local_id(0), row = (uint)get_local_id(1), item = row * GROUP_COLUMNS + column;
	const ulong plane = (ulong)batch * ld;
	if (listed && !tile_rows_are_dense(item, row0, min(row0 + TILED_ROWS, batch), batch, n, 1, counts + slot * batch, &total))
		return;
	weights += slot * weights_stride;
	u += slot * plane, y += slot * layers * spaced, x += slot * layers * plane;

	const bool lowest = layer == 1;
	const uint inner = lowest ? m : n;
	const ulong a_ld = lowest ? m_ld : ld, start = vector0 * VECTOR;
	__global const float *a = lowest ? b + (ulong)slot * batch * m_ld : x + (layer - 2) * plane;
	__global const float *w = lowest ? weights : weights + w_x_at;
	__global float *c = lowest ? u : y + (layer - 2) * spaced;
	tile_sums sum;
	tiles_multiply(item, batch - row0, vectors - vector0, inner, a + row0 * a_ld, a_ld, 1, w + start, ld, (__local float *)a_quads,
	    b_tile, sum);
	sums_store(item, batch - row0, vectors - vector0, sum, c + (ulong)row0 * ld + start, ld);
#if TENSOR
	barrier(CLK_GLOBAL_MEM_FENCE); /* others have stored what this work-item mixes */
#endif

	const tile_part part = {row0 + row * TILE_ROWS, 1, batch, vector0 + column, vectors, ld};
	part_finish(
	    &part, layer, layers, n, spaced, gates[at], neurons[at].x, sides[at], weights + scalars_at, u, y, x + (layer - 1) * plane);
}

#if TILED_BELOW > 0
/* The rows that layer_tiled leaves, of layers from the second on, split as product_listed's. */
__kernel __attribute__((reqd_work_group_size(GROUP_COLUMNS, GROUP_ROWS, 1))) void layer_listed(uint layer, uint layers, uint batch,
    uint n, uint ld, ulong spaced, uint split, __global const uint2 *list, uint list_first, __global const uint *counts,
    __global const uint2 *entries, __global const uint *gates, __global const uint2 *neurons, __global const float *sides,
    __global const float *weights, ulong weights_stride, ulong w_x_at, ulong scalars_at, __global const float *u, __global float *y,
    __global float *x)
{
	__local uint total;
	const uint slot = list[list_first + get_group_id(2)].x, at = slot * layers + layer - 1, vectors = ld / VECTOR;
	const uint row0 = (uint)get_group_id(1) / split * TILED_ROWS, row_end = min(row0 + TILED_ROWS, batch);
	const uint row = (uint)get_local_id(1), first = row0 + (uint)get_group_id(1) % split * GROUP_ROWS + row;
	const uint vector0 = (uint)get_group_id(0) * TILED_VECTORS + (uint)get_local_id(0);
	const ulong plane = (ulong)batch * ld;
	counts += slot * batch;
	if (tile_rows_are_dense(row * GROUP_COLUMNS + (uint)get_local_id(0), row0, row_end, batch, n, 1, counts, &total)) return;
	entries += slot * plane;
	weights += slot * weights_stride;
	u += slot * plane, y += slot * layers * spaced, x += slot * layers * plane;

	for (uint r = first; r < row_end; r += split * GROUP_ROWS)
		row_listed(vector0, vectors, 1, n, batch, counts + r, entries + (ulong)r * ld, weights + w_x_at, ld,
		    y + (layer - 2) * spaced + (ulong)r * ld);

	const tile_part part = {first, split * GROUP_ROWS, row_end, vector0, vectors, ld};
	part_finish(
	    &part, layer, layers, n, spaced, gates[at], neurons[at].x, sides[at], weights + scalars_at, u, y, x + (layer - 1) * plane);
}
#endif
#endif
