/* recipe_steps.c: which layers a recipe trains, for how many steps, and how those are fixed. */
#include "number.h"
#include "schedule.h"
#include "status.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

bool clu_recipe_trains(const clu_recipe *recipe, uint32_t layer, uint32_t layers)
{
	return layer == layers || recipe->layers_at == 0 || recipe->layers_at >> (layer - 1) & 1u;
}

static void fix_length(clu_stage *stage, uint32_t length)
{
	stage->length = stage->length_last = length;
	stage->patience = stage->cap = 0;
}

clu_status clu_recipe_fix_lengths(clu_recipe *recipe, const char *lengths, clu_error *error)
{
	clu_recipe fixed = *recipe;
	const char *at = lengths;
	uint32_t count = 0;
	for (;; count++) {
		char number[24];
		size_t length = strcspn(at, ",");
		uint64_t value = 0;
		snprintf(number, sizeof number, "%.*s", (int)(length < sizeof number ? length : sizeof number), at);
		if (!number_parse_whole(number, UINT32_MAX, &value) || value == 0) {
			return clu_fail(error, CLU_ARGUMENT,
			    "stage lengths \"%.60s\": \"%.20s\" for stage %" PRIu32 ", wanted steps from 1 to %" PRIu32, lengths, number,
			    count + 1, UINT32_MAX);
		}
		for (uint32_t stage = count; stage < fixed.stage_count; stage++) fix_length(&fixed.stage[stage], (uint32_t)value);
		if (!at[length]) break;
		at += length + 1;
	}
	if (++count != fixed.stage_count && count != 1) {
		return clu_fail(error, CLU_ARGUMENT,
		    "stage lengths \"%.60s\": %" PRIu32 " of them, wanted %" PRIu32 ", one a stage of recipe %s, or one for all", lengths,
		    count, fixed.stage_count, fixed.name);
	}
	*recipe = fixed;
	return CLU_OK;
}

/* Fewest steps of a stage: the first validation is better than none; patience runs from there, to a validation. */
uint64_t clu_recipe_stage_steps(const clu_recipe *recipe, uint32_t stage, uint32_t layer, uint32_t layers, bool *exact)
{
	const clu_stage *s = &recipe->stage[stage];
	if (!clu_recipe_trains(recipe, layer, layers) || !schedule_runs(s, layer, layers)) return 0;
	uint64_t every = recipe->validate_every, most = layer == layers ? s->length_last : s->length;
	if (s->cap && (most == 0 || s->cap < most)) most = s->cap;
	if (s->patience == 0) return most;
	uint64_t patient = every + (s->patience + every - 1) / every * every;
	if (most && most <= patient) return most;
	if (exact) *exact = false;
	return patient;
}

uint64_t clu_recipe_steps(const clu_recipe *recipe, uint32_t layers, bool *exact)
{
	uint64_t steps = 0;
	if (exact) *exact = true;
	for (uint32_t layer = 1; layer <= layers; layer++)
		for (uint32_t stage = 0; stage < recipe->stage_count; stage++)
			steps += clu_recipe_stage_steps(recipe, stage, layer, layers, exact);
	return steps;
}
