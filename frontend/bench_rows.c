/* bench_rows.c: see bench_rows.h. A file is a person's: nothing in it is taken for granted. */
#include "bench_rows.h"

#include "status.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- reading ---- */

const char *bench_row_text(const cJSON *row, const char *key)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(row, key));
	return text ? text : "";
}

double bench_row_number(const cJSON *row, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(row, key);
	return cJSON_IsNumber(item) ? item->valuedouble : NAN;
}

static bool read_time(const cJSON *row, const char *prefix, bench_spread *ms)
{
	double *const values[] = {&ms->min, &ms->median, &ms->max, &ms->mad};
	static const char *const names[] = {"min", "median", "max", "mad"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char key[64];
		snprintf(key, sizeof key, "%s_%s", prefix, names[i]);
		*values[i] = bench_row_number(row, key);
	}
	if (!(ms->mad >= 0)) ms->mad = 0; /* not known */
	return ms->median > 0 && isfinite(ms->median);
}

bool bench_row_time(const cJSON *row, bench_spread *ms)
{
	*ms = (bench_spread){0};
	return read_time(row, "ms_per_step", ms) || read_time(row, "ms_per_call", ms);
}

static bool is_measurement(const cJSON *row)
{
	const char *bench = bench_row_text(row, "bench");
	return strcmp(bench, "check") != 0 && strcmp(bench, "compare") != 0;
}

clu_status bench_rows_read(const char *path, cJSON **rows, clu_error *error)
{
	void *bytes = NULL;
	size_t size = 0;
	unsigned number = 1;
	clu_status status = CLU_OK;
	*rows = NULL;
	CLU_TRY(clu_file_read(path, &bytes, &size, error));
	char *text = malloc(size + 1), *rest = text;
	*rows = cJSON_CreateArray();
	if (!text || !*rows) {
		status = clu_fail(error, CLU_MEMORY, "no memory for %s", path);
		goto cleanup;
	}
	memcpy(text, bytes, size);
	text[size] = '\0';
	for (char *line; (line = rest) && *line && status == CLU_OK; number++) {
		rest = strchr(line, '\n');
		if (rest) *rest++ = '\0';
		if (!line[strspn(line, " \t\r")]) continue;
		cJSON *row = cJSON_Parse(line);
		if (!cJSON_IsObject(row) || !bench_row_text(row, "bench")[0])
			status = clu_fail(error, CLU_FORMAT, "%s, line %u: no row of 'clunroll bench --json'", path, number);
		else if (is_measurement(row))
			cJSON_AddItemToArray(*rows, cJSON_Duplicate(row, true));
		cJSON_Delete(row);
	}
cleanup:
	free(text);
	free(bytes);
	if (status == CLU_OK) return status;
	cJSON_Delete(*rows);
	*rows = NULL;
	return status;
}

/* ---- what a row is about ---- */

void bench_row_subject(const cJSON *row, char subject[BENCH_SUBJECT])
{
	const char *product = bench_row_text(row, "product"), *way = bench_row_text(row, "way");
	const char *network = bench_row_text(row, "network"), *slash = strrchr(network, '/');
	const double lanes = bench_row_number(row, "lanes");
	if (slash) network = slash + 1;
	snprintf(subject, BENCH_SUBJECT, "%.24s%s%.16s%s%.16s %.80s%s%.60s %.0fx%.0f k%.0f b%.0f, %.0f lane%s",
	    bench_row_text(row, "bench"), product[0] ? " " : "", product, way[0] ? " " : "", way, bench_row_text(row, "arch"),
	    network[0] ? " " : "", network, bench_row_number(row, "m"), bench_row_number(row, "n"), bench_row_number(row, "layers"),
	    bench_row_number(row, "batch"), lanes, lanes == 1 ? "" : "s");
}

void bench_row_place(const cJSON *row, char place[BENCH_PLACE])
{
	snprintf(place, BENCH_PLACE, "%.120s, %.80s %.60s, %.30s", bench_row_text(row, "device"), bench_row_text(row, "platform"),
	    bench_row_text(row, "driver"), bench_row_text(row, "commit"));
}

const cJSON *bench_rows_find(const cJSON *rows, const char *subject)
{
	const cJSON *row;
	char other[BENCH_SUBJECT];
	cJSON_ArrayForEach(row, rows)
	{
		bench_row_subject(row, other);
		if (strcmp(other, subject) == 0) return row;
	}
	return NULL;
}

/* ---- judging ---- */

const char *bench_verdict_name(bench_verdict verdict)
{
	static const char *const names[] = {"same", "slower", "faster"};
	return names[verdict];
}

/* By more than 5 %, one way. */
static bool beyond(double before, double now, bool slower)
{
	return slower ? now > 1.05 * before : now < before / 1.05;
}

/* Every slice of one took longer than every slice of the other. */
static bool are_apart(const bench_spread *a, const bench_spread *b)
{
	return a->min > 0 && b->min > 0 && (a->min > b->max || b->min > a->max);
}

bench_verdict bench_judge(const bench_spread *before, const bench_spread *now, double *noise)
{
	const bool slower = now->median > before->median;
	const bool fastest_too = !(before->min > 0) || !(now->min > 0) || beyond(before->min, now->min, slower);
	*noise = 3 * sqrt(before->mad * before->mad + now->mad * now->mad);
	const bool in_noise = fabs(now->median - before->median) <= *noise && !are_apart(before, now);
	if (in_noise || !beyond(before->median, now->median, slower) || !fastest_too) return BENCH_SAME;
	return slower ? BENCH_SLOWER : BENCH_FASTER;
}
