/* recipe_ranking.h: the second part of `clunroll reproduce recipe`: many small networks of random architectures and the paper's
 * four, trained under each variant. A run is a study of `clunroll search`, DIRECTORY/ranking/NAME.clu, so that all devices work on
 * it, many trainings share a launch, and nothing is lost where it is interrupted. */
#ifndef RECIPE_RANKING_H
#define RECIPE_RANKING_H

#include "recipe_study.h"

/* The architectures that are ranked, in results->arch, each once. CLU_ARGUMENT where there are not that many. */
clu_status recipe_ranking_draw(const recipe_study *study, recipe_results *results, clu_error *error);
/* Trains what a run is missing, and reads it into results->run. Returns an exit code: EXIT_STOPPED after an interrupt. */
int recipe_ranking_run(const recipe_study *study, recipe_results *results, size_t run);

/* For a dry run: how many trainings a run is missing. */
clu_status recipe_ranking_missing(
    const recipe_study *study, const recipe_results *results, size_t run, size_t *missing, clu_error *error);
/* What a run's networks are trained with. */
clu_status recipe_ranking_settings(const recipe_study *study, size_t run, settings *settings, clu_error *error);

#endif
