/* named_setting.h: the settings of the study's tables by name: each is a few options with their values. */
#ifndef NAMED_SETTING_H
#define NAMED_SETTING_H

#include "options.h"

enum { NAMED_SETTING_CHANGES = 4 };

typedef struct named_setting {
	const char *name;
	struct {
		int option; /* of SETTINGS_LONG_OPTIONS, about problem and data */
		const char *value;
	} change[NAMED_SETTING_CHANGES + 1]; /* up to one without a value */
} named_setting;

extern const named_setting named_settings[];
extern const size_t named_setting_count;

/* CLU_ARGUMENT for an unknown name: the message has them all. */
clu_status named_setting_find(const char *name, const named_setting **found, clu_error *error);
/* Gives its options to settings_option; all others stay as they are, so that settings can be put together. */
clu_status named_setting_apply(const named_setting *setting, settings *options, clu_error *error);

#endif
