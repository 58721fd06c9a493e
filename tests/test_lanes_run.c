/* test_lanes_run.c: many trainings in a launch. A training's weights and records depend on what it trains, the data and the numeric
 * key alone: to the bit the same beside any neighbours, in any slot, after any predecessor, in slices of any length. Then layers
 * that start together, and when a call returns. Validations are test_lanes_validate.c's, whole trainings against double are in
 * test_lanes_training.c. TEST_NEEDS: device */
#include "lanes_fixture.h"

#include <math.h>

enum { SUBJECTS = 4 };
static const uint32_t subjects[SUBJECTS] = {0, 1, 2, FIXTURE_MIXED};

/* ---- independence ---- */

static void check_among(
    clu_device *device, const clu_data *data, uint32_t subject, uint32_t others, uint32_t slot, const outcome *want)
{
	char label[64];
	const clu_training training = fixture_training(subject);
	clu_lanes *lanes = fixture_lanes(device, data, others + 1);
	for (uint32_t s = 0, index = 3; s <= others; s++, index++) {
		if (s == slot) continue;
		const clu_training other = fixture_training(index);
		fixture_start(lanes, s, &other);
		if (s % 3 == 0) fixture_burst(lanes, 2 + s); /* the others stand at different steps and stages */
	}
	fixture_start(lanes, slot, &training);
	fixture_finish(lanes, slot);
	snprintf(label, sizeof label, "training %u in slot %u among %u others", subject, slot, others);
	outcome_expect(label, lanes, slot, want);
	clu_lanes_destroy(lanes);
}

static void test_neighbours_and_slots(void **state)
{
	const support_pair *pair = *state;
	static const uint32_t places[][2] = {{1, 0}, {1, 1}, {3, 2}, {17, 17}, {17, 8}}; /* others, slot */
	clu_data *data = fixture_data(1);
	if (!support_equal_bits()) skip();
	for (size_t i = 0; i < SUBJECTS; i++) {
		const uint32_t subject = subjects[i];
		const clu_training training = fixture_training(subject);
		outcome want = outcome_alone(pair->single, data, &training);
		assert_int_equal(want.progress.state, CLU_LANE_DONE);
		for (size_t p = subject % 2; p < sizeof places / sizeof *places; p += support_tiny() ? 2 : 1)
			if (!support_tiny() || places[p][0] < 17 || subject == 0)
				check_among(pair->single, data, subject, places[p][0], places[p][1], &want);
		outcome_release(&want);
	}
	clu_data_destroy(data);
}

/* The same where work-items share rows and sums. */
static void test_neighbours_with_groups(void **state)
{
	const support_pair *pair = *state;
	clu_data *data = fixture_data(1);
	if (!support_equal_bits()) skip();
	for (uint32_t subject = 0; subject <= FIXTURE_MIXED; subject += FIXTURE_MIXED) {
		const clu_training training = fixture_training(subject);
		outcome want = outcome_alone(pair->grouped, data, &training);
		check_among(pair->grouped, data, subject, 2, 1, &want);
		outcome_release(&want);
	}
	clu_data_destroy(data);
}

/* The slot was left by a training that was dropped, one that was done, one that had failed. */
static void test_refill(void **state)
{
	const support_pair *pair = *state;
	clu_data *data = fixture_data(1);
	const clu_training subject = fixture_training(0), other = fixture_training(1);
	clu_training wild = fixture_training(2);
	if (!support_equal_bits()) skip();
	wild.recipe.stage[0].rate = wild.recipe.stage[0].rate_last = 1e30;
	outcome want = outcome_alone(pair->single, data, &subject);
	clu_lanes *lanes = fixture_lanes(pair->single, data, 2);
	fixture_start(lanes, 1, &other);
	fixture_burst(lanes, 9);
	clu_lane_clear(lanes, 1);
	fixture_start(lanes, 1, &subject);
	fixture_finish(lanes, 1);
	outcome_expect("after one that was dropped", lanes, 1, &want);
	fixture_start(lanes, 1, &subject);
	fixture_finish(lanes, 1);
	outcome_expect("after itself", lanes, 1, &want);
	fixture_start(lanes, 1, &wild);
	fixture_finish(lanes, 1);
	assert_int_equal(fixture_progress(lanes, 1).state, CLU_LANE_FAILED);
	fixture_start(lanes, 1, &subject);
	fixture_finish(lanes, 1);
	outcome_expect("after one that failed", lanes, 1, &want);
	clu_lanes_destroy(lanes);
	outcome_release(&want);
	clu_data_destroy(data);
}

/* What the slot's former training left of gradients does not count where matrices stay, whose own are never written. */
static void test_refill_with_matrices_that_stay(void **state)
{
	const support_pair *pair = *state;
	clu_data *data = fixture_data(1);
	const clu_training other = fixture_training(1);
	clu_training subject = fixture_training(0);
	if (!support_equal_bits()) skip();
	subject.recipe.rate_w = 0;
	subject.recipe.ridge = 0.5;
	for (uint32_t i = 0; i < subject.recipe.stage_count; i++) subject.recipe.stage[i].clip = 0.01;
	outcome want = outcome_alone(pair->single, data, &subject);
	clu_lanes *lanes = fixture_lanes(pair->single, data, 2);
	fixture_start(lanes, 1, &other);
	fixture_finish(lanes, 1);
	fixture_start(lanes, 1, &subject);
	fixture_finish(lanes, 1);
	outcome_expect("after one whose matrices were trained", lanes, 1, &want);
	clu_lanes_destroy(lanes);
	outcome_release(&want);
	clu_data_destroy(data);
}

static void test_slices(void **state)
{
	const support_pair *pair = *state;
	static const uint32_t slices[] = {1, 2, 7, 256};
	clu_data *data = fixture_data(1);
	if (!support_equal_bits()) skip();
	for (uint32_t subject = 0; subject < 2; subject++) {
		const clu_training training = fixture_training(subject);
		outcome want = outcome_alone(pair->single, data, &training);
		for (size_t i = 0; i < sizeof slices / sizeof *slices; i++) {
			clu_lanes *lanes = fixture_lanes(pair->single, data, 1);
			fixture_start(lanes, 0, &training);
			while (fixture_progress(lanes, 0).state == CLU_LANE_TRAINING) fixture_burst(lanes, slices[i]);
			outcome_expect("slices", lanes, 0, &want);
			clu_lanes_destroy(lanes);
		}
		outcome_release(&want);
	}
	clu_data_destroy(data);
}

/* Where validations take long they are spread over calls, one lane a call; a lane that waits for its own can be saved and resumed.
 */
static void test_spread_validations(void **state)
{
	const support_pair *pair = *state;
	enum { LANES = 3 };
	clu_data *data = fixture_data(1);
	const clu_training training = fixture_training(0);
	if (!support_equal_bits()) skip();
	outcome want = outcome_alone(pair->single, data, &training);
	clu_lanes *lanes = fixture_lanes(pair->single, data, LANES);
	for (uint32_t slot = 0; slot < LANES; slot++) fixture_start(lanes, slot, &training);
	bool resumed = false;
	while (fixture_progress(lanes, LANES - 1).state == CLU_LANE_TRAINING) {
		const uint64_t steps = clu_lanes_steps(lanes), beats = clu_lanes_beats(lanes);
		lanes->seconds_per_evaluation = 1e6;
		fixture_burst(lanes, 256);
		assert_true(clu_lanes_beats(lanes) > beats);
		if (clu_lanes_steps(lanes) != steps || resumed) continue;
		void *bytes; /* a call without a step: the last lane still waits */
		size_t size;
		clu_error error;
		support_ok(clu_lane_save(lanes, LANES - 1, &bytes, &size, &error), &error);
		clu_lane_clear(lanes, LANES - 1);
		support_ok(clu_lane_resume(lanes, LANES - 1, &training, bytes, size, &error), &error);
		free(bytes);
		resumed = true;
	}
	assert_true(resumed);
	for (uint32_t slot = 0; slot < LANES; slot++) {
		fixture_finish(lanes, slot);
		outcome_expect("spread validations", lanes, slot, &want);
	}
	clu_lanes_destroy(lanes);
	outcome_release(&want);
	clu_data_destroy(data);
}

/* Another seed, other data, another recipe give other weights: the comparisons above are not of constants. */
static void test_what_a_result_depends_on(void **state)
{
	const support_pair *pair = *state;
	clu_data *data = fixture_data(1), *other_data = fixture_data(2);
	const clu_training base = fixture_training(0);
	clu_training changed[3] = {base, base, base};
	outcome want = outcome_alone(pair->single, data, &base);
	const size_t bytes = (size_t)data->n * data->n * sizeof(float);
	changed[0].seed++;
	changed[1].recipe.stage[0].rate *= 1.001;
	for (int i = 0; i < 3; i++) {
		outcome got = outcome_alone(pair->single, i == 2 ? other_data : data, &changed[i]);
		assert_memory_not_equal(got.model->w_x, want.model->w_x, bytes);
		outcome_release(&got);
	}
	outcome_release(&want);
	clu_data_destroy(other_data);
	clu_data_destroy(data);
}

/* ---- layers ---- */

/* Layers 2 and 3 start together, after layer 1, with its threshold and as plain layers; layer 4 starts as the recipe says. */
static void test_layers_that_start_together(void **state)
{
	const support_pair *pair = *state;
	clu_data *data = fixture_data(1);
	const clu_training training = fixture_training(FIXTURE_MIXED);
	clu_lanes *lanes = fixture_lanes(pair->single, data, 2);
	fixture_start(lanes, 1, &training);
	outcome begin = outcome_take(lanes, 1);
	while (fixture_progress(lanes, 1).layers_done == 0) fixture_burst(lanes, 256);
	clu_lane_progress progress = fixture_progress(lanes, 1);
	assert_true(progress.layer == 3 && progress.layers_done == 1);
	outcome after = outcome_take(lanes, 1);
	const clu_model *model = after.model;
	assert_true(model->theta[0] != begin.model->theta[0]);
	assert_true(model->theta[1] == model->theta[0] && model->theta[2] == model->theta[0]);
	assert_true(model->theta[3] == begin.model->theta[3]);
	assert_memory_equal(model->coefficient, begin.model->coefficient, sizeof model->coefficient);
	support_same_bits("W_x", 0, model->w_x, begin.model->w_x, (size_t)data->n * data->n);
	outcome_release(&after);
	while (fixture_progress(lanes, 1).layers_done < 3) fixture_burst(lanes, 256);
	after = outcome_take(lanes, 1);
	for (uint32_t l = 1; l < 3; l++) /* both were trained, each its own way */
		assert_true(after.model->theta[l] != begin.model->theta[l]);
	assert_true(after.model->theta[1] != after.model->theta[2]);
	assert_true(after.model->theta[3] == begin.model->theta[3]);
	outcome_release(&after);
	outcome_release(&begin);
	clu_lanes_destroy(lanes);
	clu_data_destroy(data);
}

static void test_one_layer(void **state)
{
	const support_pair *pair = *state;
	clu_data *data = fixture_data(1);
	clu_training training = fixture_training(0);
	clu_lanes *lanes = NULL;
	clu_error error;
	training.arch = support_arch("0");
	support_ok(clu_lanes_create(pair->single, data, 1, fixture_batch(), 2, &lanes, &error), &error);
	fixture_start(lanes, 1, &training);
	fixture_finish(lanes, 1);
	outcome done = outcome_take(lanes, 1);
	assert_int_equal(done.progress.state, CLU_LANE_DONE);
	assert_int_equal(done.progress.steps, training.recipe.stage[0].length_last);
	fixture_check_nmse("one layer", done.progress.record[0].validation, fixture_evaluate(done.model, &data->validation));
	outcome_release(&done);
	clu_lanes_destroy(lanes);
	clu_data_destroy(data);
}

/* ---- running ---- */

static void test_progress(void **state)
{
	const support_pair *pair = *state;
	clu_data *data = fixture_data(1);
	const clu_training training = fixture_training(0);
	clu_lanes *lanes = fixture_lanes(pair->single, data, 2);
	assert_int_equal(clu_lanes_count(lanes), 2);
	assert_int_equal(fixture_progress(lanes, 0).state, CLU_LANE_EMPTY);
	assert_int_equal(fixture_progress(lanes, 9).state, CLU_LANE_EMPTY);
	fixture_burst(lanes, 5); /* nobody trains: at once */
	assert_int_equal(clu_lanes_steps(lanes), 0);
	assert_true(clu_lanes_step_seconds(lanes) == 0);
	fixture_start(lanes, 1, &training);
	clu_lane_progress progress = fixture_progress(lanes, 1);
	assert_true(progress.state == CLU_LANE_TRAINING && progress.layer == 1 && progress.stage == 0 && progress.steps == 0);
	assert_true(isnan(progress.validation_db));
	assert_int_equal(progress.stage_length, training.recipe.stage[0].length);
	fixture_burst(lanes, 1);
	progress = fixture_progress(lanes, 1);
	assert_true(progress.steps == 1 && progress.stage_steps == 1);
	const double one = clu_lanes_step_seconds(lanes);
	assert_true(one > 0);
	fixture_burst(lanes, 200); /* to the validation, no further */
	progress = fixture_progress(lanes, 1);
	assert_int_equal(progress.steps, training.recipe.validate_every);
	assert_true(clu_lanes_step_seconds(lanes) > one);
	assert_true(isfinite(progress.validation_db));
	fixture_start(lanes, 0, &training);
	fixture_burst(lanes, 1);
	assert_int_equal(clu_lanes_steps(lanes), training.recipe.validate_every + 2);
	clu_lane_clear(lanes, 1);
	assert_int_equal(fixture_progress(lanes, 1).state, CLU_LANE_EMPTY);
	assert_int_equal(fixture_progress(lanes, 0).steps, 1);
	clu_lane_clear(lanes, 9);
	clu_lanes_destroy(lanes);
	clu_lanes_destroy(NULL);
	clu_data_destroy(data);
}

/* A stop that was set before still lets one burst be done, and then ends the call, however long it might have run. */
static void test_stop(void **state)
{
	const support_pair *pair = *state;
	clu_data *data = fixture_data(1);
	const clu_training training = fixture_training(0);
	const volatile int stop = 1;
	clu_error error;
	clu_lanes *lanes = fixture_lanes(pair->single, data, 1);
	fixture_start(lanes, 0, &training);
	support_ok(clu_lanes_run(lanes, 1e9, &stop, &error), &error);
	const uint64_t first = fixture_progress(lanes, 0).steps;
	assert_true(first >= 1 && first <= training.recipe.validate_every);
	support_ok(clu_lanes_run(lanes, 1e9, &stop, &error), &error);
	assert_true(fixture_progress(lanes, 0).steps > first);
	assert_int_equal(fixture_progress(lanes, 0).state, CLU_LANE_TRAINING);
	clu_lanes_destroy(lanes);
	clu_data_destroy(data);
}

/* The call comes back when a lane is done, though others train on. */
static void test_returns_when_one_is_done(void **state)
{
	const support_pair *pair = *state;
	clu_data *data = fixture_data(1);
	clu_training longer = fixture_training(0), shorter = fixture_training(2);
	clu_error error;
	longer.recipe.stage[0].length *= 3;
	clu_lanes *lanes = fixture_lanes(pair->single, data, 2);
	fixture_start(lanes, 0, &longer);
	fixture_start(lanes, 1, &shorter);
	support_ok(clu_lanes_run(lanes, 1e9, NULL, &error), &error);
	assert_int_equal(fixture_progress(lanes, 1).state, CLU_LANE_DONE);
	assert_int_equal(fixture_progress(lanes, 0).state, CLU_LANE_TRAINING);
	support_ok(clu_lanes_run(lanes, 1e9, NULL, &error), &error);
	assert_int_equal(fixture_progress(lanes, 0).state, CLU_LANE_DONE);
	clu_lanes_destroy(lanes);
	clu_data_destroy(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_neighbours_and_slots),
	    cmocka_unit_test(test_neighbours_with_groups),
	    cmocka_unit_test(test_refill),
	    cmocka_unit_test(test_refill_with_matrices_that_stay),
	    cmocka_unit_test(test_slices),
	    cmocka_unit_test(test_spread_validations),
	    cmocka_unit_test(test_what_a_result_depends_on),
	    cmocka_unit_test(test_layers_that_start_together),
	    cmocka_unit_test(test_one_layer),
	    cmocka_unit_test(test_progress),
	    cmocka_unit_test(test_stop),
	    cmocka_unit_test(test_returns_when_one_is_done),
	};
	return cmocka_run_group_tests(tests, support_pair_open, support_pair_close);
}
