/* measure.c: what a device can do: multiply-adds in registers, a product at the paper's size (on a GPU many), a copy through
 * memory. Each is repeated until it lasts long enough to be timed by the host's clock, and the best of several is taken. */
#include "clock.h"
#include "launch.h"
#include "memory.h"
#include "product.h"

static const double least_seconds = 0.05; /* per timed run */
enum { REPEATS = 3 };

enum { FMA_CHAINS = 12, FMA_ROUNDS = 32, ROWS = 128, SIDE = 500, LD = 512, LANES_MAX = 32, COPY_RUN = 1024, COPY_PARTS = 256 };

/* Sizes double from a small one on, so that a simulator is measured in seconds too. */
typedef struct bench {
	clu_device *device;
	cl_mem a, b, c, list;
	lane_entry entries[LANES_MAX];
	uint64_t bytes; /* of b and c each */
} bench;

/* One kind of work: `run` enqueues it at size 1, 2, 4 … size_max and says how much it is. */
typedef struct work_kind {
	clu_status (*run)(const bench *bench, uint32_t size, double *work, clu_error *error);
	uint32_t size_max;
} work_kind;

/* Products in a launch: one does not fill a GPU. */
static uint32_t product_lanes(const clu_device *device)
{
	return device->info.type == CLU_DEVICE_GPU ? LANES_MAX : 1;
}

static size_t fma_groups(const clu_device *device)
{
	return (size_t)device->info.compute_units * (device->info.type == CLU_DEVICE_GPU ? 64 : 4);
}

static clu_status run_fma(const bench *bench, uint32_t size, double *work, clu_error *error)
{
	const clu_device *device = bench->device;
	const launch_argument arguments[] = {ARG_UINT(FMA_ROUNDS * size), ARG_FLOAT(0.5f), ARG_BUFFER(bench->c)};
	const launch_grid grid = {{fma_groups(device), 1, 1}, {device->plan.group, 1, 1}};
	*work = 2.0 * FMA_CHAINS * device->plan.vector * FMA_ROUNDS * size * (double)(fma_groups(device) * device->plan.group);
	return LAUNCH(bench->device, KERNEL_measure_fma, arguments, grid, error);
}

static clu_status run_product(const bench *bench, uint32_t size, double *work, clu_error *error)
{
	const bool panels = program_panels(&bench->device->plan);
	const uint32_t lanes = product_lanes(bench->device);
	const matrix a = {bench->a, 0, ROWS * LD, PANEL, LD}, c = {bench->c, 0, ROWS * LD, PANEL, LD};
	const matrix b = {bench->b, 0, 0, panels ? (SIDE + 1) * PANEL : PANEL, panels ? PANEL : LD};
	const product product = {PRODUCT_TIMES, INNER_FIXED, size, SIDE, SIDE, a, b, c, {0}};
	const lane_list list = {bench->list, 0, lanes, bench->entries};
	*work = 2.0 * lanes * size * SIDE * SIDE;
	return product_enqueue(bench->device, &product, &list, error);
}

static clu_status run_copy(const bench *bench, uint32_t size, double *work, clu_error *error)
{
	const launch_argument arguments[] = {ARG_UINT(COPY_RUN), ARG_BUFFER(bench->b), ARG_BUFFER(bench->c)};
	const size_t group_bytes = (size_t)COPY_RUN * bench->device->plan.vector * sizeof(float);
	const size_t groups = bench->bytes / COPY_PARTS * size / group_bytes;
	const launch_grid grid = {{groups, 1, 1}, {bench->device->plan.group, 1, 1}};
	*work = 2.0 * (double)(groups * group_bytes);
	return LAUNCH(bench->device, KERNEL_measure_copy, arguments, grid, error);
}

/* Seconds of `count` runs. */
static clu_status time_runs(
    const bench *bench, const work_kind *kind, uint32_t size, uint32_t count, double *work, double *seconds, clu_error *error)
{
	const double begin = clock_seconds();
	for (uint32_t i = 0; i < count; i++) CLU_TRY(kind->run(bench, size, work, error));
	CLU_TRY(device_finish(bench->device, error));
	*seconds = clock_seconds() - begin;
	return CLU_OK;
}

/* Work per second, in 1e9, best of REPEATS. The first run of a size builds and warms up and is not counted. */
static clu_status rate_of(const bench *bench, const work_kind *kind, double *rate, clu_error *error)
{
	double work, seconds;
	uint32_t size = 1, count = 1;
	*rate = 0;
	CLU_TRY(time_runs(bench, kind, size, 1, &work, &seconds, error));
	CLU_TRY(time_runs(bench, kind, size, 1, &work, &seconds, error));
	while (seconds < least_seconds && size < kind->size_max) {
		size *= 2;
		CLU_TRY(time_runs(bench, kind, size, 1, &work, &seconds, error));
	}
	for (int repeat = 0; repeat < REPEATS;) {
		CLU_TRY(time_runs(bench, kind, size, count, &work, &seconds, error));
		if (seconds < least_seconds && count < 1u << 20) {
			count *= 2;
			continue;
		}
		if (1e-9 * work * count / seconds > *rate) *rate = 1e-9 * work * count / seconds;
		repeat++;
	}
	return CLU_OK;
}

static clu_status prepare(bench *bench, clu_error *error)
{
	const uint32_t lanes = product_lanes(bench->device);
	const uint64_t wanted = UINT64_C(256) << 20, most = bench->device->info.allocation_bytes / 16;
	bench->bytes = wanted < most ? wanted : most;
	CLU_TRY(memory_create(bench->device, "measurement", (uint64_t)lanes * ROWS * LD * sizeof(float), &bench->a, error));
	CLU_TRY(memory_create(bench->device, "measurement", bench->bytes, &bench->b, error));
	CLU_TRY(memory_create(bench->device, "measurement", bench->bytes, &bench->c, error));
	CLU_TRY(memory_create(bench->device, "measurement", lanes * sizeof(lane_entry), &bench->list, error));
	for (uint32_t lane = 0; lane < lanes; lane++) bench->entries[lane] = (lane_entry){lane, 1};
	return memory_write(bench->device, bench->list, 0, lanes * sizeof(lane_entry), bench->entries, error);
}

clu_status clu_device_measure(clu_device *device, clu_measurement *measurement, clu_error *error)
{
	static const work_kind fma = {run_fma, 1 << 14}, product = {run_product, ROWS}, copy = {run_copy, COPY_PARTS};
	bench bench = {.device = device};
	const double begin = clock_seconds();
	clu_status status = CLU_OK;
	*measurement = (clu_measurement){0};
	CLU_GOTO(prepare(&bench, error));
	CLU_GOTO(rate_of(&bench, &fma, &measurement->peak_gflops, error));
	CLU_GOTO(rate_of(&bench, &product, &measurement->product_gflops, error));
	CLU_GOTO(rate_of(&bench, &copy, &measurement->bandwidth_gbytes, error));
	measurement->seconds = clock_seconds() - begin;
cleanup:
	memory_release(&bench.list);
	memory_release(&bench.c);
	memory_release(&bench.b);
	memory_release(&bench.a);
	return status;
}
