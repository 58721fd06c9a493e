/* test_tune.c: what measuring may change and what it must leave alone: every plan that is tried is one, what comes out passes the
 * self-test, no key changes against one's will, and it ends when it is told to. How fast plans are is no test's affair.
 * TEST_NEEDS: device */
#include "support_network.h"

#include "plan.h"
#include "tune.h"

#include <stdio.h>
#include <string.h>

static clu_tuning_job small_job(const clu_plan *base, double seconds)
{
	const bool tiny = support_tiny();
	return (clu_tuning_job){.m = tiny ? 3 : 20,
	    .n = tiny ? 7 : 40,
	    .layers = tiny ? 2 : 3,
	    .batch = tiny ? 2 : 16,
	    .base = *base,
	    .keep_key = true,
	    .seconds = seconds};
}

static bool same_plan(const clu_plan *a, const clu_plan *b)
{
	char a_text[CLU_PLAN_TEXT], b_text[CLU_PLAN_TEXT];
	clu_plan_print(a, a_text);
	clu_plan_print(b, b_text);
	return strcmp(a_text, b_text) == 0;
}

/* Each variant makes a plan out of every plan that it says it is for. */
static void test_variants_are_plans(void **state)
{
	const support_pair *pair = *state;
	static const uint32_t vectors[] = {4, 8, 16};
	for (const tune_variant *v = tune_variants; v->group; v++)
		for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
			const clu_device_info gpu = {.type = CLU_DEVICE_GPU};
			clu_plan plan = v->kind == KIND_GPU ? clu_plan_default(&gpu) : pair->single->plan;
			clu_error error;
			if (v->vector && v->vector != vectors[i]) continue;
			plan.vector = vectors[i];
			support_ok(plan_change(&plan, v->change, &error), &error);
			support_ok(plan_check(&plan, v->change, &error), &error);
		}
}

/* Counts the lines, and looks whether there is anything in them. */
static void count_notes(void *context, const char *text)
{
	assert_true(strlen(text) > 3 && !strchr(text, '\n'));
	++*(int *)context;
}

static void check_result(const clu_device_info *info, const clu_tuning_job *job, const clu_tuning *tuning)
{
	char key[CLU_KEY_TEXT], base_key[CLU_KEY_TEXT];
	clu_device *device;
	clu_error error;
	support_ok(plan_check(&tuning->plan, "what came out", &error), &error);
	clu_plan_key(info, &tuning->plan, key);
	clu_plan_key(info, &job->base, base_key);
	if (job->keep_key) assert_string_equal(key, base_key);
	assert_true(tuning->step_seconds > 0 && tuning->base_seconds >= tuning->step_seconds);
	support_ok(clu_device_open(info, &tuning->plan, &device, &error), &error);
	support_ok(clu_device_self_test(device, NULL, &error), &error);
	clu_device_destroy(device);
}

static void test_tuned_plan_is_sound(void **state)
{
	const support_pair *pair = *state;
	if (support_tiny()) skip(); /* minutes of building */
	clu_error error;
	clu_tuning tuning;
	int notes = 0;
	clu_tuning_job job = small_job(&pair->single->plan, 1);
	job.note = count_notes;
	job.context = &notes;
	support_ok(clu_tune(&pair->single->info, &job, &tuning, &error), &error);
	check_result(&pair->single->info, &job, &tuning);
	assert_true(notes > 0);
	job = small_job(&pair->grouped->plan, 1);
	job.keep_key = false;
	support_ok(clu_tune(&pair->grouped->info, &job, &tuning, &error), &error);
	check_result(&pair->grouped->info, &job, &tuning);
}

/* Without time it says what it began with, and that this runs; stopped, the former. */
static void test_no_time(void **state)
{
	const support_pair *pair = *state;
	clu_error error;
	clu_tuning tuning;
	clu_tuning_job job = small_job(&pair->single->plan, 0);
	support_ok(clu_tune(&pair->single->info, &job, &tuning, &error), &error);
	assert_true(same_plan(&tuning.plan, &job.base) && tuning.lanes == 0);
	check_result(&pair->single->info, &job, &tuning);
	const volatile int stop = 1;
	job = small_job(&pair->single->plan, 1e6);
	job.stop = &stop;
	support_ok(clu_tune(&pair->single->info, &job, &tuning, &error), &error);
	assert_true(same_plan(&tuning.plan, &job.base) && tuning.lanes == 0 && tuning.step_seconds == 0);
}

static void test_wrong_jobs(void **state)
{
	const support_pair *pair = *state;
	clu_error error;
	clu_tuning tuning;
	clu_tuning_job job = small_job(&pair->single->plan, 1);
	job.base.tile_rows = 0;
	assert_int_equal(clu_tune(&pair->single->info, &job, &tuning, &error), CLU_FORMAT);
	job = small_job(&pair->single->plan, 1);
	job.layers = CLU_LAYERS_MAX + 1;
	assert_int_equal(clu_tune(&pair->single->info, &job, &tuning, &error), CLU_ARGUMENT);
	job = small_job(&pair->single->plan, 1);
	job.batch = 0;
	assert_int_equal(clu_tune(&pair->single->info, &job, &tuning, &error), CLU_ARGUMENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_variants_are_plans),
	    cmocka_unit_test(test_tuned_plan_is_sound),
	    cmocka_unit_test(test_no_time),
	    cmocka_unit_test(test_wrong_jobs),
	};
	return cmocka_run_group_tests(tests, support_pair_open, support_pair_close);
}
