/* schedule.c: stage-wise training as a state machine, see schedule.h. Layer by layer from the first, the recipe's stages in
 * order for each; the paper's and every other way to train differ in the recipe only.
 *
 * A stage ends at the first validation at which its length is reached, patience has run out, or the cap is reached. */
#include "schedule.h"

#include "elementary.h"

#include <math.h>

static void begin_stage(schedule_state *state)
{
	state->stage_steps = 0;
	state->best_db = INFINITY;
	state->best_at = 0;
	state->validated_at = 0;
}

bool schedule_runs(const clu_stage *stage, uint32_t layer, uint32_t layers)
{
	if (stage->layers && !(stage->layers >> (layer - 1) & 1u)) return false;
	return stage->part == CLU_PART_ALL || (stage->part == CLU_PART_LAST) == (layer == layers);
}

/* The first of the stages from `stage` on that are run in the layer; stage_count where none is. */
static uint32_t stage_from(const clu_recipe *recipe, uint32_t stage, uint32_t layer, uint32_t layers)
{
	while (stage < recipe->stage_count && !schedule_runs(&recipe->stage[stage], layer, layers)) stage++;
	return stage;
}

static void begin_layer(const clu_recipe *recipe, schedule_state *state, uint32_t layer)
{
	while (!clu_recipe_trains(recipe, layer, state->layers)) layer++;
	state->layer = layer;
	state->stage = stage_from(recipe, 0, layer, state->layers);
	state->layer_steps = 0;
	begin_stage(state);
}

void schedule_begin(const clu_recipe *recipe, schedule_state *state, uint32_t layers, uint32_t first_layer)
{
	*state = (schedule_state){.layers = layers};
	begin_layer(recipe, state, first_layer);
}

void schedule_begin_after(const clu_recipe *recipe, schedule_state *state, uint32_t layers, uint32_t trained)
{
	schedule_begin(recipe, state, layers, trained < layers ? trained + 1 : layers);
	if (trained < layers) return;
	for (uint32_t stage = 0; stage < recipe->stage_count; stage++)
		if (schedule_runs(&recipe->stage[stage], layers, layers)) state->stage = stage;
	state->done = true;
}

static double power(double base, uint64_t exponent)
{
	double result = 1;
	for (; exponent; exponent >>= 1, base *= base)
		if (exponent & 1) result *= base;
	return result;
}

/* r_L: as the stage's `fall` says, or geometric between the rates of the first and the last layer that it is run in. */
static double layer_rate(const clu_stage *stage, uint32_t layer, uint32_t layers)
{
	if (stage->fall > 0) return stage->rate * power(stage->fall, layer - 1);
	uint32_t first = 1, last = layers;
	while (!schedule_runs(stage, first, layers) && first < layer) first++;
	while (!schedule_runs(stage, last, layers) && last > layer) last--;
	if (layer == first || stage->rate_last == stage->rate) return stage->rate;
	if (layer == last) return stage->rate_last;
	return stage->rate * elementary_exp(elementary_log(stage->rate_last / stage->rate) * (layer - first) / (last - first));
}

double schedule_rate(const clu_recipe *recipe, const schedule_state *state, uint64_t stage_step)
{
	const clu_stage *stage = &recipe->stage[state->stage];
	double rate = layer_rate(stage, state->layer, state->layers);
	uint64_t length = schedule_stage_length(recipe, state);
	if (stage->curve == CLU_CURVE_FLAT || length == 0) return rate;
	double part = stage_step < length ? (double)stage_step / (double)length : 1.0;
	if (stage->curve == CLU_CURVE_EXPONENTIAL) return rate * elementary_exp(elementary_log(stage->floor) * part);
	return rate * (stage->floor + (1.0 - stage->floor) * 0.5 * (1.0 + elementary_cos_pi(part)));
}

double schedule_corrected_rate(const clu_recipe *recipe, const schedule_state *state, uint64_t stage_step)
{
	const double second = 1 - power(recipe->beta2, stage_step + 1), first = 1 - power(recipe->beta1, stage_step + 1);
	return schedule_rate(recipe, state, stage_step) * sqrt(second) / first;
}

uint64_t schedule_stage_length(const clu_recipe *recipe, const schedule_state *state)
{
	const clu_stage *stage = &recipe->stage[state->stage];
	return state->layer == state->layers ? stage->length_last : stage->length;
}

uint64_t schedule_until_validation(const clu_recipe *recipe, const schedule_state *state)
{
	if (state->done) return 0;
	uint64_t length = schedule_stage_length(recipe, state), cap = recipe->stage[state->stage].cap;
	uint64_t until = recipe->validate_every - state->stage_steps % recipe->validate_every;
	if (length && length - state->stage_steps < until) until = length - state->stage_steps;
	if (cap && cap - state->stage_steps < until) until = cap - state->stage_steps;
	return until;
}

void schedule_advance(schedule_state *state, uint64_t steps)
{
	state->stage_steps += steps;
	state->layer_steps += steps;
	state->steps += steps;
}

/* Whether no more steps of this stage may be done, whatever the validation says. */
static bool steps_are_over(const clu_recipe *recipe, const schedule_state *state)
{
	uint64_t length = schedule_stage_length(recipe, state), cap = recipe->stage[state->stage].cap;
	return (length && state->stage_steps >= length) || (cap && state->stage_steps >= cap);
}

bool schedule_validation_due(const clu_recipe *recipe, const schedule_state *state)
{
	if (state->done || state->stage_steps == state->validated_at) return false;
	return state->stage_steps % recipe->validate_every == 0 || steps_are_over(recipe, state);
}

/* Moves on from a stage that is over; returns the action bits that say how far. */
static unsigned next_stage(const clu_recipe *recipe, schedule_state *state)
{
	const uint32_t next = stage_from(recipe, state->stage + 1, state->layer, state->layers);
	if (next < recipe->stage_count) {
		state->stage = next;
		begin_stage(state);
		return SCHEDULE_STAGE_END;
	}
	if (state->layer == state->layers) {
		state->done = true;
		return SCHEDULE_STAGE_END | SCHEDULE_LAYER_END | SCHEDULE_DONE;
	}
	begin_layer(recipe, state, state->layer + 1);
	return SCHEDULE_STAGE_END | SCHEDULE_LAYER_END;
}

uint64_t schedule_averaged(const clu_recipe *recipe, const schedule_state *state)
{
	const uint64_t steps = state->stage_steps, every = recipe->validate_every, length = schedule_stage_length(recipe, state);
	if (recipe->stage[state->stage].keep != CLU_KEEP_AVERAGE || length == 0 || steps <= length / 2) return 0;
	return steps / every - length / 2 / every + (steps % every != 0);
}

/* Whether what was saved of a stage that ends goes on. Where the last weights are the best, the only ones of the mean, or nothing
 * was saved, there is nothing to put back. */
static bool restores(clu_keep keep, const schedule_state *state, bool better, uint64_t averaged)
{
	switch (keep) {
	case CLU_KEEP_LAST: return false;
	case CLU_KEEP_BEST: return !better && state->best_at > 0;
	case CLU_KEEP_AVERAGE: return averaged > 1;
	}
	return false;
}

unsigned schedule_validated(const clu_recipe *recipe, schedule_state *state, double validation_db)
{
	if (state->done) return SCHEDULE_DONE;
	bool better = validation_db < state->best_db;
	if (better) {
		state->best_db = validation_db;
		state->best_at = state->stage_steps;
	}
	state->validated_at = state->stage_steps;
	const clu_stage *stage = &recipe->stage[state->stage];
	const uint64_t averaged = schedule_averaged(recipe, state);
	bool impatient = stage->patience && state->stage_steps - state->best_at >= stage->patience;
	unsigned actions = averaged > 0 ? SCHEDULE_AVERAGE : SCHEDULE_CONTINUE;
	if (!impatient && !steps_are_over(recipe, state))
		return actions | (better && stage->keep == CLU_KEEP_BEST ? SCHEDULE_KEEP_BEST : SCHEDULE_CONTINUE);
	if (restores(stage->keep, state, better, averaged)) actions |= SCHEDULE_RESTORE;
	return actions | next_stage(recipe, state);
}

double schedule_multiplier(const clu_recipe *recipe, const schedule_state *state, uint32_t layer)
{
	double multiplier = 1.0;
	bool new = true;
	if (layer > state->layer) return 0.0;
	for (uint32_t trained = layer; trained < state->layer; trained++) {
		if (!clu_recipe_trains(recipe, trained, state->layers)) continue;
		multiplier *= recipe->decay;
		new = false;
	}
	return new || recipe->stage[state->stage].variables == CLU_VARIABLES_ALL ? multiplier : 0.0;
}

/* The nearest and not the next below, which rounding would move from 30 to 29 at 6 per cent of 500. */
void schedule_selected(const clu_recipe *recipe, const clu_arch *arch, uint32_t n, uint32_t selected[CLU_LAYERS_MAX])
{
	for (uint32_t l = 0; l < CLU_LAYERS_MAX; l++) {
		const double share = fmin(fmin(recipe->select_slope * (l + 1), recipe->select_most), 100.0);
		const bool selects = l < arch->layers && arch->neuron[l] == CLU_NEURON_SELECT;
		selected[l] = selects ? (uint32_t)floor(share / 100.0 * n + 0.5) : 0;
	}
}
