/* recipe_ranking.c: see recipe_ranking.h. All architectures are named to the search (--enqueue): it draws none by itself, since its
 * seed is that of the trainings too, and every run must have the same ones. */
#include "recipe_ranking.h"

#include "message.h"
#include "reproduce_files.h"
#include "sampler_random.h"
#include "search_run.h"
#include "status.h"
#include "study_view.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t drawing_seed = 1;

/* ---- architectures ---- */

static bool is_there(const recipe_results *results, const char *arch)
{
	for (size_t i = 0; i < results->arch_count; i++) {
		if (strcmp(results->arch[i], arch) == 0) return true;
	}
	return false;
}

static void add(recipe_results *results, const clu_arch *arch)
{
	char text[CLU_ARCH_TEXT];
	clu_arch_print(arch, text);
	if (!is_there(results, text)) strcpy(results->arch[results->arch_count++], text);
}

clu_status recipe_ranking_draw(const recipe_study *study, recipe_results *results, clu_error *error)
{
	const uint32_t layers = study->scale->layers;
	const size_t wanted = study->random + PAPER_NETWORKS;
	clu_arch arch;
	if ((double)wanted > sampler_space_size(SPACE_GATES, layers) / 2)
		return clu_fail(error, CLU_ARGUMENT, "--random %u: too many architectures of %u layers", study->random, layers);
	results->arch_count = 0;
	for (size_t i = 0; i < PAPER_NETWORKS; i++) {
		CLU_TRY(clu_arch_parse(paper_networks[i], layers, &arch, error));
		add(results, &arch);
	}
	for (uint64_t index = 0; results->arch_count < wanted; index++) {
		sampler_random(drawing_seed, SPACE_GATES, layers, index, 0, &arch);
		add(results, &arch);
	}
	return CLU_OK;
}

/* ---- the study of a run ---- */

/* What a run is as a search: texts that its job points to. */
typedef struct run_texts {
	char name[REPRODUCE_NAME], m[16], n[16], layers[16], batch[16], train[24], validation[24], test[24], seed[24];
	char *study, *recipe, *prefixes; /* paths */
	char *archs;                     /* with commas between */
	settings_change changes[9];
	size_t change_count;
} run_texts;

static void release_texts(run_texts *texts)
{
	free(texts->study);
	free(texts->recipe);
	free(texts->prefixes);
	free(texts->archs);
}

static void change(run_texts *texts, int option, const char *value)
{
	texts->changes[texts->change_count++] = (settings_change){option, value};
}

/* Sides and layers are the ranking's, samples the scale's share of the usual ones. */
static void make_changes(const recipe_study *study, uint64_t seed, run_texts *texts)
{
	const recipe_scale *scale = study->scale;
	const clu_problem *problem = &study->job.base.problem;
	const size_t divisor = study->job.scale->samples;
	snprintf(texts->m, sizeof texts->m, "%u", scale->m);
	snprintf(texts->n, sizeof texts->n, "%u", scale->n);
	snprintf(texts->layers, sizeof texts->layers, "%u", scale->layers);
	snprintf(texts->batch, sizeof texts->batch, "%u", study->job.base.batch);
	snprintf(texts->train, sizeof texts->train, "%zu", problem->train / divisor);
	snprintf(texts->validation, sizeof texts->validation, "%zu", problem->validation / divisor);
	snprintf(texts->test, sizeof texts->test, "%zu", problem->test / divisor);
	snprintf(texts->seed, sizeof texts->seed, "%" PRIu64, seed);
	change(texts, OPTION_M, texts->m);
	change(texts, OPTION_N, texts->n);
	change(texts, OPTION_LAYERS, texts->layers);
	change(texts, OPTION_BATCH, texts->batch);
	change(texts, OPTION_TRAIN_SAMPLES, texts->train);
	change(texts, OPTION_VALIDATION_SAMPLES, texts->validation);
	change(texts, OPTION_TEST_SAMPLES, texts->test);
	change(texts, OPTION_SEED, texts->seed);
}

static char *join_archs(const recipe_results *results)
{
	char *list = malloc(results->arch_count * CLU_ARCH_TEXT + 1), *at = list;
	if (!list) return NULL;
	*at = '\0';
	for (size_t i = 0; i < results->arch_count; i++) at += sprintf(at, "%s%s", i ? "," : "", results->arch[i]);
	return list;
}

static clu_status make_texts(
    const recipe_study *study, const recipe_results *results, size_t run, run_texts *texts, clu_error *error)
{
	size_t variant;
	uint64_t seed;
	*texts = (run_texts){.change_count = 0};
	recipe_run_subject(run, &variant, &seed);
	snprintf(texts->name, sizeof texts->name, "%s-%ux%u-%u-seed%" PRIu64, study->recipe[variant].name, study->scale->m,
	    study->scale->n, study->scale->layers, seed);
	texts->study = reproduce_path(&study->job, "ranking", texts->name, ".clu");
	texts->recipe = reproduce_path(&study->job, "ranking", texts->name, ".recipe");
	texts->prefixes = reproduce_path(&study->job, "", "prefixes", "");
	texts->archs = join_archs(results);
	make_changes(study, seed, texts);
	change(texts, OPTION_RECIPE, texts->recipe);
	if (texts->study && texts->recipe && texts->prefixes && texts->archs) return CLU_OK;
	release_texts(texts);
	return clu_fail(error, CLU_MEMORY, "out of memory");
}

/* A search takes its recipe from a file. */
static clu_status write_recipe(const recipe_study *study, size_t run, const run_texts *texts, clu_error *error)
{
	char text[CLU_RECIPE_TEXT];
	size_t variant;
	uint64_t seed;
	recipe_run_subject(run, &variant, &seed);
	clu_recipe_print(&study->recipe[variant], text);
	return clu_file_replace(texts->recipe, text, strlen(text), error);
}

clu_status recipe_ranking_settings(const recipe_study *study, size_t run, settings *settings, clu_error *error)
{
	run_texts texts = {.change_count = 0};
	size_t variant;
	uint64_t seed;
	clu_status status = CLU_OK;
	recipe_run_subject(run, &variant, &seed);
	make_changes(study, seed, &texts);
	CLU_TRY(settings_default(settings, study->variant[variant]->base, error));
	settings->recipe = study->recipe[variant];
	for (size_t i = 0; i < texts.change_count && status == CLU_OK; i++)
		status = settings_option(settings, texts.changes[i].option, texts.changes[i].value, error);
	return status;
}

/* ---- what is in it ---- */

/* The trial of each architecture, [arch_count]; NULL where the study has none. */
static void match(const recipe_results *results, const trial *trials, size_t count, const trial **found)
{
	for (size_t a = 0; a < results->arch_count; a++) {
		found[a] = NULL;
		for (size_t i = 0; i < count && !found[a]; i++)
			if (strcmp(trials[i].arch, results->arch[a]) == 0) found[a] = &trials[i];
	}
}

/* Trials that the study has, architectures that it has no trial of, and those that are not done. */
typedef struct run_counts {
	size_t present, unknown, missing;
} run_counts;

static clu_status count_trials(const recipe_results *results, const char *path, run_counts *counts, clu_error *error)
{
	const trial *found[RECIPE_RANKED_MAX];
	trial *trials = NULL;
	store *study;
	bool exists;
	*counts = (run_counts){.unknown = results->arch_count, .missing = results->arch_count};
	CLU_TRY(store_exists(path, &exists, error));
	if (!exists) return CLU_OK;
	CLU_TRY(store_open(path, &study, error));
	clu_status status = store_trials(study, &trials, &counts->present, error);
	store_close(study);
	if (status != CLU_OK) return status;
	match(results, trials, counts->present, found);
	for (size_t a = 0; a < results->arch_count; a++) {
		counts->unknown -= found[a] != NULL;
		counts->missing -= found[a] && (found[a]->state == TRIAL_DONE || found[a]->state == TRIAL_FAILED);
	}
	free(trials);
	return CLU_OK;
}

clu_status recipe_ranking_missing(
    const recipe_study *study, const recipe_results *results, size_t run, size_t *missing, clu_error *error)
{
	run_texts texts;
	run_counts counts;
	CLU_TRY(make_texts(study, results, run, &texts, error));
	clu_status status = count_trials(results, texts.study, &counts, error);
	release_texts(&texts);
	*missing = status == CLU_OK ? counts.missing : 0;
	return status;
}

static void take_trials(const recipe_results *results, const study_view *view, recipe_run *run)
{
	const trial *found[RECIPE_RANKED_MAX];
	double steps = 0, done = 0;
	match(results, view->trials, view->trial_count, found);
	for (size_t a = 0; a < results->arch_count; a++) {
		run->nmse_db[a] = NAN;
		if (!found[a] || found[a]->state != TRIAL_DONE || !analysis_plain(found[a]->nmse_db)) continue;
		run->nmse_db[a] = found[a]->nmse_db;
		steps += (double)found[a]->steps;
		done++;
	}
	run->training_steps = done > 0 ? steps / done : NAN;
	run->steps = 0;
	run->seconds = 0;
	for (size_t i = 0; i < view->analysis->device_count; i++) {
		run->steps += view->analysis->devices[i].steps;
		run->seconds += view->analysis->devices[i].seconds;
	}
}

static clu_status read_run(const recipe_results *results, const char *path, recipe_run *run, clu_error *error)
{
	store *study;
	study_view view;
	CLU_TRY(store_open(path, &study, error));
	clu_status status = study_view_load(study, results->study->scale->layers, &view, error);
	if (status == CLU_OK) {
		take_trials(results, &view, run);
		study_view_release(&view);
	}
	store_close(study);
	return status;
}

/* ---- the whole ---- */

/* A search of which no training ended with a network has failed, but it is a result here. */
static bool all_ended(const recipe_results *results, const run_texts *texts)
{
	run_counts counts;
	clu_error error;
	return count_trials(results, texts->study, &counts, &error) == CLU_OK && counts.missing == 0;
}

static int search(const recipe_study *study, const run_texts *texts, const run_counts *counts)
{
	return search_run(&(search_job){.study_path = texts->study,
	    .changes = (settings_change *)texts->changes,
	    .change_count = texts->change_count,
	    .trials = counts->present + counts->unknown,
	    .enqueue = texts->archs,
	    .device_spec = study->job.device_spec,
	    .workers = 1,
	    .lease = 60,
	    .checkpoint = 60,
	    .hang = 120,
	    .prefixes = {.directory = texts->prefixes},
	    .quiet = true});
}

int recipe_ranking_run(const recipe_study *study, recipe_results *results, size_t run)
{
	run_texts texts;
	run_counts counts;
	clu_error error;
	clu_status status;
	int code = EXIT_DONE;
	recipe_run *into = &results->run[run];
	if (make_texts(study, results, run, &texts, &error) != CLU_OK) return report_error(&error);
	recipe_run_subject(run, &into->variant, &into->seed);
	report_note("ranking by %s, seed %" PRIu64, study->variant[into->variant]->name, into->seed);
	CLU_GOTO(count_trials(results, texts.study, &counts, &error));
	if (counts.missing > 0) {
		CLU_GOTO(write_recipe(study, run, &texts, &error));
		code = search(study, &texts, &counts);
		if (code == EXIT_FAILED && all_ended(results, &texts)) code = EXIT_DONE;
	}
	if (code == EXIT_DONE) status = read_run(results, texts.study, into, &error);

cleanup:
	release_texts(&texts);
	return status == CLU_OK ? code : report_error(&error);
}
