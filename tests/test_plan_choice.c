/* test_plan_choice.c: which plan wins: imposed before pinned before measured before built in; when it is measured, and that a cache
 * which is damaged or cannot be written is no reason to stop. TEST_NEEDS: device */
#include "support.h"

#include "plan_choice.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int enter(void **state)
{
	*state = support_directory_create();
	unsetenv("CLUNROLL_PLAN");
	return setenv("XDG_CACHE_HOME", *state, 1);
}

static int leave(void **state)
{
	support_directory_remove(*state);
	return unsetenv("CLUNROLL_PLAN");
}

/* Of a tiny shape; measuring it is over when it has begun. */
static plan_wish tiny_wish(double operations)
{
	return (plan_wish){.shape = {.m = 3, .n = 7, .layers = 2, .batch = 2}, .operations = operations, .seconds = 1e-6};
}

static plan_choice choose(const clu_device_info *info, const plan_wish *wish)
{
	plan_choice choice;
	clu_error error;
	support_ok(plan_choose(info, wish, &choice, &error), &error);
	return choice;
}

static bool same_plan(const clu_plan *a, const clu_plan *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}

/* Keeps a plan as measured for the wish's shape. */
static void keep(const clu_device_info *info, const plan_wish *wish, const clu_plan *plan)
{
	clu_error error;
	const measured_plan measured = {
	    .shape = wish->shape, .measured_at = 1, .tuning = {.plan = *plan, .lanes = 3, .step_seconds = 1, .base_seconds = 2}};
	support_ok(plan_cache_put(info, &measured, &error), &error);
}

static void measured_before_built_in(void **state)
{
	(void)state;
	const clu_device_info info = support_device_info();
	const clu_plan built_in = clu_plan_default(&info);
	clu_plan other = built_in;
	plan_wish wish = tiny_wish(0);
	plan_choice choice = choose(&info, &wish);
	assert_int_equal(choice.source, PLAN_BUILT_IN);
	assert_true(same_plan(&choice.plan, &built_in) && choice.lanes == 0);
	other.tile_rows++;
	keep(&info, &wish, &other);
	choice = choose(&info, &wish);
	assert_int_equal(choice.source, PLAN_MEASURED);
	assert_true(same_plan(&choice.plan, &other) && choice.lanes == 3);
	wish.shape.n++; /* other networks */
	assert_int_equal(choose(&info, &wish).source, PLAN_BUILT_IN);
	wish.shape.n = 0;
	assert_int_equal(choose(&info, &wish).source, PLAN_BUILT_IN);
}

static void imposed_before_all(void **state)
{
	const clu_device_info info = support_device_info();
	const clu_plan built_in = clu_plan_default(&info);
	clu_plan other = built_in, imposed = built_in;
	char text[CLU_PLAN_TEXT], key[CLU_KEY_TEXT], *path = support_path(*state, "my-plan");
	plan_wish wish = tiny_wish(INFINITY);
	other.tile_rows++;
	imposed.tile_rows += 2;
	keep(&info, &wish, &other);
	clu_plan_print(&imposed, text);
	support_write(path, text, strlen(text));
	setenv("CLUNROLL_PLAN", path, 1);
	plan_choice choice = choose(&info, &wish);
	assert_true(choice.source == PLAN_IMPOSED && same_plan(&choice.plan, &imposed));
	for (char *c = text; *c; c++) *c = *c == '\n' ? ';' : *c; /* on one line, as `clunroll devices` shows it */
	support_write(path, text, strlen(text) - 1);
	choice = choose(&info, &wish);
	assert_true(choice.source == PLAN_IMPOSED && same_plan(&choice.plan, &imposed));
	wish.imposed = "default"; /* the command line before the environment */
	choice = choose(&info, &wish);
	assert_true(choice.source == PLAN_BUILT_IN && same_plan(&choice.plan, &built_in));
	setenv("CLUNROLL_PLAN", "default", 1);
	wish.imposed = NULL;
	choice = choose(&info, &wish);
	assert_true(choice.source == PLAN_BUILT_IN && same_plan(&choice.plan, &built_in));
	wish.imposed = path;
	other.block_rows++;
	clu_plan_key(&info, &other, key);
	clu_plan_print(&other, text);
	wish.pinned_key = key;
	wish.pinned_plan = text;
	choice = choose(&info, &wish);
	assert_true(choice.source == PLAN_IMPOSED && same_plan(&choice.plan, &imposed));
	setenv("CLUNROLL_PLAN", "", 1);
	wish = tiny_wish(0);
	assert_int_equal(choose(&info, &wish).source, PLAN_MEASURED);
	free(path);
}

static void a_pinned_key_is_kept(void **state)
{
	(void)state;
	const clu_device_info info = support_device_info();
	clu_plan pinned = clu_plan_default(&info), same_key, other_key;
	char text[CLU_PLAN_TEXT], key[CLU_KEY_TEXT];
	plan_wish wish = tiny_wish(0);
	pinned.block_rows += 3;
	same_key = other_key = pinned;
	same_key.tile_rows++;
	other_key.block_rows++;
	clu_plan_print(&pinned, text);
	clu_plan_key(&info, &pinned, key);
	wish.pinned_key = key;
	wish.pinned_plan = text;
	plan_choice choice = choose(&info, &wish); /* before the built-in one */
	assert_true(choice.source == PLAN_PINNED && same_plan(&choice.plan, &pinned));
	keep(&info, &wish, &other_key);
	choice = choose(&info, &wish);
	assert_true(choice.source == PLAN_PINNED && same_plan(&choice.plan, &pinned));
	keep(&info, &wish, &same_key); /* the same bits, only faster */
	choice = choose(&info, &wish);
	assert_true(choice.source == PLAN_MEASURED && same_plan(&choice.plan, &same_key));
	setenv("CLUNROLL_PLAN", "default", 1); /* says how to choose where there is a choice */
	choice = choose(&info, &wish);
	assert_true(choice.source == PLAN_PINNED && same_plan(&choice.plan, &pinned));
	unsetenv("CLUNROLL_PLAN");
	keep(&info, &wish, &other_key);
	wish.pinned_key = "of another driver";
	assert_int_equal(choose(&info, &wish).source, PLAN_MEASURED);
	wish.pinned_key = key;
	wish.pinned_plan = "damaged";
	assert_int_equal(choose(&info, &wish).source, PLAN_MEASURED);
}

static void long_work_is_measured_for(void **state)
{
	const clu_device_info info = support_device_info();
	plan_wish wish = tiny_wish(1e6), lookup = tiny_wish(0);
	char text[PLAN_CHOICE_TEXT];
	assert_int_equal(choose(&info, &wish).source, PLAN_BUILT_IN); /* done in no time */
	wish.operations = INFINITY;
	plan_choice choice = choose(&info, &wish);
	assert_int_equal(choice.source, PLAN_MEASURED);
	assert_true(choice.measured.tuning.step_seconds > 0);
	plan_choice_describe(&choice, text);
	assert_non_null(strstr(text, "3x7, 2 layers, batch 2"));
	const plan_choice again = choose(&info, &lookup);
	assert_true(again.source == PLAN_MEASURED && again.measured.measured_at == choice.measured.measured_at);
	/* what is damaged is as not measured, and measured again */
	char subject[CLU_KEY_TEXT], name[256];
	clu_plan_subject(&info, subject);
	snprintf(name, sizeof name, "clunroll/plans/%s-3x7-2-2", subject);
	char *path = support_path(*state, name);
	support_write(path, "nonsense", 8);
	assert_int_equal(choose(&info, &lookup).source, PLAN_BUILT_IN);
	assert_int_equal(choose(&info, &wish).source, PLAN_MEASURED);
	assert_int_equal(choose(&info, &lookup).source, PLAN_MEASURED);
	free(path);
}

static void what_cannot_be_kept_is_used(void **state)
{
	(void)state;
	const clu_device_info info = support_device_info();
	plan_wish wish = tiny_wish(INFINITY);
	setenv("XDG_CACHE_HOME", "/dev/null/no-directory", 1);
	assert_int_equal(choose(&info, &wish).source, PLAN_MEASURED);
}

static void an_interrupted_measurement_is_none(void **state)
{
	(void)state;
	static const volatile int stop = 1;
	const clu_device_info info = support_device_info();
	plan_wish wish = tiny_wish(INFINITY), lookup = tiny_wish(0);
	wish.stop = &stop;
	assert_int_equal(choose(&info, &wish).source, PLAN_BUILT_IN);
	assert_int_equal(choose(&info, &lookup).source, PLAN_BUILT_IN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(measured_before_built_in, enter, leave),
	    cmocka_unit_test_setup_teardown(imposed_before_all, enter, leave),
	    cmocka_unit_test_setup_teardown(a_pinned_key_is_kept, enter, leave),
	    cmocka_unit_test_setup_teardown(long_work_is_measured_for, enter, leave),
	    cmocka_unit_test_setup_teardown(what_cannot_be_kept_is_used, enter, leave),
	    cmocka_unit_test_setup_teardown(an_interrupted_measurement_is_none, enter, leave),
	};
	support_device_info(); /* kernels are kept where they outlive a test: before the tests have caches of their own */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
