/* number.c: numbers as text that reads back to the same number, see number.h. */
#include "number.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void number_print(double value, char text[NUMBER_TEXT])
{
	for (int digits = 1; digits <= 17; digits++) {
		snprintf(text, NUMBER_TEXT, "%.*g", digits, value);
		if (strtod(text, NULL) == value) return;
	}
}

bool number_parse(const char *text, double *value)
{
	/* strtod would also take leading spaces, 0x1p3, inf and nan. */
	if (!*text || strspn(text, "0123456789+-.eE") != strlen(text)) return false;
	char *end;
	double read = strtod(text, &end);
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
