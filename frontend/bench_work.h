/* bench_work.h: what a step has to do, counted from shapes and measured densities: operations as they would be if nothing were
 * skipped, operations without those on zeros, and bytes when every operand of a launch is read once and its result written once.
 * Beside a measured time this says how far something is from what the device can do. */
#ifndef BENCH_WORK_H
#define BENCH_WORK_H

#include "clunroll.h"

typedef struct bench_work {
	double dense_flop, real_flop, bytes;
} bench_work;

/* A network of full depth in training, and how dense it is. */
typedef struct work_subject {
	const clu_arch *arch;
	uint32_t m, n, batch;
	clu_density density;
} work_subject;

/* Name of a product in rows and tables: U, Y, H, dW_x, dW_b. */
const char *work_product_name(clu_product which);
/* Of one product in one lane's step: all its layers together. */
bench_work work_product(const work_subject *subject, clu_product which);
/* Of all products of a lane's step. */
bench_work work_step(const work_subject *subject);
/* Mean share of nonzeros of the product's left operands: x, dv, or b, which counts as dense. */
double work_density(const work_subject *subject, clu_product which);

/* Of all launches of a kernel in one lane's step under that plan; false where the kernel is not known here. */
bool work_kernel(const work_subject *subject, const clu_plan *plan, const char *kernel, bench_work *work);
/* Least seconds for the work on a device of that peak and bandwidth; *memory_bound says which of the two it is. */
double work_limit(const bench_work *work, const clu_measurement *device, bool *memory_bound);

#endif
