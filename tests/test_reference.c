/* test_reference.c: the double-precision reference, which everything else is held against, by three independent means: numbers
 * worked out by hand, central differences of its own loss for every single weight, and Adam's formulas.
 *
 * Differences are meaningless across a neuron's kink, so networks are drawn until no v lies within a margin of one; a step that
 * is a thousand times smaller then changes no v by as much. */
#include "support_network.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double step = 1e-6, margin = 1e-3;

/* ---- by hand ---- */

static void test_neurons(void **state)
{
	(void)state;
	static const struct {
		clu_neuron kind;
		double v, theta, x, slope, threshold_slope, cutoff;
	} cases[] = {
	    {CLU_NEURON_SOFT, 3, 1, 2, 1, -1, 0},
	    {CLU_NEURON_SOFT, -3, 1, -2, 1, 1, 0},
	    {CLU_NEURON_SOFT, 0.5, 1, 0, 0, 0, 0},
	    {CLU_NEURON_SOFT, -0.5, 1, 0, 0, 0, 0},
	    {CLU_NEURON_SOFT, 1, 1, 0, 0, 0, 0},
	    {CLU_NEURON_SOFT, 2, 0, 2, 1, -1, 0},
	    {CLU_NEURON_SOFT, 2, -1, 3, 1, -1, 0},
	    {CLU_NEURON_SOFT, -2, -1, -3, 1, 1, 0},
	    {CLU_NEURON_SOFT, 0, -1, 0, 0, 0, 0},
	    {CLU_NEURON_RELU, 3, 1, 2, 1, -1, 0},
	    {CLU_NEURON_RELU, -3, 1, 0, 0, 0, 0},
	    {CLU_NEURON_RELU, 1, 1, 0, 0, 0, 0},
	    {CLU_NEURON_RELU, -2, -3, 1, 1, -1, 0},
	    {CLU_NEURON_RELU, 0, 0, 0, 0, 0, 0},
	    {CLU_NEURON_LEAKY, 3, 1, 2, 1, -1, 0},
	    {CLU_NEURON_LEAKY, -1, 1, -0.2, 0.1, -0.1, 0},
	    {CLU_NEURON_LEAKY, 1, 1, 0, 0.1, -0.1, 0},
	    {CLU_NEURON_LEAKY, -2, -3, 1, 1, -1, 0},
	    {CLU_NEURON_SELECT, 3, 1, 3, 1, 0, 3},
	    {CLU_NEURON_SELECT, -3, 1, -3, 1, 0, 2},
	    {CLU_NEURON_SELECT, 3, 1, 2, 1, -1, 4},
	    {CLU_NEURON_SELECT, -3, 1, -2, 1, 1, INFINITY},
	    {CLU_NEURON_SELECT, 0.5, 1, 0, 0, 0, 0.25},
	    {CLU_NEURON_SELECT, 1, 1, 0, 0, 0, 1},
	    {CLU_NEURON_SELECT, 2, -1, 3, 1, -1, INFINITY},
	    {CLU_NEURON_FIRM, 3, 1, 3, 1, 0, 0},
	    {CLU_NEURON_FIRM, -3, 1, -3, 1, 0, 0},
	    {CLU_NEURON_FIRM, 1.25, 1, 0.5, 2, -2, 0},
	    {CLU_NEURON_FIRM, -1.75, 1, -1.5, 2, 2, 0},
	    {CLU_NEURON_FIRM, 2, 1, 2, 1, 0, 0},
	    {CLU_NEURON_FIRM, 1, 1, 0, 0, 0, 0},
	    {CLU_NEURON_FIRM, -0.5, 1, 0, 0, 0, 0},
	    {CLU_NEURON_FIRM, 2, 0, 2, 1, -1, 0},
	    {CLU_NEURON_FIRM, -2, -1, -3, 1, 1, 0},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const double x = reference_neuron(cases[i].kind, cases[i].v, cases[i].theta, cases[i].cutoff);
		const double slope = reference_neuron_slope(cases[i].kind, cases[i].v, cases[i].theta);
		const double threshold_slope = reference_neuron_threshold_slope(cases[i].kind, cases[i].v, cases[i].theta, cases[i].cutoff);
		print_message("case %zu: x %g, slope %g, for theta %g\n", i, x, slope, threshold_slope);
		assert_true(fabs(x - cases[i].x) < 1e-15);
		assert_true(slope == cases[i].slope);
		assert_true(threshold_slope == cases[i].threshold_slope);
	}
}

static void test_cutoffs(void **state)
{
	(void)state;
	static const double v[] = {3, -5, 2, -2, 0};
	static const struct {
		uint32_t n, selected;
		double theta, cutoff;
	} cases[] = {{5, 0, 1, INFINITY}, {5, 1, 1, 5}, {5, 2, 1, 3}, {5, 3, 1, 2}, {5, 4, 1, 2}, {5, 5, 1, 0}, {5, 9, 1, 0},
	    {5, 2, 0, INFINITY}, {5, 2, -1, INFINITY}, {1, 1, 1, 3}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_true(reference_cutoff(v, cases[i].n, cases[i].selected, cases[i].theta) == cases[i].cutoff);
}

/* m = n = 1, soft neurons, two layers: x₁ = η(2·3) = 5; v₂ = 2·3 + 0.5·(−1)·5 = 3.5, x₂ = 3.25; loss ½·2.25². */
static void test_two_layers_by_hand(void **state)
{
	(void)state;
	clu_error error;
	reference *r;
	const clu_arch arch = support_arch("0_0");
	support_ok(reference_create(&arch, 1, 1, 1, 2, &r, &error), &error);
	r->w_b[0] = 2;
	r->w_x[0] = 0.5;
	r->theta[0] = 1;
	r->theta[1] = 0.25;
	r->coefficient[1][0] = -1;
	r->b[0] = 3;
	r->truth[0] = 1;
	reference_forward(r);
	assert_true(r->v[0] == 6 && r->x[0] == 5 && r->v[1] == 3.5 && r->x[1] == 3.25);
	assert_true(reference_loss(r) == 0.5 * 2.25 * 2.25);
	reference_backward(r);
	assert_true(r->dx[1] == 2.25 && r->dv[1] == 2.25 && r->dx[0] == -1.125 && r->dv[0] == -1.125);
	assert_true(r->dw_b[0] == 2.25 * 3 - 1.125 * 3);
	assert_true(r->dw_x[0] == 2.25 * -5);
	assert_true(r->dtheta[1] == -2.25 && r->dtheta[0] == 1.125);
	assert_true(r->dcoefficient[1][0] == 2.25 * 0.5 * 5);
	reference_destroy(r);
}

/* Two rows whose errors are (3, 4) and (0, 0), of truths (0, 5) and (1, 0). */
static void test_losses_by_hand(void **state)
{
	(void)state;
	static const struct {
		clu_loss loss;
		double value, gradient[2];
	} cases[] = {{CLU_LOSS_SQUARES, 12.5, {3, 4}}, {CLU_LOSS_NORM, 5, {0.6, 0.8}},
	    {CLU_LOSS_LOG, -20.72326583594641, {0.24, 0.32}}}; /* log(1 + 1e-9) + log(1e-9); 2·(3, 4)/25 */
	const clu_arch arch = support_arch("0:s");
	reference *r;
	clu_error error;
	support_ok(reference_create(&arch, 1, 2, 2, 1, &r, &error), &error);
	memcpy(r->truth, (double[]){0, 5, 1, 0}, 4 * sizeof(double));
	memcpy(r->x, (double[]){3, 9, 1, 0}, 4 * sizeof(double));
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		r->loss = cases[i].loss;
		assert_true(fabs(reference_loss(r) - cases[i].value) < 1e-8);
		reference_backward(r);
		for (int k = 0; k < 2; k++) assert_true(fabs(r->dx[k] - cases[i].gradient[k]) < 1e-8);
		assert_true(r->dx[2] == 0 && r->dx[3] == 0);
	}
	reference_destroy(r);
}

static void test_adam(void **state)
{
	(void)state;
	reference_adam adam = {.beta1 = 0.5, .beta2 = 0.75, .epsilon = 0.5, .rate = 8, .multiplier = 0.5, .spread = 1};
	double first = 1, second = 4, weight = 10;
	reference_adam_step(&adam, 4, &first, &second, &weight); /* g = 2: m = 1.5, v = 3 + 1, step 8·1.5/(2 + 0.5) */
	assert_true(first == 1.5 && second == 4 && fabs(weight - (10 - 4.8)) < 1e-14);
	/* The mean form's c = spread·a: the same step on c from the gradient of c, which is that of a divided by spread. */
	adam.spread = 4;
	adam.multiplier = 1;
	double first_a = 0, second_a = 0, a = 0.25, first_c = 0, second_c = 0, c = 1;
	const reference_adam plain = {adam.beta1, adam.beta2, adam.epsilon, adam.rate, 1, 1};
	for (int i = 0; i < 5; i++) {
		reference_adam_step(&adam, 3 - i, &first_a, &second_a, &a);
		reference_adam_step(&plain, (3 - i) / 4.0, &first_c, &second_c, &c);
		assert_true(fabs(a - c / 4) < 1e-12);
	}
}

/* ---- by differences ---- */

static double loss_of(reference *r)
{
	reference_forward(r);
	return reference_loss(r);
}

/* `gradient` of `weight`, by a central difference. The sum of squares is piecewise a polynomial of low degree, and the other
 * losses are smooth where no error is near 0, so what is left is the rounding of the loss divided by the step. */
static void check_weight(reference *r, const char *what, uint64_t seed, size_t index, double *weight, double gradient)
{
	const double kept = *weight;
	*weight = kept + step;
	const double above = loss_of(r);
	*weight = kept - step;
	const double below = loss_of(r);
	*weight = kept;
	const double difference = (above - below) / (2 * step);
	if (fabs(difference - gradient) > 1e-7 * (1 + fabs(gradient)))
		fail_msg("seed %llu, depth %u, loss %d: gradient of %s %zu is %.12g, by differences %.12g", (unsigned long long)seed,
		    r->depth, (int)r->loss, what, index, gradient, difference);
}

static reference *draw(const char *arch, uint32_t m, uint32_t n, uint32_t rows, uint32_t depth, uint64_t *seed)
{
	for (;; ++*seed) {
		clu_model *model = support_model_create(arch, m, n, *seed);
		reference *r = support_reference_create(model, rows, depth);
		uint64_t random = *seed + 1000;
		for (size_t i = 0; i < (size_t)rows * m; i++) r->b[i] = 4 * support_uniform(&random) - 2;
		for (size_t i = 0; i < (size_t)rows * n; i++)
			r->truth[i] = support_uniform(&random) < 0.5 && i % n > 0 ? 0 : 2 * support_uniform(&random) - 1;
		clu_model_destroy(model);
		reference_forward(r);
		if (support_kink_distance(r) > margin) return r;
		reference_destroy(r);
	}
}

static void check_network(reference *r, uint64_t seed)
{
	const size_t sides = (size_t)r->n * r->m, squares = (size_t)r->n * r->n;
	reference_forward(r);
	reference_backward(r);
	for (size_t i = 0; i < sides; i++) check_weight(r, "W_b", seed, i, &r->w_b[i], r->dw_b[i]);
	for (size_t i = 0; i < squares; i++) check_weight(r, "W_x", seed, i, &r->w_x[i], r->dw_x[i]);
	for (uint32_t l = 0; l < r->arch.layers; l++) {
		check_weight(r, "theta", seed, l, &r->theta[l], r->dtheta[l]);
		if (l >= r->depth) assert_true(r->dtheta[l] == 0);
		for (uint32_t i = 0; i < r->arch.layers; i++) {
			check_weight(r, "coefficient", seed, l * 100 + i, &r->coefficient[l][i], r->dcoefficient[l][i]);
			if (!(clu_arch_origins(&r->arch, l + 1) >> i & 1u) || l >= r->depth) assert_true(r->dcoefficient[l][i] == 0);
		}
	}
}

static void test_gradients(void **state)
{
	(void)state;
	static const struct {
		const char *arch;
		uint32_t m, n, rows;
	} cases[] = {
	    {"0", 3, 4, 2},
	    {"0:l", 1, 1, 1},
	    {"0_0_0_0", 3, 5, 3},
	    {"0_0_1_1_1", 3, 5, 2},
	    {"0_0_1_3_7", 4, 6, 2},
	    {"0_0_1_3_7:rrlll", 2, 5, 2},
	    {"0_0_1_2_5:srlss:11010", 3, 5, 2},
	    {"0_0_0_3_7_2:lrslsr:110010", 3, 4, 2},
	    {"0_0_1_3_7:sslrl:10000", 5, 3, 2},
	    {"0_0_1_3:slrs", 1, 1, 1},
	    {"0:p", 3, 9, 2},
	    {"0_0_1_3:p", 3, 9, 2},
	    {"0_0_1_2_5:pspls:11010", 3, 10, 2},
	    {"0:f", 3, 9, 2},
	    {"0_0_1_3:f", 3, 9, 2},
	    {"0_0_1_2_5:fsflp:11010", 3, 10, 2},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const uint32_t layers = support_arch(cases[i].arch).layers;
		for (uint32_t depth = 1; depth <= layers; depth++) {
			uint64_t seed = 100 * i + depth;
			reference *r = draw(cases[i].arch, cases[i].m, cases[i].n, cases[i].rows, depth, &seed);
			for (r->loss = CLU_LOSS_SQUARES; r->loss <= CLU_LOSS_LOG; r->loss++) check_network(r, seed);
			reference_destroy(r);
		}
	}
}

/* A second call makes the gradients anew and does not add to them. */
static void test_backward_overwrites(void **state)
{
	(void)state;
	uint64_t seed = 1;
	reference *r = draw("0_0_1_3:slrs", 3, 5, 2, 4, &seed);
	double dw_x[25], dtheta[4];
	reference_backward(r);
	memcpy(dw_x, r->dw_x, sizeof dw_x);
	memcpy(dtheta, r->dtheta, sizeof dtheta);
	reference_backward(r);
	assert_memory_equal(dw_x, r->dw_x, sizeof dw_x);
	assert_memory_equal(dtheta, r->dtheta, sizeof dtheta);
	reference_destroy(r);
	reference_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_neurons),
	    cmocka_unit_test(test_cutoffs),
	    cmocka_unit_test(test_two_layers_by_hand),
	    cmocka_unit_test(test_losses_by_hand),
	    cmocka_unit_test(test_adam),
	    cmocka_unit_test(test_gradients),
	    cmocka_unit_test(test_backward_overwrites),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
