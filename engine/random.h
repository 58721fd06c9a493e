/* random.h: counter-based random streams, bit-identical on every host (Philox4x32-10 of Random123; Salmon et al. 2011).
 *
 * A stream is named by (seed, purpose, major, minor) and starts anew whenever it is opened: no stream depends on what others
 * drew, so data sets, samples and epochs can be made in any order and by any thread. Deviates come from the integers in
 * + − × ÷ √ and elementary.h alone. */
#ifndef CLU_RANDOM_H
#define CLU_RANDOM_H

#include <stdint.h>

/* What a stream is for, and what major and minor mean there. Numbers are part of the data: never change one. */
typedef enum random_purpose {
	RANDOM_DICTIONARY = 1,   /* 0: D, 1: U and 2: V of D = U·V; column */
	RANDOM_CODES = 2,        /* set, sample */
	RANDOM_NOISE = 3,        /* set, sample */
	RANDOM_SHUFFLE = 4,      /* layer and stage, epoch */
	RANDOM_POWER = 5,        /* 0, 0: start of the power iteration */
	RANDOM_PROBE = 6,        /* kind of values, 0: networks that are measured only */
	RANDOM_PERTURBATION = 7, /* 0, column of the dictionary */
	RANDOM_SALT_PEPPER = 8,  /* set, sample */
} random_purpose;

typedef struct random_stream {
	uint32_t key[2], counter[4]; /* counter: block, minor, major, purpose */
	uint32_t block[4];
	uint32_t used; /* words taken from block */
} random_stream;

random_stream random_open(uint64_t seed, random_purpose purpose, uint32_t major, uint32_t minor);
uint32_t random_u32(random_stream *stream);
/* Uniform in 0 … bound − 1, without bias (Lemire 2019); bound ≥ 1. */
uint32_t random_below(random_stream *stream, uint32_t bound);
/* Uniform in (0, 1), one of 2^52 values symmetric about ½; never 0, ½ or 1. */
double random_uniform(random_stream *stream);
/* Standard normal deviate, in steps of probability 2^−52: |z| < 8.3. Never 0. */
double random_normal(random_stream *stream);
/* Laplace deviate of scale 1: density ½·e^−|z|. Never 0. */
double random_laplace(random_stream *stream);
/* Gamma deviate of scale 1, shape > 0: density z^(shape−1)·e^−z/Γ(shape) (Marsaglia & Tsang 2000). 0 where below e^−700. */
double random_gamma(random_stream *stream, double shape);
/* Inverse of the standard normal distribution function, 0 < p < 1 (Wichura 1988, AS 241, PPND16: 16 digits). */
double random_normal_quantile(double p);

/* Permutation of 0 … count − 1 for an epoch of (layer, stage): Fisher–Yates. */
void random_permutation(uint64_t seed, uint32_t layer, uint32_t stage, uint32_t epoch, uint32_t count, uint32_t *out);

#endif
