/* test_bench_rows.c: rows that lie in files, what they are about and where, and when two times differ by more than noise. */
#include "support.h"

#include "bench_rows.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static clu_status read_text(const char *text, cJSON **rows, clu_error *error)
{
	char *directory = support_directory_create(), *path = support_path(directory, "rows.json");
	support_write(path, text, strlen(text));
	const clu_status status = bench_rows_read(path, rows, error);
	free(path);
	support_directory_remove(directory);
	return status;
}

static void test_reading(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int count; /* −1: refused, with these words */
		const char *says;
	} cases[] = {
	    {"", 0, NULL},
	    {"\n \t\r\n", 0, NULL},
	    {"{\"bench\":\"step\"}", 1, NULL},
	    {"{\"bench\":\"step\"}\r\n\n{\"bench\":\"product\"}\n", 2, NULL},
	    {"{\"bench\":\"step\"}\n{\"bench\":\"check\"}\n{\"bench\":\"compare\"}\n", 1, NULL}, /* no measurements */
	    {"{\"bench\":\"step\"}\nnothing\n", -1, "line 2"},
	    {"\n{\"bench\":1}\n", -1, "line 2"},
	    {"[{\"bench\":\"step\"}]\n", -1, "line 1"},
	    {"{\"layer\":1}\n", -1, "line 1"},
	    {"{\"bench\":\"step\"", -1, "line 1"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		cJSON *rows;
		clu_error error;
		const clu_status status = read_text(cases[i].text, &rows, &error);
		if (cases[i].count < 0) {
			if (status != CLU_FORMAT || rows || !strstr(error.message, cases[i].says)) fail_msg("case %zu: %s", i, error.message);
			continue;
		}
		if (status != CLU_OK || cJSON_GetArraySize(rows) != cases[i].count) fail_msg("case %zu", i);
		cJSON_Delete(rows);
	}
	cJSON *rows;
	clu_error error;
	assert_int_equal(bench_rows_read("/dev/null/none", &rows, &error), CLU_FILE);
	assert_null(rows);
}

#define SHAPE "\"arch\":\"LISTA\",\"m\":250,\"n\":500,\"layers\":16,\"batch\":128"

static void test_subjects(void **state)
{
	(void)state;
	static const struct {
		const char *row, *subject;
	} cases[] = {
	    {"{\"bench\":\"step\"," SHAPE ",\"lanes\":1}", "step LISTA 250x500 k16 b128, 1 lane"},
	    {"{\"bench\":\"step\",\"device\":\"x\",\"commit\":\"y\"," SHAPE ",\"lanes\":4,\"ms_per_step_median\":3}",
	        "step LISTA 250x500 k16 b128, 4 lanes"},
	    {"{\"bench\":\"step\",\"network\":\"/a/b/fast.safetensors\"," SHAPE ",\"lanes\":1}",
	        "step LISTA fast.safetensors 250x500 k16 b128, 1 lane"},
	    {"{\"bench\":\"product\",\"product\":\"dW_x\",\"way\":\"dense\"," SHAPE ",\"lanes\":2}",
	        "product dW_x dense LISTA 250x500 k16 b128, 2 lanes"},
	};
	cJSON *all = cJSON_CreateArray();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char subject[BENCH_SUBJECT];
		cJSON *row = cJSON_Parse(cases[i].row);
		assert_non_null(row);
		bench_row_subject(row, subject);
		assert_string_equal(subject, cases[i].subject);
		cJSON_AddItemToArray(all, row);
	}
	for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++)
		assert_ptr_equal(bench_rows_find(all, cases[i].subject), cJSON_GetArrayItem(all, i));
	assert_null(bench_rows_find(all, "step Dense 250x500 k16 b128, 1 lane"));
	cJSON_Delete(all);
}

/* Texts of any length and numbers of any size neither overflow nor stop anything. */
static void test_odd_rows(void **state)
{
	(void)state;
	char text[4096], subject[BENCH_SUBJECT], place[BENCH_PLACE], name[1024];
	memset(name, 'x', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	snprintf(text, sizeof text,
	    "{\"bench\":\"%s\",\"arch\":\"%s\",\"device\":\"%s\",\"m\":1e300,\"n\":\"no\",\"ms_per_step_median\":-1}", name, name,
	    name);
	cJSON *row = cJSON_Parse(text);
	bench_spread ms;
	assert_non_null(row);
	bench_row_subject(row, subject);
	bench_row_place(row, place);
	assert_true(strlen(subject) < sizeof subject && strlen(place) < sizeof place);
	assert_false(bench_row_time(row, &ms));
	assert_true(isnan(bench_row_number(row, "n")) && isnan(bench_row_number(row, "none")));
	assert_string_equal(bench_row_text(row, "m"), "");
	cJSON_Delete(row);
}

static void test_verdicts(void **state)
{
	(void)state;
	static const struct {
		bench_spread before, now;
		bench_verdict want;
	} cases[] = {
	    {{.min = 9, .median = 10, .mad = 0.1}, {.min = 9, .median = 10, .mad = 0.1}, BENCH_SAME},
	    {{.min = 9, .median = 10, .mad = 0.1}, {.min = 11, .median = 12, .mad = 0.1}, BENCH_SLOWER},
	    {{.min = 11, .median = 12, .mad = 0.1}, {.min = 9, .median = 10, .mad = 0.1}, BENCH_FASTER},
	    {{.min = 9, .median = 10, .mad = 0.1}, {.min = 9.4, .median = 10.4, .mad = 0.1}, BENCH_SAME}, /* less than 5 % */
	    {{.min = 9, .median = 10, .max = 13, .mad = 0.5}, {.min = 11, .median = 12, .max = 14, .mad = 0.5},
	        BENCH_SAME},                                                                                 /* < 2.12 */
	    {{.min = 9, .median = 10, .mad = 0.5}, {.min = 11.2, .median = 12.2, .mad = 0.5}, BENCH_SLOWER}, /* 2.2 > 2.12 */
	    {{.min = 9, .median = 10, .max = 11, .mad = 0.5}, {.min = 12, .median = 14, .max = 40, .mad = 9}, BENCH_SLOWER}, /* apart */
	    {{.min = 12, .median = 14, .max = 40, .mad = 9}, {.min = 9, .median = 10, .max = 11, .mad = 0.5}, BENCH_FASTER},
	    {{.min = 9, .median = 10, .max = NAN, .mad = 0.5}, {.min = 12, .median = 14, .max = NAN, .mad = 9}, BENCH_SAME},
	    {{.min = 9, .median = 10, .mad = 0}, {.min = 9.1, .median = 15, .mad = 0.1}, BENCH_SAME}, /* the fastest slice is not */
	    {{.min = 9, .median = 15, .mad = 0}, {.min = 8.9, .median = 10, .mad = 0.1}, BENCH_SAME},
	    {{.min = NAN, .median = 10, .mad = 0}, {.min = 15, .median = 15, .mad = 0}, BENCH_SLOWER}, /* not known then */
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		double noise;
		const bench_verdict got = bench_judge(&cases[i].before, &cases[i].now, &noise);
		if (got != cases[i].want) fail_msg("case %zu: %s, noise %g", i, bench_verdict_name(got), noise);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_reading),
	    cmocka_unit_test(test_subjects),
	    cmocka_unit_test(test_odd_rows),
	    cmocka_unit_test(test_verdicts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
