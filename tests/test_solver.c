/* test_solver.c: classical solvers where the answer is known: tiny cases by hand, FISTA beside a long run of plain ISTA written
 * here, matching pursuit on codes that are exactly sparse, least squares on the true support without noise. Data are made by the
 * tests' own generator. */
#include "support.h"

#include "generate.h"
#include "solver.h"

#include <cblas.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct problem {
	uint32_t m, n;
	size_t count;
	float *dictionary, *truth;
	double *b, *x;
	clu_solver *solver;
} problem;

/* `nonzeros` of each code, unit columns, b = D x in double. */
static problem problem_create(uint32_t m, uint32_t n, size_t count, uint32_t nonzeros, uint64_t seed)
{
	problem p = {m, n, count, calloc((size_t)m * n, sizeof(float)), calloc(count * n, sizeof(float)),
	    calloc(count * m, sizeof(double)), calloc(count * n, sizeof(double)), NULL};
	clu_error error;
	uint64_t state = seed;
	assert_true(p.dictionary && p.truth && p.b && p.x);
	generate_dictionary(seed, m, n, p.dictionary);
	for (size_t i = 0; i < count; i++) {
		for (uint32_t k = 0; k < nonzeros;) {
			float *entry = &p.truth[i * n + (size_t)(support_uniform(&state) * n)];
			if (*entry != 0) continue;
			*entry = (float)(support_uniform(&state) + 0.5) * (support_uniform(&state) < 0.5 ? -1.0f : 1.0f);
			k++;
		}
		for (uint32_t r = 0; r < m; r++)
			for (uint32_t j = 0; j < n; j++) p.b[i * m + r] += (double)p.dictionary[r * n + j] * (double)p.truth[i * n + j];
	}
	support_ok(clu_solver_create(p.dictionary, m, n, &p.solver, &error), &error);
	return p;
}

static void problem_release(problem *p)
{
	clu_solver_destroy(p->solver);
	free(p->x);
	free(p->b);
	free(p->truth);
	free(p->dictionary);
}

static void run(const problem *p, const clu_solve *how)
{
	clu_error error;
	support_ok(clu_solver_run(p->solver, how, p->b, p->count, p->truth, p->x, &error), &error);
}

/* ½‖b − D x‖² + λ‖x‖₁ of one signal. */
static double objective(const problem *p, size_t signal, const double *x, double penalty)
{
	double value = 0;
	for (uint32_t r = 0; r < p->m; r++) {
		double left = p->b[signal * p->m + r];
		for (uint32_t j = 0; j < p->n; j++) left -= (double)p->dictionary[r * p->n + j] * x[j];
		value += left * left / 2;
	}
	for (uint32_t j = 0; j < p->n; j++) value += penalty * fabs(x[j]);
	return value;
}

/* ---- FISTA ---- */

/* Orthonormal columns: the minimum is the threshold of Dᵀ b, known by hand. */
static void fista_on_a_diagonal(void **state)
{
	(void)state;
	static const float dictionary[4] = {2, 0, 0, 1};
	static const double b[2] = {3, -0.25};
	const clu_solve how = {.method = CLU_METHOD_FISTA, .iterations = 500, .penalty = 0.5};
	clu_solver *solver;
	clu_error error;
	double x[2];
	support_ok(clu_solver_create(dictionary, 2, 2, &solver, &error), &error);
	support_ok(clu_solver_run(solver, &how, b, 1, NULL, x, &error), &error);
	assert_true(fabs(x[0] - (2 * 3 - 0.5) / 4) < 1e-12); /* d = 2: (d·b − λ)/d² */
	assert_true(x[1] == 0);                              /* |b| < λ */
	clu_solver_destroy(solver);
}

/* Plain ISTA, 20,000 iterations, in the order of its definition. */
static void ista(const problem *p, double penalty, double *x)
{
	double lipschitz, *gradient = calloc(p->n, sizeof *gradient);
	assert_non_null(gradient);
	assert_int_equal(generate_lipschitz(p->dictionary, p->m, p->n, &lipschitz, NULL), CLU_OK);
	memset(x, 0, p->n * sizeof *x);
	for (int i = 0; i < 20000; i++) {
		memset(gradient, 0, p->n * sizeof *gradient);
		for (uint32_t r = 0; r < p->m; r++) {
			double left = -p->b[r];
			for (uint32_t j = 0; j < p->n; j++) left += (double)p->dictionary[r * p->n + j] * x[j];
			for (uint32_t j = 0; j < p->n; j++) gradient[j] += (double)p->dictionary[r * p->n + j] * left;
		}
		for (uint32_t j = 0; j < p->n; j++) {
			const double v = x[j] - gradient[j] / lipschitz, size = fabs(v) - penalty / lipschitz;
			x[j] = size > 0 ? copysign(size, v) : 0;
		}
	}
	free(gradient);
}

static void fista_falls_to_the_minimum(void **state)
{
	(void)state;
	static const uint32_t sizes[][2] = {{1, 1}, {1, 7}, {7, 1}, {13, 29}, {17, 17}};
	const double penalty = 0.05;
	for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
		problem p = problem_create(sizes[s][0], sizes[s][1], 1, 1, 11);
		double *want = calloc(p.n, sizeof *want), before = INFINITY;
		assert_non_null(want);
		ista(&p, penalty, want);
		const double least = objective(&p, 0, want, penalty);
		static const uint32_t iterations[] = {4, 40, 4000};
		for (size_t i = 0; i < sizeof iterations / sizeof *iterations; i++) {
			run(&p, &(clu_solve){.method = CLU_METHOD_FISTA, .iterations = iterations[i], .penalty = penalty});
			const double value = objective(&p, 0, p.x, penalty);
			print_message("%ux%u after %u: %.15g, least %.15g\n", p.m, p.n, iterations[i], value, least);
			assert_true(value < before + 1e-12 && value > least - 1e-9);
			before = value;
		}
		assert_true(before < least + 1e-9);
		free(want);
		problem_release(&p);
	}
}

/* A signal's code is the same whichever signals it is worked on with; 130 are three blocks. */
static void signals_do_not_meet(void **state)
{
	(void)state;
	const clu_solve ways[] = {{.method = CLU_METHOD_FISTA, .iterations = 25, .penalty = 0.01},
	    {.method = CLU_METHOD_OMP, .residual = 1e-9}, {.method = CLU_METHOD_ORACLE}};
	problem p = problem_create(12, 31, 130, 3, 5);
	for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
		run(&p, &ways[w]);
		for (size_t i = 0; i < p.count; i += 43) {
			double *alone = calloc(p.n, sizeof *alone);
			clu_error error;
			assert_non_null(alone);
			support_ok(clu_solver_run(p.solver, &ways[w], p.b + i * p.m, 1, p.truth + i * p.n, alone, &error), &error);
			for (uint32_t j = 0; j < p.n; j++) {
				if (!(fabs(alone[j] - p.x[i * p.n + j]) < 1e-12)) fail_msg("way %zu, signal %zu, code %u", w, i, j);
			}
			free(alone);
		}
	}
	problem_release(&p);
}

/* ---- matching pursuit ---- */

static void assert_recovered(const problem *p, double tolerance)
{
	for (size_t i = 0; i < p->count * p->n; i++) {
		if (!(fabs(p->x[i] - (double)p->truth[i]) < tolerance))
			fail_msg(
			    "%ux%u: signal %zu, code %zu is %.17g, wanted %.9g", p->m, p->n, i / p->n, i % p->n, p->x[i], (double)p->truth[i]);
	}
}

static void pursuit_recovers_sparse_codes(void **state)
{
	(void)state;
	static const struct {
		uint32_t m, n, nonzeros;
	} cases[] = {{1, 1, 1}, {7, 1, 1}, {5, 5, 1}, {40, 67, 4}, {67, 40, 4}};
	for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
		problem p = problem_create(cases[c].m, cases[c].n, 20, cases[c].nonzeros, 3);
		run(&p, &(clu_solve){.method = CLU_METHOD_OMP, .residual = 1e-10});
		assert_recovered(&p, 1e-12);
		problem_release(&p);
	}
}

/* The first atom is the nearest by angle, whatever the columns' norms. */
static void pursuit_of_one_atom(void **state)
{
	(void)state;
	static const float dictionary[6] = {1, 0, 10, 0, 0.5f, 10}; /* columns (1, 0), (0, 0.5), (10, 10) */
	static const double b[2] = {0.1, 2};
	const clu_solve how = {.method = CLU_METHOD_OMP, .iterations = 1};
	clu_solver *solver;
	clu_error error;
	double x[3];
	support_ok(clu_solver_create(dictionary, 2, 3, &solver, &error), &error);
	support_ok(clu_solver_run(solver, &how, b, 1, NULL, x, &error), &error);
	assert_true(x[0] == 0 && fabs(x[1] - 4) < 1e-14 && x[2] == 0);
	clu_solver_destroy(solver);
}

static uint32_t count_nonzero(const double *x, uint32_t n)
{
	uint32_t count = 0;
	for (uint32_t j = 0; j < n; j++) count += x[j] != 0;
	return count;
}

static void pursuit_ends(void **state)
{
	(void)state;
	problem p = problem_create(9, 20, 1, 8, 2);
	run(&p, &(clu_solve){.method = CLU_METHOD_OMP, .residual = 1});
	assert_int_equal(count_nonzero(p.x, p.n), 0);
	run(&p, &(clu_solve){.method = CLU_METHOD_OMP, .iterations = 3});
	assert_int_equal(count_nonzero(p.x, p.n), 3);
	run(&p, &(clu_solve){.method = CLU_METHOD_OMP}); /* as many as there are dimensions */
	assert_int_equal(count_nonzero(p.x, p.n), 9);
	memset(p.b, 0, p.m * sizeof *p.b);
	run(&p, &(clu_solve){.method = CLU_METHOD_OMP});
	assert_int_equal(count_nonzero(p.x, p.n), 0);
	problem_release(&p);
}

/* Equal columns and columns of zeros: the factor would not have a next row. */
static void pursuit_on_dependent_columns(void **state)
{
	(void)state;
	static const float dictionary[8] = {1, 1, 0, 1, 0, 0, 0, 0}; /* (1, 0) three times, (0, 0) */
	static const double b[2] = {3, 1};
	const clu_solve how = {.method = CLU_METHOD_OMP};
	clu_solver *solver;
	clu_error error;
	double x[4];
	support_ok(clu_solver_create(dictionary, 2, 4, &solver, &error), &error);
	support_ok(clu_solver_run(solver, &how, b, 1, NULL, x, &error), &error);
	assert_true(fabs(x[0] - 3) < 1e-14 && x[1] == 0 && x[2] == 0 && x[3] == 0);
	clu_solver_destroy(solver);
}

/* ---- least squares on the true support ---- */

static void oracle_is_the_truth_without_noise(void **state)
{
	(void)state;
	static const struct {
		uint32_t m, n, nonzeros;
	} cases[] = {{1, 1, 1}, {1, 7, 1}, {7, 1, 1}, {13, 29, 10}, {29, 13, 13}};
	for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
		problem p = problem_create(cases[c].m, cases[c].n, 10, cases[c].nonzeros, 8);
		run(&p, &(clu_solve){.method = CLU_METHOD_ORACLE});
		assert_recovered(&p, 1e-9);
		problem_release(&p);
	}
}

/* The residual is orthogonal to the support's columns; where there are more of them than measurements, b is met. */
static void oracle_is_the_least_squares_fit(void **state)
{
	(void)state;
	static const uint32_t nonzeros[] = {0, 6, 15};
	for (size_t c = 0; c < sizeof nonzeros / sizeof *nonzeros; c++) {
		problem p = problem_create(11, 23, 1, nonzeros[c], 4);
		uint64_t noise = 1;
		for (uint32_t r = 0; r < p.m; r++) p.b[r] += support_uniform(&noise);
		run(&p, &(clu_solve){.method = CLU_METHOD_ORACLE});
		assert_int_equal(count_nonzero(p.x, p.n), nonzeros[c]);
		for (uint32_t j = 0; j < p.n; j++) {
			double product = 0;
			if (p.truth[j] == 0) continue;
			for (uint32_t r = 0; r < p.m; r++) {
				double left = p.b[r];
				for (uint32_t k = 0; k < p.n; k++) left -= (double)p.dictionary[r * p.n + k] * p.x[k];
				product += left * (double)p.dictionary[r * p.n + j];
			}
			assert_true(fabs(product) < 1e-10);
		}
		problem_release(&p);
	}
}

/* ---- what is refused ---- */

static void refusals_are_named(void **state)
{
	(void)state;
	static const float zeros[6];
	problem p = problem_create(2, 3, 1, 1, 1);
	clu_solver *solver;
	clu_error error;
	assert_int_equal(clu_solver_create(zeros, 2, 3, &solver, &error), CLU_ARGUMENT);
	assert_non_null(strstr(error.message, "all zero"));
	assert_int_equal(clu_solver_create(zeros, 0, 3, &solver, &error), CLU_ARGUMENT);
	const struct {
		clu_solve how;
		const char *named;
	} cases[] = {
	    {{.method = CLU_METHOD_FISTA, .penalty = 1}, "0 iterations"},
	    {{.method = CLU_METHOD_FISTA, .iterations = 1, .penalty = -1}, "penalty -1"},
	    {{.method = CLU_METHOD_OMP, .residual = NAN}, "residual"},
	    {{.method = CLU_METHOD_ORACLE}, "truth"},
	    {{.method = (clu_method)9}, "method 9"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(clu_solver_run(p.solver, &cases[i].how, p.b, 1, NULL, p.x, &error), CLU_ARGUMENT);
		if (!strstr(error.message, cases[i].named)) fail_msg("'%s' lacks '%s'", error.message, cases[i].named);
	}
	p.b[1] = NAN;
	assert_int_equal(clu_solver_run(p.solver, &(clu_solve){.method = CLU_METHOD_OMP}, p.b, 1, NULL, p.x, &error), CLU_ARGUMENT);
	assert_non_null(strstr(error.message, "measurement 1 of signal 0"));
	problem_release(&p);
	clu_solver_destroy(NULL);
}

/* The last of calls that overlap gives OpenBLAS its threads back. */
static void threads_are_given_back(void **state)
{
	(void)state;
	const int threads = openblas_get_num_threads();
	openblas_set_num_threads(2);
	const int before = openblas_get_num_threads(); /* 1 where OpenBLAS has no more */
	solver_hold_threads();
	solver_hold_threads();
	assert_int_equal(openblas_get_num_threads(), 1);
	solver_release_threads();
	assert_int_equal(openblas_get_num_threads(), 1);
	solver_release_threads();
	assert_int_equal(openblas_get_num_threads(), before);
	openblas_set_num_threads(threads);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(fista_on_a_diagonal),
	    cmocka_unit_test(fista_falls_to_the_minimum),
	    cmocka_unit_test(signals_do_not_meet),
	    cmocka_unit_test(pursuit_recovers_sparse_codes),
	    cmocka_unit_test(pursuit_of_one_atom),
	    cmocka_unit_test(pursuit_ends),
	    cmocka_unit_test(pursuit_on_dependent_columns),
	    cmocka_unit_test(oracle_is_the_truth_without_noise),
	    cmocka_unit_test(oracle_is_the_least_squares_fit),
	    cmocka_unit_test(refusals_are_named),
	    cmocka_unit_test(threads_are_given_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
