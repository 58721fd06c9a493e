/* test_schedule.c: stage-wise training as a state machine, driven by scripted NMSE sequences. Both named recipes from begin to
 * end, every way that a stage can end, what is kept, rates and multipliers against their formulas. */
#include "schedule.h"
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static clu_recipe load(const char *name)
{
	clu_recipe recipe;
	clu_error error;
	support_ok(clu_recipe_load(name, &recipe, &error), &error);
	return recipe;
}

/* A recipe of one stage that each test changes. */
static clu_recipe one_stage(clu_stage stage)
{
	clu_recipe recipe = load("fast");
	recipe.validate_every = 10;
	recipe.stage[0] = stage;
	recipe.stage_count = 1;
	return recipe;
}

/* Runs to the next validation in portions of at most `portion` steps and hands in the NMSE. */
static unsigned validate(const clu_recipe *recipe, schedule_state *state, uint64_t portion, double db)
{
	do {
		uint64_t until = schedule_until_validation(recipe, state);
		assert_true(until >= 1);
		schedule_advance(state, until < portion ? until : portion);
	} while (!schedule_validation_due(recipe, state));
	return schedule_validated(recipe, state, db);
}

static void test_begins(void **state)
{
	(void)state;
	clu_recipe recipe = load("paper");
	schedule_state schedule;
	schedule_begin(&recipe, &schedule, 16, 1);
	assert_int_equal(schedule.layers, 16);
	assert_int_equal(schedule.layer, 1);
	assert_int_equal(schedule.stage + schedule.steps + schedule.stage_steps + schedule.layer_steps, 0);
	assert_true(schedule.best_db == INFINITY);
	assert_false(schedule.done);
}

/* NMSE falls forever: every stage runs to its cap; then again, never better after the first: patience ends each. */
static void test_paper_from_begin_to_end(void **state)
{
	(void)state;
	clu_recipe recipe = load("paper");
	for (int improving = 0; improving < 2; improving++) {
		schedule_state schedule;
		uint64_t stage_steps = improving ? 200000 : 4800;
		double db = 0.0;
		schedule_begin(&recipe, &schedule, 16, 1);
		for (uint32_t layer = 1; layer <= 16; layer++) {
			for (uint32_t stage = 0; stage < 3; stage++) {
				for (uint64_t at = 800; at <= stage_steps; at += 800) {
					assert_int_equal(schedule.layer, layer);
					assert_int_equal(schedule.stage, stage);
					assert_int_equal(schedule.stage_steps, at - 800);
					assert_int_equal(schedule_stage_length(&recipe, &schedule), 0);
					db -= improving ? 1e-3 : 0.0;
					unsigned wanted = SCHEDULE_CONTINUE;
					if (at == stage_steps) wanted |= SCHEDULE_STAGE_END;
					if (at == stage_steps && stage == 2) wanted |= SCHEDULE_LAYER_END;
					if (at == stage_steps && stage == 2 && layer == 16) wanted |= SCHEDULE_DONE;
					assert_int_equal(validate(&recipe, &schedule, 300, db), wanted);
				}
			}
		}
		assert_true(schedule.done);
		assert_int_equal(schedule.steps, 48 * stage_steps);
		assert_int_equal(schedule_until_validation(&recipe, &schedule), 0);
		assert_false(schedule_validation_due(&recipe, &schedule));
		assert_int_equal(schedule_validated(&recipe, &schedule, -99.0), SCHEDULE_DONE);
	}
}

static void test_fast_from_begin_to_end(void **state)
{
	(void)state;
	clu_recipe recipe = load("fast");
	schedule_state schedule;
	recipe.stage[0].length = 4000; /* several validations a stage */
	recipe.stage[1].length_last = 12000;
	schedule_begin(&recipe, &schedule, 3, 1);
	for (uint32_t layer = 1; layer <= 3; layer++) {
		uint64_t length = layer == 3 ? 12000 : 4000;
		for (uint64_t at = 800; at < length; at += 800) {
			/* best at the second validation of each layer */
			assert_int_equal(schedule_stage_length(&recipe, &schedule), length);
			double db = at == 1600 ? -5.0 * layer : -1.0;
			assert_int_equal(validate(&recipe, &schedule, 10000, db), at <= 1600 ? SCHEDULE_KEEP_BEST : SCHEDULE_CONTINUE);
			assert_int_equal(schedule.layer_steps, at);
		}
		unsigned wanted = SCHEDULE_RESTORE | SCHEDULE_STAGE_END | SCHEDULE_LAYER_END | (layer == 3 ? SCHEDULE_DONE : 0);
		assert_int_equal(validate(&recipe, &schedule, 10000, -1.0), wanted);
		assert_int_equal(schedule.layer, layer == 3 ? 3 : layer + 1);
		if (layer < 3) assert_int_equal(schedule.layer_steps + schedule.stage_steps, 0);
	}
	assert_true(schedule.done);
	assert_int_equal(schedule.steps, clu_recipe_steps(&recipe, 3, NULL));
}

static void test_best_at_the_end_needs_no_restoring(void **state)
{
	(void)state;
	clu_recipe recipe = one_stage((clu_stage){.rate = 1, .rate_last = 1, .length = 20, .length_last = 20, .keep = CLU_KEEP_BEST});
	schedule_state schedule;
	schedule_begin(&recipe, &schedule, 2, 1);
	assert_int_equal(validate(&recipe, &schedule, 10, -1.0), SCHEDULE_KEEP_BEST);
	assert_int_equal(validate(&recipe, &schedule, 10, -2.0), SCHEDULE_STAGE_END | SCHEDULE_LAYER_END);
}

static void test_equal_is_not_better(void **state)
{
	(void)state;
	clu_recipe recipe = one_stage((clu_stage){.rate = 1, .rate_last = 1, .length = 30, .length_last = 30, .keep = CLU_KEEP_BEST});
	schedule_state schedule;
	schedule_begin(&recipe, &schedule, 2, 1);
	assert_int_equal(validate(&recipe, &schedule, 10, -1.0), SCHEDULE_KEEP_BEST);
	assert_int_equal(validate(&recipe, &schedule, 10, -1.0), SCHEDULE_CONTINUE);
	assert_int_equal(schedule.best_at, 10);
}

static void test_nan_is_never_best(void **state)
{
	(void)state;
	clu_recipe recipe = one_stage(
	    (clu_stage){.rate = 1, .rate_last = 1, .patience = 30, .cap = 100, .keep = CLU_KEEP_BEST, .variables = CLU_VARIABLES_ALL});
	schedule_state schedule;
	schedule_begin(&recipe, &schedule, 2, 1);
	assert_int_equal(validate(&recipe, &schedule, 10, NAN), SCHEDULE_CONTINUE);
	assert_int_equal(validate(&recipe, &schedule, 10, NAN), SCHEDULE_CONTINUE);
	assert_int_equal(validate(&recipe, &schedule, 10, NAN), SCHEDULE_STAGE_END | SCHEDULE_LAYER_END); /* nothing to restore */
	assert_int_equal(validate(&recipe, &schedule, 10, -1.0), SCHEDULE_KEEP_BEST);
	assert_int_equal(validate(&recipe, &schedule, 10, NAN), SCHEDULE_CONTINUE);
	assert_int_equal(validate(&recipe, &schedule, 10, NAN), SCHEDULE_CONTINUE);
	assert_int_equal(
	    validate(&recipe, &schedule, 10, NAN), SCHEDULE_RESTORE | SCHEDULE_STAGE_END | SCHEDULE_LAYER_END | SCHEDULE_DONE);
}

/* Of a stage that keeps the mean: how many weights are in it at each validation. Those after the half count, the end is one. */
static void test_average(void **state)
{
	(void)state;
	static const struct {
		uint32_t length, averaged[8]; /* at steps 10, 20 …, and at the end */
	} cases[] = {
	    {40, {0, 0, 1, 2}}, {50, {0, 0, 1, 2, 3}}, {45, {0, 0, 1, 2, 3}}, {39, {0, 1, 2, 3}}, {20, {0, 1}}, {10, {1}}, {1, {1}}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const uint32_t length = cases[i].length, count = (length + 9) / 10;
		const clu_stage stage = {.rate = 1, .rate_last = 1, .length = length, .length_last = length, .keep = CLU_KEEP_AVERAGE};
		const clu_recipe recipe = one_stage(stage);
		schedule_state schedule;
		schedule_begin(&recipe, &schedule, 1, 1);
		for (uint32_t v = 0; v < count; v++) {
			const uint32_t averaged = cases[i].averaged[v];
			do schedule_advance(&schedule, 1);
			while (!schedule_validation_due(&recipe, &schedule));
			assert_int_equal(schedule_averaged(&recipe, &schedule), averaged);
			unsigned wanted = averaged ? SCHEDULE_AVERAGE : SCHEDULE_CONTINUE;
			if (v + 1 == count) wanted |= SCHEDULE_STAGE_END | SCHEDULE_LAYER_END | SCHEDULE_DONE;
			if (v + 1 == count && averaged > 1) wanted |= SCHEDULE_RESTORE;
			assert_int_equal(schedule_validated(&recipe, &schedule, v % 2 ? -1.0 : -2.0), wanted);
		}
		assert_true(schedule.done);
	}
}

/* Stage-steps at which the validations of one stage come and at which it ends, for NMSE that improves `better` times. */
static void test_ways_to_end_a_stage(void **state)
{
	(void)state;
	static const struct {
		const char *label;
		uint32_t length, patience, cap;
		uint32_t better;
		uint64_t validations[8]; /* the last one ends the stage */
	} cases[] = {
	    {"length, a multiple", 30, 0, 0, 99, {10, 20, 30}},
	    {"length, no multiple", 25, 0, 0, 99, {10, 20, 25}},
	    {"length below validate_every", 3, 0, 0, 0, {3}},
	    {"length of one step", 1, 0, 0, 1, {1}},
	    {"patience, a multiple", 0, 20, 0, 2, {10, 20, 30, 40}},
	    {"patience, no multiple", 0, 15, 0, 2, {10, 20, 30, 40}},
	    {"patience below validate_every", 0, 1, 0, 3, {10, 20, 30, 40}},
	    {"patience from the start", 0, 20, 0, 0, {10, 20}},
	    {"cap before patience", 0, 40, 35, 1, {10, 20, 30, 35}},
	    {"cap below validate_every", 0, 40, 7, 1, {7}},
	    {"cap alone", 0, 0, 20, 0, {10, 20}},
	    {"length before patience", 25, 40, 0, 1, {10, 20, 25}},
	    {"patience before length", 90, 20, 0, 1, {10, 20, 30}},
	    {"cap before length", 90, 0, 15, 9, {10, 15}},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		for (uint64_t portion = 1; portion <= 10; portion += 3) {
			clu_recipe recipe = one_stage((clu_stage){.rate = 1,
			    .rate_last = 1,
			    .length = cases[i].length,
			    .length_last = 999,
			    .patience = cases[i].patience,
			    .cap = cases[i].cap});
			schedule_state schedule;
			schedule_begin(&recipe, &schedule, 3, 1);
			print_message("%s, portions of %u\n", cases[i].label, (unsigned)portion);
			for (uint32_t k = 0; k < 8 && cases[i].validations[k]; k++) {
				bool last = k == 7 || cases[i].validations[k + 1] == 0;
				double db = k < cases[i].better ? -1.0 * k : 5.0;
				if (cases[i].better == 0) db = NAN;
				assert_int_equal(schedule.layer, 1);
				assert_int_equal(schedule.steps + schedule_until_validation(&recipe, &schedule), cases[i].validations[k]);
				unsigned actions = validate(&recipe, &schedule, portion, db);
				assert_int_equal(schedule.steps, cases[i].validations[k]);
				assert_int_equal(actions, last ? SCHEDULE_STAGE_END | SCHEDULE_LAYER_END : SCHEDULE_CONTINUE);
			}
			assert_int_equal(schedule.layer, 2);
		}
	}
}

static void test_due_exactly_once(void **state)
{
	(void)state;
	clu_recipe recipe = one_stage((clu_stage){.rate = 1, .rate_last = 1, .length = 25, .length_last = 25});
	schedule_state schedule;
	schedule_begin(&recipe, &schedule, 2, 1);
	assert_false(schedule_validation_due(&recipe, &schedule));
	schedule_advance(&schedule, 9);
	assert_false(schedule_validation_due(&recipe, &schedule));
	schedule_advance(&schedule, 1);
	assert_true(schedule_validation_due(&recipe, &schedule));
	schedule_validated(&recipe, &schedule, -1.0);
	assert_false(schedule_validation_due(&recipe, &schedule));
	schedule_advance(&schedule, 10);
	schedule_validated(&recipe, &schedule, -1.0);
	schedule_advance(&schedule, 5);
	assert_true(schedule_validation_due(&recipe, &schedule));
	schedule_validated(&recipe, &schedule, -1.0);
	assert_int_equal(schedule.layer, 2);
	assert_false(schedule_validation_due(&recipe, &schedule));
}

static void test_fine_tuning_trains_the_last_layer_only(void **state)
{
	(void)state;
	clu_recipe recipe = load("fast");
	schedule_state schedule;
	schedule_begin(&recipe, &schedule, 4, 4);
	assert_int_equal(schedule.stage, 1);
	assert_int_equal(schedule_stage_length(&recipe, &schedule), 2400);
	for (int k = 1; k < 3; k++) assert_false(validate(&recipe, &schedule, 800, -k) & SCHEDULE_STAGE_END);
	assert_int_equal(validate(&recipe, &schedule, 800, -20.0), SCHEDULE_STAGE_END | SCHEDULE_LAYER_END | SCHEDULE_DONE);
	assert_int_equal(schedule.steps, 2400);
}

static double cosine(double floor, double part)
{
	return floor + (1.0 - floor) * 0.5 * (1.0 + cos(3.14159265358979323846 * part));
}

static double exponential(double floor, double part)
{
	return pow(floor, part);
}

static void check_curve(const char *curve, double (*expected)(double floor, double part))
{
	clu_recipe recipe = load("fast");
	char text[CLU_RECIPE_TEXT];
	clu_error error;
	schedule_state schedule;
	snprintf(text, sizeof text,
	    "name c\nform sum\nstart repeat\nthreshold 0.4\ndecay 1\nbeta1 0.9\nbeta2 0.999\nepsilon 1e-7\nvalidate_every 800\n"
	    "stage variables=all rate=2e-3 rate_last=1e-4 curve=%s floor=1e-3 length=800 length_last=12000 keep=best\n",
	    curve);
	support_ok(clu_recipe_parse(text, &recipe, &error), &error);
	schedule_begin(&recipe, &schedule, 16, 1);
	for (uint32_t layer = 1; layer <= 16; layer++) {
		schedule.layer = layer;
		const double wanted = 2e-3 * pow(1e-4 / 2e-3, (layer - 1) / 15.0), length = layer == 16 ? 12000 : 800;
		static const double parts[] = {0.0, 0.25, 0.5, 0.75, 0.99875};
		for (int i = 0; i < 5; i++) {
			const double rate = schedule_rate(&recipe, &schedule, (uint64_t)(parts[i] * length + 0.5));
			assert_true(fabs(rate - wanted * expected(1e-3, parts[i])) < 1e-14 * wanted);
		}
		assert_true(fabs(schedule_rate(&recipe, &schedule, (uint64_t)length) - 1e-3 * wanted) < 1e-14 * wanted);
	}
	schedule.layer = 1;
	assert_true(schedule_rate(&recipe, &schedule, 0) == 2e-3);
	schedule.layer = 16;
	assert_true(schedule_rate(&recipe, &schedule, 0) == 1e-4);
	schedule_begin(&recipe, &schedule, 1, 1);
	assert_true(schedule_rate(&recipe, &schedule, 0) == 2e-3);
}

static void test_rates(void **state)
{
	(void)state;
	clu_recipe paper = load("paper");
	schedule_state schedule;
	check_curve("cosine", cosine);
	check_curve("exponential", exponential);
	schedule_begin(&paper, &schedule, 16, 1);
	schedule.layer = 9;
	schedule.stage = 1;
	assert_true(schedule_rate(&paper, &schedule, 12345) == 1e-4);
}

/* Of all layers, and of a cosine and an exponential curve: fast has one in each of its stages. */
static void test_rates_have_stored_bits(void **state)
{
	(void)state;
	clu_recipe fast = load("fast");
	schedule_state schedule;
	uint64_t hash = 14695981039346656037u; /* FNV-1a */
	fast.stage[0].length = fast.stage[1].length_last = 4000;
	schedule_begin(&fast, &schedule, 16, 1);
	for (schedule.layer = 1; schedule.layer <= 16; schedule.layer++) {
		schedule.stage = schedule.layer == 16;
		for (uint64_t step = 0; step < 4000; step += 37) {
			double rate = schedule_rate(&fast, &schedule, step);
			uint64_t bits;
			memcpy(&bits, &rate, sizeof bits);
			hash = (hash ^ bits) * 1099511628211u;
		}
	}
	print_message("0x%016llx\n", (unsigned long long)hash);
	assert_int_equal(hash, 0x18f174abab477a09);
}

static void test_corrected_rates(void **state)
{
	(void)state;
	clu_recipe fast = load("fast");
	schedule_state schedule;
	schedule_begin(&fast, &schedule, 16, 1);
	static const uint64_t steps[] = {0, 1, 6, 99, 3999};
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		const double t = (double)steps[i] + 1, correction = sqrt(1 - pow(0.999, t)) / (1 - pow(0.9, t));
		const double wanted = schedule_rate(&fast, &schedule, steps[i]) * correction;
		assert_true(fabs(schedule_corrected_rate(&fast, &schedule, steps[i]) - wanted) < 1e-13 * wanted);
	}
}

/* ---- layers ---- */

#define HEAD \
	"name own\nform sum\nstart previous\nthreshold 0.4\ndecay 0.5\nbeta1 0.9\nbeta2 0.999\nepsilon 1e-7\nvalidate_every 10\n"

static clu_recipe parse(const char *text)
{
	clu_recipe recipe;
	clu_error error;
	support_ok(clu_recipe_parse(text, &recipe, &error), &error);
	return recipe;
}

/* Which stage is run in which layer, in what order and for how long. */
static void test_stages_of_some_layers(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint32_t layers, first_layer;
		uint32_t visits[12][3]; /* layer, stage, steps */
	} cases[] = {
	    {HEAD "stage variables=all rate=1 length=10 length_last=30 layers=1-2\nstage variables=all rate=1 length=20 layers=2,4\n"
	          "stage variables=new rate=1 length=5 layers=3-\n",
	        4, 1, {{1, 0, 10}, {2, 0, 10}, {2, 1, 20}, {3, 2, 5}, {4, 1, 20}, {4, 2, 5}}},
	    {HEAD "stage variables=all rate=1 length=10 length_last=30 layers=1-2\nstage variables=all rate=1 length=20 layers=2,4\n"
	          "stage variables=new rate=1 length=5 layers=3-\n",
	        2, 1, {{1, 0, 10}, {2, 0, 30}, {2, 1, 20}}},
	    {HEAD "layers_at 2,3,6\nstage variables=all rate=1 length=10 length_last=40\n", 5, 1, {{2, 0, 10}, {3, 0, 10}, {5, 0, 40}}},
	    {HEAD "layers_at 9\nstage variables=all rate=1 length=10 length_last=40\n", 3, 1, {{3, 0, 40}}},
	    {HEAD "layers_at 1,3\nstage variables=all rate=1 length=10 layers=1\nstage variables=all rate=1 length=20 layers=3-4\n", 4,
	        1, {{1, 0, 10}, {3, 1, 20}, {4, 1, 20}}},
	    {HEAD "layers_at 1\nstage variables=all rate=1 length=10 layers=1\nstage variables=all rate=1 length=20 layers=4\n", 4, 4,
	        {{4, 1, 20}}},
	    {HEAD "stage variables=all rate=1 length=10 part=inner\nstage variables=all rate=1 length=30 part=last\n", 3, 1,
	        {{1, 0, 10}, {2, 0, 10}, {3, 1, 30}}},
	    {HEAD "stage variables=all rate=1 length=10 part=inner\nstage variables=all rate=1 length=30 part=last\n", 3, 3,
	        {{3, 1, 30}}},
	    {HEAD "stage variables=all rate=1 length=10 part=inner\nstage variables=all rate=1 length=30 part=last\n", 1, 1,
	        {{1, 1, 30}}},
	    {HEAD "stage variables=all rate=1 length=10 part=inner layers=2-\nstage variables=all rate=1 length=20 layers=1,4\n", 4, 1,
	        {{1, 1, 20}, {2, 0, 10}, {3, 0, 10}, {4, 1, 20}}},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		clu_recipe recipe = parse(cases[i].text);
		schedule_state schedule;
		uint64_t steps = 0;
		schedule_begin(&recipe, &schedule, cases[i].layers, cases[i].first_layer);
		for (uint32_t visit = 0; cases[i].visits[visit][0]; visit++) {
			const uint32_t *wanted = cases[i].visits[visit];
			assert_false(schedule.done);
			print_message("case %zu: layer %u, stage %u\n", i, schedule.layer, schedule.stage);
			assert_int_equal(schedule.layer, wanted[0]);
			assert_int_equal(schedule.stage, wanted[1]);
			assert_int_equal(schedule_stage_length(&recipe, &schedule), wanted[2]);
			const bool ends_layer = cases[i].visits[visit + 1][0] != wanted[0];
			unsigned actions;
			do actions = validate(&recipe, &schedule, 10, -1.0);
			while (!(actions & SCHEDULE_STAGE_END));
			assert_int_equal((actions & SCHEDULE_LAYER_END) != 0, ends_layer);
			steps += wanted[2];
		}
		assert_true(schedule.done);
		assert_int_equal(schedule.steps, steps);
		if (cases[i].first_layer == 1) assert_int_equal(clu_recipe_steps(&recipe, cases[i].layers, NULL), steps);
	}
}

/* Geometric over the layers that a stage is run in, those beyond the network not counted. */
static void test_rates_of_some_layers(void **state)
{
	(void)state;
	clu_recipe recipe = parse(HEAD "stage variables=all rate=8 rate_last=2 length=1 layers=2-4\n"
	                               "stage variables=all rate=8 rate_last=2 length=1 layers=5-7,20-\n"
	                               "stage variables=all rate=3 rate_last=2 length=1 layers=9\n"
	                               "stage variables=all rate=8 rate_last=2 length=1 layers=1,10-\n"
	                               "stage variables=all rate=8 rate_last=2 length=1 layers=14- part=inner\n"
	                               "stage variables=all rate=8 rate_last=2 length=1 part=last\n"
	                               "stage variables=all rate=8 fall=0.5 length=1 layers=2-\n");
	static const struct {
		uint32_t stage, layer;
		double rate;
	} cases[] = {{0, 2, 8}, {0, 3, 4}, {0, 4, 2}, {1, 5, 8}, {1, 6, 4}, {1, 7, 2}, {2, 9, 3}, {3, 1, 8}, {3, 16, 2}, {4, 14, 8},
	    {4, 15, 2}, {5, 16, 8}, {6, 2, 4}, {6, 16, 8.0 / 32768}};
	schedule_state schedule;
	schedule_begin(&recipe, &schedule, 16, 1);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		schedule.stage = cases[i].stage;
		schedule.layer = cases[i].layer;
		const double rate = schedule_rate(&recipe, &schedule, 0);
		if (fabs(rate - cases[i].rate) > 1e-12) fail_msg("stage %u, layer %u: %g", cases[i].stage, cases[i].layer, rate);
	}
}

/* Layers that start together are new together, and their variables decay with the layers that are trained. */
static void test_multipliers_of_some_layers(void **state)
{
	(void)state;
	clu_recipe recipe = parse(HEAD "layers_at 1,3,6\nstage variables=new rate=1 length=1\nstage variables=all rate=1 length=1\n");
	static const struct {
		uint32_t layer, stage;
		double wanted[8];
	} cases[] = {
	    {1, 0, {1}},
	    {3, 0, {0, 1, 1}},
	    {3, 1, {0.5, 1, 1}},
	    {6, 0, {0, 0, 0, 1, 1, 1}},
	    {6, 1, {0.25, 0.5, 0.5, 1, 1, 1}},
	    {8, 1, {0.125, 0.25, 0.25, 0.5, 0.5, 0.5, 1, 1}},
	};
	schedule_state schedule;
	schedule_begin(&recipe, &schedule, 8, 1);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		schedule.layer = cases[i].layer;
		schedule.stage = cases[i].stage;
		for (uint32_t layer = 1; layer <= 8; layer++)
			assert_true(schedule_multiplier(&recipe, &schedule, layer) == cases[i].wanted[layer - 1]);
	}
}

static void test_multipliers(void **state)
{
	(void)state;
	clu_recipe paper = load("paper"), fast = load("fast");
	schedule_state schedule;
	schedule_begin(&fast, &schedule, 16, 1);
	schedule.layer = 5;
	static const double wanted[3][7] = {
	    {0, 0, 0, 0, 1, 0, 0},
	    {0.3 * 0.3 * 0.3 * 0.3, 0.3 * 0.3 * 0.3, 0.3 * 0.3, 0.3, 1, 0, 0},
	    {0.3 * 0.3 * 0.3 * 0.3, 0.3 * 0.3 * 0.3, 0.3 * 0.3, 0.3, 1, 0, 0},
	};
	for (uint32_t stage = 0; stage < 3; stage++) {
		schedule.stage = stage;
		for (uint32_t layer = 1; layer <= 7; layer++) {
			assert_true(schedule_multiplier(&paper, &schedule, layer) == wanted[stage][layer - 1]);
		}
	}
	schedule.stage = 0;
	for (uint32_t layer = 1; layer <= 7; layer++) {
		assert_true(schedule_multiplier(&fast, &schedule, layer) == (layer <= 5 ? 1.0 : 0.0));
	}
}

static void test_selected(void **state)
{
	(void)state;
	static const struct {
		double slope, most;
		uint32_t n, wanted[6];
	} cases[] = {
	    {1.2, 13, 500, {6, 12, 18, 24, 30, 0}},
	    {1.2, 4, 500, {6, 12, 18, 20, 20, 0}},
	    {1.2, 13, 100, {1, 2, 4, 5, 6, 0}},
	    {100, 100, 7, {7, 7, 7, 7, 7, 0}},
	    {0, 13, 500, {0}},
	    {1.2, 13, 1, {0}},
	    {70, 1000, 4096, {2867, 4096, 4096, 4096, 4096, 0}},
	};
	clu_arch arch;
	assert_int_equal(clu_arch_parse("0_0_0_0_0_0:ppppps", 0, &arch, NULL), CLU_OK);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const clu_recipe recipe = {.select_slope = cases[i].slope, .select_most = cases[i].most};
		uint32_t selected[CLU_LAYERS_MAX];
		schedule_selected(&recipe, &arch, cases[i].n, selected);
		for (uint32_t l = 0; l < CLU_LAYERS_MAX; l++) assert_int_equal(selected[l], l < 6 ? cases[i].wanted[l] : 0);
	}
}

/* As if the layers before had been trained, but for the steps. */
static void test_begins_after_trained_layers(void **state)
{
	(void)state;
	const clu_recipe recipes[] = {load("paper"), parse(HEAD "layers_at 1,3\nstage variables=all rate=1 length=10\n"
	                                                        "stage variables=all rate=1 length=20 layers=3,5\n"
	                                                        "stage variables=all rate=1 length=30 layers=1-3\n")};
	for (size_t r = 0; r < sizeof recipes / sizeof *recipes; r++) {
		const clu_recipe *recipe = &recipes[r];
		schedule_state schedule, trained;
		schedule_begin(recipe, &trained, 5, 1);
		while (!trained.done) {
			const uint32_t layer = trained.layer;
			while (!(validate(recipe, &trained, UINT64_MAX, -1) & SCHEDULE_LAYER_END)) continue;
			schedule_begin_after(recipe, &schedule, 5, layer);
			assert_int_equal(schedule.layer, trained.layer);
			assert_int_equal(schedule.stage, trained.stage);
			assert_int_equal(schedule.done, trained.done);
			assert_int_equal(schedule.steps, 0);
			if (!trained.done) assert_true(schedule.best_db == INFINITY && schedule.stage_steps == 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_begins),
	    cmocka_unit_test(test_begins_after_trained_layers),
	    cmocka_unit_test(test_paper_from_begin_to_end),
	    cmocka_unit_test(test_fast_from_begin_to_end),
	    cmocka_unit_test(test_best_at_the_end_needs_no_restoring),
	    cmocka_unit_test(test_equal_is_not_better),
	    cmocka_unit_test(test_nan_is_never_best),
	    cmocka_unit_test(test_average),
	    cmocka_unit_test(test_ways_to_end_a_stage),
	    cmocka_unit_test(test_due_exactly_once),
	    cmocka_unit_test(test_fine_tuning_trains_the_last_layer_only),
	    cmocka_unit_test(test_rates),
	    cmocka_unit_test(test_rates_have_stored_bits),
	    cmocka_unit_test(test_corrected_rates),
	    cmocka_unit_test(test_stages_of_some_layers),
	    cmocka_unit_test(test_rates_of_some_layers),
	    cmocka_unit_test(test_multipliers_of_some_layers),
	    cmocka_unit_test(test_multipliers),
	    cmocka_unit_test(test_selected),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
