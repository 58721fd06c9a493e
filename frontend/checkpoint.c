/* checkpoint.c: the file is a line of format, version, and the length and checksum of all that follows it; a line of JSON
 * (settings); and the lane's bytes to the end. */
#include "checkpoint.h"

#include "status.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char header[] = "clunroll checkpoint 2 ";
static const char previous_suffix[] = ".previous";
enum { HEADER_LENGTH = sizeof header - 1, LINE_TEXT = HEADER_LENGTH + 40 };

/* The first line of a file with these bytes after it; returns its length. */
static size_t print_line(const void *rest, size_t size, char line[LINE_TEXT])
{
	return (size_t)snprintf(line, LINE_TEXT, "%s%zu %016" PRIx64 "\n", header, size, clu_hash_bytes(rest, size));
}

/* ---- names ---- */

static char *with_suffix(const char *path, const char *suffix)
{
	size_t size = strlen(path) + strlen(suffix) + 1;
	char *name = malloc(size);
	if (name) snprintf(name, size, "%s%s", path, suffix);
	return name;
}

char *checkpoint_path(const char *model_path)
{
	return with_suffix(model_path, ".checkpoint");
}

bool checkpoint_exists(const char *path)
{
	char *previous = with_suffix(path, previous_suffix);
	bool exists = access(path, F_OK) == 0 || (previous && access(previous, F_OK) == 0);
	free(previous);
	return exists;
}

bool checkpoint_remove_previous(const char *path)
{
	char *previous = with_suffix(path, previous_suffix);
	bool removed = previous && unlink(previous) == 0;
	free(previous);
	return removed;
}

void checkpoint_remove(const char *path)
{
	checkpoint_remove_previous(path);
	unlink(path);
}

void checkpoint_step_back(const char *path)
{
	char *previous = with_suffix(path, previous_suffix);
	if (previous) rename(previous, path);
	free(previous);
}

/* ---- writing ---- */

static clu_status replace(const char *path, const void *file, size_t size, clu_error *error)
{
	char *previous = with_suffix(path, previous_suffix);
	if (!previous) return clu_fail(error, CLU_MEMORY, "%s: out of memory", path);
	unlink(previous);
	if (link(path, previous) != 0) rename(path, previous); /* a file system without links: for a moment only `previous` is there */
	free(previous);
	return clu_file_replace(path, file, size, error);
}

clu_status checkpoint_write(const char *path, const cJSON *settings, const void *bytes, size_t size, clu_error *error)
{
	char *text = cJSON_PrintUnformatted(settings), line[LINE_TEXT];
	size_t text_length = text ? strlen(text) : 0, following = text_length + 1 + size;
	char *file = text ? malloc(LINE_TEXT + following) : NULL;
	clu_status status;
	if (file) {
		char *rest = file + LINE_TEXT;
		memcpy(rest, text, text_length);
		rest[text_length] = '\n';
		memcpy(rest + text_length + 1, bytes, size);
		const size_t length = print_line(rest, following, line);
		memcpy(rest - length, line, length);
		status = replace(path, rest - length, length + following, error);
	} else {
		status = clu_fail(error, CLU_MEMORY, "%s: out of memory for a checkpoint of %zu bytes", path, following);
	}
	free(file);
	cJSON_free(text);
	return status;
}

/* ---- reading ---- */

/* Takes apart what was written. */
static clu_status parse(const char *path, const char *file, size_t total, checkpoint *found, clu_error *error)
{
	char line[LINE_TEXT];
	const char *rest = memchr(file, '\n', total);
	if (!rest || total < HEADER_LENGTH || memcmp(file, header, HEADER_LENGTH) != 0)
		return clu_fail(error, CLU_FORMAT, "%.250s: found no checkpoint of this version of clunroll", path);
	const size_t following = total - (size_t)(++rest - file), length = print_line(rest, following, line);
	if (length + following != total || memcmp(file, line, length) != 0)
		return clu_fail(error, CLU_FORMAT, "%.250s is torn or damaged: its length or checksum is another", path);
	const char *end = memchr(rest, '\n', following);
	if (end) found->settings = cJSON_ParseWithLength(rest, (size_t)(end - rest));
	if (!cJSON_IsObject(found->settings)) return clu_fail(error, CLU_FORMAT, "%.250s: found no settings in it", path);
	found->size = total - (size_t)(end + 1 - file);
	found->bytes = malloc(found->size > 0 ? found->size : 1);
	if (!found->bytes) return clu_fail(error, CLU_MEMORY, "%.250s: out of memory for a checkpoint of %zu bytes", path, total);
	memcpy(found->bytes, end + 1, found->size);
	return CLU_OK;
}

static clu_status read_one(const char *path, checkpoint *found, clu_error *error)
{
	void *file = NULL;
	size_t total = 0;
	*found = (checkpoint){0};
	CLU_TRY(clu_file_read(path, &file, &total, error));
	clu_status status = parse(path, file, total, found, error);
	free(file);
	if (status != CLU_OK) checkpoint_release(found);
	return status;
}

clu_status checkpoint_read(const char *path, checkpoint *found, clu_error *error)
{
	clu_error newest, before;
	clu_status status = read_one(path, found, &newest);
	if (status == CLU_OK) return CLU_OK;
	char *previous = with_suffix(path, previous_suffix);
	const bool there = previous && access(previous, F_OK) == 0;
	const clu_status second = there ? read_one(previous, found, &before) : CLU_FILE;
	free(previous);
	if (!there) return clu_fail(error, status, "%s", newest.message);
	if (second != CLU_OK) return clu_fail(error, status, "%.350s; %.350s", newest.message, before.message);
	found->fault = strdup(newest.message);
	if (found->fault) return CLU_OK;
	checkpoint_release(found);
	return clu_fail(error, CLU_MEMORY, "%s: out of memory", path);
}

void checkpoint_release(checkpoint *found)
{
	cJSON_Delete(found->settings);
	free(found->bytes);
	free(found->fault);
	*found = (checkpoint){0};
}
