/* test_pass.c: passes in one launch each, or both in one, leave what the launches by layer leave, to the bit: lanes of other
 * depths, lowest layers, losses and neurons beside one that is not listed, batches that are no multiple of a block and divided
 * among several work-items, skipping zeros and not. TEST_NEEDS: device */
#include "support_network.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LANES = 4, IDLE = 1 };

typedef struct pass_case {
	uint32_t m, n, batch;
	const char *arch[LANES];
	uint32_t depth[LANES], lowest[LANES];
	bool large;
	uint32_t stay, only_w_x; /* a bit for each lane that reaches layer 1 but trains no matrix, or not W_b */
} pass_case;

/* As many layers as there can be, with all connections. */
#define DEEPEST \
	"0_0_1_3_7_15_31_63_127_255_511_1023_2047_4095_8191_16383_32767_65535_131071_262143_524287_1048575_2097151_4194303_8388607_" \
	"16777215_33554431_67108863_134217727_268435455_536870911_1073741823"

static const pass_case cases[] = {
    {1, 1, 1, {"0", "0", "0", "0"}, {1, 1, 1, 1}, {1, 1, 1, 1}, false, 0, 0},
    {3, 7, 5, {"0_0_1_3:ssss", "0_0_0_0", "0_0_1_3:rrrr", "0_0_0_2:lslr"}, {4, 4, 3, 2}, {1, 1, 3, 1}, false, 0, 0},
    {9, 33, 19, {"0_0_1_2_5:srlss:11010", "0_0_0_0_0", "0_0_0_3_7", "0_0_1_3_7:lllll"}, {5, 5, 5, 1}, {1, 1, 2, 1}, false, 0, 0},
    {9, 33, 19, {"0_0_1_2_5:p", "0_0_0_0_0", "0_0_0_3_7:srlpp", "0_0_1_3_7:psppl:11010"}, {5, 5, 5, 4}, {1, 1, 2, 1}, false, 0, 0},
    {9, 33, 19, {"0_0_1_2_5:f", "0_0_0_0_0", "0_0_0_3_7:fpfsf", "0_0_1_3_7:fffff:11010"}, {5, 5, 5, 4}, {1, 1, 2, 1}, false, 0x1,
        0x8},
    {40, 97, 67, {"0_0_1_3_7_15", "0_0_0_0_0_0", "0_0_0_0_0_0", "0_0_1_1_1_1:sssssl"}, {6, 6, 6, 6}, {1, 1, 6, 4}, true, 0, 0},
    /* layers enough for several groups of them to mix ahead (pass.cl), up to others in their middle, and for some not to */
    {5, 70, 11,
        {"0_0_1_3_7_15_31_63_127_255", "0_0_0_0_0_0_0_0_0_0", "0_0_1_3_7_15_31_63_127_255:slrpfslrpf",
            "0_0_1_0_7_14_0_63_1_254:ssssssssss:1010101011"},
        {10, 10, 9, 10}, {1, 1, 4, 2}, false, 0, 0},
    {5, 20, 11, {"0_0_1_3_7_15_31_63", "0_0_0_0_0_0_0_0", "0_0_1_3_7_15_31_63", "0_0_1_3_7_15_31_63"}, {8, 8, 8, 7}, {8, 1, 5, 7},
        false, 0, 0},
    {3, 5, 9, {DEEPEST, DEEPEST, DEEPEST, DEEPEST}, {32, 32, 29, 31}, {1, 1, 2, 30}, false, 0, 0},
    /* more samples than LIST_ROWS, more columns than a block's, and lanes enough for a work-item to take all of them */
    {20, 140, 150, {"0_0_1_3", "0_0_0_0", "0_0_0_0:f", "0_0_0_1:slsp"}, {4, 4, 3, 4}, {1, 1, 1, 1}, true, 0, 0},
};

/* What the passes write, and the launches by layer too; the test of the network has the numbers themselves. */
static const arena_role written[] = {ROLE_Y, ROLE_U, ROLE_CODES, ROLE_CUTOFFS, ROLE_TOP, ROLE_DV, ROLE_PARTIALS, ROLE_GRADIENTS};
enum { Y = 0, WRITTEN = sizeof written / sizeof *written };
static const float untouched = 77;
enum { BEFORE = 3 }; /* samples that a lane's batch is preceded by in its order */

typedef struct result {
	float *role[LANES][WRITTEN];
	size_t floats[WRITTEN]; /* of a lane's part */
} result;

static bool trains_w_b(const pass_case *c, uint32_t lane)
{
	return c->lowest[lane] == 1 && !((c->stay | c->only_w_x) >> lane & 1u);
}

static bool trains_w_x(const pass_case *c, uint32_t lane)
{
	return c->lowest[lane] == 1 && c->depth[lane] > 1 && !(c->stay >> lane & 1u);
}

static void fill_lane(const arena *arena, const pass_case *c, uint32_t lane)
{
	clu_model *model = support_model_create(c->arch[lane], c->m, c->n, 10 * lane);
	uint32_t *order = malloc((BEFORE + c->batch) * sizeof *order);
	clu_error error;
	assert_non_null(order);
	for (uint32_t i = 0; i < BEFORE + c->batch; i++) order[i] = (i * 7 + lane) % (BEFORE + c->batch);
	support_lane_load(arena, lane, model);
	support_ok(arena_write(arena, ROLE_ORDER, lane, 0, BEFORE + c->batch, order, &error), &error);
	for (size_t w = 0; w < WRITTEN; w++) support_role_fill(arena, written[w], lane, untouched);
	free(order);
	clu_model_destroy(model);
}

/* Samples and the step that all lanes do with them, each with a loss of its own. */
static void fill_samples(const arena *arena, const pass_case *c, device_samples *samples)
{
	const size_t count = BEFORE + c->batch;
	float *b = malloc(count * c->m * sizeof *b), *x = malloc(count * c->n * sizeof *x);
	const clu_samples host = {count, x, b};
	step_data steps[LANES];
	clu_error error;
	assert_true(b && x);
	support_fill(b, count * c->m, 1.0, 100);
	support_fill(x, count * c->n, 0.7, 200);
	for (uint32_t lane = 0; lane < LANES; lane++)
		steps[lane] = (step_data){.first = lane ? BEFORE : 0,
		    .loss = lane == 0   ? CLU_LOSS_SQUARES
		            : lane == 2 ? CLU_LOSS_NORM
		                        : CLU_LOSS_LOG};
	support_ok(samples_create(arena->device, c->m, c->n, &host, "samples", samples, &error), &error);
	support_ok(memory_write(arena->device, arena->buffer[ROLE_STEPS], 0, sizeof steps, steps, &error), &error);
	free(x);
	free(b);
}

static result run_case(clu_device *device, const pass_case *c)
{
	const arena_shape shape = {.m = c->m,
	    .n = c->n,
	    .layers = support_arch(c->arch[0]).layers,
	    .batch = c->batch,
	    .lanes = LANES,
	    .purpose = ARENA_TRAIN,
	    .burst = 1,
	    .order = BEFORE + c->batch,
	    .evaluation = 1};
	lane_place places[LANES];
	uint32_t count = 0;
	network_lists lists;
	device_samples samples;
	arena arena;
	clu_error error;
	result result;
	support_ok(arena_create(device, &shape, &arena, &error), &error);
	support_ok(network_lists_create(&arena, LIST_SET_TRAIN, &lists, &error), &error);
	for (uint32_t lane = 0; lane < LANES; lane++) {
		fill_lane(&arena, c, lane);
		if (lane != IDLE)
			places[count++] = (lane_place){lane, c->depth[lane], c->lowest[lane], trains_w_b(c, lane), trains_w_x(c, lane), false};
	}
	fill_samples(&arena, c, &samples);
	support_ok(network_lists_set(&arena, &lists, places, count, &error), &error);
	support_ok(network_pass(&arena, &lists, &samples, 0, &error), &error);
	support_ok(network_matrix_gradients(&arena, &lists, &error), &error);
	for (size_t w = 0; w < WRITTEN; w++) {
		const size_t floats = result.floats[w] = arena_matrix(&arena, written[w], 0, 0).stride;
		for (uint32_t lane = 0; lane < LANES; lane++) {
			assert_non_null(result.role[lane][w] = malloc(floats * sizeof(float)));
			support_ok(arena_read(&arena, written[w], lane, 0, floats, result.role[lane][w], &error), &error);
		}
	}
	for (uint32_t lane = 0; lane < LANES; lane++) /* no H there, and its Y is scratch in passes */
		if (c->depth[lane] == c->lowest[lane])
			memset(result.role[lane][Y] + (c->depth[lane] - 1) * arena.spaced, 0, arena.plane * sizeof(float));
	for (size_t w = 0; w < WRITTEN; w++) support_role_untouched(&arena, written[w], IDLE, untouched);
	samples_destroy(&samples);
	network_lists_destroy(&lists);
	arena_destroy(&arena);
	return result;
}

static void release(result *r)
{
	for (uint32_t lane = 0; lane < LANES; lane++)
		for (size_t w = 0; w < WRITTEN; w++) free(r->role[lane][w]);
}

/* Both passes in one launch, divided among as many work-items as there are units; profiled, each in a launch of its own. */
static void compare_passes(
    clu_device *passes, const pass_case *c, uint64_t number, uint32_t units, bool profiled, const result *want)
{
	clu_error error;
	passes->info.compute_units = units;
	support_ok(clu_device_profile(passes, profiled, &error), &error);
	result got = run_case(passes, c);
	for (uint32_t lane = 0; lane < LANES; lane++)
		for (size_t w = 0; w < WRITTEN; w++) {
			char label[80];
			snprintf(label, sizeof label, "case %u, %u units, lane %u, role %d", (unsigned)number, units, lane, (int)written[w]);
			support_same_bits(label, number, got.role[lane][w], want->role[lane][w], got.floats[w]);
		}
	release(&got);
}

static void compare_case(clu_device *passes, clu_device *launches, const pass_case *c, uint64_t number)
{
	result want = run_case(launches, c);
	compare_passes(passes, c, number, 7, false, &want);
	compare_passes(passes, c, number, 1, true, &want);
	release(&want);
}

static clu_device *open_with(uint32_t passes, uint32_t sparse_below)
{
	const clu_device_info info = support_device_info();
	clu_plan plan = clu_plan_default(&info);
	clu_device *device;
	clu_error error;
	plan.product = CLU_WAY_NATIVE;
	plan.group = plan.group_columns = plan.group_rows = 1;
	plan.passes = passes;
	plan.sparse_below = sparse_below;
	support_ok(clu_device_open(&info, &plan, &device, &error), &error);
	return device;
}

static void compare_plans(uint32_t passes_below, uint32_t launches_below)
{
	clu_device *passes = open_with(1, passes_below), *launches = open_with(0, launches_below);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (!support_tiny() || !cases[i].large) compare_case(passes, launches, &cases[i], i);
	clu_device_destroy(launches);
	clu_device_destroy(passes);
}

static void test_dense(void **state)
{
	(void)state;
	if (!support_equal_bits()) skip(); /* llvmpipe miscompiles passes, and no default plan has them there */
	compare_plans(0, 0);
}

/* The same bits whether zeros are skipped or not, and where only one side skips them. */
static void test_skipping_zeros(void **state)
{
	(void)state;
	if (!support_equal_bits()) skip(); /* llvmpipe miscompiles it, and no default plan has it there */
	compare_plans(100, 100);
	compare_plans(40, 0);
	compare_plans(0, 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_dense),
	    cmocka_unit_test(test_skipping_zeros),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
