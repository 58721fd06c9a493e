/* neuron.cl: the neurons η_θ, elementwise, forward and derivative together. A new kind needs a line in each of the three
 * functions here, in CLU_NEURON_MAP and in reference.c. NEURON_* come as -D from CLU_NEURON_MAP.
 *
 *   soft   η(v) = sign(v)·max(0, |v| − θ)     η' = [x ≠ 0]           ∂η/∂θ = −sign(x)
 *   relu   η(v) = max(0, v − θ)               η' = [x > 0]           ∂η/∂θ = −η'
 *   leaky  u = v − θ;  u > 0 ? u : 0.1·u      η' = x > 0 ? 1 : 0.1   ∂η/∂θ = −η'
 *
 * All three derivatives follow from the output x, so v is never stored. Zeros are +0: a sum that skips zeros must have
 * the bits of one that does not. */
#define LEAKY_SLOPE 0.1f

vec neuron_forward(uint kind, vec v, float theta)
{
	vec zero = (vec)(0.0f);
	if (kind == NEURON_SOFT) {
		vec magnitude = fmax(fabs(v) - theta, zero);
		vec x = copysign(magnitude, v);
		return select(x, zero, (v == zero) | (magnitude == zero));
	}
	vec u = v - theta;
	if (kind == NEURON_RELU) return select(zero, u, u > zero);
	vec x = select(LEAKY_SLOPE * u, u, u > zero);
	return select(x, zero, x == zero);
}

/* dv = gradient ⊙ η'(v), from the neuron's output x. */
vec neuron_backward(uint kind, vec x, vec gradient)
{
	vec zero = (vec)(0.0f);
	if (kind == NEURON_SOFT) return select(zero, gradient, x != zero);
	if (kind == NEURON_RELU) return select(zero, gradient, x > zero);
	return select(LEAKY_SLOPE * gradient, gradient, x > zero);
}

/* The entries whose negative sum is dθ. */
vec neuron_backward_threshold(uint kind, vec x, vec dv)
{
	if (kind != NEURON_SOFT) return dv;
	return select(dv, -dv, x < (vec)(0.0f));
}
