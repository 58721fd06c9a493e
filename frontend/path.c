/* path.c: see path.h. */
#include "path.h"

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
