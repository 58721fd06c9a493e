/* test_recipe_study.c: variants at a scale, names of files, and the figures of a cell: curve, dip, means of what is known. */
#include "recipe_fixture.h"

static void variants_at_a_scale(void **state)
{
	(void)state;
	recipe_study *full = fixture_study("full"), *tiny = fixture_study("tiny");
	clu_error error;
	assert_true(full->variant_count == 2 && full->scale->repeat == 3 && full->random == 1);
	assert_string_equal(full->recipe[0].name, "fast");
	assert_int_equal(full->recipe[0].stage[0].length, 800);
	assert_string_equal(tiny->recipe[1].name, "quick-few-tiny");
	assert_int_equal(tiny->recipe[1].stage[0].length, 8);
	assert_int_equal(tiny->recipe[1].validate_every, 8);
	assert_int_equal(tiny->recipe[1].stage[0].patience, 0); /* no patience stays none */
	assert_int_equal(recipe_study_add(full, "slow", &error), CLU_ARGUMENT);
	assert_non_null(strstr(error.message, "slow"));
	assert_int_equal(recipe_study_add(full, "fast", &error), CLU_ARGUMENT);
	assert_non_null(strstr(error.message, "twice"));
	free(tiny);
	free(full);
}

/* Names of networks must stay apart at every scale, also where they are cut. */
static void names_differ(void **state)
{
	(void)state;
	recipe_study *study = fixture_study("tiny");
	clu_error error;
	for (size_t v = 0; v < recipe_variant_count; v++)
		if (strcmp(recipe_variants[v].name, "fast") != 0 && strcmp(recipe_variants[v].name, "quick-few") != 0)
			support_ok(recipe_study_add(study, recipe_variants[v].name, &error), &error);
	for (size_t i = 0; i < study->variant_count; i++)
		for (size_t j = 0; j < i; j++) assert_string_not_equal(study->recipe[i].name, study->recipe[j].name);
	free(study);
}

static void names_of_files(void **state)
{
	(void)state;
	recipe_study *study = fixture_study("full");
	char name[REPRODUCE_NAME];
	recipe_study_name(study, name);
	assert_string_equal(name, "recipe");
	study->parts = RECIPE_RANKING;
	study->job.scale = reproduce_scale_find("small");
	recipe_study_name(study, name);
	assert_string_equal(name, "recipe-ranking-small");
	free(study);
}

static void runs(void **state)
{
	(void)state;
	recipe_study *study = fixture_study("full");
	static const struct {
		size_t variant;
		uint64_t seed;
	} wanted[] = {{0, 1}, {0, 2}, {1, 1}};
	assert_int_equal(recipe_run_count(study), 3);
	for (size_t i = 0; i < 3; i++) {
		size_t variant;
		uint64_t seed;
		recipe_run_subject(i, &variant, &seed);
		assert_true(variant == wanted[i].variant && seed == wanted[i].seed);
	}
	free(study);
}

static void curves(void **state)
{
	(void)state;
	recipe_study *study = fixture_study("full");
	recipe_results *results = fixture_results(study);
	recipe_point points[CLU_LAYERS_MAX];
	const recipe_cell *cell = &results->quality[0][0];
	assert_int_equal(recipe_curve(cell, 3, points), 2); /* layer 2 has no figure */
	assert_true(points[0].steps == 800 && points[1].steps == 3200);
	assert_true(points[0].nmse_db == (-41.5 - 38) / 2 && points[1].nmse_db == -40.5);
	assert_int_equal(recipe_curve(&results->quality[1][1], 3, points), 0);
	free(results);
	free(study);
}

static void dips(void **state)
{
	(void)state;
	recipe_study *study = fixture_study("full");
	recipe_results *results = fixture_results(study);
	assert_true(recipe_dip_db(&results->quality[0][0], 3) == 1.5); /* the other seed has none */
	assert_true(recipe_training_dip_db(results->quality[0][0].layer[1], 3) == 0);
	assert_true(isnan(recipe_dip_db(&results->quality[1][1], 3)));
	/* Against the best before, not the layer before. */
	static const clu_layer_record layer[] = {{.test = {-5, 0}}, {.test = {-9, 0}}, {.test = {-7, 0}}, {.test = {-6, 0}}};
	assert_true(recipe_training_dip_db(layer, 4) == 3);
	free(results);
	free(study);
}

static void means(void **state)
{
	(void)state;
	reproduce_cell cell = {.count = 3};
	for (int i = 0; i < 3; i++) cell.training[i].seconds = i == 0 ? (double)NAN : 100.0 * i;
	cell.training[1].steps = 1000;
	cell.training[2].steps = 3000;
	assert_true(recipe_mean_steps(&cell) == 2000 && recipe_mean_seconds(&cell) == 150);
	cell.count = 1;
	assert_true(isnan(recipe_mean_steps(&cell)) && isnan(recipe_mean_seconds(&cell)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(variants_at_a_scale),
	    cmocka_unit_test(names_differ),
	    cmocka_unit_test(names_of_files),
	    cmocka_unit_test(runs),
	    cmocka_unit_test(curves),
	    cmocka_unit_test(dips),
	    cmocka_unit_test(means),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
