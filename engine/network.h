/* network.h: the network family forward and backward for many lanes at once, arranged as products, layers and updates
 * (multiply first, then mix, both ways). Gates, neurons, depth and what is trained are data of each lane. */
#ifndef CLU_NETWORK_H
#define CLU_NETWORK_H

#include "adam.h"
#include "loss.h"

/* Where a lane is in its training: what a step of it has to compute. */
typedef struct lane_place {
	uint32_t slot;
	uint32_t depth;  /* layers of the network now */
	uint32_t lowest; /* lowest layer that the backward pass must reach: 1 where a matrix is trained */
	bool w_b, w_x;   /* whether these matrices are trained now */
	bool clip;       /* whether the gradient is clipped */
} lane_place;

/* For each launch of a step, the lanes that take part. Made from places, kept on the device. */
typedef struct network_lists {
	uint32_t lanes_max, layers;
	lane_entry *entries; /* [LISTS_PER_SET][lanes_max] */
	uint32_t *counts;    /* [LISTS_PER_SET] */
	uint32_t set;        /* which of the arena's LIST_SETS */
} network_lists;

typedef enum list_set { LIST_SET_TRAIN, LIST_SET_EVALUATE } list_set;

clu_status network_lists_create(const arena *arena, list_set set, network_lists *lists, clu_error *error);
void network_lists_destroy(network_lists *lists);
/* places: ascending by slot. Writes the lists to the device; waits. */
clu_status network_lists_set(const arena *arena, network_lists *lists, const lane_place *places, uint32_t count, clu_error *error);
/* All lanes of the places. */
lane_list network_all(const arena *arena, const network_lists *lists);

/* Writes a lane's gates, neurons, with the entries that each layer selects, and side connections. */
clu_status network_set_arch(
    const arena *arena, uint32_t slot, const clu_arch *arch, const uint32_t selected[CLU_LAYERS_MAX], clu_error *error);
/* A lane's weights from and to a model's unpadded ones; the model has the lane's m, n and layers. Coefficients where the model's
 * architecture has no connection become 0. Waits. */
clu_status network_set_weights(const arena *arena, uint32_t slot, const clu_model *model, clu_error *error);
clu_status network_get_weights(const arena *arena, uint32_t slot, clu_model *model, clu_error *error);

/* The layers above `trained` start, up to `last`: what has to be taken over from it, which several at once do with its θ, one alone
 * only where it repeats the layer. trained: from 1. Waits. */
clu_status network_begin_layers(
    const arena *arena, uint32_t slot, clu_start start, uint32_t trained, uint32_t last, clu_error *error);

/* One of a step's products, for the lanes that have it; layer: of Y and H, from 1. Its operands are what the passes left. */
clu_status network_product(const arena *arena, const network_lists *lists, clu_product which, uint32_t layer, clu_error *error);
/* From measurements to codes (ROLE_B, ROLE_CODES) of every lane's depth. */
clu_status network_forward(const arena *arena, const network_lists *lists, clu_error *error);
/* From TOP to DV and PARTIALS and, where these are not mixed later, DY and DU. */
clu_status network_backward(const arena *arena, const network_lists *lists, clu_error *error);
/* From there to GRADIENTS. */
clu_status network_matrix_gradients(const arena *arena, const network_lists *lists, clu_error *error);
/* A batch of the samples both ways: to CODES, and back to DV and PARTIALS. */
clu_status network_pass(
    const arena *arena, const network_lists *lists, const device_samples *samples, uint32_t step, clu_error *error);
/* A whole optimiser step: gather, forward, loss, backward, Adam; nothing is waited for. */
clu_status network_step(
    const arena *arena, const network_lists *lists, const device_samples *samples, uint32_t step, clu_error *error);
/* NMSE of every lane on a data set: nmse[k] belongs to place k. Waits. */
clu_status network_evaluate(
    const arena *arena, const network_lists *lists, const device_samples *samples, clu_nmse *nmse, clu_error *error);

#endif
