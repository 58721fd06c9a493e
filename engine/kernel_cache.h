/* kernel_cache.h: built kernels kept for the next process, for drivers that would build them again in each: Intel's CPU runtime
 * takes 3 s of CPU time, its FPGA emulator 9. Others (PoCL, NVIDIA, Mesa) have caches of their own, which are left to them. */
#ifndef CLU_KERNEL_CACHE_H
#define CLU_KERNEL_CACHE_H

#include "status.h"

#include <CL/cl.h>

/* What a built program follows from, beside its device. */
typedef struct kernel_build {
	const char *options;
	uint64_t sources; /* their hash */
} kernel_build;

/* The program, built, as it was kept; NULL where none was, or anything about it is odd: then it is to be built from source. */
cl_program kernel_cache_load(const clu_device_info *info, cl_context context, const kernel_build *build);
/* Keeps a program where there is a place for it and its driver needs it. A place that cannot be written costs time alone. */
void kernel_cache_store(const clu_device_info *info, cl_program program, const kernel_build *build);

#endif
