/* cmd_search.c: `clunroll search`: the command line of a search, checked and turned into a job for search_run.c. */
#include "command.h"

#include "message.h"
#include "search_run.h"
#include "status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Trains many architectures on all devices and finds the best. Everything is kept in one file, STUDY; the same command goes on\n"
    "with it after Ctrl-C, a crash or a power cut, and a larger --trials extends it.\n\n"
    "Usage: clunroll search STUDY --trials N [OPTIONS]\n\n"
    "  --trials N        architectures of the whole study, those of --enqueue included\n"
    "  --strategy S      random: each connection a fair coin (random)\n"
    "  --space S         what is varied: gates, neurons (soft, ReLU, LeakyReLU) or both; select, firm: gates of layers\n"
    "                    that all select, that all shrink firmly; all: gates and neurons, those that select too (gates)\n"
    "  --enqueue A,B,…   trains these first: LISTA, LFISTA, Dense, Searched or architectures as 'clunroll train' takes them\n"
    "  --time T          stops after this time, e.g. 90s, 15m, 8h\n"
    "  --device SPEC     all (each physical device once), cpu, gpu, accelerator, an index, part of a name; several with commas;\n"
    "                    ! excludes (all)\n"
    "  --workers N       worker processes a device (1)\n"
    "  --lanes N         trainings a worker runs at a time; auto: as many as suit its device, as measured (auto)\n"
    "  --prefixes DIR    starts a trial after the layers that other trials have trained already, to the same bits; kept in DIR\n"
    "                    (STUDY.prefixes), which studies may share; --no-prefixes: trains all anew\n"
    "  --lease T         how long a worker may be silent before others take its trials (60s)\n"
    "  --checkpoint T    time between checkpoints of a training (60s); longer where many would take over 2 % of it\n"
    "  --hang-timeout T  how long a worker may make no step and no validation before it is killed (120s)\n"
    "  --model M         writes the best network there at the end, a safetensors file\n"
    "  --json            the result as one JSON object on stdout\n"
    "  --dry-run         says how many operations that is, and the time it would take; trains nothing\n"
    "  --help            this text\n\n";
static const char examples[] =
    "\nThe recipe is fast unless --recipe says otherwise. A study keeps its settings: they need not be given again.\n"
    "Ctrl-C once: the steps in hand are finished, all is saved. Twice: at once.\n\n"
    "Examples:\n"
    "  clunroll search small.clu --trials 35 --enqueue LISTA,LFISTA,Dense --m 50 --n 100 --layers 8 --recipe quick\n"
    "  clunroll search night.clu --trials 1000 --time 8h --device gpu\n"
    "  clunroll search night.clu --trials 2000\n";

enum {
	OPTION_TRIALS = 1,
	OPTION_STRATEGY,
	OPTION_SPACE,
	OPTION_ENQUEUE,
	OPTION_TIME,
	OPTION_DEVICE,
	OPTION_WORKERS,
	OPTION_LANES,
	OPTION_PREFIXES,
	OPTION_NO_PREFIXES,
	OPTION_LEASE,
	OPTION_CHECKPOINT,
	OPTION_HANG_TIMEOUT,
	OPTION_MODEL,
	OPTION_JSON,
	OPTION_DRY_RUN,
};

static const struct option long_options[] = {{"trials", required_argument, 0, OPTION_TRIALS},
    {"strategy", required_argument, 0, OPTION_STRATEGY}, {"space", required_argument, 0, OPTION_SPACE},
    {"enqueue", required_argument, 0, OPTION_ENQUEUE}, {"time", required_argument, 0, OPTION_TIME},
    {"device", required_argument, 0, OPTION_DEVICE}, {"workers", required_argument, 0, OPTION_WORKERS},
    {"lanes", required_argument, 0, OPTION_LANES}, {"prefixes", required_argument, 0, OPTION_PREFIXES},
    {"no-prefixes", no_argument, 0, OPTION_NO_PREFIXES}, {"lease", required_argument, 0, OPTION_LEASE},
    {"checkpoint", required_argument, 0, OPTION_CHECKPOINT}, {"hang-timeout", required_argument, 0, OPTION_HANG_TIMEOUT},
    {"model", required_argument, 0, OPTION_MODEL}, {"json", no_argument, 0, OPTION_JSON},
    {"dry-run", no_argument, 0, OPTION_DRY_RUN}, {"help", no_argument, 0, 'h'}, SETTINGS_LONG_OPTIONS, {0}};

enum { TRIALS_MAX = 10000000, WORKERS_MAX = 64 };

static clu_status take_number(const char *what, uint64_t most, uint32_t *number, clu_error *error)
{
	uint64_t whole;
	CLU_TRY(parse_whole(what, optarg, 1, most, &whole, error));
	*number = (uint32_t)whole;
	return CLU_OK;
}

/* Settings wait until it is known whether they are for a new study or must agree with one that is there. */
static void keep_change(search_job *job, int option)
{
	job->changes[job->change_count++] = (settings_change){option, optarg};
}

/* CLU_ARGUMENT with an empty message where getopt_long has complained already. */
static clu_status take_option(search_job *job, int option, bool *help_wanted, clu_error *error)
{
	switch (option) {
	case OPTION_TRIALS: return parse_whole("--trials", optarg, 1, TRIALS_MAX, &job->trials, error);
	case OPTION_STRATEGY: job->strategy = optarg; return CLU_OK;
	case OPTION_SPACE: job->space = optarg; return CLU_OK;
	case OPTION_ENQUEUE: job->enqueue = optarg; return CLU_OK;
	case OPTION_TIME: return parse_duration_at_least("--time", optarg, 1, &job->time, error);
	case OPTION_DEVICE: job->device_spec = optarg; return CLU_OK;
	case OPTION_WORKERS: return take_number("--workers", WORKERS_MAX, &job->workers, error);
	case OPTION_LANES: return parse_lane_count(optarg, &job->lanes, error);
	case OPTION_PREFIXES: job->prefixes.directory = optarg; return CLU_OK;
	case OPTION_NO_PREFIXES: job->prefixes.none = true; return CLU_OK;
	case OPTION_LEASE: return parse_duration_at_least("--lease", optarg, 1, &job->lease, error);
	case OPTION_CHECKPOINT: return parse_duration_at_least("--checkpoint", optarg, 0.1, &job->checkpoint, error);
	case OPTION_HANG_TIMEOUT: return parse_duration_at_least("--hang-timeout", optarg, 1, &job->hang, error);
	case OPTION_MODEL: job->model_path = optarg; return CLU_OK;
	case OPTION_JSON: job->json = true; return CLU_OK;
	case OPTION_DRY_RUN: job->dry_run = true; return CLU_OK;
	case 'h': *help_wanted = true; return CLU_OK;
	case '?': return clu_fail(error, CLU_ARGUMENT, "%s", "");
	default: keep_change(job, option); return CLU_OK;
	}
}

static clu_status read_command_line(search_job *job, int argc, char **argv, bool *help_wanted, clu_error *error)
{
	for (int option; (option = getopt_long(argc, argv, "h", long_options, NULL)) != -1;)
		CLU_TRY(take_option(job, option, help_wanted, error));
	if (*help_wanted) return CLU_OK;
	if (optind >= argc) return clu_fail(error, CLU_ARGUMENT, "STUDY is missing: the file that keeps the search");
	if (optind + 1 < argc) return clu_fail(error, CLU_ARGUMENT, "unexpected argument '%.200s'", argv[optind + 1]);
	if (job->strategy && strcmp(job->strategy, "random") != 0)
		return clu_fail(error, CLU_ARGUMENT, "there is no strategy '%.100s': random", job->strategy);
	job->study_path = argv[optind];
	return CLU_OK;
}

int cmd_search(int argc, char **argv)
{
	search_job job = {.workers = 1, .lease = 60, .checkpoint = 60, .hang = 120};
	bool help_wanted = false;
	clu_error error;
	job.changes = calloc((size_t)argc, sizeof *job.changes); /* each option is an argument at least */
	if (!job.changes) return EXIT_FAILED;
	int code = EXIT_DONE;
	if (read_command_line(&job, argc, argv, &help_wanted, &error) != CLU_OK)
		code = error.message[0] ? report_usage("%s", error.message) : report_usage_hint();
	else if (help_wanted)
		printf("%s%s%s", help, settings_help, examples);
	else
		code = search_run(&job);
	free(job.changes);
	return code;
}
