/* test_reproduce_step.c: times of trainings from a step that is known. Measuring one is in test_reproduce_forecast.c. */
#include "reproduce_fixture.h"

#include "reproduce_step.h"

static void from_a_step_that_is_known(void **state)
{
	(void)state;
	reproduce_job *job = fixture_job("full");
	reproduce_step step = {.shape = {250, 500, 16, 128, 1}, .seconds = 0.01};
	forecast one, three;
	clu_error error;
	support_ok(reproduce_step_foresee(job, &job->base, 1, &step, &one, &error), &error);
	support_ok(reproduce_step_foresee(job, &job->base, 3, &step, &three, &error), &error);
	assert_true(one.steps == 14400 && three.steps == 14400); /* of one training */
	assert_true(one.seconds > 72 && fabs(three.seconds - 3 * one.seconds) < 1e-9);
	free(job);
}

/* Where nothing is missing, nothing is measured. */
static void of_no_training(void **state)
{
	(void)state;
	reproduce_job *job = fixture_job("full");
	job->device_spec = "none of this name";
	reproduce_step step = {.seconds = 0};
	forecast none;
	clu_error error;
	support_ok(reproduce_step_foresee(job, &job->base, 0, &step, &none, &error), &error);
	assert_true(none.exact && none.steps == 0 && none.seconds == 0);
	free(job);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(from_a_step_that_is_known),
	    cmocka_unit_test(of_no_training),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
