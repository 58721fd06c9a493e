/* reproduce_fixture.h: a job and results of `clunroll reproduce` with figures made up, for the tests of what shows them. */
#ifndef REPRODUCE_FIXTURE_H
#define REPRODUCE_FIXTURE_H

#include "support.h"

#include "reproduce.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Table 1 rows b and e, LISTA (0.6 dB worse than the paper in b, better in e) and another network, two seeds. */
static inline reproduce_job *fixture_job(const char *scale)
{
	reproduce_job *job = calloc(1, sizeof *job);
	clu_error error;
	assert_non_null(job);
	support_ok(settings_default(&job->base, "fast", &error), &error);
	job->table = paper_table_find("table1");
	job->scale = reproduce_scale_find(scale);
	job->rows[0] = paper_row_find(job->table, "b");
	job->rows[1] = paper_row_find(job->table, "e");
	job->row_count = 2;
	strcpy(job->archs[0], "LISTA");
	strcpy(job->archs[1], "0_0_1");
	job->arch_count = 2;
	job->repeat = 2;
	job->directory = "nowhere";
	return job;
}

static inline reproduce_results *fixture_results(const reproduce_job *job)
{
	reproduce_results *results = calloc(1, sizeof *results);
	assert_non_null(results);
	results->job = job;
	results->row_count = job->row_count;
	for (size_t r = 0; r < job->row_count; r++) {
		reproduce_row *row = &results->row[r];
		*row = (reproduce_row){.paper = job->rows[r], .m = 250, .n = 500};
		for (size_t a = 0; a < job->arch_count; a++) {
			reproduce_cell *cell = &row->cell[a];
			*cell = (reproduce_cell){
			    .arch = job->archs[a], .paper_db = reproduce_paper_db(row->paper, job->archs[a]), .count = job->repeat};
			for (uint32_t i = 0; i < cell->count; i++) {
				reproduce_training *training = &cell->training[i];
				training->seed = i + 1;
				training->nmse = (clu_nmse){-42.8 + 0.2 * i, -40.0 + i};
				training->steps = i == 0 ? 72000 : 0;
				training->seconds = i == 0 ? 1800 : NAN;
				strcpy(training->device, "<cpu>");
				snprintf(training->name, sizeof training->name, "net%zu-seed%u", a, i + 1);
			}
		}
		row->solvers[0] = (solver_result){true, {{-10.91, -10}, 0.00125}, 0.05};
	}
	return results;
}

#endif
