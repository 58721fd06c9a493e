/* json_check.h: JSON that a test reads: what is not there fails it by name. */
#ifndef JSON_CHECK_H
#define JSON_CHECK_H

#include "support.h"

#include <cjson/cJSON.h>

static inline double json_number(const cJSON *json, const char *key)
{
	const cJSON *found = cJSON_GetObjectItemCaseSensitive(json, key);
	if (!cJSON_IsNumber(found)) fail_msg("no number \"%s\"", key);
	return found->valuedouble;
}

/* An element of a list. */
static inline const cJSON *json_item(const cJSON *json, const char *list, int index)
{
	const cJSON *found = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(json, list), index);
	if (!found) fail_msg("no %s %d", list, index);
	return found;
}

/* The object as it is read again, and not as it was made: only what is printed has null for what is no number. */
static inline cJSON *json_read_again(cJSON *made)
{
	char *text = cJSON_Print(made);
	cJSON *json = cJSON_Parse(text);
	assert_non_null(json);
	cJSON_free(text);
	cJSON_Delete(made);
	return json;
}

#endif
