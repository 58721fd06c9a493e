/* test_applier.c: a network at work, against the reference in double, on counts around its batch; scaled units; a network as it
 * would come out of training. In one launch and layer by layer it has the same bits, and so has each signal alone.
 * TEST_NEEDS: device */
#include "support_network.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 5 };

/* Float32 through up to five layers, see test_network.c. */
static const double tolerance = 2e-5;

typedef struct applier_case {
	const char *arch;
	uint32_t m, n;
	double scale;
} applier_case;

static const applier_case cases[] = {
    {"0", 1, 1, 1},
    {"0_0_1_3:slrs", 3, 7, 1},
    {"0_0_1_2_5:srlss:11010", 7, 19, 1},
    {"0_0_0_0", 17, 16, 250},
    {"0_0_1_2_5:psppp:11010", 7, 19, 1},
    {"0_0_1_2_5:fsfff:11010", 7, 19, 1},
    {"0_0_1_3_7", 16, 33, 1e-3},
};

/* x of the reference in the user's units: b divided by the scale, codes multiplied. */
static void expect(const clu_model *model, const float *b, size_t count, double *x)
{
	const uint32_t m = model->m, n = model->n, depth = model->arch.layers;
	if (count == 0) return;
	reference *r = support_reference_create(model, (uint32_t)count, depth);
	for (size_t i = 0; i < count * m; i++) r->b[i] = b[i] / model->scale;
	reference_forward(r);
	for (size_t i = 0; i < count * n; i++) x[i] = r->x[(depth - 1) * count * n + i] * model->scale;
	reference_destroy(r);
}

static void check_count(clu_applier *applier, const clu_model *model, const char *label, size_t count)
{
	clu_error error;
	const size_t in = count * model->m, out = count * model->n;
	float *b = malloc((in + 1) * sizeof *b), *x = malloc((out + 3) * sizeof *x);
	double *want = calloc(out + 1, sizeof *want);
	assert_true(b && x && want);
	support_fill(b, in, 1.0, count);
	for (size_t i = 0; i < in; i++) b[i] = (float)(b[i] * model->scale);
	for (size_t i = 0; i < out + 3; i++) x[i] = 77;
	expect(model, b, count, want);
	support_ok(clu_applier_run(applier, b, count, x, &error), &error);
	support_close(label, count, x, want, out, tolerance);
	assert_true(x[out] == 77 && x[out + 1] == 77 && x[out + 2] == 77);
	free(want);
	free(x);
	free(b);
}

static void check_case(clu_device *device, const applier_case *c, uint64_t seed)
{
	static const size_t counts[] = {0, 1, BATCH - 1, BATCH, BATCH + 1, 3 * BATCH, 3 * BATCH + 2, 1};
	clu_error error;
	clu_applier *applier;
	clu_model *model = support_model_create(c->arch, c->m, c->n, seed);
	model->scale = c->scale;
	support_ok(clu_applier_create(device, model, BATCH, &applier, &error), &error);
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) check_count(applier, model, c->arch, counts[i]);
	clu_applier_destroy(applier);
	clu_model_destroy(model);
}

static void test_against_reference(void **state)
{
	const support_pair *pair = *state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		check_case(pair->single, &cases[i], i);
		check_case(pair->grouped, &cases[i], i);
	}
}

typedef struct bits_case {
	const char *arch;
	uint32_t m, n;
	double density; /* of the measurements */
} bits_case;

/* Widths around a chunk of columns and beyond it; dense outputs (leaky), rectified ones; measurements that are all zero. */
static const bits_case bits_cases[] = {
    {"0_0_1_3_7_15", 50, 100, 1},
    {"0_0_1_2_5:srlss:11010", 67, 131, 1},
    {"0_0_1:lll", 33, 65, 1},
    {"0_0_1_2_5:p", 67, 131, 1},
    {"0_0_1_2_5:fsfpf", 67, 131, 1},
    {"0_0_1_3:rrsr", 131, 67, 0.3},
    {"0_0", 16, 64, 0},
};

/* Few rows and many take different ways through cl/applier.cl, and the grouped device never takes them in one launch. */
static void check_bits(const support_pair *pair, const bits_case *c, uint64_t seed)
{
	static const size_t counts[] = {1, 2, 7, 12, 25, 101};
	enum { MOST = 101, ROOM = 64 };
	clu_error error;
	clu_applier *one, *layered;
	clu_model *model = support_model_create(c->arch, c->m, c->n, seed);
	float *b = malloc(MOST * c->m * sizeof *b), *x = malloc(MOST * c->n * sizeof *x), *want = malloc(MOST * c->n * sizeof *want);
	assert_true(b && x && want);
	support_fill(b, (size_t)MOST * c->m, c->density, seed);
	support_ok(clu_applier_create(pair->single, model, ROOM, &one, &error), &error);
	support_ok(clu_applier_create(pair->grouped, model, ROOM, &layered, &error), &error);
	support_ok(clu_applier_run(layered, b, MOST, want, &error), &error);
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		const size_t count = counts[i], rest = MOST - count;
		support_ok(clu_applier_run(one, b, count, x, &error), &error);
		support_ok(clu_applier_run(one, b + count * c->m, rest, x + count * c->n, &error), &error);
		support_same_bits(c->arch, count, x, want, (size_t)MOST * c->n);
	}
	clu_applier_destroy(layered);
	clu_applier_destroy(one);
	free(want);
	free(x);
	free(b);
	clu_model_destroy(model);
}

static void test_same_bits_in_one_launch(void **state)
{
	if (!support_equal_bits() || support_tiny()) skip();
	for (size_t i = 0; i < sizeof bits_cases / sizeof *bits_cases; i++) check_bits(*state, &bits_cases[i], i);
}

/* A batch of one, and one larger than all there is, give what the others give. */
static void test_batches(void **state)
{
	const support_pair *pair = *state;
	static const uint32_t batches[] = {1, 3, 64};
	clu_error error;
	clu_model *model = support_model_create("0_0_1_3", 7, 19, 9);
	for (size_t i = 0; i < sizeof batches / sizeof *batches; i++) {
		clu_applier *applier;
		support_ok(clu_applier_create(pair->single, model, batches[i], &applier, &error), &error);
		check_count(applier, model, "batch", 7);
		clu_applier_destroy(applier);
	}
	clu_model_destroy(model);
}

/* Two at a time on one device do not disturb each other. */
static void test_two_appliers(void **state)
{
	const support_pair *pair = *state;
	clu_error error;
	clu_model *model[2];
	clu_applier *applier[2];
	for (uint32_t i = 0; i < 2; i++) {
		model[i] = support_model_create(i ? "0_0_1" : "0_0:ll", 3 + i, 5 + i, i);
		support_ok(clu_applier_create(pair->single, model[i], BATCH, &applier[i], &error), &error);
	}
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 2; i++) check_count(applier[i], model[i], "two", 7);
	for (int i = 0; i < 2; i++) {
		clu_applier_destroy(applier[i]);
		clu_model_destroy(model[i]);
	}
}

static void test_refused(void **state)
{
	const support_pair *pair = *state;
	clu_error error;
	clu_model *model = support_model_create("0_0_1_3", 7, 19, 9);
	clu_applier *applier = (clu_applier *)model;
	assert_int_equal(clu_applier_create(pair->single, model, 0, &applier, &error), CLU_ARGUMENT);
	assert_null(applier);
	model->arch.extra[1] = 1; /* layer 2 has no x to take beside x of layer 1 */
	assert_int_equal(clu_applier_create(pair->single, model, BATCH, &applier, &error), CLU_ARGUMENT);
	assert_null(applier);
	model->arch.extra[1] = 0;
	clu_device small = *pair->single;
	small.info.allocation_bytes = 1024;
	assert_int_equal(clu_applier_create(&small, model, BATCH, &applier, &error), CLU_SIZE);
	assert_null(applier);
	clu_applier_destroy(NULL);
	clu_model_destroy(model);
}

/* Neurons would make a zero of what is no number. */
static void test_measurements_that_are_no_numbers(void **state)
{
	const support_pair *pair = *state;
	static const float wrong[] = {NAN, INFINITY, 1e38f};
	clu_error error;
	clu_model *model = support_model_create("0_0_1_3", 7, 19, 9);
	clu_applier *applier;
	float b[3 * 7] = {0}, x[3 * 19];
	model->scale = 1e-3;
	support_ok(clu_applier_create(pair->single, model, 2, &applier, &error), &error);
	support_ok(clu_applier_run(applier, b, 3, x, &error), &error);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		b[2 * 7 + 4] = wrong[i]; /* in the second batch */
		assert_int_equal(clu_applier_run(applier, b, 3, x, &error), CLU_ARGUMENT);
		if (!strstr(error.message, "measurement 4 of signal 2")) fail_msg("%s", error.message);
	}
	clu_applier_destroy(applier);
	clu_model_destroy(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_against_reference),
	    cmocka_unit_test(test_same_bits_in_one_launch),
	    cmocka_unit_test(test_batches),
	    cmocka_unit_test(test_two_appliers),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_measurements_that_are_no_numbers),
	};
	return cmocka_run_group_tests(tests, support_pair_open, support_pair_close);
}
