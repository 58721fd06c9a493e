/* settings_json.c: settings as one JSON object, back again, and what differs between two.
 *
 * The recipe is one string, the text that clu_recipe_print writes; an SNR without noise is the string "inf"; file names are
 * absolute, so that a model or a study can be used from another directory. Keys that the reader does not know are left alone.
 * What came with a later version is written only where it is not the default: a study from before still has equal settings. */
#include "settings_json.h"

#include "path.h"
#include "status.h"

#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *key;
	size_t offset;
} file_keys[] = {
    {"dictionary", offsetof(settings, dictionary)},
    {"train_set", offsetof(settings, train_x)},
    {"train_measurements", offsetof(settings, train_b)},
    {"validation_set", offsetof(settings, validation_x)},
    {"validation_measurements", offsetof(settings, validation_b)},
    {"test_set", offsetof(settings, test_x)},
    {"test_measurements", offsetof(settings, test_b)},
};
enum { FILE_KEYS = sizeof file_keys / sizeof *file_keys };

static char **file_of(settings *options, size_t i)
{
	return (char **)(void *)((char *)options + file_keys[i].offset);
}

static void add_where_set(cJSON *json, const char *key, double value)
{
	if (value != 0) cJSON_AddNumberToObject(json, key, value);
}

static void add_codes(cJSON *json, const clu_problem *problem)
{
	if (problem->codes == CLU_CODES_BERNOULLI_GAUSSIAN) return;
	cJSON_AddStringToObject(json, "codes", settings_codes_name(problem->codes));
	cJSON_AddNumberToObject(json, "gamma_shape", problem->gamma_shape);
	cJSON_AddNumberToObject(json, "gamma_scale", problem->gamma_scale);
}

cJSON *settings_to_json(const settings *source)
{
	settings copy = *source; /* file_of wants it writable */
	const clu_problem *problem = &copy.problem;
	cJSON *json = cJSON_CreateObject();
	cJSON_AddNumberToObject(json, "m", problem->m);
	cJSON_AddNumberToObject(json, "n", problem->n);
	cJSON_AddNumberToObject(json, "density", problem->density);
	if (isinf(problem->snr_db))
		cJSON_AddStringToObject(json, "snr_db", "inf");
	else
		cJSON_AddNumberToObject(json, "snr_db", problem->snr_db);
	cJSON_AddNumberToObject(json, "data_seed", (double)problem->seed);
	cJSON_AddNumberToObject(json, "train_samples", (double)problem->train);
	cJSON_AddNumberToObject(json, "validation_samples", (double)problem->validation);
	cJSON_AddNumberToObject(json, "test_samples", (double)problem->test);
	add_codes(json, problem);
	add_where_set(json, "dictionary_rank", problem->rank);
	add_where_set(json, "perturbation", problem->perturbation);
	add_where_set(json, "salt_pepper", problem->salt_pepper);
	for (size_t i = 0; i < FILE_KEYS; i++) {
		if (!*file_of(&copy, i)) continue;
		char *path = path_absolute(*file_of(&copy, i));
		cJSON_AddStringToObject(json, file_keys[i].key, path ? path : *file_of(&copy, i));
		free(path);
	}
	cJSON_AddNumberToObject(json, "layers", copy.layers);
	cJSON_AddNumberToObject(json, "batch", copy.batch);
	cJSON_AddNumberToObject(json, "seed", (double)copy.seed);
	char recipe[CLU_RECIPE_TEXT];
	clu_recipe_print(&copy.recipe, recipe);
	cJSON_AddStringToObject(json, "recipe", recipe);
	return json;
}

/* Hands the value of a key to the command line's own checks, as text. A key that is missing leaves the default. */
static clu_status take(const cJSON *json, const char *key, int option, settings *options, clu_error *error)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);
	if (!item) return CLU_OK;
	char number[32];
	const char *text = cJSON_GetStringValue(item);
	if (cJSON_IsNumber(item)) {
		snprintf(number, sizeof number, "%.17g", item->valuedouble);
		text = number;
	}
	if (!text) return clu_fail(error, CLU_FORMAT, "settings: \"%s\" is neither a number nor a text", key);
	clu_error inner;
	clu_status status = settings_option(options, option, text, &inner);
	return status == CLU_OK ? status : clu_fail(error, CLU_FORMAT, "settings: \"%s\": %.700s", key, inner.message);
}

clu_status settings_from_json(const cJSON *json, settings *options, clu_error *error)
{
	static const struct {
		const char *key;
		int option;
	} keys[] = {
	    {"m", OPTION_M},
	    {"n", OPTION_N},
	    {"density", OPTION_DENSITY},
	    {"snr_db", OPTION_SNR},
	    {"data_seed", OPTION_DATA_SEED},
	    {"train_samples", OPTION_TRAIN_SAMPLES},
	    {"validation_samples", OPTION_VALIDATION_SAMPLES},
	    {"test_samples", OPTION_TEST_SAMPLES},
	    {"codes", OPTION_CODES},
	    {"gamma_shape", OPTION_GAMMA_SHAPE},
	    {"gamma_scale", OPTION_GAMMA_SCALE},
	    {"dictionary_rank", OPTION_DICTIONARY_RANK},
	    {"perturbation", OPTION_PERTURBATION},
	    {"salt_pepper", OPTION_SALT_PEPPER},
	    {"dictionary", OPTION_DICTIONARY},
	    {"train_set", OPTION_TRAIN_SET},
	    {"train_measurements", OPTION_TRAIN_MEASUREMENTS},
	    {"validation_set", OPTION_VALIDATION_SET},
	    {"validation_measurements", OPTION_VALIDATION_MEASUREMENTS},
	    {"test_set", OPTION_TEST_SET},
	    {"test_measurements", OPTION_TEST_MEASUREMENTS},
	    {"layers", OPTION_LAYERS},
	    {"batch", OPTION_BATCH},
	    {"seed", OPTION_SEED},
	};
	clu_status status = settings_default(options, "paper", error);
	if (status != CLU_OK) return status;
	if (!cJSON_IsObject(json)) {
		status = clu_fail(error, CLU_FORMAT, "settings: wanted a JSON object");
		goto cleanup;
	}
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) CLU_GOTO(take(json, keys[i].key, keys[i].option, options, error));
	const cJSON *recipe = cJSON_GetObjectItemCaseSensitive(json, "recipe");
	if (recipe && !cJSON_IsString(recipe)) {
		status = clu_fail(error, CLU_FORMAT, "settings: \"recipe\" is not a text");
		goto cleanup;
	}
	if (recipe) CLU_GOTO(clu_recipe_parse(recipe->valuestring, &options->recipe, error));
	options->given = 0;

cleanup:
	if (status != CLU_OK) settings_release(options);
	return status;
}

void settings_print_hash(const clu_data *data, char text[SETTINGS_HASH_TEXT])
{
	snprintf(text, SETTINGS_HASH_TEXT, "%016" PRIx64, clu_data_hash(data));
}

void settings_print_dictionary_hash(const settings *options, const clu_data *data, char text[SETTINGS_HASH_TEXT])
{
	text[0] = '\0';
	if (options->dictionary)
		snprintf(text, SETTINGS_HASH_TEXT, "%016" PRIx64,
		    clu_hash_bytes(data->dictionary, (size_t)data->m * data->n * sizeof *data->dictionary));
}

/* ---- differences ---- */

static void print_difference(FILE *out, const char *key, const char *here, const char *there)
{
	if (ftell(out) > 0) fputs("; ", out);
	fprintf(out, "%s: %s here, %s there", key, here ? here : "none", there ? there : "none");
}

/* Cuts the first line off *rest; NULL at the end. */
static char *next_line(char **rest)
{
	char *line = *rest;
	if (!line || !*line) return NULL;
	char *end = strchr(line, '\n');
	*rest = end ? end + 1 : NULL;
	if (end) *end = '\0';
	return line;
}

/* Line by line, so that the message stays short. */
static void print_line_differences(FILE *out, const char *key, const char *here, const char *there)
{
	char *here_copy = strdup(here), *there_copy = strdup(there);
	char *here_rest = here_copy, *there_rest = there_copy;
	for (;;) {
		const char *here_line = next_line(&here_rest), *there_line = next_line(&there_rest);
		if (!here_line && !there_line) break;
		if (!here_line || !there_line || strcmp(here_line, there_line) != 0) print_difference(out, key, here_line, there_line);
	}
	free(here_copy);
	free(there_copy);
}

/* Recipes are different that train differently; each is shown as it would be printed now. */
static void compare_recipes(FILE *out, const char *key, const char *here, const char *there)
{
	clu_recipe recipes[2];
	char texts[2][CLU_RECIPE_TEXT];
	if (clu_recipe_parse(here, &recipes[0], NULL) != CLU_OK || clu_recipe_parse(there, &recipes[1], NULL) != CLU_OK) {
		print_line_differences(out, key, here, there);
		return;
	}
	if (clu_recipe_equal(&recipes[0], &recipes[1])) return;
	for (int i = 0; i < 2; i++) clu_recipe_print(&recipes[i], texts[i]);
	print_line_differences(out, key, texts[0], texts[1]);
}

static void compare_items(FILE *out, const char *key, const cJSON *here, const cJSON *there)
{
	if (cJSON_Compare(here, there, true)) return;
	if (strcmp(key, "recipe") == 0 && cJSON_IsString(here) && cJSON_IsString(there)) {
		compare_recipes(out, key, here->valuestring, there->valuestring);
		return;
	}
	char *here_text = here ? cJSON_PrintUnformatted(here) : NULL;
	char *there_text = there ? cJSON_PrintUnformatted(there) : NULL;
	print_difference(out, key, here_text, there_text);
	cJSON_free(here_text);
	cJSON_free(there_text);
}

char *settings_difference(const cJSON *here, const cJSON *there)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	if (!out) return NULL;
	const cJSON *item;
	cJSON_ArrayForEach(item, here)
	{
		compare_items(out, item->string, item, cJSON_GetObjectItemCaseSensitive(there, item->string));
	}
	cJSON_ArrayForEach(item, there)
	{
		if (!cJSON_GetObjectItemCaseSensitive(here, item->string)) compare_items(out, item->string, NULL, item);
	}
	return fclose(out) == 0 ? text : NULL;
}
