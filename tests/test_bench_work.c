/* test_bench_work.c: operations and bytes of a step, against counts by hand, and the time that a device needs at least. */
#include "support.h"

#include "bench_work.h"
#include "cost.h"

#include <math.h>

/* Layers of which the x and dv have 0.1, 0.2, … and 0.01, 0.02, … nonzero. */
static work_subject subject_of(const clu_arch *arch)
{
	work_subject subject = {.arch = arch, .m = 3, .n = 5, .batch = 2};
	for (uint32_t l = 0; l < arch->layers; l++) {
		subject.density.code[l] = 0.1 * (l + 1);
		subject.density.gradient[l] = 0.01 * (l + 1);
	}
	return subject;
}

static clu_arch arch_of(const char *text)
{
	clu_arch arch;
	clu_error error;
	assert_int_equal(clu_arch_parse(text, 0, &arch, &error), CLU_OK);
	return arch;
}

static void test_products_by_hand(void **state)
{
	(void)state;
	const clu_arch arch = arch_of("0_0_1");
	const work_subject subject = subject_of(&arch);
	/* Three layers: two products with W_x forward, two backward; 2·2·5·5 = 100 operations each, 2·2·3·5 = 60 with W_b. */
	static const struct {
		clu_product which;
		const char *name;
		double dense, real, floats, density;
	} cases[] = {
	    {CLU_PRODUCT_SIDE, "U", 60, 60, 6 + 15 + 10, 1},
	    {CLU_PRODUCT_FORWARD, "Y", 200, 10 + 20, 2 * (10 + 25 + 10), 0.15},
	    {CLU_PRODUCT_BACKWARD, "H", 200, 2 + 3, 2 * (10 + 25 + 10), 0.025},
	    {CLU_PRODUCT_GRADIENT_X, "dW_x", 200, 30, 20 + 20 + 25, 0.15},
	    {CLU_PRODUCT_GRADIENT_B, "dW_b", 60, 60, 6 + 10 + 15, 1},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const bench_work work = work_product(&subject, cases[i].which);
		assert_string_equal(work_product_name(cases[i].which), cases[i].name);
		if (fabs(work.dense_flop - cases[i].dense) > 1e-9 || fabs(work.real_flop - cases[i].real) > 1e-9 ||
		    fabs(work.bytes - 4 * cases[i].floats) > 1e-9 ||
		    fabs(work_density(&subject, cases[i].which) - cases[i].density) > 1e-12)
			fail_msg("%s: %g and %g operations, %g bytes", cases[i].name, work.dense_flop, work.real_flop, work.bytes);
	}
}

/* All that is dense-equivalent is what cost.c, which times are foreseen by, counts. */
static void test_a_step_is_the_cost_of_a_step(void **state)
{
	(void)state;
	static const char *const archs[] = {"0", "0_0", "0_0_1_3:srls"};
	for (size_t i = 0; i < sizeof archs / sizeof *archs; i++) {
		const clu_arch arch = arch_of(archs[i]);
		const work_subject subject = subject_of(&arch);
		const cost_shape shape = {subject.m, subject.n, arch.layers, subject.batch, 1};
		const bench_work work = work_step(&subject);
		assert_true(
		    fabs(work.dense_flop - cost_step(&shape, arch.layers, arch.layers, CLU_VARIABLES_ALL, COST_MATRICES_TRAINED)) < 1e-9);
		assert_true(work.real_flop <= work.dense_flop && work.bytes > 0);
	}
}

/* Whichever kernels a plan has its products done by, together they do them all, once. */
static void test_kernels_share_the_products(void **state)
{
	(void)state;
	static const char *const launched[] = {"product_dense", "product_gradient", "product_sparse"};
	static const char *const passed[] = {"pass_forward", "pass_backward", "pass_gradients"};
	const clu_arch arch = arch_of("0_0_1_3");
	const work_subject subject = subject_of(&arch);
	const bench_work step = work_step(&subject);
	for (uint32_t way = 0; way < 4; way++) {
		const clu_plan plan = {.product = CLU_WAY_NATIVE, .sparse_below = way & 1 ? 40 : 0, .passes = way >> 1};
		double dense = 0;
		bench_work work;
		const char *const *kernels = plan.passes ? passed : launched;
		const size_t count = plan.passes || plan.sparse_below ? 3 : 1;
		for (size_t i = 0; i < count; i++) {
			assert_true(work_kernel(&subject, &plan, kernels[i], &work));
			dense += work.dense_flop;
			assert_true(plan.sparse_below || work.real_flop == work.dense_flop);
		}
		if (plan.passes) { /* the layers' own work is in the passes too */
			assert_true(work_kernel(&subject, &plan, "layer_forward", &work));
			dense -= work.dense_flop;
			assert_true(work_kernel(&subject, &plan, "layer_backward", &work));
			dense -= work.dense_flop;
		}
		assert_true(fabs(dense - step.dense_flop) < 1e-9);
	}
}

/* The same for tiled products, with layers in their launches and without. */
static void test_tiled_kernels_share_the_products(void **state)
{
	(void)state;
	static const char *const kernels[] = {
	    "product_tiled", "product_listed", "layer_tiled", "layer_listed", "layer_forward", "layer_backward"};
	const clu_arch arch = arch_of("0_0_1_3");
	const work_subject subject = subject_of(&arch);
	bench_work work, layers[2];
	assert_true(work_kernel(&subject, &(clu_plan){0}, "layer_forward", &layers[0]));
	assert_true(work_kernel(&subject, &(clu_plan){0}, "layer_backward", &layers[1]));
	const double want = work_step(&subject).dense_flop + layers[0].dense_flop + layers[1].dense_flop;
	for (uint32_t way = 0; way < 4; way++) {
		const clu_plan plan = {.product = CLU_WAY_TILED, .sparse_below = way & 1 ? 20 : 0, .epilogue = way >> 1};
		double dense = 0;
		for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++) {
			if ((i == 1 || i == 3) && !plan.sparse_below) continue;
			if (i == 4 ? plan.epilogue : (i == 2 || i == 3) && !plan.epilogue) continue;
			assert_true(work_kernel(&subject, &plan, kernels[i], &work));
			dense += work.dense_flop;
		}
		assert_true(fabs(dense - want) < 1e-9);
	}
}

static void test_other_kernels(void **state)
{
	(void)state;
	/* 4 layers, chain of 3 and 3 extra: 6 connections; planes of 2×5 floats */
	static const struct {
		const char *kernel;
		double bytes;
	} cases[] = {
	    {"layer_forward", 4 * 10 * (4 + 4 + 6)}, {"pass_gradients", 4 * (4 * 10 + 2 * 3 + 15 + 3 * 10 + 25)},
	    {"matrix_update", 4 * (7 * (15 + 25) + 25)}, {"gather_training", 4 * 2 * 6},
	    {"list_columns", 4 * 3 * 10 + (1 + 2 + 3) * 8}, /* x_1 … x_3, and their nonzeros */
	};
	const clu_arch arch = arch_of("0_0_1_3");
	const work_subject subject = subject_of(&arch);
	const clu_plan plan = {.product = CLU_WAY_NATIVE, .sparse_below = 40};
	bench_work work;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_true(work_kernel(&subject, &plan, cases[i].kernel, &work));
		if (fabs(work.bytes - cases[i].bytes) > 1e-9) fail_msg("%s: %g bytes", cases[i].kernel, work.bytes);
	}
	assert_false(work_kernel(&subject, &plan, "of another version", &work));
}

static void test_limits(void **state)
{
	(void)state;
	const clu_measurement device = {.peak_gflops = 100, .bandwidth_gbytes = 10};
	static const struct {
		bench_work work;
		double seconds;
		bool memory_bound;
	} cases[] = {
	    {{8e9, 4e9, 1e8}, 0.04, false},
	    {{8e9, 1e8, 1e9}, 0.1, true},
	    {{0, 0, 5e9}, 0.5, true},
	    {{0, 0, 0}, 0, false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bool memory_bound;
		assert_true(fabs(work_limit(&cases[i].work, &device, &memory_bound) - cases[i].seconds) < 1e-12);
		assert_true(memory_bound == cases[i].memory_bound);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_products_by_hand),
	    cmocka_unit_test(test_a_step_is_the_cost_of_a_step),
	    cmocka_unit_test(test_kernels_share_the_products),
	    cmocka_unit_test(test_tiled_kernels_share_the_products),
	    cmocka_unit_test(test_other_kernels),
	    cmocka_unit_test(test_limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
