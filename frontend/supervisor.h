/* supervisor.h: keeps worker processes going over one study. Drivers crash and hang: then one worker dies, its trials go back, and
 * the others go on; a seat whose workers get nowhere is retired.
 *
 * Workers get their own process group, so that Ctrl-C reaches the supervisor alone, and the read end of a pipe (--lifeline) that
 * ends when the supervisor does: at a second Ctrl-C, or a kill −9, they stop by themselves. */
#ifndef SUPERVISOR_H
#define SUPERVISOR_H

#include "store.h"

/* A place for one worker process. */
typedef struct supervisor_seat {
	char name[32];
	clu_device_info device;
} supervisor_seat;

typedef struct supervisor_options {
	const char *program; /* started as: program worker STUDY --run R --name NAME --device INDEX --lifeline FD, then arguments */
	const char *study_path;
	const char *const *arguments; /* ended by NULL */
	const supervisor_seat *seats;
	size_t seat_count;
	double start_limit;                            /* s, from start to readiness (builds, self-test, data) */
	double hang_limit;                             /* s without an optimiser step, validation or heartbeat */
	double stop_limit;                             /* s that a worker gets to save its work */
	double time_limit;                             /* s for all; 0: none */
	double restart_delay;                          /* s after a first failure, doubled with each in a row */
	const volatile int *stop;                      /* nonzero: stop */
	void (*tick)(void *context);                   /* some ten times a second */
	void (*note)(void *context, const char *text); /* something a person should know */
	void *context;
} supervisor_options;

/* Failures in a row, without a result or checkpoint, after which a seat is retired; and kills from outside, which are no fault of
 * the device, but would go on for ever where the machine has too little memory. */
enum { SUPERVISOR_FAILURES = 3, SUPERVISOR_KILLS = 10 };

typedef enum supervisor_end {
	SUPERVISOR_DONE,    /* no trial is left */
	SUPERVISOR_STOPPED, /* by *stop or time_limit: work is left */
	SUPERVISOR_RETIRED, /* work is left and every seat is retired */
	SUPERVISOR_UNFIT,   /* the same, and none had a device that passes its self-test and has room */
} supervisor_end;

/* Returns when all workers have ended. An error is the store's, or that no process could be started;
 * CLU_MISMATCH that a worker found other data than the study was begun with. */
clu_status supervise(store *study, const supervisor_options *options, supervisor_end *end, clu_error *error);

#endif
