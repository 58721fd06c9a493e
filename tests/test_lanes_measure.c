/* test_lanes_measure.c: parts of a step by themselves: timing them disturbs no training, densities are counts of what lies on the
 * device, memory is what was foretold. Times are only looked at for being some. TEST_NEEDS: device */
#include "lanes_fixture.h"

static void test_timing_disturbs_no_training(void **state)
{
	clu_device *device = *state;
	clu_data *data = fixture_data(1);
	const clu_training training = fixture_training(0), other = fixture_training(1);
	clu_error error;
	double seconds;
	if (!support_equal_bits()) skip();
	outcome want = outcome_alone(device, data, &training);
	clu_lanes *lanes = fixture_lanes(device, data, 2);
	fixture_start(lanes, 0, &other);
	fixture_start(lanes, 1, &training);
	while (fixture_progress(lanes, 1).state == CLU_LANE_TRAINING) {
		fixture_burst(lanes, 3);
		for (clu_product product = 0; product < CLU_PRODUCT_COUNT && !lanes->lists_stale; product++) {
			support_ok(clu_lanes_time_product(lanes, product, 2, &seconds, &error), &error);
			assert_true(seconds > 0 && seconds < 1e4);
		}
	}
	outcome_expect("timed between its steps", lanes, 1, &want);
	clu_lanes_destroy(lanes);
	outcome_release(&want);
	clu_data_destroy(data);
}

static void test_timing_needs_a_step(void **state)
{
	clu_device *device = *state;
	clu_data *data = fixture_data(1);
	const clu_training training = fixture_training(0);
	clu_error error;
	double seconds;
	clu_lanes *lanes = fixture_lanes(device, data, 1);
	assert_int_equal(clu_lanes_time_product(lanes, CLU_PRODUCT_SIDE, 1, &seconds, &error), CLU_ARGUMENT);
	fixture_start(lanes, 0, &training);
	assert_int_equal(clu_lanes_time_product(lanes, CLU_PRODUCT_SIDE, 1, &seconds, &error), CLU_ARGUMENT);
	fixture_burst(lanes, 1);
	support_ok(clu_lanes_time_product(lanes, CLU_PRODUCT_SIDE, 1, &seconds, &error), &error);
	assert_int_equal(clu_lanes_time_product(lanes, CLU_PRODUCT_COUNT, 1, &seconds, &error), CLU_ARGUMENT);
	clu_lanes_destroy(lanes);
	clu_data_destroy(data);
}

/* Every third entry of the lane's outputs and every fifth of its gradients made nonzero, by hand. */
static void test_densities(void **state)
{
	clu_device *device = *state;
	clu_data *data = fixture_data(1);
	const clu_training training = fixture_training(0);
	clu_lanes *lanes = fixture_lanes(device, data, 2);
	clu_error error;
	clu_density density;
	fixture_start(lanes, 1, &training);
	while (fixture_progress(lanes, 1).layer < 2) fixture_burst(lanes, 1);
	const arena *arena = &lanes->arena;
	const uint32_t batch = fixture_batch(), n = data->n, size = batch * n;
	float *values = malloc(size * sizeof *values);
	assert_non_null(values);
	for (int role = 0; role < 2; role++)
		for (uint32_t layer = 0; layer < FIXTURE_LAYERS; layer++) {
			for (uint32_t i = 0; i < size; i++) values[i] = i % (role ? 5 : 3) <= layer ? -1.5f : -0.0f;
			support_rows_write(arena, role ? ROLE_DV : ROLE_CODES, 1, layer * (role ? arena->spaced : arena->plane), batch,
			    arena->ld_n, n, values);
		}
	support_ok(clu_lanes_density(lanes, 1, &density, &error), &error);
	for (uint32_t layer = 0; layer < CLU_LAYERS_MAX; layer++) {
		uint32_t codes = 0, gradients = 0;
		for (uint32_t i = 0; i < size && layer < 2; i++) {
			codes += i % 3 <= layer;
			gradients += i % 5 <= layer;
		}
		assert_true(density.code[layer] == (double)codes / size);
		assert_true(density.gradient[layer] == (double)gradients / size);
	}
	assert_int_equal(clu_lanes_density(lanes, 0, &density, &error), CLU_ARGUMENT);
	assert_int_equal(clu_lanes_density(lanes, 2, &density, &error), CLU_ARGUMENT);
	free(values);
	clu_lanes_destroy(lanes);
	clu_data_destroy(data);
}

/* Empty parts still have a buffer of four bytes. */
static void test_memory_is_what_was_foretold(void **state)
{
	clu_device *device = *state;
	clu_data *data = fixture_data(1);
	uint64_t lane, shared;
	clu_lanes_bytes(&device->info, &device->plan, data, FIXTURE_LAYERS, fixture_batch(), &lane, &shared);
	for (uint32_t count = 1; count <= 16; count += 5) {
		clu_lanes *lanes = fixture_lanes(device, data, count);
		const uint64_t held = clu_lanes_held_bytes(lanes), foretold = shared + count * lane;
		if (held < foretold || held > foretold + 4 * (ROLE_COUNT + 6))
			fail_msg("%u lanes hold %llu bytes, foretold %llu", count, (unsigned long long)held, (unsigned long long)foretold);
		clu_lanes_destroy(lanes);
	}
	clu_data_destroy(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_timing_disturbs_no_training),
	    cmocka_unit_test(test_timing_needs_a_step),
	    cmocka_unit_test(test_densities),
	    cmocka_unit_test(test_memory_is_what_was_foretold),
	};
	return cmocka_run_group_tests(tests, support_group_open, support_group_close);
}
