/* reproduce_run.c: see reproduce_run.h. What was done lies in files (a network and its record, a solver's figure), so that going on
 * is the same as beginning: what is there is not made again. */
#include "reproduce_run.h"

#include "interrupt.h"
#include "message.h"
#include "reproduce_files.h"
#include "reproduce_network.h"
#include "reproduce_picture.h"
#include "reproduce_table.h"
#include "status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- training and evaluation ---- */

static int train_where_missing(const reproduce_job *job, const char *arch, const paper_row *row, uint64_t seed)
{
	reproduce_network network;
	clu_error error;
	if (reproduce_network_create(job, arch, row->trained, seed, NULL, &network, &error) != CLU_OK) return report_error(&error);
	const int code = reproduce_network_train(job, &network);
	reproduce_network_release(&network);
	return code;
}

static int train_row(const reproduce_job *job, const paper_row *row)
{
	for (size_t a = 0; a < job->arch_count; a++) {
		for (uint32_t seed = 1; seed <= job->repeat; seed++) {
			const int code = train_where_missing(job, job->archs[a], row, seed);
			if (code != EXIT_DONE) return code;
			if (interrupt_flag) return EXIT_STOPPED;
		}
	}
	return EXIT_DONE;
}

static clu_status evaluate_cell(
    const reproduce_job *job, const reproduce_bench *bench, const paper_row *row, reproduce_cell *cell, clu_error *error)
{
	for (; cell->count < job->repeat; cell->count++) {
		reproduce_network network;
		CLU_TRY(reproduce_network_create(job, cell->arch, row->trained, cell->count + 1, NULL, &network, error));
		clu_status status = reproduce_bench_evaluate(bench, &network, &cell->training[cell->count], error);
		reproduce_network_release(&network);
		if (status != CLU_OK) return status;
	}
	return CLU_OK;
}

static clu_status evaluate_row(const reproduce_job *job, reproduce_row *row, clu_error *error)
{
	reproduce_bench bench;
	CLU_TRY(reproduce_bench_open(job, row->paper->setting, &bench, error));
	clu_status status = CLU_OK;
	row->m = bench.data->m;
	row->n = bench.data->n;
	for (size_t a = 0; a < job->arch_count && status == CLU_OK; a++) {
		reproduce_cell *cell = &row->cell[a];
		*cell = (reproduce_cell){.arch = job->archs[a], .paper_db = reproduce_paper_db(row->paper, job->archs[a])};
		status = evaluate_cell(job, &bench, row->paper, cell, error);
	}
	reproduce_bench_close(&bench);
	return status;
}

static clu_status score_solvers(const reproduce_job *job, reproduce_row *row, clu_error *error)
{
	settings tested;
	char *directory = reproduce_path(job, "", "solvers", "");
	if (!directory) return clu_fail(error, CLU_MEMORY, "out of memory");
	clu_status status = reproduce_settings(job, row->paper->setting, 1, &tested, error);
	if (status == CLU_OK) status = solver_results_make(&tested, directory, &interrupt_flag, row->solvers, error);
	free(directory);
	return status;
}

/* ---- writing ---- */

static void name_of(const reproduce_results *results, char name[REPRODUCE_NAME])
{
	const reproduce_job *job = results->job;
	reproduce_table_name(job, results->row_count == job->row_count, name);
}

static char *markdown_of(const reproduce_results *results)
{
	char picture[REPRODUCE_NAME + 4];
	name_of(results, picture);
	strcat(picture, ".svg");
	return reproduce_markdown(results, picture);
}

static clu_status write_results(const reproduce_results *results, clu_error *error)
{
	const reproduce_job *job = results->job;
	char name[REPRODUCE_NAME];
	name_of(results, name);
	cJSON *json = reproduce_json(results);
	char *markdown = markdown_of(results), *picture = reproduce_path(job, "", name, ".svg");
	clu_status status;
	CLU_GOTO(reproduce_write(job, name, json, markdown, error));
	CLU_GOTO(picture ? reproduce_picture(results, picture, error) : clu_fail(error, CLU_MEMORY, "out of memory for the picture"));

cleanup:
	free(picture);
	free(markdown);
	cJSON_Delete(json);
	return status;
}

/* The rows so far. */
static void remove_unfinished(const reproduce_results *results)
{
	char name[REPRODUCE_NAME];
	reproduce_table_name(results->job, false, name);
	if (!results->job->part) reproduce_remove(results->job, name);
}

static void print_results(const reproduce_results *results)
{
	char name[REPRODUCE_NAME];
	name_of(results, name);
	report_note("written: %s/%s.md, .json, .svg", results->job->directory, name);
	if (results->job->json) {
		report_json(reproduce_json(results));
		return;
	}
	char *markdown = markdown_of(results);
	if (markdown) fputs(markdown, stdout);
	free(markdown);
}

/* ---- the whole ---- */

static int make_row(reproduce_results *results, const paper_row *paper)
{
	const reproduce_job *job = results->job;
	reproduce_row *row = &results->row[results->row_count];
	clu_error error;
	clu_status status;
	row->paper = paper;
	report_note("row %s: %s", paper->id, paper->title);
	const int code = train_row(job, paper);
	if (code != EXIT_DONE) return code;
	CLU_GOTO(evaluate_row(job, row, &error));
	if (!job->no_solvers) CLU_GOTO(score_solvers(job, row, &error));
	if (interrupt_flag) return EXIT_STOPPED;
	results->row_count++;
	status = write_results(results, &error);

cleanup:
	return status == CLU_OK ? EXIT_DONE : report_error(&error);
}

int reproduce_run(const reproduce_job *job)
{
	clu_error error;
	static const char *const folders[] = {"models", "solvers", NULL};
	if (reproduce_directories(job, folders, &error) != CLU_OK) return report_error(&error);
	reproduce_results *results = calloc(1, sizeof *results);
	if (!results) {
		clu_fail(&error, CLU_MEMORY, "out of memory");
		return report_error(&error);
	}
	results->job = job;
	interrupt_install();
	int code = EXIT_DONE;
	for (size_t r = 0; r < job->row_count && code == EXIT_DONE; r++) code = make_row(results, job->rows[r]);
	if (code == EXIT_STOPPED)
		report_note("stopped after %zu of %zu rows; the same command goes on", results->row_count, job->row_count);
	if (code == EXIT_DONE) {
		remove_unfinished(results);
		print_results(results);
	}
	free(results);
	return code;
}
