/* loss.cl: samples into the batch, the loss (a sum over samples, of the kind that each lane's stage says) backwards, and the two
 * NMSE. LOSS_* come as -D from clu_loss.
 *
 * Which samples: a training batch takes order[slot][first …] of the epoch's permutation, `first` of the step in hand from
 * steps[step][slot]; an evaluation takes samples first, first + 1, … in their own order, the last one repeated to fill the
 * batch. Row kernels: group (·, block, entry) as in layer.cl. */

/* Rows of the batch, [batch][ld], from samples [count][ld]. */
void gather_rows(uint row0, uint row_end, uint ld, __global const uint *order, __global const float *samples, __global float *out)
{
	for (uint row = row0; row < row_end; row++) {
		__global const float *sample = samples + (ulong)order[row] * ld;
		for (uint c = (uint)get_local_id(0) * VECTOR; c < ld; c += GROUP * VECTOR)
			STORE(LOAD(sample + c), out + (ulong)row * ld + c);
	}
}

/* b of the batch. */
__kernel void gather_training(uint batch, uint ld, __global const uint2 *list, uint list_first, __global const step_data *steps,
    uint step, uint lanes, __global const uint *order, uint order_stride, __global const float *samples, __global float *out)
{
	const uint slot = list[list_first + get_group_id(2)].x;
	const uint row0 = (uint)get_group_id(1) * BLOCK_ROWS, row_end = min(row0 + BLOCK_ROWS, batch);
	order += (ulong)slot * order_stride + steps[step * lanes + slot].first;
	gather_rows(row0, row_end, ld, order, samples, out + (ulong)slot * batch * ld);
}

__kernel void gather_evaluation(uint batch, uint ld, __global const uint2 *list, uint list_first, uint first, uint count,
    __global const float *samples, __global float *out)
{
	const uint slot = list[list_first + get_group_id(2)].x;
	const uint row0 = (uint)get_group_id(1) * BLOCK_ROWS, row_end = min(row0 + BLOCK_ROWS, batch);
	out += (ulong)slot * batch * ld;
	for (uint row = row0; row < row_end; row++) {
		__global const float *sample = samples + (ulong)min(first + row, count - 1) * ld;
		for (uint c = (uint)get_local_id(0) * VECTOR; c < ld; c += GROUP * VECTOR)
			STORE(LOAD(sample + c), out + (ulong)row * ld + c);
	}
}

/* (‖x − x*‖², ‖x*‖²) of a row, valid in work-item 0. */
float2 row_norms(__global const float *x, __global const float *truth, uint ld, __local float *shared)
{
	vec error_sum = (vec)(0.0f), truth_sum = (vec)(0.0f);
	for (uint c = (uint)get_local_id(0) * VECTOR; c < ld; c += GROUP * VECTOR) {
		const vec t = LOAD(truth + c), e = LOAD(x + c) - t;
		error_sum = fma(e, e, error_sum);
		truth_sum = fma(t, t, truth_sum);
	}
	const float error = sum_group(sum_entries(error_sum), shared);
	return (float2)(error, sum_group(sum_entries(truth_sum), shared));
}

/* What a row's loss multiplies e = x − x* by in its gradient: 1 of ½‖e‖², 1/‖e‖ of ‖e‖, 2/(‖e‖² + 1e-9‖x*‖²) of
 * log(‖e‖²/‖x*‖² + 1e-9), or 1 there where x* is 0. Below 1e-30 there is no error to speak of, and nothing to divide by. */
float loss_factor(uint loss, float2 norms)
{
	if (loss == LOSS_NORM) return 1.0f / sqrt(fmax(norms.x, 1e-30f));
	return norms.y == 0.0f ? 1.0f : 2.0f / fmax(fma(1e-9f, norms.y, norms.x), 1e-30f);
}

/* gradient = factor·(x_depth − x*), of rows of the batch; x is the last layer's. */
void loss_rows(uint loss, uint row0, uint row_end, uint ld, __global const uint *order, __global const float *samples,
    __global const float *x, __global float *gradient, __local float *shared)
{
	for (uint row = row0; row < row_end; row++) {
		__global const float *truth = samples + (ulong)order[row] * ld;
		const ulong at = (ulong)row * ld;
		float factor = 1.0f;
		if (loss != LOSS_SQUARES) factor = share_group(loss_factor(loss, row_norms(x + at, truth, ld, shared)), shared);
		for (uint c = (uint)get_local_id(0) * VECTOR; c < ld; c += GROUP * VECTOR)
			STORE(factor * (LOAD(x + at + c) - LOAD(truth + c)), gradient + at + c);
	}
}

__kernel void loss_backward(uint layers, uint batch, uint ld, __global const uint2 *list, uint list_first,
    __global const step_data *steps, uint step, uint lanes, __global const uint *order, uint order_stride,
    __global const float *samples, __global const float *x, __global float *gradient)
{
	GROUP_SCRATCH(shared);
	const uint2 entry = list[list_first + get_group_id(2)];
	const step_data now = steps[step * lanes + entry.x];
	const uint row0 = (uint)get_group_id(1) * BLOCK_ROWS, row_end = min(row0 + BLOCK_ROWS, batch);
	x += ((ulong)entry.x * layers + entry.y - 1) * batch * ld;
	loss_rows(now.loss, row0, row_end, ld, order + (ulong)entry.x * order_stride + now.first, samples, x,
	    gradient + (ulong)entry.x * batch * ld, shared);
}

/* Per sample of an evaluation: errors[slot][sample] = (‖x − x*‖², ‖x*‖²). */
__kernel void nmse_samples(uint layers, uint batch, uint ld, __global const uint2 *list, uint list_first, uint first, uint count,
    __global const float *samples, __global const float *x, __global float2 *errors, uint errors_stride)
{
	GROUP_SCRATCH(shared);
	const uint2 entry = list[list_first + get_group_id(2)];
	const uint row0 = (uint)get_group_id(1) * BLOCK_ROWS, row_end = min(row0 + BLOCK_ROWS, batch);
	x += ((ulong)entry.x * layers + entry.y - 1) * batch * ld;
	errors += (ulong)entry.x * errors_stride;
	for (uint row = row0; row < row_end && first + row < count; row++) {
		__global const float *truth = samples + (ulong)(first + row) * ld;
		const float2 norms = row_norms(x + (ulong)row * ld, truth, ld, shared);
		if (get_local_id(0) == 0) errors[first + row] = norms;
	}
}

/* Sums in two stages: work-item (part, entry) sums one of NMSE_PARTS equal runs of samples; then one work-item a lane sums the
 * parts. sums[slot] = (Σ 10·log10 of the ratio, Σ‖x − x*‖², Σ‖x*‖², 0). */
__kernel void nmse_parts(__global const uint2 *list, uint list_first, uint count, __global const float2 *errors, uint errors_stride,
    __global float4 *parts)
{
	const uint part = (uint)get_global_id(0);
	const uint slot = list[list_first + get_global_id(1)].x;
	const uint run = (count + NMSE_PARTS - 1) / NMSE_PARTS, end = min((part + 1) * run, count);
	errors += (ulong)slot * errors_stride;
	float4 sum = (float4)(0.0f);
	for (uint s = part * run; s < end; s++) {
		const float2 e = errors[s];
		const float ratio = e.x / e.y;
		/* written so that NaN passes through: a network that diverged must not look good */
		sum.x = fma(4.3429448190f, log(ratio < 1e-30f ? 1e-30f : ratio), sum.x);
		sum.y += e.x;
		sum.z += e.y;
	}
	parts[(ulong)slot * NMSE_PARTS + part] = sum;
}

__kernel void nmse_sum(__global const uint2 *list, uint list_first, __global const float4 *parts, __global float4 *sums)
{
	const uint slot = list[list_first + get_global_id(0)].x;
	float4 sum = (float4)(0.0f);
	for (uint part = 0; part < NMSE_PARTS; part++) sum += parts[(ulong)slot * NMSE_PARTS + part];
	sums[slot] = sum;
}
