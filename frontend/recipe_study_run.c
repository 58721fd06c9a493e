/* recipe_study_run.c: see recipe_study_run.h. Networks and studies are files: going on is the same as beginning. */
#include "recipe_study_run.h"

#include "interrupt.h"
#include "message.h"
#include "recipe_picture.h"
#include "recipe_ranking.h"
#include "recipe_table.h"
#include "reproduce_files.h"
#include "reproduce_network.h"
#include "status.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- quality ---- */

static int train_seed(const recipe_study *study, const char *arch, const clu_recipe *recipe, uint32_t seed)
{
	reproduce_network network;
	clu_error error;
	if (reproduce_network_create(&study->job, arch, RECIPE_SETTING, seed, recipe, &network, &error) != CLU_OK)
		return report_error(&error);
	const int code = reproduce_network_train(&study->job, &network);
	reproduce_network_release(&network);
	return code;
}

static int train_seeds(const recipe_study *study, const char *arch, const clu_recipe *recipe)
{
	int code = EXIT_DONE;
	for (uint32_t seed = 1; seed <= study->job.repeat && code == EXIT_DONE; seed++) {
		code = train_seed(study, arch, recipe, seed);
		if (code == EXIT_DONE && interrupt_flag) code = EXIT_STOPPED;
	}
	return code;
}

static clu_status evaluate_seed(const recipe_study *study, const reproduce_bench *bench, const clu_recipe *recipe,
    recipe_cell *cell, uint32_t seed, clu_error *error)
{
	reproduce_network network;
	CLU_TRY(reproduce_network_create(&study->job, cell->cell.arch, RECIPE_SETTING, seed, recipe, &network, error));
	clu_status status = reproduce_bench_evaluate(bench, &network, &cell->cell.training[seed - 1], error);
	cell->known[seed - 1] = reproduce_network_exists(&network) && reproduce_network_records(&network, cell->layer[seed - 1]);
	reproduce_network_release(&network);
	return status;
}

static clu_status evaluate(const recipe_study *study, const clu_recipe *recipe, recipe_results *results, clu_error *error)
{
	const reproduce_job *job = &study->job;
	const paper_row *row = paper_row_find(paper_table_find("table1"), "b");
	reproduce_bench bench;
	clu_status status = CLU_OK;
	CLU_TRY(reproduce_bench_open(job, RECIPE_SETTING, &bench, error));
	results->m = bench.data->m;
	results->n = bench.data->n;
	for (size_t a = 0; a < job->arch_count && status == CLU_OK; a++) {
		recipe_cell *cell = &results->quality[results->quality_count][a];
		cell->cell = (reproduce_cell){.arch = job->archs[a], .paper_db = reproduce_paper_db(row, job->archs[a])};
		for (; cell->cell.count < job->repeat && status == CLU_OK; cell->cell.count++)
			status = evaluate_seed(study, &bench, recipe, cell, cell->cell.count + 1, error);
	}
	reproduce_bench_close(&bench);
	return status;
}

static int make_quality(const recipe_study *study, recipe_results *results)
{
	const clu_recipe *recipe = &study->recipe[results->quality_count];
	clu_error error;
	report_note("quality of %s", study->variant[results->quality_count]->name);
	for (size_t a = 0; a < study->job.arch_count; a++) {
		const int code = train_seeds(study, study->job.archs[a], recipe);
		if (code != EXIT_DONE) return code;
	}
	if (evaluate(study, recipe, results, &error) != CLU_OK) return report_error(&error);
	results->quality_count++;
	return EXIT_DONE;
}

static int make_ranking(const recipe_study *study, recipe_results *results)
{
	const int code = recipe_ranking_run(study, results, results->run_count);
	results->run_count += code == EXIT_DONE;
	return code;
}

/* ---- writing ---- */

static char *markdown_of(const recipe_results *results)
{
	char picture[REPRODUCE_NAME];
	recipe_study_name(results->study, picture);
	strcat(picture, ".svg");
	return recipe_markdown(results, picture);
}

static clu_status write_results(const recipe_results *results, clu_error *error)
{
	const reproduce_job *job = &results->study->job;
	char name[REPRODUCE_NAME];
	recipe_study_name(results->study, name);
	cJSON *json = recipe_json(results);
	char *markdown = markdown_of(results), *picture = reproduce_path(job, "", name, ".svg");
	clu_status status;
	CLU_GOTO(reproduce_write(job, name, json, markdown, error));
	if (results->quality_count > 0)
		CLU_GOTO(picture ? recipe_picture(results, picture, error) : clu_fail(error, CLU_MEMORY, "out of memory for the picture"));

cleanup:
	free(picture);
	free(markdown);
	cJSON_Delete(json);
	return status;
}

static void print_results(const recipe_results *results)
{
	if (results->study->job.json) {
		report_json(recipe_json(results));
		return;
	}
	char *markdown = markdown_of(results);
	if (markdown) fputs(markdown, stdout);
	free(markdown);
}

/* ---- the whole ---- */

static int make_all(const recipe_study *study, recipe_results *results)
{
	const size_t qualities = study->parts & RECIPE_QUALITY ? study->variant_count : 0;
	const size_t runs = study->parts & RECIPE_RANKING ? recipe_run_count(study) : 0;
	int code = EXIT_DONE;
	while (code == EXIT_DONE && results->quality_count + results->run_count < qualities + runs) {
		clu_error error;
		code = results->quality_count < qualities ? make_quality(study, results) : make_ranking(study, results);
		if (code == EXIT_DONE && write_results(results, &error) != CLU_OK) code = report_error(&error);
		if (code == EXIT_DONE && interrupt_flag) code = EXIT_STOPPED;
	}
	if (code == EXIT_STOPPED)
		report_note("stopped after %zu of %zu variants and %zu of %zu rankings; the same command goes on", results->quality_count,
		    qualities, results->run_count, runs);
	return code;
}

int recipe_study_run(const recipe_study *study)
{
	static const char *const folders[] = {"models", "ranking", NULL};
	clu_error error;
	recipe_results *results = calloc(1, sizeof *results);
	if (!results) {
		clu_fail(&error, CLU_MEMORY, "out of memory");
		return report_error(&error);
	}
	results->study = study;
	interrupt_install();
	clu_status status = study->parts & RECIPE_RANKING ? recipe_ranking_draw(study, results, &error) : CLU_OK;
	if (status == CLU_OK) status = reproduce_directories(&study->job, folders, &error);
	int code = status == CLU_OK ? make_all(study, results) : report_error(&error);
	if (code == EXIT_DONE) print_results(results);
	free(results);
	return code;
}
