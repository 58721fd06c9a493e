/* solver_results.c: see solver_results.h. Files are JSON: the settings of the data, then the figures; equal settings are equal
 * data, since own files are no part of them here. A file is named by a hash of these settings, so that whoever tests on the same
 * data finds it. */
#include "solver_results.h"

#include "message.h"
#include "settings_json.h"
#include "status.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *id, *title;
	clu_solve how;
} solvers[SOLVER_RESULTS] = {
    {"fista-16", "FISTA, 16 iterations", {.method = CLU_METHOD_FISTA, .iterations = 16}},
    {"fista-200", "FISTA, 200 iterations", {.method = CLU_METHOD_FISTA, .iterations = 200}},
    {"fista-2000", "FISTA, 2,000 iterations", {.method = CLU_METHOD_FISTA, .iterations = 2000}},
    {"omp", "orthogonal matching pursuit", {.method = CLU_METHOD_OMP}},
    {"oracle", "least squares on the true support", {.method = CLU_METHOD_ORACLE}},
};

enum { PATH_TEXT = 4096 };

const char *solver_result_id(size_t index)
{
	return solvers[index].id;
}

const char *solver_result_title(size_t index)
{
	return solvers[index].title;
}

/* ---- data ---- */

typedef struct source {
	const settings *settings; /* of the data that solvers get */
	clu_data *data;           /* NULL: nothing was solved yet */
	clu_solver *solver;
} source;

static settings solver_settings(const settings *given)
{
	settings own = *given;
	own.problem.train = 0;
	if (own.problem.validation > CLU_CHOICE_SAMPLES) own.problem.validation = CLU_CHOICE_SAMPLES;
	return own;
}

static clu_status source_fill(source *source, clu_error *error)
{
	if (source->data) return CLU_OK;
	CLU_TRY(settings_data(source->settings, &source->data, error));
	return clu_solver_create(source->data->dictionary, source->data->m, source->data->n, &source->solver, error);
}

static clu_status solve(source *source, size_t index, solver_result *result, clu_error *error)
{
	clu_solve how = solvers[index].how;
	CLU_TRY(source_fill(source, error));
	const clu_measured measured = settings_measure_exactly(source->settings) ? CLU_MEASURED_EXACTLY : CLU_MEASURED_AS_GIVEN;
	report_note("%s on %zu signals", solvers[index].title, source->data->test.count);
	CLU_TRY(clu_solver_choose(source->solver, &how, &source->data->validation, measured, error));
	CLU_TRY(clu_solver_score(source->solver, &how, &source->data->test, measured, &result->score, error));
	result->chosen = how.method == CLU_METHOD_FISTA ? how.penalty : how.residual;
	return CLU_OK;
}

/* ---- files ---- */

/* What the data depend on. */
static cJSON *data_json(const settings *settings)
{
	static const char *const others[] = {"layers", "batch", "seed", "recipe"};
	cJSON *json = settings_to_json(settings);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) cJSON_DeleteItemFromObjectCaseSensitive(json, others[i]);
	return json;
}

static clu_status result_path(const char *directory, size_t index, const settings *settings, char path[PATH_TEXT], clu_error *error)
{
	cJSON *json = data_json(settings);
	char *text = cJSON_PrintUnformatted(json);
	cJSON_Delete(json);
	if (!text) return clu_fail(error, CLU_MEMORY, "out of memory for a file in %.200s", directory);
	const int length = snprintf(path, PATH_TEXT, "%s/%s-%ux%u-%016" PRIx64 ".json", directory, solvers[index].id,
	    settings->problem.m, settings->problem.n, clu_hash_bytes(text, strlen(text)));
	cJSON_free(text);
	return length < PATH_TEXT ? CLU_OK : clu_fail(error, CLU_FILE, "%.200s: the name of this directory is too long", directory);
}

static double number_of(const cJSON *json, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);
	return cJSON_IsNumber(item) ? item->valuedouble : NAN;
}

/* false: there is none, or it is of other settings. */
static bool read_result(const char *path, const settings *settings, solver_result *result)
{
	void *bytes = NULL;
	size_t size = 0;
	if (clu_file_read(path, &bytes, &size, NULL) != CLU_OK) return false;
	cJSON *json = cJSON_ParseWithLength(bytes, size), *here = data_json(settings);
	char *difference = settings_difference(here, cJSON_GetObjectItemCaseSensitive(json, "data"));
	*result = (solver_result){
	    .score = {.nmse = {number_of(json, "nmse_db"), number_of(json, "nmse_ratio_db")}, .seconds = number_of(json, "seconds")},
	    .chosen = number_of(json, "chosen")};
	const bool fits = difference && !difference[0] && !isnan(result->score.nmse.db + result->score.nmse.ratio_db) &&
	                  !isnan(result->score.seconds + result->chosen);
	free(difference);
	cJSON_Delete(here);
	cJSON_Delete(json);
	free(bytes);
	return fits;
}

static clu_status write_result(
    const char *path, size_t index, const settings *settings, const solver_result *result, clu_error *error)
{
	cJSON *json = report_json_begin();
	cJSON_AddStringToObject(json, "solver", solvers[index].id);
	cJSON_AddItemToObject(json, "data", data_json(settings));
	cJSON_AddNumberToObject(json, "nmse_db", result->score.nmse.db);
	cJSON_AddNumberToObject(json, "nmse_ratio_db", result->score.nmse.ratio_db);
	cJSON_AddNumberToObject(json, "seconds", result->score.seconds);
	cJSON_AddNumberToObject(json, "chosen", result->chosen);
	char *text = cJSON_Print(json);
	clu_status status =
	    text ? clu_file_replace(path, text, strlen(text), error) : clu_fail(error, CLU_MEMORY, "out of memory for %.200s", path);
	cJSON_free(text);
	cJSON_Delete(json);
	return status;
}

/* ---- all of them ---- */

static clu_status make_one(source *source, size_t index, const char *directory, solver_result *result, clu_error *error)
{
	char path[PATH_TEXT];
	CLU_TRY(result_path(directory, index, source->settings, path, error));
	if (!read_result(path, source->settings, result)) {
		CLU_TRY(solve(source, index, result, error));
		CLU_TRY(write_result(path, index, source->settings, result, error));
	}
	result->known = true;
	return CLU_OK;
}

clu_status solver_results_make(
    const settings *given, const char *directory, const volatile int *stop, solver_result results[SOLVER_RESULTS], clu_error *error)
{
	const settings own = solver_settings(given);
	source source = {.settings = &own};
	clu_status status = CLU_OK;
	memset(results, 0, SOLVER_RESULTS * sizeof *results);
	for (size_t i = 0; i < SOLVER_RESULTS && !*stop && status == CLU_OK; i++) {
		/* Codes without zeros have no support that could be found. */
		if (own.problem.codes != CLU_CODES_BERNOULLI_GAUSSIAN && solvers[i].how.method != CLU_METHOD_FISTA) continue;
		status = make_one(&source, i, directory, &results[i], error);
	}
	clu_solver_destroy(source.solver);
	clu_data_destroy(source.data);
	return status;
}
