/* test_rank_agreement.c: rank correlation beside scipy.stats.spearmanr 1.x, and what is found beside a count over all halves. */
#include "support.h"

#include "rank_agreement.h"

#include <math.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void expect_near(double value, double wanted)
{
	if (!(fabs(value - wanted) < 1e-12)) fail_msg("%.17g, wanted %.17g", value, wanted);
}

/* Figures of scipy.stats.spearmanr, and of itertools.combinations over all halves. */
static const double a[] = {-40.5, -43.2, -56.2, -54.5, -43.2, -38.0, -50.1},
                    b[] = {-35.1, -35.1, -48.0, -49.5, -39.9, -35.1, -41.0};
static const double x[] = {-0.8, -1.3, -0.2, 0.4, 1.1, 0.1, -0.6, -0.8, 0.7, 1.6, 0.3, -1.2},
                    y[] = {-1.4, 0.8, 0.1, -1.5, 0.6, -1.1, -1.0, -1.0, -0.3, 1.5, 0.1, -1.3};

static void correlation_with_ties(void **state)
{
	(void)state;
	const rank_agreement high = rank_agree(a, b, COUNT(a)), low = rank_agree(x, y, COUNT(x));
	expect_near(high.rho, 0.897549110408119);
	expect_near(low.rho, 0.30755759272708916);
	expect_near(low.low, -0.3370378115004188);
	expect_near(low.high, 0.7558394305942232);
}

static void choosing(void **state)
{
	(void)state;
	double reversed[COUNT(a)];
	for (size_t i = 0; i < COUNT(a); i++) reversed[i] = -a[i];
	const rank_agreement high = rank_agree(a, b, COUNT(a)), low = rank_agree(x, y, COUNT(x));
	assert_int_equal(high.place, 2); /* −56.2 has −48.0, the second best */
	assert_int_equal(high.shared, 3);
	expect_near(high.lost, -54.5 + 56.2);
	expect_near(high.found, 1);
	assert_int_equal(low.place, 11);
	assert_int_equal(low.shared, 2); /* −1.2, and of two at −0.8 the earlier one */
	expect_near(low.lost, 0.4 + 1.3);
	expect_near(low.found, 0.48593073593073594);
	expect_near(rank_agree(a, reversed, COUNT(a)).found, 0.02857142857142857);
}

static void the_same_and_the_reverse(void **state)
{
	(void)state;
	double reversed[COUNT(a)];
	for (size_t i = 0; i < COUNT(a); i++) reversed[i] = -a[i];
	const rank_agreement same = rank_agree(a, a, COUNT(a)), reverse = rank_agree(a, reversed, COUNT(a));
	assert_true(same.rho == 1 && same.low == 1 && same.high == 1 && same.place == 1 && same.lost == 0);
	assert_true(reverse.rho == -1 && reverse.place == COUNT(a));
}

/* Of what has no figure on one side nothing is known. */
static void what_failed_is_left_out(void **state)
{
	(void)state;
	const double left[] = {NAN, -3, -2, INFINITY, -1}, right[] = {-9, -3, -2, -8, NAN};
	const rank_agreement two = rank_agree(left, right, 5);
	assert_true(two.count == 2 && two.rho == 1 && isnan(two.low) && two.place == 1);
	const rank_agreement none = rank_agree(left, left, 1);
	assert_true(none.count == 0 && none.place == 0 && isnan(none.rho) && isnan(none.found) && isnan(none.lost));
	const double flat[] = {-3, -3, -3, -3};
	assert_true(isnan(rank_agree(flat, right, 4).rho)); /* no variance */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(correlation_with_ties),
	    cmocka_unit_test(choosing),
	    cmocka_unit_test(the_same_and_the_reverse),
	    cmocka_unit_test(what_failed_is_left_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
