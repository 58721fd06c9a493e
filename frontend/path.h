/* path.h: what the program asks about names of files. */
#ifndef PATH_H
#define PATH_H

#include "clunroll.h"

#include <stdbool.h>

/* The path from the root; the caller frees it, NULL: out of memory. */
char *path_absolute(const char *path);
/* Whether both are there and one file, also through links: by what they are, not by what they are called. */
bool path_same_file(const char *a, const char *b);
/* The same, and where neither is there yet: whether both are one name in one directory. */
bool path_same_place(const char *a, const char *b);
/* CLU_FILE where no file can be put at path (CLU_ARGUMENT where that is empty): finds out now what would otherwise be found out
 * when a day's work is to be saved. */
clu_status path_check_writable(const char *path, clu_error *error);
/* The path of a file in the program's cache, $XDG_CACHE_HOME/clunroll/NAME (or ~/.cache/…); makes the directories to it. The caller
 * frees it. NULL: there is no place for a cache, or no memory. */
char *path_cache(const char *name);

#endif
