/* device_choice.h: from --device and --plan to devices that may get work. What was chosen, and why, is said on stderr.
 *
 * Where "all" meets several drivers of one physical device, the fastest of them is taken: their speed is measured once and kept
 * in $XDG_CACHE_HOME/clunroll/speeds, so that every process chooses alike. */
#ifndef DEVICE_CHOICE_H
#define DEVICE_CHOICE_H

#include "plan_choice.h"

typedef struct device_choice {
	clu_device_info *infos; /* every device there is */
	size_t count;
	size_t *chosen; /* indices into infos */
	size_t chosen_count;
} device_choice;

/* spec NULL: "all". CLU_NO_DEVICE where there is none (the message says how to get one) or none fits. */
clu_status device_choice_select(const char *spec, device_choice *choice, clu_error *error);
/* Every device there is, several drivers of one too. */
clu_status device_choice_every(device_choice *choice, clu_error *error);
void device_choice_release(device_choice *choice);

/* Opens a device with the plan that plan_choose finds and lets it pass its self-test. CLU_ARGUMENT: an imposed plan is none. */
clu_status device_choice_open_as(
    const clu_device_info *info, const plan_wish *wish, plan_choice *choice, clu_device **device, clu_error *error);
/* For commands that use one device: the first of the chosen that opens and passes. */
clu_status device_choice_open_one_as(
    const char *spec, const plan_wish *wish, plan_choice *plan, clu_device **device, clu_error *error);
/* The same with what --plan says alone: nothing is measured or looked up. */
clu_status device_choice_open(const clu_device_info *info, const char *plan_path, clu_device **device, clu_error *error);
clu_status device_choice_open_one(const char *spec, const char *plan_path, clu_device **device, clu_error *error);

/* Prints "2: NAME (DRIVER)" of the device into text. */
#define DEVICE_CHOICE_TEXT 320
void device_choice_describe(const clu_device_info *info, char text[DEVICE_CHOICE_TEXT]);

#endif
