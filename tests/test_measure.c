/* test_measure.c: what a device can do comes out as positive finite figures that fit together, in both ways of a plan; a device
 * that cannot be measured says why. Nothing here is compared with a clock. TEST_NEEDS: device */
#include "support_network.h"

#include <math.h>

static void check_plausible(const clu_measurement *m)
{
	print_message("peak %g GFLOP/s, product %g GFLOP/s, copy %g GB/s in %g s\n", m->peak_gflops, m->product_gflops,
	    m->bandwidth_gbytes, m->seconds);
	const double figures[] = {m->peak_gflops, m->product_gflops, m->bandwidth_gbytes, m->seconds};
	for (int i = 0; i < 4; i++) assert_true(isfinite(figures[i]) && figures[i] > 0);
	/* a million times what any device of today reaches: an error of units */
	assert_true(m->peak_gflops < 1e9 && m->product_gflops < 1e9 && m->bandwidth_gbytes < 1e9);
}

static void test_figures(void **state)
{
	const support_pair *pair = *state;
	clu_error error;
	clu_measurement measurement;
	support_ok(clu_device_measure(pair->single, &measurement, &error), &error);
	check_plausible(&measurement);
	if (support_tiny()) return;
	support_ok(clu_device_measure(pair->grouped, &measurement, &error), &error);
	check_plausible(&measurement);
}

static void test_no_memory_for_it(void **state)
{
	const support_pair *pair = *state;
	clu_device small = *pair->single;
	clu_error error;
	clu_measurement measurement;
	small.info.allocation_bytes = 4096;
	assert_int_equal(clu_device_measure(&small, &measurement, &error), CLU_SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_figures),
	    cmocka_unit_test(test_no_memory_for_it),
	};
	return cmocka_run_group_tests(tests, support_pair_open, support_pair_close);
}
