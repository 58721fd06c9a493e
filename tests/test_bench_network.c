/* test_bench_network.c: networks that the bench trains for itself: trained once and then taken from the cache, trained anew where
 * settings differ or the file is damaged; networks of a person. TEST_NEEDS: device */
#include "support_network.h"

#include "bench_network.h"
#include "interrupt.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

static char *cache;

static int enter(void **state)
{
	cache = support_directory_create();
	setenv("XDG_CACHE_HOME", cache, 1);
	return support_group_open(state);
}

static int leave(void **state)
{
	support_directory_remove(cache);
	return support_group_close(state);
}

/* A tiny problem, and a recipe of a few steps. */
static settings tiny_settings(void)
{
	settings given;
	clu_error error;
	support_ok(bench_settings_default(&given, &error), &error);
	given.problem.m = 4;
	given.problem.n = 6;
	given.problem.train = 64;
	given.problem.validation = 16;
	given.layers = 2;
	given.batch = 8;
	given.recipe.validate_every = 2;
	given.recipe.stage[0].length = given.recipe.stage[0].length_last = 4;
	return given;
}

/* Files of the cache; the last one's path goes to *path, where that is wanted. */
static size_t count_files(char **path)
{
	char *clunroll = support_path(cache, "clunroll"), *bench = support_path(clunroll, "bench");
	DIR *directory = opendir(bench);
	size_t count = 0;
	for (struct dirent *entry; directory && (entry = readdir(directory));) {
		if (entry->d_name[0] == '.') continue;
		count++;
		if (!path) continue;
		free(*path);
		*path = support_path(bench, entry->d_name);
	}
	if (directory) closedir(directory);
	free(bench);
	free(clunroll);
	return count;
}

static bench_network train(clu_device *device, const settings *given, const char *arch)
{
	bench_network network;
	clu_error error;
	support_ok(bench_network_train(device, given, arch, &network, &error), &error);
	assert_non_null(network.model);
	assert_non_null(network.data);
	return network;
}

/* A network of another recipe takes another time, and nothing measured before can be held against it. */
static void test_the_recipe_stays(void **state)
{
	(void)state;
	static const char wanted[] = "name bench\nform sum\nstart previous\nthreshold 0.4\ndecay 1\nbeta1 0.9\nbeta2 0.999\n"
	                             "epsilon 1e-07\nvalidate_every 100\n"
	                             "stage variables=all rate=0.002 rate_last=0.0001 curve=cosine floor=0.001 length=200 "
	                             "length_last=400 patience=0 cap=0 keep=best\n";
	settings given;
	clu_error error;
	char text[CLU_RECIPE_TEXT];
	support_ok(bench_settings_default(&given, &error), &error);
	clu_recipe_print(&given.recipe, text);
	assert_string_equal(text, wanted);
	settings_release(&given);
}

static void test_trained_once(void **state)
{
	settings given = tiny_settings();
	char *path = NULL;
	bench_network network = train(*state, &given, "LISTA");
	assert_string_equal(network.name, "LISTA");
	assert_null(network.path);
	assert_int_equal(network.batch, 8);
	assert_int_equal(count_files(&path), 1);
	/* A mark in the file shows whether the next one comes from there. */
	network.model->w_b[0] = 1234;
	clu_error error;
	support_ok(clu_model_save(network.model, path, &error), &error);
	bench_network_release(&network);
	network = train(*state, &given, "0_0"); /* the same by another name */
	assert_true(network.model->w_b[0] == 1234);
	bench_network_release(&network);

	given.batch = 16;
	network = train(*state, &given, "LISTA");
	assert_true(network.model->w_b[0] != 1234);
	bench_network_release(&network);
	assert_int_equal(count_files(NULL), 2);
	network = train(*state, &given, "0_0:sr");
	assert_string_equal(network.name, "0_0:sr");
	bench_network_release(&network);
	assert_int_equal(count_files(NULL), 3);
	free(path);
	settings_release(&given);
}

static void test_damage_is_mended(void **state)
{
	settings given = tiny_settings(), other = tiny_settings();
	given.problem.seed = 77;
	other.problem.seed = 78;
	const size_t before = count_files(NULL);
	bench_network network = train(*state, &given, "LISTA");
	assert_int_equal(count_files(NULL), before + 1);
	bench_network_release(&network);
	/* Every file damaged, then every file a network of other settings. */
	char *clunroll = support_path(cache, "clunroll"), *bench = support_path(clunroll, "bench");
	bench_network foreign = train(*state, &other, "LISTA");
	for (int way = 0; way < 2; way++) {
		DIR *directory = opendir(bench);
		assert_non_null(directory);
		for (struct dirent *entry; (entry = readdir(directory));) {
			if (entry->d_name[0] == '.') continue;
			char *path = support_path(bench, entry->d_name);
			clu_error error;
			if (way == 0)
				support_write(path, "damaged", 7);
			else
				support_ok(clu_model_save(foreign.model, path, &error), &error);
			free(path);
		}
		closedir(directory);
		network = train(*state, &given, "LISTA");
		assert_true(network.model->w_b[0] != foreign.model->w_b[0]); /* the dictionaries differ */
		bench_network_release(&network);
	}
	bench_network_release(&foreign);
	free(bench);
	free(clunroll);
	settings_release(&given);
	settings_release(&other);
}

static void test_no_place_for_a_cache(void **state)
{
	settings given = tiny_settings();
	setenv("XDG_CACHE_HOME", "/dev/null/none", 1);
	bench_network network = train(*state, &given, "LISTA");
	bench_network_release(&network);
	setenv("XDG_CACHE_HOME", cache, 1);
	settings_release(&given);
}

static void test_interrupted(void **state)
{
	settings given = tiny_settings();
	clu_error error;
	bench_network network;
	given.seed = 99;
	given.recipe.stage[0].length = 1000000000;
	const size_t before = count_files(NULL);
	interrupt_flag = 2;
	support_ok(bench_network_train(*state, &given, "LISTA", &network, &error), &error);
	interrupt_flag = 0;
	assert_null(network.model);
	assert_int_equal(count_files(NULL), before);
	bench_network_release(&network);
	settings_release(&given);
}

static void test_refused(void **state)
{
	settings given = tiny_settings();
	clu_error error;
	bench_network network;
	assert_int_equal(bench_network_train(*state, &given, "nothing", &network, &error), CLU_ARGUMENT);
	given.batch = 65; /* more than there are samples */
	assert_int_equal(bench_network_train(*state, &given, "LISTA", &network, &error), CLU_ARGUMENT);
	assert_int_equal(bench_network_load("/dev/null/none", &network, &error), CLU_FILE);
	assert_null(network.model);
	settings_release(&given);
}

static void test_of_a_person(void **state)
{
	(void)state;
	clu_model *model = support_model_create("0_0_1", 4, 6, 5);
	clu_error error;
	bench_network network;
	char *path = support_path(cache, "own");
	free(model->settings);
	model->settings = strdup("{\"m\":4,\"n\":6,\"batch\":5,\"layers\":3}");
	support_ok(clu_model_save(model, path, &error), &error);
	support_ok(bench_network_load(path, &network, &error), &error);
	assert_string_equal(network.path, path);
	assert_string_equal(network.name, "LFISTA"); /* which it is */
	assert_int_equal(network.batch, 5);
	assert_int_equal(network.data->m, 4);
	assert_int_equal(network.data->train.count, BENCH_SAMPLES);
	bench_network_release(&network);
	free(path);
	clu_model_destroy(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_recipe_stays),
	    cmocka_unit_test(test_trained_once),
	    cmocka_unit_test(test_damage_is_mended),
	    cmocka_unit_test(test_no_place_for_a_cache),
	    cmocka_unit_test(test_interrupted),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_of_a_person),
	};
	return cmocka_run_group_tests(tests, enter, leave);
}
