/* reproduce_network.c: see reproduce_network.h. What was done lies in files, so that going on is the same as beginning: what is
 * there is not made again. */
#include "reproduce_network.h"

#include "checkpoint.h"
#include "device_choice.h"
#include "message.h"
#include "model_record.h"
#include "reproduce_files.h"
#include "settings_json.h"
#include "status.h"
#include "train_run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- a network ---- */

clu_status reproduce_network_create(const reproduce_job *job, const char *arch, const char *setting, uint64_t seed,
    const clu_recipe *recipe, reproduce_network *network, clu_error *error)
{
	*network = (reproduce_network){.name = ""};
	CLU_TRY(clu_arch_parse(arch, job->base.layers, &network->arch, error));
	CLU_TRY(reproduce_settings(job, setting, seed, &network->settings, error));
	if (recipe) network->settings.recipe = *recipe;
	CLU_TRY(reproduce_network_name(arch, setting, &network->settings, network->name, error));
	network->model = reproduce_path(job, "models", network->name, ".safetensors");
	network->record = reproduce_path(job, "models", network->name, ".jsonl");
	network->diverged = reproduce_path(job, "models", network->name, ".diverged.json");
	if (network->model && network->record && network->diverged) return CLU_OK;
	reproduce_network_release(network);
	return clu_fail(error, CLU_MEMORY, "out of memory");
}

void reproduce_network_release(reproduce_network *network)
{
	free(network->model);
	free(network->record);
	free(network->diverged);
	network->model = network->record = network->diverged = NULL;
}

bool reproduce_network_exists(const reproduce_network *network)
{
	return access(network->model, F_OK) == 0;
}

bool reproduce_network_diverged(const reproduce_network *network)
{
	return !reproduce_network_exists(network) && access(network->diverged, F_OK) == 0;
}

/* ---- its settings ---- */

static cJSON *settings_of(const reproduce_network *network)
{
	char arch[CLU_ARCH_TEXT];
	clu_arch_print(&network->arch, arch);
	cJSON *json = settings_to_json(&network->settings);
	cJSON_AddStringToObject(json, "arch", arch);
	return json;
}

/* CLU_MISMATCH where the settings that were found at the path are others. */
static clu_status check_settings(const reproduce_network *network, const char *path, const char *found, clu_error *error)
{
	cJSON *here = settings_of(network), *saved = cJSON_Parse(found), *there = model_record_settings(saved);
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

static clu_status check_divergence(const reproduce_network *network, clu_error *error)
{
	void *bytes = NULL;
	size_t size = 0;
	CLU_TRY(clu_file_read(network->diverged, &bytes, &size, error));
	char *text = strndup(bytes, size);
	free(bytes);
	const clu_status status =
	    text ? check_settings(network, network->diverged, text, error) : clu_fail(error, CLU_MEMORY, "out of memory");
	free(text);
	return status;
}

static clu_status write_divergence(const reproduce_network *network, clu_error *error)
{
	cJSON *json = settings_of(network);
	char *text = cJSON_Print(json);
	const clu_status status =
	    text ? clu_file_replace(network->diverged, text, strlen(text), error) : clu_fail(error, CLU_MEMORY, "out of memory");
	cJSON_free(text);
	cJSON_Delete(json);
	return status;
}

/* ---- its training ---- */

static int train(const reproduce_job *job, const reproduce_network *network, bool *diverged)
{
	char *prefixes = reproduce_path(job, "", "prefixes", "");
	report_note("training %s", network->model);
	const int code = train_run(&(train_job){.model_path = network->model,
	    .record_path = network->record,
	    .prefixes = prefixes,
	    .device_spec = job->device_spec,
	    .plan_path = job->plan_path,
	    .arch = network->arch,
	    .settings = network->settings,
	    .diverged = diverged});
	free(prefixes);
	return code;
}

int reproduce_network_train(const reproduce_job *job, const reproduce_network *network)
{
	clu_error error;
	bool diverged = false;
	if (reproduce_network_exists(network)) return EXIT_DONE;
	if (reproduce_network_diverged(network)) {
		if (check_divergence(network, &error) != CLU_OK) return report_error(&error);
		report_note("%s diverged before; to train it again, remove %s", network->name, network->diverged);
		return EXIT_DONE;
	}
	const int code = train(job, network, &diverged);
	if (code == EXIT_FAILED && reproduce_network_exists(network)) return EXIT_DONE; /* another run has made it meanwhile */
	if (!diverged) return code;
	if (write_divergence(network, &error) != CLU_OK) return report_error(&error);
	char *checkpoint = checkpoint_path(network->model); /* nothing is to go on from there */
	if (checkpoint) checkpoint_remove(checkpoint);
	free(checkpoint);
	return EXIT_DONE;
}

clu_status reproduce_network_load(const reproduce_network *network, clu_model **model, clu_error *error)
{
	CLU_TRY(clu_model_load(network->model, model, error));
	clu_status status = check_settings(network, network->model, (*model)->settings, error);
	if (status == CLU_OK) return CLU_OK;
	clu_model_destroy(*model);
	*model = NULL;
	return status;
}

static clu_layer_record read_layer(const cJSON *json)
{
	const double steps = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(json, "steps"));
	return (clu_layer_record){
	    .validation = {cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(json, "validation_nmse_db")), NAN},
	    .test = {cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(json, "nmse_db")),
	        cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(json, "nmse_ratio_db"))},
	    .steps = steps >= 0 ? (uint64_t)steps : 0,
	    .seconds = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(json, "seconds")),
	};
}

bool reproduce_network_records(const reproduce_network *network, clu_layer_record records[CLU_LAYERS_MAX])
{
	void *bytes = NULL;
	size_t size = 0;
	uint32_t layers = 0;
	if (clu_file_read(network->record, &bytes, &size, NULL) != CLU_OK) return false;
	char *text = strndup(bytes, size), *rest = NULL;
	for (char *line = text ? strtok_r(text, "\n", &rest) : NULL; line; line = strtok_r(NULL, "\n", &rest)) {
		cJSON *json = cJSON_Parse(line);
		if (cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(json, "layer")) == layers + 1 && layers < CLU_LAYERS_MAX)
			records[layers++] = read_layer(json);
		cJSON_Delete(json);
	}
	free(text);
	free(bytes);
	return layers == network->arch.layers;
}

/* ---- evaluation ---- */

clu_status reproduce_bench_open(const reproduce_job *job, const char *setting, reproduce_bench *bench, clu_error *error)
{
	settings tested;
	clu_status status;
	*bench = (reproduce_bench){.device = NULL};
	CLU_TRY(reproduce_settings(job, setting, 1, &tested, error));
	tested.problem.train = tested.problem.validation = 0;
	CLU_TRY(settings_data(&tested, &bench->data, error));
	const size_t count = bench->data->test.count * bench->data->n;
	bench->x = malloc(count * sizeof *bench->x);
	status = bench->x ? device_choice_open_one(job->device_spec, job->plan_path, &bench->device, error)
	                  : clu_fail(error, CLU_MEMORY, "out of memory for %zu codes", count);
	if (status != CLU_OK) reproduce_bench_close(bench);
	return status;
}

void reproduce_bench_close(reproduce_bench *bench)
{
	clu_device_destroy(bench->device);
	free(bench->x);
	clu_data_destroy(bench->data);
	*bench = (reproduce_bench){.device = NULL};
}

static clu_status apply(const reproduce_bench *bench, const clu_model *model, clu_nmse *nmse, clu_error *error)
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

static void read_device(const clu_model *model, reproduce_training *training)
{
	cJSON *record = cJSON_Parse(model->settings);
	const char *device = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(record, "device"));
	snprintf(training->device, sizeof training->device, "%s", device ? device : "?");
	cJSON_Delete(record);
}

static void add_up_records(const reproduce_network *network, reproduce_training *training)
{
	clu_layer_record records[CLU_LAYERS_MAX];
	training->steps = 0;
	training->seconds = NAN;
	if (!reproduce_network_records(network, records)) return;
	training->seconds = 0;
	for (uint32_t i = 0; i < network->arch.layers; i++) {
		training->steps += records[i].steps;
		training->seconds += records[i].seconds;
	}
}

clu_status reproduce_bench_evaluate(
    const reproduce_bench *bench, const reproduce_network *network, reproduce_training *training, clu_error *error)
{
	clu_model *model = NULL;
	*training =
	    (reproduce_training){.seed = network->settings.seed, .nmse = {NAN, NAN}, .seconds = NAN, .device = REPRODUCE_DIVERGED};
	strcpy(training->name, network->name);
	if (reproduce_network_diverged(network)) return CLU_OK;
	CLU_TRY(reproduce_network_load(network, &model, error));
	add_up_records(network, training);
	read_device(model, training);
	clu_status status = apply(bench, model, &training->nmse, error);
	clu_model_destroy(model);
	return status;
}
