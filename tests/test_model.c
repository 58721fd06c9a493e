/* test_model.c: trained networks as files. There and back at odd sizes, what is refused, atomic saving, and the file as Python's
 * safetensors package reads and writes it (skipped, and said so, where CLUNROLL_TEST_PYTHON or python3 does not have it). */
#include "safetensors.h"
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A model with something in every field. */
static clu_model *make_model(const char *notation, uint32_t m, uint32_t n)
{
	clu_arch arch;
	clu_model *model;
	clu_error error;
	support_ok(clu_arch_parse(notation, 0, &arch, &error), &error);
	support_ok(clu_model_create(&arch, m, n, &model, &error), &error);
	support_fill(model->w_b, (size_t)n * m, 1.0, 1);
	support_fill(model->w_x, (size_t)n * n, 1.0, 2);
	support_fill(model->theta, arch.layers, 1.0, 3);
	for (uint32_t l = 0; l < arch.layers; l++)
		if (arch.neuron[l] == CLU_NEURON_SELECT) model->selected[l] = n - l % 2;
	for (uint32_t layer = 2; layer <= arch.layers; layer++) {
		for (uint32_t origin = 1; origin < layer; origin++) {
			if (clu_arch_origins(&arch, layer) >> (origin - 1) & 1) {
				model->coefficient[layer - 1][origin - 1] = (float)layer + 0.01f * (float)origin;
			}
		}
	}
	model->scale = 1.0 / 3.0;
	free(model->settings);
	model->settings = strdup("{\"seed\":1,\"name\":\"\\\"Ü\\\"\"}");
	assert_non_null(model->settings);
	return model;
}

static void assert_same_model(const clu_model *a, const clu_model *b)
{
	assert_memory_equal(&a->arch, &b->arch, sizeof a->arch);
	assert_int_equal(a->m, b->m);
	assert_int_equal(a->n, b->n);
	assert_memory_equal(&a->scale, &b->scale, sizeof a->scale);
	support_same_bits("W_b", 0, a->w_b, b->w_b, (size_t)a->n * a->m);
	support_same_bits("W_x", 0, a->w_x, b->w_x, (size_t)a->n * a->n);
	support_same_bits("theta", 0, a->theta, b->theta, CLU_LAYERS_MAX);
	support_same_bits("coefficient", 0, a->coefficient[0], b->coefficient[0], CLU_LAYERS_MAX * CLU_LAYERS_MAX);
	assert_memory_equal(a->selected, b->selected, sizeof a->selected);
	assert_string_equal(a->settings, b->settings);
}

static void test_there_and_back(void **state)
{
	(void)state;
	static const struct {
		const char *notation;
		uint32_t m, n;
	} cases[] = {
	    {"0", 1, 1},
	    {"0_0", 1, 7},
	    {"0_0_1:slr:101", 3, 2},
	    {"0:p", 1, 1},
	    {"0_0_1:psp", 3, 4096},
	    {"0_0_1:fsp", 3, 4096},
	    {"Searched", 13, 29},
	    {"Dense", 31, 17},
	    {"0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_0_1073741823", 5, 6},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		clu_model *model = make_model(cases[i].notation, cases[i].m, cases[i].n), *back;
		void *bytes, *again;
		size_t size, again_size;
		clu_error error;
		print_message("%s, m = %u, n = %u\n", cases[i].notation, cases[i].m, cases[i].n);
		support_ok(clu_model_encode(model, &bytes, &size, &error), &error);
		support_ok(clu_model_decode(bytes, size, "memory", &back, &error), &error);
		assert_same_model(model, back);
		support_ok(clu_model_encode(back, &again, &again_size, &error), &error);
		assert_int_equal(size, again_size);
		assert_memory_equal(bytes, again, size);
		free(bytes);
		free(again);
		clu_model_destroy(model);
		clu_model_destroy(back);
	}
	clu_model_destroy(NULL);
}

static void test_a_new_model_is_empty(void **state)
{
	(void)state;
	clu_arch arch;
	clu_model *model;
	assert_int_equal(clu_arch_parse("LISTA", 3, &arch, NULL), CLU_OK);
	assert_int_equal(clu_model_create(&arch, 4, 5, &model, NULL), CLU_OK);
	assert_true(model->scale == 1.0);
	assert_string_equal(model->settings, "{}");
	for (int i = 0; i < 20; i++) assert_true(model->w_b[i] == 0.0f);
	clu_model_destroy(model);
	assert_int_equal(clu_model_create(&arch, 0, 5, &model, NULL), CLU_ARGUMENT);
	assert_int_equal(clu_model_create(&arch, 4, 4097, &model, NULL), CLU_ARGUMENT);
	arch.layers = 0;
	assert_int_equal(clu_model_create(&arch, 4, 5, &model, NULL), CLU_ARGUMENT);
}

/* What must not be saved is what cannot be loaded. */
static void test_refused_models(void **state)
{
	(void)state;
	enum { W_B, W_X, THETA, COEFFICIENT, UNCONNECTED, SELECTED, UNSELECTED, SCALE, SETTINGS, ARCH, CASES };
	static const char *const parts[CASES] = {"value 2 (counted from 0) of W_b is not finite", "of W_x",
	    "value 1 (counted from 0) of theta", "coefficient of x^(1) in layer 2 is nan, wanted a finite number",
	    "coefficient of x^(1) in layer 3 is 1, wanted 0", "layer 3 selects 5 entries, wanted 0 to 4",
	    "layer 2 selects 1 entries, wanted 0 to 0, since its neurons do not select", "scale is 0",
	    "settings are no JSON object: [1]", "side connection of layer 1"};
	for (int i = 0; i < CASES; i++) {
		clu_model *model = make_model("0_0_0:ssp", 3, 4);
		clu_error error = {0};
		void *bytes;
		size_t size;
		if (i == W_B) model->w_b[2] = NAN;
		if (i == W_X) model->w_x[15] = -INFINITY;
		if (i == THETA) model->theta[1] = INFINITY;
		if (i == COEFFICIENT) model->coefficient[1][0] = NAN;
		if (i == UNCONNECTED) model->coefficient[2][0] = 1.0f;
		if (i == SELECTED) model->selected[2] = 5;
		if (i == UNSELECTED) model->selected[1] = 1;
		if (i == SCALE) model->scale = 0.0;
		if (i == SETTINGS) memcpy(model->settings, "[1]", 4);
		if (i == ARCH) model->arch.side[0] = 0;
		assert_int_not_equal(clu_model_encode(model, &bytes, &size, &error), CLU_OK);
		print_message("%s\n", error.message);
		assert_non_null(strstr(error.message, parts[i]));
		clu_model_destroy(model);
	}
}

/* Files that are safetensors but no model. Each changes one thing of a good one. */
static void test_refused_files(void **state)
{
	(void)state;
	static const float zeros[64], not_finite[64] = {NAN};
	static const struct {
		metadata_entry changed; /* value NULL: left out */
		tensor_info tensor;     /* name NULL: none */
		const char *part;
	} cases[] = {
	    {{"format", NULL}, {0}, "metadata has no format"},
	    {{"version", NULL}, {0}, "metadata has no version"},
	    {{"arch", NULL}, {0}, "metadata has no arch"},
	    {{"scale", NULL}, {0}, "metadata has no scale"},
	    {{"selected", NULL}, {0}, "metadata has no selected"},
	    {{"selected", ""}, {0}, "selected is \"\", wanted 3 whole numbers"},
	    {{"selected", "0_2"}, {0}, "selected is \"0_2\""},
	    {{"selected", "0_0_2_0"}, {0}, "selected is \"0_0_2_0\""},
	    {{"selected", "0_0_-2"}, {0}, "selected is \"0_0_-2\""},
	    {{"selected", "0_0_4294967298"}, {0}, "selected is"},
	    {{"selected", "0_0_5"}, {0}, "layer 3 selects 5 entries, wanted 0 to 4"},
	    {{"selected", "1_0_2"}, {0}, "layer 1 selects 1 entries, wanted 0 to 0"},
	    {{"settings", NULL}, {0}, "metadata has no settings"},
	    {{"format", "pt"}, {0}, "format \"pt\", wanted \"clunroll model\""},
	    {{"version", "2"}, {0}, "version 2, wanted 1"},
	    {{"arch", "0_0_0_9"}, {0}, "layer 4, at character 7, is 9"},
	    {{"arch", "0_0"}, {0}, "theta is F32 [3], wanted F32 [2]"},
	    {{"scale", "x"}, {0}, "scale is \"x\""},
	    {{"scale", "-1"}, {0}, "scale is -1"},
	    {{"settings", "{"}, {0}, "settings are no JSON object"},
	    {{0}, {"W_b", TENSOR_F32, 1, {12}, zeros}, "W_b is no matrix"},
	    {{0}, {"W_b", TENSOR_F32, 2, {0, 3}, zeros}, "W_b is no matrix"},
	    {{0}, {"W_b", TENSOR_F32, 2, {3, 4}, zeros}, "W_x is F32 [4][4], wanted F32 [3][3]"},
	    {{0}, {"W_b", TENSOR_F64, 2, {4, 3}, zeros}, "W_b is F64 [4][3], wanted F32 [4][3]"},
	    {{0}, {"W_b", TENSOR_F32, 2, {4, 3}, not_finite}, "of W_b is not finite"},
	    {{0}, {"theta", TENSOR_F32, 1, {4}, zeros}, "theta is F32 [4], wanted F32 [3]"},
	    {{0}, {"coefficient", TENSOR_F32, 2, {3, 2}, zeros}, "coefficient is F32 [3][2], wanted F32 [3][3]"},
	    {{0}, {"coefficient", TENSOR_F32, 2, {3, 3}, not_finite}, "coefficient of x^(1) in layer 1"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		metadata_entry entries[] = {{"format", "clunroll model"}, {"version", "1"}, {"arch", "0_0_0:ssp"}, {"scale", "1"},
		    {"settings", "{}"}, {"selected", "0_0_2"}};
		tensor_info tensors[] = {{"W_b", TENSOR_F32, 2, {4, 3}, zeros}, {"W_x", TENSOR_F32, 2, {4, 4}, zeros},
		    {"theta", TENSOR_F32, 1, {3}, zeros}, {"coefficient", TENSOR_F32, 2, {3, 3}, zeros}};
		size_t used = 0, size;
		for (size_t k = 0; k < sizeof entries / sizeof *entries; k++) {
			bool changed = cases[i].changed.key && strcmp(entries[k].key, cases[i].changed.key) == 0;
			if (changed && !cases[i].changed.value) continue;
			entries[used++] = changed ? cases[i].changed : entries[k];
		}
		for (size_t k = 0; k < 4; k++) {
			if (cases[i].tensor.name && strcmp(tensors[k].name, cases[i].tensor.name) == 0) tensors[k] = cases[i].tensor;
		}
		void *bytes;
		clu_error error = {0};
		clu_model *model = NULL;
		support_ok(safetensors_encode(tensors, 4, entries, used, &bytes, &size, &error), &error);
		clu_status status = clu_model_decode(bytes, size, "m.safetensors", &model, &error);
		print_message("%s\n", error.message);
		assert_int_equal(status, CLU_FORMAT);
		assert_null(model);
		assert_non_null(strstr(error.message, "m.safetensors"));
		assert_non_null(strstr(error.message, cases[i].part));
		free(bytes);
	}
}

static void test_saved_and_loaded(void **state)
{
	(void)state;
	char *directory = support_directory_create(), *path = support_path(directory, "m.safetensors");
	clu_model *model = make_model("LFISTA", 5, 9), *back = NULL;
	clu_error error;
	support_ok(clu_model_save(model, path, &error), &error);
	support_ok(clu_model_load(path, &back, &error), &error);
	assert_same_model(model, back);
	clu_model_destroy(back);

	size_t size;
	char *bytes = support_read(path, &size);
	support_write(path, bytes, size - 4);
	back = NULL;
	assert_int_equal(clu_model_load(path, &back, &error), CLU_FORMAT);
	print_message("%s\n", error.message);
	assert_non_null(strstr(error.message, path));
	assert_non_null(strstr(error.message, "truncated"));
	assert_int_equal(clu_model_load(directory, &back, &error), CLU_FILE);
	assert_int_equal(clu_model_save(model, directory, &error), CLU_FILE);
	assert_null(back);
	free(bytes);
	clu_model_destroy(model);
	free(path);
	support_directory_remove(directory);
}

/* Runs a program text in Python; true where it ended well. */
static bool run_python(const char *program, const char *argument)
{
	const char *python = getenv("CLUNROLL_TEST_PYTHON");
	char command[4096];
	int length = snprintf(command, sizeof command, "%s -c '%s' '%s'", python ? python : "python3", program, argument);
	assert_true(length > 0 && (size_t)length < sizeof command);
	return system(command) == 0;
}

/* Python reads the file, checks it, and writes it again in its own way; the model must be the same. */
static void test_python_reads_and_writes_it(void **state)
{
	(void)state;
	static const char check[] =
	    "import sys, json\n"
	    "from safetensors import safe_open\n"
	    "from safetensors.numpy import save_file\n"
	    "with safe_open(sys.argv[1], framework=\"np\") as f:\n"
	    "    metadata = f.metadata()\n"
	    "    tensors = {name: f.get_tensor(name) for name in f.keys()}\n"
	    "shapes = {name: (str(t.dtype), t.shape) for name, t in tensors.items()}\n"
	    "assert shapes == {\"W_b\": (\"float32\", (4, 3)), \"W_x\": (\"float32\", (4, 4)), \"theta\": (\"float32\", (6,)),\n"
	    "                  \"coefficient\": (\"float32\", (6, 6))}, shapes\n"
	    "assert metadata[\"format\"] == \"clunroll model\" and metadata[\"version\"] == \"1\", metadata\n"
	    "assert metadata[\"arch\"] == \"0_0_1_2_0_7:ssrlss\" and float(metadata[\"scale\"]) == 1 / 3, metadata\n"
	    "assert json.loads(metadata[\"settings\"]) == {\"seed\": 1, \"name\": \"\\\"\\u00dc\\\"\"}, metadata\n"
	    "c = tensors[\"coefficient\"]\n"
	    "assert abs(c[2, 1] - 3.02) < 1e-6 and abs(c[5, 4] - 6.05) < 1e-6 and c[4, 0] == 0, c\n"
	    "save_file(tensors, sys.argv[1], metadata)\n";
	if (!run_python("import numpy, safetensors", "")) {
		print_message("skipped: Python's safetensors or numpy is not there (CLUNROLL_TEST_PYTHON names another Python)\n");
		skip();
	}
	char *directory = support_directory_create(), *path = support_path(directory, "m.safetensors");
	clu_model *model = make_model("0_0_1_2_0_7:ssrlss", 3, 4), *back;
	clu_error error;
	support_ok(clu_model_save(model, path, &error), &error);
	assert_true(run_python(check, path));
	support_ok(clu_model_load(path, &back, &error), &error);
	assert_same_model(model, back);
	clu_model_destroy(model);
	clu_model_destroy(back);
	free(path);
	support_directory_remove(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_there_and_back),
	    cmocka_unit_test(test_a_new_model_is_empty),
	    cmocka_unit_test(test_refused_models),
	    cmocka_unit_test(test_refused_files),
	    cmocka_unit_test(test_saved_and_loaded),
	    cmocka_unit_test(test_python_reads_and_writes_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
