/* bench.c: see bench.h. Spread is told by the median absolute deviation: one slice that another process spoilt does not move it. */
#include "bench.h"

#include "device_choice.h"
#include "interrupt.h"
#include "message.h"
#include "status.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

clu_status bench_begin(const bench_job *job, bench_run *run, clu_error *error)
{
	*run = (bench_run){.job = job, .rows = cJSON_CreateArray()};
	if (!run->rows) return clu_fail(error, CLU_MEMORY, "no memory for rows");
	interrupt_install();
	return device_choice_open_one(job->device_spec, job->plan_path, &run->device, error);
}

int bench_end(bench_run *run, clu_status status, const clu_error *error)
{
	cJSON_Delete(run->rows);
	clu_device_destroy(run->device);
	*run = (bench_run){0};
	if (status != CLU_OK) return report_error(error);
	return interrupt_flag ? 128 + interrupt_flag : EXIT_DONE;
}

/* ---- spread ---- */

static int ascending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double median_of_sorted(const double *sorted, uint32_t count)
{
	return count % 2 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
}

bench_spread bench_spread_of(double *samples, uint32_t count)
{
	qsort(samples, count, sizeof *samples, ascending);
	bench_spread spread = {count, samples[0], median_of_sorted(samples, count), samples[count - 1], 0};
	for (uint32_t i = 0; i < count; i++) samples[i] = fabs(samples[i] - spread.median);
	qsort(samples, count, sizeof *samples, ascending);
	spread.mad = median_of_sorted(samples, count);
	return spread;
}

/* ---- rows ---- */

cJSON *bench_row_begin(const bench_run *run, const char *bench)
{
	const clu_device_info *info = clu_device_about(run->device);
	cJSON *row = report_json_begin();
	cJSON_AddStringToObject(row, "bench", bench);
	cJSON_AddStringToObject(row, "device", info->name);
	cJSON_AddStringToObject(row, "driver", info->driver);
	cJSON_AddStringToObject(row, "platform", info->platform);
	cJSON_AddStringToObject(row, "key", clu_device_key(run->device));
	return row;
}

void bench_row_spread(cJSON *row, const char *prefix, const bench_spread *spread)
{
	const struct {
		const char *name;
		double value;
	} fields[] = {{"min", spread->min}, {"median", spread->median}, {"max", spread->max}, {"mad", spread->mad}};
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		char name[64];
		snprintf(name, sizeof name, "%s_%s", prefix, fields[i].name);
		cJSON_AddNumberToObject(row, name, fields[i].value);
	}
}

void bench_row_end(bench_run *run, cJSON *row, const char *text)
{
	if (run->job->json)
		report_json(cJSON_Duplicate(row, true));
	else
		puts(text);
	fflush(stdout);
	cJSON_AddItemToArray(run->rows, row);
}
