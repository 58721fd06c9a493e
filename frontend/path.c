/* path.c: see path.h. */
#include "path.h"

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
