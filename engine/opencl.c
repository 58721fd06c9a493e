/* opencl.c: error codes of OpenCL and CLBlast as sentences; the codes that users meet have their names here. */
#include "opencl.h"

#include <clblast_c.h>

static const char *error_name(cl_int code)
{
	static const struct {
		cl_int code;
		const char *name;
	} names[] = {
	    {CL_DEVICE_NOT_AVAILABLE, "device not available"},
	    {CL_MEM_OBJECT_ALLOCATION_FAILURE, "no device memory for a buffer"},
	    {CL_OUT_OF_RESOURCES, "out of device resources"},
	    {CL_OUT_OF_HOST_MEMORY, "out of host memory"},
	    {CL_INVALID_BUFFER_SIZE, "invalid buffer size"},
	    {CL_INVALID_KERNEL_ARGS, "invalid kernel arguments"},
	    {CL_INVALID_WORK_GROUP_SIZE, "invalid work-group size"},
	    {CL_INVALID_WORK_ITEM_SIZE, "invalid work-item size"},
	    {CL_INVALID_KERNEL_NAME, "no kernel of that name"},
	    {CL_INVALID_VALUE, "invalid value"},
	    {CL_INVALID_COMMAND_QUEUE, "the device stopped working"},
	    {CLBlastInsufficientMemoryTemp, "CLBlast has too small a buffer"},
	    {CLBlastInvalidLocalMemUsage, "CLBlast has parameters for more local memory than there is"},
	    {CLBlastDatabaseError, "CLBlast does not know the device"},
	    {CLBlastUnknownError, "CLBlast does not know why"},
	    {CLBlastUnexpectedError, "an exception in CLBlast, such as a kernel that does not build"},
	};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (names[i].code == code) return names[i].name;
	return code < -2000 || (code >= CLBlastNotImplemented && code <= CLBlastInsufficientMemoryY) ? "see clblast_c.h"
	                                                                                             : "see CL/cl.h";
}

clu_status opencl_fail(const clu_device_info *info, clu_error *error, cl_int code, const char *what)
{
	return clu_fail(error, CLU_DEVICE, "%s: %s: OpenCL error %d (%s)", info->name, what, code, error_name(code));
}
