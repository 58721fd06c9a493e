/* progress.h: how a training is shown on stderr: one line that is written over on a terminal, else a plain line now and then.
 * The clock is the caller's, so that tests decide what time it is. */
#ifndef PROGRESS_H
#define PROGRESS_H

#include "cost.h"

#include <stdio.h>

typedef struct progress_mark {
	double time; /* s */
	uint64_t steps;
	double cost_left;
} progress_mark;

typedef struct progress {
	FILE *out;
	bool terminal; /* write over the line */
	cost_shape shape;
	const clu_recipe *recipe;
	bool exact;             /* the recipe fixes all lengths, so that the time left is no lower bound */
	progress_mark marks[2]; /* rates are those since marks[0], which lies 10 to 20 s back */
	double printed_at;
	bool started, visible;
} progress;

/* Seconds between plain lines. */
#define PROGRESS_INTERVAL 30.0

/* The recipe must outlive the progress. */
void progress_begin(progress *progress, FILE *out, bool terminal, const cost_shape *shape, const clu_recipe *recipe);
void progress_update(progress *progress, double now, const clu_lane_progress *lane);
/* Takes the line off the terminal, so that something else can be printed there; the next update brings it back. */
void progress_clear(progress *progress);
/* Seconds since some fixed moment, never going back. */
double progress_clock(void);

#endif
