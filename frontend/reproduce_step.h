/* reproduce_step.h: how long trainings will take, from a step that is measured at full depth under the plan that they would have. A
 * step of fewer layers counts by its operations, and validation as a third of a step for each batch. */
#ifndef REPRODUCE_STEP_H
#define REPRODUCE_STEP_H

#include "cost.h"
#include "device_choice.h"
#include "reproduce.h"

/* A step that was measured; trainings of one shape share it. Starts as {0}. */
typedef struct reproduce_step {
	cost_shape shape;
	double seconds;
	char device[DEVICE_CHOICE_TEXT];
} reproduce_step;

/* Steps of one training of these settings, and its time; measures where *step is of another shape. *exact is false where patience
 * decides: both are the least possible then. */
clu_status reproduce_step_foresee(const reproduce_job *job, const settings *settings, reproduce_step *step, uint64_t *steps,
    bool *exact, double *seconds, clu_error *error);

#endif
