/* test_bench.c: samples and their spread, and the fields of a row that hold it. */
#include "support.h"

#include "bench.h"

#include <math.h>

static void test_spread(void **state)
{
	(void)state;
	static const struct {
		uint32_t count;
		double samples[6];
		bench_spread want;
	} cases[] = {
	    {1, {3}, {1, 3, 3, 3, 0, 3}},
	    {2, {4, 2}, {2, 2, 3, 4, 1, 4}},
	    {3, {5, 1, 2}, {3, 1, 2, 5, 1, 5}},
	    {4, {1, 2, 4, 100}, {4, 1, 3, 100, 1.5, 100}}, /* distances 2, 1, 1, 97 */
	    {5, {7, 7, 7, 7, 90}, {5, 7, 7, 90, 0, 90}},   /* one spoilt slice moves neither median nor deviation */
	    {6, {6, 5, 4, 3, 2, 1}, {6, 1, 3.5, 6, 1.5, 6}},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		double samples[6];
		for (uint32_t s = 0; s < 6; s++) samples[s] = cases[i].samples[s];
		const bench_spread got = bench_spread_of(samples, cases[i].count), *want = &cases[i].want;
		if (got.count != want->count || fabs(got.min - want->min) > 1e-12 || fabs(got.median - want->median) > 1e-12 ||
		    fabs(got.max - want->max) > 1e-12 || fabs(got.mad - want->mad) > 1e-12 || fabs(got.p95 - want->p95) > 1e-12)
			fail_msg("case %zu: %u samples, %g %g %g, MAD %g", i, got.count, got.min, got.median, got.max, got.mad);
	}
}

/* Of 40 numbers 1 … 40, two lie above the 38th. */
static void test_p95(void **state)
{
	(void)state;
	double samples[40];
	for (int i = 0; i < 40; i++) samples[i] = (i * 7) % 40 + 1;
	assert_true(bench_spread_of(samples, 40).p95 == 38);
}

static void test_row_has_the_spread(void **state)
{
	(void)state;
	cJSON *row = cJSON_CreateObject();
	const bench_spread spread = {3, 1, 2, 4, 0.5, 4};
	bench_row_spread(row, &spread);
	assert_true(cJSON_GetObjectItem(row, "ms_per_step_min")->valuedouble == 1);
	assert_true(cJSON_GetObjectItem(row, "ms_per_step_median")->valuedouble == 2);
	assert_true(cJSON_GetObjectItem(row, "ms_per_step_max")->valuedouble == 4);
	assert_true(cJSON_GetObjectItem(row, "ms_per_step_mad")->valuedouble == 0.5);
	cJSON_Delete(row);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_spread), cmocka_unit_test(test_p95), cmocka_unit_test(test_row_has_the_spread)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
