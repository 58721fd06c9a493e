/* model_record.c: see model_record.h. */
#include "model_record.h"

#include "path.h"
#include "settings_json.h"

#include <stdlib.h>

cJSON *model_record(
    const settings *options, const char *arch, const char *from, const char *dictionary_hash, const clu_device *device)
{
	const clu_device_info *info = clu_device_about(device);
	char plan[CLU_PLAN_TEXT];
	clu_plan_print(clu_device_plan(device), plan);
	cJSON *record = settings_to_json(options);
	char *from_root = from ? path_absolute(from) : NULL;
	bool complete = cJSON_AddStringToObject(record, "arch", arch) &&
	                (!from || cJSON_AddStringToObject(record, "from", from_root ? from_root : from)) &&
	                (!dictionary_hash[0] || cJSON_AddStringToObject(record, SETTINGS_DICTIONARY_KEY, dictionary_hash)) &&
	                cJSON_AddStringToObject(record, "device", info->name) &&
	                cJSON_AddStringToObject(record, "driver", info->driver) &&
	                cJSON_AddStringToObject(record, "platform", info->platform) &&
	                cJSON_AddStringToObject(record, "key", clu_device_key(device)) &&
	                cJSON_AddStringToObject(record, "plan", plan) && cJSON_AddStringToObject(record, "clunroll", clu_version());
	free(from_root);
	if (complete) return record;
	cJSON_Delete(record);
	return NULL;
}

cJSON *model_record_settings(const cJSON *record)
{
	static const char *const where[] = {"device", "driver", "platform", "key", "plan", "clunroll"};
	cJSON *copy = cJSON_Duplicate(record, true);
	for (size_t i = 0; i < sizeof where / sizeof *where; i++) cJSON_DeleteItemFromObjectCaseSensitive(copy, where[i]);
	return copy;
}
