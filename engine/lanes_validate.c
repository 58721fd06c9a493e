/* lanes_validate.c: measures the lanes that stand on a validation, and moves each on as its schedule says. What is measured of
 * several lanes is measured of all of them at once: one lane's evaluation costs a GPU as many launches as all lanes'. */
#include "lanes.h"

#include "clock.h"

#include <math.h>
#include <stdlib.h>

/* NMSE of the lanes in slots[0 … count − 1], each with its `depth` layers, into lanes->nmse. */
static clu_status evaluate(clu_lanes *lanes, const device_samples *samples, const uint32_t *slots, uint32_t count, clu_error *error)
{
	for (uint32_t k = 0; k < count; k++)
		lanes->places[k] =
		    (lane_place){.slot = slots[k], .depth = lanes->lane[slots[k]].schedule.layer, .lowest = CLU_LAYERS_MAX + 1};
	CLU_TRY(network_lists_set(&lanes->arena, &lanes->evaluation_lists, lanes->places, count, error));
	return network_evaluate(&lanes->arena, &lanes->evaluation_lists, samples, lanes->nmse, error);
}

static bool is_finite(const clu_nmse *nmse)
{
	return isfinite(nmse->db) && isfinite(nmse->ratio_db);
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

/* The due lanes that go on and are asked for `action`, into lanes->chosen; returns how many. */
static uint32_t choose(clu_lanes *lanes, uint32_t due, unsigned action)
{
	uint32_t count = 0;
	for (uint32_t k = 0; k < due; k++) {
		const uint32_t slot = lanes->due[k];
		if (lanes->lane[slot].state == CLU_LANE_TRAINING && (lanes->moves[slot].actions & action)) lanes->chosen[count++] = slot;
	}
	return count;
}

/* ---- the weights that go on ---- */

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

/* What the schedule asks to be done with the weights of a lane that was measured. */
static clu_status keep_weights(clu_lanes *lanes, uint32_t slot, clu_error *error)
{
	lane *lane = &lanes->lane[slot];
	const unsigned actions = lanes->moves[slot].actions;
	if (actions & SCHEDULE_KEEP_BEST) {
		lane->best = lane->latest;
		CLU_TRY(arena_copy(&lanes->arena, ROLE_WEIGHTS, ROLE_BEST, slot, error));
	}
	if (actions & SCHEDULE_AVERAGE) CLU_TRY(take_into_mean(lanes, slot, schedule_averaged(&lane->recipe, &lane->schedule), error));
	if (!(actions & SCHEDULE_RESTORE)) return CLU_OK;
	CLU_TRY(arena_copy(&lanes->arena, ROLE_BEST, ROLE_WEIGHTS, slot, error));
	return weights_transpose(&lanes->arena, slot, error);
}

/* Means that were put back have not been measured yet: the validations were of the weights that went into them. */
static clu_status measure_means(clu_lanes *lanes, uint32_t due, clu_error *error)
{
	const uint32_t restored = choose(lanes, due, SCHEDULE_RESTORE);
	uint32_t count = 0;
	for (uint32_t k = 0; k < restored; k++) {
		const lane *lane = &lanes->lane[lanes->chosen[k]];
		if (lane->recipe.stage[lane->schedule.stage].keep == CLU_KEEP_AVERAGE) lanes->chosen[count++] = lanes->chosen[k];
	}
	if (!count) return CLU_OK;
	CLU_TRY(evaluate(lanes, &lanes->validation, lanes->chosen, count, error));
	for (uint32_t k = 0; k < count; k++) {
		lane *lane = &lanes->lane[lanes->chosen[k]];
		lane->best = lanes->nmse[k];
		if (!is_finite(&lane->best)) fail_lane(lanes, lane, "the validation NMSE of the mean of weights is not finite");
	}
	return CLU_OK;
}

/* ---- layers that end ---- */

/* Records the layer that the lane finished, and those below it that were trained with it. */
static void record_layer(clu_lanes *lanes, uint32_t slot, clu_nmse test)
{
	lane *lane = &lanes->lane[slot];
	const bool restored = lanes->moves[slot].actions & SCHEDULE_RESTORE;
	while (lane->from_hash == 0 && lane->layers_done + 1 < lane->schedule.layer)
		lane->record[lane->layers_done++] = (clu_layer_record){.validation = {NAN, NAN}, .test = {NAN, NAN}};
	lane->record[lane->layers_done++] =
	    (clu_layer_record){restored ? lane->best : lane->latest, test, lane->schedule.layer_steps, lane->layer_seconds};
	lane->layer_seconds = 0;
}

/* Their test NMSE is measured at their depth, before the schedules move on. */
static clu_status end_layers(clu_lanes *lanes, uint32_t due, clu_error *error)
{
	const uint32_t count = choose(lanes, due, SCHEDULE_LAYER_END);
	if (!count) return CLU_OK;
	if (lanes->test.count) CLU_TRY(evaluate(lanes, &lanes->test, lanes->chosen, count, error));
	lanes_account_time(lanes);
	for (uint32_t k = 0; k < count; k++) {
		record_layer(lanes, lanes->chosen[k], lanes->test.count ? lanes->nmse[k] : (clu_nmse){NAN, NAN});
		CLU_TRY(lane_prefix_keep(lanes, lanes->chosen[k], error));
	}
	return CLU_OK;
}

static clu_status move_on(clu_lanes *lanes, uint32_t slot, clu_error *error)
{
	lane *lane = &lanes->lane[slot];
	const lane_move *move = &lanes->moves[slot];
	if (move->actions & SCHEDULE_LAYER_END)
		CLU_TRY(network_begin_layers(&lanes->arena, slot, lane->recipe.start, lane->schedule.layer, move->next.layer, error));
	lane->schedule = move->next;
	if (move->actions & SCHEDULE_DONE) {
		lane->state = CLU_LANE_DONE;
		lanes->lists_stale = true;
	} else if (move->actions & SCHEDULE_STAGE_END) {
		CLU_TRY(lane_fresh_moments(lanes, slot, error));
		CLU_TRY(lane_enter_stage(lanes, slot, error));
	}
	return CLU_OK;
}

/* ---- the whole ---- */

/* Measures the due lanes and asks their schedules what to do. */
static clu_status measure(clu_lanes *lanes, uint32_t due, clu_error *error)
{
	const double begin = clock_seconds();
	CLU_TRY(evaluate(lanes, &lanes->validation, lanes->due, due, error));
	lanes->seconds_per_evaluation = (clock_seconds() - begin) / due;
	const lane_list all = network_all(&lanes->arena, &lanes->evaluation_lists);
	CLU_TRY(weights_finite(&lanes->arena, &all, lanes->finite, error));
	for (uint32_t k = 0; k < due; k++) {
		lane *lane = &lanes->lane[lanes->due[k]];
		lane_move *move = &lanes->moves[lanes->due[k]];
		lane->latest = lanes->nmse[k];
		if (!lanes->finite[k])
			fail_lane(lanes, lane, "a weight is not finite");
		else if (!is_finite(&lane->latest))
			fail_lane(lanes, lane, "the validation NMSE is not finite");
		*move = (lane_move){.next = lane->schedule};
		if (lane->state == CLU_LANE_TRAINING) move->actions = schedule_validated(&lane->recipe, &move->next, lane->latest.db);
	}
	return CLU_OK;
}

clu_status lanes_validate(clu_lanes *lanes, uint32_t due, bool *ended, clu_error *error)
{
	CLU_TRY(measure(lanes, due, error));
	for (uint32_t k = 0; k < due; k++)
		if (lanes->lane[lanes->due[k]].state == CLU_LANE_TRAINING) CLU_TRY(keep_weights(lanes, lanes->due[k], error));
	CLU_TRY(measure_means(lanes, due, error));
	CLU_TRY(end_layers(lanes, due, error));
	for (uint32_t k = 0; k < due; k++) {
		lane *lane = &lanes->lane[lanes->due[k]];
		if (lane->state == CLU_LANE_TRAINING) CLU_TRY(move_on(lanes, lanes->due[k], error));
		if (lane->state != CLU_LANE_TRAINING) *ended = true;
		lanes->beats++;
	}
	return CLU_OK;
}
