/* device.h: an opened device, as the engine's inner files see it. One context, one in-order queue, the kernels. */
#ifndef CLU_DEVICE_H
#define CLU_DEVICE_H

#include "opencl.h"
#include "program.h"

struct clu_device {
	clu_device_info info;
	clu_plan plan;
	cl_context context;
	cl_command_queue queue; /* in order */
	cl_program program;
	cl_kernel kernels[KERNEL_COUNT];
	bool sync;               /* CLUNROLL_DEBUG=sync: finish after each launch */
	char key[CLU_KEY_TEXT];  /* numeric key */
	struct profile *profile; /* NULL: not profiled, see profile.h */
};

/* Fails with the OpenCL error's name and the device's. */
clu_status device_fail(const clu_device *device, clu_error *error, cl_int code, const char *what);
/* Waits for all that was enqueued; the place where asynchronous errors show. */
clu_status device_finish(clu_device *device, clu_error *error);
/* Sends what is enqueued to the device: some drivers would wait for more. */
clu_status device_flush(clu_device *device, clu_error *error);

#endif
