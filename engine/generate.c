/* generate.c: dictionaries, codes, measurements and noise, see generate.h.
 *
 * Every sample has streams of its own. Sums run in ascending order, one accumulator each; loops are laid out so that compilers
 * vectorise across accumulators and never within a sum: one core makes the paper's 102,400 samples in a second, several in less. */
#include "generate.h"

#include "elementary.h"
#include "parallel.h"
#include "random.h"
#include "status.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define POWER_ITERATIONS 500
#define LIPSCHITZ_MARGIN 1.001

static double norm_squared(const double *v, uint32_t length)
{
	double sum = 0.0;
	for (uint32_t i = 0; i < length; i++) sum += v[i] * v[i];
	return sum;
}

/* ---- dictionary ---- */

/* Streams of RANDOM_DICTIONARY. */
enum { DICTIONARY_FULL = 0, DICTIONARY_LEFT = 1, DICTIONARY_RIGHT = 2 };

/* Column j of the dictionary: `column` scaled to `norm`. */
static void store_column(const double *column, double norm, uint32_t m, uint32_t n, uint32_t j, float *dictionary)
{
	double divisor = sqrt(norm_squared(column, m)) / norm;
	for (uint32_t i = 0; i < m; i++) dictionary[(size_t)i * n + j] = (float)(column[i] / divisor);
}

void generate_dictionary(uint64_t seed, uint32_t m, uint32_t n, float *dictionary)
{
	double column[CLU_SIDE_MAX];
	for (uint32_t j = 0; j < n; j++) {
		random_stream stream = random_open(seed, RANDOM_DICTIONARY, DICTIONARY_FULL, j);
		for (uint32_t i = 0; i < m; i++) column[i] = random_normal(&stream);
		store_column(column, 1.0, m, n, j, dictionary);
	}
}

clu_status generate_low_rank(uint64_t seed, uint32_t m, uint32_t n, uint32_t rank, float *dictionary, clu_error *error)
{
	double column[CLU_SIDE_MAX], *left = calloc((size_t)rank * m, sizeof *left); /* U, its columns one after another */
	if (!left) return clu_fail(error, CLU_MEMORY, "out of memory for a dictionary of rank %u", rank);
	for (uint32_t r = 0; r < rank; r++) {
		random_stream stream = random_open(seed, RANDOM_DICTIONARY, DICTIONARY_LEFT, r);
		for (uint32_t i = 0; i < m; i++) left[(size_t)r * m + i] = random_normal(&stream);
	}
	for (uint32_t j = 0; j < n; j++) {
		random_stream stream = random_open(seed, RANDOM_DICTIONARY, DICTIONARY_RIGHT, j);
		memset(column, 0, m * sizeof *column);
		for (uint32_t r = 0; r < rank; r++) {
			double value = random_normal(&stream);
			for (uint32_t i = 0; i < m; i++) column[i] += value * left[(size_t)r * m + i];
		}
		store_column(column, 1.0, m, n, j, dictionary);
	}
	free(left);
	return CLU_OK;
}

void generate_perturbed(uint64_t seed, double scale, uint32_t m, uint32_t n, const float *dictionary, float *perturbed)
{
	double column[CLU_SIDE_MAX];
	for (uint32_t j = 0; j < n; j++) {
		random_stream stream = random_open(seed, RANDOM_PERTURBATION, 0, j);
		for (uint32_t i = 0; i < m; i++) column[i] = (double)dictionary[(size_t)i * n + j];
		double norm = sqrt(norm_squared(column, m));
		for (uint32_t i = 0; i < m; i++) column[i] += scale * random_laplace(&stream);
		store_column(column, norm, m, n, j, perturbed);
	}
}

/* D transposed: its columns one after another, `stride` floats apart, zeros after their m. */
static float *columns_of(const float *dictionary, uint32_t m, uint32_t n, uint32_t stride)
{
	float *columns = calloc((size_t)stride * n, sizeof *columns);
	if (!columns) return NULL;
	for (uint32_t i = 0; i < m; i++) {
		for (uint32_t j = 0; j < n; j++) columns[(size_t)j * stride + i] = dictionary[(size_t)i * n + j];
	}
	return columns;
}

/* ---- samples ---- */

/* Draws one code; returns whether it has a nonzero entry. */
static bool draw_code(random_stream *stream, double density, uint32_t n, float *x)
{
	uint64_t threshold = (uint64_t)(density * 0x1p32);
	bool any = false;
	for (uint32_t j = 0; j < n; j++) {
		bool nonzero = random_u32(stream) < threshold;
		x[j] = nonzero ? (float)random_normal(stream) : 0.0f;
		any = any || nonzero;
	}
	return any;
}

/* Samples that are worth a thread. */
enum { SAMPLES_LEAST = 1024 };

typedef struct codes_job {
	uint64_t seed;
	generate_set set;
	double density;
	uint32_t n;
	float *x;
} codes_job;

static void draw_codes(void *context, size_t begin, size_t end)
{
	const codes_job *job = context;
	for (size_t i = begin; i < end; i++) {
		random_stream stream = random_open(job->seed, RANDOM_CODES, (uint32_t)job->set, (uint32_t)i);
		while (!draw_code(&stream, job->density, job->n, job->x + i * job->n)) continue;
	}
}

void generate_codes(uint64_t seed, generate_set set, double density, size_t count, uint32_t n, float *x)
{
	codes_job job = {seed, set, density, n, x};
	parallel_run(count, SAMPLES_LEAST, draw_codes, &job);
}

typedef struct gamma_job {
	uint64_t seed;
	generate_set set;
	double shape, scale;
	uint32_t n;
	float *x;
} gamma_job;

/* Draws one code; returns whether it has a nonzero entry. */
static bool draw_gamma_code(random_stream *stream, const gamma_job *job, float *x)
{
	bool any = false;
	for (uint32_t j = 0; j < job->n; j++) {
		double value = job->scale * random_gamma(stream, job->shape);
		x[j] = value < (double)FLT_MIN ? 0.0f : (float)value;
		any = any || x[j] != 0.0f;
	}
	return any;
}

static void draw_gamma_codes(void *context, size_t begin, size_t end)
{
	const gamma_job *job = context;
	for (size_t i = begin; i < end; i++) {
		random_stream stream = random_open(job->seed, RANDOM_CODES, (uint32_t)job->set, (uint32_t)i);
		while (!draw_gamma_code(&stream, job, job->x + i * job->n)) continue;
	}
}

void generate_gamma_codes(uint64_t seed, generate_set set, double shape, double scale, size_t count, uint32_t n, float *x)
{
	gamma_job job = {seed, set, shape, scale, n, x};
	parallel_run(count, SAMPLES_LEAST, draw_gamma_codes, &job);
}

typedef float floats __attribute__((vector_size(16)));
enum { MEASURE_BLOCK = 32 }; /* measurements whose sums stay in registers */

static uint32_t measure_stride(uint32_t m)
{
	return (m + MEASURE_BLOCK - 1) / MEASURE_BLOCK * MEASURE_BLOCK;
}

/* b = D x over the nonzero entries of x; columns as columns_of has them, measure_stride apart. */
static void measure(const float *columns, uint32_t m, uint32_t n, const float *x, float *b)
{
	const uint32_t stride = measure_stride(m);
	uint32_t nonzeros = 0, at[CLU_SIDE_MAX];
	for (uint32_t j = 0; j < n; j++) {
		at[nonzeros] = j;
		nonzeros += x[j] != 0.0f;
	}
	for (uint32_t begin = 0; begin < m; begin += MEASURE_BLOCK) {
		floats sums[MEASURE_BLOCK / 4] = {{0}};
		for (uint32_t k = 0; k < nonzeros; k++) {
			const float *column = columns + (size_t)at[k] * stride + begin;
			const float value = x[at[k]];
			const floats values = {value, value, value, value};
			for (uint32_t i = 0; i < MEASURE_BLOCK / 4; i++) {
				floats four;
				memcpy(&four, column + 4 * i, sizeof four);
				sums[i] += values * four;
			}
		}
		memcpy(b + begin, sums, (m - begin < MEASURE_BLOCK ? m - begin : MEASURE_BLOCK) * sizeof *b);
	}
}

/* Adds normal deviates of `ratio` times the standard deviation of b. */
static void add_noise(random_stream *stream, double ratio, uint32_t m, float *b)
{
	double sum = 0.0, square = 0.0;
	for (uint32_t i = 0; i < m; i++) sum += (double)b[i];
	double mean = sum / m;
	for (uint32_t i = 0; i < m; i++) square += ((double)b[i] - mean) * ((double)b[i] - mean);
	double sigma = sqrt(square / m) * ratio;
	for (uint32_t i = 0; i < m; i++) b[i] = (float)((double)b[i] + sigma * random_normal(stream));
}

typedef struct measurements_job {
	const float *columns, *x;
	uint32_t m, n;
	uint64_t seed;
	generate_set set;
	double noise; /* deviation, in those of a sample's measurements; 0: none */
	float *b;
} measurements_job;

static void measure_samples(void *context, size_t begin, size_t end)
{
	const measurements_job *job = context;
	for (size_t i = begin; i < end; i++) {
		measure(job->columns, job->m, job->n, job->x + i * job->n, job->b + i * job->m);
		if (job->noise == 0.0) continue;
		random_stream stream = random_open(job->seed, RANDOM_NOISE, (uint32_t)job->set, (uint32_t)i);
		add_noise(&stream, job->noise, job->m, job->b + i * job->m);
	}
}

clu_status generate_measurements(const float *dictionary, uint32_t m, uint32_t n, const float *x, size_t count, uint64_t seed,
    generate_set set, double snr_db, float *b, clu_error *error)
{
	float *columns = columns_of(dictionary, m, n, measure_stride(m));
	if (!columns) return clu_fail(error, CLU_MEMORY, "out of memory for a dictionary of %ux%u", m, n);
	const double noise = isfinite(snr_db) ? elementary_exp(-snr_db / 20.0 * elementary_log(10.0)) : 0.0;
	measurements_job job = {columns, x, m, n, seed, set, noise, b};
	parallel_run(count, SAMPLES_LEAST, measure_samples, &job);
	free(columns);
	return CLU_OK;
}

void generate_salt_pepper(uint64_t seed, generate_set set, double share, size_t count, uint32_t m, float *b)
{
	const uint64_t threshold = (uint64_t)(share * 0x1p32);
	for (size_t i = 0; i < count; i++) {
		random_stream stream = random_open(seed, RANDOM_SALT_PEPPER, (uint32_t)set, (uint32_t)i);
		float *sample = b + i * m, peak = 0.0f;
		for (uint32_t k = 0; k < m; k++) {
			if (fabsf(sample[k]) > peak) peak = fabsf(sample[k]);
		}
		for (uint32_t k = 0; k < m; k++) {
			uint32_t place = random_u32(&stream),
			         sign = random_u32(&stream) & 1u; /* both always: entries keep theirs at any share */
			if (place < threshold) sample[k] = sign ? peak : -peak;
		}
	}
}

/* ---- Lipschitz constant ---- */

/* out [rows] += Σ_c v_c·matrix[c][·]: a sum for each entry of out, in ascending order of c. */
static void accumulate_rows(const float *matrix, uint32_t count, uint32_t length, const double *v, double *restrict out)
{
	memset(out, 0, length * sizeof *out);
	for (uint32_t c = 0; c < count; c++) {
		const float *restrict row = matrix + (size_t)c * length;
		double value = v[c];
		for (uint32_t i = 0; i < length; i++) out[i] += value * (double)row[i];
	}
}

double generate_gain(const float *dictionary, uint32_t m, uint32_t n)
{
	double square = 0;
	uint32_t columns = 0;
	for (uint32_t j = 0; j < n; j++) {
		double length = 0;
		for (uint32_t i = 0; i < m; i++) length += (double)dictionary[(size_t)i * n + j] * dictionary[(size_t)i * n + j];
		square += length;
		columns += length > 0;
	}
	const double gain = columns > 0 ? sqrt(square / columns) : 1;
	return fabs(gain - 1) <= 1e-3 ? 1 : gain;
}

clu_status generate_lipschitz(const float *dictionary, uint32_t m, uint32_t n, double *lipschitz, clu_error *error)
{
	float *columns = columns_of(dictionary, m, n, m);
	double *code = calloc((size_t)m + n, sizeof *code), *measurement = code ? code + n : NULL;
	clu_status status = CLU_OK;
	if (!columns || !code) {
		status = clu_fail(error, CLU_MEMORY, "out of memory for the norm of a dictionary of %ux%u", m, n);
		goto cleanup;
	}
	random_stream stream = random_open(0, RANDOM_POWER, 0, 0);
	for (uint32_t j = 0; j < n; j++) code[j] = random_normal(&stream);
	double largest = 0.0;
	for (int iteration = 0; iteration < POWER_ITERATIONS; iteration++) {
		double norm = sqrt(norm_squared(code, n));
		if (norm == 0.0) break; /* D = 0 */
		for (uint32_t j = 0; j < n; j++) code[j] /= norm;
		accumulate_rows(columns, n, m, code, measurement);
		largest = norm_squared(measurement, m); /* Rayleigh quotient of DᵀD */
		accumulate_rows(dictionary, m, n, measurement, code);
	}
	*lipschitz = LIPSCHITZ_MARGIN * largest;
cleanup:
	free(code);
	free(columns);
	return status;
}
