/* lanes_fixture.h: small data, small recipes and small architectures for the tests of lanes, and what a training came to: its
 * weights and records, compared by their bits. All sizes shrink where the driver is slow. */
#ifndef LANES_FIXTURE_H
#define LANES_FIXTURE_H

#include "support_network.h"

#include "lanes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIXTURE_LAYERS = 4 };

static inline uint32_t fixture_batch(void)
{
	return support_tiny() ? 3 : 8;
}

/* Training samples are no multiple of the batch, validation and test samples neither. */
static inline clu_data *fixture_data(uint64_t seed)
{
	if (support_tiny()) return support_data_create(4, 7, 11, 4, 2, seed);
	return support_data_create(10, 20, 67, 21, 13, seed);
}

/* As the recipe `fast`: one stage a layer, a cosine, the best weights go on. */
static inline clu_recipe fixture_fast(void)
{
	char text[CLU_RECIPE_TEXT];
	clu_recipe recipe;
	clu_error error;
	snprintf(text, sizeof text,
	    "name tiny-fast\nform sum\nstart previous\nthreshold 0.4\nselect_slope 10\nselect_most 35\ndecay 1\nbeta1 0.9\nbeta2 "
	    "0.999\nepsilon 1e-7\nvalidate_every "
	    "%d\n"
	    "stage variables=all rate=3e-2 rate_last=1e-2 curve=cosine floor=1e-3 keep=best length=%d length_last=%d\n",
	    support_tiny() ? 2 : 5, support_tiny() ? 3 : 12, support_tiny() ? 4 : 17);
	support_ok(clu_recipe_parse(text, &recipe, &error), &error);
	return recipe;
}

/* As the recipe `paper`: three stages a layer that end by patience, the mean form, gradients of trained variables decay. */
static inline clu_recipe fixture_paper(void)
{
	char text[CLU_RECIPE_TEXT];
	clu_recipe recipe;
	clu_error error;
	const int every = support_tiny() ? 1 : 3, patience = support_tiny() ? 1 : 6, cap = support_tiny() ? 2 : 13;
	snprintf(text, sizeof text,
	    "name tiny-paper\nform mean\nstart ones\nthreshold 0.4\ndecay 0.3\nbeta1 0.9\nbeta2 0.999\nepsilon 1e-7\nvalidate_every "
	    "%d\n"
	    "stage variables=new rate=2e-2 patience=%d cap=%d keep=last\nstage variables=all rate=4e-3 patience=%d cap=%d keep=best\n"
	    "stage variables=all rate=1e-3 patience=%d cap=%d keep=last\n",
	    every, patience, cap, patience, cap, patience, cap);
	support_ok(clu_recipe_parse(text, &recipe, &error), &error);
	return recipe;
}

/* All that a recipe may say beside: other losses, means of weights, stages of some layers, layers that start together, rates by
 * kind of variable. */
static inline clu_recipe fixture_mixed(void)
{
	char text[CLU_RECIPE_TEXT];
	clu_recipe recipe;
	clu_error error;
	snprintf(text, sizeof text,
	    "name tiny-mixed\nform sum\nstart previous\nthreshold 0.4\ndecay 0.9\nbeta1 0.9\nbeta2 0.999\nepsilon 1e-7\n"
	    "validate_every %d\nlayers_at 1,3\nrate_w 0.5\nrate_theta 0.25\nrate_coefficient 2\n"
	    "stage variables=all rate=3e-2 rate_last=1e-2 curve=cosine floor=1e-3 keep=best length=%d loss=norm layers=1-3\n"
	    "stage variables=new rate=1e-2 keep=average length=%d loss=log clip=0.5 layers=3-\n"
	    "stage variables=all rate=5e-3 keep=average length=%d layers=4-\n",
	    support_tiny() ? 2 : 5, support_tiny() ? 3 : 12, support_tiny() ? 2 : 7, support_tiny() ? 5 : 6);
	support_ok(clu_recipe_parse(text, &recipe, &error), &error);
	return recipe;
}

/* Training number `index` of an endless list of different ones; 0 to 2 and the two named are those that tests look at. */
enum { FIXTURE_MIXED = 6, FIXTURE_SELECT = 8 };
static inline clu_training fixture_training(uint32_t index)
{
	static const char *const archs[] = {"0_0_1_3:slrs:1101", "0_0_1_2", "0_0_0_0:rsls", "0_0_1_3:llll", "0_0_0_3:ssss:1000",
	    "0_0_1_1:srsr", "0_0_1_3:slrs:1101", "0_0_1_2", "0_0_1_2:pspp"};
	return (clu_training){.arch = support_arch(archs[index % 9]),
	    .recipe = index % 7 == FIXTURE_MIXED ? fixture_mixed()
	              : index % 2                ? fixture_paper()
	                                         : fixture_fast(),
	    .seed = 100 + index,
	    .settings = "{\"index\":1}"};
}

static inline clu_lanes *fixture_lanes_of(clu_device *device, const clu_data *data, uint32_t layers, uint32_t count)
{
	clu_lanes *lanes = NULL;
	clu_error error;
	support_ok(clu_lanes_create(device, data, layers, fixture_batch(), count, &lanes, &error), &error);
	return lanes;
}

static inline clu_lanes *fixture_lanes(clu_device *device, const clu_data *data, uint32_t count)
{
	return fixture_lanes_of(device, data, FIXTURE_LAYERS, count);
}

static inline void fixture_start(clu_lanes *lanes, uint32_t slot, const clu_training *training)
{
	clu_error error;
	support_ok(clu_lane_start(lanes, slot, training, &error), &error);
}

static inline clu_lane_progress fixture_progress(const clu_lanes *lanes, uint32_t slot)
{
	clu_lane_progress progress;
	clu_lane_progress_get(lanes, slot, &progress);
	return progress;
}

/* One burst of at most `steps` steps. */
static inline void fixture_burst(clu_lanes *lanes, uint32_t steps)
{
	clu_error error;
	lanes->burst = steps;
	support_ok(clu_lanes_run(lanes, 0, NULL, &error), &error);
}

/* Runs until the lane trains no more. */
static inline void fixture_finish(clu_lanes *lanes, uint32_t slot)
{
	clu_error error;
	for (int calls = 0; fixture_progress(lanes, slot).state == CLU_LANE_TRAINING; calls++) {
		assert_true(calls < 10000);
		support_ok(clu_lanes_run(lanes, 1e3, NULL, &error), &error);
	}
}

/* ---- what a training came to ---- */

typedef struct outcome {
	clu_lane_progress progress;
	clu_model *model;
} outcome;

static inline outcome outcome_take(clu_lanes *lanes, uint32_t slot)
{
	clu_error error;
	outcome outcome = {.progress = fixture_progress(lanes, slot)};
	support_ok(clu_lane_model(lanes, slot, &outcome.model, &error), &error);
	return outcome;
}

static inline void outcome_release(outcome *outcome)
{
	clu_model_destroy(outcome->model);
}

/* The training on a lane by itself, in one go: what all others must come to. */
static inline outcome outcome_alone(clu_device *device, const clu_data *data, const clu_training *training)
{
	clu_lanes *lanes = fixture_lanes_of(device, data, training->arch.layers, 1);
	fixture_start(lanes, 0, training);
	fixture_finish(lanes, 0);
	outcome outcome = outcome_take(lanes, 0);
	clu_lanes_destroy(lanes);
	return outcome;
}

/* Records without their wall times. */
static inline bool outcome_same_record(const clu_layer_record *a, const clu_layer_record *b)
{
	return memcmp(&a->validation, &b->validation, sizeof a->validation) == 0 && memcmp(&a->test, &b->test, sizeof a->test) == 0 &&
	       a->steps == b->steps;
}

static inline void outcome_same(const char *label, const outcome *got, const outcome *want)
{
	const clu_lane_progress *p = &got->progress, *q = &want->progress;
	const clu_model *m = want->model;
	const uint32_t layers = m->arch.layers;
	if (p->state != q->state || p->steps != q->steps || p->layers_done != q->layers_done || p->layer != q->layer ||
	    p->stage != q->stage)
		fail_msg("%s: state %d, %llu steps, layer %u, %u done; wanted %d, %llu, %u, %u", label, (int)p->state,
		    (unsigned long long)p->steps, p->layer, p->layers_done, (int)q->state, (unsigned long long)q->steps, q->layer,
		    q->layers_done);
	for (uint32_t l = 0; l < q->layers_done; l++)
		if (!outcome_same_record(&p->record[l], &q->record[l]))
			fail_msg("%s: layer %u: %a dB after %llu steps, wanted %a dB after %llu", label, l + 1, p->record[l].validation.db,
			    (unsigned long long)p->record[l].steps, q->record[l].validation.db, (unsigned long long)q->record[l].steps);
	assert_memory_equal(&p->validation_db, &q->validation_db, sizeof p->validation_db);
	support_same_bits(label, 1, got->model->theta, m->theta, layers);
	for (uint32_t l = 0; l < layers; l++) support_same_bits(label, 2 + l, got->model->coefficient[l], m->coefficient[l], layers);
	support_same_bits(label, 40, got->model->w_b, m->w_b, (size_t)m->n * m->m);
	support_same_bits(label, 41, got->model->w_x, m->w_x, (size_t)m->n * m->n);
}

/* Compares and releases. */
static inline void outcome_expect(const char *label, clu_lanes *lanes, uint32_t slot, const outcome *want)
{
	outcome got = outcome_take(lanes, slot);
	outcome_same(label, &got, want);
	outcome_release(&got);
}

/* ---- what a model is worth ---- */

/* NMSE of a model on samples, by the reference. */
static inline clu_nmse fixture_evaluate(const clu_model *model, const clu_samples *samples)
{
	const uint32_t rows = (uint32_t)samples->count, depth = model->arch.layers;
	const size_t out = (size_t)rows * model->n;
	reference *r = support_reference_create(model, rows, depth);
	float *estimate = malloc(out * sizeof *estimate);
	assert_non_null(estimate);
	support_widen(r->b, samples->b, (size_t)rows * model->m);
	reference_forward(r);
	for (size_t i = 0; i < out; i++) estimate[i] = (float)r->x[(depth - 1) * out + i];
	const clu_nmse nmse = clu_nmse_compute(estimate, samples->x, rows, model->n);
	free(estimate);
	reference_destroy(r);
	return nmse;
}

static inline void fixture_check_nmse(const char *label, clu_nmse got, clu_nmse want)
{
	if (!(fabs(got.db - want.db) < 1e-3 && fabs(got.ratio_db - want.ratio_db) < 1e-3))
		fail_msg("%s: %.6f and %.6f dB, wanted %.6f and %.6f", label, got.db, got.ratio_db, want.db, want.ratio_db);
}

#endif
