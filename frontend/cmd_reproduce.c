/* cmd_reproduce.c: `clunroll reproduce`: the command line that makes a table of the study again, checked and turned into a job. */
#include "command.h"

#include "message.h"
#include "reproduce_run.h"
#include "status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Makes a table of the paper again: trains the networks that are missing, evaluates them beside classical solvers, and\n"
    "writes the paper's figures and these as Markdown, JSON and a picture. Interrupted, it goes on where it was.\n\n"
    "Usage: clunroll reproduce table1|table2 -o DIR [OPTIONS]\n\n"
    "  -o, --output DIR  the tables; DIR/models: networks (what is there is not trained again); DIR/solvers,\n"
    "                    DIR/prefixes: figures and layers that are there already\n"
    "  --scale S         full: the paper's sizes; small: some ten minutes, sides a fifth, samples a tenth; tiny: for tests\n"
    "                    (full)\n"
    "  --rows LIST       rows of the table: b to k; 512, uv in Table 2 (all)\n"
    "  --arch LIST       networks (LISTA,LFISTA,Dense,Searched)\n"
    "  --repeat N        seeds 1 to N of each network, 1 to 16 (1)\n"
    "  --recipe NAME|FILE, --set KEY=VALUE, --schedule A,B,…\n"
    "                    as for 'clunroll train' (fast; quick where the scale is not full)\n"
    "  --device SPEC     the first that fits and works: all, cpu, gpu, accelerator, an index, part of a name (all)\n"
    "  --plan FILE       how the device does its products; default: the built-in plan (the one that was measured)\n"
    "  --json            the table as one JSON object on stdout\n"
    "  --dry-run         says what is missing, and how many steps and hours it would take here; trains nothing\n"
    "  --help            this text\n\n"
    "Rows f to i of Table 1 test the networks of row b under other conditions. What is more than 0.5 dB worse than the paper\n"
    "is marked.\n\n"
    "Examples:\n"
    "  clunroll reproduce table1 --scale small -o small\n"
    "  clunroll reproduce table1 --rows b,f,g --arch LISTA,Searched --repeat 3 -o tables --dry-run\n"
    "  clunroll reproduce table2 --recipe paper -o tables\n";

static const char default_archs[] = "LISTA,LFISTA,Dense,Searched";

enum { OPTION_SCALE = 1, OPTION_ROWS, OPTION_ARCH, OPTION_REPEAT, OPTION_DEVICE, OPTION_PLAN, OPTION_JSON, OPTION_DRY_RUN };

static const struct option long_options[] = {{"output", required_argument, 0, 'o'}, {"scale", required_argument, 0, OPTION_SCALE},
    {"rows", required_argument, 0, OPTION_ROWS}, {"arch", required_argument, 0, OPTION_ARCH},
    {"repeat", required_argument, 0, OPTION_REPEAT}, {"recipe", required_argument, 0, OPTION_RECIPE},
    {"set", required_argument, 0, OPTION_SET}, {"schedule", required_argument, 0, OPTION_SCHEDULE},
    {"device", required_argument, 0, OPTION_DEVICE}, {"plan", required_argument, 0, OPTION_PLAN},
    {"json", no_argument, 0, OPTION_JSON}, {"dry-run", no_argument, 0, OPTION_DRY_RUN}, {"help", no_argument, 0, 'h'}, {0}};

struct command_line {
	reproduce_job job;
	const char *scale, *rows, *archs;
	bool recipe_given, help;
};

static clu_status take_repeat(const char *text, uint32_t *repeat, clu_error *error)
{
	uint64_t value;
	CLU_TRY(parse_whole("--repeat", text, 1, REPRODUCE_REPEATS_MAX, &value, error));
	*repeat = (uint32_t)value;
	return CLU_OK;
}

/* CLU_ARGUMENT with an empty message where getopt_long has complained already. */
static clu_status take_option(struct command_line *line, int option, clu_error *error)
{
	reproduce_job *job = &line->job;
	switch (option) {
	case 'o': job->directory = optarg; return CLU_OK;
	case OPTION_SCALE: line->scale = optarg; return CLU_OK;
	case OPTION_ROWS: line->rows = optarg; return CLU_OK;
	case OPTION_ARCH: line->archs = optarg; return CLU_OK;
	case OPTION_REPEAT: return take_repeat(optarg, &job->repeat, error);
	case OPTION_DEVICE: job->device_spec = optarg; return CLU_OK;
	case OPTION_PLAN: job->plan_path = optarg; return CLU_OK;
	case OPTION_JSON: job->json = true; return CLU_OK;
	case OPTION_DRY_RUN: job->dry_run = true; return CLU_OK;
	case 'h': line->help = true; return CLU_OK;
	case '?': return clu_fail(error, CLU_ARGUMENT, "%s", "");
	case OPTION_RECIPE: line->recipe_given = true; break;
	default: break;
	}
	return settings_option(&job->base, option, optarg, error);
}

static clu_status read_command_line(struct command_line *line, int argc, char **argv, clu_error *error)
{
	line->job.repeat = 1;
	CLU_TRY(settings_default(&line->job.base, "fast", error));
	for (int option; (option = getopt_long(argc, argv, "o:h", long_options, NULL)) != -1;)
		CLU_TRY(take_option(line, option, error));
	if (line->help) return CLU_OK;
	if (optind == argc) return clu_fail(error, CLU_ARGUMENT, "which table? table1 or table2");
	if (optind + 1 < argc) return clu_fail(error, CLU_ARGUMENT, "unexpected argument '%.200s'", argv[optind + 1]);
	line->job.table = paper_table_find(argv[optind]);
	if (!line->job.table) return clu_fail(error, CLU_ARGUMENT, "there is no '%.80s' here: table1 or table2", argv[optind]);
	if (!line->job.directory) return clu_fail(error, CLU_ARGUMENT, "-o is missing: the directory for tables and networks");
	return CLU_OK;
}

/* Calls `take` for each word of a list with commas between. */
static clu_status each_word(const char *list, clu_status (*take)(reproduce_job *job, const char *word, clu_error *error),
    reproduce_job *job, clu_error *error)
{
	char *copy = strdup(list), *rest = NULL;
	clu_status status = copy ? CLU_OK : clu_fail(error, CLU_MEMORY, "out of memory");
	for (char *word = copy ? strtok_r(copy, ",", &rest) : NULL; word && status == CLU_OK; word = strtok_r(NULL, ",", &rest))
		status = take(job, word, error);
	free(copy);
	return status;
}

static clu_status take_row(reproduce_job *job, const char *word, clu_error *error)
{
	const paper_row *row = paper_row_find(job->table, word);
	if (!row) return clu_fail(error, CLU_ARGUMENT, "--rows %.40s: no row of %s", word, job->table->title);
	for (size_t i = 0; i < job->row_count; i++) {
		if (job->rows[i] == row) return clu_fail(error, CLU_ARGUMENT, "--rows: %s stands there twice", word);
	}
	job->rows[job->row_count++] = row;
	return CLU_OK;
}

static clu_status take_arch(reproduce_job *job, const char *word, clu_error *error)
{
	clu_arch arch;
	CLU_TRY(clu_arch_parse(word, job->base.layers, &arch, error));
	for (size_t i = 0; i < job->arch_count; i++) {
		if (strcmp(job->archs[i], word) == 0) return clu_fail(error, CLU_ARGUMENT, "--arch: %.200s stands there twice", word);
	}
	if (job->arch_count == REPRODUCE_ARCHS_MAX)
		return clu_fail(error, CLU_ARGUMENT, "--arch: more than %d networks", REPRODUCE_ARCHS_MAX);
	snprintf(job->archs[job->arch_count++], CLU_ARCH_TEXT, "%s", word);
	return CLU_OK;
}

static clu_status complete(struct command_line *line, clu_error *error)
{
	reproduce_job *job = &line->job;
	job->scale = reproduce_scale_find(line->scale ? line->scale : "full");
	if (!job->scale) return clu_fail(error, CLU_ARGUMENT, "--scale %.40s: full, small or tiny", line->scale);
	job->base.batch = job->scale->batch;
	if (!line->recipe_given) CLU_TRY(clu_recipe_load(job->scale->recipe, &job->base.recipe, error));
	CLU_TRY(settings_finish(&job->base, error));
	for (size_t i = 0; !line->rows && i < job->table->row_count; i++) job->rows[job->row_count++] = &job->table->rows[i];
	if (line->rows) CLU_TRY(each_word(line->rows, take_row, job, error));
	CLU_TRY(each_word(line->archs ? line->archs : default_archs, take_arch, job, error));
	if (job->row_count == 0) return clu_fail(error, CLU_ARGUMENT, "--rows '%s' names no row", line->rows);
	if (job->arch_count == 0) return clu_fail(error, CLU_ARGUMENT, "--arch '%s' names no network", line->archs);
	return CLU_OK;
}

static int run_command_line(struct command_line *line, int argc, char **argv)
{
	clu_error error;
	clu_status status = read_command_line(line, argc, argv, &error);
	if (status == CLU_OK && line->help) {
		fputs(help, stdout);
		return EXIT_DONE;
	}
	if (status == CLU_OK) status = complete(line, &error);
	if (status == CLU_ARGUMENT) return error.message[0] ? report_usage("%s", error.message) : report_usage_hint();
	if (status != CLU_OK) return report_error(&error);
	return line->job.dry_run ? reproduce_dry_run(&line->job) : reproduce_run(&line->job);
}

int cmd_reproduce(int argc, char **argv)
{
	struct command_line *line = calloc(1, sizeof *line);
	if (!line) {
		clu_error error;
		clu_fail(&error, CLU_MEMORY, "out of memory");
		return report_error(&error);
	}
	const int code = run_command_line(line, argc, argv);
	settings_release(&line->job.base);
	free(line);
	return code;
}
