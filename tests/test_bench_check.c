/* test_bench_check.c: --check against baselines that are made from what was measured: slower, faster, of another device, damaged.
 * Baselines a thousand times off leave no doubt what the verdict must be. TEST_NEEDS: device */
#include "bench_fixture.h"

#include "bench_check.h"

#define SMALL "--m", "4", "--n", "7", "--layers", "2", "--batch", "4"
#define SLICE "--slice", "0.01"
#define SHORT "--repeat", "3", SLICE

static char *baseline_path;

/* Measures once: two rows to make baselines of, `option` being of what `bench` measures with 1 and with 2. */
static cJSON *measure(const char *bench, const char *option)
{
	const bool repeats = strcmp(bench, "apply") != 0;
	support_result run = support_run(
	    WORDS("bench", bench, "--arch", "LISTA", SMALL, SLICE, option, "1,2", "--json", repeats ? "--repeat" : NULL, "3"));
	assert_int_equal(run.code, 0);
	cJSON *rows = cJSON_CreateArray();
	const char *text = run.out;
	for (cJSON *row; (row = row_next(&text));) cJSON_AddItemToArray(rows, row);
	assert_int_equal(cJSON_GetArraySize(rows), 2);
	support_result_release(&run);
	return rows;
}

/* Writes the rows with their times multiplied and a field replaced (NULL: none). */
static void write_baseline(const cJSON *rows, double factor, const char *field, const char *value)
{
	static const char *const times[] = {"min", "median", "max", "mad"};
	const cJSON *row;
	FILE *out = fopen(baseline_path, "w");
	assert_non_null(out);
	cJSON_ArrayForEach(row, rows)
	{
		cJSON *copy = cJSON_Duplicate(row, true);
		for (size_t i = 0; i < 4; i++) {
			char key[64];
			snprintf(key, sizeof key, "ms_per_%s_%s", strcmp(row_word(row, "bench"), "apply") == 0 ? "call" : "step", times[i]);
			cJSON_ReplaceItemInObject(copy, key, cJSON_CreateNumber(row_number(copy, key) * factor));
		}
		if (field) cJSON_ReplaceItemInObject(copy, field, cJSON_CreateString(value));
		char *text = cJSON_PrintUnformatted(copy);
		fprintf(out, "%s\n", text);
		cJSON_free(text);
		cJSON_Delete(copy);
	}
	fclose(out);
}

static unsigned count(const char *text, const char *word)
{
	unsigned found = 0;
	for (; (text = strstr(text, word)); text += strlen(word)) found++;
	return found;
}

static void test_verdicts_end_in_exit_codes(void **state)
{
	(void)state;
	if (fixture_elsewhere()) skip();
	static const struct {
		double factor;
		const char *field, *value;
		int code;
		const char *says; /* twice on stdout, once for each row; of what is refused, on stderr */
	} cases[] = {
	    {1e-3, NULL, NULL, 1, "slower  step LISTA 4x7 k2 b4, "},
	    {1e3, "commit", "another", 0, "faster  step LISTA 4x7 k2 b4, "},
	    {1, "arch", "nonsense", 2, "nonsense"},
	};
	cJSON *rows = measure("step", "--lanes");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		write_baseline(rows, cases[i].factor, cases[i].field, cases[i].value);
		support_result run = support_run(WORDS("bench", i ? "step" : "all", "--check", baseline_path, SHORT));
		const bool compared = cases[i].code < 2;
		if (run.code != cases[i].code || (compared ? count(run.out, cases[i].says) != 2 : !strstr(run.err, cases[i].says)))
			fail_msg("case %zu: exit code %d: %s%s", i, run.code, run.out, run.err);
		support_result_release(&run);
	}
	support_write(baseline_path, "no row\n", 7);
	support_result run = support_run(WORDS("bench", "step", "--check", baseline_path));
	assert_int_equal(run.code, 2);
	assert_non_null(strstr(run.err, "line 1"));
	support_result_release(&run);
	cJSON_Delete(rows);
}

/* Its rows differ by the signals of a call. */
static void test_apply_is_checked(void **state)
{
	(void)state;
	if (fixture_elsewhere()) skip();
	cJSON *rows = measure("apply", "--batches");
	write_baseline(rows, 1e-3, NULL, NULL);
	support_result run = support_run(WORDS("bench", "apply", "--check", baseline_path, "--batch", "4", SLICE));
	if (run.code != 1 || count(run.out, "slower  apply LISTA 4x7 k2 b1, ") != 1 || count(run.out, "ms/call") != 3 ||
	    count(run.out, "slower  apply LISTA 4x7 k2 b2, ") != 1)
		fail_msg("exit code %d: %s%s", run.code, run.out, run.err);
	support_result_release(&run);
	cJSON_Delete(rows);
}

#define ROW(bench, device, driver, platform) \
	"{\"bench\":\"" bench "\",\"device\":\"" device "\",\"driver\":\"" driver "\",\"platform\":\"" platform "\"}"

static void test_rows_of_this_device_are_chosen(void **state)
{
	(void)state;
	static const char *const step[] = {"step", NULL}, *const both[] = {"step", "product", NULL};
	static const struct {
		const char *rows;
		const char *const *benches;
		int left; /* 0: refused, with these words */
		const char *says;
	} cases[] = {
	    {"[" ROW("step", "a", "1", "p") "]", step, 1, NULL},
	    {"[" ROW("step", "b", "1", "p") "," ROW("step", "a", "1", "p") "," ROW("product", "a", "1", "p") "]", step, 1, NULL},
	    {"[" ROW("step", "a", "1", "p") "," ROW("product", "a", "1", "p") "," ROW("step", "a", "2", "p") "]", both, 2, NULL},
	    {"[]", both, 0, "no row of 'bench step'"},
	    {"[" ROW("product", "a", "1", "p") "]", step, 0, "no row of 'bench step'"},
	    {"[" ROW("step", "b", "1", "p") "]", step, 0, "was measured on b, p 1"},
	    {"[" ROW("step", "a", "2", "p") "]", step, 0, "was measured on a, p 2"},
	    {"[" ROW("step", "a", "1", "q") "]", step, 0, "was measured on a, q 1"},
	};
	const clu_device_info info = {.name = "a", .driver = "1", .platform = "p"};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		cJSON *rows = cJSON_Parse(cases[i].rows);
		clu_error error;
		assert_non_null(rows);
		const clu_status status = bench_check_select(rows, cases[i].benches, &info, "before.json", &error);
		if (cases[i].left ? status != CLU_OK || cJSON_GetArraySize(rows) != cases[i].left
		                  : status != CLU_ARGUMENT || !strstr(error.message, cases[i].says))
			fail_msg("case %zu: %s", i, status == CLU_OK ? "taken" : error.message);
		cJSON_Delete(rows);
	}
}

/* What is not measured now is no verdict; what is slower counts. */
static void test_report(void **state)
{
	(void)state;
	cJSON *baseline = cJSON_CreateArray(), *now = cJSON_CreateArray();
	for (int lanes = 1; lanes <= 4; lanes++)
		for (int time = 0; time < 2; time++) {
			cJSON *row = cJSON_CreateObject();
			cJSON_AddStringToObject(row, "bench", "step");
			cJSON_AddNumberToObject(row, "lanes", lanes);
			/* 1 lane: 10 times slower now, 2: the same, 3: 10 times faster, 4: gone */
			const double ms = lanes == 1 && time ? 10 : lanes == 3 && time ? 0.1 : 1;
			cJSON_AddNumberToObject(row, "ms_per_step_median", ms);
			if (time && lanes == 4)
				cJSON_Delete(row);
			else
				cJSON_AddItemToArray(time ? now : baseline, row);
		}
	assert_int_equal(bench_check_report(baseline, now, true), 1);
	assert_int_equal(bench_check_report(now, now, false), 0);
	cJSON_ReplaceItemInObject(cJSON_GetArrayItem(baseline, 1), "ms_per_step_median", cJSON_CreateString("none"));
	assert_int_equal(bench_check_report(baseline, now, true), 2); /* what cannot be held against anything is not as it was */
	cJSON_Delete(baseline);
	cJSON_Delete(now);
}

static int enter(void **state)
{
	const int code = fixture_enter(state);
	baseline_path = support_path(fixture_directory, "baseline.json");
	return code;
}

static int leave(void **state)
{
	free(baseline_path);
	return fixture_leave(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_verdicts_end_in_exit_codes),
	    cmocka_unit_test(test_apply_is_checked),
	    cmocka_unit_test(test_rows_of_this_device_are_chosen),
	    cmocka_unit_test(test_report),
	};
	return cmocka_run_group_tests(tests, enter, leave);
}
