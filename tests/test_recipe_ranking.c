/* test_recipe_ranking.c: which architectures are ranked, and with what they are trained. Training them is in
 * test_recipe_study_run.c. */
#include "recipe_fixture.h"

#include "recipe_ranking.h"

static recipe_results *draw(const recipe_study *study)
{
	recipe_results *results = calloc(1, sizeof *results);
	clu_error error;
	assert_non_null(results);
	support_ok(recipe_ranking_draw(study, results, &error), &error);
	return results;
}

static void architectures(void **state)
{
	(void)state;
	recipe_study *study = fixture_study("small");
	study->random = 12;
	recipe_results *results = draw(study);
	assert_int_equal(results->arch_count, 16);
	assert_string_equal(results->arch[0], "0_0_0_0_0_0_0_0");
	assert_string_equal(results->arch[2], "0_0_1_3_7_15_31_63");
	for (size_t i = 0; i < results->arch_count; i++) {
		clu_arch arch;
		clu_error error;
		support_ok(clu_arch_parse(results->arch[i], 8, &arch, &error), &error);
		for (size_t j = 0; j < i; j++) assert_string_not_equal(results->arch[i], results->arch[j]);
	}
	study->random = 3; /* fewer are the first of more */
	recipe_results *fewer = draw(study);
	assert_int_equal(fewer->arch_count, 7);
	for (size_t i = 0; i < 7; i++) assert_string_equal(fewer->arch[i], results->arch[i]);
	free(fewer);
	free(results);
	free(study);
}

static void more_than_there_are(void **state)
{
	(void)state;
	recipe_study *study = fixture_study("tiny");
	recipe_results *results = calloc(1, sizeof *results);
	clu_error error;
	study->random = 1000; /* of 2^10 */
	assert_int_equal(recipe_ranking_draw(study, results, &error), CLU_ARGUMENT);
	assert_non_null(strstr(error.message, "--random 1000"));
	free(results);
	free(study);
}

static void settings_of_a_run(void **state)
{
	(void)state;
	recipe_study *study = fixture_study("small");
	settings settings;
	clu_error error;
	support_ok(recipe_ranking_settings(study, 1, &settings, &error), &error);
	assert_true(settings.problem.m == 50 && settings.problem.n == 100 && settings.layers == 8 && settings.batch == 128);
	assert_true(settings.problem.train == 10240 && settings.problem.validation == 1024 && settings.problem.test == 1024);
	assert_int_equal(settings.seed, 2);
	assert_string_equal(settings.recipe.name, "fast");
	settings_release(&settings);
	support_ok(recipe_ranking_settings(study, 2, &settings, &error), &error);
	assert_int_equal(settings.seed, 1);
	assert_string_equal(settings.recipe.name, "quick-few");
	settings_release(&settings);
	free(study);
}

static void all_is_missing_at_first(void **state)
{
	(void)state;
	recipe_study *study = fixture_study("small");
	recipe_results *results = draw(study);
	size_t missing;
	clu_error error;
	support_ok(recipe_ranking_missing(study, results, 0, &missing, &error), &error);
	assert_int_equal(missing, 5);
	free(results);
	free(study);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(architectures),
	    cmocka_unit_test(more_than_there_are),
	    cmocka_unit_test(settings_of_a_run),
	    cmocka_unit_test(all_is_missing_at_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
