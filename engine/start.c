/* start.c: the weights of a network before any training: a gradient step's, or those of the regularised inverse. In plain loops,
 * for a library's sums depend on its threads and the host's CPU, and a training's bits on these. */
#include "start.h"

#include "status.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* In double; mirrored, since DᵀD is symmetric. */
static clu_status gradient_step(
    const float *d, size_t m, size_t n, double gain, double lipschitz, float *w_b, float *w_x, clu_error *error)
{
	const double own = lipschitz * gain * gain; /* of the dictionary as it was given */
	double *gram = malloc(n * sizeof *gram);
	if (!gram) return clu_fail(error, CLU_MEMORY, "no host memory for %zu numbers", n);
	for (size_t j = 0; j < n; j++) {
		for (size_t i = 0; i < m; i++) w_b[j * m + i] = (float)(d[i * n + j] * gain / own);
		memset(gram, 0, n * sizeof *gram);
		for (size_t i = 0; i < m; i++)
			for (size_t k = j; k < n; k++) gram[k] += (double)d[i * n + j] * d[i * n + k];
		for (size_t k = j; k < n; k++) w_x[j * n + k] = w_x[k * n + j] = (float)((j == k) - gram[k] / own);
	}
	free(gram);
	return CLU_OK;
}

static double dot(const double *a, const double *b, size_t count)
{
	double sum = 0;
	for (size_t i = 0; i < count; i++) sum += a[i] * b[i];
	return sum;
}

/* The lower triangle of a [m][m] becomes its Cholesky factor; false where it is not positive definite. */
static bool factor(double *a, size_t m)
{
	for (size_t i = 0; i < m; i++)
		for (size_t j = 0; j <= i; j++) {
			const double rest = a[i * m + j] - dot(a + i * m, a + j * m, j);
			if (i == j && !(rest > 0)) return false;
			a[i * m + j] = i == j ? sqrt(rest) : rest / a[j * m + j];
		}
	return true;
}

/* x becomes (LLᵀ)⁻¹ x. */
static void solve(const double *l, size_t m, double *x)
{
	for (size_t i = 0; i < m; i++) x[i] = (x[i] - dot(l + i * m, x, i)) / l[i * m + i];
	for (size_t i = m; i-- > 0;) {
		x[i] /= l[i * m + i];
		for (size_t k = 0; k < i; k++) x[k] -= l[i * m + k] * x[i];
	}
}

/* columns [n][m] of D, a [m][m]. */
static clu_status regularised_inverse(const double *columns, size_t m, size_t n, double gain, double ridge, double *a, double *w,
    float *w_b, float *w_x, clu_error *error)
{
	const double norm = dot(columns, columns, n * m) / (double)n;
	memset(a, 0, m * m * sizeof *a);
	for (size_t j = 0; j < n; j++)
		for (size_t i = 0; i < m; i++)
			for (size_t k = 0; k <= i; k++) a[i * m + k] += columns[j * m + i] * columns[j * m + k];
	for (size_t i = 0; i < m; i++) a[i * m + i] += ridge * norm;
	if (!factor(a, m)) return clu_fail(error, CLU_SIZE, "ridge %g is too small for this dictionary", ridge);
	for (size_t j = 0; j < n; j++) {
		memcpy(w, columns + j * m, m * sizeof *w);
		solve(a, m, w);
		const double diagonal = dot(w, columns + j * m, m), scale = diagonal > 0 ? 1 / diagonal : 0;
		for (size_t i = 0; i < m; i++) w_b[j * m + i] = (float)(gain * scale * w[i]);
		for (size_t k = 0; k < n; k++) w_x[j * n + k] = (float)((j == k) - scale * dot(w, columns + k * m, m));
	}
	return CLU_OK;
}

clu_status start_weights(const float *dictionary, uint32_t m, uint32_t n, double gain, double lipschitz, double ridge, float *w_b,
    float *w_x, clu_error *error)
{
	if (!(ridge > 0)) return gradient_step(dictionary, m, n, gain, lipschitz, w_b, w_x, error);
	double *columns = malloc((size_t)n * m * sizeof *columns), *a = malloc((size_t)m * m * sizeof *a), *w = malloc(m * sizeof *w);
	clu_status status;
	if (columns && a && w) {
		for (size_t i = 0; i < m; i++)
			for (size_t j = 0; j < n; j++) columns[j * m + i] = dictionary[i * n + j];
		status = regularised_inverse(columns, m, n, gain, ridge, a, w, w_b, w_x, error);
	} else {
		status = clu_fail(error, CLU_MEMORY, "no host memory to invert a matrix of %u×%u", m, m);
	}
	free(w);
	free(a);
	free(columns);
	return status;
}

double start_scale(double lipschitz, double ridge)
{
	return ridge > 0 ? 1 : 1 / lipschitz;
}
