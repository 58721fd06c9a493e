/* generate.h: dictionaries, codes, measurements and noise of the experiment, bit-identical on every host.
 *
 * Knows no files and no sets of data as a whole: data.c puts those together. Matrices are row-major float32. Every sample has
 * streams of its own, keyed by (seed, set, sample): to change that is to change all data there is. */
#ifndef CLU_GENERATE_H
#define CLU_GENERATE_H

#include "clunroll.h"

/* Sets are disjoint streams: what is in one does not depend on the size of another. Numbers are part of the data. */
typedef enum generate_set { GENERATE_TRAIN = 0, GENERATE_VALIDATION = 1, GENERATE_TEST = 2 } generate_set;

/* D [m][n]: columns of normal deviates, scaled to unit norm in double, then rounded. */
void generate_dictionary(uint64_t seed, uint32_t m, uint32_t n, float *dictionary);

/* Codes x [count][n] of a set: sample i is the same whatever count is. Entries are nonzero with probability `density`, then
 * N(0, 1); a sample without any is drawn again. density·n should not be far below 1. */
void generate_codes(uint64_t seed, generate_set set, double density, size_t count, uint32_t n, float *x);

/* b [count][m] = D x, float32 sums in ascending order of the column; where snr_db is finite plus noise of
 * σ = std(D x)·10^(−snr_db/20), std over the m entries of a sample with the mean removed. The noise of sample i depends on
 * (seed, set, i) alone: another SNR scales the same deviates. CLU_MEMORY. */
clu_status generate_measurements(const float *dictionary, uint32_t m, uint32_t n, const float *x, size_t count, uint64_t seed,
    generate_set set, double snr_db, float *b, clu_error *error);

/* L = 1.001·‖D‖₂² by power iteration of fixed length from a fixed start; 0 for D = 0. CLU_MEMORY. */
clu_status generate_lipschitz(const float *dictionary, uint32_t m, uint32_t n, double *lipschitz, clu_error *error);

#endif
