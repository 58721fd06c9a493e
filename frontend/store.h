/* store.h: a study in one SQLite file (WAL mode): settings, trials, curves, devices, checkpoints, best weights. All SQL of the
 * program is behind this face (store*.c). Several processes use one study at once; each thread opens its own store.
 *
 * A trial belongs to the worker run that claimed it until the run finishes or releases it, dies, or lets the lease run out;
 * whatever a run writes about a trial that it no longer holds is refused, so nothing is ever done twice. */
#ifndef STORE_H
#define STORE_H

#include "clunroll.h"

#include <cjson/cJSON.h>

typedef struct store store;

typedef enum trial_state { TRIAL_QUEUED, TRIAL_RUNNING, TRIAL_DONE, TRIAL_FAILED } trial_state;

/* A trial as readers (status, report, analysis) see it. */
typedef struct trial {
	int64_t number; /* from 0, the candidate's number in the trajectory */
	char arch[CLU_ARCH_TEXT];
	char name[32]; /* "LISTA" … when it was enqueued by name, else empty */
	trial_state state;
	double validation_db, nmse_db, nmse_ratio_db; /* of the last layer; valid when DONE */
	uint64_t steps;
	uint64_t reused;  /* of the steps: not made by this trial, which started at a trained prefix */
	double seconds;   /* from claim to commit */
	char worker[64];  /* worker that has or had it */
	char device[128]; /* its device's name */
	char key[80];     /* numeric key */
	char error[512];  /* when FAILED */
	uint32_t layers;
	double layer_validation_db[CLU_LAYERS_MAX], layer_nmse_db[CLU_LAYERS_MAX];
	double progress;     /* share of its steps done, when RUNNING */
	int64_t finished_at; /* unix time, ms; 0 when not DONE or FAILED */
} trial;

/* A worker as readers see it. */
typedef struct worker_info {
	/* state: starting (self-test, data; no trials yet), running, stopped, retired, lost (its process is gone, or
	 * was not heard of for a minute) */
	char worker[64], device[128], driver[128], type[16], key[80], plan[CLU_PLAN_TEXT], state[16];
	char message[512]; /* why it was retired */
	uint32_t lanes;
	int64_t pid, started_at, heartbeat_at; /* unix time, ms */
	uint64_t steps;                        /* optimiser steps of all its lanes, all runs */
	uint64_t trials_done;
	double busy_seconds; /* time between start and last heartbeat, all runs */
} worker_info;

/* Opens an existing study for reading and writing. CLU_FILE when it is not there, CLU_FORMAT when it is no study or one of
 * another version (the message says which version and what to do). */
clu_status store_open(const char *path, store **study, clu_error *error);
void store_close(store *study);
/* False for a file that is not there or has nothing in it: a study can be made there. */
clu_status store_exists(const char *path, bool *exists, clu_error *error);

/* ---- reading (store_read.c) ---- */

/* The study's settings, strategy and trial total as one JSON object (settings_to_json's under "settings"); caller deletes it. */
clu_status store_settings(store *study, cJSON **settings, clu_error *error);
/* All trials by number, all workers by start; the caller frees the array with free(). */
clu_status store_trials(store *study, trial **trials, size_t *count, clu_error *error);
clu_status store_workers(store *study, worker_info **workers, size_t *count, clu_error *error);
/* Of the trials only those that a line about the study is made from: the running ones, the best done one by the validation NMSE of
 * its last layer, and that of this architecture. A look every two seconds loads no more, however many trials there are. */
clu_status store_leaders(store *study, const char *arch, trial **trials, size_t *count, clu_error *error);
/* Numbers of trials, indexed by trial_state. */
clu_status store_counts(store *study, uint64_t counts[4], clu_error *error);
/* The encoded model of a trial (clu_model_decode); the caller frees it. *bytes NULL when the study does not keep it: it keeps
 * those of the best STORE_MODELS trials and of trials with a name. */
enum { STORE_MODELS = 10 };
clu_status store_model(store *study, int64_t number, void **bytes, size_t *size, clu_error *error);

/* Numeric key and plan of the study's first run on such a device whose key the device still has under that plan: what all later
 * runs on it have to keep. *found is false where there is none. */
clu_status store_pin(
    store *study, const clu_device_info *device, char key[CLU_KEY_TEXT], char plan[CLU_PLAN_TEXT], bool *found, clu_error *error);

/* ---- making and extending a study (store.c) ---- */

/* Candidate `index` of the trajectory as text; `attempt` counts on when that architecture is in the study already. */
typedef clu_status candidate_source(
    const void *context, uint64_t index, uint32_t attempt, char text[CLU_ARCH_TEXT], clu_error *error);

typedef struct study_entry {
	char arch[CLU_ARCH_TEXT];
	char name[32]; /* may be empty */
} study_entry;

typedef struct study_request {
	const cJSON *settings;
	const char *strategy, *space;
	uint64_t total;             /* trials of the study, enqueued ones included */
	const study_entry *enqueue; /* these come before the candidates; those already present are skipped */
	size_t enqueue_count;
	candidate_source *source;
	const void *context;
} study_request;

/* Makes a study with its trials in one transaction: a reader sees all of it or none. An empty file is taken for no study yet.
 * CLU_MISMATCH when there is a study already. CLU_ARGUMENT when the space has fewer architectures than wanted. */
clu_status store_create(const char *path, const study_request *request, store **study, clu_error *error);
/* Appends trials until there are request->total (fewer than there are: no change). *added: how many. */
clu_status store_extend(store *study, const study_request *request, uint64_t *added, clu_error *error);

/* ---- workers, leases, results (store_lease.c) ---- */

/* Adds a run of the worker `name` on a device, in state "starting". *run identifies it from now on. */
clu_status store_run_begin(store *study, const char *name, const clu_device_info *device, int64_t *run, clu_error *error);
/* The process that works as this run; a supervisor calls it for the worker that it has started. */
clu_status store_run_process(store *study, int64_t run, int64_t pid, clu_error *error);
/* The run passed its self-test and takes trials: state "running". */
clu_status store_run_ready(store *study, int64_t run, const char *key, const char *plan, uint32_t lanes, clu_error *error);

/* Notes what the run is about to fail with; store_run_end writes over it. */
clu_status store_run_message(store *study, int64_t run, const char *message, clu_error *error);

typedef enum run_end {
	RUN_STOPPED, /* in order; trials it still holds are queued again */
	RUN_RETIRED, /* its device gets no more work */
	RUN_LOST,    /* died from outside (kill, machine): its trials are queued again */
	RUN_CRASHED, /* died or hung by itself: the same, and counted against its trials; with TRIAL_DEATHS they FAIL */
} run_end;
/* Without a checkpoint in between. */
enum { TRIAL_DEATHS = 3 };
/* Ends a run. Calling it again for an ended run only returns trials that it might still hold. */
clu_status store_run_end(store *study, int64_t run, run_end how, const char *message, clu_error *error);
/* Ends as RUN_LOST all unfinished runs of this machine whose process is gone: what a killed supervisor left behind. */
clu_status store_runs_sweep(store *study, clu_error *error);

typedef struct run_status {
	char state[16], message[512];
	int64_t heartbeat_at;
	uint64_t steps;
	uint64_t beats;    /* what moves while it works: steps, validations, looks for work */
	uint64_t held;     /* trials it holds */
	uint64_t advances; /* results and checkpoints that it has stored */
} run_status;
clu_status store_run_status(store *study, int64_t run, run_status *status, clu_error *error);

/* Says that the run lives, how far it is, and renews the leases of all its trials; lease_ms 0 leaves them to run out. */
clu_status store_heartbeat(store *study, int64_t run, uint64_t steps, uint64_t beats, int64_t lease_ms, clu_error *error);

typedef struct trial_claim {
	int64_t number;
	char arch[CLU_ARCH_TEXT];
	char name[32];
} trial_claim;
/* Claims up to `wanted` trials, lowest numbers first, and not more than brings the run to its share of what is unfinished. Trials
 * whose lease ran out are queued again first; those with a checkpoint of another numeric key are taken late, and last of all, one
 * by one and beside no other, those that a worker has died of: so none of their neighbours is blamed. claims: room for `wanted`.
 */
clu_status store_claim(
    store *study, int64_t run, uint32_t wanted, int64_t lease_ms, trial_claim *claims, uint32_t *count, clu_error *error);

/* What a run knows about a trial it holds. */
typedef struct trial_report {
	int64_t number;
	double progress; /* share of its steps done */
	uint64_t steps;
	uint64_t reused;                /* of the steps: made by another training */
	uint32_t layers;                /* records known … */
	uint32_t layers_stored;         /* … of which the first are in the study already */
	const clu_layer_record *record; /* [layers] */
} trial_report;
/* Each sets *held to false, and changes nothing, where the run no longer holds the trial. */
clu_status store_progress(store *study, int64_t run, const trial_report *reports, uint32_t count, bool *held, clu_error *error);
clu_status store_done(
    store *study, int64_t run, const trial_report *report, const void *model, size_t size, bool *held, clu_error *error);
clu_status store_failed(store *study, int64_t run, const trial_report *report, const char *message, bool *held, clu_error *error);

typedef enum after_checkpoint { CHECKPOINT_KEEP, CHECKPOINT_RELEASE } after_checkpoint;
/* Stores a checkpoint in place of an earlier one, and with CHECKPOINT_RELEASE queues the trial again. */
clu_status store_checkpoint(store *study, int64_t run, const trial_report *report, const char *key, const void *bytes, size_t size,
    after_checkpoint then, bool *held, clu_error *error);
/* The trial's checkpoint where it is of this key, otherwise *bytes NULL. The caller frees it. */
clu_status store_checkpoint_load(store *study, int64_t number, const char *key, void **bytes, size_t *size, clu_error *error);

#endif
