/* test_units.c: times, sizes and numbers of operations as text, at the places where the unit changes. */
#include "support.h"

#include "units.h"

#include <math.h>

static void durations(void **state)
{
	(void)state;
	static const struct {
		double seconds;
		const char *text;
	} cases[] = {
	    {0, "0.0 s"},
	    {9.94, "9.9 s"},
	    {10, "10 s"},
	    {59.4, "59 s"},
	    {59.6, "1 min 00 s"},
	    {3599, "59 min 59 s"},
	    {3600, "1 h 00 min"},
	    {86399, "23 h 59 min"},
	    {86400, "1 d 00 h"},
	    {200000, "2 d 07 h"},
	    {-1, "unknown time"},
	    {INFINITY, "unknown time"},
	    {NAN, "unknown time"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[UNITS_TEXT];
		units_duration(cases[i].seconds, text);
		assert_string_equal(text, cases[i].text);
	}
}

static void sizes(void **state)
{
	(void)state;
	static const struct {
		uint64_t bytes;
		const char *text;
	} cases[] = {
	    {0, "0 B"},
	    {1023, "1023 B"},
	    {1024, "1.0 KiB"},
	    {1536, "1.5 KiB"},
	    {UINT64_C(1) << 30, "1.0 GiB"},
	    {UINT64_MAX, "16384.0 PiB"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[UNITS_TEXT];
		units_bytes(cases[i].bytes, text);
		assert_string_equal(text, cases[i].text);
	}
}

static void operations(void **state)
{
	(void)state;
	static const struct {
		double operations;
		const char *text;
	} cases[] = {{0, "0 FLOP"}, {999, "999 FLOP"}, {1000, "1 kFLOP"}, {2.944e9, "2.94 GFLOP"}, {1e25, "1e+04 ZFLOP"}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[UNITS_TEXT];
		units_flop(cases[i].operations, text);
		assert_string_equal(text, cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(durations), cmocka_unit_test(sizes), cmocka_unit_test(operations)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
