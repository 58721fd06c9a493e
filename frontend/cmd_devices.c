/* cmd_devices.c: `clunroll devices`: each OpenCL device with what it is, what it can and how it is used. A device that fails
 * does not keep the others from being shown. */
#include "command.h"

#include "device_choice.h"
#include "message.h"
#include "options.h"
#include "units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Shows every OpenCL device: type, name, vendor, driver, memory, measured speed, self-test and plan.\n\n"
    "Usage: clunroll devices [--json] [--device SPEC]\n\n"
    "  --json          one JSON object a device and line\n"
    "  --device SPEC   only these: all (each physical device once), cpu, gpu, accelerator, an index, part of a name;\n"
    "                  several with commas; ! excludes\n"
    "  --help          this text\n\n"
    "Examples:\n"
    "  clunroll devices\n"
    "  clunroll devices --json --device gpu\n"
    "  clunroll devices --device 'all,!llvmpipe'\n";

typedef enum self_test { SELF_TEST_PASSED, SELF_TEST_FAILED, SELF_TEST_SKIPPED } self_test;

/* What was found out about a device. */
struct findings {
	self_test self_test;
	double seconds; /* of the self-test */
	clu_measurement measurement;
	clu_plan plan;
	char key[128];
	char problem[768]; /* why it failed or was skipped */
};

static clu_status examine_device(clu_device *device, struct findings *findings, clu_error *error)
{
	findings->plan = *clu_device_plan(device);
	snprintf(findings->key, sizeof findings->key, "%s", clu_device_key(device));
	clu_status status = clu_device_self_test(device, &findings->seconds, error);
	if (status != CLU_OK) return status;
	return clu_device_measure(device, &findings->measurement, error);
}

static struct findings examine(const clu_device_info *info)
{
	struct findings findings = {.self_test = SELF_TEST_FAILED, .plan = clu_plan_default(info)};
	if (info->type == CLU_DEVICE_CUSTOM) {
		findings.self_test = SELF_TEST_SKIPPED;
		snprintf(findings.problem, sizeof findings.problem, "custom devices build no kernels and are not used");
		return findings;
	}
	clu_device *device = NULL;
	clu_error error;
	clu_status status = clu_device_open(info, NULL, &device, &error);
	if (status == CLU_OK) status = examine_device(device, &findings, &error);
	clu_device_destroy(device);
	if (status == CLU_OK)
		findings.self_test = SELF_TEST_PASSED;
	else
		snprintf(findings.problem, sizeof findings.problem, "%s", error.message);
	return findings;
}

static const char *self_test_name(self_test result)
{
	switch (result) {
	case SELF_TEST_PASSED: return "passed";
	case SELF_TEST_FAILED: return "failed";
	case SELF_TEST_SKIPPED: return "skipped";
	}
	return "unknown";
}

static void print_json(const clu_device_info *info, const struct findings *findings)
{
	cJSON *json = report_json_begin();
	cJSON_AddNumberToObject(json, "index", info->index);
	cJSON_AddStringToObject(json, "type", clu_device_type_name(info->type));
	cJSON_AddStringToObject(json, "name", info->name);
	cJSON_AddStringToObject(json, "vendor", info->vendor);
	cJSON_AddStringToObject(json, "driver", info->driver);
	cJSON_AddStringToObject(json, "opencl", info->version);
	cJSON_AddStringToObject(json, "platform", info->platform);
	cJSON_AddStringToObject(json, "platform_version", info->platform_version);
	cJSON_AddStringToObject(json, "physical", info->physical);
	if (info->conformance[0]) cJSON_AddStringToObject(json, "conformance", info->conformance);
	if (info->group_multiple) cJSON_AddNumberToObject(json, "group_multiple", info->group_multiple);
	cJSON_AddNumberToObject(json, "compute_units", info->compute_units);
	cJSON_AddNumberToObject(json, "memory_bytes", (double)info->memory_bytes);
	cJSON_AddNumberToObject(json, "allocation_bytes", (double)info->allocation_bytes);
	cJSON_AddNumberToObject(json, "local_bytes", (double)info->local_bytes);
	cJSON_AddStringToObject(json, "self_test", self_test_name(findings->self_test));
	if (findings->self_test == SELF_TEST_PASSED) {
		char plan[CLU_PLAN_TEXT];
		clu_plan_print(&findings->plan, plan);
		cJSON_AddNumberToObject(json, "self_test_seconds", findings->seconds);
		cJSON_AddNumberToObject(json, "peak_gflops", findings->measurement.peak_gflops);
		cJSON_AddNumberToObject(json, "product_gflops", findings->measurement.product_gflops);
		cJSON_AddNumberToObject(json, "bandwidth_gbytes", findings->measurement.bandwidth_gbytes);
		cJSON_AddStringToObject(json, "plan", plan);
		cJSON_AddStringToObject(json, "key", findings->key);
	} else {
		cJSON_AddStringToObject(json, "error", findings->problem);
	}
	report_json(json);
}

static void print_table_head(void)
{
	printf("%5s  %-11s  %10s  %10s  %11s  %11s  %9s  %-9s  %s\n", "index", "type", "memory", "largest", "products", "peak", "copy",
	    "self-test", "name");
}

/* The plan's lines as one. */
static void print_plan(const clu_plan *plan)
{
	char text[CLU_PLAN_TEXT];
	clu_plan_print(plan, text);
	size_t length = strlen(text);
	while (length > 0 && text[length - 1] == '\n') text[--length] = '\0';
	for (char *c = text; *c; c++) {
		if (*c == '\n') *c = ';';
	}
	printf("       plan: %s\n", text);
}

static void print_row(const clu_device_info *info, const struct findings *findings)
{
	char memory[UNITS_TEXT], largest[UNITS_TEXT], products[32] = "-", peak[32] = "-", copy[32] = "-";
	units_bytes(info->memory_bytes, memory);
	units_bytes(info->allocation_bytes, largest);
	if (findings->self_test == SELF_TEST_PASSED) {
		snprintf(products, sizeof products, "%.4g GFLOP/s", findings->measurement.product_gflops);
		snprintf(peak, sizeof peak, "%.4g GFLOP/s", findings->measurement.peak_gflops);
		snprintf(copy, sizeof copy, "%.3g GB/s", findings->measurement.bandwidth_gbytes);
	}
	printf("%5u  %-11s  %10s  %10s  %11s  %11s  %9s  %-9s  %s\n", info->index, clu_device_type_name(info->type), memory, largest,
	    products, peak, copy, self_test_name(findings->self_test), info->name);
	printf("       vendor: %s; driver: %s; %s; platform: %s\n", info->vendor, info->driver, info->version, info->platform);
	if (info->conformance[0]) printf("       passed Khronos' conformance tests %s\n", info->conformance);
	if (findings->self_test == SELF_TEST_PASSED)
		print_plan(&findings->plan);
	else
		printf("       %s\n", findings->problem);
	fflush(stdout);
}

/* Returns the exit code: a machine without any device that passes has no usable one. */
static int show_devices(const device_choice *choice, bool json)
{
	bool usable = false;
	if (!json) print_table_head();
	for (size_t k = 0; k < choice->chosen_count; k++) {
		const clu_device_info *info = &choice->infos[choice->chosen[k]];
		struct findings findings = examine(info);
		usable = usable || findings.self_test == SELF_TEST_PASSED;
		if (json)
			print_json(info, &findings);
		else
			print_row(info, &findings);
	}
	return usable ? EXIT_DONE : EXIT_NO_DEVICE;
}

int cmd_devices(int argc, char **argv)
{
	static const struct option options[] = {
	    {"json", no_argument, 0, 'j'}, {"device", required_argument, 0, 'd'}, {"help", no_argument, 0, 'h'}, {0}};
	bool json = false;
	const char *spec = NULL;
	for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
		switch (option) {
		case 'j': json = true; break;
		case 'd': spec = optarg; break;
		case 'h': fputs(help, stdout); return EXIT_DONE;
		default: return report_usage_hint();
		}
	}
	if (optind < argc) return report_usage("unexpected argument '%s'", argv[optind]);

	device_choice choice;
	clu_error error;
	clu_status status = spec ? device_choice_select(spec, &choice, &error) : device_choice_every(&choice, &error);
	if (status != CLU_OK) return report_error(&error);
	int code = show_devices(&choice, json);
	device_choice_release(&choice);
	return code;
}
