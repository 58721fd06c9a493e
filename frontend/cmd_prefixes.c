/* cmd_prefixes.c: `clunroll prefixes`: what a directory of trained prefixes holds and has saved, and how large it may be. */
#include "command.h"

#include "message.h"
#include "options.h"
#include "prefix_choice.h"
#include "status.h"
#include "units.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "Shows what a directory of trained prefixes holds: layers that trainings share, kept by 'clunroll train --prefixes' and\n"
    "'clunroll search'. Starts are trainings that began at one; steps saved are those that they did not have to make.\n\n"
    "Usage: clunroll prefixes DIR [OPTIONS]\n\n"
    "  --cap BYTES     what its files may take together from now on, e.g. 500M, 20G (2G); those not used longest go first\n"
    "  --clear         removes all prefixes, and the account of their use\n"
    "  --json          one JSON object\n"
    "  --help          this text\n\n"
    "Examples:\n"
    "  clunroll prefixes study.clu.prefixes\n"
    "  clunroll prefixes shared --cap 20G\n";

enum { OPTION_CAP = 1, OPTION_CLEAR, OPTION_JSON };

struct command_line {
	const char *directory;
	bool capped, clear, json, help;
	uint64_t cap;
};

struct depth {
	uint64_t count, bytes;
};

/* All that is shown. */
struct content {
	clu_prefix *list;
	size_t count;
	uint64_t bytes, cap, starts, steps;
	clu_prefix_uses uses;
	struct depth depth[CLU_LAYERS_MAX]; /* by layers − 1 */
};

static clu_status load(const clu_prefixes *prefixes, struct content *content, clu_error *error)
{
	CLU_TRY(clu_prefixes_list(prefixes, &content->list, &content->count, error));
	CLU_TRY(clu_prefixes_uses(prefixes, &content->uses, error));
	content->cap = clu_prefixes_limit(prefixes);
	for (size_t i = 0; i < content->count; i++) {
		const clu_prefix *prefix = &content->list[i];
		content->depth[prefix->layers - 1].count++;
		content->depth[prefix->layers - 1].bytes += prefix->bytes;
		content->bytes += prefix->bytes;
	}
	for (uint32_t l = 0; l < CLU_LAYERS_MAX; l++) {
		content->starts += content->uses.starts[l];
		content->steps += content->uses.steps[l];
	}
	return CLU_OK;
}

static int compare_recipes(const void *a, const void *b)
{
	return strcmp(((const clu_prefix *)a)->recipe, ((const clu_prefix *)b)->recipe);
}

/* Of a list in order of recipes: how many from `first` on are of the same. */
static size_t count_recipe(const struct content *content, size_t first)
{
	size_t end = first;
	while (end < content->count && strcmp(content->list[end].recipe, content->list[first].recipe) == 0) end++;
	return end - first;
}

static void print_json(const char *directory, const struct content *content)
{
	cJSON *json = report_json_begin();
	cJSON_AddStringToObject(json, "directory", directory);
	cJSON_AddNumberToObject(json, "prefixes", (double)content->count);
	cJSON_AddNumberToObject(json, "bytes", (double)content->bytes);
	cJSON_AddNumberToObject(json, "cap_bytes", (double)content->cap);
	cJSON_AddNumberToObject(json, "starts", (double)content->starts);
	cJSON_AddNumberToObject(json, "steps_saved", (double)content->steps);
	cJSON *depths = cJSON_AddArrayToObject(json, "depths");
	for (uint32_t l = 0; l < CLU_LAYERS_MAX; l++) {
		if (!content->depth[l].count && !content->uses.starts[l]) continue;
		cJSON *item = cJSON_CreateObject();
		cJSON_AddNumberToObject(item, "layers", l + 1);
		cJSON_AddNumberToObject(item, "prefixes", (double)content->depth[l].count);
		cJSON_AddNumberToObject(item, "bytes", (double)content->depth[l].bytes);
		cJSON_AddNumberToObject(item, "starts", (double)content->uses.starts[l]);
		cJSON_AddNumberToObject(item, "steps_saved", (double)content->uses.steps[l]);
		cJSON_AddItemToArray(depths, item);
	}
	cJSON *recipes = cJSON_AddObjectToObject(json, "recipes");
	for (size_t i = 0, count; i < content->count; i += count) {
		count = count_recipe(content, i);
		cJSON_AddNumberToObject(recipes, content->list[i].recipe, (double)count);
	}
	report_json(json);
}

static void print_text(const char *directory, const struct content *content)
{
	char bytes[UNITS_TEXT], cap[UNITS_TEXT];
	units_bytes(content->bytes, bytes);
	units_bytes(content->cap, cap);
	printf("%s: %zu prefixes, %s of at most %s\n", directory, content->count, bytes, cap);
	printf("%" PRIu64 " trainings started at one, %" PRIu64 " steps saved\n", content->starts, content->steps);
	if (!content->count && !content->starts) return;
	printf("\n%6s  %9s  %10s  %9s  %12s\n", "layers", "prefixes", "size", "starts", "steps saved");
	for (uint32_t l = 0; l < CLU_LAYERS_MAX; l++) {
		if (!content->depth[l].count && !content->uses.starts[l]) continue;
		units_bytes(content->depth[l].bytes, bytes);
		printf("%6u  %9" PRIu64 "  %10s  %9" PRIu64 "  %12" PRIu64 "\n", l + 1, content->depth[l].count, bytes,
		    content->uses.starts[l], content->uses.steps[l]);
	}
	for (size_t i = 0, count; i < content->count; i += count) {
		count = count_recipe(content, i);
		printf("%s%s %zu", i ? ", " : "\nrecipes: ", content->list[i].recipe, count);
	}
	if (content->count) putchar('\n');
}

static clu_status show(const struct command_line *line, clu_prefixes *prefixes, clu_error *error)
{
	struct content content = {.list = NULL};
	clu_status status = load(prefixes, &content, error);
	if (status == CLU_OK) {
		if (content.count) qsort(content.list, content.count, sizeof *content.list, compare_recipes);
		(line->json ? print_json : print_text)(line->directory, &content);
	}
	free(content.list);
	return status;
}

static clu_status change_and_show(const struct command_line *line, clu_error *error)
{
	clu_prefixes *prefixes;
	/* Looking must not make it. */
	if (access(line->directory, F_OK) != 0)
		return clu_fail(error, CLU_FILE, "cannot read directory %s: %s", line->directory, strerror(errno));
	CLU_TRY(prefix_choice_open(line->directory, &prefixes, error));
	clu_status status = line->clear ? clu_prefixes_clear(prefixes, error) : CLU_OK;
	if (status == CLU_OK && line->capped) status = clu_prefixes_set_limit(prefixes, line->cap, error);
	if (status == CLU_OK) status = show(line, prefixes, error);
	clu_prefixes_destroy(prefixes);
	return status;
}

static clu_status read_command_line(struct command_line *line, int argc, char **argv, clu_error *error)
{
	static const struct option options[] = {{"cap", required_argument, 0, OPTION_CAP}, {"clear", no_argument, 0, OPTION_CLEAR},
	    {"json", no_argument, 0, OPTION_JSON}, {"help", no_argument, 0, 'h'}, {0}};
	for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
		switch (option) {
		case OPTION_CAP:
			line->capped = true;
			CLU_TRY(parse_bytes("--cap", optarg, &line->cap, error));
			break;
		case OPTION_CLEAR: line->clear = true; break;
		case OPTION_JSON: line->json = true; break;
		case 'h': line->help = true; return CLU_OK;
		default: return clu_fail(error, CLU_ARGUMENT, "%s", "");
		}
	}
	if (optind >= argc) return clu_fail(error, CLU_ARGUMENT, "DIR is missing: the directory to show");
	if (optind + 1 < argc) return clu_fail(error, CLU_ARGUMENT, "unexpected argument '%.200s'", argv[optind + 1]);
	line->directory = argv[optind];
	return CLU_OK;
}

int cmd_prefixes(int argc, char **argv)
{
	struct command_line line = {0};
	clu_error error;
	if (read_command_line(&line, argc, argv, &error) != CLU_OK)
		return error.message[0] ? report_usage("%s", error.message) : report_usage_hint();
	if (line.help) {
		fputs(help, stdout);
		return EXIT_DONE;
	}
	return change_and_show(&line, &error) == CLU_OK ? EXIT_DONE : report_error(&error);
}
