/* test_arch.c: architectures. The named ones against the integers as they were published, notation there and back, what is
 * refused and how the message names it, origins against their definition. */
#include "clunroll.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SEARCHED "0_0_0_2_1_3_14_42_48_249_284_4_152_328_4888_12193"

static void test_names_are_the_published_integers(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		uint32_t layers;
		const char *notation;
		uint32_t extra_count;
		const char *canonical;
	} cases[] = {
	    {"LISTA", 16, "0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0", 0, "LISTA"},
	    {"LFISTA", 16, "0_0_1_1_1_1_1_1_1_1_1_1_1_1_1_1", 14, "LFISTA"},
	    {"Dense", 16, "0_0_1_3_7_15_31_63_127_255_511_1023_2047_4095_8191_16383", 105, "Dense"},
	    {"Dense-LISTA", 16, "0_0_1_3_7_15_31_63_127_255_511_1023_2047_4095_8191_16383", 105, "Dense"},
	    {"Searched", 16, SEARCHED, 42, "Searched"},
	    {"searched", 0, SEARCHED, 42, "Searched"},
	    {"LISTA-last", 16, "0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_12193", 8, "LISTA-last"},
	    {"lfista-LAST", 0, "0_0_1_1_1_1_1_1_1_1_1_1_1_1_1_12193", 21, "LFISTA-last"},
	    {"LISTA-last", 15, "0_0_0_0_0_0_0_0_0_0_0_0_0_0_0", 0, "LISTA"},
	    {"LFISTA-last", 4, "0_0_1_1", 2, "LFISTA"},
	    {"dEnSe", 4, "0_0_1_3", 3, "Dense"},
	    {"Searched", 8, "0_0_0_2_1_3_14_42", 10, "Searched"},
	    {"LFISTA", 3, "0_0_1", 1, "LFISTA"},
	    {"Dense", 3, "0_0_1", 1, "LFISTA"},
	    {"Searched", 3, "0_0_0", 0, "LISTA"},
	    {"Dense", 2, "0_0", 0, "LISTA"},
	    {"LFISTA", 1, "0", 0, "LISTA"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		clu_arch arch;
		clu_error error;
		char text[CLU_ARCH_TEXT];
		print_message("%s at %u layers\n", cases[i].name, cases[i].layers);
		assert_int_equal(clu_arch_parse(cases[i].name, cases[i].layers, &arch, &error), CLU_OK);
		clu_arch_print(&arch, text);
		assert_string_equal(text, cases[i].notation);
		assert_int_equal(clu_arch_extra_count(&arch), cases[i].extra_count);
		assert_string_equal(clu_arch_name(&arch), cases[i].canonical);
	}
}

static void test_notation_there_and_back(void **state)
{
	(void)state;
	static const struct {
		const char *text, *printed; /* printed NULL: as written */
	} cases[] = {
	    {"0", NULL},
	    {"0:l", NULL},
	    {"0_0", NULL},
	    {"0_0_1_2:srls", NULL},
	    {"0_0_1_2:SRLS", "0_0_1_2:srls"},
	    {"0_0_1_2:psrl", NULL},
	    {"0_0_1_2:fsrl", NULL},
	    {"0_0_1_2:p", "0_0_1_2:pppp"},
	    {"0_0_1_2:R:1011", "0_0_1_2:rrrr:1011"},
	    {"0_0_1_2:s", "0_0_1_2"},
	    {"0_0_1_2:ssss", "0_0_1_2"},
	    {"0_0_1_2:ssss:1111", "0_0_1_2"},
	    {"0_0_1_2:ssss:1011", NULL},
	    {"0_0_1_2:rrrr:1111", "0_0_1_2:rrrr"},
	    {"0_0_1_2:rrrr:1000", NULL},
	    {"00_0_01", "0_0_1"},
	    {"0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_1073741823", NULL},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		clu_arch arch;
		clu_error error;
		char text[CLU_ARCH_TEXT];
		assert_int_equal(clu_arch_parse(cases[i].text, 0, &arch, &error), CLU_OK);
		clu_arch_print(&arch, text);
		assert_string_equal(text, cases[i].printed ? cases[i].printed : cases[i].text);
	}
}

static void test_longest_notation_fits(void **state)
{
	(void)state;
	clu_arch arch, again;
	clu_error error;
	char text[CLU_ARCH_TEXT];
	assert_int_equal(clu_arch_parse("Dense", CLU_LAYERS_MAX, &arch, &error), CLU_OK);
	memset(arch.neuron, CLU_NEURON_LEAKY, sizeof arch.neuron);
	memset(arch.side + 1, 0, sizeof arch.side - 1);
	clu_arch_print(&arch, text);
	assert_true(strlen(text) < CLU_ARCH_TEXT);
	assert_int_equal(clu_arch_parse(text, CLU_LAYERS_MAX, &again, &error), CLU_OK);
	assert_memory_equal(&arch, &again, sizeof arch);
}

static void test_only_plain_ones_have_names(void **state)
{
	(void)state;
	static const char *const cases[] = {"0_0_1_2", "LISTA:ssssssssssssssss:1111111111111110", "0_0:sr", "0_0_0_1"};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		clu_arch arch;
		assert_int_equal(clu_arch_parse(cases[i], 0, &arch, NULL), CLU_OK);
		assert_null(clu_arch_name(&arch));
	}
	clu_arch deep;
	assert_int_equal(clu_arch_parse("Dense", 17, &deep, NULL), CLU_OK);
	assert_string_equal(clu_arch_name(&deep), "Dense");
}

static void test_refused_with_the_place(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint32_t layers;
		const char *part, *part2; /* of the message */
	} cases[] = {
	    {"", 0, "unknown architecture", "LFISTA, Dense, Searched"},
	    {"resnet", 0, "unknown architecture \"resnet\"", "LISTA"},
	    {"LIST", 0, "unknown architecture", "LISTA"},
	    {"-1_0", 0, "unknown architecture", "-1_0"},
	    {"Searched", 17, "Searched has at most 16 layers", "wanted 17"},
	    {"LISTA-last", 17, "LISTA-last has at most 16 layers", "wanted 17"},
	    {"LISTA-", 0, "unknown architecture \"LISTA-\"", "LFISTA-last"},
	    {"Dense", 33, "33 layers", "1 to 32"},
	    {"0_0_2", 0, "layer 3, at character 5, is 2", "wanted 0 to 1"},
	    {"0_1", 0, "layer 2, at character 3, is 1", "wanted 0 to 0"},
	    {"0_0_4294967297", 0, "layer 3", "is 4294967297"},
	    {"0_0_18446744073709551616", 0, "layer 3", "wanted 0 to 1"},
	    {"0_0__1", 0, "at character 5, in layer 3", "wanted an integer"},
	    {"0_0_", 0, "at character 5, in layer 3", "wanted an integer"},
	    {"0,0,1", 0, "at character 2, in layer 1", "wanted an integer"},
	    {"0_0_1 ", 0, "at character 6, in layer 3", "wanted an integer"},
	    {"0_0_1", 4, "has 3 layers", "wanted 4"},
	    {"0_0_1", 2, "has 3 layers", "wanted 2"},
	    {"0_0_1:ss", 0, "at character 9, for layer 3 of 3", "'s' soft 'r' relu 'l' leaky"},
	    {"0_0_1:sxs", 0, "at character 8, for layer 2 of 3", "neuron's letter"},
	    {"0_0_1:ssss", 0, "unexpected \"s\" at character 10", ""},
	    {"0_0_1:sss:110x", 0, "unexpected \"x\" at character 14", ""},
	    {"0_0_1:sss:12", 0, "at character 12, for layer 2 of 3", "0 or 1"},
	    {"0_0_1:sss:011", 0, "side connection of layer 1 is 0", "no other input"},
	    {"LISTA:x", 2, "for layer 1 of 2", "neuron's letter"},
	    {"LISTA:p:1", 2, "for layer 2 of 2", "side connection"},
	    {"0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0", 0, "more than 32 layers", ""},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		clu_arch arch;
		clu_error error = {0};
		print_message("\"%s\": ", cases[i].text);
		assert_int_equal(clu_arch_parse(cases[i].text, cases[i].layers, &arch, &error), CLU_ARGUMENT);
		print_message("%s\n", error.message);
		assert_int_equal(error.status, CLU_ARGUMENT);
		assert_non_null(strstr(error.message, cases[i].part));
		assert_non_null(strstr(error.message, cases[i].part2));
	}
}

static void test_long_text_is_refused(void **state)
{
	(void)state;
	char text[5000];
	clu_arch arch;
	clu_error error = {0};
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	assert_int_equal(clu_arch_parse(text, 0, &arch, &error), CLU_ARGUMENT);
	assert_non_null(strstr(error.message, "known are LISTA"));
}

/* Origins as the notation defines them: x^(L−1), and x^(L−2−j) for each bit j. */
static void test_origins(void **state)
{
	(void)state;
	static const struct {
		uint32_t layer, origins; /* bit i−1 for x^(i) */
	} cases[] = {
	    {1, 0},
	    {2, 1 << 0},
	    {3, 1 << 1},
	    {4, 1 << 2 | 1 << 0},
	    {5, 1 << 3 | 1 << 2},
	    {6, 1 << 4 | 1 << 3 | 1 << 2},
	    {7, 1 << 5 | 1 << 3 | 1 << 2 | 1 << 1},
	    {12, 1 << 10 | 1 << 7},
	};
	clu_arch arch;
	assert_int_equal(clu_arch_parse("Searched", 16, &arch, NULL), CLU_OK);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		print_message("layer %u\n", cases[i].layer);
		assert_int_equal(clu_arch_origins(&arch, cases[i].layer), cases[i].origins);
	}
	assert_int_equal(clu_arch_parse("Dense", CLU_LAYERS_MAX, &arch, NULL), CLU_OK);
	for (uint32_t layer = 2; layer <= CLU_LAYERS_MAX; layer++) {
		assert_int_equal(clu_arch_origins(&arch, layer), (UINT32_C(1) << (layer - 1)) - 1);
	}
}

static void test_check_names_the_field(void **state)
{
	(void)state;
	clu_arch good, arch;
	clu_error error;
	assert_int_equal(clu_arch_parse("Searched", 16, &good, NULL), CLU_OK);
	assert_int_equal(clu_arch_check(&good, NULL), CLU_OK);

	arch = good, arch.layers = 0;
	assert_int_equal(clu_arch_check(&arch, &error), CLU_ARGUMENT);
	assert_non_null(strstr(error.message, "0 layers"));
	arch = good, arch.layers = 33;
	assert_int_equal(clu_arch_check(&arch, &error), CLU_ARGUMENT);
	arch = good, arch.extra[15] = 16384;
	assert_int_equal(clu_arch_check(&arch, &error), CLU_ARGUMENT);
	assert_non_null(strstr(error.message, "layer 16 are 16384, wanted 0 to 16383"));
	arch = good, arch.neuron[4] = CLU_NEURON_COUNT;
	assert_int_equal(clu_arch_check(&arch, &error), CLU_ARGUMENT);
	assert_non_null(strstr(error.message, "neuron of layer 5"));
	arch = good, arch.side[7] = 2;
	assert_int_equal(clu_arch_check(&arch, &error), CLU_ARGUMENT);
	assert_non_null(strstr(error.message, "layer 8 is 2"));
	arch = good, arch.side[0] = 0;
	assert_int_equal(clu_arch_check(&arch, &error), CLU_ARGUMENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names_are_the_published_integers),
	    cmocka_unit_test(test_notation_there_and_back),
	    cmocka_unit_test(test_longest_notation_fits),
	    cmocka_unit_test(test_only_plain_ones_have_names),
	    cmocka_unit_test(test_refused_with_the_place),
	    cmocka_unit_test(test_long_text_is_refused),
	    cmocka_unit_test(test_origins),
	    cmocka_unit_test(test_check_names_the_field),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
