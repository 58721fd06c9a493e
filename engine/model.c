/* model.c: trained networks as plain data, and as one safetensors file that Python reads too.
 *
 * Tensors W_b [n][m], W_x [n][n], theta [K], coefficient [K][K] (effective ones, 0 where there is no connection); metadata format,
 * version, arch, scale, settings, and where neurons select, selected: entries by layer, as in 6_12_0. What is read is checked in
 * every field: a model that decodes can be used as it is. */
#include "number.h"
#include "safetensors.h"
#include "status.h"

#include <cjson/cJSON.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MODEL_FORMAT "clunroll model"
#define MODEL_VERSION "1"

clu_status clu_model_create(const clu_arch *arch, uint32_t m, uint32_t n, clu_model **out, clu_error *error)
{
	CLU_TRY(clu_arch_check(arch, error));
	if (m < 1 || m > CLU_SIDE_MAX || n < 1 || n > CLU_SIDE_MAX) {
		return clu_fail(error, CLU_ARGUMENT, "model of m = %" PRIu32 ", n = %" PRIu32 ", wanted 1 to %d", m, n, CLU_SIDE_MAX);
	}
	clu_model *model = calloc(1, sizeof *model);
	if (model) {
		*model = (clu_model){.arch = *arch, .m = m, .n = n, .scale = 1.0};
		model->w_b = calloc((size_t)n * m, sizeof *model->w_b);
		model->w_x = calloc((size_t)n * n, sizeof *model->w_x);
		model->settings = strdup("{}");
	}
	if (!model || !model->w_b || !model->w_x || !model->settings) {
		clu_model_destroy(model);
		return clu_fail(error, CLU_MEMORY, "out of memory for a model of m = %" PRIu32 ", n = %" PRIu32, m, n);
	}
	*out = model;
	return CLU_OK;
}

void clu_model_destroy(clu_model *model)
{
	if (!model) return;
	free(model->w_b);
	free(model->w_x);
	free(model->settings);
	free(model);
}

/* ---- what a model must satisfy ---- */

static clu_status check_finite(const char *source, const char *name, const float *values, size_t count, clu_error *error)
{
	for (size_t i = 0; i < count; i++) {
		if (isfinite(values[i])) continue;
		return clu_fail(error, CLU_FORMAT, "%s: value %zu (counted from 0) of %s is not finite", source, i, name);
	}
	return CLU_OK;
}

/* Coefficients lie at connections only: elsewhere they would be lost without a word. */
static clu_status check_coefficients(const clu_model *model, const char *source, clu_error *error)
{
	for (uint32_t layer = 1; layer <= model->arch.layers; layer++) {
		uint32_t origins = clu_arch_origins(&model->arch, layer);
		for (uint32_t origin = 1; origin <= model->arch.layers; origin++) {
			bool connected = origins >> (origin - 1) & 1;
			float value = model->coefficient[layer - 1][origin - 1];
			if (isfinite(value) && (connected || value == 0.0f)) continue;
			return clu_fail(error, CLU_FORMAT, "%s: coefficient of x^(%" PRIu32 ") in layer %" PRIu32 " is %g, wanted %s", source,
			    origin, layer, (double)value, connected ? "a finite number" : "0, since they are not connected");
		}
	}
	return CLU_OK;
}

/* Whether any layer's neurons select. */
static bool selects(const clu_arch *arch)
{
	return memchr(arch->neuron, CLU_NEURON_SELECT, arch->layers);
}

static clu_status check_selected(const clu_model *model, const char *source, clu_error *error)
{
	for (uint32_t layer = 1; layer <= model->arch.layers; layer++) {
		const uint32_t most = model->arch.neuron[layer - 1] == CLU_NEURON_SELECT ? model->n : 0;
		if (model->selected[layer - 1] <= most) continue;
		return clu_fail(error, CLU_FORMAT, "%s: layer %" PRIu32 " selects %" PRIu32 " entries, wanted 0 to %" PRIu32 "%s", source,
		    layer, model->selected[layer - 1], most, most ? "" : ", since its neurons do not select");
	}
	return CLU_OK;
}

static clu_status check_settings(const char *settings, const char *source, clu_error *error)
{
	cJSON *json = cJSON_ParseWithOpts(settings, NULL, 1);
	bool good = cJSON_IsObject(json);
	cJSON_Delete(json);
	return good ? CLU_OK : clu_fail(error, CLU_FORMAT, "%s: settings are no JSON object: %.60s", source, settings);
}

static clu_status check_model(const clu_model *model, const char *source, clu_error *error)
{
	size_t m = model->m, n = model->n;
	if (!(isfinite(model->scale) && model->scale > 0.0)) {
		return clu_fail(error, CLU_FORMAT, "%s: scale is %g, wanted above 0", source, model->scale);
	}
	CLU_TRY(check_finite(source, "W_b", model->w_b, n * m, error));
	CLU_TRY(check_finite(source, "W_x", model->w_x, n * n, error));
	CLU_TRY(check_finite(source, "theta", model->theta, model->arch.layers, error));
	CLU_TRY(check_coefficients(model, source, error));
	CLU_TRY(check_selected(model, source, error));
	return check_settings(model->settings, source, error);
}

/* ---- bytes ---- */

/* The tensors that a model of these sizes has; coefficient is [K][K] in the file and wider in memory. */
enum { MODEL_W_B, MODEL_W_X, MODEL_THETA, MODEL_COEFFICIENT, MODEL_TENSORS };

static void list_tensors(uint64_t m, uint64_t n, uint64_t layers, tensor_info tensors[MODEL_TENSORS])
{
	tensors[MODEL_W_B] = (tensor_info){.name = "W_b", .type = TENSOR_F32, .dimensions = 2, .shape = {n, m}};
	tensors[MODEL_W_X] = (tensor_info){.name = "W_x", .type = TENSOR_F32, .dimensions = 2, .shape = {n, n}};
	tensors[MODEL_THETA] = (tensor_info){.name = "theta", .type = TENSOR_F32, .dimensions = 1, .shape = {layers}};
	tensors[MODEL_COEFFICIENT] =
	    (tensor_info){.name = "coefficient", .type = TENSOR_F32, .dimensions = 2, .shape = {layers, layers}};
}

enum { SELECTED_TEXT = 11 * CLU_LAYERS_MAX };

static void print_selected(const clu_model *model, char text[SELECTED_TEXT])
{
	for (uint32_t l = 0; l < model->arch.layers; l++) text += sprintf(text, l ? "_%" PRIu32 : "%" PRIu32, model->selected[l]);
}

static clu_status read_selected(const char *text, const char *source, clu_model *model, clu_error *error)
{
	const char *at = text;
	for (uint32_t l = 0; l < model->arch.layers; l++, at++) {
		const size_t length = strspn(at, "0123456789");
		const char wanted = l + 1 < model->arch.layers ? '_' : '\0';
		if (length < 1 || length > 9 || at[length] != wanted)
			return clu_fail(error, CLU_FORMAT, "%s: selected is \"%.80s\", wanted %" PRIu32 " whole numbers with _ between them",
			    source, text, model->arch.layers);
		model->selected[l] = (uint32_t)strtoul(at, NULL, 10);
		at += length;
	}
	return CLU_OK;
}

clu_status clu_model_encode(const clu_model *model, void **bytes, size_t *size, clu_error *error)
{
	uint32_t layers = model->arch.layers;
	float coefficient[CLU_LAYERS_MAX * CLU_LAYERS_MAX];
	char arch[CLU_ARCH_TEXT], scale[NUMBER_TEXT], selected[SELECTED_TEXT];
	tensor_info tensors[MODEL_TENSORS];
	CLU_TRY(clu_arch_check(&model->arch, error));
	CLU_TRY(check_model(model, "the model to be saved", error));
	for (uint32_t row = 0; row < layers; row++) {
		memcpy(coefficient + row * layers, model->coefficient[row], layers * sizeof *coefficient);
	}
	clu_arch_print(&model->arch, arch);
	number_print(model->scale, scale);
	print_selected(model, selected);
	list_tensors(model->m, model->n, layers, tensors);
	tensors[MODEL_W_B].data = model->w_b;
	tensors[MODEL_W_X].data = model->w_x;
	tensors[MODEL_THETA].data = model->theta;
	tensors[MODEL_COEFFICIENT].data = coefficient;
	const metadata_entry entries[] = {
	    {"format", MODEL_FORMAT}, {"version", MODEL_VERSION}, {"arch", arch}, {"scale", scale}, {"settings", model->settings},
	    {"selected", selected}, /* last: models that do not select are written without it */
	};
	const size_t count = sizeof entries / sizeof *entries - !selects(&model->arch);
	return safetensors_encode(tensors, MODEL_TENSORS, entries, count, bytes, size, error);
}

/* A metadata value that must be there. */
static clu_status need_metadata(const safetensors *file, const char *key, const char **value, clu_error *error)
{
	*value = safetensors_metadata(file, key);
	if (*value) return CLU_OK;
	return clu_fail(error, CLU_FORMAT, "%s is no clunroll model: its metadata has no %s", safetensors_source(file), key);
}

static clu_status read_architecture(const safetensors *file, clu_arch *arch, clu_error *error)
{
	const char *format, *version, *text;
	clu_error inner;
	CLU_TRY(need_metadata(file, "format", &format, error));
	CLU_TRY(need_metadata(file, "version", &version, error));
	CLU_TRY(need_metadata(file, "arch", &text, error));
	if (strcmp(format, MODEL_FORMAT) != 0) {
		return clu_fail(
		    error, CLU_FORMAT, "%s is of format \"%.60s\", wanted \"" MODEL_FORMAT "\"", safetensors_source(file), format);
	}
	if (strcmp(version, MODEL_VERSION) != 0) {
		return clu_fail(
		    error, CLU_FORMAT, "%s is a model of version %.20s, wanted " MODEL_VERSION, safetensors_source(file), version);
	}
	if (clu_arch_parse(text, 0, arch, &inner) == CLU_OK) return CLU_OK;
	return clu_fail(error, CLU_FORMAT, "%s: %s", safetensors_source(file), inner.message);
}

/* Makes an empty model of the architecture and sizes that the file states. */
static clu_status read_sizes(const safetensors *file, clu_model **model, clu_error *error)
{
	clu_arch arch;
	tensor_info w_b;
	CLU_TRY(read_architecture(file, &arch, error));
	CLU_TRY(safetensors_find(file, "W_b", &w_b, error));
	if (w_b.dimensions != 2 || w_b.shape[0] < 1 || w_b.shape[0] > CLU_SIDE_MAX || w_b.shape[1] < 1 || w_b.shape[1] > CLU_SIDE_MAX) {
		return clu_fail(
		    error, CLU_FORMAT, "%s: W_b is no matrix [n][m] with sides from 1 to %d", safetensors_source(file), CLU_SIDE_MAX);
	}
	return clu_model_create(&arch, (uint32_t)w_b.shape[1], (uint32_t)w_b.shape[0], model, error);
}

static clu_status read_metadata(const safetensors *file, clu_model *model, clu_error *error)
{
	const char *scale, *settings, *selected;
	if (selects(&model->arch)) {
		CLU_TRY(need_metadata(file, "selected", &selected, error));
		CLU_TRY(read_selected(selected, safetensors_source(file), model, error));
	}
	CLU_TRY(need_metadata(file, "scale", &scale, error));
	CLU_TRY(need_metadata(file, "settings", &settings, error));
	if (!number_parse(scale, &model->scale)) {
		return clu_fail(error, CLU_FORMAT, "%s: scale is \"%.40s\", wanted a number", safetensors_source(file), scale);
	}
	char *copy = strdup(settings);
	if (!copy) return clu_fail(error, CLU_MEMORY, "out of memory for the settings of %s", safetensors_source(file));
	free(model->settings);
	model->settings = copy;
	return CLU_OK;
}

static clu_status read_tensors(const safetensors *file, clu_model *model, clu_error *error)
{
	uint32_t layers = model->arch.layers;
	float coefficient[CLU_LAYERS_MAX * CLU_LAYERS_MAX];
	tensor_info tensors[MODEL_TENSORS];
	list_tensors(model->m, model->n, layers, tensors);
	void *const places[MODEL_TENSORS] = {model->w_b, model->w_x, model->theta, coefficient};
	for (int i = 0; i < MODEL_TENSORS; i++) CLU_TRY(safetensors_take(file, &tensors[i], places[i], error));
	for (uint32_t row = 0; row < layers; row++) {
		memcpy(model->coefficient[row], coefficient + row * layers, layers * sizeof *coefficient);
	}
	return CLU_OK;
}

clu_status clu_model_decode(const void *bytes, size_t size, const char *source, clu_model **out, clu_error *error)
{
	safetensors *file = NULL;
	clu_model *model = NULL;
	clu_status status;
	CLU_GOTO(safetensors_decode(bytes, size, source, &file, error));
	CLU_GOTO(read_sizes(file, &model, error));
	CLU_GOTO(read_metadata(file, model, error));
	CLU_GOTO(read_tensors(file, model, error));
	CLU_GOTO(check_model(model, source, error));
	*out = model;
cleanup:
	if (status != CLU_OK) clu_model_destroy(model);
	safetensors_destroy(file);
	return status;
}

/* ---- files ---- */

clu_status clu_model_save(const clu_model *model, const char *path, clu_error *error)
{
	void *bytes;
	size_t size;
	CLU_TRY(clu_model_encode(model, &bytes, &size, error));
	clu_status status = clu_file_replace(path, bytes, size, error);
	free(bytes);
	return status;
}

clu_status clu_model_load(const char *path, clu_model **model, clu_error *error)
{
	void *bytes;
	size_t size;
	CLU_TRY(clu_file_read(path, &bytes, &size, error));
	clu_status status = clu_model_decode(bytes, size, path, model, error);
	free(bytes);
	return status;
}
