/* lane_prefix.c: a lane's trained layers ↔ bytes under a key, and when: at a lane's start the deepest that is there is taken, at
 * the end of each layer what it came to is kept.
 *
 * What the layers that follow are trained to depends on the weights alone, since each stage begins with fresh moments and
 * shuffles that are keyed by seed, layer and stage. What begins to carry over from stage to stage has to be stored here. */
#include "lanes.h"

#include "prefix.h"
#include "safetensors.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void clu_lanes_use_prefixes(clu_lanes *lanes, clu_prefixes *prefixes)
{
	lanes->prefixes = prefixes;
}

/* ---- keys ---- */

/* Whether a stage is run in any of the first layers of a network of `all`. */
static bool is_executed(const clu_recipe *recipe, uint32_t stage, uint32_t layers, uint32_t all)
{
	for (uint32_t layer = 1; layer <= layers; layer++)
		if (clu_recipe_trains(recipe, layer, all) && schedule_runs(&recipe->stage[stage], layer, all)) return true;
	return false;
}

/* Whether the rates of a stage's layers depend on which is the last one that it is run in, and so on K. */
static bool falls_to_last(const clu_stage *stage)
{
	return stage->fall == 0 && stage->rate_last != stage->rate;
}

/* A set of layers as far as the first ones are concerned; 0: all of them. */
static uint32_t among_first(uint32_t set, uint32_t layers)
{
	const uint32_t first = layers < CLU_LAYERS_MAX ? (UINT32_C(1) << layers) - 1 : UINT32_MAX;
	return (set & first) == first ? 0 : set & first;
}

/* A stage as the first layers execute it, all of them inner ones where the network has more. */
static void cut_stage(clu_stage *stage, uint32_t layers, uint32_t all)
{
	if (layers < all) stage->length_last = stage->length;
	if (falls_to_last(stage)) return;
	if (layers < all) stage->part = CLU_PART_ALL;
	stage->layers = among_first(stage->layers, layers);
}

/* The recipe as far as the first layers execute it: not its name, no stages and lengths of later layers. Stages keep their places,
 * which key the shuffles. *depth: K where rates depend on it, else 0. */
static clu_recipe executed_recipe(const clu_recipe *recipe, uint32_t layers, uint32_t all, uint32_t *depth)
{
	clu_recipe executed = *recipe;
	strcpy(executed.name, "any");
	executed.stage_count = 0;
	*depth = 0;
	for (uint32_t s = 0; s < recipe->stage_count; s++) {
		clu_stage *stage = &executed.stage[s];
		if (!is_executed(recipe, s, layers, all)) {
			*stage = (clu_stage){.rate = 0}; /* stands for any */
			continue;
		}
		executed.stage_count = s + 1;
		cut_stage(stage, layers, all);
		if (falls_to_last(stage)) *depth = all;
	}
	if (clu_recipe_trains(recipe, layers, all) && recipe->layers_at) executed.layers_at |= UINT32_C(1) << (layers - 1);
	executed.layers_at = among_first(executed.layers_at, layers);
	return executed;
}

/* The version is to be raised when the same text comes to mean other training. */
static void print_key(const clu_lanes *lanes, const lane *lane, uint32_t layers, char key[PREFIX_KEY_TEXT])
{
	char arch_text[CLU_ARCH_TEXT], recipe_text[CLU_RECIPE_TEXT];
	const arena_shape *shape = &lanes->arena.shape;
	uint32_t depth;
	const clu_recipe recipe = executed_recipe(&lane->recipe, layers, shape->layers, &depth);
	clu_arch arch = lane->arch;
	arch.layers = layers;
	clu_arch_print(&arch, arch_text);
	clu_recipe_print(&recipe, recipe_text);
	snprintf(key, PREFIX_KEY_TEXT,
	    "version 2\narchitecture %s\nof %u layers\nm %u\nn %u\nbatch %u\nseed %" PRIu64 "\ndata %016" PRIx64
	    "\nnumeric key %s\n%s\n",
	    arch_text, depth, shape->m, shape->n, shape->batch, lane->seed, lanes->data_hash, clu_device_key(lanes->device),
	    recipe_text);
}

/* The shallower is marked after the deeper one, so that it goes later: whoever needs the deeper one needs it too. */
static void touch_down(const clu_lanes *lanes, const lane *lane, uint32_t layers)
{
	char key[PREFIX_KEY_TEXT];
	for (; layers >= 1; layers--) {
		print_key(lanes, lane, layers, key);
		prefix_touch(lanes->prefixes, key);
	}
}

/* ---- bytes ---- */

/* What is stored of a lane: its first layers' weights and their records. */
typedef struct stored {
	uint32_t layers, records;
	clu_model *model;                                   /* W_b, W_x, and what of theta and coefficients belongs to the layers */
	float coefficient[CLU_LAYERS_MAX * CLU_LAYERS_MAX]; /* [layers][layers] */
	double record[CLU_LAYERS_MAX * RECORD_VALUES];      /* [records][RECORD_VALUES] */
	double latest[2];
} stored;

enum { STORED_TENSORS = 6 };

static void stored_tensors(const stored *s, tensor_info tensors[STORED_TENSORS])
{
	const clu_model *model = s->model;
	tensors[0] = (tensor_info){"records", TENSOR_F64, 2, {s->records, RECORD_VALUES}, s->record};
	tensors[1] = (tensor_info){"latest", TENSOR_F64, 1, {2}, s->latest};
	tensors[2] = (tensor_info){"W_b", TENSOR_F32, 2, {model->n, model->m}, model->w_b};
	tensors[3] = (tensor_info){"W_x", TENSOR_F32, 2, {model->n, model->n}, model->w_x};
	tensors[4] = (tensor_info){"theta", TENSOR_F32, 1, {s->layers}, model->theta};
	tensors[5] = (tensor_info){"coefficient", TENSOR_F32, 2, {s->layers, s->layers}, s->coefficient};
}

static clu_status encode(const lane *lane, clu_model *model, void **bytes, size_t *size, clu_error *error)
{
	tensor_info tensors[STORED_TENSORS];
	stored s = {.layers = lane->schedule.layer,
	    .records = lane->layers_done,
	    .model = model,
	    .latest = {lane->latest.db, lane->latest.ratio_db}};
	for (uint32_t l = 0; l < s.layers; l++)
		memcpy(s.coefficient + l * s.layers, model->coefficient[l], s.layers * sizeof *s.coefficient);
	lane_records_pack(lane, s.record);
	stored_tensors(&s, tensors);
	return safetensors_encode(tensors, STORED_TENSORS, NULL, 0, bytes, size, error);
}

/* Into s->model, whose later layers are left as they are; nothing of it is used unless all of it is there. */
static clu_status decode(const void *bytes, size_t size, stored *s, clu_error *error)
{
	tensor_info tensors[STORED_TENSORS], records;
	safetensors *file = NULL;
	clu_status status;
	CLU_GOTO(safetensors_decode(bytes, size, "prefix", &file, error));
	CLU_GOTO(safetensors_find(file, "records", &records, error));
	if (records.dimensions != 2 || records.shape[0] > s->layers) {
		status = clu_fail(error, CLU_FORMAT, "prefix of %u layers has other records", s->layers);
		goto cleanup;
	}
	s->records = (uint32_t)records.shape[0];
	stored_tensors(s, tensors);
	void *const places[STORED_TENSORS] = {s->record, s->latest, s->model->w_b, s->model->w_x, s->model->theta, s->coefficient};
	for (size_t i = 0; i < STORED_TENSORS; i++) CLU_GOTO(safetensors_take(file, &tensors[i], places[i], error));
	for (uint32_t l = 0; l < s->layers; l++)
		memcpy(s->model->coefficient[l], s->coefficient + l * s->layers, s->layers * sizeof *s->coefficient);

cleanup:
	safetensors_destroy(file);
	return status;
}

/* ---- taking one ---- */

static void move_on(lane *lane, const stored *s, uint32_t layers)
{
	lane_records_unpack(s->record, s->records, lane);
	lane->latest = (clu_nmse){s->latest[0], s->latest[1]};
	schedule_begin_after(&lane->recipe, &lane->schedule, layers, s->layers);
	lane->reused_steps = 0;
	for (uint32_t r = 0; r < s->records; r++) lane->reused_steps += lane->record[r].steps;
	lane->schedule.steps = lane->reused_steps;
}

/* The lane has the weights that a training from nothing starts with. CLU_FORMAT where the bytes are no prefix of the lane's shape.
 */
static clu_status take_over(clu_lanes *lanes, uint32_t slot, uint32_t layers, const void *bytes, size_t size, clu_error *error)
{
	lane *lane = &lanes->lane[slot];
	const arena_shape *shape = &lanes->arena.shape;
	clu_status status;
	stored s = {.layers = layers};
	CLU_TRY(clu_model_create(&lane->arch, shape->m, shape->n, &s.model, error));
	CLU_GOTO(network_get_weights(&lanes->arena, slot, s.model, error));
	CLU_GOTO(decode(bytes, size, &s, error));
	CLU_GOTO(network_set_weights(&lanes->arena, slot, s.model, error));
	move_on(lane, &s, shape->layers);
	CLU_GOTO(network_begin_layers(&lanes->arena, slot, lane->recipe.start, layers, lane->schedule.layer, error));

cleanup:
	clu_model_destroy(s.model);
	return status;
}

clu_status lane_prefix_take(clu_lanes *lanes, uint32_t slot, clu_error *error)
{
	char key[PREFIX_KEY_TEXT];
	lane *lane = &lanes->lane[slot];
	if (!lanes->prefixes) return CLU_OK;
	for (uint32_t layers = lanes->arena.shape.layers; layers >= 1; layers--) {
		size_t size;
		clu_error inner;
		print_key(lanes, lane, layers, key);
		void *bytes = prefix_load(lanes->prefixes, key, &size);
		if (!bytes) continue;
		const clu_status status = take_over(lanes, slot, layers, bytes, size, &inner);
		free(bytes);
		if (status == CLU_OK) {
			prefix_count(lanes->prefixes, layers, lane->reused_steps);
			touch_down(lanes, lane, layers);
			return CLU_OK;
		}
		if (status != CLU_FORMAT) return clu_fail(error, status, "%s", inner.message);
		prefix_refuse(lanes->prefixes, key, inner.message);
	}
	return CLU_OK;
}

/* ---- keeping one ---- */

static void store(clu_lanes *lanes, const lane *lane, const char *key, clu_model *model)
{
	void *bytes;
	size_t size;
	clu_error error;
	clu_prefix about = {.layers = lane->schedule.layer, .steps = lane->schedule.steps};
	memcpy(about.recipe, lane->recipe.name, sizeof about.recipe);
	if (encode(lane, model, &bytes, &size, &error) != CLU_OK) {
		prefix_tell_failure(lanes->prefixes, error.message);
		return;
	}
	prefix_store(lanes->prefixes, key, &about, bytes, size);
	free(bytes);
}

clu_status lane_prefix_keep(clu_lanes *lanes, uint32_t slot, clu_error *error)
{
	char key[PREFIX_KEY_TEXT];
	const lane *lane = &lanes->lane[slot];
	const uint32_t layers = lane->schedule.layer;
	if (!lanes->prefixes || lane->from_hash) return CLU_OK;
	print_key(lanes, lane, layers, key);
	if (!prefix_touch(lanes->prefixes, key)) {
		clu_model *model;
		CLU_TRY(clu_model_create(&lane->arch, lanes->arena.shape.m, lanes->arena.shape.n, &model, error));
		clu_status status = network_get_weights(&lanes->arena, slot, model, error);
		if (status == CLU_OK) store(lanes, lane, key, model);
		clu_model_destroy(model);
		CLU_TRY(status);
	}
	touch_down(lanes, lane, layers - 1);
	return CLU_OK;
}
