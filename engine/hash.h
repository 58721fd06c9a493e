/* hash.h: FNV-1a over 32-bit words: tells whether data, weights and checkpoints are the same bytes as before. Not for adversaries.
 */
#ifndef CLU_HASH_H
#define CLU_HASH_H

#include "clunroll.h"

#define HASH_START UINT64_C(0xcbf29ce484222325)
/* Goes on from `hash`, HASH_START at first; the words need not be aligned. */
uint64_t hash_words(uint64_t hash, const void *words, size_t count);

#endif
