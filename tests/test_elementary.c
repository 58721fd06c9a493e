/* test_elementary.c: logarithm, exponential and cosine against libm, which is good to one unit in the last place here, and a
 * few results bit by bit: those must not differ between compilers, optimisation levels or hosts. */
#include "elementary.h"
#include "support.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

static double worst_of(double worst, double got, double want)
{
	double error = fabs(got - want) / (fabs(want) > DBL_MIN ? fabs(want) : 1.0);
	return error > worst || isnan(error) ? error : worst;
}

static void test_log_against_libm(void **state)
{
	(void)state;
	uint64_t sequence = 1;
	double worst = 0.0;
	for (int i = 0; i < 1000000; i++) {
		double x = ldexp(0.5 + support_uniform(&sequence), (int)(2000.0 * support_uniform(&sequence)) - 1000);
		worst = worst_of(worst, elementary_log(x), log(x));
	}
	for (int i = -100000; i <= 100000; i++) { /* about 1, where digits cancel */
		double x = 1.0 + i * 1e-6;
		worst = worst_of(worst, elementary_log(x), log(x));
	}
	static const double edges[] = {DBL_MIN, DBL_MAX, 1.0, 2.0, 0.5, 1.0 - 0x1p-53, 1.0 + 0x1p-52, 0x1p-53, 1.41421356237309492};
	for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) worst = worst_of(worst, elementary_log(edges[i]), log(edges[i]));
	print_message("largest relative error %.3g\n", worst);
	assert_true(worst < 1e-15);
	assert_true(elementary_log(1.0) == 0.0);
}

static void test_exp_against_libm(void **state)
{
	(void)state;
	uint64_t sequence = 2;
	double worst = 0.0;
	for (int i = 0; i < 1000000; i++) {
		double x = 1400.0 * support_uniform(&sequence) - 700.0, small = x * 1e-3;
		worst = worst_of(worst, elementary_exp(x), exp(x));
		worst = worst_of(worst, elementary_exp(small), exp(small));
	}
	static const double edges[] = {-700.0, 700.0, 0.34657359027997264, -0.34657359027997264, 1e-300, -1e-17};
	for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) worst = worst_of(worst, elementary_exp(edges[i]), exp(edges[i]));
	print_message("largest relative error %.3g\n", worst);
	assert_true(worst < 1e-15);
	assert_true(elementary_exp(0.0) == 1.0);
}

static void test_cosine_against_libm(void **state)
{
	(void)state;
	double worst = 0.0;
	for (int i = 0; i <= 1000000; i++) {
		double t = i * 1e-6, error = fabs(elementary_cos_pi(t) - cos(3.14159265358979323846 * t));
		if (!(error <= worst)) worst = error;
	}
	print_message("largest error %.3g\n", worst);
	assert_true(worst < 5e-16);
	assert_true(elementary_cos_pi(0.0) == 1.0);
	assert_true(elementary_cos_pi(0.5) == 0.0);
	assert_true(elementary_cos_pi(1.0) == -1.0);
}

static void test_bits(void **state)
{
	(void)state;
	static const struct {
		const char *label;
		double (*function)(double);
		double x;
		uint64_t bits;
	} cases[] = {
	    {"log", elementary_log, 0.1, 0xc0026bb1bbb55515},
	    {"log", elementary_log, 10.0, 0x40026bb1bbb55516},
	    {"log", elementary_log, 1e-16, 0xc0426bb1bbb55516},
	    {"exp", elementary_exp, 1.0, 0x4005bf0a8b14576a},
	    {"exp", elementary_exp, -4.605170185988091, 0x3f847ae147ae147e},
	    {"cos", elementary_cos_pi, 0.1, 0x3fee6f0e134454ff},
	    {"cos", elementary_cos_pi, 0.3, 0x3fe2cf2304755a5e},
	    {"cos", elementary_cos_pi, 0.9, 0xbfee6f0e13445500},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		double value = cases[i].function(cases[i].x);
		uint64_t bits;
		memcpy(&bits, &value, sizeof bits);
		print_message("%s(%.17g) = %.17g = %016" PRIx64 "\n", cases[i].label, cases[i].x, value, bits);
		assert_int_equal(bits, cases[i].bits);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_log_against_libm),
	    cmocka_unit_test(test_exp_against_libm),
	    cmocka_unit_test(test_cosine_against_libm),
	    cmocka_unit_test(test_bits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
