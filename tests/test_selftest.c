/* test_selftest.c: the self-test lets a sound device pass, under both kinds of plan, and names the op where a kernel is made to
 * compute wrong: one kernel at a time comes from a build for smaller blocks, groups and tiles than the host believes in, so that
 * it leaves rows or columns undone. TEST_NEEDS: device */
#include "support_network.h"

#include <string.h>

static void test_sound_devices(void **state)
{
	const support_pair *pair = *state;
	clu_error error;
	double seconds = -1;
	support_ok(clu_device_self_test(pair->single, &seconds, &error), &error);
	assert_true(seconds > 0 && seconds < 1e6);
	support_ok(clu_device_self_test(pair->grouped, NULL, &error), &error);
}

/* A device under a plan of 8 rows and 4 columns at a time, and kernels that cover 1 and 1. */
static clu_device *open_with_small_kernels(uint32_t passes, cl_program *program, cl_kernel kernels[KERNEL_COUNT])
{
	const clu_device_info info = support_device_info();
	clu_device *device;
	clu_error error;
	clu_plan plan = clu_plan_default(&info);
	plan.product = CLU_WAY_NATIVE;
	plan.tile_rows = plan.tile_vectors = 4;
	plan.vector = passes ? 8 : 4; /* of 8, gradients take two panels at a time */
	plan.block_rows = 8;
	plan.group = plan.group_columns = plan.group_rows = 1;
	plan.sparse_below = 0;
	plan.passes = passes;
	support_ok(clu_device_open(&info, &plan, &device, &error), &error);
	support_ok(clu_device_self_test(device, NULL, &error), &error);
	plan.vector = plan.tile_rows = plan.tile_vectors = plan.block_rows = 1;
	support_ok(program_build(&info, &plan, device->context, program, kernels, &error), &error);
	return device;
}

typedef struct fault {
	kernel_id kernel;
	const char *op;
} fault;

static void check_faults(uint32_t passes, const fault *cases, size_t count)
{
	cl_kernel small[KERNEL_COUNT] = {NULL};
	cl_program program = NULL;
	clu_device *device = open_with_small_kernels(passes, &program, small);
	for (size_t i = 0; i < count; i++) {
		clu_error error = {CLU_OK, ""};
		const kernel_id id = cases[i].kernel;
		const cl_kernel kept = device->kernels[id];
		device->kernels[id] = small[id];
		const clu_status status = clu_device_self_test(device, NULL, &error);
		device->kernels[id] = kept;
		if (status != CLU_SELF_TEST || error.status != status || !strstr(error.message, device->info.name) ||
		    !strstr(error.message, cases[i].op))
			fail_msg("%s: %s: %s", kernel_name(id), clu_status_text(status), error.message);
	}
	for (kernel_id id = 0; id < KERNEL_COUNT; id++)
		if (small[id]) clReleaseKernel(small[id]);
	clReleaseProgram(program);
	clu_device_destroy(device);
}

static void test_kernels_that_leave_out(void **state)
{
	(void)state;
	static const fault by_layer[] = {
	    {KERNEL_gather_evaluation, "NMSE"},
	    {KERNEL_nmse_samples, "NMSE"},
	    {KERNEL_layer_forward, "NMSE"},
	    {KERNEL_product_dense, "NMSE"},
	    {KERNEL_gather_training, "layer_forward"},
	    {KERNEL_loss_backward, "layer_backward"},
	    {KERNEL_layer_backward, "layer_backward"},
	    {KERNEL_matrix_transpose, "layer_backward"},
	};
	/* both directions cover their rows at any size of tile, and blocks that both sides count */
	static const fault in_passes[] = {{KERNEL_matrix_transpose, "layer_backward"}, {KERNEL_pass_gradients, "gradient of W_b"}};
	check_faults(0, by_layer, sizeof by_layer / sizeof *by_layer);
	if (support_equal_bits()) check_faults(1, in_passes, sizeof in_passes / sizeof *in_passes);
}

/* The kernel that applies networks in one launch is tested too: here it is another, which was given no arguments yet. */
static void test_applied_network(void **state)
{
	const support_pair *pair = *state;
	clu_device *device = pair->single;
	clu_error error = {CLU_OK, ""};
	if (!device->kernels[KERNEL_network_apply]) skip();
	const cl_kernel kept = device->kernels[KERNEL_network_apply];
	device->kernels[KERNEL_network_apply] = device->kernels[KERNEL_measure_copy];
	const clu_status status = clu_device_self_test(device, NULL, &error);
	device->kernels[KERNEL_network_apply] = kept;
	assert_int_equal(status, CLU_DEVICE);
	assert_non_null(strstr(error.message, "network_apply"));
}

/* Where a launch fails, that error comes back, not a verdict. */
static void test_launch_that_fails(void **state)
{
	const support_pair *pair = *state;
	clu_device *device = pair->grouped;
	clu_error error;
	const size_t kept = device->info.work_group_max;
	device->info.work_group_max = 1;
	assert_int_equal(clu_device_self_test(device, NULL, &error), CLU_SIZE);
	device->info.work_group_max = kept;
	assert_int_equal(clu_device_self_test(device, NULL, NULL), CLU_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sound_devices),
	    cmocka_unit_test(test_kernels_that_leave_out),
	    cmocka_unit_test(test_applied_network),
	    cmocka_unit_test(test_launch_that_fails),
	};
	return cmocka_run_group_tests(tests, support_pair_open, support_pair_close);
}
