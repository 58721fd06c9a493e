/* schedule.h: stage-wise training as a state machine without any device: (recipe, state, validation NMSE) → next state.
 *
 * The caller runs min(schedule_until_validation, what it likes) steps, tells schedule_advance, and at a validation hands the
 * NMSE to schedule_validated, which says what to do with weights and moments. Each stage wants a fresh Adam and its shuffles
 * keyed by (layer, stage, passes begun in the stage); the pass follows from stage_steps and is not kept here.
 * The state is plain data: a checkpoint stores its fields and goes on from them. */
#ifndef CLU_SCHEDULE_H
#define CLU_SCHEDULE_H

#include "clunroll.h"

typedef struct schedule_state {
	uint32_t layers;       /* K */
	uint32_t layer;        /* being trained, from 1 */
	uint32_t stage;        /* of the recipe, from 0 */
	uint64_t stage_steps;  /* done in this stage */
	uint64_t layer_steps;  /* done in all stages of this layer */
	uint64_t steps;        /* done in all */
	double best_db;        /* lowest validation NMSE of this stage; INFINITY before the first */
	uint64_t best_at;      /* stage_steps then */
	uint64_t validated_at; /* stage_steps of the last validation of this stage */
	bool done;
} schedule_state;

/* What the caller does after a validation, in this order. Bits. */
typedef enum schedule_action {
	SCHEDULE_CONTINUE = 0,
	SCHEDULE_KEEP_BEST = 1,  /* save the weights: the best of this stage so far */
	SCHEDULE_AVERAGE = 2,    /* take the weights into the saved mean: they are its schedule_averaged-th */
	SCHEDULE_RESTORE = 4,    /* put the saved weights back: they go on, not the last ones */
	SCHEDULE_STAGE_END = 8,  /* a new stage: fresh Adam, epoch 0 */
	SCHEDULE_LAYER_END = 16, /* comes with STAGE_END: layer state.layer − 1 is trained (or K, when DONE) */
	SCHEDULE_DONE = 32,      /* comes with LAYER_END: that was layer K */
} schedule_action;

/* Whether a stage is run in a layer of a network of `layers`. */
bool schedule_runs(const clu_stage *stage, uint32_t layer, uint32_t layers);
/* first_layer: 1, or `layers` for fine-tuning a whole network; where it has no stages of its own, the next that has. */
void schedule_begin(const clu_recipe *recipe, schedule_state *state, uint32_t layers, uint32_t first_layer);
/* The state after `trained` layers, whose steps are not counted; where that is all of them, training is done. */
void schedule_begin_after(const clu_recipe *recipe, schedule_state *state, uint32_t layers, uint32_t trained);
/* Learning rate of step `stage_step` (from 0) of the current stage, before Adam's bias correction: r_L, flat or along a curve
 * to r_L·floor over the stage's length, r_L = r_F·(r_G/r_F)^((L−F)/(G−F)), F and G the first and the last of the stage's
 * layers, or r·fall^(L−1).
 * The same bits on every host. */
double schedule_rate(const clu_recipe *recipe, const schedule_state *state, uint64_t stage_step);
/* The same with the correction, r·√(1 − β₂ᵗ)/(1 − β₁ᵗ), t counted from the stage's first step. */
double schedule_corrected_rate(const clu_recipe *recipe, const schedule_state *state, uint64_t stage_step);
/* Steps of the current stage; 0 where patience decides. */
uint64_t schedule_stage_length(const clu_recipe *recipe, const schedule_state *state);
/* Steps from here to the next validation, which the end of a stage always is; ≥ 1 unless done. */
uint64_t schedule_until_validation(const clu_recipe *recipe, const schedule_state *state);
/* `steps` steps were done; at most schedule_until_validation. */
void schedule_advance(schedule_state *state, uint64_t steps);
/* Whether the state stands on a validation that has not been handed in. */
bool schedule_validation_due(const clu_recipe *recipe, const schedule_state *state);
/* How many validations of a stage that keeps the mean are in it, with one due now: those after half the stage's length. */
uint64_t schedule_averaged(const clu_recipe *recipe, const schedule_state *state);
/* The validation due at state->stage_steps gave this NMSE (NaN is never best). Moves to the next stage or layer where the
 * current one ends, counters begun anew; when done, the state stays where it ended. Returns schedule_action bits. */
unsigned schedule_validated(const clu_recipe *recipe, schedule_state *state, double validation_db);
/* Gradient multiplier of the variables that `layer` introduced: 1 for the current layer and those that started with it, 0 for
 * later ones and for those that this stage freezes, decay^(layers trained since) else. */
double schedule_multiplier(const clu_recipe *recipe, const schedule_state *state, uint32_t layer);
/* Entries of a sample of n that each layer selects: the whole number nearest to min(slope·L, most) per cent of n where the layer's
 * neuron is CLU_NEURON_SELECT, else 0. */
void schedule_selected(const clu_recipe *recipe, const clu_arch *arch, uint32_t n, uint32_t selected[CLU_LAYERS_MAX]);

#endif
