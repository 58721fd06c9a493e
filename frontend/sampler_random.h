/* sampler_random.h: random search: every gate a fair coin, every neuron drawn alike. A pure function, so the trajectory is the same
 * with one worker or twenty, before and after a crash. */
#ifndef SAMPLER_RANDOM_H
#define SAMPLER_RANDOM_H

#include "clunroll.h"

/* X(NAME, text): what is varied. GATES: extra connections; NEURONS: kinds of neuron, the paper's three, over a plain chain; BOTH;
 * SELECT, FIRM: extra connections of layers that all select, that all shrink firmly; ALL: extra connections and kinds of neuron,
 * those that select included. */
#define SAMPLER_SPACE_MAP(X) \
	X(GATES, "gates") \
	X(NEURONS, "neurons") \
	X(BOTH, "both") \
	X(SELECT, "select") \
	X(ALL, "all") \
	X(FIRM, "firm")

typedef enum sampler_space {
#define SAMPLER_SPACE_ENUM(name, text) SPACE_##name,
	SAMPLER_SPACE_MAP(SAMPLER_SPACE_ENUM)
#undef SAMPLER_SPACE_ENUM
} sampler_space;

clu_status sampler_space_parse(const char *text, sampler_space *space, clu_error *error);
const char *sampler_space_name(sampler_space space);
/* Number of architectures of `layers` layers in the space (up to 2^465 · 3^32, hence a double). */
double sampler_space_size(sampler_space space, uint32_t layers);

/* Candidate `index` of the trajectory that `seed` keys. attempt 0 is the candidate itself; where that architecture has been
 * trained already, attempts 1, 2 … are further draws for the same place. */
void sampler_random(uint64_t seed, sampler_space space, uint32_t layers, uint64_t index, uint32_t attempt, clu_arch *arch);

#endif
