/* adam.cl: clipping of the gradient, and the optimiser's step, Adam (Kingma & Ba 2015) as protocol and recipe have it: ε is outside
 * the bias correction, and the gradient, not the rate, is multiplied by the decay of variables that were trained before:
 *
 *   g ← γ g    m ← β₁ m + (1 − β₁) g    v ← β₂ v + (1 − β₂) g²    w ← w − rate · m/(√v + ε)
 *
 * rate = r·√(1 − β₂ᵗ)/(1 − β₁ᵗ), which matrices, θ and a may have of different sizes, comes from the host for each step (steps).
 * Per lane: hyper = (β₁, β₂, ε, largest norm of the gradient or 0 for any); multipliers γ[layers], by the layer that introduced the
 * variable: W_b in layer 1, W_x in layer 2. */

/* ‖γ g‖² of a lane's gradient in parts: work-group (j, entry) has row j of W_bᵀ's and, behind these, of W_xᵀ's, then θ and c of a
 * layer. What is frozen has no gradient. */
__kernel void gradient_norms(uint m, uint n, uint width, uint layers, uint blocks, ulong ld, ulong panel_b, ulong panel_x,
    ulong weights_stride, ulong w_x_at, __global const uint2 *list, uint list_first, __global const float *multipliers,
    __global const float *spreads, __global const uint *gates, __global const float *gradients, __global const float *partials,
    __global float *norms)
{
	GROUP_SCRATCH(shared);
	const uint j = (uint)get_group_id(0), item = (uint)get_local_id(0);
	const uint2 entry = list[list_first + get_group_id(1)];
	const uint layer = j < m ? 0 : j < m + n ? 1 : j - m - n; /* from 0: the one that introduced it */
	const uint at = entry.x * layers + layer;
	const float multiplier = layer < entry.y ? multipliers[at] : 0.0f;
	float sum = 0.0f;
	if (multiplier != 0.0f && j < m + n) {
		__global const float *row = gradients + entry.x * weights_stride + (j < m ? j * ld : w_x_at + (j - m) * ld);
		vec squares = (vec)(0.0f);
		for (uint c = item * VECTOR; c < width; c += GROUP * VECTOR) {
			const vec g = LOAD(row + column_at(c, j < m ? panel_b : panel_x));
			squares = fma(g, g, squares);
		}
		sum = sum_group(sum_entries(squares), shared);
	} else if (multiplier != 0.0f) {
		partials += (ulong)at * (layers + 1) * blocks;
		for (uint origin = 0; origin <= layers; origin++) {
			if (origin < layers && !(gates[at] >> origin & 1u)) continue;
			float g = 0.0f;
			for (uint block = item; block < blocks; block += GROUP) g += partials[origin * blocks + block];
			g = sum_group(g, shared);
			if (origin < layers) g /= spreads[at];
			sum = fma(g, g, sum);
		}
	}
	if (item == 0) norms[(ulong)entry.x * (m + n + layers) + j] = multiplier * multiplier * sum;
}

/* factors[slot] = min(1, largest norm/‖g‖). One work-group an entry. */
__kernel void clip_factors(uint parts, __global const uint2 *list, uint list_first, __global const float4 *hyper,
    __global const float *norms, __global float *factors)
{
	GROUP_SCRATCH(shared);
	const uint slot = list[list_first + get_group_id(0)].x;
	float sum = 0.0f;
	for (uint part = (uint)get_local_id(0); part < parts; part += GROUP) sum += norms[(ulong)slot * parts + part];
	const float norm = sqrt(sum_group(sum, shared)), most = hyper[slot].w;
	if (get_local_id(0) == 0) factors[slot] = norm > most ? most / norm : 1.0f;
}

float clip_factor(float4 hyper, __global const float *factors, uint slot)
{
	return hyper.w > 0.0f ? factors[slot] : 1.0f;
}

vec adam_step(vec w, vec g, __global float *first, __global float *second, float4 hyper, float rate, float epsilon)
{
	const vec m = fma((vec)(hyper.x), LOAD(first), (1.0f - hyper.x) * g);
	const vec v = fma((vec)(hyper.y), LOAD(second), ((1.0f - hyper.y) * g) * g);
	STORE(m, first);
	STORE(v, second);
	return fma((vec)(-rate), m / (sqrt(v) + epsilon), w);
}

/* TILE_SIDE rows, as far as there are any, of one vector's columns, from (row0, c) on in matrices that begin at `base`. */
INLINED void update_tile(uint row0, uint rows, uint c, uint transposed_columns, ulong ld, ulong panel, ulong base, float4 hyper,
    float rate, float multiplier, __global const float *gradients, __global float *weights, __global float *first,
    __global float *second, __global float *transposed)
{
	float column[TILE_SIDE][VECTOR];
	UNROLL_ON_GPU
	for (uint r = 0; r < TILE_SIDE; r++) {
		vec w = (vec)(0.0f);
		if (row0 + r < rows) {
			const ulong here = base + (row0 + r) * ld + column_at(c, panel);
			const vec g = multiplier * LOAD(gradients + here);
			w = adam_step(LOAD(weights + here), g, first + here, second + here, hyper, rate, hyper.z);
			STORE(w, weights + here);
		}
		STORE_PRIVATE(w, column[r]);
	}
	UNROLL_ON_GPU
	for (uint i = 0; i < VECTOR; i++) {
		if (c + i >= transposed_columns) continue;
		UNROLL_ON_GPU
		for (uint r = 0; r < TILE_SIDE; r += VECTOR) {
			float run[VECTOR];
			UNROLLED
			for (uint e = 0; e < VECTOR; e++) run[e] = column[r + e][i];
			STORE(LOAD_PRIVATE(run), transposed + (c + i) * ld + column_at(row0 + r, panel));
		}
	}
}

/* A weight matrix of `rows` rows of `width` floats at weights_at, W_bᵀ or W_xᵀ, row-major or in panels (common.cl); where
 * `transposed_columns` is not 0 also its transpose, of as many rows and laid out alike, written in runs of TILE_SIDE floats. Group
 * (column block, row block, entry): GROUP vectors by TILE_SIDE rows; where a work-item works alone a panel's vectors by item_rows
 * rows, and so it goes through memory in order. */
__kernel void matrix_update(uint rows, uint transposed_columns, uint item_rows, uint width, ulong ld, ulong panel,
    __global const uint2 *list, uint list_first, __global const step_data *steps, uint step, uint lanes,
    __global const float4 *hyper, __global const float *factors, __global const float *multipliers, uint layers, uint introduced,
    ulong weights_stride, ulong weights_at, ulong transposed_stride, __global const float *restrict gradients,
    __global float *restrict weights, __global float *restrict first, __global float *restrict second,
    __global float *restrict transposed)
{
	const uint slot = list[list_first + get_group_id(2)].x;
	const float4 constants = hyper[slot];
	const float rate = steps[step * lanes + slot].rate;
	const float multiplier = multipliers[slot * layers + introduced - 1] * clip_factor(constants, factors, slot);
	const ulong base = slot * weights_stride + weights_at;
	transposed += slot * transposed_stride;
#if GROUP == 1
	const uint c0 = (uint)get_group_id(0) * PANEL, c_end = min(c0 + PANEL, width);
	const uint row_begin = (uint)get_group_id(1) * item_rows, row_end = min(row_begin + item_rows, rows);
	for (uint row0 = row_begin; row0 < row_end; row0 += TILE_SIDE)
		for (uint c = c0; c < c_end; c += VECTOR)
			update_tile(row0, rows, c, transposed_columns, ld, panel, base, constants, rate, multiplier, gradients, weights, first,
			    second, transposed);
#else
	const uint c = (uint)(get_group_id(0) * GROUP + get_local_id(0)) * VECTOR;
	if (c < width)
		update_tile((uint)get_group_id(1) * item_rows, rows, c, transposed_columns, ld, panel, base, constants, rate, multiplier,
		    gradients, weights, first, second, transposed);
#endif
}

/* The transpose alone, after weights came from the host or from the best ones. Group (column block, row block):
 * GROUP vectors by TILE_SIDE rows. */
__kernel void matrix_transpose(uint rows, uint columns, ulong ld, ulong panel, uint slot, ulong weights_stride, ulong weights_at,
    ulong transposed_stride, __global const float *weights, __global float *transposed)
{
	const uint c = (uint)(get_group_id(0) * GROUP + get_local_id(0)) * VECTOR;
	const uint row0 = (uint)get_group_id(1) * TILE_SIDE, row_end = min(row0 + TILE_SIDE, rows);
	weights += slot * weights_stride + weights_at;
	transposed += slot * transposed_stride;
	for (uint i = 0; i < VECTOR && c + i < columns; i++)
		for (uint row = row0; row < row_end; row++)
			transposed[(c + i) * ld + column_at(row, panel)] = weights[row * ld + column_at(c + i, panel)];
}

/* θ and a: work-item (j, entry) with j < layers for θ_{j+1}, else for a[(j − layers)/layers][(j − layers) mod layers].
 * Sums the blocks of layer_backward's partials in ascending order, then steps. The mean form trains c = n_L·a: the step on a is
 * the step on c divided by n_L, with ε multiplied by n_L; spreads[lane][layers] holds n_L, or 1 for the sum form. A variable with
 * multiplier 0 is frozen and has no partials in this step. */
__kernel void scalar_update(uint layers, uint blocks, __global const uint2 *list, uint list_first, __global const step_data *steps,
    uint step, uint lanes, __global const float4 *hyper, __global const float *factors, __global const float *multipliers,
    __global const float *spreads, __global const uint *gates, ulong weights_stride, ulong scalars_at,
    __global const float *partials, __global float *weights, __global float *first, __global float *second)
{
	const uint j = (uint)get_global_id(0);
	const uint2 entry = list[list_first + get_global_id(1)];
	const uint slot = entry.x;
	const uint is_threshold = j < layers;
	const uint layer = is_threshold ? j : (j - layers) / layers; /* from 0 */
	const uint origin = is_threshold ? layers : (j - layers) % layers;
	const uint at = slot * layers + layer;
	const float multiplier = multipliers[at];
	if (layer >= entry.y || multiplier == 0.0f) return;
	if (!is_threshold && !(gates[at] >> origin & 1u)) return;

	partials += ((ulong)at * (layers + 1) + origin) * blocks;
	float sum = 0.0f;
	for (uint block = 0; block < blocks; block++) sum += partials[block];
	const float4 constants = hyper[slot];
	const float g = multiplier * clip_factor(constants, factors, slot) * (is_threshold ? -sum : sum);

	const float spread = is_threshold ? 1.0f : spreads[at];
	const step_data now = steps[step * lanes + slot];
	const float rate = (is_threshold ? now.rate_theta : now.rate_coefficient) / spread;
	const ulong here = slot * weights_stride + scalars_at + j;
	const float m = fma(constants.x, first[here], (1.0f - constants.x) * g);
	const float v = fma(constants.y, second[here], ((1.0f - constants.y) * g) * g);
	first[here] = m;
	second[here] = v;
	weights[here] = fma(-rate, m / fma(constants.z, spread, sqrt(v)), weights[here]);
}

/* flags[slot] becomes nonzero where a weight is not finite: a product that skips zeros would hide it. `count` floats a lane.
 * Work-group (run, entry) looks at FINITE_RUN floats. */
__kernel void weights_check(__global const uint2 *list, uint list_first, ulong weights_stride, uint count,
    __global const float *weights, __global int *flags)
{
	const uint slot = list[list_first + get_group_id(1)].x;
	const uint begin = (uint)get_group_id(0) * FINITE_RUN, end = min(begin + FINITE_RUN, count);
	weights += slot * weights_stride;
	int bad = 0;
	for (uint i = begin + (uint)get_local_id(0); i < end; i += GROUP) bad |= !isfinite(weights[i]);
	if (bad) atomic_or(flags + slot, 1);
}
