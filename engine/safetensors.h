/* safetensors.h: named tensors and string metadata ↔ bytes in the safetensors format (8-byte little-endian length, JSON header,
 * data). Knows nothing of models or checkpoints; both are written with it.
 *
 * Bytes from outside are not trusted: decode checks every offset, shape and size before anything is read. Data is little-endian
 * in the file and has the host's order in memory. */
#ifndef CLU_SAFETENSORS_H
#define CLU_SAFETENSORS_H

#include "clunroll.h"

typedef enum tensor_type { TENSOR_F64, TENSOR_U64, TENSOR_F32, TENSOR_U32, TENSOR_U8 } tensor_type;

#define TENSOR_DIMENSIONS_MAX 4

typedef struct tensor_info {
	const char *name;
	tensor_type type;
	uint32_t dimensions; /* 0: a single value */
	uint64_t shape[TENSOR_DIMENSIONS_MAX];
	const void *data; /* read by encode only */
} tensor_info;

typedef struct metadata_entry {
	const char *key, *value;
} metadata_entry;

/* Writes tensors and metadata; wider types first, so that each lies aligned, in the given order else. The caller frees *bytes
 * with free(). Equal input gives equal bytes. */
clu_status safetensors_encode(const tensor_info *tensors, size_t tensor_count, const metadata_entry *entries, size_t entry_count,
    void **bytes, size_t *size, clu_error *error);

/* A parsed file: a view, `bytes` must outlive it. `source` (copied) names the bytes in errors. */
typedef struct safetensors safetensors;
/* CLU_FORMAT, naming what was found and wanted, where header, offsets, shapes and size do not fit together. */
clu_status safetensors_decode(const void *bytes, size_t size, const char *source, safetensors **file, clu_error *error);
void safetensors_destroy(safetensors *file);
/* The name that the bytes have in errors. */
const char *safetensors_source(const safetensors *file);
/* Value of a metadata key; NULL where there is none. */
const char *safetensors_metadata(const safetensors *file, const char *key);
/* Finds a tensor by name; found->data is not set. CLU_FORMAT where there is none. */
clu_status safetensors_find(const safetensors *file, const char *name, tensor_info *found, clu_error *error);
/* Copies the tensor of wanted->name into values. CLU_FORMAT where there is none, or type or shape are not the wanted ones. */
clu_status safetensors_take(const safetensors *file, const tensor_info *wanted, void *values, clu_error *error);

#endif
