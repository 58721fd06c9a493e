/* bench_step.c: `clunroll bench step`: what one optimiser step costs, forward, backward and Adam at full depth, on really trained
 * networks, since products skip zeros and a step's time depends on how many there are. Reports, never judges. */
#include "bench.h"

#include "cost.h"
#include "interrupt.h"
#include "message.h"
#include "progress.h"
#include "settings_json.h"
#include "status.h"

#include <stdio.h>
#include <stdlib.h>

enum { SAMPLES = 12800 };

/* What is measured: a network on its data, several times at once. */
struct subject {
	const clu_model *model;
	const clu_data *data;
	uint32_t batch, lanes;
};

/* Steps that change next to nothing, so that the network stays the trained one: a tiny rate, no validation in sight. */
static clu_status standing_recipe(clu_recipe *recipe, clu_error *error)
{
	return clu_recipe_parse(
	    "name bench\nform sum\nstart previous\nthreshold 0.4\ndecay 1\nbeta1 0.9\nbeta2 0.999\n"
	    "epsilon 1e-7\nvalidate_every 1000000000\n"
	    "stage variables=all rate=1e-9 rate_last=1e-9 curve=flat length=1000000000 length_last=1000000000 keep=last\n",
	    recipe, error);
}

/* Milliseconds of a step of one lane; count 0 where an interrupt came first. */
static clu_status time_slices(clu_lanes *lanes, const bench_job *job, bench_spread *spread, clu_error *error)
{
	double ms[BENCH_REPEAT_MAX];
	uint32_t count = 0;
	*spread = (bench_spread){0};
	CLU_TRY(clu_lanes_run(lanes, 2 * job->slice, &interrupt_flag, error)); /* warm-up: kernels built, bursts grown */
	for (; count < job->repeat && !interrupt_flag; count++) {
		const uint64_t before = clu_lanes_steps(lanes);
		const double begin = progress_clock();
		CLU_TRY(clu_lanes_run(lanes, job->slice, &interrupt_flag, error));
		ms[count] = 1e3 * (progress_clock() - begin) / (double)(clu_lanes_steps(lanes) - before);
	}
	if (count) *spread = bench_spread_of(ms, count);
	return CLU_OK;
}

static void report(bench_run *run, const struct subject *subject, const bench_spread *ms)
{
	const clu_model *model = subject->model;
	const uint32_t layers = model->arch.layers;
	const cost_shape shape = {model->m, model->n, layers, subject->batch, layers};
	const double gflops = 1e-6 * cost_step(&shape, layers, CLU_VARIABLES_ALL) / ms->median;
	char notation[CLU_ARCH_TEXT], text[192];
	const char *arch = clu_arch_name(&model->arch);
	clu_arch_print(&model->arch, notation);
	if (!arch) arch = notation;
	cJSON *row = bench_row_begin(run, "step");
	cJSON_AddStringToObject(row, "arch", arch);
	cJSON_AddNumberToObject(row, "m", model->m);
	cJSON_AddNumberToObject(row, "n", model->n);
	cJSON_AddNumberToObject(row, "layers", layers);
	cJSON_AddNumberToObject(row, "batch", subject->batch);
	cJSON_AddNumberToObject(row, "lanes", subject->lanes);
	cJSON_AddNumberToObject(row, "slices", ms->count);
	bench_row_spread(row, "ms_per_step", ms);
	cJSON_AddNumberToObject(row, "gflops_dense_equivalent", gflops);
	snprintf(text, sizeof text, "%-10.40s %5u lanes  %8.3f ms/step (%.3f to %.3f)  %7.1f GFLOP/s", arch, subject->lanes, ms->median,
	    ms->min, ms->max, gflops);
	bench_row_end(run, row, text);
}

static clu_status measure(bench_run *run, const struct subject *subject, clu_error *error)
{
	clu_training training = {.arch = subject->model->arch, .seed = 1, .from = subject->model};
	clu_lanes *lanes = NULL;
	bench_spread ms;
	clu_status status;
	CLU_GOTO(standing_recipe(&training.recipe, error));
	CLU_GOTO(
	    clu_lanes_create(run->device, subject->data, subject->model->arch.layers, subject->batch, subject->lanes, &lanes, error));
	for (uint32_t slot = 0; slot < subject->lanes; slot++) CLU_GOTO(clu_lane_start(lanes, slot, &training, error));
	CLU_GOTO(time_slices(lanes, run->job, &ms, error));
	if (ms.count) report(run, subject, &ms);
cleanup:
	clu_lanes_destroy(lanes);
	return status;
}

/* One network from its file, all numbers of lanes. */
static clu_status measure_file(bench_run *run, const char *path, clu_error *error)
{
	clu_model *model = NULL;
	clu_data *data = NULL;
	cJSON *json = NULL;
	settings given = {0};
	clu_status status;
	CLU_GOTO(settings_default(&given, "paper", error));
	CLU_GOTO(clu_model_load(path, &model, error));
	json = cJSON_Parse(model->settings);
	CLU_GOTO(settings_from_json(json, &given, error));
	given.problem.train = SAMPLES;
	given.problem.validation = given.batch;
	given.problem.test = 0;
	CLU_GOTO(settings_data(&given, &data, error));
	for (uint32_t i = 0; i < run->job->lanes_count && !interrupt_flag; i++) {
		const struct subject subject = {model, data, given.batch, run->job->lanes[i]};
		CLU_GOTO(measure(run, &subject, error));
	}
cleanup:
	cJSON_Delete(json);
	clu_data_destroy(data);
	clu_model_destroy(model);
	settings_release(&given);
	return status;
}

int bench_step(const bench_job *job)
{
	bench_run run;
	clu_error error;
	if (!job->words[0]) return report_usage("which networks? Name files that 'clunroll train' wrote");
	clu_status status = bench_begin(job, &run, &error);
	for (char **path = job->words; *path && status == CLU_OK && !interrupt_flag; path++) status = measure_file(&run, *path, &error);
	return bench_end(&run, status, &error);
}
