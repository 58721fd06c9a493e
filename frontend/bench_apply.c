/* bench_apply.c: `clunroll bench apply`: what a person pays to use a trained network: how long one signal takes, and signals a
 * second in batches, from measurements in the caller's memory to codes there. The signals are of the kind that the network was
 * trained for, since how many zeros they make it skip decides the time. */
#include "bench_check.h"

#include "interrupt.h"
#include "progress.h"
#include "status.h"

#include <stdio.h>
#include <stdlib.h>

enum { ROOM = 1024, WARM_UP = 2, CALLS_LEAST = 5, CALLS_MAX = 50000 };

/* A network at work: room for signals, the `count` of its data repeated in turn, where calls take theirs from. */
struct subject {
	const bench_network *network;
	clu_applier *applier;
	size_t count, room;
	float *b, *x;
	double nmse_db;
	double ms[CALLS_MAX];
};

static uint32_t largest(const uint32_t *batches, uint32_t count)
{
	uint32_t most = 0;
	for (uint32_t i = 0; i < count; i++)
		if (batches[i] > most) most = batches[i];
	return most;
}

/* The data are in their own scaled units, the network speaks the user's. */
static clu_status fill(struct subject *subject, uint32_t most, clu_error *error)
{
	const clu_data *data = subject->network->data;
	const clu_samples *samples = &data->validation;
	const size_t m = data->m, n = data->n;
	subject->count = samples->count;
	subject->room = most > samples->count ? most : samples->count;
	subject->b = malloc(subject->room * m * sizeof *subject->b);
	subject->x = malloc(subject->room * n * sizeof *subject->x);
	if (!subject->b || !subject->x) return clu_fail(error, CLU_MEMORY, "no memory for %zu signals", subject->room);
	for (size_t row = 0; row < subject->room; row++)
		for (size_t i = 0; i < m; i++) subject->b[row * m + i] = (float)(samples->b[row % samples->count * m + i] * data->scale);
	return CLU_OK;
}

/* Of the signals there are, beside the time: a fast answer must be the right one. */
static clu_status judge(struct subject *subject, clu_error *error)
{
	const clu_data *data = subject->network->data;
	CLU_TRY(clu_applier_run(subject->applier, subject->b, subject->count, subject->x, error));
	for (size_t i = 0; i < subject->count * data->n; i++) subject->x[i] = (float)(subject->x[i] / data->scale);
	subject->nmse_db = clu_nmse_compute(subject->x, data->validation.x, subject->count, data->n).db;
	return CLU_OK;
}

/* Each call with the next signals. Milliseconds of a call; count 0 where an interrupt came first. */
static clu_status time_calls(struct subject *subject, size_t batch, double seconds, bench_spread *spread, clu_error *error)
{
	const size_t m = subject->network->data->m, n = subject->network->data->n, starts = subject->room - batch + 1;
	const double end = progress_clock() + seconds;
	uint32_t calls = 0;
	*spread = (bench_spread){0};
	for (int i = 0; i < WARM_UP; i++) CLU_TRY(clu_applier_run(subject->applier, subject->b, batch, subject->x, error));
	for (; calls < CALLS_MAX && !interrupt_flag && (calls < CALLS_LEAST || progress_clock() < end); calls++) {
		const size_t first = calls * batch % starts;
		const double begin = progress_clock();
		CLU_TRY(clu_applier_run(subject->applier, subject->b + first * m, batch, subject->x + first * n, error));
		subject->ms[calls] = 1e3 * (progress_clock() - begin);
	}
	if (calls) *spread = bench_spread_of(subject->ms, calls);
	return CLU_OK;
}

/* Dense-equivalent operations of a signal: the product with b, and one for each layer but the last. */
static double flop_of(const clu_model *model)
{
	return 2.0 * model->n * (model->m + (model->arch.layers - 1.0) * model->n);
}

static void report(bench_run *run, const struct subject *subject, uint32_t batch, const bench_spread *ms)
{
	const double rate = 1e3 * batch / ms->median;
	char label[BENCH_LABEL], text[256];
	bench_network applied = *subject->network;
	applied.batch = batch;
	cJSON *row = bench_row_begin(run, "apply");
	bench_row_network(row, &applied, 1);
	cJSON_AddNumberToObject(row, "calls", ms->count);
	cJSON_AddNumberToObject(row, "ms_per_call_min", ms->min);
	cJSON_AddNumberToObject(row, "ms_per_call_median", ms->median);
	cJSON_AddNumberToObject(row, "ms_per_call_p95", ms->p95);
	cJSON_AddNumberToObject(row, "ms_per_call_max", ms->max);
	cJSON_AddNumberToObject(row, "ms_per_call_mad", ms->mad);
	cJSON_AddNumberToObject(row, "signals_per_second", rate);
	cJSON_AddNumberToObject(row, "gflops_dense_equivalent", 1e-9 * rate * flop_of(applied.model));
	cJSON_AddNumberToObject(row, "nmse_db", subject->nmse_db);
	bench_label(&applied, label);
	snprintf(text, sizeof text, "%-30s  %10.3f  %10.3f  %10.3f  %10.3f  %11.0f  %9.2f", label, ms->median, ms->min, ms->p95,
	    ms->max, rate, subject->nmse_db);
	bench_row_end(run, row, text);
}

static clu_status measure(bench_run *run, struct subject *subject, const uint32_t *batches, uint32_t count, clu_error *error)
{
	CLU_TRY(clu_applier_create(run->device, subject->network->model, ROOM, &subject->applier, error));
	CLU_TRY(fill(subject, largest(batches, count), error));
	CLU_TRY(judge(subject, error));
	for (uint32_t i = 0; i < count && !interrupt_flag; i++) {
		bench_spread ms;
		CLU_TRY(time_calls(subject, batches[i], run->job->slice, &ms, error));
		if (ms.count) report(run, subject, batches[i], &ms);
	}
	return CLU_OK;
}

static clu_status measure_batches(
    bench_run *run, const bench_network *network, const uint32_t *batches, uint32_t count, clu_error *error)
{
	struct subject *subject = calloc(1, sizeof *subject);
	if (!subject) return clu_fail(error, CLU_MEMORY, "no memory for a measurement");
	subject->network = network;
	const clu_status status = measure(run, subject, batches, count, error);
	clu_applier_destroy(subject->applier);
	free(subject->x);
	free(subject->b);
	free(subject);
	return status;
}

clu_status bench_apply_measure(bench_run *run, const bench_network *network, uint32_t batch, clu_error *error)
{
	return measure_batches(run, network, &batch, 1, error);
}

void bench_apply_head(const bench_run *run)
{
	if (run->job->json) return;
	printf("%-30s  %10s  %10s  %10s  %10s  %11s  %9s\n", "network, b: signals of a call", "ms/call", "min", "95 %", "max",
	    "signals/s", "NMSE dB");
}

static clu_status visit(bench_run *run, const bench_network *network, clu_error *error)
{
	return measure_batches(run, network, run->job->batches, run->job->batches_count, error);
}

int bench_apply(const bench_job *job)
{
	static const char *const benches[] = {"apply", NULL};
	bench_run run;
	clu_error error;
	if (job->baseline) return bench_check(job, benches);
	clu_status status = bench_begin(job, &run, &error);
	if (status == CLU_OK) bench_apply_head(&run);
	if (status == CLU_OK) status = bench_each_network(&run, visit, &error);
	return bench_end(&run, status, &error);
}
