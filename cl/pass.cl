/* pass.cl: a whole pass through the network in one launch, for devices where a work-item does the work of a group (CPUs): a
 * sample's way through the layers touches no other sample, so a work-item takes its rows of the batch from layer to layer, and
 * nobody waits for anybody in between. The same functions as the launches by layer and product, hence the same bits.
 *
 * Index space: (blocks of item_rows rows, entries); item_rows is a multiple of BLOCK_ROWS. Per lane: see layer.cl; W_bᵀ, then W_xᵀ
 * at w_xt_at, then the scalars at scalars_at in its weights; all matrices that are read as B lie in panels. */
#if GROUP == 1

/* From b to x of every layer up to the lane's depth. */
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void pass_forward(uint layers, uint batch, uint m, uint n, uint ld_m,
    uint ld, ulong spaced, uint item_rows, __global const uint2 *list, uint list_first, __global const uint *gates,
    __global const uint2 *neurons, __global const float *sides, __global const float *weights, ulong weights_stride,
    ulong w_b_panel, ulong w_xt_at, ulong w_x_panel, ulong scalars_at, __global const float *b, __global float *u,
    __global float *y, __global float *x, __global float *cutoffs, __global uint2 *entries, __global uint *starts)
{
	const uint2 entry = list[list_first + get_global_id(1)];
	const uint slot = entry.x, depth = entry.y;
	const uint row0 = (uint)get_global_id(0) * item_rows, row_end = min(row0 + item_rows, batch);
	const ulong plane = (ulong)batch * ld, lane = (ulong)slot * layers;
	weights += slot * weights_stride;
	gates += lane, neurons += lane, sides += lane;
	b += (ulong)slot * batch * ld_m;
	u += slot * plane, y += lane * spaced, x += lane * plane, cutoffs += lane * batch;
	entries += lane * batch * LIST_LD(ld), starts += lane * batch * STARTS_LD(n);
	rows_dense(row0, row_end, 0, ld / VECTOR, m, b, ld_m, 1, weights, PANEL, w_b_panel, 0, u, ld, PANEL);
	for (uint layer = 1; layer <= depth; layer++) {
		const ulong below = layer - 1;
		layer_forward_rows(layer, layers, depth, row0, row_end, batch, n, ld, spaced, gates[below], neurons[below], sides[below],
		    weights + scalars_at, u, y, x, cutoffs, entries, starts, 0);
		if (layer < depth)
			rows_times(row0, row_end, n, ld, x + below * plane, entries + below * batch * LIST_LD(ld),
			    starts + below * batch * STARTS_LD(n), weights + w_xt_at, w_x_panel, y + below * spaced);
	}
}

/* From the loss's gradient to dv, dy, du and the partial sums, from the lane's depth down to reach[slot].x, where .y says which
 * matrices are trained. */
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void pass_backward(uint layers, uint batch, uint n, uint ld, ulong spaced,
    uint item_rows, __global const uint2 *list, uint list_first, __global const uint2 *reach, __global const uint *gates,
    __global const uint2 *neurons, __global const float *sides, __global const float *weights, ulong weights_stride,
    ulong scalars_at, __global const float *transposed, ulong transposed_stride, ulong w_x_panel, __global const float *x,
    __global const float *cutoffs, __global float *y, __global const float *gradient, __global float *dv, __global float *dy,
    ulong dy_stride, ulong dy_ld, ulong dy_panel, __global float *du, __global float *partials, __global uint2 *entries,
    __global uint *starts)
{
	const uint2 entry = list[list_first + get_global_id(1)];
	const uint slot = entry.x, depth = entry.y;
	const uint row0 = (uint)get_global_id(0) * item_rows, row_end = min(row0 + item_rows, batch);
	const uint block0 = row0 / BLOCK_ROWS, block_end = (row_end + BLOCK_ROWS - 1) / BLOCK_ROWS;
	const uint blocks = (batch + BLOCK_ROWS - 1) / BLOCK_ROWS;
	const ulong plane = (ulong)batch * ld, lane = (ulong)slot * layers;
	const uint lowest = reach[slot].x, matrices = reach[slot].y;
	gates += lane, neurons += lane, sides += lane;
	weights += slot * weights_stride + scalars_at;
	transposed += slot * transposed_stride;
	x += lane * plane, cutoffs += lane * batch, y += lane * spaced, dv += lane * spaced;
	gradient += slot * plane, dy += slot * dy_stride, du += slot * plane;
	partials += lane * (layers + 1) * blocks;
	entries += (ulong)slot * batch * LIST_LD(ld), starts += (ulong)slot * batch * STARTS_LD(n);
	for (uint layer = depth; layer >= lowest; layer--) {
		const ulong below = layer - 1;
		for (uint block = block0; block < block_end; block++)
			layer_backward_rows(layer, layers, depth, block, blocks, batch, n, ld, spaced, dy_ld, dy_panel, matrices, gates,
			    neurons[below].x, sides[below], weights, x, cutoffs, y, gradient, dv, dy, du, partials, entries, starts, 0);
		if (layer > lowest)
			rows_times(row0, row_end, n, ld, dv + below * spaced, entries, starts, transposed, w_x_panel, y + below * spaced);
	}
}
#endif
