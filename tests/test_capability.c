/* test_capability.c: what a device may be asked, read from its own words; the same hardware under several platforms gets one name,
 * other hardware another; a real device says only what is plausible. TEST_NEEDS: device */
#include "support.h"

#include "capability.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void test_versions(void **state)
{
	(void)state;
	static const struct {
		const char *version;
		bool at_least_3_0;
	} cases[] = {
	    {"OpenCL 3.0 CUDA", true},
	    {"OpenCL 3.0 ", true},
	    {"OpenCL 3.1 (Build 0)", true},
	    {"OpenCL 10.0 x", true},
	    {"OpenCL 1.2 ", false},
	    {"OpenCL 2.2 3.0", false},
	    {"OpenCL 1.2 (Oclgrind 21.10)", false},
	    {"3.0", false},
	    {"", false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (capability_version(cases[i].version, 3, 0) != cases[i].at_least_3_0) fail_msg("\"%s\"", cases[i].version);
	assert_true(capability_version("OpenCL 2.1 x", 2, 1));
	assert_false(capability_version("OpenCL 2.0 x", 2, 1));
}

static void test_extensions(void **state)
{
	(void)state;
	static const char list[] = "cl_khr_fp64 cl_khr_device_uuid_x cl_khr_fp16  cl_khr_pci_bus_info";
	assert_true(capability_listed(list, "cl_khr_fp64"));
	assert_true(capability_listed(list, "cl_khr_fp16"));
	assert_true(capability_listed(list, "cl_khr_pci_bus_info"));
	assert_false(capability_listed(list, "cl_khr_device_uuid"));
	assert_false(capability_listed(list, "khr_fp64"));
	assert_false(capability_listed(list, "cl_khr_fp"));
	assert_false(capability_listed("", "cl_khr_fp64"));
	assert_true(capability_listed("cl_khr_device_uuid_x cl_khr_device_uuid", "cl_khr_device_uuid"));
}

static void test_names_of_hardware(void **state)
{
	(void)state;
	static const struct {
		clu_device_type type;
		const char *name;
		capability_identity identity;
		const char *physical;
	} rows[] = {
	    {CLU_DEVICE_CPU, "PoCL", {"", ""}, "cpu"},
	    {CLU_DEVICE_CPU, "Intel's", {"", "uuid 07"}, "cpu"},
	    {CLU_DEVICE_ACCELERATOR, "Intel(R) FPGA Emulation Device", {"", ""}, "cpu"},
	    {CLU_DEVICE_GPU, "card A, knows only its UUID", {"", "uuid 01"}, "pci 0000:01:00"},
	    {CLU_DEVICE_GPU, "card A", {"pci 0000:01:00", "uuid 01"}, "pci 0000:01:00"},
	    {CLU_DEVICE_GPU, "card A, knows only its address", {"pci 0000:01:00", ""}, "pci 0000:01:00"},
	    {CLU_DEVICE_GPU, "card B", {"pci 0000:02:00", "uuid 02"}, "pci 0000:02:00"},
	    {CLU_DEVICE_GPU, "card C", {"", "uuid 03"}, "uuid 03"},
	    {CLU_DEVICE_GPU, "card C again", {"", "uuid 03"}, "uuid 03"},
	    {CLU_DEVICE_GPU, "card D, silent", {"", ""}, "entry 9"},
	    {CLU_DEVICE_GPU, "card E, silent", {"", ""}, "entry 10"},
	};
	enum { ROWS = sizeof rows / sizeof *rows };
	clu_device_info infos[ROWS];
	capability_identity identities[ROWS];
	for (uint32_t i = 0; i < ROWS; i++) {
		infos[i] = (clu_device_info){.index = i, .type = rows[i].type};
		snprintf(infos[i].name, sizeof infos[i].name, "%s", rows[i].name);
		identities[i] = rows[i].identity;
	}
	capability_name_hardware(infos, identities, ROWS);
	for (uint32_t i = 0; i < ROWS; i++)
		if (strcmp(infos[i].physical, rows[i].physical) != 0) fail_msg("%s: %s", rows[i].name, infos[i].physical);
	capability_name_hardware(NULL, NULL, 0);
}

/* The UUID as text, and only where the driver says that it has one; under Oclgrind a question too many fails the run. */
static void test_device_under_test(void **state)
{
	(void)state;
	const clu_device_info info = support_device_info();
	capability_identity identity;
	char extensions[16384] = "";
	capability_identify(info.device_id, &identity);
	assert_int_equal(clGetDeviceInfo(info.device_id, CL_DEVICE_EXTENSIONS, sizeof extensions - 1, extensions, NULL), CL_SUCCESS);
	assert_int_equal(identity.uuid[0] != '\0', capability_listed(extensions, "cl_khr_device_uuid"));
	if (identity.uuid[0]) assert_int_equal(strlen(identity.uuid), strlen("uuid ") + 32);
	if (!capability_listed(extensions, "cl_khr_pci_bus_info") && info.type == CLU_DEVICE_CPU) assert_string_equal(identity.pci, "");
	if (!capability_version(info.version, 3, 0)) assert_string_equal(info.conformance, "");
	if (info.conformance[0]) assert_int_equal(info.conformance[0], 'v');
	if (capability_version(info.version, 3, 0)) assert_true(info.group_multiple >= 1);
	assert_true(info.group_multiple <= info.work_group_max);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_versions),
	    cmocka_unit_test(test_extensions),
	    cmocka_unit_test(test_names_of_hardware),
	    cmocka_unit_test(test_device_under_test),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
