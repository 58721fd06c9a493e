/* pass_gradient.cl: the matrices' gradients after passes (pass.cl). What they read as B, dY and dU, is mixed from dv where it is
 * needed: WIDE_VECTORS vectors of LIST_ROWS samples at a time, which stay in the first-level cache, into panels of a work-item's
 * own. Index space: (PANELS_AT_ONCE panels, rows of W_bᵀ and W_xᵀ, entries). Layouts: see layer.cl, and product_gradient.cl for the
 * lists by column. */
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
		mix(WIDE_VECTORS, MIX_DESCENDING, above, coefficients, step, dv, spaced, sum);
		UNROLLED
		for (uint v = 0; v < WIDE_VECTORS; v++) STORE(sum[v], mixed + PANEL_AT(v, MIXED_PANEL));
		return;
	}
	for (uint v = 0; v < width; v++) {
		vec sum = (vec)(0.0f);
		mix(1, MIX_DESCENDING, above, coefficients, step, dv + v * VECTOR, spaced, &sum);
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

/* What a work-item adds up: vectors vector0 to vector0 + width of a lane's matrices, by what it mixes in `mixed`. */
typedef struct {
	uint vector0, width;
	__global float *mixed;
} gradient_item;

/* dW_bᵀ = bᵀ dU, rows row0 to row_end; pointers are the lane's. */
SHARED_FUNCTION void gradient_b(gradient_item item, uint depth, uint row0, uint row_end, uint batch, uint ld_m, uint ld,
    ulong spaced, __global const float *sides, __global const float *b, __global const float *dv, __global float *gradient,
    ulong panel)
{
	dv += item.vector0 * VECTOR, gradient += item.vector0 / PANEL_VECTORS * panel;
	for (uint k0 = 0; k0 < batch; k0 += LIST_ROWS) {
		const uint height = min((uint)LIST_ROWS, batch - k0);
		for (uint row = 0; row < height; row++)
			mix_du(item.width, depth, sides, dv + (ulong)(k0 + row) * ld, spaced, item.mixed + row * PANEL);
		rows_dense(row0, row_end, 0, item.width, height, b + (ulong)k0 * ld_m, 1, ld_m, item.mixed, PANEL, MIXED_PANEL, k0 > 0,
		    gradient, PANEL, panel);
	}
}

/* dW_xᵀ = Σ_i x_iᵀ dY_i, rows `first` to `end`, columns of x; pointers are the lane's. */
SHARED_FUNCTION void gradient_x(gradient_item item, uint depth, uint first, uint end, uint layers, uint batch, uint ld,
    ulong spaced, __global const uint *gates, __global const float *coefficients, __global const float *x,
    __global const uint2 *entries, ulong entries_ld, __global const uint *starts, __global const float *dv,
    __global float *gradient, ulong panel)
{
	const uint inner = batch * (depth - 1), blocks = row_blocks(inner);
	uint layer = 1, sample = 0, above = layers_above(layer, depth, gates);
	dv += item.vector0 * VECTOR, gradient += item.vector0 / PANEL_VECTORS * panel;
	for (uint block = 0; block < blocks; block++) {
		const uint k0 = block * LIST_ROWS, height = min((uint)LIST_ROWS, inner - k0);
		for (uint row = 0; row < height; row++) {
			mix_dy(item.width, above, coefficients + layer - 1, layers, dv + (ulong)sample * ld, spaced, item.mixed + row * PANEL);
			if (++sample < batch) continue;
			sample = 0, layer++;
			above = layers_above(layer, depth, gates);
		}
		for (uint column = first; column < end; column += LIST_COLUMNS) {
			const uint columns = min((uint)LIST_COLUMNS, end - column);
			gradient_block(block > 0, columns, height, 0, item.width, x + column + (ulong)k0 * ld, ld,
			    entries + column * entries_ld + k0 * columns, starts + (column / LIST_COLUMNS * blocks + block) * BLOCK_STARTS,
			    item.mixed, MIXED_PANEL, gradient + column * PANEL, PANEL, panel);
		}
	}
}

/* Of lanes that train W_b, W_x, or both: item_rows of W_bᵀ and item_columns of x say how much of each a work-item has, 0 none. Both
 * mix the same dv, which is near for the second. */
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void pass_gradients(uint layers, uint batch, uint m, uint n, uint ld_m,
    uint ld, ulong spaced, uint item_rows, uint item_columns, __global const uint2 *list, uint list_first,
    __global const uint *gates, __global const float *sides, __global const float *weights, ulong weights_stride, ulong scalars_at,
    __global const float *b, __global const float *x, __global const uint2 *entries, ulong entries_ld, __global const uint *starts,
    ulong starts_stride, __global const float *dv, __global float *mixed, __global float *gradients, ulong panel_b, ulong w_x_at,
    ulong panel_x)
{
	const uint2 entry = list[list_first + get_global_id(2)];
	const uint slot = entry.x, depth = entry.y, part = (uint)get_global_id(1);
	const uint row0 = part * item_rows, first = part * item_columns;
	const ulong lane = (ulong)slot * layers;
	gradient_item item;
	item.vector0 = (uint)get_global_id(0) * WIDE_VECTORS;
	item.width = min((uint)WIDE_VECTORS, ld / VECTOR - item.vector0);
	item.mixed = mixed_of(mixed);
	dv += lane * spaced;
	gradients += slot * weights_stride;
	if (item_rows && row0 < m)
		gradient_b(item, depth, row0, min(row0 + item_rows, m), batch, ld_m, ld, spaced, sides + lane,
		    b + (ulong)slot * batch * ld_m, dv, gradients, panel_b);
	if (item_columns && first < n)
		gradient_x(item, depth, first, min(first + item_columns, n), layers, batch, ld, spaced, gates + lane,
		    weights + slot * weights_stride + scalars_at + layers, x + lane * batch * ld, entries + slot * (ulong)n * entries_ld,
		    entries_ld, starts + slot * starts_stride, dv, gradients + w_x_at, panel_x);
}
#endif
