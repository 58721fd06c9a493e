/* test_lanes_training.c: whole short trainings on lanes against the same in double, put together here from the reference, the
 * schedule and the permutations: batches, rates with Adam's bias correction, multipliers, spreads, fresh moments at each stage,
 * layers that come one by one, means of weights. And plans of equal numeric keys train to equal bits. TEST_NEEDS: device */
#include "lanes_fixture.h"

#include "plan.h"
#include "random.h"
#include "schedule.h"

#include <math.h>

/* Two roundings of one training drift apart: Adam divides a gradient by its own size, so that a relative error of 1e-6 in a
 * small gradient moves a weight by 1e-6 of the rate, and each step starts from the last one's error. ε is chosen so large that
 * a gradient of rounding noise alone moves nothing. Measured after 42 steps: 1e-5 of the largest weight. A multiplier, spread or
 * correction that is left out shows as 1e-3 and more. */
static const double tolerance = 5e-5;

/* A training in double: weights, moments, schedule. Scalars: [0] θ, [1 + i] the coefficient of origin i + 1. */
typedef struct training {
	const clu_data *data;
	clu_recipe recipe;
	clu_arch arch;
	uint64_t seed;
	uint32_t batch;
	schedule_state schedule;
	clu_model *start;
	reference *now;  /* of the layers so far: its weights are the training's */
	reference *mean; /* NULL, or the mean of the stage's weights that go into one */
	double *first[2], *second[2];
	double scalar_first[CLU_LAYERS_MAX][CLU_LAYERS_MAX + 1], scalar_second[CLU_LAYERS_MAX][CLU_LAYERS_MAX + 1];
	uint32_t *order;
	double factor; /* of the step in hand, by which its gradient is clipped */
} training;

/* The layers that `r` has more than the first `trained` begin. */
static void begin_layers(const clu_recipe *recipe, uint32_t trained, reference *r)
{
	const bool repeat = recipe->start == CLU_START_REPEAT;
	double sum = 0;
	for (uint32_t i = 0; i < trained; i++) sum += r->coefficient[trained - 1][i];
	for (uint32_t l = trained; l < r->depth; l++) {
		if (repeat || r->depth > trained + 1) r->theta[l] = r->theta[trained - 1];
		if (repeat && trained > 1) r->coefficient[l][l - 1] = sum;
	}
}

/* Makes the reference as deep as the schedule says, with the weights of the one before. */
static void deepen(training *t)
{
	const size_t sides = (size_t)t->data->n * t->data->m, squares = (size_t)t->data->n * t->data->n;
	reference *old = t->now, *new = support_reference_create(t->start, t->batch, t->schedule.layer);
	t->now = new;
	if (!old) return;
	memcpy(new->w_b, old->w_b, sides * sizeof(double));
	memcpy(new->w_x, old->w_x, squares * sizeof(double));
	memcpy(new->theta, old->theta, sizeof new->theta);
	memcpy(new->coefficient, old->coefficient, sizeof new->coefficient);
	begin_layers(&t->recipe, old->depth, new);
	reference_destroy(old);
}

static void fresh_moments(training *t)
{
	const size_t counts[2] = {(size_t)t->data->n * t->data->m, (size_t)t->data->n * t->data->n};
	for (int i = 0; i < 2; i++) {
		free(t->first[i]);
		free(t->second[i]);
		t->first[i] = calloc(counts[i], sizeof(double));
		t->second[i] = calloc(counts[i], sizeof(double));
		assert_true(t->first[i] && t->second[i]);
	}
	memset(t->scalar_first, 0, sizeof t->scalar_first);
	memset(t->scalar_second, 0, sizeof t->scalar_second);
}

static void take_batch(training *t, uint64_t step)
{
	const uint32_t count = (uint32_t)t->data->train.count, passes = count / t->batch, m = t->data->m, n = t->data->n;
	random_permutation(t->seed, t->schedule.layer, t->schedule.stage, (uint32_t)(step / passes), count, t->order);
	for (uint32_t row = 0; row < t->batch; row++) {
		const size_t sample = t->order[step % passes * t->batch + row];
		support_widen(t->now->b + (size_t)row * m, t->data->train.b + sample * m, m);
		support_widen(t->now->truth + (size_t)row * n, t->data->train.x + sample * n, n);
	}
}

/* Adam on `count` weights that `layer` introduced, if this stage trains them, at `kind` times the stage's rate. */
static void step_weights(training *t, uint32_t layer, double kind, double spread, const double *gradient, double *first,
    double *second, double *weight, size_t count)
{
	const double step = (double)t->schedule.stage_steps + 1, multiplier = schedule_multiplier(&t->recipe, &t->schedule, layer);
	const double correction = sqrt(1 - pow(t->recipe.beta2, step)) / (1 - pow(t->recipe.beta1, step));
	const reference_adam adam = {.beta1 = t->recipe.beta1,
	    .beta2 = t->recipe.beta2,
	    .epsilon = t->recipe.epsilon,
	    .rate = schedule_rate(&t->recipe, &t->schedule, t->schedule.stage_steps) * correction * kind,
	    .multiplier = multiplier * t->factor,
	    .spread = spread};
	if (multiplier == 0) return;
	for (size_t i = 0; i < count; i++) reference_adam_step(&adam, gradient[i], &first[i], &second[i], &weight[i]);
}

static double squares(const double *gradient, size_t count)
{
	double sum = 0;
	for (size_t i = 0; i < count; i++) sum += gradient[i] * gradient[i];
	return sum;
}

/* n_L where the mean form's c is trained, else 1. */
static double spread_of(const training *t, uint32_t layer)
{
	uint32_t count = 0;
	for (uint32_t origins = clu_arch_origins(&t->arch, layer); origins; origins >>= 1) count += origins & 1u;
	return t->recipe.form == CLU_FORM_MEAN && count ? count : 1;
}

/* Of the variables that this stage trains. */
static double gradient_norm(const training *t)
{
	const reference *r = t->now;
	double sum = 0;
	for (uint32_t l = 0; l < r->depth; l++) {
		const uint32_t origins = clu_arch_origins(&t->arch, l + 1);
		double layer = r->dtheta[l] * r->dtheta[l];
		for (uint32_t i = 0; i < l; i++)
			if (origins >> i & 1u) layer += pow(r->dcoefficient[l][i] / spread_of(t, l + 1), 2);
		if (l == 0 && t->recipe.rate_w > 0) layer += squares(r->dw_b, (size_t)r->n * r->m);
		if (l == 1 && t->recipe.rate_w > 0) layer += squares(r->dw_x, (size_t)r->n * r->n);
		sum += layer * pow(schedule_multiplier(&t->recipe, &t->schedule, l + 1), 2);
	}
	return sqrt(sum);
}

static void do_step(training *t)
{
	reference *r = t->now;
	const size_t sides = (size_t)r->n * r->m, squares = (size_t)r->n * r->n;
	const clu_recipe *recipe = &t->recipe;
	take_batch(t, t->schedule.stage_steps);
	r->loss = recipe->stage[t->schedule.stage].loss;
	reference_forward(r);
	reference_backward(r);
	const double clip = recipe->stage[t->schedule.stage].clip, norm = clip > 0 ? gradient_norm(t) : 0;
	t->factor = norm > clip ? clip / norm : 1;
	step_weights(t, 1, recipe->rate_w, 1, r->dw_b, t->first[0], t->second[0], r->w_b, sides);
	if (r->depth >= 2) step_weights(t, 2, recipe->rate_w, 1, r->dw_x, t->first[1], t->second[1], r->w_x, squares);
	for (uint32_t l = 0; l < r->depth; l++) {
		const uint32_t origins = clu_arch_origins(&t->arch, l + 1);
		const double spread = spread_of(t, l + 1);
		step_weights(
		    t, l + 1, recipe->rate_theta, 1, &r->dtheta[l], &t->scalar_first[l][0], &t->scalar_second[l][0], &r->theta[l], 1);
		for (uint32_t i = 0; i < l; i++)
			if (origins >> i & 1u)
				step_weights(t, l + 1, recipe->rate_coefficient, spread, &r->dcoefficient[l][i], &t->scalar_first[l][1 + i],
				    &t->scalar_second[l][1 + i], &r->coefficient[l][i], 1);
	}
}

static void mix(double *mean, const double *now, double part, size_t count)
{
	for (size_t i = 0; i < count; i++) mean[i] += part * (now[i] - mean[i]);
}

/* weights ← weights + part·(other − weights) */
static void mix_weights(reference *weights, const reference *other, double part)
{
	mix(weights->w_b, other->w_b, part, (size_t)other->n * other->m);
	mix(weights->w_x, other->w_x, part, (size_t)other->n * other->n);
	mix(weights->theta, other->theta, part, CLU_LAYERS_MAX);
	mix(&weights->coefficient[0][0], &other->coefficient[0][0], part, (size_t)CLU_LAYERS_MAX * CLU_LAYERS_MAX);
}

static void average(training *t, uint64_t count, bool restore)
{
	if (!t->mean) t->mean = support_reference_create(t->start, t->batch, t->schedule.layer);
	mix_weights(t->mean, t->now, 1.0 / (double)count);
	if (restore) mix_weights(t->now, t->mean, 1);
}

/* From beginning to end; lengths are fixed and the last weights or their mean go on, so that no validation decides anything. */
static void run(training *t)
{
	schedule_begin(&t->recipe, &t->schedule, t->arch.layers, 1);
	deepen(t);
	fresh_moments(t);
	while (!t->schedule.done) {
		do_step(t);
		schedule_advance(&t->schedule, 1);
		if (!schedule_validation_due(&t->recipe, &t->schedule)) continue;
		const uint64_t averaged = schedule_averaged(&t->recipe, &t->schedule);
		schedule_state next = t->schedule;
		const unsigned actions = schedule_validated(&t->recipe, &next, 0);
		if (actions & SCHEDULE_AVERAGE) average(t, averaged, actions & SCHEDULE_RESTORE);
		t->schedule = next;
		if (actions & SCHEDULE_STAGE_END) {
			reference_destroy(t->mean);
			t->mean = NULL;
		}
		if (actions & SCHEDULE_DONE) break;
		if (actions & SCHEDULE_LAYER_END) deepen(t);
		if (actions & SCHEDULE_STAGE_END) fresh_moments(t);
	}
}

static void release(training *t)
{
	for (int i = 0; i < 2; i++) {
		free(t->first[i]);
		free(t->second[i]);
	}
	free(t->order);
	reference_destroy(t->now);
	clu_model_destroy(t->start);
}

/* The model at the start and after the training, on a lane. */
static void train_on_lane(clu_device *device, const clu_data *data, const clu_training *what, clu_model **start, outcome *end)
{
	clu_lanes *lanes = fixture_lanes(device, data, 2);
	const clu_training neighbour = fixture_training(5);
	fixture_start(lanes, 0, &neighbour);
	fixture_start(lanes, 1, what);
	outcome begin = outcome_take(lanes, 1);
	*start = begin.model;
	fixture_finish(lanes, 1);
	*end = outcome_take(lanes, 1);
	clu_lanes_destroy(lanes);
}

static void compare(const char *label, const clu_model *got, const reference *want)
{
	support_close(label, 0, got->w_b, want->w_b, (size_t)got->n * got->m, tolerance);
	support_close(label, 1, got->w_x, want->w_x, (size_t)got->n * got->n, tolerance);
	support_close(label, 2, got->theta, want->theta, got->arch.layers, tolerance);
	for (uint32_t l = 0; l < got->arch.layers; l++)
		support_close(label, 3 + l, got->coefficient[l], want->coefficient[l], got->arch.layers, tolerance);
}

static void check_training(clu_device *device, const char *label, const char *recipe_text, const char *arch, uint64_t seed)
{
	clu_data *data = fixture_data(3);
	clu_error error;
	outcome end;
	clu_training what = {.arch = support_arch(arch), .seed = seed};
	support_ok(clu_recipe_parse(recipe_text, &what.recipe, &error), &error);
	training t = {.data = data, .recipe = what.recipe, .arch = what.arch, .seed = what.seed, .batch = fixture_batch()};
	t.order = malloc(data->train.count * sizeof *t.order);
	assert_non_null(t.order);
	train_on_lane(device, data, &what, &t.start, &end);
	run(&t);
	assert_int_equal(end.progress.state, CLU_LANE_DONE);
	assert_int_equal(end.progress.steps, t.schedule.steps);
	compare(label, end.model, t.now);
	for (uint32_t l = 0; l < 4; l++) assert_true(end.model->theta[l] != t.start->theta[l]);
	if (what.recipe.rate_w == 0) {
		support_same_bits("W_b", 1, end.model->w_b, t.start->w_b, (size_t)data->n * data->m);
		support_same_bits("W_x", 1, end.model->w_x, t.start->w_x, (size_t)data->n * data->n);
	}
	outcome_release(&end);
	release(&t);
	clu_data_destroy(data);
}

/* 10 + 10 + 10 + 12 steps of one stage a layer along a cosine, more than a pass over the data in each. */
static const char fast_text[] =
    "name f\nform sum\nstart previous\nthreshold 0.4\ndecay 1\nbeta1 0.9\nbeta2 0.999\nepsilon 1e-3\n"
    "validate_every 4\n"
    "stage variables=all rate=2e-2 rate_last=5e-3 curve=cosine floor=1e-3 length=10 length_last=12 keep=last\n";
/* Four layers of 2 + 3 + 3 steps, the mean form, decaying gradients. */
static const char paper_text[] = "name p\nform mean\nstart ones\nthreshold 0.4\ndecay 0.3\nbeta1 0.8\nbeta2 0.99\nepsilon 1e-3\n"
                                 "validate_every 2\nstage variables=new rate=2e-2 length=2 length_last=2 keep=last\n"
                                 "stage variables=all rate=1e-2 length=3 length_last=3 keep=last\n"
                                 "stage variables=all rate=1e-3 length=3 length_last=3 keep=last\n";

/* The other losses, means of two or three weights, layers 2 and 3 together, rates by kind of variable, stages of some layers. */
static const char mixed_text[] =
    "name m\nform sum\nstart previous\nthreshold 0.4\ndecay 0.5\nbeta1 0.9\nbeta2 0.999\nepsilon 1e-3\n"
    "validate_every 4\nlayers_at 1,3\nrate_w 0.5\nrate_theta 2\nrate_coefficient 3\n"
    "stage variables=all rate=2e-2 rate_last=5e-3 length=7 keep=average loss=norm layers=1-3 clip=0.5\n"
    "stage variables=new rate=1e-2 length=5 keep=last loss=log clip=3 layers=3-\n"
    "stage variables=all rate=5e-3 curve=cosine length=9 keep=average layers=4\n";

/* A seed with which no entry ever comes so near a threshold that the two roundings fall on its two sides. */
static void test_mixed_stages(void **state)
{
	const support_pair *pair = *state;
	check_training(pair->single, "mixed, plain", mixed_text, "0_0_0_0", 13);
	check_training(pair->single, "mixed, dense", mixed_text, "0_0_1_3:slrs:1101", 13);
	check_training(pair->grouped, "mixed, groups", mixed_text, "0_0_1_2:ssls", 13);
}

static void test_one_stage_a_layer(void **state)
{
	const support_pair *pair = *state;
	check_training(pair->single, "sum form, plain", fast_text, "0_0_0_0", 11);
	check_training(pair->single, "sum form, dense", fast_text, "0_0_1_3:slrs:1101", 11);
	check_training(pair->grouped, "sum form, groups", fast_text, "0_0_1_2:ssls", 11);
}

/* Layers that repeat the one before, one at a time and two. */
static const char repeat_text[] =
    "name r\nform sum\nstart repeat\nthreshold 0.4\ndecay 1\nbeta1 0.9\nbeta2 0.999\nepsilon 1e-3\nvalidate_every 4\n"
    "stage variables=all rate=2e-2 rate_last=5e-3 curve=cosine floor=1e-3 length=10 length_last=12 keep=last\n";
static const char repeat_two_text[] =
    "name r\nform mean\nstart repeat\nthreshold 0.4\ndecay 1\nbeta1 0.9\nbeta2 0.999\nepsilon 1e-3\nvalidate_every 4\n"
    "layers_at 2,4\nstage variables=all rate=2e-2 rate_last=5e-3 curve=cosine floor=1e-3 length=10 length_last=12 keep=last\n";

static void test_repeated_layers(void **state)
{
	const support_pair *pair = *state;
	check_training(pair->single, "repeated, plain", repeat_text, "0_0_0_0", 11);
	check_training(pair->single, "repeated, dense", repeat_text, "0_0_1_3:slrs:1101", 11);
	check_training(pair->grouped, "two repeated, groups", repeat_two_text, "0_0_1_2:ssls", 11);
}

static const char select_text[] =
    "name f\nform sum\nstart previous\nthreshold 0.4\nselect_slope 10\nselect_most 35\ndecay 1\nbeta1 0.9\nbeta2 0.999\n"
    "epsilon 1e-3\nvalidate_every 4\n"
    "stage variables=all rate=2e-2 rate_last=5e-3 curve=cosine floor=1e-3 length=10 length_last=12 keep=last\n";

/* Seeds with which no two magnitudes around a cutoff are ever so near that the two roundings select different ones. */
static void test_support_selection(void **state)
{
	const support_pair *pair = *state;
	check_training(pair->single, "all select", select_text, "0_0_1_2:p", 1);
	check_training(pair->grouped, "some select, groups", select_text, "0_0_0_3:pspp:1101", 1);
}

static void test_firm_shrinkage(void **state)
{
	const support_pair *pair = *state;
	check_training(pair->single, "all firm", repeat_text, "0_0_1_2:f", 11);
	check_training(pair->grouped, "some firm, groups", repeat_text, "0_0_0_3:fsff:1101", 11);
}

/* Matrices of the regularised inverse that stay as they are; the gradient's norm is that of the others. */
static const char analytic_text[] =
    "name a\nform sum\nstart repeat\nthreshold 0.4\nridge 0.5\ndecay 1\nbeta1 0.9\nbeta2 0.999\nepsilon 1e-3\nvalidate_every 4\n"
    "rate_w 0\nstage variables=all rate=2e-2 rate_last=5e-3 curve=cosine floor=1e-3 length=10 length_last=12 keep=last clip=0.5\n";

static void test_matrices_that_stay(void **state)
{
	const support_pair *pair = *state;
	check_training(pair->single, "analytic, plain", analytic_text, "0_0_0_0:f", 11);
	check_training(pair->grouped, "analytic, groups", analytic_text, "0_0_1_3:ssfs", 11);
}

static void test_three_stages_a_layer(void **state)
{
	const support_pair *pair = *state;
	check_training(pair->single, "mean form, dense", paper_text, "0_0_1_3", 11);
	check_training(pair->single, "mean form, mixed", paper_text, "0_0_1_2:srsl:1011", 11);
	check_training(pair->grouped, "mean form, groups", paper_text, "0_0_0_3:slss", 11);
}

/* ---- equal keys ---- */

static outcome train_under(const clu_device_info *info, const clu_plan *plan, const clu_data *data, uint32_t index, char *key)
{
	clu_device *device;
	clu_error error;
	const clu_training training = fixture_training(index);
	support_ok(clu_device_open(info, plan, &device, &error), &error);
	memcpy(key, device->key, sizeof device->key);
	outcome outcome = outcome_alone(device, data, &training);
	clu_device_destroy(device);
	return outcome;
}

/* Everything of a plan that its key does not hold is free: other tiles, other ways to skip zeros, none at all. */
static void test_equal_keys_equal_bits(void **state)
{
	const support_pair *pair = *state;
	static const char *const changes[] = {"tile_rows 1\ntile_vectors 1", "tile_rows 7\ntile_vectors 5", "sparse_below 0",
	    "sparse_below 0\ngroup_columns 4\ngroup_rows 2", "sparse_below 100\nsparse_rows 3\npasses 0",
	    "sparse_below 12\nsparse_rows 64\npasses 0\ntile_rows 2",
	    "product tiled\nsparse_below 0\npasses 0\ntile_rows 2\ntile_vectors 1\ngroup_columns 4\ngroup_rows 2"};
	const clu_device_info *info = &pair->single->info;
	if (!support_equal_bits()) skip();
	clu_data *data = support_tiny() ? fixture_data(5) : support_data_create(20, 130, 67, 21, 13, 5);
	char key[CLU_KEY_TEXT], base_key[CLU_KEY_TEXT];
	clu_error error;
	static const uint32_t trainings[] = {0, 3, FIXTURE_SELECT}; /* leaky neurons, which are dense, too */
	for (uint32_t index = 0; index < (support_tiny() ? 1 : 3); index++) {
		outcome want = train_under(info, &pair->single->plan, data, trainings[index], base_key);
		for (size_t i = 0; i < (support_tiny() ? 2 : sizeof changes / sizeof *changes); i++) {
			clu_plan plan = pair->single->plan;
			support_ok(plan_change(&plan, changes[i], &error), &error);
			outcome got = train_under(info, &plan, data, trainings[index], key);
			assert_string_equal(key, base_key);
			outcome_same(changes[i], &got, &want);
			outcome_release(&got);
		}
		outcome_release(&want);
	}
	clu_data_destroy(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_one_stage_a_layer),
	    cmocka_unit_test(test_support_selection),
	    cmocka_unit_test(test_firm_shrinkage),
	    cmocka_unit_test(test_matrices_that_stay),
	    cmocka_unit_test(test_three_stages_a_layer),
	    cmocka_unit_test(test_mixed_stages),
	    cmocka_unit_test(test_repeated_layers),
	    cmocka_unit_test(test_equal_keys_equal_bits),
	};
	return cmocka_run_group_tests(tests, support_pair_open, support_pair_close);
}
