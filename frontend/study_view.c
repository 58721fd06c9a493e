/* study_view.c: see study_view.h. Rates come from what workers have done in the time they were at work, interruptions excluded. */
#include "study_view.h"

#include "status.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool study_view_at_work(const worker_info *worker)
{
	return strcmp(worker->state, "starting") == 0 || strcmp(worker->state, "running") == 0;
}

bool study_view_trains(const worker_info *worker, const trial *t)
{
	return t->state == TRIAL_RUNNING && strcmp(t->worker, worker->worker) == 0 && strcmp(t->device, worker->device) == 0;
}

double study_view_rate(const study_view *view, const worker_info *worker)
{
	double done = (double)worker->trials_done;
	for (size_t i = 0; i < view->trial_count; i++)
		if (study_view_trains(worker, &view->trials[i])) done += view->trials[i].progress;
	return done > 0 && worker->busy_seconds > 0 ? done / worker->busy_seconds * 3600 : NAN;
}

static void foresee(study_view *view)
{
	view->left = (double)view->counts[TRIAL_QUEUED];
	for (size_t i = 0; i < view->trial_count; i++)
		if (view->trials[i].state == TRIAL_RUNNING) view->left += 1 - view->trials[i].progress;
	for (size_t i = 0; i < view->worker_count; i++) {
		double rate = study_view_at_work(&view->workers[i]) ? study_view_rate(view, &view->workers[i]) : NAN;
		if (isfinite(rate)) view->trials_per_hour += rate;
	}
	view->seconds_left = view->trials_per_hour > 0 ? view->left / view->trials_per_hour * 3600 : NAN;
}

/* What is left to do once the trials are read; a failure releases them. */
static clu_status complete(store *study, uint32_t layers, study_view *view, clu_error *error)
{
	clu_status status;
	CLU_GOTO(store_counts(study, view->counts, error));
	CLU_GOTO(store_workers(study, &view->workers, &view->worker_count, error));
	CLU_GOTO(analysis_create(layers, view->trials, view->trial_count, view->workers, view->worker_count, &view->analysis, error));
	foresee(view);

cleanup:
	if (status != CLU_OK) study_view_release(view);
	return status;
}

clu_status study_view_load(store *study, uint32_t layers, study_view *view, clu_error *error)
{
	memset(view, 0, sizeof *view);
	CLU_TRY(store_trials(study, &view->trials, &view->trial_count, error));
	return complete(study, layers, view, error);
}

clu_status study_view_glance(store *study, uint32_t layers, study_view *view, clu_error *error)
{
	clu_arch lista;
	char arch[CLU_ARCH_TEXT];
	memset(view, 0, sizeof *view);
	CLU_TRY(clu_arch_parse("LISTA", layers, &lista, error));
	clu_arch_print(&lista, arch);
	CLU_TRY(store_leaders(study, arch, &view->trials, &view->trial_count, error));
	return complete(study, layers, view, error);
}

void study_view_release(study_view *view)
{
	analysis_destroy(view->analysis);
	free(view->trials);
	free(view->workers);
	memset(view, 0, sizeof *view);
}

static const ranked_trial *best_of(const study_view *view)
{
	return view->analysis->ranked > 0 ? &view->analysis->entries[0] : NULL;
}

void study_view_best(const study_view *view, char text[STUDY_VIEW_TEXT])
{
	const ranked_trial *best = best_of(view);
	if (!best) {
		snprintf(text, STUDY_VIEW_TEXT, "none yet");
		return;
	}
	char gain[64] = "";
	double better = analysis_gain(view->analysis);
	if (isfinite(better) && better != 0)
		snprintf(gain, sizeof gain, ", %.2f dB %s LISTA", fabs(better), better > 0 ? "better than" : "worse than");
	const char *name = best->name;
	snprintf(text, STUDY_VIEW_TEXT, "%.2f dB%s: trial %lld (%s%s%s)", analysis_db(view->analysis, best), gain,
	    (long long)best->trial->number, name ? name : "", name ? ", " : "", best->trial->arch);
}

void study_view_best_json(const study_view *view, cJSON *json)
{
	const ranked_trial *best = best_of(view);
	if (!best) {
		cJSON_AddNullToObject(json, "best");
		return;
	}
	cJSON *object = cJSON_AddObjectToObject(json, "best");
	cJSON_AddNumberToObject(object, "trial", (double)best->trial->number);
	cJSON_AddStringToObject(object, "arch", best->trial->arch);
	if (best->name)
		cJSON_AddStringToObject(object, "name", best->name);
	else
		cJSON_AddNullToObject(object, "name");
	cJSON_AddNumberToObject(object, "nmse_db", best->trial->nmse_db);
	cJSON_AddNumberToObject(object, "validation_nmse_db", best->trial->validation_db);
	cJSON_AddNumberToObject(object, "gain_over_lista_db", analysis_gain(view->analysis));
}
