/* test_plan.c: plans as text: what is printed parses to the same plan, damaged texts are refused with their place, the
 * defaults are plans that the parser takes, and each field counts among those that change bits or does not. */
#include "support.h"

#include "plan.h"

#include <stdio.h>
#include <string.h>

static const char good[] = "plan 2\nproduct native\nvector 8\ntile_rows 4\ntile_vectors 3\ngroup 1\nblock_rows 8\n"
                           "group_columns 1\ngroup_rows 1\nsparse_below 40\nsparse_rows 16\npasses 1\nepilogue 1\n";

static bool equal(const clu_plan *a, const clu_plan *b)
{
	return a->product == b->product && a->vector == b->vector && a->tile_rows == b->tile_rows &&
	       a->tile_vectors == b->tile_vectors && a->group == b->group && a->block_rows == b->block_rows &&
	       a->group_columns == b->group_columns && a->group_rows == b->group_rows && a->sparse_below == b->sparse_below &&
	       a->sparse_rows == b->sparse_rows && a->passes == b->passes && a->epilogue == b->epilogue;
}

static void check_round_trip(const clu_plan *plan)
{
	char text[CLU_PLAN_TEXT], again[CLU_PLAN_TEXT];
	clu_plan parsed;
	clu_error error;
	clu_plan_print(plan, text);
	support_ok(clu_plan_parse(text, "a plan", &parsed, &error), &error);
	assert_true(equal(plan, &parsed));
	clu_plan_print(&parsed, again);
	assert_string_equal(text, again);
}

static void test_round_trip(void **state)
{
	(void)state;
	static const clu_plan plans[] = {
	    {CLU_WAY_NATIVE, 1, 1, 1, 1, 1, 1, 1, 100, 1024, 0, 0},
	    {CLU_WAY_NATIVE, 16, 6, 4, 1, 8, 1, 1, 40, 12, 1, 0},
	    {CLU_WAY_CLBLAST, 4, 4, 1, 32, 2, 16, 4, 0, 1, 0, 0},
	    {CLU_WAY_CLBLAST_INDIRECT, 4, 4, 1, 32, 2, 16, 4, 20, 1, 0, 0},
	    {CLU_WAY_NATIVE, 8, 16, 8, 1024, 1024, 1024, 1024, 0, 1, 0, 0},
	    {CLU_WAY_TILED, 4, 8, 2, 64, 2, 16, 8, 0, 1, 0, 1},
	    {CLU_WAY_TENSOR, 4, 8, 2, 64, 2, 16, 8, 20, 1, 0, 1},
	};
	for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) check_round_trip(&plans[i]);
}

static void test_defaults(void **state)
{
	(void)state;
	for (clu_device_type type = CLU_DEVICE_CPU; type <= CLU_DEVICE_ACCELERATOR; type++) {
		const clu_device_info info = {.type = type};
		const clu_plan plan = clu_plan_default(&info);
		check_round_trip(&plan);
		assert_int_equal(plan.product, type == CLU_DEVICE_GPU ? CLU_WAY_TILED : CLU_WAY_NATIVE);
	}
}

/* A GPU's work-groups are whole warps or wavefronts, as far as the device takes them. */
static void test_group_of_a_gpu(void **state)
{
	(void)state;
	static const struct {
		uint32_t multiple;
		size_t most;
		uint32_t group;
	} cases[] = {{0, 0, 64}, {8, 1024, 64}, {32, 1024, 64}, {64, 256, 64}, {128, 256, 128}, {96, 1024, 128}, {4096, 1024, 256},
	    {64, 48, 32}, {0, 1, 1}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const clu_device_info info = {.type = CLU_DEVICE_GPU, .group_multiple = cases[i].multiple, .work_group_max = cases[i].most};
		const clu_plan plan = clu_plan_default(&info);
		check_round_trip(&plan);
		if (plan.group != cases[i].group) fail_msg("case %zu: group is %u", i, plan.group);
	}
}

static void test_order_of_lines_is_free(void **state)
{
	(void)state;
	clu_plan plan, same;
	clu_error error;
	support_ok(clu_plan_parse(good, "a plan", &plan, &error), &error);
	support_ok(clu_plan_parse("plan 2\ngroup_rows 1\nvector 8\nblock_rows 8\ntile_vectors 3\nproduct native\ntile_rows 4\n"
	                          "group_columns 1\npasses 1\nepilogue 1\nsparse_below 40\nsparse_rows 16\ngroup 1",
	               "a plan", &same, &error),
	    &error);
	assert_true(equal(&plan, &same));
}

/* A case replaces `line` of the good text; the message must name the source and `named`. */
static void test_damaged_texts(void **state)
{
	(void)state;
	static const struct {
		const char *line, *instead, *named;
	} cases[] = {
	    {"plan 2\n", "", "version 2"},
	    {"plan 2\n", "plan 1\n", "version 2"},
	    {"plan 2\n", "plan 20\n", "version 2"},
	    {"plan 2\n", "plan 2x\n", "version 2"},
	    {"plan 2\n", "plan\n", "version 2"},
	    {"plan 2\n", "Plan 1\n", "version 2"},
	    {"product native\n", "", "product"},
	    {"product native\n", "product fast\n", "fast"},
	    {"product native\n", "product\n", "product"},
	    {"product native\n", "product native clblast\n", "product"},
	    {"vector 8\n", "", "vector"},
	    {"vector 8\n", "vector 2\n", "vector is 2"},
	    {"vector 8\n", "vector 12\n", "vector is 12"},
	    {"vector 8\n", "vector 32\n", "vector is 32"},
	    {"vector 8\n", "vector 0\n", "vector is 0"},
	    {"vector 8\n", "vector -8\n", "-8"},
	    {"vector 8\n", "vector 8.5\n", "8.5"},
	    {"vector 8\n", "vector eight\n", "eight"},
	    {"vector 8\n", "vector 8\r\n", "vector"},
	    {"vector 8\n", "vector 18446744073709551624\n", "18446744073709551624"},
	    {"vector 8\n", "vector 8\nvector 16\n", "vector"},
	    {"vector 8\n", "vector 8\nvectors 8\n", "vectors"},
	    {"vector 8\n", "vector 8\n\n", "line"},
	    {"tile_rows 4\n", "", "tile_rows"},
	    {"tile_rows 4\n", "tile_rows 0\n", "tile_rows is 0"},
	    {"tile_rows 4\n", "tile_rows 17\n", "tile_rows is 17"},
	    {"tile_vectors 3\n", "tile_vectors 0\n", "tile_vectors is 0"},
	    {"tile_vectors 3\n", "tile_vectors 9\n", "tile_vectors is 9"},
	    {"group 1\n", "group 3\n", "group is 3"},
	    {"group 1\n", "group 2048\n", "2048"},
	    {"block_rows 8\n", "block_rows 0\n", "block_rows"},
	    {"group_columns 1\n", "group_columns 0\n", "group_columns"},
	    {"group_rows 1\n", "group_rows 0\n", "group_rows"},
	    {"group_rows 1\n", "group_rows 1025\n", "1025"},
	    {"group_rows 1\n", "group_rows 2\n", "sparse_below"},
	    {"group 1\n", "group 2\n", "sparse_below"},
	    {"sparse_below 40\n", "sparse_below 101\n", "sparse_below"},
	    {"sparse_below 40\n", "", "sparse_below"},
	    {"sparse_rows 16\n", "sparse_rows 0\n", "sparse_rows"},
	    {"passes 1\n", "passes 2\n", "passes"},
	    {"epilogue 1\n", "epilogue 2\n", "epilogue"},
	    {"epilogue 1\n", "", "epilogue"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[CLU_PLAN_TEXT];
		clu_plan plan;
		clu_error error = {CLU_OK, ""};
		const char *at = strstr(good, cases[i].line);
		assert_non_null(at);
		snprintf(text, sizeof text, "%.*s%s%s", (int)(at - good), good, cases[i].instead, at + strlen(cases[i].line));
		if (clu_plan_parse(text, "my.plan", &plan, &error) != CLU_FORMAT) fail_msg("taken:\n%s", text);
		assert_int_equal(error.status, CLU_FORMAT);
		if (!strstr(error.message, "my.plan") || !strstr(error.message, cases[i].named))
			fail_msg("no \"%s\" in: %s", cases[i].named, error.message);
	}
}

/* Cut anywhere, a text is refused or still says all; it never parses to something else. */
static void test_truncated(void **state)
{
	(void)state;
	clu_plan whole, plan;
	clu_error error;
	support_ok(clu_plan_parse(good, "a plan", &whole, &error), &error);
	for (size_t length = 0; length < sizeof good; length++) {
		char text[sizeof good] = "";
		memcpy(text, good, length);
		if (clu_plan_parse(text, "a plan", &plan, NULL) == CLU_OK) assert_true(equal(&plan, &whole));
	}
}

static void test_change(void **state)
{
	(void)state;
	clu_plan plan, changed;
	clu_error error;
	support_ok(clu_plan_parse(good, "a plan", &plan, &error), &error);
	changed = plan;
	support_ok(plan_change(&changed, "sparse_rows 32\nproduct clblast", &error), &error);
	plan.sparse_rows = 32;
	plan.product = CLU_WAY_CLBLAST;
	assert_true(equal(&plan, &changed));
	support_ok(plan_change(&changed, "", &error), &error);
	assert_true(equal(&plan, &changed));
	static const char *const wrong[] = {"sparse", "sparse_rows", "sparse_rows x", "rows 3", "vector 8\nvector 8", "\n"};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		if (plan_change(&changed, wrong[i], &error) != CLU_FORMAT) fail_msg("taken: %s", wrong[i]);
}

/* Every line of a plan, and whether results have other bits under another value. */
static void test_bits(void **state)
{
	(void)state;
	static const struct {
		const char *line;
		bool bits;
	} cases[] = {
	    {"product clblast\n", true},
	    {"product clblast-indirect\n", true},
	    {"product tiled\n", false},
	    {"product tensor\n", true},
	    {"vector 4\n", true},
	    {"tile_rows 5\n", false},
	    {"tile_vectors 2\n", false},
	    {"group 2\n", true},
	    {"block_rows 9\n", true},
	    {"group_columns 2\n", false},
	    {"group_rows 2\n", false},
	    {"sparse_below 41\n", false},
	    {"sparse_rows 17\n", false},
	    {"passes 0\n", false},
	    {"epilogue 0\n", false},
	};
	char text[CLU_PLAN_TEXT], changed_text[CLU_PLAN_TEXT];
	size_t lines = 0;
	clu_plan plan;
	clu_error error;
	support_ok(clu_plan_parse(good, "a plan", &plan, &error), &error);
	plan_print_bits(&plan, text);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		clu_plan changed = plan;
		support_ok(plan_change(&changed, cases[i].line, &error), &error);
		plan_print_bits(&changed, changed_text);
		if ((strcmp(text, changed_text) != 0) != cases[i].bits) fail_msg("%s changed: %s", cases[i].line, changed_text);
	}
	for (const char *c = strchr(good, '\n'); c; c = strchr(c + 1, '\n')) lines++;
	assert_int_equal(lines + 2, sizeof cases / sizeof *cases); /* none was forgotten: but for the title, and product has four */
}

/* Where tensor units stand beside rows that skip zeros, what decides which rows those are changes bits; columns do not. */
static void test_bits_of_tensor_units(void **state)
{
	(void)state;
	static const struct {
		const char *base, *change;
		bool bits;
	} cases[] = {{"", "tile_rows 4", true}, {"", "group_rows 16", true}, {"", "sparse_below 0", true},
	    {"", "group_columns 32", false}, {"", "tile_vectors 1", false}, {"", "epilogue 1", false},
	    {"sparse_below 0", "tile_rows 4", false}};
	const clu_device_info gpu = {.type = CLU_DEVICE_GPU};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[CLU_PLAN_TEXT], changed_text[CLU_PLAN_TEXT];
		clu_plan plan = clu_plan_default(&gpu);
		clu_error error;
		support_ok(plan_change(&plan, "product tensor", &error), &error);
		support_ok(plan_change(&plan, cases[i].base, &error), &error);
		plan_print_bits(&plan, text);
		clu_plan changed = plan;
		support_ok(plan_change(&changed, cases[i].change, &error), &error);
		support_ok(plan_check(&changed, cases[i].change, &error), &error);
		plan_print_bits(&changed, changed_text);
		if ((strcmp(text, changed_text) != 0) != cases[i].bits) fail_msg("%s changed: %s", cases[i].change, changed_text);
	}
}

/* Warps must come out even. */
static void test_shapes_of_tensor_units(void **state)
{
	(void)state;
	static const char *const wrong[] = {"vector 1", "vector 16", "group_columns 3", "group_rows 2", "tile_rows 3",
	    "group_columns 4", "group_columns 4\ngroup_rows 4", "tile_rows 1\ntile_vectors 1\ngroup_rows 32"};
	const clu_device_info gpu = {.type = CLU_DEVICE_GPU};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		clu_plan plan = clu_plan_default(&gpu);
		clu_error error;
		support_ok(plan_change(&plan, "product tensor", &error), &error);
		support_ok(plan_check(&plan, "a plan", &error), &error);
		support_ok(plan_change(&plan, wrong[i], &error), &error);
		if (plan_check(&plan, "my.plan", &error) != CLU_FORMAT) fail_msg("taken: %s", wrong[i]);
		assert_non_null(strstr(error.message, "my.plan"));
		assert_non_null(strstr(error.message, "tensor"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_defaults),
	    cmocka_unit_test(test_group_of_a_gpu),
	    cmocka_unit_test(test_order_of_lines_is_free),
	    cmocka_unit_test(test_damaged_texts),
	    cmocka_unit_test(test_truncated),
	    cmocka_unit_test(test_change),
	    cmocka_unit_test(test_bits),
	    cmocka_unit_test(test_bits_of_tensor_units),
	    cmocka_unit_test(test_shapes_of_tensor_units),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
