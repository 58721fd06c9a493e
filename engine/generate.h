/* generate.h: dictionaries, codes, measurements and noise of the experiments, bit-identical on every host.
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
/* D = U·V of normal deviates, U [m][rank], V [rank][n], then columns of unit norm. CLU_MEMORY. */
clu_status generate_low_rank(uint64_t seed, uint32_t m, uint32_t n, uint32_t rank, float *dictionary, clu_error *error);
/* perturbed [m][n] = D + Δ, entries of Δ Laplace of that scale, and each column scaled back to the norm that it has in D. */
void generate_perturbed(uint64_t seed, double scale, uint32_t m, uint32_t n, const float *dictionary, float *perturbed);

/* Codes x [count][n] of a set: sample i is the same whatever count is. Entries are nonzero with probability `density`, then
 * N(0, 1); a sample without any is drawn again. density·n should not be far below 1. */
void generate_codes(uint64_t seed, generate_set set, double density, size_t count, uint32_t n, float *x);
/* The same with entries that are all drawn from Gamma(shape, scale): none negative, few large, most small. What is below the
 * smallest normal float32 is 0, since devices may take it for that. */
void generate_gamma_codes(uint64_t seed, generate_set set, double shape, double scale, size_t count, uint32_t n, float *x);

/* b [count][m] = D x, float32 sums in ascending order of the column; where snr_db is finite plus noise of
 * σ = std(D x)·10^(−snr_db/20), std over the m entries of a sample with the mean removed. The noise of sample i depends on
 * (seed, set, i) alone: another SNR scales the same deviates. CLU_MEMORY. */
clu_status generate_measurements(const float *dictionary, uint32_t m, uint32_t n, const float *x, size_t count, uint64_t seed,
    generate_set set, double snr_db, float *b, clu_error *error);

/* Replaces each entry of b [count][m] with probability `share` by ±max|b| of its sample, half each. Whether and how depends on
 * (seed, set, sample, entry) alone: a larger share replaces these and more. */
void generate_salt_pepper(uint64_t seed, generate_set set, double share, size_t count, uint32_t m, float *b);

/* Root mean square of the lengths of columns that are not zero; 1 where it is that within a thousandth, and where all are zero. */
double generate_gain(const float *dictionary, uint32_t m, uint32_t n);
/* L = 1.001·‖D‖₂² by power iteration of fixed length from a fixed start; 0 for D = 0. CLU_MEMORY. */
clu_status generate_lipschitz(const float *dictionary, uint32_t m, uint32_t n, double *lipschitz, clu_error *error);

#endif
