/* test_nmse.c: the two NMSE against their definitions, where nothing is left of an error, and where an estimate is no number. */
#include "support.h"

#include "nmse.h"

#include <math.h>

static void of_estimates(void **state)
{
	(void)state;
	static const struct {
		const char *label;
		float estimate[4], truth[4]; /* two samples of two */
		double db, ratio_db;
	} cases[] = {
	    {"zero estimate", {0, 0, 0, 0}, {3, 4, 1, 0}, 0.0, 0.0},
	    {"a tenth and a hundredth off", {3.3f, 4.4f, 1.01f, 0}, {3, 4, 1, 0}, -30.0, -20.168},
	    {"exact", {3, 4, 1, 0}, {3, 4, 1, 0}, -300.0, -300.0},
	    {"one exact, one zero", {3, 4, 0, 0}, {3, 4, 1, 0}, -150.0, -14.1497},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		clu_nmse nmse = clu_nmse_compute(cases[i].estimate, cases[i].truth, 2, 2);
		print_message("%s: %.5f %.5f\n", cases[i].label, nmse.db, nmse.ratio_db);
		assert_true(fabs(nmse.db - cases[i].db) < 1e-3);
		assert_true(fabs(nmse.ratio_db - cases[i].ratio_db) < 1e-3);
	}
	clu_nmse nmse = clu_nmse_compute((float[]){NAN, 0, 1, 1}, (float[]){3, 4, 1, 1}, 2, 2);
	assert_true(isnan(nmse.db) && isnan(nmse.ratio_db));
	nmse = clu_nmse_compute((float[]){INFINITY, 0}, (float[]){3, 4}, 1, 2);
	assert_true(nmse.db == INFINITY);
}

/* Squares in double reach below what float32 estimates can. */
static void of_squares(void **state)
{
	(void)state;
	static const double error[3] = {1e-29, 0, 1e-2}, square[3] = {1, 4, 1};
	const clu_nmse nmse = nmse_of_squares(error, square, 3);
	assert_true(fabs(nmse.db - (-290 - 300 - 20) / 3.0) < 1e-9);
	assert_true(fabs(nmse.ratio_db - 10 * log10(1e-2 / 6)) < 1e-9);
	assert_true(fabs(nmse_decibels(0) + 300) < 1e-9 && isnan(nmse_decibels(NAN)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(of_estimates),
	    cmocka_unit_test(of_squares),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
