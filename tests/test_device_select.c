/* test_device_select.c: what --device texts mean, on a made-up machine: two drivers of its CPU, an emulator that computes on the
 * CPU too, one graphics card under two platforms and another one, a device that cannot run our kernels. */
#include "support.h"

#include <stdio.h>
#include <string.h>

static const clu_device_info machine[] = {
    {.index = 0,
        .type = CLU_DEVICE_CPU,
        .name = "cpu-haswell",
        .vendor = "AuthenticAMD",
        .platform = "Portable Computing Language",
        .physical = "cpu"},
    {.index = 1,
        .type = CLU_DEVICE_CPU,
        .name = "AMD EPYC",
        .vendor = "Intel(R) Corporation",
        .platform = "Intel(R) OpenCL",
        .physical = "cpu"},
    {.index = 2,
        .type = CLU_DEVICE_ACCELERATOR,
        .name = "Intel(R) FPGA Emulation Device",
        .vendor = "Intel(R) Corporation",
        .platform = "Intel(R) FPGA Emulation Platform for OpenCL(TM)",
        .physical = "cpu"},
    {.index = 3,
        .type = CLU_DEVICE_GPU,
        .name = "Card A",
        .vendor = "NVIDIA Corporation",
        .platform = "NVIDIA CUDA",
        .physical = "pci 0000:01:00"},
    {.index = 4,
        .type = CLU_DEVICE_GPU,
        .name = "Card A (radeonsi)",
        .vendor = "Mesa",
        .platform = "rusticl",
        .physical = "pci 0000:01:00"},
    {.index = 5,
        .type = CLU_DEVICE_GPU,
        .name = "Card B",
        .vendor = "NVIDIA Corporation",
        .platform = "NVIDIA CUDA",
        .physical = "pci 0000:02:00"},
    {.index = 6,
        .type = CLU_DEVICE_CUSTOM,
        .name = "Built-in video",
        .vendor = "Someone",
        .platform = "Video",
        .physical = "entry 6"},
};
enum { COUNT = sizeof machine / sizeof *machine };

/* "0 3 5", or the status where the choice fails. */
static clu_status choose(const char *spec, const double *speeds, char text[64], clu_error *error)
{
	size_t chosen[COUNT], count = 99, used = 0;
	const clu_status status = clu_device_select(machine, COUNT, spec, speeds, chosen, &count, error);
	text[0] = '\0';
	if (status == CLU_OK) assert_true(count >= 1 && count <= COUNT);
	for (size_t i = 0; i < count && status == CLU_OK; i++)
		used += (size_t)snprintf(text + used, 64 - used, "%s%zu", i ? " " : "", chosen[i]);
	return status;
}

static const double fpga_is_fastest[COUNT] = {10, 20, 30, 100, 90, 50, 1000}, second_driver[COUNT] = {10, 20, 5, 100, 110, 50, 0},
                    all_equal[COUNT] = {7, 7, 7, 7, 7, 7, 7}, unmeasured[COUNT] = {0};

static void test_what_a_text_names(void **state)
{
	(void)state;
	static const struct {
		const char *spec;
		const double *speeds;
		const char *wanted;
	} cases[] = {
	    /* each physical device once, the first or the fastest */
	    {"all", NULL, "0 3 5"},
	    {"ALL", NULL, "0 3 5"},
	    {"all", fpga_is_fastest, "2 3 5"},
	    {"all", second_driver, "1 4 5"},
	    {"all", all_equal, "0 3 5"},
	    {"all", unmeasured, "0 3 5"},
	    {"all,all", NULL, "0 3 5"},
	    /* exclusions come before the choice between duplicates */
	    {"all,!portable", NULL, "1 3 5"},
	    {"!portable", NULL, "1 3 5"},
	    {"all,!2", fpga_is_fastest, "1 3 5"},
	    {"!2,all", fpga_is_fastest, "1 3 5"},
	    {"all,!gpu", NULL, "0"},
	    {"all,!cpu,!accelerator", NULL, "3 5"},
	    {"all,!rusticl", second_driver, "1 3 5"},
	    /* what is named is taken as named, duplicates too */
	    {"cpu", NULL, "0 1"},
	    {"Cpu", fpga_is_fastest, "0 1"},
	    {"gpu", NULL, "3 4 5"},
	    {"accelerator", NULL, "2"},
	    {"cpu,accelerator", NULL, "0 1 2"},
	    {"accelerator,cpu", NULL, "0 1 2"},
	    {"0", NULL, "0"},
	    {"5,0", NULL, "0 5"},
	    {"0,0", NULL, "0"},
	    {"all,0", NULL, "0 1 2 3 4 5"},
	    {"cpu,!1", NULL, "0"},
	    {"gpu,!Card B", NULL, "3 4"},
	    /* part of a name, of a platform's, of a vendor's */
	    {"haswell", NULL, "0"},
	    {"card a", NULL, "3 4"},
	    {"nvidia", NULL, "3 5"},
	    {"intel", NULL, "1 2"},
	    {"fpga emu", NULL, "2"},
	    {" cpu , 2", NULL, "0 1 2"},
	    {"6,0", NULL, "0"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[64];
		clu_error error;
		support_ok(choose(cases[i].spec, cases[i].speeds, text, &error), &error);
		if (strcmp(text, cases[i].wanted) != 0) fail_msg("\"%s\" names %s, wanted %s", cases[i].spec, text, cases[i].wanted);
	}
}

/* Nothing matches: the message says what there is. */
static void test_nothing_matches(void **state)
{
	(void)state;
	static const char *const specs[] = {"7", "00x", "radeon pro", "all,!cpu,!gpu,!accelerator", "6", "video", "cpu,!0,!1", "!all"};
	for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
		char text[64];
		clu_error error = {CLU_OK, ""};
		assert_int_equal(choose(specs[i], NULL, text, &error), CLU_NO_DEVICE);
		assert_int_equal(error.status, CLU_NO_DEVICE);
		assert_non_null(strstr(error.message, specs[i]));
		for (size_t d = 0; d < COUNT; d++)
			if (!strstr(error.message, machine[d].name)) fail_msg("\"%s\": no %s in: %s", specs[i], machine[d].name, error.message);
	}
}

/* A name or an index that is not there is named, though other words match; a kind may be missing. */
static void test_mistaken_words(void **state)
{
	(void)state;
	static const struct {
		const char *spec, *named;
	} cases[] = {
	    {"cpu,acclerator", "\"acclerator\""}, {"all,!pocll", "\"pocll\""}, {"cpu,7", "\"7\""}, {"!rusticle,0", "\"rusticle\""}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[64];
		clu_error error;
		assert_int_equal(choose(cases[i].spec, NULL, text, &error), CLU_NO_DEVICE);
		if (!strstr(error.message, cases[i].named)) fail_msg("\"%s\": %s", cases[i].spec, error.message);
	}
	size_t chosen[1], count;
	clu_error error;
	support_ok(clu_device_select(machine, 1, "gpu,cpu,!accelerator", NULL, chosen, &count, &error), &error);
	assert_int_equal(count, 1);
}

static void test_empty_entries(void **state)
{
	(void)state;
	static const char *const specs[] = {"", " ", ",", "cpu,", ",cpu", "cpu,,gpu", "cpu, ,gpu", "!", "all,!", "! "};
	for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
		char text[64];
		clu_error error = {CLU_OK, ""};
		if (choose(specs[i], NULL, text, &error) != CLU_ARGUMENT) fail_msg("\"%s\" was taken as %s", specs[i], text);
		assert_int_equal(error.status, CLU_ARGUMENT);
	}
}

static void test_no_device_at_all(void **state)
{
	(void)state;
	clu_error error;
	size_t chosen[1], count = 99;
	assert_int_equal(clu_device_select(NULL, 0, "all", NULL, chosen, &count, &error), CLU_NO_DEVICE);
	assert_int_equal(count, 0);
	assert_non_null(strstr(error.message, "no OpenCL device"));
	assert_int_equal(clu_device_select(NULL, 0, "all", NULL, chosen, &count, NULL), CLU_NO_DEVICE);
}

/* More devices than a message has room for: it is cut, not overrun. */
static void test_long_list(void **state)
{
	(void)state;
	static clu_device_info many[200];
	clu_error error;
	size_t chosen[200], count = 99;
	for (uint32_t i = 0; i < 200; i++) {
		many[i] = (clu_device_info){.index = i, .type = CLU_DEVICE_GPU};
		memset(many[i].name, 'x', sizeof many[i].name - 1);
		snprintf(many[i].physical, sizeof many[i].physical, "entry %u", i);
	}
	assert_int_equal(clu_device_select(many, 200, "none", NULL, chosen, &count, &error), CLU_NO_DEVICE);
	assert_true(strlen(error.message) < sizeof error.message);
	support_ok(clu_device_select(many, 200, "all", NULL, chosen, &count, &error), &error);
	assert_int_equal(count, 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_a_text_names),
	    cmocka_unit_test(test_nothing_matches),
	    cmocka_unit_test(test_mistaken_words),
	    cmocka_unit_test(test_empty_entries),
	    cmocka_unit_test(test_no_device_at_all),
	    cmocka_unit_test(test_long_list),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
