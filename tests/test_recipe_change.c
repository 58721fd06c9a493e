/* test_recipe_change.c: --set on the named recipes: what changes, what stays, and what is refused with the change named. */
#include "support.h"

#include "recipe_change.h"

#include <string.h>

static clu_recipe named(const char *name)
{
	clu_recipe recipe;
	clu_error error;
	support_ok(clu_recipe_load(name, &recipe, &error), &error);
	return recipe;
}

static void assert_same_recipe(const clu_recipe *a, const clu_recipe *b)
{
	char a_text[CLU_RECIPE_TEXT], b_text[CLU_RECIPE_TEXT];
	clu_recipe_print(a, a_text);
	clu_recipe_print(b, b_text);
	assert_string_equal(a_text, b_text);
}

static void one_number_changes(void **state)
{
	(void)state;
	clu_recipe recipe = named("paper"), wanted = recipe;
	clu_error error;
	support_ok(recipe_change(&recipe, "decay=0.5", &error), &error);
	wanted.decay = 0.5;
	assert_same_recipe(&recipe, &wanted);
	support_ok(recipe_change(&recipe, "beta1=0.8", &error), &error);
	wanted.beta1 = 0.8;
	support_ok(recipe_change(&recipe, "form=sum", &error), &error);
	wanted.form = CLU_FORM_SUM;
	assert_same_recipe(&recipe, &wanted);
}

static void one_stage_or_all(void **state)
{
	(void)state;
	clu_recipe recipe = named("paper"), wanted = recipe;
	clu_error error;
	support_ok(recipe_change(&recipe, "patience=17", &error), &error);
	for (uint32_t i = 0; i < recipe.stage_count; i++) wanted.stage[i].patience = 17;
	assert_same_recipe(&recipe, &wanted);
	support_ok(recipe_change(&recipe, "3.rate=0.125", &error), &error);
	wanted.stage[2].rate = 0.125;
	assert_true(recipe.stage[2].rate == 0.125 && recipe.stage[0].rate == wanted.stage[0].rate);
}

/* "rate" is a prefix of "rate_last", "length" of "length_last": only the whole key is meant. */
static void keys_are_whole_words(void **state)
{
	(void)state;
	clu_recipe recipe = named("fast");
	clu_error error;
	recipe.stage[0].fall = recipe.stage[1].fall = 0;
	double rate_last = recipe.stage[0].rate_last;
	uint32_t length_last = recipe.stage[0].length_last;
	support_ok(recipe_change(&recipe, "rate=0.25", &error), &error);
	support_ok(recipe_change(&recipe, "length=5", &error), &error);
	assert_true(recipe.stage[0].rate == 0.25 && recipe.stage[0].rate_last == rate_last);
	assert_true(recipe.stage[0].length == 5 && recipe.stage[0].length_last == length_last);
}

/* What a text leaves out can be set all the same, and again. */
static void keys_that_are_not_printed(void **state)
{
	(void)state;
	clu_recipe recipe = named("fast"), wanted = recipe;
	clu_error error;
	support_ok(recipe_change(&recipe, "layers_at=1,2,4", &error), &error);
	support_ok(recipe_change(&recipe, "layers_at=1-3,8", &error), &error);
	support_ok(recipe_change(&recipe, "rate_theta=0.5", &error), &error);
	support_ok(recipe_change(&recipe, "loss=norm", &error), &error);
	support_ok(recipe_change(&recipe, "1.loss=log", &error), &error);
	support_ok(recipe_change(&recipe, "1.layers=2-", &error), &error);
	wanted.layers_at = 0x87;
	wanted.rate_theta = 0.5;
	wanted.stage[0].loss = CLU_LOSS_LOG;
	wanted.stage[1].loss = CLU_LOSS_NORM;
	wanted.stage[0].layers = 0xfffffffe;
	assert_same_recipe(&recipe, &wanted);
	support_ok(recipe_change(&recipe, "layers_at=all", &error), &error);
	wanted.layers_at = 0;
	assert_same_recipe(&recipe, &wanted);
}

static void bad_changes_are_named(void **state)
{
	(void)state;
	static const char *const cases[] = {"decay", "=1", "decay=", "", "nothing=1", "decay=x", "4.rate=1e-3", "0.rate=1e-3",
	    "1rate=1e-3", "decay=0.5\nbeta1=0", "stage=3", "decay=0.5 # note", "rate=-1", "layers_at=3-1", "1.layers_at=2",
	    "loss=cubes"};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		clu_recipe recipe = named("paper"), before = recipe;
		clu_error error = {0};
		if (recipe_change(&recipe, cases[i], &error) == CLU_OK) fail_msg("'%s' was taken", cases[i]);
		if (!strstr(error.message, cases[i]) || strstr(error.message, "line ") || error.status != CLU_ARGUMENT)
			fail_msg("'%s': message '%s'", cases[i], error.message);
		assert_same_recipe(&recipe, &before);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_number_changes),
	    cmocka_unit_test(one_stage_or_all),
	    cmocka_unit_test(keys_are_whole_words),
	    cmocka_unit_test(keys_that_are_not_printed),
	    cmocka_unit_test(bad_changes_are_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
