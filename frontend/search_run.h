/* search_run.h: one search, from its command line's facts to the winner: the study is made, or opened and extended, then workers
 * run over it. The study is the only state: the same command again goes on. */
#ifndef SEARCH_RUN_H
#define SEARCH_RUN_H

#include "options.h"
#include "prefix_choice.h"

typedef struct settings_change {
	int option; /* of SETTINGS_LONG_OPTIONS */
	const char *value;
} settings_change;

typedef struct search_job {
	const char *study_path;
	const char *strategy, *space; /* NULL: the study's, or "random" and "gates" for a new one */
	settings_change *changes;     /* what the command line says about settings, in its order */
	size_t change_count;
	uint64_t trials;     /* 0: as many as the study has */
	const char *enqueue; /* names or notations with commas; NULL: none */
	const char *device_spec;
	uint32_t workers; /* a device */
	uint32_t lanes;   /* of a worker; 0: as many as suit its device */
	double time;      /* s; 0: no limit */
	double lease, checkpoint, hang;
	prefix_wish prefixes;
	const char *model_path; /* the winner's network goes there; NULL: nowhere */
	bool json, dry_run;
	bool quiet; /* the winner is not told */
} search_job;

/* Returns an exit code. */
int search_run(const search_job *job);

#endif
