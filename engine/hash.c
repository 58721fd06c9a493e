/* hash.c: see hash.h. A word a step, not a byte as FNV-1a has it: four times as fast, and all that is hashed here is words. */
#include "hash.h"

#include <string.h>

uint64_t hash_words(uint64_t hash, const void *words, size_t count)
{
	const unsigned char *bytes = words;
	for (size_t i = 0; i < count; i++) {
		uint32_t word;
		memcpy(&word, bytes + 4 * i, 4);
		hash = (hash ^ word) * UINT64_C(0x100000001b3);
	}
	return hash;
}

uint64_t clu_hash_bytes(const void *bytes, size_t size)
{
	uint32_t rest = 0;
	memcpy(&rest, (const char *)bytes + size / 4 * 4, size % 4);
	return hash_words(hash_words(HASH_START, bytes, size / 4), &rest, 1);
}
