/* test_generate.c: what the experiment's data is made of. A small problem bit by bit against an independent implementation (the
 * stored words come from it), the statistics that the protocol asks for, noise, and the Lipschitz constant where it is known. */
#include "generate.h"
#include "support.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SEED (UINT64_C(5) << 32 | 7)

static float *floats(size_t count)
{
	float *values = calloc(count, sizeof *values);
	assert_non_null(values);
	return values;
}

static void assert_bits(const char *label, const float *values, const uint32_t *wanted, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint32_t bits;
		memcpy(&bits, &values[i], sizeof bits);
		print_message("%s[%zu] = %.9g\n", label, i, (double)values[i]);
		assert_int_equal(bits, wanted[i]);
	}
}

/* m = 3, n = 5, density 0.3, sample 1 of each set; as by a plain Python implementation of the protocol. */
static void test_bits_of_a_small_problem(void **state)
{
	(void)state;
	static const uint32_t wanted_dictionary[15] = {0x3f55ac00, 0x3f1d6a17, 0xbe5455ad, 0xbf1dd4b3, 0xbd0d5a3a, 0xbe61ec7d,
	    0xbe48513e, 0xbd7deb22, 0xbf32f3c7, 0xbf794b7e, 0x3f0130d0, 0x3f4392aa, 0xbf79eeba, 0xbeb97d1a, 0x3e662179};
	static const struct {
		uint32_t x[5], clean[3], noisy[3]; /* noisy: 20 dB */
	} wanted[3] = {
	    {{0x3f6a51fa, 0, 0x3f3f6d82, 0, 0}, {0x3f1be1f4, 0xbe7e4246, 0xbe894813}, {0x3f25d4c0, 0xbe892618, 0xbe7b4e6a}},
	    {{0, 0, 0x4016ee7a, 0, 0x3ea94516}, {0xbf001bb6, 0xbeefb045, 0xc00e9962}, {0xbefdb803, 0xbf000260, 0xc00c1d09}},
	    {{0, 0xbecb7bb1, 0, 0, 0x3fd19db1}, {0xbe9a0e9e, 0xbfc22c9f, 0x3d83ed28}, {0xbee7c0d1, 0xbfbe53de, 0x3d802f7d}},
	};
	float dictionary[15], x[10], b[6];
	generate_dictionary(SEED, 3, 5, dictionary);
	assert_bits("D", dictionary, wanted_dictionary, 15);
	for (unsigned set = 0; set < 3; set++) {
		generate_codes(SEED, (generate_set)set, 0.3, 2, 5, x);
		assert_bits("x", x + 5, wanted[set].x, 5);
		assert_int_equal(generate_measurements(dictionary, 3, 5, x, 2, SEED, (generate_set)set, INFINITY, b, NULL), CLU_OK);
		assert_bits("b", b + 3, wanted[set].clean, 3);
		assert_int_equal(generate_measurements(dictionary, 3, 5, x, 2, SEED, (generate_set)set, 20.0, b, NULL), CLU_OK);
		assert_bits("b at 20 dB", b + 3, wanted[set].noisy, 3);
	}
}

static uint64_t hash_floats(const float *values, size_t count)
{
	uint64_t hash = 14695981039346656037u; /* FNV-1a on words */
	for (size_t i = 0; i < count; i++) {
		uint32_t bits;
		memcpy(&bits, &values[i], sizeof bits);
		hash = (hash ^ bits) * 1099511628211u;
	}
	return hash;
}

static void test_bits_at_full_size(void **state)
{
	(void)state;
	enum { M = 250, N = 500, COUNT = 300 };
	float *dictionary = floats(M * N), *x = floats(COUNT * N), *b = floats(COUNT * M);
	double lipschitz;
	generate_dictionary(1, M, N, dictionary);
	generate_codes(1, GENERATE_TEST, 0.1, COUNT, N, x);
	assert_int_equal(generate_measurements(dictionary, M, N, x, COUNT, 1, GENERATE_TEST, 40.0, b, NULL), CLU_OK);
	assert_int_equal(generate_lipschitz(dictionary, M, N, &lipschitz, NULL), CLU_OK);
	uint64_t found[4] = {hash_floats(dictionary, M * N), hash_floats(x, COUNT * N), hash_floats(b, COUNT * M)};
	memcpy(&found[3], &lipschitz, sizeof lipschitz);
	static const uint64_t wanted[4] = {0x3bf3cb99abac58fc, 0xcaac6dd8d47aaed6, 0xe8f509d468ebf6b5, 0x4016d44518d3d7cc};
	for (int i = 0; i < 4; i++) print_message("0x%016" PRIx64 "\n", found[i]);
	for (int i = 0; i < 4; i++) assert_int_equal(found[i], wanted[i]);
	free(dictionary);
	free(x);
	free(b);
}

static void test_columns_have_unit_norm(void **state)
{
	(void)state;
	static const uint32_t sizes[][2] = {{1, 1}, {1, 7}, {7, 1}, {13, 29}, {250, 500}, {4096, 3}};
	for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
		uint32_t m = sizes[s][0], n = sizes[s][1];
		float *dictionary = floats((size_t)m * n);
		generate_dictionary(3, m, n, dictionary);
		for (uint32_t j = 0; j < n; j++) {
			double square = 0.0;
			for (uint32_t i = 0; i < m; i++) square += (double)dictionary[i * n + j] * (double)dictionary[i * n + j];
			assert_true(fabs(square - 1.0) < 1e-6); /* 2^−24 a rounding */
		}
		free(dictionary);
	}
}

static void test_codes_have_the_density_and_variance_asked_for(void **state)
{
	(void)state;
	static const double densities[] = {0.01, 0.1, 0.5, 1.0};
	enum { COUNT = 2000, N = 500 };
	float *x = floats(COUNT * N);
	for (size_t d = 0; d < sizeof densities / sizeof *densities; d++) {
		double p = densities[d], nonzero = 0.0, square = 0.0;
		generate_codes(9, GENERATE_TRAIN, p, COUNT, N, x);
		for (int i = 0; i < COUNT * N; i++) {
			nonzero += x[i] != 0.0f;
			square += (double)x[i] * (double)x[i];
		}
		/* drawing empty samples again raises the share by 1/(1 − (1 − p)^n): 0.7 % at 0.01, nothing above */
		double wanted = p / (1.0 - pow(1.0 - p, N)), share = nonzero / (COUNT * N), variance = square / nonzero;
		print_message("density %g: share %.5f, variance %.4f\n", p, share, variance);
		assert_true(fabs(share - wanted) <= 5.0 * sqrt(p * (1.0 - p) / (COUNT * N)));
		assert_true(fabs(variance - 1.0) < 5.0 * sqrt(2.0 / nonzero));
	}
	free(x);
}

static void test_no_sample_is_empty(void **state)
{
	(void)state;
	enum { COUNT = 5000, N = 3 };
	float *x = floats(COUNT * N);
	generate_codes(1, GENERATE_VALIDATION, 0.01, COUNT, N, x);
	for (int i = 0; i < COUNT; i++) assert_true(x[i * N] != 0.0f || x[i * N + 1] != 0.0f || x[i * N + 2] != 0.0f);
	free(x);
}

static void test_a_set_does_not_depend_on_its_size_or_on_others(void **state)
{
	(void)state;
	enum { COUNT = 50, N = 40 };
	float *many = floats(COUNT * N), *few = floats(COUNT * N), *other = floats(COUNT * N);
	generate_codes(1, GENERATE_TEST, 0.2, COUNT, N, many);
	generate_codes(1, GENERATE_TEST, 0.2, 7, N, few);
	support_same_bits("first samples", 1, few, many, 7 * N);
	generate_codes(1, GENERATE_TRAIN, 0.2, COUNT, N, other);
	assert_memory_not_equal(many, other, COUNT * N * sizeof *many);
	generate_codes(2, GENERATE_TEST, 0.2, COUNT, N, other);
	assert_memory_not_equal(many, other, COUNT * N * sizeof *many);
	free(many);
	free(few);
	free(other);
}

static void test_measurements_are_the_product(void **state)
{
	(void)state;
	static const uint32_t sizes[][3] = {{1, 1, 1}, {3, 1, 5}, {1, 17, 4}, {31, 67, 9}, {250, 500, 20}}; /* m, n, count */
	for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
		uint32_t m = sizes[s][0], n = sizes[s][1], count = sizes[s][2];
		float *dictionary = floats((size_t)m * n), *x = floats((size_t)count * n), *b = floats((size_t)count * m);
		double *wanted = calloc((size_t)count * m, sizeof *wanted);
		assert_non_null(wanted);
		support_fill(dictionary, (size_t)m * n, 1.0, s);
		support_fill(x, (size_t)count * n, 0.3, s + 100);
		memset(x, 0, n * sizeof *x); /* an empty one */
		for (uint32_t k = 0; k < count; k++) {
			for (uint32_t i = 0; i < m; i++) {
				for (uint32_t j = 0; j < n; j++) wanted[k * m + i] += (double)dictionary[i * n + j] * (double)x[k * n + j];
			}
		}
		assert_int_equal(generate_measurements(dictionary, m, n, x, count, 1, GENERATE_TRAIN, INFINITY, b, NULL), CLU_OK);
		support_close("b", s, b, wanted, (size_t)count * m, 2e-6); /* some 150 roundings of 2^−24, partly cancelling */
		free(dictionary);
		free(x);
		free(b);
		free(wanted);
	}
}

/* The same deviates at every SNR, scaled; their size by the definition of the SNR. */
static void test_noise(void **state)
{
	(void)state;
	enum { M = 100, N = 200, COUNT = 200 };
	static const double snrs[] = {40.0, 20.0, 0.0, -10.0};
	float *dictionary = floats(M * N), *x = floats(COUNT * N), *clean = floats(COUNT * M), *noisy = floats(COUNT * M);
	generate_dictionary(1, M, N, dictionary);
	generate_codes(1, GENERATE_TRAIN, 0.1, COUNT, N, x);
	assert_int_equal(generate_measurements(dictionary, M, N, x, COUNT, 1, GENERATE_TRAIN, INFINITY, clean, NULL), CLU_OK);
	double first = 0.0;
	for (size_t s = 0; s < sizeof snrs / sizeof *snrs; s++) {
		double power = 0.0;
		assert_int_equal(generate_measurements(dictionary, M, N, x, COUNT, 1, GENERATE_TRAIN, snrs[s], noisy, NULL), CLU_OK);
		for (int k = 0; k < COUNT; k++) {
			double mean = 0.0, variance = 0.0, noise = 0.0;
			for (int i = 0; i < M; i++) mean += (double)clean[k * M + i] / M;
			for (int i = 0; i < M; i++) variance += pow((double)clean[k * M + i] - mean, 2.0) / M;
			for (int i = 0; i < M; i++) noise += pow((double)noisy[k * M + i] - (double)clean[k * M + i], 2.0) / M;
			power += noise / variance / COUNT;
		}
		print_message("SNR %g dB: %.4f dB\n", snrs[s], -10.0 * log10(power));
		assert_true(fabs(-10.0 * log10(power) - snrs[s]) < 0.15); /* five standard errors of 20,000 deviates */
		double deviate = ((double)noisy[7] - (double)clean[7]) * pow(10.0, snrs[s] / 20.0);
		if (s == 0) first = deviate;
		assert_true(fabs(deviate / first - 1.0) < 1e-3); /* b is rounded to float32 */
	}
	free(dictionary);
	free(x);
	free(clean);
	free(noisy);
}

static void test_lipschitz_where_it_is_known(void **state)
{
	(void)state;
	static const struct {
		uint32_t m, n;
		float dictionary[6];
		double square; /* of the norm */
	} cases[] = {
	    {1, 1, {-3.0f}, 9.0},
	    {2, 2, {3.0f, 0.0f, 0.0f, -4.0f}, 16.0},
	    {2, 3, {1.0f, 2.0f, 2.0f, 0.0f, 0.0f, 0.0f}, 9.0},
	    {2, 3, {1.0f, 0.0f, 1.0f, 0.0f, 1.0f, 1.0f}, 3.0},
	    {3, 2, {1.0f, 1.0f, 1.0f, 1.0f, 1.0f, 1.0f}, 6.0},
	    {2, 2, {0.0f, 0.0f, 0.0f, 0.0f}, 0.0},
	    {1, 2, {1e-15f, 0.0f}, (double)1e-15f * (double)1e-15f},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		double lipschitz, wanted = 1.001 * cases[i].square;
		assert_int_equal(generate_lipschitz(cases[i].dictionary, cases[i].m, cases[i].n, &lipschitz, NULL), CLU_OK);
		print_message("%.17g, wanted %.17g\n", lipschitz, wanted);
		assert_true(fabs(lipschitz - wanted) <= 1e-14 * wanted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_bits_of_a_small_problem),
	    cmocka_unit_test(test_bits_at_full_size),
	    cmocka_unit_test(test_columns_have_unit_norm),
	    cmocka_unit_test(test_codes_have_the_density_and_variance_asked_for),
	    cmocka_unit_test(test_no_sample_is_empty),
	    cmocka_unit_test(test_a_set_does_not_depend_on_its_size_or_on_others),
	    cmocka_unit_test(test_measurements_are_the_product),
	    cmocka_unit_test(test_noise),
	    cmocka_unit_test(test_lipschitz_where_it_is_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
