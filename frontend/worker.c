/* worker.c: see worker.h. The loop: fill free lanes with claimed trials, train for about a second, commit lanes that finished,
 * report and checkpoint the others now and then. A lane whose trial has gone to another run is dropped.
 *
 * A result depends on the trial, the settings and the numeric key, never on this file: not on lanes, order, claims or kills. */
#include "worker.h"

#include "cost.h"
#include "device_choice.h"
#include "interrupt.h"
#include "message.h"
#include "model_record.h"
#include "options.h"
#include "prefix_choice.h"
#include "progress.h"
#include "pulse.h"
#include "settings_json.h"
#include "status.h"
#include "store.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const double slice_seconds = 1;  /* of training between two looks around */
static const double report_seconds = 3; /* between two reports of progress */
static const double idle_seconds = 0.5; /* between two looks for work when there is none */
/* Checkpoints of many lanes may take long: at most so much of the time, but none is put off longer than … */
static const double saving_share = 0.02;
static const double saving_delays = 10; /* … so many times what was asked for */
static const double grace_seconds = 20; /* to stop in when the supervisor is gone */

enum { LANES_CPU = 2, LANES_OTHER = 32 }; /* where it was not measured how many suit a device */

/* What trains on a lane. */
struct slot {
	bool busy;
	trial_claim trial;
	uint32_t layers_stored;
	double saved_at;
};

/* A lane that is reported. */
typedef struct told {
	clu_lane_progress lane;
	uint32_t slot;
} told;

struct worker {
	const worker_options *options;
	store *study;
	int64_t run;
	settings settings;
	char *data_hash; /* NULL: the data is generated */
	char dictionary_hash[SETTINGS_HASH_TEXT];
	cost_shape shape;
	clu_device *device;
	plan_choice plan;
	clu_prefixes *prefixes;
	clu_lanes *lanes;
	struct slot *slots;
	uint32_t slot_count;
	pulse *pulse;
	uint64_t looks;             /* for work, that it found none to do */
	double began_at, idle_time; /* of its work, by progress_clock; s without any */
	double report_at, claim_at; /* not before */
	double save_seconds;        /* that a checkpoint takes, the latest counting most */
	told *told;                 /* scratch, [slot_count]: the lanes that are reported together … */
	trial_report *reports;      /* … what of each … */
	bool *held;                 /* … and which were still this run's */
	bool store_failed;
	bool unfit; /* the device must get no work */
};

/* Notes whether a failure is the study's: that is another exit code. */
static clu_status from_store(struct worker *w, clu_status status)
{
	if (status != CLU_OK) w->store_failed = true;
	return status;
}

static void say(const struct worker *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A supervised worker keeps quiet: its supervisor tells the story. */
static void say(const struct worker *w, const char *format, ...)
{
	if (w->options->run) return;
	char text[512];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	report_note("%s", text);
}

/* ---- setting up ---- */

static clu_status load_settings(struct worker *w, clu_error *error)
{
	cJSON *study;
	CLU_TRY(from_store(w, store_settings(w->study, &study, error)));
	clu_status status = settings_from_json(cJSON_GetObjectItemCaseSensitive(study, "settings"), &w->settings, error);
	const cJSON *inner = cJSON_GetObjectItemCaseSensitive(study, "settings");
	const char *hash = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(inner, SETTINGS_HASH_KEY));
	if (hash) w->data_hash = strdup(hash);
	cJSON_Delete(study);
	if (status != CLU_OK) return from_store(w, status);
	const settings *s = &w->settings;
	w->shape = (cost_shape){s->problem.m, s->problem.n, s->layers, s->batch, 1};
	return CLU_OK;
}

static clu_status choose_lanes(struct worker *w, const clu_data *data, uint32_t *lanes, clu_error *error)
{
	const clu_device_info *info = w->options->device;
	*lanes = w->options->lanes;
	if (*lanes > 0) return CLU_OK;
	uint32_t wanted = w->plan.lanes ? w->plan.lanes : info->type == CLU_DEVICE_CPU ? LANES_CPU : LANES_OTHER;
	*lanes = clu_lanes_fit(info, clu_device_plan(w->device), data, w->settings.layers, w->settings.batch, wanted);
	if (*lanes > 0) return CLU_OK;
	uint64_t lane_bytes, shared_bytes;
	clu_lanes_bytes(info, clu_device_plan(w->device), data, w->settings.layers, w->settings.batch, &lane_bytes, &shared_bytes);
	return clu_fail(error, CLU_SIZE,
	    "not one training fits: it takes %" PRIu64 " MiB and the data %" PRIu64 " MiB of %" PRIu64 " MiB", lane_bytes >> 20,
	    shared_bytes >> 20, info->memory_bytes >> 20);
}

static clu_status check_data(const struct worker *w, const clu_data *data, clu_error *error)
{
	char hash[SETTINGS_HASH_TEXT];
	if (!w->data_hash) return CLU_OK;
	settings_print_hash(data, hash);
	if (strcmp(hash, w->data_hash) == 0) return CLU_OK;
	return clu_fail(error, CLU_MISMATCH,
	    "settings differ from the study's: " SETTINGS_HASH_KEY
	    ": \"%s\" here, \"%.40s\" there: the data files have changed since the study was begun",
	    hash, w->data_hash);
}

/* A cache that cannot be used costs time alone. */
static void open_prefixes(struct worker *w)
{
	clu_error error;
	if (prefix_choice_open(w->options->prefixes, &w->prefixes, &error) != CLU_OK)
		report_note("no trained prefixes are used: %s", error.message);
	clu_lanes_use_prefixes(w->lanes, w->prefixes);
}

static clu_status set_up_lanes(struct worker *w, clu_error *error)
{
	clu_data *data = NULL;
	clu_status status;
	CLU_GOTO(settings_data(&w->settings, &data, error));
	CLU_GOTO(check_data(w, data, error));
	settings_print_dictionary_hash(&w->settings, data, w->dictionary_hash);
	CLU_GOTO(choose_lanes(w, data, &w->slot_count, error));
	CLU_GOTO(clu_lanes_create(w->device, data, w->settings.layers, w->settings.batch, w->slot_count, &w->lanes, error));
	open_prefixes(w);
	w->slots = calloc(w->slot_count, sizeof *w->slots);
	w->told = calloc(w->slot_count, sizeof *w->told);
	w->reports = calloc(w->slot_count, sizeof *w->reports);
	w->held = calloc(w->slot_count, sizeof *w->held);
	if (!w->slots || !w->told || !w->reports || !w->held)
		status = clu_fail(error, CLU_MEMORY, "no memory for %u lanes", w->slot_count);

cleanup:
	clu_data_destroy(data);
	return status;
}

/* All runs on a device keep the numeric key of the study's first one there, whatever is measured meanwhile. */
static clu_status open_device(struct worker *w, clu_error *error)
{
	const worker_options *options = w->options;
	const cost_shape *shape = &w->shape;
	char key[CLU_KEY_TEXT], plan[CLU_PLAN_TEXT];
	uint64_t counts[4];
	bool pinned;
	CLU_TRY(from_store(w, store_counts(w->study, counts, error)));
	CLU_TRY(from_store(w, store_pin(w->study, options->device, key, plan, &pinned, error)));
	const double trials = (double)(counts[TRIAL_QUEUED] + counts[TRIAL_RUNNING]);
	const plan_wish wish = {.imposed = options->plan_path,
	    .shape = {shape->m, shape->n, shape->layers, shape->batch},
	    .operations = trials * cost_training(shape, &w->settings.recipe),
	    .pinned_key = pinned ? key : NULL,
	    .pinned_plan = pinned ? plan : NULL,
	    .stop = &interrupt_flag};
	return device_choice_open_as(options->device, &wish, &w->plan, &w->device, error);
}

static clu_status set_up(struct worker *w, clu_error *error)
{
	const worker_options *options = w->options;
	char plan[CLU_PLAN_TEXT];
	CLU_TRY(load_settings(w, error));
	if (w->run == 0) CLU_TRY(from_store(w, store_run_begin(w->study, options->name, options->device, &w->run, error)));
	pulse_options beat = {.path = options->study_path,
	    .run = w->run,
	    .lease_ms = (int64_t)(options->lease * 1000),
	    .hang_limit = options->hang_limit,
	    .lifeline = options->lifeline,
	    .grace = grace_seconds};
	CLU_TRY(from_store(w, pulse_start(&beat, &w->pulse, error)));
	clu_status status = open_device(w, error);
	if (status == CLU_OK && !interrupt_flag) status = set_up_lanes(w, error);
	w->unfit = status == CLU_SELF_TEST || status == CLU_SIZE;
	if (status != CLU_OK || interrupt_flag) return status;
	clu_plan_print(clu_device_plan(w->device), plan);
	return from_store(w, store_run_ready(w->study, w->run, clu_device_key(w->device), plan, w->slot_count, error));
}

/* ---- reports ---- */

static trial_report report_of(const struct worker *w, const struct slot *slot, const clu_lane_progress *lane)
{
	const clu_recipe *recipe = &w->settings.recipe;
	double whole = cost_training(&w->shape, recipe), left = cost_left(&w->shape, recipe, lane);
	return (trial_report){
	    .number = slot->trial.number,
	    .progress = whole > 0 && left < whole ? 1 - left / whole : 0,
	    .steps = lane->steps,
	    .reused = lane->reused_steps,
	    .layers = lane->layers_done,
	    .layers_stored = slot->layers_stored,
	    .record = lane->record,
	};
}

static void drop(struct worker *w, uint32_t i)
{
	clu_lane_clear(w->lanes, i);
	w->slots[i].busy = false;
}

static void drop_lost(struct worker *w, uint32_t i)
{
	report_note("trial %" PRId64 " has gone to another worker: this one was not heard of for too long", w->slots[i].trial.number);
	drop(w, i);
}

/* ---- claims ---- */

static clu_status fail_trial(struct worker *w, uint32_t i, const clu_lane_progress *lane, const char *message, clu_error *error)
{
	bool held;
	trial_report report = report_of(w, &w->slots[i], lane);
	CLU_TRY(from_store(w, store_failed(w->study, w->run, &report, message, &held, error)));
	say(w, "trial %" PRId64 " failed: %s", report.number, message);
	drop(w, i);
	return CLU_OK;
}

/* The trained model's metadata, as `train` writes it. The caller frees it with cJSON_free; NULL: out of memory. */
static char *print_record(const struct worker *w, const trial_claim *claim)
{
	cJSON *record = model_record(&w->settings, claim->arch, NULL, w->dictionary_hash, w->device);
	char *text = record ? cJSON_PrintUnformatted(record) : NULL;
	cJSON_Delete(record);
	return text;
}

/* From its checkpoint where there is one that serves, else from the beginning. */
static clu_status start_lane(struct worker *w, uint32_t i, const clu_training *training, clu_error *error)
{
	void *bytes;
	size_t size;
	int64_t number = w->slots[i].trial.number;
	CLU_TRY(from_store(w, store_checkpoint_load(w->study, number, clu_device_key(w->device), &bytes, &size, error)));
	if (!bytes) return clu_lane_start(w->lanes, i, training, error);
	clu_status status = clu_lane_resume(w->lanes, i, training, bytes, size, error);
	free(bytes);
	if (status != CLU_MISMATCH && status != CLU_FORMAT) return status;
	report_note("trial %" PRId64 " starts anew, its checkpoint does not serve: %s", number, error->message);
	return clu_lane_start(w->lanes, i, training, error);
}

static clu_status start_trial(struct worker *w, uint32_t i, const trial_claim *claim, clu_error *error)
{
	clu_training training = {.recipe = w->settings.recipe, .seed = w->settings.seed};
	w->slots[i] = (struct slot){.busy = true, .trial = *claim, .saved_at = progress_clock()};
	clu_error inner = {CLU_OK, ""};
	clu_status status = clu_arch_parse(claim->arch, w->settings.layers, &training.arch, &inner);
	if (status == CLU_OK) {
		char *record = print_record(w, claim);
		training.settings = record;
		status = record ? start_lane(w, i, &training, &inner) : clu_fail(&inner, CLU_MEMORY, "no memory for a model's metadata");
		cJSON_free(record);
	}
	clu_lane_progress lane = {.state = CLU_LANE_EMPTY};
	/* An argument is the trial's fault, anything else the device's or the study's. */
	if (status == CLU_ARGUMENT && !w->store_failed) return fail_trial(w, i, &lane, inner.message, error);
	if (status != CLU_OK) return clu_fail(error, status, "%s", inner.message);
	clu_lane_progress_get(w->lanes, i, &lane);
	say(w, "trial %" PRId64 " (%s) %s layer %u", claim->number, claim->name[0] ? claim->name : claim->arch,
	    lane.steps > lane.reused_steps ? "goes on at" : "begins at", lane.layer);
	return CLU_OK;
}

static uint32_t count_busy(const struct worker *w)
{
	uint32_t busy = 0;
	for (uint32_t i = 0; i < w->slot_count; i++) busy += w->slots[i].busy;
	return busy;
}

static clu_status fill(struct worker *w, clu_error *error)
{
	uint32_t wanted = w->slot_count - count_busy(w), count = 0;
	if (wanted == 0 || progress_clock() < w->claim_at) return CLU_OK;
	trial_claim *claims = calloc(wanted, sizeof *claims);
	if (!claims) return clu_fail(error, CLU_MEMORY, "no memory for %u claims", wanted);
	int64_t lease_ms = (int64_t)(w->options->lease * 1000);
	clu_status status = from_store(w, store_claim(w->study, w->run, wanted, lease_ms, claims, &count, error));
	if (count < wanted) w->claim_at = progress_clock() + idle_seconds;
	for (uint32_t i = 0, next = 0; status == CLU_OK && next < count; i++)
		if (!w->slots[i].busy) status = start_trial(w, i, &claims[next++], error);
	free(claims);
	return status;
}

/* ---- results ---- */

static clu_status commit(struct worker *w, uint32_t i, const clu_lane_progress *lane, clu_error *error)
{
	clu_model *model = NULL;
	void *bytes = NULL;
	size_t size = 0;
	bool held = true;
	clu_status status;
	trial_report report = report_of(w, &w->slots[i], lane);
	report.progress = 1;
	CLU_GOTO(clu_lane_model(w->lanes, i, &model, error));
	CLU_GOTO(clu_model_encode(model, &bytes, &size, error));
	CLU_GOTO(from_store(w, store_done(w->study, w->run, &report, bytes, size, &held, error)));
	if (held) {
		say(w, "trial %" PRId64 " is done: %.2f dB on the validation set", report.number,
		    lane->record[lane->layers_done - 1].validation.db);
		drop(w, i);
	} else {
		drop_lost(w, i);
	}

cleanup:
	free(bytes);
	clu_model_destroy(model);
	return status;
}

static clu_status save(struct worker *w, uint32_t i, const clu_lane_progress *lane, after_checkpoint then, clu_error *error)
{
	void *bytes;
	size_t size;
	bool held;
	struct slot *slot = &w->slots[i];
	trial_report report = report_of(w, slot, lane);
	const double begin = progress_clock();
	CLU_TRY(clu_lane_save(w->lanes, i, &bytes, &size, error));
	clu_status status =
	    from_store(w, store_checkpoint(w->study, w->run, &report, clu_device_key(w->device), bytes, size, then, &held, error));
	free(bytes);
	if (status != CLU_OK) return status;
	slot->layers_stored = report.layers;
	slot->saved_at = progress_clock();
	w->save_seconds = (w->save_seconds + slot->saved_at - begin) / 2;
	if (!held) drop_lost(w, i);
	return CLU_OK;
}

static double checkpoint_interval(const struct worker *w)
{
	const double asked = w->options->checkpoint, sparing = w->save_seconds * count_busy(w) / saving_share;
	return fmin(fmax(asked, sparing), saving_delays * asked);
}

/* Commits or checkpoints the lane where it is time for that, the latter `interval` seconds after the last; *trains becomes true
 * where it only trains on. */
static clu_status look_after(
    struct worker *w, uint32_t i, const clu_lane_progress *lane, double interval, bool *trains, clu_error *error)
{
	*trains = false;
	switch (lane->state) {
	case CLU_LANE_DONE: return commit(w, i, lane, error);
	case CLU_LANE_FAILED: return fail_trial(w, i, lane, lane->error.message, error);
	case CLU_LANE_EMPTY:
	case CLU_LANE_TRAINING: break;
	}
	if (progress_clock() - w->slots[i].saved_at >= interval) return save(w, i, lane, CHECKPOINT_KEEP, error);
	*trains = true;
	return CLU_OK;
}

/* Reports the first `count` of told in one transaction. */
static clu_status tell(struct worker *w, uint32_t count, clu_error *error)
{
	if (count == 0) return CLU_OK;
	for (uint32_t k = 0; k < count; k++) w->reports[k] = report_of(w, &w->slots[w->told[k].slot], &w->told[k].lane);
	CLU_TRY(from_store(w, store_progress(w->study, w->run, w->reports, count, w->held, error)));
	for (uint32_t k = 0; k < count; k++) {
		w->slots[w->told[k].slot].layers_stored = w->reports[k].layers;
		if (!w->held[k]) drop_lost(w, w->told[k].slot);
	}
	return CLU_OK;
}

static clu_status look_around(struct worker *w, clu_error *error)
{
	const bool due = progress_clock() >= w->report_at;
	const double interval = checkpoint_interval(w);
	uint32_t count = 0;
	if (due) w->report_at = progress_clock() + report_seconds;
	for (uint32_t i = 0; i < w->slot_count; i++) {
		told *next = &w->told[count];
		bool trains;
		if (!w->slots[i].busy) continue;
		*next = (told){.slot = i};
		clu_lane_progress_get(w->lanes, i, &next->lane);
		CLU_TRY(look_after(w, i, &next->lane, interval, &trains, error));
		count += trains && due;
	}
	CLU_TRY(tell(w, count, error));
	return from_store(w, pulse_check(w->pulse, error));
}

/* After a signal: results are committed, the rest is saved and queued again. */
static clu_status stop(struct worker *w, clu_error *error)
{
	CLU_TRY(look_around(w, error));
	for (uint32_t i = 0; i < w->slot_count; i++) {
		if (!w->slots[i].busy) continue;
		clu_lane_progress lane;
		clu_lane_progress_get(w->lanes, i, &lane);
		CLU_TRY(save(w, i, &lane, CHECKPOINT_RELEASE, error));
	}
	return CLU_OK;
}

/* ---- the loop ---- */

static clu_status work_left(struct worker *w, bool *left, clu_error *error)
{
	uint64_t counts[4];
	CLU_TRY(from_store(w, store_counts(w->study, counts, error)));
	*left = counts[TRIAL_QUEUED] + counts[TRIAL_RUNNING] > 0;
	return CLU_OK;
}

static void idle(struct worker *w)
{
	struct timespec pause = {.tv_nsec = (long)(idle_seconds * 1e9)};
	nanosleep(&pause, NULL);
	w->idle_time += idle_seconds;
}

/* The rest of its time are shuffles, validations, refills, checkpoints and the study's file. */
static void say_share(const struct worker *w)
{
	const double steps = clu_lanes_step_seconds(w->lanes), busy = progress_clock() - w->began_at - w->idle_time;
	say(w, "worker %s: %" PRIu64 " steps took %.1f of %.1f s, %.1f %%", w->options->name, clu_lanes_steps(w->lanes), steps, busy,
	    100 * steps / busy);
}

/* A worker that waits moves too: its looks count beside what its lanes do. */
static void tell_pulse(struct worker *w)
{
	pulse_tell(w->pulse, clu_lanes_steps(w->lanes), clu_lanes_beats(w->lanes) + w->looks);
}

/* While others still train, their trials may come back: a worker without work waits. */
static clu_status work(struct worker *w, clu_error *error)
{
	bool left = true;
	while (!interrupt_flag) {
		CLU_TRY(fill(w, error));
		if (count_busy(w) == 0) {
			CLU_TRY(work_left(w, &left, error));
			if (!left) return CLU_OK;
			CLU_TRY(from_store(w, pulse_check(w->pulse, error)));
			w->looks++;
			tell_pulse(w);
			idle(w);
			continue;
		}
		CLU_TRY(clu_lanes_run(w->lanes, slice_seconds, &interrupt_flag, error));
		tell_pulse(w);
		CLU_TRY(look_around(w, error));
	}
	return stop(w, error);
}

/* Says to the study how the run ended. A supervised run that failed only leaves its message: what becomes of its trials is for the
 * supervisor, which sees failures in a row. */
static int end(struct worker *w, clu_status status, const clu_error *error)
{
	const char *message = status == CLU_OK ? "" : error->message;
	clu_error ignored;
	if (status != CLU_OK) report_note("%s", message);
	if (!w->run || !w->study) return w->store_failed ? EXIT_STORE : EXIT_FAILED;
	if (status != CLU_OK && !w->unfit && w->options->run)
		store_run_message(w->study, w->run, message, &ignored);
	else
		store_run_end(w->study, w->run, w->unfit ? RUN_RETIRED : status == CLU_OK ? RUN_STOPPED : RUN_CRASHED, message, &ignored);
	if (w->store_failed) return EXIT_STORE;
	if (w->unfit) return EXIT_NO_DEVICE;
	if (status == CLU_MISMATCH) return EXIT_SETTINGS;
	if (status == CLU_ARGUMENT) return EXIT_USAGE;
	if (status != CLU_OK) return EXIT_FAILED;
	return interrupt_flag ? EXIT_STOPPED : EXIT_DONE;
}

int worker_run(const worker_options *options)
{
	struct worker w = {.options = options, .run = options->run};
	clu_error error;
	interrupt_install();
	clu_status status = from_store(&w, store_open(options->study_path, &w.study, &error));
	if (status == CLU_OK) status = set_up(&w, &error);
	if (status == CLU_OK && !interrupt_flag) {
		say(&w, "worker %s: %u lanes", options->name, w.slot_count);
		w.began_at = progress_clock();
		status = work(&w, &error);
		say_share(&w);
	}
	pulse_stop(w.pulse);
	int code = end(&w, status, &error);
	clu_lanes_destroy(w.lanes);
	clu_prefixes_destroy(w.prefixes);
	clu_device_destroy(w.device);
	free(w.slots);
	free(w.told);
	free(w.reports);
	free(w.held);
	settings_release(&w.settings);
	free(w.data_hash);
	store_close(w.study);
	return code;
}
