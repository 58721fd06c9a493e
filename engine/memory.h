/* memory.h: device buffers, one for each role, sized once from the shapes. */
#ifndef CLU_MEMORY_H
#define CLU_MEMORY_H

#include "device.h"

/* A buffer of `bytes`, called `role` in errors, zeroed or with anything in it. CLU_SIZE when it is beyond what the device gives in
 * one piece. */
clu_status memory_create_unset(clu_device *device, const char *role, uint64_t bytes, cl_mem *buffer, clu_error *error);
clu_status memory_create(clu_device *device, const char *role, uint64_t bytes, cl_mem *buffer, clu_error *error);
/* Blocking transfers. */
clu_status memory_write(clu_device *device, cl_mem buffer, uint64_t offset, uint64_t bytes, const void *from, clu_error *error);
clu_status memory_read(clu_device *device, cl_mem buffer, uint64_t offset, uint64_t bytes, void *to, clu_error *error);
/* On the device, in the queue's order. */
clu_status memory_zero(clu_device *device, cl_mem buffer, uint64_t offset, uint64_t bytes, clu_error *error);
clu_status memory_copy(
    clu_device *device, cl_mem from, cl_mem to, uint64_t from_offset, uint64_t to_offset, uint64_t bytes, clu_error *error);
/* Rows of `columns` floats on the host into rows of `ld` floats (padding zeroed) at float `offset`. */
clu_status memory_write_rows(clu_device *device, cl_mem buffer, uint64_t offset, const float *rows, size_t count, uint32_t columns,
    uint32_t ld, clu_error *error);
/* Its size, as the driver tells; 0 for none. */
uint64_t memory_bytes(cl_mem buffer);
/* A part of a buffer as host memory until it is unmapped; waits until it is there, and for what CL_MAP_READ reads. A copy less than
 * read and write where host and device share memory. */
clu_status memory_map(
    clu_device *device, cl_mem buffer, cl_map_flags flags, uint64_t offset, uint64_t bytes, void **at, clu_error *error);
clu_status memory_unmap(clu_device *device, cl_mem buffer, void *at, clu_error *error);
void memory_release(cl_mem *buffer);

#endif
