/* store.h: a study in one SQLite file (WAL mode): settings, trials, curves, devices, checkpoints, best weights. All SQL of the
 * program is here. Several processes use one study at once; each opens its own store. */
#ifndef STORE_H
#define STORE_H

#include "clunroll.h"

#include <cjson/cJSON.h>

typedef struct store store;

typedef enum trial_state { TRIAL_QUEUED, TRIAL_RUNNING, TRIAL_DONE, TRIAL_FAILED } trial_state;

/* A trial as readers (status, report, analysis) see it. */
typedef struct trial {
	int64_t number;         /* from 0, the candidate's number in the trajectory */
	char arch[CLU_ARCH_TEXT];
	char name[32];          /* "LISTA" … when it was enqueued by name, else empty */
	trial_state state;
	double validation_db, nmse_db, nmse_ratio_db; /* of the last layer; valid when DONE */
	uint64_t steps;
	double seconds;         /* from claim to commit */
	char worker[64];        /* worker that has or had it */
	char device[128];       /* its device's name */
	char key[80];           /* numeric key */
	char error[512];        /* when FAILED */
	uint32_t layers;
	double layer_validation_db[CLU_LAYERS_MAX], layer_nmse_db[CLU_LAYERS_MAX];
	double progress;        /* share of its steps done, when RUNNING */
	int64_t finished_at;    /* unix time, ms; 0 when not DONE or FAILED */
} trial;

/* A worker as readers see it. */
typedef struct worker_info {
	char worker[64], device[128], driver[128], type[16], key[80], plan[CLU_PLAN_TEXT], state[16]; /* running, stopped, retired, lost */
	char message[512];      /* why it was retired */
	uint32_t lanes;
	int64_t pid, started_at, heartbeat_at; /* unix time, ms */
	uint64_t steps;         /* heartbeat's counter */
	uint64_t trials_done;
	double busy_seconds;    /* time between start and last heartbeat, all runs */
} worker_info;

/* Opens an existing study for reading and writing. CLU_FILE when it is not there, CLU_FORMAT when it is no study or one of
 * another version (the message says which version and what to do). */
clu_status store_open(const char *path, store **store, clu_error *error);
void store_close(store *store);
/* The study's settings, strategy and trial total as one JSON object (settings_to_json's under "settings"); caller deletes it. */
clu_status store_settings(store *store, cJSON **settings, clu_error *error);
/* All trials by number, all workers by start; the caller frees the array with free(). */
clu_status store_trials(store *store, trial **trials, size_t *count, clu_error *error);
clu_status store_workers(store *store, worker_info **workers, size_t *count, clu_error *error);

#endif
