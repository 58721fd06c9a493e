/* test_markup.c: escaping of whatever may come, figures as a reader sees them, and growth over many reallocations. */
#include "support.h"

#include "markup.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void test_escape(void **state)
{
	(void)state;
	static const struct {
		const char *text, *want;
	} cases[] = {
	    {"", NULL}, {"plain text", "plain text"}, {"<script>\"&'</script>", "&lt;script&gt;&quot;&amp;&#39;&lt;/script&gt;"},
	    {"&amp;", "&amp;amp;"}, {"θ, x̂ and 𝔻", "θ, x̂ and 𝔻"}, {"a\tb\nc", "a\tb\nc"},
	    {"bell\x07 escape\x1b[31m", "bell\ufffd escape\ufffd[31m"}, {"\x7f", "\ufffd"},
	    {"\xc2\x85", "\ufffd\ufffd"},                     /* a C1 control */
	    {"\xff\xfe", "\ufffd\ufffd"},                     /* never in UTF-8 */
	    {"cut \xe2\x82", "cut \ufffd\ufffd"},             /* a character cut short by the end */
	    {"cut \xf0\x9f<", "cut \ufffd\ufffd&lt;"},        /* … and by what must be escaped */
	    {"\xc0\xbc", "\ufffd\ufffd"},                     /* < in two bytes */
	    {"\xe0\x80\xbc", "\ufffd\ufffd\ufffd"},           /* … and in three */
	    {"\xed\xa0\x80", "\ufffd\ufffd\ufffd"},           /* a surrogate */
	    {"\xf4\x90\x80\x80", "\ufffd\ufffd\ufffd\ufffd"}, /* beyond U+10FFFF */
	    {"\xef\xbf\xbf", "\ufffd\ufffd\ufffd"},           /* U+FFFF is no character */
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		markup out = {0};
		markup_escape(&out, cases[i].text);
		assert_false(out.failed);
		if (cases[i].want)
			assert_string_equal(out.text, cases[i].want);
		else
			assert_null(out.text);
		free(out.text);
	}
}

static void test_figures(void **state)
{
	(void)state;
	static const struct {
		double value;
		int decimals;
		const char *want, *db;
	} cases[] = {
	    {-54.236, 2, "−54.24", "−54.24\u00a0dB"},
	    {3, 0, "3", "3\u00a0dB"},
	    {-0.001, 2, "0.00", "0.00\u00a0dB"},
	    {-0.0, 1, "0.0", "0.0\u00a0dB"},
	    {NAN, 2, "–", "–"},
	    {INFINITY, 2, "∞", "∞\u00a0dB"},
	    {-INFINITY, 2, "−∞", "−∞\u00a0dB"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		markup figure = {0}, db = {0};
		markup_figure(&figure, cases[i].value, cases[i].decimals);
		markup_db(&db, cases[i].value, cases[i].decimals);
		assert_string_equal(figure.text, cases[i].want);
		assert_string_equal(db.text, cases[i].db);
		free(figure.text);
		free(db.text);
	}
	markup largest = {0};
	markup_figure(&largest, -1.7976931348623157e308, 2);
	assert_int_equal(largest.size, strlen("−") + 309 + 3);
	free(largest.text);
}

static void test_counts_rates_and_times(void **state)
{
	(void)state;
	static const struct {
		enum { COUNT, RATE, DURATION, TIME } kind;
		double value;
		const char *want;
	} cases[] = {
	    {COUNT, 0, "0"},
	    {COUNT, 999, "999"},
	    {COUNT, 1000, "1,000"},
	    {COUNT, 1234567, "1,234,567"},
	    {RATE, 0, "0.000"},
	    {RATE, 0.12345, "0.123"},
	    {RATE, 0.9996, "1.00"},
	    {RATE, 9.996, "10.0"},
	    {RATE, 99.96, "100"},
	    {RATE, 12345.6, "12,346"},
	    {RATE, -1, "–"},
	    {RATE, NAN, "–"},
	    {RATE, INFINITY, "–"},
	    {DURATION, 4.25, "4.2 s"},
	    {DURATION, 3725, "1 h 02 min"},
	    {DURATION, -1, "–"},
	    {DURATION, NAN, "–"},
	    {DURATION, 1e300, "–"},
	    {TIME, 0, "–"},
	    {TIME, -5, "–"},
	    {TIME, 1600000000123, "2020-09-13 12:26 UTC"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		markup out = {0};
		switch (cases[i].kind) {
		case COUNT: markup_count(&out, (uint64_t)cases[i].value); break;
		case RATE: markup_rate(&out, cases[i].value); break;
		case DURATION: markup_duration(&out, cases[i].value); break;
		case TIME: markup_time(&out, (int64_t)cases[i].value); break;
		}
		assert_string_equal(out.text, cases[i].want);
		free(out.text);
	}
}

static void test_growth_keeps_everything(void **state)
{
	(void)state;
	markup out = {0};
	for (int i = 0; i < 20000; i++) markup_add(&out, "%05d;", i);
	assert_false(out.failed);
	assert_int_equal(out.size, 20000 * 6);
	assert_int_equal(strlen(out.text), out.size);
	assert_memory_equal(out.text + 12345 * 6, "12345;", 6);
	char large[10000];
	memset(large, 'x', sizeof large - 1);
	large[sizeof large - 1] = '\0';
	markup_add(&out, "%s", large); /* more at once than doubling gives */
	assert_int_equal(strlen(out.text), 20000 * 6 + 9999);
	free(out.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_escape),
	    cmocka_unit_test(test_figures),
	    cmocka_unit_test(test_counts_rates_and_times),
	    cmocka_unit_test(test_growth_keeps_everything),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
