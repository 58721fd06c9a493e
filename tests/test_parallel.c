/* test_parallel.c: every entry of a range is done once, whatever its length and the least part. */
#include "support.h"

#include "parallel.h"

#include <stdlib.h>

static void count_entries(void *context, size_t begin, size_t end)
{
	unsigned char *times = context;
	for (size_t i = begin; i < end; i++) times[i]++;
}

static void test_all_are_done_once(void **state)
{
	(void)state;
	static const size_t counts[] = {0, 1, 2, 3, 7, 64, 65, 1000, 100003}, leasts[] = {0, 1, 2, 100, 100003, 1000000};
	for (size_t c = 0; c < sizeof counts / sizeof *counts; c++)
		for (size_t l = 0; l < sizeof leasts / sizeof *leasts; l++) {
			unsigned char *times = calloc(counts[c] + 1, 1);
			assert_non_null(times);
			parallel_run(counts[c], leasts[l], count_entries, times);
			for (size_t i = 0; i < counts[c]; i++)
				if (times[i] != 1) fail_msg("entry %zu of %zu was done %d times (least %zu)", i, counts[c], times[i], leasts[l]);
			assert_int_equal(times[counts[c]], 0);
			free(times);
		}
}

/* Parts are in order, begin where the last one ended, and only the last may be shorter than the least. */
static void note_part(void *context, size_t begin, size_t end)
{
	size_t *lengths = context;
	lengths[begin] = end - begin;
}

static void test_parts(void **state)
{
	(void)state;
	enum { COUNT = 1000, LEAST = 150 };
	size_t lengths[COUNT] = {0}, at = 0;
	parallel_run(COUNT, LEAST, note_part, lengths);
	while (at < COUNT) {
		assert_true(lengths[at] >= LEAST);
		at += lengths[at];
	}
	assert_int_equal(at, COUNT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_all_are_done_once),
	    cmocka_unit_test(test_parts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
