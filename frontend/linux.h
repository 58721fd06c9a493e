/* linux.h: what only Linux has, all in one place. Elsewhere this file is what must be written anew. */
#ifndef LINUX_H
#define LINUX_H

#include <stddef.h>

/* The path of the running program, so that it can start itself. Also where it was found through PATH, moved or replaced: then a
 * path that still leads to the very same program. */
void linux_program_path(char *path, size_t size);

#endif
