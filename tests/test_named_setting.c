/* test_named_setting.c: what each name of --setting stands for, that names and options combine in the order given, and that help
 * and manual have them all. */
#include "support.h"

#include "named_setting.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const named_setting *find(const char *name)
{
	const named_setting *found = NULL;
	clu_error error;
	support_ok(named_setting_find(name, &found, &error), &error);
	assert_string_equal(found->name, name);
	return found;
}

/* The problem of `options`, pairs of option and value, on top of the defaults. */
struct pair {
	int option;
	const char *value;
};

static clu_problem problem_of(const struct pair *pairs, size_t count)
{
	settings given;
	clu_error error;
	support_ok(settings_default(&given, "paper", &error), &error);
	for (size_t i = 0; i < count && pairs[i].value; i++)
		support_ok(settings_option(&given, pairs[i].option, pairs[i].value, &error), &error);
	support_ok(settings_finish(&given, &error), &error);
	clu_problem problem = given.problem;
	settings_release(&given);
	return problem;
}

static void check_problem(const char *label, const clu_problem *got, const clu_problem *want)
{
	bool same = got->m == want->m && got->n == want->n && got->density == want->density && got->snr_db == want->snr_db &&
	            got->seed == want->seed && got->train == want->train && got->validation == want->validation &&
	            got->test == want->test && got->codes == want->codes && got->gamma_shape == want->gamma_shape &&
	            got->gamma_scale == want->gamma_scale && got->rank == want->rank && got->perturbation == want->perturbation &&
	            got->salt_pepper == want->salt_pepper;
	if (!same) fail_msg("%s stands for another problem", label);
}

static clu_problem changed(clu_problem change)
{
	clu_problem problem = clu_problem_default();
	if (change.m) problem.m = change.m;
	if (change.n) problem.n = change.n;
	if (change.snr_db != 0) problem.snr_db = change.snr_db;
	if (change.train) problem.train = change.train;
	if (change.validation) problem.validation = change.validation;
	if (change.gamma_shape != 0) problem.gamma_shape = change.gamma_shape;
	if (change.gamma_scale != 0) problem.gamma_scale = change.gamma_scale;
	problem.codes = change.codes;
	problem.rank = change.rank;
	problem.perturbation = change.perturbation;
	problem.salt_pepper = change.salt_pepper;
	return problem;
}

static void names_stand_for_the_rows(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		clu_problem change; /* fields that are not zero replace the defaults */
	} cases[] = {
	    {"noiseless", {.snr_db = INFINITY}},
	    {"snr40", {.snr_db = 40}},
	    {"snr20", {.snr_db = 20}},
	    {"gamma", {.codes = CLU_CODES_GAMMA, .gamma_shape = 0.1, .gamma_scale = 1}},
	    {"gamma-dense", {.codes = CLU_CODES_GAMMA, .gamma_shape = 1, .gamma_scale = 0.1}},
	    {"salt-pepper", {.salt_pepper = 0.01}},
	    {"perturbed", {.perturbation = 1e-3}},
	    {"samples10240", {.train = 10240, .validation = 1024}},
	    {"samples5120", {.train = 5120, .validation = 1024}},
	    {"size512", {.m = 512, .n = 1024}},
	    {"low-rank", {.m = 250, .n = 500, .rank = 200}},
	};
	assert_int_equal(named_setting_count, sizeof cases / sizeof *cases);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		clu_problem got = problem_of(&(struct pair){OPTION_SETTING, cases[i].name}, 1), want = changed(cases[i].change);
		check_problem(cases[i].name, &got, &want);
		assert_string_equal(find(cases[i].name)->name, named_settings[i].name);
	}
}

static void later_options_override(void **state)
{
	(void)state;
	static const struct {
		const char *label;
		struct pair pairs[4];
		clu_problem change;
	} cases[] = {
	    {"two names", {{OPTION_SETTING, "snr40"}, {OPTION_SETTING, "samples5120"}},
	        {.snr_db = 40, .train = 5120, .validation = 1024}},
	    {"the later name", {{OPTION_SETTING, "low-rank"}, {OPTION_SETTING, "size512"}}, {.m = 512, .n = 1024}},
	    {"the later option", {{OPTION_SETTING, "gamma"}, {OPTION_GAMMA_SHAPE, "0.5"}},
	        {.codes = CLU_CODES_GAMMA, .gamma_shape = 0.5}},
	    {"the name after options", {{OPTION_SALT_PEPPER, "0.5"}, {OPTION_M, "100"}, {OPTION_SETTING, "salt-pepper"}},
	        {.salt_pepper = 0.01, .m = 100}},
	    {"noise taken away", {{OPTION_SETTING, "perturbed"}, {OPTION_SNR, "10"}, {OPTION_SETTING, "noiseless"}},
	        {.snr_db = INFINITY}},
	    {"other codes again", {{OPTION_SETTING, "gamma-dense"}, {OPTION_CODES, "bernoulli-gaussian"}}, {.m = 250}},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		clu_problem got = problem_of(cases[i].pairs, 4), want = changed(cases[i].change);
		check_problem(cases[i].label, &got, &want);
	}
}

static void unknown_names_are_answered_with_the_known(void **state)
{
	(void)state;
	static const char *const unknown[] = {"", "snr", "SNR40", "snr40,snr20", "gamma "};
	for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
		const named_setting *found = NULL;
		clu_error error;
		assert_int_equal(named_setting_find(unknown[i], &found, &error), CLU_ARGUMENT);
		assert_non_null(strstr(error.message, unknown[i]));
		for (size_t k = 0; k < named_setting_count; k++) assert_non_null(strstr(error.message, named_settings[k].name));
	}
}

static void help_and_manual_have_the_names(void **state)
{
	(void)state;
	char *manual = support_read(TEST_DIR "/../frontend/clunroll.1", NULL);
	const char *section = strstr(manual, ".It Fl -setting Ar NAME\n");
	assert_non_null(section);
	for (size_t i = 0; i < named_setting_count; i++) {
		if (!strstr(section, named_settings[i].name)) fail_msg("the manual lacks the setting '%s'", named_settings[i].name);
		if (!strstr(settings_help_data, named_settings[i].name)) fail_msg("--help lacks '%s'", named_settings[i].name);
	}
	free(manual);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_stand_for_the_rows),
	    cmocka_unit_test(later_options_override),
	    cmocka_unit_test(unknown_names_are_answered_with_the_known),
	    cmocka_unit_test(help_and_manual_have_the_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
