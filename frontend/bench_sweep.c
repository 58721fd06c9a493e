/* bench_sweep.c: see bench_sweep.h. Other settings stay as they are: the densities of the networks follow from their training. */
#include "bench_sweep.h"

#include "bench_picture.h"
#include "bench_rows.h"
#include "interrupt.h"
#include "message.h"
#include "status.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static clu_status visit(bench_run *run, const bench_network *network, clu_error *error)
{
	return bench_each_lanes(run, network, bench_step_measure, error);
}

/* The networks of a job that differs from the run's. */
static clu_status measure_with(bench_run *run, const bench_job *changed, clu_error *error)
{
	const bench_job *asked = run->job;
	run->job = changed;
	const clu_status status = bench_each_network(run, visit, error);
	run->job = asked;
	return status;
}

/* m stays half of n, as in the paper. */
static clu_status sweep_n(bench_run *run, clu_error *error)
{
	static const uint32_t sizes[] = {64, 128, 256, 512, 1024};
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes && !interrupt_flag; i++) {
		bench_job changed = *run->job;
		changed.settings.problem.n = sizes[i];
		changed.settings.problem.m = sizes[i] / 2;
		CLU_TRY(measure_with(run, &changed, error));
	}
	return CLU_OK;
}

/* Up to the job's own number. */
static clu_status sweep_layers(bench_run *run, clu_error *error)
{
	static const uint32_t layers[] = {2, 4, 8, 12, 16, 24, 32};
	const uint32_t most = run->job->settings.layers;
	for (size_t i = 0; i < sizeof layers / sizeof *layers && layers[i] <= most && !interrupt_flag; i++) {
		bench_job changed = *run->job;
		changed.settings.layers = layers[i];
		CLU_TRY(measure_with(run, &changed, error));
	}
	return CLU_OK;
}

/* Each layer has the `reach` layers below the one before it as origins too: from LISTA over LFISTA to Dense. */
static clu_status sweep_connections(bench_run *run, clu_error *error)
{
	const uint32_t layers = run->job->settings.layers, most = layers > 2 ? layers - 2 : 0;
	uint32_t before = UINT32_MAX;
	for (uint32_t part = 0; part <= 4 && !interrupt_flag; part++) {
		const uint32_t reach = part < 2 ? part : most * (part - 1) / 3;
		clu_arch arch;
		char notation[CLU_ARCH_TEXT];
		if (reach > most || reach == before) continue;
		before = reach;
		CLU_TRY(clu_arch_parse("LISTA", layers, &arch, error));
		for (uint32_t l = 2; l < layers; l++) arch.extra[l] = (UINT32_C(1) << (reach < l - 1 ? reach : l - 1)) - 1;
		clu_arch_print(&arch, notation);
		bench_job changed = *run->job;
		changed.archs = notation;
		CLU_TRY(measure_with(run, &changed, error));
	}
	return CLU_OK;
}

/* ---- picture ---- */

struct curves {
	picture_curve *curve;
	picture_point *points; /* [count][size] */
	size_t count, size;
};

/* The point that a row is, on the curve with its label; a row with more lanes than the first is none. */
static void add_point(struct curves *all, const char *label, double x, double y)
{
	size_t c = 0;
	while (c < all->count && strcmp(all->curve[c].label, label) != 0) c++;
	picture_point *points = all->points + c * all->size;
	if (c == all->count) all->curve[all->count++] = (picture_curve){label, points, 0};
	size_t place = all->curve[c].count++;
	for (; place > 0 && points[place - 1].x > x; place--) points[place] = points[place - 1];
	points[place] = (picture_point){x, y};
}

clu_status bench_sweep_picture(const char *path, const cJSON *rows, const char *key, clu_error *error)
{
	const size_t size = (size_t)cJSON_GetArraySize(rows);
	struct curves all = {calloc(size + 1, sizeof(picture_curve)), calloc(size * size + 1, sizeof(picture_point)), 0, size};
	char below[BENCH_PLACE + 64], title[96];
	const bool one_curve = strcmp(key, "connections") == 0;
	double lanes = INFINITY;
	const cJSON *row;
	clu_status status = CLU_OK;
	if (!all.curve || !all.points) status = clu_fail(error, CLU_MEMORY, "no memory for a picture");
	cJSON_ArrayForEach(row, rows) lanes = fmin(lanes, bench_row_number(row, "lanes"));
	for (row = rows->child; row && status == CLU_OK; row = row->next) {
		bench_spread ms;
		if (bench_row_number(row, "lanes") != lanes || !bench_row_time(row, &ms)) continue;
		add_point(&all, one_curve ? "" : bench_row_text(row, "arch"), bench_row_number(row, key), ms.median);
	}
	if (status == CLU_OK && !all.count) status = clu_fail(error, CLU_ARGUMENT, "no row to draw");
	if (status == CLU_OK) {
		const char *name = strcmp(key, "n") == 0 ? "codes of a sample (n)" : one_curve ? "extra connections" : "layers";
		bench_row_place(rows->child, below);
		snprintf(title, sizeof title, "A training step against %s", name);
		const picture_titles titles = {title, below, name, "ms of a step of one lane"};
		status = bench_picture_curves(path, &titles, all.curve, all.count, error);
	}
	free(all.points);
	free(all.curve);
	return status;
}

int bench_sweep(const bench_job *job)
{
	static const struct {
		const char *key;
		clu_status (*sweep)(bench_run *run, clu_error *error);
	} sweeps[] = {{"n", sweep_n}, {"layers", sweep_layers}, {"connections", sweep_connections}};
	size_t which = 0;
	while (which < 3 && strcmp(sweeps[which].key, job->sweep) != 0) which++;
	if (which == 3) return report_usage("--sweep %s: wanted n, layers or connections", job->sweep);
	if (job->words[0]) return report_usage("a sweep measures networks that the bench trains itself, not %s", job->words[0]);
	bench_run run;
	clu_error error;
	clu_status status = bench_begin(job, &run, &error);
	if (status == CLU_OK) bench_step_head(&run);
	if (status == CLU_OK) status = sweeps[which].sweep(&run, &error);
	if (status == CLU_OK && job->output && run.rows->child) status = bench_sweep_picture(job->output, run.rows, job->sweep, &error);
	return bench_end(&run, status, &error);
}
