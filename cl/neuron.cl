/* neuron.cl: the neurons η_θ, forward and derivative together. A new kind needs a line in each of the functions by entry, in
 * CLU_NEURON_MAP and in reference.c. NEURON_* come as -D from CLU_NEURON_MAP.
 *
 *   soft   η(v) = sign(v)·max(0, |v| − θ)     η' = [x ≠ 0]           ∂η/∂θ = −sign(x)
 *   relu   η(v) = max(0, v − θ)               η' = [x > 0]           ∂η/∂θ = −η'
 *   leaky  u = v − θ;  u > 0 ? u : 0.1·u      η' = x > 0 ? 1 : 0.1   ∂η/∂θ = −η'
 *   select θ > 0, |v| > θ, |v| ≥ t ? v : soft η' = [x ≠ 0]           ∂η/∂θ = |x| ≥ t ? 0 : −sign(x)
 *   firm   θ > 0 ? sign(v)·min(|v|, 2·max(0, |v| − θ)) : soft
 *                                          η' = |x| ≥ 2θ ? 1 : 2·[x ≠ 0]  ∂η/∂θ = |x| ≥ 2θ ? 0 : −2·sign(x)
 *
 * All derivatives follow from the output x, so v is never stored. Zeros are +0: a sum that skips zeros must have the bits of one
 * that does not. A cutoff t parts the magnitudes whose x is v from the others, in v and in x alike. select's parts a row's largest,
 * as many as the layer selects, and is kept beside x: what is not selected became smaller. A θ ≤ 0 would make it larger, beyond t
 * perhaps; there select is soft, which at θ = 0 is the same. firm's is 2θ; between θ and 2θ its differences and products are
 * exact. */
#define LEAKY_SLOPE 0.1f
#define FIRM_SLOPE 2.0f                     /* between θ and the cutoff … */
#define FIRM_CUTOFF(theta) (2.0f * (theta)) /* … where a line of that slope from θ on meets v */

vec shrink(vec v, float theta)
{
	vec zero = (vec)(0.0f);
	vec magnitude = fmax(fabs(v) - theta, zero);
	vec x = copysign(magnitude, v);
	return select(x, zero, (v == zero) | (magnitude == zero));
}

/* For select the first half, without the shrinking: neuron_select does that. */
vec neuron_forward(uint kind, vec v, float theta)
{
	vec zero = (vec)(0.0f);
	if (kind == NEURON_SOFT) return shrink(v, theta);
	if (kind == NEURON_SELECT && theta > 0.0f) return select(zero, v, fabs(v) > (vec)(theta));
	if (kind == NEURON_FIRM && theta > 0.0f) {
		const vec x = shrink(v, theta);
		return select(FIRM_SLOPE * x, v, fabs(v) >= (vec)(FIRM_CUTOFF(theta)));
	}
	if (kind == NEURON_SELECT || kind == NEURON_FIRM) return shrink(v, theta);
	vec u = v - theta;
	if (kind == NEURON_RELU) return select(zero, u, u > zero);
	vec x = select(LEAKY_SLOPE * u, u, u > zero);
	return select(x, zero, x == zero);
}

/* The cutoff of a row of neurons whose kind has one, `selected_cutoff` being what neuron_select found; 0: none. */
float neuron_cutoff(uint kind, float theta, float selected_cutoff)
{
	if (kind == NEURON_SELECT) return selected_cutoff;
	return kind == NEURON_FIRM && theta > 0.0f ? FIRM_CUTOFF(theta) : 0.0f;
}

/* dv = gradient ⊙ η'(v), from the neuron's output x. */
vec neuron_backward(uint kind, vec x, vec gradient, float cutoff)
{
	vec zero = (vec)(0.0f);
	if (kind == NEURON_FIRM) return select(zero, select(gradient, FIRM_SLOPE * gradient, fabs(x) < (vec)(cutoff)), x != zero);
	if (kind == NEURON_SOFT || kind == NEURON_SELECT) return select(zero, gradient, x != zero);
	if (kind == NEURON_RELU) return select(zero, gradient, x > zero);
	return select(LEAKY_SLOPE * gradient, gradient, x > zero);
}

/* The entries whose negative sum is dθ. */
vec neuron_backward_threshold(uint kind, vec x, vec dv, float cutoff)
{
	vec zero = (vec)(0.0f);
	if (kind == NEURON_RELU || kind == NEURON_LEAKY) return dv;
	vec signed_dv = select(dv, -dv, x < zero);
	return cutoff > 0.0f ? select(signed_dv, zero, fabs(x) >= (vec)(cutoff)) : signed_dv;
}

/* How many magnitudes of a row reach the cutoff, known to all of the work-group. */
uint count_reaching(__global const float *row, uint ld, float cutoff, __local float *shared)
{
	ivec count = (ivec)(0);
	for (uint c = (uint)get_local_id(0) * VECTOR; c < ld; c += GROUP * VECTOR)
		count += select((ivec)(0), (ivec)(1), fabs(LOAD(row + c)) >= (vec)(cutoff));
	return (uint)share_group(sum_group(sum_entries(TO_FLOATS(count)), shared), shared);
}

/* A cutoff that so many of the row's nonzeros, all beyond θ > 0, reach; more where several tie for the last place, all where there
 * are no more. Bisects between two floats, as the whole numbers that their bits are, until the numbers agree: some ten passes over
 * the row. Which entries reach it depends on the row alone, not on where the search begins. */
float find_cutoff(uint wanted, float theta, __global const float *row, uint ld, __local float *shared)
{
	vec sum = (vec)(0.0f);
	for (uint c = (uint)get_local_id(0) * VECTOR; c < ld; c += GROUP * VECTOR) sum += fabs(LOAD(row + c));
	const float most = share_group(sum_group(sum_entries(sum), shared), shared) / wanted; /* so many that large fit in the sum … */
	uint low = as_uint(theta), high = as_uint(1.001f * most) + 1;                         /* … with room for its rounding */
	uint found = count_reaching(row, ld, theta, shared);
	bool parted = found <= wanted;
	while (!parted && high - low > 1) {
		const uint middle = low + (high - low) / 2;
		found = count_reaching(row, ld, as_float(middle), shared);
		if (found >= wanted)
			low = middle;
		else
			high = middle;
		parted = found == wanted;
	}
	return as_float(low);
}

/* The second half of a row of select: of what neuron_forward left, shrinks all but the largest. Returns the row's cutoff. Each
 * work-item changes the columns that it wrote. */
SHARED_FUNCTION float neuron_select(uint selected, float theta, __global float *row, uint ld, __local float *shared)
{
	float cutoff = INFINITY;
	if (theta > 0.0f) {
		if (selected > 0) cutoff = find_cutoff(selected, theta, row, ld, shared);
		for (uint c = (uint)get_local_id(0) * VECTOR; c < ld; c += GROUP * VECTOR) {
			const vec v = LOAD(row + c);
			STORE(select(shrink(v, theta), v, fabs(v) >= (vec)(cutoff)), row + c);
		}
	}
	return cutoff;
}
