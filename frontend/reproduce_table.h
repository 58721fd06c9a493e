/* reproduce_table.h: results of `clunroll reproduce` as Markdown for people and as JSON for programs. */
#ifndef REPRODUCE_TABLE_H
#define REPRODUCE_TABLE_H

#include "reproduce.h"

#include <cjson/cJSON.h>

/* The caller frees it with free(); NULL: out of memory. `picture`: name of the picture's file. */
char *reproduce_markdown(const reproduce_results *results, const char *picture);
/* One object; the caller deletes it. */
cJSON *reproduce_json(const reproduce_results *results);

#endif
