/* reproduce_step.h: how long trainings will take, from a step that is measured once for all networks of a shape. */
#ifndef REPRODUCE_STEP_H
#define REPRODUCE_STEP_H

#include "device_choice.h"
#include "forecast.h"
#include "reproduce.h"

/* A step that was measured; trainings of one shape share it. Starts as {0}. */
typedef struct reproduce_step {
	cost_shape shape;
	double seconds;
	char device[DEVICE_CHOICE_TEXT];
} reproduce_step;

/* What so many trainings of these settings take; measures where there are any, and *step is of another shape. */
clu_status reproduce_step_foresee(const reproduce_job *job, const settings *settings, uint64_t trainings, reproduce_step *step,
    forecast *foreseen, clu_error *error);

#endif
