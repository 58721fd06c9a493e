/* bench_check.c: see bench_check.h. Figures of another device or driver say nothing about this one, so they are refused rather than
 * compared; the commit is what may differ. */
#include "bench_check.h"

#include "device_choice.h"
#include "interrupt.h"
#include "message.h"
#include "status.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *bench;
	bench_measure measure;
	void (*head)(const bench_run *run);
	const char *count_key; /* in a row: what `measure` takes beside the network */
} measures[] = {{"step", bench_step_measure, bench_step_head, "lanes"},
    {"product", bench_products_measure, bench_products_head, "lanes"}, {"apply", bench_apply_measure, bench_apply_head, "batch"}};
enum { MEASURES = sizeof measures / sizeof *measures };

/* ---- verdicts ---- */

static void print_verdict(
    const cJSON *before, const cJSON *now, const bench_spread times[2], bench_verdict verdict, double noise, bool json)
{
	char subject[BENCH_SUBJECT];
	const double change = 100 * (times[1].median / times[0].median - 1), noise_percent = 100 * noise / times[0].median;
	bench_row_subject(before, subject);
	if (!json) {
		printf("%-6s  %s: %.3f → %.3f ms/%s, %+.1f %%, noise ±%.1f %%\n", bench_verdict_name(verdict), subject, times[0].median,
		    times[1].median, strcmp(bench_row_text(before, "bench"), "apply") == 0 ? "call" : "step", change, noise_percent);
		return;
	}
	cJSON *row = report_json_begin();
	cJSON_AddStringToObject(row, "bench", "check");
	cJSON_AddStringToObject(row, "subject", subject);
	cJSON_AddStringToObject(row, "verdict", bench_verdict_name(verdict));
	cJSON_AddNumberToObject(row, "ms_before", times[0].median);
	cJSON_AddNumberToObject(row, "ms_now", times[1].median);
	cJSON_AddNumberToObject(row, "change_percent", change);
	cJSON_AddNumberToObject(row, "noise_percent", noise_percent);
	cJSON_AddStringToObject(row, "commit_before", bench_row_text(before, "commit"));
	cJSON_AddStringToObject(row, "commit_now", bench_row_text(now, "commit"));
	report_json(row);
}

unsigned bench_check_report(const cJSON *baseline, const cJSON *now, bool json)
{
	const cJSON *before;
	unsigned slower = 0;
	cJSON_ArrayForEach(before, baseline)
	{
		char subject[BENCH_SUBJECT];
		bench_spread times[2];
		double noise;
		bench_row_subject(before, subject);
		const cJSON *after = bench_rows_find(now, subject);
		if (!bench_row_time(before, &times[0])) {
			report_note("a row of the baseline has no time, and is not compared: %s", subject);
			slower++;
			continue;
		}
		if (!after || !bench_row_time(after, &times[1])) continue;
		const bench_verdict verdict = bench_judge(&times[0], &times[1], &noise);
		print_verdict(before, after, times, verdict, noise, json);
		slower += verdict == BENCH_SLOWER;
	}
	return slower;
}

/* ---- measuring again ---- */

static bool is_wanted(const cJSON *row, const char *const *benches)
{
	while (*benches && strcmp(*benches, bench_row_text(row, "bench")) != 0) benches++;
	return *benches != NULL;
}

clu_status bench_check_select(
    cJSON *rows, const char *const *benches, const clu_device_info *info, const char *path, clu_error *error)
{
	char foreign[BENCH_PLACE] = "", here[DEVICE_CHOICE_TEXT];
	bool any = false;
	for (cJSON *row = rows->child, *next; row; row = next) {
		next = row->next;
		const bool wanted = is_wanted(row, benches);
		const bool same = strcmp(bench_row_text(row, "device"), info->name) == 0 &&
		                  strcmp(bench_row_text(row, "driver"), info->driver) == 0 &&
		                  strcmp(bench_row_text(row, "platform"), info->platform) == 0;
		any = any || wanted;
		if (wanted && !same) bench_row_place(row, foreign);
		if (!wanted || !same) cJSON_Delete(cJSON_DetachItemViaPointer(rows, row));
	}
	if (rows->child) return CLU_OK;
	device_choice_describe(info, here);
	if (!any) return clu_fail(error, CLU_ARGUMENT, "%s has no row of 'bench %s'", path, benches[0]);
	return clu_fail(error, CLU_ARGUMENT,
	    "%s was measured on %.250s; this is device %.250s: choose with --device, or see 'bench compare'", path, foreign, here);
}

static clu_status whole_field(const cJSON *row, const char *key, int option, settings *given, clu_error *error)
{
	char text[32];
	snprintf(text, sizeof text, "%.0f", bench_row_number(row, key));
	return settings_option(given, option, text, error);
}

/* The network that a row is about. A row of apply tells the signals of a call, not the batch of the training. */
static clu_status open_network(bench_run *run, const cJSON *row, bench_network *network, clu_error *error)
{
	settings given = run->job->settings;
	const char *path = bench_row_text(row, "network");
	if (path[0]) return bench_network_load(path, network, error);
	CLU_TRY(whole_field(row, "m", OPTION_M, &given, error));
	CLU_TRY(whole_field(row, "n", OPTION_N, &given, error));
	CLU_TRY(whole_field(row, "layers", OPTION_LAYERS, &given, error));
	if (strcmp(bench_row_text(row, "bench"), "apply") != 0) CLU_TRY(whole_field(row, "batch", OPTION_BATCH, &given, error));
	return bench_network_train(run->device, &given, bench_row_text(row, "arch"), network, error);
}

/* One measurement may answer several rows of the baseline: those whose subjects are among the new rows are left alone. */
static clu_status measure_again(bench_run *run, const cJSON *row, size_t kind, clu_error *error)
{
	char subject[BENCH_SUBJECT];
	bench_network network = {0};
	clu_status status = CLU_OK;
	const double count = bench_row_number(row, measures[kind].count_key);
	bench_row_subject(row, subject);
	if (bench_rows_find(run->rows, subject)) return CLU_OK;
	if (!(count >= 1 && count <= BENCH_BATCH_MAX))
		return clu_fail(
		    error, CLU_ARGUMENT, "a row of the baseline has no number as its %s: %s", measures[kind].count_key, subject);
	CLU_GOTO(open_network(run, row, &network, error));
	if (network.model && !interrupt_flag) CLU_GOTO(measures[kind].measure(run, &network, (uint32_t)count, error));
cleanup:
	bench_network_release(&network);
	return status;
}

/* Kind by kind, so that each table has its head. */
static clu_status measure_all(bench_run *run, const cJSON *baseline, clu_error *error)
{
	for (size_t i = 0; i < MEASURES && !interrupt_flag; i++) {
		const cJSON *row;
		bool begun = false;
		cJSON_ArrayForEach(row, baseline)
		{
			if (strcmp(measures[i].bench, bench_row_text(row, "bench")) != 0 || interrupt_flag) continue;
			if (!begun) measures[i].head(run);
			begun = true;
			CLU_TRY(measure_again(run, row, i, error));
		}
	}
	return CLU_OK;
}

/* Sizes of the first network of the baseline: the device's plan is to be that of its trainings, as it was then. */
static clu_status take_sizes(const cJSON *baseline, const char *const *benches, settings *given, clu_error *error)
{
	const cJSON *row;
	cJSON_ArrayForEach(row, baseline)
	{
		if (!is_wanted(row, benches)) continue;
		if (!(bench_row_number(row, "m") >= 1 && bench_row_number(row, "n") >= 1 && bench_row_number(row, "layers") >= 1)) continue;
		CLU_TRY(whole_field(row, "m", OPTION_M, given, error));
		CLU_TRY(whole_field(row, "n", OPTION_N, given, error));
		CLU_TRY(whole_field(row, "layers", OPTION_LAYERS, given, error));
		const bool steps = bench_row_number(row, "batch") >= 1 && strcmp(bench_row_text(row, "bench"), "apply") != 0;
		return steps ? whole_field(row, "batch", OPTION_BATCH, given, error) : CLU_OK;
	}
	return CLU_OK;
}

int bench_check(const bench_job *asked, const char *const *benches)
{
	bench_job own = *asked;
	const bench_job *job = &own;
	bench_run run = {0};
	clu_error error;
	cJSON *baseline = NULL;
	unsigned slower = 0;
	clu_status status = bench_rows_read(job->baseline, &baseline, &error);
	if (status == CLU_FORMAT) error.status = status = CLU_ARGUMENT; /* as any other word of the command line */
	if (status == CLU_OK) status = take_sizes(baseline, benches, &own.settings, &error);
	if (status == CLU_OK) status = bench_open(job, &run, &error);
	if (status == CLU_OK) status = bench_check_select(baseline, benches, clu_device_about(run.device), job->baseline, &error);
	if (status == CLU_OK) status = clu_device_measure(run.device, &run.device_measured, &error);
	if (status == CLU_OK) status = measure_all(&run, baseline, &error);
	if (status == CLU_OK) slower = bench_check_report(baseline, run.rows, job->json);
	cJSON_Delete(baseline);
	const int code = bench_end(&run, status, &error);
	return code == EXIT_DONE && slower ? EXIT_FAILED : code;
}
