/* test_reproduce_table.c: what the Markdown and the JSON of a reproduced table say: figures, differences, the mark, what is not
 * known. */
#include "json_check.h"
#include "reproduce_fixture.h"

#include "reproduce_table.h"

static void expect(const char *text, const char *wanted)
{
	if (!strstr(text, wanted)) fail_msg("'%s' is not in:\n%s", wanted, text);
}

static void markdown_says(void **state)
{
	(void)state;
	reproduce_job *job = fixture_job("small");
	reproduce_results *results = fixture_results(job);
	char *text = reproduce_markdown(results, "table1-small.svg");
	assert_non_null(text);
	expect(text, "| b | no noise | **−42.70** [−42.80, −42.60]; −43.3 (+0.60) ▲ |");
	expect(text, "| e | non-exactly sparse codes | **−42.70** [−42.80, −42.60]; −22.4 (−20.30) |");
	expect(text, "## Other networks\n\n| row | | 0_0_1 |");
	expect(text, "| b | no noise | **−42.70** [−42.80, −42.60] |\n"); /* the paper has none */
	expect(text, "| b | no noise | −10.91, 1.25 ms | – | – | – | – |");
	expect(text, "| b | LISTA | 1 | −42.800 | −40.000 | 72,000 | 0.500 | <cpu> | `net0-seed1` |");
	expect(text, "| b | LISTA | 2 | −42.600 | −39.000 | – | – | <cpu> | `net0-seed2` |");
	expect(text, "](table1-small.svg)");
	expect(text, "a fifth"); /* how far it can be compared */
	assert_null(strstr(text, "one's own"));
	free(text);
	job->base.recipe.stage[0].rate = 7e-6;
	text = reproduce_markdown(results, "table1-small.svg");
	expect(text, "The recipe is one's own:\n\n```\nname fast\n");
	expect(text, "rate=7e-06 ");
	free(text);
	free(results);
	free(job);
}

/* Of the paper's networks alone there is one block, of others alone the other. */
static void blocks_as_needed(void **state)
{
	(void)state;
	reproduce_job *job = fixture_job("full");
	job->arch_count = job->repeat = 1;
	reproduce_results *results = fixture_results(job);
	char *text = reproduce_markdown(results, "p.svg");
	assert_non_null(text);
	assert_null(strstr(text, "Other networks"));
	expect(text, "**−42.80**; −43.3 (+0.50) |"); /* not by more than half a dB: no mark, no range of one */
	expect(text, ", seed 1.");
	free(text);
	free(results);
	free(job);
}

/* Some of the seeds, or all of them. */
static void what_diverged_is_said(void **state)
{
	(void)state;
	reproduce_job *job = fixture_job("full");
	reproduce_results *results = fixture_results(job);
	reproduce_training *some = &results->row[0].cell[0].training[1];
	some->nmse = (clu_nmse){NAN, NAN};
	strcpy(some->device, REPRODUCE_DIVERGED);
	for (int i = 0; i < 2; i++) results->row[1].cell[0].training[i].nmse = (clu_nmse){NAN, NAN};
	char *text = reproduce_markdown(results, "p.svg");
	assert_non_null(text);
	expect(text, "| b | no noise | **−42.80**; −43.3 (+0.50) ▲; 1 diverged |");
	expect(text, "| e | non-exactly sparse codes | **–**; −22.4 ▲; 2 diverged |");
	expect(text, "| b | LISTA | 2 | – | – | – | – | diverged | `net0-seed2` |");
	cJSON *json = json_read_again(reproduce_json(results));
	const cJSON *row = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "rows"), 1);
	const cJSON *cell = cJSON_GetArrayItem(cJSON_GetObjectItem(row, "networks"), 0);
	assert_true(json_number(cell, "diverged") == 2 && cJSON_IsNull(cJSON_GetObjectItem(cell, "nmse_db")));
	cJSON_Delete(json);
	free(text);
	free(results);
	free(job);
}

static void json_says(void **state)
{
	(void)state;
	reproduce_job *job = fixture_job("full");
	reproduce_results *results = fixture_results(job);
	cJSON *json = json_read_again(reproduce_json(results));
	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(json, "scale")), "full");
	assert_true(json_number(json, "version") == 1 && json_number(json, "repeat") == 2);
	assert_non_null(strstr(cJSON_GetStringValue(cJSON_GetObjectItem(json, "recipe_text")), "name fast\n"));
	const cJSON *row = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "rows"), 0);
	const cJSON *cells = cJSON_GetObjectItem(row, "networks"), *cell = cJSON_GetArrayItem(cells, 0);
	assert_int_equal(cJSON_GetArraySize(cells), 2);
	assert_true(fabs(json_number(cell, "difference_db") - 0.6) < 1e-9 && json_number(cell, "paper_db") == -43.3);
	assert_true(cJSON_IsTrue(cJSON_GetObjectItem(cell, "worse")));
	assert_true(json_number(cell, "best_db") == -42.8 && fabs(json_number(cell, "worst_db") + 42.6) < 1e-9);
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(cJSON_GetArrayItem(cells, 1), "paper_db")));
	const cJSON *second = cJSON_GetArrayItem(cJSON_GetObjectItem(cell, "trainings"), 1);
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(second, "steps")) && cJSON_IsNull(cJSON_GetObjectItem(second, "seconds")));
	const cJSON *solvers = cJSON_GetObjectItem(row, "solvers");
	assert_int_equal(cJSON_GetArraySize(solvers), 1);
	assert_true(json_number(cJSON_GetArrayItem(solvers, 0), "seconds_per_signal") == 0.00125);
	cJSON_Delete(json);
	free(results);
	free(job);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(markdown_says),
	    cmocka_unit_test(blocks_as_needed),
	    cmocka_unit_test(what_diverged_is_said),
	    cmocka_unit_test(json_says),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
