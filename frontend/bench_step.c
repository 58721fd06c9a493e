/* bench_step.c: `clunroll bench step`: what one optimiser step costs, forward, backward and Adam at full depth, on really trained
 * networks, since products skip zeros and a step's time depends on how many there are. Reports, never judges. */
#include "bench_check.h"
#include "bench_sweep.h"
#include "bench_work.h"
#include "interrupt.h"
#include "linux.h"
#include "message.h"
#include "progress.h"
#include "status.h"

#include <stdio.h>
#include <stdlib.h>

/* All that is found out about one network with so many lanes. */
struct findings {
	bench_spread ms; /* of a step of one lane; count 0: an interrupt came first */
	work_subject subject;
	double joules; /* per step of one lane; 0: not known */
	uint64_t bytes_foretold, bytes_held, resident_growth;
	/* Of the kernels, on request; over so many steps of one lane, which took so long by the host's clock. */
	clu_kernel_time *kernels;
	size_t kernel_count;
	uint64_t kernel_steps;
	double kernel_seconds;
};

/* ---- measuring ---- */

static clu_status time_slices(clu_lanes *lanes, const bench_job *job, struct findings *findings, clu_error *error)
{
	double ms[BENCH_REPEAT_MAX];
	uint32_t count = 0;
	linux_energy before, after;
	CLU_TRY(clu_lanes_run(lanes, 2 * job->slice, &interrupt_flag, error)); /* warm-up: kernels built, bursts grown */
	const uint64_t first = clu_lanes_steps(lanes);
	const bool counted = linux_energy_read(NULL, &before);
	for (; count < job->repeat && !interrupt_flag; count++) {
		const uint64_t steps = clu_lanes_steps(lanes);
		const double begin = progress_clock();
		CLU_TRY(clu_lanes_run(lanes, job->slice, &interrupt_flag, error));
		ms[count] = 1e3 * (progress_clock() - begin) / (double)(clu_lanes_steps(lanes) - steps);
	}
	if (!count) return CLU_OK;
	if (counted && linux_energy_read(NULL, &after))
		findings->joules = linux_energy_between(&before, &after) / (double)(clu_lanes_steps(lanes) - first);
	findings->ms = bench_spread_of(ms, count);
	return CLU_OK;
}

static clu_status time_kernels(clu_device *device, clu_lanes *lanes, double seconds, struct findings *findings, clu_error *error)
{
	clu_kernel_time *warm_up = NULL;
	size_t count;
	CLU_TRY(clu_device_profile(device, true, error));
	CLU_TRY(clu_lanes_run(lanes, seconds / 4, &interrupt_flag, error));
	CLU_TRY(clu_device_profile_take(device, &warm_up, &count, error));
	free(warm_up);
	const uint64_t steps = clu_lanes_steps(lanes);
	const double begin = progress_clock();
	CLU_TRY(clu_lanes_run(lanes, seconds, &interrupt_flag, error));
	findings->kernel_seconds = progress_clock() - begin;
	findings->kernel_steps = clu_lanes_steps(lanes) - steps;
	CLU_TRY(clu_device_profile_take(device, &findings->kernels, &findings->kernel_count, error));
	return clu_device_profile(device, false, error);
}

static void foretell_memory(clu_device *device, const bench_network *network, uint32_t lanes, struct findings *findings)
{
	uint64_t lane, shared;
	clu_lanes_bytes(clu_device_about(device), clu_device_plan(device), network->data, network->model->arch.layers, network->batch,
	    &lane, &shared);
	findings->bytes_foretold = shared + lanes * lane;
}

static clu_status measure(bench_run *run, const bench_network *network, uint32_t count, struct findings *findings, clu_error *error)
{
	const clu_model *model = network->model;
	clu_lanes *lanes = NULL;
	clu_status status;
	const uint64_t resident = linux_resident_bytes();
	findings->subject = (work_subject){.arch = &model->arch, .m = model->m, .n = model->n, .batch = network->batch};
	foretell_memory(run->device, network, count, findings);
	CLU_GOTO(bench_lanes_create(run->device, network, count, &lanes, error));
	CLU_GOTO(time_slices(lanes, run->job, findings, error));
	findings->bytes_held = clu_lanes_held_bytes(lanes);
	/* Elsewhere than on a CPU the device's memory is no part of the process. */
	const uint64_t grown = linux_resident_bytes();
	if (clu_device_about(run->device)->type == CLU_DEVICE_CPU && resident && grown > resident)
		findings->resident_growth = grown - resident;
	CLU_GOTO(clu_lanes_density(lanes, 0, &findings->subject.density, error));
	if (run->job->kernels && !interrupt_flag) CLU_GOTO(time_kernels(run->device, lanes, 4 * run->job->slice, findings, error));
cleanup:
	clu_lanes_destroy(lanes);
	return status;
}

/* ---- reporting ---- */

static double kernel_ms(const struct findings *findings, double seconds)
{
	return 1e3 * seconds / (double)findings->kernel_steps;
}

/* Per cent of what the device could do; 0: not known. */
static double kernel_percent(
    const bench_run *run, const struct findings *findings, const clu_kernel_time *kernel, bool *memory_bound)
{
	bench_work work;
	if (!work_kernel(&findings->subject, clu_device_plan(run->device), kernel->name, &work)) return 0;
	return 1e5 * work_limit(&work, &run->device_measured, memory_bound) / kernel_ms(findings, kernel->seconds);
}

static void add_kernels(cJSON *row, const bench_run *run, const struct findings *findings, uint32_t lanes)
{
	cJSON *list = cJSON_AddArrayToObject(row, "kernels");
	cJSON_AddNumberToObject(row, "ms_per_step_profiled", kernel_ms(findings, findings->kernel_seconds));
	for (size_t k = 0; k < findings->kernel_count; k++) {
		const clu_kernel_time *kernel = &findings->kernels[k];
		bool memory_bound = false;
		const double percent = kernel_percent(run, findings, kernel, &memory_bound);
		cJSON *item = cJSON_CreateObject();
		cJSON_AddStringToObject(item, "kernel", kernel->name);
		cJSON_AddNumberToObject(item, "ms_per_step", kernel_ms(findings, kernel->seconds));
		cJSON_AddNumberToObject(item, "launches", (double)kernel->launches * lanes / (double)findings->kernel_steps);
		cJSON_AddNumberToObject(item, "percent_of_step", 100 * kernel->seconds / findings->kernel_seconds);
		if (percent > 0) {
			cJSON_AddNumberToObject(item, "percent_of_limit", percent);
			cJSON_AddStringToObject(item, "limit", memory_bound ? "bandwidth" : "peak");
		}
		cJSON_AddItemToArray(list, item);
	}
}

/* The table below a row; what no kernel took is the host's, the driver's and CLBlast's time. */
static void print_kernels(const bench_run *run, const struct findings *findings, uint32_t lanes)
{
	double inside = 0;
	printf("    %-18s %8s  %8s  %7s  %s\n", "kernel", "ms/step", "launches", "of step", "of what peak or bandwidth allow");
	for (size_t k = 0; k < findings->kernel_count; k++) {
		const clu_kernel_time *kernel = &findings->kernels[k];
		bool memory_bound = false;
		const double percent = kernel_percent(run, findings, kernel, &memory_bound);
		inside += kernel->seconds;
		printf("    %-18s %8.3f  %8.1f  %5.1f %%", kernel->name, kernel_ms(findings, kernel->seconds),
		    (double)kernel->launches * lanes / (double)findings->kernel_steps, 100 * kernel->seconds / findings->kernel_seconds);
		if (percent > 0) printf("  %5.1f %% (%s)", percent, memory_bound ? "bandwidth" : "peak");
		putchar('\n');
	}
	const double rest = findings->kernel_seconds - inside;
	printf("    %-18s %8.3f  %8s  %5.1f %%\n", "outside of them", kernel_ms(findings, rest), "",
	    100 * rest / findings->kernel_seconds);
}

static void report(bench_run *run, const bench_network *network, uint32_t lanes, const struct findings *findings)
{
	const bench_work work = work_step(&findings->subject);
	const double seconds = 1e-3 * findings->ms.median, peak = run->device_measured.peak_gflops;
	const double dense = 1e-9 * work.dense_flop / seconds, real = 1e-9 * work.real_flop / seconds;
	const double density = work_density(&findings->subject, CLU_PRODUCT_FORWARD);
	char label[BENCH_LABEL], text[256];
	cJSON *row = bench_row_begin(run, "step");
	bench_row_network(row, network, lanes);
	bench_row_spread(row, &findings->ms);
	cJSON_AddNumberToObject(row, "gflops_dense_equivalent", dense);
	cJSON_AddNumberToObject(row, "gflops_real", real);
	cJSON_AddNumberToObject(row, "percent_of_peak", 100 * real / peak);
	cJSON_AddNumberToObject(row, "density", density);
	cJSON_AddNumberToObject(row, "density_gradient", work_density(&findings->subject, CLU_PRODUCT_BACKWARD));
	cJSON_AddNumberToObject(row, "memory_predicted_bytes", (double)findings->bytes_foretold);
	cJSON_AddNumberToObject(row, "memory_measured_bytes", (double)findings->bytes_held);
	if (findings->resident_growth) cJSON_AddNumberToObject(row, "resident_growth_bytes", (double)findings->resident_growth);
	if (findings->joules > 0) cJSON_AddNumberToObject(row, "joules_per_step", findings->joules);
	if (findings->kernel_count) add_kernels(row, run, findings, lanes);
	bench_label(network, label);
	snprintf(text, sizeof text, "%-26s %5u  %8.3f ±%-6.3f %8.3f %8.3f  %8.1f %8.1f  %5.1f %%  %5.1f %%  %8.1f %8.1f %8.1f", label,
	    lanes, findings->ms.median, findings->ms.mad, findings->ms.min, findings->ms.max, dense, real, 100 * real / peak,
	    100 * density, (double)findings->bytes_foretold / 1048576.0, (double)findings->bytes_held / 1048576.0,
	    (double)findings->resident_growth / 1048576.0);
	bench_row_end(run, row, text);
	if (findings->kernel_count && !run->job->json) print_kernels(run, findings, lanes);
}

clu_status bench_step_measure(bench_run *run, const bench_network *network, uint32_t lanes, clu_error *error)
{
	struct findings findings = {0};
	const clu_status status = measure(run, network, lanes, &findings, error);
	if (status == CLU_OK && findings.ms.count) report(run, network, lanes, &findings);
	free(findings.kernels);
	return status;
}

void bench_step_head(const bench_run *run)
{
	if (run->job->json) return;
	printf("peak %.1f GFLOP/s, bandwidth %.1f GB/s\n", run->device_measured.peak_gflops, run->device_measured.bandwidth_gbytes);
	printf("%-26s %5s  %8s %7s %8s %8s  %8s %8s  %7s  %7s  %8s %8s %8s\n", "network", "lanes", "ms/step", "±MAD", "min", "max",
	    "GFLOP/s*", "GFLOP/s", "of peak", "density", "MiB", "held", "process");
}

static clu_status visit(bench_run *run, const bench_network *network, clu_error *error)
{
	return bench_each_lanes(run, network, bench_step_measure, error);
}

int bench_step(const bench_job *job)
{
	static const char *const benches[] = {"step", NULL};
	bench_run run;
	clu_error error;
	if (job->baseline) return bench_check(job, benches);
	if (job->sweep) return bench_sweep(job);
	clu_status status = bench_begin(job, &run, &error);
	if (status == CLU_OK) bench_step_head(&run);
	if (status == CLU_OK) status = bench_each_network(&run, visit, &error);
	return bench_end(&run, status, &error);
}
