/* test_recipe_variants.c: every variant can be made, is another recipe than the others, has the steps that its name says, and is in
 * the manual. */
#include "support.h"

#include "recipe_variants.h"

#include <stdlib.h>
#include <string.h>

static clu_recipe make(const char *name)
{
	clu_recipe recipe;
	clu_error error;
	const recipe_variant *variant = recipe_variant_find(name);
	if (!variant) fail_msg("no variant %s", name);
	support_ok(recipe_variant_make(variant, &recipe, &error), &error);
	return recipe;
}

static void all_can_be_made_and_differ(void **state)
{
	(void)state;
	for (size_t i = 0; i < recipe_variant_count; i++) {
		clu_recipe here = make(recipe_variants[i].name);
		clu_error error;
		assert_string_equal(here.name, recipe_variants[i].name);
		for (uint32_t layers = 4; layers <= 16; layers *= 2) support_ok(clu_recipe_check(&here, 1, layers, &error), &error);
		for (size_t j = 0; j < i; j++) {
			clu_recipe there = make(recipe_variants[j].name);
			char a[CLU_RECIPE_TEXT], b[CLU_RECIPE_TEXT];
			strcpy(there.name, here.name);
			clu_recipe_print(&here, a);
			clu_recipe_print(&there, b);
			if (strcmp(a, b) == 0) fail_msg("%s is %s", recipe_variants[i].name, recipe_variants[j].name);
		}
	}
	assert_null(recipe_variant_find("slow"));
}

static void steps(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		uint64_t steps;
	} cases[] = {{"fast", 14400}, {"fast-ones-squares", 14400}, {"fast-long", 24000}, {"fast-average", 14400}, {"fast-few", 13600},
	    {"quick", 8400}, {"quick-half", 4200}, {"quick-few", 8000}, {"analytic", 2700}, {"squares-72000", 72000},
	    {"ones-squares-72000", 72000}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const clu_recipe recipe = make(cases[i].name);
		bool exact;
		const uint64_t found = clu_recipe_steps(&recipe, 16, &exact);
		if (!exact || found != cases[i].steps) fail_msg("%s: %llu steps", cases[i].name, (unsigned long long)found);
	}
}

static void starts_and_losses(void **state)
{
	(void)state;
	const clu_recipe both = make("fast-ones-squares"), plain = make("fast"), long_ones = make("ones-squares-72000");
	assert_true(both.start == CLU_START_ONES && both.stage[0].loss == CLU_LOSS_SQUARES);
	assert_true(plain.start == CLU_START_REPEAT && plain.stage[0].loss == CLU_LOSS_LOG);
	assert_true(long_ones.start == CLU_START_ONES && long_ones.stage[1].loss == CLU_LOSS_SQUARES);
}

/* Whether `name` stands in the text as a word of its own. */
static bool has_word(const char *text, const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-=";
	const size_t length = strlen(name);
	for (const char *at = text; (at = strstr(at, name)); at += length)
		if (at > text && !strchr(letters, at[-1]) && !strchr(letters, at[length])) return true;
	return false;
}

/* The list in the manual: all variants, and no others. */
static void the_manual_has_them(void **state)
{
	(void)state;
	char *manual = support_read(TEST_DIR "/../frontend/clunroll.1", NULL), *list = strstr(manual, ".It Fl -variants"), *rest = NULL;
	char *end = list ? strstr(list + 1, "\n.It ") : NULL;
	assert_non_null(end);
	*end = '\0';
	for (size_t i = 0; i < recipe_variant_count; i++)
		if (!has_word(list, recipe_variants[i].name)) fail_msg("the manual has not %s", recipe_variants[i].name);
	for (const char *word = strtok_r(strchr(list, '\n'), " ,;\n", &rest); word; word = strtok_r(NULL, " ,;\n", &rest)) {
		const bool of_recipe = strncmp(word, "fast-", 5) == 0 || strncmp(word, "quick-", 6) == 0;
		if (of_recipe && !recipe_variant_find(word)) fail_msg("the manual has %s, which is no variant", word);
	}
	free(manual);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_can_be_made_and_differ),
	    cmocka_unit_test(steps),
	    cmocka_unit_test(starts_and_losses),
	    cmocka_unit_test(the_manual_has_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
