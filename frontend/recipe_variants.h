/* recipe_variants.h: the recipes that `clunroll reproduce recipe` compares, as data: each is a named recipe and changes to it. */
#ifndef RECIPE_VARIANTS_H
#define RECIPE_VARIANTS_H

#include "clunroll.h"

enum { RECIPE_VARIANTS_MAX = 20, RECIPE_CHANGES_MAX = 6 };

typedef struct recipe_variant {
	const char *name;                        /* of the recipe that is made, so also of its networks */
	const char *base;                        /* as --recipe takes it */
	const char *changes[RECIPE_CHANGES_MAX]; /* KEY=VALUE as --set takes them; where fewer, ended by NULL */
	bool usual;                              /* compared unless something else is asked for */
} recipe_variant;

extern const recipe_variant recipe_variants[];
extern const size_t recipe_variant_count;

/* NULL: there is no variant of that name. */
const recipe_variant *recipe_variant_find(const char *name);
clu_status recipe_variant_make(const recipe_variant *variant, clu_recipe *recipe, clu_error *error);

#endif
