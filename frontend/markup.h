/* markup.h: a growing text for HTML and SVG, what escapes other people's text in it, and how figures are written for a reader.
 *
 * Nothing returns a status: a markup that could not grow stays as it is, `failed` is set, and whoever takes the text looks once.
 * Text that is not the program's own (names, devices, errors, settings) goes through markup_escape, always. */
#ifndef MARKUP_H
#define MARKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct markup {
	char *text; /* NUL-terminated; NULL while nothing was added. Starts as {0}; freed with free() */
	size_t size, room;
	bool failed;
} markup;

/* Adds the program's own markup, printf-like. */
void markup_add(markup *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Adds anybody's text, fit for an element's content and for an attribute in double quotes. What is no UTF-8 and control
 * characters, which HTML forbids, become U+FFFD. */
void markup_escape(markup *out, const char *text);

/* A number with a true minus sign; "–" for NaN, "∞" for infinities. */
void markup_figure(markup *out, double value, int decimals);
/* The same with " dB". */
void markup_db(markup *out, double value, int decimals);
/* Three significant digits, thousands with commas: 0.123, 12.3, 1,230. */
void markup_rate(markup *out, double value);
/* 72,000 */
void markup_count(markup *out, uint64_t value);
/* As units_duration; "–" where it is no duration. */
void markup_duration(markup *out, double seconds);
/* Unix time in ms as 2021-05-03 14:07 UTC; "–" for 0. */
void markup_time(markup *out, int64_t unix_ms);

#endif
