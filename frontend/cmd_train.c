/* cmd_train.c: `clunroll train`: the command line of one training, checked and turned into a job for train_run.c. */
#include "command.h"

#include "message.h"
#include "settings_json.h"
#include "status.h"
#include "train_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Trains one network, layer by layer, and writes it as a safetensors file. Interrupted, it goes on where it was.\n\n"
    "Usage: clunroll train --arch A -o M [OPTIONS]\n\n"
    "  --arch A          LISTA, LFISTA, Dense, Searched, LISTA-last, LFISTA-last, or K integers with '_' between them (bit j\n"
    "                    of the L-th adds the output of layer L-2-j to the input of layer L), then optionally ':' and a\n"
    "                    neuron a layer or one for all (s soft threshold, r ReLU, l LeakyReLU, p soft threshold with support\n"
    "                    selection, f firm shrinkage) and ':' and a side connection a layer (0, 1)\n"
    "  -o, --output M    the model; M.checkpoint beside it until it is finished\n"
    "  --device SPEC     the first that fits and works: all, cpu, gpu, accelerator, an index, part of a name (all)\n"
    "  --plan FILE       how the device does its products; default: the built-in plan (the one that was measured)\n"
    "  --from M0         tunes the trained network M0, on the data of its training but for what options say otherwise: the stages\n"
    "                    of the last layer, all layers in place\n"
    "  --prefixes DIR    starts after the layers that other trainings in DIR have trained already, to the same bits, and keeps\n"
    "                    there what this one comes to; made when it is not there; see 'clunroll prefixes'\n"
    "  --checkpoint T    time between checkpoints (60s)\n"
    "  --restart         discards M.checkpoint\n"
    "  --force           replaces a finished M, once the new one is finished\n"
    "  --json            one JSON object a layer on stdout\n"
    "  --dry-run         says how many steps and operations that is, and the time it would take; trains nothing\n"
    "  --print-recipe    prints the recipe, for a file to edit and give to --recipe; trains nothing\n"
    "  --help            this text\n\n";
static const char examples[] =
    "\nExamples:\n"
    "  clunroll train --arch LISTA --m 50 --n 100 --layers 8 --recipe quick -o lista.safetensors\n"
    "  clunroll train --arch Searched --schedule 300,1200,300 -o searched.safetensors --json\n"
    "  clunroll train --arch Dense --dictionary D.npy --train-set X.npy --recipe fast -o mine.safetensors\n"
    "  clunroll train --arch Searched --setting samples5120 --recipe fast -o few.safetensors\n"
    "  clunroll train --from mine.safetensors --snr 20 --recipe fast -o noisy.safetensors\n";

enum {
	OPTION_ARCH = 1,
	OPTION_DEVICE,
	OPTION_PLAN,
	OPTION_FROM,
	OPTION_PREFIXES,
	OPTION_CHECKPOINT,
	OPTION_RESTART,
	OPTION_FORCE,
	OPTION_JSON,
	OPTION_DRY_RUN,
	OPTION_PRINT_RECIPE
};

static const struct option long_options[] = {{"arch", required_argument, 0, OPTION_ARCH}, {"output", required_argument, 0, 'o'},
    {"device", required_argument, 0, OPTION_DEVICE}, {"plan", required_argument, 0, OPTION_PLAN},
    {"from", required_argument, 0, OPTION_FROM}, {"prefixes", required_argument, 0, OPTION_PREFIXES},
    {"checkpoint", required_argument, 0, OPTION_CHECKPOINT}, {"restart", no_argument, 0, OPTION_RESTART},
    {"force", no_argument, 0, OPTION_FORCE}, {"json", no_argument, 0, OPTION_JSON}, {"dry-run", no_argument, 0, OPTION_DRY_RUN},
    {"print-recipe", no_argument, 0, OPTION_PRINT_RECIPE}, {"help", no_argument, 0, 'h'}, SETTINGS_LONG_OPTIONS, {0}};

struct command_line {
	train_job job;
	const char *arch;
	bool layers_given, sets_given;
	bool dry_run, print_recipe, help;
};

/* CLU_ARGUMENT with an empty message where getopt_long has complained already. */
static clu_status take_option(struct command_line *line, int option, clu_error *error)
{
	train_job *job = &line->job;
	switch (option) {
	case OPTION_ARCH: line->arch = optarg; return CLU_OK;
	case 'o': job->model_path = optarg; return CLU_OK;
	case OPTION_DEVICE: job->device_spec = optarg; return CLU_OK;
	case OPTION_PLAN: job->plan_path = optarg; return CLU_OK;
	case OPTION_FROM: job->from_path = optarg; return CLU_OK;
	case OPTION_PREFIXES: job->prefixes = optarg; return CLU_OK;
	case OPTION_CHECKPOINT: return parse_duration_at_least("--checkpoint", optarg, 0.1, &job->checkpoint, error);
	case OPTION_RESTART: job->restart = true; return CLU_OK;
	case OPTION_FORCE: job->force = true; return CLU_OK;
	case OPTION_JSON: job->json = true; return CLU_OK;
	case OPTION_DRY_RUN: line->dry_run = true; return CLU_OK;
	case OPTION_PRINT_RECIPE: line->print_recipe = true; return CLU_OK;
	case 'h': line->help = true; return CLU_OK;
	case '?': return clu_fail(error, CLU_ARGUMENT, "%s", "");
	default: break;
	}
	line->layers_given = line->layers_given || option == OPTION_LAYERS;
	const bool own_set = option == OPTION_TRAIN_SET || option == OPTION_VALIDATION_SET || option == OPTION_TEST_SET;
	if (own_set && !line->sets_given && job->from)
		settings_forget_sets(&job->settings); /* those that the network to tune was trained on */
	line->sets_given = line->sets_given || own_set;
	return settings_option(&job->settings, option, optarg, error);
}

/* Data as they were in another network's training, as far as it says. */
static clu_status take_data_of(const clu_model *model, settings *given, clu_error *error)
{
	cJSON *json = cJSON_Parse(model->settings ? model->settings : "{}");
	settings was;
	clu_status status = CLU_OK;
	given->problem.m = model->m;
	given->problem.n = model->n;
	if (cJSON_HasObjectItem(json, "m")) {
		status = settings_from_json(json, &was, error);
		if (status == CLU_OK) {
			was.layers = given->layers;
			was.batch = given->batch;
			was.seed = given->seed;
			was.recipe = given->recipe;
			settings_release(given);
			*given = was;
		}
	}
	cJSON_Delete(json);
	return status;
}

/* The network to tune, before options change what it was trained on. */
static clu_status load_from(struct command_line *line, int argc, char **argv, clu_error *error)
{
	train_job *job = &line->job;
	clu_error inner;
	opterr = 0;
	for (int option; (option = getopt_long(argc, argv, "o:h", long_options, NULL)) != -1;) {
		if (option == OPTION_FROM) job->from_path = optarg;
		line->help = line->help || option == 'h';
	}
	optind = opterr = 1;
	if (!job->from_path || line->help) return CLU_OK;
	CLU_TRY(clu_model_load(job->from_path, &job->from, error));
	job->settings.layers = job->from->arch.layers;
	if (take_data_of(job->from, &job->settings, &inner) == CLU_OK) return CLU_OK;
	return clu_fail(error, inner.status, "--from %.300s: %.600s", job->from_path, inner.message);
}

static clu_status read_command_line(struct command_line *line, int argc, char **argv, clu_error *error)
{
	CLU_TRY(settings_default(&line->job.settings, "paper", error));
	CLU_TRY(load_from(line, argc, argv, error));
	for (int option; (option = getopt_long(argc, argv, "o:h", long_options, NULL)) != -1;)
		CLU_TRY(take_option(line, option, error));
	if (line->help) return CLU_OK;
	if (optind < argc) return clu_fail(error, CLU_ARGUMENT, "unexpected argument '%.200s'", argv[optind]);
	if (line->print_recipe) return CLU_OK;
	if (line->job.prefixes && line->job.from_path)
		return clu_fail(error, CLU_ARGUMENT, "--from and --prefixes: tuning has all layers in place from its beginning");
	if (!line->arch && !line->job.from_path) return clu_fail(error, CLU_ARGUMENT, "--arch is missing: which network to train");
	if (!line->job.model_path && !line->dry_run)
		return clu_fail(error, CLU_ARGUMENT, "-o is missing: where to write the trained network");
	return CLU_OK;
}

static clu_status check_from(const train_job *job, clu_error *error)
{
	const clu_model *from = job->from;
	const clu_problem *problem = &job->settings.problem;
	if (from->m == problem->m && from->n == problem->n && from->arch.layers == job->arch.layers) return CLU_OK;
	return clu_fail(error, CLU_ARGUMENT, "--from %.300s: found a network of %u×%u with %u layers, wanted %u×%u with %u",
	    job->from_path, from->m, from->n, from->arch.layers, problem->m, problem->n, job->arch.layers);
}

/* A notation says itself how many layers it has; a name has as many as --layers says. */
static clu_status choose_arch(struct command_line *line, clu_error *error)
{
	train_job *job = &line->job;
	if (!line->arch) {
		job->arch = job->from->arch;
	} else {
		bool notation = line->arch[0] >= '0' && line->arch[0] <= '9';
		uint32_t layers = notation && !line->layers_given ? 0 : job->settings.layers;
		CLU_TRY(clu_arch_parse(line->arch, layers, &job->arch, error));
	}
	job->settings.layers = job->arch.layers;
	return CLU_OK;
}

static clu_status complete(struct command_line *line, clu_error *error)
{
	train_job *job = &line->job;
	CLU_TRY(settings_finish(&job->settings, error));
	if (line->print_recipe) return CLU_OK;
	CLU_TRY(choose_arch(line, error));
	CLU_TRY(clu_recipe_check(&job->settings.recipe, job->from ? job->arch.layers : 1, job->arch.layers, error));
	return job->from ? check_from(job, error) : CLU_OK;
}

static int print_recipe(const clu_recipe *recipe)
{
	char text[CLU_RECIPE_TEXT];
	clu_recipe_print(recipe, text);
	fputs(text, stdout);
	return EXIT_DONE;
}

static int run_command_line(struct command_line *line, int argc, char **argv)
{
	clu_error error;
	clu_status status = read_command_line(line, argc, argv, &error);
	if (status == CLU_OK && line->help) {
		printf("%s%s%s", help, settings_help, examples);
		return EXIT_DONE;
	}
	if (status == CLU_OK) status = complete(line, &error);
	if (status == CLU_ARGUMENT) return error.message[0] ? report_usage("%s", error.message) : report_usage_hint();
	if (status != CLU_OK) return report_error(&error);
	if (line->print_recipe) return print_recipe(&line->job.settings.recipe);
	return line->dry_run ? train_dry_run(&line->job) : train_run(&line->job);
}

int cmd_train(int argc, char **argv)
{
	struct command_line line = {0};
	int code = run_command_line(&line, argc, argv);
	clu_model_destroy(line.job.from);
	settings_release(&line.job.settings);
	return code;
}
