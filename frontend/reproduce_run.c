/* reproduce_run.c: see reproduce_run.h. What was done lies in files (a network and its record, a solver's figure), so that going on
 * is the same as beginning: what is there is not made again.
 *
 * A network is taken for what its name says only where the settings in it agree. */
#include "reproduce_run.h"

#include "device_choice.h"
#include "interrupt.h"
#include "message.h"
#include "model_record.h"
#include "reproduce_picture.h"
#include "reproduce_table.h"
#include "settings_json.h"
#include "status.h"
#include "train_run.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- files ---- */

/* "DIRECTORY/FOLDER/NAME ENDING"; the caller frees it. */
static char *path_of(const reproduce_job *job, const char *folder, const char *name, const char *ending)
{
	const size_t size = strlen(job->directory) + strlen(folder) + strlen(name) + strlen(ending) + 3;
	char *path = malloc(size);
	if (path) snprintf(path, size, "%s%s%s/%s%s", job->directory, folder[0] ? "/" : "", folder, name, ending);
	return path;
}

char *reproduce_model_path(const reproduce_job *job, const char *name, const char *ending)
{
	return path_of(job, "models", name, ending);
}

static clu_status make_directory(char *path, clu_error *error)
{
	clu_status status = CLU_OK;
	if (!path)
		status = clu_fail(error, CLU_MEMORY, "out of memory");
	else if (mkdir(path, 0777) != 0 && errno != EEXIST)
		status = clu_fail(error, CLU_FILE, "cannot make directory %.500s: %s", path, strerror(errno));
	free(path);
	return status;
}

static clu_status make_directories(const reproduce_job *job, clu_error *error)
{
	CLU_TRY(make_directory(strdup(job->directory), error));
	CLU_TRY(make_directory(path_of(job, "", "models", ""), error));
	return make_directory(path_of(job, "", "solvers", ""), error);
}

/* ---- training ---- */

/* CLU_MISMATCH, naming what differs, unless a network is of the settings that its name stands for. */
static clu_status check_network(
    const char *path, const clu_model *model, const settings *settings, const clu_arch *arch, clu_error *error)
{
	char text[CLU_ARCH_TEXT];
	clu_arch_print(arch, text);
	cJSON *here = settings_to_json(settings), *saved = cJSON_Parse(model->settings), *there = model_record_settings(saved);
	cJSON_AddStringToObject(here, "arch", text);
	char *difference = settings_difference(here, there);
	clu_status status = CLU_OK;
	if (!difference)
		status = clu_fail(error, CLU_MEMORY, "out of memory");
	else if (difference[0])
		status = clu_fail(error, CLU_MISMATCH,
		    "%.200s was trained with other settings (%.400s): use those, another -o, or move it away", path, difference);
	free(difference);
	cJSON_Delete(there);
	cJSON_Delete(saved);
	cJSON_Delete(here);
	return status;
}

static int train_network(
    const reproduce_job *job, const clu_arch *arch, const settings *settings, const char *model, const char *record)
{
	char *prefixes = path_of(job, "", "prefixes", "");
	report_note("training %s", model);
	const int code = train_run(&(train_job){.model_path = model,
	    .record_path = record,
	    .prefixes = prefixes,
	    .device_spec = job->device_spec,
	    .plan_path = job->plan_path,
	    .checkpoint = TRAIN_CHECKPOINT_SECONDS,
	    .arch = *arch,
	    .settings = *settings});
	free(prefixes);
	return code;
}

static int train_where_missing(const reproduce_job *job, const char *arch_text, const paper_row *row, uint64_t seed)
{
	settings settings;
	clu_arch arch;
	clu_error error;
	char name[REPRODUCE_NAME], *model = NULL, *record = NULL;
	int code = EXIT_DONE;
	clu_status status;
	CLU_GOTO(clu_arch_parse(arch_text, job->base.layers, &arch, &error));
	CLU_GOTO(reproduce_settings(job, row->trained, seed, &settings, &error));
	CLU_GOTO(reproduce_network_name(job, arch_text, row->trained, &settings, name, &error));
	model = reproduce_model_path(job, name, ".safetensors");
	record = reproduce_model_path(job, name, ".jsonl");
	if (!model || !record) {
		status = clu_fail(&error, CLU_MEMORY, "out of memory");
		goto cleanup;
	}
	if (access(model, F_OK) != 0) code = train_network(job, &arch, &settings, model, record);

cleanup:
	free(record);
	free(model);
	return status == CLU_OK ? code : report_error(&error);
}

static int train_row(const reproduce_job *job, const paper_row *row)
{
	for (size_t a = 0; a < job->arch_count; a++) {
		for (uint32_t seed = 1; seed <= job->repeat; seed++) {
			const int code = train_where_missing(job, job->archs[a], row, seed);
			if (code != EXIT_DONE) return code;
			if (interrupt_flag) return EXIT_STOPPED;
		}
	}
	return EXIT_DONE;
}

/* ---- evaluation ---- */

/* Steps and time by layer, as training has written them; nothing is known where the last layer is missing. */
static void read_record(const char *path, uint32_t layers, reproduce_training *training)
{
	void *bytes = NULL;
	size_t size = 0;
	training->steps = 0;
	training->seconds = NAN;
	if (clu_file_read(path, &bytes, &size, NULL) != CLU_OK) return;
	char *text = strndup(bytes, size), *rest = NULL;
	double steps = 0, seconds = 0, last = 0;
	for (char *line = text ? strtok_r(text, "\n", &rest) : NULL; line; line = strtok_r(NULL, "\n", &rest)) {
		cJSON *json = cJSON_Parse(line);
		last = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(json, "layer"));
		steps += cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(json, "steps"));
		seconds += cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(json, "seconds"));
		cJSON_Delete(json);
	}
	if (last == layers && steps >= 1 && seconds >= 0) {
		training->steps = (uint64_t)steps;
		training->seconds = seconds;
	}
	free(text);
	free(bytes);
}

static void read_device(const clu_model *model, reproduce_training *training)
{
	cJSON *settings = cJSON_Parse(model->settings);
	const char *device = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(settings, "device"));
	snprintf(training->device, sizeof training->device, "%s", device ? device : "?");
	cJSON_Delete(settings);
}

/* A row's test set on a device. */
typedef struct test_bench {
	clu_device *device;
	clu_data *data;
	float *x; /* [test.count][n] */
} test_bench;

static clu_status apply_network(const test_bench *bench, const clu_model *model, clu_nmse *nmse, clu_error *error)
{
	enum { BATCH = 512 };
	const clu_samples *test = &bench->data->test;
	clu_applier *applier = NULL;
	clu_status status;
	CLU_GOTO(clu_applier_create(bench->device, model, BATCH, &applier, error));
	CLU_GOTO(clu_applier_run(applier, test->b, test->count, bench->x, error));
	*nmse = clu_nmse_compute(bench->x, test->x, test->count, bench->data->n);

cleanup:
	clu_applier_destroy(applier);
	return status;
}

static clu_status evaluate_network(const reproduce_job *job, const test_bench *bench, const paper_row *row, const char *arch_text,
    reproduce_training *training, clu_error *error)
{
	settings settings;
	clu_arch arch;
	clu_model *model = NULL;
	CLU_TRY(clu_arch_parse(arch_text, job->base.layers, &arch, error));
	CLU_TRY(reproduce_settings(job, row->trained, training->seed, &settings, error));
	CLU_TRY(reproduce_network_name(job, arch_text, row->trained, &settings, training->name, error));
	char *path = reproduce_model_path(job, training->name, ".safetensors");
	char *record = reproduce_model_path(job, training->name, ".jsonl");
	clu_status status = path && record ? CLU_OK : clu_fail(error, CLU_MEMORY, "out of memory");
	if (status == CLU_OK) status = clu_model_load(path, &model, error);
	if (status == CLU_OK) status = check_network(path, model, &settings, &arch, error);
	if (status == CLU_OK) status = apply_network(bench, model, &training->nmse, error);
	if (status == CLU_OK) {
		read_record(record, arch.layers, training);
		read_device(model, training);
	}
	clu_model_destroy(model);
	free(record);
	free(path);
	return status;
}

static clu_status evaluate_row(const reproduce_job *job, reproduce_row *row, clu_error *error)
{
	settings tested;
	test_bench bench = {0};
	clu_status status;
	CLU_TRY(reproduce_settings(job, row->paper->setting, 1, &tested, error));
	tested.problem.train = tested.problem.validation = 0;
	CLU_GOTO(settings_data(&tested, &bench.data, error));
	row->m = bench.data->m;
	row->n = bench.data->n;
	bench.x = malloc(bench.data->test.count * row->n * sizeof *bench.x);
	if (!bench.x) {
		status = clu_fail(error, CLU_MEMORY, "out of memory for %zu codes", bench.data->test.count * row->n);
		goto cleanup;
	}
	CLU_GOTO(device_choice_open_one(job->device_spec, job->plan_path, &bench.device, error));
	for (size_t a = 0; a < job->arch_count; a++) {
		reproduce_cell *cell = &row->cell[a];
		*cell = (reproduce_cell){.arch = job->archs[a], .paper_db = reproduce_paper_db(row->paper, job->archs[a])};
		for (; cell->count < job->repeat; cell->count++) {
			cell->training[cell->count].seed = cell->count + 1;
			CLU_GOTO(evaluate_network(job, &bench, row->paper, cell->arch, &cell->training[cell->count], error));
		}
	}

cleanup:
	clu_device_destroy(bench.device);
	free(bench.x);
	clu_data_destroy(bench.data);
	return status;
}

static clu_status score_solvers(const reproduce_job *job, reproduce_row *row, clu_error *error)
{
	settings tested;
	char name[REPRODUCE_NAME], *directory = path_of(job, "", "solvers", "");
	if (!directory) return clu_fail(error, CLU_MEMORY, "out of memory");
	clu_status status = reproduce_settings(job, row->paper->setting, 1, &tested, error);
	if (status == CLU_OK) {
		snprintf(name, sizeof name, "%ux%u-%s", tested.problem.m, tested.problem.n, row->paper->setting);
		status = solver_results_make(&tested, directory, name, &interrupt_flag, row->solvers, error);
	}
	free(directory);
	return status;
}

/* ---- writing ---- */

static clu_status write_text(const reproduce_job *job, const char *name, const char *ending, const char *text, clu_error *error)
{
	char *path = path_of(job, "", name, ending);
	clu_status status = path && text ? clu_file_replace(path, text, strlen(text), error)
	                                 : clu_fail(error, CLU_MEMORY, "out of memory for the table");
	free(path);
	return status;
}

static char *markdown_of(const reproduce_results *results)
{
	char picture[REPRODUCE_NAME];
	reproduce_table_name(results->job, picture);
	strcat(picture, ".svg");
	return reproduce_markdown(results, picture);
}

static clu_status write_results(const reproduce_results *results, clu_error *error)
{
	const reproduce_job *job = results->job;
	char name[REPRODUCE_NAME];
	reproduce_table_name(job, name);
	cJSON *json = reproduce_json(results);
	char *text = cJSON_Print(json), *markdown = markdown_of(results), *picture = path_of(job, "", name, ".svg");
	clu_status status;
	CLU_GOTO(write_text(job, name, ".json", text, error));
	CLU_GOTO(write_text(job, name, ".md", markdown, error));
	CLU_GOTO(picture ? reproduce_picture(results, picture, error) : clu_fail(error, CLU_MEMORY, "out of memory for the picture"));

cleanup:
	free(picture);
	free(markdown);
	cJSON_free(text);
	cJSON_Delete(json);
	return status;
}

static void print_results(const reproduce_results *results)
{
	if (results->job->json) {
		report_json(reproduce_json(results));
		return;
	}
	char *markdown = markdown_of(results);
	if (markdown) fputs(markdown, stdout);
	free(markdown);
}

/* ---- the whole ---- */

static int make_row(reproduce_results *results, const paper_row *paper)
{
	const reproduce_job *job = results->job;
	reproduce_row *row = &results->row[results->row_count];
	clu_error error;
	clu_status status;
	row->paper = paper;
	report_note("row %s: %s", paper->id, paper->title);
	const int code = train_row(job, paper);
	if (code != EXIT_DONE) return code;
	CLU_GOTO(evaluate_row(job, row, &error));
	CLU_GOTO(score_solvers(job, row, &error));
	if (interrupt_flag) return EXIT_STOPPED;
	results->row_count++;
	status = write_results(results, &error);

cleanup:
	return status == CLU_OK ? EXIT_DONE : report_error(&error);
}

int reproduce_run(const reproduce_job *job)
{
	clu_error error;
	if (make_directories(job, &error) != CLU_OK) return report_error(&error);
	reproduce_results *results = calloc(1, sizeof *results);
	if (!results) {
		clu_fail(&error, CLU_MEMORY, "out of memory");
		return report_error(&error);
	}
	results->job = job;
	interrupt_install();
	int code = EXIT_DONE;
	for (size_t r = 0; r < job->row_count && code == EXIT_DONE; r++) code = make_row(results, job->rows[r]);
	if (code == EXIT_STOPPED)
		report_note("stopped after %zu of %zu rows; the same command goes on", results->row_count, job->row_count);
	if (code == EXIT_DONE) print_results(results);
	free(results);
	return code;
}
