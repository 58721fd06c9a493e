/* step_speed.h: how long an optimiser step at full depth takes on a device, measured under the plan that trainings would have
 * there: what a training's time is foretold from. */
#ifndef STEP_SPEED_H
#define STEP_SPEED_H

#include "device_choice.h"

typedef struct step_speed {
	double alone;       /* seconds of a step of one lane; 0: *wish->stop became nonzero */
	double among_lanes; /* of each lane's step among as many lanes as suit the device; 0: as `alone` */
} step_speed;

/* Takes what was measured with the plan, else measures. The wish and the choice are those that device_choice_open_as had and made;
 * that device must be closed again: measuring wants it for itself. */
clu_status step_speed_measure(
    const clu_device_info *info, const plan_wish *wish, const plan_choice *plan, step_speed *speed, clu_error *error);

#endif
