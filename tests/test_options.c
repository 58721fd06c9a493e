/* test_options.c: what command-line values are taken for, and which are refused with option and value named. */
#include "support.h"

#include "options.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void whole_numbers(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint64_t least, most, value;
		bool good;
	} cases[] = {
	    {"1", 1, 4096, 1, true},
	    {"4096", 1, 4096, 4096, true},
	    {"007", 0, 10, 7, true},
	    {"0", 0, 0, 0, true},
	    {"18446744073709551615", 0, UINT64_MAX, UINT64_MAX, true},
	    {"0", 1, 4096, 0, false},
	    {"4097", 1, 4096, 0, false},
	    {"", 0, 10, 0, false},
	    {"-1", 0, 10, 0, false},
	    {"+1", 0, 10, 0, false},
	    {" 1", 0, 10, 0, false},
	    {"1 ", 0, 10, 0, false},
	    {"1x", 0, 10, 0, false},
	    {"1.0", 0, 10, 0, false},
	    {"1e3", 0, 5000, 0, false},
	    {"0x10", 0, 100, 0, false},
	    {"18446744073709551616", 0, UINT64_MAX, 0, false},
	    {"99999999999999999999999", 0, UINT64_MAX, 0, false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint64_t value = 12345;
		clu_error error;
		clu_status status = parse_whole("--count", cases[i].text, cases[i].least, cases[i].most, &value, &error);
		if ((status == CLU_OK) != cases[i].good || value != (cases[i].good ? cases[i].value : 12345))
			fail_msg("'%s': status %d, value %llu", cases[i].text, status, (unsigned long long)value);
		if (!cases[i].good && (!strstr(error.message, "--count") || !strstr(error.message, cases[i].text)))
			fail_msg("'%s': message '%s'", cases[i].text, error.message);
	}
}

static void real_numbers(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		double least, most, value;
		bool good;
	} cases[] = {
	    {"0.1", 0, 1, 0.1, true},
	    {"1", 0, 1, 1, true},
	    {"1e-3", 0, 1, 1e-3, true},
	    {".5", 0, 1, .5, true},
	    {"-20", -100, 100, -20, true},
	    {"1e-400", 0, 1, 0, true},
	    {"1.0001", 0, 1, 0, false},
	    {"-0.1", 0, 1, 0, false},
	    {"", 0, 1, 0, false},
	    {" 1", 0, 1, 0, false},
	    {"1 ", 0, 1, 0, false},
	    {"0.5x", 0, 1, 0, false},
	    {"nan", 0, 1, 0, false},
	    {"inf", 0, 1, 0, false},
	    {"0x1", 0, 1, 0, false},
	    {"1e999", 0, INFINITY, 0, false},
	    {"1,5", 0, 2, 0, false},
	    {"--1", -2, 2, 0, false},
	    {"e", 0, 1, 0, false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		double value = 12345;
		clu_error error;
		clu_status status = parse_real("--share", cases[i].text, cases[i].least, cases[i].most, &value, &error);
		if ((status == CLU_OK) != cases[i].good || value != (cases[i].good ? cases[i].value : 12345))
			fail_msg("'%s': status %d, value %g", cases[i].text, status, value);
		if (!cases[i].good && !strstr(error.message, "--share")) fail_msg("'%s': message '%s'", cases[i].text, error.message);
	}
}

static void durations(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		double seconds; /* negative: refused */
	} cases[] = {
	    {"90", 90},
	    {"90s", 90},
	    {"15m", 900},
	    {"8h", 28800},
	    {"2d", 172800},
	    {"1.5h", 5400},
	    {"0", 0},
	    {"", -1},
	    {"-1s", -1},
	    {"h", -1},
	    {"8 h", -1},
	    {"8hh", -1},
	    {"8w", -1},
	    {"1h30m", -1},
	    {"1e300d", -1},
	    {"inf", -1},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		double seconds = -1;
		clu_error error;
		clu_status status = parse_duration("--time", cases[i].text, &seconds, &error);
		if ((status == CLU_OK) != (cases[i].seconds >= 0) || seconds != cases[i].seconds)
			fail_msg("'%s': status %d, %g s", cases[i].text, status, seconds);
	}
	double seconds;
	clu_error error;
	support_ok(parse_duration_at_least("--time", "0.5s", 0.5, &seconds, &error), &error);
	assert_true(seconds == 0.5);
	assert_int_equal(parse_duration_at_least("--time", "0.5s", 1, &seconds, &error), CLU_ARGUMENT);
	assert_non_null(strstr(error.message, "1 s at least"));
}

static void sizes_in_bytes(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool good;
		uint64_t bytes;
	} cases[] = {
	    {"0", true, 0},
	    {"1000", true, 1000},
	    {"1K", true, 1024},
	    {"1.5M", true, 1572864},
	    {"20G", true, UINT64_C(21474836480)},
	    {"2T", true, UINT64_C(2199023255552)},
	    {"", false, 0},
	    {"-1", false, 0},
	    {"G", false, 0},
	    {"2g", false, 0},
	    {"2GB", false, 0},
	    {"2 G", false, 0},
	    {"1e17", true, UINT64_C(100000000000000000)},
	    {"1e18", false, 0},
	    {"inf", false, 0},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint64_t bytes = 12345;
		clu_error error;
		const clu_status status = parse_bytes("--cap", cases[i].text, &bytes, &error);
		if ((status == CLU_OK) != cases[i].good || bytes != (cases[i].good ? cases[i].bytes : 12345))
			fail_msg("'%s': status %d, %llu bytes", cases[i].text, status, (unsigned long long)bytes);
		if (!cases[i].good) assert_non_null(strstr(error.message, "--cap"));
	}
}

/* Applies one option to the defaults. */
static clu_status with_option(int option, const char *value, settings *given, clu_error *error)
{
	support_ok(settings_default(given, "paper", error), error);
	return settings_option(given, option, value, error);
}

static void option_ranges(void **state)
{
	(void)state;
	static const struct {
		int option;
		const char *value;
		bool good;
	} cases[] = {
	    {OPTION_M, "1", true},
	    {OPTION_M, "4096", true},
	    {OPTION_M, "0", false},
	    {OPTION_M, "4097", false},
	    {OPTION_N, "0", false},
	    {OPTION_N, "4097", false},
	    {OPTION_LAYERS, "1", true},
	    {OPTION_LAYERS, "32", true},
	    {OPTION_LAYERS, "0", false},
	    {OPTION_LAYERS, "33", false},
	    {OPTION_BATCH, "1", true},
	    {OPTION_BATCH, "0", false},
	    {OPTION_BATCH, "-1", false},
	    {OPTION_DENSITY, "1", true},
	    {OPTION_DENSITY, "1e-3", true},
	    {OPTION_DENSITY, "0", false},
	    {OPTION_DENSITY, "1.1", false},
	    {OPTION_SNR, "inf", true},
	    {OPTION_SNR, "-10", true},
	    {OPTION_SNR, "nan", false},
	    {OPTION_SNR, "many", false},
	    {OPTION_SEED, "0", true},
	    {OPTION_SEED, "999999999999999", true},
	    {OPTION_SEED, "1000000000000000", false},
	    {OPTION_DATA_SEED, "-3", false},
	    {OPTION_TRAIN_SAMPLES, "0", true},
	    {OPTION_TEST_SAMPLES, "x", false},
	    {OPTION_CODES, "gamma", true},
	    {OPTION_CODES, "bernoulli-gaussian", true},
	    {OPTION_CODES, "Gamma", false},
	    {OPTION_CODES, "", false},
	    {OPTION_GAMMA_SHAPE, "1e-3", true},
	    {OPTION_GAMMA_SHAPE, "0", false},
	    {OPTION_GAMMA_SHAPE, "1001", false},
	    {OPTION_GAMMA_SCALE, "1e6", true},
	    {OPTION_GAMMA_SCALE, "-1", false},
	    {OPTION_GAMMA_SCALE, "1e-7", false},
	    {OPTION_DICTIONARY_RANK, "0", true},
	    {OPTION_DICTIONARY_RANK, "4096", true},
	    {OPTION_DICTIONARY_RANK, "4097", false},
	    {OPTION_DICTIONARY_RANK, "full", false},
	    {OPTION_PERTURBATION, "0", true},
	    {OPTION_PERTURBATION, "1e-3", true},
	    {OPTION_PERTURBATION, "-1e-3", false},
	    {OPTION_PERTURBATION, "inf", false},
	    {OPTION_SALT_PEPPER, "0", true},
	    {OPTION_SALT_PEPPER, "1", true},
	    {OPTION_SALT_PEPPER, "1.01", false},
	    {OPTION_SALT_PEPPER, "1%", false},
	    {OPTION_SETTING, "gamma", true},
	    {OPTION_SETTING, "no-such-setting", false},
	    {OPTION_DICTIONARY, "", false},
	    {OPTION_DICTIONARY, "D.npy", true},
	    {OPTION_RECIPE, "fast", true},
	    {OPTION_RECIPE, "no-such-recipe", false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		settings given;
		clu_error error;
		clu_status status = with_option(cases[i].option, cases[i].value, &given, &error);
		settings_release(&given);
		if ((status == CLU_OK) != cases[i].good) fail_msg("option %d '%s': status %d", cases[i].option, cases[i].value, status);
	}
}

static void defaults_are_the_papers(void **state)
{
	(void)state;
	settings given;
	clu_error error;
	support_ok(settings_default(&given, "paper", &error), &error);
	support_ok(settings_finish(&given, &error), &error);
	assert_int_equal(given.problem.m, 250);
	assert_int_equal(given.problem.n, 500);
	assert_int_equal(given.layers, 16);
	assert_int_equal(given.batch, 128);
	assert_int_equal(given.seed, 1);
	assert_string_equal(given.recipe.name, "paper");
	settings_release(&given);
}

/* --schedule and --set may come before --recipe: they mean the recipe that is used in the end. */
static void recipe_is_changed_at_the_end(void **state)
{
	(void)state;
	settings given;
	clu_error error;
	support_ok(settings_default(&given, "fast", &error), &error);
	support_ok(settings_option(&given, OPTION_SET, "decay=0.5", &error), &error);
	support_ok(settings_option(&given, OPTION_SCHEDULE, "30,120,30", &error), &error);
	support_ok(settings_option(&given, OPTION_SET, "2.rate=0.25", &error), &error);
	support_ok(settings_option(&given, OPTION_RECIPE, "paper", &error), &error);
	support_ok(settings_finish(&given, &error), &error);
	assert_string_equal(given.recipe.name, "paper");
	assert_true(given.recipe.decay == 0.5);
	assert_int_equal(given.recipe.stage[0].length, 30);
	assert_int_equal(given.recipe.stage[1].length, 120);
	assert_int_equal(given.recipe.stage[2].length, 30);
	assert_true(given.recipe.stage[1].rate == 0.25 && given.recipe.stage[0].rate == 5e-4);
	settings_release(&given);
}

struct setting {
	int option;
	const char *value;
};

static void contradictions(void **state)
{
	(void)state;
	static const struct {
		struct setting settings[4]; /* up to one without a value */
		const char *named;          /* in the message */
	} cases[] = {
	    {{{OPTION_BATCH, "129"}, {OPTION_TRAIN_SAMPLES, "128"}}, "--batch 129"},
	    {{{OPTION_VALIDATION_SAMPLES, "0"}}, "--validation-samples"},
	    {{{OPTION_SCHEDULE, "300,1200"}}, "300,1200"},
	    {{{OPTION_SCHEDULE, "300,1200,300,1"}}, "300,1200,300,1"},
	    {{{OPTION_TRAIN_MEASUREMENTS, "B.npy"}}, "--train-set"},
	    {{{OPTION_TEST_MEASUREMENTS, "B.npy"}}, "--test-set"},
	    {{{OPTION_TRAIN_SET, "X.npy"}, {OPTION_TRAIN_SAMPLES, "500"}}, "--train-samples 500"},
	    {{{OPTION_TRAIN_SET, "X.npy"}, {OPTION_VALIDATION_SAMPLES, "50"}}, "--validation-samples 50"},
	    {{{OPTION_TEST_SET, "X.npy"}, {OPTION_TEST_SAMPLES, "50"}}, "--test-samples 50"},
	    {{{OPTION_TRAIN_SET, "X.npy"}, {OPTION_DENSITY, "0.5"}}, "--density 0.5"},
	    {{{OPTION_TRAIN_SET, "X.npy"}, {OPTION_TRAIN_MEASUREMENTS, "B.npy"}, {OPTION_SNR, "20"}}, "--snr says nothing"},
	    {{{OPTION_TRAIN_SET, "X.npy"}, {OPTION_CODES, "gamma"}}, "--codes says nothing"},
	    {{{OPTION_SET, "no_such_key=1"}}, "no_such_key"},
	    {{{OPTION_DICTIONARY, "/no/such/D.npy"}}, "/no/such/D.npy"},
	    {{{OPTION_DICTIONARY, "D.npy"}, {OPTION_DICTIONARY_RANK, "3"}}, "--dictionary-rank 3"},
	    {{{OPTION_DICTIONARY_RANK, "251"}}, "--dictionary-rank 251"},
	    {{{OPTION_SETTING, "low-rank"}, {OPTION_M, "100"}}, "--dictionary-rank 200"},
	    {{{OPTION_GAMMA_SHAPE, "1"}}, "--codes gamma"},
	    {{{OPTION_CODES, "bernoulli-gaussian"}, {OPTION_GAMMA_SCALE, "2"}}, "--codes gamma"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		settings given;
		clu_error error;
		support_ok(settings_default(&given, "paper", &error), &error);
		for (const struct setting *setting = cases[i].settings; setting->value; setting++)
			support_ok(settings_option(&given, setting->option, setting->value, &error), &error);
		clu_status status = settings_finish(&given, &error);
		settings_release(&given);
		if (status == CLU_OK) fail_msg("case %zu (%s) passed", i, cases[i].named);
		if (!strstr(error.message, cases[i].named)) fail_msg("case %zu: '%s' lacks '%s'", i, error.message, cases[i].named);
	}
}

/* An own dictionary decides m and n, so that models and studies say what was used. */
static void dictionary_decides_sizes(void **state)
{
	(void)state;
	char *directory = support_directory_create(), *path = support_path(directory, "D.npy");
	clu_npy_writer *writer;
	clu_error error;
	static const float values[3 * 7] = {1};
	support_ok(clu_npy_create(path, 3, 7, &writer, &error), &error);
	support_ok(clu_npy_write(writer, 3, values, &error), &error);
	support_ok(clu_npy_commit(writer, &error), &error);
	settings given;
	support_ok(with_option(OPTION_DICTIONARY, path, &given, &error), &error);
	support_ok(settings_finish(&given, &error), &error);
	assert_int_equal(given.problem.m, 3);
	assert_int_equal(given.problem.n, 7);
	support_ok(settings_finish(&given, &error), &error); /* sizes that agree are no contradiction */
	given.problem.m = 4;                                 /* what was stored is no contradiction either */
	support_ok(settings_finish(&given, &error), &error);
	support_ok(settings_option(&given, OPTION_M, "4", &error), &error);
	assert_int_equal(settings_finish(&given, &error), CLU_ARGUMENT);
	assert_non_null(strstr(error.message, "--m 4"));
	assert_string_equal(settings_input(&given, path), "--dictionary");
	assert_null(settings_input(&given, directory));
	settings_release(&given);
	free(path);
	support_directory_remove(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(whole_numbers),
	    cmocka_unit_test(real_numbers),
	    cmocka_unit_test(durations),
	    cmocka_unit_test(sizes_in_bytes),
	    cmocka_unit_test(option_ranges),
	    cmocka_unit_test(defaults_are_the_papers),
	    cmocka_unit_test(recipe_is_changed_at_the_end),
	    cmocka_unit_test(contradictions),
	    cmocka_unit_test(dictionary_decides_sizes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
