/* prefix.h: the directory of trained prefixes as lanes see it: bytes under keys. What a key and the bytes are made of is for
 * lane_prefix.c; nothing here knows of networks. No function fails: what goes wrong is a miss, or told to the note. */
#ifndef CLU_PREFIX_H
#define CLU_PREFIX_H

#include "clunroll.h"

/* A key is a text of all that the bytes follow from: lines, the last one ended too. Files are named by its hash, and hold it. */
#define PREFIX_KEY_TEXT (CLU_RECIPE_TEXT + CLU_ARCH_TEXT + 512)

/* The bytes under a key, for the caller to free; NULL where there are none that can be trusted. */
void *prefix_load(clu_prefixes *prefixes, const char *key, size_t *size);
/* Keeps them, unless they are there already; makes room first. about->bytes is not read. */
void prefix_store(clu_prefixes *prefixes, const char *key, const clu_prefix *about, const void *bytes, size_t size);
/* Marks it as used now; false where there is none. */
bool prefix_touch(clu_prefixes *prefixes, const char *key);
/* Removes what was loaded and turned out to be unfit. */
void prefix_refuse(clu_prefixes *prefixes, const char *key, const char *why);
/* Adds a start at a prefix of so many layers and steps to the account of uses. */
void prefix_count(clu_prefixes *prefixes, uint32_t layers, uint64_t steps);
/* Says that something could not be kept: once, since it would go on at every layer. */
void prefix_tell_failure(clu_prefixes *prefixes, const char *what);

#endif
