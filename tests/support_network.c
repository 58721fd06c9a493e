/* support_network.c: devices, networks, references and arenas for the tests of the engine's core, see support_network.h. */
#include "support_network.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int support_group_open(void **state)
{
	*state = support_device_open();
	return 0;
}

int support_group_close(void **state)
{
	clu_device_destroy(*state);
	return 0;
}

int support_pair_open(void **state)
{
	const clu_device_info info = support_device_info(), gpu = {.type = CLU_DEVICE_GPU};
	clu_plan plan = clu_plan_default(&gpu);
	clu_error error;
	support_pair *pair = malloc(sizeof *pair);
	assert_non_null(pair);
	if (!support_equal_bits()) plan.sparse_below = 0; /* loops over nonzeros are what llvmpipe computes wrong, see plan.c */
	if (support_tiny()) plan.group = plan.group_rows = 8, plan.group_columns = plan.tile_rows = 2;
	support_ok(clu_device_open(&info, NULL, &pair->single, &error), &error);
	support_ok(clu_device_open(&info, &plan, &pair->grouped, &error), &error);
	*state = pair;
	return 0;
}

int support_pair_close(void **state)
{
	support_pair *pair = *state;
	clu_device_destroy(pair->grouped);
	clu_device_destroy(pair->single);
	free(pair);
	return 0;
}

clu_arch support_arch(const char *text)
{
	clu_arch arch;
	clu_error error;
	support_ok(clu_arch_parse(text, 0, &arch, &error), &error);
	return arch;
}

static void fill_scaled(float *values, size_t count, double scale, uint64_t seed)
{
	support_fill(values, count, 1.0, seed);
	for (size_t i = 0; i < count; i++) values[i] = (float)(values[i] * scale);
}

clu_model *support_model_create(const char *text, uint32_t m, uint32_t n, uint64_t seed)
{
	const clu_arch arch = support_arch(text);
	clu_model *model = NULL;
	clu_error error;
	uint64_t state = seed + 3;
	support_ok(clu_model_create(&arch, m, n, &model, &error), &error);
	fill_scaled(model->w_b, (size_t)n * m, 2.0 / sqrt(m), seed + 1);
	fill_scaled(model->w_x, (size_t)n * n, 1.5 / sqrt(n), seed + 2);
	for (uint32_t layer = 1; layer <= arch.layers; layer++) {
		const uint32_t origins = clu_arch_origins(&arch, layer);
		uint32_t count = 0;
		for (uint32_t rest = origins; rest; rest &= rest - 1) count++;
		model->theta[layer - 1] = (float)(0.3 * support_uniform(&state) - 0.05);
		if (arch.neuron[layer - 1] == CLU_NEURON_SELECT) model->selected[layer - 1] = (n * (layer % 4) + 7) / 8;
		for (uint32_t i = 0; i < layer; i++)
			if (origins >> i & 1u) model->coefficient[layer - 1][i] = (float)((0.5 + support_uniform(&state)) / count);
	}
	return model;
}

void support_widen(double *to, const float *from, size_t count)
{
	for (size_t i = 0; i < count; i++) to[i] = from[i];
}

reference *support_reference_create(const clu_model *model, uint32_t rows, uint32_t depth)
{
	reference *r = NULL;
	clu_error error;
	support_ok(reference_create(&model->arch, model->m, model->n, rows, depth, &r, &error), &error);
	support_widen(r->w_b, model->w_b, (size_t)model->n * model->m);
	support_widen(r->w_x, model->w_x, (size_t)model->n * model->n);
	support_widen(r->theta, model->theta, CLU_LAYERS_MAX);
	memcpy(r->selected, model->selected, sizeof r->selected);
	for (uint32_t l = 0; l < CLU_LAYERS_MAX; l++) support_widen(r->coefficient[l], model->coefficient[l], CLU_LAYERS_MAX);
	return r;
}

double support_selection_gap(const double *v, uint32_t n, uint32_t selected, double theta)
{
	if (selected == 0 || selected >= n || !(theta > 0)) return INFINITY;
	const double least = reference_cutoff(v, n, selected, theta), next = reference_cutoff(v, n, selected + 1, theta);
	return next > theta ? (least - next) / 2 : INFINITY;
}

double support_kink_distance(const reference *r)
{
	double least = INFINITY;
	const size_t plane = (size_t)r->rows * r->n;
	for (size_t row = 0; row < (size_t)r->depth * r->rows; row++) {
		const size_t l = row / r->rows;
		least = fmin(least, support_selection_gap(r->v + row * r->n, r->n, r->selected[l], r->theta[l]));
	}
	for (uint32_t l = 0; l < r->depth; l++)
		for (size_t i = 0; i < plane; i++) {
			const double v = r->v[l * plane + i], theta = r->theta[l];
			if (r->arch.neuron[l] == CLU_NEURON_RELU || r->arch.neuron[l] == CLU_NEURON_LEAKY)
				least = fmin(least, fabs(v - theta));
			else if (v != 0) /* an exact 0 stays one: a row or a side connection that is not there */
				least = fmin(least, theta > 0 ? fabs(fabs(v) - theta) : fabs(v));
			if (r->arch.neuron[l] == CLU_NEURON_FIRM && theta > 0) least = fmin(least, fabs(fabs(v) - 2 * theta));
		}
	return least;
}

lane_list support_list_create(clu_device *device, const lane_entry *entries, uint32_t count)
{
	clu_error error;
	lane_list list = {.count = count, .entries = entries};
	support_ok(memory_create(device, "list", count * sizeof *entries, &list.buffer, &error), &error);
	support_ok(memory_write(device, list.buffer, 0, count * sizeof *entries, entries, &error), &error);
	return list;
}

void support_lane_load(const arena *arena, uint32_t slot, const clu_model *model)
{
	clu_error error;
	support_ok(network_set_arch(arena, slot, &model->arch, model->selected, &error), &error);
	support_ok(network_set_weights(arena, slot, model, &error), &error);
}

clu_data *support_data_create(uint32_t m, uint32_t n, size_t train, size_t validation, size_t test, uint64_t seed)
{
	clu_problem problem = clu_problem_default();
	clu_data *data = NULL;
	clu_error error;
	problem.m = m;
	problem.n = n;
	problem.seed = seed;
	problem.train = train;
	problem.validation = validation;
	problem.test = test;
	support_ok(clu_data_create(&problem, NULL, &data, &error), &error);
	return data;
}

float *support_rows(const arena *arena, arena_role role, uint32_t slot, uint64_t at, uint32_t rows, uint32_t ld, uint32_t columns)
{
	clu_error error;
	float *padded = malloc((size_t)rows * ld * sizeof *padded), *values = malloc((size_t)rows * columns * sizeof *values);
	const float zero = 0.0f;
	assert_true(padded && values);
	support_ok(arena_read(arena, role, slot, at, (uint64_t)rows * ld, padded, &error), &error);
	for (uint32_t row = 0; row < rows; row++) {
		memcpy(values + (size_t)row * columns, padded + (size_t)row * ld, columns * sizeof *values);
		for (uint32_t c = columns; c < ld; c++)
			if (memcmp(&padded[(size_t)row * ld + c], &zero, sizeof zero) != 0 &&
			    (support_equal_bits() || padded[(size_t)row * ld + c] != 0))
				fail_msg("role %d, lane %u, row %u: padding in column %u is %a", (int)role, slot, row, c,
				    (double)padded[(size_t)row * ld + c]);
	}
	free(padded);
	return values;
}

void support_rows_write(const arena *arena, arena_role role, uint32_t slot, uint64_t at, uint32_t rows, uint32_t ld,
    uint32_t columns, const float *values)
{
	clu_error error;
	const matrix whole = arena_matrix(arena, role, at, ld);
	support_ok(memory_write_rows(arena->device, whole.buffer, slot * whole.stride + at, values, rows, columns, ld, &error), &error);
}

/* What lies beyond column n in the last panel, as far as products compute it, is +0. */
static void check_padding(const arena *arena, matrix operand, uint32_t slot, uint32_t rows)
{
	const uint32_t n = arena->shape.n, first = (n - 1) / PANEL * PANEL;
	const uint64_t at = slot * operand.stride + operand.at + (n - 1) / PANEL * operand.panel;
	const size_t count = (size_t)rows * operand.ld;
	clu_error error;
	float *panel = malloc(count * sizeof *panel);
	assert_non_null(panel);
	support_ok(memory_read(arena->device, operand.buffer, at * 4, ((size_t)(rows - 1) * operand.ld + arena->ld_n - first) * 4,
	               panel, &error),
	    &error);
	for (uint32_t row = 0; row < rows; row++)
		for (uint32_t c = n; c < arena->ld_n; c++)
			if (panel[(size_t)row * operand.ld + c - first] != 0)
				fail_msg("lane %u, row %u: padding in column %u is %a", slot, row, c,
				    (double)panel[(size_t)row * operand.ld + c - first]);
	free(panel);
}

float *support_operand(const arena *arena, matrix operand, uint32_t slot, uint32_t row0, uint32_t rows)
{
	clu_error error;
	float *values = malloc((size_t)rows * arena->shape.n * sizeof *values);
	assert_non_null(values);
	support_ok(arena_read_operand(arena, operand, slot, row0, rows, values, &error), &error);
	operand.at += (uint64_t)row0 * operand.ld;
	check_padding(arena, operand, slot, rows);
	return values;
}

/* Both matrices lie transposed on the device, W_bᵀ with m rows and W_xᵀ with n. */
static void read_transposed(const arena *arena, matrix operand, uint32_t slot, uint32_t columns, float *values)
{
	const uint32_t n = arena->shape.n;
	float *part = support_operand(arena, operand, slot, 0, columns);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < columns; j++) values[i * columns + j] = part[j * n + i];
	free(part);
}

static void write_transposed(const arena *arena, matrix operand, uint32_t slot, uint32_t columns, const float *values)
{
	const uint32_t n = arena->shape.n;
	clu_error error;
	float *part = malloc((size_t)columns * n * sizeof *part);
	assert_non_null(part);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < columns; j++) part[j * n + i] = values[i * columns + j];
	support_ok(arena_write_operand(arena, operand, slot, 0, columns, part, &error), &error);
	free(part);
}

void support_matrices_read(const arena *arena, arena_role role, uint32_t slot, float *w_b, float *w_x)
{
	if (w_b) read_transposed(arena, arena_w_b(arena, role), slot, arena->shape.m, w_b);
	if (w_x) read_transposed(arena, arena_w_x(arena, role), slot, arena->shape.n, w_x);
}

void support_matrices_write(const arena *arena, arena_role role, uint32_t slot, const float *w_b, const float *w_x)
{
	if (w_b) write_transposed(arena, arena_w_b(arena, role), slot, arena->shape.m, w_b);
	if (w_x) write_transposed(arena, arena_w_x(arena, role), slot, arena->shape.n, w_x);
}

void support_role_fill(const arena *arena, arena_role role, uint32_t slot, float value)
{
	clu_error error;
	const size_t count = arena_matrix(arena, role, 0, 0).stride;
	float *values = malloc(count * sizeof *values);
	assert_non_null(values);
	for (size_t i = 0; i < count; i++) values[i] = value;
	support_ok(arena_write(arena, role, slot, 0, count, values, &error), &error);
	free(values);
}

void support_role_untouched(const arena *arena, arena_role role, uint32_t slot, float value)
{
	clu_error error;
	const size_t count = arena_matrix(arena, role, 0, 0).stride;
	float *values = malloc(count * sizeof *values);
	assert_non_null(values);
	support_ok(arena_read(arena, role, slot, 0, count, values, &error), &error);
	for (size_t i = 0; i < count; i++)
		if (memcmp(&values[i], &value, sizeof value) != 0)
			fail_msg("role %d, lane %u: value %zu became %a", (int)role, slot, i, (double)values[i]);
	free(values);
}
