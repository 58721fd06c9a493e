/* test_recipe.c: recipes as text. The named ones field by field against the protocol, printing there and back, what is refused
 * and how the message names it, and which are equal. */
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD "name own\nform sum\nstart ones\nthreshold 0.4\ndecay 1\nbeta1 0.9\nbeta2 0.999\nepsilon 1e-7\nvalidate_every 10\n"

static clu_recipe load(const char *name)
{
	clu_recipe recipe;
	clu_error error;
	support_ok(clu_recipe_load(name, &recipe, &error), &error);
	return recipe;
}

static void test_paper_is_the_protocol(void **state)
{
	(void)state;
	clu_recipe recipe = load("paper");
	static const double rates[] = {5e-4, 1e-4, 1e-5};
	assert_string_equal(recipe.name, "paper");
	assert_int_equal(recipe.form, CLU_FORM_MEAN);
	assert_int_equal(recipe.start, CLU_START_ONES);
	assert_true(recipe.threshold == 0.4 && recipe.decay == 0.3);
	assert_true(recipe.select_slope == 1.2 && recipe.select_most == 13 && recipe.ridge == 0);
	assert_true(recipe.beta1 == 0.9 && recipe.beta2 == 0.999 && recipe.epsilon == 1e-7);
	assert_int_equal(recipe.validate_every, 800);
	assert_int_equal(recipe.stage_count, 3);
	for (int i = 0; i < 3; i++) {
		const clu_stage *stage = &recipe.stage[i];
		assert_int_equal(stage->variables, i == 0 ? CLU_VARIABLES_NEW : CLU_VARIABLES_ALL);
		assert_true(stage->rate == rates[i] && stage->rate_last == rates[i]);
		assert_int_equal(stage->curve, CLU_CURVE_FLAT);
		assert_int_equal(stage->length, 0);
		assert_int_equal(stage->length_last, 0);
		assert_int_equal(stage->patience, 4000);
		assert_int_equal(stage->cap, 200000);
		assert_int_equal(stage->keep, CLU_KEEP_LAST);
	}
}

static void test_fast_and_quick(void **state)
{
	(void)state;
	for (int quick = 0; quick < 2; quick++) {
		clu_recipe recipe = load(quick ? "quick" : "fast");
		assert_string_equal(recipe.name, quick ? "quick" : "fast");
		assert_int_equal(recipe.form, CLU_FORM_SUM);
		assert_int_equal(recipe.start, CLU_START_REPEAT);
		assert_true(recipe.threshold == 0.4 && recipe.decay == 1.0);
		assert_true(recipe.beta1 == 0.9 && recipe.beta2 == 0.999 && recipe.epsilon == 1e-7);
		assert_int_equal(recipe.validate_every, 800);
		assert_int_equal(recipe.stage_count, 2);
		for (uint32_t i = 0; i < 2; i++) {
			const clu_stage *stage = &recipe.stage[i];
			assert_int_equal(stage->part, i == 0 ? CLU_PART_INNER : CLU_PART_LAST);
			assert_int_equal(stage->curve, i == 0 ? CLU_CURVE_COSINE : CLU_CURVE_EXPONENTIAL);
			assert_int_equal(stage->variables, CLU_VARIABLES_ALL);
			assert_true(stage->rate == 4e-3 && stage->fall == 0.82 && stage->floor == 1e-3);
			assert_int_equal(stage->length, i == 0 ? (quick ? 400 : 800) : 2400);
			assert_int_equal(stage->length_last, stage->length);
			assert_int_equal(stage->patience, 0);
			assert_int_equal(stage->cap, 0);
			assert_int_equal(stage->keep, CLU_KEEP_BEST);
			assert_int_equal(stage->loss, CLU_LOSS_LOG);
		}
	}
}

/* What these recipes always printed: models, studies and checkpoints hold it. */
static void test_named_texts_stay(void **state)
{
	(void)state;
	static const struct {
		const char *name, *text;
	} cases[] = {
	    {"paper", "name paper\nform mean\nstart ones\nthreshold 0.4\ndecay 0.3\nbeta1 0.9\nbeta2 0.999\nepsilon 1e-07\n"
	              "validate_every 800\n"
	              "stage variables=new rate=0.0005 rate_last=0.0005 curve=flat floor=0 length=0 length_last=0 patience=4000 "
	              "cap=200000 keep=last\n"
	              "stage variables=all rate=0.0001 rate_last=0.0001 curve=flat floor=0 length=0 length_last=0 patience=4000 "
	              "cap=200000 keep=last\n"
	              "stage variables=all rate=1e-05 rate_last=1e-05 curve=flat floor=0 length=0 length_last=0 patience=4000 "
	              "cap=200000 keep=last\n"},
	    {"fast", "name fast\nform sum\nstart repeat\nthreshold 0.4\ndecay 1\nbeta1 0.9\nbeta2 0.999\nepsilon 1e-07\n"
	             "validate_every 800\n"
	             "stage variables=all rate=0.004 curve=cosine floor=0.001 length=800 length_last=800 patience=0 "
	             "cap=0 keep=best loss=log fall=0.82 part=inner\n"
	             "stage variables=all rate=0.004 curve=exponential floor=0.001 length=2400 length_last=2400 "
	             "patience=0 cap=0 keep=best loss=log fall=0.82 part=last\n"},
	    {"analytic",
	        "name analytic\nform sum\nstart repeat\nthreshold 0.4\nridge 0.5\ndecay 1\nbeta1 0.9\nbeta2 0.999\nepsilon 1e-07\n"
	        "validate_every 100\nrate_w 0\n"
	        "stage variables=all rate=0.004 curve=cosine floor=0.001 length=100 length_last=100 patience=0 "
	        "cap=0 keep=best loss=log fall=0.82 part=inner\n"
	        "stage variables=all rate=0.004 curve=exponential floor=0.001 length=1200 length_last=1200 "
	        "patience=0 cap=0 keep=best loss=log fall=0.82 part=last\n"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[CLU_RECIPE_TEXT];
		clu_recipe recipe = load(cases[i].name);
		clu_recipe_print(&recipe, text);
		assert_string_equal(text, cases[i].text);
	}
}

static void assert_prints_back(const clu_recipe *recipe)
{
	char text[CLU_RECIPE_TEXT], again_text[CLU_RECIPE_TEXT];
	clu_recipe again;
	clu_error error;
	clu_recipe_print(recipe, text);
	assert_true(strlen(text) < CLU_RECIPE_TEXT);
	support_ok(clu_recipe_parse(text, &again, &error), &error);
	clu_recipe_print(&again, again_text);
	assert_string_equal(text, again_text);
	assert_string_equal(again.name, recipe->name);
	assert_memory_equal(&again.form, &recipe->form, sizeof again - offsetof(clu_recipe, form));
}

static void test_prints_there_and_back(void **state)
{
	(void)state;
	static const char *const names[] = {"paper", "fast", "quick", "analytic", "QUICK"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		clu_recipe recipe = load(names[i]);
		assert_prints_back(&recipe);
	}
	clu_recipe fixed = load("paper");
	clu_error error;
	support_ok(clu_recipe_fix_lengths(&fixed, "300,1200,301", &error), &error);
	assert_prints_back(&fixed);
	clu_recipe recipe = load("paper"); /* the longest text, with numbers that need all digits */
	memset(recipe.name, 'x', 31);
	recipe.name[31] = '\0';
	recipe.threshold = recipe.decay = recipe.beta1 = recipe.beta2 = recipe.epsilon = 1.0 / 3.0e9;
	recipe.select_slope = recipe.select_most = recipe.ridge = 1.0 / 3.0e9;
	recipe.validate_every = UINT32_MAX;
	recipe.layers_at = 0xdb6db6db;
	recipe.rate_w = recipe.rate_theta = recipe.rate_coefficient = 1.0 / 3.0e9;
	recipe.stage_count = CLU_STAGES_MAX;
	for (int i = 0; i < CLU_STAGES_MAX; i++) {
		recipe.stage[i] =
		    (clu_stage){CLU_VARIABLES_NEW, 1.0 / 3.0e9, 1.0 / 7.0e9, 0, CLU_CURVE_EXPONENTIAL, 1.0 / 9.0e9, UINT32_MAX, UINT32_MAX,
		        UINT32_MAX, UINT32_MAX, CLU_KEEP_BEST, CLU_LOSS_SQUARES, 1.0 / 3.0e9, 0xdb6db6db, CLU_PART_INNER};
	}
	assert_prints_back(&recipe);
}

static void test_defaults_comments_and_spaces(void **state)
{
	(void)state;
	clu_recipe recipe;
	clu_error error;
	support_ok(clu_recipe_parse(
	               "# own\r\n\n  name\town  # mine\nstage  variables=all\trate=1e-3 length=7 # one\nform mean\nstart previous\n"
	               "threshold 0\ndecay 0\nbeta1 0\nbeta2 0.5\nepsilon 1e-8\nvalidate_every 3\r\n"
	               "stage variables=new rate=2e-3 patience=9",
	               &recipe, &error),
	    &error);
	assert_string_equal(recipe.name, "own");
	assert_int_equal(recipe.stage_count, 2);
	assert_true(recipe.stage[0].rate_last == 1e-3);
	assert_int_equal(recipe.stage[0].length_last, 7);
	assert_int_equal(recipe.stage[0].curve, CLU_CURVE_FLAT);
	assert_int_equal(recipe.stage[0].keep, CLU_KEEP_LAST);
	assert_int_equal(recipe.stage[1].variables, CLU_VARIABLES_NEW);
	assert_int_equal(recipe.stage[1].patience, 9);
}

static void test_optional_keys(void **state)
{
	(void)state;
	static const char stage[] = "stage variables=all rate=0.5 rate_last=0.5 curve=flat floor=0 length=7 length_last=7 patience=0 "
	                            "cap=0 keep=last";
	clu_recipe recipe;
	clu_error error;
	char text[1024], printed[CLU_RECIPE_TEXT];
	support_ok(clu_recipe_parse(HEAD "stage variables=all rate=0.5 length=7\n", &recipe, &error), &error);
	assert_true(recipe.layers_at == 0 && recipe.stage[0].layers == 0 && recipe.stage[0].loss == CLU_LOSS_SQUARES);
	assert_true(recipe.rate_w == 1 && recipe.rate_theta == 1 && recipe.rate_coefficient == 1);
	snprintf(text, sizeof text,
	    HEAD "layers_at 1-3,8\nrate_w 0.5\nrate_theta 2\nrate_coefficient 3\n%s loss=norm layers=2\n%s loss=log clip=2.5 "
	         "layers=1,3-32\n",
	    stage, stage);
	support_ok(clu_recipe_parse(text, &recipe, &error), &error);
	assert_int_equal(recipe.layers_at, 0x87);
	assert_true(recipe.rate_w == 0.5 && recipe.rate_theta == 2 && recipe.rate_coefficient == 3);
	assert_true(recipe.stage[0].loss == CLU_LOSS_NORM && recipe.stage[0].layers == 2);
	assert_true(recipe.stage[1].loss == CLU_LOSS_LOG && recipe.stage[1].layers == 0xfffffffd);
	clu_recipe_print(&recipe, printed);
	assert_non_null(strstr(printed, "layers_at 1-3,8\nrate_w 0.5\nrate_theta 2\nrate_coefficient 3\n"));
	assert_non_null(strstr(printed, "keep=last loss=norm layers=2\n"));
	assert_non_null(strstr(printed, "keep=last loss=log clip=2.5 layers=1,3-32\n"));
	assert_prints_back(&recipe);
	/* usual values are not written */
	snprintf(text, sizeof text, HEAD "layers_at all\nrate_w 1\nrate_theta 1.0\n%s loss=squares layers=1-32\n", stage);
	support_ok(clu_recipe_parse(text, &recipe, &error), &error);
	clu_recipe_print(&recipe, printed);
	assert_null(strstr(printed, "layers"));
	assert_null(strstr(printed, "rate_w"));
	assert_null(strstr(printed, "rate_theta"));
	assert_null(strstr(printed, "loss"));
	assert_true(clu_recipe_has_key("layers_at") && clu_recipe_has_key("decay"));
	assert_false(clu_recipe_has_key("layers") || clu_recipe_has_key("rate") || clu_recipe_has_key("stage"));
}

static void test_sets_of_layers(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint32_t layers;
		const char *printed; /* "": not at all */
	} good[] = {{"1", 0x1, "1"}, {"32", 0x80000000, "32"}, {"1,2,3,4,6,8,11,16", 0x84af, "1-4,6,8,11,16"},
	    {"9-", 0xffffff00, "9-32"}, {"2-2,4-5", 0x1a, "2,4-5"}, {"1-31", 0x7fffffff, "1-31"}, {"1-", 0, ""}, {"01-2", 0x3, "1-2"}};
	static const char *const bad[] = {"0", "33", "", "-", "-3", "3-1", "2,1", "1,1", "1,,2", "1,", ",1", "1-2-3", "1-3,3", "9-,10",
	    "1;2", "x", "4294967297", "00000000033", "1-40", "All"};
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		char text[512], line[64], printed[CLU_RECIPE_TEXT];
		clu_recipe recipe;
		clu_error error;
		snprintf(text, sizeof text, HEAD "layers_at %s\nstage variables=all rate=1 length=1\n", good[i].text);
		support_ok(clu_recipe_parse(text, &recipe, &error), &error);
		assert_int_equal(recipe.layers_at, good[i].layers);
		clu_recipe_print(&recipe, printed);
		snprintf(line, sizeof line, "layers_at %s", good[i].printed);
		const char *found = strstr(printed, good[i].printed[0] ? line : "layers_at");
		if (!found != !good[i].printed[0] || (found && found[strlen(line)] != '\n'))
			fail_msg("%s: printed as %s", good[i].text, printed);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char text[512];
		clu_recipe recipe;
		clu_error error;
		snprintf(text, sizeof text, HEAD "stage variables=all rate=1 length=1 layers=%s\n", bad[i]);
		if (clu_recipe_parse(text, &recipe, &error) != CLU_FORMAT) fail_msg("'%s' was taken", bad[i]);
		if (!strstr(error.message, "ascending layers from 1 to 32")) fail_msg("'%s': %s", bad[i], error.message);
	}
}

/* Every layer that is to be trained needs a stage. */
static void test_layers_without_a_stage(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint32_t first_layer, layers;
		const char *named; /* NULL: nothing is missing */
	} cases[] = {
	    {HEAD "stage variables=all rate=1 length=1 layers=1-4\n", 1, 4, NULL},
	    {HEAD "stage variables=all rate=1 length=1 layers=1-4\n", 1, 5, "layer 5 of 5"},
	    {HEAD "stage variables=all rate=1 length=1 layers=1,3\n", 1, 3, "layer 2 of 3"},
	    {HEAD "layers_at 1,3\nstage variables=all rate=1 length=1 layers=1,3\n", 1, 3, NULL},
	    {HEAD "layers_at 1\nstage variables=all rate=1 length=1 layers=1\n", 1, 3, "layer 3 of 3"},
	    {HEAD "stage variables=all rate=1 length=1 layers=1\nstage variables=all rate=1 length=1 layers=2-\n", 1, 32, NULL},
	    {HEAD "stage variables=all rate=1 length=1 layers=4\n", 4, 4, NULL}, /* fine-tuning */
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		clu_recipe recipe;
		clu_error error;
		support_ok(clu_recipe_parse(cases[i].text, &recipe, &error), &error);
		const clu_status status = clu_recipe_check(&recipe, cases[i].first_layer, cases[i].layers, &error);
		assert_int_equal(status, cases[i].named ? CLU_ARGUMENT : CLU_OK);
		if (cases[i].named && !strstr(error.message, cases[i].named)) fail_msg("%s", error.message);
	}
}

/* What a structure filled in by hand may have and no text could give. */
static void test_fields_that_training_cannot_use(void **state)
{
	(void)state;
	clu_recipe recipe = load("fast");
	recipe.rate_theta = 0; /* left out */
	assert_int_equal(clu_recipe_check(&recipe, 1, 16, NULL), CLU_ARGUMENT);
	recipe = load("fast");
	recipe.beta1 = 1;
	assert_int_equal(clu_recipe_check(&recipe, 1, 16, NULL), CLU_ARGUMENT);
	recipe = load("fast");
	recipe.stage[0].curve = (clu_curve)3;
	assert_int_equal(clu_recipe_check(&recipe, 1, 16, NULL), CLU_ARGUMENT);
	recipe = load("paper");
	recipe.stage[2].patience = recipe.stage[2].cap = 0;
	clu_error error;
	assert_int_equal(clu_recipe_check(&recipe, 1, 16, &error), CLU_ARGUMENT);
	assert_non_null(strstr(error.message, "stage 3: the stage never ends"));
	static const double falls[] = {-0.5, 1.5, (double)NAN};
	for (size_t i = 0; i < sizeof falls / sizeof *falls; i++) {
		recipe = load("fast");
		recipe.stage[1].fall = falls[i];
		assert_int_equal(clu_recipe_check(&recipe, 1, 16, NULL), CLU_ARGUMENT);
	}
}

static void test_too_many_stages(void **state)
{
	(void)state;
	char text[4096] = HEAD;
	clu_recipe recipe;
	clu_error error;
	for (int i = 0; i < CLU_STAGES_MAX; i++) strcat(text, "stage variables=all rate=1 length=1\n");
	support_ok(clu_recipe_parse(text, &recipe, &error), &error);
	assert_int_equal(recipe.stage_count, CLU_STAGES_MAX);
	strcat(text, "stage variables=all rate=1 length=1\n");
	assert_int_equal(clu_recipe_parse(text, &recipe, &error), CLU_FORMAT);
	assert_non_null(strstr(error.message, "line 42: more than 32 stages"));
}

static void test_refused_with_line_key_and_value(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		const char *parts[3];
	} cases[] = {
	    {"", {"has no name"}},
	    {HEAD, {"has no stage"}},
	    {"name own\nform both\n", {"line 2", "form is \"both\"", "mean or sum"}},
	    {"name own\n\n# x\nstart twos\n", {"line 4", "start is \"twos\"", "ones, previous or repeat"}},
	    {"name own\nname other\n", {"line 2", "name is there twice"}},
	    {"name a/b\n", {"line 1", "\"a/b\"", "letters"}},
	    {"name\n", {"line 1", "name is \"\""}},
	    {"name 12345678901234567890123456789012\n", {"line 1", "1 to 31"}},
	    {"speed 3\n", {"line 1", "unknown key \"speed\"", "rate_coefficient, stage"}},
	    {"threshold nan\n", {"threshold is \"nan\"", "from 0 to 1e+06"}},
	    {"threshold -0.1\n", {"threshold is \"-0.1\""}},
	    {"decay 1.01\n", {"decay is \"1.01\"", "from 0 to 1"}},
	    {"select_most 101\n", {"select_most is \"101\"", "from 0 to 100"}},
	    {"beta2 1\n", {"beta2 is \"1\"", "from 0, below 1"}},
	    {"epsilon 0\n", {"epsilon is \"0\"", "from 1e-30"}},
	    {"beta1 0.99999999\n", {"beta1 is \"0.99999999\"", "below 1"}},
	    {"epsilon 1e-7 x\n", {"epsilon is \"1e-7 x\""}},
	    {"validate_every 0\n", {"validate_every is \"0\"", "from 1 to 4294967295"}},
	    {"validate_every 1.5\n", {"validate_every is \"1.5\""}},
	    {"validate_every 4294967296\n", {"validate_every is \"4294967296\""}},
	    {"stage variables=some\n", {"line 1", "variables is \"some\"", "new or all"}},
	    {"stage variables all\n", {"line 1", "\"variables\" in a stage", "key=value"}},
	    {"stage length=5\n", {"line 1", "no variables="}},
	    {"stage variables=all length=5\n", {"line 1", "no rate="}},
	    {"stage variables=all rate=0 length=5\n", {"rate is \"0\"", "above 0"}},
	    {"stage variables=all rate=1 speed=5\n", {"unknown key \"speed\"", "keep, loss, clip, layers, fall, part"}},
	    {"stage variables=all rate=1 rate=2\n", {"rate is there twice"}},
	    {"stage variables=all rate=1\n", {"never ends", "patience="}},
	    {"stage variables=all rate=1 length=5 length_last=0\n", {"never ends"}},
	    {"stage variables=all rate=1 patience=5 curve=cosine\n", {"cosine needs length="}},
	    {"stage variables=all rate=1 patience=5 floor=0.1 curve=exponential\n", {"exponential needs length="}},
	    {"stage variables=all rate=1 length=5 curve=exponential\n", {"line 1", "exponential needs a floor="}},
	    {"stage variables=all rate=1 patience=5 keep=average\n", {"line 1", "average needs length="}},
	    {"stage variables=all rate=1 length=5 keep=mean\n", {"line 1", "last, best or average"}},
	    {"stage variables=all rate=1 rate_last=2 fall=0.5 length=5\n", {"line 1", "rate_last= and fall=", "fall=0"}},
	    {"stage variables=all rate=1 fall=1.5 length=5\n", {"fall is \"1.5\"", "from 0 to 1"}},
	    {"stage variables=all rate=1 length=-5\n", {"length is \"-5\""}},
	    {"stage variables=all rate=1 loss=cubes\n", {"line 1", "loss is \"cubes\"", "squares, norm or log"}},
	    {"rate_w -1\n", {"line 1", "rate_w is \"-1\"", "from 0"}},
	    {"rate_theta 0\n", {"line 1", "rate_theta is \"0\"", "above 0"}},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		clu_recipe recipe = {.validate_every = 77};
		clu_error error = {0};
		assert_int_equal(clu_recipe_parse(cases[i].text, &recipe, &error), CLU_FORMAT);
		print_message("%s\n", error.message);
		for (int part = 0; part < 3 && cases[i].parts[part]; part++) assert_non_null(strstr(error.message, cases[i].parts[part]));
		assert_int_equal(recipe.validate_every, 77);
	}
}

static void test_files(void **state)
{
	(void)state;
	char *directory = support_directory_create(), *path = support_path(directory, "own.recipe");
	clu_recipe recipe;
	clu_error error = {0};
	static const char good[] = HEAD "stage variables=all rate=1 length=30\n";
	support_write(path, good, strlen(good));
	support_ok(clu_recipe_load(path, &recipe, &error), &error);
	assert_int_equal(recipe.stage[0].length, 30);
	support_write(path, "name own\nform x", 15);
	assert_int_equal(clu_recipe_load(path, &recipe, &error), CLU_FORMAT);
	assert_non_null(strstr(error.message, path));
	assert_non_null(strstr(error.message, "line 2: form is \"x\""));
	support_write(path, "name own\0form x", 16);
	assert_int_equal(clu_recipe_load(path, &recipe, &error), CLU_FORMAT);
	assert_non_null(strstr(error.message, "no text"));
	assert_int_equal(clu_recipe_load("papre", &recipe, &error), CLU_ARGUMENT);
	assert_non_null(strstr(error.message, "\"papre\" is none of paper, fast, quick, analytic"));
	free(path);
	support_directory_remove(directory);
}

/* Every field counts but the name, and what says nothing beside the rest. */
static void test_equal(void **state)
{
	(void)state;
	static const char base[] = HEAD "stage variables=all rate=0.5 fall=0.5 floor=0.1 length=7\n";
	static const struct {
		const char *text;
		bool equal;
	} cases[] = {
	    {HEAD "stage variables=all rate=0.5 rate_last=0.5 fall=0.5 length=7\n", true},
	    {HEAD "layers_at all\nstage variables=all rate=0.5 fall=0.5 length=7 length_last=7 keep=last\n", true},
	    {HEAD "stage variables=all rate=0.5 fall=0.5 length=7 length_last=8\n", false},
	    {HEAD "stage variables=new rate=0.5 fall=0.5 length=7\n", false},
	    {HEAD "stage variables=all rate=0.5 fall=0.4 length=7\n", false},
	    {HEAD "stage variables=all rate=0.5 length=7\n", false},
	    {HEAD "stage variables=all rate=0.5 fall=0.5 length=7 layers=1-3\n", false},
	    {HEAD "rate_w 0\nstage variables=all rate=0.5 fall=0.5 length=7\n", false},
	    {HEAD "ridge 1\nstage variables=all rate=0.5 fall=0.5 length=7\n", false},
	    {HEAD "rate_w 2\nstage variables=all rate=0.5 fall=0.5 length=7\n", false},
	    {HEAD "stage variables=all rate=0.5 fall=0.5 length=7\nstage variables=all rate=0.5 length=7\n", false},
	};
	clu_recipe one, other;
	clu_error error;
	support_ok(clu_recipe_parse(base, &one, &error), &error);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		support_ok(clu_recipe_parse(cases[i].text, &other, &error), &error);
		strcpy(other.name, "another");
		if (clu_recipe_equal(&one, &other) != cases[i].equal || clu_recipe_equal(&other, &one) != cases[i].equal)
			fail_msg("case %zu: %s", i, cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_paper_is_the_protocol),
	    cmocka_unit_test(test_fast_and_quick),
	    cmocka_unit_test(test_named_texts_stay),
	    cmocka_unit_test(test_prints_there_and_back),
	    cmocka_unit_test(test_defaults_comments_and_spaces),
	    cmocka_unit_test(test_optional_keys),
	    cmocka_unit_test(test_sets_of_layers),
	    cmocka_unit_test(test_layers_without_a_stage),
	    cmocka_unit_test(test_fields_that_training_cannot_use),
	    cmocka_unit_test(test_too_many_stages),
	    cmocka_unit_test(test_refused_with_line_key_and_value),
	    cmocka_unit_test(test_files),
	    cmocka_unit_test(test_equal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
