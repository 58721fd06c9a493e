/* lane_checkpoint.c: a lane ↔ bytes, so that a training goes on to the same bits after any interruption, in any slot.
 *
 * A checkpoint is taken between two calls of clu_lanes_run; a validation that is still due is made after the resume. Weights and
 * moments are stored as they lie on the device. What the training is (architecture, recipe, data, numeric key …) is stored
 * as text beside them and must be the same when it is resumed. */
#include "lanes.h"

#include "hash.h"
#include "safetensors.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- identity: what must be equal ---- */

/* The first IDENTITY_COUNT metadata entries are the identity; the others are about the bytes. */
enum { IDENTITY_COUNT = 7, ENTRY_FORMAT = IDENTITY_COUNT, ENTRY_CHECKSUM, ENTRY_COUNT, ENTRY_TEXT = CLU_RECIPE_TEXT };

typedef struct identity {
	char text[ENTRY_COUNT][ENTRY_TEXT];
	metadata_entry entry[ENTRY_COUNT];
} identity;

static void identity_fill(const clu_lanes *lanes, const lane *lane, identity *identity)
{
	static const char *const keys[ENTRY_COUNT] = {
	    "architecture", "recipe", "seed", "shape", "data", "starting network", "numeric key", "format", "checksum"};
	const arena_shape *shape = &lanes->arena.shape;
	clu_arch_print(&lane->arch, identity->text[0]);
	clu_recipe_print(&lane->recipe, identity->text[1]);
	snprintf(identity->text[2], ENTRY_TEXT, "%" PRIu64, lane->seed);
	snprintf(identity->text[3], ENTRY_TEXT, "m %u, n %u, layers %u, batch %u", shape->m, shape->n, shape->layers, shape->batch);
	snprintf(identity->text[4], ENTRY_TEXT, "%016" PRIx64, lanes->data_hash);
	snprintf(identity->text[5], ENTRY_TEXT, "%016" PRIx64, lane->from_hash);
	snprintf(identity->text[6], ENTRY_TEXT, "%s", clu_device_key(lanes->device));
	snprintf(identity->text[ENTRY_FORMAT], ENTRY_TEXT, "clunroll checkpoint 2");
	identity->text[ENTRY_CHECKSUM][0] = '\0'; /* of the tensors, which are not known yet */
	for (int i = 0; i < ENTRY_COUNT; i++) identity->entry[i] = (metadata_entry){keys[i], identity->text[i]};
}

/* Recipes are equal that train alike, however they were printed. */
static bool is_same(const metadata_entry *want, const char *found, const clu_recipe *recipe)
{
	clu_recipe other;
	if (!found) return false;
	if (strcmp(want->key, "recipe") != 0) return strcmp(found, want->value) == 0;
	return clu_recipe_parse(found, &other, NULL) == CLU_OK && clu_recipe_equal(&other, recipe);
}

static clu_status identity_check(const identity *want, const clu_recipe *recipe, const safetensors *file, clu_error *error)
{
	const char *format = safetensors_metadata(file, "format");
	if (!format || strcmp(format, want->text[ENTRY_FORMAT]) != 0)
		return clu_fail(
		    error, CLU_FORMAT, "checkpoint is of format \"%.60s\"; wanted \"%s\"", format ? format : "", want->text[ENTRY_FORMAT]);
	for (int i = 0; i < IDENTITY_COUNT; i++) {
		const char *found = safetensors_metadata(file, want->entry[i].key);
		if (!is_same(&want->entry[i], found, recipe))
			return clu_fail(error, CLU_MISMATCH, "checkpoint is of another %s: \"%.120s\" there, \"%.120s\" here",
			    want->entry[i].key, found ? found : "nothing", want->entry[i].value);
	}
	return CLU_OK;
}

/* ---- progress: the lane's numbers ---- */

enum { COUNTERS = 11, MEASURES = 6 };

typedef struct progress {
	uint64_t counter[COUNTERS];
	double measure[MEASURES];
	double record[CLU_LAYERS_MAX * RECORD_VALUES];
} progress;

void lane_records_pack(const lane *lane, double *values)
{
	for (uint32_t l = 0; l < lane->layers_done; l++) {
		const clu_layer_record *r = &lane->record[l];
		const double row[RECORD_VALUES] = {
		    r->validation.db, r->validation.ratio_db, r->test.db, r->test.ratio_db, (double)r->steps, r->seconds};
		memcpy(values + l * RECORD_VALUES, row, sizeof row);
	}
}

void lane_records_unpack(const double *values, uint32_t count, lane *lane)
{
	lane->layers_done = count;
	for (uint32_t l = 0; l < count; l++) {
		const double *r = values + l * RECORD_VALUES;
		lane->record[l] = (clu_layer_record){{r[0], r[1]}, {r[2], r[3]}, (uint64_t)r[4], r[5]};
	}
}

static void progress_pack(const lane *lane, progress *p)
{
	const schedule_state *s = &lane->schedule;
	const uint64_t counter[COUNTERS] = {s->layers, s->layer, s->stage, s->stage_steps, s->layer_steps, s->steps, s->best_at,
	    s->done, lane->layers_done, s->validated_at, lane->reused_steps};
	const double measure[MEASURES] = {
	    s->best_db, lane->latest.db, lane->latest.ratio_db, lane->best.db, lane->best.ratio_db, lane->layer_seconds};
	*p = (progress){.counter = {0}};
	memcpy(p->counter, counter, sizeof counter);
	memcpy(p->measure, measure, sizeof measure);
	lane_records_pack(lane, p->record);
}

static clu_status progress_unpack(const progress *p, uint32_t layers, lane *lane, clu_error *error)
{
	const uint64_t *c = p->counter;
	const double *m = p->measure;
	if (c[0] != layers || c[1] < 1 || c[1] > layers || c[2] >= lane->recipe.stage_count || c[7] > 1 || c[8] > layers)
		return clu_fail(
		    error, CLU_FORMAT, "checkpoint is damaged: layer %" PRIu64 " of %" PRIu64 ", stage %" PRIu64, c[1], c[0], c[2]);
	lane->schedule = (schedule_state){.layers = layers,
	    .layer = (uint32_t)c[1],
	    .stage = (uint32_t)c[2],
	    .stage_steps = c[3],
	    .layer_steps = c[4],
	    .steps = c[5],
	    .best_at = c[6],
	    .done = c[7] != 0,
	    .best_db = m[0],
	    .validated_at = c[9]};
	lane->latest = (clu_nmse){m[1], m[2]};
	lane->best = (clu_nmse){m[3], m[4]};
	lane->layer_seconds = m[5];
	lane->reused_steps = c[10];
	lane_records_unpack(p->record, (uint32_t)c[8], lane);
	return CLU_OK;
}

/* ---- tensors ---- */

static const struct {
	const char *name;
	arena_role role;
} stored_roles[] = {{"weights", ROLE_WEIGHTS}, {"first", ROLE_FIRST}, {"second", ROLE_SECOND}, {"best", ROLE_BEST}};
enum { STORED_ROLES = sizeof stored_roles / sizeof stored_roles[0] };

static tensor_info weights_tensor(const clu_lanes *lanes, size_t role, const float *values)
{
	return (tensor_info){stored_roles[role].name, TENSOR_F32, 1, {lanes->arena.weights_floats}, values};
}

static void progress_tensors(const progress *p, tensor_info tensors[3])
{
	tensors[0] = (tensor_info){"counters", TENSOR_U64, 1, {COUNTERS}, p->counter};
	tensors[1] = (tensor_info){"measures", TENSOR_F64, 1, {MEASURES}, p->measure};
	tensors[2] = (tensor_info){"records", TENSOR_F64, 2, {CLU_LAYERS_MAX, RECORD_VALUES}, p->record};
}

/* The format cannot show a damaged number; training must not go on from one. values: [STORED_ROLES][floats]. */
static void checksum(const progress *p, const float *values, size_t floats, char *text, size_t size)
{
	const uint64_t hash = hash_words(HASH_START, p, sizeof *p / 4);
	snprintf(text, size, "%016" PRIx64, hash_words(hash, values, STORED_ROLES * floats));
}

clu_status clu_lane_save(clu_lanes *lanes, uint32_t slot, void **bytes, size_t *size, clu_error *error)
{
	clu_status status = CLU_OK;
	const size_t floats = lanes->arena.weights_floats;
	float *values = NULL;
	identity *identity = NULL;
	progress p;
	tensor_info tensors[3 + STORED_ROLES];
	*bytes = NULL;
	if (slot >= lanes->arena.shape.lanes || lanes->lane[slot].state != CLU_LANE_TRAINING)
		return clu_fail(error, CLU_ARGUMENT, "slot %u does not train, there is nothing to save", slot);
	values = malloc(STORED_ROLES * floats * sizeof *values);
	identity = malloc(sizeof *identity);
	if (!values || !identity) {
		status = clu_fail(error, CLU_MEMORY, "no host memory for a checkpoint");
		goto cleanup;
	}
	progress_pack(&lanes->lane[slot], &p);
	progress_tensors(&p, tensors);
	for (size_t r = 0; r < STORED_ROLES; r++) {
		CLU_GOTO(arena_read(&lanes->arena, stored_roles[r].role, slot, 0, floats, values + r * floats, error));
		tensors[3 + r] = weights_tensor(lanes, r, values + r * floats);
	}
	identity_fill(lanes, &lanes->lane[slot], identity);
	checksum(&p, values, floats, identity->text[ENTRY_CHECKSUM], ENTRY_TEXT);
	CLU_GOTO(safetensors_encode(tensors, 3 + STORED_ROLES, identity->entry, ENTRY_COUNT, bytes, size, error));
cleanup:
	free(identity);
	free(values);
	return status;
}

/* Takes progress and values [STORED_ROLES][floats] out of the file, and checks that they are what was written. */
static clu_status take(const clu_lanes *lanes, const safetensors *file, progress *p, float *values, clu_error *error)
{
	const size_t floats = lanes->arena.weights_floats;
	tensor_info tensors[3];
	char found[24];
	progress_tensors(p, tensors);
	CLU_TRY(safetensors_take(file, &tensors[0], p->counter, error));
	CLU_TRY(safetensors_take(file, &tensors[1], p->measure, error));
	CLU_TRY(safetensors_take(file, &tensors[2], p->record, error));
	for (size_t r = 0; r < STORED_ROLES; r++) {
		const tensor_info wanted = weights_tensor(lanes, r, NULL);
		CLU_TRY(safetensors_take(file, &wanted, values + r * floats, error));
	}
	checksum(p, values, floats, found, sizeof found);
	const char *wanted = safetensors_metadata(file, "checksum");
	if (wanted && strcmp(found, wanted) == 0) return CLU_OK;
	return clu_fail(error, CLU_FORMAT, "checkpoint is damaged: checksum of its tensors is %s; wanted %.20s", found,
	    wanted ? wanted : "one, there is none");
}

static clu_status restore(clu_lanes *lanes, uint32_t slot, const safetensors *file, clu_error *error)
{
	lane *lane = &lanes->lane[slot];
	const size_t floats = lanes->arena.weights_floats;
	clu_status status = CLU_OK;
	progress p = {.counter = {0}};
	float *values = malloc(STORED_ROLES * floats * sizeof *values);
	if (!values) return clu_fail(error, CLU_MEMORY, "no host memory for a checkpoint");
	CLU_GOTO(take(lanes, file, &p, values, error));
	CLU_GOTO(progress_unpack(&p, lanes->arena.shape.layers, lane, error));
	for (size_t r = 0; r < STORED_ROLES; r++)
		CLU_GOTO(arena_write(&lanes->arena, stored_roles[r].role, slot, 0, floats, values + r * floats, error));
	CLU_GOTO(weights_transpose(&lanes->arena, slot, error));
	CLU_GOTO(lane_enter_stage(lanes, slot, error));
	lane->state = CLU_LANE_TRAINING;
cleanup:
	free(values);
	return status;
}

clu_status clu_lane_resume(
    clu_lanes *lanes, uint32_t slot, const clu_training *training, const void *bytes, size_t size, clu_error *error)
{
	clu_status status = CLU_OK;
	safetensors *file = NULL;
	identity *identity = malloc(sizeof *identity);
	if (!identity) return clu_fail(error, CLU_MEMORY, "no host memory for a checkpoint");
	CLU_GOTO(lane_prepare(lanes, slot, training, error));
	identity_fill(lanes, &lanes->lane[slot], identity);
	CLU_GOTO(safetensors_decode(bytes, size, "checkpoint", &file, error));
	CLU_GOTO(identity_check(identity, &lanes->lane[slot].recipe, file, error));
	CLU_GOTO(restore(lanes, slot, file, error));
cleanup:
	if (status != CLU_OK && slot < lanes->arena.shape.lanes && lanes->lane[slot].state == CLU_LANE_EMPTY)
		clu_lane_clear(lanes, slot);
	safetensors_destroy(file);
	free(identity);
	return status;
}
