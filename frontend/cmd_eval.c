/* cmd_eval.c: `clunroll eval`: the NMSE of a trained network on a test set, made again from the settings that the model carries;
 * options change the conditions. */
#include "command.h"

#include "device_choice.h"
#include "message.h"
#include "named_setting.h"
#include "options.h"
#include "settings_json.h"
#include "status.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Evaluates a trained network on the test set of its training, or under other conditions.\n\n"
    "Usage: clunroll eval M [--setting NAME[,NAME…]]… [--snr DB[,DB…]]… [OPTIONS]\n\n"
    "  --setting NAME    conditions by name, such as salt-pepper (below); several give a line each (as trained)\n"
    "  --snr DB          noise on the measurements, dB; inf: none; several give a line each, with each setting (as trained)\n"
    "  --device SPEC     the first that fits and works: all, cpu, gpu, accelerator, an index, part of a name (all)\n"
    "  --plan FILE       how the device does its products, instead of its own plan\n"
    "  --json            one JSON object a line\n"
    "  --help            this text\n\n"
    "Prints NMSE: the mean over samples of 10·log10(|x̂-x|²/|x|²), and ratio NMSE: 10·log10 of the ratio of the sums.\n"
    "These change the test set of every line; all others come from the model:\n\n";
static const char examples[] = "\nExamples:\n"
                               "  clunroll eval lista.safetensors\n"
                               "  clunroll eval lista.safetensors --snr inf,40,20 --json\n"
                               "  clunroll eval lista.safetensors --setting noiseless,snr40,snr20,salt-pepper,perturbed\n"
                               "  clunroll eval mine.safetensors --test-set X.npy --test-measurements B.npy\n";

enum { OPTION_DEVICE = 1, OPTION_PLAN, OPTION_JSON };

/* A settings option as given; they are applied over the model's settings, which are known later. */
struct change {
	int option;
	const char *value;
};

struct eval_job {
	const char *model_path, *device_spec, *plan_path;
	struct change *changes; /* room for argc */
	size_t change_count;
	const named_setting **named; /* in the order given */
	size_t named_count;
	double *snr_db; /* the same */
	size_t snr_count;
	bool json;
};

/* Conditions to evaluate under: as trained (NULL), or by name. */
struct condition {
	const named_setting *named;
	settings settings;
};

struct eval_run {
	clu_model *model;
	struct condition *conditions;
	size_t condition_count;
	clu_device *device;
	clu_applier *applier;
};

/* ---- settings ---- */

static clu_status append_snr(struct eval_job *job, const char *list, clu_error *error)
{
	char *copy = strdup(list), *rest = NULL;
	settings one = {0};
	clu_status status = copy ? CLU_OK : clu_fail(error, CLU_MEMORY, "out of memory");
	for (char *word = copy ? strtok_r(copy, ",", &rest) : NULL; word && status == CLU_OK; word = strtok_r(NULL, ",", &rest)) {
		status = settings_option(&one, OPTION_SNR, word, error);
		if (status != CLU_OK) break;
		double *longer = realloc(job->snr_db, (job->snr_count + 1) * sizeof *longer);
		if (!longer) {
			status = clu_fail(error, CLU_MEMORY, "out of memory");
			break;
		}
		job->snr_db = longer;
		job->snr_db[job->snr_count++] = one.problem.snr_db;
	}
	free(copy);
	if (status == CLU_OK && job->snr_count == 0) return clu_fail(error, CLU_ARGUMENT, "--snr '%s' names no value", list);
	return status;
}

static clu_status append_named(struct eval_job *job, const char *list, clu_error *error)
{
	char *copy = strdup(list), *rest = NULL;
	clu_status status = copy ? CLU_OK : clu_fail(error, CLU_MEMORY, "out of memory");
	for (char *word = copy ? strtok_r(copy, ",", &rest) : NULL; word && status == CLU_OK; word = strtok_r(NULL, ",", &rest)) {
		const named_setting **longer = realloc(job->named, (job->named_count + 1) * sizeof *longer);
		if (!longer) {
			status = clu_fail(error, CLU_MEMORY, "out of memory");
			break;
		}
		job->named = longer;
		status = named_setting_find(word, &job->named[job->named_count], error);
		if (status == CLU_OK) job->named_count++;
	}
	free(copy);
	if (status == CLU_OK && job->named_count == 0) return clu_fail(error, CLU_ARGUMENT, "--setting '%s' names none", list);
	return status;
}

static clu_status read_model_settings(
    const struct eval_job *job, const clu_model *model, bool *noted, settings *given, clu_error *error)
{
	cJSON *json = cJSON_Parse(model->settings ? model->settings : "{}");
	clu_error inner;
	clu_status status = settings_from_json(json, given, &inner);
	if (status != CLU_OK)
		clu_fail(error, status, "%.300s: %.400s", job->model_path, inner.message);
	else if (!cJSON_HasObjectItem(json, "m")) {
		/* A network from elsewhere: its sizes are known, its data are not. */
		if (!*noted) report_note("%s does not say what it was trained on; taking defaults and the options given", job->model_path);
		*noted = true;
		given->problem.m = model->m;
		given->problem.n = model->n;
	}
	cJSON_Delete(json);
	return status;
}

static void forget(char **path)
{
	free(*path);
	*path = NULL;
}

/* Only the test set is needed. Where it is held out from an own training set, the split must be the training's. */
static void drop_other_sets(settings *given)
{
	if (given->train_x && !given->test_x) return;
	given->problem.train = 0;
	given->problem.validation = 0;
	forget(&given->train_x);
	forget(&given->train_b);
	forget(&given->validation_x);
	forget(&given->validation_b);
}

static bool measured(const settings *given)
{
	return given->test_b || (given->train_b && !given->test_x);
}

static bool is_noise(int option)
{
	return option == OPTION_SALT_PEPPER || option == OPTION_PERTURBATION;
}

static clu_status check_settings(const struct eval_job *job, const clu_model *model, const settings *given, clu_error *error)
{
	const clu_problem *problem = &given->problem;
	if (problem->m != model->m || problem->n != model->n)
		return clu_fail(error, CLU_ARGUMENT, "%.300s is a network for %u×%u, the test data are %u×%u", job->model_path, model->m,
		    model->n, problem->m, problem->n);
	bool noise = job->snr_count > 0 || job->named_count > 0;
	for (size_t i = 0; i < job->change_count; i++) noise = noise || is_noise(job->changes[i].option);
	if (noise && measured(given))
		return clu_fail(error, CLU_ARGUMENT,
		    "--snr, --salt-pepper, --perturbation and --setting change measurements that are computed; these come from a file");
	return CLU_OK;
}

/* The model's settings, under the conditions that `named` stands for (NULL: as trained), with the options given over them. */
static clu_status make_settings(
    const struct eval_job *job, const clu_model *model, const named_setting *named, bool *noted, settings *given, clu_error *error)
{
	CLU_TRY(read_model_settings(job, model, noted, given, error));
	if (named) CLU_TRY(named_setting_apply(named, given, error));
	for (size_t i = 0; i < job->change_count; i++) {
		/* Measurements in the model belong to the codes in the model. */
		if (job->changes[i].option == OPTION_TEST_SET) forget(&given->test_b);
		CLU_TRY(settings_option(given, job->changes[i].option, job->changes[i].value, error));
	}
	drop_other_sets(given);
	CLU_TRY(settings_finish_data(given, error));
	return check_settings(job, model, given, error);
}

/* ---- evaluation ---- */

/* The dictionary's file may have changed since the training: another one's codes are not this network's. */
static clu_status check_dictionary(
    const struct eval_job *job, const clu_model *model, const settings *given, const clu_data *data, clu_error *error)
{
	char here[SETTINGS_HASH_TEXT];
	for (size_t i = 0; i < job->change_count; i++)
		if (job->changes[i].option == OPTION_DICTIONARY) return CLU_OK;
	settings_print_dictionary_hash(given, data, here);
	cJSON *trained = cJSON_Parse(model->settings ? model->settings : "{}");
	const char *there = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(trained, SETTINGS_DICTIONARY_KEY));
	const bool same = !there || strcmp(here, there) == 0;
	cJSON_Delete(trained);
	if (same) return CLU_OK;
	return clu_fail(error, CLU_MISMATCH,
	    "%.300s is not the dictionary any more that %.300s was trained on; --dictionary takes it, or another, all the same",
	    given->dictionary, job->model_path);
}

static clu_status evaluate(
    const struct eval_job *job, const struct eval_run *run, const settings *given, clu_nmse *nmse, size_t *count, clu_error *error)
{
	clu_data *data = NULL;
	float *x = NULL;
	clu_status status;
	CLU_GOTO(settings_data(given, &data, error));
	CLU_GOTO(check_dictionary(job, run->model, given, data, error));
	size_t m = data->m, n = data->n;
	*count = data->test.count;
	if (*count == 0) {
		status = clu_fail(error, CLU_ARGUMENT, "the test set is empty");
		goto cleanup;
	}
	x = malloc(*count * n * sizeof *x);
	if (!x) {
		status = clu_fail(error, CLU_MEMORY, "out of memory for %zu codes", *count * n);
		goto cleanup;
	}
	/* The data are in their own scaled units, the network speaks the user's. */
	float scale = (float)data->scale;
	for (size_t i = 0; i < *count * m; i++) data->test.b[i] *= scale;
	for (size_t i = 0; i < *count * n; i++) data->test.x[i] *= scale;
	CLU_GOTO(clu_applier_run(run->applier, data->test.b, *count, x, error));
	*nmse = clu_nmse_compute(x, data->test.x, *count, (uint32_t)n);

cleanup:
	free(x);
	clu_data_destroy(data);
	return status;
}

static void print_json(const struct condition *condition, const clu_nmse *nmse, size_t count)
{
	const clu_problem *problem = &condition->settings.problem;
	cJSON *json = report_json_begin();
	if (condition->named) cJSON_AddStringToObject(json, "setting", condition->named->name);
	if (measured(&condition->settings)) {
		cJSON_AddNullToObject(json, "snr_db");
	} else {
		if (isinf(problem->snr_db))
			cJSON_AddStringToObject(json, "snr_db", "inf");
		else
			cJSON_AddNumberToObject(json, "snr_db", problem->snr_db);
		cJSON_AddNumberToObject(json, "salt_pepper", problem->salt_pepper);
		cJSON_AddNumberToObject(json, "perturbation", problem->perturbation);
	}
	cJSON_AddNumberToObject(json, "nmse_db", nmse->db);
	cJSON_AddNumberToObject(json, "nmse_ratio_db", nmse->ratio_db);
	cJSON_AddNumberToObject(json, "samples", (double)count);
	report_json(json);
}

/* The column of names is there where there are any. */
static void print_header(const struct condition *condition)
{
	if (condition->named) printf("%-12s  ", "setting");
	printf("%11s  %9s  %14s  %8s\n", "SNR dB", "NMSE dB", "ratio NMSE dB", "samples");
}

static void print_row(const struct condition *condition, const clu_nmse *nmse, size_t count)
{
	double snr_db = condition->settings.problem.snr_db;
	char snr[24] = "as measured";
	if (!measured(&condition->settings)) snprintf(snr, sizeof snr, isinf(snr_db) ? "inf" : "%g", snr_db);
	if (condition->named) printf("%-12s  ", condition->named->name);
	printf("%11s  %9.4f  %14.4f  %8zu\n", snr, nmse->db, nmse->ratio_db, count);
	fflush(stdout);
}

/* A line, or one for each SNR. */
static clu_status evaluate_condition(
    const struct eval_job *job, struct eval_run *run, struct condition *condition, clu_error *error)
{
	size_t lines = job->snr_count > 0 ? job->snr_count : 1;
	for (size_t i = 0; i < lines; i++) {
		clu_nmse nmse = {0};
		size_t count = 0;
		if (job->snr_count > 0) condition->settings.problem.snr_db = job->snr_db[i];
		CLU_TRY(evaluate(job, run, &condition->settings, &nmse, &count, error));
		if (job->json) {
			print_json(condition, &nmse, count);
			continue;
		}
		if (condition == run->conditions && i == 0) print_header(condition);
		print_row(condition, &nmse, count);
	}
	return CLU_OK;
}

/* All conditions are made, and found good, before the first is evaluated. */
static clu_status make_conditions(const struct eval_job *job, struct eval_run *run, clu_error *error)
{
	bool noted = false;
	size_t count = job->named_count > 0 ? job->named_count : 1;
	run->conditions = calloc(count, sizeof *run->conditions);
	if (!run->conditions) return clu_fail(error, CLU_MEMORY, "out of memory");
	run->condition_count = count;
	for (size_t i = 0; i < count; i++) {
		struct condition *condition = &run->conditions[i];
		if (job->named_count > 0) condition->named = job->named[i];
		CLU_TRY(make_settings(job, run->model, condition->named, &noted, &condition->settings, error));
	}
	return CLU_OK;
}

static int eval(const struct eval_job *job)
{
	enum { BATCH = 512 };
	struct eval_run run = {0};
	clu_error error;
	clu_status status;
	CLU_GOTO(clu_model_load(job->model_path, &run.model, &error));
	CLU_GOTO(make_conditions(job, &run, &error));
	CLU_GOTO(device_choice_open_one(job->device_spec, job->plan_path, &run.device, &error));
	CLU_GOTO(clu_applier_create(run.device, run.model, BATCH, &run.applier, &error));
	for (size_t i = 0; i < run.condition_count; i++) CLU_GOTO(evaluate_condition(job, &run, &run.conditions[i], &error));

cleanup:
	clu_applier_destroy(run.applier);
	clu_device_destroy(run.device);
	for (size_t i = 0; i < run.condition_count; i++) settings_release(&run.conditions[i].settings);
	free(run.conditions);
	clu_model_destroy(run.model);
	return status == CLU_OK ? EXIT_DONE : report_error(&error);
}

/* ---- command line ---- */

static int read_and_evaluate(struct eval_job *job, int argc, char **argv)
{
	static const struct option options[] = {{"device", required_argument, 0, OPTION_DEVICE},
	    {"plan", required_argument, 0, OPTION_PLAN}, {"json", no_argument, 0, OPTION_JSON}, {"help", no_argument, 0, 'h'},
	    DATA_LONG_OPTIONS, {0}};
	clu_error error;
	for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
		switch (option) {
		case OPTION_DEVICE: job->device_spec = optarg; break;
		case OPTION_PLAN: job->plan_path = optarg; break;
		case OPTION_JSON: job->json = true; break;
		case 'h': printf("%s%s%s", help, settings_help_data, examples); return EXIT_DONE;
		case '?': return report_usage_hint();
		case OPTION_SNR:
			if (append_snr(job, optarg, &error) != CLU_OK) return report_error(&error);
			break;
		case OPTION_SETTING:
			if (append_named(job, optarg, &error) != CLU_OK) return report_error(&error);
			break;
		default: job->changes[job->change_count++] = (struct change){option, optarg};
		}
	}
	if (optind == argc) return report_usage("which network? Name the file that 'clunroll train' wrote");
	if (optind + 1 < argc) return report_usage("unexpected argument '%s'", argv[optind + 1]);
	job->model_path = argv[optind];
	return eval(job);
}

int cmd_eval(int argc, char **argv)
{
	struct eval_job job = {0};
	clu_error error;
	job.changes = calloc((size_t)argc, sizeof *job.changes);
	if (!job.changes) {
		clu_fail(&error, CLU_MEMORY, "out of memory");
		return report_error(&error);
	}
	int code = read_and_evaluate(&job, argc, argv);
	free(job.changes);
	free(job.named);
	free(job.snr_db);
	return code;
}
