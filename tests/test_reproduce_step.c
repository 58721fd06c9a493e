/* test_reproduce_step.c: times of trainings from a step that is known. Measuring one is in test_reproduce_forecast.c. */
#include "reproduce_fixture.h"

#include "reproduce_step.h"

/* One layer has steps of full depth only, so that its time is plain to see: each costs the step and, every 800, as many thirds of a
 * step as the validation set has batches. */
static void of_one_layer(void **state)
{
	(void)state;
	reproduce_job *job = fixture_job("full");
	settings *settings = &job->base;
	settings->layers = 1;
	settings->problem.validation = 240 * 128;
	reproduce_step step = {.shape = {250, 500, 1, 128, 1}, .seconds = 0.01};
	uint64_t steps;
	bool exact;
	double seconds;
	clu_error error;
	support_ok(reproduce_step_foresee(job, settings, &step, &steps, &exact, &seconds, &error), &error);
	assert_true(exact && steps == 2400);
	assert_true(fabs(seconds - 2400 * 0.01 * 1.1) < 1e-9);
	free(job);
}

/* Steps of few layers cost less; patience gives bounds. */
static void of_many_layers(void **state)
{
	(void)state;
	reproduce_job *job = fixture_job("full");
	reproduce_step step = {.shape = {250, 500, 16, 128, 1}, .seconds = 0.01};
	uint64_t steps;
	bool exact;
	double seconds;
	clu_error error;
	support_ok(reproduce_step_foresee(job, &job->base, &step, &steps, &exact, &seconds, &error), &error);
	assert_true(exact && steps == 14400 && seconds > 72 && seconds < 144);
	support_ok(clu_recipe_load("paper", &job->base.recipe, &error), &error);
	support_ok(reproduce_step_foresee(job, &job->base, &step, &steps, &exact, &seconds, &error), &error);
	assert_false(exact);
	free(job);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(of_one_layer),
	    cmocka_unit_test(of_many_layers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
