/* arena.h: all device memory of a set of lanes: one buffer for each role, each lane's part in it at slot·(floats of the role).
 * arena.c's table is the one place that says what a lane costs; the ops (layer, loss, adam) find their operands here. */
#ifndef CLU_ARENA_H
#define CLU_ARENA_H

#include "memory.h"
#include "product.h"

typedef enum arena_purpose { ARENA_APPLY, ARENA_TRAIN } arena_purpose;

typedef struct arena_shape {
	uint32_t m, n, layers, batch, lanes;
	arena_purpose purpose;
	uint32_t burst;      /* steps whose data are on the device at a time */
	uint32_t order;      /* samples in an epoch's permutation */
	uint32_t evaluation; /* samples of the larger evaluation set */
} arena_shape;

/* X(NAME, what it is called in errors, needed for training only). Layouts: see the kernels. */
#define ROLE_MAP(X) \
	X(LISTS, "lists of lanes", false) \
	X(GATES, "gates", false) \
	X(NEURONS, "neurons", false) \
	X(SIDES, "side connections", false) \
	X(WEIGHTS, "weights", false) \
	X(TRANSPOSED, "weights for the backward products", false) \
	X(B, "batches", false) \
	X(U, "side products", false) \
	X(CODES, "layer outputs", false) \
	X(Y, "products", false) \
	X(CUTOFFS, "cutoffs of the selected entries", false) \
	X(CODE_ENTRIES, "lists of nonzero outputs", false) \
	X(CODE_STARTS, "starts of the lists of outputs", false) \
	X(REACH, "lowest layers", true) \
	X(MULTIPLIERS, "gradient multipliers", true) \
	X(SPREADS, "coefficient spreads", true) \
	X(HYPER, "optimiser constants", true) \
	X(FIRST, "first moments", true) \
	X(SECOND, "second moments", true) \
	X(GRADIENTS, "weight gradients", true) \
	X(BEST, "best weights", true) \
	X(DV, "neuron gradients", true) \
	X(DV_ENTRIES, "lists of nonzero gradients", true) \
	X(DV_STARTS, "starts of the lists of gradients", true) \
	X(COLUMN_ENTRIES, "lists of nonzero outputs by column", true) \
	X(COLUMN_STARTS, "starts of the lists by column", true) \
	X(DY, "product gradients, or room to mix them and the side ones", true) \
	X(DU, "side gradients", true) \
	X(TOP, "loss gradients", true) \
	X(PARTIALS, "partial sums", true) \
	X(NORMS, "gradient norms", true) \
	X(FACTORS, "gradient factors", true) \
	X(STEPS, "step data", true) \
	X(ORDER, "permutations", true) \
	X(ERRORS, "sample errors", true) \
	X(PARTS, "error sums", true) \
	X(SUMS, "error totals", true) \
	X(FLAGS, "flags", true)

typedef enum arena_role {
#define ROLE_ENUM(name, text, training) ROLE_##name,
	ROLE_MAP(ROLE_ENUM)
#undef ROLE_ENUM
	    ROLE_COUNT
} arena_role;

typedef struct arena {
	clu_device *device;
	arena_shape shape;
	uint32_t ld_m, ld_n;                          /* leading dimensions */
	uint32_t blocks;                              /* row blocks of a batch */
	bool listed;                                  /* whether tiled products skip zeros, and have room for their lists */
	bool sparse;                                  /* whether products skip zeros, and lists of nonzeros are kept */
	bool panels;                                  /* whether matrices read as B lie in panels (common.cl) */
	bool passes;                                  /* whether passes are one launch: there is no dU then, and parts of dY alone */
	uint64_t mixing;                              /* floats of such parts */
	uint64_t plane, spaced;                       /* floats of [batch][ld_n]; the same with a gap to the next layer's */
	uint64_t w_xt_at, scalars_at, weights_floats; /* in a lane's weights: W_bᵀ of m rows, W_xᵀ of n rows, θ, a */
	uint64_t transposed_floats;                   /* W_x of n rows, kept beside it for the backward products */
	uint32_t starts_ld;                           /* numbers of a row of a list's starts */
	uint32_t list_ld;                             /* room of a list by row: LIST_LD of cl/common.cl */
	uint64_t by_column_ld;                        /* room of a list by column */
	uint64_t by_column_starts;                    /* numbers of the starts of those lists */
	uint32_t *whole_rows; /* [lanes], the host's: a bit for each layer, lowest first, whose neurons need a whole row (network.c) */
	cl_mem buffer[ROLE_COUNT];
} arena;

/* 4-byte values of a lane's step_data (loss.h). */
#define STEP_VALUES 5u

/* Lists a network keeps for training and, apart from them, for evaluation: see network.h. */
#define LISTS_PER_SET(layers) (4u * (layers) + 4u)
#define LIST_SETS 2u

uint32_t arena_ld(uint32_t columns);
uint32_t arena_scalars(uint32_t layers); /* number of θ and a */
/* Device bytes of one lane, and the largest single buffer of `shape.lanes` lanes. From shape and plan alone. */
uint64_t arena_lane_bytes(const arena_shape *shape, const clu_plan *plan);
uint64_t arena_largest_bytes(const arena_shape *shape, const clu_plan *plan);
clu_status arena_create(clu_device *device, const arena_shape *shape, arena *arena, clu_error *error);
void arena_destroy(arena *arena); /* fine on a zeroed or half-created one */

/* The same buffers laid out for a smaller batch, of arenas of one lane. Nothing to destroy. */
arena arena_narrow(const arena *wide, uint32_t batch);

/* The matrix of a role, `at` floats into each lane's part: row-major, or one of `rows` rows of n columns in
 * panels where the plan has them. */
matrix arena_matrix(const arena *arena, arena_role role, uint64_t at, uint32_t ld);
matrix arena_operand(const arena *arena, arena_role role, uint64_t at, uint32_t rows);
matrix arena_w_b(const arena *arena, arena_role role); /* W_bᵀ and W_xᵀ in a role laid out as the weights are */
matrix arena_w_x(const arena *arena, arena_role role);
matrix arena_dy(const arena *arena); /* no matrix where a pass is one launch */
/* Rows row0 … of such an operand to and from [rows][n] on the host. Blocking. */
clu_status arena_write_operand(
    const arena *arena, matrix operand, uint32_t slot, uint32_t row0, uint32_t rows, const float *values, clu_error *error);
clu_status arena_read_operand(
    const arena *arena, matrix operand, uint32_t slot, uint32_t row0, uint32_t rows, float *values, clu_error *error);
/* Writes into or reads from one lane's part of a role: `count` 4-byte values at value `at`. Blocking. */
clu_status arena_write(
    const arena *arena, arena_role role, uint32_t slot, uint64_t at, uint64_t count, const void *values, clu_error *error);
clu_status arena_read(
    const arena *arena, arena_role role, uint32_t slot, uint64_t at, uint64_t count, void *values, clu_error *error);
/* All of a role, of all lanes: read into values, or zeroed. */
clu_status arena_read_lanes(const arena *arena, arena_role role, void *values, clu_error *error);
clu_status arena_zero_lanes(const arena *arena, arena_role role, clu_error *error);
/* A lane's whole part: zeroed, or copied to the same lane's part of another role of the same size. Enqueued. */
clu_status arena_zero(const arena *arena, arena_role role, uint32_t slot, clu_error *error);
clu_status arena_copy(const arena *arena, arena_role from, arena_role to, uint32_t slot, clu_error *error);

#endif
