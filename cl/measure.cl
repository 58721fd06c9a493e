/* measure.cl: what the device can do at best, for `clunroll devices` and as the yardstick of benchmarks. */

/* 12 independent chains of fma a work-item, `rounds` long: 2·12·VECTOR·rounds floating-point operations. */
__kernel void measure_fma(uint rounds, float factor, __global float *out)
{
	vec sum[12];
	UNROLLED
	for (uint i = 0; i < 12; i++) sum[i] = (vec)((float)(get_global_id(0) + i));
	for (uint r = 0; r < rounds; r++) {
		UNROLLED
		for (uint i = 0; i < 12; i++) sum[i] = fma(sum[i], (vec)(factor), (vec)(1.0f));
	}
	vec total = (vec)(0.0f);
	UNROLLED
	for (uint i = 0; i < 12; i++) total += sum[i];
	out[get_global_id(0)] = sum_entries(total);
}

/* out = in, `run` vectors a work-group: 8·VECTOR·run bytes a group, read and written. */
__kernel void measure_copy(uint run, __global const float *in, __global float *out)
{
	const ulong base = (ulong)get_group_id(0) * run * VECTOR;
	for (uint i = (uint)get_local_id(0); i < run; i += GROUP) STORE(LOAD(in + base + i * VECTOR), out + base + i * VECTOR);
}
