/* named_setting.c: the rows of the study's Tables 1 and 2 as names for --setting.
 *
 * A name stands for options that could as well be written out, so nothing else knows of it: models and studies keep the options'
 * values. To change a row here changes what the name means from then on, not what was trained before. */
#include "named_setting.h"

#include "status.h"

#include <stdio.h>
#include <string.h>

/* clang-format off */
const named_setting named_settings[] = {
	/* Table 1 b, c and f, d and g */
	{"noiseless", {{OPTION_SNR, "inf"}, {OPTION_SALT_PEPPER, "0"}, {OPTION_PERTURBATION, "0"}}},
	{"snr40", {{OPTION_SNR, "40"}}},
	{"snr20", {{OPTION_SNR, "20"}}},
	/* e: the paper's Gamma(1.0, 0.1) read as scale 1.0 and shape 0.1, few large and many small, and the other way round */
	{"gamma", {{OPTION_CODES, "gamma"}, {OPTION_GAMMA_SHAPE, "0.1"}, {OPTION_GAMMA_SCALE, "1"}}},
	{"gamma-dense", {{OPTION_CODES, "gamma"}, {OPTION_GAMMA_SHAPE, "1"}, {OPTION_GAMMA_SCALE, "0.1"}}},
	/* h, i, j, k */
	{"salt-pepper", {{OPTION_SALT_PEPPER, "0.01"}}},
	{"perturbed", {{OPTION_PERTURBATION, "0.001"}}},
	{"samples10240", {{OPTION_TRAIN_SAMPLES, "10240"}, {OPTION_VALIDATION_SAMPLES, "1024"}}},
	{"samples5120", {{OPTION_TRAIN_SAMPLES, "5120"}, {OPTION_VALIDATION_SAMPLES, "1024"}}},
	/* Table 2 */
	{"size512", {{OPTION_M, "512"}, {OPTION_N, "1024"}, {OPTION_DICTIONARY_RANK, "0"}}},
	{"low-rank", {{OPTION_M, "250"}, {OPTION_N, "500"}, {OPTION_DICTIONARY_RANK, "200"}}},
};
/* clang-format on */
const size_t named_setting_count = sizeof named_settings / sizeof *named_settings;

clu_status named_setting_find(const char *name, const named_setting **found, clu_error *error)
{
	char known[400] = "";
	for (size_t i = 0; i < named_setting_count; i++) {
		if (strcmp(named_settings[i].name, name) == 0) {
			*found = &named_settings[i];
			return CLU_OK;
		}
		size_t used = strlen(known);
		snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", named_settings[i].name);
	}
	return clu_fail(error, CLU_ARGUMENT, "--setting %.80s: known are %s", name, known);
}

clu_status named_setting_apply(const named_setting *setting, settings *options, clu_error *error)
{
	for (size_t i = 0; setting->change[i].value; i++)
		CLU_TRY(settings_option(options, setting->change[i].option, setting->change[i].value, error));
	return CLU_OK;
}
