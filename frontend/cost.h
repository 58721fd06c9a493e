/* cost.h: floating-point operations of a training, counted from shapes alone. They are dense-equivalent: what the matrix
 * products of a step would do if nothing were skipped. Used to foresee times, and to tell how far a training has come. */
#ifndef COST_H
#define COST_H

#include "clunroll.h"

typedef struct cost_shape {
	uint32_t m, n, layers, batch;
	uint32_t first_layer; /* 1; equal to layers where a trained network is tuned further */
} cost_shape;

/* Whether a recipe trains the matrices. */
typedef enum cost_matrices { COST_MATRICES_STAY, COST_MATRICES_TRAINED } cost_matrices;

/* Of one optimiser step while `layer` is trained; first_new: the lowest layer that started with it, mostly the layer itself. */
double cost_step(const cost_shape *shape, uint32_t first_new, uint32_t layer, clu_variables variables, cost_matrices matrices);
/* Of the whole training. Where patience decides a stage's length, that stage counts with the fewest steps it can have. */
double cost_training(const cost_shape *shape, const clu_recipe *recipe);
/* Steps of the whole training, counted likewise; *exact is false where patience decides. */
uint64_t cost_steps(const cost_shape *shape, const clu_recipe *recipe, bool *exact);
/* Of what a lane still has to do. */
double cost_left(const cost_shape *shape, const clu_recipe *recipe, const clu_lane_progress *progress);

#endif
