/* kernel_cache.c: see kernel_cache.h. A file begins with all that its program follows from, as text, which must be what is expected
 * to the last letter; then come size and hash of the binary, and the binary. The machine belongs to it: a binary has instructions
 * that another CPU of the same name may lack. */
#include "kernel_cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEY_TEXT = 3072, PATH_TEXT = 4096, FILES_MAX = 48 };
static const char suffix[] = ".kernels";

static char directory[PATH_TEXT - 64]; /* empty: nothing is kept */

void clu_device_keep_kernels(const char *path)
{
	const size_t length = path ? strlen(path) : 0;
	directory[0] = '\0';
	if (length < sizeof directory && length > 0) memcpy(directory, path, length + 1);
}

/* GPUs of Intel have a cache in their driver. */
static bool is_needed(const clu_device_info *info)
{
	return directory[0] && info->type != CLU_DEVICE_GPU && strstr(info->platform, "Intel");
}

/* ---- names ---- */

/* false where it is longer than a key may be. */
static bool print_key(const clu_device_info *info, const kernel_build *build, char key[KEY_TEXT])
{
	char host[256] = "";
	cl_uint width = 0;
	clGetDeviceInfo(info->device_id, CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT, sizeof width, &width, NULL);
	gethostname(host, sizeof host - 1);
	const int length = snprintf(key, KEY_TEXT,
	    "clunroll-kernels 1\nmachine %s\ndevice %s\nvendor %s\ndriver %s\nversion %s\nplatform %s\nplatform_version %s\n"
	    "compute_units %u\nwidth %u\nsources %016" PRIx64 "\noptions %s\n",
	    host, info->name, info->vendor, info->driver, info->version, info->platform, info->platform_version, info->compute_units,
	    (unsigned)width, build->sources, build->options);
	return length > 0 && length < KEY_TEXT;
}

static void path_of(const char *key, char path[PATH_TEXT])
{
	snprintf(path, PATH_TEXT, "%s/%016" PRIx64 "%s", directory, clu_hash_bytes(key, strlen(key)), suffix);
}

/* ---- reading ---- */

/* The binary within a file's bytes; NULL where the file is not of this key or damaged. */
static const unsigned char *find_binary(const char *bytes, size_t size, const char *key, size_t *binary_size)
{
	const size_t key_length = strlen(key);
	uint64_t length, hash;
	char line[64] = "";
	if (size <= key_length + sizeof line || memcmp(bytes, key, key_length) != 0) return NULL;
	memcpy(line, bytes + key_length, sizeof line - 1);
	char *end = strchr(line, '\n');
	if (!end || sscanf(line, "binary %" SCNu64 " %" SCNx64 "\n", &length, &hash) != 2) return NULL;
	const size_t at = key_length + (size_t)(end - line) + 1;
	if (length == 0 || length != size - at || clu_hash_bytes(bytes + at, length) != hash) return NULL;
	*binary_size = length;
	return (const unsigned char *)bytes + at;
}

static cl_program make_program(
    const clu_device_info *info, cl_context context, const unsigned char *binary, size_t size, const char *options)
{
	cl_device_id id = info->device_id;
	cl_int code, binary_code;
	cl_program program = clCreateProgramWithBinary(context, 1, &id, &size, &binary, &binary_code, &code);
	if (code != CL_SUCCESS) return NULL;
	if (binary_code == CL_SUCCESS && clBuildProgram(program, 1, &id, options, NULL, NULL) == CL_SUCCESS) return program;
	clReleaseProgram(program);
	return NULL;
}

cl_program kernel_cache_load(const clu_device_info *info, cl_context context, const kernel_build *build)
{
	char key[KEY_TEXT], path[PATH_TEXT];
	void *bytes;
	size_t size, binary_size;
	if (!is_needed(info) || !print_key(info, build, key)) return NULL;
	path_of(key, path);
	if (clu_file_read(path, &bytes, &size, NULL) != CLU_OK) return NULL;
	const unsigned char *binary = find_binary(bytes, size, key, &binary_size);
	if (binary) memmove(bytes, binary, binary_size); /* aligned, as malloc has it */
	cl_program program = binary ? make_program(info, context, bytes, binary_size, build->options) : NULL;
	free(bytes);
	if (program)
		utimensat(AT_FDCWD, path, NULL, 0); /* the file that was not used longest goes first */
	else
		unlink(path);
	return program;
}

/* ---- writing ---- */

/* Removes the file that was not used longest where there are too many. */
static void make_room(void)
{
	char oldest[PATH_TEXT] = "";
	struct timespec oldest_time = {0};
	size_t count = 0;
	DIR *folder = opendir(directory);
	if (!folder) return;
	for (struct dirent *entry; (entry = readdir(folder));) {
		char path[PATH_TEXT];
		struct stat about;
		const size_t length = strlen(entry->d_name);
		if (length < sizeof suffix || strcmp(entry->d_name + length - (sizeof suffix - 1), suffix) != 0) continue;
		if (snprintf(path, sizeof path, "%s/%s", directory, entry->d_name) >= (int)sizeof path || stat(path, &about) != 0) continue;
		const bool older = about.st_mtim.tv_sec < oldest_time.tv_sec ||
		                   (about.st_mtim.tv_sec == oldest_time.tv_sec && about.st_mtim.tv_nsec < oldest_time.tv_nsec);
		if (count++ == 0 || older) {
			oldest_time = about.st_mtim;
			memcpy(oldest, path, sizeof oldest);
		}
	}
	closedir(folder);
	if (count >= FILES_MAX) unlink(oldest);
}

static void write_file(const char *key, const unsigned char *binary, size_t size)
{
	char path[PATH_TEXT];
	const size_t key_length = strlen(key), room = key_length + 64 + size;
	char *bytes = malloc(room);
	if (!bytes) return;
	memcpy(bytes, key, key_length);
	const int line = snprintf(bytes + key_length, 64, "binary %zu %016" PRIx64 "\n", size, clu_hash_bytes(binary, size));
	memcpy(bytes + key_length + line, binary, size);
	path_of(key, path);
	make_room();
	clu_file_replace(path, bytes, key_length + (size_t)line + size, NULL);
	free(bytes);
}

void kernel_cache_store(const clu_device_info *info, cl_program program, const kernel_build *build)
{
	char key[KEY_TEXT];
	size_t size = 0;
	if (!is_needed(info) || !print_key(info, build, key)) return;
	if (mkdir(directory, 0700) != 0 && access(directory, W_OK) != 0) return;
	if (clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, sizeof size, &size, NULL) != CL_SUCCESS || size == 0) return;
	unsigned char *binary = malloc(size);
	if (binary && clGetProgramInfo(program, CL_PROGRAM_BINARIES, sizeof binary, &binary, NULL) == CL_SUCCESS)
		write_file(key, binary, size);
	free(binary);
}
