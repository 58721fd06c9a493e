/* memory.c: device buffers. Nothing is allocated inside a step; these calls belong to set-up, stage changes and results. */
#include "memory.h"

#include "parallel.h"

#include <stdlib.h>
#include <string.h>

clu_status memory_create_unset(clu_device *device, const char *role, uint64_t bytes, cl_mem *buffer, clu_error *error)
{
	if (bytes == 0) bytes = 4;
	if (bytes > device->info.allocation_bytes)
		return clu_fail(error, CLU_SIZE, "%s need %.1f MiB in one buffer; %s allows %.1f MiB: use fewer lanes, samples or layers",
		    role, (double)bytes / 1048576.0, device->info.name, (double)device->info.allocation_bytes / 1048576.0);
	cl_int code;
	*buffer = clCreateBuffer(device->context, CL_MEM_READ_WRITE, bytes, NULL, &code);
	return code == CL_SUCCESS ? CLU_OK : device_fail(device, error, code, role);
}

clu_status memory_create(clu_device *device, const char *role, uint64_t bytes, cl_mem *buffer, clu_error *error)
{
	CLU_TRY(memory_create_unset(device, role, bytes, buffer, error));
	return memory_zero(device, *buffer, 0, bytes ? bytes : 4, error);
}

clu_status memory_write(clu_device *device, cl_mem buffer, uint64_t offset, uint64_t bytes, const void *from, clu_error *error)
{
	if (bytes == 0) return CLU_OK;
	cl_int code = clEnqueueWriteBuffer(device->queue, buffer, CL_TRUE, offset, bytes, from, 0, NULL, NULL);
	return code == CL_SUCCESS ? CLU_OK : device_fail(device, error, code, "writing a buffer");
}

clu_status memory_read(clu_device *device, cl_mem buffer, uint64_t offset, uint64_t bytes, void *to, clu_error *error)
{
	if (bytes == 0) return CLU_OK;
	cl_int code = clEnqueueReadBuffer(device->queue, buffer, CL_TRUE, offset, bytes, to, 0, NULL, NULL);
	return code == CL_SUCCESS ? CLU_OK : device_fail(device, error, code, "reading a buffer");
}

clu_status memory_zero(clu_device *device, cl_mem buffer, uint64_t offset, uint64_t bytes, clu_error *error)
{
	const uint64_t piece = UINT64_C(1) << 30; /* NVIDIA's driver has hung, or failed later, over fills of 2 GiB */
	const cl_uint zero = 0;
	for (uint64_t done = 0; done < bytes; done += piece) {
		const uint64_t now = bytes - done < piece ? bytes - done : piece;
		const cl_int code = clEnqueueFillBuffer(device->queue, buffer, &zero, sizeof zero, offset + done, now, 0, NULL, NULL);
		if (code != CL_SUCCESS) return device_fail(device, error, code, "clearing a buffer");
	}
	return CLU_OK;
}

clu_status memory_copy(
    clu_device *device, cl_mem from, cl_mem to, uint64_t from_offset, uint64_t to_offset, uint64_t bytes, clu_error *error)
{
	cl_int code = clEnqueueCopyBuffer(device->queue, from, to, from_offset, to_offset, bytes, 0, NULL, NULL);
	return code == CL_SUCCESS ? CLU_OK : device_fail(device, error, code, "copying a buffer");
}

enum { SLICE_ROWS = 4096 }; /* rows that are on their way at a time */

typedef struct padding {
	const float *rows;
	float *padded;
	uint32_t columns, ld;
} padding;

static void pad_rows(void *context, size_t begin, size_t end)
{
	const padding *job = context;
	for (size_t row = begin; row < end; row++) {
		float *to = job->padded + row * job->ld;
		memcpy(to, job->rows + row * job->columns, job->columns * sizeof *to);
		memset(to + job->columns, 0, (job->ld - job->columns) * sizeof *to);
	}
}

clu_status memory_write_rows(clu_device *device, cl_mem buffer, uint64_t offset, const float *rows, size_t count, uint32_t columns,
    uint32_t ld, clu_error *error)
{
	for (size_t row = 0; row < count; row += SLICE_ROWS) {
		const size_t part = count - row < SLICE_ROWS ? count - row : SLICE_ROWS;
		padding job = {.rows = rows + row * columns, .columns = columns, .ld = ld};
		void *at;
		CLU_TRY(memory_map(device, buffer, CL_MAP_WRITE_INVALIDATE_REGION, (offset + row * ld) * sizeof *rows,
		    part * ld * sizeof *rows, &at, error));
		job.padded = at;
		parallel_run(part, SLICE_ROWS / 16, pad_rows, &job);
		CLU_TRY(memory_unmap(device, buffer, at, error));
	}
	return CLU_OK;
}

uint64_t memory_bytes(cl_mem buffer)
{
	size_t bytes = 0;
	if (buffer) clGetMemObjectInfo(buffer, CL_MEM_SIZE, sizeof bytes, &bytes, NULL);
	return bytes;
}

clu_status memory_map(
    clu_device *device, cl_mem buffer, cl_map_flags flags, uint64_t offset, uint64_t bytes, void **at, clu_error *error)
{
	cl_int code;
	*at = clEnqueueMapBuffer(device->queue, buffer, CL_TRUE, flags, offset, bytes, 0, NULL, NULL, &code);
	return code == CL_SUCCESS ? CLU_OK : device_fail(device, error, code, "mapping a buffer");
}

clu_status memory_unmap(clu_device *device, cl_mem buffer, void *at, clu_error *error)
{
	cl_int code = clEnqueueUnmapMemObject(device->queue, buffer, at, 0, NULL, NULL);
	return code == CL_SUCCESS ? CLU_OK : device_fail(device, error, code, "unmapping a buffer");
}

void memory_release(cl_mem *buffer)
{
	if (*buffer) clReleaseMemObject(*buffer);
	*buffer = NULL;
}
