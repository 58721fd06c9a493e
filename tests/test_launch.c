/* test_launch.c: the one way to enqueue a kernel, with the plainest kernel there is, the copy of measure.cl: what grids do, what
 * is refused with which words, the switch that waits after each launch. TEST_NEEDS: device */
#include "support_network.h"

#include "launch.h"

#include <stdlib.h>
#include <string.h>

enum { RUN = 3, FLOATS = RUN * 16 * 64 };

/* in = 1, 2, 3 …, out = 0. */
static void make_buffers(clu_device *device, cl_mem *in, cl_mem *out)
{
	clu_error error;
	float values[FLOATS];
	for (int i = 0; i < FLOATS; i++) values[i] = (float)(i + 1);
	support_ok(memory_create(device, "input", sizeof values, in, &error), &error);
	support_ok(memory_create(device, "output", sizeof values, out, &error), &error);
	support_ok(memory_write(device, *in, 0, sizeof values, values, &error), &error);
}

/* How many floats of `out` are no longer 0; those must be the first ones, copied. */
static size_t copied(clu_device *device, cl_mem out)
{
	clu_error error;
	float values[FLOATS];
	size_t count = 0;
	support_ok(memory_read(device, out, 0, sizeof values, values, &error), &error);
	while (count < FLOATS && values[count] != 0) count++;
	for (size_t i = 0; i < FLOATS; i++) assert_true(values[i] == (i < count ? (float)(i + 1) : 0.0f));
	return count;
}

static clu_status copy(clu_device *device, cl_mem in, cl_mem out, launch_grid grid, clu_error *error)
{
	const launch_argument arguments[] = {ARG_UINT(RUN), ARG_BUFFER(in), ARG_BUFFER(out)};
	return LAUNCH(device, KERNEL_measure_copy, arguments, grid, error);
}

static void test_grids(void **state)
{
	clu_device *device = *state;
	static const struct {
		size_t groups[3];
		size_t wanted; /* groups that copy */
	} cases[] = {{{0, 1, 1}, 0}, {{3, 0, 1}, 0}, {{3, 1, 0}, 0}, {{1, 1, 1}, 1}, {{5, 1, 1}, 5}, {{2, 3, 4}, 2}};
	const size_t group = RUN * device->plan.vector;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		clu_error error;
		cl_mem in, out;
		launch_grid grid = {{cases[i].groups[0], cases[i].groups[1], cases[i].groups[2]}, {device->plan.group, 1, 1}};
		make_buffers(device, &in, &out);
		support_ok(copy(device, in, out, grid, &error), &error);
		assert_int_equal(copied(device, out), cases[i].wanted * group);
		memory_release(&in);
		memory_release(&out);
	}
}

static void test_work_group_too_large(void **state)
{
	clu_device *device = *state;
	const size_t most = device->info.work_group_max;
	const launch_grid grids[] = {{{1, 1, 1}, {most + 1, 1, 1}}, {{1, 1, 1}, {most, 2, 1}}, {{1, 1, 1}, {1, 1, most + 1}}};
	for (size_t i = 0; i < sizeof grids / sizeof *grids; i++) {
		clu_error error;
		cl_mem in, out;
		make_buffers(device, &in, &out);
		assert_int_equal(copy(device, in, out, grids[i], &error), CLU_SIZE);
		assert_non_null(strstr(error.message, "measure_copy"));
		assert_non_null(strstr(error.message, device->info.name));
		assert_int_equal(copied(device, out), 0);
		memory_release(&in);
		memory_release(&out);
	}
}

static void test_wrong_argument(void **state)
{
	clu_device *device = *state;
	clu_error error;
	const launch_argument arguments[] = {ARG_OFFSET(1), ARG_OFFSET(2)}; /* the first is 32 bits wide */
	const launch_grid grid = {{1, 1, 1}, {1, 1, 1}};
	assert_int_equal(LAUNCH(device, KERNEL_measure_copy, arguments, grid, &error), CLU_DEVICE);
	assert_non_null(strstr(error.message, "argument 0 of kernel measure_copy"));
	assert_non_null(strstr(error.message, device->info.name));
}

static void test_debug_sync(void **state)
{
	(void)state;
	static const struct {
		const char *value;
		bool sync;
	} cases[] = {{"sync", true}, {"", false}, {"synchronous", false}, {NULL, false}};
	const clu_device_info info = support_device_info();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		clu_error error;
		clu_device *device;
		cl_mem in, out;
		if (cases[i].value)
			setenv("CLUNROLL_DEBUG", cases[i].value, 1);
		else
			unsetenv("CLUNROLL_DEBUG");
		support_ok(clu_device_open(&info, NULL, &device, &error), &error);
		assert_int_equal(device->sync, cases[i].sync);
		make_buffers(device, &in, &out);
		support_ok(copy(device, in, out, (launch_grid){{1, 1, 1}, {device->plan.group, 1, 1}}, &error), &error);
		assert_int_equal(copied(device, out), RUN * device->plan.vector);
		memory_release(&in);
		memory_release(&out);
		clu_device_destroy(device);
	}
}

static void test_row_grid(void **state)
{
	(void)state;
	static const struct {
		uint32_t block_rows, rows, entries;
		size_t blocks;
	} cases[] = {{8, 1, 1, 1}, {8, 7, 1, 1}, {8, 8, 3, 1}, {8, 9, 3, 2}, {1, 5, 2, 5}, {1024, 128, 1, 1}, {3, 128, 0, 43}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const clu_device device = {.plan = {.block_rows = cases[i].block_rows, .group = 32}};
		const launch_grid grid = row_grid(&device, cases[i].rows, cases[i].entries);
		assert_int_equal(grid.groups[0], 1);
		assert_int_equal(grid.groups[1], cases[i].blocks);
		assert_int_equal(grid.groups[2], cases[i].entries);
		assert_true(grid.local[0] == 32 && grid.local[1] == 1 && grid.local[2] == 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_grids),
	    cmocka_unit_test(test_work_group_too_large),
	    cmocka_unit_test(test_wrong_argument),
	    cmocka_unit_test(test_debug_sync),
	    cmocka_unit_test(test_row_grid),
	};
	return cmocka_run_group_tests(tests, support_group_open, support_group_close);
}
