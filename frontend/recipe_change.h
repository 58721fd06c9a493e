/* recipe_change.h: one number of a recipe changed from the command line (--set decay=0.5). It edits the recipe's own text, so
 * that every key of the text format is an option without a second list of them. */
#ifndef RECIPE_CHANGE_H
#define RECIPE_CHANGE_H

#include "clunroll.h"

/* change: KEY=VALUE for a key of the recipe or, in all stages, of its stages; STAGE.KEY=VALUE for the stage of that number
 * (from 1). CLU_ARGUMENT names the change and, from the recipe's parser, what is allowed. */
clu_status recipe_change(clu_recipe *recipe, const char *change, clu_error *error);

#endif
