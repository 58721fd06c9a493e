/* lanes_run.c: runs lanes: steps of all of them, validating and moving on as each lane's own schedule says.
 *
 * Steps are enqueued in bursts: the host writes the steps' data (which samples, which rate), enqueues them all and waits once at
 * the end. A burst ends where the first lane has a validation or a new permutation due. */
#include "lanes.h"

#include "clock.h"
#include "random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double burst_seconds = 0.2;    /* how long a stop may have to wait, about … */
static const double evaluation_seconds = 2; /* … and where a validation is due */

/* ---- running ---- */

/* What a step of the lane computes; from its multipliers, so that no list of stages' meanings is kept twice. */
static lane_place place_of(const clu_lanes *lanes, uint32_t slot)
{
	const lane *lane = &lanes->lane[slot];
	const uint32_t depth = lane->schedule.layer;
	lane_place place = {.slot = slot, .depth = depth, .clip = lane->recipe.stage[lane->schedule.stage].clip > 0};
	place.w_b = schedule_multiplier(&lane->recipe, &lane->schedule, 1) != 0;
	place.w_x = depth >= 2 && schedule_multiplier(&lane->recipe, &lane->schedule, 2) != 0;
	place.lowest = depth;
	for (uint32_t layer = depth; layer >= 1; layer--)
		if (schedule_multiplier(&lane->recipe, &lane->schedule, layer) != 0) place.lowest = layer;
	if (place.w_b || place.w_x) place.lowest = 1; /* every layer's dv and dY are in their gradients */
	return place;
}

static clu_status refresh_lists(clu_lanes *lanes, clu_error *error)
{
	uint32_t count = 0;
	if (!lanes->lists_stale) return CLU_OK;
	for (uint32_t slot = 0; slot < lanes->arena.shape.lanes; slot++)
		if (lanes->lane[slot].state == CLU_LANE_TRAINING) lanes->places[count++] = place_of(lanes, slot);
	CLU_TRY(network_lists_set(&lanes->arena, &lanes->training_lists, lanes->places, count, error));
	lanes->lists_stale = false;
	return CLU_OK;
}

/* Steps until the first lane needs the host: a validation, or a new permutation. 0: no lane trains. */
static uint32_t burst_length(const clu_lanes *lanes)
{
	uint64_t steps = lanes->burst;
	bool any = false;
	for (uint32_t slot = 0; slot < lanes->arena.shape.lanes; slot++) {
		const lane *lane = &lanes->lane[slot];
		if (lane->state != CLU_LANE_TRAINING) continue;
		any = true;
		const uint64_t validation = schedule_until_validation(&lane->recipe, &lane->schedule);
		const uint64_t pass = lanes->pass_steps - lane->schedule.stage_steps % lanes->pass_steps;
		if (validation < steps) steps = validation;
		if (pass < steps) steps = pass;
	}
	return any ? (uint32_t)steps : 0;
}

static step_data step_of(const clu_lanes *lanes, const lane *lane, uint64_t stage_step)
{
	const clu_recipe *recipe = &lane->recipe;
	const double rate = schedule_corrected_rate(recipe, &lane->schedule, stage_step);
	return (step_data){.first = (cl_uint)(stage_step % lanes->pass_steps) * lanes->arena.shape.batch,
	    .rate = (float)(rate * recipe->rate_w),
	    .rate_theta = (float)(rate * recipe->rate_theta),
	    .rate_coefficient = (float)(rate * recipe->rate_coefficient),
	    .loss = recipe->stage[lane->schedule.stage].loss};
}

static void draw_order(clu_lanes *lanes, uint64_t seed, const schedule_state *schedule, uint32_t pass)
{
	const uint32_t layer = schedule->layer, stage = schedule->stage;
	if (lanes->drawn.seed == seed && lanes->drawn.layer == layer && lanes->drawn.stage == stage && lanes->drawn.pass == pass)
		return;
	random_permutation(seed, layer, stage, pass, lanes->arena.shape.order, lanes->order);
	lanes->drawn.seed = seed;
	lanes->drawn.layer = layer;
	lanes->drawn.stage = stage;
	lanes->drawn.pass = pass;
}

static clu_status load_order(clu_lanes *lanes, uint32_t slot, clu_error *error)
{
	lane *lane = &lanes->lane[slot];
	const schedule_state *schedule = &lane->schedule;
	const uint64_t pass = schedule->stage_steps / lanes->pass_steps;
	if (lane->pass_loaded == pass + 1) return CLU_OK;
	draw_order(lanes, lane->seed, schedule, (uint32_t)pass);
	CLU_TRY(arena_write(&lanes->arena, ROLE_ORDER, slot, 0, lanes->arena.shape.order, lanes->order, error));
	lane->pass_loaded = pass + 1;
	return CLU_OK;
}

static clu_status write_step_data(clu_lanes *lanes, uint32_t steps, clu_error *error)
{
	const arena_shape *shape = &lanes->arena.shape;
	for (uint32_t slot = 0; slot < shape->lanes; slot++) {
		const lane *lane = &lanes->lane[slot];
		if (lane->state != CLU_LANE_TRAINING) continue;
		CLU_TRY(load_order(lanes, slot, error));
		for (uint32_t s = 0; s < steps; s++)
			lanes->step_data[(size_t)s * shape->lanes + slot] = step_of(lanes, lane, lane->schedule.stage_steps + s);
	}
	return memory_write(lanes->device, lanes->arena.buffer[ROLE_STEPS], 0, (uint64_t)steps * shape->lanes * sizeof(step_data),
	    lanes->step_data, error);
}

static void account_time(clu_lanes *lanes)
{
	const double time = clock_seconds();
	for (uint32_t slot = 0; slot < lanes->arena.shape.lanes; slot++)
		if (lanes->lane[slot].state == CLU_LANE_TRAINING) lanes->lane[slot].layer_seconds += time - lanes->mark;
	lanes->mark = time;
}

static clu_status run_burst(clu_lanes *lanes, uint32_t steps, clu_error *error)
{
	CLU_TRY(refresh_lists(lanes, error));
	CLU_TRY(write_step_data(lanes, steps, error));
	const double begin = clock_seconds();
	for (uint32_t s = 0; s < steps; s++) CLU_TRY(network_step(&lanes->arena, &lanes->training_lists, &lanes->train, s, error));
	CLU_TRY(device_finish(lanes->device, error));
	const double taken = clock_seconds() - begin;
	lanes->step_seconds += taken;
	if (steps == lanes->burst && taken < burst_seconds / 2 && lanes->burst < lanes->arena.shape.burst) lanes->burst *= 2;
	if (taken > 2 * burst_seconds && lanes->burst > 1) lanes->burst /= 2;
	for (uint32_t slot = 0; slot < lanes->arena.shape.lanes; slot++) {
		lane *lane = &lanes->lane[slot];
		if (lane->state != CLU_LANE_TRAINING) continue;
		schedule_advance(&lane->schedule, steps);
		lanes->steps += steps;
		lanes->beats += steps;
	}
	return CLU_OK;
}

/* ---- validation ---- */

/* NMSE of the lanes in due[0 … count − 1], each with its `depth` layers, into lanes->nmse. */
static clu_status evaluate(clu_lanes *lanes, const device_samples *samples, const uint32_t *due, uint32_t count, clu_error *error)
{
	for (uint32_t k = 0; k < count; k++)
		lanes->places[k] = (lane_place){.slot = due[k], .depth = lanes->lane[due[k]].schedule.layer, .lowest = CLU_LAYERS_MAX + 1};
	CLU_TRY(network_lists_set(&lanes->arena, &lanes->evaluation_lists, lanes->places, count, error));
	return network_evaluate(&lanes->arena, &lanes->evaluation_lists, samples, lanes->nmse, error);
}

static void fail_lane(clu_lanes *lanes, lane *lane, const char *what)
{
	char arch[CLU_ARCH_TEXT];
	clu_arch_print(&lane->arch, arch);
	lane->state = CLU_LANE_FAILED;
	lanes->lists_stale = true;
	clu_fail(&lane->error, CLU_NUMERIC, "%s in layer %u, stage %u, step %llu of architecture %s: a smaller learning rate may help",
	    what, lane->schedule.layer, lane->schedule.stage + 1, (unsigned long long)lane->schedule.stage_steps, arch);
}

/* Records the layer that the lane finished, and those below it that were trained with it. Its test NMSE is measured at its depth,
 * before the schedule moves on. */
static clu_status record_layer(clu_lanes *lanes, uint32_t slot, uint64_t steps, bool restored, clu_error *error)
{
	lane *lane = &lanes->lane[slot];
	clu_nmse test = {NAN, NAN};
	if (lanes->test.count) {
		CLU_TRY(evaluate(lanes, &lanes->test, &slot, 1, error));
		test = lanes->nmse[0];
	}
	account_time(lanes);
	while (lane->from_hash == 0 && lane->layers_done + 1 < lane->schedule.layer)
		lane->record[lane->layers_done++] = (clu_layer_record){.validation = {NAN, NAN}, .test = {NAN, NAN}};
	lane->record[lane->layers_done++] = (clu_layer_record){restored ? lane->best : lane->latest, test, steps, lane->layer_seconds};
	lane->layer_seconds = 0;
	return CLU_OK;
}

/* Takes a lane's weights into BEST, the mean of `count` − 1 before them: mean + (weight − mean)/count. On the host: seldom, and of
 * the same bits whatever device. */
static clu_status take_into_mean(clu_lanes *lanes, uint32_t slot, uint64_t count, clu_error *error)
{
	const size_t floats = lanes->arena.weights_floats;
	clu_status status;
	if (count == 1) return arena_copy(&lanes->arena, ROLE_WEIGHTS, ROLE_BEST, slot, error);
	float *mean = malloc(2 * floats * sizeof *mean);
	if (!mean) return clu_fail(error, CLU_MEMORY, "no host memory for the mean of %zu weights", floats);
	float *weights = mean + floats;
	CLU_GOTO(arena_read(&lanes->arena, ROLE_BEST, slot, 0, floats, mean, error));
	CLU_GOTO(arena_read(&lanes->arena, ROLE_WEIGHTS, slot, 0, floats, weights, error));
	for (size_t i = 0; i < floats; i++) mean[i] = (float)(mean[i] + ((double)weights[i] - mean[i]) / (double)count);
	CLU_GOTO(arena_write(&lanes->arena, ROLE_BEST, slot, 0, floats, mean, error));

cleanup:
	free(mean);
	return status;
}

/* Puts BEST back. A mean has not been measured yet: the validations were of the weights that went into it. */
static clu_status restore(clu_lanes *lanes, uint32_t slot, clu_error *error)
{
	lane *lane = &lanes->lane[slot];
	CLU_TRY(arena_copy(&lanes->arena, ROLE_BEST, ROLE_WEIGHTS, slot, error));
	CLU_TRY(weights_transpose(&lanes->arena, slot, error));
	if (lane->recipe.stage[lane->schedule.stage].keep != CLU_KEEP_AVERAGE) return CLU_OK;
	CLU_TRY(evaluate(lanes, &lanes->validation, &slot, 1, error));
	lane->best = lanes->nmse[0];
	if (!isfinite(lane->best.db) || !isfinite(lane->best.ratio_db))
		fail_lane(lanes, lane, "the validation NMSE of the mean of weights is not finite");
	return CLU_OK;
}

/* Does what the schedule asks for after lane->latest was measured. */
static clu_status move_on(clu_lanes *lanes, uint32_t slot, clu_error *error)
{
	lane *lane = &lanes->lane[slot];
	schedule_state next = lane->schedule;
	const unsigned actions = schedule_validated(&lane->recipe, &next, lane->latest.db);
	if (actions & SCHEDULE_KEEP_BEST) {
		lane->best = lane->latest;
		CLU_TRY(arena_copy(&lanes->arena, ROLE_WEIGHTS, ROLE_BEST, slot, error));
	}
	if (actions & SCHEDULE_AVERAGE) CLU_TRY(take_into_mean(lanes, slot, schedule_averaged(&lane->recipe, &lane->schedule), error));
	if (actions & SCHEDULE_RESTORE) CLU_TRY(restore(lanes, slot, error));
	if (lane->state == CLU_LANE_FAILED) return CLU_OK;
	if (actions & SCHEDULE_LAYER_END) {
		CLU_TRY(record_layer(lanes, slot, lane->schedule.layer_steps, actions & SCHEDULE_RESTORE, error));
		CLU_TRY(lane_prefix_keep(lanes, slot, error));
		CLU_TRY(network_begin_layers(&lanes->arena, slot, lane->recipe.start, lane->schedule.layer, next.layer, error));
	}
	lane->schedule = next;
	if (actions & SCHEDULE_DONE) {
		lane->state = CLU_LANE_DONE;
		lanes->lists_stale = true;
	} else if (actions & SCHEDULE_STAGE_END) {
		CLU_TRY(lane_fresh_moments(lanes, slot, error));
		CLU_TRY(lane_enter_stage(lanes, slot, error));
	}
	return CLU_OK;
}

/* Lanes that stand on a validation, at most so many that measuring them takes about evaluation_seconds; into lanes->due. */
static uint32_t collect_due(clu_lanes *lanes)
{
	uint32_t count = 0, most = UINT32_MAX;
	if (lanes->seconds_per_evaluation > 0) {
		const double fitting = evaluation_seconds / lanes->seconds_per_evaluation;
		if (fitting < lanes->arena.shape.lanes) most = fitting > 1 ? (uint32_t)fitting : 1;
	}
	for (uint32_t slot = 0; slot < lanes->arena.shape.lanes && count < most; slot++) {
		const lane *lane = &lanes->lane[slot];
		if (lane->state == CLU_LANE_TRAINING && schedule_validation_due(&lane->recipe, &lane->schedule)) lanes->due[count++] = slot;
	}
	return count;
}

/* Validates `count` lanes of lanes->due; *ended becomes true when one is DONE or FAILED thereby. */
static clu_status validate(clu_lanes *lanes, uint32_t count, bool *ended, clu_error *error)
{
	const double begin = clock_seconds();
	CLU_TRY(evaluate(lanes, &lanes->validation, lanes->due, count, error));
	lanes->seconds_per_evaluation = (clock_seconds() - begin) / count;
	const lane_list all = network_all(&lanes->arena, &lanes->evaluation_lists);
	CLU_TRY(weights_finite(&lanes->arena, &all, lanes->finite, error));
	for (uint32_t k = 0; k < count; k++) lanes->lane[lanes->due[k]].latest = lanes->nmse[k];
	for (uint32_t k = 0; k < count; k++) {
		lane *lane = &lanes->lane[lanes->due[k]];
		if (!lanes->finite[k])
			fail_lane(lanes, lane, "a weight is not finite");
		else if (!isfinite(lane->latest.db) || !isfinite(lane->latest.ratio_db))
			fail_lane(lanes, lane, "the validation NMSE is not finite");
		else
			CLU_TRY(move_on(lanes, lanes->due[k], error));
		lanes->beats++;
		if (lane->state != CLU_LANE_TRAINING) *ended = true;
	}
	return CLU_OK;
}

clu_status clu_lanes_run(clu_lanes *lanes, double seconds, const volatile int *stop, clu_error *error)
{
	const double end = clock_seconds() + seconds;
	bool ended = false;
	lanes->mark = clock_seconds();
	do {
		uint32_t due = collect_due(lanes);
		if (!due) {
			const uint32_t steps = burst_length(lanes);
			if (!steps) return CLU_OK;
			CLU_TRY(run_burst(lanes, steps, error));
			account_time(lanes);
			due = collect_due(lanes);
		}
		if (due) CLU_TRY(validate(lanes, due, &ended, error));
		account_time(lanes);
	} while (!ended && clock_seconds() < end && !(stop && *stop));
	return CLU_OK;
}
