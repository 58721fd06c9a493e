/* test_hash.c: the hash against FNV-1a's own constants, in pieces, off alignment, and that each bit of a word counts. */
#include "support.h"

#include "hash.h"

#include <string.h>

static void known_values(void **state)
{
	(void)state;
	const uint32_t words[2] = {0, 1};
	assert_true(hash_words(HASH_START, words, 0) == HASH_START);
	assert_true(hash_words(HASH_START, words, 1) == HASH_START * UINT64_C(0x100000001b3));
	assert_true(hash_words(0, words + 1, 1) == UINT64_C(0x100000001b3));
}

static void pieces_and_places_do_not_matter(void **state)
{
	(void)state;
	const uint32_t words[5] = {3, 1u << 31, 0, 0xffffffff, 7};
	unsigned char shifted[sizeof words + 1];
	memcpy(shifted + 1, words, sizeof words);
	uint64_t whole = hash_words(HASH_START, words, 5);
	assert_true(hash_words(hash_words(HASH_START, words, 2), words + 2, 3) == whole);
	assert_true(hash_words(HASH_START, shifted + 1, 5) == whole);
}

static void every_bit_counts(void **state)
{
	(void)state;
	uint32_t words[3] = {5, 6, 7};
	uint64_t before = hash_words(HASH_START, words, 3);
	for (int bit = 0; bit < 96; bit++) {
		words[bit / 32] ^= 1u << bit % 32;
		if (hash_words(HASH_START, words, 3) == before) fail_msg("bit %d", bit);
		words[bit / 32] ^= 1u << bit % 32;
	}
}

/* The last word is made up with zeros. */
static void bytes_are_words_and_a_rest(void **state)
{
	(void)state;
	const uint32_t zero = 0;
	const char bytes[] = "abcdefg";
	const uint64_t whole = hash_words(HASH_START, bytes, 1);
	assert_true(clu_hash_bytes(bytes, 4) == hash_words(whole, &zero, 1));
	assert_true(clu_hash_bytes(bytes, 7) == hash_words(whole, bytes + 4, 1)); /* with the NUL */
	assert_true(clu_hash_bytes(bytes, 5) != clu_hash_bytes(bytes, 6));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(known_values),
	    cmocka_unit_test(pieces_and_places_do_not_matter),
	    cmocka_unit_test(every_bit_counts),
	    cmocka_unit_test(bytes_are_words_and_a_rest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
