/* bench_network.c: see bench_network.h. A file of the cache is named after the network and a hash of all its settings, and holds
 * them; one that is damaged or says something else is trained anew. Which device trained it does not matter: only the number of
 * zeros does, and that is the same on all. */
#include "bench_network.h"

#include "interrupt.h"
#include "message.h"
#include "model_record.h"
#include "path.h"
#include "progress.h"
#include "settings_json.h"
#include "status.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Beyond some 200 steps a layer the share of nonzeros hardly moves, while the NMSE still does. Times hang on the network: with a
 * recipe of its own, which no better one of the program's changes, baselines stay what they were. */
static const char recipe_text[] =
    "name bench\nform sum\nstart previous\nthreshold 0.4\ndecay 1\nbeta1 0.9\nbeta2 0.999\nepsilon 1e-7\nvalidate_every 100\n"
    "stage variables=all rate=2e-3 rate_last=1e-4 curve=cosine floor=1e-3 length=200 length_last=400 keep=best\n";

clu_status bench_settings_default(settings *given, clu_error *error)
{
	CLU_TRY(settings_default(given, "quick", error));
	given->problem.train = BENCH_SAMPLES;
	given->problem.validation = BENCH_VALIDATION;
	given->problem.test = 0;
	return clu_recipe_parse(recipe_text, &given->recipe, error);
}

static void set_name(bench_network *network)
{
	const char *name = clu_arch_name(&network->model->arch);
	if (name)
		snprintf(network->name, sizeof network->name, "%s", name);
	else
		clu_arch_print(&network->model->arch, network->name);
}

clu_status bench_network_load(const char *path, bench_network *network, clu_error *error)
{
	cJSON *json = NULL;
	settings given = {0};
	clu_status status;
	*network = (bench_network){.path = path_absolute(path)};
	if (!network->path) return clu_fail(error, CLU_MEMORY, "no memory for a path");
	CLU_GOTO(clu_model_load(path, &network->model, error));
	json = cJSON_Parse(network->model->settings);
	CLU_GOTO(settings_from_json(json, &given, error));
	given.problem.train = BENCH_SAMPLES;
	given.problem.validation = BENCH_VALIDATION;
	given.problem.test = 0;
	network->batch = given.batch;
	set_name(network);
	CLU_GOTO(settings_data(&given, &network->data, error));
cleanup:
	cJSON_Delete(json);
	settings_release(&given);
	if (status != CLU_OK) bench_network_release(network);
	return status;
}

/* ---- own networks ---- */

/* NULL: there is no cache. `record` is what the model will hold. */
static char *cache_path(const settings *given, const clu_arch *arch, const cJSON *record)
{
	char name[96];
	cJSON *deciding = model_record_settings(record);
	char *text = cJSON_PrintUnformatted(deciding), *path = NULL;
	const char *arch_name = clu_arch_name(arch);
	if (text) {
		snprintf(name, sizeof name, "bench/%s-%ux%u-k%u-b%u-%016" PRIx64 ".safetensors", arch_name ? arch_name : "other",
		    given->problem.m, given->problem.n, arch->layers, given->batch, clu_hash_bytes(text, strlen(text)));
		path = path_cache(name);
	}
	cJSON_free(text);
	cJSON_Delete(deciding);
	return path;
}

/* The model in the cache, or NULL: not there, damaged, or of other settings. */
static clu_model *cached_model(const char *path, const cJSON *record)
{
	clu_model *model = NULL;
	if (!path || access(path, R_OK) != 0 || clu_model_load(path, &model, NULL) != CLU_OK) return NULL;
	cJSON *held = cJSON_Parse(model->settings), *there = model_record_settings(held), *here = model_record_settings(record);
	const bool same = held && cJSON_Compare(there, here, true);
	cJSON_Delete(here);
	cJSON_Delete(there);
	cJSON_Delete(held);
	if (same) return model;
	clu_model_destroy(model);
	return NULL;
}

/* Runs the lane to its end or an interrupt; *model stays NULL then. */
static clu_status run_training(clu_lanes *lanes, const settings *given, uint32_t layers, clu_model **model, clu_error *error)
{
	progress shown;
	clu_lane_progress lane;
	const cost_shape shape = {given->problem.m, given->problem.n, layers, given->batch, 1};
	progress_begin(&shown, stderr, isatty(STDERR_FILENO), &shape, &given->recipe);
	clu_status status = CLU_OK;
	do {
		status = clu_lanes_run(lanes, 0.2, &interrupt_flag, error);
		clu_lane_progress_get(lanes, 0, &lane);
		progress_update(&shown, progress_clock(), &lane);
	} while (status == CLU_OK && lane.state == CLU_LANE_TRAINING && !interrupt_flag);
	progress_clear(&shown);
	if (status == CLU_OK && lane.state == CLU_LANE_FAILED)
		return clu_fail(error, lane.error.status, "training a network to measure: %.600s", lane.error.message);
	if (status != CLU_OK || lane.state != CLU_LANE_DONE) return status;
	return clu_lane_model(lanes, 0, model, error);
}

static clu_status train(
    clu_device *device, const settings *given, const clu_arch *arch, const cJSON *record, bench_network *network, clu_error *error)
{
	clu_lanes *lanes = NULL;
	clu_status status;
	char *text = cJSON_PrintUnformatted(record);
	const clu_training training = {.arch = *arch, .recipe = given->recipe, .seed = given->seed, .settings = text};
	CLU_GOTO(clu_lanes_create(device, network->data, arch->layers, given->batch, 1, &lanes, error));
	CLU_GOTO(clu_lane_start(lanes, 0, &training, error));
	CLU_GOTO(run_training(lanes, given, arch->layers, &network->model, error));
cleanup:
	clu_lanes_destroy(lanes);
	cJSON_free(text);
	return status;
}

clu_status bench_network_train(
    clu_device *device, const settings *given, const char *arch_text, bench_network *network, clu_error *error)
{
	clu_arch arch;
	char notation[CLU_ARCH_TEXT], *path = NULL;
	clu_status status;
	*network = (bench_network){.batch = given->batch};
	CLU_TRY(clu_arch_parse(arch_text, given->layers, &arch, error));
	clu_arch_print(&arch, notation);
	cJSON *record = model_record(given, notation, NULL, "", device);
	if (!record) return clu_fail(error, CLU_MEMORY, "no memory for a network's settings");
	path = cache_path(given, &arch, record);
	CLU_GOTO(settings_data(given, &network->data, error));
	network->model = cached_model(path, record);
	if (!network->model) {
		report_note("training %s, %u×%u, %u layers, to be measured; kept in %s", arch_text, given->problem.m, given->problem.n,
		    arch.layers, path ? path : "no file: there is no place for a cache");
		CLU_GOTO(train(device, given, &arch, record, network, error));
		if (network->model && path && clu_model_save(network->model, path, NULL) != CLU_OK)
			report_note("%s could not be written: the next time it is trained again", path);
	}
	if (network->model) set_name(network);
cleanup:
	cJSON_Delete(record);
	free(path);
	if (status != CLU_OK) bench_network_release(network);
	return status;
}

void bench_network_release(bench_network *network)
{
	clu_data_destroy(network->data);
	clu_model_destroy(network->model);
	free(network->path);
	*network = (bench_network){0};
}
