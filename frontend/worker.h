/* worker.h: one device's process in a search: claims trials from the study, trains them on lanes, commits what comes out. What it
 * holds survives its death: leases run out, checkpoints stay. */
#ifndef WORKER_H
#define WORKER_H

#include "clunroll.h"

typedef struct worker_options {
	const char *study_path;
	const char *name;
	int64_t run; /* that the supervisor has begun for it; 0: begins its own, and says on stderr what it does */
	const clu_device_info *device;
	const char *plan_path; /* NULL: the device's own plan */
	const char *prefixes;  /* directory of trained prefixes; NULL: none is used */
	uint32_t lanes;        /* 0: as many as suit the device and fit it */
	double lease;          /* s */
	double checkpoint;     /* s between checkpoints of a lane */
	double hang_limit;     /* s without a step or validation after which its trials are left to others; 0: never */
	int lifeline;          /* see pulse.h; −1: none */
} worker_options;

/* Works until no trial is left (EXIT_DONE) or a signal comes (EXIT_STOPPED). EXIT_STORE: the study failed. EXIT_SETTINGS:
 * the data files are not those that the study was begun with. EXIT_NO_DEVICE: the
 * device failed its self-test or nothing fits it; it is retired. EXIT_USAGE: the plan is none. EXIT_FAILED: anything else; the
 * run's message says what. */
int worker_run(const worker_options *options);

#endif
