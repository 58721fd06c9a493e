/* network.c: puts products, layers, loss and optimiser together into a step. */
#include "network.h"

#include "layer.h"

#include <stdlib.h>
#include <string.h>

/* ---- lists ---- */

/* Names of a set's lists; the first four exist for each layer. */
enum { LIST_FORWARD, LIST_TIMES, LIST_BACKWARD, LIST_TIMES_BACK, LISTS_PER_LAYER };

static uint32_t list_of_layer(uint32_t which, uint32_t layer)
{
	return (layer - 1) * LISTS_PER_LAYER + which;
}

static uint32_t list_all(uint32_t layers)
{
	return layers * LISTS_PER_LAYER;
}

static uint32_t list_w_b(uint32_t layers)
{
	return list_all(layers) + 1;
}

static uint32_t list_w_x(uint32_t layers)
{
	return list_all(layers) + 2;
}

clu_status network_lists_create(const arena *arena, list_set set, network_lists *lists, clu_error *error)
{
	const uint32_t layers = arena->shape.layers, lanes = arena->shape.lanes;
	*lists = (network_lists){.lanes_max = lanes, .layers = layers, .set = set};
	lists->entries = calloc((size_t)LISTS_PER_SET(layers) * lanes, sizeof *lists->entries);
	lists->counts = calloc(LISTS_PER_SET(layers), sizeof *lists->counts);
	if (lists->entries && lists->counts) return CLU_OK;
	network_lists_destroy(lists);
	return clu_fail(error, CLU_MEMORY, "no host memory for lists of %u lanes", lanes);
}

void network_lists_destroy(network_lists *lists)
{
	free(lists->entries);
	free(lists->counts);
	*lists = (network_lists){0};
}

static void append(network_lists *lists, uint32_t list, const lane_place *place)
{
	lists->entries[list * lists->lanes_max + lists->counts[list]++] = (lane_entry){place->slot, place->depth};
}

clu_status network_lists_set(const arena *arena, network_lists *lists, const lane_place *places, uint32_t count, clu_error *error)
{
	const uint32_t layers = lists->layers, total = LISTS_PER_SET(layers) * lists->lanes_max;
	memset(lists->counts, 0, LISTS_PER_SET(layers) * sizeof *lists->counts);
	for (uint32_t p = 0; p < count; p++) {
		const lane_place *place = &places[p];
		for (uint32_t layer = 1; layer <= place->depth; layer++) {
			append(lists, list_of_layer(LIST_FORWARD, layer), place);
			if (layer < place->depth) append(lists, list_of_layer(LIST_TIMES, layer), place);
			if (layer >= place->lowest) append(lists, list_of_layer(LIST_BACKWARD, layer), place);
			if (layer > place->lowest) append(lists, list_of_layer(LIST_TIMES_BACK, layer), place);
		}
		append(lists, list_all(layers), place);
		if (place->w_b) append(lists, list_w_b(layers), place);
		if (place->w_x) append(lists, list_w_x(layers), place);
	}
	return memory_write(arena->device, arena->buffer[ROLE_LISTS], (uint64_t)lists->set * total * sizeof *lists->entries,
	    total * sizeof *lists->entries, lists->entries, error);
}

static lane_list take(const arena *arena, const network_lists *lists, uint32_t list)
{
	const uint32_t begin = list * lists->lanes_max, before = lists->set * LISTS_PER_SET(lists->layers) * lists->lanes_max;
	return (lane_list){arena->buffer[ROLE_LISTS], before + begin, lists->counts[list], lists->entries + begin};
}

lane_list network_all(const arena *arena, const network_lists *lists)
{
	return take(arena, lists, list_all(lists->layers));
}

/* ---- a lane's architecture and weights ---- */

clu_status network_set_arch(const arena *arena, uint32_t slot, const clu_arch *arch, clu_error *error)
{
	cl_uint gates[CLU_LAYERS_MAX], neurons[CLU_LAYERS_MAX];
	float sides[CLU_LAYERS_MAX];
	for (uint32_t l = 0; l < arch->layers; l++) {
		gates[l] = clu_arch_origins(arch, l + 1);
		neurons[l] = arch->neuron[l];
		sides[l] = arch->side[l] ? 1.0f : 0.0f;
	}
	CLU_TRY(arena_write(arena, ROLE_GATES, slot, 0, arch->layers, gates, error));
	CLU_TRY(arena_write(arena, ROLE_NEURONS, slot, 0, arch->layers, neurons, error));
	return arena_write(arena, ROLE_SIDES, slot, 0, arch->layers, sides, error);
}

/* out [columns][rows] = in [rows][columns]; W_b and W_x lie transposed on the device. */
static void transpose(const float *in, size_t rows, size_t columns, float *out)
{
	for (size_t i = 0; i < rows; i++)
		for (size_t j = 0; j < columns; j++) out[j * rows + i] = in[i * columns + j];
}

static clu_status transpose_buffer(const arena *arena, float **buffer, clu_error *error)
{
	const size_t m = arena->shape.m, n = arena->shape.n;
	*buffer = malloc(n * (m > n ? m : n) * sizeof **buffer);
	return *buffer ? CLU_OK : clu_fail(error, CLU_MEMORY, "no host memory for weights of %zu×%zu", n, n);
}

clu_status network_set_weights(const arena *arena, uint32_t slot, const clu_model *model, clu_error *error)
{
	const uint32_t m = model->m, n = model->n, layers = model->arch.layers;
	const uint64_t base = slot * arena->weights_floats;
	const cl_mem weights = arena->buffer[ROLE_WEIGHTS];
	float scalars[CLU_LAYERS_MAX + CLU_LAYERS_MAX * CLU_LAYERS_MAX], *buffer;
	clu_status status = CLU_OK;
	memcpy(scalars, model->theta, layers * sizeof *scalars);
	for (uint32_t l = 0; l < layers; l++)
		for (uint32_t i = 0; i < layers; i++)
			scalars[layers + l * layers + i] = clu_arch_origins(&model->arch, l + 1) >> i & 1u ? model->coefficient[l][i] : 0.0f;
	CLU_TRY(transpose_buffer(arena, &buffer, error));
	transpose(model->w_b, n, m, buffer);
	CLU_GOTO(memory_write_rows(arena->device, weights, base, buffer, m, n, arena->ld_n, error));
	transpose(model->w_x, n, n, buffer);
	CLU_GOTO(memory_write_rows(arena->device, weights, base + arena->w_xt_at, buffer, n, n, arena->ld_n, error));
	CLU_GOTO(arena_write(arena, ROLE_WEIGHTS, slot, arena->scalars_at, arena_scalars(layers), scalars, error));
	CLU_GOTO(weights_transpose(arena, slot, error));
cleanup:
	free(buffer);
	return status;
}

clu_status network_get_weights(const arena *arena, uint32_t slot, clu_model *model, clu_error *error)
{
	const uint32_t m = model->m, n = model->n, layers = model->arch.layers;
	const uint64_t base = slot * arena->weights_floats;
	const cl_mem weights = arena->buffer[ROLE_WEIGHTS];
	float scalars[CLU_LAYERS_MAX + CLU_LAYERS_MAX * CLU_LAYERS_MAX], *buffer;
	clu_status status = CLU_OK;
	CLU_TRY(transpose_buffer(arena, &buffer, error));
	CLU_GOTO(memory_read_rows(arena->device, weights, base, buffer, m, n, arena->ld_n, error));
	transpose(buffer, m, n, model->w_b);
	CLU_GOTO(memory_read_rows(arena->device, weights, base + arena->w_xt_at, buffer, n, n, arena->ld_n, error));
	transpose(buffer, n, n, model->w_x);
	CLU_GOTO(arena_read(arena, ROLE_WEIGHTS, slot, arena->scalars_at, arena_scalars(layers), scalars, error));
	memcpy(model->theta, scalars, layers * sizeof *scalars);
	for (uint32_t l = 0; l < layers; l++) memcpy(model->coefficient[l], scalars + layers + l * layers, layers * sizeof *scalars);
cleanup:
	free(buffer);
	return status;
}

/* ---- the passes ---- */

static matrix layer_matrix(const arena *arena, arena_role role, uint32_t layer)
{
	return arena_matrix(arena, role, (layer - 1) * arena->plane, arena->ld_n);
}

/* The lists by row that layer_forward and layer_backward made of a layer's x or dv. */
static nonzeros layer_nonzeros(const arena *arena, arena_role columns, arena_role counts, uint32_t layer)
{
	if (!arena->sparse) return (nonzeros){0};
	return (nonzeros){.columns = arena->buffer[columns],
	    .counts = arena->buffer[counts],
	    .counts_at = (uint64_t)(layer - 1) * arena->shape.batch,
	    .counts_stride = (uint64_t)arena->shape.layers * arena->shape.batch};
}

/* The products with the samples of the batch as rows of A. */
static product batch_product(const arena *arena, clu_product which, uint32_t layer)
{
	const arena_shape *shape = &arena->shape;
	product p = {.kind = PRODUCT_TIMES, .rows = shape->batch, .columns = shape->n, .inner = shape->n};
	switch (which) {
	case CLU_PRODUCT_SIDE:
		p.inner = shape->m;
		p.a = arena_matrix(arena, ROLE_B, 0, arena->ld_m);
		p.b = arena_matrix(arena, ROLE_WEIGHTS, 0, arena->ld_n);
		p.c = arena_matrix(arena, ROLE_U, 0, arena->ld_n);
		break;
	case CLU_PRODUCT_FORWARD:
		p.a = layer_matrix(arena, ROLE_CODES, layer);
		p.b = arena_matrix(arena, ROLE_WEIGHTS, arena->w_xt_at, arena->ld_n);
		p.c = layer_matrix(arena, ROLE_Y, layer);
		p.sparse = layer_nonzeros(arena, ROLE_CODE_COLUMNS, ROLE_CODE_COUNTS, layer);
		break;
	default:
		p.a = layer_matrix(arena, ROLE_DV, layer);
		p.b = arena_matrix(arena, ROLE_TRANSPOSED, 0, arena->ld_n);
		p.c = layer_matrix(arena, ROLE_H, layer);
		p.sparse = layer_nonzeros(arena, ROLE_DV_COLUMNS, ROLE_DV_COUNTS, layer);
	}
	return p;
}

/* dW_bᵀ = bᵀ dU and dW_xᵀ = Σ_i x_iᵀ dY_i, one product with the layers stacked. */
static product gradient_product(const arena *arena, clu_product which)
{
	const arena_shape *shape = &arena->shape;
	product p = {.kind = PRODUCT_GRADIENT, .columns = shape->n, .inner = shape->batch};
	if (which == CLU_PRODUCT_GRADIENT_B) {
		p.rows = shape->m;
		p.a = arena_matrix(arena, ROLE_B, 0, arena->ld_m);
		p.b = arena_matrix(arena, ROLE_DU, 0, arena->ld_n);
		p.c = arena_matrix(arena, ROLE_GRADIENTS, 0, arena->ld_n);
		return p;
	}
	p.stacking = INNER_STACKED;
	p.rows = shape->n;
	p.a = layer_matrix(arena, ROLE_CODES, 1);
	p.b = layer_matrix(arena, ROLE_DY, 1);
	p.c = arena_matrix(arena, ROLE_GRADIENTS, arena->w_xt_at, arena->ld_n);
	p.sparse = layer_nonzeros(arena, ROLE_CODE_COLUMNS, ROLE_CODE_COUNTS, 1);
	p.sparse.by_column = arena->buffer[ROLE_NONZEROS];
	p.sparse.by_column_counts = arena->buffer[ROLE_NONZERO_COUNTS];
	p.sparse.by_column_ld = arena->nonzeros_ld;
	return p;
}

static uint32_t list_of_product(uint32_t layers, clu_product which, uint32_t layer)
{
	switch (which) {
	case CLU_PRODUCT_FORWARD: return list_of_layer(LIST_TIMES, layer);
	case CLU_PRODUCT_BACKWARD: return list_of_layer(LIST_TIMES_BACK, layer);
	case CLU_PRODUCT_GRADIENT_B: return list_w_b(layers);
	case CLU_PRODUCT_GRADIENT_X: return list_w_x(layers);
	default: return list_all(layers);
	}
}

clu_status network_product(const arena *arena, const network_lists *lists, clu_product which, uint32_t layer, clu_error *error)
{
	const lane_list list = take(arena, lists, list_of_product(lists->layers, which, layer));
	const bool gradient = which == CLU_PRODUCT_GRADIENT_B || which == CLU_PRODUCT_GRADIENT_X;
	const product p = gradient ? gradient_product(arena, which) : batch_product(arena, which, layer);
	return product_enqueue(arena->device, &p, &list, error);
}

clu_status network_forward(const arena *arena, const network_lists *lists, clu_error *error)
{
	CLU_TRY(network_product(arena, lists, CLU_PRODUCT_SIDE, 0, error));
	for (uint32_t layer = 1; layer <= lists->layers; layer++) {
		const lane_list layer_list = take(arena, lists, list_of_layer(LIST_FORWARD, layer));
		CLU_TRY(layer_forward(arena, layer, &layer_list, error));
		CLU_TRY(network_product(arena, lists, CLU_PRODUCT_FORWARD, layer, error));
	}
	return CLU_OK;
}

clu_status network_backward(const arena *arena, const network_lists *lists, clu_error *error)
{
	for (uint32_t layer = lists->layers; layer >= 1; layer--) {
		const lane_list layer_list = take(arena, lists, list_of_layer(LIST_BACKWARD, layer));
		CLU_TRY(layer_backward(arena, layer, &layer_list, error));
		CLU_TRY(network_product(arena, lists, CLU_PRODUCT_BACKWARD, layer, error));
	}
	CLU_TRY(network_product(arena, lists, CLU_PRODUCT_GRADIENT_B, 0, error));
	return network_product(arena, lists, CLU_PRODUCT_GRADIENT_X, 0, error);
}

clu_status network_step(
    const arena *arena, const network_lists *lists, const device_samples *samples, uint32_t step, clu_error *error)
{
	const lane_list all = network_all(arena, lists);
	const lane_list w_b_list = take(arena, lists, list_w_b(lists->layers)), w_x_list = take(arena, lists, list_w_x(lists->layers));
	CLU_TRY(gather_training(arena, &all, samples, step, error));
	CLU_TRY(network_forward(arena, lists, error));
	CLU_TRY(loss_backward(arena, &all, samples, step, error));
	CLU_TRY(network_backward(arena, lists, error));
	CLU_TRY(adam_matrix(arena, WEIGHT_B, &w_b_list, step, error));
	CLU_TRY(adam_matrix(arena, WEIGHT_X, &w_x_list, step, error));
	return adam_scalars(arena, &all, step, error);
}

clu_status network_evaluate(
    const arena *arena, const network_lists *lists, const device_samples *samples, clu_nmse *nmse, clu_error *error)
{
	const lane_list all = network_all(arena, lists);
	for (uint32_t first = 0; first < samples->count; first += arena->shape.batch) {
		CLU_TRY(gather_evaluation(arena, &all, samples, first, error));
		CLU_TRY(network_forward(arena, lists, error));
		CLU_TRY(nmse_batch(arena, &all, samples, first, error));
	}
	return nmse_total(arena, &all, samples->count, nmse, error);
}
