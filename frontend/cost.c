/* cost.c: counts the products of a step as they are arranged in the engine: U = b W_b' once, Y_i = x_i W_x' once for each
 * layer below the trained one, the same again for H backwards, one stacked product for dW_x, one for dW_b. A full-depth step at
 * 250×500, K = 16, batch 128 is 2.94 GFLOP. */
#include "cost.h"

double cost_step(const cost_shape *shape, uint32_t first_new, uint32_t layer, clu_variables variables, cost_matrices matrices)
{
	double side = 2.0 * shape->batch * shape->m * shape->n;   /* one product with W_b or its gradient */
	double square = 2.0 * shape->batch * shape->n * shape->n; /* one product with W_x or its gradient */
	double below = layer - 1.0;
	double forward = side + below * square;
	/* Layer 1 brings W_b, layer 2 W_x, whose gradients want the H of all layers; else H goes down to the lowest layer trained. */
	bool w_b = matrices == COST_MATRICES_TRAINED && (variables == CLU_VARIABLES_ALL || first_new == 1);
	bool w_x = matrices == COST_MATRICES_TRAINED && (variables == CLU_VARIABLES_ALL || first_new <= 2);
	double backward = w_x || variables == CLU_VARIABLES_ALL ? below : layer - first_new;
	return forward + (backward + (w_x ? below : 0)) * square + (w_b ? side : 0);
}

static cost_matrices matrices_of(const clu_recipe *recipe)
{
	return recipe->rate_w > 0 ? COST_MATRICES_TRAINED : COST_MATRICES_STAY;
}

/* The lowest of the layers that start together with `layer`. */
static uint32_t lowest_new(const cost_shape *shape, const clu_recipe *recipe, uint32_t layer)
{
	while (layer > 1 && !clu_recipe_trains(recipe, layer - 1, shape->layers)) layer--;
	return layer;
}

uint64_t cost_steps(const cost_shape *shape, const clu_recipe *recipe, bool *exact)
{
	uint64_t steps = 0;
	*exact = true;
	for (uint32_t layer = shape->first_layer; layer <= shape->layers; layer++)
		for (uint32_t i = 0; i < recipe->stage_count; i++) steps += clu_recipe_stage_steps(recipe, i, layer, shape->layers, exact);
	return steps;
}

/* Of the stages of `layer` from `first_stage` on. */
static double cost_stages(const cost_shape *shape, const clu_recipe *recipe, uint32_t layer, uint32_t first_stage)
{
	double cost = 0;
	for (uint32_t i = first_stage; i < recipe->stage_count; i++) {
		double steps = (double)clu_recipe_stage_steps(recipe, i, layer, shape->layers, NULL);
		cost += steps * cost_step(shape, lowest_new(shape, recipe, layer), layer, recipe->stage[i].variables, matrices_of(recipe));
	}
	return cost;
}

double cost_training(const cost_shape *shape, const clu_recipe *recipe)
{
	double cost = 0;
	for (uint32_t layer = shape->first_layer; layer <= shape->layers; layer++) cost += cost_stages(shape, recipe, layer, 0);
	return cost;
}

double cost_left(const cost_shape *shape, const clu_recipe *recipe, const clu_lane_progress *progress)
{
	if (progress->state != CLU_LANE_TRAINING || progress->stage >= recipe->stage_count) return 0;
	const clu_stage *stage = &recipe->stage[progress->stage];
	uint64_t steps = clu_recipe_stage_steps(recipe, progress->stage, progress->layer, shape->layers, NULL);
	uint64_t left = steps > progress->stage_steps ? steps - progress->stage_steps : 0;
	uint32_t lowest = lowest_new(shape, recipe, progress->layer);
	double cost = (double)left * cost_step(shape, lowest, progress->layer, stage->variables, matrices_of(recipe));
	cost += cost_stages(shape, recipe, progress->layer, progress->stage + 1);
	for (uint32_t layer = progress->layer + 1; layer <= shape->layers; layer++) cost += cost_stages(shape, recipe, layer, 0);
	return cost;
}
