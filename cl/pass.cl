/* pass.cl: a whole pass through the network in one launch, for devices where a work-item does the work of a group (CPUs): a
 * sample's way through the layers touches no other sample, so a work-item takes its rows of the batch from layer to layer, and
 * nobody waits for anybody in between. The matrices' gradients, which need all samples, have a launch of their own
 * (pass_gradient.cl). The same functions as the launches by layer and product, or sums in the same order, hence the same bits.
 *
 * Index space: (blocks of item_rows rows, entries); item_rows is a multiple of BLOCK_ROWS. Per lane: see layer.cl; W_bᵀ, then W_xᵀ
 * at w_xt_at, then the scalars at scalars_at in its weights; all matrices that are read as B lie in panels. */
#if GROUP == 1

/* ---- mixing ahead ----
 *
 * What a layer mixes lies in far caches when its turn comes. AHEAD layers are a group: what comes from before the first of them is
 * summed for all of them in one go, so that it is fetched once, and each goes on from its sum. Those terms are the first of each
 * sum (ascending origins upwards, descending layers downwards), so that stopping there and going on changes no bit. */
#define AHEAD 4u         /* layers */
#define AHEAD_LEAST 3u   /* terms that make a sum worth being put down and taken up again */
#define AHEAD_VECTORS 4u /* of a row, at a time */

uint worth_going_ahead(uint terms)
{
	return popcount(terms) >= AHEAD_LEAST ? terms : 0;
}

/* The first of a layer's group, upwards and downwards. */
uint first_upwards(uint layer)
{
	return (layer - 1) / AHEAD * AHEAD + 1;
}

uint first_downwards(uint layer, uint depth)
{
	return depth - (depth - layer) / AHEAD * AHEAD;
}

/* The origins of a layer that are mixed ahead. */
uint origins_ahead(uint layer, __global const uint *gates)
{
	return worth_going_ahead(gates[layer - 1] & ((1u << (first_upwards(layer) - 1)) - 1u));
}

/* The layers above one whose H are mixed ahead. */
uint above_ahead(uint layer, uint depth, __global const uint *gates)
{
	const uint first = first_downwards(layer, depth);
	return first == depth ? 0 : worth_going_ahead(layers_above(layer, depth, gates) & ~((1u << first) - 1u));
}

INLINED void forward_ahead(uint width, uint origins, float side, __global const float *coefficients, __global const float *u,
    __global const float *y, ulong spaced, __global float *sums)
{
	vec sum[AHEAD_VECTORS];
	UNROLLED
	for (uint v = 0; v < AHEAD_VECTORS; v++)
		if (v < width) sum[v] = side * LOAD(u + v * VECTOR);
	mix(width, MIX_ASCENDING, origins, coefficients, 1, y, spaced, sum);
	UNROLLED
	for (uint v = 0; v < AHEAD_VECTORS; v++)
		if (v < width) STORE(sum[v], sums + v * VECTOR);
}

/* Of the layers from `first` on: v in the making, into the place of their Y. */
SHARED_FUNCTION void rows_forward_ahead(uint first, uint layers, uint depth, uint row0, uint row_end, uint ld, ulong spaced,
    __global const uint *gates, __global const float *sides, __global const float *coefficients, __global const float *u,
    __global float *y)
{
	const uint end = min(first + AHEAD, depth + 1);
	uint origins[AHEAD], any = 0;
	for (uint layer = first; layer < end; layer++) {
		origins[layer - first] = origins_ahead(layer, gates);
		any |= origins[layer - first];
	}
	if (!any) return;
	for (uint row = row0; row < row_end; row++)
		for (uint c = 0; c < ld; c += AHEAD_VECTORS * VECTOR)
			for (uint layer = first; layer < end; layer++) {
				const uint which = origins[layer - first], left = (ld - c) / VECTOR;
				const ulong here = (ulong)row * ld + c;
				__global const float *a = coefficients + (layer - 1) * layers;
				__global float *sums = y + (layer - 1) * spaced + here;
				if (!which) continue;
				if (left >= AHEAD_VECTORS)
					forward_ahead(AHEAD_VECTORS, which, sides[layer - 1], a, u + here, y + here, spaced, sums);
				else
					for (uint v = 0; v < left * VECTOR; v += VECTOR)
						forward_ahead(1, which, sides[layer - 1], a, u + here + v, y + here + v, spaced, sums + v);
			}
}

/* sums[l] += ⟨H_l, x⟩, too. */
INLINED void backward_ahead(uint width, uint above, uint step, __global const float *coefficients, __global const float *x,
    __global const float *y, ulong spaced, vec *sums, __global float *gradient)
{
	vec g[AHEAD_VECTORS], output[AHEAD_VECTORS];
	UNROLLED
	for (uint v = 0; v < AHEAD_VECTORS; v++) {
		if (v >= width) continue;
		g[v] = (vec)(0.0f);
		output[v] = LOAD(x + v * VECTOR);
	}
	for (uint rest = above, l; rest; rest ^= 1u << l) {
		l = highest_bit(rest);
		const vec a = (vec)(coefficients[l * step]);
		__global const float *from = y + l * spaced;
		vec sum = sums[l];
		UNROLLED
		for (uint v = 0; v < AHEAD_VECTORS; v++) {
			if (v >= width) continue;
			const vec h = LOAD(from + v * VECTOR);
			g[v] = fma(a, h, g[v]);
			sum = fma(h, output[v], sum);
		}
		sums[l] = sum;
	}
	UNROLLED
	for (uint v = 0; v < AHEAD_VECTORS; v++)
		if (v < width) STORE(g[v], gradient + v * VECTOR);
}

/* Of the layers from `first` down: G in the making, into the place of their dv, and the coefficients' sums of one block of rows. */
SHARED_FUNCTION void block_backward_ahead(uint first, uint lowest, uint layers, uint depth, uint block, uint blocks, uint batch,
    uint ld, ulong spaced, __global const uint *gates, __global const float *coefficients, __global const float *x,
    __global const float *y, __global float *dv, __global float *partials)
{
	const uint row0 = block * BLOCK_ROWS, row_end = min(row0 + BLOCK_ROWS, batch);
	const uint count = min(AHEAD, first + 1 - lowest);
	uint above[AHEAD], any = 0;
	vec sums[AHEAD][LAYERS_MAX];
	for (uint i = 0; i < count; i++) {
		above[i] = above_ahead(first - i, depth, gates);
		any |= above[i];
	}
	if (!any) return;
	for (uint i = 0; i < count; i++)
		for (uint l = first; l < depth; l++) sums[i][l] = (vec)(0.0f);
	for (uint row = row0; row < row_end; row++)
		for (uint c = 0; c < ld; c += AHEAD_VECTORS * VECTOR)
			for (uint i = 0; i < count; i++) {
				const uint below = first - i - 1, left = (ld - c) / VECTOR;
				const ulong here = (ulong)row * ld + c;
				__global const float *output = x + (ulong)below * batch * ld + here;
				__global float *gradient = dv + below * spaced + here;
				if (!above[i]) continue;
				if (left >= AHEAD_VECTORS)
					backward_ahead(
					    AHEAD_VECTORS, above[i], layers, coefficients + below, output, y + here, spaced, sums[i], gradient);
				else
					for (uint v = 0; v < left * VECTOR; v += VECTOR)
						backward_ahead(
						    1, above[i], layers, coefficients + below, output + v, y + here + v, spaced, sums[i], gradient + v);
			}
	for (uint i = 0; i < count; i++)
		for (uint rest = above[i]; rest; rest &= rest - 1) {
			const uint l = lowest_bit(rest);
			partials[((ulong)l * (layers + 1) + first - i - 1) * blocks + block] = sum_entries(sums[i][l]);
		}
}

/* ---- the passes ---- */

/* Rows of a lane from b to x of every layer up to `depth`. */
SHARED_FUNCTION void rows_forward(uint slot, uint depth, uint row0, uint row_end, uint layers, uint batch, uint m, uint n,
    uint ld_m, uint ld, ulong spaced, __global const uint *gates, __global const uint2 *neurons, __global const float *sides,
    __global const float *weights, ulong weights_stride, ulong w_b_panel, ulong w_xt_at, ulong w_x_panel, ulong scalars_at,
    __global const float *b, __global float *u, __global float *y, __global float *x, __global float *cutoffs,
    __global uint2 *entries, __global uint *starts)
{
	const ulong plane = (ulong)batch * ld, lane = (ulong)slot * layers;
	weights += slot * weights_stride;
	__global const float *scalars = weights + scalars_at;
	gates += lane, neurons += lane, sides += lane;
	b += (ulong)slot * batch * ld_m;
	u += slot * plane, y += lane * spaced, x += lane * plane, cutoffs += lane * batch;
	entries += (ulong)slot * batch * LIST_LD(ld), starts += (ulong)slot * batch * STARTS_LD(n);
	rows_dense(row0, row_end, 0, ld / VECTOR, m, b, ld_m, 1, weights, PANEL, w_b_panel, 0, u, ld, PANEL);
	for (uint layer = 1; layer <= depth; layer++) {
		const ulong below = layer - 1;
		const uint ahead = origins_ahead(layer, gates);
		if (layer == first_upwards(layer))
			rows_forward_ahead(layer, layers, depth, row0, row_end, ld, spaced, gates, sides, scalars + layers, u, y);
		layer_forward_rows(layer, layers, depth, row0, row_end, batch, n, ld, spaced, gates[below] & ~ahead, neurons[below],
		    ahead ? 1.0f : sides[below], scalars, ahead ? y + below * spaced : u, y, x, cutoffs, entries, starts, 0);
		if (layer < depth)
			rows_times(row0, row_end, n, ld, x + below * plane, entries, starts, weights + w_xt_at, w_x_panel, y + below * spaced);
	}
}

/* Rows of a lane from the loss's gradient to dv and the partial sums, from `depth` down to `lowest`. */
SHARED_FUNCTION void rows_backward(uint slot, uint depth, uint lowest, uint row0, uint row_end, uint layers, uint batch, uint n,
    uint ld, ulong spaced, __global const uint *gates, __global const uint2 *neurons, __global const float *sides,
    __global const float *weights, ulong weights_stride, ulong scalars_at, __global const float *transposed,
    ulong transposed_stride, ulong w_x_panel, __global const float *x, __global const float *cutoffs, __global float *y,
    __global const float *gradient, __global float *dv, __global float *partials, __global uint2 *entries, __global uint *starts)
{
	const uint block0 = row0 / BLOCK_ROWS, block_end = (row_end + BLOCK_ROWS - 1) / BLOCK_ROWS;
	const uint blocks = (batch + BLOCK_ROWS - 1) / BLOCK_ROWS;
	const ulong plane = (ulong)batch * ld, lane = (ulong)slot * layers;
	__global const float *scalars = weights + slot * weights_stride + scalars_at;
	gates += lane, neurons += lane, sides += lane;
	transposed += slot * transposed_stride;
	x += lane * plane, cutoffs += lane * batch, y += lane * spaced, dv += lane * spaced;
	gradient += slot * plane;
	partials += lane * (layers + 1) * blocks;
	entries += (ulong)slot * batch * LIST_LD(ld), starts += (ulong)slot * batch * STARTS_LD(n);
	for (uint layer = depth; layer >= lowest; layer--) {
		const ulong below = layer - 1;
		const uint ahead = above_ahead(layer, depth, gates), above = layers_above(layer, depth, gates) & ~ahead;
		__global const float *begun = layer == depth ? gradient : ahead ? dv + below * spaced : 0;
		for (uint block = block0; block < block_end; block++) {
			if (layer == first_downwards(layer, depth))
				block_backward_ahead(
				    layer, lowest, layers, depth, block, blocks, batch, ld, spaced, gates, scalars + layers, x, y, dv, partials);
			layer_backward_rows(layer, layers, lowest, depth, above, block, blocks, batch, n, ld, spaced, 0, 0, WRITES_DV,
			    gates[below], neurons[below].x, sides[below], scalars, x, cutoffs, y, begun, dv, 0, 0, partials, entries, starts,
			    0);
		}
		if (layer > lowest)
			rows_times(row0, row_end, n, ld, dv + below * spaced, entries, starts, transposed, w_x_panel, y + below * spaced);
	}
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void pass_forward(uint layers, uint batch, uint m, uint n, uint ld_m,
    uint ld, ulong spaced, uint item_rows, __global const uint2 *list, uint list_first, __global const uint *gates,
    __global const uint2 *neurons, __global const float *sides, __global const float *weights, ulong weights_stride,
    ulong w_b_panel, ulong w_xt_at, ulong w_x_panel, ulong scalars_at, __global const float *b, __global float *u,
    __global float *y, __global float *x, __global float *cutoffs, __global uint2 *entries, __global uint *starts)
{
	const uint2 entry = list[list_first + get_global_id(1)];
	const uint row0 = (uint)get_global_id(0) * item_rows, row_end = min(row0 + item_rows, batch);
	rows_forward(entry.x, entry.y, row0, row_end, layers, batch, m, n, ld_m, ld, spaced, gates, neurons, sides, weights,
	    weights_stride, w_b_panel, w_xt_at, w_x_panel, scalars_at, b, u, y, x, cutoffs, entries, starts);
}

/* Down to layer reach[slot]. */
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void pass_backward(uint layers, uint batch, uint n, uint ld, ulong spaced,
    uint item_rows, __global const uint2 *list, uint list_first, __global const uint *reach, __global const uint *gates,
    __global const uint2 *neurons, __global const float *sides, __global const float *weights, ulong weights_stride,
    ulong scalars_at, __global const float *transposed, ulong transposed_stride, ulong w_x_panel, __global const float *x,
    __global const float *cutoffs, __global float *y, __global const float *gradient, __global float *dv, __global float *partials,
    __global uint2 *entries, __global uint *starts)
{
	const uint2 entry = list[list_first + get_global_id(1)];
	const uint row0 = (uint)get_global_id(0) * item_rows, row_end = min(row0 + item_rows, batch);
	rows_backward(entry.x, entry.y, reach[entry.x], row0, row_end, layers, batch, n, ld, spaced, gates, neurons, sides, weights,
	    weights_stride, scalars_at, transposed, transposed_stride, w_x_panel, x, cutoffs, y, gradient, dv, partials, entries,
	    starts);
}

/* All that a step does with a sample by itself: what gather_training, pass_forward, loss_backward and pass_backward do. */
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void pass_training(uint layers, uint batch, uint m, uint n, uint ld_m,
    uint ld, ulong spaced, uint item_rows, __global const uint2 *list, uint list_first, __global const uint *reach,
    __global const uint *gates, __global const uint2 *neurons, __global const float *sides, __global const float *weights,
    ulong weights_stride, ulong w_b_panel, ulong w_xt_at, ulong w_x_panel, ulong scalars_at, __global const float *transposed,
    ulong transposed_stride, __global const step_data *steps, uint step, uint lanes, __global const uint *order, uint order_stride,
    __global const float *samples_b, __global const float *samples_x, __global float *b, __global float *u, __global float *y,
    __global float *x, __global float *cutoffs, __global float *gradient, __global float *dv, __global float *partials,
    __global uint2 *entries, __global uint *starts, __global uint2 *dv_entries, __global uint *dv_starts)
{
	const uint2 entry = list[list_first + get_global_id(1)];
	const uint slot = entry.x, depth = entry.y;
	const uint row0 = (uint)get_global_id(0) * item_rows, row_end = min(row0 + item_rows, batch);
	const ulong plane = (ulong)batch * ld;
	const step_data now = steps[step * lanes + slot];
	order += (ulong)slot * order_stride + now.first;
	gather_rows(row0, row_end, ld_m, order, samples_b, b + (ulong)slot * batch * ld_m);
	rows_forward(slot, depth, row0, row_end, layers, batch, m, n, ld_m, ld, spaced, gates, neurons, sides, weights, weights_stride,
	    w_b_panel, w_xt_at, w_x_panel, scalars_at, b, u, y, x, cutoffs, entries, starts);
	loss_rows(
	    now.loss, row0, row_end, ld, order, samples_x, x + ((ulong)slot * layers + depth - 1) * plane, gradient + slot * plane, 0);
	rows_backward(slot, depth, reach[slot], row0, row_end, layers, batch, n, ld, spaced, gates, neurons, sides, weights,
	    weights_stride, scalars_at, transposed, transposed_stride, w_x_panel, x, cutoffs, y, gradient, dv, partials, dv_entries,
	    dv_starts);
}
#endif
