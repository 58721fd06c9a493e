/* test_solver_score.c: scores of classical solvers against codes solved one call at a time, with and without the rounding of
 * measurements; the choice of a penalty and of a residual against a search of every value it may take. */
#include "support.h"

#include <math.h>
#include <stdlib.h>

enum { M = 40, N = 67, COUNT = 150 };

typedef struct fixture {
	clu_data *data;
	clu_solver *solver;
} fixture;

static fixture fixture_create(double snr_db)
{
	clu_problem problem = clu_problem_default();
	clu_error error;
	fixture f;
	problem.m = M;
	problem.n = N;
	problem.density = 0.06;
	problem.snr_db = snr_db;
	problem.train = 0;
	problem.validation = problem.test = COUNT;
	support_ok(clu_data_create(&problem, NULL, &f.data, &error), &error);
	support_ok(clu_solver_create(f.data->dictionary, M, N, &f.solver, &error), &error);
	return f;
}

static void fixture_release(fixture *f)
{
	clu_solver_destroy(f->solver);
	clu_data_destroy(f->data);
}

static double score_db(const fixture *f, const clu_solve *how, const clu_samples *samples, clu_measured measured)
{
	clu_score score;
	clu_error error;
	support_ok(clu_solver_score(f->solver, how, samples, measured, &score, &error), &error);
	assert_true(score.seconds > 0);
	return score.nmse.db;
}

/* 150 samples are two blocks and a part of one. */
static void score_is_that_of_the_codes(void **state)
{
	(void)state;
	fixture f = fixture_create(20);
	const clu_solve how = {.method = CLU_METHOD_FISTA, .iterations = 30, .penalty = 0.02};
	double *b = calloc(COUNT * M, sizeof *b), *x = calloc(COUNT * N, sizeof *x);
	float *estimate = calloc(COUNT * N, sizeof *estimate);
	clu_error error;
	clu_score score;
	assert_true(b && x && estimate);
	for (size_t i = 0; i < COUNT * M; i++) b[i] = f.data->test.b[i];
	support_ok(clu_solver_run(f.solver, &how, b, COUNT, NULL, x, &error), &error);
	for (size_t i = 0; i < COUNT * N; i++) estimate[i] = (float)x[i];
	const clu_nmse want = clu_nmse_compute(estimate, f.data->test.x, COUNT, N);
	support_ok(clu_solver_score(f.solver, &how, &f.data->test, CLU_MEASURED_AS_GIVEN, &score, &error), &error);
	print_message("%.9g %.9g, wanted %.9g %.9g\n", score.nmse.db, score.nmse.ratio_db, want.db, want.ratio_db);
	assert_true(fabs(score.nmse.db - want.db) < 1e-5 && fabs(score.nmse.ratio_db - want.ratio_db) < 1e-5);
	free(estimate);
	free(x);
	free(b);
	fixture_release(&f);
}

/* Measurements in float32 carry an error of some −150 dB. */
static void exact_measurements(void **state)
{
	(void)state;
	fixture f = fixture_create(INFINITY);
	static const clu_solve ways[] = {{.method = CLU_METHOD_ORACLE}, {.method = CLU_METHOD_OMP, .residual = 1e-11}};
	const double oracle = score_db(&f, &ways[0], &f.data->test, CLU_MEASURED_AS_GIVEN);
	print_message("rounded measurements: %.1f dB\n", oracle);
	assert_true(oracle < -130 && oracle > -170);
	for (size_t i = 0; i < 2; i++) {
		const double db = score_db(&f, &ways[i], &f.data->test, CLU_MEASURED_EXACTLY);
		print_message("method %d: %.1f dB\n", (int)ways[i].method, db);
		assert_true(db < -280);
	}
	fixture_release(&f);
}

/* The least over all sixteenths of a decade to 1e-5: what the choice must come near to. */
static double least_db(const fixture *f, clu_solve how)
{
	double least = INFINITY;
	for (int place = 0; place >= -80; place--) {
		how.penalty = how.residual = pow(10, place / 16.0); /* one of them counts */
		const double db = score_db(f, &how, &f->data->validation, CLU_MEASURED_AS_GIVEN);
		if (db < least) least = db;
	}
	return least;
}

static void choice_is_near_the_best(void **state)
{
	(void)state;
	static const struct {
		clu_solve how;
		double snr_db;
	} cases[] = {
	    {{.method = CLU_METHOD_FISTA, .iterations = 16}, 20},
	    {{.method = CLU_METHOD_FISTA, .iterations = 200}, 40},
	    {{.method = CLU_METHOD_OMP}, 20},
	    {{.method = CLU_METHOD_OMP}, 40},
	};
	for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
		fixture f = fixture_create(cases[c].snr_db);
		clu_solve how = cases[c].how;
		clu_error error;
		support_ok(clu_solver_choose(f.solver, &how, &f.data->validation, CLU_MEASURED_AS_GIVEN, &error), &error);
		const double chosen = score_db(&f, &how, &f.data->validation, CLU_MEASURED_AS_GIVEN);
		const double least = least_db(&f, cases[c].how);
		print_message("case %zu: %.3f dB at %g, least %.3f dB\n", c, chosen, how.penalty + how.residual, least);
		assert_true(chosen < least + 0.3 && chosen < -5);
		fixture_release(&f);
	}
}

static void choice_of_the_oracle_is_none(void **state)
{
	(void)state;
	fixture f = fixture_create(20);
	clu_solve how = {.method = CLU_METHOD_ORACLE};
	clu_error error;
	support_ok(clu_solver_choose(f.solver, &how, &f.data->validation, CLU_MEASURED_AS_GIVEN, &error), &error);
	assert_true(how.penalty == 0 && how.residual == 0);
	const clu_samples none = {0};
	clu_score score;
	assert_int_equal(clu_solver_score(f.solver, &how, &none, CLU_MEASURED_AS_GIVEN, &score, &error), CLU_ARGUMENT);
	fixture_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(score_is_that_of_the_codes),
	    cmocka_unit_test(exact_measurements),
	    cmocka_unit_test(choice_is_near_the_best),
	    cmocka_unit_test(choice_of_the_oracle_is_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
