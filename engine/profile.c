/* profile.c: kernels' times from OpenCL's events. The queue is exchanged for one that takes the times, launch.c hands the event
 * of each launch over, and they are read many at a time. A device that is not profiled has no events at all. */
#include "profile.h"

#include <stdlib.h>

enum { EVENTS_MAX = 4096 }; /* read at the latest when so many wait */

struct profile {
	uint32_t pending;
	cl_event event[EVENTS_MAX];
	kernel_id kernel[EVENTS_MAX];
	clu_kernel_time total[KERNEL_COUNT];
};

static clu_status exchange_queue(clu_device *device, cl_command_queue_properties properties, clu_error *error)
{
	cl_int code;
	CLU_TRY(device_finish(device, error));
	cl_command_queue queue = clCreateCommandQueue(device->context, device->info.device_id, properties, &code);
	if (code != CL_SUCCESS) return device_fail(device, error, code, "clCreateCommandQueue");
	clReleaseCommandQueue(device->queue);
	device->queue = queue;
	return CLU_OK;
}

clu_status clu_device_profile(clu_device *device, bool on, clu_error *error)
{
	if (on == (device->profile != NULL)) return CLU_OK;
	CLU_TRY(exchange_queue(device, on ? CL_QUEUE_PROFILING_ENABLE : 0, error));
	if (!on) {
		profile_destroy(device);
		return CLU_OK;
	}
	device->profile = calloc(1, sizeof *device->profile);
	return device->profile ? CLU_OK : clu_fail(error, CLU_MEMORY, "no host memory for an account of kernels");
}

/* Waits for the pending launches and adds their times up. */
static clu_status read_events(clu_device *device, clu_error *error)
{
	struct profile *profile = device->profile;
	clu_status status = device_finish(device, error);
	for (uint32_t i = 0; i < profile->pending; i++) {
		cl_ulong begin = 0, end = 0;
		cl_int code = clGetEventProfilingInfo(profile->event[i], CL_PROFILING_COMMAND_START, sizeof begin, &begin, NULL);
		if (code == CL_SUCCESS) code = clGetEventProfilingInfo(profile->event[i], CL_PROFILING_COMMAND_END, sizeof end, &end, NULL);
		if (code != CL_SUCCESS && status == CLU_OK) status = device_fail(device, error, code, "reading a kernel's time");
		clReleaseEvent(profile->event[i]);
		profile->total[profile->kernel[i]].launches++;
		profile->total[profile->kernel[i]].seconds += end > begin ? 1e-9 * (double)(end - begin) : 0;
	}
	profile->pending = 0;
	return status;
}

clu_status profile_event(clu_device *device, kernel_id kernel, cl_event **event, clu_error *error)
{
	struct profile *profile = device->profile;
	if (profile->pending == EVENTS_MAX) CLU_TRY(read_events(device, error));
	profile->kernel[profile->pending] = kernel;
	*event = &profile->event[profile->pending];
	return CLU_OK;
}

void profile_launched(clu_device *device)
{
	device->profile->pending++;
}

static int longest_first(const void *a, const void *b)
{
	const double x = ((const clu_kernel_time *)a)->seconds, y = ((const clu_kernel_time *)b)->seconds;
	return (x < y) - (x > y);
}

clu_status clu_device_profile_take(clu_device *device, clu_kernel_time **times, size_t *count, clu_error *error)
{
	*times = NULL;
	*count = 0;
	if (!device->profile) return clu_fail(error, CLU_ARGUMENT, "%s is not being profiled", device->info.name);
	CLU_TRY(read_events(device, error));
	clu_kernel_time *taken = calloc(KERNEL_COUNT, sizeof *taken);
	if (!taken) return clu_fail(error, CLU_MEMORY, "no host memory for kernels' times");
	for (kernel_id k = 0; k < KERNEL_COUNT; k++) {
		clu_kernel_time *total = &device->profile->total[k];
		total->name = kernel_name(k);
		if (total->launches) taken[(*count)++] = *total;
		*total = (clu_kernel_time){0};
	}
	qsort(taken, *count, sizeof *taken, longest_first);
	*times = taken;
	return CLU_OK;
}

void profile_destroy(clu_device *device)
{
	if (!device->profile) return;
	for (uint32_t i = 0; i < device->profile->pending; i++) clReleaseEvent(device->profile->event[i]);
	free(device->profile);
	device->profile = NULL;
}
