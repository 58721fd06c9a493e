/* cmd_bench.c: `clunroll bench step`: what one optimiser step costs, forward, backward and Adam at full depth, on really trained
 * networks, since products skip zeros and a step's time depends on how many there are. Reports, never judges. */
#include "command.h"

#include "cost.h"
#include "device_choice.h"
#include "interrupt.h"
#include "message.h"
#include "options.h"
#include "progress.h"
#include "settings_json.h"
#include "status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Measures an optimiser step (forward, backward, Adam) of trained networks at full depth.\n\n"
    "Usage: clunroll bench step M... [OPTIONS]\n\n"
    "  M                 networks that 'clunroll train' wrote; their settings say data and batch\n"
    "  --lanes LIST      trainings at once, e.g. 1,2,4 (1)\n"
    "  --repeat N        timed slices (15)\n"
    "  --slice SECONDS   length of one (0.5)\n"
    "  --device SPEC     the first that fits and works: all, cpu, gpu, accelerator, an index, part of a name (all)\n"
    "  --plan FILE       how the device does its products, instead of its own plan\n"
    "  --json            one JSON object a line\n"
    "  --help            this text\n\n"
    "A time is that of a step of one lane: of a launch, divided by the lanes. GFLOP/s are dense-equivalent: what a step\n"
    "would do if nothing were skipped.\n\n"
    "Example:\n"
    "  clunroll bench step lista.safetensors searched.safetensors --lanes 1,4\n";

enum { LANES_MAX = 16, REPEAT_MAX = 1000, SAMPLES = 12800 };

struct bench_job {
	const char *device_spec, *plan_path;
	uint32_t lanes[LANES_MAX], lanes_count, repeat;
	double slice;
	bool json;
};

struct bench_row {
	uint32_t lanes;
	double ms[REPEAT_MAX]; /* sorted */
	uint32_t count;
	double flop; /* dense-equivalent, of a step */
};

static int ascending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* Steps that change next to nothing, so that the network stays the trained one: a tiny rate, no validation in sight. */
static clu_status bench_recipe(clu_recipe *recipe, clu_error *error)
{
	return clu_recipe_parse(
	    "name bench\nform sum\nstart previous\nthreshold 0.4\ndecay 1\nbeta1 0.9\nbeta2 0.999\n"
	    "epsilon 1e-7\nvalidate_every 1000000000\n"
	    "stage variables=all rate=1e-9 rate_last=1e-9 curve=flat length=1000000000 length_last=1000000000 keep=last\n",
	    recipe, error);
}

static clu_status time_slices(clu_lanes *lanes, const struct bench_job *job, struct bench_row *row, clu_error *error)
{
	CLU_TRY(clu_lanes_run(lanes, 2 * job->slice, &interrupt_flag, error)); /* warm-up: kernels built, bursts grown */
	for (row->count = 0; row->count < job->repeat && !interrupt_flag; row->count++) {
		const uint64_t before = clu_lanes_steps(lanes);
		const double begin = progress_clock();
		CLU_TRY(clu_lanes_run(lanes, job->slice, &interrupt_flag, error));
		row->ms[row->count] = 1e3 * (progress_clock() - begin) / (double)(clu_lanes_steps(lanes) - before);
	}
	qsort(row->ms, row->count, sizeof row->ms[0], ascending);
	return CLU_OK;
}

static clu_status measure(clu_device *device, const clu_data *data, const clu_model *model, uint32_t batch,
    const struct bench_job *job, struct bench_row *row, clu_error *error)
{
	clu_training training = {.arch = model->arch, .seed = 1, .from = model};
	clu_lanes *lanes = NULL;
	clu_status status;
	CLU_GOTO(bench_recipe(&training.recipe, error));
	CLU_GOTO(clu_lanes_create(device, data, model->arch.layers, batch, row->lanes, &lanes, error));
	for (uint32_t slot = 0; slot < row->lanes; slot++) CLU_GOTO(clu_lane_start(lanes, slot, &training, error));
	CLU_GOTO(time_slices(lanes, job, row, error));
	const cost_shape shape = {model->m, model->n, model->arch.layers, batch, model->arch.layers};
	row->flop = cost_step(&shape, model->arch.layers, CLU_VARIABLES_ALL);
cleanup:
	clu_lanes_destroy(lanes);
	return status;
}

static void print_row(
    const clu_device *device, const clu_model *model, uint32_t batch, const struct bench_job *job, const struct bench_row *row)
{
	const clu_device_info *info = clu_device_about(device);
	const double median = row->ms[row->count / 2], gflops = 1e-6 * row->flop / median;
	char notation[CLU_ARCH_TEXT];
	const char *arch = clu_arch_name(&model->arch);
	clu_arch_print(&model->arch, notation);
	if (!arch) arch = notation;
	if (!job->json) {
		printf("%-10.40s %5u lanes  %8.3f ms/step (%.3f to %.3f)  %7.1f GFLOP/s\n", arch, row->lanes, median, row->ms[0],
		    row->ms[row->count - 1], gflops);
		return;
	}
	cJSON *json = report_json_begin();
	cJSON_AddStringToObject(json, "bench", "step");
	cJSON_AddStringToObject(json, "device", info->name);
	cJSON_AddStringToObject(json, "driver", info->driver);
	cJSON_AddStringToObject(json, "platform", info->platform);
	cJSON_AddStringToObject(json, "key", clu_device_key(device));
	cJSON_AddStringToObject(json, "arch", arch);
	cJSON_AddNumberToObject(json, "m", model->m);
	cJSON_AddNumberToObject(json, "n", model->n);
	cJSON_AddNumberToObject(json, "layers", model->arch.layers);
	cJSON_AddNumberToObject(json, "batch", batch);
	cJSON_AddNumberToObject(json, "lanes", row->lanes);
	cJSON_AddNumberToObject(json, "slices", row->count);
	cJSON_AddNumberToObject(json, "ms_per_step_min", row->ms[0]);
	cJSON_AddNumberToObject(json, "ms_per_step_median", median);
	cJSON_AddNumberToObject(json, "ms_per_step_max", row->ms[row->count - 1]);
	cJSON_AddNumberToObject(json, "gflops_dense_equivalent", gflops);
	report_json(json);
}

/* One network, all numbers of lanes. */
static clu_status bench_model(clu_device *device, const char *path, const struct bench_job *job, clu_error *error)
{
	clu_model *model = NULL;
	clu_data *data = NULL;
	cJSON *json = NULL;
	settings given = {0};
	clu_status status;
	struct bench_row *row = calloc(1, sizeof *row);
	if (!row) return clu_fail(error, CLU_MEMORY, "no memory for a measurement");
	CLU_GOTO(settings_default(&given, "paper", error));
	CLU_GOTO(clu_model_load(path, &model, error));
	json = cJSON_Parse(model->settings);
	CLU_GOTO(settings_from_json(json, &given, error));
	given.problem.train = SAMPLES;
	given.problem.validation = given.batch;
	given.problem.test = 0;
	CLU_GOTO(settings_data(&given, &data, error));
	for (uint32_t i = 0; i < job->lanes_count && !interrupt_flag; i++) {
		*row = (struct bench_row){.lanes = job->lanes[i]};
		CLU_GOTO(measure(device, data, model, given.batch, job, row, error));
		if (row->count) print_row(device, model, given.batch, job, row);
		fflush(stdout);
	}
cleanup:
	cJSON_Delete(json);
	clu_data_destroy(data);
	clu_model_destroy(model);
	settings_release(&given);
	free(row);
	return status;
}

static int bench_step(char **models, const struct bench_job *job)
{
	clu_device *device = NULL;
	clu_error error;
	interrupt_install();
	clu_status status = device_choice_open_one(job->device_spec, job->plan_path, &device, &error);
	for (char **path = models; *path && status == CLU_OK && !interrupt_flag; path++)
		status = bench_model(device, *path, job, &error);
	clu_device_destroy(device);
	if (status != CLU_OK) return report_error(&error);
	return interrupt_flag ? 128 + interrupt_flag : EXIT_DONE;
}

static clu_status parse_lanes(const char *text, struct bench_job *job, clu_error *error)
{
	char *copy = strdup(text), *rest = NULL;
	clu_status status = CLU_OK;
	if (!copy) return clu_fail(error, CLU_MEMORY, "no memory for --lanes");
	job->lanes_count = 0;
	for (char *word = strtok_r(copy, ",", &rest); word && status == CLU_OK; word = strtok_r(NULL, ",", &rest)) {
		uint64_t value;
		if (job->lanes_count == LANES_MAX) {
			status = clu_fail(error, CLU_ARGUMENT, "--lanes takes at most %d numbers", LANES_MAX);
			break;
		}
		status = parse_whole("--lanes", word, 1, 65536, &value, error);
		if (status == CLU_OK) job->lanes[job->lanes_count++] = (uint32_t)value;
	}
	free(copy);
	if (status == CLU_OK && job->lanes_count == 0) status = clu_fail(error, CLU_ARGUMENT, "--lanes is empty; wanted e.g. 1,2,4");
	return status;
}

int cmd_bench(int argc, char **argv)
{
	static const struct option options[] = {{"lanes", required_argument, 0, 'l'}, {"repeat", required_argument, 0, 'r'},
	    {"slice", required_argument, 0, 's'}, {"device", required_argument, 0, 'd'}, {"plan", required_argument, 0, 'p'},
	    {"json", no_argument, 0, 'j'}, {"help", no_argument, 0, 'h'}, {0}};
	struct bench_job job = {.lanes = {1}, .lanes_count = 1, .repeat = 15, .slice = 0.5};
	clu_error error;
	clu_status status = CLU_OK;
	for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1 && status == CLU_OK;) {
		uint64_t repeat = job.repeat;
		switch (option) {
		case 'l': status = parse_lanes(optarg, &job, &error); break;
		case 'r':
			status = parse_whole("--repeat", optarg, 1, REPEAT_MAX, &repeat, &error);
			job.repeat = (uint32_t)repeat;
			break;
		case 's': status = parse_duration("--slice", optarg, &job.slice, &error); break;
		case 'd': job.device_spec = optarg; break;
		case 'p': job.plan_path = optarg; break;
		case 'j': job.json = true; break;
		case 'h': fputs(help, stdout); return EXIT_DONE;
		default: return report_usage_hint();
		}
	}
	if (status != CLU_OK) return report_error(&error);
	if (optind == argc || strcmp(argv[optind], "step") != 0) return report_usage("what to measure? There is: step");
	if (optind + 1 == argc) return report_usage("which networks? Name files that 'clunroll train' wrote");
	return bench_step(argv + optind + 1, &job);
}
