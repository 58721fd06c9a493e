/* path.h: what the program asks about names of files. */
#ifndef PATH_H
#define PATH_H

#include <stdbool.h>

/* The path from the root; the caller frees it, NULL: out of memory. */
char *path_absolute(const char *path);
/* Whether both are there and one file, also through links: by what they are, not by what they are called. */
bool path_same_file(const char *a, const char *b);

#endif
