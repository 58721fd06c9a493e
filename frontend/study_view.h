/* study_view.h: a study at one moment, for those who watch it: trials, workers, the ranking (analysis.h), and what a person asks
 * next: how fast does it go, how long does it take, what is the best so far. */
#ifndef STUDY_VIEW_H
#define STUDY_VIEW_H

#include "analysis.h"
#include "store.h"

typedef struct study_view {
	trial *trials; /* all, or those that matter to a glance */
	size_t trial_count;
	uint64_t counts[4]; /* of all, indexed by trial_state */
	worker_info *workers;
	size_t worker_count;
	study_analysis *analysis;
	double left;            /* trials, a running one counting with what is left of it */
	double trials_per_hour; /* of all workers at work */
	double seconds_left;    /* NaN where it cannot be told */
} study_view;

clu_status study_view_load(store *study, uint32_t layers, study_view *view, clu_error *error);
/* The same without the trials that no line about the study needs: counts, speed, time left and the best are right, the ranking and
 * averages of view->analysis are not. */
clu_status study_view_glance(store *study, uint32_t layers, study_view *view, clu_error *error);
void study_view_release(study_view *view);

/* Whether the worker is starting or running. */
bool study_view_at_work(const worker_info *worker);
/* Trials an hour over all runs of the worker, those it is at counting with their progress; NaN before it has done anything. */
double study_view_rate(const study_view *view, const worker_info *worker);
/* Whether the trial is being trained by this worker. */
bool study_view_trains(const worker_info *worker, const trial *trial);

/* "-38.21 dB, 3.10 dB better than LISTA: trial 12 (0_0_1_…)"; "none yet". */
#define STUDY_VIEW_TEXT (CLU_ARCH_TEXT + 160)
void study_view_best(const study_view *view, char text[STUDY_VIEW_TEXT]);
/* Adds "best" to the object: null, or trial, arch, name, nmse_db, validation_nmse_db, gain_over_lista_db; NaN is printed as null.
 */
void study_view_best_json(const study_view *view, cJSON *json);

#endif
