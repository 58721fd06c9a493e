/* test_opencl.c: an OpenCL error as a sentence: device, what was tried, code, and a name where there is one. */
#include "support.h"

#include "opencl.h"

#include <string.h>

static void test_sentences(void **state)
{
	(void)state;
	static const struct {
		cl_int code;
		const char *says;
	} cases[] = {{CL_OUT_OF_RESOURCES, "-5 (out of device resources)"},
	    {CL_MEM_OBJECT_ALLOCATION_FAILURE, "-4 (no device memory for a buffer)"},
	    {CL_INVALID_KERNEL_ARGS, "-52 (invalid kernel arguments)"}, {-1138, "-1138 (see CL/cl.h)"},
	    {-1022, "-1022 (see clblast_c.h)"}, {-2039, "-2039 (an exception in CLBlast, such as a kernel that does not build)"}};
	const clu_device_info info = {.name = "Some Device"};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		clu_error error = {CLU_OK, ""};
		assert_int_equal(opencl_fail(&info, &error, cases[i].code, "kernel layer_forward"), CLU_DEVICE);
		assert_int_equal(error.status, CLU_DEVICE);
		if (!strstr(error.message, cases[i].says) || !strstr(error.message, "Some Device: kernel layer_forward"))
			fail_msg("no \"%s\" in: %s", cases[i].says, error.message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_sentences)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
