/* checkpoint.h: a training under way as a file beside the model it will become, M.checkpoint: the settings that led here, and
 * the lane's state as the engine gives it. Not for studies, which keep checkpoints in their store. */
#ifndef CHECKPOINT_H
#define CHECKPOINT_H

#include "clunroll.h"

#include <cjson/cJSON.h>

/* "M.checkpoint"; the caller frees it, NULL: out of memory. */
char *checkpoint_path(const char *model_path);
/* Replaces the file: a reader sees the old one or the new one, whole. */
clu_status checkpoint_write(const char *path, const cJSON *settings, const void *bytes, size_t size, clu_error *error);
/* The caller deletes *settings and frees *bytes. CLU_FILE where it cannot be read, CLU_FORMAT where it is none. */
clu_status checkpoint_read(const char *path, cJSON **settings, void **bytes, size_t *size, clu_error *error);

#endif
