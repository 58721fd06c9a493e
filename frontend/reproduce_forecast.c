/* reproduce_forecast.c: `clunroll reproduce --dry-run`: what is missing and what it would take. */
#include "reproduce_run.h"

#include "interrupt.h"
#include "message.h"
#include "reproduce_network.h"
#include "reproduce_step.h"
#include "status.h"
#include "units.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What a row's missing networks take. */
typedef struct row_forecast {
	uint32_t missing, there;
	forecast work; /* all that are missing */
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
			reproduce_network network;
			CLU_TRY(reproduce_network_create(job, job->archs[a], row->trained, seed, NULL, &network, error));
			const bool there = reproduce_network_exists(&network) || reproduce_network_diverged(&network);
			reproduce_network_release(&network);
			f->there += there;
			f->missing += !there;
		}
	}
	return CLU_OK;
}

static clu_status foresee_row(
    const reproduce_job *job, const paper_row *row, reproduce_step *step, row_forecast *f, clu_error *error)
{
	settings settings;
	CLU_TRY(reproduce_settings(job, row->trained, 1, &settings, error));
	CLU_TRY(count_missing(job, row, f, error));
	return reproduce_step_foresee(job, &settings, f->missing, step, &f->work, error);
}

static void print_row(const reproduce_job *job, const paper_row *row, const row_forecast *f)
{
	char duration[UNITS_TEXT];
	const forecast *work = &f->work;
	const uint64_t steps = f->missing * work->steps;
	units_duration(work->seconds, duration);
	if (job->json) {
		cJSON *json = report_json_begin();
		cJSON_AddStringToObject(json, "row", row->id);
		cJSON_AddNumberToObject(json, "missing", f->missing);
		cJSON_AddNumberToObject(json, "there", f->there);
		cJSON_AddNumberToObject(json, "steps", (double)steps);
		cJSON_AddBoolToObject(json, "exact", work->exact);
		cJSON_AddNumberToObject(json, "seconds", work->seconds);
		report_json(json);
		return;
	}
	printf("%-4s %8u %6u  %s%12" PRIu64 "  %s%s\n", row->id, f->missing, f->there, work->exact ? "" : "≥ ", steps,
	    work->exact ? "" : "at least ", duration);
}

int reproduce_dry_run(const reproduce_job *job)
{
	reproduce_step step = {.seconds = 0};
	char duration[UNITS_TEXT];
	double seconds = 0;
	clu_error error;
	clu_status status = CLU_OK;
	interrupt_install();
	if (!job->json) printf("%-4s %8s %6s  %12s  %s\n", "row", "missing", "there", "steps", "time");
	for (size_t r = 0; r < job->row_count; r++) {
		row_forecast f = {.missing = 0};
		if (!trains(job, r)) continue;
		CLU_GOTO(foresee_row(job, job->rows[r], &step, &f, &error));
		if (interrupt_flag) return EXIT_STOPPED;
		print_row(job, job->rows[r], &f);
		seconds += f.work.seconds;
	}
	units_duration(seconds, duration);
	if (!job->json && seconds > 0) printf("%s in all, trained one after the other on %s\n", duration, step.device);
	if (!job->json && seconds == 0) printf("all networks are there\n");

cleanup:
	return status == CLU_OK ? EXIT_DONE : report_error(&error);
}
