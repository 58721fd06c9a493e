/* options.c: command-line values into settings. Settings as JSON are in settings_json.c.
 *
 * Values are checked where they are read, so that an error names the option; what needs several options (a schedule and the
 * recipe it belongs to, a batch and the training set) is checked in settings_finish. */
#include "options.h"

#include "named_setting.h"
#include "path.h"
#include "recipe_change.h"
#include "status.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#define DATA_HELP \
    "Problem and data:\n" \
    "  --m M, --n N              measurements and codes of a sample, 1 to 4096 (250, 500)\n" \
    "  --codes KIND              bernoulli-gaussian: some are nonzero, N(0, 1); gamma: all are Gamma (bernoulli-gaussian)\n" \
    "  --density P               probability that one of the former is nonzero, above 0 and at most 1 (0.1)\n" \
    "  --gamma-shape A, --gamma-scale S  of the latter (0.1, 1)\n" \
    "  --snr DB                  noise on the measurements, dB; inf: none (inf)\n" \
    "  --salt-pepper SHARE       of the measurements, replaced by plus or minus the sample's largest; after noise (0)\n" \
    "  --dictionary-rank R       the dictionary is a product of two, over R; 0: it is drawn entry by entry (0)\n" \
    "  --perturbation SCALE      measurements are of D and Laplace noise of that scale, columns normalised again (0)\n" \
    "  --setting NAME            some of these at once, as in the paper's tables: noiseless, snr40, snr20, gamma,\n" \
    "                            gamma-dense, salt-pepper, perturbed, samples10240, samples5120, size512, low-rank\n" \
    "  --data-seed S             keys the dictionary and the data (1)\n" \
    "  --train-samples COUNT     (102400)  --validation-samples COUNT (10240)  --test-samples COUNT (10240)\n" \
    "  --dictionary D.npy        own dictionary [m][n]\n" \
    "  --train-set X.npy         own codes [count][n]; --train-measurements B.npy: their measurements [count][m]\n" \
    "  --validation-set X.npy, --validation-measurements B.npy, --test-set X.npy, --test-measurements B.npy\n"

const char settings_help_data[] = DATA_HELP;
const char settings_help[] = DATA_HELP
    "Training:\n"
    "  --layers K                1 to 32 (16)\n"
    "  --batch COUNT             samples of a step (128)\n"
    "  --seed S                  keys the shuffles (1)\n"
    "  --recipe NAME|FILE        how a network is trained: paper, fast, quick, analytic, or a file in the\n"
    "                            format that 'clunroll train --print-recipe' writes\n"
    "  --set KEY=VALUE           changes a number of the recipe (decay=0.5), or of its stages (rate=1e-4, 2.rate=1e-4);\n"
    "                            clunroll(1) lists the keys\n"
    "  --schedule A,B,…          fixed numbers of steps for the recipe's stages, or one for all\n";
/* clang-format on */

/* ---- numbers ---- */

clu_status parse_whole(const char *what, const char *text, uint64_t least, uint64_t most, uint64_t *value, clu_error *error)
{
	bool digits = text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
	errno = 0;
	uintmax_t number = digits ? strtoumax(text, NULL, 10) : 0;
	if (!digits || errno != 0 || number < least || number > most)
		return clu_fail(
		    error, CLU_ARGUMENT, "%s %.80s: wanted a whole number from %" PRIu64 " to %" PRIu64, what, text, least, most);
	*value = number;
	return CLU_OK;
}

/* strtod alone would take blanks, hexadecimal numbers, nan and infinity. */
static bool read_real(const char *text, double *value, const char **end)
{
	char *stop;
	errno = 0;
	*value = strtod(text, &stop);
	*end = stop;
	size_t length = (size_t)(stop - text);
	return length > 0 && strspn(text, "0123456789.eE+-") >= length && !(errno == ERANGE && fabs(*value) > 1.0);
}

clu_status parse_real(const char *what, const char *text, double least, double most, double *value, clu_error *error)
{
	double number;
	const char *end;
	if (!read_real(text, &number, &end) || *end != '\0' || !(number >= least && number <= most))
		return clu_fail(error, CLU_ARGUMENT, "%s %.80s: wanted a number from %g to %g", what, text, least, most);
	*value = number;
	return CLU_OK;
}

clu_status parse_lane_count(const char *text, uint32_t *lanes, clu_error *error)
{
	enum { LANES_MAX = 4096 };
	uint64_t value = 0;
	if (strcmp(text, "auto") != 0) CLU_TRY(parse_whole("--lanes", text, 1, LANES_MAX, &value, error));
	*lanes = (uint32_t)value;
	return CLU_OK;
}

clu_status parse_duration(const char *what, const char *text, double *seconds, clu_error *error)
{
	static const struct {
		const char *unit;
		double seconds;
	} units[] = {{"", 1}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};
	double number;
	const char *end;
	if (read_real(text, &number, &end) && number >= 0 && number < 1e9) {
		for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
			if (strcmp(end, units[i].unit) == 0) {
				*seconds = number * units[i].seconds;
				return CLU_OK;
			}
		}
	}
	return clu_fail(error, CLU_ARGUMENT, "%s %.80s: wanted a time such as 90s, 15m, 8h or 2d", what, text);
}

clu_status parse_duration_at_least(const char *what, const char *text, double least, double *seconds, clu_error *error)
{
	CLU_TRY(parse_duration(what, text, seconds, error));
	if (*seconds >= least) return CLU_OK;
	return clu_fail(error, CLU_ARGUMENT, "%s %s: must be %g s at least", what, text, least);
}

clu_status parse_bytes(const char *what, const char *text, uint64_t *bytes, clu_error *error)
{
	static const char units[] = "KMGT";
	double number;
	const char *end;
	if (read_real(text, &number, &end) && number >= 0) {
		const char *unit = *end ? strchr(units, *end) : NULL;
		for (const char *u = units; unit && u <= unit; u++) number *= 1024;
		if ((!*end || (unit && !end[1])) && number < 1e18) {
			*bytes = (uint64_t)number;
			return CLU_OK;
		}
	}
	return clu_fail(error, CLU_ARGUMENT, "%s %.80s: wanted a number of bytes such as 500M or 20G", what, text);
}

/* ---- settings ---- */

clu_status settings_default(settings *options, const char *recipe, clu_error *error)
{
	memset(options, 0, sizeof *options);
	options->problem = clu_problem_default();
	options->layers = 16;
	options->batch = 128;
	options->seed = 1;
	return clu_recipe_load(recipe, &options->recipe, error);
}

void settings_release(settings *options)
{
	char **texts[] = {&options->dictionary, &options->train_x, &options->train_b, &options->validation_x, &options->validation_b,
	    &options->test_x, &options->test_b, &options->recipe_changes, &options->schedule};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		free(*texts[i]);
		*texts[i] = NULL;
	}
}

void settings_forget_sets(settings *options)
{
	char **texts[] = {
	    &options->train_x, &options->train_b, &options->validation_x, &options->validation_b, &options->test_x, &options->test_b};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		free(*texts[i]);
		*texts[i] = NULL;
	}
	const clu_problem usual = clu_problem_default();
	options->problem.train = usual.train;
	options->problem.validation = usual.validation;
	options->problem.test = usual.test;
}

const char *settings_input(const settings *options, const char *path)
{
	const struct {
		const char *option, *file;
	} inputs[] = {
	    {"--dictionary", options->dictionary},
	    {"--train-set", options->train_x},
	    {"--train-measurements", options->train_b},
	    {"--validation-set", options->validation_x},
	    {"--validation-measurements", options->validation_b},
	    {"--test-set", options->test_x},
	    {"--test-measurements", options->test_b},
	};
	for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++)
		if (inputs[i].file && path_same_file(inputs[i].file, path)) return inputs[i].option;
	return NULL;
}

static clu_status replace_text(char **text, const char *value, clu_error *error)
{
	char *copy = strdup(value);
	if (!copy) return clu_fail(error, CLU_MEMORY, "out of memory while reading options");
	free(*text);
	*text = copy;
	return CLU_OK;
}

/* Appends a line to *text. */
static clu_status append_line(char **text, const char *line, clu_error *error)
{
	size_t before = *text ? strlen(*text) : 0;
	char *longer = realloc(*text, before + strlen(line) + 2);
	if (!longer) return clu_fail(error, CLU_MEMORY, "out of memory while reading options");
	strcpy(longer + before, line);
	strcat(longer + before, "\n");
	*text = longer;
	return CLU_OK;
}

static clu_status whole32(const char *what, const char *text, uint32_t most, uint32_t *value, clu_error *error)
{
	uint64_t number;
	CLU_TRY(parse_whole(what, text, 1, most, &number, error));
	*value = (uint32_t)number;
	return CLU_OK;
}

static clu_status sample_count(const char *what, const char *text, size_t *value, clu_error *error)
{
	uint64_t number;
	CLU_TRY(parse_whole(what, text, 0, 1000000000, &number, error));
	*value = (size_t)number;
	return CLU_OK;
}

/* Of real settings 15 digits count, which is what JSON keeps: so they are the same bits after the way through a file. */
static double fifteen_digits(double value)
{
	char text[32];
	snprintf(text, sizeof text, "%.15g", value);
	return strtod(text, NULL);
}

static clu_status density(const char *text, double *value, clu_error *error)
{
	double number;
	CLU_TRY(parse_real("--density", text, 0, 1, &number, error));
	if (number == 0) return clu_fail(error, CLU_ARGUMENT, "--density %s: wanted above 0 and at most 1", text);
	*value = fifteen_digits(number);
	return CLU_OK;
}

static clu_status snr(const char *text, double *value, clu_error *error)
{
	double number = INFINITY;
	if (strcmp(text, "inf") != 0 && parse_real("--snr", text, -100, 300, &number, error) != CLU_OK)
		return clu_fail(error, CLU_ARGUMENT, "--snr %.80s: wanted a number of dB from -100 to 300, or inf for no noise", text);
	*value = fifteen_digits(number);
	return CLU_OK;
}

static clu_status real_setting(const char *option, const char *text, double least, double most, double *value, clu_error *error)
{
	double number;
	CLU_TRY(parse_real(option, text, least, most, &number, error));
	*value = fifteen_digits(number);
	return CLU_OK;
}

static const char *const codes_names[] = {[CLU_CODES_BERNOULLI_GAUSSIAN] = "bernoulli-gaussian", [CLU_CODES_GAMMA] = "gamma"};

const char *settings_codes_name(clu_codes codes)
{
	return codes_names[codes];
}

/* Shape and scale of gamma codes go when others are chosen. */
static clu_status choose_codes(const char *text, clu_problem *problem, clu_error *error)
{
	const clu_problem defaults = clu_problem_default();
	if (strcmp(text, codes_names[CLU_CODES_GAMMA]) == 0) {
		problem->codes = CLU_CODES_GAMMA;
		return CLU_OK;
	}
	if (strcmp(text, codes_names[CLU_CODES_BERNOULLI_GAUSSIAN]) != 0)
		return clu_fail(error, CLU_ARGUMENT, "--codes %.80s: wanted %s or %s", text, codes_names[CLU_CODES_BERNOULLI_GAUSSIAN],
		    codes_names[CLU_CODES_GAMMA]);
	problem->codes = CLU_CODES_BERNOULLI_GAUSSIAN;
	problem->gamma_shape = defaults.gamma_shape;
	problem->gamma_scale = defaults.gamma_scale;
	return CLU_OK;
}

static clu_status dictionary_rank(const char *text, uint32_t *rank, clu_error *error)
{
	uint64_t value;
	CLU_TRY(parse_whole("--dictionary-rank", text, 0, CLU_SIDE_MAX, &value, error));
	*rank = (uint32_t)value;
	return CLU_OK;
}

static clu_status apply_named(const char *name, settings *options, clu_error *error)
{
	const named_setting *setting;
	CLU_TRY(named_setting_find(name, &setting, error));
	return named_setting_apply(setting, options, error);
}

/* The text that an option keeps, or NULL when it is no option of that kind. */
static char **text_of_option(settings *options, int option)
{
	switch (option) {
	case OPTION_DICTIONARY: return &options->dictionary;
	case OPTION_TRAIN_SET: return &options->train_x;
	case OPTION_TRAIN_MEASUREMENTS: return &options->train_b;
	case OPTION_VALIDATION_SET: return &options->validation_x;
	case OPTION_VALIDATION_MEASUREMENTS: return &options->validation_b;
	case OPTION_TEST_SET: return &options->test_x;
	case OPTION_TEST_MEASUREMENTS: return &options->test_b;
	case OPTION_SCHEDULE: return &options->schedule;
	default: return NULL;
	}
}

static clu_status load_recipe(const char *value, clu_recipe *recipe, clu_error *error)
{
	clu_error inner;
	clu_status status = clu_recipe_load(value, recipe, &inner);
	if (status == CLU_OK) return status;
	return clu_fail(error, status == CLU_FORMAT ? CLU_ARGUMENT : status, "%s", inner.message);
}

static bool was_given(const settings *options, int option)
{
	return options->given >> (option - OPTION_FIRST) & 1u;
}

clu_status settings_option(settings *options, int option, const char *value, clu_error *error)
{
	clu_problem *problem = &options->problem;
	options->given |= option >= OPTION_FIRST && option < OPTION_FIRST + 32 ? 1u << (option - OPTION_FIRST) : 0;
	switch (option) {
	case OPTION_M: return whole32("--m", value, CLU_SIDE_MAX, &problem->m, error);
	case OPTION_N: return whole32("--n", value, CLU_SIDE_MAX, &problem->n, error);
	case OPTION_DENSITY: return density(value, &problem->density, error);
	case OPTION_SNR: return snr(value, &problem->snr_db, error);
	case OPTION_DATA_SEED: return parse_whole("--data-seed", value, 0, SEED_MAX, &problem->seed, error);
	case OPTION_TRAIN_SAMPLES: return sample_count("--train-samples", value, &problem->train, error);
	case OPTION_VALIDATION_SAMPLES: return sample_count("--validation-samples", value, &problem->validation, error);
	case OPTION_TEST_SAMPLES: return sample_count("--test-samples", value, &problem->test, error);
	case OPTION_CODES: return choose_codes(value, problem, error);
	case OPTION_GAMMA_SHAPE: return real_setting("--gamma-shape", value, 1e-3, 1e3, &problem->gamma_shape, error);
	case OPTION_GAMMA_SCALE: return real_setting("--gamma-scale", value, 1e-6, 1e6, &problem->gamma_scale, error);
	case OPTION_DICTIONARY_RANK: return dictionary_rank(value, &problem->rank, error);
	case OPTION_PERTURBATION: return real_setting("--perturbation", value, 0, 1e3, &problem->perturbation, error);
	case OPTION_SALT_PEPPER: return real_setting("--salt-pepper", value, 0, 1, &problem->salt_pepper, error);
	case OPTION_SETTING: return apply_named(value, options, error);
	case OPTION_LAYERS: return whole32("--layers", value, CLU_LAYERS_MAX, &options->layers, error);
	case OPTION_BATCH: return whole32("--batch", value, 1 << 20, &options->batch, error);
	case OPTION_SEED: return parse_whole("--seed", value, 0, SEED_MAX, &options->seed, error);
	case OPTION_RECIPE: return load_recipe(value, &options->recipe, error);
	case OPTION_SET: return append_line(&options->recipe_changes, value, error);
	default: break;
	}
	char **text = text_of_option(options, option);
	if (!text) return clu_fail(error, CLU_ARGUMENT, "option %d is none of the settings", option);
	if (value[0] == '\0') return clu_fail(error, CLU_ARGUMENT, "an empty text is no file name and no schedule");
	if (option == OPTION_DICTIONARY && !was_given(options, OPTION_DICTIONARY_RANK)) problem->rank = 0; /* it has its own */
	return replace_text(text, value, error);
}

/* An own dictionary decides m and n; settings that go into files say what was really used. */
static clu_status take_dictionary_sizes(settings *options, clu_error *error)
{
	clu_npy_reader *reader = NULL;
	CLU_TRY(clu_npy_open(options->dictionary, &reader, error));
	size_t rows = clu_npy_rows(reader), columns = clu_npy_columns(reader);
	clu_npy_close(reader);
	if (rows < 1 || rows > CLU_SIDE_MAX || columns < 1 || columns > CLU_SIDE_MAX)
		return clu_fail(error, CLU_FORMAT, "%s: found a dictionary of %zu×%zu, wanted sides from 1 to %d", options->dictionary,
		    rows, columns, CLU_SIDE_MAX);
	const uint32_t m = options->problem.m, n = options->problem.n;
	if ((was_given(options, OPTION_M) && m != rows) || (was_given(options, OPTION_N) && n != columns))
		return clu_fail(error, CLU_ARGUMENT, "--m %" PRIu32 ", --n %" PRIu32 ": dictionary %.300s is %zu×%zu, and its sizes count",
		    m, n, options->dictionary, rows, columns);
	options->problem.m = (uint32_t)rows;
	options->problem.n = (uint32_t)columns;
	return CLU_OK;
}

static clu_status change_recipe(settings *options, clu_error *error)
{
	clu_status status = CLU_OK;
	char *rest = NULL;
	for (char *change = options->recipe_changes ? strtok_r(options->recipe_changes, "\n", &rest) : NULL; change && status == CLU_OK;
	     change = strtok_r(NULL, "\n", &rest))
		status = recipe_change(&options->recipe, change, error);
	free(options->recipe_changes);
	options->recipe_changes = NULL;
	if (status == CLU_OK && options->schedule) status = clu_recipe_fix_lengths(&options->recipe, options->schedule, error);
	free(options->schedule);
	options->schedule = NULL;
	return status;
}

/* What would be ignored silently. */
static clu_status check_problem(const settings *options, clu_error *error)
{
	const clu_problem *problem = &options->problem, defaults = clu_problem_default();
	if (options->dictionary && problem->rank > 0)
		return clu_fail(error, CLU_ARGUMENT, "--dictionary %.300s has its own rank: --dictionary-rank %u wants to be 0 with it",
		    options->dictionary, problem->rank);
	if (problem->rank > problem->m || problem->rank > problem->n)
		return clu_fail(error, CLU_ARGUMENT, "--dictionary-rank %u: wanted at most the smaller side of %u×%u", problem->rank,
		    problem->m, problem->n);
	if (problem->codes == CLU_CODES_GAMMA) return CLU_OK;
	if (problem->gamma_shape != defaults.gamma_shape)
		return clu_fail(error, CLU_ARGUMENT, "--gamma-shape %g needs --codes gamma", problem->gamma_shape);
	if (problem->gamma_scale != defaults.gamma_scale)
		return clu_fail(error, CLU_ARGUMENT, "--gamma-scale %g needs --codes gamma", problem->gamma_scale);
	return CLU_OK;
}

static clu_status check_files(const settings *options, clu_error *error)
{
	const struct {
		const char *b_option, *b, *x_option, *x;
	} pairs[] = {
	    {"--train-measurements", options->train_b, "--train-set", options->train_x},
	    {"--validation-measurements", options->validation_b, "--validation-set", options->validation_x},
	    {"--test-measurements", options->test_b, "--test-set", options->test_x},
	};
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		if (pairs[i].b && !pairs[i].x)
			return clu_fail(error, CLU_ARGUMENT, "%s %s needs the codes that belong to it: %s", pairs[i].b_option, pairs[i].b,
			    pairs[i].x_option);
	}
	return CLU_OK;
}

/* A set from a file has as many samples as it has, and so has one that is held out from own codes. */
static clu_status check_sizes(const settings *options, clu_error *error)
{
	const clu_problem *problem = &options->problem;
	const struct {
		int id;
		const char *option, *file_option, *file;
		size_t count;
	} sets[] = {
	    {OPTION_TRAIN_SAMPLES, "--train-samples", "--train-set", options->train_x, problem->train},
	    {OPTION_VALIDATION_SAMPLES, "--validation-samples", "--validation-set", options->validation_x, problem->validation},
	    {OPTION_TEST_SAMPLES, "--test-samples", "--test-set", options->test_x, problem->test},
	};
	for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
		const bool none = sets[i].count == 0 && !sets[i].file; /* is held out */
		if (!was_given(options, sets[i].id) || (!sets[i].file && !options->train_x) || none) continue;
		return clu_fail(error, CLU_ARGUMENT, "%s %zu says nothing beside %s, whose samples %s", sets[i].option, sets[i].count,
		    sets[i].file ? sets[i].file_option : "--train-set", sets[i].file ? "are counted" : "are divided: a tenth is held out");
	}
	return CLU_OK;
}

/* Codes that are all read from a file, or held out from one, have the density and the kind that they have. */
static clu_status check_generation(const settings *options, clu_error *error)
{
	const clu_problem *problem = &options->problem;
	const bool tests_alone = options->test_x && problem->train == 0 && problem->validation == 0;
	const char *file_option = options->train_x ? "--train-set" : "--test-set";
	if (!options->train_x && !tests_alone) return CLU_OK;
	if (was_given(options, OPTION_CODES))
		return clu_fail(error, CLU_ARGUMENT, "--codes says nothing beside %s, whose codes are what they are", file_option);
	if (was_given(options, OPTION_DENSITY))
		return clu_fail(error, CLU_ARGUMENT, "--density %g says nothing beside %s, whose codes are what they are", problem->density,
		    file_option);
	return CLU_OK;
}

/* Measurements that all come from files have the noise that they have. */
static clu_status check_noise(const settings *options, clu_error *error)
{
	static const struct {
		int id;
		const char *option;
	} noise[] = {{OPTION_SNR, "--snr"}, {OPTION_SALT_PEPPER, "--salt-pepper"}, {OPTION_PERTURBATION, "--perturbation"}};
	const bool computed = (options->validation_x && !options->validation_b) || (options->test_x && !options->test_b);
	if (!options->train_b || computed) return CLU_OK;
	for (size_t i = 0; i < sizeof noise / sizeof *noise; i++)
		if (was_given(options, noise[i].id))
			return clu_fail(
			    error, CLU_ARGUMENT, "%s says nothing beside --train-measurements, which are what they are", noise[i].option);
	return CLU_OK;
}

clu_status settings_finish_data(settings *options, clu_error *error)
{
	CLU_TRY(check_files(options, error));
	CLU_TRY(check_problem(options, error));
	CLU_TRY(check_sizes(options, error));
	CLU_TRY(check_generation(options, error));
	CLU_TRY(check_noise(options, error));
	return options->dictionary ? take_dictionary_sizes(options, error) : CLU_OK;
}

/* From the head of the file, before a device is asked for and a study written: what would be found out when it is read. */
static clu_status check_own_codes(const settings *options, clu_error *error)
{
	clu_npy_reader *reader = NULL;
	CLU_TRY(clu_npy_open(options->train_x, &reader, error));
	const size_t rows = clu_npy_rows(reader), columns = clu_npy_columns(reader);
	clu_npy_close(reader);
	if (columns != options->problem.n)
		return clu_fail(error, CLU_FORMAT, "%s has rows of %zu values, wanted %" PRIu32 ", as many as the dictionary has columns",
		    options->train_x, columns, options->problem.n);
	const size_t part = rows / CLU_HELD_OUT_PART > 0 ? rows / CLU_HELD_OUT_PART : 1;
	const size_t held_out = (options->validation_x ? 0 : part) + (options->test_x || options->problem.test == 0 ? 0 : part);
	if (rows >= held_out + options->batch) return CLU_OK;
	return clu_fail(error, CLU_ARGUMENT,
	    "--batch %" PRIu32 " is larger than what %s has to train on: %zu samples, of which %zu are held out", options->batch,
	    options->train_x, rows, held_out);
}

clu_status settings_finish(settings *options, clu_error *error)
{
	CLU_TRY(change_recipe(options, error));
	CLU_TRY(settings_finish_data(options, error));
	if (options->problem.validation == 0 && !options->validation_x)
		return clu_fail(error, CLU_ARGUMENT, "--validation-samples 0: training needs a validation set");
	if (options->train_x) return check_own_codes(options, error);
	if (options->problem.train >= options->batch) return CLU_OK;
	return clu_fail(
	    error, CLU_ARGUMENT, "--batch %u is larger than the training set of %zu samples", options->batch, options->problem.train);
}

clu_status settings_data(const settings *options, clu_data **data, clu_error *error)
{
	clu_data_files files = {
	    .dictionary = options->dictionary,
	    .train_x = options->train_x,
	    .train_b = options->train_b,
	    .validation_x = options->validation_x,
	    .validation_b = options->validation_b,
	    .test_x = options->test_x,
	    .test_b = options->test_b,
	};
	return clu_data_create(&options->problem, &files, data, error);
}

bool settings_measure_exactly(const settings *options)
{
	const clu_problem *problem = &options->problem;
	if (options->train_b || options->validation_b || options->test_b) return false;
	return isinf(problem->snr_db) && problem->perturbation == 0 && problem->salt_pepper == 0;
}

bool settings_have_files(const settings *options)
{
	return options->dictionary || options->train_x || options->validation_x || options->test_x;
}
