/* test_start.c: the weights that a network starts from, against their definitions in double. */
#include "start.h"
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { M = 7, N = 12 };
static const double lipschitz = 3.5, ridge = 0.3, rounding = 1e-6;

typedef struct start {
	float d[M * N], w_b[N * M], w_x[N * N];
} start;

/* D is `scale` times what it is at 1. */
static start make(uint32_t m, uint32_t n, double scale, double gain, double lipschitz_of_d, double ridge_wanted)
{
	start s;
	clu_error error;
	support_fill(s.d, (size_t)m * n, 1, 5);
	for (uint32_t i = 0; i < m * n; i++) s.d[i] = (float)(s.d[i] * scale);
	const start_problem problem = {s.d, m, n, gain, lipschitz_of_d, ridge_wanted};
	support_ok(start_weights(&problem, s.w_b, s.w_x, &error), &error);
	return s;
}

/* (W_b D)_jk of the dictionary without its gain. */
static double product(const start *s, uint32_t m, uint32_t n, double gain, uint32_t j, uint32_t k)
{
	double sum = 0;
	for (uint32_t i = 0; i < m; i++) sum += (double)s->w_b[j * m + i] * s->d[i * n + k] / gain;
	return sum;
}

static void check_w_x(const start *s, uint32_t m, uint32_t n, double gain)
{
	for (uint32_t j = 0; j < n; j++)
		for (uint32_t k = 0; k < n; k++)
			assert_true(fabs(s->w_x[j * n + k] - ((j == k) - product(s, m, n, gain, j, k))) < rounding);
}

static void without_a_ridge_it_is_a_gradient_step(void **state)
{
	(void)state;
	const double gain = 2;
	const start s = make(M, N, 1, gain, lipschitz, 0);
	for (uint32_t j = 0; j < N; j++)
		for (uint32_t i = 0; i < M; i++) assert_true(fabs(s.w_b[j * M + i] - s.d[i * N + j] / gain / lipschitz) < rounding);
	check_w_x(&s, M, N, gain);
	assert_true(start_scale(lipschitz, 0) == 1 / lipschitz);
}

/* (DDᵀ + ρ‖D‖²/n I) w_j must be a multiple of column j. */
static void with_one_it_is_the_regularised_inverse(void **state)
{
	(void)state;
	const start s = make(M, N, 1, 1, lipschitz, ridge);
	double norm = 0;
	for (uint32_t i = 0; i < M * N; i++) norm += (double)s.d[i] * s.d[i] / N;
	for (uint32_t j = 0; j < N; j++) {
		double applied[M], along = 0, length = 0, column = 0;
		for (uint32_t i = 0; i < M; i++) {
			applied[i] = ridge * norm * s.w_b[j * M + i];
			for (uint32_t k = 0; k < N; k++)
				for (uint32_t l = 0; l < M; l++) applied[i] += (double)s.d[i * N + k] * s.d[l * N + k] * s.w_b[j * M + l];
			along += applied[i] * s.d[i * N + j];
			length += applied[i] * applied[i];
			column += (double)s.d[i * N + j] * s.d[i * N + j];
		}
		assert_true(along > 0 && fabs(along * along / (length * column) - 1) < rounding);
		assert_true(fabs(product(&s, M, N, 1, j, j) - 1) < rounding);
	}
	check_w_x(&s, M, N, 1);
	assert_true(start_scale(lipschitz, ridge) == 1);
}

/* A large one leaves Dᵀ, each row divided by its column's squared norm. */
static void a_large_ridge_is_the_transpose(void **state)
{
	(void)state;
	const start s = make(M, N, 1, 1, lipschitz, 1e6);
	for (uint32_t j = 0; j < N; j++) {
		double column = 0;
		for (uint32_t i = 0; i < M; i++) column += (double)s.d[i * N + j] * s.d[i * N + j];
		for (uint32_t i = 0; i < M; i++) assert_true(fabs(s.w_b[j * M + i] - s.d[i * N + j] / column) < 1e-4);
	}
}

/* The gain is divided out of the dictionary; its scale, of columns beside 1, does not change what a ridge means. */
static void scale_and_gain_are_divided_out(void **state)
{
	(void)state;
	const start one = make(M, N, 1, 1, lipschitz, ridge), scaled = make(M, N, 8, 1, lipschitz, ridge),
	            gained = make(M, N, 8, 8, lipschitz, ridge);
	for (uint32_t i = 0; i < N * M; i++) assert_true(fabs(scaled.w_b[i] * 8 - one.w_b[i]) < rounding);
	support_same_bits("W_b", 0, gained.w_b, one.w_b, N * M);
	support_same_bits("W_x", 0, gained.w_x, one.w_x, N * N);
	support_same_bits("W_x", 1, scaled.w_x, one.w_x, N * N);
}

static void one_column_of_zeros_has_no_row(void **state)
{
	(void)state;
	float d[M * 2] = {0}, w_b[2 * M], w_x[4];
	clu_error error;
	for (int i = 0; i < M; i++) d[2 * i] = (float)i;
	const start_problem problem = {d, M, 2, 1, 1, ridge};
	support_ok(start_weights(&problem, w_b, w_x, &error), &error);
	for (int i = 0; i < M; i++) assert_true(w_b[M + i] == 0);
	assert_true(fabsf(w_x[0]) < (float)rounding && w_x[3] == 1);
}

/* Fewer columns than rows: DDᵀ alone is singular. */
static void a_ridge_that_rounds_away_is_an_error(void **state)
{
	(void)state;
	const float d[3] = {1, 1, 1};
	float w_b[3], w_x[1];
	clu_error error;
	assert_int_equal(start_weights(&(start_problem){d, 3, 1, 1, 1, 1e-300}, w_b, w_x, &error), CLU_ARGUMENT);
	assert_non_null(strstr(error.message, "ridge 1e-300"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(without_a_ridge_it_is_a_gradient_step),
	    cmocka_unit_test(with_one_it_is_the_regularised_inverse),
	    cmocka_unit_test(a_large_ridge_is_the_transpose),
	    cmocka_unit_test(scale_and_gain_are_divided_out),
	    cmocka_unit_test(one_column_of_zeros_has_no_row),
	    cmocka_unit_test(a_ridge_that_rounds_away_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
