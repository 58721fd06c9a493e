/* markup.c: the growing text behind the report. Figures are written by hand rather than by locale, so that a report reads the
 * same wherever it is made. */
#include "markup.h"

#include "units.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static bool grow(markup *out, size_t more)
{
	if (out->failed) return false;
	if (more < out->room - out->size) return true;
	size_t room = out->room ? out->room : 4096;
	while (room - out->size <= more && room <= SIZE_MAX / 2) room *= 2;
	char *text = room - out->size > more ? realloc(out->text, room) : NULL;
	if (!text) {
		out->failed = true;
		return false;
	}
	out->text = text;
	out->room = room;
	return true;
}

static void add_bytes(markup *out, const char *bytes, size_t size)
{
	if (!grow(out, size)) return;
	memcpy(out->text + out->size, bytes, size);
	out->size += size;
	out->text[out->size] = '\0';
}

void markup_add(markup *out, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	int size = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (size < 0 || !grow(out, (size_t)size)) {
		out->failed = true;
		return;
	}
	va_start(arguments, format);
	vsnprintf(out->text + out->size, (size_t)size + 1, format, arguments);
	va_end(arguments);
	out->size += (size_t)size;
}

/* Bytes of the UTF-8 character at `text`, 0 where there is none that HTML allows. */
static size_t character_size(const unsigned char *text)
{
	static const struct {
		unsigned char mask, lead;
		uint32_t least;
	} forms[] = {{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
	for (size_t form = 0; form < sizeof forms / sizeof *forms; form++) {
		if ((text[0] & forms[form].mask) != forms[form].lead) continue;
		uint32_t code = text[0] & (unsigned char)~forms[form].mask;
		for (size_t i = 1; i <= form; i++) {
			if ((text[i] & 0xc0) != 0x80) return 0;
			code = code << 6 | (text[i] & 0x3fu);
		}
		bool control = (code < 0x20 && code != '\n' && code != '\t') || (code >= 0x7f && code < 0xa0);
		bool surrogate = code >= 0xd800 && code < 0xe000;
		bool noncharacter = (code & 0xfffe) == 0xfffe || (code >= 0xfdd0 && code < 0xfdf0);
		return code < forms[form].least || code > 0x10ffff || control || surrogate || noncharacter ? 0 : form + 1;
	}
	return 0;
}

void markup_escape(markup *out, const char *text)
{
	while (*text) {
		switch (*text) {
		case '&': markup_add(out, "&amp;"); break;
		case '<': markup_add(out, "&lt;"); break;
		case '>': markup_add(out, "&gt;"); break;
		case '"': markup_add(out, "&quot;"); break;
		case '\'': markup_add(out, "&#39;"); break;
		default: {
			size_t size = character_size((const unsigned char *)text);
			if (size)
				add_bytes(out, text, size);
			else
				markup_add(out, "\xef\xbf\xbd");
			text += size ? size - 1 : 0;
		}
		}
		text++;
	}
}

void markup_figure(markup *out, double value, int decimals)
{
	char digits[352]; /* the largest double has 309 digits before its point */
	if (isnan(value)) {
		markup_add(out, "–");
		return;
	}
	snprintf(digits, sizeof digits, "%.*f", decimals, fabs(value));
	bool zero = strspn(digits, "0.") == strlen(digits);
	markup_add(out, "%s%s", value < 0 && !zero ? "−" : "", isinf(value) ? "∞" : digits);
}

void markup_db(markup *out, double value, int decimals)
{
	markup_figure(out, value, decimals);
	if (!isnan(value)) markup_add(out, "\u00a0dB");
}

void markup_count(markup *out, uint64_t value)
{
	char digits[24];
	int size = snprintf(digits, sizeof digits, "%" PRIu64, value);
	for (int i = 0; i < size; i++) markup_add(out, "%s%c", i > 0 && (size - i) % 3 == 0 ? "," : "", digits[i]);
}

void markup_rate(markup *out, double value)
{
	if (!(value >= 0) || value > 1e18)
		markup_add(out, "–");
	else if (value >= 99.95)
		markup_count(out, (uint64_t)(value + 0.5));
	else
		markup_figure(out, value, value >= 9.995 ? 1 : value >= 0.9995 ? 2 : 3);
}

void markup_duration(markup *out, double seconds)
{
	char text[UNITS_TEXT];
	if (!(seconds >= 0) || seconds > 1e12) {
		markup_add(out, "–");
		return;
	}
	units_duration(seconds, text);
	markup_add(out, "%s", text);
}

void markup_time(markup *out, int64_t unix_ms)
{
	char text[64];
	time_t seconds = (time_t)(unix_ms / 1000);
	struct tm parts;
	if (unix_ms <= 0 || !gmtime_r(&seconds, &parts) || !strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &parts))
		markup_add(out, "–");
	else
		markup_add(out, "%s", text);
}
