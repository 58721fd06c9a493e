/* test_clblast.c: two devices of one process with different kernels of CLBlast have each their own, in whatever order they work.
 * That products are right in all shapes is in test_product.c. TEST_NEEDS: device */
#include "support.h"

#include "clblast.h"
#include "memory.h"

#include <clblast_c.h>

#include <stdlib.h>
#include <string.h>

enum { LANES = 2, ROWS = 17, INNER = 301, COLUMNS = 65, A = ROWS * INNER, B = INNER * COLUMNS, C = ROWS * COLUMNS };

typedef struct worker {
	clu_device *device;
	cl_mem a, b, c;
} worker;

static float a[LANES * A], b[LANES * B];

static cl_mem upload(clu_device *device, const float *values, size_t count)
{
	cl_mem buffer;
	clu_error error;
	support_ok(memory_create(device, "operand", count * sizeof *values, &buffer, &error), &error);
	if (values) support_ok(memory_write(device, buffer, 0, count * sizeof *values, values, &error), &error);
	return buffer;
}

static worker worker_create(clu_way way)
{
	const clu_device_info info = support_device_info();
	clu_plan plan = clu_plan_default(&info);
	worker w;
	clu_error error;
	plan.product = way;
	plan.passes = 0;
	support_ok(clu_device_open(&info, &plan, &w.device, &error), &error);
	w.a = upload(w.device, a, LANES * A);
	w.b = upload(w.device, b, LANES * B);
	w.c = upload(w.device, NULL, LANES * C);
	return w;
}

static void worker_destroy(worker *w)
{
	memory_release(&w->c);
	memory_release(&w->b);
	memory_release(&w->a);
	clu_device_destroy(w->device);
}

static void multiply(const worker *w, float got[LANES * C])
{
	static const lane_entry entries[LANES] = {{0, 2}, {1, 2}};
	const lane_list list = {.count = LANES, .entries = entries};
	const product product = {.kind = PRODUCT_TIMES,
	    .rows = ROWS,
	    .columns = COLUMNS,
	    .inner = INNER,
	    .a = {.buffer = w->a, .stride = A, .ld = INNER},
	    .b = {.buffer = w->b, .stride = B, .ld = COLUMNS},
	    .c = {.buffer = w->c, .stride = C, .ld = COLUMNS}};
	clu_error error;
	support_ok(clblast_enqueue(w->device, &product, &list, &error), &error);
	support_ok(memory_read(w->device, w->c, 0, LANES * C * sizeof *got, got, &error), &error);
}

/* Whether CLBlast's own single products would now want room for padded copies: those of the indirect kernel do. */
static bool wants_copies(worker *w)
{
	size_t size = 0;
	assert_int_equal(CLBlastSGemmTempBufferSize(CLBlastLayoutRowMajor, CLBlastTransposeNo, CLBlastTransposeNo, ROWS, COLUMNS, INNER,
	                     0, INNER, 0, COLUMNS, 0, COLUMNS, &w->device->queue, &size),
	    CLBlastSuccess);
	return size > 0;
}

static void expect_product(const float *got, const char *label)
{
	static double exact[LANES * C];
	for (size_t i = 0; i < LANES * C; i++) {
		const size_t lane = i / C, row = i % C / COLUMNS, column = i % COLUMNS;
		exact[i] = 0;
		for (size_t k = 0; k < INNER; k++) exact[i] += (double)a[lane * A + row * INNER + k] * b[lane * B + k * COLUMNS + column];
	}
	support_close(label, 1, got, exact, LANES * C, 1e-5);
}

static void each_device_has_its_kernel(void **state)
{
	(void)state;
	const char *driver = getenv("CLUNROLL_TEST_DRIVER");
	if (driver && strcmp(driver, "pocl") != 0 && strcmp(driver, "system") != 0) skip();
	static const clu_way ways[] = {CLU_WAY_CLBLAST, CLU_WAY_CLBLAST_INDIRECT};
	static float alone[2][LANES * C], together[LANES * C];
	support_fill(a, LANES * A, 0.5, 1);
	support_fill(b, LANES * B, 1, 2);
	for (int i = 0; i < 2; i++) {
		worker w = worker_create(ways[i]);
		multiply(&w, alone[i]);
		expect_product(alone[i], i ? "indirect" : "direct");
		worker_destroy(&w);
	}
	worker pair[] = {worker_create(ways[0]), worker_create(ways[1])};
	for (int i = 0; i < 4; i++) {
		multiply(&pair[i % 2], together);
		support_same_bits("beside another", 1, together, alone[i % 2], LANES * C);
		assert_true(wants_copies(&pair[i % 2]) == (ways[i % 2] == CLU_WAY_CLBLAST_INDIRECT));
	}
	worker_destroy(&pair[0]);
	worker_destroy(&pair[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_device_has_its_kernel),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
