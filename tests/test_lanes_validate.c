/* test_lanes_validate.c: what validations find and what comes of it: records that are the models', the weights that go on, failing
 * trainings; of several lanes at once what one comes to alone. TEST_NEEDS: device */
#include "lanes_fixture.h"

#include <math.h>

enum { SUBJECTS = 4 };
static const uint32_t subjects[SUBJECTS] = {0, 1, 2, FIXTURE_MIXED};

/* ---- failing ---- */

/* A rate that blows a training up ends it with a named error; its neighbour notices nothing. */
static void test_diverging(void **state)
{
	const support_pair *pair = *state;
	clu_data *data = fixture_data(1);
	clu_error error;
	clu_model *model;
	const clu_training subject = fixture_training(0);
	clu_training wild = fixture_training(1);
	for (uint32_t s = 0; s < wild.recipe.stage_count; s++) wild.recipe.stage[s].rate = wild.recipe.stage[s].rate_last = 1e30;
	outcome want = outcome_alone(pair->single, data, &subject);
	clu_lanes *lanes = fixture_lanes(pair->single, data, 3);
	fixture_start(lanes, 0, &wild);
	fixture_start(lanes, 1, &subject);
	fixture_start(lanes, 2, &wild);
	fixture_finish(lanes, 1);
	for (uint32_t slot = 0; slot <= 2; slot += 2) {
		const clu_lane_progress progress = fixture_progress(lanes, slot);
		assert_int_equal(progress.state, CLU_LANE_FAILED);
		assert_int_equal(progress.error.status, CLU_NUMERIC);
		assert_non_null(strstr(progress.error.message, "not finite"));
		assert_non_null(strstr(progress.error.message, "layer "));
		assert_non_null(strstr(progress.error.message, "0_0_1_2"));
		assert_true(progress.layers_done < FIXTURE_LAYERS);
	}
	if (support_equal_bits()) outcome_expect("beside failing ones", lanes, 1, &want);
	support_ok(clu_lane_model(lanes, 0, &model, &error), &error); /* to be looked at */
	clu_model_destroy(model);
	clu_lanes_destroy(lanes);
	outcome_release(&want);
	clu_data_destroy(data);
}

/* Four lanes in step with each other end their layers in the same validations: one keeps its best weights, one their mean, one its
 * last; the fourth fails there. */
static void test_layers_that_end_together(void **state)
{
	const support_pair *pair = *state;
	enum { LANES = 4, WILD = 1 };
	static const clu_keep keeps[LANES] = {CLU_KEEP_BEST, CLU_KEEP_BEST, CLU_KEEP_AVERAGE, CLU_KEEP_LAST};
	if (!support_equal_bits()) skip();
	clu_data *data = fixture_data(1);
	clu_lanes *lanes = fixture_lanes(pair->single, data, LANES);
	clu_training training[LANES];
	for (uint32_t slot = 0; slot < LANES; slot++) {
		training[slot] = fixture_training(2);
		training[slot].recipe.stage[0].keep = keeps[slot];
		training[slot].recipe.validate_every = 1000; /* a stage's only validation is its layer's end */
		if (slot == WILD) training[slot].recipe.stage[0].rate = training[slot].recipe.stage[0].rate_last = 1e30;
		fixture_start(lanes, slot, &training[slot]);
	}
	for (uint32_t slot = 0; slot < LANES; slot++) fixture_finish(lanes, slot);
	assert_int_equal(fixture_progress(lanes, WILD).state, CLU_LANE_FAILED);
	for (uint32_t slot = 0; slot < LANES; slot++) {
		if (slot == WILD) continue;
		outcome want = outcome_alone(pair->single, data, &training[slot]);
		outcome_expect("among others", lanes, slot, &want);
		outcome_release(&want);
	}
	clu_lanes_destroy(lanes);
	clu_data_destroy(data);
}

/* ---- records ---- */

static void test_records_are_the_models(void **state)
{
	const support_pair *pair = *state;
	clu_data *data = fixture_data(1);
	for (size_t i = 0; i < SUBJECTS; i++) {
		const clu_training training = fixture_training(subjects[i]);
		outcome done = outcome_alone(pair->single, data, &training);
		const clu_layer_record *record = done.progress.record;
		uint64_t steps = 0;
		assert_int_equal(done.progress.layers_done, FIXTURE_LAYERS);
		fixture_check_nmse("validation", record[FIXTURE_LAYERS - 1].validation, fixture_evaluate(done.model, &data->validation));
		fixture_check_nmse("test", record[FIXTURE_LAYERS - 1].test, fixture_evaluate(done.model, &data->test));
		for (uint32_t l = 0; l < FIXTURE_LAYERS; l++) {
			const bool trained = clu_recipe_trains(&training.recipe, l + 1, FIXTURE_LAYERS);
			steps += record[l].steps;
			assert_true(trained ? record[l].steps > 0 && record[l].seconds > 0 : record[l].steps == 0 && record[l].seconds == 0);
			assert_true(isnan(record[l].validation.db) == !trained && isnan(record[l].test.ratio_db) == !trained);
		}
		assert_int_equal(steps, done.progress.steps);
		outcome_release(&done);
	}
	clu_data_destroy(data);
}

/* keep=best at a rate that makes the NMSE jump: what goes on is the lowest of the stage's validations, not the last. */
static void test_best_weights_go_on(void **state)
{
	const support_pair *pair = *state;
	clu_data *data = fixture_data(1);
	clu_training training = fixture_training(2);
	double lowest = INFINITY, last = NAN;
	uint32_t layer = 1, restored = 0;
	training.recipe.stage[0].rate = training.recipe.stage[0].rate_last = 0.3;
	training.recipe.stage[0].curve = CLU_CURVE_FLAT;
	training.recipe.validate_every = 1;
	clu_lanes *lanes = fixture_lanes(pair->single, data, 1);
	fixture_start(lanes, 0, &training);
	while (fixture_progress(lanes, 0).state == CLU_LANE_TRAINING) {
		fixture_burst(lanes, 1);
		const clu_lane_progress progress = fixture_progress(lanes, 0);
		last = progress.validation_db;
		lowest = fmin(lowest, last);
		if (progress.layers_done < layer) continue;
		assert_true(progress.record[layer - 1].validation.db == lowest);
		restored += lowest < last;
		lowest = INFINITY;
		layer++;
	}
	assert_int_equal(layer, FIXTURE_LAYERS + 1);
	assert_true(restored > 0);
	outcome done = outcome_take(lanes, 0);
	fixture_check_nmse(
	    "best", done.progress.record[FIXTURE_LAYERS - 1].validation, fixture_evaluate(done.model, &data->validation));
	outcome_release(&done);
	clu_lanes_destroy(lanes);
	clu_data_destroy(data);
}

/* keep=average: the records and the lane are of the mean, which no validation in the stage was of. */
static void test_mean_goes_on(void **state)
{
	const support_pair *pair = *state;
	clu_data *data = fixture_data(1);
	clu_training training = fixture_training(2);
	training.recipe.stage[0].keep = CLU_KEEP_AVERAGE;
	training.recipe.validate_every = 1;
	outcome mean = outcome_alone(pair->single, data, &training);
	const clu_layer_record *record = mean.progress.record;
	fixture_check_nmse("mean", record[FIXTURE_LAYERS - 1].validation, fixture_evaluate(mean.model, &data->validation));
	fixture_check_nmse("mean, test", record[FIXTURE_LAYERS - 1].test, fixture_evaluate(mean.model, &data->test));
	training.recipe.stage[0].keep = CLU_KEEP_LAST;
	outcome last = outcome_alone(pair->single, data, &training);
	assert_true(record[0].validation.db != last.progress.record[0].validation.db);
	assert_true(fabs(record[0].validation.db - last.progress.record[0].validation.db) < 3);
	outcome_release(&last);
	outcome_release(&mean);
	clu_data_destroy(data);
}

static void test_no_test_set(void **state)
{
	const support_pair *pair = *state;
	clu_data *data = support_data_create(4, 7, 3, 1, 0, 5); /* a training set of one batch, one validation sample */
	const clu_training training = fixture_training(0);
	clu_lanes *lanes = NULL;
	clu_error error;
	support_ok(clu_lanes_create(pair->single, data, FIXTURE_LAYERS, 3, 1, &lanes, &error), &error);
	fixture_start(lanes, 0, &training);
	fixture_finish(lanes, 0);
	const clu_lane_progress progress = fixture_progress(lanes, 0);
	assert_int_equal(progress.state, CLU_LANE_DONE);
	for (uint32_t l = 0; l < FIXTURE_LAYERS; l++) {
		assert_true(isnan(progress.record[l].test.db) && isnan(progress.record[l].test.ratio_db));
		assert_true(isfinite(progress.record[l].validation.db));
	}
	clu_lanes_destroy(lanes);
	clu_data_destroy(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_diverging),
	    cmocka_unit_test(test_layers_that_end_together),
	    cmocka_unit_test(test_records_are_the_models),
	    cmocka_unit_test(test_best_weights_go_on),
	    cmocka_unit_test(test_mean_goes_on),
	    cmocka_unit_test(test_no_test_set),
	};
	return cmocka_run_group_tests(tests, support_pair_open, support_pair_close);
}
