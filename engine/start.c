/* start.c: the weights of a network before any training: a gradient step's, or those of the regularised inverse. In plain loops,
 * for a library's sums depend on its threads and the host's CPU, and a training's bits on these. */
#include "start.h"

#include "status.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* In double; mirrored, since DᵀD is symmetric. */
static clu_status gradient_step(const start_problem *p, float *w_b, float *w_x, clu_error *error)
{
	const float *d = p->dictionary;
	const size_t m = p->m, n = p->n;
	const double lipschitz = p->lipschitz * p->gain * p->gain; /* of the dictionary as it was given */
	double *gram = malloc(n * sizeof *gram);
	if (!gram) return clu_fail(error, CLU_MEMORY, "no host memory for %zu numbers", n);
	for (size_t j = 0; j < n; j++) {
		for (size_t i = 0; i < m; i++) w_b[j * m + i] = (float)(d[i * n + j] * p->gain / lipschitz);
		memset(gram, 0, n * sizeof *gram);
		for (size_t i = 0; i < m; i++)
			for (size_t k = j; k < n; k++) gram[k] += (double)d[i * n + j] * d[i * n + k];
		for (size_t k = j; k < n; k++) w_x[j * n + k] = w_x[k * n + j] = (float)((j == k) - gram[k] / lipschitz);
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

static void subtract(double times, const double *from, double *row, size_t count)
{
	for (size_t k = 0; k < count; k++) row[k] -= times * from[k];
}

static void divide(double by, double *row, size_t count)
{
	for (size_t k = 0; k < count; k++) row[k] /= by;
}

/* x [m][n] becomes (LLᵀ)⁻¹ x. */
static void solve(const double *l, size_t m, size_t n, double *x)
{
	for (size_t i = 0; i < m; i++) {
		for (size_t k = 0; k < i; k++) subtract(l[i * m + k], x + k * n, x + i * n, n);
		divide(l[i * m + i], x + i * n, n);
	}
	for (size_t i = m; i-- > 0;) {
		divide(l[i * m + i], x + i * n, n);
		for (size_t k = 0; k < i; k++) subtract(l[i * m + k], x + i * n, x + k * n, n);
	}
}

/* Row j of both matrices, from x = (DDᵀ + ρ I)⁻¹ D. w_x's numbers are summed in `row` [n]. */
static void write_row(const start_problem *p, const double *x, size_t j, double *row, float *w_b, float *w_x)
{
	const size_t m = p->m, n = p->n;
	memset(row, 0, n * sizeof *row);
	for (size_t i = 0; i < m; i++)
		for (size_t k = 0; k < n; k++) row[k] += x[i * n + j] * p->dictionary[i * n + k];
	const double scale = row[j] > 0 ? 1 / row[j] : 0; /* 0: a column of zeros */
	for (size_t i = 0; i < m; i++) w_b[j * m + i] = (float)(p->gain * scale * x[i * n + j]);
	for (size_t k = 0; k < n; k++) w_x[j * n + k] = (float)((j == k) - scale * row[k]);
}

/* a [m][m], x [m][n], row [n]: room to work in. */
static clu_status regularised_inverse(
    const start_problem *p, double *a, double *x, double *row, float *w_b, float *w_x, clu_error *error)
{
	const size_t m = p->m, n = p->n;
	for (size_t i = 0; i < m * n; i++) x[i] = p->dictionary[i];
	const double norm = dot(x, x, m * n) / (double)n;
	for (size_t i = 0; i < m; i++)
		for (size_t k = 0; k <= i; k++) a[i * m + k] = dot(x + i * n, x + k * n, n) + (i == k ? p->ridge * norm : 0);
	if (!factor(a, m)) return clu_fail(error, CLU_ARGUMENT, "ridge %g is too small for this dictionary", p->ridge);
	solve(a, m, n, x);
	for (size_t j = 0; j < n; j++) write_row(p, x, j, row, w_b, w_x);
	return CLU_OK;
}

clu_status start_weights(const start_problem *problem, float *w_b, float *w_x, clu_error *error)
{
	const size_t m = problem->m, n = problem->n;
	if (!(problem->ridge > 0)) return gradient_step(problem, w_b, w_x, error);
	double *a = malloc(m * m * sizeof *a), *x = malloc(m * n * sizeof *x), *row = malloc(n * sizeof *row);
	const clu_status status = a && x && row ? regularised_inverse(problem, a, x, row, w_b, w_x, error)
	                                        : clu_fail(error, CLU_MEMORY, "no host memory to invert a matrix of %zu×%zu", m, m);
	free(row);
	free(x);
	free(a);
	return status;
}

double start_scale(double lipschitz, double ridge)
{
	return ridge > 0 ? 1 : 1 / lipschitz;
}
