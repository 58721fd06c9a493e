/* options.h: the settings that train, eval, data, search and a study share, and how they are read from a command line.
 *
 * A command has its own getopt_long loop and options; it appends SETTINGS_LONG_OPTIONS to its table, or DATA_LONG_OPTIONS where it
 * trains nothing, and hands every value ≥ OPTION_FIRST to settings_option. Settings as JSON are in settings_json.h. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "clunroll.h"

#include <getopt.h>

typedef struct settings {
	clu_problem problem; /* --m --n --density --snr --data-seed … --salt-pepper; --setting changes some of them at once */
	char *dictionary, *train_x, *train_b, *validation_x, *validation_b, *test_x, *test_b; /* --dictionary, --train-set … */
	uint32_t layers;                                                                      /* --layers */
	uint32_t batch;                                                                       /* --batch */
	uint64_t seed;                                                                        /* --seed */
	clu_recipe recipe;    /* --recipe; settings_finish has put --set and --schedule into it */
	char *recipe_changes; /* --set KEY=VALUE, one a line; NULL: none */
	char *schedule;       /* --schedule; NULL: none */
	uint32_t given;       /* bit OPTION_… − OPTION_FIRST: somebody said so, it is not merely what was stored */
} settings;

#define SEED_MAX UINT64_C(999999999999999) /* 15 digits: what a number in our JSON carries exactly */

enum { OPTION_FIRST = 1000 };
/* Options that belong together stand together. */
/* clang-format off */
enum settings_option_id {
	OPTION_M = OPTION_FIRST, OPTION_N, OPTION_DENSITY, OPTION_SNR, OPTION_DATA_SEED,
	OPTION_TRAIN_SAMPLES, OPTION_VALIDATION_SAMPLES, OPTION_TEST_SAMPLES,
	OPTION_CODES, OPTION_GAMMA_SHAPE, OPTION_GAMMA_SCALE, OPTION_DICTIONARY_RANK, OPTION_PERTURBATION, OPTION_SALT_PEPPER,
	OPTION_SETTING,
	OPTION_DICTIONARY, OPTION_TRAIN_SET, OPTION_TRAIN_MEASUREMENTS, OPTION_VALIDATION_SET, OPTION_VALIDATION_MEASUREMENTS,
	OPTION_TEST_SET, OPTION_TEST_MEASUREMENTS,
	OPTION_LAYERS, OPTION_BATCH, OPTION_SEED, OPTION_RECIPE, OPTION_SET, OPTION_SCHEDULE,
};

#define DATA_LONG_OPTIONS \
	{"m", required_argument, 0, OPTION_M}, {"n", required_argument, 0, OPTION_N}, \
	{"density", required_argument, 0, OPTION_DENSITY}, {"snr", required_argument, 0, OPTION_SNR}, \
	{"data-seed", required_argument, 0, OPTION_DATA_SEED}, {"train-samples", required_argument, 0, OPTION_TRAIN_SAMPLES}, \
	{"validation-samples", required_argument, 0, OPTION_VALIDATION_SAMPLES}, \
	{"test-samples", required_argument, 0, OPTION_TEST_SAMPLES}, {"codes", required_argument, 0, OPTION_CODES}, \
	{"gamma-shape", required_argument, 0, OPTION_GAMMA_SHAPE}, {"gamma-scale", required_argument, 0, OPTION_GAMMA_SCALE}, \
	{"dictionary-rank", required_argument, 0, OPTION_DICTIONARY_RANK}, \
	{"perturbation", required_argument, 0, OPTION_PERTURBATION}, {"salt-pepper", required_argument, 0, OPTION_SALT_PEPPER}, \
	{"setting", required_argument, 0, OPTION_SETTING}, {"dictionary", required_argument, 0, OPTION_DICTIONARY}, \
	{"train-set", required_argument, 0, OPTION_TRAIN_SET}, \
	{"train-measurements", required_argument, 0, OPTION_TRAIN_MEASUREMENTS}, \
	{"validation-set", required_argument, 0, OPTION_VALIDATION_SET}, \
	{"validation-measurements", required_argument, 0, OPTION_VALIDATION_MEASUREMENTS}, \
	{"test-set", required_argument, 0, OPTION_TEST_SET}, {"test-measurements", required_argument, 0, OPTION_TEST_MEASUREMENTS}
#define SETTINGS_LONG_OPTIONS \
	DATA_LONG_OPTIONS, \
	{"layers", required_argument, 0, OPTION_LAYERS}, {"batch", required_argument, 0, OPTION_BATCH}, \
	{"seed", required_argument, 0, OPTION_SEED}, {"recipe", required_argument, 0, OPTION_RECIPE}, \
	{"set", required_argument, 0, OPTION_SET}, {"schedule", required_argument, 0, OPTION_SCHEDULE}
/* clang-format on */

/* Fills in the defaults: 250×500, K=16, batch 128, seed 1, the named recipe. settings_release frees what options allocated. */
clu_status settings_default(settings *settings, const char *recipe, clu_error *error);
void settings_release(settings *settings);
/* Own codes and measurements go, and counts of samples are the usual ones: others in their place would not agree. */
void settings_forget_sets(settings *settings);
/* The option that names this file as an input, by what it is and not by what it is called; NULL: none does. */
const char *settings_input(const settings *settings, const char *path);
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

/* As --codes takes it. */
const char *settings_codes_name(clu_codes codes);

/* The data set that the settings describe. */
clu_status settings_data(const settings *settings, clu_data **data, clu_error *error);
/* Whether all measurements are computed, and D x but for rounding: without noise of any kind, none from a file. */
bool settings_measure_exactly(const settings *settings);
/* Whether files are a part of it: then the settings alone do not say what it is, and its hash is kept beside them. */
bool settings_have_files(const settings *settings);

/* Reads a whole number / a real number, all of `text`; CLU_ARGUMENT naming `what` and the range otherwise. */
clu_status parse_whole(const char *what, const char *text, uint64_t least, uint64_t most, uint64_t *value, clu_error *error);
clu_status parse_real(const char *what, const char *text, double least, double most, double *value, clu_error *error);
/* --lanes: a number, or "auto", which is 0. */
clu_status parse_lane_count(const char *text, uint32_t *lanes, clu_error *error);
/* "500M", "20G" → bytes, powers of 1024; K, M, G, T or nothing behind the number. */
clu_status parse_bytes(const char *what, const char *text, uint64_t *bytes, clu_error *error);
/* "90", "90s", "15m", "8h", "2d" → seconds. */
clu_status parse_duration(const char *what, const char *text, double *seconds, clu_error *error);
/* The same, `least` seconds at least. */
clu_status parse_duration_at_least(const char *what, const char *text, double least, double *seconds, clu_error *error);

#endif
