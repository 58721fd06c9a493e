/* path.c: see path.h. */
#include "path.h"

#include "status.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *path_absolute(const char *path)
{
	char *here = path[0] == '/' ? NULL : getcwd(NULL, 0);
	if (!here) return strdup(path);
	size_t size = strlen(here) + strlen(path) + 2;
	char *joined = malloc(size);
	if (joined) snprintf(joined, size, "%s/%s", here, path);
	free(here);
	return joined;
}

bool path_same_file(const char *a, const char *b)
{
	struct stat a_about, b_about;
	return stat(a, &a_about) == 0 && stat(b, &b_about) == 0 && a_about.st_dev == b_about.st_dev && a_about.st_ino == b_about.st_ino;
}

/* The directory that path is in; the caller frees it, NULL: out of memory. */
static char *directory_of(const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');
	*name = slash ? slash + 1 : path;
	return slash ? strndup(path, (size_t)(slash - path) + 1) : strdup("./");
}

bool path_same_place(const char *a, const char *b)
{
	if (path_same_file(a, b)) return true;
	const char *a_name, *b_name;
	char *a_directory = directory_of(a, &a_name), *b_directory = directory_of(b, &b_name);
	const bool same = a_directory && b_directory && strcmp(a_name, b_name) == 0 && path_same_file(a_directory, b_directory);
	free(a_directory);
	free(b_directory);
	return same;
}

clu_status path_check_writable(const char *path, clu_error *error)
{
	struct stat about;
	if (!path[0]) return clu_fail(error, CLU_ARGUMENT, "the name of the file to write is empty");
	if (stat(path, &about) == 0 && !S_ISREG(about.st_mode))
		return clu_fail(error, CLU_FILE, "%s: is %s, wanted a file or nothing there", path,
		    S_ISDIR(about.st_mode) ? "a directory" : "no regular file");
	const size_t size = strlen(path) + sizeof ".XXXXXX";
	char *probe = malloc(size);
	if (!probe) return clu_fail(error, CLU_MEMORY, "out of memory");
	snprintf(probe, size, "%s.XXXXXX", path);
	const int file = mkstemp(probe);
	clu_status status = CLU_OK;
	if (file < 0) {
		status = clu_fail(error, CLU_FILE, "%s: cannot be written: %s", path, strerror(errno));
	} else {
		close(file);
		unlink(probe);
	}
	free(probe);
	return status;
}

/* Makes the directories that lead to the last name of path. */
static bool make_directories(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		const bool made = mkdir(path, 0700) == 0 || errno == EEXIST;
		*slash = '/';
		if (!made) return false;
	}
	return true;
}

char *path_cache(const char *name)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	const bool own = cache && cache[0] == '/';
	if (!own && !(home && home[0] == '/')) return NULL;
	const char *base = own ? cache : home, *between = own ? "/clunroll/" : "/.cache/clunroll/";
	const size_t size = strlen(base) + strlen(between) + strlen(name) + 1;
	char *path = malloc(size);
	if (!path) return NULL;
	snprintf(path, size, "%s%s%s", base, between, name);
	if (make_directories(path)) return path;
	free(path);
	return NULL;
}
