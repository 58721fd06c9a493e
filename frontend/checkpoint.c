/* checkpoint.c: the file is a line of format and version, a line of JSON (settings), and the lane's bytes to the end. */
#include "checkpoint.h"

#include "status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char header[] = "clunroll checkpoint 1\n";
enum { HEADER_LENGTH = sizeof header - 1 };

char *checkpoint_path(const char *model_path)
{
	size_t size = strlen(model_path) + sizeof ".checkpoint";
	char *path = malloc(size);
	if (path) snprintf(path, size, "%s.checkpoint", model_path);
	return path;
}

clu_status checkpoint_write(const char *path, const cJSON *settings, const void *bytes, size_t size, clu_error *error)
{
	char *text = cJSON_PrintUnformatted(settings);
	size_t text_length = text ? strlen(text) : 0, total = HEADER_LENGTH + text_length + 1 + size;
	char *file = text ? malloc(total) : NULL;
	clu_status status;
	if (file) {
		char *at = file;
		memcpy(at, header, HEADER_LENGTH);
		memcpy(at += HEADER_LENGTH, text, text_length);
		*(at += text_length) = '\n';
		memcpy(at + 1, bytes, size);
		status = clu_file_replace(path, file, total, error);
	} else {
		status = clu_fail(error, CLU_MEMORY, "%s: out of memory for a checkpoint of %zu bytes", path, total);
	}
	free(file);
	cJSON_free(text);
	return status;
}

clu_status checkpoint_read(const char *path, cJSON **settings, void **bytes, size_t *size, clu_error *error)
{
	void *file = NULL;
	size_t total = 0;
	CLU_TRY(clu_file_read(path, &file, &total, error));
	clu_status status = CLU_OK;
	*settings = NULL;
	*bytes = NULL;
	const char *text = (const char *)file + HEADER_LENGTH;
	const char *end = NULL;
	if (total > HEADER_LENGTH && memcmp(file, header, HEADER_LENGTH) == 0) end = memchr(text, '\n', total - HEADER_LENGTH);
	if (end) *settings = cJSON_ParseWithLength(text, (size_t)(end - text));
	if (!cJSON_IsObject(*settings)) {
		status = clu_fail(error, CLU_FORMAT, "%s: found no checkpoint of this version of clunroll (wanted '%.*s' and settings)",
		    path, HEADER_LENGTH - 1, header);
		goto cleanup;
	}
	*size = total - (size_t)(end + 1 - (const char *)file);
	*bytes = malloc(*size > 0 ? *size : 1);
	if (!*bytes) {
		status = clu_fail(error, CLU_MEMORY, "%s: out of memory for a checkpoint of %zu bytes", path, total);
		goto cleanup;
	}
	memcpy(*bytes, end + 1, *size);

cleanup:
	free(file);
	if (status != CLU_OK) {
		cJSON_Delete(*settings);
		*settings = NULL;
	}
	return status;
}
