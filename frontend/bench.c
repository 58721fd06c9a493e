/* bench.c: see bench.h. Spread is told by the median absolute deviation: one slice that another process spoilt does not move it. */
#include "bench.h"

#include "commit.h"
#include "device_choice.h"
#include "interrupt.h"
#include "message.h"
#include "status.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- a run ---- */

clu_status bench_open(const bench_job *job, bench_run *run, clu_error *error)
{
	*run = (bench_run){.job = job, .rows = cJSON_CreateArray()};
	if (!run->rows) return clu_fail(error, CLU_MEMORY, "no memory for rows");
	interrupt_install();
	/* the bench's own networks are measured under the plan that training them would take */
	const settings *own = &job->settings;
	const bool shape_known = !job->words[0];
	const plan_wish wish = {.imposed = job->plan_path,
	    .shape = {own->problem.m, shape_known ? own->problem.n : 0, own->layers, own->batch},
	    .operations = INFINITY,
	    .stop = &interrupt_flag};
	plan_choice plan;
	return device_choice_open_one_as(job->device_spec, &wish, &plan, &run->device, error);
}

clu_status bench_begin(const bench_job *job, bench_run *run, clu_error *error)
{
	CLU_TRY(bench_open(job, run, error));
	return clu_device_measure(run->device, &run->device_measured, error);
}

int bench_end(bench_run *run, clu_status status, const clu_error *error)
{
	cJSON_Delete(run->rows);
	clu_device_destroy(run->device);
	*run = (bench_run){0};
	if (status != CLU_OK) return report_error(error);
	return interrupt_flag ? 128 + interrupt_flag : EXIT_DONE;
}

static clu_status visit_own_networks(
    bench_run *run, clu_status (*visit)(bench_run *run, const bench_network *network, clu_error *error), clu_error *error)
{
	char *copy = strdup(run->job->archs), *rest = NULL;
	clu_status status = CLU_OK;
	if (!copy) return clu_fail(error, CLU_MEMORY, "no memory for --arch");
	for (char *arch = strtok_r(copy, ",", &rest); arch && status == CLU_OK; arch = strtok_r(NULL, ",", &rest)) {
		bench_network network;
		status = bench_network_train(run->device, &run->job->settings, arch, &network, error);
		if (status == CLU_OK && !interrupt_flag) status = visit(run, &network, error);
		bench_network_release(&network);
		if (interrupt_flag) break;
	}
	free(copy);
	return status;
}

clu_status bench_each_network(
    bench_run *run, clu_status (*visit)(bench_run *run, const bench_network *network, clu_error *error), clu_error *error)
{
	if (!run->job->words[0]) return visit_own_networks(run, visit, error);
	clu_status status = CLU_OK;
	for (char **path = run->job->words; *path && status == CLU_OK && !interrupt_flag; path++) {
		bench_network network;
		status = bench_network_load(*path, &network, error);
		if (status == CLU_OK) status = visit(run, &network, error);
		bench_network_release(&network);
	}
	return status;
}

clu_status bench_each_lanes(bench_run *run, const bench_network *network, bench_measure measure, clu_error *error)
{
	const bench_job *job = run->job;
	if (!job->lanes_count) return measure(run, network, 1, error);
	for (uint32_t i = 0; i < job->lanes_count && !interrupt_flag; i++) CLU_TRY(measure(run, network, job->lanes[i], error));
	return CLU_OK;
}

clu_status bench_lanes_create(clu_device *device, const bench_network *network, uint32_t count, clu_lanes **out, clu_error *error)
{
	/* A tiny rate, and no validation in sight. */
	static const char recipe[] =
	    "name bench\nform sum\nstart previous\nthreshold 0.4\ndecay 1\nbeta1 0.9\nbeta2 0.999\n"
	    "epsilon 1e-7\nvalidate_every 1000000000\n"
	    "stage variables=all rate=1e-9 rate_last=1e-9 curve=flat length=1000000000 length_last=1000000000 keep=last\n";
	const clu_model *model = network->model;
	clu_training training = {.arch = model->arch, .seed = 1, .from = model};
	clu_lanes *lanes = NULL;
	clu_status status;
	*out = NULL;
	CLU_GOTO(clu_recipe_parse(recipe, &training.recipe, error));
	CLU_GOTO(clu_lanes_create(device, network->data, model->arch.layers, network->batch, count, &lanes, error));
	for (uint32_t slot = 0; slot < count; slot++) CLU_GOTO(clu_lane_start(lanes, slot, &training, error));
	*out = lanes;
	lanes = NULL;
cleanup:
	clu_lanes_destroy(lanes);
	return status;
}

/* ---- samples ---- */

static int ascending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double median_of_sorted(const double *sorted, uint32_t count)
{
	return count % 2 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
}

bench_spread bench_spread_of(double *samples, uint32_t count)
{
	qsort(samples, count, sizeof *samples, ascending);
	bench_spread spread = {
	    .count = count, .min = samples[0], .median = median_of_sorted(samples, count), .max = samples[count - 1]};
	spread.p95 = samples[(count * 95 + 99) / 100 - 1];
	for (uint32_t i = 0; i < count; i++) samples[i] = fabs(samples[i] - spread.median);
	qsort(samples, count, sizeof *samples, ascending);
	spread.mad = median_of_sorted(samples, count);
	return spread;
}

/* ---- rows ---- */

cJSON *bench_row_begin(const bench_run *run, const char *bench)
{
	const clu_device_info *info = clu_device_about(run->device);
	cJSON *row = report_json_begin();
	cJSON_AddStringToObject(row, "bench", bench);
	cJSON_AddStringToObject(row, "device", info->name);
	cJSON_AddStringToObject(row, "driver", info->driver);
	cJSON_AddStringToObject(row, "platform", info->platform);
	cJSON_AddStringToObject(row, "key", clu_device_key(run->device));
	char plan[CLU_PLAN_TEXT];
	clu_plan_print(clu_device_plan(run->device), plan);
	cJSON_AddStringToObject(row, "plan", plan);
	cJSON_AddStringToObject(row, "commit", commit_text);
	cJSON_AddNumberToObject(row, "peak_gflops", run->device_measured.peak_gflops);
	cJSON_AddNumberToObject(row, "bandwidth_gbytes", run->device_measured.bandwidth_gbytes);
	return row;
}

void bench_label(const bench_network *network, char label[BENCH_LABEL])
{
	const clu_model *model = network->model;
	char name[32];
	if (clu_arch_name(&model->arch))
		snprintf(name, sizeof name, "%.20s", network->name);
	else
		snprintf(name, sizeof name, "%u extra", clu_arch_extra_count(&model->arch));
	snprintf(label, BENCH_LABEL, "%s %ux%u k%u b%u", name, model->m, model->n, model->arch.layers, network->batch);
}

void bench_row_network(cJSON *row, const bench_network *network, uint32_t lanes)
{
	const clu_model *model = network->model;
	cJSON_AddStringToObject(row, "arch", network->name);
	if (network->path) cJSON_AddStringToObject(row, "network", network->path);
	cJSON_AddNumberToObject(row, "m", model->m);
	cJSON_AddNumberToObject(row, "n", model->n);
	cJSON_AddNumberToObject(row, "layers", model->arch.layers);
	cJSON_AddNumberToObject(row, "connections", clu_arch_extra_count(&model->arch));
	cJSON_AddNumberToObject(row, "batch", network->batch);
	cJSON_AddNumberToObject(row, "lanes", lanes);
}

void bench_row_spread(cJSON *row, const bench_spread *ms)
{
	cJSON_AddNumberToObject(row, "slices", ms->count);
	cJSON_AddNumberToObject(row, "ms_per_step_min", ms->min);
	cJSON_AddNumberToObject(row, "ms_per_step_median", ms->median);
	cJSON_AddNumberToObject(row, "ms_per_step_max", ms->max);
	cJSON_AddNumberToObject(row, "ms_per_step_mad", ms->mad);
}

void bench_row_end(bench_run *run, cJSON *row, const char *text)
{
	if (run->job->json)
		report_json(cJSON_Duplicate(row, true));
	else
		puts(text);
	fflush(stdout);
	cJSON_AddItemToArray(run->rows, row);
}
