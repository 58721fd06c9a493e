/* test_number.c: numbers as text, there and back, at the edges of double and of 64 bits. */
#include "number.h"
#include "support.h"

#include <float.h>
#include <string.h>

static void test_shortest_text(void **state)
{
	(void)state;
	static const struct {
		double value;
		const char *text;
	} cases[] = {
	    {0.4, "0.4"},
	    {0.1, "0.1"},
	    {5e-4, "0.0005"},
	    {1e-7, "1e-07"},
	    {0.999, "0.999"},
	    {0.0, "0"},
	    {-0.0, "-0"},
	    {1.0 / 3.0, "0.3333333333333333"},
	    {0.1 + 0.2, "0.30000000000000004"},
	    {DBL_MAX, "1.7976931348623157e+308"},
	    {DBL_TRUE_MIN, "5e-324"},
	    {-DBL_MIN, "-2.2250738585072014e-308"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[NUMBER_TEXT];
		double back;
		number_print(cases[i].value, text);
		assert_string_equal(text, cases[i].text);
		assert_true(number_parse(text, &back));
		assert_memory_equal(&back, &cases[i].value, sizeof back);
	}
}

static void test_refused_as_real(void **state)
{
	(void)state;
	static const char *const cases[] = {"", " 1", "1 ", "0x1p3", "inf", "nan", "1e999", "1,5", "1.5.2", "e5", "-", "1e", "--1"};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		double value = 42.0;
		print_message("\"%s\"\n", cases[i]);
		assert_false(number_parse(cases[i], &value));
		assert_true(value == 42.0);
	}
}

static void test_whole(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint64_t most;
		bool taken;
		uint64_t value;
	} cases[] = {
	    {"0", 10, true, 0},
	    {"10", 10, true, 10},
	    {"11", 10, false, 0},
	    {"007", 10, true, 7},
	    {"4294967295", UINT32_MAX, true, UINT32_MAX},
	    {"4294967296", UINT32_MAX, false, 0},
	    {"18446744073709551615", UINT64_MAX, true, UINT64_MAX},
	    {"18446744073709551616", UINT64_MAX, false, 0},
	    {"99999999999999999999999", UINT64_MAX, false, 0},
	    {"8", 5, false, 0},
	    {"", 10, false, 0},
	    {"-1", 10, false, 0},
	    {"+1", 10, false, 0},
	    {"1.0", 10, false, 0},
	    {" 1", 10, false, 0},
	    {"1x", 10, false, 0},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint64_t value = 0;
		print_message("\"%s\"\n", cases[i].text);
		assert_int_equal(number_parse_whole(cases[i].text, cases[i].most, &value), cases[i].taken);
		assert_int_equal(value, cases[i].value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_shortest_text),
	    cmocka_unit_test(test_refused_as_real),
	    cmocka_unit_test(test_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
