/* test_cost.c: operations and steps of trainings, against counts made by hand from the products of a step. */
#include "support.h"

#include "cost.h"

#include <math.h>

static void full_depth_step_of_the_paper(void **state)
{
	(void)state;
	static const cost_shape shape = {250, 500, 16, 128, 1};
	/* 2 products with W_b (U, dW_b) and 3·15 with W_x (Y, H, dW_x), 2·128·m·n or 2·128·n·n each. */
	double wanted = 2 * (2.0 * 128 * 250 * 500) + 45 * (2.0 * 128 * 500 * 500);
	assert_true(cost_step(&shape, 16, 16, CLU_VARIABLES_ALL, COST_MATRICES_TRAINED) == wanted);
	assert_true(fabs(wanted - 2.94e9) < 0.01e9);
}

static void steps_by_layer(void **state)
{
	(void)state;
	static const cost_shape shape = {3, 5, 4, 2, 1};
	const double side = 2.0 * 2 * 3 * 5, square = 2.0 * 2 * 5 * 5;
	static const uint32_t layers[] = {1, 2, 3, 4};
	const double all[] = {2 * side, 2 * side + 3 * square, 2 * side + 6 * square, 2 * side + 9 * square};
	const double new_only[] = {2 * side, side + 3 * square, side + 2 * square, side + 3 * square}; /* dW_x of layer 2 wants H */
	for (size_t i = 0; i < 4; i++) {
		assert_true(cost_step(&shape, layers[i], layers[i], CLU_VARIABLES_ALL, COST_MATRICES_TRAINED) == all[i]);
		assert_true(cost_step(&shape, layers[i], layers[i], CLU_VARIABLES_NEW, COST_MATRICES_TRAINED) == new_only[i]);
	}
}

/* Without gradients of matrices: U, Y and, down to the lowest layer trained, H. */
static void matrices_that_stay_cost_less(void **state)
{
	(void)state;
	static const cost_shape shape = {3, 5, 4, 2, 1};
	const double side = 2.0 * 2 * 3 * 5, square = 2.0 * 2 * 5 * 5;
	assert_true(cost_step(&shape, 4, 4, CLU_VARIABLES_ALL, COST_MATRICES_STAY) == side + 6 * square);
	assert_true(cost_step(&shape, 4, 4, CLU_VARIABLES_NEW, COST_MATRICES_STAY) == side + 3 * square);
	assert_true(cost_step(&shape, 1, 1, CLU_VARIABLES_ALL, COST_MATRICES_STAY) == side);
	clu_recipe recipe = {.stage_count = 1, .stage = {{.variables = CLU_VARIABLES_ALL, .length = 3, .length_last = 3}}};
	const double all = 3 * (4 * side + 12 * square);
	assert_true(fabs(cost_training(&shape, &recipe) - all) < 1e-9 * all);
}

static clu_recipe two_stages(void)
{
	clu_recipe recipe = {.stage_count = 2, .validate_every = 10, .rate_w = 1};
	recipe.stage[0] = (clu_stage){.variables = CLU_VARIABLES_NEW, .length = 3, .length_last = 5};
	recipe.stage[1] = (clu_stage){.variables = CLU_VARIABLES_ALL, .length = 7, .length_last = 11};
	return recipe;
}

static void fixed_lengths(void **state)
{
	(void)state;
	static const cost_shape shape = {3, 5, 3, 2, 1}, tuned = {3, 5, 3, 2, 3};
	clu_recipe recipe = two_stages();
	bool exact = false;
	assert_int_equal(cost_steps(&shape, &recipe, &exact), 2 * (3 + 7) + 5 + 11);
	assert_true(exact);
	assert_int_equal(cost_steps(&tuned, &recipe, &exact), 5 + 11);
	double wanted = 0;
	for (uint32_t layer = 1; layer <= 3; layer++)
		wanted += (layer == 3 ? 5 : 3) * cost_step(&shape, layer, layer, CLU_VARIABLES_NEW, COST_MATRICES_TRAINED) +
		          (layer == 3 ? 11 : 7) * cost_step(&shape, layer, layer, CLU_VARIABLES_ALL, COST_MATRICES_TRAINED);
	assert_true(fabs(cost_training(&shape, &recipe) - wanted) < 1e-9 * wanted);
}

static void patience_gives_the_least(void **state)
{
	(void)state;
	static const cost_shape shape = {3, 5, 1, 2, 1};
	clu_recipe recipe = {.stage_count = 1, .validate_every = 10, .rate_w = 1};
	bool exact = true;
	/* The first validation is the best so far; patience runs from there. */
	recipe.stage[0] = (clu_stage){.variables = CLU_VARIABLES_ALL, .patience = 50, .cap = 1000};
	assert_int_equal(cost_steps(&shape, &recipe, &exact), 60);
	assert_false(exact);
	recipe.stage[0].cap = 20;
	assert_int_equal(cost_steps(&shape, &recipe, &exact), 20);
	assert_true(exact); /* over before patience can run out */
	const struct {
		uint32_t length, patience, cap;
		uint64_t steps;
		bool exact;
	} cases[] = {
	    {100, 0, 30, 30, true},   /* a length beyond the cap */
	    {100, 51, 0, 70, false},  /* patience ends at a validation, before the length */
	    {100, 51, 65, 65, true},  /* and the cap before it */
	    {100, 500, 0, 100, true}, /* the length before patience can run out */
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		recipe.stage[0] = (clu_stage){.variables = CLU_VARIABLES_ALL,
		    .length = cases[i].length,
		    .length_last = cases[i].length,
		    .patience = cases[i].patience,
		    .cap = cases[i].cap};
		assert_int_equal(cost_steps(&shape, &recipe, &exact), cases[i].steps);
		assert_int_equal(exact, cases[i].exact);
		double wanted = (double)cases[i].steps * cost_step(&shape, 1, 1, CLU_VARIABLES_ALL, COST_MATRICES_TRAINED);
		assert_true(fabs(cost_training(&shape, &recipe) - wanted) < 1e-9 * wanted);
		clu_lane_progress lane = {.state = CLU_LANE_TRAINING, .layer = 1};
		assert_true(cost_left(&shape, &recipe, &lane) == cost_training(&shape, &recipe));
	}
}

/* All steps of a training, one by one: what is left must fall by just what each step costs, to 0. */
static void left_falls_to_nothing(void **state)
{
	(void)state;
	static const cost_shape shape = {3, 5, 3, 2, 1};
	clu_recipe recipe = two_stages();
	double left = cost_training(&shape, &recipe);
	clu_lane_progress lane = {.state = CLU_LANE_TRAINING};
	for (lane.layer = 1; lane.layer <= 3; lane.layer++) {
		for (lane.stage = 0; lane.stage < 2; lane.stage++) {
			const clu_stage *stage = &recipe.stage[lane.stage];
			uint32_t length = lane.layer == 3 ? stage->length_last : stage->length;
			for (lane.stage_steps = 0; lane.stage_steps < length; lane.stage_steps++) {
				double now = cost_left(&shape, &recipe, &lane);
				if (fabs(now - left) > 1e-6)
					fail_msg("layer %u, stage %u, step %u: %g left, wanted %g", lane.layer, lane.stage, (unsigned)lane.stage_steps,
					    now, left);
				left -= cost_step(&shape, lane.layer, lane.layer, stage->variables, COST_MATRICES_TRAINED);
			}
		}
	}
	assert_true(fabs(left) < 1e-6);
	lane.state = CLU_LANE_DONE;
	assert_true(cost_left(&shape, &recipe, &lane) == 0);
}

/* Stages of some layers, and layers that start together: each step again, by hand. */
static void left_with_layers_that_start_together(void **state)
{
	(void)state;
	static const cost_shape shape = {3, 5, 5, 2, 1};
	clu_recipe recipe = two_stages();
	recipe.layers_at = 0x2; /* 1 and 2 together, then 3 to 5 */
	recipe.stage[0].layers = 0x10;
	bool exact;
	assert_int_equal(cost_steps(&shape, &recipe, &exact), 7 + 5 + 11);
	const double side = 2.0 * 2 * 3 * 5, square = 2.0 * 2 * 5 * 5;
	const double both = 2 * side + 3 * square;              /* layer 2, all */
	const double new_only = side + 4 * square + 2 * square; /* layer 5: H from 5 down to 4 */
	const double all = 2 * side + 12 * square;
	assert_true(cost_step(&shape, 1, 2, CLU_VARIABLES_NEW, COST_MATRICES_TRAINED) == both);
	assert_true(fabs(cost_training(&shape, &recipe) - (7 * both + 5 * new_only + 11 * all)) < 1e-6);
	clu_lane_progress lane = {.state = CLU_LANE_TRAINING, .layer = 2, .stage = 1, .stage_steps = 3};
	assert_true(fabs(cost_left(&shape, &recipe, &lane) - (4 * both + 5 * new_only + 11 * all)) < 1e-6);
	lane = (clu_lane_progress){.state = CLU_LANE_TRAINING, .layer = 5, .stage = 0, .stage_steps = 1};
	assert_true(fabs(cost_left(&shape, &recipe, &lane) - (4 * new_only + 11 * all)) < 1e-6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(full_depth_step_of_the_paper),
	    cmocka_unit_test(steps_by_layer),
	    cmocka_unit_test(matrices_that_stay_cost_less),
	    cmocka_unit_test(fixed_lengths),
	    cmocka_unit_test(patience_gives_the_least),
	    cmocka_unit_test(left_falls_to_nothing),
	    cmocka_unit_test(left_with_layers_that_start_together),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
