/* recipe_json.c: the JSON of recipe_table.h. Numbers that are not finite are null once it is printed: see report_json_begin. */
#include "message.h"
#include "recipe_table.h"

#include <math.h>

static cJSON *variant_json(const recipe_study *study, size_t v)
{
	char text[CLU_RECIPE_TEXT];
	const recipe_variant *variant = study->variant[v];
	cJSON *json = cJSON_CreateObject();
	cJSON_AddStringToObject(json, "variant", variant->name);
	cJSON_AddStringToObject(json, "base", variant->base);
	cJSON *changes = cJSON_AddArrayToObject(json, "changes");
	for (size_t i = 0; i < RECIPE_CHANGES_MAX && variant->changes[i]; i++)
		cJSON_AddItemToArray(changes, cJSON_CreateString(variant->changes[i]));
	clu_recipe_print(&study->recipe[v], text);
	cJSON_AddStringToObject(json, "recipe", text);
	return json;
}

/* ---- quality ---- */

static cJSON *layer_json(const clu_layer_record *layer)
{
	cJSON *json = cJSON_CreateObject();
	cJSON_AddNumberToObject(json, "nmse_db", layer->test.db);
	cJSON_AddNumberToObject(json, "steps", (double)layer->steps);
	cJSON_AddNumberToObject(json, "seconds", layer->seconds);
	return json;
}

static cJSON *training_json(const recipe_cell *cell, uint32_t index, uint32_t layers)
{
	const reproduce_training *training = &cell->cell.training[index];
	const bool known = cell->known[index];
	cJSON *json = cJSON_CreateObject();
	cJSON_AddNumberToObject(json, "seed", (double)training->seed);
	cJSON_AddNumberToObject(json, "nmse_db", training->nmse.db);
	cJSON_AddNumberToObject(json, "nmse_ratio_db", training->nmse.ratio_db);
	cJSON_AddNumberToObject(json, "dip_db", known ? recipe_training_dip_db(cell->layer[index], layers) : (double)NAN);
	cJSON_AddNumberToObject(json, "steps", training->steps > 0 ? (double)training->steps : (double)NAN);
	cJSON_AddNumberToObject(json, "seconds", training->seconds);
	cJSON_AddStringToObject(json, "device", training->device);
	cJSON_AddStringToObject(json, "network", training->name);
	cJSON *by_layer = cJSON_AddArrayToObject(json, "layers");
	for (uint32_t l = 0; known && l < layers; l++) cJSON_AddItemToArray(by_layer, layer_json(&cell->layer[index][l]));
	return json;
}

static cJSON *cell_json(const recipe_results *results, size_t v, size_t a)
{
	const recipe_cell *cell = &results->quality[v][a];
	double least, most;
	const uint32_t layers = results->study->job.base.layers;
	reproduce_range_db(&cell->cell, &least, &most);
	cJSON *json = cJSON_CreateObject();
	cJSON_AddStringToObject(json, "arch", cell->cell.arch);
	cJSON_AddNumberToObject(json, "paper_db", recipe_paper_db(results, a));
	cJSON_AddNumberToObject(json, "nmse_db", reproduce_mean_db(&cell->cell));
	cJSON_AddNumberToObject(json, "diverged", reproduce_diverged(&cell->cell));
	cJSON_AddNumberToObject(json, "best_db", least);
	cJSON_AddNumberToObject(json, "worst_db", most);
	cJSON_AddNumberToObject(json, "dip_db", recipe_dip_db(cell, layers));
	cJSON_AddNumberToObject(json, "steps", recipe_mean_steps(&cell->cell));
	cJSON_AddNumberToObject(json, "seconds", recipe_mean_seconds(&cell->cell));
	cJSON *trainings = cJSON_AddArrayToObject(json, "trainings");
	for (uint32_t i = 0; i < cell->cell.count; i++) cJSON_AddItemToArray(trainings, training_json(cell, i, layers));
	return json;
}

static cJSON *quality_json(const recipe_results *results, size_t v)
{
	const recipe_study *study = results->study;
	cJSON *json = cJSON_CreateObject();
	cJSON_AddStringToObject(json, "variant", study->variant[v]->name);
	cJSON *networks = cJSON_AddArrayToObject(json, "networks");
	for (size_t a = 0; a < study->job.arch_count; a++) cJSON_AddItemToArray(networks, cell_json(results, v, a));
	return json;
}

/* ---- ranking ---- */

static cJSON *run_json(const recipe_results *results, size_t index)
{
	const recipe_run *run = &results->run[index];
	cJSON *json = cJSON_CreateObject();
	cJSON_AddStringToObject(json, "variant", results->study->variant[run->variant]->name);
	cJSON_AddNumberToObject(json, "seed", (double)run->seed);
	cJSON_AddNumberToObject(json, "training_steps", run->training_steps);
	cJSON_AddNumberToObject(json, "steps_made", (double)run->steps);
	cJSON_AddNumberToObject(json, "seconds", run->seconds);
	cJSON *figures = cJSON_AddArrayToObject(json, "nmse_db");
	for (size_t a = 0; a < results->arch_count; a++) cJSON_AddItemToArray(figures, cJSON_CreateNumber(run->nmse_db[a]));
	return json;
}

/* Of runs by their places in "runs": the first one is the reference. */
static cJSON *pair_json(const recipe_results *results, size_t i, size_t j)
{
	const rank_agreement agreement = rank_agree(results->run[i].nmse_db, results->run[j].nmse_db, results->arch_count);
	cJSON *json = cJSON_CreateObject();
	cJSON_AddNumberToObject(json, "reference", (double)i);
	cJSON_AddNumberToObject(json, "other", (double)j);
	cJSON_AddNumberToObject(json, "compared", (double)agreement.count);
	cJSON_AddNumberToObject(json, "rho", agreement.rho);
	cJSON_AddNumberToObject(json, "rho_low", agreement.low);
	cJSON_AddNumberToObject(json, "rho_high", agreement.high);
	cJSON_AddNumberToObject(json, "place_of_best", (double)agreement.place);
	cJSON_AddNumberToObject(json, "top_in_common", (double)agreement.shared);
	cJSON_AddNumberToObject(json, "found", agreement.found);
	cJSON_AddNumberToObject(json, "lost_db", agreement.lost);
	return json;
}

static cJSON *ranking_json(const recipe_results *results)
{
	const recipe_scale *scale = results->study->scale;
	cJSON *json = cJSON_CreateObject();
	cJSON_AddNumberToObject(json, "m", scale->m);
	cJSON_AddNumberToObject(json, "n", scale->n);
	cJSON_AddNumberToObject(json, "layers", scale->layers);
	cJSON *archs = cJSON_AddArrayToObject(json, "archs"), *runs = cJSON_AddArrayToObject(json, "runs"),
	      *pairs = cJSON_AddArrayToObject(json, "pairs");
	for (size_t a = 0; a < results->arch_count; a++) cJSON_AddItemToArray(archs, cJSON_CreateString(results->arch[a]));
	for (size_t i = 0; i < results->run_count; i++) cJSON_AddItemToArray(runs, run_json(results, i));
	for (size_t i = 0; i < results->run_count; i++)
		for (size_t j = i + 1; j < results->run_count; j++) cJSON_AddItemToArray(pairs, pair_json(results, i, j));
	return json;
}

cJSON *recipe_json(const recipe_results *results)
{
	const recipe_study *study = results->study;
	cJSON *json = report_json_begin();
	cJSON_AddStringToObject(json, "scale", study->job.scale->name);
	cJSON_AddStringToObject(json, "clunroll", clu_version());
	cJSON_AddNumberToObject(json, "batch", study->job.base.batch);
	cJSON *variants = cJSON_AddArrayToObject(json, "variants");
	for (size_t v = 0; v < study->variant_count; v++) cJSON_AddItemToArray(variants, variant_json(study, v));
	if (results->quality_count > 0) {
		cJSON_AddNumberToObject(json, "m", results->m);
		cJSON_AddNumberToObject(json, "n", results->n);
		cJSON_AddNumberToObject(json, "layers", study->job.base.layers);
		cJSON_AddNumberToObject(json, "repeat", study->job.repeat);
		cJSON *quality = cJSON_AddArrayToObject(json, "quality");
		for (size_t v = 0; v < results->quality_count; v++) cJSON_AddItemToArray(quality, quality_json(results, v));
	}
	if (results->run_count > 0) cJSON_AddItemToObject(json, "ranking", ranking_json(results));
	return json;
}
