/* bench_work.c: see bench_work.h. The counts follow how the engine arranges a step: multiply first, then mix, both ways. */
#include "bench_work.h"

#include <string.h>

static const double float_bytes = sizeof(float);

/* A B with A [rows][inner], B [inner][columns]. */
static bench_work product_of(double rows, double inner, double columns, double density)
{
	const double flop = 2 * rows * inner * columns;
	return (bench_work){flop, density * flop, float_bytes * (rows * inner + inner * columns + rows * columns)};
}

static void add(bench_work *sum, bench_work part)
{
	sum->dense_flop += part.dense_flop;
	sum->real_flop += part.real_flop;
	sum->bytes += part.bytes;
}

const char *work_product_name(clu_product which)
{
	static const char *const names[CLU_PRODUCT_COUNT] = {"U", "Y", "H", "dW_x", "dW_b"};
	return names[which];
}

double work_density(const work_subject *subject, clu_product which)
{
	const uint32_t layers = subject->arch->layers;
	const bool back = which == CLU_PRODUCT_BACKWARD;
	if (which == CLU_PRODUCT_SIDE || which == CLU_PRODUCT_GRADIENT_B) return 1;
	if (layers < 2) return 0;
	double sum = 0; /* x of layers 1 … K − 1, dv of layers 2 … K */
	for (uint32_t l = 0; l + 1 < layers; l++) sum += back ? subject->density.gradient[l + 1] : subject->density.code[l];
	return sum / (layers - 1);
}

bench_work work_product(const work_subject *subject, clu_product which)
{
	const double m = subject->m, n = subject->n, batch = subject->batch, below = subject->arch->layers - 1.0;
	bench_work sum = {0};
	switch (which) {
	case CLU_PRODUCT_SIDE: return product_of(batch, m, n, 1);
	case CLU_PRODUCT_GRADIENT_B: return product_of(m, batch, n, 1);
	case CLU_PRODUCT_GRADIENT_X: return below > 0 ? product_of(n, below * batch, n, work_density(subject, which)) : sum;
	default:
		for (uint32_t l = 0; l + 1 < subject->arch->layers; l++) {
			const bool back = which == CLU_PRODUCT_BACKWARD;
			add(&sum, product_of(batch, n, n, back ? subject->density.gradient[l + 1] : subject->density.code[l]));
		}
		return sum;
	}
}

bench_work work_step(const work_subject *subject)
{
	bench_work sum = {0};
	for (clu_product which = 0; which < CLU_PRODUCT_COUNT; which++) add(&sum, work_product(subject, which));
	return sum;
}

/* ---- kernels ---- */

/* Whether products of the forward pass are in the launches of layers. */
static bool in_epilogues(const clu_plan *plan)
{
	return clu_plan_is_tiled(plan) && plan->epilogue;
}

/* Whether products are in the launches of passes. */
static bool in_passes(const clu_plan *plan)
{
	return plan->passes && plan->product == CLU_WAY_NATIVE;
}

/* Products that are launched by themselves and have no lists of nonzeros. */
static bench_work dense_products(const work_subject *subject, const clu_plan *plan)
{
	const bool passes = in_passes(plan), forward = !passes && !in_epilogues(plan);
	bench_work sum = {0};
	if (!passes) add(&sum, work_product(subject, CLU_PRODUCT_GRADIENT_B));
	if (forward) add(&sum, work_product(subject, CLU_PRODUCT_SIDE));
	if (clu_plan_skips_zeros(plan)) return sum;
	if (forward) add(&sum, work_product(subject, CLU_PRODUCT_FORWARD));
	if (!passes) add(&sum, work_product(subject, CLU_PRODUCT_BACKWARD));
	if (!passes) add(&sum, work_product(subject, CLU_PRODUCT_GRADIENT_X));
	sum.real_flop = sum.dense_flop; /* zeros are multiplied here */
	return sum;
}

static bench_work sparse_gradient(const work_subject *subject, const clu_plan *plan)
{
	(void)plan;
	return work_product(subject, CLU_PRODUCT_GRADIENT_X);
}

static bench_work sparse_products(const work_subject *subject, const clu_plan *plan)
{
	bench_work sum = work_product(subject, CLU_PRODUCT_BACKWARD);
	if (!in_epilogues(plan)) add(&sum, work_product(subject, CLU_PRODUCT_FORWARD));
	return sum;
}

static bench_work listed_products(const work_subject *subject, const clu_plan *plan)
{
	bench_work sum = sparse_products(subject, plan);
	add(&sum, sparse_gradient(subject, plan));
	return sum;
}

/* x is read, and of each nonzero row and value are written. */
static bench_work column_lists(const work_subject *subject, const clu_plan *plan)
{
	(void)plan;
	const double entries = (subject->arch->layers - 1.0) * subject->batch * subject->n;
	return (bench_work){.bytes = entries * (float_bytes + 8 * work_density(subject, CLU_PRODUCT_GRADIENT_X))};
}

/* `planes` of [batch][n] and a multiply-add for each of `terms` planes. */
static bench_work planes_of(const work_subject *subject, double planes, double terms)
{
	const double size = (double)subject->batch * subject->n;
	return (bench_work){2 * terms * size, 2 * terms * size, float_bytes * planes * size};
}

/* Connections i → L, the chain's among them. */
static double origins(const work_subject *subject)
{
	return clu_arch_extra_count(subject->arch) + subject->arch->layers - 1.0;
}

/* Reads U and the origins' Y, writes x. */
static bench_work layers_forward(const work_subject *subject, const clu_plan *plan)
{
	(void)plan;
	const double layers = subject->arch->layers;
	return planes_of(subject, 2 * layers + origins(subject), layers + origins(subject));
}

/* Reads x, the H and dv of the layers above and, where work-items share a row, the origins' Y; writes dv and, below the top, dY; dU
 * is read and written. */
static bench_work layers_backward(const work_subject *subject, const clu_plan *plan)
{
	const double layers = subject->arch->layers, planes = plan->group == 1 ? 2 : 3;
	return planes_of(subject, 5 * layers - 1 + planes * origins(subject), layers + 3 * origins(subject));
}

/* A product of a pass, zeros multiplied where the plan skips none. */
static void add_product(bench_work *sum, const work_subject *subject, const clu_plan *plan, clu_product product)
{
	bench_work work = work_product(subject, product);
	if (!clu_plan_skips_zeros(plan)) work.real_flop = work.dense_flop;
	add(sum, work);
}

/* Passes fetch what they mix of several layers at a time, how often depends on the connections: each plane counts once. */
static bench_work pass_forward(const work_subject *subject, const clu_plan *plan)
{
	const double layers = subject->arch->layers;
	bench_work sum = planes_of(subject, 2 * layers, layers + origins(subject));
	add_product(&sum, subject, plan, CLU_PRODUCT_SIDE);
	add_product(&sum, subject, plan, CLU_PRODUCT_FORWARD);
	return sum;
}

static bench_work pass_backward(const work_subject *subject, const clu_plan *plan)
{
	bench_work sum = planes_of(subject, 3.0 * subject->arch->layers, 2 * origins(subject));
	add_product(&sum, subject, plan, CLU_PRODUCT_BACKWARD);
	return sum;
}

/* dv is read in place of the dU and dY that are mixed from it, as many planes. */
static bench_work pass_gradients(const work_subject *subject, const clu_plan *plan)
{
	bench_work sum = planes_of(subject, 0, subject->arch->layers + origins(subject));
	add_product(&sum, subject, plan, CLU_PRODUCT_GRADIENT_B);
	add_product(&sum, subject, plan, CLU_PRODUCT_GRADIENT_X);
	return sum;
}

/* The first layer with the side product, and the others too where no zeros are skipped. */
static bench_work layers_tiled(const work_subject *subject, const clu_plan *plan)
{
	bench_work sum = clu_plan_skips_zeros(plan) ? planes_of(subject, 2, 1) : layers_forward(subject, plan);
	add_product(&sum, subject, plan, CLU_PRODUCT_SIDE);
	if (!clu_plan_skips_zeros(plan)) add_product(&sum, subject, plan, CLU_PRODUCT_FORWARD);
	return sum;
}

static bench_work layers_listed(const work_subject *subject, const clu_plan *plan)
{
	const double above = subject->arch->layers - 1.0;
	bench_work sum = planes_of(subject, 2 * above + origins(subject), above + origins(subject));
	add_product(&sum, subject, plan, CLU_PRODUCT_FORWARD);
	return sum;
}

/* Gradient, weight and both moments are read, the latter three written, and W_x once more for the backward products. */
static bench_work matrix_updates(const work_subject *subject, const clu_plan *plan)
{
	(void)plan;
	const double m = subject->m, n = subject->n;
	return (bench_work){.bytes = float_bytes * (7 * (m * n + n * n) + n * n)};
}

static bench_work gathering(const work_subject *subject, const clu_plan *plan)
{
	(void)plan;
	return (bench_work){.bytes = float_bytes * 2 * subject->batch * (double)subject->m};
}

static bench_work losses(const work_subject *subject, const clu_plan *plan)
{
	(void)plan;
	return planes_of(subject, 3, 0.5);
}

bool work_kernel(const work_subject *subject, const clu_plan *plan, const char *kernel, bench_work *work)
{
	static const struct {
		const char *name;
		bench_work (*count)(const work_subject *subject, const clu_plan *plan);
	} kernels[] = {{"product_dense", dense_products}, {"product_tiled", dense_products}, {"product_sparse", sparse_products},
	    {"product_gradient", sparse_gradient}, {"product_listed", listed_products}, {"pass_forward", pass_forward},
	    {"pass_backward", pass_backward}, {"pass_gradients", pass_gradients}, {"list_columns", column_lists},
	    {"layer_forward", layers_forward}, {"layer_backward", layers_backward}, {"layer_tiled", layers_tiled},
	    {"layer_listed", layers_listed}, {"matrix_update", matrix_updates}, {"gather_training", gathering},
	    {"loss_backward", losses}};
	for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++) {
		if (strcmp(kernels[i].name, kernel) != 0) continue;
		*work = kernels[i].count(subject, plan);
		return true;
	}
	return false;
}

double work_limit(const bench_work *work, const clu_measurement *device, bool *memory_bound)
{
	const double computing = 1e-9 * work->real_flop / device->peak_gflops;
	const double moving = 1e-9 * work->bytes / device->bandwidth_gbytes;
	*memory_bound = moving > computing;
	return moving > computing ? moving : computing;
}
