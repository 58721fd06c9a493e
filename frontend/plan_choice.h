/* plan_choice.h: which plan a device is opened with: one that is imposed, one that must be gone on with, one that was measured, or
 * the built-in one; and when it is time to measure. What is measured, or lost, is said on stderr. */
#ifndef PLAN_CHOICE_H
#define PLAN_CHOICE_H

#include "plan_cache.h"

typedef enum plan_source { PLAN_BUILT_IN, PLAN_MEASURED, PLAN_IMPOSED, PLAN_PINNED } plan_source;

typedef struct plan_wish {
	/* --plan: a file, or "default" for the built-in plan; NULL: CLUNROLL_PLAN says it, or else what was measured is taken. */
	const char *imposed;
	plan_shape shape; /* of the networks in use; n 0: none, nothing is measured or looked up */
	/* What is to be done (dense-equivalent, see cost.h): where that takes the device some minutes, a plan that is not known is
	 * measured first. */
	double operations;
	bool again;     /* measures whatever is known, and says what it tries */
	double seconds; /* about how long measuring may take; 0: the usual 20 */
	/* A numeric key that results must keep, and the plan that had it; NULL: none. They count where the device still has that key
	 * under that plan. */
	const char *pinned_key, *pinned_plan;
	const volatile int *stop; /* measuring ends early when it becomes nonzero; NULL: never */
} plan_wish;

typedef struct plan_choice {
	clu_plan plan;
	plan_source source;
	uint32_t lanes;         /* that suit the device; 0: not known */
	measured_plan measured; /* where source is PLAN_MEASURED */
} plan_choice;

/* CLU_ARGUMENT where an imposed plan is none, CLU_FILE where it cannot be read. Measuring that fails leaves the built-in plan. */
clu_status plan_choose(const clu_device_info *info, const plan_wish *wish, plan_choice *choice, clu_error *error);
/* "built in", "measured 2026-11-24 in 14 s, 1.08 times the built-in plan's speed, at 250×500, …", "imposed", "the study's" */
#define PLAN_CHOICE_TEXT 200
void plan_choice_describe(const plan_choice *choice, char text[PLAN_CHOICE_TEXT]);
/* "built-in", "measured", "imposed", "pinned". */
const char *plan_source_name(plan_source source);

#endif
