/* test_lane_checkpoint.c: a training that is saved at any moment and goes on in another slot of other lanes comes to the same
 * bits; what belongs to another training is refused by name; no damage to the bytes gets through. TEST_NEEDS: device */
#include "lanes_fixture.h"

typedef struct checkpoint {
	void *bytes;
	size_t size;
} checkpoint;

static checkpoint save(clu_lanes *lanes, uint32_t slot)
{
	checkpoint c = {NULL, 0};
	clu_error error;
	support_ok(clu_lane_save(lanes, slot, &c.bytes, &c.size, &error), &error);
	assert_true(c.bytes && c.size > 0);
	return c;
}

/* A checkpoint of the training after at least `steps` steps; what the lane was is in *progress. */
static checkpoint save_after(
    clu_device *device, const clu_data *data, const clu_training *training, uint64_t steps, clu_lane_progress *progress)
{
	clu_lanes *lanes = fixture_lanes(device, data, 1);
	fixture_start(lanes, 0, training);
	while (fixture_progress(lanes, 0).steps < steps) fixture_burst(lanes, 1);
	*progress = fixture_progress(lanes, 0);
	checkpoint c = save(lanes, 0);
	clu_lanes_destroy(lanes);
	return c;
}

static void resume(clu_lanes *lanes, uint32_t slot, const clu_training *training, const checkpoint *c)
{
	clu_error error;
	support_ok(clu_lane_resume(lanes, slot, training, c->bytes, c->size, &error), &error);
}

/* ---- going on ---- */

static void check_moment(
    clu_device *device, const clu_data *data, const clu_training *training, uint64_t steps, const outcome *want)
{
	char label[64];
	clu_lane_progress before;
	const clu_training neighbour = fixture_training(5);
	checkpoint c = save_after(device, data, training, steps, &before);
	clu_lanes *lanes = fixture_lanes(device, data, 3);
	fixture_start(lanes, 0, &neighbour);
	fixture_burst(lanes, 1);
	resume(lanes, 2, training, &c);
	free(c.bytes);
	const clu_lane_progress after = fixture_progress(lanes, 2);
	assert_true(after.state == CLU_LANE_TRAINING && after.layer == before.layer && after.stage == before.stage);
	assert_true(after.stage_steps == before.stage_steps && after.steps == before.steps && after.layers_done == before.layers_done);
	assert_memory_equal(&after.validation_db, &before.validation_db, sizeof after.validation_db);
	for (uint32_t l = 0; l < after.layers_done; l++) /* with the wall time that it took */
		assert_memory_equal(&after.record[l], &before.record[l], sizeof after.record[l]);
	fixture_finish(lanes, 2);
	snprintf(label, sizeof label, "resumed after %llu steps", (unsigned long long)steps);
	outcome_expect(label, lanes, 2, want);
	clu_lanes_destroy(lanes);
}

/* Before the first step, in the middle of a stage, on each side of a validation, of a pass over the data, of a stage, of a layer.
 */
static void test_any_moment(void **state)
{
	const support_pair *pair = *state;
	clu_data *data = fixture_data(1);
	if (!support_equal_bits()) skip();
	static const uint32_t subjects[] = {0, 1, FIXTURE_MIXED};
	for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++) {
		const clu_training training = fixture_training(subjects[i]);
		outcome want = outcome_alone(pair->single, data, &training);
		const uint64_t most = want.progress.steps - 1;
		for (uint64_t steps = 0; steps <= most; steps += support_tiny() ? 5 : steps < 20 ? 1 : 7)
			check_moment(pair->single, data, &training, steps, &want);
		check_moment(pair->single, data, &training, most, &want);
		outcome_release(&want);
	}
	clu_data_destroy(data);
}

/* Saved and resumed after every burst, each time in the other slot. */
static void test_again_and_again(void **state)
{
	const support_pair *pair = *state;
	clu_data *data = fixture_data(1);
	uint32_t slot = 0;
	if (!support_equal_bits()) skip();
	const clu_training training = fixture_training(1);
	outcome want = outcome_alone(pair->single, data, &training);
	clu_lanes *lanes = fixture_lanes(pair->single, data, 2);
	fixture_start(lanes, 0, &training);
	for (uint32_t round = 0; fixture_progress(lanes, slot).state == CLU_LANE_TRAINING; round++) {
		checkpoint c = save(lanes, slot);
		clu_lane_clear(lanes, slot);
		slot = 1 - slot;
		resume(lanes, slot, &training, &c);
		free(c.bytes);
		fixture_burst(lanes, 1 + round % 3);
	}
	outcome_expect("saved and resumed at every burst", lanes, slot, &want);
	clu_lanes_destroy(lanes);
	outcome_release(&want);
	clu_data_destroy(data);
}

/* Saving changes nothing, and equal states give equal bytes but for the wall time. */
static void test_saving_is_reading(void **state)
{
	const support_pair *pair = *state;
	clu_data *data = fixture_data(1);
	const clu_training training = fixture_training(0);
	clu_lanes *lanes = fixture_lanes(pair->single, data, 1);
	fixture_start(lanes, 0, &training);
	fixture_burst(lanes, 3);
	checkpoint first = save(lanes, 0), second = save(lanes, 0);
	assert_int_equal(first.size, second.size);
	assert_memory_equal(first.bytes, second.bytes, first.size);
	free(first.bytes);
	free(second.bytes);
	clu_lanes_destroy(lanes);
	clu_data_destroy(data);
}

static void test_fine_tuning(void **state)
{
	const support_pair *pair = *state;
	clu_data *data = fixture_data(1);
	clu_lane_progress before;
	clu_training training = fixture_training(0);
	outcome trained = outcome_alone(pair->single, data, &training);
	training.from = trained.model;
	outcome want = outcome_alone(pair->single, data, &training);
	checkpoint c = save_after(pair->single, data, &training, 3, &before);
	clu_lanes *lanes = fixture_lanes(pair->single, data, 1);
	resume(lanes, 0, &training, &c);
	fixture_finish(lanes, 0);
	if (support_equal_bits()) outcome_expect("fine-tuning", lanes, 0, &want);
	free(c.bytes);
	clu_lanes_destroy(lanes);
	outcome_release(&want);
	outcome_release(&trained);
	clu_data_destroy(data);
}

/* ---- what belongs to another training ---- */

static void check_refused(clu_lanes *lanes, const clu_training *training, const checkpoint *c, const char *named)
{
	clu_error error = {CLU_OK, ""};
	const clu_status status = clu_lane_resume(lanes, 0, training, c->bytes, c->size, &error);
	if (status != CLU_MISMATCH || error.status != status || !strstr(error.message, named))
		fail_msg("%s: %s: %s", named, clu_status_text(status), error.message);
	assert_int_equal(fixture_progress(lanes, 0).state, CLU_LANE_EMPTY);
	assert_int_equal(clu_lane_resume(lanes, 0, training, c->bytes, c->size, NULL), CLU_MISMATCH);
}

static void test_other_trainings(void **state)
{
	const support_pair *pair = *state;
	clu_data *data = fixture_data(1);
	clu_lane_progress before;
	const clu_training training = fixture_training(0);
	checkpoint c = save_after(pair->single, data, &training, 4, &before);
	clu_model *from = support_model_create("0_0_1_3", data->m, data->n, 1);
	clu_training others[] = {training, training, training, training, training, training};
	others[0].arch.extra[3] = 2;
	others[1].arch.neuron[2] = CLU_NEURON_LEAKY;
	others[2].arch.side[2] = 1;
	others[3].recipe.stage[0].loss = CLU_LOSS_NORM;
	others[4].seed++;
	others[5].from = from;
	static const char *const named[] = {"architecture", "architecture", "architecture", "recipe", "seed", "starting network"};
	clu_lanes *lanes = fixture_lanes(pair->single, data, 1);
	for (size_t i = 0; i < sizeof named / sizeof *named; i++) check_refused(lanes, &others[i], &c, named[i]);
	resume(lanes, 0, &training, &c); /* still good for its own */
	clu_lanes_destroy(lanes);
	clu_model_destroy(from);
	free(c.bytes);
	clu_data_destroy(data);
}

/* A recipe that trains alike is the same one, whatever it is called and however it was printed. */
static void test_a_recipe_that_trains_alike(void **state)
{
	const support_pair *pair = *state;
	clu_data *data = fixture_data(1);
	clu_lane_progress before;
	clu_training training = fixture_training(0);
	training.recipe.stage[0].fall = 0.9;
	checkpoint c = save_after(pair->single, data, &training, 4, &before);
	strcpy(training.recipe.name, "other");
	training.recipe.stage[0].rate_last = 0.5; /* which says nothing beside `fall` */
	clu_lanes *lanes = fixture_lanes(pair->single, data, 1);
	resume(lanes, 0, &training, &c);
	assert_true(fixture_progress(lanes, 0).steps == before.steps);
	clu_lane_clear(lanes, 0);
	training.recipe.stage[0].fall = 0.91;
	check_refused(lanes, &training, &c, "recipe");
	clu_lanes_destroy(lanes);
	free(c.bytes);
	clu_data_destroy(data);
}

static void check_other_lanes(clu_device *device, const clu_data *data, uint32_t batch, const checkpoint *c, const char *named)
{
	const clu_training training = fixture_training(0);
	clu_lanes *lanes = NULL;
	clu_error error;
	support_ok(clu_lanes_create(device, data, FIXTURE_LAYERS, batch, 1, &lanes, &error), &error);
	check_refused(lanes, &training, c, named);
	clu_lanes_destroy(lanes);
}

static void test_other_lanes(void **state)
{
	const support_pair *pair = *state;
	clu_data *data = fixture_data(1), *changed = fixture_data(1);
	clu_lane_progress before;
	const clu_training training = fixture_training(0);
	const uint32_t batch = fixture_batch();
	checkpoint c = save_after(pair->single, data, &training, 4, &before);
	check_other_lanes(pair->grouped, data, batch, &c, "numeric key");
	check_other_lanes(pair->single, data, batch - 1, &c, "shape");
	float *const changes[] = {changed->dictionary + 3, changed->train.x, changed->train.b + 1,
	    changed->validation.x + changed->validation.count * changed->n - 1, changed->validation.b, changed->test.x,
	    changed->test.b};
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		const float kept = *changes[i];
		*changes[i] += 0.125f;
		check_other_lanes(pair->single, changed, batch, &c, "data");
		*changes[i] = kept;
	}
	free(c.bytes);
	clu_data_destroy(changed);
	clu_data_destroy(data);
}

/* ---- where nothing can be saved or resumed ---- */

static void test_refused_calls(void **state)
{
	const support_pair *pair = *state;
	clu_data *data = fixture_data(1);
	clu_error error;
	clu_lane_progress before;
	const clu_training training = fixture_training(0);
	checkpoint c = save_after(pair->single, data, &training, 2, &before), none = {&before, 1};
	clu_lanes *lanes = fixture_lanes(pair->single, data, 2);
	for (uint32_t slot = 0; slot < 3; slot += 2) { /* empty, beyond the last */
		assert_int_equal(clu_lane_save(lanes, slot, &none.bytes, &none.size, &error), CLU_ARGUMENT);
		assert_null(none.bytes);
	}
	fixture_start(lanes, 1, &training);
	fixture_burst(lanes, 1);
	assert_int_equal(clu_lane_resume(lanes, 1, &training, c.bytes, c.size, &error), CLU_ARGUMENT); /* trains */
	assert_int_equal(fixture_progress(lanes, 1).steps, 1);
	assert_int_equal(clu_lane_resume(lanes, 2, &training, c.bytes, c.size, &error), CLU_ARGUMENT);
	fixture_finish(lanes, 1);
	assert_int_equal(clu_lane_save(lanes, 1, &none.bytes, &none.size, &error), CLU_ARGUMENT); /* done */
	resume(lanes, 1, &training, &c);
	assert_int_equal(fixture_progress(lanes, 1).steps, before.steps);
	clu_lanes_destroy(lanes);
	free(c.bytes);
	clu_data_destroy(data);
}

/* ---- damage ---- */

/* What lies in the recipe's text may change its name or the space between its words: it is the same recipe still. */
static bool is_in_recipe(const char *bytes, size_t at)
{
	const char *begin = strstr(bytes + 8, "\"recipe\":\""), *end = begin ? strstr(begin + 10, "\",\"") : NULL;
	return end && bytes + at > begin && bytes + at < end;
}

static void check_damaged(
    clu_lanes *lanes, const clu_training *training, const void *bytes, size_t size, const char *label, size_t at)
{
	clu_error error = {CLU_OK, ""};
	const clu_status status = clu_lane_resume(lanes, 0, training, bytes, size, &error);
	if (status == CLU_OK && strcmp(label, "flipped") == 0 && is_in_recipe(bytes, at)) {
		clu_lane_clear(lanes, 0);
		return;
	}
	/* a flipped letter in what the training is makes it another training's */
	if (status != CLU_FORMAT && (status != CLU_MISMATCH || strcmp(label, "flipped") != 0))
		fail_msg("%s at %zu: %s: %s", label, at, clu_status_text(status), error.message);
	assert_int_equal(error.status, status);
	assert_int_equal(fixture_progress(lanes, 0).state, CLU_LANE_EMPTY);
}

/* Bytes of its own size, so that a sanitizer sees any read beyond them. */
static void check_truncated(clu_lanes *lanes, const clu_training *training, const checkpoint *c, size_t size)
{
	unsigned char *bytes = malloc(size ? size : 1);
	assert_non_null(bytes);
	memcpy(bytes, c->bytes, size);
	check_damaged(lanes, training, bytes, size, "truncated", size);
	free(bytes);
}

/* Each byte of the header and every few of the numbers with one bit flipped. */
static void test_damaged(void **state)
{
	const support_pair *pair = *state;
	clu_data *data = fixture_data(1);
	clu_lane_progress before;
	const clu_training training = fixture_training(0);
	checkpoint c = save_after(pair->single, data, &training, 7, &before);
	clu_lanes *lanes = fixture_lanes(pair->single, data, 1);
	unsigned char *bytes = c.bytes;
	uint64_t header = 0;
	for (int i = 0; i < 8; i++) header |= (uint64_t)bytes[i] << (8 * i);
	assert_true(header + 8 < c.size);
	const size_t sizes[] = {0, 1, 7, 8, 9, (size_t)header, (size_t)header + 8, (size_t)header + 9, c.size / 2, c.size - 1};
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) check_truncated(lanes, &training, &c, sizes[i]);
	for (size_t at = 0; at < c.size; at += at < header + 8 ? 1 : support_tiny() ? 97 : 13) {
		const unsigned char kept = bytes[at];
		bytes[at] = (unsigned char)(kept ^ 1u << at % 8);
		check_damaged(lanes, &training, bytes, c.size, "flipped", at);
		bytes[at] = kept;
	}
	bytes[c.size - 1] ^= 1;
	check_damaged(lanes, &training, bytes, c.size, "flipped", c.size - 1);
	bytes[c.size - 1] ^= 1;
	resume(lanes, 0, &training, &c);
	clu_lanes_destroy(lanes);
	free(c.bytes);
	clu_data_destroy(data);
}

/* Other well-formed bytes: a model is no checkpoint. */
static void test_other_file(void **state)
{
	const support_pair *pair = *state;
	clu_data *data = fixture_data(1);
	const clu_training training = fixture_training(0);
	clu_error error;
	checkpoint c = {NULL, 0};
	clu_model *model = support_model_create("0_0_1_3", data->m, data->n, 1);
	clu_lanes *lanes = fixture_lanes(pair->single, data, 1);
	support_ok(clu_model_encode(model, &c.bytes, &c.size, &error), &error);
	assert_int_equal(clu_lane_resume(lanes, 0, &training, c.bytes, c.size, &error), CLU_FORMAT);
	assert_non_null(strstr(error.message, "checkpoint"));
	free(c.bytes);
	clu_lanes_destroy(lanes);
	clu_model_destroy(model);
	clu_data_destroy(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_any_moment),
	    cmocka_unit_test(test_again_and_again),
	    cmocka_unit_test(test_saving_is_reading),
	    cmocka_unit_test(test_fine_tuning),
	    cmocka_unit_test(test_other_trainings),
	    cmocka_unit_test(test_a_recipe_that_trains_alike),
	    cmocka_unit_test(test_other_lanes),
	    cmocka_unit_test(test_refused_calls),
	    cmocka_unit_test(test_damaged),
	    cmocka_unit_test(test_other_file),
	};
	return cmocka_run_group_tests(tests, support_pair_open, support_pair_close);
}
