/* number.c: numbers as text that reads back to the same number, see number.h. */
#include "number.h"

#include <ctype.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A host program may have a locale with a decimal comma: text is written and read in the C locale, for this thread. */
static locale_t enter_c_locale(locale_t *before)
{
	locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	if (c) *before = uselocale(c);
	return c;
}

static void leave_c_locale(locale_t c, locale_t before)
{
	if (!c) return;
	uselocale(before);
	freelocale(c);
}

void number_print(double value, char text[NUMBER_TEXT])
{
	locale_t before, c = enter_c_locale(&before);
	for (int digits = 1; digits <= 17; digits++) {
		snprintf(text, NUMBER_TEXT, "%.*g", digits, value);
		if (strtod(text, NULL) == value) break;
	}
	leave_c_locale(c, before);
}

bool number_parse(const char *text, double *value)
{
	/* strtod would also take leading spaces, 0x1p3, inf and nan. */
	if (!*text || strspn(text, "0123456789+-.eE") != strlen(text)) return false;
	char *end;
	locale_t before, c = enter_c_locale(&before);
	double read = strtod(text, &end);
	leave_c_locale(c, before);
	if (*end || !isfinite(read)) return false;
	*value = read;
	return true;
}

bool number_parse_whole(const char *text, uint64_t most, uint64_t *value)
{
	uint64_t read = 0;
	if (!*text) return false;
	for (; *text; text++) {
		uint64_t digit = (uint64_t)(*text - '0');
		if (!isdigit((unsigned char)*text) || digit > most || read > (most - digit) / 10) return false;
		read = read * 10 + digit;
	}
	*value = read;
	return true;
}
