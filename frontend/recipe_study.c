/* recipe_study.c: see recipe_study.h. */
#include "recipe_study.h"

#include "status.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const recipe_scale scales[] = {
    {"full", 100, 200, 16, 30, 3, 1,
        "The sizes of the paper: its figures and these are of the same experiment on data of another seed."},
    {"small", 50, 100, 8, 12, 1, 1,
        "Another problem than the paper's: recipes can be held against each other here, not against its figures."},
    {"tiny", 10, 20, 6, 6, 1, 100, "For tests, lengths of stages divided by 100: nothing here says anything."},
};

const recipe_scale *recipe_scale_of(const reproduce_scale *scale)
{
	size_t i = 0;
	while (strcmp(scales[i].name, scale->name) != 0) i++;
	return &scales[i];
}

static uint32_t shortened(uint32_t length, uint32_t divisor)
{
	return length > divisor ? length / divisor : length > 0;
}

/* Stages of another length are another recipe, and its networks have other names. */
static void shorten(clu_recipe *recipe, const reproduce_scale *scale, uint32_t divisor)
{
	char name[sizeof recipe->name];
	if (divisor == 1) return;
	snprintf(name, sizeof name, "%.20s-%s", recipe->name, scale->name);
	strcpy(recipe->name, name);
	recipe->validate_every = shortened(recipe->validate_every, divisor);
	for (uint32_t i = 0; i < recipe->stage_count; i++) {
		clu_stage *stage = &recipe->stage[i];
		stage->length = shortened(stage->length, divisor);
		stage->length_last = shortened(stage->length_last, divisor);
		stage->patience = shortened(stage->patience, divisor);
		stage->cap = shortened(stage->cap, divisor);
	}
}

clu_status recipe_study_add(recipe_study *study, const char *name, clu_error *error)
{
	const recipe_variant *variant = recipe_variant_find(name);
	const size_t count = study->variant_count;
	if (!variant) return clu_fail(error, CLU_ARGUMENT, "--variants %.40s: there is no such variant of a recipe", name);
	for (size_t i = 0; i < count; i++) {
		if (study->variant[i] == variant) return clu_fail(error, CLU_ARGUMENT, "--variants: %s stands there twice", name);
	}
	CLU_TRY(recipe_variant_make(variant, &study->recipe[count], error));
	shorten(&study->recipe[count], study->job.scale, study->scale->shorten);
	study->variant[study->variant_count++] = variant;
	return CLU_OK;
}

void recipe_study_name(const recipe_study *study, char name[REPRODUCE_NAME])
{
	static const char *const parts[] = {[RECIPE_QUALITY] = "-quality", [RECIPE_RANKING] = "-ranking", [RECIPE_BOTH] = ""};
	const bool full = study->job.scale->sides == 1;
	snprintf(name, REPRODUCE_NAME, "recipe%s%s%s", parts[study->parts], full ? "" : "-", full ? "" : study->job.scale->name);
}

/* ---- quality ---- */

size_t recipe_curve(const recipe_cell *cell, uint32_t layers, recipe_point points[CLU_LAYERS_MAX])
{
	double steps[REPRODUCE_REPEATS_MAX] = {0};
	size_t count = 0;
	for (uint32_t l = 0; l < layers; l++) {
		recipe_point sum = {0, 0};
		uint32_t known = 0;
		for (uint32_t i = 0; i < cell->cell.count; i++) {
			if (!cell->known[i]) continue;
			steps[i] += (double)cell->layer[i][l].steps;
			if (!isfinite(cell->layer[i][l].test.db)) continue;
			sum.steps += steps[i];
			sum.nmse_db += cell->layer[i][l].test.db;
			known++;
		}
		if (known > 0) points[count++] = (recipe_point){sum.steps / known, sum.nmse_db / known};
	}
	return count;
}

double recipe_training_dip_db(const clu_layer_record *layer, uint32_t layers)
{
	double best = INFINITY, dip = 0;
	for (uint32_t l = 0; l < layers; l++) {
		if (!isfinite(layer[l].test.db)) continue;
		dip = fmax(dip, layer[l].test.db - best);
		best = fmin(best, layer[l].test.db);
	}
	return dip;
}

double recipe_dip_db(const recipe_cell *cell, uint32_t layers)
{
	double dip = NAN; /* which fmax passes over */
	for (uint32_t i = 0; i < cell->cell.count; i++)
		if (cell->known[i]) dip = fmax(dip, recipe_training_dip_db(cell->layer[i], layers));
	return dip;
}

double recipe_mean_steps(const reproduce_cell *cell)
{
	double sum = 0, known = 0;
	for (uint32_t i = 0; i < cell->count; i++) {
		sum += (double)cell->training[i].steps;
		known += cell->training[i].steps > 0;
	}
	return known > 0 ? sum / known : NAN;
}

double recipe_mean_seconds(const reproduce_cell *cell)
{
	double sum = 0, known = 0;
	for (uint32_t i = 0; i < cell->count; i++) {
		if (!isfinite(cell->training[i].seconds)) continue;
		sum += cell->training[i].seconds;
		known++;
	}
	return known > 0 ? sum / known : NAN;
}

double recipe_paper_db(const recipe_results *results, size_t arch)
{
	return results->study->job.scale->sides == 1 ? results->quality[0][arch].cell.paper_db : (double)NAN;
}

/* ---- ranking ---- */

size_t recipe_run_count(const recipe_study *study)
{
	return study->variant_count + 1;
}

void recipe_run_subject(size_t run, size_t *variant, uint64_t *seed)
{
	*variant = run > 1 ? run - 1 : 0;
	*seed = run == 1 ? 2 : 1;
}
