/* cmd_devices.c: `clunroll devices`: each OpenCL device with what it is, what it can and how it is used. A device that fails
 * does not keep the others from being shown. */
#include "command.h"

#include "device_choice.h"
#include "interrupt.h"
#include "message.h"
#include "options.h"
#include "status.h"
#include "units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Shows every OpenCL device: type, name, vendor, driver, memory, measured speed, self-test and plan.\n\n"
    "Usage: clunroll devices [--json] [--device SPEC] [--measure]\n\n"
    "  --json          one JSON object a device and line\n"
    "  --device SPEC   only these: all (each physical device once), cpu, gpu, accelerator, an index, part of a name;\n"
    "                  several with commas; ! excludes\n"
    "  --measure       measures which plan and how many lanes are fastest for networks of 250x500 with 16 layers, and keeps\n"
    "                  that in the cache; train and search do it by themselves for their own, where it pays\n"
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
	plan_choice plan;
	char key[128];
	char problem[768]; /* why it failed or was skipped */
};

static clu_status examine_device(const clu_device_info *info, const plan_wish *wish, struct findings *findings, clu_error *error)
{
	clu_device *device = NULL;
	CLU_TRY(plan_choose(info, wish, &findings->plan, error));
	clu_status status = clu_device_open(info, &findings->plan.plan, &device, error);
	if (status == CLU_OK) {
		snprintf(findings->key, sizeof findings->key, "%s", clu_device_key(device));
		status = clu_device_self_test(device, &findings->seconds, error);
	}
	if (status == CLU_OK) status = clu_device_measure(device, &findings->measurement, error);
	clu_device_destroy(device);
	return status;
}

static struct findings examine(const clu_device_info *info, const plan_wish *wish)
{
	struct findings findings = {.self_test = SELF_TEST_FAILED};
	if (info->type == CLU_DEVICE_CUSTOM) {
		findings.self_test = SELF_TEST_SKIPPED;
		snprintf(findings.problem, sizeof findings.problem, "custom devices build no kernels and are not used");
		return findings;
	}
	clu_error error;
	if (examine_device(info, wish, &findings, &error) == CLU_OK)
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

/* All that was measured of the device, for each shape of networks. */
static void add_measured_plans(const clu_device_info *info, cJSON *json)
{
	measured_plan *plans;
	size_t count;
	cJSON *array = cJSON_AddArrayToObject(json, "measured_plans");
	if (plan_cache_list(info, &plans, &count, NULL) != CLU_OK) count = 0;
	for (size_t i = 0; i < count; i++) {
		const measured_plan *measured = &plans[i];
		char plan[CLU_PLAN_TEXT];
		cJSON *item = cJSON_CreateObject();
		clu_plan_print(&measured->tuning.plan, plan);
		cJSON_AddNumberToObject(item, "m", measured->shape.m);
		cJSON_AddNumberToObject(item, "n", measured->shape.n);
		cJSON_AddNumberToObject(item, "layers", measured->shape.layers);
		cJSON_AddNumberToObject(item, "batch", measured->shape.batch);
		cJSON_AddNumberToObject(item, "measured_at", (double)measured->measured_at);
		cJSON_AddNumberToObject(item, "seconds", measured->tuning.seconds);
		cJSON_AddNumberToObject(item, "ms_per_step", 1e3 * measured->tuning.step_seconds);
		cJSON_AddNumberToObject(item, "ms_per_step_built_in", 1e3 * measured->tuning.base_seconds);
		cJSON_AddNumberToObject(item, "lanes", measured->tuning.lanes);
		cJSON_AddStringToObject(item, "plan", plan);
		cJSON_AddItemToArray(array, item);
	}
	free(plans);
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
		clu_plan_print(&findings->plan.plan, plan);
		cJSON_AddNumberToObject(json, "self_test_seconds", findings->seconds);
		cJSON_AddNumberToObject(json, "peak_gflops", findings->measurement.peak_gflops);
		cJSON_AddNumberToObject(json, "product_gflops", findings->measurement.product_gflops);
		cJSON_AddNumberToObject(json, "bandwidth_gbytes", findings->measurement.bandwidth_gbytes);
		cJSON_AddStringToObject(json, "plan", plan);
		cJSON_AddStringToObject(json, "plan_source", plan_source_name(findings->plan.source));
		cJSON_AddStringToObject(json, "key", findings->key);
		add_measured_plans(info, json);
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

/* The plan's lines as one, and where it comes from. */
static void print_plan(const plan_choice *choice)
{
	char text[CLU_PLAN_TEXT], source[PLAN_CHOICE_TEXT];
	clu_plan_print(&choice->plan, text);
	plan_choice_describe(choice, source);
	size_t length = strlen(text);
	while (length > 0 && text[length - 1] == '\n') text[--length] = '\0';
	for (char *c = text; *c; c++) {
		if (*c == '\n') *c = ';';
	}
	printf("       plan: %s\n       plan %s\n", text, source);
}

/* What was measured for networks of other shapes than the table's own. */
static void print_measured_plans(const clu_device_info *info, const plan_shape *shown)
{
	measured_plan *plans;
	size_t count;
	if (plan_cache_list(info, &plans, &count, NULL) != CLU_OK) count = 0;
	for (size_t i = 0; i < count; i++) {
		char source[PLAN_CHOICE_TEXT];
		const plan_choice choice = {.source = PLAN_MEASURED, .measured = plans[i], .lanes = plans[i].tuning.lanes};
		if (memcmp(&plans[i].shape, shown, sizeof *shown) == 0) continue;
		plan_choice_describe(&choice, source);
		printf("       another %s\n", source);
	}
	free(plans);
}

static void print_row(const clu_device_info *info, const plan_wish *wish, const struct findings *findings)
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
	if (findings->self_test == SELF_TEST_PASSED) {
		print_plan(&findings->plan);
		print_measured_plans(info, &wish->shape);
	} else {
		printf("       %s\n", findings->problem);
	}
	fflush(stdout);
}

/* Returns the exit code: a machine without any device that passes has no usable one. */
static int show_devices(const device_choice *choice, const plan_wish *wish, bool json)
{
	bool usable = false;
	if (!json) print_table_head();
	for (size_t k = 0; k < choice->chosen_count && !interrupt_flag; k++) {
		const clu_device_info *info = &choice->infos[choice->chosen[k]];
		struct findings findings = examine(info, wish);
		usable = usable || findings.self_test == SELF_TEST_PASSED;
		if (json)
			print_json(info, &findings);
		else
			print_row(info, wish, &findings);
	}
	if (interrupt_flag) return 128 + interrupt_flag;
	return usable ? EXIT_DONE : EXIT_NO_DEVICE;
}

int cmd_devices(int argc, char **argv)
{
	static const struct option options[] = {{"json", no_argument, 0, 'j'}, {"device", required_argument, 0, 'd'},
	    {"measure", no_argument, 0, 'm'}, {"help", no_argument, 0, 'h'}, {0}};
	bool json = false;
	const char *spec = NULL;
	plan_wish wish = {.shape = {250, 500, 16, 128}, .stop = &interrupt_flag};
	for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
		switch (option) {
		case 'j': json = true; break;
		case 'd': spec = optarg; break;
		case 'm': wish.again = true; break;
		case 'h': fputs(help, stdout); return EXIT_DONE;
		default: return report_usage_hint();
		}
	}
	if (optind < argc) return report_usage("unexpected argument '%s'", argv[optind]);

	device_choice choice;
	clu_error error;
	clu_status status = spec ? device_choice_select(spec, &choice, &error) : device_choice_every(&choice, &error);
	if (status != CLU_OK) return report_error(&error);
	if (wish.again) interrupt_install();
	int code = show_devices(&choice, &wish, json);
	device_choice_release(&choice);
	return code;
}
