/* test_program.c: kernels are embedded, all build and are what their names say; the numeric key follows everything that decides
 * bits. TEST_NEEDS: device */
#include "support_network.h"

#include <stdio.h>
#include <string.h>

static void test_sources(void **state)
{
	(void)state;
	static const char *const wanted[] = {"common", "neuron", "layer", "product", "loss", "adam", "measure"};
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
		const struct kernel_file *file = kernel_files;
		while (file->name && strcmp(file->name, wanted[i]) != 0) file++;
		if (!file->name) fail_msg("%s.cl is not embedded", wanted[i]);
		assert_true(strlen(file->text) > 200);
	}
}

/* Each kernel that was made is the one that its name says. */
static void test_kernels(void **state)
{
	const clu_device *device = *state;
	size_t made = 0;
	for (kernel_id id = 0; id < KERNEL_COUNT; id++) {
		char name[64] = "";
		if (!device->kernels[id]) continue; /* of a way that the plan does not take */
		made++;
		assert_int_equal(clGetKernelInfo(device->kernels[id], CL_KERNEL_FUNCTION_NAME, sizeof name, name, NULL), CL_SUCCESS);
		assert_string_equal(name, kernel_name(id));
		for (kernel_id other = 0; other < id; other++) assert_string_not_equal(kernel_name(id), kernel_name(other));
	}
	assert_true(made >= 15);
}

/* A plan that no kernel builds with: the compiler's words are in the message. */
static void test_does_not_build(void **state)
{
	const clu_device *device = *state;
	clu_plan plan = device->plan;
	clu_error error;
	cl_kernel kernels[KERNEL_COUNT] = {NULL};
	cl_program program = NULL;
	plan.vector = 5;
	assert_int_equal(program_build(&device->info, &plan, device->context, &program, kernels, &error), CLU_BUILD);
	assert_non_null(strstr(error.message, device->info.name));
	if (program) clReleaseProgram(program);
	for (kernel_id id = 0; id < KERNEL_COUNT; id++) assert_null(kernels[id]);
}

static void key_of(const clu_device *device, char key[CLU_KEY_TEXT])
{
	clu_plan_key(&device->info, &device->plan, key);
}

static void change_name(clu_device *device)
{
	strcat(device->info.name, "x");
}

static void change_platform(clu_device *device)
{
	strcat(device->info.platform, "x");
}

static void change_platform_version(clu_device *device)
{
	strcat(device->info.platform_version, "x");
}

static void change_driver(clu_device *device)
{
	strcat(device->info.driver, "x");
}

/* What ends one text and begins the next counts too. */
static void move_between_texts(clu_device *device)
{
	memmove(device->info.platform + 1, device->info.platform, 3);
	device->info.platform[0] = 'b';
	device->info.name[1] = '\0';
}

static void change_product(clu_device *device)
{
	device->plan.product = device->plan.product == CLU_WAY_NATIVE ? CLU_WAY_CLBLAST : CLU_WAY_NATIVE;
}

static void change_vector(clu_device *device)
{
	device->plan.vector *= 2;
}

static void change_group(clu_device *device)
{
	device->plan.group *= 2;
}

static void change_block_rows(clu_device *device)
{
	device->plan.block_rows++;
}

static void change_tiles(clu_device *device)
{
	device->plan.tile_rows++;
	device->plan.tile_vectors++;
	device->plan.group_columns *= 2;
	device->plan.group_rows *= 2;
}

static void change_sparse(clu_device *device)
{
	device->plan.sparse_below += 7;
	device->plan.sparse_rows++;
	device->plan.passes = !device->plan.passes;
	device->plan.epilogue = !device->plan.epilogue;
}

static void change_nothing_that_counts(clu_device *device)
{
	device->info.index += 7;
	device->info.memory_bytes /= 2;
	device->sync = !device->sync;
}

static void test_key(void **state)
{
	(void)state;
	static const struct {
		const char *label;
		void (*change)(clu_device *device);
		bool differs;
	} cases[] = {
	    {"name", change_name, true},
	    {"platform", change_platform, true},
	    {"platform version", change_platform_version, true},
	    {"driver", change_driver, true},
	    {"boundary of name and platform", move_between_texts, true},
	    {"product", change_product, true},
	    {"vector", change_vector, true},
	    {"group", change_group, true},
	    {"block rows", change_block_rows, true},
	    {"tiles", change_tiles, false},
	    {"skipping of zeros", change_sparse, false},
	    {"index, memory, sync", change_nothing_that_counts, false},
	};
	const clu_device_info info = {.name = "ab", .platform = "c", .platform_version = "1", .driver = "2", .type = CLU_DEVICE_CPU};
	const clu_device base = {.info = info, .plan = clu_plan_default(&info)};
	char key[CLU_KEY_TEXT], again[CLU_KEY_TEXT];
	key_of(&base, key);
	key_of(&base, again);
	assert_string_equal(key, again);
	assert_true(strlen(key) > 32);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		clu_device changed = base;
		cases[i].change(&changed);
		key_of(&changed, again);
		if ((strcmp(key, again) != 0) != cases[i].differs) fail_msg("%s changed: keys %s and %s", cases[i].label, key, again);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sources),
	    cmocka_unit_test(test_kernels),
	    cmocka_unit_test(test_does_not_build),
	    cmocka_unit_test(test_key),
	};
	return cmocka_run_group_tests(tests, support_group_open, support_group_close);
}
