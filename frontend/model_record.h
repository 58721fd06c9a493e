/* model_record.h: what is written beside a network about how it came to be: its settings, and where it was trained. One function
 * for `train` and for workers, so that their models say the same. */
#ifndef MODEL_RECORD_H
#define MODEL_RECORD_H

#include "options.h"

#include <cjson/cJSON.h>

/* The settings as JSON with arch, from where that is not NULL (made absolute) and dictionary_hash where that is not empty, then
 * device, driver, platform, key, plan and clunroll (the program's version). The caller deletes it. NULL: out of memory. */
cJSON *model_record(
    const settings *settings, const char *arch, const char *from, const char *dictionary_hash, const clu_device *device);
/* A copy without the latter: what must agree for a training to go on. */
cJSON *model_record_settings(const cJSON *record);

#endif
