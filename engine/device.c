/* device.c: finds OpenCL devices, opens and closes one. Which of them a user means is device_select.c's subject. */
#include "device.h"

#include "capability.h"
#include "clblast.h"
#include "plan.h"
#include "profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

clu_status device_fail(const clu_device *device, clu_error *error, cl_int code, const char *what)
{
	return opencl_fail(&device->info, error, code, what);
}

clu_status device_finish(clu_device *device, clu_error *error)
{
	cl_int code = clFinish(device->queue);
	return code == CL_SUCCESS ? CLU_OK : device_fail(device, error, code, "waiting for the queue");
}

clu_status device_flush(clu_device *device, clu_error *error)
{
	cl_int code = clFlush(device->queue);
	return code == CL_SUCCESS ? CLU_OK : device_fail(device, error, code, "sending the queue");
}

static void trim(char *text)
{
	size_t skip = strspn(text, " \t\r\n"), length;
	memmove(text, text + skip, strlen(text + skip) + 1);
	for (length = strlen(text); length > 0 && strchr(" \t\r\n", text[length - 1]); length--) text[length - 1] = '\0';
}

/* A simulator may set all bits: test bits, the most specific first. */
static clu_device_type type_of(cl_device_type bits)
{
	if (bits & CL_DEVICE_TYPE_CPU) return CLU_DEVICE_CPU;
	if (bits & CL_DEVICE_TYPE_GPU) return CLU_DEVICE_GPU;
	if (bits & CL_DEVICE_TYPE_ACCELERATOR) return CLU_DEVICE_ACCELERATOR;
	return CLU_DEVICE_CUSTOM;
}

/* Where a text does not fit, OpenCL gives none of it: there is room for a long one, of which the first 127 bytes are kept. */
enum { TEXT_KEPT = sizeof((clu_device_info *)NULL)->name, TEXT_LONGEST = 4096 };

static void keep_text(char whole[TEXT_LONGEST], char text[TEXT_KEPT])
{
	trim(whole);
	snprintf(text, TEXT_KEPT, "%.*s", TEXT_KEPT - 1, whole);
}

static void device_text(cl_device_id id, cl_device_info what, char text[TEXT_KEPT])
{
	char whole[TEXT_LONGEST] = "";
	clGetDeviceInfo(id, what, sizeof whole - 1, whole, NULL);
	keep_text(whole, text);
}

static void platform_text(cl_platform_id id, cl_platform_info what, char text[TEXT_KEPT])
{
	char whole[TEXT_LONGEST] = "";
	clGetPlatformInfo(id, what, sizeof whole - 1, whole, NULL);
	keep_text(whole, text);
}

static void describe(cl_platform_id platform, cl_device_id id, uint32_t index, clu_device_info *info)
{
	cl_device_type bits = 0;
	cl_ulong memory = 0, allocation = 0, local = 0;
	*info = (clu_device_info){.index = index, .platform_id = platform, .device_id = id};
	clGetDeviceInfo(id, CL_DEVICE_TYPE, sizeof bits, &bits, NULL);
	info->type = type_of(bits);
	device_text(id, CL_DEVICE_NAME, info->name);
	device_text(id, CL_DEVICE_VENDOR, info->vendor);
	device_text(id, CL_DRIVER_VERSION, info->driver);
	device_text(id, CL_DEVICE_VERSION, info->version);
	platform_text(platform, CL_PLATFORM_NAME, info->platform);
	platform_text(platform, CL_PLATFORM_VERSION, info->platform_version);
	clGetDeviceInfo(id, CL_DEVICE_MAX_COMPUTE_UNITS, sizeof info->compute_units, &info->compute_units, NULL);
	if (info->compute_units == 0) info->compute_units = 1; /* it did not say */
	clGetDeviceInfo(id, CL_DEVICE_GLOBAL_MEM_SIZE, sizeof memory, &memory, NULL);
	clGetDeviceInfo(id, CL_DEVICE_MAX_MEM_ALLOC_SIZE, sizeof allocation, &allocation, NULL);
	clGetDeviceInfo(id, CL_DEVICE_LOCAL_MEM_SIZE, sizeof local, &local, NULL);
	clGetDeviceInfo(id, CL_DEVICE_MAX_WORK_GROUP_SIZE, sizeof info->work_group_max, &info->work_group_max, NULL);
	info->memory_bytes = memory;
	info->allocation_bytes = allocation;
	info->local_bytes = local;
	capability_describe(info);
}

static clu_status append_platform(cl_platform_id platform, clu_device_info **infos, size_t *count, clu_error *error)
{
	cl_uint found = 0;
	/* CL_DEVICE_NOT_FOUND is a platform without devices; a platform that fails in another way has none for us either */
	if (clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 0, NULL, &found) != CL_SUCCESS || found == 0) return CLU_OK;
	cl_device_id *ids = calloc(found, sizeof(cl_device_id));
	clu_device_info *grown = realloc(*infos, (*count + found) * sizeof *grown);
	if (grown) *infos = grown;
	if (!ids || !grown) {
		free(ids);
		return clu_fail(error, CLU_MEMORY, "no host memory for the list of devices");
	}
	if (clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, found, ids, NULL) == CL_SUCCESS)
		for (cl_uint i = 0; i < found; i++, (*count)++) describe(platform, ids[i], (uint32_t)*count, &(*infos)[*count]);
	free(ids);
	return CLU_OK;
}

/* Sees the same hardware behind several platforms. */
static clu_status name_hardware(clu_device_info *infos, size_t count, clu_error *error)
{
	if (count == 0) return CLU_OK;
	capability_identity *identities = calloc(count, sizeof *identities);
	if (!identities) return clu_fail(error, CLU_MEMORY, "no host memory for the list of devices");
	for (size_t i = 0; i < count; i++)
		if (infos[i].type != CLU_DEVICE_CPU) capability_identify(infos[i].device_id, &identities[i]);
	capability_name_hardware(infos, identities, count);
	free(identities);
	return CLU_OK;
}

clu_status clu_device_list(clu_device_info **infos, size_t *count, clu_error *error)
{
	cl_uint platforms = 0;
	clu_status status = CLU_OK;
	*infos = NULL;
	*count = 0;
	/* CL_PLATFORM_NOT_FOUND_KHR: a loader without drivers */
	if (clGetPlatformIDs(0, NULL, &platforms) != CL_SUCCESS || platforms == 0) return CLU_OK;
	cl_platform_id *ids = calloc(platforms, sizeof(cl_platform_id));
	if (!ids) return clu_fail(error, CLU_MEMORY, "no host memory for the list of platforms");
	if (clGetPlatformIDs(platforms, ids, NULL) == CL_SUCCESS)
		for (cl_uint p = 0; p < platforms; p++) CLU_GOTO(append_platform(ids[p], infos, count, error));
	CLU_GOTO(name_hardware(*infos, *count, error));
cleanup:
	free(ids);
	if (status != CLU_OK) {
		free(*infos);
		*infos = NULL;
		*count = 0;
	}
	return status;
}

const char *clu_device_type_name(clu_device_type type)
{
	static const char *const names[] = {"CPU", "GPU", "ACCELERATOR", "CUSTOM"};
	return names[type];
}

static clu_status open_checked(const clu_device_info *info, clu_device *device, clu_error *error)
{
	cl_int code;
	cl_device_id id = info->device_id;
	const cl_context_properties properties[] = {CL_CONTEXT_PLATFORM, (cl_context_properties)info->platform_id, 0};
	cl_bool compiler = CL_FALSE;
	if (info->type == CLU_DEVICE_CUSTOM)
		return clu_fail(error, CLU_NO_DEVICE, "%s is a CUSTOM device: it runs built-in kernels only", info->name);
	clGetDeviceInfo(id, CL_DEVICE_COMPILER_AVAILABLE, sizeof compiler, &compiler, NULL);
	if (!compiler) return clu_fail(error, CLU_NO_DEVICE, "%s has no compiler for kernels in its driver", info->name);
	device->context = clCreateContext(properties, 1, &id, NULL, NULL, &code);
	if (code != CL_SUCCESS) return device_fail(device, error, code, "clCreateContext");
	device->queue = clCreateCommandQueue(device->context, id, 0, &code);
	if (code != CL_SUCCESS) return device_fail(device, error, code, "clCreateCommandQueue");
	clu_plan_key(info, &device->plan, device->key);
	return program_build(info, &device->plan, device->context, &device->program, device->kernels, error);
}

clu_status clu_device_open(const clu_device_info *info, const clu_plan *plan, clu_device **out, clu_error *error)
{
	*out = NULL;
	clu_device *device = calloc(1, sizeof *device);
	if (!device) return clu_fail(error, CLU_MEMORY, "no host memory for a device");
	device->info = *info;
	device->plan = plan ? *plan : clu_plan_default(info);
	clu_status status = plan_check(&device->plan, "the plan", error);
	const char *debug = getenv("CLUNROLL_DEBUG");
	device->sync = debug && strcmp(debug, "sync") == 0;
	if (status == CLU_OK) status = open_checked(info, device, error);
	if (status == CLU_OK)
		*out = device;
	else
		clu_device_destroy(device);
	return status;
}

void clu_device_destroy(clu_device *device)
{
	if (!device) return;
	profile_destroy(device);
	for (int k = 0; k < KERNEL_COUNT; k++)
		if (device->kernels[k]) clReleaseKernel(device->kernels[k]);
	if (device->program) clReleaseProgram(device->program);
	if (device->queue) clReleaseCommandQueue(device->queue);
	if (device->context) {
		clblast_forget(device);
		clReleaseContext(device->context);
	}
	free(device);
}

const clu_device_info *clu_device_about(const clu_device *device)
{
	return &device->info;
}

const clu_plan *clu_device_plan(const clu_device *device)
{
	return &device->plan;
}

const char *clu_device_key(const clu_device *device)
{
	return device->key;
}
