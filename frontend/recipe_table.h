/* recipe_table.h: results of `clunroll reproduce recipe` as Markdown for people and as JSON for programs. */
#ifndef RECIPE_TABLE_H
#define RECIPE_TABLE_H

#include "recipe_study.h"

#include <cjson/cJSON.h>

/* The caller frees it with free(); NULL: out of memory. `picture`: name of the picture's file. */
char *recipe_markdown(const recipe_results *results, const char *picture);
/* One object; the caller deletes it. */
cJSON *recipe_json(const recipe_results *results);

#endif
