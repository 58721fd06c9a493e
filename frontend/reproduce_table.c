/* reproduce_table.c: see reproduce_table.h. Three blocks of a line a row (the paper's networks, others, classical solvers), then a
 * line for each network that was trained. What is worse than the paper is marked by a sign, not by colour. */
#include "reproduce_table.h"

#include "markup.h"
#include "message.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool has_paper(const reproduce_results *results, size_t arch)
{
	return !isnan(reproduce_paper_db(results->job->table->rows, results->job->archs[arch]));
}

static size_t count_archs(const reproduce_results *results, bool of_paper)
{
	size_t count = 0;
	for (size_t a = 0; a < results->job->arch_count; a++) count += has_paper(results, a) == of_paper;
	return count;
}

/* ---- Markdown ---- */

static void add_signed(markup *out, double value)
{
	markup_add(out, value < 0 ? "−" : "+");
	markup_figure(out, fabs(value), 2);
}

/* "**−54.20** [−54.30, −54.10]; −54.2 (−0.00)": mean, where it lies between seeds, the paper's figure, the difference; marks. */
static void add_cell(markup *out, const reproduce_cell *cell)
{
	const double mean = reproduce_mean_db(cell);
	const uint32_t diverged = reproduce_diverged(cell);
	double least, most;
	reproduce_range_db(cell, &least, &most);
	markup_add(out, " **");
	markup_figure(out, mean, 2);
	markup_add(out, "**");
	if (cell->count > diverged + 1) {
		markup_add(out, " [");
		markup_figure(out, least, 2);
		markup_add(out, ", ");
		markup_figure(out, most, 2);
		markup_add(out, "]");
	}
	if (!isnan(cell->paper_db)) {
		markup_add(out, "; ");
		markup_figure(out, cell->paper_db, 1);
		if (!isnan(mean)) {
			markup_add(out, " (");
			add_signed(out, mean - cell->paper_db);
			markup_add(out, ")");
		}
		if (reproduce_is_worse(cell)) markup_add(out, " ▲");
	}
	if (diverged > 0) markup_add(out, "; %u diverged", diverged);
	markup_add(out, " |");
}

static void add_row_name(markup *out, const reproduce_row *row)
{
	markup_add(out, "| %s | %s |", row->paper->id, row->paper->title);
}

static void add_head(markup *out, size_t columns)
{
	markup_add(out, "\n|---|---|");
	for (size_t i = 0; i < columns; i++) markup_add(out, "---|");
	markup_add(out, "\n");
}

static void add_networks(markup *out, const reproduce_results *results, bool of_paper)
{
	const reproduce_job *job = results->job;
	const size_t columns = count_archs(results, of_paper);
	if (columns == 0) return;
	markup_add(out, "\n## %s\n\n| row | |", of_paper ? "The paper's networks" : "Other networks");
	for (size_t a = 0; a < job->arch_count; a++)
		if (has_paper(results, a) == of_paper) markup_add(out, " %s |", job->archs[a]);
	add_head(out, columns);
	for (size_t r = 0; r < results->row_count; r++) {
		add_row_name(out, &results->row[r]);
		for (size_t a = 0; a < job->arch_count; a++)
			if (has_paper(results, a) == of_paper) add_cell(out, &results->row[r].cell[a]);
		markup_add(out, "\n");
	}
	if (of_paper)
		markup_add(out, "\nHere%s; the paper's figure (the difference). ▲: more than 0.5 dB worse than the paper's.\n",
		    job->repeat > 1 ? ", as a mean of seeds [best seed, worst seed]" : "");
}

static void add_solver(markup *out, const solver_result *result)
{
	if (!result->known) {
		markup_add(out, " – |");
		return;
	}
	markup_add(out, " ");
	markup_figure(out, result->score.nmse.db, 2);
	markup_add(out, ", ");
	markup_rate(out, 1e3 * result->score.seconds);
	markup_add(out, " ms |");
}

static void add_solvers(markup *out, const reproduce_results *results)
{
	markup_add(out, "\n## Classical solvers on the same test sets\n\n| row | |");
	for (size_t s = 0; s < SOLVER_RESULTS; s++) markup_add(out, " %s |", solver_result_title(s));
	add_head(out, SOLVER_RESULTS);
	for (size_t r = 0; r < results->row_count; r++) {
		add_row_name(out, &results->row[r]);
		for (size_t s = 0; s < SOLVER_RESULTS; s++) add_solver(out, &results->row[r].solvers[s]);
		markup_add(out, "\n");
	}
	markup_add(out,
	    "\nNMSE, and the time of a signal on one thread of this machine's CPU, in double precision, signals in blocks of 64. "
	    "Penalties and residuals are those that do best on the validation set. Nobody is told the true support: the last "
	    "column is a bound. Without noise, measurements are given in double: rounded to float32 they end at some −140 dB.\n");
}

static void add_training(markup *out, const reproduce_row *row, const reproduce_cell *cell, const reproduce_training *training)
{
	markup_add(out, "| %s | %s | %llu | ", row->paper->id, cell->arch, (unsigned long long)training->seed);
	markup_figure(out, training->nmse.db, 3);
	markup_add(out, " | ");
	markup_figure(out, training->nmse.ratio_db, 3);
	markup_add(out, " | ");
	if (training->steps > 0)
		markup_count(out, training->steps);
	else
		markup_add(out, "–");
	markup_add(out, " | ");
	markup_figure(out, training->seconds / 3600, 3);
	markup_add(out, " | %s | `%s` |\n", training->device, training->name);
}

static void add_trainings(markup *out, const reproduce_results *results)
{
	markup_add(out,
	    "\n## Every network\n\n| row | network | seed | NMSE, dB | ratio NMSE, dB | steps | hours | trained on | file in "
	    "models/ |\n|---|---|---|---|---|---|---|---|---|\n");
	for (size_t r = 0; r < results->row_count; r++)
		for (size_t a = 0; a < results->job->arch_count; a++)
			for (uint32_t i = 0; i < results->row[r].cell[a].count; i++)
				add_training(out, &results->row[r], &results->row[r].cell[a], &results->row[r].cell[a].training[i]);
}

/* One that its name does not say all of: changed, or a file's. */
static void add_recipe(markup *out, const clu_recipe *recipe)
{
	clu_recipe named;
	char text[CLU_RECIPE_TEXT];
	if (clu_recipe_load(recipe->name, &named, NULL) == CLU_OK && clu_recipe_equal(recipe, &named)) return;
	clu_recipe_print(recipe, text);
	markup_add(out, "\nThe recipe is one's own:\n\n```\n%s```\n", text);
}

char *reproduce_markdown(const reproduce_results *results, const char *picture)
{
	const reproduce_job *job = results->job;
	markup out = {0};
	markup_add(&out,
	    "# %s, reproduced\n\nNMSE on the test set in dB, the mean over samples. Recipe `%s`, %u layers, batch %u, clunroll %s",
	    job->table->title, job->base.recipe.name, job->base.layers, job->base.batch, clu_version());
	markup_add(&out, job->repeat > 1 ? ", seeds 1 to %u. %s\n" : ", seed %u. %s\n", job->repeat, job->scale->compare);
	add_recipe(&out, &job->base.recipe);
	markup_add(&out, "\n![%s, the paper's figures and these](%s)\n", job->table->title, picture);
	add_networks(&out, results, true);
	add_networks(&out, results, false);
	if (!job->no_solvers) add_solvers(&out, results);
	add_trainings(&out, results);
	if (!out.failed) return out.text;
	free(out.text);
	return NULL;
}

/* ---- JSON ---- */

static cJSON *training_json(const reproduce_training *training)
{
	cJSON *json = cJSON_CreateObject();
	cJSON_AddNumberToObject(json, "seed", (double)training->seed);
	cJSON_AddNumberToObject(json, "nmse_db", training->nmse.db);
	cJSON_AddNumberToObject(json, "nmse_ratio_db", training->nmse.ratio_db);
	cJSON_AddNumberToObject(json, "steps", training->steps > 0 ? (double)training->steps : NAN);
	cJSON_AddNumberToObject(json, "seconds", training->seconds);
	cJSON_AddStringToObject(json, "device", training->device);
	cJSON_AddStringToObject(json, "network", training->name);
	return json;
}

static cJSON *cell_json(const reproduce_cell *cell)
{
	double least, most;
	const double mean = reproduce_mean_db(cell);
	reproduce_range_db(cell, &least, &most);
	cJSON *json = cJSON_CreateObject();
	cJSON_AddStringToObject(json, "arch", cell->arch);
	cJSON_AddNumberToObject(json, "paper_db", cell->paper_db);
	cJSON_AddNumberToObject(json, "nmse_db", mean);
	cJSON_AddNumberToObject(json, "difference_db", mean - cell->paper_db);
	cJSON_AddBoolToObject(json, "worse", reproduce_is_worse(cell));
	cJSON_AddNumberToObject(json, "diverged", reproduce_diverged(cell));
	cJSON_AddNumberToObject(json, "best_db", least);
	cJSON_AddNumberToObject(json, "worst_db", most);
	cJSON *trainings = cJSON_AddArrayToObject(json, "trainings");
	for (uint32_t i = 0; i < cell->count; i++) cJSON_AddItemToArray(trainings, training_json(&cell->training[i]));
	return json;
}

static cJSON *solver_json(const solver_result *result, size_t index)
{
	cJSON *json = cJSON_CreateObject();
	cJSON_AddStringToObject(json, "solver", solver_result_id(index));
	cJSON_AddNumberToObject(json, "nmse_db", result->score.nmse.db);
	cJSON_AddNumberToObject(json, "nmse_ratio_db", result->score.nmse.ratio_db);
	cJSON_AddNumberToObject(json, "seconds_per_signal", result->score.seconds);
	cJSON_AddNumberToObject(json, "chosen", result->chosen);
	return json;
}

static cJSON *row_json(const reproduce_results *results, const reproduce_row *row)
{
	cJSON *json = cJSON_CreateObject();
	cJSON_AddStringToObject(json, "row", row->paper->id);
	cJSON_AddStringToObject(json, "title", row->paper->title);
	cJSON_AddStringToObject(json, "setting", row->paper->setting);
	cJSON_AddStringToObject(json, "trained", row->paper->trained);
	cJSON_AddNumberToObject(json, "m", row->m);
	cJSON_AddNumberToObject(json, "n", row->n);
	cJSON *cells = cJSON_AddArrayToObject(json, "networks");
	for (size_t a = 0; a < results->job->arch_count; a++) cJSON_AddItemToArray(cells, cell_json(&row->cell[a]));
	cJSON *solvers = cJSON_AddArrayToObject(json, "solvers");
	for (size_t s = 0; s < SOLVER_RESULTS; s++)
		if (row->solvers[s].known) cJSON_AddItemToArray(solvers, solver_json(&row->solvers[s], s));
	return json;
}

cJSON *reproduce_json(const reproduce_results *results)
{
	const reproduce_job *job = results->job;
	char recipe[CLU_RECIPE_TEXT];
	cJSON *json = report_json_begin();
	cJSON_AddStringToObject(json, "table", job->table->name);
	cJSON_AddStringToObject(json, "scale", job->scale->name);
	cJSON_AddStringToObject(json, "comparable", job->scale->compare);
	clu_recipe_print(&job->base.recipe, recipe);
	cJSON_AddStringToObject(json, "recipe", job->base.recipe.name);
	cJSON_AddStringToObject(json, "recipe_text", recipe);
	cJSON_AddNumberToObject(json, "layers", job->base.layers);
	cJSON_AddNumberToObject(json, "batch", job->base.batch);
	cJSON_AddNumberToObject(json, "repeat", job->repeat);
	cJSON_AddStringToObject(json, "clunroll", clu_version());
	cJSON *rows = cJSON_AddArrayToObject(json, "rows");
	for (size_t r = 0; r < results->row_count; r++) cJSON_AddItemToArray(rows, row_json(results, &results->row[r]));
	return json;
}
