/* train_run.h: one training on one device from start or checkpoint to the finished model, as `clunroll train` was asked for it. */
#ifndef TRAIN_RUN_H
#define TRAIN_RUN_H

#include "options.h"

typedef struct train_job {
	const char *model_path;  /* M; NULL for a dry run that names none */
	const char *record_path; /* JSON lines by layer go into this file; NULL: the layers go to stdout */
	const char *device_spec; /* NULL: the first usable device */
	const char *plan_path;   /* NULL: the device's default */
	const char *prefixes;    /* directory of trained prefixes; NULL: none is used */
	const char *from_path;   /* of `from` */
	clu_model *from;         /* NULL: from nothing */
	clu_arch arch;
	settings settings; /* finished; layers are the architecture's */
	double checkpoint; /* s between checkpoints, most that a crash may lose; 0: 60 */
	bool json;
	bool force;     /* a finished model may be replaced */
	bool restart;   /* a checkpoint is discarded */
	bool *diverged; /* set where training came to a number that is not finite; NULL: the exit code is enough */
} train_job;

/* Trains, shows progress, keeps M.checkpoint, writes M. Returns the exit code; an interrupted training returns EXIT_STOPPED. */
int train_run(const train_job *job);
/* Says how many steps and operations the training has, and how long it would take on the device. */
int train_dry_run(const train_job *job);

#endif
