/* test_lanes.c: what a lane starts from, and what is refused. Running lanes is in test_lanes_run.c. TEST_NEEDS: device */
#include "lanes_fixture.h"

#include <math.h>

/* ---- starts ---- */

static double squared_norm(const float *d, uint32_t m, uint32_t n, uint32_t i, uint32_t j)
{
	double sum = 0;
	for (uint32_t k = 0; k < m; k++) sum += (double)d[k * n + i] * d[k * n + j];
	return sum;
}

/* W_b = Dᵀ/L, W_x = I − W_b D, θ = t/L; coefficients by form and start. */
static void test_start(void **state)
{
	const support_pair *pair = *state;
	static const struct {
		clu_form form;
		clu_start start;
		double previous, extra; /* coefficients of a layer with three origins */
	} cases[] = {{CLU_FORM_SUM, CLU_START_ONES, 1, 1}, {CLU_FORM_MEAN, CLU_START_ONES, 1.0 / 3, 1.0 / 3},
	    {CLU_FORM_SUM, CLU_START_PREVIOUS, 1, 0}, {CLU_FORM_MEAN, CLU_START_PREVIOUS, 1, 0}, {CLU_FORM_SUM, CLU_START_REPEAT, 1, 0},
	    {CLU_FORM_MEAN, CLU_START_REPEAT, 1, 0}};
	clu_data *data = fixture_data(1);
	const uint32_t m = data->m, n = data->n;
	clu_lanes *lanes = fixture_lanes(pair->single, data, 1);
	for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
		clu_training training = fixture_training(0);
		training.arch = support_arch("0_0_0_3");
		training.recipe.form = cases[c].form;
		training.recipe.start = cases[c].start;
		training.recipe.threshold = 0.7;
		fixture_start(lanes, 0, &training);
		outcome begin = outcome_take(lanes, 0);
		const clu_model *model = begin.model;
		for (uint32_t j = 0; j < n; j++) {
			for (uint32_t i = 0; i < m; i++)
				assert_true(fabs(model->w_b[j * m + i] - data->dictionary[i * n + j] / data->lipschitz) < 1e-6);
			for (uint32_t k = 0; k < n; k++)
				assert_true(
				    fabs(model->w_x[j * n + k] - ((j == k) - squared_norm(data->dictionary, m, n, j, k) / data->lipschitz)) < 1e-6);
		}
		for (uint32_t l = 0; l < 4; l++) {
			assert_true(fabs(model->theta[l] - 0.7 / data->lipschitz) < 1e-6);
			for (uint32_t i = 0; i < 4; i++) {
				const double want = l == 3 ? (i == 2 ? cases[c].previous : i < 2 ? cases[c].extra : 0) : i + 1 == l;
				assert_true(fabs(model->coefficient[l][i] - want) < 1e-6);
			}
		}
		assert_string_equal(model->settings, training.settings);
		assert_true(model->scale == data->scale);
		outcome_release(&begin);
		clu_lane_clear(lanes, 0);
	}
	clu_lanes_destroy(lanes);
	clu_data_destroy(data);
}

/* Fine-tuning: the last layer's stages only, from the given weights, of which none are lost. */
static void test_from(void **state)
{
	const support_pair *pair = *state;
	clu_data *data = fixture_data(1);
	clu_error error;
	clu_training training = fixture_training(0);
	outcome trained = outcome_alone(pair->single, data, &training);
	clu_lanes *lanes = fixture_lanes(pair->single, data, 2);
	training.from = trained.model;
	fixture_start(lanes, 1, &training);
	outcome begin = outcome_take(lanes, 1);
	support_same_bits("W_b", 0, begin.model->w_b, trained.model->w_b, (size_t)data->n * data->m);
	support_same_bits("W_x", 0, begin.model->w_x, trained.model->w_x, (size_t)data->n * data->n);
	support_same_bits("thresholds", 0, begin.model->theta, trained.model->theta, FIXTURE_LAYERS);
	assert_memory_equal(begin.model->coefficient, trained.model->coefficient, sizeof trained.model->coefficient);
	assert_int_equal(begin.progress.layer, FIXTURE_LAYERS);
	assert_int_equal(begin.progress.layers_done, 0);
	fixture_finish(lanes, 1);
	outcome end = outcome_take(lanes, 1);
	assert_int_equal(end.progress.state, CLU_LANE_DONE);
	assert_int_equal(end.progress.steps, training.recipe.stage[0].length_last);
	assert_int_equal(end.progress.layers_done, 1);
	for (uint32_t l = 0; l < FIXTURE_LAYERS; l++) assert_true(end.model->theta[l] != trained.model->theta[l]); /* all are trained */
	clu_model *narrow = support_model_create("0_0_0_0", data->m, data->n - 1, 1),
	          *shallow = support_model_create("0_0", data->m, data->n, 1);
	training.from = narrow;
	assert_int_equal(clu_lane_start(lanes, 0, &training, &error), CLU_MISMATCH);
	training.from = shallow;
	assert_int_equal(clu_lane_start(lanes, 0, &training, &error), CLU_MISMATCH);
	clu_model_destroy(shallow);
	clu_model_destroy(narrow);
	outcome_release(&end);
	outcome_release(&begin);
	outcome_release(&trained);
	clu_lanes_destroy(lanes);
	clu_data_destroy(data);
}

/* What is left out goes to the layer before, what is new starts at 0; the rest is taken as it is. */
static void test_from_another_architecture(void **state)
{
	const support_pair *pair = *state;
	clu_data *data = fixture_data(1);
	clu_training training = fixture_training(0);
	clu_model *given = support_model_create("0_0_1_1", data->m, data->n, 3);
	clu_lanes *lanes = fixture_lanes(pair->single, data, 1);
	float(*had)[CLU_LAYERS_MAX] = given->coefficient;
	training.arch = support_arch("0_0_0_2");
	training.from = given;
	fixture_start(lanes, 0, &training);
	outcome begin = outcome_take(lanes, 0);
	float(*has)[CLU_LAYERS_MAX] = begin.model->coefficient;
	assert_true(had[2][0] != 0 && had[3][1] != 0);
	assert_true(has[1][0] == had[1][0]);
	assert_true(has[2][0] == 0 && has[2][1] == had[2][1] + had[2][0]);
	assert_true(has[3][0] == 0 && has[3][1] == 0 && has[3][2] == had[3][2] + had[3][1]);
	support_same_bits("W_x", 0, begin.model->w_x, given->w_x, (size_t)data->n * data->n);
	support_same_bits("thresholds", 0, begin.model->theta, given->theta, FIXTURE_LAYERS);
	outcome_release(&begin);
	clu_lanes_destroy(lanes);
	clu_model_destroy(given);
	clu_data_destroy(data);
}

/* A dictionary of twice the length and its measurements make the same network, but that W_b takes measurements twice as large; also
 * where a network is given. */
static void test_gain_of_the_dictionary(void **state)
{
	const support_pair *pair = *state;
	for (int given = 0; given < 2; given++) {
		outcome outcomes[2];
		for (int twice = 0; twice < 2; twice++) {
			clu_data *data = fixture_data(1);
			clu_samples *sets[] = {&data->train, &data->validation, &data->test};
			clu_training training = fixture_training(0);
			clu_model *from = support_model_create("0_0_1_3", data->m, data->n, 3);
			training.arch = from->arch;
			training.from = given ? from : NULL;
			if (twice) {
				data->gain = 2;
				data->lipschitz *= 4;
				for (size_t i = 0; i < (size_t)data->m * data->n; i++) data->dictionary[i] *= 2;
				for (int set = 0; set < 3; set++)
					for (size_t i = 0; i < sets[set]->count * data->m; i++) sets[set]->b[i] *= 2;
				for (size_t i = 0; i < (size_t)data->m * data->n; i++) from->w_b[i] /= 2;
			}
			outcomes[twice] = outcome_alone(pair->single, data, &training);
			if (twice)
				for (size_t i = 0; i < (size_t)data->m * data->n; i++) outcomes[twice].model->w_b[i] *= 2;
			clu_model_destroy(from);
			clu_data_destroy(data);
		}
		const clu_model *once = outcomes[0].model, *twice = outcomes[1].model;
		support_same_bits("W_b", 0, twice->w_b, once->w_b, (size_t)once->n * once->m);
		support_same_bits("W_x", 0, twice->w_x, once->w_x, (size_t)once->n * once->n);
		support_same_bits("thresholds", 0, twice->theta, once->theta, FIXTURE_LAYERS);
		outcome_release(&outcomes[1]);
		outcome_release(&outcomes[0]);
	}
}

/* ---- refusals ---- */

static void test_refused_starts(void **state)
{
	const support_pair *pair = *state;
	clu_data *data = fixture_data(1);
	clu_error error;
	clu_model *model = NULL;
	const clu_training training = fixture_training(0);
	clu_training other = training;
	clu_lanes *lanes = fixture_lanes(pair->single, data, 1);
	assert_int_equal(clu_lane_start(lanes, 1, &training, &error), CLU_ARGUMENT);
	other.arch = support_arch("0_0_0");
	assert_int_equal(clu_lane_start(lanes, 0, &other, &error), CLU_ARGUMENT);
	other.arch = training.arch;
	other.arch.neuron[2] = 99;
	assert_int_equal(clu_lane_start(lanes, 0, &other, &error), CLU_ARGUMENT);
	other = training;
	other.recipe.stage[0].layers = 0x7;
	assert_int_equal(clu_lane_start(lanes, 0, &other, &error), CLU_ARGUMENT);
	assert_non_null(strstr(error.message, "no stage for layer 4"));
	assert_int_equal(clu_lane_model(lanes, 0, &model, &error), CLU_ARGUMENT);
	assert_int_equal(clu_lane_model(lanes, 7, &model, &error), CLU_ARGUMENT);
	assert_null(model);
	fixture_start(lanes, 0, &training);
	assert_int_equal(clu_lane_start(lanes, 0, &training, &error), CLU_ARGUMENT);
	assert_int_equal(fixture_progress(lanes, 0).state, CLU_LANE_TRAINING);
	clu_lanes_destroy(lanes);
	clu_data_destroy(data);
}

static void test_refused_lanes(void **state)
{
	const support_pair *pair = *state;
	static const struct {
		size_t train, validation;
		uint32_t layers, batch, lanes;
		const char *named;
	} cases[] = {
	    {7, 4, 4, 8, 1, "7 training samples"},
	    {0, 4, 4, 8, 1, "0 training samples"},
	    {8, 0, 4, 8, 1, "validation"},
	    {8, 4, 0, 8, 1, "layers"},
	    {8, 4, 33, 8, 1, "33 layers"},
	    {8, 4, 4, 0, 1, "batch"},
	    {8, 4, 4, 8, 0, "lanes"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		clu_data *data = support_data_create(4, 7, cases[i].train, cases[i].validation, 0, 1);
		clu_lanes *lanes = (clu_lanes *)data;
		clu_error error;
		assert_int_equal(
		    clu_lanes_create(pair->single, data, cases[i].layers, cases[i].batch, cases[i].lanes, &lanes, &error), CLU_ARGUMENT);
		assert_null(lanes);
		if (!strstr(error.message, cases[i].named)) fail_msg("no \"%s\" in: %s", cases[i].named, error.message);
		clu_data_destroy(data);
	}
}

static void test_too_many(void **state)
{
	const support_pair *pair = *state;
	clu_data *data = fixture_data(1);
	clu_lanes *lanes = (clu_lanes *)data;
	clu_error error;
	assert_int_equal(clu_lanes_create(pair->single, data, FIXTURE_LAYERS, fixture_batch(), UINT32_MAX, &lanes, &error), CLU_SIZE);
	assert_null(lanes);
	assert_non_null(strstr(error.message, "4294967295 lanes"));
	assert_non_null(strstr(error.message, "MiB"));
	assert_non_null(strstr(error.message, pair->single->info.name));
	clu_data_destroy(data);
}

/* The largest buffer of one lane. */
static uint64_t largest_bytes(const clu_device_info *info, const clu_data *data, uint32_t batch)
{
	const clu_plan plan = clu_plan_default(info);
	const arena_shape shape = {.m = data->m,
	    .n = data->n,
	    .layers = FIXTURE_LAYERS,
	    .batch = batch,
	    .lanes = 1,
	    .purpose = ARENA_TRAIN,
	    .burst = 256,
	    .order = (uint32_t)data->train.count,
	    .evaluation = (uint32_t)data->validation.count};
	return arena_largest_bytes(&shape, &plan);
}

/* As many as fit do fit, by total memory and by the largest buffer; one more does not. */
static void test_fit(void **state)
{
	const support_pair *pair = *state;
	clu_data *data = fixture_data(1);
	const uint32_t batch = fixture_batch();
	uint64_t lane, shared;
	clu_lanes_bytes(&pair->single->info, &pair->single->plan, data, FIXTURE_LAYERS, batch, &lane, &shared);
	assert_true(lane > 0);
	assert_true(shared == samples_bytes(data->m, data->n, data->train.count + data->validation.count + data->test.count));
	for (int limit = 0; limit < 2; limit++) {
		clu_device small = *pair->single;
		clu_lanes *lanes = NULL;
		clu_error error;
		if (limit == 0)
			small.info.memory_bytes = (shared + 3 * lane + lane / 2) / 9 * 10;
		else
			small.info.allocation_bytes = 3 * largest_bytes(&small.info, data, batch) + 8;
		assert_int_equal(clu_lanes_fit(&small.info, &small.plan, data, FIXTURE_LAYERS, batch, 100), 3);
		assert_int_equal(clu_lanes_fit(&small.info, &small.plan, data, FIXTURE_LAYERS, batch, 2), 2);
		support_ok(clu_lanes_create(&small, data, FIXTURE_LAYERS, batch, 3, &lanes, &error), &error);
		clu_lanes_destroy(lanes);
		assert_int_equal(clu_lanes_create(&small, data, FIXTURE_LAYERS, batch, 4, &lanes, &error), CLU_SIZE);
		assert_non_null(strstr(error.message, "at most 3 lanes"));
	}
	clu_device tiny = *pair->single;
	tiny.info.memory_bytes = shared;
	assert_int_equal(clu_lanes_fit(&tiny.info, &tiny.plan, data, FIXTURE_LAYERS, batch, 100), 0);
	tiny = *pair->single;
	tiny.info.allocation_bytes = 2 * largest_bytes(&tiny.info, data, batch);
	data->test.count = tiny.info.allocation_bytes / (arena_ld(data->n) * sizeof(float)) + 1; /* more than the training set has */
	assert_int_equal(clu_lanes_fit(&tiny.info, &tiny.plan, data, FIXTURE_LAYERS, batch, 100), 0);
	data->test.count = 0;
	assert_true(clu_lanes_fit(&tiny.info, &tiny.plan, data, FIXTURE_LAYERS, batch, 100) > 0);
	clu_data_destroy(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_start),
	    cmocka_unit_test(test_from),
	    cmocka_unit_test(test_from_another_architecture),
	    cmocka_unit_test(test_gain_of_the_dictionary),
	    cmocka_unit_test(test_refused_starts),
	    cmocka_unit_test(test_refused_lanes),
	    cmocka_unit_test(test_too_many),
	    cmocka_unit_test(test_fit),
	};
	return cmocka_run_group_tests(tests, support_pair_open, support_pair_close);
}
