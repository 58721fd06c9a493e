/* train_run.c: see train_run.h. The order of the set-up is that of what it costs a person to wait for it: whether M can be
 * written, the device, the data, then the first checkpoint, which finds a full disk before hours of work and not after.
 *
 * A training is resumed where its settings agree with the checkpoint's; where it ran (device, driver) is for the engine to judge,
 * by the numeric key. */
#include "train_run.h"

#include "checkpoint.h"
#include "device_choice.h"
#include "forecast.h"
#include "interrupt.h"
#include "message.h"
#include "model_record.h"
#include "path.h"
#include "prefix_choice.h"
#include "progress.h"
#include "settings_json.h"
#include "status.h"
#include "step_speed.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const double slice_seconds = 0.5; /* at most, between two looks at progress and interrupts */
static const double checkpoint_seconds = 60.0;

struct run {
	const train_job *job;
	char *checkpoint_path;
	checkpoint found; /* what to go on from; no bytes: nothing */
	double interval;  /* s between checkpoints */
	double checkpoint_at;
	bool checkpoint_failed; /* the last one, which has been said */
	cJSON *record;          /* the model's metadata */
	char *record_text;
	clu_device *device;
	plan_choice plan;
	clu_prefixes *prefixes;
	clu_lanes *lanes;
	progress progress;
	uint32_t layers_printed;
};

static cost_shape shape_of(const train_job *job)
{
	const settings *given = &job->settings;
	cost_shape shape = {given->problem.m, given->problem.n, job->arch.layers, given->batch, job->from ? job->arch.layers : 1};
	return shape;
}

/* ---- before training ---- */

static clu_status check_output(const train_job *job, clu_error *error)
{
	const char *path = job->model_path;
	struct stat about;
	if (stat(path, &about) == 0 && S_ISREG(about.st_mode) && !job->force)
		return clu_fail(
		    error, CLU_FILE, "%s: exists already; --force trains anew and replaces it once the new model is finished", path);
	const char *input = settings_input(&job->settings, path);
	if (input) return clu_fail(error, CLU_ARGUMENT, "%s is the file of %s: give -o another", path, input);
	return path_check_writable(path, error);
}

static clu_status make_records(struct run *run, const clu_data *data, clu_error *error)
{
	const train_job *job = run->job;
	char arch[CLU_ARCH_TEXT], dictionary[SETTINGS_HASH_TEXT];
	settings_print_dictionary_hash(&job->settings, data, dictionary);
	clu_arch_print(&job->arch, arch);
	run->record = model_record(&job->settings, arch, job->from_path, dictionary, run->device);
	run->record_text = cJSON_PrintUnformatted(run->record);
	return run->record_text ? CLU_OK : clu_fail(error, CLU_MEMORY, "out of memory");
}

/* CLU_MISMATCH, naming what differs, unless the checkpoint was made under the settings of now. */
static clu_status compare_settings(const struct run *run, const cJSON *saved, clu_error *error)
{
	cJSON *here = model_record_settings(run->record), *there = model_record_settings(saved);
	char *difference = settings_difference(here, there);
	cJSON_Delete(here);
	cJSON_Delete(there);
	clu_status status = CLU_OK;
	if (!difference)
		status = clu_fail(error, CLU_MEMORY, "out of memory");
	else if (difference[0])
		status = clu_fail(error, CLU_MISMATCH,
		    "%.200s was made with other settings (%.400s): use those, or discard it: --restart, or remove it", run->checkpoint_path,
		    difference);
	free(difference);
	return status;
}

static clu_status find_checkpoint(struct run *run, clu_error *error)
{
	clu_error inner;
	if (run->job->restart || !checkpoint_exists(run->checkpoint_path)) return CLU_OK;
	const clu_status status = checkpoint_read(run->checkpoint_path, &run->found, &inner);
	if (status != CLU_OK) return clu_fail(error, status, "%.700s; to discard it: --restart, or remove it", inner.message);
	return CLU_OK;
}

static const char *found_text(const struct run *run, const char *key)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(run->found.settings, key));
}

static plan_wish wish_of(const train_job *job)
{
	const cost_shape shape = shape_of(job);
	return (plan_wish){.imposed = job->plan_path,
	    .shape = {shape.m, shape.n, shape.layers, shape.batch},
	    .operations = cost_training(&shape, &job->settings.recipe),
	    .stop = &interrupt_flag};
}

/* A training goes on under its checkpoint's numeric key. */
static clu_status open_device(struct run *run, clu_error *error)
{
	plan_wish wish = wish_of(run->job);
	wish.pinned_key = found_text(run, "key");
	wish.pinned_plan = found_text(run, "plan");
	return device_choice_open_one_as(run->job->device_spec, &wish, &run->plan, &run->device, error);
}

static clu_status resume(struct run *run, const clu_training *training, clu_error *error)
{
	clu_error inner;
	checkpoint *found = &run->found;
	CLU_TRY(compare_settings(run, found->settings, error));
	const clu_status status = clu_lane_resume(run->lanes, 0, training, found->bytes, found->size, &inner);
	if (status != CLU_OK) {
		const char *device = found_text(run, "device"), *driver = found_text(run, "driver");
		return clu_fail(error, status, "%.200s, made on %.100s with driver %.60s: %.250s; to discard it: --restart, or remove it",
		    run->checkpoint_path, device ? device : "an unknown device", driver ? driver : "unknown", inner.message);
	}
	clu_lane_progress lane;
	clu_lane_progress_get(run->lanes, 0, &lane);
	if (found->fault) {
		report_note("%s; the one before it serves", found->fault);
		checkpoint_step_back(run->checkpoint_path);
	}
	report_note("going on from %s: layer %u/%u, %" PRIu64 " steps done", run->checkpoint_path, lane.layer, run->job->arch.layers,
	    lane.steps);
	checkpoint_release(found);
	return CLU_OK;
}

static clu_status save_checkpoint(struct run *run, clu_error *error)
{
	void *bytes = NULL;
	size_t size = 0;
	CLU_TRY(clu_lane_save(run->lanes, 0, &bytes, &size, error));
	clu_status status = checkpoint_write(run->checkpoint_path, run->record, bytes, size, error);
	free(bytes);
	run->checkpoint_at = progress_clock();
	return status;
}

/* From the checkpoint when there is one, else from the deepest trained prefix, else from the beginning. */
static clu_status start(struct run *run, clu_error *error)
{
	const train_job *job = run->job;
	clu_training training = {
	    .arch = job->arch,
	    .recipe = job->settings.recipe,
	    .seed = job->settings.seed,
	    .from = job->from,
	    .settings = run->record_text,
	};
	if (run->found.bytes) {
		CLU_TRY(resume(run, &training, error));
		return save_checkpoint(run, error);
	}
	if (job->restart) checkpoint_remove(run->checkpoint_path);
	clu_lane_progress lane;
	CLU_TRY(clu_lane_start(run->lanes, 0, &training, error));
	clu_lane_progress_get(run->lanes, 0, &lane);
	if (lane.reused_steps)
		report_note("%u of %u layers are in %s already: %" PRIu64 " steps less", lane.layers_done, job->arch.layers, job->prefixes,
		    lane.reused_steps);
	return lane.state == CLU_LANE_TRAINING ? save_checkpoint(run, error) : CLU_OK;
}

static clu_status set_up(struct run *run, clu_error *error)
{
	const train_job *job = run->job;
	clu_data *data = NULL;
	clu_status status;
	run->checkpoint_path = checkpoint_path(job->model_path);
	if (!run->checkpoint_path) return clu_fail(error, CLU_MEMORY, "out of memory");
	CLU_TRY(check_output(job, error));
	CLU_TRY(find_checkpoint(run, error));
	CLU_TRY(prefix_choice_open(job->prefixes, &run->prefixes, error));
	CLU_TRY(open_device(run, error));
	CLU_TRY(settings_data(&job->settings, &data, error));
	CLU_GOTO(make_records(run, data, error));
	CLU_GOTO(clu_lanes_create(run->device, data, job->arch.layers, job->settings.batch, 1, &run->lanes, error));
	clu_lanes_use_prefixes(run->lanes, run->prefixes);
	CLU_GOTO(start(run, error));

cleanup:
	clu_data_destroy(data);
	return status;
}

/* ---- while training ---- */

static cJSON *layer_json(uint32_t layer, const clu_layer_record *record)
{
	cJSON *json = report_json_begin();
	cJSON_AddNumberToObject(json, "layer", layer);
	cJSON_AddNumberToObject(json, "nmse_db", record->test.db);
	cJSON_AddNumberToObject(json, "nmse_ratio_db", record->test.ratio_db);
	cJSON_AddNumberToObject(json, "validation_nmse_db", record->validation.db);
	cJSON_AddNumberToObject(json, "steps", (double)record->steps);
	cJSON_AddNumberToObject(json, "seconds", record->seconds);
	return json;
}

/* The whole record anew, all layers so far. */
static clu_status write_record(const train_job *job, const clu_lane_progress *lane, clu_error *error)
{
	const uint32_t first_layer = shape_of(job).first_layer;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	for (uint32_t i = 0; out && i < lane->layers_done; i++) {
		cJSON *json = layer_json(first_layer + i, &lane->record[i]);
		char *line = cJSON_PrintUnformatted(json);
		fprintf(out, "%s\n", line ? line : "");
		cJSON_free(line);
		cJSON_Delete(json);
	}
	clu_status status = CLU_OK;
	if (!out || fclose(out) != 0)
		status = clu_fail(error, CLU_MEMORY, "%s: out of memory", job->record_path);
	else
		status = clu_file_replace(job->record_path, text, size, error);
	free(text);
	return status;
}

/* A number of dB, or a dash where there is no test set. */
static void format_db(double db, char text[16])
{
	if (isnan(db))
		snprintf(text, 16, "-");
	else
		snprintf(text, 16, "%.3f", db);
}

static void print_layer_row(uint32_t layer, const clu_layer_record *record)
{
	char db[16], ratio_db[16], validation_db[16];
	format_db(record->test.db, db);
	format_db(record->test.ratio_db, ratio_db);
	format_db(record->validation.db, validation_db);
	printf("%5u  %9s  %14s  %15s  %9" PRIu64 "  %9.1f\n", layer, db, ratio_db, validation_db, record->steps, record->seconds);
	fflush(stdout);
}

static void print_layers(struct run *run, const clu_lane_progress *lane)
{
	if (run->layers_printed == lane->layers_done) return;
	progress_clear(&run->progress);
	if (run->job->record_path) {
		clu_error error; /* which is no reason to end a training: finish writes it once more */
		if (write_record(run->job, lane, &error) != CLU_OK) report_note("no record now, training goes on: %s", error.message);
		run->layers_printed = lane->layers_done;
		return;
	}
	if (run->layers_printed == 0 && !run->job->json)
		printf("%5s  %9s  %14s  %15s  %9s  %9s\n", "layer", "NMSE dB", "ratio NMSE dB", "validation dB", "steps", "seconds");
	uint32_t first_layer = shape_of(run->job).first_layer; /* the records are those of the layers that were trained */
	for (; run->layers_printed < lane->layers_done; run->layers_printed++) {
		uint32_t layer = first_layer + run->layers_printed;
		const clu_layer_record *record = &lane->record[run->layers_printed];
		if (run->job->json)
			report_json(layer_json(layer, record));
		else
			print_layer_row(layer, record);
	}
}

/* What could not be written costs what was trained since the last checkpoint. */
static int report_failure(const struct run *run, const clu_error *error)
{
	const int code = report_error(error);
	if (checkpoint_exists(run->checkpoint_path)) report_note("the same command goes on from %s", run->checkpoint_path);
	return code;
}

static int stop(struct run *run, const clu_lane_progress *lane)
{
	clu_error error;
	progress_clear(&run->progress);
	if (save_checkpoint(run, &error) != CLU_OK) return report_failure(run, &error);
	report_note("stopped at layer %u/%u after %" PRIu64 " steps; the same command goes on from %s", lane->layer,
	    run->job->arch.layers, lane->steps, run->checkpoint_path);
	return EXIT_STOPPED;
}

/* A full disk has room for the model where the older checkpoint was, which is four times as large. */
static clu_status save_model(const struct run *run, const clu_model *model, clu_error *error)
{
	const clu_status status = clu_model_save(model, run->job->model_path, error);
	if (status != CLU_FILE || !checkpoint_remove_previous(run->checkpoint_path)) return status;
	return clu_model_save(model, run->job->model_path, error);
}

/* It was not there when this training began. */
static clu_status check_not_taken(const train_job *job, clu_error *error)
{
	struct stat about;
	if (job->force || stat(job->model_path, &about) != 0) return CLU_OK;
	return clu_fail(error, CLU_FILE, "%s: something was written there meanwhile; move it away", job->model_path);
}

static int finish(struct run *run, const clu_lane_progress *lane)
{
	const train_job *job = run->job;
	clu_model *model = NULL;
	clu_error error;
	clu_status status;
	CLU_GOTO(check_not_taken(job, &error));
	if (job->record_path) CLU_GOTO(write_record(job, lane, &error));
	CLU_GOTO(clu_lane_model(run->lanes, 0, &model, &error));
	CLU_GOTO(save_model(run, model, &error));
	report_note("%s written after %" PRIu64 " steps", job->model_path, lane->steps - lane->reused_steps);
	if (ferror(stdout))
		report_note("not all layers could be printed; the same command with --force prints them, and has little to train again");
	else
		checkpoint_remove(run->checkpoint_path);

cleanup:
	clu_model_destroy(model);
	return status == CLU_OK ? EXIT_DONE : report_failure(run, &error);
}

/* A checkpoint in the middle that cannot be written is no reason to throw the training away: the next one may succeed. */
static void keep_checkpoint(struct run *run, bool layer_ended)
{
	if (!layer_ended && progress_clock() - run->checkpoint_at < run->interval) return;
	clu_error error;
	const bool failed = save_checkpoint(run, &error) != CLU_OK;
	if (failed == run->checkpoint_failed) return;
	run->checkpoint_failed = failed;
	progress_clear(&run->progress);
	if (failed)
		report_note("no checkpoint now, training goes on: %s", error.message);
	else
		report_note("there are checkpoints again");
}

static int train(struct run *run)
{
	const double slice = fmin(slice_seconds, run->interval);
	clu_lane_progress lane;
	clu_error error;
	for (;;) {
		clu_lane_progress_get(run->lanes, 0, &lane);
		bool layer_ended = lane.layers_done > run->layers_printed;
		print_layers(run, &lane);
		if (lane.state == CLU_LANE_DONE) return finish(run, &lane);
		if (lane.state == CLU_LANE_FAILED) {
			if (run->job->diverged) *run->job->diverged = lane.error.status == CLU_NUMERIC;
			progress_clear(&run->progress);
			return report_error(&lane.error);
		}
		if (interrupt_flag) return stop(run, &lane);
		keep_checkpoint(run, layer_ended);
		progress_update(&run->progress, progress_clock(), &lane);
		if (clu_lanes_run(run->lanes, slice, &interrupt_flag, &error) != CLU_OK) {
			progress_clear(&run->progress);
			return report_error(&error);
		}
	}
}

int train_run(const train_job *job)
{
	struct run run = {.job = job, .interval = job->checkpoint > 0 ? job->checkpoint : checkpoint_seconds};
	clu_error error;
	int code;
	interrupt_install();
	clu_status status = set_up(&run, &error);
	if (status != CLU_OK) {
		code = report_error(&error);
	} else {
		cost_shape shape = shape_of(job);
		progress_begin(&run.progress, stderr, isatty(STDERR_FILENO), &shape, &job->settings.recipe);
		code = train(&run);
	}
	clu_lanes_destroy(run.lanes);
	clu_prefixes_destroy(run.prefixes);
	clu_device_destroy(run.device);
	cJSON_free(run.record_text);
	cJSON_Delete(run.record);
	checkpoint_release(&run.found);
	free(run.checkpoint_path);
	return code;
}

/* ---- instead of training ---- */

static void print_forecast_json(const train_job *job, const clu_device_info *info, const forecast *f)
{
	char arch[CLU_ARCH_TEXT];
	clu_arch_print(&job->arch, arch);
	cJSON *json = report_json_begin();
	cJSON_AddStringToObject(json, "arch", arch);
	forecast_json(f, json);
	cJSON_AddStringToObject(json, "device", info->name);
	report_json(json);
}

static void print_forecast(const train_job *job, const clu_device_info *info, const forecast *f)
{
	char arch[CLU_ARCH_TEXT], device[DEVICE_CHOICE_TEXT];
	clu_arch_print(&job->arch, arch);
	device_choice_describe(info, device);
	const char *name = clu_arch_name(&job->arch);
	printf("architecture   %s%s%s\n", name ? name : "", name ? ", " : "", arch);
	printf("device         %s\n", device);
	forecast_print(f);
}

int train_dry_run(const train_job *job)
{
	const settings *settings = &job->settings;
	const cost_shape shape = shape_of(job);
	const plan_wish wish = wish_of(job);
	plan_choice plan;
	clu_device *device;
	step_speed speed;
	clu_error error;
	clu_status status;
	interrupt_install();
	if (job->model_path) CLU_GOTO(check_output(job, &error));
	CLU_GOTO(device_choice_open_one_as(job->device_spec, &wish, &plan, &device, &error));
	const clu_device_info info = *clu_device_about(device);
	clu_device_destroy(device);
	CLU_GOTO(step_speed_measure(&info, &wish, &plan, &speed, &error));
	if (interrupt_flag) return EXIT_STOPPED;
	const forecast f = forecast_make(&shape, &settings->recipe, settings->problem.validation, 1, 1 / speed.alone);
	if (job->json)
		print_forecast_json(job, &info, &f);
	else
		print_forecast(job, &info, &f);

cleanup:
	return status == CLU_OK ? EXIT_DONE : report_error(&error);
}
