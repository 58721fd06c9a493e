/* test_recipe_table.c: what the Markdown of compared recipes says: figures, dips, the paper's, ranks, what is not known. */
#include "recipe_fixture.h"

#include "recipe_table.h"

static void expect(const char *text, const char *wanted)
{
	if (!strstr(text, wanted)) fail_msg("'%s' is not in:\n%s", wanted, text);
}

static void it_says(void **state)
{
	(void)state;
	recipe_study *study = fixture_study("full");
	recipe_results *results = fixture_results(study);
	char *text = recipe_markdown(results, "recipe.svg");
	assert_non_null(text);
	expect(text, "| quick-few | `quick` | `length=800` `layers_at=1,2,3,4,6,8,11` |");
	expect(text, "](recipe.svg)");
	expect(text, "seeds 1 to 2.");
	expect(text, "| the paper's figures | – | – | −43.3 | – |");
	expect(text, "| fast | 3,200 | 30 min 00 s | **−40.50** [−41.00, −40.00], 1.5 | **−40.50** [−41.00, −40.00], 1.5 |");
	expect(text, "**−50.50** [−51.00, −50.00], – |"); /* no layer is known */
	expect(text, "| fast | LISTA | 2 | −41.000 | −39.000 | 0.00 | 3,200 | 30 min 00 s | <cpu> | `net-seed2` |");
	expect(text, "| A: fast | 24,000 | 100,000 | 15 min 00 s | 5 | 1.00 [1.00, 1.00] | 1 | 3 | 100 % | 0.00 |");
	expect(text, "| B: fast, seed 2 | 24,000 | 100,000 | 15 min 00 s | 5 | 0.90 [−0.17, 1.00]");
	expect(text, "| 2 | 3 | 100 % | 1.00 |");
	expect(text, "| C: quick-few | 24,000 | 100,000 | 15 min 00 s | 4 | −1.00 [−1.00, −1.00] | 4 | 2 |"); /* one training failed */
	expect(text, "| | A | B |\n|---|---|---|\n| B: fast, seed 2 | 0.90 [");
	expect(text, "| `0_0_0_2` | −4.00 | −5.00 | – |"); /* at 16 layers these are no notations: no names */
	assert_null(strstr(text, "nan"));
	free(text);
	free(results);
	free(study);
}

/* The paper's figures are for its sizes; a part that was not asked for is not there. */
static void parts(void **state)
{
	(void)state;
	recipe_study *study = fixture_study("small");
	recipe_results *results = fixture_results(study);
	results->run_count = 0;
	char *text = recipe_markdown(results, "p.svg");
	assert_null(strstr(text, "the paper's figures"));
	assert_null(strstr(text, "## Ranking"));
	free(text);
	fixture_runs(results);
	results->quality_count = 0;
	text = recipe_markdown(results, "p.svg");
	assert_null(strstr(text, "## Cost"));
	assert_null(strstr(text, "p.svg"));
	expect(text, "## Ranking");
	free(text);
	free(results);
	free(study);
}

/* Of one seed there is no range, of none no figure; both are told. */
static void what_diverged(void **state)
{
	(void)state;
	recipe_study *study = fixture_study("full");
	recipe_results *results = fixture_results(study);
	fixture_diverged(&results->quality[0][0], 1);
	fixture_diverged(&results->quality[0][1], 0);
	fixture_diverged(&results->quality[0][1], 1);
	char *text = recipe_markdown(results, "p.svg");
	expect(text, "| fast | 3,200 | 30 min 00 s | **−40.00**, 1.5; 1 diverged | **–**, –; 2 diverged |");
	expect(text, "| fast | LISTA | 2 | – | – | – | – | – | diverged |");
	assert_null(strstr(text, "nan"));
	assert_null(strstr(text, "∞"));
	free(text);
	free(results);
	free(study);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(it_says),
	    cmocka_unit_test(parts),
	    cmocka_unit_test(what_diverged),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
