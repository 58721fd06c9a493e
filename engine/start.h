/* start.h: the weights of a network before any training. */
#ifndef CLU_START_H
#define CLU_START_H

#include "clunroll.h"

typedef struct start_problem {
	const float *dictionary; /* [m][n] */
	uint32_t m, n;
	double gain, lipschitz; /* lipschitz: of the dictionary divided by gain */
	double ridge;
} start_problem;

/* W_b [n][m] and W_x = I − W_b D [n][n], of D = dictionary/gain and its Lipschitz constant, for the ridge of a recipe:
 *   0   W_b = Dᵀ/L, a step of gradient descent (paper, eq. 2);
 *   ρ   W_b = S Dᵀ(DDᵀ + ρ I)⁻¹, S diagonal such that W_b D has ones on its diagonal; ρ counts in D's mean squared column norm.
 * The same bits on every host. CLU_MEMORY; CLU_ARGUMENT where ρ is too small for the sum to be inverted. */
clu_status start_weights(const start_problem *problem, float *w_b, float *w_x, clu_error *error);
/* What θ begins with is the recipe's `threshold` times this: the diagonal that W_b D has where D has columns of norm 1. */
double start_scale(double lipschitz, double ridge);

#endif
