/* lanes.c: a set of lanes: the data and memory they share, starting a training on one, and what came of it. Running them is in
 * lanes_run.c. */
#include "lanes.h"

#include "hash.h"
#include "parallel.h"
#include "random.h"
#include "start.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BURST_MAX = 256 }; /* steps */

/* ---- memory ---- */

static arena_shape shape_of(const clu_data *data, uint32_t layers, uint32_t batch, uint32_t lanes)
{
	const size_t evaluation = data->test.count > data->validation.count ? data->test.count : data->validation.count;
	return (arena_shape){.m = data->m,
	    .n = data->n,
	    .layers = layers,
	    .batch = batch,
	    .lanes = lanes,
	    .purpose = ARENA_TRAIN,
	    .burst = BURST_MAX,
	    .order = (uint32_t)data->train.count,
	    .evaluation = (uint32_t)evaluation};
}

void clu_lanes_bytes(const clu_device_info *info, const clu_plan *plan, const clu_data *data, uint32_t layers, uint32_t batch,
    uint64_t *lane_bytes, uint64_t *shared_bytes)
{
	const arena_shape shape = shape_of(data, layers, batch, 1);
	const clu_plan used = plan ? *plan : clu_plan_default(info);
	*lane_bytes = arena_lane_bytes(&shape, &used);
	*shared_bytes = samples_bytes(data->m, data->n, data->train.count + data->validation.count + data->test.count);
}

uint32_t clu_lanes_fit(
    const clu_device_info *info, const clu_plan *plan, const clu_data *data, uint32_t layers, uint32_t batch, uint32_t wanted)
{
	uint64_t lane, shared;
	const clu_plan used = plan ? *plan : clu_plan_default(info);
	clu_lanes_bytes(info, &used, data, layers, batch, &lane, &shared);
	const uint64_t memory = info->memory_bytes / 10 * 9; /* the rest is for the driver and for others */
	/* of the largest set */
	size_t samples = data->train.count;
	if (samples < data->validation.count) samples = data->validation.count;
	if (samples < data->test.count) samples = data->test.count;
	const uint64_t codes = (uint64_t)samples * arena_ld(data->n > data->m ? data->n : data->m) * sizeof(float);
	if (shared + lane > memory || codes > info->allocation_bytes) return 0;
	uint64_t fit = (memory - shared) / lane;
	const arena_shape one = shape_of(data, layers, batch, 1);
	const uint64_t by_allocation = info->allocation_bytes / arena_largest_bytes(&one, &used);
	if (fit > by_allocation) fit = by_allocation;
	return fit > wanted ? wanted : (uint32_t)fit;
}

static clu_status check_fit(
    const clu_device *device, const clu_data *data, uint32_t layers, uint32_t batch, uint32_t lanes, clu_error *error)
{
	uint64_t lane, shared;
	const uint32_t fit = clu_lanes_fit(&device->info, &device->plan, data, layers, batch, lanes);
	if (fit >= lanes) return CLU_OK;
	clu_lanes_bytes(&device->info, &device->plan, data, layers, batch, &lane, &shared);
	return clu_fail(error, CLU_SIZE,
	    "%u lanes of %.1f MiB beside %.1f MiB of data do not fit %s (%.1f MiB, at most %.1f MiB in one buffer): at most %u lanes "
	    "do",
	    lanes, (double)lane / 1048576.0, (double)shared / 1048576.0, device->info.name,
	    (double)device->info.memory_bytes / 1048576.0, (double)device->info.allocation_bytes / 1048576.0, fit);
}

static clu_status create_host(clu_lanes *lanes, const clu_data *data, clu_error *error)
{
	const arena_shape *shape = &lanes->arena.shape;
	const size_t values = (size_t)data->m * data->n;
	lanes->lane = calloc(shape->lanes, sizeof *lanes->lane);
	lanes->places = calloc(shape->lanes, sizeof *lanes->places);
	lanes->due = calloc(shape->lanes, sizeof *lanes->due);
	lanes->chosen = calloc(shape->lanes, sizeof *lanes->chosen);
	lanes->moves = calloc(shape->lanes, sizeof *lanes->moves);
	lanes->nmse = calloc(shape->lanes, sizeof *lanes->nmse);
	lanes->finite = calloc(shape->lanes, sizeof *lanes->finite);
	lanes->order = calloc(shape->order, sizeof *lanes->order);
	lanes->step_data = calloc((size_t)shape->burst * shape->lanes, sizeof *lanes->step_data);
	if (!lanes->lane || !lanes->places || !lanes->due || !lanes->chosen || !lanes->moves || !lanes->nmse || !lanes->finite ||
	    !lanes->order || !lanes->step_data)
		return clu_fail(error, CLU_MEMORY, "no host memory for %u lanes", shape->lanes);
	lanes->scale = data->scale;
	lanes->gain = data->gain;
	lanes->lipschitz = data->lipschitz / (data->gain * data->gain);
	lanes->pass_steps = shape->order / shape->batch;
	lanes->burst = 1;
	lanes->dictionary = malloc(values * sizeof *lanes->dictionary);
	lanes->w_b = malloc(values * sizeof *lanes->w_b);
	lanes->w_x = malloc((size_t)data->n * data->n * sizeof *lanes->w_x);
	if (!lanes->dictionary || !lanes->w_b || !lanes->w_x)
		return clu_fail(error, CLU_MEMORY, "no host memory for weights of %u×%u", data->n, data->n);
	memcpy(lanes->dictionary, data->dictionary, values * sizeof *lanes->dictionary);
	lanes->ridge = NAN;
	return CLU_OK;
}

/* Measurements without the dictionary's gain. */
static clu_status create_samples(const clu_lanes *lanes, const clu_data *data, const clu_samples *from, const char *role,
    device_samples *samples, clu_error *error)
{
	if (data->gain == 1) return samples_create(lanes->device, data->m, data->n, from, role, samples, error);
	const size_t values = from->count * data->m;
	clu_samples divided = *from;
	divided.b = malloc((values + 1) * sizeof(float));
	if (!divided.b) return clu_fail(error, CLU_MEMORY, "no host memory for %s", role);
	for (size_t i = 0; i < values; i++) divided.b[i] = (float)(from->b[i] / data->gain);
	const clu_status status = samples_create(lanes->device, data->m, data->n, &divided, role, samples, error);
	free(divided.b);
	return status;
}

static clu_status create_device(clu_lanes *lanes, const clu_data *data, const arena_shape *shape, clu_error *error)
{
	CLU_TRY(arena_create(lanes->device, shape, &lanes->arena, error));
	CLU_TRY(create_samples(lanes, data, &data->train, "training samples", &lanes->train, error));
	CLU_TRY(create_samples(lanes, data, &data->validation, "validation samples", &lanes->validation, error));
	CLU_TRY(create_samples(lanes, data, &data->test, "test samples", &lanes->test, error));
	CLU_TRY(network_lists_create(&lanes->arena, LIST_SET_TRAIN, &lanes->training_lists, error));
	return network_lists_create(&lanes->arena, LIST_SET_EVALUATE, &lanes->evaluation_lists, error);
}

typedef struct creation {
	clu_lanes *lanes;
	const clu_data *data;
	const arena_shape *shape;
	clu_status status;
	clu_error *error;
} creation;

/* Part 0: everything but part 1, the hash of the data, which takes as long as copying them. Of the test set too: records hold its
 * NMSE. */
static void create_parts(void *context, size_t begin, size_t end)
{
	creation *job = context;
	for (size_t part = begin; part < end; part++) {
		if (part == 1) {
			job->lanes->data_hash = clu_data_hash(job->data);
			continue;
		}
		job->status = create_device(job->lanes, job->data, job->shape, job->error);
		if (job->status == CLU_OK) job->status = create_host(job->lanes, job->data, job->error);
	}
}

clu_status clu_lanes_create(clu_device *device, const clu_data *data, uint32_t layers, uint32_t batch, uint32_t lane_count,
    clu_lanes **out, clu_error *error)
{
	*out = NULL;
	if (layers < 1 || layers > CLU_LAYERS_MAX)
		return clu_fail(error, CLU_ARGUMENT, "%u layers; wanted 1 to %d", layers, CLU_LAYERS_MAX);
	if (batch < 1 || lane_count < 1) return clu_fail(error, CLU_ARGUMENT, "batch and number of lanes must be at least 1");
	if (data->train.count < batch)
		return clu_fail(error, CLU_ARGUMENT,
		    "%zu training samples are fewer than a batch of %u: use a smaller batch or more samples", data->train.count, batch);
	if (data->validation.count < 1) return clu_fail(error, CLU_ARGUMENT, "training needs at least one validation sample");
	CLU_TRY(check_fit(device, data, layers, batch, lane_count, error));
	const arena_shape shape = shape_of(data, layers, batch, lane_count);
	clu_lanes *lanes = calloc(1, sizeof *lanes);
	if (!lanes) return clu_fail(error, CLU_MEMORY, "no host memory for %u lanes", lane_count);
	lanes->device = device;
	creation job = {.lanes = lanes, .data = data, .shape = &shape, .error = error};
	parallel_run(2, 1, create_parts, &job);
	if (job.status == CLU_OK)
		*out = lanes;
	else
		clu_lanes_destroy(lanes);
	return job.status;
}

void clu_lanes_destroy(clu_lanes *lanes)
{
	if (!lanes) return;
	if (lanes->lane)
		for (uint32_t slot = 0; slot < lanes->arena.shape.lanes; slot++) free(lanes->lane[slot].settings);
	free(lanes->w_x);
	free(lanes->w_b);
	free(lanes->dictionary);
	free(lanes->step_data);
	free(lanes->order);
	free(lanes->finite);
	free(lanes->nmse);
	free(lanes->due);
	free(lanes->chosen);
	free(lanes->moves);
	free(lanes->places);
	free(lanes->lane);
	network_lists_destroy(&lanes->evaluation_lists);
	network_lists_destroy(&lanes->training_lists);
	samples_destroy(&lanes->test);
	samples_destroy(&lanes->validation);
	samples_destroy(&lanes->train);
	arena_destroy(&lanes->arena);
	free(lanes);
}

uint32_t clu_lanes_count(const clu_lanes *lanes)
{
	return lanes->arena.shape.lanes;
}

uint64_t clu_lanes_steps(const clu_lanes *lanes)
{
	return lanes->steps;
}

double clu_lanes_step_seconds(const clu_lanes *lanes)
{
	return lanes->step_seconds;
}

uint64_t clu_lanes_beats(const clu_lanes *lanes)
{
	return lanes->beats;
}

/* ---- starting a lane ---- */

/* n_L where the recipe trains c of the mean form, 1 where it trains the sum's coefficients. */
static float spread_of(const lane *lane, uint32_t layer)
{
	if (lane->recipe.form == CLU_FORM_SUM) return 1.0f;
	uint32_t count = 0;
	for (uint32_t origins = clu_arch_origins(&lane->arch, layer); origins; origins &= origins - 1) count++;
	return count ? (float)count : 1.0f;
}

/* Effective coefficients a new layer starts with: all equal (1, or the mean's 1/n_L), or the previous layer alone. */
static void start_coefficients(const lane *lane, clu_model *model)
{
	for (uint32_t layer = 2; layer <= lane->arch.layers; layer++)
		for (uint32_t i = 1; i < layer; i++) {
			const bool previous = i == layer - 1, origin = clu_arch_origins(&lane->arch, layer) >> (i - 1) & 1u;
			const float one = lane->recipe.start == CLU_START_ONES ? 1.0f / spread_of(lane, layer) : (float)previous;
			model->coefficient[layer - 1][i - 1] = origin ? one : 0.0f;
		}
}

/* The weights to start from for this ridge, unless they are there already. */
static clu_status make_start(clu_lanes *lanes, double ridge, clu_error *error)
{
	const arena_shape *shape = &lanes->arena.shape;
	if (lanes->ridge == ridge) return CLU_OK;
	lanes->ridge = NAN;
	const start_problem problem = {lanes->dictionary, shape->m, shape->n, lanes->gain, lanes->lipschitz, ridge};
	CLU_TRY(start_weights(&problem, lanes->w_b, lanes->w_x, error));
	lanes->ridge = ridge;
	return CLU_OK;
}

static clu_status write_start(clu_lanes *lanes, uint32_t slot, clu_error *error)
{
	const lane *lane = &lanes->lane[slot];
	const size_t m = lanes->arena.shape.m, n = lanes->arena.shape.n;
	const double scale = start_scale(lanes->lipschitz, lane->recipe.ridge);
	clu_model *model;
	CLU_TRY(make_start(lanes, lane->recipe.ridge, error));
	CLU_TRY(clu_model_create(&lane->arch, (uint32_t)m, (uint32_t)n, &model, error));
	memcpy(model->w_b, lanes->w_b, n * m * sizeof(float));
	memcpy(model->w_x, lanes->w_x, n * n * sizeof(float));
	for (uint32_t l = 0; l < lane->arch.layers; l++) model->theta[l] = (float)(lane->recipe.threshold * scale);
	start_coefficients(lane, model);
	clu_status status = network_set_weights(&lanes->arena, slot, model, error);
	clu_model_destroy(model);
	return status;
}

clu_status lane_prepare(clu_lanes *lanes, uint32_t slot, const clu_training *training, clu_error *error)
{
	const arena_shape *shape = &lanes->arena.shape;
	if (slot >= shape->lanes) return clu_fail(error, CLU_ARGUMENT, "slot %u of %u lanes", slot, shape->lanes);
	if (lanes->lane[slot].state == CLU_LANE_TRAINING) return clu_fail(error, CLU_ARGUMENT, "slot %u is training", slot);
	CLU_TRY(clu_arch_check(&training->arch, error));
	if (training->arch.layers != shape->layers)
		return clu_fail(error, CLU_ARGUMENT, "architecture of %u layers on lanes of %u", training->arch.layers, shape->layers);
	CLU_TRY(clu_recipe_check(&training->recipe, training->from ? shape->layers : 1, shape->layers, error));
	const clu_model *from = training->from;
	if (from && (from->m != shape->m || from->n != shape->n || from->arch.layers != shape->layers))
		return clu_fail(error, CLU_MISMATCH, "network to start from is %u×%u of %u layers; wanted %u×%u of %u", from->m, from->n,
		    from->arch.layers, shape->m, shape->n, shape->layers);
	char *settings = strdup(training->settings ? training->settings : "{}");
	if (!settings) return clu_fail(error, CLU_MEMORY, "no host memory for a lane's settings");
	clu_lane_clear(lanes, slot);
	lane *lane = &lanes->lane[slot];
	*lane = (struct lane){.arch = training->arch,
	    .recipe = training->recipe,
	    .seed = training->seed,
	    .settings = settings,
	    .latest = {NAN, NAN},
	    .best = {NAN, NAN}};
	if (from) {
		lane->from_hash = hash_words(HASH_START, from->w_b, (size_t)from->n * from->m);
		lane->from_hash = hash_words(lane->from_hash, from->w_x, (size_t)from->n * from->n);
		lane->from_hash = hash_words(lane->from_hash, from->theta, CLU_LAYERS_MAX);
		lane->from_hash = hash_words(lane->from_hash, from->coefficient, sizeof from->coefficient / 4);
	}
	float spreads[CLU_LAYERS_MAX];
	uint32_t selected[CLU_LAYERS_MAX];
	for (uint32_t l = 0; l < shape->layers; l++) spreads[l] = spread_of(lane, l + 1);
	schedule_selected(&lane->recipe, &lane->arch, shape->n, selected);
	CLU_TRY(arena_write(&lanes->arena, ROLE_SPREADS, slot, 0, shape->layers, spreads, error));
	/* Gradients of matrices that stay are never written; the norm that is clipped counts them. */
	if (lane->recipe.rate_w == 0) CLU_TRY(arena_zero(&lanes->arena, ROLE_GRADIENTS, slot, error));
	return network_set_arch(&lanes->arena, slot, &lane->arch, selected, error);
}

clu_status lane_enter_stage(clu_lanes *lanes, uint32_t slot, clu_error *error)
{
	lane *lane = &lanes->lane[slot];
	const uint32_t layers = lanes->arena.shape.layers;
	const clu_recipe *recipe = &lane->recipe;
	const float clip = (float)recipe->stage[lane->schedule.stage].clip;
	const float hyper[4] = {(float)recipe->beta1, (float)recipe->beta2, (float)recipe->epsilon, clip};
	float multipliers[CLU_LAYERS_MAX];
	for (uint32_t l = 0; l < layers; l++) multipliers[l] = (float)schedule_multiplier(&lane->recipe, &lane->schedule, l + 1);
	lanes->lists_stale = true;
	lane->pass_loaded = 0;
	CLU_TRY(arena_write(&lanes->arena, ROLE_HYPER, slot, 0, 4, hyper, error));
	return arena_write(&lanes->arena, ROLE_MULTIPLIERS, slot, 0, layers, multipliers, error);
}

clu_status lane_fresh_moments(clu_lanes *lanes, uint32_t slot, clu_error *error)
{
	CLU_TRY(arena_zero(&lanes->arena, ROLE_FIRST, slot, error));
	return arena_zero(&lanes->arena, ROLE_SECOND, slot, error);
}

/* Connections that the given network has not start at 0; what those carried that only it has goes to the layer before, so that the
 * coefficients of a layer keep their sum. */
static void take_connections(clu_model *from, const clu_arch *arch)
{
	for (uint32_t l = 1; l < arch->layers; l++) {
		const uint32_t left_out = clu_arch_origins(&from->arch, l + 1) & ~clu_arch_origins(arch, l + 1);
		for (uint32_t i = 0; i < l; i++)
			if (left_out >> i & 1u) from->coefficient[l][l - 1] += from->coefficient[l][i];
	}
	from->arch = *arch;
}

/* W_b takes measurements without the dictionary's gain. */
static clu_status write_given(clu_lanes *lanes, uint32_t slot, clu_model *from, clu_error *error)
{
	const size_t values = (size_t)from->n * from->m;
	if (lanes->gain == 1) return network_set_weights(&lanes->arena, slot, from, error);
	const float *given = from->w_b;
	from->w_b = malloc(values * sizeof *from->w_b);
	if (!from->w_b) return clu_fail(error, CLU_MEMORY, "no host memory for weights of %u×%u", from->n, from->m);
	for (size_t i = 0; i < values; i++) from->w_b[i] = (float)(given[i] * lanes->gain);
	const clu_status status = network_set_weights(&lanes->arena, slot, from, error);
	free(from->w_b);
	return status;
}

clu_status clu_lane_start(clu_lanes *lanes, uint32_t slot, const clu_training *training, clu_error *error)
{
	CLU_TRY(lane_prepare(lanes, slot, training, error));
	lane *lane = &lanes->lane[slot];
	const uint32_t layers = lanes->arena.shape.layers;
	schedule_begin(&lane->recipe, &lane->schedule, layers, training->from ? layers : 1);
	if (training->from) {
		clu_model from = *training->from;
		take_connections(&from, &lane->arch);
		CLU_TRY(write_given(lanes, slot, &from, error));
	} else {
		CLU_TRY(write_start(lanes, slot, error));
		CLU_TRY(lane_prefix_take(lanes, slot, error));
	}
	CLU_TRY(lane_fresh_moments(lanes, slot, error));
	CLU_TRY(lane_enter_stage(lanes, slot, error));
	lane->state = lane->schedule.done ? CLU_LANE_DONE : CLU_LANE_TRAINING;
	return CLU_OK;
}

void clu_lane_clear(clu_lanes *lanes, uint32_t slot)
{
	if (slot >= lanes->arena.shape.lanes) return;
	free(lanes->lane[slot].settings);
	lanes->lane[slot] = (struct lane){.state = CLU_LANE_EMPTY};
	lanes->lists_stale = true;
}

/* ---- results ---- */

void clu_lane_progress_get(const clu_lanes *lanes, uint32_t slot, clu_lane_progress *progress)
{
	*progress = (clu_lane_progress){.state = CLU_LANE_EMPTY, .validation_db = NAN};
	if (slot >= lanes->arena.shape.lanes) return;
	const lane *lane = &lanes->lane[slot];
	if (lane->state == CLU_LANE_EMPTY) return;
	*progress = (clu_lane_progress){.state = lane->state,
	    .layer = lane->schedule.layer,
	    .stage = lane->schedule.stage,
	    .stage_steps = lane->schedule.stage_steps,
	    .stage_length = schedule_stage_length(&lane->recipe, &lane->schedule),
	    .steps = lane->schedule.steps,
	    .reused_steps = lane->reused_steps,
	    .validation_db = lane->latest.db,
	    .layers_done = lane->layers_done,
	    .error = lane->error};
	memcpy(progress->record, lane->record, sizeof progress->record);
}

clu_status clu_lane_model(clu_lanes *lanes, uint32_t slot, clu_model **model, clu_error *error)
{
	const arena_shape *shape = &lanes->arena.shape;
	*model = NULL;
	if (slot >= shape->lanes || lanes->lane[slot].state == CLU_LANE_EMPTY)
		return clu_fail(error, CLU_ARGUMENT, "slot %u of %u lanes holds no network", slot, shape->lanes);
	const lane *lane = &lanes->lane[slot];
	clu_model *taken;
	CLU_TRY(clu_model_create(&lane->arch, shape->m, shape->n, &taken, error));
	taken->scale = lanes->scale;
	schedule_selected(&lane->recipe, &lane->arch, shape->n, taken->selected);
	free(taken->settings);
	taken->settings = strdup(lane->settings);
	clu_status status = taken->settings ? network_get_weights(&lanes->arena, slot, taken, error)
	                                    : clu_fail(error, CLU_MEMORY, "no host memory for a model's settings");
	for (size_t i = 0; i < (size_t)shape->n * shape->m && lanes->gain != 1; i++)
		taken->w_b[i] = (float)(taken->w_b[i] / lanes->gain);
	if (status == CLU_OK)
		*model = taken;
	else
		clu_model_destroy(taken);
	return status;
}
