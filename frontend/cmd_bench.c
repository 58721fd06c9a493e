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
    "Measures an optimiser step (forward, backward, Adam) of trained networks at full depth.\n\n"
    "Usage: clunroll bench step M... [OPTIONS]\n\n"
    "  M                 networks that 'clunroll train' wrote; their settings say data and batch\n"
    "  --lanes LIST      trainings at once, e.g. 1,2,4 (1)\n"
    "  --repeat N        timed slices (15)\n"
    "  --slice SECONDS   length of one (0.5)\n"
    "  --device SPEC     the first that fits and works: all, cpu, gpu, accelerator, an index, part of a name (all)\n"
    "  --plan FILE       how the device does its products, instead of its own plan\n"
    "  --json            one JSON object a line\n"
    "  --help            this text\n\n"
    "A time is that of a step of one lane: of a launch, divided by the lanes. GFLOP/s are dense-equivalent: what a step\n"
    "would do if nothing were skipped.\n\n"
    "Example:\n"
    "  clunroll bench step lista.safetensors searched.safetensors --lanes 1,4\n";

static const struct {
	const char *name;
	int (*run)(const bench_job *job);
} subcommands[] = {{"step", bench_step}};
enum { SUBCOMMANDS = sizeof subcommands / sizeof *subcommands };

static int usage(void)
{
	char names[128] = "";
	for (size_t i = 0, used = 0; i < SUBCOMMANDS && used < sizeof names; i++)
		used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "", subcommands[i].name);
	return report_usage("what to measure? There is: %s", names);
}

static clu_status parse_lanes(const char *text, bench_job *job, clu_error *error)
{
	char *copy = strdup(text), *rest = NULL;
	clu_status status = CLU_OK;
	if (!copy) return clu_fail(error, CLU_MEMORY, "no memory for --lanes");
	job->lanes_count = 0;
	for (char *word = strtok_r(copy, ",", &rest); word && status == CLU_OK; word = strtok_r(NULL, ",", &rest)) {
		uint64_t value;
		if (job->lanes_count == BENCH_LANES_MAX) {
			status = clu_fail(error, CLU_ARGUMENT, "--lanes takes at most %d numbers", BENCH_LANES_MAX);
			break;
		}
		status = parse_whole("--lanes", word, 1, 65536, &value, error);
		if (status == CLU_OK) job->lanes[job->lanes_count++] = (uint32_t)value;
	}
	free(copy);
	if (status == CLU_OK && job->lanes_count == 0) status = clu_fail(error, CLU_ARGUMENT, "--lanes is empty; wanted e.g. 1,2,4");
	return status;
}

int cmd_bench(int argc, char **argv)
{
	static const struct option options[] = {{"lanes", required_argument, 0, 'l'}, {"repeat", required_argument, 0, 'r'},
	    {"slice", required_argument, 0, 's'}, {"device", required_argument, 0, 'd'}, {"plan", required_argument, 0, 'p'},
	    {"json", no_argument, 0, 'j'}, {"help", no_argument, 0, 'h'}, {0}};
	bench_job job = {.lanes = {1}, .lanes_count = 1, .repeat = 15, .slice = 0.5};
	clu_error error;
	clu_status status = CLU_OK;
	for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1 && status == CLU_OK;) {
		uint64_t repeat = job.repeat;
		switch (option) {
		case 'l': status = parse_lanes(optarg, &job, &error); break;
		case 'r':
			status = parse_whole("--repeat", optarg, 1, BENCH_REPEAT_MAX, &repeat, &error);
			job.repeat = (uint32_t)repeat;
			break;
		case 's': status = parse_duration("--slice", optarg, &job.slice, &error); break;
		case 'd': job.device_spec = optarg; break;
		case 'p': job.plan_path = optarg; break;
		case 'j': job.json = true; break;
		case 'h': fputs(help, stdout); return EXIT_DONE;
		default: return report_usage_hint();
		}
	}
	if (status != CLU_OK) return report_error(&error);
	for (size_t i = 0; i < SUBCOMMANDS && optind < argc; i++) {
		if (strcmp(argv[optind], subcommands[i].name) != 0) continue;
		job.words = argv + optind + 1;
		return subcommands[i].run(&job);
	}
	return usage();
}
