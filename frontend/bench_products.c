/* bench_products.c: `clunroll bench products`: the matrix products of a step, each by itself on what a step of a trained network
 * leaves on the device, as the plan does them and in every other way there is, in turn, so that all meet the same disturbances.
 * They are launches of their own here; a plan may have a step do them in one launch with what comes between. Under a plan with
 * passes the gradients' own ways, dense and sparse, include the mixing of dY and dU. */
#include "bench_check.h"
#include "bench_work.h"
#include "interrupt.h"
#include "message.h"
#include "progress.h"
#include "status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAYS_MAX = 9 };

/* Other ways than the plan's own: what is changed in the plan. */
static const struct {
	const char *name;
	clu_way product;
	uint32_t sparse_below;
	bool clblast;
} way_changes[WAYS_MAX - 1] = {
    {"dense", CLU_WAY_NATIVE, 0, false},
    {"sparse", CLU_WAY_NATIVE, 100, false},
    {"tiled", CLU_WAY_TILED, 0, false},
    {"tiled, sparse", CLU_WAY_TILED, 100, false},
    {"tensor", CLU_WAY_TENSOR, 0, false},
    {"tensor, sparse", CLU_WAY_TENSOR, 20, false},
    {"CLBlast", CLU_WAY_CLBLAST, 0, true},
    {"CLBlast, indirect", CLU_WAY_CLBLAST_INDIRECT, 0, true},
};

struct way {
	const char *name;
	bool skips; /* the zeros */
	clu_device *device;
	clu_lanes *lanes;
	uint32_t count; /* passes of a sample */
	double ms[BENCH_REPEAT_MAX];
};

struct bench {
	struct way way[WAYS_MAX]; /* the first is the plan's, on the run's own device */
	uint32_t ways;
	uint32_t in_turn; /* the first ones; CLBlast compiles anew where its kernel changes, so its two come after them */
	work_subject subject;
};

/* ---- set-up ---- */

static clu_status open_changed(const clu_device *device, size_t change, clu_device **out, clu_error *error)
{
	clu_plan plan = *clu_device_plan(device);
	double seconds;
	plan.product = way_changes[change].product;
	plan.sparse_below = way_changes[change].sparse_below;
	if (way_changes[change].clblast) report_note("opening CLBlast, which compiles long where its kernels are in no cache");
	CLU_TRY(clu_device_open(clu_device_about(device), &plan, out, error));
	return clu_device_self_test(*out, &seconds, error);
}

/* The network on the way's device, one step done. */
static clu_status load(struct way *way, const bench_network *network, uint32_t lanes, clu_error *error)
{
	CLU_TRY(bench_lanes_create(way->device, network, lanes, &way->lanes, error));
	return clu_lanes_run(way->lanes, 0, &interrupt_flag, error);
}

/* A way that the device cannot go is left out, with a word about it where that is no matter of the plan alone. */
static void add_way(struct bench *bench, size_t change, const bench_network *network, uint32_t lanes)
{
	struct way *way = &bench->way[bench->ways];
	clu_error error;
	if (way_changes[change].product == CLU_WAY_TENSOR && !clu_device_has_tensor_units(clu_device_about(bench->way[0].device)))
		return;
	clu_status status = open_changed(bench->way[0].device, change, &way->device, &error);
	if (status == CLU_OK) {
		*way = (struct way){.name = way_changes[change].name, .skips = way_changes[change].sparse_below > 0, .device = way->device};
		status = load(way, network, lanes, &error);
	}
	if (status == CLU_OK) {
		bench->ways++;
		if (!way_changes[change].clblast) bench->in_turn = bench->ways;
		return;
	}
	if (status != CLU_FORMAT) report_note("products are not measured %s: %s", way_changes[change].name, error.message);
	clu_lanes_destroy(way->lanes);
	clu_device_destroy(way->device);
	*way = (struct way){0};
}

static clu_status set_up(struct bench *bench, const bench_run *run, const bench_network *network, uint32_t lanes, clu_error *error)
{
	const clu_model *model = network->model;
	bench->way[0] =
	    (struct way){.name = "plan", .skips = clu_plan_skips_zeros(clu_device_plan(run->device)), .device = run->device};
	bench->ways = bench->in_turn = 1;
	CLU_TRY(load(&bench->way[0], network, lanes, error));
	for (size_t i = 0; i < WAYS_MAX - 1 && !interrupt_flag; i++) add_way(bench, i, network, lanes);
	bench->subject = (work_subject){.arch = &model->arch, .m = model->m, .n = model->n, .batch = network->batch};
	return clu_lanes_density(bench->way[0].lanes, 0, &bench->subject.density, error);
}

/* What is timed as this product: every Y is Y_{K−1} and every H is H_2 (clu_lanes_time_product). */
static work_subject timed_subject(const struct bench *bench, clu_product product)
{
	work_subject subject = bench->subject;
	clu_density *density = &subject.density;
	const uint32_t layers = subject.arch->layers;
	for (uint32_t l = 2; product == CLU_PRODUCT_BACKWARD && l < layers; l++) density->gradient[l] = density->gradient[1];
	for (uint32_t l = 0; product == CLU_PRODUCT_FORWARD && l + 2 < layers; l++) density->code[l] = density->code[layers - 2];
	return subject;
}

static void tear_down(struct bench *bench)
{
	for (uint32_t i = 0; i < bench->ways; i++) clu_lanes_destroy(bench->way[i].lanes);
	for (uint32_t i = 1; i < bench->ways; i++) clu_device_destroy(bench->way[i].device);
	free(bench);
}

/* ---- measuring ---- */

/* Warms up, and finds how many passes last as long as a sample shall. */
static clu_status calibrate(struct way *way, clu_product product, double wanted, clu_error *error)
{
	double seconds;
	way->count = 1;
	CLU_TRY(clu_lanes_time_product(way->lanes, product, 1, &seconds, error));
	for (;;) {
		CLU_TRY(clu_lanes_time_product(way->lanes, product, way->count, &seconds, error));
		if (seconds >= wanted || way->count >= 1u << 20 || interrupt_flag) return CLU_OK;
		way->count *= 2;
	}
}

static clu_status take_sample(struct way *way, clu_product product, uint32_t lanes, uint32_t index, clu_error *error)
{
	double seconds;
	CLU_TRY(clu_lanes_time_product(way->lanes, product, way->count, &seconds, error));
	way->ms[index] = 1e3 * seconds / way->count / lanes;
	return CLU_OK;
}

/* *samples of each way. */
static clu_status sample(
    struct bench *bench, const bench_job *job, clu_product product, uint32_t lanes, uint32_t *samples, clu_error *error)
{
	*samples = 0;
	for (uint32_t w = 0; w < bench->in_turn; w++) CLU_TRY(calibrate(&bench->way[w], product, job->slice / 10, error));
	for (; *samples < job->repeat && !interrupt_flag; ++*samples)
		for (uint32_t w = 0; w < bench->in_turn; w++) CLU_TRY(take_sample(&bench->way[w], product, lanes, *samples, error));
	for (uint32_t w = bench->in_turn; w < bench->ways; w++) {
		CLU_TRY(calibrate(&bench->way[w], product, job->slice / 10, error));
		for (uint32_t i = 0; i < *samples; i++) CLU_TRY(take_sample(&bench->way[w], product, lanes, i, error));
	}
	return CLU_OK;
}

/* ---- reporting ---- */

static void report(bench_run *run, const bench_network *network, uint32_t lanes, const struct bench *bench, const struct way *way,
    clu_product product, const bench_spread *ms)
{
	const work_subject subject = timed_subject(bench, product);
	const bench_work work = work_product(&subject, product);
	const double seconds = 1e-3 * ms->median, density = work_density(&subject, product);
	const double dense = 1e-9 * work.dense_flop / seconds, real = 1e-9 * work.real_flop / seconds;
	const double percent = 100 * (way->skips ? real : dense) / run->device_measured.peak_gflops;
	char label[BENCH_LABEL], text[256], plan[CLU_PLAN_TEXT];
	cJSON *row = bench_row_begin(run, "product");
	cJSON_AddStringToObject(row, "product", work_product_name(product));
	cJSON_AddStringToObject(row, "way", way->name);
	cJSON_ReplaceItemInObjectCaseSensitive(row, "key", cJSON_CreateString(clu_device_key(way->device)));
	clu_plan_print(clu_device_plan(way->device), plan);
	cJSON_ReplaceItemInObjectCaseSensitive(row, "plan", cJSON_CreateString(plan));
	bench_row_network(row, network, lanes);
	bench_row_spread(row, ms);
	cJSON_AddNumberToObject(row, "gflops_dense_equivalent", dense);
	cJSON_AddNumberToObject(row, "gflops_real", real);
	cJSON_AddNumberToObject(row, "gbytes_per_second", 1e-9 * work.bytes / seconds);
	cJSON_AddNumberToObject(row, "percent_of_peak", percent);
	cJSON_AddNumberToObject(row, "density", density);
	bench_label(network, label);
	snprintf(text, sizeof text, "%-26s %5u  %-4s %-17s  %8.3f ±%-6.3f %8.3f %8.3f  %8.1f %8.1f  %6.1f  %5.1f %%  %5.1f %%", label,
	    lanes, work_product_name(product), way->name, ms->median, ms->mad, ms->min, ms->max, dense, real,
	    1e-9 * work.bytes / seconds, percent, 100 * density);
	bench_row_end(run, row, text);
}

static clu_status measure_product(
    bench_run *run, struct bench *bench, const bench_network *network, uint32_t lanes, clu_product product, clu_error *error)
{
	uint32_t samples;
	if (work_product(&bench->subject, product).dense_flop == 0) return CLU_OK; /* one layer has no product with W_x */
	CLU_TRY(sample(bench, run->job, product, lanes, &samples, error));
	for (uint32_t w = 0; w < bench->ways && samples; w++) {
		const bench_spread ms = bench_spread_of(bench->way[w].ms, samples);
		report(run, network, lanes, bench, &bench->way[w], product, &ms);
	}
	return CLU_OK;
}

clu_status bench_products_measure(bench_run *run, const bench_network *network, uint32_t lanes, clu_error *error)
{
	struct bench *bench = calloc(1, sizeof *bench);
	clu_status status;
	if (!bench) return clu_fail(error, CLU_MEMORY, "no memory for samples");
	CLU_GOTO(set_up(bench, run, network, lanes, error));
	for (clu_product product = 0; product < CLU_PRODUCT_COUNT && !interrupt_flag; product++)
		CLU_GOTO(measure_product(run, bench, network, lanes, product, error));
cleanup:
	tear_down(bench);
	return status;
}

void bench_products_head(const bench_run *run)
{
	if (run->job->json) return;
	printf("peak %.1f GFLOP/s, bandwidth %.1f GB/s\n", run->device_measured.peak_gflops, run->device_measured.bandwidth_gbytes);
	printf("%-26s %5s  %-4s %-17s  %8s %7s %8s %8s  %8s %8s  %6s  %7s  %7s\n", "network", "lanes", "", "way", "ms/step", "±MAD",
	    "min", "max", "GFLOP/s*", "GFLOP/s", "GB/s", "of peak", "density");
}

static clu_status visit(bench_run *run, const bench_network *network, clu_error *error)
{
	return bench_each_lanes(run, network, bench_products_measure, error);
}

int bench_products(const bench_job *job)
{
	static const char *const benches[] = {"product", NULL};
	bench_run run;
	clu_error error;
	if (job->baseline) return bench_check(job, benches);
	clu_status status = bench_begin(job, &run, &error);
	if (status == CLU_OK) bench_products_head(&run);
	if (status == CLU_OK) status = bench_each_network(&run, visit, &error);
	return bench_end(&run, status, &error);
}
