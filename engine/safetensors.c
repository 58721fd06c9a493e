/* safetensors.c: named tensors and string metadata ↔ bytes, see safetensors.h and huggingface.co/docs/safetensors.
 *
 * Layout: 8 bytes little-endian length of the header; the header, a JSON object padded with spaces to a multiple of 8; the
 * tensors' data, gapless, each {"dtype", "shape", "data_offsets": [begin, end)} counted from the end of the header. */
#include "safetensors.h"

#include "status.h"

#include <cjson/cJSON.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH_BYTES 8
#define HEADER_MAX 100000000 /* bytes: the format's own limit */
#define METADATA_KEY "__metadata__"
#define WHOLE_MAX 0x1p53 /* up to here a double is a whole number exactly */

static const struct {
	const char *name;
	size_t width;
} types[] = {
    [TENSOR_F64] = {"F64", 8},
    [TENSOR_U64] = {"U64", 8},
    [TENSOR_F32] = {"F32", 4},
    [TENSOR_U32] = {"U32", 4},
    [TENSOR_U8] = {"U8", 1},
};
enum { TYPE_COUNT = sizeof types / sizeof *types };

/* Copies values between the host's order and the file's. */
static void copy_values(unsigned char *to, const unsigned char *from, size_t size, size_t width)
{
	const uint16_t one = 1;
	memcpy(to, from, size);
	if (*(const unsigned char *)&one) return; /* a little-endian host */
	for (size_t at = 0; at < size; at += width) {
		for (size_t i = 0; i < width; i++) to[at + i] = from[at + width - 1 - i];
	}
}

/* ---- writing ---- */

static size_t tensor_bytes(const tensor_info *tensor)
{
	size_t bytes = types[tensor->type].width;
	for (uint32_t i = 0; i < tensor->dimensions; i++) bytes *= (size_t)tensor->shape[i];
	return bytes;
}

/* Adds a tensor's entry to the header. cJSON returns NULL or false where memory runs out. */
static bool add_entry(cJSON *header, const tensor_info *tensor, size_t begin)
{
	cJSON *entry = cJSON_AddObjectToObject(header, tensor->name);
	if (!entry || !cJSON_AddStringToObject(entry, "dtype", types[tensor->type].name)) return false;
	cJSON *shape = cJSON_AddArrayToObject(entry, "shape");
	bool good = shape != NULL;
	for (uint32_t i = 0; good && i < tensor->dimensions; i++) {
		good = cJSON_AddItemToArray(shape, cJSON_CreateNumber((double)tensor->shape[i]));
	}
	cJSON *offsets = cJSON_AddArrayToObject(entry, "data_offsets");
	return good && offsets && cJSON_AddItemToArray(offsets, cJSON_CreateNumber((double)begin)) &&
	       cJSON_AddItemToArray(offsets, cJSON_CreateNumber((double)(begin + tensor_bytes(tensor))));
}

/* The order in which tensors lie in the file: by width, descending, and as given among equals. */
static void order_tensors(const tensor_info *tensors, size_t count, const tensor_info **ordered)
{
	size_t used = 0;
	for (size_t width = 8; width >= 1; width /= 2) {
		for (size_t i = 0; i < count; i++) {
			if (types[tensors[i].type].width == width) ordered[used++] = &tensors[i];
		}
	}
}

static char *print_header(const tensor_info **ordered, size_t count, const metadata_entry *entries, size_t entry_count)
{
	cJSON *header = cJSON_CreateObject(), *metadata = cJSON_AddObjectToObject(header, METADATA_KEY);
	bool good = metadata != NULL;
	for (size_t i = 0; good && i < entry_count; i++) good = cJSON_AddStringToObject(metadata, entries[i].key, entries[i].value);
	size_t begin = 0;
	for (size_t i = 0; good && i < count; begin += tensor_bytes(ordered[i++])) good = add_entry(header, ordered[i], begin);
	char *text = good ? cJSON_PrintUnformatted(header) : NULL;
	cJSON_Delete(header);
	return text;
}

clu_status safetensors_encode(const tensor_info *tensors, size_t tensor_count, const metadata_entry *entries, size_t entry_count,
    void **bytes, size_t *size, clu_error *error)
{
	const tensor_info **ordered = calloc(tensor_count + 1, sizeof *ordered);
	char *header = NULL;
	unsigned char *out = NULL;
	clu_status status = CLU_MEMORY;
	if (!ordered) goto cleanup;
	order_tensors(tensors, tensor_count, ordered);
	header = print_header(ordered, tensor_count, entries, entry_count);
	if (!header) goto cleanup;
	size_t length = strlen(header), padded = (length + 7) / 8 * 8, total = LENGTH_BYTES + padded;
	for (size_t i = 0; i < tensor_count; i++) total += tensor_bytes(ordered[i]);
	out = malloc(total);
	if (!out) goto cleanup;
	for (int i = 0; i < LENGTH_BYTES; i++) out[i] = (unsigned char)((uint64_t)padded >> 8 * i);
	memcpy(out + LENGTH_BYTES, header, length);
	memset(out + LENGTH_BYTES + length, ' ', padded - length);
	unsigned char *at = out + LENGTH_BYTES + padded;
	for (size_t i = 0; i < tensor_count; at += tensor_bytes(ordered[i++])) {
		copy_values(at, ordered[i]->data, tensor_bytes(ordered[i]), types[ordered[i]->type].width);
	}
	*bytes = out;
	*size = total;
	status = CLU_OK;
cleanup:
	if (status != CLU_OK) clu_fail(error, status, "out of memory to encode %zu tensors", tensor_count);
	cJSON_free(header);
	free(ordered);
	return status;
}

/* ---- reading ---- */

typedef struct safetensors_entry {
	tensor_info info; /* name is the header's, data is not set */
	uint64_t begin, end;
} safetensors_entry;

struct safetensors {
	char *source;
	cJSON *header;
	const unsigned char *data;
	uint64_t data_size;
	safetensors_entry *entries; /* in the order of their data */
	size_t count;
};

/* Reads a whole number that a double holds exactly. */
static bool read_whole(const cJSON *item, uint64_t *value)
{
	if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0.0 && item->valuedouble < WHOLE_MAX)) return false;
	*value = (uint64_t)item->valuedouble;
	return (double)*value == item->valuedouble;
}

static bool read_type(const cJSON *item, tensor_type *type)
{
	for (unsigned i = 0; cJSON_IsString(item) && i < TYPE_COUNT; i++) {
		if (strcmp(item->valuestring, types[i].name) != 0) continue;
		*type = (tensor_type)i;
		return true;
	}
	return false;
}

/* Reads "shape" and what it means in bytes; false where it is malformed or too large to be counted. */
static bool read_shape(const cJSON *item, tensor_info *info, uint64_t *bytes)
{
	if (!cJSON_IsArray(item)) return false;
	*bytes = types[info->type].width;
	const cJSON *side;
	cJSON_ArrayForEach(side, item)
	{
		uint64_t length;
		if (info->dimensions == TENSOR_DIMENSIONS_MAX || !read_whole(side, &length)) return false;
		if (length && *bytes > UINT64_MAX / length) return false;
		*bytes *= length;
		info->shape[info->dimensions++] = length;
	}
	return true;
}

static clu_status read_entry(const safetensors *file, const cJSON *item, safetensors_entry *entry, clu_error *error)
{
	const char *name = item->string;
	uint64_t bytes;
	entry->info.name = name;
	const cJSON *type = cJSON_GetObjectItemCaseSensitive(item, "dtype");
	if (!read_type(type, &entry->info.type)) {
		return clu_fail(error, CLU_FORMAT, "%s: tensor %.60s has type %.20s, wanted F64, U64, F32, U32 or U8", file->source, name,
		    cJSON_IsString(type) ? type->valuestring : "none");
	}
	if (!read_shape(cJSON_GetObjectItemCaseSensitive(item, "shape"), &entry->info, &bytes)) {
		return clu_fail(
		    error, CLU_FORMAT, "%s: tensor %.60s has no shape of at most %d sizes", file->source, name, TENSOR_DIMENSIONS_MAX);
	}
	const cJSON *offsets = cJSON_GetObjectItemCaseSensitive(item, "data_offsets");
	if (!cJSON_IsArray(offsets) || cJSON_GetArraySize(offsets) != 2 || !read_whole(offsets->child, &entry->begin) ||
	    !read_whole(offsets->child->next, &entry->end) || entry->begin > entry->end) {
		return clu_fail(error, CLU_FORMAT, "%s: tensor %.60s has no data_offsets, wanted [begin, end]", file->source, name);
	}
	if (entry->end > file->data_size) {
		return clu_fail(error, CLU_FORMAT, "%s is truncated: tensor %.60s ends at byte %" PRIu64 " of the data, which has %" PRIu64,
		    file->source, name, entry->end, file->data_size);
	}
	if (entry->end - entry->begin != bytes) {
		return clu_fail(error, CLU_FORMAT, "%s: tensor %.60s has %" PRIu64 " bytes of data, its shape wants %" PRIu64, file->source,
		    name, entry->end - entry->begin, bytes);
	}
	return CLU_OK;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const safetensors_entry *)a)->info.name, ((const safetensors_entry *)b)->info.name);
}

static int by_offset(const void *a, const void *b)
{
	const safetensors_entry *x = a, *y = b;
	if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
	return (x->end > y->end) - (x->end < y->end);
}

/* Names must be different, data must neither overlap nor leave gaps. */
static clu_status check_layout(safetensors *file, clu_error *error)
{
	qsort(file->entries, file->count, sizeof *file->entries, by_name);
	for (size_t i = 1; i < file->count; i++) {
		const char *name = file->entries[i].info.name;
		if (strcmp(file->entries[i - 1].info.name, name) != 0) continue;
		return clu_fail(error, CLU_FORMAT, "%s: tensor %.60s is there twice", file->source, name);
	}
	qsort(file->entries, file->count, sizeof *file->entries, by_offset);
	uint64_t end = 0;
	for (size_t i = 0; i < file->count; end = file->entries[i++].end) {
		if (file->entries[i].begin == end) continue;
		return clu_fail(error, CLU_FORMAT, "%s: tensor %.60s begins at byte %" PRIu64 " of the data, wanted %" PRIu64, file->source,
		    file->entries[i].info.name, file->entries[i].begin, end);
	}
	if (end == file->data_size) return CLU_OK;
	return clu_fail(
	    error, CLU_FORMAT, "%s has %" PRIu64 " bytes of data, its tensors have %" PRIu64, file->source, file->data_size, end);
}

static clu_status check_metadata(const safetensors *file, const cJSON *metadata, clu_error *error)
{
	const cJSON *item = NULL;
	bool good = cJSON_IsObject(metadata);
	if (good) cJSON_ArrayForEach(item, metadata) good = good && cJSON_IsString(item);
	return good ? CLU_OK : clu_fail(error, CLU_FORMAT, "%s: metadata is no object of strings", file->source);
}

static clu_status read_entries(safetensors *file, clu_error *error)
{
	const cJSON *item;
	file->entries = calloc((size_t)cJSON_GetArraySize(file->header) + 1, sizeof *file->entries);
	if (!file->entries) return clu_fail(error, CLU_MEMORY, "out of memory to read %s", file->source);
	cJSON_ArrayForEach(item, file->header)
	{
		if (strcmp(item->string, METADATA_KEY) == 0)
			CLU_TRY(check_metadata(file, item, error));
		else
			CLU_TRY(read_entry(file, item, &file->entries[file->count++], error));
	}
	return check_layout(file, error);
}

static clu_status read_header(safetensors *file, const unsigned char *bytes, size_t size, clu_error *error)
{
	uint64_t length = 0;
	if (size < LENGTH_BYTES) {
		return clu_fail(
		    error, CLU_FORMAT, "%s is no safetensors file: it has %zu bytes, wanted at least %d", file->source, size, LENGTH_BYTES);
	}
	for (int i = LENGTH_BYTES; i-- > 0;) length = length << 8 | bytes[i];
	if (length > HEADER_MAX || length > size - LENGTH_BYTES) {
		return clu_fail(error, CLU_FORMAT,
		    "%s is no safetensors file, or truncated: a header of %" PRIu64 " bytes in a file of %zu", file->source, length, size);
	}
	const char *text = (const char *)bytes + LENGTH_BYTES, *end = NULL;
	file->header = cJSON_ParseWithLengthOpts(text, (size_t)length, &end, 0);
	while (end && end < text + length && *end == ' ') end++;
	if (!cJSON_IsObject(file->header) || *text != '{' || end != text + length) {
		return clu_fail(error, CLU_FORMAT, "%s is no safetensors file: its header is no JSON object", file->source);
	}
	file->data = bytes + LENGTH_BYTES + length;
	file->data_size = size - LENGTH_BYTES - length;
	return CLU_OK;
}

clu_status safetensors_decode(const void *bytes, size_t size, const char *source, safetensors **out, clu_error *error)
{
	clu_status status;
	safetensors *file = calloc(1, sizeof *file);
	if (file) file->source = strdup(source);
	if (!file || !file->source) {
		status = clu_fail(error, CLU_MEMORY, "out of memory to read %s", source);
		goto cleanup;
	}
	CLU_GOTO(read_header(file, bytes, size, error));
	CLU_GOTO(read_entries(file, error));
	*out = file;
cleanup:
	if (status != CLU_OK) safetensors_destroy(file);
	return status;
}

void safetensors_destroy(safetensors *file)
{
	if (!file) return;
	cJSON_Delete(file->header);
	free(file->entries);
	free(file->source);
	free(file);
}

const char *safetensors_source(const safetensors *file)
{
	return file->source;
}

const char *safetensors_metadata(const safetensors *file, const char *key)
{
	const cJSON *metadata = cJSON_GetObjectItemCaseSensitive(file->header, METADATA_KEY);
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(metadata, key);
	return item ? item->valuestring : NULL;
}

static const safetensors_entry *find_entry(const safetensors *file, const char *name)
{
	for (size_t i = 0; i < file->count; i++) {
		if (strcmp(file->entries[i].info.name, name) == 0) return &file->entries[i];
	}
	return NULL;
}

static clu_status fail_missing(const safetensors *file, const char *name, clu_error *error)
{
	return clu_fail(error, CLU_FORMAT, "%s has no tensor %s", file->source, name);
}

clu_status safetensors_find(const safetensors *file, const char *name, tensor_info *found, clu_error *error)
{
	const safetensors_entry *entry = find_entry(file, name);
	if (!entry) return fail_missing(file, name, error);
	*found = entry->info;
	return CLU_OK;
}

/* Writes "F32 [500][250]". */
static void describe(const tensor_info *info, char text[128])
{
	char *at = text + snprintf(text, 128, "%s ", types[info->type].name);
	for (uint32_t i = 0; i < info->dimensions; i++) at += snprintf(at, (size_t)(text + 128 - at), "[%" PRIu64 "]", info->shape[i]);
}

clu_status safetensors_take(const safetensors *file, const tensor_info *wanted, void *values, clu_error *error)
{
	const safetensors_entry *entry = find_entry(file, wanted->name);
	if (!entry) return fail_missing(file, wanted->name, error);
	const tensor_info *found = &entry->info;
	if (found->type != wanted->type || found->dimensions != wanted->dimensions ||
	    memcmp(found->shape, wanted->shape, found->dimensions * sizeof *found->shape) != 0) {
		char found_text[128], wanted_text[128];
		describe(found, found_text);
		describe(wanted, wanted_text);
		return clu_fail(error, CLU_FORMAT, "%s: tensor %s is %s, wanted %s", file->source, wanted->name, found_text, wanted_text);
	}
	copy_values(values, file->data + entry->begin, (size_t)(entry->end - entry->begin), types[found->type].width);
	return CLU_OK;
}
