/* test_profile.c: the account of kernels' times: each launch once, also more than are read at a time; none where none is kept, and
 * no other results with it than without. Times are only looked at for being some. TEST_NEEDS: device */
#include "lanes_fixture.h"

#include "launch.h"

static void copy(clu_device *device, cl_mem in, cl_mem out, size_t groups)
{
	clu_error error;
	const launch_argument arguments[] = {ARG_UINT(1), ARG_BUFFER(in), ARG_BUFFER(out)};
	const launch_grid grid = {{groups, 1, 1}, {1, 1, 1}};
	support_ok(LAUNCH(device, KERNEL_measure_copy, arguments, grid, &error), &error);
}

static void test_every_launch_counts_once(void **state)
{
	clu_device *device = *state;
	const uint32_t counts[] = {1, 7, support_tiny() ? 10 : 4096, support_tiny() ? 11 : 4097};
	clu_error error;
	clu_kernel_time *times;
	size_t count;
	cl_mem in, out;
	support_ok(memory_create(device, "input", 256, &in, &error), &error);
	support_ok(memory_create(device, "output", 256, &out, &error), &error);
	support_ok(clu_device_profile(device, true, &error), &error);
	support_ok(clu_device_profile(device, true, &error), &error); /* goes on */
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		for (uint32_t k = 0; k < counts[i]; k++) copy(device, in, out, 1);
		copy(device, in, out, 0); /* an empty grid is no launch */
		support_ok(clu_device_profile_take(device, &times, &count, &error), &error);
		assert_int_equal(count, 1);
		assert_string_equal(times[0].name, "measure_copy");
		assert_int_equal(times[0].launches, counts[i]);
		assert_true(times[0].seconds >= 0 && times[0].seconds < 1e4);
		free(times);
	}
	support_ok(clu_device_profile_take(device, &times, &count, &error), &error);
	assert_int_equal(count, 0);
	free(times);
	copy(device, in, out, 1); /* pending where it ends */
	support_ok(clu_device_profile(device, false, &error), &error);
	support_ok(clu_device_profile(device, false, &error), &error);
	assert_int_equal(clu_device_profile_take(device, &times, &count, &error), CLU_ARGUMENT);
	assert_null(times);
	memory_release(&in);
	memory_release(&out);
}

static const clu_kernel_time *find(const clu_kernel_time *times, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(times[i].name, name) == 0) return &times[i];
	return NULL;
}

static void test_a_training_profiled(void **state)
{
	clu_device *device = *state;
	clu_data *data = fixture_data(1);
	const clu_training training = fixture_training(0);
	clu_error error;
	clu_kernel_time *times;
	size_t count;
	outcome want = outcome_alone(device, data, &training);
	support_ok(clu_device_profile(device, true, &error), &error);
	outcome got = outcome_alone(device, data, &training);
	support_ok(clu_device_profile_take(device, &times, &count, &error), &error);
	support_ok(clu_device_profile(device, false, &error), &error);
	if (support_equal_bits()) outcome_same("profiled", &got, &want);
	const clu_kernel_time *loss = find(times, count, "loss_backward"), *scalars = find(times, count, "scalar_update");
	assert_true(loss && loss->launches == want.progress.steps);
	assert_true(scalars && scalars->launches == want.progress.steps);
	for (size_t i = 1; i < count; i++) assert_true(times[i - 1].seconds >= times[i].seconds);
	free(times);
	outcome_release(&got);
	outcome_release(&want);
	clu_data_destroy(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_launch_counts_once),
	    cmocka_unit_test(test_a_training_profiled),
	};
	return cmocka_run_group_tests(tests, support_group_open, support_group_close);
}
