/* plan_cache.h: measured plans, kept between runs in $XDG_CACHE_HOME/clunroll/plans (or ~/.cache/…), one file of text for each
 * device with its drivers and kernel sources, and shape of networks. One that is damaged, of another version or of another
 * device is as none, with a reason; one that cannot be written costs time, nothing else. */
#ifndef PLAN_CACHE_H
#define PLAN_CACHE_H

#include "clunroll.h"

typedef struct plan_shape {
	uint32_t m, n, layers, batch;
} plan_shape;

typedef struct measured_plan {
	plan_shape shape;
	int64_t measured_at; /* unix time, s */
	clu_tuning tuning;
} measured_plan;

/* CLU_FILE where none is kept, CLU_FORMAT where what is kept is not what was looked for: the message names file and reason. */
clu_status plan_cache_get(const clu_device_info *info, const plan_shape *shape, measured_plan *plan, clu_error *error);
/* CLU_FILE where it could not be kept. */
clu_status plan_cache_put(const clu_device_info *info, const measured_plan *plan, clu_error *error);
/* All plans that are kept of a device, in no order; the caller frees *plans with free(). Damaged files are left out. */
clu_status plan_cache_list(const clu_device_info *info, measured_plan **plans, size_t *count, clu_error *error);

/* Keeps other processes from measuring at the same time, until it is unlocked or the process ends. −1: there is no place to lock,
 * or *stop became nonzero while waiting; that is no reason not to measure. */
int plan_cache_lock(const volatile int *stop);
void plan_cache_unlock(int lock);

#endif
