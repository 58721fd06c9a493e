/* test_random.c: random streams. Philox against Random123's published vectors, the quantile function against libm's erfc,
 * moments and tails of what is drawn, bias, independence of streams, and stored bits: data must never change unnoticed. */
#include "random.h"
#include "support.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* From Random123's kat_vectors, philox4x32 with 10 rounds. */
static void test_philox_known_answers(void **state)
{
	(void)state;
	static const struct {
		uint32_t counter[4], key[2], wanted[4];
	} cases[] = {
	    {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
	    {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff},
	        {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
	    {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0},
	        {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint64_t seed = (uint64_t)cases[i].key[1] << 32 | cases[i].key[0];
		random_stream stream = random_open(seed, RANDOM_CODES, cases[i].counter[2], cases[i].counter[1]);
		stream.counter[3] = cases[i].counter[3];
		stream.counter[0] = cases[i].counter[0];
		for (int word = 0; word < 4; word++) assert_int_equal(random_u32(&stream), cases[i].wanted[word]);
	}
}

static void test_each_name_is_another_stream(void **state)
{
	(void)state;
	uint32_t first[8];
	random_stream streams[8] = {
	    random_open(1, RANDOM_CODES, 0, 0),
	    random_open(2, RANDOM_CODES, 0, 0),
	    random_open(1ull << 32 | 1, RANDOM_CODES, 0, 0),
	    random_open(1, RANDOM_NOISE, 0, 0),
	    random_open(1, RANDOM_CODES, 1, 0),
	    random_open(1, RANDOM_CODES, 0, 1),
	    random_open(1, RANDOM_SHUFFLE, 0, 0),
	    random_open(1, RANDOM_DICTIONARY, 0, 0),
	};
	for (int i = 0; i < 8; i++) {
		first[i] = random_u32(&streams[i]);
		for (int j = 0; j < i; j++) assert_true(first[i] != first[j]);
	}
}

/* Φ(z) by erfc, in the tail where it is small, so that the relative error counts there too. */
static void test_quantile_inverts_the_distribution(void **state)
{
	(void)state;
	static const double tails[] = {0.5, 0.4, 0.075, 0.07499999, 0.025, 1e-3, 1e-6, 1.3887943864964e-11, 1e-12, 0x1p-53};
	for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
		double z = random_normal_quantile(tails[i]), p = 0.5 * erfc(-z / sqrt(2.0));
		print_message("p %.17g: z %.17g, back %.17g\n", tails[i], z, p);
		assert_true(fabs(p - tails[i]) <= 2e-14 * tails[i]); /* erfc magnifies the last bit of z by z² */
		if (tails[i] > 1e-6) assert_true(fabs(random_normal_quantile(1.0 - tails[i]) + z) < 1e-9);
	}
	assert_true(random_normal_quantile(0.5) == 0.0);
	assert_true(fabs(random_normal_quantile(0.975) - 1.9599639845400543) < 1e-15);
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void test_moments_and_quantiles_of_normals(void **state)
{
	(void)state;
	enum { COUNT = 1000000 };
	double *z = malloc(COUNT * sizeof *z), moment[5] = {0};
	assert_non_null(z);
	random_stream stream = random_open(7, RANDOM_NOISE, 0, 0);
	for (int i = 0; i < COUNT; i++) {
		z[i] = random_normal(&stream);
		for (int power = 1; power <= 4; power++) moment[power] += pow(z[i], power) / COUNT;
	}
	print_message("moments %.5f %.5f %.5f %.5f\n", moment[1], moment[2], moment[3], moment[4]);
	/* five standard errors: √1, √2, √15, √96 over √COUNT */
	assert_true(fabs(moment[1]) < 0.005);
	assert_true(fabs(moment[2] - 1.0) < 0.0071);
	assert_true(fabs(moment[3]) < 0.0194);
	assert_true(fabs(moment[4] - 3.0) < 0.049);
	qsort(z, COUNT, sizeof *z, ascending);
	static const double probability[] = {1e-4, 0.01, 0.25, 0.5, 0.75, 0.99, 0.9999};
	for (size_t i = 0; i < sizeof probability / sizeof *probability; i++) {
		double p = probability[i], wanted = random_normal_quantile(p);
		double density = exp(-0.5 * wanted * wanted) / sqrt(2.0 * 3.14159265358979323846);
		double found = z[(size_t)(p * COUNT)], standard_error = sqrt(p * (1.0 - p) / COUNT) / density;
		print_message("quantile %g: %.5f, wanted %.5f ± %.5f\n", p, found, wanted, standard_error);
		assert_true(fabs(found - wanted) < 5.0 * standard_error);
	}
	free(z);
}

/* ---- other distributions: the largest distance between what was drawn and the distribution function ---- */

typedef struct distribution {
	const char *label;
	double shape; /* of a gamma distribution; 0: Laplace */
} distribution;

/* Series of the incomplete gamma function: all terms positive. */
static double gamma_below(double shape, double x)
{
	double term = 1.0 / shape, sum = term;
	for (int k = 1; term > 1e-17 * sum; k++) {
		term *= x / (shape + k);
		sum += term;
	}
	return x > 0.0 ? exp(shape * log(x) - x - lgamma(shape)) * sum : 0.0;
}

static double below(const distribution *what, double z)
{
	if (what->shape > 0.0) return gamma_below(what->shape, z);
	return z < 0.0 ? 0.5 * exp(z) : 1.0 - 0.5 * exp(-z);
}

static void test_laplace_and_gamma_have_their_distribution(void **state)
{
	(void)state;
	static const distribution cases[] = {{"Laplace", 0.0}, {"Gamma 0.02", 0.02}, {"Gamma 0.1", 0.1}, {"Gamma 0.5", 0.5},
	    {"Gamma 0.999", 0.999}, {"Gamma 1", 1.0}, {"Gamma 2.5", 2.5}, {"Gamma 40", 40.0}};
	enum { COUNT = 100000 };
	double *z = malloc(COUNT * sizeof *z);
	assert_non_null(z);
	for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
		const distribution *what = &cases[c];
		random_stream stream = random_open(11, RANDOM_CODES, 0, (uint32_t)c);
		double sum = 0.0, square = 0.0, distance = 0.0;
		for (int i = 0; i < COUNT; i++) {
			z[i] = what->shape > 0.0 ? random_gamma(&stream, what->shape) : random_laplace(&stream);
			sum += z[i];
			square += z[i] * z[i];
		}
		qsort(z, COUNT, sizeof *z, ascending);
		for (int i = 0; i < COUNT; i++) {
			double p = below(what, z[i]);
			distance = fmax(distance, fmax(p - (double)i / COUNT, (i + 1.0) / COUNT - p));
		}
		/* a gamma's mean and variance are its shape, its fourth central moment 3a² + 6a; Laplace's 0, 2 and 24 */
		double a = what->shape, mean = sum / COUNT, variance = square / COUNT - mean * mean;
		double wanted = a > 0.0 ? a : 2.0, spread = a > 0.0 ? 2.0 * a * a + 6.0 * a : 20.0;
		print_message("%s: mean %.5f, variance %.5f, distance %.5f\n", what->label, mean, variance, distance);
		assert_true(distance * sqrt(COUNT) < 2.0); /* Kolmogorov: above once in 1,500 times */
		assert_true(fabs(mean - a) < 5.0 * sqrt(wanted / COUNT));
		assert_true(fabs(variance - wanted) < 5.0 * sqrt(spread / COUNT));
	}
	free(z);
}

/* A shape near 0 leaves most deviates below all numbers: they are 0, not something odd. */
static void test_gamma_of_the_smallest_shapes(void **state)
{
	(void)state;
	enum { COUNT = 20000 };
	random_stream stream = random_open(3, RANDOM_CODES, 0, 0);
	int zeros = 0;
	for (int i = 0; i < COUNT; i++) {
		double z = random_gamma(&stream, 1e-3);
		assert_true(z >= 0.0 && z < 50.0);
		zeros += z == 0.0;
	}
	double wanted = exp(-700.0 * 1e-3); /* of p^(1/shape) < e^−700 */
	print_message("%d zeros of %d\n", zeros, COUNT);
	assert_true(fabs((double)zeros / COUNT - wanted) < 5.0 * sqrt(wanted * (1.0 - wanted) / COUNT));
}

static void test_below_has_no_bias(void **state)
{
	(void)state;
	static const uint32_t bounds[] = {1, 2, 3, 7, 1000, 0x80000001u, 0xc0000000u, 0xffffffffu};
	for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
		enum { COUNT = 300000 };
		random_stream stream = random_open(3, RANDOM_CODES, 0, (uint32_t)i);
		uint32_t lower = 0;
		for (int draw = 0; draw < COUNT; draw++) {
			uint32_t value = random_below(&stream, bounds[i]);
			assert_true(value < bounds[i]);
			if (value < bounds[i] / 3) lower++;
		}
		/* With plain multiplication 0xc0000000 would give each third multiple twice: a share of ½ rather than of ⅓. */
		double wanted = (double)(bounds[i] / 3) / bounds[i];
		assert_true(fabs((double)lower / COUNT - wanted) <= 5.0 * sqrt(wanted * (1.0 - wanted) / COUNT));
	}
}

static void test_permutation_is_one(void **state)
{
	(void)state;
	static const uint32_t counts[] = {0, 1, 2, 3, 127, 128, 1021};
	uint32_t out[1021];
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		bool seen[1021] = {0};
		random_permutation(5, 3, 1, 2, counts[i], out);
		for (uint32_t at = 0; at < counts[i]; at++) {
			assert_true(out[at] < counts[i]);
			assert_false(seen[out[at]]);
			seen[out[at]] = true;
		}
	}
}

static void test_permutations_are_equally_likely(void **state)
{
	(void)state;
	enum { DRAWS = 24000 };
	int count[4][4][4] = {0};
	for (uint32_t epoch = 0; epoch < DRAWS; epoch++) {
		uint32_t out[4];
		random_permutation(11, 1, 0, epoch, 4, out);
		count[out[0]][out[1]][out[2]]++;
	}
	for (int a = 0; a < 4; a++) {
		for (int b = 0; b < 4; b++) {
			for (int c = 0; c < 4; c++) {
				int wanted = a != b && b != c && a != c ? DRAWS / 24 : 0;
				assert_true(abs(count[a][b][c] - wanted) <= 5.0 * sqrt(wanted)); /* five standard deviations */
			}
		}
	}
}

static void test_permutation_depends_on_its_key_alone(void **state)
{
	(void)state;
	enum { COUNT = 64 };
	static const struct {
		uint64_t seed;
		uint32_t layer, stage, epoch;
	} keys[] = {{1, 1, 0, 0}, {2, 1, 0, 0}, {1, 2, 0, 0}, {1, 1, 1, 0}, {1, 1, 0, 1}, {1, 16, 2, 249}};
	uint32_t out[6][COUNT], again[COUNT];
	for (int i = 0; i < 6; i++) {
		random_permutation(keys[i].seed, keys[i].layer, keys[i].stage, keys[i].epoch, COUNT, out[i]);
		random_permutation(keys[i].seed, keys[i].layer, keys[i].stage, keys[i].epoch, COUNT, again);
		assert_memory_equal(out[i], again, sizeof again);
		for (int j = 0; j < i; j++) assert_memory_not_equal(out[i], out[j], sizeof again);
	}
}

static void test_stored_bits(void **state)
{
	(void)state;
	static const uint64_t wanted[] = {
	    0xbfec7073394adb05, 0xbfe33a7e75163586, 0xbfedfb7d2bf2a008, 0xbfe1c293a04bcd21, 0xbfe9a3c1a591d01d, 0x3ff18de7bb898908};
	random_stream stream = random_open(1, RANDOM_CODES, 0, 0);
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
		double z = random_normal(&stream);
		uint64_t bits;
		memcpy(&bits, &z, sizeof bits);
		print_message("%.17g 0x%016" PRIx64 "\n", z, bits);
		assert_int_equal(bits, wanted[i]);
	}
	uint64_t hash = 14695981039346656037u; /* FNV-1a over many deviates, tails included, and over a permutation */
	for (int i = 0; i < 100000; i++) {
		double z = random_normal(&stream);
		uint64_t bits;
		memcpy(&bits, &z, sizeof bits);
		hash = (hash ^ bits) * 1099511628211u;
	}
	print_message("0x%016" PRIx64 "\n", hash);
	assert_int_equal(hash, 0xbaaa9367760275e6);
	static uint32_t out[102400];
	random_permutation(1, 16, 2, 7, 102400, out);
	hash = 14695981039346656037u;
	for (int i = 0; i < 102400; i++) hash = (hash ^ out[i]) * 1099511628211u;
	print_message("0x%016" PRIx64 "\n", hash);
	assert_int_equal(hash, 0x659e9e8c29d989cb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_philox_known_answers),
	    cmocka_unit_test(test_each_name_is_another_stream),
	    cmocka_unit_test(test_quantile_inverts_the_distribution),
	    cmocka_unit_test(test_moments_and_quantiles_of_normals),
	    cmocka_unit_test(test_laplace_and_gamma_have_their_distribution),
	    cmocka_unit_test(test_gamma_of_the_smallest_shapes),
	    cmocka_unit_test(test_below_has_no_bias),
	    cmocka_unit_test(test_permutation_is_one),
	    cmocka_unit_test(test_permutations_are_equally_likely),
	    cmocka_unit_test(test_permutation_depends_on_its_key_alone),
	    cmocka_unit_test(test_stored_bits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
