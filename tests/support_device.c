/* support_device.c: the driver and the device that a test runs on, as the environment names them (see with_driver.sh). */
#include "support.h"

#include "path.h"

#include <stdlib.h>
#include <string.h>

static bool driver_is(const char *name)
{
	const char *driver = getenv("CLUNROLL_TEST_DRIVER");
	return driver && strcmp(driver, name) == 0;
}

bool support_tiny(void)
{
	return driver_is("rusticl") || driver_is("oclgrind");
}

bool support_slow_builds(void)
{
	return support_tiny() || driver_is("fpga");
}

bool support_few_plans(void)
{
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
	return true;
#endif
#endif
	return support_slow_builds();
}

bool support_equal_bits(void)
{
	return !driver_is("rusticl");
}

void support_ok_at(clu_status status, const clu_error *error, const char *call, const char *file, int line)
{
	if (status == CLU_OK) return;
	print_error("%s: %s: %s\n", call, clu_status_text(status), error && error->status == status ? error->message : "no message");
	_fail(file, line);
}

/* Kernels outlive a test where the driver has a cache of its own (see with_driver.sh), never in a person's home. */
static void keep_kernels(void)
{
	static bool kept;
	if (kept || !getenv("CLUNROLL_TEST_DRIVER") || driver_is("system")) return;
	char *directory = path_cache("kernels");
	clu_device_keep_kernels(directory);
	free(directory);
	kept = true;
}

clu_device_info support_device_info(void)
{
	keep_kernels();
	clu_device_info *infos = NULL;
	size_t count = 0, chosen_count = 0;
	clu_error error = {CLU_OK, ""};
	support_ok(clu_device_list(&infos, &count, &error), &error);
	if (count == 0) fail_msg("no OpenCL device with driver %s", getenv("CLUNROLL_TEST_DRIVER"));
	size_t *chosen = calloc(count, sizeof *chosen);
	assert_non_null(chosen);
	const char *spec = getenv("CLUNROLL_TEST_DEVICE");
	support_ok(clu_device_select(infos, count, spec ? spec : "0", NULL, chosen, &chosen_count, &error), &error);
	clu_device_info info = infos[chosen[0]];
	free(chosen);
	free(infos);
	return info;
}

clu_device *support_device_open(void)
{
	clu_device_info info = support_device_info();
	clu_device *device = NULL;
	clu_error error = {CLU_OK, ""};
	support_ok(clu_device_open(&info, NULL, &device, &error), &error);
	return device;
}
