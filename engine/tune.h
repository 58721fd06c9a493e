/* tune.h: what clu_tune tries, for its test. */
#ifndef CLU_TUNE_H
#define CLU_TUNE_H

#include "status.h"

typedef enum plan_kind { KIND_HOST, KIND_GPU } plan_kind; /* one work-item a group, or many */

/* What a plan may be changed to; neighbours in the table with equal groups compete. */
typedef struct tune_variant {
	const char *group;
	plan_kind kind;
	uint32_t vector;    /* only for plans of vectors so wide; 0: any */
	const char *change; /* lines of a plan */
} tune_variant;

/* In the order of what they are worth, since time may run out; ended by a NULL group. */
extern const tune_variant tune_variants[];

#endif
