/* checkpoint.h: a training under way as files beside the model it will become: M.checkpoint, and the one before it as
 * M.checkpoint.previous. Each holds the settings that led here and the lane's state as the engine gives it, and a checksum of
 * both. Not for studies, which keep checkpoints in their store. */
#ifndef CHECKPOINT_H
#define CHECKPOINT_H

#include "clunroll.h"

#include <cjson/cJSON.h>

typedef struct checkpoint {
	cJSON *settings;
	void *bytes;
	size_t size;
	char *fault; /* why it is the one before the newest; NULL: it is the newest */
} checkpoint;

/* "M.checkpoint"; the caller frees it, NULL: out of memory. All `path` below are this one. */
char *checkpoint_path(const char *model_path);
bool checkpoint_exists(const char *path);
/* The newest becomes the one before, unless the file system has no hard links; what was before it goes first, so that a full disk
 * has room. On an error the newest stays what it was. A reader finds a whole newest at any moment. */
clu_status checkpoint_write(const char *path, const cJSON *settings, const void *bytes, size_t size, clu_error *error);
/* The newest, or where that is missing or damaged the one before it. CLU_FILE where neither can be read, CLU_FORMAT, naming what
 * is wrong with each, where neither is whole. checkpoint_release in any case. */
clu_status checkpoint_read(const char *path, checkpoint *found, clu_error *error);
void checkpoint_release(checkpoint *found);
/* Makes the one before the newest, so that checkpoint_write keeps it and not what turned out to be damaged. */
void checkpoint_step_back(const char *path);
/* Removes the one before; false where there is none. */
bool checkpoint_remove_previous(const char *path);
/* Removes both. */
void checkpoint_remove(const char *path);

#endif
