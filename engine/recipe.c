/* recipe.c: how a network is trained, as data: recipes read from text, checked, printed, and the named ones.
 *
 * One table of fields for the recipe and one for its stages says what a key is, where it lies and what is allowed; reading,
 * errors and printing all follow it. What a recipe means is schedule.c's and the lanes' affair. */
#include "number.h"
#include "schedule.h"
#include "status.h"

#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* ---- the named recipes ---- */

/* Chen, Liu et al.'s stage-wise training: each stage until the validation NMSE stands still. */
static const char paper_text[] = "name paper\n"
                                 "form mean\n"
                                 "start ones\n"
                                 "threshold 0.4\n"
                                 "decay 0.3\n"
                                 "beta1 0.9\n"
                                 "beta2 0.999\n"
                                 "epsilon 1e-7\n"
                                 "validate_every 800\n"
                                 "stage variables=new rate=5e-4 patience=4000 cap=200000 keep=last\n"
                                 "stage variables=all rate=1e-4 patience=4000 cap=200000 keep=last\n"
                                 "stage variables=all rate=1e-5 patience=4000 cap=200000 keep=last\n";

/* One stage a layer; a new layer repeats the one before; the rate falls with depth: the better the network, the smaller the step
 * that still helps. The loss is what the NMSE measures, so that samples which are nearly right count as much as those that are not.
 * Rates under which the inner layers just get on leave weights that bear them; the last stage, in which all layers are trained for
 * the network's end, then gains most where its rate is already small. */
#define FAST(name, inner, last) \
	"name " name "\n" \
	"form sum\n" \
	"start repeat\n" \
	"threshold 0.4\n" \
	"decay 1\n" \
	"beta1 0.9\n" \
	"beta2 0.999\n" \
	"epsilon 1e-7\n" \
	"validate_every 800\n" \
	"stage variables=all part=inner rate=4e-3 fall=0.82 curve=cosine floor=1e-3 keep=best loss=log length=" inner "\n" \
	"stage variables=all part=last rate=4e-3 fall=0.82 curve=exponential floor=1e-3 keep=best loss=log length=" last "\n"
static const char fast_text[] = FAST("fast", "800", "2400");
static const char quick_text[] = FAST("quick", "400", "2400");

/* The matrices are computed, not trained (analytic weights, Liu, Chen, Wang and Yin 2019; here the regularised inverse, which
 * weighs noise too): a layer's threshold and coefficients are learned in a few steps. */
static const char analytic_text[] =
    "name analytic\n"
    "form sum\n"
    "start repeat\n"
    "threshold 0.4\n"
    "ridge 0.5\n"
    "decay 1\n"
    "beta1 0.9\n"
    "beta2 0.999\n"
    "epsilon 1e-7\n"
    "validate_every 100\n"
    "rate_w 0\n"
    "stage variables=all part=inner rate=4e-3 fall=0.82 curve=cosine floor=1e-3 keep=best loss=log length=100\n"
    "stage variables=all part=last rate=4e-3 fall=0.82 curve=exponential floor=1e-3 keep=best loss=log length=1200\n";

static const struct {
	const char *name, *text;
} named_recipes[] = {{"paper", paper_text}, {"fast", fast_text}, {"quick", quick_text}, {"analytic", analytic_text}};

/* ---- fields ---- */

typedef enum field_kind { FIELD_NAME, FIELD_WORD, FIELD_REAL, FIELD_WHOLE, FIELD_LAYERS } field_kind;
typedef enum field_range { RANGE_CLOSED, RANGE_ABOVE, RANGE_BELOW } field_range; /* ABOVE: not least; BELOW: not most */

enum { WORDS_MAX = 3 };
typedef struct recipe_field {
	const char *key;
	field_kind kind;
	size_t offset;
	const char *words[WORDS_MAX]; /* FIELD_WORD: the enumeration's values from 0 on */
	double least, most;           /* FIELD_REAL, FIELD_WHOLE */
	field_range range;
	bool optional; /* may be left out, and is where it has its usual value, so that texts stay what they were before the key was */
	double usual;
} recipe_field;

#define RECIPE(member) offsetof(clu_recipe, member)
#define STAGE(member) offsetof(clu_stage, member)
#define FACTOR_OF_RATE .kind = FIELD_REAL, .least = 0, .most = 1e3, .range = RANGE_ABOVE, .optional = true, .usual = 1

enum { RECIPE_FIELDS = 16, STAGE_FIELDS = 15 };

static const recipe_field recipe_fields[RECIPE_FIELDS] = {
    {.key = "name", .kind = FIELD_NAME, .offset = RECIPE(name)},
    {.key = "form", .kind = FIELD_WORD, .offset = RECIPE(form), .words = {"mean", "sum"}},
    {.key = "start", .kind = FIELD_WORD, .offset = RECIPE(start), .words = {"ones", "previous", "repeat"}},
    {.key = "threshold", .kind = FIELD_REAL, .offset = RECIPE(threshold), .least = 0, .most = 1e6},
    {.key = "ridge", .kind = FIELD_REAL, .offset = RECIPE(ridge), .most = 1e6, .optional = true},
    {.key = "select_slope", .kind = FIELD_REAL, .offset = RECIPE(select_slope), .most = 100, .optional = true, .usual = 1.2},
    {.key = "select_most", .kind = FIELD_REAL, .offset = RECIPE(select_most), .most = 100, .optional = true, .usual = 13},
    {.key = "decay", .kind = FIELD_REAL, .offset = RECIPE(decay), .least = 0, .most = 1},
    {.key = "beta1", .kind = FIELD_REAL, .offset = RECIPE(beta1), .least = 0, .most = 1, .range = RANGE_BELOW},
    {.key = "beta2", .kind = FIELD_REAL, .offset = RECIPE(beta2), .least = 0, .most = 1, .range = RANGE_BELOW},
    {.key = "epsilon", .kind = FIELD_REAL, .offset = RECIPE(epsilon), .least = 1e-30, .most = 1},
    {.key = "validate_every", .kind = FIELD_WHOLE, .offset = RECIPE(validate_every), .least = 1, .most = UINT32_MAX},
    {.key = "layers_at", .kind = FIELD_LAYERS, .offset = RECIPE(layers_at), .optional = true},
    {.key = "rate_w", .kind = FIELD_REAL, .offset = RECIPE(rate_w), .most = 1e3, .optional = true, .usual = 1},
    {.key = "rate_theta", FACTOR_OF_RATE, .offset = RECIPE(rate_theta)},
    {.key = "rate_coefficient", FACTOR_OF_RATE, .offset = RECIPE(rate_coefficient)},
};

/* In the order in which stage lines are printed. */
enum { STAGE_VARIABLES, STAGE_RATE, STAGE_RATE_LAST, STAGE_CURVE, STAGE_FLOOR, STAGE_LENGTH, STAGE_LENGTH_LAST };
static const recipe_field stage_fields[STAGE_FIELDS] = {
    {.key = "variables", .kind = FIELD_WORD, .offset = STAGE(variables), .words = {"new", "all"}},
    {.key = "rate", .kind = FIELD_REAL, .offset = STAGE(rate), .least = 0, .most = 1e30, .range = RANGE_ABOVE},
    {.key = "rate_last", .kind = FIELD_REAL, .offset = STAGE(rate_last), .least = 0, .most = 1e30, .range = RANGE_ABOVE},
    {.key = "curve", .kind = FIELD_WORD, .offset = STAGE(curve), .words = {"flat", "cosine", "exponential"}},
    {.key = "floor", .kind = FIELD_REAL, .offset = STAGE(floor), .least = 0, .most = 1},
    {.key = "length", .kind = FIELD_WHOLE, .offset = STAGE(length), .least = 0, .most = UINT32_MAX},
    {.key = "length_last", .kind = FIELD_WHOLE, .offset = STAGE(length_last), .least = 0, .most = UINT32_MAX},
    {.key = "patience", .kind = FIELD_WHOLE, .offset = STAGE(patience), .least = 0, .most = UINT32_MAX},
    {.key = "cap", .kind = FIELD_WHOLE, .offset = STAGE(cap), .least = 0, .most = UINT32_MAX},
    {.key = "keep", .kind = FIELD_WORD, .offset = STAGE(keep), .words = {"last", "best", "average"}},
    {.key = "loss", .kind = FIELD_WORD, .offset = STAGE(loss), .words = {"squares", "norm", "log"}, .optional = true},
    {.key = "clip", .kind = FIELD_REAL, .offset = STAGE(clip), .least = 0, .most = 1e12, .optional = true},
    {.key = "layers", .kind = FIELD_LAYERS, .offset = STAGE(layers), .optional = true},
    {.key = "fall", .kind = FIELD_REAL, .offset = STAGE(fall), .most = 1, .optional = true},
    {.key = "part", .kind = FIELD_WORD, .offset = STAGE(part), .words = {"all", "inner", "last"}, .optional = true},
};

static_assert(sizeof(clu_form) == sizeof(unsigned) && sizeof(clu_keep) == sizeof(unsigned), "enumerations are stored as unsigned");
static_assert(sizeof(unsigned) == sizeof(uint32_t) && CLU_LAYERS_MAX == 32, "a set of layers is 32 bits");

/* Value of a field that is no name; words and sets of layers by their numbers. */
static double get_number(const recipe_field *field, const void *base)
{
	const char *place = (const char *)base + field->offset;
	double real;
	uint32_t whole;
	if (field->kind == FIELD_REAL) {
		memcpy(&real, place, sizeof real);
		return real;
	}
	memcpy(&whole, place, sizeof whole);
	return whole;
}

static void set_number(const recipe_field *field, double value, void *base)
{
	char *place = (char *)base + field->offset;
	const uint32_t whole = (uint32_t)value;
	if (field->kind == FIELD_REAL)
		memcpy(place, &value, sizeof value);
	else
		memcpy(place, &whole, sizeof whole);
}

/* Gives the fields that a text may leave out their usual values. */
static void set_usual(const recipe_field *fields, unsigned count, void *base)
{
	for (unsigned i = 0; i < count; i++)
		if (fields[i].optional) set_number(&fields[i], fields[i].usual, base);
}

/* ---- reading ---- */

/* What is allowed for a field, in words. */
static void describe_wanted(const recipe_field *field, char text[96])
{
	static const char *const joins[] = {[RANGE_CLOSED] = " to", [RANGE_ABOVE] = ", up to", [RANGE_BELOW] = ", below"};
	const char *const *words = field->words;
	switch (field->kind) {
	case FIELD_NAME: snprintf(text, 96, "1 to 31 letters, digits or ._-"); break;
	case FIELD_WORD:
		if (words[2])
			snprintf(text, 96, "%s, %s or %s", words[0], words[1], words[2]);
		else
			snprintf(text, 96, "%s or %s", words[0], words[1]);
		break;
	case FIELD_LAYERS: snprintf(text, 96, "all, or ascending layers from 1 to %d, as in 1-4,6,9-", CLU_LAYERS_MAX); break;
	case FIELD_WHOLE: snprintf(text, 96, "a whole number from %.0f to %.0f", field->least, field->most); break;
	case FIELD_REAL:
		snprintf(text, 96, "a number %s %g%s %g", field->range == RANGE_ABOVE ? "above" : "from", field->least, joins[field->range],
		    field->most);
		break;
	}
}

static bool read_name(const char *text, char name[32])
{
	size_t length = strlen(text);
	if (length < 1 || length > 31) return false;
	for (size_t i = 0; i < length; i++) {
		if (!isalnum((unsigned char)text[i]) && !strchr("._-", text[i])) return false;
	}
	memcpy(name, text, length + 1);
	return true;
}

/* The number at *at, which moves behind it; 0 where there is no layer of that number. */
static uint32_t read_layer(const char **at)
{
	uint32_t layer = 0;
	for (; isdigit((unsigned char)**at); ++*at)
		if (layer <= CLU_LAYERS_MAX) layer = 10 * layer + (uint32_t)(**at - '0');
	return layer <= CLU_LAYERS_MAX ? layer : 0;
}

/* "all", or layers and ranges in ascending order: 1-4,6,9- (to the last there can be). */
static bool read_layers(const char *text, uint32_t *layers)
{
	uint32_t set = 0, highest = 0;
	*layers = 0;
	if (strcmp(text, "all") == 0) return true;
	for (const char *at = text;; at++) {
		const uint32_t first = read_layer(&at);
		uint32_t last = first;
		if (*at == '-') last = *++at ? read_layer(&at) : CLU_LAYERS_MAX;
		if (first <= highest || last < first || (*at && *at != ',')) return false;
		for (highest = first; highest <= last; highest++) set |= 1u << (highest - 1);
		highest = last;
		if (!*at) break;
	}
	*layers = set == UINT32_MAX ? 0 : set;
	return true;
}

/* Whether a field may have this value; words by their numbers. */
static bool allowed(const recipe_field *field, double value)
{
	switch (field->kind) {
	case FIELD_NAME:
	case FIELD_LAYERS: return true;
	case FIELD_WORD: return value < WORDS_MAX && field->words[(unsigned)value];
	case FIELD_WHOLE:
	case FIELD_REAL: break;
	}
	if (!(value >= field->least && value <= field->most)) return false;
	return !(field->range == RANGE_ABOVE && value == field->least) &&
	       !(field->range == RANGE_BELOW && (float)value >= (float)field->most); /* trained in float32 */
}

/* Puts the value into its place in the structure at `base`; false where it is not allowed. */
static bool read_value(const recipe_field *field, const char *text, void *base)
{
	double real;
	uint64_t whole;
	uint32_t word = 0;
	switch (field->kind) {
	case FIELD_NAME: return read_name(text, (char *)base + field->offset);
	case FIELD_WORD:
		while (word < WORDS_MAX && field->words[word] && strcmp(text, field->words[word]) != 0) word++;
		if (word == WORDS_MAX || !field->words[word]) return false;
		set_number(field, word, base);
		return true;
	case FIELD_LAYERS:
		if (!read_layers(text, &word)) return false;
		set_number(field, word, base);
		return true;
	case FIELD_WHOLE:
		if (!number_parse_whole(text, (uint64_t)field->most, &whole) || !allowed(field, (double)whole)) return false;
		set_number(field, (double)whole, base);
		return true;
	case FIELD_REAL:
		if (!number_parse(text, &real) || !allowed(field, real)) return false;
		set_number(field, real, base);
		return true;
	}
	return false;
}

/* Writes "a, b, c" of the fields' keys. */
enum { KEYS_TEXT = 320 };
static void list_keys(const recipe_field *fields, unsigned count, char text[KEYS_TEXT])
{
	char *at = text;
	for (unsigned i = 0; i < count; i++) at += snprintf(at, (size_t)(text + KEYS_TEXT - at), i ? ", %s" : "%s", fields[i].key);
}

/* Reads one key and its value; `seen` has a bit for each field that was there already. */
static clu_status read_field(const recipe_field *fields, unsigned count, const char *key, const char *value, unsigned line,
    void *base, unsigned *seen, clu_error *error)
{
	unsigned i = 0;
	while (i < count && strcmp(fields[i].key, key) != 0) i++;
	if (i == count) {
		char keys[KEYS_TEXT];
		list_keys(fields, count, keys);
		return clu_fail(error, CLU_FORMAT, "line %u: unknown key \"%.40s\", known are %s%s", line, key, keys,
		    fields == recipe_fields ? ", stage" : "");
	}
	if (*seen >> i & 1) return clu_fail(error, CLU_FORMAT, "line %u: %s is there twice", line, key);
	if (!read_value(&fields[i], value, base)) {
		char wanted[96];
		describe_wanted(&fields[i], wanted);
		return clu_fail(error, CLU_FORMAT, "line %u: %s is \"%.60s\", wanted %s", line, key, value, wanted);
	}
	*seen |= 1u << i;
	return CLU_OK;
}

static const double floor_least = 1e-12; /* an exponential never comes to 0 */

/* Finds what does not go together in the stage that `where` names. */
static clu_status check_stage(const clu_stage *stage, const char *where, clu_status status, clu_error *error)
{
	const bool endless = stage->length == 0 || stage->length_last == 0;
	if (endless && stage->patience == 0 && stage->cap == 0)
		return clu_fail(error, status, "%s: the stage never ends, wanted length= and length_last=, patience= or cap=", where);
	if (endless && stage->curve != CLU_CURVE_FLAT)
		return clu_fail(error, status, "%s: curve=%s needs length= and length_last= above 0", where,
		    stage_fields[STAGE_CURVE].words[stage->curve]);
	if (endless && stage->keep == CLU_KEEP_AVERAGE)
		return clu_fail(error, status, "%s: keep=average needs length= and length_last= above 0", where);
	if (stage->curve == CLU_CURVE_EXPONENTIAL && stage->floor < floor_least)
		return clu_fail(error, status, "%s: curve=exponential needs a floor= of at least %g", where, floor_least);
	return CLU_OK;
}

/* Fills in what a stage line left out, and finds what a line may not say twice. */
static clu_status complete_stage(clu_stage *stage, unsigned seen, unsigned line, clu_error *error)
{
	static const unsigned needed[] = {STAGE_VARIABLES, STAGE_RATE};
	char where[32];
	for (unsigned i = 0; i < sizeof needed / sizeof *needed; i++) {
		if (seen >> needed[i] & 1) continue;
		return clu_fail(error, CLU_FORMAT, "line %u: the stage has no %s=", line, stage_fields[needed[i]].key);
	}
	if (!(seen >> STAGE_RATE_LAST & 1)) stage->rate_last = stage->rate;
	if (stage->fall > 0 && stage->rate_last != stage->rate)
		return clu_fail(error, CLU_FORMAT,
		    "line %u: rate_last= and fall= both say how the rate changes with depth: leave one out, or fall=0", line);
	if (!(seen >> STAGE_LENGTH_LAST & 1)) stage->length_last = stage->length;
	snprintf(where, sizeof where, "line %u", line);
	return check_stage(stage, where, CLU_FORMAT, error);
}

/* Reads the key=value pairs of a stage line. */
static clu_status read_stage(char *pairs, unsigned line, clu_recipe *recipe, clu_error *error)
{
	if (recipe->stage_count == CLU_STAGES_MAX) {
		return clu_fail(error, CLU_FORMAT, "line %u: more than %d stages", line, CLU_STAGES_MAX);
	}
	clu_stage *stage = &recipe->stage[recipe->stage_count];
	unsigned seen = 0;
	set_usual(stage_fields, STAGE_FIELDS, stage);
	char *rest = NULL;
	for (char *pair = strtok_r(pairs, " \t", &rest); pair; pair = strtok_r(NULL, " \t", &rest)) {
		char *equals = strchr(pair, '=');
		if (!equals) return clu_fail(error, CLU_FORMAT, "line %u: \"%.60s\" in a stage, wanted key=value", line, pair);
		*equals = '\0';
		CLU_TRY(read_field(stage_fields, STAGE_FIELDS, pair, equals + 1, line, stage, &seen, error));
	}
	CLU_TRY(complete_stage(stage, seen, line, error));
	recipe->stage_count++;
	return CLU_OK;
}

/* Cuts comment and spaces off both ends of a line. */
static char *trim(char *line)
{
	line[strcspn(line, "#")] = '\0';
	while (isspace((unsigned char)*line)) line++;
	size_t length = strlen(line);
	while (length > 0 && isspace((unsigned char)line[length - 1])) length--;
	line[length] = '\0';
	return line;
}

static clu_status read_line(char *text, unsigned line, clu_recipe *recipe, unsigned *seen, clu_error *error)
{
	char *key = trim(text);
	if (!*key) return CLU_OK;
	char *value = key + strcspn(key, " \t");
	if (*value) *value++ = '\0';
	value = trim(value);
	if (strcmp(key, "stage") == 0) return read_stage(value, line, recipe, error);
	return read_field(recipe_fields, RECIPE_FIELDS, key, value, line, recipe, seen, error);
}

clu_status clu_recipe_parse(const char *text, clu_recipe *recipe, clu_error *error)
{
	clu_recipe read = {0};
	unsigned seen = 0;
	char *copy = strdup(text);
	if (!copy) return clu_fail(error, CLU_MEMORY, "out of memory for a recipe of %zu bytes", strlen(text));
	clu_status status = CLU_OK;
	unsigned line = 1;
	set_usual(recipe_fields, RECIPE_FIELDS, &read);
	for (char *at = copy, *next; at; at = next, line++) {
		next = strchr(at, '\n');
		if (next) *next++ = '\0';
		CLU_GOTO(read_line(at, line, &read, &seen, error));
	}
	for (unsigned i = 0; i < RECIPE_FIELDS; i++) {
		if (seen >> i & 1 || recipe_fields[i].optional) continue;
		status = clu_fail(error, CLU_FORMAT, "the recipe has no %s", recipe_fields[i].key);
		goto cleanup;
	}
	if (read.stage_count == 0)
		status = clu_fail(error, CLU_FORMAT, "the recipe has no stage");
	else
		*recipe = read;
cleanup:
	free(copy);
	return status;
}

/* CLU_ARGUMENT where one of the layers has no stage. */
static clu_status check_layers(const clu_recipe *recipe, uint32_t first_layer, uint32_t layers, clu_error *error)
{
	for (uint32_t layer = first_layer; layer <= layers; layer++) {
		uint32_t stages = 0;
		for (uint32_t i = 0; i < recipe->stage_count; i++) stages += schedule_runs(&recipe->stage[i], layer, layers);
		if (stages == 0 && clu_recipe_trains(recipe, layer, layers))
			return clu_fail(error, CLU_ARGUMENT,
			    "recipe %s has no stage for layer %" PRIu32 " of %" PRIu32
			    ": its stages' layers= must cover it, or layers_at leave it "
			    "out",
			    recipe->name, layer, layers);
	}
	return CLU_OK;
}

/* CLU_ARGUMENT where a field of the structure at `base` has a value that no text could give it. */
static clu_status check_fields(const recipe_field *fields, unsigned count, const void *base, const char *where, clu_error *error)
{
	for (unsigned i = 0; i < count; i++) {
		char wanted[96];
		if (fields[i].kind == FIELD_NAME || allowed(&fields[i], get_number(&fields[i], base))) continue;
		describe_wanted(&fields[i], wanted);
		return clu_fail(error, CLU_ARGUMENT, "%s: %s is %g, wanted %s", where, fields[i].key, get_number(&fields[i], base), wanted);
	}
	return CLU_OK;
}

clu_status clu_recipe_check(const clu_recipe *recipe, uint32_t first_layer, uint32_t layers, clu_error *error)
{
	char name[sizeof recipe->name];
	if (!memchr(recipe->name, '\0', sizeof recipe->name) || !read_name(recipe->name, name))
		return clu_fail(error, CLU_ARGUMENT, "the recipe's name is none, wanted 1 to 31 letters, digits or ._-");
	CLU_TRY(check_fields(recipe_fields, RECIPE_FIELDS, recipe, name, error));
	if (recipe->stage_count < 1 || recipe->stage_count > CLU_STAGES_MAX)
		return clu_fail(
		    error, CLU_ARGUMENT, "recipe %s has %" PRIu32 " stages, wanted 1 to %d", name, recipe->stage_count, CLU_STAGES_MAX);
	for (uint32_t i = 0; i < recipe->stage_count; i++) {
		char where[sizeof name + 32];
		snprintf(where, sizeof where, "recipe %s, stage %" PRIu32, name, i + 1);
		CLU_TRY(check_fields(stage_fields, STAGE_FIELDS, &recipe->stage[i], where, error));
		CLU_TRY(check_stage(&recipe->stage[i], where, CLU_ARGUMENT, error));
	}
	return check_layers(recipe, first_layer, layers, error);
}

clu_status clu_recipe_load(const char *name_or_path, clu_recipe *recipe, clu_error *error)
{
	for (size_t i = 0; i < sizeof named_recipes / sizeof *named_recipes; i++) {
		if (strcasecmp(named_recipes[i].name, name_or_path) == 0) return clu_recipe_parse(named_recipes[i].text, recipe, error);
	}
	clu_error inner = {0};
	void *bytes;
	size_t size;
	bool word = !strchr(name_or_path, '/') && access(name_or_path, F_OK) != 0;
	if (word)
		return clu_fail(
		    error, CLU_ARGUMENT, "recipe \"%.200s\" is none of paper, fast, quick, analytic and no file either", name_or_path);
	if (clu_file_read(name_or_path, &bytes, &size, &inner) != CLU_OK) {
		return clu_fail(error, inner.status, "recipe \"%.200s\" is none of paper, fast, quick, analytic and no file either: %s",
		    name_or_path, inner.message);
	}
	char *text = strndup(bytes, size);
	free(bytes);
	if (!text) return clu_fail(error, CLU_MEMORY, "out of memory for recipe %.200s", name_or_path);
	clu_status status = CLU_OK;
	if (strlen(text) != size)
		status = clu_fail(error, CLU_FORMAT, "recipe %.200s is no text: it holds a zero byte", name_or_path);
	else if (clu_recipe_parse(text, recipe, &inner) != CLU_OK) {
		status = clu_fail(error, inner.status, "recipe %.200s, %s", name_or_path, inner.message);
	}
	free(text);
	return status;
}

/* ---- printing ---- */

/* A set of layers as read_layers takes it; returns its length. */
static int print_layers(uint32_t layers, char *text)
{
	char *at = text;
	if (layers == 0) return sprintf(text, "all");
	for (uint32_t first = 1, last; first <= CLU_LAYERS_MAX; first = last + 1) {
		last = first;
		if (!(layers >> (first - 1) & 1u)) continue;
		while (last < CLU_LAYERS_MAX && layers >> last & 1u) last++;
		at += sprintf(at, at > text ? ",%" PRIu32 : "%" PRIu32, first);
		if (last > first) at += sprintf(at, "-%" PRIu32, last);
	}
	return (int)(at - text);
}

/* Writes a field's value; returns its length. */
static int print_value(const recipe_field *field, const void *base, char *text)
{
	const double number = field->kind == FIELD_NAME ? 0 : get_number(field, base);
	switch (field->kind) {
	case FIELD_NAME: return sprintf(text, "%s", (const char *)base + field->offset);
	case FIELD_WORD: return sprintf(text, "%s", field->words[(unsigned)number]);
	case FIELD_WHOLE: return sprintf(text, "%" PRIu32, (uint32_t)number);
	case FIELD_LAYERS: return print_layers((uint32_t)number, text);
	case FIELD_REAL: number_print(number, text); return (int)strlen(text);
	}
	return 0;
}

static bool left_out(const recipe_field *field, const void *base)
{
	return field->optional && get_number(field, base) == field->usual;
}

/* Where a stage's rate falls by a factor a layer, its last rate says nothing. */
static bool left_out_of_stage(unsigned field, const clu_stage *stage)
{
	return (field == STAGE_RATE_LAST && stage->fall > 0) || left_out(&stage_fields[field], stage);
}

void clu_recipe_print(const clu_recipe *recipe, char text[CLU_RECIPE_TEXT])
{
	char *at = text;
	for (unsigned i = 0; i < RECIPE_FIELDS; i++) {
		if (left_out(&recipe_fields[i], recipe)) continue;
		at += sprintf(at, "%s ", recipe_fields[i].key);
		at += print_value(&recipe_fields[i], recipe, at);
		*at++ = '\n';
	}
	for (uint32_t stage = 0; stage < recipe->stage_count; stage++) {
		at += sprintf(at, "stage");
		for (unsigned i = 0; i < STAGE_FIELDS; i++) {
			if (left_out_of_stage(i, &recipe->stage[stage])) continue;
			at += sprintf(at, " %s=", stage_fields[i].key);
			at += print_value(&stage_fields[i], &recipe->stage[stage], at);
		}
		*at++ = '\n';
	}
	*at = '\0';
}

/* ---- comparing ---- */

/* Whether a stage is run alike whatever the field has. */
static bool says_nothing(unsigned field, const clu_stage *stage)
{
	switch (field) {
	case STAGE_RATE_LAST: return stage->fall > 0;
	case STAGE_FLOOR: return stage->curve == CLU_CURVE_FLAT;
	case STAGE_LENGTH: return stage->part == CLU_PART_LAST;
	case STAGE_LENGTH_LAST: return stage->part == CLU_PART_INNER;
	default: return false;
	}
}

static bool equal_stages(const clu_stage *a, const clu_stage *b)
{
	for (unsigned i = 0; i < STAGE_FIELDS; i++)
		if (!says_nothing(i, a) && get_number(&stage_fields[i], a) != get_number(&stage_fields[i], b)) return false;
	return true;
}

bool clu_recipe_equal(const clu_recipe *a, const clu_recipe *b)
{
	if (a->stage_count != b->stage_count) return false;
	for (unsigned i = 0; i < RECIPE_FIELDS; i++) {
		const recipe_field *field = &recipe_fields[i];
		if (field->kind != FIELD_NAME && get_number(field, a) != get_number(field, b)) return false;
	}
	for (uint32_t stage = 0; stage < a->stage_count; stage++)
		if (!equal_stages(&a->stage[stage], &b->stage[stage])) return false;
	return true;
}

bool clu_recipe_has_key(const char *key)
{
	unsigned i = 0;
	while (i < RECIPE_FIELDS && strcmp(recipe_fields[i].key, key) != 0) i++;
	return i < RECIPE_FIELDS;
}
