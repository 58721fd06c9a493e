/* network.c: puts products, layers, loss and optimiser together into a step. */
#include "network.h"

#include "epilogue.h"
#include "layer.h"
#include "pass.h"

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

static uint32_t list_clip(uint32_t layers)
{
	return list_all(layers) + 3;
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
		if (place->clip) append(lists, list_clip(layers), place);
	}
	const bool wanted = lists->set == LIST_SET_TRAIN && arena->device->plan.group == 1;
	for (uint32_t p = 0; p < count && wanted; p++) {
		const cl_uint lowest = places[p].lowest;
		CLU_TRY(arena_write(arena, ROLE_REACH, places[p].slot, 0, 1, &lowest, error));
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

/* Whether a neuron's outputs follow from one entry each: those alone can be computed where only a part of a row is at hand. */
static bool neuron_is_elementwise(uint32_t kind)
{
	return kind != CLU_NEURON_SELECT;
}

clu_status network_set_arch(
    const arena *arena, uint32_t slot, const clu_arch *arch, const uint32_t selected[CLU_LAYERS_MAX], clu_error *error)
{
	cl_uint gates[CLU_LAYERS_MAX], neurons[CLU_LAYERS_MAX][2];
	float sides[CLU_LAYERS_MAX];
	arena->whole_rows[slot] = 0;
	for (uint32_t l = 0; l < arch->layers; l++) {
		gates[l] = clu_arch_origins(arch, l + 1);
		neurons[l][0] = arch->neuron[l];
		neurons[l][1] = selected[l];
		if (!neuron_is_elementwise(arch->neuron[l])) arena->whole_rows[slot] |= 1u << l;
		sides[l] = arch->side[l] ? 1.0f : 0.0f;
	}
	CLU_TRY(arena_write(arena, ROLE_GATES, slot, 0, arch->layers, gates, error));
	CLU_TRY(arena_write(arena, ROLE_NEURONS, slot, 0, 2u * arch->layers, neurons, error));
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
	float scalars[CLU_LAYERS_MAX + CLU_LAYERS_MAX * CLU_LAYERS_MAX], *buffer;
	clu_status status = CLU_OK;
	memcpy(scalars, model->theta, layers * sizeof *scalars);
	for (uint32_t l = 0; l < layers; l++)
		for (uint32_t i = 0; i < layers; i++)
			scalars[layers + l * layers + i] = clu_arch_origins(&model->arch, l + 1) >> i & 1u ? model->coefficient[l][i] : 0.0f;
	CLU_TRY(transpose_buffer(arena, &buffer, error));
	transpose(model->w_b, n, m, buffer);
	CLU_GOTO(arena_write_operand(arena, arena_w_b(arena, ROLE_WEIGHTS), slot, 0, m, buffer, error));
	transpose(model->w_x, n, n, buffer);
	CLU_GOTO(arena_write_operand(arena, arena_w_x(arena, ROLE_WEIGHTS), slot, 0, n, buffer, error));
	CLU_GOTO(arena_write(arena, ROLE_WEIGHTS, slot, arena->scalars_at, arena_scalars(layers), scalars, error));
	CLU_GOTO(weights_transpose(arena, slot, error));
cleanup:
	free(buffer);
	return status;
}

clu_status network_get_weights(const arena *arena, uint32_t slot, clu_model *model, clu_error *error)
{
	const uint32_t m = model->m, n = model->n, layers = model->arch.layers;
	float scalars[CLU_LAYERS_MAX + CLU_LAYERS_MAX * CLU_LAYERS_MAX], *buffer;
	clu_status status = CLU_OK;
	CLU_TRY(transpose_buffer(arena, &buffer, error));
	CLU_GOTO(arena_read_operand(arena, arena_w_b(arena, ROLE_WEIGHTS), slot, 0, m, buffer, error));
	transpose(buffer, m, n, model->w_b);
	CLU_GOTO(arena_read_operand(arena, arena_w_x(arena, ROLE_WEIGHTS), slot, 0, n, buffer, error));
	transpose(buffer, n, n, model->w_x);
	CLU_GOTO(arena_read(arena, ROLE_WEIGHTS, slot, arena->scalars_at, arena_scalars(layers), scalars, error));
	memcpy(model->theta, scalars, layers * sizeof *scalars);
	for (uint32_t l = 0; l < layers; l++) memcpy(model->coefficient[l], scalars + layers + l * layers, layers * sizeof *scalars);
cleanup:
	free(buffer);
	return status;
}

clu_status network_begin_layers(
    const arena *arena, uint32_t slot, clu_start start, uint32_t trained, uint32_t last, clu_error *error)
{
	const uint32_t layers = arena->shape.layers, count = arena_scalars(layers);
	const bool repeat = start == CLU_START_REPEAT;
	float scalars[CLU_LAYERS_MAX + CLU_LAYERS_MAX * CLU_LAYERS_MAX], *coefficient = scalars + layers, sum = 0;
	if (last <= trained || (last == trained + 1 && !repeat)) return CLU_OK;
	CLU_TRY(arena_read(arena, ROLE_WEIGHTS, slot, arena->scalars_at, count, scalars, error));
	for (uint32_t i = 0; i < trained; i++) sum += coefficient[(trained - 1) * layers + i];
	for (uint32_t l = trained; l < last; l++) {
		scalars[l] = scalars[trained - 1];
		if (repeat && trained > 1) coefficient[l * layers + l - 1] = sum; /* layer 1 has none */
	}
	return arena_write(arena, ROLE_WEIGHTS, slot, arena->scalars_at, count, scalars, error);
}

/* ---- products ---- */

static matrix layer_matrix(const arena *arena, arena_role role, uint64_t spaced, uint32_t layer)
{
	return arena_matrix(arena, role, (layer - 1) * spaced, arena->ld_n);
}

/* The lists that layer_forward made of the x, or layer_backward of the dv, that it wrote last; for tiled products, which make lists
 * of their A themselves, the room for those. */
static nonzeros row_nonzeros(const arena *arena, arena_role entries, arena_role starts)
{
	const uint64_t rows = arena->shape.batch;
	const uint32_t starts_ld = arena->listed ? 1 : arena->starts_ld;
	if (!arena->listed && !arena->sparse) return (nonzeros){0};
	return (nonzeros){.entries = arena->buffer[entries],
	    .starts = arena->buffer[starts],
	    .entries_stride = rows * arena->list_ld,
	    .entries_ld = arena->list_ld,
	    .starts_stride = rows * starts_ld,
	    .starts_ld = starts_ld};
}

static nonzeros code_nonzeros(const arena *arena)
{
	return row_nonzeros(arena, ROLE_CODE_ENTRIES, ROLE_CODE_STARTS);
}

static nonzeros dv_nonzeros(const arena *arena)
{
	if (arena->listed) return code_nonzeros(arena);
	return row_nonzeros(arena, ROLE_DV_ENTRIES, ROLE_DV_STARTS);
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
		p.b = arena_w_b(arena, ROLE_WEIGHTS);
		p.c = arena_matrix(arena, ROLE_U, 0, arena->ld_n);
		break;
	case CLU_PRODUCT_FORWARD:
		p.a = layer_matrix(arena, ROLE_CODES, arena->plane, layer);
		p.b = arena_w_x(arena, ROLE_WEIGHTS);
		p.c = layer_matrix(arena, ROLE_Y, arena->spaced, layer);
		p.sparse = code_nonzeros(arena);
		break;
	default:
		p.a = layer_matrix(arena, ROLE_DV, arena->spaced, layer);
		p.b = arena_operand(arena, ROLE_TRANSPOSED, 0, shape->n);
		p.c = layer_matrix(arena, ROLE_Y, arena->spaced, layer) /* H_L */;
		p.sparse = dv_nonzeros(arena);
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
		p.c = arena_w_b(arena, ROLE_GRADIENTS);
		return p;
	}
	p.stacking = INNER_STACKED;
	p.rows = shape->n;
	p.a = layer_matrix(arena, ROLE_CODES, arena->plane, 1);
	p.b = arena_dy(arena);
	p.c = arena_w_x(arena, ROLE_GRADIENTS);
	p.sparse = code_nonzeros(arena);
	p.sparse.by_column = arena->buffer[ROLE_COLUMN_ENTRIES];
	p.sparse.by_column_starts = arena->buffer[ROLE_COLUMN_STARTS];
	p.sparse.by_column_ld = arena->by_column_ld;
	p.sparse.by_column_starts_stride = arena->by_column_starts;
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

static clu_status gradients_after_passes(const arena *arena, gradient_set set, const lane_list *list, clu_error *error)
{
	const product x = gradient_product(arena, CLU_PRODUCT_GRADIENT_X);
	return pass_gradients(arena, set, &x, list, error);
}

clu_status network_product(const arena *arena, const network_lists *lists, clu_product which, uint32_t layer, clu_error *error)
{
	const lane_list list = take(arena, lists, list_of_product(lists->layers, which, layer));
	const bool gradient = which == CLU_PRODUCT_GRADIENT_B || which == CLU_PRODUCT_GRADIENT_X;
	if (gradient && arena->passes)
		return gradients_after_passes(arena, which == CLU_PRODUCT_GRADIENT_B ? GRADIENT_OF_W_B : GRADIENT_OF_W_X, &list, error);
	const product p = gradient ? gradient_product(arena, which) : batch_product(arena, which, layer);
	return product_enqueue(arena->device, &p, &list, error);
}

/* ---- the passes: one launch, or one for each layer and product ---- */

/* Whether a layer can be computed in its product's launch, for all lanes of the list. */
static bool in_epilogue(const arena *arena, uint32_t layer, const lane_list *list)
{
	uint32_t whole_rows = 0;
	for (uint32_t e = 0; e < list->count; e++) whole_rows |= arena->whole_rows[list->entries[e].slot];
	return program_epilogue(&arena->device->plan) && !(whole_rows >> (layer - 1) & 1u);
}

static clu_status forward_in_epilogue(const arena *arena, uint32_t layer, const lane_list *list, clu_error *error)
{
	if (layer > 1 && arena->listed) {
		const product p = batch_product(arena, CLU_PRODUCT_FORWARD, layer - 1);
		CLU_TRY(product_list_rows(arena->device, &p, list, error));
	}
	return epilogue_forward(arena, layer, list, error);
}

/* A lane that has a layer has the product before it: the lists of both are the same lanes. */
static clu_status forward_by_layer(const arena *arena, const network_lists *lists, clu_error *error)
{
	for (uint32_t layer = 1; layer <= lists->layers; layer++) {
		const lane_list list = take(arena, lists, list_of_layer(LIST_FORWARD, layer));
		if (in_epilogue(arena, layer, &list)) {
			CLU_TRY(forward_in_epilogue(arena, layer, &list, error));
			continue;
		}
		CLU_TRY(network_product(arena, lists, layer == 1 ? CLU_PRODUCT_SIDE : CLU_PRODUCT_FORWARD, layer - 1, error));
		CLU_TRY(layer_forward(arena, layer, &list, error));
	}
	return CLU_OK;
}

static clu_status backward_by_layer(const arena *arena, const network_lists *lists, clu_error *error)
{
	for (uint32_t layer = lists->layers; layer >= 1; layer--) {
		const lane_list layer_list = take(arena, lists, list_of_layer(LIST_BACKWARD, layer));
		CLU_TRY(layer_backward(arena, layer, &layer_list, error));
		CLU_TRY(network_product(arena, lists, CLU_PRODUCT_BACKWARD, layer, error));
	}
	return CLU_OK;
}

clu_status network_forward(const arena *arena, const network_lists *lists, clu_error *error)
{
	const lane_list all = network_all(arena, lists);
	return arena->passes ? pass_forward(arena, &all, error) : forward_by_layer(arena, lists, error);
}

clu_status network_backward(const arena *arena, const network_lists *lists, clu_error *error)
{
	const lane_list all = network_all(arena, lists);
	return arena->passes ? pass_backward(arena, &all, error) : backward_by_layer(arena, lists, error);
}

static bool same_lanes(const lane_list *a, const lane_list *b)
{
	return a->count == b->count && memcmp(a->entries, b->entries, a->count * sizeof *a->entries) == 0;
}

clu_status network_matrix_gradients(const arena *arena, const network_lists *lists, clu_error *error)
{
	const lane_list w_b = take(arena, lists, list_w_b(lists->layers)), w_x = take(arena, lists, list_w_x(lists->layers));
	if (arena->passes && same_lanes(&w_b, &w_x)) return gradients_after_passes(arena, GRADIENT_OF_BOTH, &w_x, error);
	CLU_TRY(network_product(arena, lists, CLU_PRODUCT_GRADIENT_B, 0, error));
	return network_product(arena, lists, CLU_PRODUCT_GRADIENT_X, 0, error);
}

/* With passes both directions are one launch, which costs a small network what a layer does; profiled, each is launched by itself,
 * so that each has its time. */
clu_status network_pass(
    const arena *arena, const network_lists *lists, const device_samples *samples, uint32_t step, clu_error *error)
{
	const lane_list all = network_all(arena, lists);
	if (arena->passes && !arena->device->profile) return pass_training(arena, &all, samples, step, error);
	CLU_TRY(gather_training(arena, &all, samples, step, error));
	CLU_TRY(network_forward(arena, lists, error));
	CLU_TRY(loss_backward(arena, &all, samples, step, error));
	return network_backward(arena, lists, error);
}

clu_status network_step(
    const arena *arena, const network_lists *lists, const device_samples *samples, uint32_t step, clu_error *error)
{
	const lane_list all = network_all(arena, lists);
	const lane_list w_b_list = take(arena, lists, list_w_b(lists->layers)), w_x_list = take(arena, lists, list_w_x(lists->layers));
	const lane_list clip_list = take(arena, lists, list_clip(lists->layers));
	CLU_TRY(network_pass(arena, lists, samples, step, error));
	CLU_TRY(network_matrix_gradients(arena, lists, error));
	CLU_TRY(adam_clip(arena, &clip_list, error));
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
		CLU_TRY(device_flush(arena->device, error));
	}
	return nmse_total(arena, &all, samples->count, nmse, error);
}
