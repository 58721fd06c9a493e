/* measure.c: what a device can do: multiply-adds in registers, a product at the paper's size, a copy through memory.
 * Each is repeated until it lasts long enough to be timed by the host's clock, and the best of several is taken. */
#include "launch.h"
#include "memory.h"
#include "product.h"

#include <time.h>

static const double least_seconds = 0.05; /* per timed run */
enum { REPEATS = 3 };

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

typedef struct bench {
	clu_device *device;
	cl_mem a, b, c, list;
	uint64_t bytes;   /* of b and c each */
	uint32_t rounds;  /* of measure_fma */
} bench;

enum { FMA_CHAINS = 12, ROWS = 128, SIDE = 500, LD = 512 };

static size_t fma_groups(const clu_device *device)
{
	return (size_t)device->info.compute_units * (device->info.type == CLU_DEVICE_GPU ? 64 : 4);
}

static clu_status run_fma(bench *bench, double *work, clu_error *error)
{
	const clu_device *device = bench->device;
	const launch_argument arguments[] = {ARG_UINT(bench->rounds), ARG_FLOAT(0.5f), ARG_BUFFER(bench->c)};
	const launch_grid grid = {{fma_groups(device), 1, 1}, {device->plan.group, 1, 1}};
	*work = 2.0 * FMA_CHAINS * device->plan.vector * bench->rounds * (double)(fma_groups(device) * device->plan.group);
	return LAUNCH(bench->device, KERNEL_measure_fma, arguments, grid, error);
}

static clu_status run_product(bench *bench, double *work, clu_error *error)
{
	static const lane_entry entry = {0, 1};
	const matrix a = {bench->a, 0, 0, LD}, b = {bench->b, 0, 0, LD}, c = {bench->c, 0, 0, LD};
	const product product = {PRODUCT_TIMES, INNER_FIXED, ROWS, SIDE, SIDE, a, b, c, {0}};
	const lane_list list = {bench->list, 0, 1, &entry};
	*work = 2.0 * ROWS * SIDE * SIDE;
	return product_enqueue(bench->device, &product, &list, error);
}

static clu_status run_copy(bench *bench, double *work, clu_error *error)
{
	const uint32_t run = 1024;
	const launch_argument arguments[] = {ARG_UINT(run), ARG_BUFFER(bench->b), ARG_BUFFER(bench->c)};
	const size_t groups = bench->bytes / ((size_t)run * bench->device->plan.vector * sizeof(float));
	const launch_grid grid = {{groups, 1, 1}, {bench->device->plan.group, 1, 1}};
	*work = 2.0 * (double)(groups * run * bench->device->plan.vector * sizeof(float));
	return LAUNCH(bench->device, KERNEL_measure_copy, arguments, grid, error);
}

/* Work per second, in 1e9, best of REPEATS. The first run builds and warms up and is not counted. */
static clu_status rate_of(bench *bench, clu_status (*run)(struct bench *, double *, clu_error *), double *rate, clu_error *error)
{
	double work;
	uint32_t count = 1;
	*rate = 0;
	CLU_TRY(run(bench, &work, error));
	CLU_TRY(device_finish(bench->device, error));
	for (int repeat = 0; repeat < REPEATS;) {
		const double begin = now();
		for (uint32_t i = 0; i < count; i++) CLU_TRY(run(bench, &work, error));
		CLU_TRY(device_finish(bench->device, error));
		const double taken = now() - begin;
		if (taken < least_seconds && count < 1u << 20) {
			count *= 2;
			continue;
		}
		if (1e-9 * work * count / taken > *rate) *rate = 1e-9 * work * count / taken;
		repeat++;
	}
	return CLU_OK;
}

static clu_status prepare(bench *bench, clu_error *error)
{
	static const lane_entry entry = {0, 1};
	const uint64_t wanted = UINT64_C(256) << 20, most = bench->device->info.allocation_bytes / 2;
	bench->bytes = wanted < most ? wanted : most;
	bench->rounds = 1 << 16;
	CLU_TRY(memory_create(bench->device, "measurement", (uint64_t)ROWS * LD * sizeof(float), &bench->a, error));
	CLU_TRY(memory_create(bench->device, "measurement", bench->bytes, &bench->b, error));
	CLU_TRY(memory_create(bench->device, "measurement", bench->bytes, &bench->c, error));
	CLU_TRY(memory_create(bench->device, "measurement", sizeof entry, &bench->list, error));
	return memory_write(bench->device, bench->list, 0, sizeof entry, &entry, error);
}

clu_status clu_device_measure(clu_device *device, clu_measurement *measurement, clu_error *error)
{
	bench bench = {.device = device};
	const double begin = now();
	clu_status status = CLU_OK;
	*measurement = (clu_measurement){0};
	CLU_GOTO(prepare(&bench, error));
	CLU_GOTO(rate_of(&bench, run_fma, &measurement->peak_gflops, error));
	CLU_GOTO(rate_of(&bench, run_product, &measurement->product_gflops, error));
	CLU_GOTO(rate_of(&bench, run_copy, &measurement->bandwidth_gbytes, error));
	measurement->seconds = now() - begin;
cleanup:
	memory_release(&bench.list);
	memory_release(&bench.c);
	memory_release(&bench.b);
	memory_release(&bench.a);
	return status;
}
