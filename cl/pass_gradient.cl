/* pass_gradient.cl: the matrices' gradients after passes (pass.cl). What they read as B, dY and dU, is mixed from dv where it is
 * needed: WIDE_VECTORS vectors of LIST_ROWS samples at a time, which stay in the first-level cache, into panels of a work-item's
 * own. Layouts: see layer.cl, and product_gradient.cl for the lists by column. */
#if GROUP == 1

#define MIXED_PANEL ((LIST_ROWS + 1) * PANEL)

/* Where a work-item (column, row, entry) mixes, in room for all of them. */
__global float *mixed_of(__global float *mixed)
{
	const ulong item = (get_global_id(2) * get_global_size(1) + get_global_id(1)) * get_global_size(0) + get_global_id(0);
	return mixed + item * PANELS_AT_ONCE * MIXED_PANEL;
}

/* dY of a sample of a layer in `width` vectors, WIDE_VECTORS at most; dv points to the first of layer 1's. */
void mix_dy(uint width, uint above, __global const float *coefficients, uint step, __global const float *dv, ulong spaced,
    __global float *mixed)
{
	if (width == WIDE_VECTORS) {
		vec sum[WIDE_VECTORS];
		UNROLLED
		for (uint v = 0; v < WIDE_VECTORS; v++) sum[v] = (vec)(0.0f);
		mix(WIDE_VECTORS, DESCENDING, above, coefficients, step, dv, spaced, sum);
		UNROLLED
		for (uint v = 0; v < WIDE_VECTORS; v++) STORE(sum[v], mixed + PANEL_AT(v, MIXED_PANEL));
		return;
	}
	for (uint v = 0; v < width; v++) {
		vec sum = (vec)(0.0f);
		mix(1, DESCENDING, above, coefficients, step, dv + v * VECTOR, spaced, &sum);
		STORE(sum, mixed + PANEL_AT(v, MIXED_PANEL));
	}
}

/* dU of a sample, the top layer's share first. */
INLINED void add_du(uint width, uint depth, __global const float *sides, __global const float *dv, ulong spaced, vec *sum)
{
	dv += (depth - 1) * spaced;
	UNROLLED
	for (uint v = 0; v < width; v++) sum[v] = sides[depth - 1] * LOAD(dv + v * VECTOR);
	for (uint l = depth - 1; l >= 1; l--) {
		const vec side = (vec)(sides[l - 1]);
		dv -= spaced;
		UNROLLED
		for (uint v = 0; v < width; v++) sum[v] = fma(side, LOAD(dv + v * VECTOR), sum[v]);
	}
}

void mix_du(uint width, uint depth, __global const float *sides, __global const float *dv, ulong spaced, __global float *mixed)
{
	if (width == WIDE_VECTORS) {
		vec sum[WIDE_VECTORS];
		add_du(WIDE_VECTORS, depth, sides, dv, spaced, sum);
		UNROLLED
		for (uint v = 0; v < WIDE_VECTORS; v++) STORE(sum[v], mixed + PANEL_AT(v, MIXED_PANEL));
		return;
	}
	for (uint v = 0; v < width; v++) {
		vec sum;
		add_du(1, depth, sides, dv + v * VECTOR, spaced, &sum);
		STORE(sum, mixed + PANEL_AT(v, MIXED_PANEL));
	}
}

/* dW_bᵀ = bᵀ dU. Work-item (PANELS_AT_ONCE panels, item_rows rows of W_bᵀ, entry). */
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void pass_gradient_b(uint layers, uint batch, uint m, uint ld_m, uint ld,
    ulong spaced, uint item_rows, __global const uint2 *list, uint list_first, __global const float *sides, __global const float *b,
    __global const float *dv, __global float *mixed, __global float *gradients, ulong stride, ulong panel)
{
	const uint2 entry = list[list_first + get_global_id(2)];
	const uint slot = entry.x, depth = entry.y;
	const uint vector0 = (uint)get_global_id(0) * WIDE_VECTORS, width = min((uint)WIDE_VECTORS, ld / VECTOR - vector0);
	const uint row0 = (uint)get_global_id(1) * item_rows, row_end = min(row0 + item_rows, m);
	sides += (ulong)slot * layers;
	b += (ulong)slot * batch * ld_m, dv += slot * layers * spaced + vector0 * VECTOR;
	gradients += slot * stride + vector0 / PANEL_VECTORS * panel;
	mixed = mixed_of(mixed);
	for (uint k0 = 0; k0 < batch; k0 += LIST_ROWS) {
		const uint height = min((uint)LIST_ROWS, batch - k0);
		for (uint row = 0; row < height; row++)
			mix_du(width, depth, sides, dv + (ulong)(k0 + row) * ld, spaced, mixed + row * PANEL);
		rows_dense(row0, row_end, 0, width, height, b + (ulong)k0 * ld_m, 1, ld_m, mixed, PANEL, MIXED_PANEL, k0 > 0, gradients,
		    PANEL, panel);
	}
}

/* dW_xᵀ = Σ_i x_iᵀ dY_i. Work-item (PANELS_AT_ONCE panels, item_columns columns of x, entry); lists by column as in
 * product_gradient.cl. */
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void pass_gradient_x(uint layers, uint batch, uint n, uint ld, ulong spaced,
    uint item_columns, __global const uint2 *list, uint list_first, __global const uint *gates, __global const float *weights,
    ulong weights_stride, ulong scalars_at, __global const float *x, __global const uint2 *entries, ulong entries_ld,
    __global const uint *starts, ulong starts_stride, __global const float *dv, __global float *mixed, __global float *gradients,
    ulong w_x_at, ulong panel)
{
	const uint2 entry = list[list_first + get_global_id(2)];
	const uint slot = entry.x, depth = entry.y, inner = batch * (depth - 1), blocks = row_blocks(inner);
	const uint vector0 = (uint)get_global_id(0) * WIDE_VECTORS, width = min((uint)WIDE_VECTORS, ld / VECTOR - vector0);
	const uint first = (uint)get_global_id(1) * item_columns, end = min(first + item_columns, n);
	const ulong lane = (ulong)slot * layers;
	__global const float *coefficients = weights + slot * weights_stride + scalars_at + layers;
	gates += lane;
	x += lane * batch * ld, dv += lane * spaced + vector0 * VECTOR;
	entries += slot * (ulong)n * entries_ld;
	starts += slot * starts_stride;
	gradients += slot * weights_stride + w_x_at + vector0 / PANEL_VECTORS * panel;
	mixed = mixed_of(mixed);
	uint layer = 1, sample = 0, above = layers_above(layer, depth, gates);
	for (uint block = 0; block < blocks; block++) {
		const uint k0 = block * LIST_ROWS, height = min((uint)LIST_ROWS, inner - k0);
		for (uint row = 0; row < height; row++) {
			mix_dy(width, above, coefficients + layer - 1, layers, dv + (ulong)sample * ld, spaced, mixed + row * PANEL);
			if (++sample < batch) continue;
			sample = 0, layer++;
			above = layers_above(layer, depth, gates);
		}
		for (uint column = first; column < end; column += LIST_COLUMNS) {
			const uint columns = min((uint)LIST_COLUMNS, end - column);
			gradient_block(block > 0, columns, height, 0, width, x + column + (ulong)k0 * ld, ld,
			    entries + column * entries_ld + k0 * columns, starts + (column / LIST_COLUMNS * blocks + block) * BLOCK_STARTS,
			    mixed, MIXED_PANEL, gradients + column * PANEL, PANEL, panel);
		}
	}
}
#endif
