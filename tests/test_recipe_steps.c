/* test_recipe_steps.c: fixed lengths, what is refused of them, and the number of steps, by hand. */
#include "support.h"

#include <string.h>

static clu_recipe load(const char *name)
{
	clu_recipe recipe;
	clu_error error;
	support_ok(clu_recipe_load(name, &recipe, &error), &error);
	return recipe;
}

static void test_fixed_lengths(void **state)
{
	(void)state;
	clu_recipe recipe = load("paper");
	clu_error error = {0};
	support_ok(clu_recipe_fix_lengths(&recipe, "300,1200,301", &error), &error);
	static const uint32_t wanted[] = {300, 1200, 301};
	for (int i = 0; i < 3; i++) {
		assert_int_equal(recipe.stage[i].length, wanted[i]);
		assert_int_equal(recipe.stage[i].length_last, wanted[i]);
		assert_int_equal(recipe.stage[i].patience, 0);
		assert_int_equal(recipe.stage[i].cap, 0);
	}
	bool exact;
	assert_int_equal(clu_recipe_steps(&recipe, 16, &exact), 16 * 1801);
	assert_true(exact);
	clu_recipe alike = load("paper"); /* one for all */
	support_ok(clu_recipe_fix_lengths(&alike, "70", &error), &error);
	assert_int_equal(clu_recipe_steps(&alike, 16, &exact), 16 * 210);
	assert_true(exact);

	static const struct {
		const char *lengths, *part;
	} refused[] = {
	    {"300,1200", "2 of them, wanted 3"},
	    {"300,1200,300,1", "4 of them, wanted 3"},
	    {"", "\"\" for stage 1"},
	    {"300,,300", "\"\" for stage 2"},
	    {"300,0,300", "\"0\" for stage 2"},
	    {"300,1200,", "\"\" for stage 3"},
	    {"300,1200,4294967296", "\"4294967296\" for stage 3"},
	    {"3e2,1,1", "\"3e2\" for stage 1"},
	    {"1,1,00000000000000000000000000000000001", "for stage 3"},
	};
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		clu_recipe untouched = recipe;
		assert_int_equal(clu_recipe_fix_lengths(&recipe, refused[i].lengths, &error), CLU_ARGUMENT);
		print_message("%s\n", error.message);
		assert_non_null(strstr(error.message, refused[i].part));
		assert_memory_equal(&recipe, &untouched, sizeof recipe);
	}
}

static void test_steps(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		uint32_t layers;
		uint64_t steps;
		bool exact;
	} cases[] = {
	    {"quick", 8, 5200, true},
	    {"quick", 1, 2400, true},
	    {"fast", 16, 14400, true},
	    {"paper", 16, 48 * 4800, false},
	    {"paper", 1, 3 * 4800, false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		clu_recipe recipe = load(cases[i].name);
		bool exact;
		assert_int_equal(clu_recipe_steps(&recipe, cases[i].layers, &exact), cases[i].steps);
		assert_int_equal(exact, cases[i].exact);
		assert_int_equal(clu_recipe_steps(&recipe, cases[i].layers, NULL), cases[i].steps);
	}
	clu_recipe recipe = load("paper");
	recipe.stage[0].cap = 3000;   /* before patience can run out */
	recipe.stage[1].patience = 1; /* until the next validation after the first */
	recipe.stage[2].length = 500; /* before either */
	assert_int_equal(clu_recipe_steps(&recipe, 2, NULL), 3000 + 1600 + 500 + 3000 + 1600 + 4800);
	recipe.layers_at = 0x5; /* layers 1, 3 and the last, 4 */
	recipe.stage[1].layers = 0xa;
	assert_int_equal(clu_recipe_steps(&recipe, 4, NULL), 3500 + 3500 + 3000 + 1600 + 4800);
	assert_int_equal(clu_recipe_stage_steps(&recipe, 0, 2, 4, NULL), 0); /* starts with layer 3 */
	assert_int_equal(clu_recipe_stage_steps(&recipe, 1, 3, 4, NULL), 0);
	assert_int_equal(clu_recipe_stage_steps(&recipe, 1, 4, 4, NULL), 1600);
	recipe.stage[0].part = CLU_PART_INNER;
	recipe.stage[1].part = CLU_PART_LAST;
	assert_int_equal(clu_recipe_stage_steps(&recipe, 0, 1, 4, NULL), 3000);
	assert_int_equal(clu_recipe_stage_steps(&recipe, 0, 4, 4, NULL), 0);
	assert_int_equal(clu_recipe_stage_steps(&recipe, 1, 4, 4, NULL), 1600);
	assert_int_equal(clu_recipe_stage_steps(&recipe, 1, 2, 2, NULL), 1600);
	recipe.stage[1].layers = 0x4; /* of which the last layer is none */
	assert_int_equal(clu_recipe_stage_steps(&recipe, 1, 4, 4, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_fixed_lengths),
	    cmocka_unit_test(test_steps),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
