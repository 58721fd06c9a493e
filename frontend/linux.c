/* linux.c: see linux.h. */
#include "linux.h"

#include <stdio.h>
#include <sys/types.h>
#include <unistd.h>

void linux_program_path(char *path, size_t size)
{
	static const char link[] = "/proc/self/exe";
	ssize_t length = readlink(link, path, size - 1);
	if (length > 0) path[length] = '\0';
	/* A program that was replaced while it runs is reached by the link alone. Else its name is nicer in a list of processes. */
	if (length <= 0 || access(path, X_OK) != 0) snprintf(path, size, "%s", link);
}
