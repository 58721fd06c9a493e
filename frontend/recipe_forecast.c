/* recipe_forecast.c: `clunroll reproduce recipe --dry-run`: what each variant is missing in both parts, and what it would take. */
#include "recipe_study_run.h"

#include "interrupt.h"
#include "message.h"
#include "recipe_ranking.h"
#include "reproduce_network.h"
#include "reproduce_step.h"
#include "status.h"
#include "units.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* A line of the forecast. */
typedef struct part_forecast {
	const char *part, *variant;
	uint64_t seed; /* of a ranking; 0: all */
	size_t missing, there;
	forecast work; /* all that are missing */
} part_forecast;

/* Of all lines; one step for each part, whose networks are of other sizes. */
typedef struct whole_forecast {
	reproduce_step quality, ranking;
	double seconds;
} whole_forecast;

static void print_line(const recipe_study *study, const part_forecast *f)
{
	char duration[UNITS_TEXT], variant[64];
	const forecast *work = &f->work;
	const uint64_t steps = f->missing * work->steps;
	units_duration(work->seconds, duration);
	if (study->job.json) {
		cJSON *json = report_json_begin();
		cJSON_AddStringToObject(json, "part", f->part);
		cJSON_AddStringToObject(json, "variant", f->variant);
		if (f->seed) cJSON_AddNumberToObject(json, "seed", (double)f->seed);
		cJSON_AddNumberToObject(json, "missing", (double)f->missing);
		cJSON_AddNumberToObject(json, "there", (double)f->there);
		cJSON_AddNumberToObject(json, "steps", (double)steps);
		cJSON_AddBoolToObject(json, "exact", work->exact);
		cJSON_AddNumberToObject(json, "seconds", work->seconds);
		report_json(json);
		return;
	}
	if (f->seed > 1)
		snprintf(variant, sizeof variant, "%s, seed %" PRIu64, f->variant, f->seed);
	else
		snprintf(variant, sizeof variant, "%s", f->variant);
	printf("%-8s %-20s %8zu %6zu  %s%12" PRIu64 "  %s%s\n", f->part, variant, f->missing, f->there, work->exact ? "" : "≥ ", steps,
	    work->exact ? "" : "at least ", duration);
}

static clu_status foresee(const recipe_study *study, const settings *settings, reproduce_step *step, part_forecast *f,
    whole_forecast *whole, clu_error *error)
{
	CLU_TRY(reproduce_step_foresee(&study->job, settings, f->missing, step, &f->work, error));
	whole->seconds += f->work.seconds;
	print_line(study, f);
	return CLU_OK;
}

/* ---- quality ---- */

static clu_status count_networks(const recipe_study *study, size_t v, part_forecast *f, clu_error *error)
{
	for (size_t a = 0; a < study->job.arch_count; a++) {
		for (uint32_t seed = 1; seed <= study->job.repeat; seed++) {
			reproduce_network network;
			CLU_TRY(reproduce_network_create(
			    &study->job, study->job.archs[a], RECIPE_SETTING, seed, &study->recipe[v], &network, error));
			const bool there = reproduce_network_exists(&network) || reproduce_network_diverged(&network);
			reproduce_network_release(&network);
			f->there += there;
			f->missing += !there;
		}
	}
	return CLU_OK;
}

static clu_status foresee_quality(const recipe_study *study, size_t v, whole_forecast *whole, clu_error *error)
{
	part_forecast f = {.part = "quality", .variant = study->variant[v]->name};
	settings settings;
	CLU_TRY(reproduce_settings(&study->job, RECIPE_SETTING, 1, &settings, error));
	settings.recipe = study->recipe[v];
	CLU_TRY(count_networks(study, v, &f, error));
	return foresee(study, &settings, &whole->quality, &f, whole, error);
}

/* ---- ranking ---- */

static clu_status foresee_ranking(
    const recipe_study *study, const recipe_results *results, size_t run, whole_forecast *whole, clu_error *error)
{
	size_t variant;
	settings settings;
	part_forecast f = {.part = "ranking"};
	recipe_run_subject(run, &variant, &f.seed);
	f.variant = study->variant[variant]->name;
	CLU_TRY(recipe_ranking_settings(study, run, &settings, error));
	clu_status status = recipe_ranking_missing(study, results, run, &f.missing, error);
	f.there = results->arch_count - f.missing;
	if (status == CLU_OK) status = foresee(study, &settings, &whole->ranking, &f, whole, error);
	settings_release(&settings);
	return status;
}

static clu_status foresee_rankings(const recipe_study *study, whole_forecast *whole, clu_error *error)
{
	clu_status status;
	recipe_results *results = calloc(1, sizeof *results);
	if (!results) return clu_fail(error, CLU_MEMORY, "out of memory");
	CLU_GOTO(recipe_ranking_draw(study, results, error));
	for (size_t run = 0; run < recipe_run_count(study) && !interrupt_flag; run++)
		CLU_GOTO(foresee_ranking(study, results, run, whole, error));

cleanup:
	free(results);
	return status;
}

/* ---- the whole ---- */

static void print_whole(const recipe_study *study, const whole_forecast *whole)
{
	char duration[UNITS_TEXT];
	const char *device = whole->quality.device[0] ? whole->quality.device : whole->ranking.device;
	units_duration(whole->seconds, duration);
	if (study->job.json) return;
	if (whole->seconds > 0)
		printf("%s in all, trained one after the other on %s; less where trainings share layers\n", duration, device);
	else
		printf("all networks are there\n");
}

int recipe_study_dry_run(const recipe_study *study)
{
	whole_forecast whole = {.seconds = 0};
	clu_error error;
	clu_status status = CLU_OK;
	interrupt_install();
	if (!study->job.json) printf("%-8s %-20s %8s %6s  %12s  %s\n", "part", "variant", "missing", "there", "steps", "time");
	for (size_t v = 0; study->parts & RECIPE_QUALITY && v < study->variant_count && !interrupt_flag; v++)
		CLU_GOTO(foresee_quality(study, v, &whole, &error));
	if (study->parts & RECIPE_RANKING) CLU_GOTO(foresee_rankings(study, &whole, &error));
	if (interrupt_flag) return EXIT_STOPPED;
	print_whole(study, &whole);

cleanup:
	return status == CLU_OK ? EXIT_DONE : report_error(&error);
}
