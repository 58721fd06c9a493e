/* settings_json.h: settings as JSON, in model files, checkpoints and studies, and what differs between two. */
#ifndef SETTINGS_JSON_H
#define SETTINGS_JSON_H

#include "options.h"

#include <cjson/cJSON.h>

/* Every setting as one JSON object (file names as given, made absolute); the caller deletes it. */
cJSON *settings_to_json(const settings *settings);
clu_status settings_from_json(const cJSON *json, settings *settings, clu_error *error);
/* The names and both values of settings that differ, e.g. "batch: 128 here, 64 there", with "; " between them; an empty text
 * when none do. The caller frees it. NULL: out of memory. */
char *settings_difference(const cJSON *here, const cJSON *there);

/* Under this key a study keeps the hash of its data where files are a part of it. */
#define SETTINGS_HASH_KEY "data_hash"
#define SETTINGS_HASH_TEXT 17
/* clu_data_hash as a study keeps it. */
void settings_print_hash(const clu_data *data, char text[SETTINGS_HASH_TEXT]);

/* Under this key a model keeps the hash of the dictionary where that is a file's, so that another in its place is found out. */
#define SETTINGS_DICTIONARY_KEY "dictionary_hash"
/* That hash; empty where the dictionary is generated. */
void settings_print_dictionary_hash(const settings *settings, const clu_data *data, char text[SETTINGS_HASH_TEXT]);

#endif
