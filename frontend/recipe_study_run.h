/* recipe_study_run.h: compares recipes: trains what is missing, and writes what came of it. */
#ifndef RECIPE_STUDY_RUN_H
#define RECIPE_STUDY_RUN_H

#include "recipe_study.h"

/* Variant by variant, quality first; the files with the results are replaced after each. Interrupted, it returns EXIT_STOPPED, and
 * the same study goes on. Prints the tables on stdout. */
int recipe_study_run(const recipe_study *study);
/* Says what is missing, and how many steps and hours that is on the device. */
int recipe_study_dry_run(const recipe_study *study);

#endif
