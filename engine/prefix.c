/* prefix.c: the directory of trained prefixes: files read, written, counted and removed, see prefix.h and clunroll.h.
 *
 * A file is a few lines about it, its key, and the bytes; hash and length of all that follows stand in the last of those lines.
 * Files come by rename and go by unlink, and each is read through one open, so that processes need no lock: at worst one
 * writes what another has just written, or finds nothing where there was something a moment ago. */
#include "prefix.h"

#include "file.h"
#include "number.h"
#include "status.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { NAME_DIGITS = 16, HEAD_TEXT = 256, HEAD_LINES = 5, PATH_TEXT = 4096 };
static const char suffix[] = ".prefix";
static const char uses_name[] = "uses", limit_name[] = "limit";

struct clu_prefixes {
	char directory[PATH_TEXT - 64];
	clu_prefix_note *note;
	void *context;
	bool failure_told;
};

static void tell(const clu_prefixes *prefixes, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void tell(const clu_prefixes *prefixes, const char *format, ...)
{
	if (!prefixes->note) return;
	char text[1024];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	prefixes->note(prefixes->context, text);
}

void prefix_tell_failure(clu_prefixes *prefixes, const char *what)
{
	if (prefixes->failure_told) return;
	prefixes->failure_told = true;
	tell(prefixes, "no trained prefixes are kept, training goes on: %s", what);
}

/* ---- names ---- */

static void path_of(const clu_prefixes *prefixes, const char *name, char path[PATH_TEXT])
{
	snprintf(path, PATH_TEXT, "%s/%s", prefixes->directory, name);
}

static void path_of_key(const clu_prefixes *prefixes, const char *key, char path[PATH_TEXT])
{
	snprintf(path, PATH_TEXT, "%s/%0*" PRIx64 "%s", prefixes->directory, NAME_DIGITS, clu_hash_bytes(key, strlen(key)), suffix);
}

typedef enum file_kind { KIND_OTHER, KIND_PREFIX, KIND_TEMPORARY } file_kind;

/* Files that are not ours are left alone, whatever lies in the directory. */
static file_kind kind_of(const char *name)
{
	const size_t limit_length = sizeof limit_name - 1, whole = NAME_DIGITS + sizeof suffix - 1;
	if (strncmp(name, limit_name, limit_length) == 0) return file_is_temporary(name, limit_length) ? KIND_TEMPORARY : KIND_OTHER;
	if (strspn(name, "0123456789abcdef") != NAME_DIGITS || strncmp(name + NAME_DIGITS, suffix, sizeof suffix - 1) != 0)
		return KIND_OTHER;
	if (!name[whole]) return KIND_PREFIX;
	return file_is_temporary(name, whole) ? KIND_TEMPORARY : KIND_OTHER;
}

/* ---- what lies there ---- */

typedef struct found_file {
	char name[NAME_DIGITS + sizeof suffix];
	uint64_t bytes;
	struct timespec used;
} found_file;

typedef struct found_files {
	found_file *file;
	size_t count, room;
	uint64_t bytes;
} found_files;

static clu_status add_file(found_files *found, const char *name, const struct stat *about, clu_error *error)
{
	if (found->count == found->room) {
		const size_t room = found->room ? 2 * found->room : 64;
		found_file *larger = realloc(found->file, room * sizeof *larger);
		if (!larger) return clu_fail(error, CLU_MEMORY, "no host memory for the names of %zu prefixes", room);
		found->file = larger;
		found->room = room;
	}
	found_file *file = &found->file[found->count++];
	*file = (found_file){.bytes = (uint64_t)about->st_size, .used = about->st_mtim};
	memcpy(file->name, name, sizeof file->name);
	found->bytes += file->bytes;
	return CLU_OK;
}

/* Finds all prefixes, and removes what killed writers have left. The caller frees found->file. */
static clu_status scan(const clu_prefixes *prefixes, found_files *found, clu_error *error)
{
	clu_status status = CLU_OK;
	*found = (found_files){.file = NULL};
	DIR *folder = opendir(prefixes->directory);
	if (!folder) return clu_fail(error, CLU_FILE, "cannot read directory %s: %s", prefixes->directory, strerror(errno));
	for (struct dirent *entry; status == CLU_OK && (entry = readdir(folder));) {
		char path[PATH_TEXT];
		struct stat about;
		const file_kind kind = kind_of(entry->d_name);
		if (kind == KIND_OTHER || snprintf(path, sizeof path, "%s/%s", prefixes->directory, entry->d_name) >= (int)sizeof path)
			continue;
		if (stat(path, &about) != 0) continue; /* gone meanwhile */
		if (kind == KIND_PREFIX)
			status = add_file(found, entry->d_name, &about, error);
		else if (file_is_left_over(about.st_mtime))
			unlink(path);
	}
	closedir(folder);
	return status;
}

static int compare_use(const void *a, const void *b)
{
	const struct timespec *left = &((const found_file *)a)->used, *right = &((const found_file *)b)->used;
	if (left->tv_sec != right->tv_sec) return left->tv_sec < right->tv_sec ? -1 : 1;
	return (left->tv_nsec > right->tv_nsec) - (left->tv_nsec < right->tv_nsec);
}

/* Removes those not used for the longest time until the others and `incoming` bytes fit the limit. */
static clu_status make_room(const clu_prefixes *prefixes, uint64_t incoming, clu_error *error)
{
	found_files found;
	const uint64_t limit = clu_prefixes_limit(prefixes);
	clu_status status = scan(prefixes, &found, error);
	if (status == CLU_OK && found.count > 0) qsort(found.file, found.count, sizeof *found.file, compare_use);
	for (size_t i = 0; status == CLU_OK && i < found.count && found.bytes + incoming > limit; i++) {
		char path[PATH_TEXT];
		path_of(prefixes, found.file[i].name, path);
		if (unlink(path) != 0 && errno != ENOENT)
			status = clu_fail(error, CLU_FILE, "cannot remove %s: %s", path, strerror(errno));
		else
			found.bytes -= found.file[i].bytes;
	}
	free(found.file);
	return status;
}

/* ---- a file's beginning ---- */

/* What follows the head: the key, then the bytes. */
typedef struct file_head {
	clu_prefix about; /* without bytes */
	uint64_t following, hash;
} file_head;

static int print_head(const file_head *head, char text[HEAD_TEXT])
{
	return snprintf(text, HEAD_TEXT,
	    "clunroll prefix\nlayers %u\nsteps %" PRIu64 "\nrecipe %s\nfollowing %" PRIu64 " %016" PRIx64 "\n", head->about.layers,
	    head->about.steps, head->about.recipe, head->following, head->hash);
}

/* The head of a file whose first bytes these are; returns its length, 0 where it is none. */
static size_t parse_head(const void *bytes, size_t size, file_head *head)
{
	char text[HEAD_TEXT];
	const size_t length = size < sizeof text - 1 ? size : sizeof text - 1;
	memcpy(text, bytes, length);
	text[length] = '\0';
	const char *end = text;
	for (int line = 0; line < HEAD_LINES && end; line++) end = (end = strchr(end, '\n')) ? end + 1 : NULL;
	*head = (file_head){.following = 0};
	const int read = sscanf(text, "clunroll prefix layers %" SCNu32 " steps %" SCNu64 " recipe %31s following %" SCNu64 " %" SCNx64,
	    &head->about.layers, &head->about.steps, head->about.recipe, &head->following, &head->hash);
	if (!end || read != 5 || head->about.layers < 1 || head->about.layers > CLU_LAYERS_MAX) return 0;
	return (size_t)(end - text);
}

/* Why a file's bytes are not what was written under the key; NULL where they are. *at: where the bytes under the key begin. */
static const char *find_fault(const char *file, size_t size, const char *key, size_t *at)
{
	file_head head;
	const size_t key_length = strlen(key), head_length = parse_head(file, size, &head);
	if (head_length == 0) return "it does not begin as a prefix does";
	if (head.following != size - head_length) return "it is torn";
	if (clu_hash_bytes(file + head_length, size - head_length) != head.hash) return "its checksum is another";
	*at = head_length + key_length;
	if (*at > size || memcmp(file + head_length, key, key_length) != 0) return "it belongs to another training";
	return NULL;
}

/* ---- reading and writing ---- */

void prefix_refuse(clu_prefixes *prefixes, const char *key, const char *why)
{
	char path[PATH_TEXT];
	path_of_key(prefixes, key, path);
	unlink(path);
	tell(prefixes, "trained prefix %s is not used, and removed: %s", path, why);
}

void *prefix_load(clu_prefixes *prefixes, const char *key, size_t *size)
{
	char path[PATH_TEXT];
	void *file;
	size_t file_size, at = 0;
	path_of_key(prefixes, key, path);
	if (access(path, R_OK) != 0 || clu_file_read(path, &file, &file_size, NULL) != CLU_OK) return NULL;
	const char *fault = find_fault(file, file_size, key, &at);
	if (fault) {
		prefix_refuse(prefixes, key, fault);
		free(file);
		return NULL;
	}
	*size = file_size - at;
	memmove(file, (char *)file + at, *size);
	return file;
}

static clu_status write_file(
    const char *path, const char *key, const clu_prefix *about, const void *bytes, size_t size, clu_error *error)
{
	const size_t key_length = strlen(key);
	char text[HEAD_TEXT], *following = malloc(key_length + size);
	file_temporary file;
	if (!following) return clu_fail(error, CLU_MEMORY, "no host memory for a prefix of %zu bytes", size);
	memcpy(following, key, key_length);
	memcpy(following + key_length, bytes, size);
	const file_head head = {*about, key_length + size, clu_hash_bytes(following, key_length + size)};
	clu_status status = file_begin(path, &file, error);
	if (status == CLU_OK) {
		status = file_append(&file, text, (size_t)print_head(&head, text), error);
		if (status == CLU_OK) status = file_append(&file, following, key_length + size, error);
		if (status == CLU_OK)
			status = file_commit_unsynced(&file, error); /* the checksum tells a torn one */
		else
			file_abort(&file);
	}
	free(following);
	return status;
}

void prefix_store(clu_prefixes *prefixes, const char *key, const clu_prefix *about, const void *bytes, size_t size)
{
	char path[PATH_TEXT];
	clu_error error;
	if (prefix_touch(prefixes, key)) return;
	path_of_key(prefixes, key, path);
	const uint64_t file_size = HEAD_TEXT + strlen(key) + size, limit = clu_prefixes_limit(prefixes);
	clu_status status = CLU_OK;
	if (file_size > limit)
		status = clu_fail(
		    &error, CLU_FILE, "one takes %" PRIu64 " bytes, and %s may hold %" PRIu64, file_size, prefixes->directory, limit);
	if (status == CLU_OK) status = make_room(prefixes, file_size, &error);
	if (status == CLU_OK) status = write_file(path, key, about, bytes, size, &error);
	if (status != CLU_OK) prefix_tell_failure(prefixes, error.message);
}

bool prefix_touch(clu_prefixes *prefixes, const char *key)
{
	char path[PATH_TEXT];
	path_of_key(prefixes, key, path);
	return utimensat(AT_FDCWD, path, NULL, 0) == 0 || access(path, R_OK) == 0;
}

/* ---- uses and limit ---- */

/* A line is written by one call, so those of several processes never mix. */
void prefix_count(clu_prefixes *prefixes, uint32_t layers, uint64_t steps)
{
	char path[PATH_TEXT], line[64];
	path_of(prefixes, uses_name, path);
	const int length = snprintf(line, sizeof line, "%u %" PRIu64 "\n", layers, steps);
	const int descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	if (descriptor < 0 || write(descriptor, line, (size_t)length) != length)
		tell(prefixes, "the use of a trained prefix was not counted: %s: %s", path, strerror(errno));
	if (descriptor >= 0) close(descriptor);
}

/* The text of a small file of the directory, for the caller to free; NULL where there is none. */
static char *read_text(const clu_prefixes *prefixes, const char *name)
{
	char path[PATH_TEXT];
	void *bytes;
	size_t size;
	path_of(prefixes, name, path);
	if (access(path, F_OK) != 0 || clu_file_read(path, &bytes, &size, NULL) != CLU_OK) return NULL;
	char *text = strndup(bytes, size);
	free(bytes);
	return text;
}

clu_status clu_prefixes_uses(const clu_prefixes *prefixes, clu_prefix_uses *uses, clu_error *error)
{
	char path[PATH_TEXT];
	*uses = (clu_prefix_uses){.starts = {0}};
	path_of(prefixes, uses_name, path);
	char *text = read_text(prefixes, uses_name);
	if (!text && access(path, F_OK) == 0) return clu_fail(error, CLU_FILE, "cannot read %s", path);
	for (const char *line = text; line && *line; line = (line = strchr(line, '\n')) ? line + 1 : NULL) {
		uint32_t layers;
		uint64_t steps;
		if (sscanf(line, "%" SCNu32 " %" SCNu64, &layers, &steps) != 2 || layers < 1 || layers > CLU_LAYERS_MAX) continue;
		uses->starts[layers - 1]++;
		uses->steps[layers - 1] += steps;
	}
	free(text);
	return CLU_OK;
}

uint64_t clu_prefixes_limit(const clu_prefixes *prefixes)
{
	uint64_t limit = CLU_PREFIXES_BYTES;
	char *text = read_text(prefixes, limit_name);
	if (text) {
		text[strcspn(text, "\n")] = '\0';
		if (!number_parse_whole(text, UINT64_MAX, &limit)) limit = CLU_PREFIXES_BYTES;
	}
	free(text);
	return limit;
}

clu_status clu_prefixes_set_limit(clu_prefixes *prefixes, uint64_t bytes, clu_error *error)
{
	char path[PATH_TEXT], text[32];
	path_of(prefixes, limit_name, path);
	const int length = snprintf(text, sizeof text, "%" PRIu64 "\n", bytes);
	CLU_TRY(clu_file_replace(path, text, (size_t)length, error));
	return make_room(prefixes, 0, error);
}

/* ---- the whole ---- */

static clu_status make_directory(const char *directory, clu_error *error)
{
	struct stat about;
	if (mkdir(directory, 0777) == 0) return CLU_OK;
	const int reason = errno;
	if (reason != EEXIST) return clu_fail(error, CLU_FILE, "cannot make directory %s: %s", directory, strerror(reason));
	if (stat(directory, &about) == 0 && S_ISDIR(about.st_mode)) return CLU_OK;
	return clu_fail(error, CLU_FILE, "%s is no directory; trained prefixes need one", directory);
}

clu_status clu_prefixes_open(const char *directory, clu_prefix_note *note, void *context, clu_prefixes **out, clu_error *error)
{
	found_files found;
	*out = NULL;
	const size_t length = strlen(directory);
	if (length == 0 || length >= sizeof((clu_prefixes *)NULL)->directory)
		return clu_fail(error, CLU_ARGUMENT, "directory of trained prefixes: its name has %zu letters", length);
	CLU_TRY(make_directory(directory, error));
	clu_prefixes *prefixes = calloc(1, sizeof *prefixes);
	if (!prefixes) return clu_fail(error, CLU_MEMORY, "no host memory for %s", directory);
	memcpy(prefixes->directory, directory, length);
	prefixes->note = note;
	prefixes->context = context;
	clu_status status = scan(prefixes, &found, error); /* for what killed writers have left */
	free(found.file);
	if (status == CLU_OK)
		*out = prefixes;
	else
		clu_prefixes_destroy(prefixes);
	return status;
}

void clu_prefixes_destroy(clu_prefixes *prefixes)
{
	free(prefixes);
}

/* false where the file is gone or none of ours: a list is of what can be used. */
static bool read_about(const clu_prefixes *prefixes, const found_file *file, clu_prefix *about)
{
	char path[PATH_TEXT], text[HEAD_TEXT];
	file_head head;
	path_of(prefixes, file->name, path);
	const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
	if (descriptor < 0) return false;
	const ssize_t got = read(descriptor, text, sizeof text);
	close(descriptor);
	if (got <= 0 || parse_head(text, (size_t)got, &head) == 0) return false;
	*about = head.about;
	about->bytes = file->bytes;
	return true;
}

clu_status clu_prefixes_list(const clu_prefixes *prefixes, clu_prefix **list, size_t *count, clu_error *error)
{
	found_files found;
	*count = 0;
	*list = NULL;
	clu_status status = scan(prefixes, &found, error);
	if (status == CLU_OK) {
		*list = malloc((found.count + 1) * sizeof **list);
		if (!*list) status = clu_fail(error, CLU_MEMORY, "no host memory for a list of %zu prefixes", found.count);
	}
	for (size_t i = 0; status == CLU_OK && i < found.count; i++) *count += read_about(prefixes, &found.file[i], &(*list)[*count]);
	free(found.file);
	return status;
}

clu_status clu_prefixes_clear(clu_prefixes *prefixes, clu_error *error)
{
	found_files found;
	char path[PATH_TEXT];
	clu_status status = scan(prefixes, &found, error);
	for (size_t i = 0; i <= found.count && status == CLU_OK; i++) {
		path_of(prefixes, i < found.count ? found.file[i].name : uses_name, path);
		if (unlink(path) != 0 && errno != ENOENT) status = clu_fail(error, CLU_FILE, "cannot remove %s: %s", path, strerror(errno));
	}
	free(found.file);
	return status;
}
