/* layer.cl: one layer of the network between its products: the mix of earlier layers' outputs and the neuron (paper, eq. 5
 * and 6; multiply first, then mix), and the same backwards.
 *
 *   Y_i = x_i W_xᵀ     v_L = s_L U + Σ_{i∈S_L} a_{i,L} Y_i     x_L = η(v_L)
 *   H_L = dv_L W_x     G_i = Σ_{L: i∈S_L} a_{i,L} H_L          dY_i = Σ_{L: i∈S_L} a_{i,L} dv_L
 *   dv_L = G_L ⊙ η'    da_{i,L} = ⟨dv_L, Y_i⟩                  dθ_L = −Σ …            dU = Σ_L s_L dv_L
 *
 * Index space of both: a work-group is GROUP work-items; group (·, block, entry) covers BLOCK_ROWS rows of the batch of the
 * lane in that list entry; a work-item strides over the columns. Sums over origins and layers go in ascending order.
 * Per lane: x, y, h, dv, dy are [layers][batch][ld]; u, du, gradient are [batch][ld]; gates, neurons, sides are [layers];
 * scalars are θ[layers], then a[layers][layers] (row: layer L, column: origin i), inside the lane's weights.
 * Where products skip zeros (SPARSE_BELOW > 0) the kernels also list the nonzero columns of each row of x and dv that will be
 * multiplied, [layers][batch][ld], and count them, [layers][batch]. */

#if SPARSE_BELOW > 0
/* Branch-free; returns how many. `columns` has room for n. */
uint list_nonzeros(__global const float *row, uint n, __global ushort *columns)
{
	uint filled = 0;
	for (uint c = 0; c < n; c++) {
		columns[filled] = (ushort)c;
		filled += row[c] != 0.0f;
	}
	return filled;
}
#endif

/* v = s U + Σ a_i Y_i at one vector of a row, to which u and y point; y's layers are `plane` apart. */
vec mix_forward(uint origins, __global const float *coefficients, float side, __global const float *u, __global const float *y,
	ulong plane)
{
	vec v = side * LOAD(u);
	for (uint rest = origins; rest; rest &= rest - 1) {
		const uint i = lowest_bit(rest);
		v = fma((vec)(coefficients[i]), LOAD(y + i * plane), v);
	}
	return v;
}

__kernel void layer_forward(uint layer, uint layers, uint batch, uint n, uint ld, __global const uint2 *list, uint list_first,
	__global const uint *gates, __global const uint *neurons, __global const float *sides, __global const float *weights,
	ulong weights_stride, ulong scalars_at, __global const float *u, __global const float *y, __global float *x,
	__global ushort *columns, __global uint *counts)
{
	const uint2 entry = list[list_first + get_group_id(2)];
	const uint slot = entry.x;
	const uint row0 = (uint)get_group_id(1) * BLOCK_ROWS;
	const uint row_end = min(row0 + BLOCK_ROWS, batch);
	const ulong plane = (ulong)batch * ld;
	const uint at = slot * layers + layer - 1;
	const uint origins = gates[at], kind = neurons[at];
	const float side = sides[at];
	__global const float *scalars = weights + slot * weights_stride + scalars_at;
	__global const float *coefficients = scalars + layers + (layer - 1) * layers;
	const float theta = scalars[layer - 1];
	u += slot * plane;
	y += slot * layers * plane;
	x += (slot * layers + layer - 1) * plane;

	for (uint row = row0; row < row_end; row++) {
		for (uint c = (uint)get_local_id(0) * VECTOR; c < ld; c += GROUP * VECTOR) {
			const ulong here = (ulong)row * ld + c;
			const vec v = mix_forward(origins, coefficients, side, u + here, y + here, plane);
			STORE(clear_padding(neuron_forward(kind, v, theta), c, n), x + here);
		}
#if SPARSE_BELOW > 0
		if (layer < entry.y)
			counts[at * batch + row] = list_nonzeros(x + (ulong)row * ld, n, columns + at * plane + (ulong)row * ld);
#endif
	}
}

/* The layers that have this one as an origin, from 0 and ascending, and their coefficients for it; returns how many. */
uint layers_above(uint layer, uint depth, uint layers, __global const uint *gates, __global const float *coefficients, uint *above,
	float *above_coefficient)
{
	uint count = 0;
	for (uint l = layer + 1; l <= depth; l++)
		if (gates[l - 1] >> (layer - 1) & 1u) {
			above_coefficient[count] = coefficients[(l - 1) * layers + layer - 1];
			above[count++] = l - 1;
		}
	return count;
}

/* ⟨dv, Y_i⟩ over the work-group's rows, for each origin i of the layer, into its place among the partial sums. */
void coefficient_sums(uint origins, uint row0, uint row_end, uint ld, ulong plane, __global const float *dv, __global const float *y,
	__global float *partials, uint blocks, __local float *shared)
{
	for (uint rest = origins; rest; rest &= rest - 1) {
		const uint i = lowest_bit(rest);
		vec sum = (vec)(0.0f);
		for (uint row = row0; row < row_end; row++)
			for (uint c = (uint)get_local_id(0) * VECTOR; c < ld; c += GROUP * VECTOR) {
				const ulong here = (ulong)row * ld + c;
				sum = fma(LOAD(dv + here), LOAD(y + i * plane + here), sum);
			}
		const float total = sum_group(sum_entries(sum), shared);
		if (get_local_id(0) == 0) partials[i * blocks] = total;
	}
}

/* The top layer (layer == depth) takes its gradient from the loss, the others from the H of the layers above. Writes dv and,
 * below the top, dy of this layer; the top starts du, the others add to it. partials [lane][layers][layers + 1][blocks]: this
 * layer's sums for da_{1…layers} and dθ, one for each block of rows; scalar_update sums the blocks. */
__kernel void layer_backward(uint layer, uint layers, uint batch, uint n, uint ld, __global const uint2 *list, uint list_first,
	__global const uint *gates, __global const uint *neurons, __global const float *sides, __global const float *weights,
	ulong weights_stride, ulong scalars_at, __global const float *x, __global const float *y, __global const float *h,
	__global const float *gradient, __global float *dv, __global float *dy, __global float *du, __global float *partials,
	__global ushort *columns, __global uint *counts)
{
#if GROUP > 1
	__local float shared[GROUP];
#else
	__local float *shared = 0;
#endif
	const uint2 entry = list[list_first + get_group_id(2)];
	const uint slot = entry.x, depth = entry.y;
	const uint block = (uint)get_group_id(1), blocks = (uint)get_num_groups(1);
	const uint row0 = block * BLOCK_ROWS, row_end = min(row0 + BLOCK_ROWS, batch);
	const ulong plane = (ulong)batch * ld;
	const uint at = slot * layers + layer - 1;
	const uint kind = neurons[at];
	const float side = sides[at];
	__global const float *coefficients = weights + slot * weights_stride + scalars_at + layers;
	const ulong lane = slot * layers * plane, mine = (layer - 1) * plane;
	x += lane + mine;
	y += lane;
	h += lane;
	dv += lane;
	dy += lane + mine;
	gradient += slot * plane;
	du += slot * plane;
	partials += ((ulong)at * (layers + 1)) * blocks + block;

	uint above[LAYERS_MAX];
	float above_coefficient[LAYERS_MAX];
	const uint above_count = layers_above(layer, depth, layers, gates + slot * layers, coefficients, above, above_coefficient);

	vec theta_sum = (vec)(0.0f);
	for (uint row = row0; row < row_end; row++) {
		for (uint c = (uint)get_local_id(0) * VECTOR; c < ld; c += GROUP * VECTOR) {
			const ulong here = (ulong)row * ld + c;
			vec g = (vec)(0.0f), d = (vec)(0.0f);
			if (layer == depth) {
				g = LOAD(gradient + here);
			} else {
				for (uint k = 0; k < above_count; k++) {
					const vec a = (vec)(above_coefficient[k]);
					g = fma(a, LOAD(h + above[k] * plane + here), g);
					d = fma(a, LOAD(dv + above[k] * plane + here), d);
				}
				STORE(d, dy + here);
			}
			const vec output = LOAD(x + here);
			const vec delta = neuron_backward(kind, output, g);
			STORE(delta, dv + mine + here);
			STORE(layer == depth ? side * delta : fma((vec)(side), delta, LOAD(du + here)), du + here);
			theta_sum += neuron_backward_threshold(kind, output, delta);
		}
#if SPARSE_BELOW > 0
		if (layer > 1)
			counts[at * batch + row] = list_nonzeros(dv + mine + (ulong)row * ld, n, columns + at * plane + (ulong)row * ld);
#endif
	}
	const float theta_total = sum_group(sum_entries(theta_sum), shared);
	if (get_local_id(0) == 0) partials[layers * blocks] = theta_total;

	coefficient_sums(gates[at], row0, row_end, ld, plane, dv + mine, y, partials, blocks, shared);
}
