/* lanes_run.c: runs lanes: steps of all of them; lanes_validate.c goes on where one's schedule has a validation due.
 *
 * Steps are enqueued in bursts: the host writes the steps' data (which samples, which rate), enqueues them all and waits once at
 * the end. A burst ends where the first lane has a validation or a new permutation due. */
#include "lanes.h"

#include "clock.h"
#include "random.h"

static const double burst_seconds = 0.2;    /* how long a stop may have to wait, about … */
static const double evaluation_seconds = 2; /* … and where a validation is due */

/* ---- running ---- */

/* What a step of the lane computes; from its multipliers, so that no list of stages' meanings is kept twice. */
static lane_place place_of(const clu_lanes *lanes, uint32_t slot)
{
	const lane *lane = &lanes->lane[slot];
	const uint32_t depth = lane->schedule.layer;
	lane_place place = {.slot = slot, .depth = depth, .clip = lane->recipe.stage[lane->schedule.stage].clip > 0};
	const bool matrices = lane->recipe.rate_w > 0;
	place.w_b = matrices && schedule_multiplier(&lane->recipe, &lane->schedule, 1) != 0;
	place.w_x = matrices && depth >= 2 && schedule_multiplier(&lane->recipe, &lane->schedule, 2) != 0;
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

void lanes_account_time(clu_lanes *lanes)
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
	for (uint32_t s = 0; s < steps; s++) {
		CLU_TRY(network_step(&lanes->arena, &lanes->training_lists, &lanes->train, s, error));
		CLU_TRY(device_flush(lanes->device, error));
	}
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
			lanes_account_time(lanes);
			due = collect_due(lanes);
		}
		if (due) CLU_TRY(lanes_validate(lanes, due, &ended, error));
		lanes_account_time(lanes);
	} while (!ended && clock_seconds() < end && !(stop && *stop));
	return CLU_OK;
}
