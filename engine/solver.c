/* solver.c: what a person without a trained network would use: FISTA, orthogonal matching pursuit, and, where the truth is known,
 * least squares on its support. Plain C in double on CBLAS and LAPACKE, on the host; knows no OpenCL.
 *
 * What D gives once (its columns, its Gram matrix) is kept; everything else lives for one call, so that threads may share a
 * solver. BLAS is told to use one thread: a signal is too little work for more, and times are to be those of one. */
#include "solver.h"

#include "generate.h"

#include <cblas.h>
#include <lapacke.h>

#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* ---- what D gives once ---- */

static void prepare(clu_solver *solver, const float *dictionary)
{
	const uint32_t m = solver->m, n = solver->n;
	for (uint32_t i = 0; i < m; i++)
		for (uint32_t j = 0; j < n; j++) solver->atoms[(size_t)j * m + i] = dictionary[(size_t)i * n + j];
	cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)n, (int)n, (int)m, 1, solver->atoms, (int)m, solver->atoms, (int)m, 0,
	    solver->gram, (int)n);
	for (uint32_t j = 0; j < n; j++) {
		const double square = solver->gram[(size_t)j * n + j];
		solver->inverse_norm[j] = square > 0 ? 1 / sqrt(square) : 0;
	}
}

clu_status clu_solver_create(const float *dictionary, uint32_t m, uint32_t n, clu_solver **out, clu_error *error)
{
	if (m < 1 || m > CLU_SIDE_MAX || n < 1 || n > CLU_SIDE_MAX)
		return clu_fail(
		    error, CLU_ARGUMENT, "dictionary of %" PRIu32 "x%" PRIu32 ", wanted sides from 1 to %d", m, n, CLU_SIDE_MAX);
	clu_solver *solver = calloc(1, sizeof *solver);
	if (!solver) return clu_fail(error, CLU_MEMORY, "out of memory for a solver");
	clu_status status;
	solver->m = m;
	solver->n = n;
	solver->atoms = malloc((size_t)n * m * sizeof(double));
	solver->gram = malloc((size_t)n * n * sizeof(double));
	solver->inverse_norm = malloc(n * sizeof(double));
	if (!solver->atoms || !solver->gram || !solver->inverse_norm) {
		status = clu_fail(error, CLU_MEMORY, "out of memory for a solver of %" PRIu32 "x%" PRIu32, m, n);
		goto cleanup;
	}
	solver->gain = generate_gain(dictionary, m, n);
	CLU_GOTO(generate_lipschitz(dictionary, m, n, &solver->lipschitz, error));
	if (!(solver->lipschitz > 0)) {
		status = clu_fail(error, CLU_ARGUMENT, "the dictionary of %" PRIu32 "x%" PRIu32 " %s: nothing can be solved", m, n,
		    isnan(solver->lipschitz) ? "has an entry that is no number" : "is all zero");
		goto cleanup;
	}
	prepare(solver, dictionary);
	*out = solver;

cleanup:
	if (status != CLU_OK) clu_solver_destroy(solver);
	return status;
}

void clu_solver_destroy(clu_solver *solver)
{
	if (!solver) return;
	free(solver->inverse_norm);
	free(solver->gram);
	free(solver->atoms);
	free(solver);
}

/* ---- FISTA ---- */

/* A product over nonzeros costs some SPARSE_BELOW times as much for each of them as a dense one does for each entry. */
enum { SPARSE_BELOW = 4 };

/* With v = y − (y Dᵀ D − b D)/L: x' = sign(v)·max(0, |v| − λ/L), y' = x' + momentum·(x' − x), in place. */
static void fista_step(size_t count, double step, double threshold, double momentum, const double *correlation,
    const double *product, double *x, double *y)
{
	for (size_t i = 0; i < count; i++) {
		const double v = y[i] - step * (product[i] - correlation[i]), above = fabs(v) - threshold;
		const double shrunk = above > 0 ? copysign(above, v) : 0;
		y[i] = shrunk + momentum * (shrunk - x[i]);
		x[i] = shrunk;
	}
}

/* product = y Dᵀ D. Most entries of y are zero once FISTA is on its way: then the rows of Dᵀ D for the others are added up. */
static void gram_product(const clu_solver *solver, const double *y, size_t rows, double *product)
{
	const size_t n = solver->n, size = rows * n;
	size_t nonzeros = 0;
	for (size_t i = 0; i < size; i++) nonzeros += y[i] != 0;
	if (nonzeros * SPARSE_BELOW >= size) {
		cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)rows, (int)n, (int)n, 1, y, (int)n, solver->gram, (int)n, 0,
		    product, (int)n);
		return;
	}
	memset(product, 0, size * sizeof *product);
	for (size_t i = 0; i < size; i++)
		if (y[i] != 0) cblas_daxpy((int)n, y[i], solver->gram + i % n * n, 1, product + i / n * n, 1);
}

/* A block of signals; work: [3][rows][n]. */
static void fista_block(const clu_solver *solver, const clu_solve *how, const double *b, size_t rows, double *x, double *work)
{
	const int m = (int)solver->m, n = (int)solver->n, r = (int)rows;
	const size_t size = rows * solver->n;
	const double step = 1 / solver->lipschitz;
	double *correlation = work, *product = work + size, *y = work + 2 * size, t = 1;
	cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, r, n, m, 1, b, m, solver->atoms, m, 0, correlation, n);
	memset(x, 0, size * sizeof *x);
	memset(y, 0, size * sizeof *y);
	for (uint32_t i = 0; i < how->iterations; i++) {
		const double next = (1 + sqrt(1 + 4 * t * t)) / 2;
		gram_product(solver, y, rows, product);
		fista_step(size, step, how->penalty * step, (t - 1) / next, correlation, product, x, y);
		t = next;
	}
}

static clu_status fista(const clu_solver *solver, const clu_solve *how, const double *b, size_t count, double *x, clu_error *error)
{
	const size_t block = count < SOLVER_BLOCK ? count : SOLVER_BLOCK;
	double *work = malloc(3 * block * solver->n * sizeof *work);
	if (!work) return clu_fail(error, CLU_MEMORY, "out of memory for FISTA on %zu signals", block);
	for (size_t i = 0; i < count; i += block) {
		const size_t rows = count - i < block ? count - i : block;
		fista_block(solver, how, b + i * solver->m, rows, x + i * solver->n, work);
	}
	free(work);
	return CLU_OK;
}

/* ---- orthogonal matching pursuit ---- */

/* The fit to the chosen columns D_I comes from the factor L Lᵀ = D_Iᵀ D_I, which grows by a row an atom (Rubinstein et al. 2008).
 */
typedef struct pursuit {
	const clu_solver *solver;
	uint32_t most, count;
	double *memory;
	uint32_t *chosen;     /* [most] */
	double *factor;       /* [most][most]: L */
	double *gram;         /* [most][n]: the chosen rows of Dᵀ D */
	double *columns;      /* [most][m]: the chosen columns of D */
	double *projection;   /* [most]: z of L z = D_Iᵀ b */
	double *coefficients; /* [most]: c of Lᵀ c = z */
	double *correlation;  /* [n]: Dᵀ b */
	double *left;         /* [n]: Dᵀ (b − D_I c) */
	double *residual;     /* [m]: b − D_I c, from the columns: from norms alone it could not be told below 1e-8 */
} pursuit;

static clu_status pursuit_create(const clu_solver *solver, uint32_t most, pursuit *p, clu_error *error)
{
	const size_t m = solver->m, n = solver->n, k = most;
	*p = (pursuit){.solver = solver, .most = most};
	p->memory = malloc((k * (k + n + m + 2) + 2 * n + m) * sizeof(double));
	p->chosen = malloc(k * sizeof *p->chosen);
	if (!p->memory || !p->chosen) {
		free(p->memory);
		free(p->chosen);
		return clu_fail(error, CLU_MEMORY, "out of memory for matching pursuit with up to %" PRIu32 " atoms", most);
	}
	p->factor = p->memory;
	p->gram = p->factor + k * k;
	p->columns = p->gram + k * n;
	p->projection = p->columns + k * m;
	p->coefficients = p->projection + k;
	p->correlation = p->coefficients + k;
	p->left = p->correlation + n;
	p->residual = p->left + n;
	return CLU_OK;
}

static void pursuit_release(pursuit *p)
{
	free(p->chosen);
	free(p->memory);
}

static void pursuit_begin(pursuit *p, const double *b)
{
	const size_t m = p->solver->m, n = p->solver->n;
	p->count = 0;
	cblas_dgemv(CblasRowMajor, CblasNoTrans, (int)n, (int)m, 1, p->solver->atoms, (int)m, b, 1, 0, p->correlation, 1);
	memcpy(p->left, p->correlation, n * sizeof(double));
	memcpy(p->residual, b, m * sizeof(double));
}

/* The column that the residual is nearest to. */
static uint32_t nearest_atom(const pursuit *p)
{
	uint32_t best = 0;
	double most = -1;
	for (uint32_t j = 0; j < p->solver->n; j++) {
		const double nearness = fabs(p->left[j]) * p->solver->inverse_norm[j];
		if (nearness > most) most = nearness, best = j;
	}
	return best;
}

/* false: the column depends on those that were chosen, so that nothing is to be gained. */
static bool pursuit_add(pursuit *p, uint32_t atom)
{
	const size_t m = p->solver->m, n = p->solver->n;
	const uint32_t k = p->count;
	const double *gram = p->solver->gram + atom * n;
	double *row = p->factor + (size_t)k * p->most;
	for (uint32_t i = 0; i < k; i++) row[i] = gram[p->chosen[i]];
	cblas_dtrsv(CblasRowMajor, CblasLower, CblasNoTrans, CblasNonUnit, (int)k, p->factor, (int)p->most, row, 1);
	const double square = gram[atom] - cblas_ddot((int)k, row, 1, row, 1);
	if (!(square > 1e-12 * gram[atom])) return false;
	row[k] = sqrt(square);
	p->projection[k] = (p->correlation[atom] - cblas_ddot((int)k, row, 1, p->projection, 1)) / row[k];
	memcpy(p->gram + k * n, gram, n * sizeof(double));
	memcpy(p->columns + k * m, p->solver->atoms + atom * m, m * sizeof(double));
	p->chosen[p->count++] = atom;
	return true;
}

static void pursuit_fit(pursuit *p, const double *b)
{
	const int m = (int)p->solver->m, n = (int)p->solver->n, k = (int)p->count;
	memcpy(p->coefficients, p->projection, p->count * sizeof(double));
	cblas_dtrsv(CblasRowMajor, CblasLower, CblasTrans, CblasNonUnit, k, p->factor, (int)p->most, p->coefficients, 1);
	memcpy(p->left, p->correlation, p->solver->n * sizeof(double));
	cblas_dgemv(CblasRowMajor, CblasTrans, k, n, -1, p->gram, n, p->coefficients, 1, 1, p->left, 1);
	memcpy(p->residual, b, p->solver->m * sizeof(double));
	cblas_dgemv(CblasRowMajor, CblasTrans, k, m, -1, p->columns, m, p->coefficients, 1, 1, p->residual, 1);
}

static void pursue(pursuit *p, const clu_solve *how, const double *b, double *x)
{
	const int m = (int)p->solver->m;
	const double goal = how->residual * cblas_dnrm2(m, b, 1);
	pursuit_begin(p, b);
	while (p->count < p->most && cblas_dnrm2(m, p->residual, 1) > goal && pursuit_add(p, nearest_atom(p))) pursuit_fit(p, b);
	memset(x, 0, p->solver->n * sizeof *x);
	for (uint32_t i = 0; i < p->count; i++) x[p->chosen[i]] = p->coefficients[i];
}

static clu_status match(const clu_solver *solver, const clu_solve *how, const double *b, size_t count, double *x, clu_error *error)
{
	const uint32_t rank = solver->m < solver->n ? solver->m : solver->n;
	pursuit p;
	CLU_TRY(pursuit_create(solver, how->iterations && how->iterations < rank ? how->iterations : rank, &p, error));
	for (size_t i = 0; i < count; i++) pursue(&p, how, b + i * solver->m, x + i * solver->n);
	pursuit_release(&p);
	return CLU_OK;
}

/* ---- least squares on the true support ---- */

typedef struct fit {
	double *columns;    /* [n][m]: those of the support */
	double *right;      /* [max(m, n)]: b, then the coefficients */
	uint32_t *support;  /* [n] */
	lapack_int *pivots; /* [n] */
} fit;

static clu_status fit_support(const clu_solver *solver, const double *b, const float *truth, fit *f, double *x, clu_error *error)
{
	const size_t m = solver->m;
	uint32_t k = 0;
	for (uint32_t j = 0; j < solver->n; j++) {
		x[j] = 0;
		if (truth[j] == 0.0f) continue;
		memcpy(f->columns + k * m, solver->atoms + j * m, m * sizeof(double));
		f->pivots[k] = 0;
		f->support[k++] = j;
	}
	if (k == 0) return CLU_OK;
	memcpy(f->right, b, m * sizeof(double));
	/* The complete orthogonal factorisation also serves where the columns are dependent, or more than b has entries. */
	lapack_int rank = 0;
	const lapack_int rows = (lapack_int)m, columns = (lapack_int)k;
	const lapack_int info = LAPACKE_dgelsy(
	    LAPACK_COL_MAJOR, rows, columns, 1, f->columns, rows, f->right, rows > columns ? rows : columns, f->pivots, 1e-12, &rank);
	if (info != 0) return clu_fail(error, CLU_MEMORY, "out of memory for least squares on %" PRIu32 " columns", k);
	for (uint32_t i = 0; i < k; i++) x[f->support[i]] = f->right[i];
	return CLU_OK;
}

static clu_status fit_all(const clu_solver *solver, const double *b, size_t count, const float *truth, double *x, clu_error *error)
{
	const size_t m = solver->m, n = solver->n;
	fit f = {.columns = malloc(n * m * sizeof(double)),
	    .right = malloc((m > n ? m : n) * sizeof(double)),
	    .support = malloc(n * sizeof(uint32_t)),
	    .pivots = malloc(n * sizeof(lapack_int))};
	clu_status status = CLU_OK;
	if (!f.columns || !f.right || !f.support || !f.pivots) status = clu_fail(error, CLU_MEMORY, "out of memory for least squares");
	for (size_t i = 0; i < count && status == CLU_OK; i++)
		status = fit_support(solver, b + i * m, truth + i * n, &f, x + i * n, error);
	free(f.pivots);
	free(f.support);
	free(f.right);
	free(f.columns);
	return status;
}

/* ---- all of them ---- */

clu_status solver_check(const clu_solve *how, const float *truth, clu_error *error)
{
	switch (how->method) {
	case CLU_METHOD_FISTA:
		if (how->iterations > 0 && how->penalty >= 0 && isfinite(how->penalty)) return CLU_OK;
		return clu_fail(error, CLU_ARGUMENT, "FISTA with %" PRIu32 " iterations and penalty %g, wanted at least 1 and at least 0",
		    how->iterations, how->penalty);
	case CLU_METHOD_OMP:
		if (how->residual >= 0 && isfinite(how->residual)) return CLU_OK;
		return clu_fail(error, CLU_ARGUMENT, "matching pursuit to a residual of %g, wanted at least 0", how->residual);
	case CLU_METHOD_ORACLE:
		if (truth) return CLU_OK;
		return clu_fail(error, CLU_ARGUMENT, "least squares on the true support, without the truth");
	}
	return clu_fail(error, CLU_ARGUMENT, "method %d is none of FISTA, matching pursuit, oracle", (int)how->method);
}

/* A NaN would come out of the threshold as a zero. */
static clu_status check_measurements(const clu_solver *solver, const double *b, size_t count, clu_error *error)
{
	const size_t m = solver->m;
	for (size_t i = 0; i < count * m; i++) {
		if (!isfinite(b[i]))
			return clu_fail(
			    error, CLU_ARGUMENT, "measurement %zu of signal %zu (from 0) is %g, wanted a finite number", i % m, i / m, b[i]);
	}
	return CLU_OK;
}

clu_status solver_run(
    const clu_solver *solver, const clu_solve *how, const double *b, size_t count, const float *truth, double *x, clu_error *error)
{
	CLU_TRY(solver_check(how, truth, error));
	CLU_TRY(check_measurements(solver, b, count, error));
	if (count == 0) return CLU_OK;
	switch (how->method) {
	case CLU_METHOD_FISTA: return fista(solver, how, b, count, x, error);
	case CLU_METHOD_OMP: return match(solver, how, b, count, x, error);
	case CLU_METHOD_ORACLE: break;
	}
	return fit_all(solver, b, count, truth, x, error);
}

/* ---- OpenBLAS' threads, which are the process's ---- */

static pthread_mutex_t threads_guard = PTHREAD_MUTEX_INITIALIZER;
static unsigned threads_holders;
static int threads_before;

void solver_hold_threads(void)
{
	pthread_mutex_lock(&threads_guard);
	if (threads_holders++ == 0) {
		threads_before = openblas_get_num_threads();
		openblas_set_num_threads(1);
	}
	pthread_mutex_unlock(&threads_guard);
}

void solver_release_threads(void)
{
	pthread_mutex_lock(&threads_guard);
	if (--threads_holders == 0) openblas_set_num_threads(threads_before);
	pthread_mutex_unlock(&threads_guard);
}

clu_status clu_solver_run(
    const clu_solver *solver, const clu_solve *how, const double *b, size_t count, const float *truth, double *x, clu_error *error)
{
	solver_hold_threads();
	const clu_status status = solver_run(solver, how, b, count, truth, x, error);
	solver_release_threads();
	return status;
}
