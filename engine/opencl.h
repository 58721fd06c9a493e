/* opencl.h: OpenCL's error codes as sentences. */
#ifndef CLU_OPENCL_H
#define CLU_OPENCL_H

#include "status.h"

#include <CL/cl.h>

/* Fails with CLU_DEVICE, the device's name and the error's. */
clu_status opencl_fail(const clu_device_info *info, clu_error *error, cl_int code, const char *what);

#endif
