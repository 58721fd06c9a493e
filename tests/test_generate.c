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

/* The same of other dictionaries, codes and noise, sample 1 of each set. */
static void test_bits_of_other_settings(void **state)
{
	(void)state;
	static const uint32_t wanted_low_rank[15] = {0xbef83e02, 0x3f05f749, 0xbe9449c7, 0x3ec06132, 0xbdc70736, 0xbf4f6517, 0x3f491b98,
	    0xbf672e44, 0x3f5e3bb2, 0xbf738798, 0xbea8ba77, 0x3ea90db6, 0xbea2688d, 0x3ea6155c, 0xbe95cdff};
	static const uint32_t wanted_perturbed[15] = {0x3f558a97, 0x3f24f59b, 0xbeff0a9b, 0xbf11e332, 0xbb9b9949, 0xbe89255f,
	    0x39f797e4, 0xbe1fc424, 0xbf4a9e0d, 0xbf6eb6d7, 0x3ef6d9cd, 0x3f43c422, 0xbf5a5b04, 0xbe623d77, 0x3eb8eed6};
	static const struct {
		uint32_t gamma[5], exponential[5]; /* shape 0.1, scale 1; shape 1, scale 0.1 */
		float salted[8];                   /* of ±k/8, k = 1 … 8, a share of 0.3 */
	} wanted[3] = {
	    {{0x3346ebb3, 0x3c1c12b3, 0x2bd5f4c1, 0x2f98b99d, 0x3e2a0564}, {0x3cc81042, 0x3ca2d9c4, 0x3d995836, 0x3ca040aa, 0x3b9b1b0b},
	        {0.125f, -0.25f, -1.0f, -0.5f, -1.0f, -0.75f, 0.875f, -1.0f}},
	    {{0x3e9d560d, 0x39b7d2bd, 0x344f7110, 0x3e1de898, 0x3c32268c}, {0x3e9b3e00, 0x3e20b732, 0x3b9eaa8c, 0x3d01da23, 0x3cbec40c},
	        {0.125f, -0.25f, 1.0f, -0.5f, 0.625f, -1.0f, 0.875f, -1.0f}},
	    {{0x3d929f21, 0x3522ca44, 0x37a7b933, 0x37360e7a, 0x3e131f84}, {0x3dd0d90b, 0x3e112546, 0x3e9e902b, 0x3bd2d31f, 0x3d5a05ce},
	        {0.125f, -0.25f, 0.375f, -0.5f, 1.0f, -0.75f, 0.875f, -1.0f}},
	};
	float dictionary[15], other[15], x[10], b[16];
	generate_dictionary(SEED, 3, 5, dictionary);
	assert_int_equal(generate_low_rank(SEED, 3, 5, 2, other, NULL), CLU_OK);
	assert_bits("U V", other, wanted_low_rank, 15);
	generate_perturbed(SEED, 0.1, 3, 5, dictionary, other);
	assert_bits("D + Δ", other, wanted_perturbed, 15);
	for (unsigned set = 0; set < 3; set++) {
		generate_gamma_codes(SEED, (generate_set)set, 0.1, 1.0, 2, 5, x);
		assert_bits("Gamma(0.1, 1)", x + 5, wanted[set].gamma, 5);
		generate_gamma_codes(SEED, (generate_set)set, 1.0, 0.1, 2, 5, x);
		assert_bits("Gamma(1, 0.1)", x + 5, wanted[set].exponential, 5);
		for (int i = 0; i < 16; i++) b[i] = (float)(i % 8 + 1) * (i % 2 ? -0.125f : 0.125f);
		generate_salt_pepper(SEED, (generate_set)set, 0.3, 2, 8, b);
		support_same_bits("salt and pepper", set, b + 8, wanted[set].salted, 8);
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

/* ---- other dictionaries ---- */

static double column_norm(const float *dictionary, uint32_t m, uint32_t n, uint32_t j)
{
	double square = 0.0;
	for (uint32_t i = 0; i < m; i++) square += (double)dictionary[i * n + j] * (double)dictionary[i * n + j];
	return sqrt(square);
}

/* Norm of what the first `rank` columns leave of each column: Gram and Schmidt, twice over for the digits. The smallest among
 * those first ones before they are used, the largest among the others. */
static void measure_rank(const float *dictionary, uint32_t m, uint32_t n, uint32_t rank, double *smallest, double *largest)
{
	double *basis = calloc((size_t)rank * m, sizeof *basis), *rest = calloc(m, sizeof *rest);
	assert_true(basis && rest);
	*smallest = 1.0;
	*largest = 0.0;
	for (uint32_t j = 0; j < n; j++) {
		uint32_t used = j < rank ? j : rank;
		for (uint32_t i = 0; i < m; i++) rest[i] = (double)dictionary[i * n + j];
		for (uint32_t r = 0; r < 2 * used; r++) {
			const double *direction = basis + (size_t)(r % used) * m;
			double along = 0.0;
			for (uint32_t i = 0; i < m; i++) along += rest[i] * direction[i];
			for (uint32_t i = 0; i < m; i++) rest[i] -= along * direction[i];
		}
		double square = 0.0;
		for (uint32_t i = 0; i < m; i++) square += rest[i] * rest[i];
		if (j >= rank) {
			*largest = fmax(*largest, sqrt(square));
			continue;
		}
		*smallest = fmin(*smallest, sqrt(square));
		for (uint32_t i = 0; i < m; i++) basis[(size_t)j * m + i] = rest[i] / sqrt(square);
	}
	free(basis);
	free(rest);
}

static void test_low_rank_has_the_rank(void **state)
{
	(void)state;
	static const uint32_t cases[][3] = {{1, 1, 1}, {7, 5, 1}, {20, 31, 7}, {13, 40, 12}, {250, 500, 200}}; /* m, n, rank */
	for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
		uint32_t m = cases[c][0], n = cases[c][1], rank = cases[c][2];
		float *dictionary = floats((size_t)m * n), *full = floats((size_t)m * n);
		double smallest, largest;
		assert_int_equal(generate_low_rank(SEED, m, n, rank, dictionary, NULL), CLU_OK);
		generate_dictionary(SEED, m, n, full);
		for (uint32_t j = 0; j < n; j++) assert_true(fabs(column_norm(dictionary, m, n, j) - 1.0) < 1e-6);
		measure_rank(dictionary, m, n, rank, &smallest, &largest);
		print_message("%ux%u, rank %u: %.3g left inside, %.3g outside\n", m, n, rank, smallest, largest);
		/* Rounding to float32 leaves some 2^−25·√m of a column, as often as the columns are badly conditioned. */
		assert_true(smallest > 1e-3 && largest < 1e-4);
		if (m > 1) assert_memory_not_equal(dictionary, full, (size_t)m * n * sizeof *full);
		free(dictionary);
		free(full);
	}
}

/* At scale 1e-3 the scaling of a column, by some 1e-3, hardly shows in its Δ: what is left is Laplace. */
static void test_perturbation_is_laplace(void **state)
{
	(void)state;
	enum { M = 250, N = 500, COUNT = M * N };
	const double scale = 1e-3;
	float *dictionary = floats(COUNT), *perturbed = floats(COUNT);
	generate_dictionary(1, M, N, dictionary);
	generate_perturbed(1, scale, M, N, dictionary, perturbed);
	double mean = 0.0, size = 0.0, square = 0.0, fourth = 0.0, next = 0.0, before = 0.0;
	for (int i = 0; i < COUNT; i++) {
		double delta = ((double)perturbed[i] - (double)dictionary[i]) / scale;
		mean += delta / COUNT;
		size += fabs(delta) / COUNT;
		square += delta * delta / COUNT;
		fourth += delta * delta * delta * delta / COUNT;
		next += delta * before / COUNT;
		before = delta;
	}
	print_message("mean %.4f, |Δ| %.4f, Δ² %.4f, Δ⁴ %.3f, with its neighbour %.4f\n", mean, size, square, fourth, next);
	assert_true(fabs(mean) < 5.0 * sqrt(2.0 / COUNT));
	assert_true(fabs(size - 1.0) < 5.0 * sqrt(1.0 / COUNT) + 0.005); /* the scaling takes away a 250th of Δ² */
	assert_true(fabs(square - 2.0) < 5.0 * sqrt(20.0 / COUNT) + 0.01);
	assert_true(fabs(fourth - 24.0) < 5.0 * sqrt(40320.0 / COUNT) + 0.3);
	assert_true(fabs(next) < 5.0 * 2.0 / sqrt(COUNT));
	for (uint32_t j = 0; j < N; j++) assert_true(fabs(column_norm(perturbed, M, N, j) - 1.0) < 1e-6);
	free(dictionary);
	free(perturbed);
}

/* An own dictionary's columns keep their norms, one of zeros too. */
static void test_perturbed_columns_keep_their_norm(void **state)
{
	(void)state;
	static const float dictionary[8] = {3.0f, 0.0f, 1e-20f, -1.0f, 4.0f, 0.0f, 0.0f, 1000.0f}; /* 2×4 */
	float perturbed[8];
	generate_perturbed(2, 0.5, 2, 4, dictionary, perturbed);
	for (uint32_t j = 0; j < 4; j++) {
		double norm = column_norm(dictionary, 2, 4, j), found = column_norm(perturbed, 2, 4, j);
		print_message("column %u: %g, wanted %g\n", j, found, norm);
		assert_true(fabs(found - norm) <= 1e-6 * norm);
	}
	assert_true(perturbed[0] != dictionary[0] && perturbed[3] != dictionary[3]);
}

/* ---- gamma codes ---- */

/* What each entry is drawn like is test_random.c's affair; here: whole codes, and that entries, samples and sets have no part in
 * each other. */
static void test_gamma_codes(void **state)
{
	(void)state;
	static const struct {
		double shape, scale;
	} cases[] = {{0.1, 1.0}, {1.0, 0.1}, {2.0, 3.0}};
	enum { COUNT = 2000, N = 100 };
	float *x = floats(COUNT * N), *other = floats(COUNT * N);
	for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
		double shape = cases[c].shape, scale = cases[c].scale, mean = shape * scale, variance = mean * scale;
		double sum = 0.0, square = 0.0, entry = 0.0, sample = 0.0, set = 0.0, zeros = 0.0;
		generate_gamma_codes(9, GENERATE_TRAIN, shape, scale, COUNT, N, x);
		generate_gamma_codes(9, GENERATE_TEST, shape, scale, COUNT, N, other);
		for (int i = 0; i < COUNT * N; i++) {
			double value = (double)x[i] - mean;
			assert_true(x[i] >= 0.0f);
			zeros += x[i] == 0.0f;
			sum += (double)x[i] / (COUNT * N);
			square += value * value / (COUNT * N);
			if (i % N) entry += value * ((double)x[i - 1] - mean) / variance;
			if (i >= N) sample += value * ((double)x[i - N] - mean) / variance;
			set += value * ((double)other[i] - mean) / variance;
		}
		print_message("Gamma(%g, %g): mean %.5f, variance %.5f, %g zeros; correlations %.4f %.4f %.4f\n", shape, scale, sum, square,
		    zeros, entry / (COUNT * N), sample / (COUNT * N), set / (COUNT * N));
		assert_true(fabs(sum - mean) < 5.0 * sqrt(variance / (COUNT * N)));
		assert_true(fabs(square - variance) < 5.0 * sqrt((2.0 + 6.0 / shape) / (COUNT * N)) * variance);
		/* (1e-38)^0.1 of the entries at shape 0.1 are below float32's numbers; at shape 1 none */
		assert_true(shape < 1.0 ? zeros < 1e-3 * COUNT * N : zeros == 0.0);
		const double most = 5.0 * sqrt(COUNT * N);
		assert_true(fabs(entry) < most && fabs(sample) < most && fabs(set) < most);
	}
	generate_gamma_codes(9, GENERATE_TEST, 2.0, 3.0, 7, N, x);
	support_same_bits("first samples", 9, x, other, 7 * N);
	free(x);
	free(other);
}

/* Where nearly every entry is below float32's numbers, samples without any are drawn again; no subnormals are left. */
static void test_gamma_codes_are_normal_numbers(void **state)
{
	(void)state;
	enum { COUNT = 3000, N = 2 };
	float *x = floats(COUNT * N);
	generate_gamma_codes(1, GENERATE_TRAIN, 1e-3, 1e-6, COUNT, N, x);
	for (int i = 0; i < COUNT * N; i++) assert_true(x[i] == 0.0f || isnormal(x[i]));
	for (int i = 0; i < COUNT; i++) assert_true(x[i * N] != 0.0f || x[i * N + 1] != 0.0f);
	free(x);
}

/* ---- salt and pepper ---- */

enum { SALT_M = 250, SALT_COUNT = 1000 };

/* Counts what differs from `clean`, and checks that it is ±max|b| of its sample. */
static int count_replaced(const float *clean, const float *b, int *positive)
{
	int replaced = 0;
	*positive = 0;
	for (int k = 0; k < SALT_COUNT; k++) {
		float peak = 0.0f;
		for (int i = 0; i < SALT_M; i++) peak = fmaxf(peak, fabsf(clean[k * SALT_M + i]));
		for (int i = 0; i < SALT_M; i++) {
			float value = b[k * SALT_M + i];
			if (value == clean[k * SALT_M + i]) continue;
			assert_true(fabsf(value) == peak);
			replaced++;
			*positive += value > 0.0f;
		}
	}
	return replaced;
}

static void test_salt_and_pepper(void **state)
{
	(void)state;
	static const double shares[] = {0.01, 0.1, 0.9};
	enum { TOTAL = SALT_M * SALT_COUNT };
	float *clean = floats(TOTAL), *b = floats(TOTAL), *before = floats(TOTAL);
	support_fill(clean, TOTAL, 1.0, 5);
	memcpy(before, clean, TOTAL * sizeof *clean);
	for (size_t s = 0; s < sizeof shares / sizeof *shares; s++) {
		int positive;
		double share = shares[s];
		memcpy(b, clean, TOTAL * sizeof *b);
		generate_salt_pepper(1, GENERATE_TEST, share, SALT_COUNT, SALT_M, b);
		double replaced = count_replaced(clean, b, &positive);
		print_message("share %g: %.0f of %d replaced, %d of them salt\n", share, replaced, TOTAL, positive);
		/* the largest of a sample stays what it was half of the times */
		double wanted = share * (TOTAL - 0.5 * SALT_COUNT);
		assert_true(fabs(replaced - wanted) < 5.0 * sqrt(wanted * (1.0 - share) + 1.0) + 5.0 * sqrt(SALT_COUNT));
		assert_true(fabs(positive - 0.5 * replaced) < 5.0 * 0.5 * sqrt(replaced));
		for (int i = 0; i < TOTAL; i++) assert_true(before[i] == clean[i] || b[i] == before[i]); /* these and more */
		memcpy(before, b, TOTAL * sizeof *b);
	}
	free(clean);
	free(b);
	free(before);
}

static void test_salt_and_pepper_at_the_ends(void **state)
{
	(void)state;
	const float clean[6] = {0.5f, -2.0f, 1.0f, 0.0f, 0.0f, 0.0f};
	float b[6];
	memcpy(b, clean, sizeof b);
	generate_salt_pepper(1, GENERATE_TRAIN, 0.0, 2, 3, b);
	support_same_bits("none", 1, b, clean, 6);
	generate_salt_pepper(1, GENERATE_TRAIN, 1.0, 2, 3, b);
	for (int i = 0; i < 3; i++) assert_true(fabsf(b[i]) == 2.0f && b[3 + i] == 0.0f);
}

/* Places are independent from entry to entry, from sample to sample and from set to set. */
static void test_salt_and_pepper_falls_anywhere(void **state)
{
	(void)state;
	enum { TOTAL = SALT_M * SALT_COUNT };
	const double share = 0.1, variance = share * (1.0 - share);
	float *train = floats(TOTAL), *test = floats(TOTAL);
	for (int i = 0; i < TOTAL; i++) train[i] = test[i] = i % SALT_M == 0 ? 1.0f : 0.5f;
	generate_salt_pepper(1, GENERATE_TRAIN, share, SALT_COUNT, SALT_M, train);
	generate_salt_pepper(1, GENERATE_TEST, share, SALT_COUNT, SALT_M, test);
	double entry = 0.0, sample = 0.0, set = 0.0;
	for (int i = SALT_M + 2; i < TOTAL; i++) {
		if (i % SALT_M < 2) continue;
		double hit = (train[i] != 0.5f) - share;
		entry += hit * ((train[i - 1] != 0.5f) - share) / variance;
		sample += hit * ((train[i - SALT_M] != 0.5f) - share) / variance;
		set += hit * ((test[i] != 0.5f) - share) / variance;
	}
	print_message("correlations %.4f %.4f %.4f\n", entry / TOTAL, sample / TOTAL, set / TOTAL);
	const double most = 5.0 * sqrt(TOTAL);
	assert_true(fabs(entry) < most && fabs(sample) < most && fabs(set) < most);
	free(train);
	free(test);
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

/* Of columns that are not zero; nearly 1 is 1, so that columns of unit length have the same bits as before they were looked at. */
static void test_gain(void **state)
{
	(void)state;
	static const struct {
		float dictionary[6]; /* 2 x 3 */
		double gain;
	} cases[] = {
	    {{3, 0, 0, 4, 0, 5}, 5},
	    {{1, 0, 0, 0, 1, 7}, 4.1231056256176605},
	    {{1.0009f, 0, 0, 0, 1, 1}, 1},
	    {{1.01f, 0, 0, 0, 1.01f, 1.01f}, 1.01f},
	    {{0}, 1},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_true(fabs(generate_gain(cases[i].dictionary, 2, 3) - cases[i].gain) < 1e-12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_bits_of_a_small_problem),
	    cmocka_unit_test(test_bits_of_other_settings),
	    cmocka_unit_test(test_bits_at_full_size),
	    cmocka_unit_test(test_columns_have_unit_norm),
	    cmocka_unit_test(test_codes_have_the_density_and_variance_asked_for),
	    cmocka_unit_test(test_no_sample_is_empty),
	    cmocka_unit_test(test_a_set_does_not_depend_on_its_size_or_on_others),
	    cmocka_unit_test(test_measurements_are_the_product),
	    cmocka_unit_test(test_noise),
	    cmocka_unit_test(test_low_rank_has_the_rank),
	    cmocka_unit_test(test_perturbation_is_laplace),
	    cmocka_unit_test(test_gain),
	    cmocka_unit_test(test_perturbed_columns_keep_their_norm),
	    cmocka_unit_test(test_gamma_codes),
	    cmocka_unit_test(test_gamma_codes_are_normal_numbers),
	    cmocka_unit_test(test_salt_and_pepper),
	    cmocka_unit_test(test_salt_and_pepper_at_the_ends),
	    cmocka_unit_test(test_salt_and_pepper_falls_anywhere),
	    cmocka_unit_test(test_lipschitz_where_it_is_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
