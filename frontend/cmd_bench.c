/* cmd_bench.c: `clunroll bench NAME`: the command line of all measurements; each is a file bench_NAME.c, see bench.h. */
#include "command.h"

#include "bench.h"
#include "message.h"
#include "options.h"
#include "status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Measures what a device makes of training and of trained networks.\n\n"
    "Usage: clunroll bench step [M...] [OPTIONS]      an optimiser step (forward, backward, Adam) at full depth\n"
    "       clunroll bench products [M...] [OPTIONS]  its matrix products, launched one by one, as planned and in every\n"
    "                                                 other way, in turn; slices are a tenth as long\n"
    "       clunroll bench all [M...] [OPTIONS]       products, then steps with 1, 2, 4, 8, 16 lanes where they fit\n"
    "       clunroll bench apply [M...] [OPTIONS]     codes of one signal, and of many at once\n"
    "       clunroll bench compare A.json B.json... [-o PICTURE]\n"
    "                                                 what --json wrote on several devices or commits, beside each other\n\n"
    "  M                 networks that 'clunroll train' wrote, with the data and batch of their settings. Without any,\n"
    "                    the bench trains its own, briefly, once, and keeps them in $XDG_CACHE_HOME/clunroll/bench:\n"
    "  --arch LIST       their architectures (LISTA,Searched,Dense)\n"
    "  --m M, --n N      measurements and codes of a sample (250, 500)\n"
    "  --layers K        (16)  --batch COUNT (128)\n\n"
    "  --lanes LIST      step, products, all: trainings at once, e.g. 1,2,4 (1)\n"
    "  --batches LIST    apply: signals of a call (1,4,16,64,256,1024,4096,16384,65536)\n"
    "  --kernels         step, all: the time of each kernel too, and how near it is to what the device could do\n"
    "  --sweep WHAT      step: how its cost grows with n, layers (up to K) or connections\n"
    "  --check BASELINE  not of compare: what --json wrote before on this device is measured again: says what got slower\n"
    "                    or faster by more than 5 % and the noise of both; exit status 1 where something got slower\n"
    "  -o, --output FILE compare, --sweep: a picture (SVG)\n"
    "  --repeat N        timed slices (15); not of apply and compare\n"
    "  --slice SECONDS   length of one, and of the calls with a batch (0.5)\n"
    "  --device SPEC     the first that fits and works: all, cpu, gpu, accelerator, an index, part of a name (all)\n"
    "  --plan FILE       how the device does its products, instead of its own plan\n"
    "  --json            one JSON object a line\n"
    "  --help            this text\n\n"
    "A time is that of a step of one lane: of a launch, divided by the lanes; ±MAD is the median absolute deviation of\n"
    "the slices. GFLOP/s* are dense-equivalent: what a step would do if nothing were skipped; GFLOP/s leave out the zeros.\n"
    "MiB are foretold, held on the device, and, on a CPU, by what the process grew. Peak and bandwidth are measured first:\n"
    "multiply-adds in registers, a copy beyond the caches; what stays in a cache can be faster than the latter allows.\n"
    "apply times calls, from measurements to codes in the caller's memory.\n\n"
    "Examples:\n"
    "  clunroll bench all --json > before.json\n"
    "  clunroll bench all --check before.json\n"
    "  clunroll bench compare cpu.json gpu.json -o devices.svg\n"
    "  clunroll bench apply lista.safetensors --batches 1,1024\n";

/* Options that only some subcommands take. */
enum {
	TAKES_CHECK = 1,
	TAKES_OUTPUT = 2,
	TAKES_KERNELS = 4,
	TAKES_SWEEP = 8,
	TAKES_LANES = 16,
	TAKES_BATCHES = 32,
	TAKES_REPEAT = 64
};

static const struct {
	const char *name;
	int (*run)(const bench_job *job);
	unsigned takes;
} subcommands[] = {
    {"products", bench_products, TAKES_CHECK | TAKES_REPEAT | TAKES_LANES},
    {"step", bench_step, TAKES_CHECK | TAKES_REPEAT | TAKES_OUTPUT | TAKES_KERNELS | TAKES_SWEEP | TAKES_LANES},
    {"all", bench_all, TAKES_CHECK | TAKES_REPEAT | TAKES_KERNELS | TAKES_LANES},
    {"apply", bench_apply, TAKES_CHECK | TAKES_BATCHES},
    {"compare", bench_compare, TAKES_OUTPUT},
};
enum { SUBCOMMANDS = sizeof subcommands / sizeof *subcommands };

static int usage(void)
{
	char names[128] = "";
	for (size_t i = 0, used = 0; i < SUBCOMMANDS && used < sizeof names; i++)
		used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "", subcommands[i].name);
	return report_usage("what to measure? There is: %s", names);
}

/* "1,2,4": a list of numbers from 1 on. */
static clu_status parse_list(
    const char *option, const char *text, uint64_t most, uint32_t values[BENCH_LANES_MAX], uint32_t *count, clu_error *error)
{
	char *copy = strdup(text), *rest = NULL;
	clu_status status = CLU_OK;
	if (!copy) return clu_fail(error, CLU_MEMORY, "no memory for %s", option);
	*count = 0;
	for (char *word = strtok_r(copy, ",", &rest); word && status == CLU_OK; word = strtok_r(NULL, ",", &rest)) {
		uint64_t value;
		if (*count == BENCH_LANES_MAX) {
			status = clu_fail(error, CLU_ARGUMENT, "%s takes at most %d numbers", option, BENCH_LANES_MAX);
			break;
		}
		status = parse_whole(option, word, 1, most, &value, error);
		if (status == CLU_OK) values[(*count)++] = (uint32_t)value;
	}
	free(copy);
	if (status == CLU_OK && *count == 0) status = clu_fail(error, CLU_ARGUMENT, "%s is empty; wanted e.g. 1,2,4", option);
	return status;
}

static clu_status parse_option(int option, bench_job *job, clu_error *error)
{
	uint64_t repeat;
	switch (option) {
	case 'l': return parse_list("--lanes", optarg, 65536, job->lanes, &job->lanes_count, error);
	case 'b': return parse_list("--batches", optarg, BENCH_BATCH_MAX, job->batches, &job->batches_count, error);
	case 'r':
		CLU_TRY(parse_whole("--repeat", optarg, 1, BENCH_REPEAT_MAX, &repeat, error));
		job->repeat = (uint32_t)repeat;
		return CLU_OK;
	case 's': return parse_duration("--slice", optarg, &job->slice, error);
	case 'a': job->archs = optarg; return CLU_OK;
	case 'd': job->device_spec = optarg; return CLU_OK;
	case 'p': job->plan_path = optarg; return CLU_OK;
	case 'k': job->kernels = true; return CLU_OK;
	case 'c': job->baseline = optarg; return CLU_OK;
	case 'w': job->sweep = optarg; return CLU_OK;
	case 'o': job->output = optarg; return CLU_OK;
	case 'j': job->json = true; return CLU_OK;
	default: return settings_option(&job->settings, option, optarg, error);
	}
}

/* An option that was given and is not among those taken; NULL: none. */
static const char *foreign_option(const bench_job *job, unsigned takes)
{
	if (job->baseline && !(takes & TAKES_CHECK)) return "--check";
	if (job->output && !(takes & TAKES_OUTPUT)) return "--output";
	if (job->kernels && !(takes & TAKES_KERNELS)) return "--kernels";
	if (job->sweep && !(takes & TAKES_SWEEP)) return "--sweep";
	if (job->lanes_count && !(takes & TAKES_LANES)) return "--lanes";
	if (job->batches_count && !(takes & TAKES_BATCHES)) return "--batches";
	if (job->repeat && !(takes & TAKES_REPEAT)) return "--repeat";
	return NULL;
}

static const uint32_t usual_batches[] = {1, 4, 16, 64, 256, 1024, 4096, 16384, 65536};

static int run_subcommand(bench_job *job, char **words)
{
	for (size_t i = 0; i < SUBCOMMANDS && words[0]; i++) {
		if (strcmp(words[0], subcommands[i].name) != 0) continue;
		const char *foreign = foreign_option(job, subcommands[i].takes);
		if (foreign) return report_usage("bench %s takes no %s", words[0], foreign);
		if (!job->batches_count) {
			memcpy(job->batches, usual_batches, sizeof usual_batches);
			job->batches_count = sizeof usual_batches / sizeof *usual_batches;
		}
		if (!job->repeat) job->repeat = 15;
		job->words = words + 1;
		return subcommands[i].run(job);
	}
	return usage();
}

int cmd_bench(int argc, char **argv)
{
	static const struct option options[] = {{"lanes", required_argument, 0, 'l'}, {"batches", required_argument, 0, 'b'},
	    {"repeat", required_argument, 0, 'r'}, {"slice", required_argument, 0, 's'}, {"device", required_argument, 0, 'd'},
	    {"plan", required_argument, 0, 'p'}, {"arch", required_argument, 0, 'a'}, {"m", required_argument, 0, OPTION_M},
	    {"n", required_argument, 0, OPTION_N}, {"layers", required_argument, 0, OPTION_LAYERS},
	    {"batch", required_argument, 0, OPTION_BATCH}, {"kernels", no_argument, 0, 'k'}, {"check", required_argument, 0, 'c'},
	    {"sweep", required_argument, 0, 'w'}, {"output", required_argument, 0, 'o'}, {"json", no_argument, 0, 'j'},
	    {"help", no_argument, 0, 'h'}, {0}};
	bench_job job = {.archs = "LISTA,Searched,Dense", .slice = 0.5};
	clu_error error;
	clu_status status = bench_settings_default(&job.settings, &error);
	for (int option; status == CLU_OK && (option = getopt_long(argc, argv, "ho:", options, NULL)) != -1;) {
		if (option == 'h') fputs(help, stdout);
		if (option == 'h' || option == '?') {
			settings_release(&job.settings);
			return option == 'h' ? EXIT_DONE : report_usage_hint();
		}
		status = parse_option(option, &job, &error);
	}
	const int code = status == CLU_OK ? run_subcommand(&job, argv + optind) : report_error(&error);
	settings_release(&job.settings);
	return code;
}
