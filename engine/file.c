/* file.c: whole files read, and files replaced as one, see file.h.
 *
 * The temporary file lies in the directory of its final place, since a rename is atomic within one file system only. Its name
 * holds the process and a counter, and it is created exclusively: two writers of one path never share a temporary. */
#include "file.h"

#include "status.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_ATTEMPTS 1000 /* leftovers of killed processes of the same number to step over */
static const char temporary_suffix[] = ".tmp";
static const time_t longest_write_seconds = 600;

static clu_status fail_errno(clu_error *error, const char *what, const char *path, int reason)
{
	return clu_fail(error, CLU_FILE, "cannot %s %s: %s", what, path, strerror(reason));
}

/* A rename would put a file in the place of a directory's entry or a device: /dev/null, say. */
static clu_status check_replaceable(const char *path, clu_error *error)
{
	struct stat status;
	if (stat(path, &status) != 0) return CLU_OK;
	if (S_ISREG(status.st_mode)) return CLU_OK;
	return clu_fail(error, CLU_FILE, "cannot write %s: it is %s, wanted a file or nothing there", path,
	    S_ISDIR(status.st_mode) ? "a directory" : "no regular file");
}

/* ---- what killed writers leave ---- */

bool file_is_temporary(const char *name, size_t final_length)
{
	static const char digits[] = "0123456789";
	if (strlen(name) <= final_length || name[final_length] != '.') return false;
	const char *process = name + final_length + 1, *attempt = process + strspn(process, digits);
	if (attempt == process || *attempt++ != '-') return false;
	const char *suffix = attempt + strspn(attempt, digits);
	return suffix != attempt && strcmp(suffix, temporary_suffix) == 0;
}

bool file_is_left_over(time_t written)
{
	return written + longest_write_seconds < time(NULL);
}

/* "DIRECTORY/" of a path, or "./"; the caller frees it. */
static char *directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? strndup(path, (size_t)(slash - path) + 1) : strdup("./");
}

/* Once for a path and process, as long as no other path falls into its place: what a writer that is killed meanwhile leaves, the
 * next process removes. Not once for a directory: of others' files in it nothing may be removed. */
static bool looked_already(const char *path)
{
	static _Atomic uint64_t looked[64];
	const uint64_t hash = clu_hash_bytes(path, strlen(path)) | 1; /* 0: none */
	return atomic_exchange(&looked[hash / 2 % (sizeof looked / sizeof *looked)], hash) == hash;
}

static void remove_leftovers(const char *path)
{
	if (looked_already(path)) return;
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	char *directory = directory_of(path);
	DIR *folder = directory ? opendir(directory) : NULL;
	for (struct dirent *entry; folder && (entry = readdir(folder));) {
		struct stat about;
		if (strncmp(entry->d_name, name, strlen(name)) != 0 || !file_is_temporary(entry->d_name, strlen(name))) continue;
		if (fstatat(dirfd(folder), entry->d_name, &about, 0) == 0 && file_is_left_over(about.st_mtime))
			unlinkat(dirfd(folder), entry->d_name, 0);
	}
	if (folder) closedir(folder);
	free(directory);
}

/* ---- writing ---- */

/* file->temporary is set only once that file is this one's own: file_abort removes it. */
static clu_status open_temporary(file_temporary *file, char *name, size_t room, clu_error *error)
{
	for (unsigned attempt = 0; attempt < FILE_ATTEMPTS; attempt++) {
		snprintf(name, room, "%s.%ld-%u%s", file->path, (long)getpid(), attempt, temporary_suffix);
		file->descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (file->descriptor >= 0) {
			file->temporary = name;
			return CLU_OK;
		}
		if (errno != EEXIST) break;
	}
	return fail_errno(error, "create a file beside", file->path, errno);
}

clu_status file_begin(const char *path, file_temporary *file, clu_error *error)
{
	size_t room = strlen(path) + 40;
	*file = (file_temporary){.descriptor = -1};
	CLU_TRY(check_replaceable(path, error));
	remove_leftovers(path);
	file->path = strdup(path);
	char *name = malloc(room);
	clu_status status = CLU_OK;
	if (!file->path || !name) status = clu_fail(error, CLU_MEMORY, "out of memory for the name of %s", path);
	if (status == CLU_OK) status = open_temporary(file, name, room, error);
	if (status != CLU_OK) {
		free(name);
		file_abort(file);
	}
	return status;
}

clu_status file_append(file_temporary *file, const void *bytes, size_t size, clu_error *error)
{
	const char *at = bytes;
	while (size > 0) {
		ssize_t written = write(file->descriptor, at, size);
		if (written < 0 && errno == EINTR) continue;
		if (written <= 0) return fail_errno(error, "write", file->path, written < 0 ? errno : EIO);
		at += written;
		size -= (size_t)written;
	}
	return CLU_OK;
}

/* Makes the rename itself last through a power failure. Some file systems cannot sync a directory; that is no error. */
static void sync_directory(const char *path)
{
	char *directory = directory_of(path);
	int descriptor = directory ? open(directory, O_RDONLY | O_CLOEXEC) : -1;
	if (descriptor >= 0) {
		fsync(descriptor);
		close(descriptor);
	}
	free(directory);
}

static clu_status commit(file_temporary *file, bool sync, clu_error *error)
{
	clu_status status = CLU_OK;
	/* EINVAL: the file system knows no sync. close reports what some network file systems find out that late. */
	if (sync && fsync(file->descriptor) != 0 && errno != EINVAL) status = fail_errno(error, "write", file->path, errno);
	if (close(file->descriptor) != 0 && status == CLU_OK) status = fail_errno(error, "write", file->path, errno);
	file->descriptor = -1;
	if (status == CLU_OK && rename(file->temporary, file->path) != 0) status = fail_errno(error, "write", file->path, errno);
	if (status == CLU_OK) {
		if (sync) sync_directory(file->path);
		free(file->temporary);
		file->temporary = NULL;
	}
	file_abort(file);
	return status;
}

clu_status file_commit(file_temporary *file, clu_error *error)
{
	return commit(file, true, error);
}

clu_status file_commit_unsynced(file_temporary *file, clu_error *error)
{
	return commit(file, false, error);
}

void file_abort(file_temporary *file)
{
	if (file->descriptor >= 0) close(file->descriptor);
	if (file->temporary) unlink(file->temporary);
	free(file->temporary);
	free(file->path);
	*file = (file_temporary){.descriptor = -1};
}

clu_status clu_file_replace(const char *path, const void *bytes, size_t size, clu_error *error)
{
	file_temporary file;
	CLU_TRY(file_begin(path, &file, error));
	clu_status status = file_append(&file, bytes, size, error);
	if (status == CLU_OK) return file_commit(&file, error);
	file_abort(&file);
	return status;
}

/* ---- reading ---- */

/* Reads to the end, whatever size was announced: the file may be a pipe, or grow. */
static clu_status read_all(int descriptor, const char *path, size_t expected, char **bytes, size_t *size, clu_error *error)
{
	size_t room = expected + 1, used = 0;
	char *buffer = malloc(room);
	while (buffer) {
		if (used == room) {
			char *larger = room <= SIZE_MAX / 2 ? realloc(buffer, room * 2) : NULL;
			if (!larger) break;
			buffer = larger;
			room *= 2;
		}
		ssize_t got = read(descriptor, buffer + used, room - used);
		if (got < 0 && errno == EINTR) continue;
		if (got < 0) {
			free(buffer);
			return fail_errno(error, "read", path, errno);
		}
		if (got == 0) {
			*bytes = buffer;
			*size = used;
			return CLU_OK;
		}
		used += (size_t)got;
	}
	free(buffer);
	return clu_fail(error, CLU_MEMORY, "out of memory reading %s, of at least %zu bytes", path, room);
}

clu_status clu_file_read(const char *path, void **bytes, size_t *size, clu_error *error)
{
	int descriptor = open(path, O_RDONLY | O_CLOEXEC);
	if (descriptor < 0) return fail_errno(error, "read", path, errno);
	struct stat about;
	clu_status status = CLU_OK;
	char *read_bytes = NULL;
	if (fstat(descriptor, &about) != 0)
		status = fail_errno(error, "read", path, errno);
	else if (S_ISDIR(about.st_mode))
		status = fail_errno(error, "read", path, EISDIR);
	else
		status = read_all(descriptor, path, S_ISREG(about.st_mode) ? (size_t)about.st_size : 65536, &read_bytes, size, error);
	close(descriptor);
	if (status == CLU_OK) *bytes = read_bytes;
	return status;
}
