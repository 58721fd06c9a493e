/* support_network.h: what the tests of the engine's core share: one device for all tests of a program, networks with random
 * weights, their double-precision references, small data sets, and comparisons of what lies in an arena.
 *
 * Everything random is keyed by a seed. Functions fail the running test where they cannot do what they are asked for. */
#ifndef SUPPORT_NETWORK_H
#define SUPPORT_NETWORK_H

#include "support.h"

#include "network.h"
#include "reference.h"

/* Group set-up and tear-down for cmocka: *state is the device under test, opened with its default plan. */
int support_group_open(void **state);
int support_group_close(void **state);

/* The same with two devices, for what is computed in another way where work-items share a row. */
typedef struct support_pair {
	clu_device *single, *grouped; /* default plan; plan of a GPU (small groups where a driver is slow) */
} support_pair;
int support_pair_open(void **state);
int support_pair_close(void **state);

/* The architecture that the text names; its number of layers follows from the text. */
clu_arch support_arch(const char *text);
/* A network of random weights that neither kill nor blow up its layers' outputs; thresholds from −0.05 to 0.25; what selects keeps
 * an eighth to three of the entries, or in every fourth layer none. */
clu_model *support_model_create(const char *arch, uint32_t m, uint32_t n, uint64_t seed);
/* The reference of the first `depth` layers of a model; b and truth are zero. */
reference *support_reference_create(const clu_model *model, uint32_t rows, uint32_t depth);
/* to[i] = from[i]. */
void support_widen(double *to, const float *from, size_t count);
/* How far magnitudes of a row may move before others are selected; INFINITY where that never happens. */
double support_selection_gap(const double *v, uint32_t n, uint32_t selected, double theta);
/* Smallest distance of any v, after reference_forward, from where its neuron has a kink: there derivatives of a computation with
 * other rounding may differ by all they are. */
double support_kink_distance(const reference *reference);

/* A list of lanes on the device; its buffer is the caller's to release. entries must outlive it. */
lane_list support_list_create(clu_device *device, const lane_entry *entries, uint32_t count);
/* A lane's architecture and weights from a model. */
void support_lane_load(const arena *arena, uint32_t slot, const clu_model *model);

/* A generated data set. */
clu_data *support_data_create(uint32_t m, uint32_t n, size_t train, size_t validation, size_t test, uint64_t seed);

/* Rows of a role's part of a lane that begin `at` values into it: [rows][columns] out of [rows][ld]; all that lies beyond
 * `columns` must be +0. The caller frees them. */
float *support_rows(const arena *arena, arena_role role, uint32_t slot, uint64_t at, uint32_t rows, uint32_t ld, uint32_t columns);
/* Writes [rows][columns] to where support_rows reads it, padding zeroed. */
void support_rows_write(const arena *arena, arena_role role, uint32_t slot, uint64_t at, uint32_t rows, uint32_t ld,
    uint32_t columns, const float *values);
/* Rows row0 … of a matrix of n columns that products read as B, [rows][n]; its padding must be zero. The caller frees them. */
float *support_operand(const arena *arena, matrix operand, uint32_t slot, uint32_t row0, uint32_t rows);
/* The parts for W_b [n][m] and W_x [n][n] of a role that is laid out as the weights are: WEIGHTS, FIRST, SECOND, GRADIENTS.
 * Either may be NULL. */
void support_matrices_read(const arena *arena, arena_role role, uint32_t slot, float *w_b, float *w_x);
void support_matrices_write(const arena *arena, arena_role role, uint32_t slot, const float *w_b, const float *w_x);
/* Fills a lane's whole part of a role with a number. */
void support_role_fill(const arena *arena, arena_role role, uint32_t slot, float value);
/* Fails unless all of a lane's part of a role has the bits of that number. */
void support_role_untouched(const arena *arena, arena_role role, uint32_t slot, float value);

#endif
