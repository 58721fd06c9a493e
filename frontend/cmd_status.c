/* cmd_status.c: `clunroll status`: how far a study is, who works on what, how fast, what is the best so far. It only reads: workers
 * do not notice it. */
#include "command.h"

#include "interrupt.h"
#include "message.h"
#include "options.h"
#include "settings_json.h"
#include "status.h"
#include "study_view.h"
#include "units.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char help[] = "Shows how far a study is: trials, workers and what they train, speed, time left, the best so far.\n\n"
                           "Usage: clunroll status STUDY [--watch] [--json]\n\n"
                           "  --watch         again every two seconds, until no trial is left or Ctrl-C\n"
                           "  --json          one JSON object, with --watch one a line\n"
                           "  --help          this text\n\n"
                           "Examples:\n"
                           "  clunroll status study.clu --watch\n"
                           "  clunroll status study.clu --json | jq .best\n";

/* ---- JSON ---- */

static void add_running_trials(cJSON *json, const study_view *view, const worker_info *worker)
{
	cJSON *trials = cJSON_AddArrayToObject(json, "trials");
	for (size_t i = 0; i < view->trial_count; i++) {
		const trial *t = &view->trials[i];
		if (!study_view_trains(worker, t)) continue;
		cJSON *item = cJSON_CreateObject();
		cJSON_AddNumberToObject(item, "number", (double)t->number);
		cJSON_AddStringToObject(item, "arch", t->arch);
		cJSON_AddStringToObject(item, "name", t->name);
		cJSON_AddNumberToObject(item, "layers_done", t->layers);
		cJSON_AddNumberToObject(item, "progress", t->progress);
		cJSON_AddItemToArray(trials, item);
	}
}

static void add_worker(cJSON *workers, const study_view *view, const worker_info *worker)
{
	cJSON *item = cJSON_CreateObject();
	cJSON_AddStringToObject(item, "worker", worker->worker);
	cJSON_AddStringToObject(item, "device", worker->device);
	cJSON_AddStringToObject(item, "driver", worker->driver);
	cJSON_AddStringToObject(item, "type", worker->type);
	cJSON_AddStringToObject(item, "key", worker->key);
	cJSON_AddStringToObject(item, "state", worker->state);
	cJSON_AddStringToObject(item, "message", worker->message);
	cJSON_AddNumberToObject(item, "pid", (double)worker->pid);
	cJSON_AddNumberToObject(item, "lanes", worker->lanes);
	cJSON_AddNumberToObject(item, "steps", (double)worker->steps);
	cJSON_AddNumberToObject(item, "trials_done", (double)worker->trials_done);
	cJSON_AddNumberToObject(item, "busy_seconds", worker->busy_seconds);
	cJSON_AddNumberToObject(item, "trials_per_hour", study_view_rate(view, worker));
	add_running_trials(item, view, worker);
	cJSON_AddItemToArray(workers, item);
}

static void print_json(const char *path, const study_view *view)
{
	cJSON *json = report_json_begin();
	const study_analysis *analysis = view->analysis;
	cJSON_AddStringToObject(json, "study", path);
	cJSON_AddNumberToObject(json, "queued", (double)analysis->queued);
	cJSON_AddNumberToObject(json, "running", (double)analysis->running);
	cJSON_AddNumberToObject(json, "done", (double)analysis->done);
	cJSON_AddNumberToObject(json, "failed", (double)analysis->failed);
	cJSON_AddNumberToObject(json, "steps", (double)analysis->steps);
	cJSON_AddNumberToObject(json, "steps_reused", (double)analysis->reused);
	cJSON_AddNumberToObject(json, "trials_per_hour", view->trials_per_hour);
	cJSON_AddNumberToObject(json, "seconds_left", view->seconds_left);
	study_view_best_json(view, json);
	cJSON *workers = cJSON_AddArrayToObject(json, "workers");
	for (size_t i = 0; i < view->worker_count; i++) add_worker(workers, view, &view->workers[i]);
	report_json(json);
}

/* ---- text ---- */

static void print_trial(const trial *t, uint32_t layers)
{
	uint32_t layer = t->layers < layers ? t->layers + 1 : layers;
	printf("    trial %-5lld layer %2u/%-2u %3.0f %%  ", (long long)t->number, layer, layers, 100 * t->progress);
	if (t->layers > 0) printf("%7.2f dB  ", t->layer_validation_db[t->layers - 1]);
	printf("%s%s%s\n", t->name, t->name[0] ? "  " : "", t->arch);
}

static void print_worker(const study_view *view, const worker_info *worker)
{
	char rate[32] = "-";
	double per_hour = study_view_rate(view, worker);
	if (isfinite(per_hour)) snprintf(rate, sizeof rate, "%.4g", per_hour);
	printf("%-10s %-9s %6llu %9s  %s (%s)\n", worker->worker, worker->state, (unsigned long long)worker->trials_done, rate,
	    worker->device, worker->driver);
	if (worker->message[0]) printf("    %s\n", worker->message);
	for (size_t i = 0; i < view->trial_count; i++)
		if (study_view_trains(worker, &view->trials[i])) print_trial(&view->trials[i], view->analysis->layers);
}

static void print_text(const char *path, const study_view *view)
{
	char best[STUDY_VIEW_TEXT], left[UNITS_TEXT] = "";
	const study_analysis *analysis = view->analysis;
	printf("%s: %zu of %zu trials done, %zu running, %zu queued, %zu failed\n", path, analysis->done, view->trial_count,
	    analysis->running, analysis->queued, analysis->failed);
	study_view_best(view, best);
	printf("best: %s\n", best);
	if (view->trials_per_hour > 0) {
		units_duration(view->seconds_left, left);
		printf("speed: %.4g trials/h, some %s left\n", view->trials_per_hour, left);
	}
	if (analysis->reused > 0)
		printf("prefixes: %llu of %llu steps of the trials done were made before, %.1f %%\n", (unsigned long long)analysis->reused,
		    (unsigned long long)analysis->steps, 100 * (double)analysis->reused / (double)analysis->steps);
	if (view->worker_count > 0) printf("\n%-10s %-9s %6s %9s  %s\n", "worker", "state", "done", "trials/h", "device");
	for (size_t i = 0; i < view->worker_count; i++) print_worker(view, &view->workers[i]);
	fflush(stdout);
}

/* ---- the command ---- */

static clu_status read_layers(store *study, uint32_t *layers, clu_error *error)
{
	cJSON *json;
	settings all;
	CLU_TRY(store_settings(study, &json, error));
	clu_status status = settings_from_json(cJSON_GetObjectItemCaseSensitive(json, "settings"), &all, error);
	cJSON_Delete(json);
	CLU_TRY(status);
	*layers = all.layers;
	settings_release(&all);
	return CLU_OK;
}

static void wait_two_seconds(void)
{
	for (int i = 0; i < 20 && !interrupt_flag; i++) nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
}

struct how {
	const char *path;
	bool watch, json;
};

static clu_status show(store *study, const struct how *how, clu_error *error)
{
	uint32_t layers;
	bool terminal = how->watch && !how->json && isatty(STDOUT_FILENO), left = true;
	CLU_TRY(read_layers(study, &layers, error));
	for (bool first = true;; first = false) {
		study_view view;
		CLU_TRY(study_view_load(study, layers, &view, error));
		if (terminal)
			fputs("\033[H\033[J", stdout); /* from the top of an empty screen */
		else if (!first && !how->json)
			putchar('\n');
		if (how->json)
			print_json(how->path, &view);
		else
			print_text(how->path, &view);
		left = view.analysis->queued + view.analysis->running > 0;
		study_view_release(&view);
		if (!how->watch || !left || interrupt_flag || ferror(stdout)) return CLU_OK;
		wait_two_seconds();
		if (interrupt_flag) return CLU_OK;
	}
}

int cmd_status(int argc, char **argv)
{
	static const struct option options[] = {
	    {"watch", no_argument, 0, 'w'}, {"json", no_argument, 0, 'j'}, {"help", no_argument, 0, 'h'}, {0}};
	struct how how = {0};
	for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
		switch (option) {
		case 'w': how.watch = true; break;
		case 'j': how.json = true; break;
		case 'h': fputs(help, stdout); return EXIT_DONE;
		default: return report_usage_hint();
		}
	}
	if (optind >= argc) return report_usage("STUDY is missing: the study to show");
	if (optind + 1 < argc) return report_usage("unexpected argument '%s'", argv[optind + 1]);
	how.path = argv[optind];
	store *study = NULL;
	clu_error error;
	if (how.watch) interrupt_install();
	clu_status status = store_open(how.path, &study, &error);
	if (status == CLU_OK) status = show(study, &how, &error);
	store_close(study);
	if (status == CLU_OK) return EXIT_DONE;
	report_error(&error);
	return EXIT_STORE;
}
