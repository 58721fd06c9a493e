/* recipe_fixture.h: a comparison of recipes and results with figures made up, for the tests of what shows them. */
#ifndef RECIPE_FIXTURE_H
#define RECIPE_FIXTURE_H

#include "support.h"

#include "recipe_study.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* fast and quick-few for LISTA and another network of 3 layers, two seeds. */
static inline recipe_study *fixture_study(const char *scale)
{
	recipe_study *study = calloc(1, sizeof *study);
	clu_error error;
	assert_non_null(study);
	support_ok(settings_default(&study->job.base, "fast", &error), &error);
	study->job.base.layers = 3;
	study->job.scale = reproduce_scale_find(scale);
	strcpy(study->job.archs[0], "LISTA");
	strcpy(study->job.archs[1], "0_0_1");
	study->job.arch_count = 2;
	study->job.repeat = 2;
	study->job.directory = "nowhere";
	study->scale = recipe_scale_of(study->job.scale);
	study->parts = RECIPE_BOTH;
	study->random = 1;
	support_ok(recipe_study_add(study, "fast", &error), &error);
	support_ok(recipe_study_add(study, "quick-few", &error), &error);
	return study;
}

static inline void fixture_diverged(recipe_cell *cell, uint32_t i)
{
	cell->cell.training[i] = (reproduce_training){.seed = i + 1, .nmse = {NAN, NAN}, .seconds = NAN, .device = "diverged"};
	cell->known[i] = false;
}

/* Layer 2 has no stages of its own, layer 3 is worse than layer 1 by `dip`. */
static inline void fixture_training(recipe_cell *cell, uint32_t i, double db, double dip)
{
	reproduce_training *training = &cell->cell.training[i];
	training->seed = i + 1;
	training->nmse = (clu_nmse){db, db + 2};
	training->steps = 3200;
	training->seconds = 1800;
	strcpy(training->device, "<cpu>");
	snprintf(training->name, sizeof training->name, "net-seed%u", i + 1);
	cell->known[i] = true;
	cell->layer[i][0] = (clu_layer_record){.test = {db - dip, 0}, .steps = 800, .seconds = 300};
	cell->layer[i][1] = (clu_layer_record){.test = {NAN, NAN}};
	cell->layer[i][2] = (clu_layer_record){.test = {db, 0}, .steps = 2400, .seconds = 1500};
}

static inline void fixture_runs(recipe_results *results)
{
	static const double nmse_db[][5] = {{-1, -2, -3, -4, -5}, {-1, -2, -3, -5, -4}, {-5, -4, -2, NAN, -1}};
	static const char *const archs[] = {"0_0_0_0", "0_0_1_1", "0_0_1_3", "0_0_0_2", "0_0_1_2"};
	results->arch_count = 5;
	results->run_count = recipe_run_count(results->study);
	for (size_t a = 0; a < 5; a++) strcpy(results->arch[a], archs[a]);
	for (size_t i = 0; i < results->run_count; i++) {
		recipe_run *run = &results->run[i];
		recipe_run_subject(i, &run->variant, &run->seed);
		memcpy(run->nmse_db, nmse_db[i], sizeof nmse_db[i]);
		run->training_steps = 24000;
		run->steps = 100000;
		run->seconds = 900;
	}
}

static inline recipe_results *fixture_results(const recipe_study *study)
{
	recipe_results *results = calloc(1, sizeof *results);
	const paper_row *row = paper_row_find(paper_table_find("table1"), "b");
	assert_non_null(results);
	*results = (recipe_results){.study = study, .m = 250, .n = 500, .quality_count = 2};
	for (size_t v = 0; v < 2; v++) {
		for (size_t a = 0; a < 2; a++) {
			recipe_cell *cell = &results->quality[v][a];
			cell->cell =
			    (reproduce_cell){.arch = study->job.archs[a], .paper_db = a == 0 ? row->nmse_db[0] : (double)NAN, .count = 2};
			for (uint32_t i = 0; i < 2; i++) fixture_training(cell, i, -40 - 10 * (double)v - i, i == 0 ? 1.5 : -3);
		}
	}
	results->quality[1][1].known[0] = results->quality[1][1].known[1] = false;
	fixture_runs(results);
	return results;
}

#endif
