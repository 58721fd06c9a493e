/* test_clock.c: the clock runs forwards, in seconds. */
#include "support.h"

#include "clock.h"

#include <time.h>

static void a_pause_is_as_long(void **state)
{
	(void)state;
	const struct timespec pause = {.tv_nsec = 20000000};
	const double begin = clock_seconds();
	assert_int_equal(nanosleep(&pause, NULL), 0);
	const double taken = clock_seconds() - begin;
	if (!(taken >= 0.02 && taken < 20)) fail_msg("a pause of 0.02 s took %g s", taken);
}

static void it_never_goes_back(void **state)
{
	(void)state;
	double last = clock_seconds();
	for (int i = 0; i < 1000; i++) {
		const double next = clock_seconds();
		assert_true(next >= last);
		last = next;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_pause_is_as_long),
	    cmocka_unit_test(it_never_goes_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
