/* layer.cl: one layer of the network between its products: the mix of earlier layers' outputs and the neuron (paper, eq. 5
 * and 6; multiply first, then mix), and the same backwards.
 *
 *   Y_i = x_i W_xᵀ     v_L = s_L U + Σ_{i∈S_L} a_{i,L} Y_i     x_L = η(v_L)
 *   H_L = dv_L W_x     G_i = Σ_{L: i∈S_L} a_{i,L} H_L          dY_i = Σ_{L: i∈S_L} a_{i,L} dv_L
 *   dv_L = G_L ⊙ η'    da_{i,L} = ⟨dv_L, Y_i⟩ = ⟨H_L, x_i⟩     dθ_L = −Σ …            dU = Σ_L s_L dv_L
 *
 * Index space of both: a work-group is GROUP work-items; group (·, block, entry) covers BLOCK_ROWS rows of the batch of the
 * lane in that list entry; a work-item strides over the columns. Sums over origins ascend, those over the layers above descend:
 * both go as a pass reaches them.
 * Per lane: x is [layers][batch][ld]; y, dv are too, but the layers `spaced` floats apart, so that the same entry of all layers
 * does not fall on one line of a cache; dy, one matrix of layers·batch rows, in panels (common.cl), and du are there where layers
 * are launched one by one (else: pass_gradient.cl); u, du, gradient are [batch][ld]; gates, neurons (kind, entries that it
 * selects), sides are [layers]; cutoffs (neuron.cl) are [layers][batch]; scalars are θ[layers], then a[layers][layers] (row: layer
 * L, column: origin i), inside the lane's weights. Where products skip zeros (SPARSE_BELOW > 0) the kernels also list the nonzeros
 * of the rows of x and dv that will be multiplied (product.cl), of the layer in hand: entries [batch][LIST_LD]; starts beside them,
 * a row's being [blocks of LIST_COLUMNS columns + 1], where the entries of each block begin and, last, how many there are. */

#if SPARSE_BELOW > 0
#if VECTOR == 16 && defined(__AVX512F__)
typedef uint16 __attribute__((aligned(8))) list_run;

/* Appends a vector's nonzeros to a list, `c` being the column of its first entry; returns how many. AVX-512 moves them together in
 * one instruction. What is written beyond the list, up to 16 entries, has room to the row's end. */
uint list_vector(vec v, uint c, __global uint2 *entries)
{
	const ushort wanted = (ushort)nonzero_bits(v);
	const int16 columns = (int)c + (int16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
	const int16 offset = __builtin_ia32_compresssi512_mask(columns * (int)PANEL, (int16)(0), wanted);
	const int16 value = __builtin_ia32_compresssi512_mask(as_int16(v), (int16)(0), wanted);
	const uint count = popcount((uint)wanted);
	*(__global list_run *)entries =
	    as_uint16(__builtin_shufflevector(offset, value, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
	if (count > 8)
		*(__global list_run *)(entries + 8) =
		    as_uint16(__builtin_shufflevector(offset, value, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31));
	return count;
}
#else
#define LIST_BURST (VECTOR < 4 ? VECTOR : 4)

/* Appends a vector's nonzeros to a list, `c` being the column of its first entry; returns how many. Each turn writes LIST_BURST
 * entries, wanted or not, so that the loop seldom branches: what is not wanted is overwritten or lies beyond the list, where there
 * is room to the row's end. */
uint list_vector(vec v, uint c, __global uint2 *entries)
{
	float values[VECTOR];
	uint bits = nonzero_bits(v);
	const uint count = popcount(bits);
	STORE_PRIVATE(v, values);
	do {
		UNROLLED
		for (uint i = 0; i < LIST_BURST; i++) {
			const uint entry = lowest_bit(bits | 1u << (VECTOR - 1));
			entries[i] = (uint2)((c + entry) * PANEL, as_uint(values[entry]));
			bits &= bits - 1;
		}
		entries += LIST_BURST;
	} while (bits);
	return count;
}
#endif

/* The list of a row of n entries: see above. */
SHARED_FUNCTION void list_row(__global const float *row, uint n, __global uint2 *entries, __global uint *starts)
{
	uint filled = 0;
	for (uint c = 0; c < n; c += VECTOR) {
		if (c % LIST_COLUMNS == 0) starts[c / LIST_COLUMNS] = filled;
		filled += list_vector(LOAD(row + c), c, entries + filled);
	}
	starts[(n + LIST_COLUMNS - 1) / LIST_COLUMNS] = filled;
}
#endif

typedef enum mix_order { MIX_ASCENDING, MIX_DESCENDING } mix_order;

/* sum + Σ a_l z_l over the bits l of `which`, at `width` neighbouring vectors, to which z points; its layers are `spaced` apart,
 * their coefficients `step`. `width` and `order` are constants at each use, so that the sums stay in registers. */
INLINED void mix(uint width, mix_order order, uint which, __global const float *coefficients, uint step, __global const float *z,
    ulong spaced, vec *sum)
{
	for (uint rest = which, l; rest; rest ^= 1u << l) {
		l = order == MIX_ASCENDING ? lowest_bit(rest) : highest_bit(rest);
		const vec a = (vec)(coefficients[l * step]);
		__global const float *from = z + l * spaced;
		UNROLLED
		for (uint k = 0; k < width; k++) sum[k] = fma(a, LOAD(from + k * VECTOR), sum[k]);
	}
}

/* v = s U + Σ a_i Y_i at one vector of a row, to which u and y point. */
vec mix_forward(
    uint origins, __global const float *coefficients, float side, __global const float *u, __global const float *y, ulong spaced)
{
	vec v = side * LOAD(u);
	mix(1, MIX_ASCENDING, origins, coefficients, 1, y, spaced, &v);
	return v;
}

/* Rows row0 to row_end, from side·u and the mix of `origins`; u, y, x, cutoffs, entries and starts are the lane's. */
SHARED_FUNCTION void layer_forward_rows(uint layer, uint layers, uint depth, uint row0, uint row_end, uint batch, uint n, uint ld,
    ulong spaced, uint origins, uint2 neuron, float side, __global const float *scalars, __global const float *u,
    __global const float *y, __global float *x, __global float *cutoffs, __global uint2 *entries, __global uint *starts,
    __local float *shared)
{
	__global const float *coefficients = scalars + layers + (layer - 1) * layers;
	const float theta = scalars[layer - 1];
	x += (ulong)(layer - 1) * batch * ld;
	for (uint row = row0; row < row_end; row++) {
		for (uint c = (uint)get_local_id(0) * VECTOR; c < ld; c += GROUP * VECTOR) {
			const ulong here = (ulong)row * ld + c;
			const vec v = mix_forward(origins, coefficients, side, u + here, y + here, spaced);
			STORE(clear_padding(neuron_forward(neuron.x, v, theta), c, n), x + here);
		}
		if (neuron.x == NEURON_SELECT) {
			const float cutoff = neuron_select(neuron.y, theta, x + (ulong)row * ld, ld, shared);
			if (get_local_id(0) == 0) cutoffs[(layer - 1) * batch + row] = cutoff;
		}
#if SPARSE_BELOW > 0
		if (layer < depth) list_row(x + (ulong)row * ld, n, entries + (ulong)row * LIST_LD(ld), starts + row * STARTS_LD(n));
#endif
	}
}

__kernel void layer_forward(uint layer, uint layers, uint batch, uint n, uint ld, ulong spaced, __global const uint2 *list,
    uint list_first, __global const uint *gates, __global const uint2 *neurons, __global const float *sides,
    __global const float *weights, ulong weights_stride, ulong scalars_at, __global const float *u, __global const float *y,
    __global float *x, __global float *cutoffs, __global uint2 *entries, __global uint *starts)
{
	GROUP_SCRATCH(shared);
	const uint2 entry = list[list_first + get_group_id(2)];
	const uint slot = entry.x, at = slot * layers + layer - 1;
	const uint row0 = (uint)get_group_id(1) * BLOCK_ROWS;
	const ulong plane = (ulong)batch * ld;
	layer_forward_rows(layer, layers, entry.y, row0, min(row0 + BLOCK_ROWS, batch), batch, n, ld, spaced, gates[at], neurons[at],
	    sides[at], weights + slot * weights_stride + scalars_at, u + slot * plane, y + slot * layers * spaced,
	    x + slot * layers * plane, cutoffs + slot * layers * batch, entries + (ulong)slot * batch * LIST_LD(ld),
	    starts + (ulong)slot * batch * STARTS_LD(n), shared);
}

/* The layers that have this one as an origin: a bit each, the first layer's lowest. */
uint layers_above(uint layer, uint depth, __global const uint *gates)
{
	uint above = 0;
	for (uint l = layer + 1; l <= depth; l++) above |= (gates[l - 1] >> (layer - 1) & 1u) << (l - 1);
	return above;
}

/* ⟨dv, Y_i⟩ over the work-group's rows, for each origin i of the layer, into its place among the partial sums. */
#if GROUP == 1
void coefficient_sums(uint origins, uint row0, uint row_end, uint ld, ulong spaced, __global const float *dv,
    __global const float *y, __global float *partials, uint blocks, __local float *shared)
{
	for (uint rest = origins; rest; rest &= rest - 1) {
		const uint i = lowest_bit(rest);
		vec sum = (vec)(0.0f);
		for (uint row = row0; row < row_end; row++)
			for (uint c = 0; c < ld; c += VECTOR) {
				const ulong here = (ulong)row * ld + c;
				sum = fma(LOAD(dv + here), LOAD(y + i * spaced + here), sum);
			}
		partials[i * blocks] = sum_entries(sum);
	}
}
#else
/* Several origins at a time: their Y are asked for together, and the barriers of a sum over the work-group serve them all. */
void coefficient_sums(uint origins, uint row0, uint row_end, uint ld, ulong spaced, __global const float *dv,
    __global const float *y, __global float *partials, uint blocks, __local float *shared)
{
	const uint item = (uint)get_local_id(0);
	for (uint rest = origins, count; rest;) {
		uint origin[SUMS_AT_ONCE];
		vec sum[SUMS_AT_ONCE];
		float total[SUMS_AT_ONCE];
		count = min((uint)popcount(rest), (uint)SUMS_AT_ONCE);
		UNROLLED
		for (uint k = 0; k < SUMS_AT_ONCE; k++, rest &= rest - 1) {
			origin[k] = rest ? lowest_bit(rest) : 0;
			sum[k] = (vec)(0.0f);
		}
		for (uint row = row0; row < row_end; row++)
			for (uint c = item * VECTOR; c < ld; c += GROUP * VECTOR) {
				const ulong here = (ulong)row * ld + c;
				const vec delta = LOAD(dv + here);
				UNROLLED
				for (uint k = 0; k < SUMS_AT_ONCE; k++)
					if (k < count) sum[k] = fma(delta, LOAD(y + origin[k] * spaced + here), sum[k]);
			}
		UNROLLED
		for (uint k = 0; k < SUMS_AT_ONCE; k++) total[k] = sum_entries(sum[k]);
		sum_group_each(total, count, shared);
		UNROLLED
		for (uint k = 0; k < SUMS_AT_ONCE; k++)
			if (k < count && item == k % GROUP) partials[origin[k] * blocks] = shared[k * GROUP];
		barrier(CLK_LOCAL_MEM_FENCE); /* the next to write waits until all have read */
	}
}
#endif

/* The origins of a layer whose coefficients' gradients are ⟨dv_L, Y_i⟩. Work-items that work alone have ⟨H_L, x_i⟩ as they come
 * to the origin, both being in hand there; the others, and origins that the backward pass does not reach, have no H. */
uint origins_by_dv(uint origins, uint lowest)
{
#if GROUP == 1
	return origins & ((1u << (lowest - 1)) - 1u);
#else
	return origins;
#endif
}

typedef enum backward_writes { WRITES_DV, WRITES_OPERANDS } backward_writes;

/* G is `begun` (the loss's gradient for the top layer, a sum that was begun ahead, or 0: nothing) and what the H of the layers
 * `above` add, which lie where their Y did: nothing above this layer needs that any more. Writes dv and, where these are operands
 * of the matrices' gradients, dy of this layer below the top and du, which the top starts and the others add to. partials
 * [layers][layers + 1][blocks]: a layer's sums for da_{1…layers} and dθ, one for each block of rows; scalar_update sums the blocks.
 * lowest: the layer that the backward pass ends with. One block of rows; pointers are the lane's. */
SHARED_FUNCTION void layer_backward_rows(uint layer, uint layers, uint lowest, uint depth, uint above, uint block, uint blocks,
    uint batch, uint n, uint ld, ulong spaced, ulong dy_ld, ulong dy_panel, backward_writes writes, uint origins, uint kind,
    float side, __global const float *scalars, __global const float *x, __global const float *cutoffs, __global const float *y,
    __global const float *begun, __global float *dv, __global float *dy, __global float *du, __global float *partials,
    __global uint2 *entries, __global uint *starts, __local float *shared)
{
	const uint row0 = block * BLOCK_ROWS, row_end = min(row0 + BLOCK_ROWS, batch);
	const ulong mine = (layer - 1) * spaced;
	__global const float *coefficients = scalars + layers;
	x += (ulong)(layer - 1) * batch * ld;
	dy += (ulong)(layer - 1) * batch * dy_ld;
	partials += block;

	vec theta_sum = (vec)(0.0f);
#if GROUP == 1
	vec sums[LAYERS_MAX];
	for (uint l = 0; l < depth; l++) sums[l] = (vec)(0.0f);
#endif
	for (uint row = row0; row < row_end; row++) {
		const float cutoff = neuron_cutoff(kind, scalars[layer - 1], cutoffs[(layer - 1) * batch + row]);
		for (uint c = (uint)get_local_id(0) * VECTOR; c < ld; c += GROUP * VECTOR) {
			const ulong here = (ulong)row * ld + c;
			const vec output = LOAD(x + here);
			vec g = begun ? LOAD(begun + here) : (vec)(0.0f), d = (vec)(0.0f);
			for (uint rest = above, l; rest; rest ^= 1u << l) {
				l = highest_bit(rest);
				const vec h = LOAD(y + l * spaced + here);
				const vec a = (vec)(coefficients[l * layers + layer - 1]);
				g = fma(a, h, g);
#if GROUP == 1
				sums[l] = fma(h, output, sums[l]);
#else
				d = fma(a, LOAD(dv + l * spaced + here), d);
#endif
			}
			if (writes == WRITES_OPERANDS && layer < depth) {
#if GROUP == 1 /* the loop above is a pass's too */
				mix(1, MIX_DESCENDING, above, coefficients + layer - 1, layers, dv + here, spaced, &d);
#endif
				STORE(d, dy + row * dy_ld + column_at(c, dy_panel));
			}
			const vec delta = neuron_backward(kind, output, g, cutoff);
			STORE(delta, dv + mine + here);
			if (writes == WRITES_OPERANDS)
				STORE(layer == depth ? side * delta : fma((vec)(side), delta, LOAD(du + here)), du + here);
			theta_sum += neuron_backward_threshold(kind, output, delta, cutoff);
		}
#if SPARSE_BELOW > 0
		if (layer > lowest)
			list_row(dv + mine + (ulong)row * ld, n, entries + (ulong)row * LIST_LD(ld), starts + row * STARTS_LD(n));
#endif
	}
	const float theta_total = sum_group(sum_entries(theta_sum), shared);
	const ulong partials_ld = (ulong)(layers + 1) * blocks; /* a layer's */
	if (get_local_id(0) == 0) partials[(layer - 1) * partials_ld + layers * blocks] = theta_total;
#if GROUP == 1
	for (uint rest = above; rest; rest &= rest - 1) {
		const uint l = lowest_bit(rest);
		partials[l * partials_ld + (layer - 1) * blocks] = sum_entries(sums[l]);
	}
#endif
	coefficient_sums(origins_by_dv(origins, lowest), row0, row_end, ld, spaced, dv + mine, y, partials + (layer - 1) * partials_ld,
	    blocks, shared);
}

__kernel void layer_backward(uint layer, uint layers, uint batch, uint n, uint ld, ulong spaced, ulong dy_stride, ulong dy_ld,
    ulong dy_panel, __global const uint2 *list, uint list_first, __global const uint *reach, __global const uint *gates,
    __global const uint2 *neurons, __global const float *sides, __global const float *weights, ulong weights_stride,
    ulong scalars_at, __global const float *x, __global const float *cutoffs, __global const float *y,
    __global const float *gradient, __global float *dv, __global float *dy, __global float *du, __global float *partials,
    __global uint2 *entries, __global uint *starts)
{
#if GROUP > 1
	__local float shared[SUMS_AT_ONCE * GROUP];
#else
	__local float *shared = 0;
#endif
	const uint2 entry = list[list_first + get_group_id(2)];
	const uint slot = entry.x, at = slot * layers + layer - 1;
	const uint block = (uint)get_group_id(1), blocks = (uint)get_num_groups(1);
	const ulong plane = (ulong)batch * ld, lane = slot * layers;
	layer_backward_rows(layer, layers, reach[slot], entry.y, layers_above(layer, entry.y, gates + lane), block, blocks, batch, n,
	    ld, spaced, dy_ld, dy_panel, WRITES_OPERANDS, gates[at], neurons[at].x, sides[at],
	    weights + slot * weights_stride + scalars_at, x + lane * plane, cutoffs + lane * batch, y + lane * spaced,
	    layer == entry.y ? gradient + slot * plane : 0, dv + lane * spaced, dy + slot * dy_stride, du + slot * plane,
	    partials + lane * (layers + 1) * blocks, entries + (ulong)slot * batch * LIST_LD(ld),
	    starts + (ulong)slot * batch * STARTS_LD(n), shared);
}
