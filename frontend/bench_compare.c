/* bench_compare.c: `clunroll bench compare A.json B.json...`: rows of several devices or commits beside each other, as a table and,
 * on request, as a picture. A column is a place (device, driver, commit) in a file; the first one is what the others are held to.
 */
#include "bench_rows.h"

#include "bench_picture.h"
#include "message.h"
#include "path.h"
#include "status.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS_MAX = 26 };

struct column {
	char place[BENCH_PLACE], text[BENCH_PLACE + 128]; /* text: with the file's name where two columns have the same place */
	const cJSON *rows;                                /* of its file */
	const char *path;
};

struct comparison {
	const bench_job *job;
	cJSON *files[COLUMNS_MAX];
	size_t file_count;
	struct column columns[COLUMNS_MAX];
	size_t column_count;
	cJSON *subjects; /* array of texts, each once, in the order of the files */
};

/* ---- reading ---- */

static clu_status add_column(struct comparison *all, const cJSON *rows, const cJSON *row, const char *path, clu_error *error)
{
	char place[BENCH_PLACE];
	bench_row_place(row, place);
	for (size_t c = 0; c < all->column_count; c++)
		if (all->columns[c].rows == rows && strcmp(all->columns[c].place, place) == 0) return CLU_OK;
	if (all->column_count == COLUMNS_MAX)
		return clu_fail(error, CLU_ARGUMENT, "more than %d devices, drivers and commits to compare", COLUMNS_MAX);
	struct column *column = &all->columns[all->column_count++];
	*column = (struct column){.rows = rows, .path = path};
	snprintf(column->place, sizeof column->place, "%s", place);
	return CLU_OK;
}

static void name_columns(struct comparison *all)
{
	for (size_t c = 0; c < all->column_count; c++) {
		struct column *column = &all->columns[c];
		bool twin = false;
		for (size_t other = 0; other < all->column_count; other++)
			twin = twin || (other != c && strcmp(all->columns[other].place, column->place) == 0);
		snprintf(column->text, sizeof column->text, "%s%s%.120s", column->place, twin ? ", " : "", twin ? column->path : "");
	}
}

static void add_subject(struct comparison *all, const cJSON *row)
{
	char subject[BENCH_SUBJECT];
	const cJSON *known;
	bench_row_subject(row, subject);
	cJSON_ArrayForEach(known, all->subjects)
	{
		if (strcmp(known->valuestring, subject) == 0) return;
	}
	cJSON_AddItemToArray(all->subjects, cJSON_CreateString(subject));
}

static clu_status read_file(struct comparison *all, const char *path, clu_error *error)
{
	const cJSON *row;
	bench_spread ms;
	if (all->file_count == COLUMNS_MAX) return clu_fail(error, CLU_ARGUMENT, "more than %d files to compare", COLUMNS_MAX);
	cJSON **rows = &all->files[all->file_count];
	CLU_TRY(bench_rows_read(path, rows, error));
	all->file_count++;
	bool any = false;
	cJSON_ArrayForEach(row, *rows)
	{
		if (!bench_row_time(row, &ms)) continue;
		CLU_TRY(add_column(all, *rows, row, path, error));
		add_subject(all, row);
		any = true;
	}
	return any ? CLU_OK : clu_fail(error, CLU_FORMAT, "%.500s has no row with a time: there is nothing to compare", path);
}

/* The row about the subject in a column; NULL: none. */
static const cJSON *find(const struct column *column, const char *subject)
{
	const cJSON *row;
	char text[BENCH_SUBJECT], place[BENCH_PLACE];
	cJSON_ArrayForEach(row, column->rows)
	{
		bench_row_subject(row, text);
		bench_row_place(row, place);
		if (strcmp(text, subject) == 0 && strcmp(place, column->place) == 0) return row;
	}
	return NULL;
}

/* ---- table ---- */

/* How many times as fast as in the first column; 0: unknown. */
static double speed_of(const struct comparison *all, const char *subject, const bench_spread *ms)
{
	bench_spread first;
	const cJSON *row = find(&all->columns[0], subject);
	return row && bench_row_time(row, &first) ? first.median / ms->median : 0;
}

static void print_table(const struct comparison *all)
{
	const cJSON *subject;
	for (size_t c = 0; c < all->column_count; c++) printf("%c  %s\n", (int)('A' + c), all->columns[c].text);
	printf("\n%-51s", "ms ±MAD (times as fast as A)"); /* ± is two bytes and one sign */
	for (size_t c = 0; c < all->column_count; c++) printf("  %-24c", (int)('A' + c));
	putchar('\n');
	cJSON_ArrayForEach(subject, all->subjects)
	{
		printf("%-50s", subject->valuestring);
		for (size_t c = 0; c < all->column_count; c++) {
			bench_spread ms;
			const cJSON *row = find(&all->columns[c], subject->valuestring);
			char text[64] = "-";
			if (row && bench_row_time(row, &ms)) {
				const double speed = speed_of(all, subject->valuestring, &ms);
				const int used = snprintf(text, sizeof text, "%.3f ±%.3f", ms.median, ms.mad);
				if (c > 0 && speed > 0) snprintf(text + used, sizeof text - (size_t)used, " (%.2f)", speed);
			}
			printf("  %-*s", strstr(text, "±") ? 25 : 24, text);
		}
		putchar('\n');
	}
}

static void print_json(const struct comparison *all)
{
	const cJSON *subject;
	cJSON_ArrayForEach(subject, all->subjects)
	{
		cJSON *json = report_json_begin();
		cJSON_AddStringToObject(json, "bench", "compare");
		cJSON_AddStringToObject(json, "subject", subject->valuestring);
		cJSON *columns = cJSON_AddArrayToObject(json, "columns");
		for (size_t c = 0; c < all->column_count; c++) {
			bench_spread ms;
			const cJSON *row = find(&all->columns[c], subject->valuestring);
			if (!row || !bench_row_time(row, &ms)) continue;
			cJSON *column = cJSON_CreateObject();
			cJSON_AddStringToObject(column, "place", all->columns[c].text);
			cJSON_AddNumberToObject(column, "ms_median", ms.median);
			cJSON_AddNumberToObject(column, "ms_mad", ms.mad);
			cJSON_AddNumberToObject(column, "gflops_dense_equivalent", bench_row_number(row, "gflops_dense_equivalent"));
			cJSON_AddNumberToObject(column, "speed", speed_of(all, subject->valuestring, &ms));
			cJSON_AddItemToArray(columns, column);
		}
		report_json(json);
	}
}

/* ---- picture ---- */

/* Whole steps are what is pictured; where there are none, everything. */
static bool is_pictured(const struct comparison *all, const char *subject)
{
	const cJSON *other;
	if (strncmp(subject, "step ", 5) == 0) return true;
	cJSON_ArrayForEach(other, all->subjects)
	{
		if (strncmp(other->valuestring, "step ", 5) == 0) return false;
	}
	return true;
}

static size_t fill_bars(const struct comparison *all, const char *subject, picture_bar *bars)
{
	size_t count = 0;
	for (size_t c = 0; c < all->column_count; c++) {
		bench_spread ms;
		const cJSON *row = find(&all->columns[c], subject);
		if (!row || !bench_row_time(row, &ms)) continue;
		const double gflops = bench_row_number(row, "gflops_dense_equivalent");
		picture_bar *bar = &bars[count++];
		*bar = (picture_bar){.column = c, .value = gflops > 0 ? gflops : 0};
		snprintf(bar->text, sizeof bar->text, "%.0f GFLOP/s, %.3g ms ±%.2g", bar->value, ms.median, ms.mad);
	}
	return count;
}

static clu_status draw(const struct comparison *all, clu_error *error)
{
	static const picture_titles titles = {"A training step, beside each other",
	    "GFLOP/s as if nothing were skipped; ms of a step of one lane, with its median absolute deviation", NULL, NULL};
	const size_t subjects = (size_t)cJSON_GetArraySize(all->subjects);
	picture_bar *bars = calloc(subjects * all->column_count + 1, sizeof *bars);
	picture_group *groups = calloc(subjects + 1, sizeof *groups);
	const char *columns[COLUMNS_MAX];
	size_t count = 0;
	const cJSON *subject;
	clu_status status;
	if (!bars || !groups) {
		status = clu_fail(error, CLU_MEMORY, "no memory for a picture");
		goto cleanup;
	}
	for (size_t c = 0; c < all->column_count; c++) columns[c] = all->columns[c].text;
	cJSON_ArrayForEach(subject, all->subjects)
	{
		if (!is_pictured(all, subject->valuestring)) continue;
		picture_bar *own = bars + count * all->column_count;
		const bool step = strncmp(subject->valuestring, "step ", 5) == 0;
		groups[count] = (picture_group){subject->valuestring + (step ? 5 : 0), own, fill_bars(all, subject->valuestring, own)};
		count++;
	}
	status = bench_picture_bars(all->job->output, &titles, columns, all->column_count, groups, count, error);
cleanup:
	free(groups);
	free(bars);
	return status;
}

int bench_compare(const bench_job *job)
{
	if (!job->words[0]) return report_usage("what to compare? Name files that 'clunroll bench --json' wrote");
	for (char **path = job->words; job->output && *path; path++)
		if (path_same_file(*path, job->output)) return report_usage("the picture would overwrite %s; give -o another file", *path);
	struct comparison *all = calloc(1, sizeof *all);
	clu_error error;
	clu_status status = CLU_OK;
	if (!all || !(all->subjects = cJSON_CreateArray())) status = clu_fail(&error, CLU_MEMORY, "no memory for a comparison");
	if (all) all->job = job;
	for (char **path = job->words; *path && status == CLU_OK; path++) status = read_file(all, *path, &error);
	if (status == CLU_OK && !all->column_count) status = clu_fail(&error, CLU_FORMAT, "no row with a time in %s", job->words[0]);
	if (status == CLU_OK) name_columns(all);
	if (status == CLU_OK) (job->json ? print_json : print_table)(all);
	if (status == CLU_OK && job->output) status = draw(all, &error);
	for (size_t f = 0; all && f < all->file_count; f++) cJSON_Delete(all->files[f]);
	if (all) cJSON_Delete(all->subjects);
	free(all);
	return status == CLU_OK ? EXIT_DONE : report_error(&error);
}
