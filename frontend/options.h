/* options.h: the settings that train, eval, data, search and a study share, and how they are read from a command line.
 *
 * A command has its own getopt_long loop and options; it appends SETTINGS_LONG_OPTIONS to its table and hands every value
 * ≥ OPTION_FIRST to settings_option. Settings go into model files and studies as JSON, and come back from it. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "clunroll.h"

#include <cjson/cJSON.h>
#include <getopt.h>

/* Exit codes of the program. */
typedef enum exit_code {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_STOPPED = 3, /* stopped with work left: run again to go on */
	EXIT_NO_DEVICE = 4,
	EXIT_STORE = 5,
	EXIT_SETTINGS = 6, /* settings differ from the study's or the checkpoint's */
} exit_code;

typedef struct settings {
	clu_problem problem; /* --m --n --density --snr --data-seed --train-samples --validation-samples --test-samples */
	char *dictionary, *train_x, *train_b, *validation_x, *validation_b, *test_x, *test_b; /* --dictionary, --train-set … */
	uint32_t layers;                                                                      /* --layers */
	uint32_t batch;                                                                       /* --batch */
	uint64_t seed;                                                                        /* --seed */
	clu_recipe recipe;    /* --recipe; settings_finish has put --set and --schedule into it */
	char *recipe_changes; /* --set KEY=VALUE, one a line; NULL: none */
	char *schedule;       /* --schedule; NULL: none */
} settings;

#define SEED_MAX UINT64_C(999999999999999) /* 15 digits: what a number in our JSON carries exactly */

enum { OPTION_FIRST = 1000 };
/* Options that belong together stand together. */
/* clang-format off */
enum settings_option_id {
	OPTION_M = OPTION_FIRST, OPTION_N, OPTION_DENSITY, OPTION_SNR, OPTION_DATA_SEED,
	OPTION_TRAIN_SAMPLES, OPTION_VALIDATION_SAMPLES, OPTION_TEST_SAMPLES,
	OPTION_DICTIONARY, OPTION_TRAIN_SET, OPTION_TRAIN_MEASUREMENTS, OPTION_VALIDATION_SET, OPTION_VALIDATION_MEASUREMENTS,
	OPTION_TEST_SET, OPTION_TEST_MEASUREMENTS,
	OPTION_LAYERS, OPTION_BATCH, OPTION_SEED, OPTION_RECIPE, OPTION_SET, OPTION_SCHEDULE,
};

#define SETTINGS_LONG_OPTIONS \
	{"m", required_argument, 0, OPTION_M}, {"n", required_argument, 0, OPTION_N}, \
	{"density", required_argument, 0, OPTION_DENSITY}, {"snr", required_argument, 0, OPTION_SNR}, \
	{"data-seed", required_argument, 0, OPTION_DATA_SEED}, {"train-samples", required_argument, 0, OPTION_TRAIN_SAMPLES}, \
	{"validation-samples", required_argument, 0, OPTION_VALIDATION_SAMPLES}, \
	{"test-samples", required_argument, 0, OPTION_TEST_SAMPLES}, {"dictionary", required_argument, 0, OPTION_DICTIONARY}, \
	{"train-set", required_argument, 0, OPTION_TRAIN_SET}, \
	{"train-measurements", required_argument, 0, OPTION_TRAIN_MEASUREMENTS}, \
	{"validation-set", required_argument, 0, OPTION_VALIDATION_SET}, \
	{"validation-measurements", required_argument, 0, OPTION_VALIDATION_MEASUREMENTS}, \
	{"test-set", required_argument, 0, OPTION_TEST_SET}, {"test-measurements", required_argument, 0, OPTION_TEST_MEASUREMENTS}, \
	{"layers", required_argument, 0, OPTION_LAYERS}, {"batch", required_argument, 0, OPTION_BATCH}, \
	{"seed", required_argument, 0, OPTION_SEED}, {"recipe", required_argument, 0, OPTION_RECIPE}, \
	{"set", required_argument, 0, OPTION_SET}, {"schedule", required_argument, 0, OPTION_SCHEDULE}
/* clang-format on */

/* Fills in the defaults: 250×500, K=16, batch 128, seed 1, the named recipe. settings_release frees what options allocated. */
clu_status settings_default(settings *settings, const char *recipe, clu_error *error);
void settings_release(settings *settings);
/* Takes one option of SETTINGS_LONG_OPTIONS. CLU_ARGUMENT names option and value, or the place in a recipe's file: what stands in a
 * file of options is a part of the command line. */
clu_status settings_option(settings *settings, int option, const char *value, clu_error *error);
/* After all options: m and n taken from an own dictionary, --set and --schedule applied to the recipe, contradictions found
 * (e.g. a batch larger than the training set). */
clu_status settings_finish(settings *settings, clu_error *error);
/* The same for commands that need data but do not train. */
clu_status settings_finish_data(settings *settings, clu_error *error);
/* Help text of these options, for a command's --help: all of them, and those of problem and data alone. */
extern const char settings_help[];
extern const char settings_help_data[];

/* Every setting as one JSON object (file names as given, made absolute); the caller deletes it. */
cJSON *settings_to_json(const settings *settings);
clu_status settings_from_json(const cJSON *json, settings *settings, clu_error *error);
/* The names and both values of settings that differ, e.g. "batch: 128 here, 64 there", with "; " between them; an empty text
 * when none do. The caller frees it. NULL: out of memory. */
char *settings_difference(const cJSON *here, const cJSON *there);

/* The path from the root; the caller frees it, NULL: out of memory. */
char *settings_absolute_path(const char *path);

/* The data set that the settings describe. */
clu_status settings_data(const settings *settings, clu_data **data, clu_error *error);
/* Whether files are a part of it: then the settings alone do not say what it is, and its hash is kept beside them. */
bool settings_have_files(const settings *settings);
#define SETTINGS_HASH_KEY "data_hash"
#define SETTINGS_HASH_TEXT 17
/* clu_data_hash as a study keeps it. */
void settings_print_hash(const clu_data *data, char text[SETTINGS_HASH_TEXT]);

/* Reads a whole number / a real number, all of `text`; CLU_ARGUMENT naming `what` and the range otherwise. */
clu_status parse_whole(const char *what, const char *text, uint64_t least, uint64_t most, uint64_t *value, clu_error *error);
clu_status parse_real(const char *what, const char *text, double least, double most, double *value, clu_error *error);
/* "90", "90s", "15m", "8h", "2d" → seconds. */
clu_status parse_duration(const char *what, const char *text, double *seconds, clu_error *error);

/* Names the command that messages on stderr begin with: "clunroll train: …". */
void report_command(const char *name);
/* Prints one line on stderr: "clunroll train: …". */
void report_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Prints the error and returns the exit_code that fits its status. */
int report_error(const clu_error *error);
/* Prints what is wrong with the command line, and where its help is; returns EXIT_USAGE. */
int report_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same where getopt_long has said already what is wrong. */
int report_usage_hint(void);
/* A JSON object with its "version"; report_json prints it as one line on stdout and deletes it. A number that is not finite
 * becomes null. */
cJSON *report_json_begin(void);
void report_json(cJSON *json);

/* The commands; argv[0] is "clunroll NAME", as messages of getopt_long begin. Each returns an exit code. */
int cmd_apply(int argc, char **argv);
int cmd_bench(int argc, char **argv);
int cmd_data(int argc, char **argv);
int cmd_devices(int argc, char **argv);
int cmd_eval(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_search(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_train(int argc, char **argv);
int cmd_worker(int argc, char **argv);

#endif
