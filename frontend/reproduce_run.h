/* reproduce_run.h: makes a table of the study again: trains what is missing, evaluates, writes. */
#ifndef REPRODUCE_RUN_H
#define REPRODUCE_RUN_H

#include "reproduce.h"

/* Row by row: trains the networks that are not in DIRECTORY/models, evaluates all, scores classical solvers, and replaces the files
 * of the unfinished table with all rows so far, those of the table itself at its end. Interrupted, it returns EXIT_STOPPED, and
 * the same job goes on. Prints the table on stdout. */
int reproduce_run(const reproduce_job *job);
/* Says which networks are missing, and how many steps and hours they would take on the device. */
int reproduce_dry_run(const reproduce_job *job);

#endif
