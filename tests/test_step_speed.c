/* test_step_speed.c: what was measured with a plan is taken, what was not is measured, and an interrupt ends that.
 * TEST_NEEDS: device */
#include "support.h"

#include "step_speed.h"

static plan_wish tiny_wish(const volatile int *stop)
{
	return (plan_wish){.shape = {.m = 3, .n = 7, .layers = 2, .batch = 2}, .stop = stop};
}

static step_speed measure(const plan_wish *wish, const plan_choice *plan)
{
	const clu_device_info info = support_device_info();
	step_speed speed;
	clu_error error;
	support_ok(step_speed_measure(&info, wish, plan, &speed, &error), &error);
	return speed;
}

static void what_is_known_is_taken(void **state)
{
	(void)state;
	const plan_wish wish = tiny_wish(NULL);
	plan_choice plan = {
	    .source = PLAN_MEASURED, .measured.tuning = {.lanes = 3, .step_seconds = 100, .base_seconds = 200, .lane_seconds = 50}};
	step_speed speed = measure(&wish, &plan);
	assert_true(speed.alone == 100 && speed.among_lanes == 50);
	plan.measured.tuning.lanes = 0;
	speed = measure(&wish, &plan);
	assert_true(speed.alone == 100 && speed.among_lanes == 0);
}

static void what_is_not_is_measured(void **state)
{
	(void)state;
	if (support_tiny()) skip(); /* a minute */
	const clu_device_info info = support_device_info();
	const plan_choice plan = {.source = PLAN_BUILT_IN, .plan = clu_plan_default(&info)};
	plan_wish wish = tiny_wish(NULL);
	step_speed speed = measure(&wish, &plan);
	if (!(speed.alone > 0 && speed.alone < 60 && speed.among_lanes >= 0)) fail_msg("%g s, %g s", speed.alone, speed.among_lanes);
	const int stop = 1;
	wish = tiny_wish(&stop);
	speed = measure(&wish, &plan);
	assert_true(speed.alone == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_known_is_taken),
	    cmocka_unit_test(what_is_not_is_measured),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
