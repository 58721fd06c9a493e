/* recipe_variants.c: see recipe_variants.h. A variant without changes has the name of its base, and its networks are those of the
 * tables. What is asked: what start and loss are worth, alone and together; what steps are worth; whether all layers need a stage
 * of their own, and the last one a longer one. */
#include "recipe_variants.h"

#include "recipe_change.h"
#include "status.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define FEW "layers_at=1,2,3,4,6,8,11"
/* Half the rate and cosines throughout, which is what other starts and other losses were tuned with. */
#define LONG "length=4000", "length_last=12000", "loss=squares", "rate=2e-3", "curve=cosine"

/* The paper's three stages a layer, of 600 steps each, where its own wait for some thousand that bring nothing. */
#define PAPER_SHORT "length=600", "length_last=600"

const recipe_variant recipe_variants[] = {
    {"fast", "fast", {NULL}, true},
    {"fast-previous", "fast", {"start=previous"}, true},
    {"fast-ones", "fast", {"start=ones"}, true},
    {"fast-squares", "fast", {"loss=squares"}, true},
    {"fast-ones-squares", "fast", {"start=ones", "loss=squares"}, true},
    {"fast-cosine", "fast", {"curve=cosine"}, true},
    {"fast-average", "fast", {"validate_every=200", "2.keep=average"}, true},
    {"fast-long", "fast", {"length_last=12000"}, true},
    {"fast-few", "fast", {"length=1600", FEW}, true},
    {"quick", "quick", {NULL}, true},
    {"quick-squares", "quick", {"loss=squares"}, true},
    {"quick-half", "quick", {"length=200", "length_last=1200"}, true},
    {"quick-few", "quick", {"length=800", FEW}, true},
    {"analytic", "analytic", {NULL}, true},
    {"squares-72000", "fast", {LONG, "start=previous"}, true},
    {"ones-squares-72000", "fast", {LONG, "start=ones"}, true},
    {"paper-28800", "paper", {PAPER_SHORT}, true},
    {"paper-repeat-28800", "paper", {PAPER_SHORT, "start=repeat"}, true},
    {"paper", "paper", {NULL}, false},
};
const size_t recipe_variant_count = sizeof recipe_variants / sizeof *recipe_variants;
static_assert(sizeof recipe_variants / sizeof *recipe_variants <= RECIPE_VARIANTS_MAX, "a study may have all of them");

const recipe_variant *recipe_variant_find(const char *name)
{
	for (size_t i = 0; i < recipe_variant_count; i++) {
		if (strcmp(recipe_variants[i].name, name) == 0) return &recipe_variants[i];
	}
	return NULL;
}

clu_status recipe_variant_make(const recipe_variant *variant, clu_recipe *recipe, clu_error *error)
{
	CLU_TRY(clu_recipe_load(variant->base, recipe, error));
	for (size_t i = 0; i < RECIPE_CHANGES_MAX && variant->changes[i]; i++)
		CLU_TRY(recipe_change(recipe, variant->changes[i], error));
	snprintf(recipe->name, sizeof recipe->name, "%s", variant->name);
	return CLU_OK;
}
