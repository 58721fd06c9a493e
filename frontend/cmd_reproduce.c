/* cmd_reproduce.c: `clunroll reproduce`: the command line that makes a table of the study again, or compares recipes, checked and
 * turned into a job. */
#include "command.h"

#include "message.h"
#include "recipe_study_run.h"
#include "reproduce_run.h"
#include "status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Makes a table of the paper again: trains the networks that are missing, evaluates them beside classical solvers, and\n"
    "writes the paper's figures and these as Markdown, JSON and a picture. Or compares recipes: what they make of networks, at\n"
    "what cost, and whether they put architectures in the same order. Interrupted, it goes on where it was.\n\n"
    "Usage: clunroll reproduce table1|table2|recipe -o DIR [OPTIONS]\n\n"
    "  -o, --output DIR  the tables; DIR/models: networks (what is there is not trained again); DIR/solvers, DIR/ranking,\n"
    "                    DIR/prefixes: figures, studies and layers that are there already\n"
    "  --scale S         full: the paper's sizes; small: sides a fifth, samples a tenth, some ten minutes for a table, half an\n"
    "                    hour for recipes; tiny: for tests (full)\n"
    "  --arch LIST       networks (LISTA,LFISTA,Dense,Searched, and LISTA:p,Dense:p,Searched:p in tables, :f where the recipe\n"
    "                    does not train the matrices, as analytic)\n"
    "  --repeat N        seeds 1 to N of each network, 1 to 16 (1; 3 for recipes at full scale)\n"
    "  --device SPEC     the first that fits and works: all, cpu, gpu, accelerator, an index, part of a name (all)\n"
    "  --plan FILE       how the device does its products; default: the built-in plan (the one that was measured)\n"
    "  --json            the table as one JSON object on stdout\n"
    "  --dry-run         says what is missing, and how many steps and hours it would take here; trains nothing\n"
    "  --help            this text\n\n"
    "Tables:\n"
    "  --rows LIST       rows of the table: b to k; 512, uv in Table 2 (all)\n"
    "  --recipe NAME|FILE, --set KEY=VALUE, --schedule A,B,…\n"
    "                    as for 'clunroll train' (fast; quick where the scale is not full)\n"
    "  --no-solvers      without classical solvers, which take minutes a row\n\n"
    "Recipes:\n"
    "  --variants LIST   recipes, the first is what the order of architectures is held against:\n"
    "                    ";
static const char more_help[] =
    "\n"
    "                    (all but paper, which takes some million steps a network)\n"
    "  --random N        architectures drawn for the ranking, beside LISTA, LFISTA, Dense, Searched (30; 12 at small scale)\n"
    "  --part P          quality: what recipes make of networks of --arch; ranking: the order of small networks, on all devices\n"
    "                    (both)\n\n"
    "Rows f to i of Table 1 test the networks of row b under other conditions. What is more than 0.5 dB worse than the paper\n"
    "is marked. A table without some of its rows, networks or solvers is written as table1-part, so that a whole one stays.\n\n"
    "Examples:\n"
    "  clunroll reproduce table1 --scale small -o small\n"
    "  clunroll reproduce table1 --rows b,f,g --arch LISTA,Searched --repeat 3 -o tables --dry-run\n"
    "  clunroll reproduce table2 --recipe paper -o tables\n"
    "  clunroll reproduce table1 --recipe analytic -o tables\n"
    "  clunroll reproduce recipe --variants fast,quick,quick-squares --scale small -o small\n";

static const char *const table_archs[] = {"LISTA", "LFISTA", "Dense", "Searched", "LISTA:p", "Dense:p", "Searched:p", NULL};
static const char *const analytic_archs[] = {"LISTA", "LFISTA", "Dense", "Searched", "LISTA:f", "Dense:f", "Searched:f", NULL};
static const char *const recipe_archs[] = {"LISTA", "LFISTA", "Dense", "Searched", NULL};

enum {
	OPTION_SCALE = 1,
	OPTION_ROWS,
	OPTION_ARCH,
	OPTION_REPEAT,
	OPTION_DEVICE,
	OPTION_PLAN,
	OPTION_JSON,
	OPTION_DRY_RUN,
	OPTION_NO_SOLVERS,
	OPTION_VARIANTS,
	OPTION_RANDOM,
	OPTION_PART
};

static const struct option long_options[] = {{"output", required_argument, 0, 'o'}, {"scale", required_argument, 0, OPTION_SCALE},
    {"rows", required_argument, 0, OPTION_ROWS}, {"arch", required_argument, 0, OPTION_ARCH},
    {"repeat", required_argument, 0, OPTION_REPEAT}, {"recipe", required_argument, 0, OPTION_RECIPE},
    {"set", required_argument, 0, OPTION_SET}, {"schedule", required_argument, 0, OPTION_SCHEDULE},
    {"device", required_argument, 0, OPTION_DEVICE}, {"plan", required_argument, 0, OPTION_PLAN},
    {"variants", required_argument, 0, OPTION_VARIANTS}, {"random", required_argument, 0, OPTION_RANDOM},
    {"part", required_argument, 0, OPTION_PART}, {"json", no_argument, 0, OPTION_JSON}, {"dry-run", no_argument, 0, OPTION_DRY_RUN},
    {"no-solvers", no_argument, 0, OPTION_NO_SOLVERS}, {"help", no_argument, 0, 'h'}, {0}};

struct command_line {
	recipe_study study; /* its job is a table's too */
	const char *scale, *rows, *archs, *variants;
	const char *recipe_option; /* the last of those that say how a table's networks are trained */
	uint64_t random;           /* 0: not given */
	recipe_part part;          /* 0: not given */
	bool recipe_given, of_recipes, help;
};

static clu_status take_repeat(const char *text, uint32_t *repeat, clu_error *error)
{
	uint64_t value;
	CLU_TRY(parse_whole("--repeat", text, 1, REPRODUCE_REPEATS_MAX, &value, error));
	*repeat = (uint32_t)value;
	return CLU_OK;
}

static clu_status take_part(const char *text, recipe_part *part, clu_error *error)
{
	static const struct {
		const char *name;
		recipe_part part;
	} parts[] = {{"quality", RECIPE_QUALITY}, {"ranking", RECIPE_RANKING}, {"both", RECIPE_BOTH}};
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		if (strcmp(parts[i].name, text) != 0) continue;
		*part = parts[i].part;
		return CLU_OK;
	}
	return clu_fail(error, CLU_ARGUMENT, "--part %.40s: quality, ranking or both", text);
}

/* CLU_ARGUMENT with an empty message where getopt_long has complained already. */
static clu_status take_option(struct command_line *line, int option, clu_error *error)
{
	reproduce_job *job = &line->study.job;
	switch (option) {
	case 'o': job->directory = optarg; return CLU_OK;
	case OPTION_SCALE: line->scale = optarg; return CLU_OK;
	case OPTION_ROWS: line->rows = optarg; return CLU_OK;
	case OPTION_ARCH: line->archs = optarg; return CLU_OK;
	case OPTION_REPEAT: return take_repeat(optarg, &job->repeat, error);
	case OPTION_DEVICE: job->device_spec = optarg; return CLU_OK;
	case OPTION_PLAN: job->plan_path = optarg; return CLU_OK;
	case OPTION_VARIANTS: line->variants = optarg; return CLU_OK;
	case OPTION_RANDOM: return parse_whole("--random", optarg, 1, RECIPE_RANDOM_MAX, &line->random, error);
	case OPTION_PART: return take_part(optarg, &line->part, error);
	case OPTION_JSON: job->json = true; return CLU_OK;
	case OPTION_DRY_RUN: job->dry_run = true; return CLU_OK;
	case OPTION_NO_SOLVERS: job->no_solvers = true; return CLU_OK;
	case 'h': line->help = true; return CLU_OK;
	case '?': return clu_fail(error, CLU_ARGUMENT, "%s", "");
	case OPTION_RECIPE:
		line->recipe_given = true;
		line->recipe_option = "--recipe";
		break;
	case OPTION_SET: line->recipe_option = "--set"; break;
	default: line->recipe_option = "--schedule"; break;
	}
	return settings_option(&job->base, option, optarg, error);
}

/* What does not belong to what is wanted is no option to pass over. */
static clu_status check_options(const struct command_line *line, clu_error *error)
{
	const char *foreign = NULL;
	if (line->of_recipes)
		foreign = line->rows ? "--rows" : line->study.job.no_solvers ? "--no-solvers" : line->recipe_option;
	else
		foreign = line->variants ? "--variants" : line->random ? "--random" : line->part ? "--part" : NULL;
	if (foreign)
		return clu_fail(error, CLU_ARGUMENT, "%s is for %s alone", foreign,
		    line->of_recipes ? "tables; --variants says which recipes" : "'clunroll reproduce recipe'");
	if (line->of_recipes && line->study.job.plan_path && line->part != RECIPE_QUALITY)
		return clu_fail(error, CLU_ARGUMENT, "--plan is not for the ranking, whose devices have a plan each: add --part quality");
	if (line->part == RECIPE_RANKING && (line->archs || line->study.job.repeat))
		return clu_fail(error, CLU_ARGUMENT, "%s is not for the ranking", line->archs ? "--arch" : "--repeat");
	if (line->part == RECIPE_QUALITY && line->random) return clu_fail(error, CLU_ARGUMENT, "--random is for the ranking");
	return CLU_OK;
}

static clu_status read_command_line(struct command_line *line, int argc, char **argv, clu_error *error)
{
	reproduce_job *job = &line->study.job;
	CLU_TRY(settings_default(&job->base, "fast", error));
	for (int option; (option = getopt_long(argc, argv, "o:h", long_options, NULL)) != -1;)
		CLU_TRY(take_option(line, option, error));
	if (line->help) return CLU_OK;
	if (optind == argc) return clu_fail(error, CLU_ARGUMENT, "which one? table1, table2 or recipe");
	if (optind + 1 < argc) return clu_fail(error, CLU_ARGUMENT, "unexpected argument '%.200s'", argv[optind + 1]);
	job->table = paper_table_find(argv[optind]);
	line->of_recipes = strcmp(argv[optind], "recipe") == 0;
	if (!job->table && !line->of_recipes)
		return clu_fail(error, CLU_ARGUMENT, "there is no '%.80s' here: table1, table2 or recipe", argv[optind]);
	if (!job->directory) return clu_fail(error, CLU_ARGUMENT, "-o is missing: the directory for tables and networks");
	return check_options(line, error);
}

/* Calls `take` for each word of a list with commas between. */
static clu_status each_word(const char *list, clu_status (*take)(recipe_study *study, const char *word, clu_error *error),
    recipe_study *study, clu_error *error)
{
	char *copy = strdup(list), *rest = NULL;
	clu_status status = copy ? CLU_OK : clu_fail(error, CLU_MEMORY, "out of memory");
	for (char *word = copy ? strtok_r(copy, ",", &rest) : NULL; word && status == CLU_OK; word = strtok_r(NULL, ",", &rest))
		status = take(study, word, error);
	free(copy);
	return status;
}

static clu_status take_row(recipe_study *study, const char *word, clu_error *error)
{
	reproduce_job *job = &study->job;
	const paper_row *row = paper_row_find(job->table, word);
	if (!row) return clu_fail(error, CLU_ARGUMENT, "--rows %.40s: no row of %s", word, job->table->title);
	for (size_t i = 0; i < job->row_count; i++) {
		if (job->rows[i] == row) return clu_fail(error, CLU_ARGUMENT, "--rows: %s stands there twice", word);
	}
	job->rows[job->row_count++] = row;
	return CLU_OK;
}

static clu_status take_arch(recipe_study *study, const char *word, clu_error *error)
{
	reproduce_job *job = &study->job;
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

/* Beside the paper's networks a table has those whose neurons serve its recipe best. */
static const char *const *usual_archs(const struct command_line *line)
{
	if (line->of_recipes) return recipe_archs;
	return line->study.job.base.recipe.rate_w > 0 ? table_archs : analytic_archs;
}

/* Whether one of the table's usual networks is not among the job's. */
static bool leaves_out_networks(const struct command_line *line)
{
	const reproduce_job *job = &line->study.job;
	for (const char *const *usual = usual_archs(line); *usual; usual++) {
		size_t i = 0;
		while (i < job->arch_count && strcmp(job->archs[i], *usual) != 0) i++;
		if (i == job->arch_count) return true;
	}
	return false;
}

static clu_status complete_table(struct command_line *line, clu_error *error)
{
	recipe_study *study = &line->study;
	reproduce_job *job = &study->job;
	if (job->repeat == 0) job->repeat = 1;
	for (size_t i = 0; !line->rows && i < job->table->row_count; i++) job->rows[job->row_count++] = &job->table->rows[i];
	if (line->rows) CLU_TRY(each_word(line->rows, take_row, study, error));
	if (job->row_count == 0) return clu_fail(error, CLU_ARGUMENT, "--rows '%s' names no row", line->rows);
	job->part = job->row_count < job->table->row_count || leaves_out_networks(line) || job->no_solvers;
	return CLU_OK;
}

static clu_status complete_recipes(struct command_line *line, clu_error *error)
{
	recipe_study *study = &line->study;
	study->scale = recipe_scale_of(study->job.scale);
	study->parts = line->part ? line->part : RECIPE_BOTH;
	study->random = line->random ? (uint32_t)line->random : study->scale->random;
	if (study->job.repeat == 0) study->job.repeat = study->scale->repeat;
	for (size_t i = 0; !line->variants && i < recipe_variant_count; i++)
		if (recipe_variants[i].usual) CLU_TRY(recipe_study_add(study, recipe_variants[i].name, error));
	if (line->variants) CLU_TRY(each_word(line->variants, recipe_study_add, study, error));
	if (study->variant_count == 0) return clu_fail(error, CLU_ARGUMENT, "--variants '%s' names no variant", line->variants);
	return CLU_OK;
}

static clu_status complete(struct command_line *line, clu_error *error)
{
	reproduce_job *job = &line->study.job;
	job->scale = reproduce_scale_find(line->scale ? line->scale : "full");
	if (!job->scale) return clu_fail(error, CLU_ARGUMENT, "--scale %.40s: full, small or tiny", line->scale);
	job->base.batch = job->scale->batch;
	if (!line->recipe_given) CLU_TRY(clu_recipe_load(job->scale->recipe, &job->base.recipe, error));
	CLU_TRY(settings_finish(&job->base, error));
	if (line->archs) CLU_TRY(each_word(line->archs, take_arch, &line->study, error));
	for (const char *const *usual = usual_archs(line); *usual && !line->archs; usual++)
		CLU_TRY(take_arch(&line->study, *usual, error));
	if (job->arch_count == 0) return clu_fail(error, CLU_ARGUMENT, "--arch '%s' names no network", line->archs);
	return line->of_recipes ? complete_recipes(line, error) : complete_table(line, error);
}

static void print_help(void)
{
	size_t column = 0;
	fputs(help, stdout);
	for (size_t i = 0; i < recipe_variant_count; i++) {
		const bool wraps = column + strlen(recipe_variants[i].name) > 90;
		if (wraps) column = 0;
		if (i > 0) printf(wraps ? ",\n                    " : ", ");
		column += (size_t)printf("%s", recipe_variants[i].name) + 2;
	}
	fputs(more_help, stdout);
}

static int run_command_line(struct command_line *line, int argc, char **argv)
{
	clu_error error;
	clu_status status = read_command_line(line, argc, argv, &error);
	if (status == CLU_OK && line->help) {
		print_help();
		return EXIT_DONE;
	}
	if (status == CLU_OK) status = complete(line, &error);
	if (status == CLU_ARGUMENT) return error.message[0] ? report_usage("%s", error.message) : report_usage_hint();
	if (status != CLU_OK) return report_error(&error);
	const bool dry = line->study.job.dry_run;
	if (line->of_recipes) return dry ? recipe_study_dry_run(&line->study) : recipe_study_run(&line->study);
	return dry ? reproduce_dry_run(&line->study.job) : reproduce_run(&line->study.job);
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
	settings_release(&line->study.job.base);
	free(line);
	return code;
}
