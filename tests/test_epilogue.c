/* test_epilogue.c: layers in the launches of products leave what launches of their own leave, to the bit: for tiles of many shapes,
 * lanes of other depths and neurons beside one that is not listed, sizes of one, primes and around tiles, whether zeros are skipped
 * or not; where only some layers can, over whole trainings, and in an applied network. TEST_NEEDS: device */
#include "lanes_fixture.h"

#include "plan.h"

enum { LANES = 4, IDLE = 1 };

static const struct {
	const char *label, *change;
	bool slow, skips, trains;
} plans[] = {
    {"one work-item", "vector 1\ntile_rows 1\ntile_vectors 1\ngroup_columns 1\ngroup_rows 1\ngroup 1\nsparse_below 0", true, false,
        false},
    {"small groups", "tile_rows 2\ntile_vectors 1\ngroup_columns 2\ngroup_rows 4\ngroup 8\nsparse_below 0", false, false, false},
    {"small groups, zeros skipped", "tile_rows 2\ntile_vectors 1\ngroup_columns 2\ngroup_rows 4\ngroup 8\nsparse_below 40", false,
        true, true},
    {"odd", "vector 1\ntile_rows 3\ntile_vectors 2\ngroup_columns 5\ngroup_rows 1\ngroup 2\nsparse_below 30", true, true, false},
    {"a GPU's", "sparse_below 0", true, false, false},
    {"a GPU's, zeros skipped at times", "sparse_below 20", true, true, true},
    {"tensor units, zeros skipped", "product tensor\ntile_vectors 1\ngroup_columns 8\ngroup_rows 4\nsparse_below 40", true, true,
        true},
};

static clu_device *open_plan(size_t number, uint32_t epilogue)
{
	const clu_device_info info = support_device_info(), gpu = {.type = CLU_DEVICE_GPU};
	clu_plan plan = clu_plan_default(&gpu);
	clu_device *device;
	clu_error error;
	support_ok(plan_change(&plan, plans[number].change, &error), &error);
	plan.epilogue = epilogue;
	support_ok(clu_device_open(&info, &plan, &device, &error), &error);
	return device;
}

static bool left_out(size_t number)
{
	return (support_few_plans() && plans[number].slow) || (!support_equal_bits() && plans[number].skips);
}

/* ---- forward passes ---- */

typedef struct pass_case {
	uint32_t m, n, batch;
	const char *arch[LANES];
	uint32_t depth[LANES];
	bool large;
} pass_case;

static const pass_case cases[] = {
    {1, 1, 1, {"0", "0", "0", "0"}, {1, 1, 1, 1}, false},
    {1, 1, 1, {"0_0_1_3:slrs", "0_0_0_0", "0_0_0_0:llll", "0_0_1_3:rrrr:1001"}, {4, 4, 3, 2}, false},
    {3, 7, 5, {"0_0_1_3:ssss", "0_0_0_0", "0_0_1_3:rrrr", "0_0_0_2:lslr:1010"}, {4, 4, 3, 2}, false},
    {13, 33, 19, {"0_0_1_2_5:srlss:11010", "0_0_0_0_0:f", "0_0_0_3_7:fsfsf", "0_0_1_3_7:lllll"}, {5, 5, 5, 1}, false},
    {16, 64, 64, {"0_0_1_3_7_15", "0_0_0_0_0_0", "0_0_0_0_0_0", "0_0_1_1_1_1:ssssll"}, {6, 6, 5, 6}, true},
    {47, 131, 67, {"0_0_1_3_7_15", "0_0_0_0_0_0", "0_0_0_2_4_8", "0_0_1_1_1_1:rrrrrr"}, {6, 6, 6, 2}, true},
};

static const arena_role written[] = {ROLE_U, ROLE_CODES, ROLE_Y};
enum { WRITTEN = sizeof written / sizeof *written };
static const float untouched = 77;

typedef struct fixture {
	arena arena;
	network_lists lists;
} fixture;

static fixture fixture_create(clu_device *device, const pass_case *c)
{
	const arena_shape shape = {.m = c->m,
	    .n = c->n,
	    .layers = support_arch(c->arch[0]).layers,
	    .batch = c->batch,
	    .lanes = LANES,
	    .purpose = ARENA_TRAIN,
	    .burst = 1,
	    .order = 1,
	    .evaluation = 1};
	lane_place places[LANES];
	uint32_t count = 0;
	clu_error error;
	fixture f;
	float *b = malloc((size_t)c->batch * c->m * sizeof *b);
	assert_non_null(b);
	support_ok(arena_create(device, &shape, &f.arena, &error), &error);
	support_ok(network_lists_create(&f.arena, LIST_SET_TRAIN, &f.lists, &error), &error);
	for (uint32_t lane = 0; lane < LANES; lane++) {
		clu_model *model = support_model_create(c->arch[lane], c->m, c->n, 10 * lane);
		support_lane_load(&f.arena, lane, model);
		support_fill(b, (size_t)c->batch * c->m, 1.0, 100 + lane);
		support_rows_write(&f.arena, ROLE_B, lane, 0, c->batch, f.arena.ld_m, c->m, b);
		if (lane != IDLE) places[count++] = (lane_place){.slot = lane, .depth = c->depth[lane], .lowest = 1};
		clu_model_destroy(model);
	}
	support_ok(network_lists_set(&f.arena, &f.lists, places, count, &error), &error);
	free(b);
	return f;
}

static void fixture_destroy(fixture *f)
{
	network_lists_destroy(&f->lists);
	arena_destroy(&f->arena);
}

/* A forward pass in which the layers of `mask` of lane 0 want whole rows, and without the kernels that it must do without. */
static void run_pass(fixture *f, uint32_t mask, float *result[LANES][WRITTEN])
{
	clu_device *device = f->arena.device;
	clu_error error;
	for (uint32_t lane = 0; lane < LANES; lane++)
		for (size_t w = 0; w < WRITTEN; w++) support_role_fill(&f->arena, written[w], lane, untouched);
	const cl_kernel tiled = device->kernels[KERNEL_layer_tiled], forward = device->kernels[KERNEL_layer_forward];
	if (mask == UINT32_MAX) device->kernels[KERNEL_layer_tiled] = NULL;
	if (mask == 0) device->kernels[KERNEL_layer_forward] = NULL;
	f->arena.whole_rows[0] = mask;
	const clu_status status = network_forward(&f->arena, &f->lists, &error);
	device->kernels[KERNEL_layer_tiled] = tiled;
	device->kernels[KERNEL_layer_forward] = forward;
	support_ok(status, &error);
	for (uint32_t lane = 0; lane < LANES; lane++)
		for (size_t w = 0; w < WRITTEN; w++) {
			const size_t floats = arena_matrix(&f->arena, written[w], 0, 0).stride;
			assert_non_null(result[lane][w] = malloc(floats * sizeof(float)));
			support_ok(arena_read(&f->arena, written[w], lane, 0, floats, result[lane][w], &error), &error);
		}
	for (size_t w = 0; w < WRITTEN; w++) support_role_untouched(&f->arena, written[w], IDLE, untouched);
}

static void compare_passes(
    const fixture *f, const char *label, uint64_t number, float *got[LANES][WRITTEN], float *want[LANES][WRITTEN])
{
	for (uint32_t lane = 0; lane < LANES; lane++)
		for (size_t w = 0; w < WRITTEN; w++) {
			char text[96];
			snprintf(text, sizeof text, "%s, lane %u, role %d", label, lane, (int)written[w]);
			support_same_bits(text, number, got[lane][w], want[lane][w], arena_matrix(&f->arena, written[w], 0, 0).stride);
			free(got[lane][w]);
		}
}

/* No layer in an epilogue, all of them, every second. */
static void check_case(clu_device *device, const char *label, size_t number)
{
	float *want[LANES][WRITTEN], *got[LANES][WRITTEN];
	fixture f = fixture_create(device, &cases[number]);
	for (uint32_t lane = 0; lane < LANES; lane++) assert_int_equal(f.arena.whole_rows[lane], 0);
	run_pass(&f, UINT32_MAX, want);
	run_pass(&f, 0, got);
	compare_passes(&f, label, number, got, want);
	run_pass(&f, 0xaaaaaaaau, got);
	compare_passes(&f, label, number, got, want);
	for (uint32_t lane = 0; lane < LANES; lane++)
		for (size_t w = 0; w < WRITTEN; w++) free(want[lane][w]);
	fixture_destroy(&f);
}

static void test_forward(void **state)
{
	(void)state;
	for (size_t p = 0; p < sizeof plans / sizeof *plans; p++) {
		if (left_out(p)) continue;
		clu_device *device = open_plan(p, 1);
		for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
			if (!support_tiny() || !cases[i].large) check_case(device, plans[p].label, i);
		clu_device_destroy(device);
	}
}

/* ---- what is made of them ---- */

static void test_self_test(void **state)
{
	(void)state;
	for (size_t p = 0; p < sizeof plans / sizeof *plans; p++) {
		if (left_out(p)) continue;
		clu_device *device = open_plan(p, 1);
		clu_error error;
		support_ok(clu_device_self_test(device, NULL, &error), &error);
		clu_device_destroy(device);
	}
}

/* Three trainings beside each other with epilogues against each by itself without: same bits, at equal keys. */
static void check_trainings(size_t number, const clu_data *data)
{
	enum { TRAININGS = 3 };
	clu_device *with = open_plan(number, 1), *without = open_plan(number, 0);
	const uint32_t count = support_tiny() ? 1 : TRAININGS;
	clu_lanes *lanes = fixture_lanes(with, data, TRAININGS);
	assert_string_equal(clu_device_key(with), clu_device_key(without));
	for (uint32_t i = 0; i < count; i++) {
		const clu_training training = fixture_training(i);
		fixture_start(lanes, i, &training);
	}
	for (uint32_t i = 0; i < count; i++) {
		const clu_training training = fixture_training(i);
		outcome want = outcome_alone(without, data, &training);
		fixture_finish(lanes, i);
		outcome_expect(plans[number].label, lanes, i, &want);
		outcome_release(&want);
	}
	clu_lanes_destroy(lanes);
	clu_device_destroy(without);
	clu_device_destroy(with);
}

static void test_trainings(void **state)
{
	(void)state;
	if (!support_equal_bits()) skip();
	clu_data *data = support_tiny() ? fixture_data(5) : support_data_create(20, 130, 67, 21, 13, 5);
	for (size_t p = 0; p < sizeof plans / sizeof *plans; p++)
		if (plans[p].trains && !left_out(p)) check_trainings(p, data);
	clu_data_destroy(data);
}

static float *apply(clu_device *device, const clu_model *model, const float *b, size_t count, uint32_t batch)
{
	clu_applier *applier;
	clu_error error;
	float *x = malloc(count * model->n * sizeof *x);
	assert_non_null(x);
	support_ok(clu_applier_create(device, model, batch, &applier, &error), &error);
	support_ok(clu_applier_run(applier, b, count, x, &error), &error);
	clu_applier_destroy(applier);
	return x;
}

/* The last call has fewer rows than a batch. */
static void test_applied(void **state)
{
	(void)state;
	enum { M = 7, N = 19, COUNT = 11, BATCH = 8 };
	float b[COUNT * M];
	clu_model *model = support_model_create("0_0_1_3:slrs:1011", M, N, 3);
	support_fill(b, COUNT * M, 1.0, 4);
	for (size_t p = 0; p < sizeof plans / sizeof *plans; p++) {
		if (left_out(p)) continue;
		clu_device *with = open_plan(p, 1), *without = open_plan(p, 0);
		float *got = apply(with, model, b, COUNT, BATCH), *want = apply(without, model, b, COUNT, BATCH);
		support_same_bits(plans[p].label, 0, got, want, COUNT * N);
		free(want);
		free(got);
		clu_device_destroy(without);
		clu_device_destroy(with);
	}
	clu_model_destroy(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_forward),
	    cmocka_unit_test(test_self_test),
	    cmocka_unit_test(test_trainings),
	    cmocka_unit_test(test_applied),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
