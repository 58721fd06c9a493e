/* cmd_report.c: `clunroll report`: reads a study and writes the page about it. */
#include "command.h"

#include "message.h"
#include "options.h"
#include "path.h"
#include "report.h"
#include "settings_json.h"
#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

static const char help[] =
    "Writes a study as one HTML page: what won, pictures, all trials. The page needs nothing beside itself: no network, no\n"
    "scripts. It can be written at any time, also while a search is running.\n\n"
    "Usage: clunroll report STUDY -o FILE\n\n"
    "  -o, --output FILE  the page; replaced at once when it is there\n"
    "  --help             this text\n\n"
    "Examples:\n"
    "  clunroll report study.clu -o report.html\n";

/* What a report is made from. */
typedef struct study_content {
	cJSON *json;
	settings settings;
	trial *trials;
	worker_info *workers;
	size_t trial_count, worker_count;
} study_content;

static void release_content(study_content *content)
{
	cJSON_Delete(content->json);
	settings_release(&content->settings);
	free(content->trials);
	free(content->workers);
}

static clu_status read_study(const char *path, study_content *content, clu_error *error)
{
	store *study = NULL;
	clu_status status = store_open(path, &study, error);
	if (status == CLU_OK) status = store_settings(study, &content->json, error);
	if (status == CLU_OK) status = store_trials(study, &content->trials, &content->trial_count, error);
	if (status == CLU_OK) status = store_workers(study, &content->workers, &content->worker_count, error);
	store_close(study);
	if (status != CLU_OK) return status;
	return settings_from_json(cJSON_GetObjectItemCaseSensitive(content->json, "settings"), &content->settings, error);
}

static clu_status write_page(const char *study, const char *output, const study_content *content, clu_error *error)
{
	report_input input = {.study = study,
	    .settings = &content->settings,
	    .study_json = content->json,
	    .total = content->trial_count,
	    .trials = content->trials,
	    .trial_count = content->trial_count,
	    .workers = content->workers,
	    .worker_count = content->worker_count,
	    .written_at = (int64_t)time(NULL) * 1000};
	char *html = NULL;
	size_t size = 0;
	clu_status status = report_render(&input, &html, &size, error);
	if (status == CLU_OK) status = clu_file_replace(output, html, size, error);
	free(html);
	return status;
}

static int report_study(const char *study, const char *output)
{
	study_content content = {0};
	clu_error error;
	const char *input;
	int code = EXIT_DONE;
	if (read_study(study, &content, &error) != CLU_OK) {
		report_error(&error);
		code = EXIT_STORE;
	} else if (path_same_file(study, output)) {
		code = report_usage("the report would overwrite the study %s; give -o another file", study);
	} else if ((input = settings_input(&content.settings, output))) {
		code = report_usage("the report would overwrite %s, the study's %s; give -o another file", output, input + 2);
	} else if (write_page(study, output, &content, &error) != CLU_OK) {
		code = report_error(&error);
	} else {
		printf("%s\n", output);
	}
	release_content(&content);
	return code;
}

int cmd_report(int argc, char **argv)
{
	static const struct option options[] = {{"output", required_argument, 0, 'o'}, {"help", no_argument, 0, 'h'}, {0}};
	const char *output = NULL;
	for (int option; (option = getopt_long(argc, argv, "o:h", options, NULL)) != -1;) {
		switch (option) {
		case 'o': output = optarg; break;
		case 'h': fputs(help, stdout); return EXIT_DONE;
		default: return report_usage_hint();
		}
	}
	if (optind == argc) return report_usage("the study is missing");
	if (optind + 1 < argc) return report_usage("unexpected argument '%s'", argv[optind + 1]);
	if (!output) return report_usage("-o is missing: the file to write");
	return report_study(argv[optind], output);
}
