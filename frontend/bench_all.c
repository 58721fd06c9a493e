/* bench_all.c: `clunroll bench all`: products, then steps with 1, 2, 4, 8 and 16 lanes where they fit: what a device is published
 * with, and what it is held to later. */
#include "bench_check.h"

#include "interrupt.h"
#include "message.h"
#include "status.h"

static clu_status products(bench_run *run, const bench_network *network, clu_error *error)
{
	return bench_products_measure(run, network, 1, error);
}

static clu_status steps(bench_run *run, const bench_network *network, clu_error *error)
{
	if (run->job->lanes_count) return bench_each_lanes(run, network, bench_step_measure, error);
	const uint32_t fit = clu_lanes_fit(clu_device_about(run->device), clu_device_plan(run->device), network->data,
	    network->model->arch.layers, network->batch, BENCH_LANES_MAX);
	for (uint32_t lanes = 1; lanes <= fit && !interrupt_flag; lanes *= 2) CLU_TRY(bench_step_measure(run, network, lanes, error));
	if (fit < BENCH_LANES_MAX) report_note("%s: %u lanes fit the device", network->name, fit);
	return CLU_OK;
}

int bench_all(const bench_job *job)
{
	static const char *const benches[] = {"step", "product", NULL};
	bench_run run;
	clu_error error;
	if (job->baseline) return bench_check(job, benches);
	clu_status status = bench_begin(job, &run, &error);
	if (status == CLU_OK) bench_products_head(&run);
	if (status == CLU_OK) status = bench_each_network(&run, products, &error);
	if (status == CLU_OK && !interrupt_flag) {
		bench_step_head(&run);
		status = bench_each_network(&run, steps, &error);
	}
	return bench_end(&run, status, &error);
}
