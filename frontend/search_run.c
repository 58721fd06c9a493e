/* search_run.c: see search_run.h. What can be found wrong is found before anything is written: settings, names, the size of the
 * space, devices, then the study. */
#include "search_run.h"

#include "cost.h"
#include "device_choice.h"
#include "forecast.h"
#include "interrupt.h"
#include "linux.h"
#include "message.h"
#include "path.h"
#include "progress.h"
#include "sampler_random.h"
#include "settings_json.h"
#include "status.h"
#include "step_speed.h"
#include "study_view.h"
#include "supervisor.h"
#include "units.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const double start_limit = 300; /* s for builds, self-test and data of a worker */
static const double stop_limit = 60;
static const double restart_delay = 0.5;
static const double line_interval = 30;    /* s between progress lines in a log where nothing ends, … */
static const double least_interval = 10;   /* … and where trials do */
static const double terminal_interval = 2; /* s between looks, and between changes of the line on a terminal */

struct search {
	const search_job *job;
	bool exists; /* the study was there before */
	store *study;
	settings settings;
	bool has_settings;
	cJSON *record; /* of the settings */
	char *strategy;
	char *prefixes; /* directory; NULL: none is used */
	sampler_space space;
	study_entry *entries; /* enqueued */
	size_t entry_count;
	uint64_t present; /* trials in the study so far */
	uint64_t total;   /* trials wanted */
	device_choice devices;
	/* progress lines */
	bool terminal, line_shown;
	double looked_at, shown_at;
	uint64_t ended;
};

/* ---- settings ---- */

/* A copy of what the study says under this key; NULL where it says nothing. */
static char *copy_text(const cJSON *json, const char *key)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, key));
	return text ? strdup(text) : NULL;
}

/* What the command line says must be what the study says; what it leaves open is the study's. */
static clu_status agree(struct search *s, const cJSON *study, clu_error *error)
{
	const search_job *job = s->job;
	const cJSON *theirs = cJSON_GetObjectItemCaseSensitive(study, "settings");
	const char *space = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(study, "space"));
	if (job->strategy && strcmp(job->strategy, s->strategy) != 0)
		return clu_fail(
		    error, CLU_MISMATCH, "settings differ from the study's: strategy: %s here, %s there", job->strategy, s->strategy);
	if (job->space && space && strcmp(job->space, space) != 0)
		return clu_fail(error, CLU_MISMATCH, "settings differ from the study's: space: %s here, %s there", job->space, space);
	char *difference = settings_difference(s->record, theirs);
	clu_status status = CLU_OK;
	if (!difference)
		status = clu_fail(error, CLU_MEMORY, "no memory to compare settings");
	else if (difference[0])
		status = clu_fail(error, CLU_MISMATCH,
		    "settings differ from the study's: %.500s. Leave them out to go on, or use another study", difference);
	free(difference);
	return status;
}

/* Under the names of own files may lie other data than when the study was begun: results must not be mixed. */
static clu_status add_data_hash(struct search *s, clu_error *error)
{
	clu_data *data;
	char hash[SETTINGS_HASH_TEXT];
	CLU_TRY(settings_data(&s->settings, &data, error));
	settings_print_hash(data, hash);
	clu_data_destroy(data);
	cJSON_AddStringToObject(s->record, SETTINGS_HASH_KEY, hash);
	return CLU_OK;
}

static clu_status apply_changes(struct search *s, clu_error *error)
{
	for (size_t i = 0; i < s->job->change_count; i++)
		CLU_TRY(settings_option(&s->settings, s->job->changes[i].option, s->job->changes[i].value, error));
	CLU_TRY(settings_finish(&s->settings, error));
	CLU_TRY(clu_recipe_check(&s->settings.recipe, 1, s->settings.layers, error));
	s->record = settings_to_json(&s->settings);
	if (!s->record) return clu_fail(error, CLU_MEMORY, "no memory for the settings");
	return settings_have_files(&s->settings) ? add_data_hash(s, error) : CLU_OK;
}

static clu_status new_settings(struct search *s, clu_error *error)
{
	const search_job *job = s->job;
	CLU_TRY(settings_default(&s->settings, "fast", error));
	s->has_settings = true;
	s->strategy = strdup(job->strategy ? job->strategy : "random");
	CLU_TRY(sampler_space_parse(job->space ? job->space : "gates", &s->space, error));
	return apply_changes(s, error);
}

static clu_status study_settings(struct search *s, const cJSON *study, clu_error *error)
{
	const char *space = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(study, "space"));
	s->strategy = copy_text(study, "strategy");
	if (!s->strategy || !space) return clu_fail(error, CLU_FORMAT, "study %s has no strategy", s->job->study_path);
	CLU_TRY(sampler_space_parse(space, &s->space, error));
	CLU_TRY(settings_from_json(cJSON_GetObjectItemCaseSensitive(study, "settings"), &s->settings, error));
	s->has_settings = true;
	CLU_TRY(apply_changes(s, error));
	return agree(s, study, error);
}

/* ---- trials ---- */

static clu_status draw_candidate(const void *context, uint64_t index, uint32_t attempt, char text[CLU_ARCH_TEXT], clu_error *error)
{
	const struct search *s = context;
	clu_arch arch;
	(void)error;
	sampler_random(s->settings.seed, s->space, s->settings.layers, index, attempt, &arch);
	clu_arch_print(&arch, text);
	return CLU_OK;
}

static clu_status read_entry(struct search *s, const char *text, clu_error *error)
{
	clu_arch arch;
	study_entry *entry = &s->entries[s->entry_count];
	CLU_TRY(clu_arch_parse(text, s->settings.layers, &arch, error));
	clu_arch_print(&arch, entry->arch);
	const char *name = clu_arch_name(&arch);
	snprintf(entry->name, sizeof entry->name, "%s", name ? name : "");
	s->entry_count++;
	return CLU_OK;
}

static clu_status read_entries(struct search *s, clu_error *error)
{
	if (!s->job->enqueue) return CLU_OK;
	size_t most = 1;
	for (const char *c = s->job->enqueue; *c; c++) most += *c == ',';
	char *list = strdup(s->job->enqueue), *rest = list;
	s->entries = calloc(most, sizeof *s->entries);
	clu_status status = list && s->entries ? CLU_OK : clu_fail(error, CLU_MEMORY, "no memory for --enqueue");
	while (status == CLU_OK && rest) {
		char *comma = strchr(rest, ','), *text = rest;
		if (comma) *comma = '\0';
		rest = comma ? comma + 1 : NULL;
		status = read_entry(s, text, error);
	}
	free(list);
	return status;
}

/* The trajectory draws each architecture once, so it cannot be longer than the space is large. */
static clu_status check_total(const struct search *s, clu_error *error)
{
	double size = sampler_space_size(s->space, s->settings.layers);
	if (s->total == 0) return clu_fail(error, CLU_ARGUMENT, "--trials is missing: how many architectures to train");
	if (s->total < s->entry_count && !s->exists)
		return clu_fail(
		    error, CLU_ARGUMENT, "--trials %" PRIu64 " is less than the %zu architectures of --enqueue", s->total, s->entry_count);
	if ((double)s->total > size + (double)s->entry_count && s->total > s->present)
		return clu_fail(error, CLU_ARGUMENT, "--trials %" PRIu64 ": the space \"%s\" has only %.0f architectures of %u layers",
		    s->total, sampler_space_name(s->space), size, s->settings.layers);
	return CLU_OK;
}

/* ---- the study ---- */

static clu_status read_study(struct search *s, clu_error *error)
{
	cJSON *study;
	CLU_TRY(store_settings(s->study, &study, error));
	s->present = (uint64_t)cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(study, "trials"));
	clu_status status = study_settings(s, study, error);
	cJSON_Delete(study);
	return status;
}

/* Makes the study, or brings it up to what is asked for. */
static clu_status write_study(struct search *s, clu_error *error)
{
	uint64_t added = s->total;
	study_request request = {.settings = s->record,
	    .strategy = s->strategy,
	    .space = sampler_space_name(s->space),
	    .total = s->total,
	    .enqueue = s->entries,
	    .enqueue_count = s->entry_count,
	    .source = draw_candidate,
	    .context = s};
	if (s->exists)
		CLU_TRY(store_extend(s->study, &request, &added, error));
	else
		CLU_TRY(store_create(s->job->study_path, &request, &s->study, error));
	if (added > 0)
		report_note(
		    "%s %s: %" PRIu64 " trials%s", s->exists ? "study" : "new study", s->job->study_path, added, s->exists ? " more" : "");
	return CLU_OK;
}

/* ---- progress ---- */

static void clear_line(struct search *s)
{
	if (s->line_shown) fputs("\r\033[K", stderr);
	s->line_shown = false;
}

static void show_note(void *context, const char *text)
{
	clear_line(context);
	report_note("%s", text);
}

static void show_line(struct search *s, const study_view *view)
{
	char best[STUDY_VIEW_TEXT], left[UNITS_TEXT] = "";
	uint64_t done = view->counts[TRIAL_DONE], failures = view->counts[TRIAL_FAILED];
	study_view_best(view, best);
	if (isfinite(view->seconds_left) && view->left > 0) units_duration(view->seconds_left, left);
	char failed[32] = "", speed[32] = "", line[STUDY_VIEW_TEXT + 128];
	if (failures > 0) snprintf(failed, sizeof failed, ", %" PRIu64 " failed", failures);
	if (view->trials_per_hour > 0) snprintf(speed, sizeof speed, ", %.3g trials/h", view->trials_per_hour);
	snprintf(line, sizeof line, "%" PRIu64 "/%" PRIu64 " trials%s%s%s%s; best %s", done, s->total, failed, speed,
	    left[0] ? ", some " : "", left, best);
	clear_line(s);
	/* On a terminal it must not wrap, or it could not be written over. */
	fprintf(stderr, "%.*s%s", s->terminal ? 79 : (int)sizeof line, line, s->terminal ? "" : "\n");
	s->line_shown = s->terminal;
	fflush(stderr);
}

static void show_progress(void *context)
{
	struct search *s = context;
	clu_error error;
	uint64_t counts[4];
	study_view view;
	double now = progress_clock();
	if (now - s->looked_at < terminal_interval) return;
	s->looked_at = now;
	if (store_counts(s->study, counts, &error) != CLU_OK) return; /* the supervisor meets the same trouble and says so */
	uint64_t ended = counts[TRIAL_DONE] + counts[TRIAL_FAILED];
	if (!s->terminal && now - s->shown_at < (ended == s->ended ? line_interval : least_interval)) return;
	if (study_view_glance(s->study, s->settings.layers, &view, &error) != CLU_OK) return;
	show_line(s, &view);
	study_view_release(&view);
	s->ended = ended;
	s->shown_at = now;
}

/* ---- the winner ---- */

/* A search is a failure where no network can be ranked, whether a model was asked for or not. */
static bool has_winner(const study_view *view)
{
	return view->analysis->ranked > 0;
}

static clu_status write_model(const struct search *s, const study_view *view, clu_error *error)
{
	if (!s->job->model_path || !has_winner(view)) return CLU_OK;
	void *bytes;
	size_t size;
	CLU_TRY(store_model(s->study, view->analysis->entries[0].trial->number, &bytes, &size, error));
	if (!bytes) return clu_fail(error, CLU_FORMAT, "the study has not kept the network of its best trial");
	clu_status status = clu_file_replace(s->job->model_path, bytes, size, error);
	if (status == CLU_OK) report_note("%s written: the best network", s->job->model_path);
	free(bytes);
	return status;
}

static void print_winner(const struct search *s, const study_view *view)
{
	const study_analysis *analysis = view->analysis;
	if (s->job->json) {
		cJSON *json = report_json_begin();
		cJSON_AddStringToObject(json, "study", s->job->study_path);
		cJSON_AddNumberToObject(json, "queued", (double)analysis->queued);
		cJSON_AddNumberToObject(json, "done", (double)analysis->done);
		cJSON_AddNumberToObject(json, "failed", (double)analysis->failed);
		study_view_best_json(view, json);
		report_json(json);
		return;
	}
	char best[STUDY_VIEW_TEXT];
	study_view_best(view, best);
	printf("best of %zu trials: %s; study: %s\n", analysis->done, best, s->job->study_path);
}

static int conclude(struct search *s)
{
	int code = EXIT_DONE;
	study_view view;
	clu_error error;
	if (study_view_load(s->study, s->settings.layers, &view, &error) != CLU_OK) {
		report_error(&error);
		return EXIT_STORE;
	}
	if (!s->job->quiet) print_winner(s, &view);
	if (view.analysis->failed > 0)
		report_note("%zu trials failed; 'clunroll report %s' says why", view.analysis->failed, s->job->study_path);
	if (!has_winner(&view)) {
		report_note("no network came out of it%s%s", s->job->model_path ? ", so there is none to write to " : "",
		    s->job->model_path ? s->job->model_path : "");
		code = EXIT_FAILED;
	}
	if (write_model(s, &view, &error) != CLU_OK) code = report_error(&error);
	study_view_release(&view);
	return code;
}

/* ---- running ---- */

static clu_status make_seats(const struct search *s, supervisor_seat **seats, size_t *count, clu_error *error)
{
	uint32_t workers = s->job->workers;
	*count = 0;
	*seats = calloc(s->devices.chosen_count * workers, sizeof **seats);
	if (!*seats) return clu_fail(error, CLU_MEMORY, "no memory for the workers");
	for (size_t i = 0; i < s->devices.chosen_count; i++) {
		char text[DEVICE_CHOICE_TEXT];
		const clu_device_info *device = &s->devices.infos[s->devices.chosen[i]];
		device_choice_describe(device, text);
		report_note("device %s", text);
		for (uint32_t w = 0; w < workers; w++) {
			supervisor_seat *seat = &(*seats)[(*count)++];
			seat->device = *device;
			if (workers > 1)
				snprintf(seat->name, sizeof seat->name, "d%u.%u", device->index, w);
			else
				snprintf(seat->name, sizeof seat->name, "d%u", device->index);
		}
	}
	return CLU_OK;
}

static clu_status run_workers(struct search *s, supervisor_end *end, clu_error *error)
{
	char program[4096], lanes[16], lease[32], checkpoint[32], hang[32];
	supervisor_seat *seats;
	size_t count;
	linux_program_path(program, sizeof program);
	snprintf(lease, sizeof lease, "%.3fs", s->job->lease);
	snprintf(checkpoint, sizeof checkpoint, "%.3fs", s->job->checkpoint);
	snprintf(hang, sizeof hang, "%.3fs", s->job->hang);
	snprintf(lanes, sizeof lanes, "%u", s->job->lanes);
	const char *arguments[12] = {"--lease", lease, "--checkpoint", checkpoint, "--hang-timeout", hang};
	const char **more = arguments + 6;
	*more++ = s->prefixes ? "--prefixes" : "--no-prefixes";
	if (s->prefixes) *more++ = s->prefixes;
	if (s->job->lanes) *more++ = "--lanes", *more++ = lanes;
	CLU_TRY(make_seats(s, &seats, &count, error));
	supervisor_options options = {.program = program,
	    .study_path = s->job->study_path,
	    .arguments = arguments,
	    .seats = seats,
	    .seat_count = count,
	    .start_limit = start_limit,
	    .hang_limit = s->job->hang,
	    .stop_limit = stop_limit,
	    .time_limit = s->job->time,
	    .restart_delay = restart_delay,
	    .stop = &interrupt_flag,
	    .tick = show_progress,
	    .note = show_note,
	    .context = s};
	s->terminal = isatty(STDERR_FILENO);
	s->looked_at = s->shown_at = progress_clock();
	clu_status status = supervise(s->study, &options, end, error);
	clear_line(s);
	free(seats);
	return status;
}

static int finish(struct search *s, supervisor_end end)
{
	uint64_t counts[4];
	clu_error error;
	switch (end) {
	case SUPERVISOR_DONE: return conclude(s);
	case SUPERVISOR_RETIRED: report_note("no device is left that works; trials remain"); return EXIT_FAILED;
	case SUPERVISOR_UNFIT: report_note("no device is fit for work; trials remain"); return EXIT_NO_DEVICE;
	case SUPERVISOR_STOPPED: break;
	}
	if (store_counts(s->study, counts, &error) == CLU_OK)
		report_note("stopped with %" PRIu64 " of %" PRIu64 " trials done; the same command goes on", counts[TRIAL_DONE],
		    counts[TRIAL_DONE] + counts[TRIAL_FAILED] + counts[TRIAL_QUEUED] + counts[TRIAL_RUNNING]);
	return EXIT_STOPPED;
}

/* ---- instead of running ---- */

static cost_shape shape_of(const struct search *s)
{
	const settings *all = &s->settings;
	return (cost_shape){all->problem.m, all->problem.n, all->layers, all->batch, 1};
}

/* Steps of all layers a second that its worker would make, which takes as many lanes as suit the device. */
static clu_status measure(const struct search *s, const clu_device_info *info, uint64_t trials, double *rate, clu_error *error)
{
	const settings *all = &s->settings;
	const cost_shape shape = shape_of(s);
	const plan_wish wish = {.shape = {shape.m, shape.n, shape.layers, shape.batch},
	    .operations = (double)trials * cost_training(&shape, &all->recipe),
	    .stop = &interrupt_flag};
	plan_choice plan;
	clu_device *device;
	step_speed speed;
	CLU_TRY(device_choice_open_as(info, &wish, &plan, &device, error));
	clu_device_destroy(device);
	CLU_TRY(step_speed_measure(info, &wish, &plan, &speed, error));
	*rate = 1 / (speed.among_lanes > 0 && s->job->lanes != 1 ? speed.among_lanes : speed.alone);
	return CLU_OK;
}

static void print_forecast(const struct search *s, uint64_t trials, const forecast *f)
{
	printf("study          %s, %s\n", s->job->study_path, s->exists ? "goes on" : "new");
	printf("trials         %" PRIu64 " to train, of %" PRIu64 "\n", trials, s->total);
	forecast_print(f);
}

static void print_forecast_json(const struct search *s, uint64_t trials, const forecast *f)
{
	cJSON *json = report_json_begin();
	cJSON_AddStringToObject(json, "study", s->job->study_path);
	cJSON_AddNumberToObject(json, "trials", (double)trials);
	forecast_json(f, json);
	report_json(json);
}

static int dry_run(const struct search *s, uint64_t trials)
{
	const settings *all = &s->settings;
	const cost_shape shape = shape_of(s);
	double steps_per_second = 0;
	interrupt_install();
	for (size_t i = 0; i < s->devices.chosen_count; i++) {
		double rate = 0;
		clu_error error;
		char text[DEVICE_CHOICE_TEXT];
		const clu_device_info *info = &s->devices.infos[s->devices.chosen[i]];
		device_choice_describe(info, text);
		const clu_status status = measure(s, info, trials, &rate, &error);
		if (interrupt_flag) return EXIT_STOPPED;
		if (status == CLU_OK)
			report_note("device %s: %.4g steps of all layers a second", text, rate);
		else
			report_note("device %s gets no work: %s", text, error.message);
		steps_per_second += rate;
	}
	if (steps_per_second == 0) return EXIT_NO_DEVICE;
	const forecast f = forecast_make(&shape, &all->recipe, all->problem.validation, trials, steps_per_second);
	if (s->job->json)
		print_forecast_json(s, trials, &f);
	else
		print_forecast(s, trials, &f);
	return EXIT_DONE;
}

/* ---- the whole ---- */

/* What an earlier search wrote may be replaced, nothing else. */
static clu_status check_replaced(const char *path, clu_error *error)
{
	struct stat about;
	clu_model *model;
	if (stat(path, &about) != 0 || about.st_size == 0) return CLU_OK;
	if (clu_model_load(path, &model, NULL) != CLU_OK)
		return clu_fail(error, CLU_ARGUMENT, "%.300s exists and is no network: give --model another file", path);
	clu_model_destroy(model);
	return CLU_OK;
}

static clu_status check_model(const search_job *job, clu_error *error)
{
	if (!job->model_path) return CLU_OK;
	if (path_same_place(job->study_path, job->model_path))
		return clu_fail(
		    error, CLU_ARGUMENT, "the model would overwrite the study %.300s; give --model another file", job->study_path);
	CLU_TRY(path_check_writable(job->model_path, error));
	return check_replaced(job->model_path, error);
}

/* Everything that is wrong with the command line, the study or the machine, before anything is written. */
static int prepare(struct search *s)
{
	const search_job *job = s->job;
	clu_error error;
	if (check_model(job, &error) != CLU_OK) return report_error(&error);
	clu_status status = prefix_choice_directory(&job->prefixes, job->study_path, &s->prefixes, &error);
	if (status == CLU_ARGUMENT) return report_usage("%s", error.message);
	if (status == CLU_OK) status = store_exists(job->study_path, &s->exists, &error);
	if (status == CLU_OK && s->exists) status = store_open(job->study_path, &s->study, &error);
	if (status != CLU_OK) {
		report_error(&error);
		return EXIT_STORE;
	}
	status = s->exists ? read_study(s, &error) : new_settings(s, &error);
	if (status == CLU_OK) status = read_entries(s, &error);
	s->total = job->trials > s->present ? job->trials : s->present;
	if (status == CLU_OK) status = check_total(s, &error);
	if (status == CLU_ARGUMENT) return report_usage("%s", error.message);
	return status == CLU_OK ? EXIT_DONE : report_error(&error);
}

/* Trials that this command adds or finds unfinished. */
static clu_status count_work(struct search *s, uint64_t *work, clu_error *error)
{
	uint64_t counts[4] = {0};
	if (s->study) CLU_TRY(store_counts(s->study, counts, error));
	*work = counts[TRIAL_QUEUED] + counts[TRIAL_RUNNING] + (s->job->dry_run ? s->total - s->present : 0);
	return CLU_OK;
}

/* Now, and once, what each worker would find out for itself. */
static clu_status check_prefixes(const struct search *s, clu_error *error)
{
	clu_prefixes *prefixes;
	clu_error inner;
	clu_status status = prefix_choice_open(s->prefixes, &prefixes, &inner);
	clu_prefixes_destroy(prefixes);
	if (status == CLU_OK) return CLU_OK;
	return clu_fail(error, status, "%s: --prefixes names another directory, --no-prefixes does without", inner.message);
}

static int run(struct search *s)
{
	clu_error error;
	uint64_t work;
	supervisor_end end;
	int code = prepare(s);
	if (code != EXIT_DONE) return code;
	/* Devices before the study, so that a machine without one leaves no file; not asked for where there is nothing to do. */
	bool chosen = !s->exists || s->total > s->present || s->job->dry_run;
	if (chosen && device_choice_select(s->job->device_spec, &s->devices, &error) != CLU_OK) return report_error(&error);
	clu_status status = s->job->dry_run ? CLU_OK : write_study(s, &error);
	if (status == CLU_ARGUMENT) return report_usage("%s", error.message);
	if (status == CLU_OK) status = count_work(s, &work, &error);
	if (status != CLU_OK) goto store_failed;
	if (s->job->dry_run) return dry_run(s, work);
	if (work == 0) {
		report_note("no trial of %s is left: all %" PRIu64 " are done; a larger --trials adds some", s->job->study_path, s->total);
		return conclude(s);
	}
	if (!chosen && device_choice_select(s->job->device_spec, &s->devices, &error) != CLU_OK) return report_error(&error);
	if (check_prefixes(s, &error) != CLU_OK) return report_error(&error);
	interrupt_install();
	status = run_workers(s, &end, &error);
	if (status == CLU_OK) return finish(s, end);
	if (status == CLU_MISMATCH) return report_error(&error);

store_failed:
	report_error(&error);
	return EXIT_STORE;
}

int search_run(const search_job *job)
{
	struct search s = {.job = job};
	int code = run(&s);
	device_choice_release(&s.devices);
	store_close(s.study);
	free(s.entries);
	free(s.strategy);
	free(s.prefixes);
	cJSON_Delete(s.record);
	if (s.has_settings) settings_release(&s.settings);
	return code;
}
