/* device_choice.c: see device_choice.h. Choosing alike in every process matters: a supervisor and its workers each choose, and
 * must mean the same devices. */
#include "device_choice.h"

#include "message.h"
#include "path.h"
#include "speed_cache.h"
#include "status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void device_choice_describe(const clu_device_info *info, char text[DEVICE_CHOICE_TEXT])
{
	snprintf(text, DEVICE_CHOICE_TEXT, "%u: %.120s (%.90s, driver %.60s)", info->index, info->name, info->platform, info->driver);
}

void device_choice_release(device_choice *choice)
{
	free(choice->infos);
	free(choice->chosen);
	memset(choice, 0, sizeof *choice);
}

/* GFLOP/s of a device that passes its self-test; 0 for one that cannot be used, which makes every other driver faster. */
static double measure(const clu_device_info *info)
{
	clu_device *device = NULL;
	clu_measurement measurement;
	clu_error error;
	clu_status status = device_choice_open(info, NULL, &device, &error);
	if (status == CLU_OK) status = clu_device_measure(device, &measurement, &error);
	clu_device_destroy(device);
	if (status == CLU_OK) return measurement.product_gflops;
	char text[DEVICE_CHOICE_TEXT];
	device_choice_describe(info, text);
	report_note("device %s gets no work: %s", text, error.message);
	return 0;
}

/* Whether another of the listed entries is the same hardware. */
static bool has_twin(const device_choice *choice, const size_t *listed, size_t listed_count, size_t i)
{
	for (size_t j = 0; j < listed_count; j++) {
		if (listed[j] != i && strcmp(choice->infos[listed[j]].physical, choice->infos[i].physical) == 0) return true;
	}
	return false;
}

/* Speeds of the entries among which the selection has to choose; 0 for all others. */
static void fill_speeds(const device_choice *choice, const size_t *listed, size_t listed_count, double *speeds)
{
	bool said = false;
	for (size_t j = 0; j < listed_count; j++) {
		const clu_device_info *info = &choice->infos[listed[j]];
		if (!has_twin(choice, listed, listed_count, listed[j])) continue;
		double *speed = &speeds[listed[j]];
		*speed = speed_cache_get(info);
		if (*speed > 0) continue;
		if (!said) report_note("measuring several drivers of the same device once, some seconds each");
		said = true;
		*speed = measure(info);
		if (*speed > 0 && !speed_cache_put(info, *speed)) report_note("the measured speed could not be kept in the cache");
	}
}

/* Says which of several drivers of a device was taken. */
static void report_twins(const device_choice *choice, const size_t *listed, size_t listed_count, const double *speeds)
{
	for (size_t k = 0; k < choice->chosen_count; k++) {
		size_t taken = choice->chosen[k];
		if (!has_twin(choice, listed, listed_count, taken)) continue;
		char text[DEVICE_CHOICE_TEXT];
		device_choice_describe(&choice->infos[taken], text);
		report_note("device %s is the fastest driver of its hardware, %.0f GFLOP/s", text, speeds[taken]);
		for (size_t j = 0; j < listed_count; j++) {
			const clu_device_info *other = &choice->infos[listed[j]];
			if (listed[j] == taken || strcmp(other->physical, choice->infos[taken].physical) != 0) continue;
			device_choice_describe(other, text);
			report_note("  not taken: %s, %.0f GFLOP/s", text, speeds[listed[j]]);
		}
	}
}

/* The entries that spec names before each physical device is taken once: the same selection over a list in which no two
 * entries are the same hardware. */
static clu_status select_entries(
    const device_choice *choice, const char *spec, size_t *listed, size_t *listed_count, clu_error *error)
{
	clu_device_info *distinct = malloc(choice->count * sizeof *distinct);
	if (!distinct) return clu_fail(error, CLU_MEMORY, "out of memory while choosing devices");
	memcpy(distinct, choice->infos, choice->count * sizeof *distinct);
	for (size_t i = 0; i < choice->count; i++) snprintf(distinct[i].physical, sizeof distinct[i].physical, "entry %zu", i);
	clu_status status = clu_device_select(distinct, choice->count, spec, NULL, listed, listed_count, error);
	free(distinct);
	return status;
}

clu_status device_choice_every(device_choice *choice, clu_error *error)
{
	char *kernels = path_cache("kernels");
	memset(choice, 0, sizeof *choice);
	clu_device_keep_kernels(kernels);
	free(kernels);
	CLU_TRY(clu_device_list(&choice->infos, &choice->count, error));
	if (choice->count == 0) {
		device_choice_release(choice);
		return clu_fail(error, CLU_NO_DEVICE,
		    "no OpenCL device found. Install a driver: for CPUs on Debian 'apt install pocl-opencl-icd', for GPUs their vendor's; "
		    "'clinfo -l' lists what is there");
	}
	choice->chosen = calloc(choice->count, sizeof *choice->chosen);
	if (!choice->chosen) {
		device_choice_release(choice);
		return clu_fail(error, CLU_MEMORY, "out of memory while choosing devices");
	}
	for (size_t i = 0; i < choice->count; i++) choice->chosen[choice->chosen_count++] = i;
	return CLU_OK;
}

clu_status device_choice_select(const char *spec, device_choice *choice, clu_error *error)
{
	if (!spec) spec = "all";
	CLU_TRY(device_choice_every(choice, error));
	clu_status status;
	size_t listed_count = 0, *listed = calloc(choice->count, sizeof *listed);
	double *speeds = calloc(choice->count, sizeof *speeds);
	if (!listed || !speeds) {
		status = clu_fail(error, CLU_MEMORY, "out of memory while choosing devices");
		goto cleanup;
	}
	CLU_GOTO(clu_device_select(choice->infos, choice->count, spec, NULL, choice->chosen, &choice->chosen_count, error));
	CLU_GOTO(select_entries(choice, spec, listed, &listed_count, error));
	if (listed_count > choice->chosen_count) {
		fill_speeds(choice, listed, listed_count, speeds);
		CLU_GOTO(clu_device_select(choice->infos, choice->count, spec, speeds, choice->chosen, &choice->chosen_count, error));
		report_twins(choice, listed, listed_count, speeds);
	}

cleanup:
	free(listed);
	free(speeds);
	if (status != CLU_OK) device_choice_release(choice);
	return status;
}

clu_status device_choice_open_as(
    const clu_device_info *info, const plan_wish *wish, plan_choice *choice, clu_device **device, clu_error *error)
{
	double seconds;
	*device = NULL;
	CLU_TRY(plan_choose(info, wish, choice, error));
	CLU_TRY(clu_device_open(info, &choice->plan, device, error));
	clu_status status = clu_device_self_test(*device, &seconds, error);
	if (status == CLU_OK) return status;
	clu_device_destroy(*device);
	*device = NULL;
	return status;
}

clu_status device_choice_open(const clu_device_info *info, const char *plan_path, clu_device **device, clu_error *error)
{
	plan_choice choice;
	return device_choice_open_as(info, &(plan_wish){.imposed = plan_path}, &choice, device, error);
}

/* Whether the next device would meet the same error: a bad plan or a lack of memory is no fault of this one. */
static bool is_host_error(clu_status status)
{
	return status == CLU_ARGUMENT || status == CLU_FILE || status == CLU_MEMORY;
}

clu_status device_choice_open_one_as(
    const char *spec, const plan_wish *wish, plan_choice *plan, clu_device **device, clu_error *error)
{
	device_choice choice;
	*device = NULL;
	CLU_TRY(device_choice_select(spec, &choice, error));
	clu_status status = CLU_NO_DEVICE;
	for (size_t k = 0; k < choice.chosen_count; k++) {
		const clu_device_info *info = &choice.infos[choice.chosen[k]];
		char text[DEVICE_CHOICE_TEXT];
		clu_error inner = {0};
		device_choice_describe(info, text);
		status = device_choice_open_as(info, wish, plan, device, &inner);
		if (status == CLU_OK) {
			report_note("device %s%s", text, choice.chosen_count > 1 ? ", the first of those that fit" : "");
			break;
		}
		if (is_host_error(status)) {
			clu_fail(error, status, "%s", inner.message);
			break;
		}
		status = clu_fail(error, CLU_NO_DEVICE, "device %s cannot be used: %.400s", text, inner.message);
		if (k + 1 < choice.chosen_count) report_note("device %s gets no work: %s", text, inner.message);
	}
	device_choice_release(&choice);
	return status;
}

clu_status device_choice_open_one(const char *spec, const char *plan_path, clu_device **device, clu_error *error)
{
	plan_choice plan;
	return device_choice_open_one_as(spec, &(plan_wish){.imposed = plan_path}, &plan, device, error);
}
