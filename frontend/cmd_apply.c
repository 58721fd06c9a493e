/* cmd_apply.c: `clunroll apply`: measurements from a file through a trained network into a file, in slices, so that both may be
 * larger than memory. The output appears under its name when it is complete. */
#include "command.h"

#include "device_choice.h"
#include "interrupt.h"
#include "message.h"
#include "options.h"
#include "path.h"
#include "status.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char help[] =
    "Recovers codes x from measurements b = D x with a trained network.\n\n"
    "Usage: clunroll apply M --input b.npy --output x.npy [OPTIONS]\n\n"
    "  --input FILE      measurements [count][m], float32 or float64\n"
    "  --output FILE     codes [count][n], float32\n"
    "  --device SPEC     the first that fits and works: all, cpu, gpu, accelerator, an index, part of a name (all)\n"
    "  --plan FILE       how the device does its products, instead of its own plan\n"
    "  --help            this text\n\n"
    "Example:\n"
    "  clunroll apply lista.safetensors --input b.npy --output x.npy\n";

enum { SLICE_BYTES = 16 << 20, BATCH = 512 };

struct apply_job {
	const char *model_path, *input, *output, *device_spec, *plan_path;
};

struct apply_run {
	clu_model *model;
	clu_npy_reader *reader;
	clu_npy_writer *writer;
	clu_device *device;
	clu_applier *applier;
	float *b, *x; /* one slice */
	size_t slice; /* rows of it */
};

/* The network says which files it came from, among other texts. */
static clu_status check_training_files(const struct apply_job *job, const clu_model *model, clu_error *error)
{
	cJSON *json = cJSON_Parse(model->settings ? model->settings : "{}");
	clu_status status = CLU_OK;
	const cJSON *item;
	cJSON_ArrayForEach(item, json)
	{
		if (cJSON_IsString(item) && item->valuestring[0] == '/' && path_same_file(item->valuestring, job->output))
			status = clu_fail(error, CLU_ARGUMENT, "--output %.300s is a file that %.300s was trained with (%s); name another",
			    job->output, job->model_path, item->string);
	}
	cJSON_Delete(json);
	return status;
}

static clu_status open_files(const struct apply_job *job, struct apply_run *run, clu_error *error)
{
	if (path_same_file(job->input, job->output))
		return clu_fail(error, CLU_ARGUMENT, "--output %.300s is the input file; name another", job->output);
	if (path_same_file(job->model_path, job->output))
		return clu_fail(error, CLU_ARGUMENT, "--output %.300s is the network; name another", job->output);
	if (job->plan_path && path_same_file(job->plan_path, job->output))
		return clu_fail(error, CLU_ARGUMENT, "--output %.300s is the plan; name another", job->output);
	CLU_TRY(clu_model_load(job->model_path, &run->model, error));
	CLU_TRY(check_training_files(job, run->model, error));
	CLU_TRY(clu_npy_open(job->input, &run->reader, error));
	if (clu_npy_columns(run->reader) != run->model->m)
		return clu_fail(error, CLU_FORMAT, "%.300s: found %zu columns, wanted %u, the measurements of a sample for %.200s",
		    job->input, clu_npy_columns(run->reader), run->model->m, job->model_path);
	return clu_npy_create(job->output, clu_npy_rows(run->reader), run->model->n, &run->writer, error);
}

static clu_status open_network(const struct apply_job *job, struct apply_run *run, clu_error *error)
{
	size_t rows = clu_npy_rows(run->reader), m = run->model->m, n = run->model->n;
	run->slice = SLICE_BYTES / (sizeof(float) * (m + n));
	if (run->slice > rows) run->slice = rows > 0 ? rows : 1;
	run->b = malloc(run->slice * m * sizeof *run->b);
	run->x = malloc(run->slice * n * sizeof *run->x);
	if (!run->b || !run->x) return clu_fail(error, CLU_MEMORY, "out of memory for slices of %zu rows", run->slice);
	CLU_TRY(device_choice_open_one(job->device_spec, job->plan_path, &run->device, error));
	uint32_t batch = run->slice < BATCH ? (uint32_t)run->slice : BATCH;
	return clu_applier_create(run->device, run->model, batch, &run->applier, error);
}

/* Stops early, with CLU_OK, when a signal came. */
static clu_status stream(struct apply_run *run, clu_error *error)
{
	size_t rows = clu_npy_rows(run->reader);
	bool terminal = isatty(STDERR_FILENO);
	for (size_t done = 0; done < rows && !interrupt_flag;) {
		size_t now = rows - done < run->slice ? rows - done : run->slice;
		CLU_TRY(clu_npy_read(run->reader, now, run->b, error));
		clu_error inner;
		const clu_status status = clu_applier_run(run->applier, run->b, now, run->x, &inner);
		if (status != CLU_OK) return clu_fail(error, status, "in the rows from %zu on: %.800s", done, inner.message);
		CLU_TRY(clu_npy_write(run->writer, now, run->x, error));
		done += now;
		if (terminal && rows > run->slice) fprintf(stderr, "\r%zu of %zu rows%s", done, rows, done == rows ? "\n" : "");
	}
	return CLU_OK;
}

static int apply(const struct apply_job *job)
{
	struct apply_run run = {0};
	clu_error error;
	clu_status status;
	interrupt_install();
	CLU_GOTO(open_files(job, &run, &error));
	CLU_GOTO(open_network(job, &run, &error));
	CLU_GOTO(stream(&run, &error));
	if (!interrupt_flag) {
		clu_npy_writer *writer = run.writer;
		run.writer = NULL; /* clu_npy_commit frees it in any case */
		CLU_GOTO(clu_npy_commit(writer, &error));
		report_note("%s: %zu×%u written", job->output, clu_npy_rows(run.reader), run.model->n);
	}

cleanup:
	if (run.writer) clu_npy_abort(run.writer);
	clu_applier_destroy(run.applier);
	clu_device_destroy(run.device);
	clu_npy_close(run.reader);
	clu_model_destroy(run.model);
	free(run.b);
	free(run.x);
	if (status != CLU_OK) return report_error(&error);
	return interrupt_flag ? 128 + interrupt_flag : EXIT_DONE;
}

int cmd_apply(int argc, char **argv)
{
	static const struct option options[] = {{"input", required_argument, 0, 'i'}, {"output", required_argument, 0, 'o'},
	    {"device", required_argument, 0, 'd'}, {"plan", required_argument, 0, 'p'}, {"help", no_argument, 0, 'h'}, {0}};
	struct apply_job job = {0};
	for (int option; (option = getopt_long(argc, argv, "i:o:h", options, NULL)) != -1;) {
		switch (option) {
		case 'i': job.input = optarg; break;
		case 'o': job.output = optarg; break;
		case 'd': job.device_spec = optarg; break;
		case 'p': job.plan_path = optarg; break;
		case 'h': fputs(help, stdout); return EXIT_DONE;
		default: return report_usage_hint();
		}
	}
	if (optind == argc) return report_usage("which network? Name the file that 'clunroll train' wrote");
	if (optind + 1 < argc) return report_usage("unexpected argument '%s'", argv[optind + 1]);
	if (!job.input) return report_usage("--input is missing: the file of measurements");
	if (!job.output) return report_usage("--output is missing: the file for the codes");
	job.model_path = argv[optind];
	return apply(&job);
}
