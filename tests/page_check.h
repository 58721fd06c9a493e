/* page_check.h: whether a page is well-formed and stands alone, for the tests of what writes HTML and SVG. Stricter than HTML: each
 * element is closed or closes itself, attributes are in double quotes, every & begins a known reference. */
#ifndef PAGE_CHECK_H
#define PAGE_CHECK_H

#include "support.h"

#include <ctype.h>
#include <string.h>

enum { PAGE_DEPTH = 64, PAGE_NAME = 32 };

static inline void page_fail(const char *page, const char *at, const char *what)
{
	size_t before = at - page > 120 ? 120 : (size_t)(at - page);
	print_error("%s at byte %td: …%.*s⟨here⟩%.120s…\n", what, at - page, (int)before, at - before, at);
	fail();
}

static inline bool page_is_void(const char *name)
{
	static const char *const names[] = {"meta", "br", "!DOCTYPE"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (strcmp(name, names[i]) == 0) return true;
	}
	return false;
}

static inline void page_check_reference(const char *page, const char *at)
{
	static const char *const known[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (strncmp(at, known[i], strlen(known[i])) == 0) return;
	}
	page_fail(page, at, "a bare &");
}

/* Attributes from after an element's name to its end; returns where the > is. */
static inline const char *page_check_attributes(const char *page, const char *at)
{
	bool quoted = false;
	for (; *at && (quoted || *at != '>'); at++) {
		if (*at == '"') quoted = !quoted;
		if (*at == '<') page_fail(page, at, "a < inside an element");
		if (*at == '&') page_check_reference(page, at);
		if (!quoted && *at == '=' && at[1] != '"') page_fail(page, at, "an attribute without quotes");
	}
	if (!*at) page_fail(page, at, "an element without end");
	return at;
}

/* Fails the test where the page is not well-formed, has an element or attribute that runs or loads something, or is no UTF-8 text.
 */
static inline void page_check(const char *page)
{
	static const char *const forbidden[] = {
	    "<script", "<iframe", "<link", "<img", "href=", "src=", "url(", "@import", " onload=", "javascript:"};
	for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++) {
		const char *found = strstr(page, forbidden[i]);
		if (found) page_fail(page, found, "something that runs or loads");
	}
	char open[PAGE_DEPTH][PAGE_NAME];
	size_t depth = 0;
	for (const char *at = page; *at; at++) {
		if (*at == '&') page_check_reference(page, at);
		if (*at == '>' || ((unsigned char)*at < 0x20 && *at != '\n' && *at != '\t')) page_fail(page, at, "a stray character");
		if (*at != '<') continue;
		bool closes = at[1] == '/';
		const char *start = at + 1 + closes;
		size_t length = strcspn(start, " />\n");
		if (!length || length >= PAGE_NAME || depth == PAGE_DEPTH) page_fail(page, at, "no element, or too deep");
		char name[PAGE_NAME];
		memcpy(name, start, length);
		name[length] = '\0';
		const char *end = page_check_attributes(page, start + length);
		if (closes && (!depth || strcmp(open[--depth], name) != 0)) page_fail(page, at, "closes what is not open");
		if (!closes && end[-1] != '/' && !page_is_void(name)) memcpy(open[depth++], name, length + 1);
		at = end;
	}
	if (depth) page_fail(page, page + strlen(page), open[depth - 1]);
}

static inline size_t page_count(const char *page, const char *part)
{
	size_t count = 0;
	for (const char *at = strstr(page, part); at; at = strstr(at + 1, part)) count++;
	return count;
}

#endif
