/* test_plan_cache.c: a measured plan comes back as it was kept, for its device, driver and shape alone; what is damaged, foreign or
 * of another version is refused with its name, and a place that cannot be written is an error and no more. */
#include "support.h"

#include "plan_cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int enter(void **state)
{
	*state = support_directory_create();
	return setenv("XDG_CACHE_HOME", *state, 1);
}

static clu_device_info device(const char *name, const char *driver)
{
	clu_device_info info = {.type = CLU_DEVICE_CPU};
	snprintf(info.name, sizeof info.name, "%s", name);
	snprintf(info.driver, sizeof info.driver, "%s", driver);
	return info;
}

static measured_plan some_plan(const clu_device_info *info, uint32_t n)
{
	measured_plan measured = {.shape = {.m = 5, .n = n, .layers = 3, .batch = 8},
	    .measured_at = 1795529376,
	    .tuning = {.plan = clu_plan_default(info),
	        .lanes = 4,
	        .step_seconds = 0.25,
	        .base_seconds = 0.5,
	        .lane_seconds = 0.125,
	        .seconds = 12.5}};
	measured.tuning.plan.sparse_rows = n;
	return measured;
}

static bool same(const measured_plan *a, const measured_plan *b)
{
	const clu_tuning *s = &a->tuning, *t = &b->tuning;
	return memcmp(&a->shape, &b->shape, sizeof a->shape) == 0 && a->measured_at == b->measured_at && s->lanes == t->lanes &&
	       s->step_seconds == t->step_seconds && s->base_seconds == t->base_seconds && s->lane_seconds == t->lane_seconds &&
	       s->seconds == t->seconds && memcmp(&s->plan, &t->plan, sizeof s->plan) == 0;
}

/* The only file in the cache's folder of plans but the lock; the caller frees it. */
static char *only_file(const char *directory, const clu_device_info *info, const measured_plan *plan)
{
	char subject[CLU_KEY_TEXT], name[512];
	clu_plan_subject(info, subject);
	snprintf(name, sizeof name, "clunroll/plans/%s-%ux%u-%u-%u", subject, plan->shape.m, plan->shape.n, plan->shape.layers,
	    plan->shape.batch);
	return support_path(directory, name);
}

static void plans_are_kept_by_device_and_shape(void **state)
{
	(void)state;
	clu_device_info a = device("CPU\nof two lines", "1"), b = device("CPU\nof two lines", "2");
	measured_plan small = some_plan(&a, 9), large = some_plan(&a, 11), got;
	clu_error error;
	assert_int_equal(plan_cache_get(&a, &small.shape, &got, &error), CLU_FILE);
	support_ok(plan_cache_put(&a, &small, &error), &error);
	support_ok(plan_cache_put(&a, &large, &error), &error);
	support_ok(plan_cache_get(&a, &small.shape, &got, &error), &error);
	assert_true(same(&got, &small));
	support_ok(plan_cache_get(&a, &large.shape, &got, &error), &error);
	assert_true(same(&got, &large));
	assert_int_equal(plan_cache_get(&b, &small.shape, &got, &error), CLU_FILE);
	small.tuning.lanes = 7;
	support_ok(plan_cache_put(&a, &small, &error), &error);
	support_ok(plan_cache_get(&a, &small.shape, &got, &error), &error);
	assert_true(same(&got, &small));
	measured_plan *list;
	size_t count;
	support_ok(plan_cache_list(&a, &list, &count, &error), &error);
	assert_int_equal(count, 2);
	assert_true(same(&list[0], &small) || same(&list[1], &small));
	assert_true(same(&list[0], &large) || same(&list[1], &large));
	free(list);
	support_ok(plan_cache_list(&b, &list, &count, &error), &error);
	assert_int_equal(count, 0);
	free(list);
}

static void only_the_owner_may_look(void **state)
{
	clu_device_info a = device("CPU", "1");
	measured_plan plan = some_plan(&a, 9);
	struct stat about;
	clu_error error;
	support_ok(plan_cache_put(&a, &plan, &error), &error);
	char *folder = support_path(*state, "clunroll/plans");
	assert_int_equal(stat(folder, &about), 0);
	assert_int_equal(about.st_mode & 0777, 0700);
	free(folder);
}

/* A case replaces a part of the file's text by another. */
static void damage_is_named(void **state)
{
	static const struct {
		const char *part, *instead;
	} cases[] = {
	    {"clunroll-measured-plan 1", "clunroll-measured-plan 2"},
	    {"clunroll-measured-plan 1\n", ""},
	    {"device ", ""},
	    {"subject ", "subject 0"},
	    {"shape 5 9 3 8", "shape 5 9 3"},
	    {"shape 5 9 3 8", "shape 5 9 3 8 1"},
	    {"shape 5 9 3 8", "shape 5 11 3 8"},
	    {"measured_at ", "measured_at -"},
	    {"step_seconds 0.25", "step_seconds 0"},
	    {"step_seconds 0.25", "step_seconds nan"},
	    {"base_seconds 0.5", "base_seconds 0.5x"},
	    {"base_seconds 0.5\n", ""},
	    {"lanes 4", "lanes 4097"},
	    {"lanes 4", "lanes"},
	    {"\nplan ", "\nplan 9"},
	    {"vector", "victor"},
	    {"sparse_rows 9", "sparse_rows 0"},
	};
	clu_device_info a = device("CPU", "1");
	measured_plan plan = some_plan(&a, 9), got;
	clu_error error;
	support_ok(plan_cache_put(&a, &plan, &error), &error);
	char *path = only_file(*state, &a, &plan), *good = support_read(path, NULL);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[2048];
		const char *at = strstr(good, cases[i].part);
		if (!at) fail_msg("no %s in\n%s", cases[i].part, good);
		snprintf(text, sizeof text, "%.*s%s%s", (int)(at - good), good, cases[i].instead, at + strlen(cases[i].part));
		support_write(path, text, strlen(text));
		if (plan_cache_get(&a, &plan.shape, &got, &error) != CLU_FORMAT) fail_msg("taken:\n%s", text);
		assert_non_null(strstr(error.message, path));
	}
	support_ok(plan_cache_put(&a, &plan, &error), &error); /* and is mended */
	support_ok(plan_cache_get(&a, &plan.shape, &got, &error), &error);
	free(good);
	free(path);
}

/* Cut anywhere, made too long, or with a NUL in it. */
static void other_bytes_are_refused(void **state)
{
	clu_device_info a = device("CPU", "1");
	measured_plan plan = some_plan(&a, 9), got;
	clu_error error;
	size_t size;
	support_ok(plan_cache_put(&a, &plan, &error), &error);
	char *path = only_file(*state, &a, &plan), *good = support_read(path, &size);
	for (size_t length = 0; length + 1 < size; length++) {
		support_write(path, good, length);
		const clu_status status = plan_cache_get(&a, &plan.shape, &got, &error);
		if (status == CLU_OK && !same(&got, &plan)) fail_msg("cut after %zu bytes it is another plan", length);
		if (status == CLU_OK) assert_true(length + 3 > size); /* the last number may lose a digit or the line's end */
	}
	char *longer = calloc(1, 1 << 16);
	memcpy(longer, good, size);
	support_write(path, longer, size + 1);
	assert_int_equal(plan_cache_get(&a, &plan.shape, &got, &error), CLU_FORMAT);
	support_write(path, longer, 1 << 16);
	assert_int_equal(plan_cache_get(&a, &plan.shape, &got, &error), CLU_FORMAT);
	free(longer);
	free(good);
	free(path);
}

/* One device's file under another's name. */
static void a_foreign_plan_is_refused(void **state)
{
	clu_device_info a = device("CPU", "1"), b = device("another", "1");
	measured_plan plan = some_plan(&a, 9), got;
	clu_error error;
	size_t size;
	support_ok(plan_cache_put(&a, &plan, &error), &error);
	char *from = only_file(*state, &a, &plan), *to = only_file(*state, &b, &plan), *text = support_read(from, &size);
	support_write(to, text, size);
	assert_int_equal(plan_cache_get(&b, &plan.shape, &got, &error), CLU_FORMAT);
	assert_non_null(strstr(error.message, "another device"));
	free(text);
	free(to);
	free(from);
}

static void no_place_to_keep_it(void **state)
{
	(void)state;
	clu_device_info a = device("CPU", "1");
	measured_plan plan = some_plan(&a, 9), got, *list;
	clu_error error;
	size_t count;
	setenv("XDG_CACHE_HOME", "/dev/null/no-directory", 1);
	assert_int_equal(plan_cache_put(&a, &plan, &error), CLU_FILE);
	assert_int_equal(plan_cache_get(&a, &plan.shape, &got, &error), CLU_FILE);
	support_ok(plan_cache_list(&a, &list, &count, &error), &error);
	assert_int_equal(count, 0);
	free(list);
	assert_int_equal(plan_cache_lock(NULL), -1);
	plan_cache_unlock(-1);
}

/* Another process waits for the lock, and gives up when it is told to. */
static void one_measures_at_a_time(void **state)
{
	(void)state;
	static const volatile int stop = 1;
	int how, lock = plan_cache_lock(NULL);
	assert_true(lock >= 0);
	pid_t child = fork();
	if (child == 0) _exit(plan_cache_lock(&stop) == -1 ? 0 : 1);
	assert_int_equal(waitpid(child, &how, 0), child);
	assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
	plan_cache_unlock(lock);
	child = fork();
	if (child == 0) _exit(plan_cache_lock(NULL) >= 0 ? 0 : 1);
	assert_int_equal(waitpid(child, &how, 0), child);
	assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(plans_are_kept_by_device_and_shape, enter, support_leave),
	    cmocka_unit_test_setup_teardown(only_the_owner_may_look, enter, support_leave),
	    cmocka_unit_test_setup_teardown(damage_is_named, enter, support_leave),
	    cmocka_unit_test_setup_teardown(other_bytes_are_refused, enter, support_leave),
	    cmocka_unit_test_setup_teardown(a_foreign_plan_is_refused, enter, support_leave),
	    cmocka_unit_test_setup_teardown(no_place_to_keep_it, enter, support_leave),
	    cmocka_unit_test_setup_teardown(one_measures_at_a_time, enter, support_leave),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
