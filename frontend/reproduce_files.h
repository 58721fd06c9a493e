/* reproduce_files.h: what lies where in the directory of `clunroll reproduce`. Not for what is in a network's files: that is
 * reproduce_network.h. */
#ifndef REPRODUCE_FILES_H
#define REPRODUCE_FILES_H

#include "reproduce.h"

#include <cjson/cJSON.h>

/* "DIRECTORY/FOLDER/NAME ENDING", or without FOLDER where that is ""; the caller frees it. NULL: out of memory. */
char *reproduce_path(const reproduce_job *job, const char *folder, const char *name, const char *ending);
/* Makes DIRECTORY and these folders in it, ended by NULL. */
clu_status reproduce_directories(const reproduce_job *job, const char *const *folders, clu_error *error);
/* Replaces NAME.json and NAME.md in DIRECTORY. json or markdown NULL: CLU_MEMORY. */
clu_status reproduce_write(const reproduce_job *job, const char *name, const cJSON *json, const char *markdown, clu_error *error);
/* Removes NAME.json, NAME.md and NAME.svg, where they are. */
void reproduce_remove(const reproduce_job *job, const char *name);

#endif
