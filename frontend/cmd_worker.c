/* cmd_worker.c: `clunroll worker`: one device's worker. `clunroll search` starts one for each device; by hand it adds a device to a
 * search that runs already, one with other drivers for instance. */
#include "command.h"

#include "device_choice.h"
#include "message.h"
#include "options.h"
#include "prefix_choice.h"
#include "status.h"
#include "worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char help[] =
    "Trains a study's trials on one device until none is left. 'clunroll search' starts a worker for each device; by hand this\n"
    "adds one to a search, with drivers of its own for instance.\n\n"
    "Usage: clunroll worker STUDY [--device SPEC] [OPTIONS]\n\n"
    "  --device SPEC     the device, as 'clunroll devices' lists it; the first where several fit (all)\n"
    "  --plan FILE       how the device does its products; default: the built-in plan (the one that was measured)\n"
    "  --lanes N         trainings at a time; auto: as many as suit the device, as measured (auto)\n"
    "  --prefixes DIR    layers that other trials have trained already (STUDY.prefixes); --no-prefixes: trains all anew\n"
    "  --lease T         how long the worker may be silent before others take its trials (60s)\n"
    "  --checkpoint T    time between checkpoints of a training (60s); longer where many would take over 2 % of it\n"
    "  --hang-timeout T  how long it may make no step and no validation before others take its trials (120s)\n"
    "  --name NAME       how the study calls this worker\n"
    "  --run R, --lifeline FD    for 'clunroll search'\n"
    "  --help            this text\n\n"
    "Ctrl-C once: the step in hand is finished, all is saved. Twice: at once.\n\n"
    "Examples:\n"
    "  clunroll worker study.clu --device 1\n"
    "  OCL_ICD_VENDORS=/opt/other/vendors clunroll worker study.clu --device accelerator\n";

enum {
	OPTION_DEVICE = 1,
	OPTION_PLAN,
	OPTION_LANES,
	OPTION_PREFIXES,
	OPTION_NO_PREFIXES,
	OPTION_LEASE,
	OPTION_CHECKPOINT,
	OPTION_HANG_TIMEOUT,
	OPTION_NAME,
	OPTION_RUN,
	OPTION_LIFELINE,
};

static const struct option long_options[] = {{"device", required_argument, 0, OPTION_DEVICE},
    {"plan", required_argument, 0, OPTION_PLAN}, {"lanes", required_argument, 0, OPTION_LANES},
    {"prefixes", required_argument, 0, OPTION_PREFIXES}, {"no-prefixes", no_argument, 0, OPTION_NO_PREFIXES},
    {"lease", required_argument, 0, OPTION_LEASE}, {"checkpoint", required_argument, 0, OPTION_CHECKPOINT},
    {"hang-timeout", required_argument, 0, OPTION_HANG_TIMEOUT}, {"name", required_argument, 0, OPTION_NAME},
    {"run", required_argument, 0, OPTION_RUN}, {"lifeline", required_argument, 0, OPTION_LIFELINE}, {"help", no_argument, 0, 'h'},
    {0}};

struct command_line {
	worker_options worker;
	const char *device_spec;
	prefix_wish prefixes;
	char own_name[32], title[48];
	bool help;
};

/* CLU_ARGUMENT with an empty message where getopt_long has complained already. */
static clu_status take_option(struct command_line *line, int option, clu_error *error)
{
	worker_options *worker = &line->worker;
	uint64_t whole = 0;
	clu_status status = CLU_OK;
	switch (option) {
	case OPTION_DEVICE: line->device_spec = optarg; break;
	case OPTION_PLAN: worker->plan_path = optarg; break;
	case OPTION_PREFIXES: line->prefixes.directory = optarg; break;
	case OPTION_NO_PREFIXES: line->prefixes.none = true; break;
	case OPTION_NAME: worker->name = optarg; break;
	case OPTION_LEASE: return parse_duration("--lease", optarg, &worker->lease, error);
	case OPTION_CHECKPOINT: return parse_duration("--checkpoint", optarg, &worker->checkpoint, error);
	case OPTION_HANG_TIMEOUT: return parse_duration("--hang-timeout", optarg, &worker->hang_limit, error);
	case OPTION_LANES: return parse_lane_count(optarg, &worker->lanes, error);
	case OPTION_RUN:
		status = parse_whole("--run", optarg, 1, INT64_MAX, &whole, error);
		worker->run = (int64_t)whole;
		break;
	case OPTION_LIFELINE:
		status = parse_whole("--lifeline", optarg, 0, 65535, &whole, error);
		worker->lifeline = (int)whole;
		break;
	case 'h': line->help = true; break;
	default: return clu_fail(error, CLU_ARGUMENT, "%s", "");
	}
	return status;
}

static clu_status read_command_line(struct command_line *line, int argc, char **argv, clu_error *error)
{
	*line = (struct command_line){.worker = {.lease = 60, .checkpoint = 60, .hang_limit = 120, .lifeline = -1}};
	for (int option; (option = getopt_long(argc, argv, "h", long_options, NULL)) != -1;) CLU_TRY(take_option(line, option, error));
	if (line->help) return CLU_OK;
	if (optind >= argc) return clu_fail(error, CLU_ARGUMENT, "STUDY is missing: the study to work on");
	if (optind + 1 < argc) return clu_fail(error, CLU_ARGUMENT, "unexpected argument '%.200s'", argv[optind + 1]);
	if (line->worker.lease < 1) return clu_fail(error, CLU_ARGUMENT, "--lease must be 1s at least");
	if (line->worker.hang_limit < 1) return clu_fail(error, CLU_ARGUMENT, "--hang-timeout must be 1s at least");
	line->worker.study_path = argv[optind];
	return CLU_OK;
}

static int run_on_device(struct command_line *line)
{
	clu_error error;
	device_choice choice;
	if (device_choice_select(line->device_spec, &choice, &error) != CLU_OK) return report_error(&error);
	const clu_device_info *device = &choice.infos[choice.chosen[0]];
	line->worker.device = device;
	if (!line->worker.name) {
		/* Its own, since the same device may have a worker under the supervisor as well. */
		snprintf(line->own_name, sizeof line->own_name, "d%u.p%ld", device->index, (long)getpid());
		line->worker.name = line->own_name;
	}
	if (line->worker.run) {
		/* Several workers share their supervisor's stderr. */
		snprintf(line->title, sizeof line->title, "worker %s", line->worker.name);
		report_command(line->title);
	} else {
		char text[DEVICE_CHOICE_TEXT];
		device_choice_describe(device, text);
		report_note("device %s", text);
	}
	int code = worker_run(&line->worker);
	device_choice_release(&choice);
	return code;
}

int cmd_worker(int argc, char **argv)
{
	struct command_line line;
	char *prefixes = NULL;
	clu_error error;
	clu_status status = read_command_line(&line, argc, argv, &error);
	if (status == CLU_OK && line.help) {
		fputs(help, stdout);
		return EXIT_DONE;
	}
	if (status == CLU_OK) status = prefix_choice_directory(&line.prefixes, line.worker.study_path, &prefixes, &error);
	if (status != CLU_OK) return error.message[0] ? report_usage("%s", error.message) : report_usage_hint();
	line.worker.prefixes = prefixes;
	int code = run_on_device(&line);
	free(prefixes);
	return code;
}
