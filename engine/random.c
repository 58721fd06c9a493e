/* random.c: counter-based random streams, see random.h. Philox is Random123's; here is how its counter is laid out, and the way
 * from its integers to bounded integers, deviates of several distributions and permutations.
 *
 * To change anything here is to change every data set and training there is: tests/test_random.c stores bits. */
#include "random.h"

#include "elementary.h"

#include <Random123/philox.h>

#include <math.h>
#include <string.h>

random_stream random_open(uint64_t seed, random_purpose purpose, uint32_t major, uint32_t minor)
{
	return (random_stream){
	    .key = {(uint32_t)seed, (uint32_t)(seed >> 32)},
	    .counter = {0, minor, major, (uint32_t)purpose},
	    .used = 4,
	};
}

static void next_block(random_stream *stream)
{
	philox4x32_ctr_t counter;
	philox4x32_key_t key;
	memcpy(counter.v, stream->counter, sizeof stream->counter);
	memcpy(key.v, stream->key, sizeof stream->key);
	counter = philox4x32_R(10, counter, key);
	memcpy(stream->block, counter.v, sizeof stream->block);
	stream->counter[0]++;
	stream->used = 0;
}

uint32_t random_u32(random_stream *stream)
{
	if (stream->used == 4) next_block(stream);
	return stream->block[stream->used++];
}

uint32_t random_below(random_stream *stream, uint32_t bound)
{
	uint64_t product = (uint64_t)random_u32(stream) * bound;
	if ((uint32_t)product < bound) {
		uint32_t least = (0 - bound) % bound; /* 2^32 mod bound: products below it would come once too often */
		while ((uint32_t)product < least) product = (uint64_t)random_u32(stream) * bound;
	}
	return (uint32_t)(product >> 32);
}

/* p[0] + p[1]·r + … + p[7]·r⁷ */
static double polynomial(const double p[8], double r)
{
	double sum = p[7];
	for (int i = 6; i >= 0; i--) sum = sum * r + p[i];
	return sum;
}

double random_normal_quantile(double p)
{
	static const double middle_above[8] = {3.3871328727963666080e0, 1.3314166789178437745e+2, 1.9715909503065514427e+3,
	    1.3731693765509461125e+4, 4.5921953931549871457e+4, 6.7265770927008700853e+4, 3.3430575583588128105e+4,
	    2.5090809287301226727e+3};
	static const double middle_below[8] = {1.0, 4.2313330701600911252e+1, 6.8718700749205790830e+2, 5.3941960214247511077e+3,
	    2.1213794301586595867e+4, 3.9307895800092710610e+4, 2.8729085735721942674e+4, 5.2264952788528545610e+3};
	static const double near_above[8] = {1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0,
	    3.64784832476320460504e0, 1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2,
	    7.74545014278341407640e-4};
	static const double near_below[8] = {1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
	    1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9};
	static const double far_above[8] = {6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0,
	    2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5,
	    2.01033439929228813265e-7};
	static const double far_below[8] = {1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
	    7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15};
	double q = p - 0.5;
	if (q >= -0.425 && q <= 0.425) {
		double r = 0.180625 - q * q;
		return q * polynomial(middle_above, r) / polynomial(middle_below, r);
	}
	double r = sqrt(-elementary_log(q < 0.0 ? p : 1.0 - p));
	double z = r <= 5.0 ? polynomial(near_above, r - 1.6) / polynomial(near_below, r - 1.6)
	                    : polynomial(far_above, r - 5.0) / polynomial(far_below, r - 5.0);
	return q < 0.0 ? -z : z;
}

double random_uniform(random_stream *stream)
{
	/* 52 bits and a half: exact. */
	uint64_t high = random_u32(stream), low = random_u32(stream);
	double k = (double)(high << 20 | low >> 12);
	return (k + 0.5) * 0x1p-52;
}

double random_normal(random_stream *stream)
{
	return random_normal_quantile(random_uniform(stream));
}

double random_laplace(random_stream *stream)
{
	double p = random_uniform(stream);
	return p < 0.5 ? elementary_log(2.0 * p) : -elementary_log(2.0 * (1.0 - p));
}

/* Shape ≥ 1: d·v, v = (1 + c·x)³ with x normal, by rejection; some 5 % are rejected at most. */
static double gamma_from_one(random_stream *stream, double shape)
{
	double d = shape - 1.0 / 3.0, c = 1.0 / sqrt(9.0 * d);
	for (;;) {
		double x = random_normal(stream), root = 1.0 + c * x;
		if (root <= 0.0) continue;
		double v = root * root * root, p = random_uniform(stream), square = x * x;
		if (p < 1.0 - 0.0331 * square * square) return d * v;
		if (elementary_log(p) < 0.5 * square + d * (1.0 - v + elementary_log(v))) return d * v;
	}
}

double random_gamma(random_stream *stream, double shape)
{
	if (shape >= 1.0) return gamma_from_one(stream, shape);
	/* Γ(a) is Γ(a + 1)·p^(1/a), p uniform. */
	double deviate = gamma_from_one(stream, shape + 1.0), exponent = elementary_log(random_uniform(stream)) / shape;
	return exponent < -700.0 ? 0.0 : deviate * elementary_exp(exponent);
}

void random_permutation(uint64_t seed, uint32_t layer, uint32_t stage, uint32_t epoch, uint32_t count, uint32_t *out)
{
	random_stream stream = random_open(seed, RANDOM_SHUFFLE, layer << 16 | stage, epoch);
	for (uint32_t i = 0; i < count; i++) out[i] = i;
	for (uint32_t left = count; left > 1; left--) {
		uint32_t pick = random_below(&stream, left), last = out[left - 1];
		out[left - 1] = out[pick];
		out[pick] = last;
	}
}
