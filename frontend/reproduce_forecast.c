/* reproduce_forecast.c: `clunroll reproduce --dry-run`: what is missing and what it would take. The time is that of a measured step
 * at full depth under the plan that training would have; a step of fewer layers counts by its operations, and validation is a third
 * of a step for each batch. */
#include "reproduce_run.h"

#include "cost.h"
#include "device_choice.h"
#include "interrupt.h"
#include "message.h"
#include "status.h"
#include "units.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A step that was measured; rows of one shape share it. */
typedef struct measured_step {
	uint32_t m, n; /* 0: none yet */
	double seconds;
	char device[DEVICE_CHOICE_TEXT];
} measured_step;

/* What a row's missing networks take. */
typedef struct row_forecast {
	uint32_t missing, there;
	uint64_t steps; /* of one training */
	bool exact;
	double seconds; /* of all that are missing */
} row_forecast;

/* A row that takes another's networks trains none. */
static bool trains(const reproduce_job *job, size_t r)
{
	for (size_t i = 0; i < r; i++) {
		if (strcmp(job->rows[i]->trained, job->rows[r]->trained) == 0) return false;
	}
	return true;
}

static clu_status count_missing(const reproduce_job *job, const paper_row *row, row_forecast *f, clu_error *error)
{
	for (size_t a = 0; a < job->arch_count; a++) {
		for (uint32_t seed = 1; seed <= job->repeat; seed++) {
			settings settings;
			char name[REPRODUCE_NAME];
			CLU_TRY(reproduce_settings(job, row->trained, seed, &settings, error));
			CLU_TRY(reproduce_network_name(job, job->archs[a], row->trained, &settings, name, error));
			char *path = reproduce_model_path(job, name, ".safetensors");
			if (!path) return clu_fail(error, CLU_MEMORY, "out of memory");
			const bool there = access(path, F_OK) == 0;
			free(path);
			f->there += there;
			f->missing += !there;
		}
	}
	return CLU_OK;
}

/* At full depth, under the plan that a training of so many operations would have: what was measured with it, or measured now. */
static clu_status measure_step(
    const reproduce_job *job, const cost_shape *shape, double operations, measured_step *step, clu_error *error)
{
	const plan_wish wish = {.imposed = job->plan_path,
	    .shape = {shape->m, shape->n, shape->layers, shape->batch},
	    .operations = operations,
	    .stop = &interrupt_flag};
	plan_choice plan;
	clu_device *device;
	clu_tuning tuning;
	CLU_TRY(device_choice_open_one_as(job->device_spec, &wish, &plan, &device, error));
	const clu_device_info info = *clu_device_about(device);
	clu_device_destroy(device); /* measuring wants the device for itself */
	const clu_tuning_job short_job = {.m = shape->m,
	    .n = shape->n,
	    .layers = shape->layers,
	    .batch = shape->batch,
	    .base = plan.plan,
	    .keep_key = true,
	    .seconds = 0.001, /* no time to try another plan */
	    .stop = &interrupt_flag};
	step->seconds = plan.measured.tuning.step_seconds;
	if (plan.source != PLAN_MEASURED) {
		CLU_TRY(clu_tune(&info, &short_job, &tuning, error));
		step->seconds = tuning.base_seconds;
	}
	step->m = shape->m;
	step->n = shape->n;
	device_choice_describe(&info, step->device);
	return CLU_OK;
}

static clu_status foresee_row(
    const reproduce_job *job, const paper_row *row, measured_step *step, row_forecast *f, clu_error *error)
{
	settings settings;
	CLU_TRY(reproduce_settings(job, row->trained, 1, &settings, error));
	CLU_TRY(count_missing(job, row, f, error));
	const clu_recipe *recipe = &settings.recipe;
	const cost_shape shape = {settings.problem.m, settings.problem.n, settings.layers, settings.batch, 1};
	const double operations = cost_training(&shape, recipe);
	f->steps = cost_steps(&shape, recipe, &f->exact);
	if (f->missing == 0) return CLU_OK;
	if (step->m != shape.m || step->n != shape.n) CLU_TRY(measure_step(job, &shape, operations, step, error));
	const double full_steps = operations / cost_step(&shape, 1, shape.layers, CLU_VARIABLES_ALL);
	const double validation = (double)settings.problem.validation / shape.batch / recipe->validate_every / 3;
	f->seconds = f->missing * step->seconds * full_steps * (1 + validation);
	return CLU_OK;
}

static void print_row(const reproduce_job *job, const paper_row *row, const row_forecast *f)
{
	char duration[UNITS_TEXT];
	units_duration(f->seconds, duration);
	if (job->json) {
		cJSON *json = report_json_begin();
		cJSON_AddStringToObject(json, "row", row->id);
		cJSON_AddNumberToObject(json, "missing", f->missing);
		cJSON_AddNumberToObject(json, "there", f->there);
		cJSON_AddNumberToObject(json, "steps", (double)f->steps * f->missing);
		cJSON_AddBoolToObject(json, "exact", f->exact);
		cJSON_AddNumberToObject(json, "seconds", f->seconds);
		report_json(json);
		return;
	}
	printf("%-4s %8u %6u  %s%12" PRIu64 "  %s%s\n", row->id, f->missing, f->there, f->exact ? "" : "≥ ", f->steps * f->missing,
	    f->exact ? "" : "at least ", duration);
}

int reproduce_dry_run(const reproduce_job *job)
{
	measured_step step = {0};
	char duration[UNITS_TEXT];
	double seconds = 0;
	clu_error error;
	clu_status status = CLU_OK;
	interrupt_install();
	if (!job->json) printf("%-4s %8s %6s  %12s  %s\n", "row", "missing", "there", "steps", "time");
	for (size_t r = 0; r < job->row_count; r++) {
		row_forecast f = {.exact = true};
		if (!trains(job, r)) continue;
		CLU_GOTO(foresee_row(job, job->rows[r], &step, &f, &error));
		if (interrupt_flag) return EXIT_STOPPED;
		print_row(job, job->rows[r], &f);
		seconds += f.seconds;
	}
	units_duration(seconds, duration);
	if (!job->json && seconds > 0) printf("%s in all, trained one after the other on %s\n", duration, step.device);
	if (!job->json && seconds == 0) printf("all networks are there\n");

cleanup:
	return status == CLU_OK ? EXIT_DONE : report_error(&error);
}
