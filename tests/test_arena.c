/* test_arena.c: what a lane costs is what is really allocated, and no lane's part reaches into another's. TEST_NEEDS: device */
#include "support_network.h"

#include <stdlib.h>
#include <string.h>

static const arena_shape shapes[] = {
    {.m = 1, .n = 1, .layers = 1, .batch = 1, .lanes = 1, .purpose = ARENA_APPLY},
    {.m = 1, .n = 1, .layers = 1, .batch = 1, .lanes = 1, .purpose = ARENA_TRAIN, .burst = 1, .order = 1, .evaluation = 1},
    {.m = 7, .n = 19, .layers = 5, .batch = 11, .lanes = 3, .purpose = ARENA_TRAIN, .burst = 4, .order = 13, .evaluation = 5},
    {.m = 7, .n = 19, .layers = 5, .batch = 11, .lanes = 3, .purpose = ARENA_APPLY},
    {.m = 16, .n = 32, .layers = 32, .batch = 8, .lanes = 2, .purpose = ARENA_TRAIN, .burst = 256, .order = 64, .evaluation = 64},
    {.m = 33, .n = 17, .layers = 16, .batch = 9, .lanes = 18, .purpose = ARENA_TRAIN, .burst = 16, .order = 100, .evaluation = 31},
};
enum { SHAPES = sizeof shapes / sizeof *shapes };

static void test_leading_dimensions(void **state)
{
	(void)state;
	static const uint32_t cases[][2] = {{1, 16}, {15, 16}, {16, 16}, {17, 32}, {500, 512}, {4096, 4096}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) assert_int_equal(arena_ld(cases[i][0]), cases[i][1]);
	assert_int_equal(arena_scalars(1), 2);
	assert_int_equal(arena_scalars(16), 16 + 256);
}

/* Bytes of a role's buffer. A role without values has a placeholder, so that kernels can be given it. */
static uint64_t bytes_of(const arena *arena, arena_role role)
{
	size_t bytes = 0;
	if (!arena->buffer[role]) return 0;
	assert_int_equal(clGetMemObjectInfo(arena->buffer[role], CL_MEM_SIZE, sizeof bytes, &bytes, NULL), CL_SUCCESS);
	if (arena_matrix(arena, role, 0, 0).stride > 0) return bytes;
	assert_int_equal(bytes, 4);
	return 0;
}

static void check_predicted_bytes(clu_device *device)
{
	for (size_t i = 0; i < SHAPES; i++) {
		arena arena;
		clu_error error;
		uint64_t sum = 0, largest = 0;
		support_ok(arena_create(device, &shapes[i], &arena, &error), &error);
		for (arena_role role = 0; role < ROLE_COUNT; role++) {
			const uint64_t bytes = bytes_of(&arena, role);
			sum += bytes;
			if (bytes > largest) largest = bytes;
		}
		assert_true(sum == shapes[i].lanes * arena_lane_bytes(&shapes[i], &device->plan));
		assert_true(largest == arena_largest_bytes(&shapes[i], &device->plan));
		arena_destroy(&arena);
		for (arena_role role = 0; role < ROLE_COUNT; role++) assert_null(arena.buffer[role]);
		arena_destroy(&arena);
	}
}

static void test_predicted_bytes(void **state)
{
	const support_pair *pair = *state;
	check_predicted_bytes(pair->single);
	check_predicted_bytes(pair->grouped);
}

/* To apply a network costs less: no moments, gradients, permutations. */
static void test_purposes(void **state)
{
	clu_device *device = ((const support_pair *)*state)->single;
	arena train, apply;
	clu_error error;
	support_ok(arena_create(device, &shapes[2], &train, &error), &error);
	support_ok(arena_create(device, &shapes[3], &apply, &error), &error);
	assert_true(train.buffer[ROLE_FIRST] && train.buffer[ROLE_ORDER] && train.buffer[ROLE_CODES]);
	assert_true(!apply.buffer[ROLE_FIRST] && !apply.buffer[ROLE_ORDER] && apply.buffer[ROLE_CODES] && apply.buffer[ROLE_WEIGHTS]);
	arena_destroy(&apply);
	arena_destroy(&train);
}

static void test_does_not_fit(void **state)
{
	clu_device device = *((const support_pair *)*state)->single;
	arena arena;
	clu_error error;
	device.info.allocation_bytes = arena_largest_bytes(&shapes[2], &device.plan);
	support_ok(arena_create(&device, &shapes[2], &arena, &error), &error);
	arena_destroy(&arena);
	device.info.allocation_bytes--;
	assert_int_equal(arena_create(&device, &shapes[2], &arena, &error), CLU_SIZE);
	arena_destroy(&arena);
}

static void fill_all(const arena *arena, arena_role role)
{
	for (uint32_t slot = 0; slot < arena->shape.lanes; slot++) support_role_fill(arena, role, slot, (float)(slot + 1));
}

static void test_lanes_are_apart(void **state)
{
	clu_device *device = ((const support_pair *)*state)->single;
	arena arena;
	clu_error error;
	support_ok(arena_create(device, &shapes[2], &arena, &error), &error);
	for (arena_role role = 0; role < ROLE_COUNT; role++) {
		if (bytes_of(&arena, role) == 0) continue;
		fill_all(&arena, role);
		support_ok(arena_zero(&arena, role, 1, &error), &error);
		support_role_untouched(&arena, role, 0, 1);
		support_role_untouched(&arena, role, 1, 0);
		support_role_untouched(&arena, role, 2, 3);
	}
	fill_all(&arena, ROLE_WEIGHTS);
	support_role_fill(&arena, ROLE_BEST, 0, 7);
	support_role_fill(&arena, ROLE_BEST, 1, 8);
	support_role_fill(&arena, ROLE_BEST, 2, 9);
	support_ok(arena_copy(&arena, ROLE_BEST, ROLE_WEIGHTS, 1, &error), &error);
	for (uint32_t slot = 0; slot < 3; slot++) {
		support_role_untouched(&arena, ROLE_WEIGHTS, slot, slot == 1 ? 8 : (float)(slot + 1));
		support_role_untouched(&arena, ROLE_BEST, slot, (float)(slot + 7));
	}
	arena_destroy(&arena);
}

static void test_write_and_read(void **state)
{
	clu_device *device = ((const support_pair *)*state)->single;
	arena arena;
	clu_error error;
	const float values[3] = {5, 6, 7};
	float got[5];
	support_ok(arena_create(device, &shapes[2], &arena, &error), &error);
	fill_all(&arena, ROLE_WEIGHTS);
	support_ok(arena_write(&arena, ROLE_WEIGHTS, 1, arena.scalars_at, 3, values, &error), &error);
	support_ok(arena_read(&arena, ROLE_WEIGHTS, 1, arena.scalars_at - 1, 5, got, &error), &error);
	assert_true(got[0] == 2 && got[1] == 5 && got[2] == 6 && got[3] == 7 && got[4] == 2);
	support_role_untouched(&arena, ROLE_WEIGHTS, 0, 1);
	support_role_untouched(&arena, ROLE_WEIGHTS, 2, 3);
	const matrix theta = arena_matrix(&arena, ROLE_WEIGHTS, arena.scalars_at, 16);
	assert_true(theta.buffer == arena.buffer[ROLE_WEIGHTS] && theta.at == arena.scalars_at && theta.ld == 16);
	assert_true(theta.stride == arena.weights_floats);
	arena_destroy(&arena);
}

/* Laid out as an arena of that batch is, in the buffers of the larger one. */
static void test_narrow(void **state)
{
	const support_pair *pair = *state;
	const arena_shape wide_shape = {.m = 7, .n = 19, .layers = 5, .batch = 11, .lanes = 1, .purpose = ARENA_APPLY};
	arena_shape small_shape = wide_shape;
	arena wide, small;
	clu_error error;
	small_shape.batch = 3;
	support_ok(arena_create(pair->single, &wide_shape, &wide, &error), &error);
	support_ok(arena_create(pair->single, &small_shape, &small, &error), &error);
	arena narrow = arena_narrow(&wide, 3);
	assert_memory_equal(narrow.buffer, wide.buffer, sizeof wide.buffer);
	memcpy(narrow.buffer, small.buffer, sizeof small.buffer);
	assert_true(narrow.device == small.device && narrow.shape.batch == 3 && narrow.plane == small.plane);
	for (arena_role role = 0; role < ROLE_COUNT; role++)
		assert_true(arena_matrix(&narrow, role, 0, 0).stride == arena_matrix(&small, role, 0, 0).stride);
	assert_true(narrow.w_xt_at == wide.w_xt_at && narrow.scalars_at == wide.scalars_at && narrow.ld_n == wide.ld_n);
	arena_destroy(&small);
	arena_destroy(&wide);
}

/* Said before anything is allocated: tiled products count a lane's floats in 32 bits. */
static void test_too_large_for_tiles(void **state)
{
	const support_pair *pair = *state;
	const arena_shape shape = {.m = 16, .n = 4096, .layers = 1, .batch = 1u << 20, .lanes = 1, .purpose = ARENA_APPLY};
	clu_device device = *pair->single;
	arena arena;
	clu_error error;
	device.plan.product = CLU_WAY_TILED;
	assert_int_equal(arena_create(&device, &shape, &arena, &error), CLU_SIZE);
	assert_non_null(strstr(error.message, "tiled"));
	arena_destroy(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_leading_dimensions),
	    cmocka_unit_test(test_predicted_bytes),
	    cmocka_unit_test(test_purposes),
	    cmocka_unit_test(test_does_not_fit),
	    cmocka_unit_test(test_too_large_for_tiles),
	    cmocka_unit_test(test_narrow),
	    cmocka_unit_test(test_lanes_are_apart),
	    cmocka_unit_test(test_write_and_read),
	};
	return cmocka_run_group_tests(tests, support_pair_open, support_pair_close);
}
