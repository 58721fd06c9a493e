/* recipe_study.h: what `clunroll reproduce recipe` is asked for and what came of it: plain data that the runs fill, and table and
 * picture show. Nothing here trains or knows a device.
 *
 * Two questions are asked of each variant of a recipe: how good does it make the networks, at what cost (quality); does it put
 * architectures in the order in which others put them (ranking)? */
#ifndef RECIPE_STUDY_H
#define RECIPE_STUDY_H

#include "rank_agreement.h"
#include "recipe_variants.h"
#include "reproduce.h"

#define RECIPE_SETTING "noiseless" /* row b of Table 1 */
enum { RECIPE_RANKED_MAX = RANK_MAX, RECIPE_RANDOM_MAX = RECIPE_RANKED_MAX - PAPER_NETWORKS };

/* What a scale means here, beside what it means for networks of the tables. */
typedef struct recipe_scale {
	const char *name;
	uint32_t m, n, layers; /* of the networks that are ranked */
	uint32_t random;       /* architectures drawn, unless --random says otherwise */
	uint32_t repeat;       /* unless --repeat does */
	uint32_t shorten;      /* stages' lengths are divided by that */
	const char *compare;   /* what quality can be held against */
} recipe_scale;

const recipe_scale *recipe_scale_of(const reproduce_scale *scale);

typedef enum recipe_part { RECIPE_QUALITY = 1, RECIPE_RANKING = 2, RECIPE_BOTH = 3 } recipe_part;

typedef struct recipe_study {
	reproduce_job job; /* scale, networks, repeat, base, directory, device; it has neither table nor rows */
	const recipe_scale *scale;
	recipe_part parts;
	const recipe_variant *variant[RECIPE_VARIANTS_MAX]; /* the first one is the reference of the ranking */
	clu_recipe recipe[RECIPE_VARIANTS_MAX];             /* what they make at this scale */
	size_t variant_count;
	uint32_t random; /* architectures drawn for the ranking, beside the paper's four */
} recipe_study;

/* Appends a variant and its recipe. CLU_ARGUMENT where there is none of that name, or it stands there already. */
clu_status recipe_study_add(recipe_study *study, const char *name, clu_error *error);
/* "recipe", "recipe-ranking-small": of the files with the results. */
void recipe_study_name(const recipe_study *study, char name[REPRODUCE_NAME]);

/* ---- quality ---- */

/* All seeds of one architecture under one variant. */
typedef struct recipe_cell {
	reproduce_cell cell;
	bool known[REPRODUCE_REPEATS_MAX]; /* what training wrote of the layers … */
	clu_layer_record layer[REPRODUCE_REPEATS_MAX][CLU_LAYERS_MAX];
} recipe_cell;

typedef struct recipe_point {
	double steps, nmse_db; /* of training so far; on the test set */
} recipe_point;
/* Points of a layer each, as means of the seeds whose layers are known; layers without an NMSE have none. Returns how many. */
size_t recipe_curve(const recipe_cell *cell, uint32_t layers, recipe_point points[CLU_LAYERS_MAX]);
/* By how many dB at the most a layer was worse than the best before it, in any of the seeds; NaN where no seed's layers are known.
 */
double recipe_dip_db(const recipe_cell *cell, uint32_t layers);
double recipe_training_dip_db(const clu_layer_record *layer, uint32_t layers);
/* Means over trainings with known steps; NaN where there are none. */
double recipe_mean_steps(const reproduce_cell *cell);
double recipe_mean_seconds(const reproduce_cell *cell);

/* ---- ranking ---- */

/* All architectures trained under one variant with one seed. */
typedef struct recipe_run {
	size_t variant; /* index in the study */
	uint64_t seed;
	double nmse_db[RECIPE_RANKED_MAX]; /* test; NaN: the training failed */
	double training_steps;             /* of a training, the mean of those that are done */
	uint64_t steps;                    /* made for all: layers that were there already were not trained again */
	double seconds;                    /* that its devices worked; 0: not known */
} recipe_run;

enum { RECIPE_RUNS_MAX = RECIPE_VARIANTS_MAX + 1 };

typedef struct recipe_results {
	const recipe_study *study;
	uint32_t m, n;        /* of the networks whose quality is looked at */
	size_t quality_count; /* variants that are complete */
	recipe_cell quality[RECIPE_VARIANTS_MAX][REPRODUCE_ARCHS_MAX];
	size_t arch_count;
	char arch[RECIPE_RANKED_MAX][CLU_ARCH_TEXT]; /* the paper's four first */
	size_t run_count;                            /* that are complete; run 1 is the reference with another seed */
	recipe_run run[RECIPE_RUNS_MAX];
} recipe_results;

/* The paper's figure for a network of the quality part; NaN where there is none, or sizes are not the paper's. */
double recipe_paper_db(const recipe_results *results, size_t arch);

/* Which variant and seed a run is of: each variant with seed 1, and the reference with seed 2 too, which shows how far an order of
 * architectures is one of chance. */
size_t recipe_run_count(const recipe_study *study);
void recipe_run_subject(size_t run, size_t *variant, uint64_t *seed);

#endif
