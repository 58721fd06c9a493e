/* pulse.h: a worker's second thread. It says every few seconds that the worker lives, which renews its leases while the main thread
 * is deep in a driver, but no longer than a driver may take: a worker that does not move loses its trials. And it watches the
 * lifeline: a pipe whose other end only the supervisor holds, so that a worker never outlives it, however it died. */
#ifndef PULSE_H
#define PULSE_H

#include "store.h"

typedef struct pulse pulse;

typedef struct pulse_options {
	const char *path; /* of the study; the thread opens its own store */
	int64_t run;
	int64_t lease_ms;
	double hang_limit; /* s that the beats may stand still before leases are left to run out; 0: for ever */
	int lifeline;      /* at its end of file the process gets a SIGTERM; −1: none */
	double grace;      /* s until the process ends at once, where the SIGTERM had no effect: it hangs in its driver */
} pulse_options;

clu_status pulse_start(const pulse_options *options, pulse **out, clu_error *error);
/* Tells how many optimiser steps are done, and the count that moves as long as the worker does; the next beat carries both. */
void pulse_tell(pulse *p, uint64_t steps, uint64_t beats);
/* CLU_OK, or what the latest beat failed with. */
clu_status pulse_check(pulse *p, clu_error *error);
/* A last beat, and the end of the thread. NULL is fine. */
void pulse_stop(pulse *p);

#endif
