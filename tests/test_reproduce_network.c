/* test_reproduce_network.c: names and files of a network, and what is read of its record. Training, the refusal of other settings
 * and evaluation are in test_reproduce_run.c; that a divergence is remembered, in test_recipe_study_run.c. */
#include "reproduce_fixture.h"

#include "reproduce_files.h"
#include "reproduce_network.h"

static reproduce_network network_of(const reproduce_job *job, const char *arch, const clu_recipe *recipe)
{
	reproduce_network network;
	clu_error error;
	support_ok(reproduce_network_create(job, arch, "snr40", 2, recipe, &network, &error), &error);
	return network;
}

static void names_and_settings(void **state)
{
	(void)state;
	reproduce_job *job = fixture_job("small");
	clu_recipe other = job->base.recipe;
	strcpy(other.name, "other");
	other.stage[0].length = 5;
	reproduce_network usual = network_of(job, "Searched", NULL), changed = network_of(job, "Searched", &other);
	assert_string_equal(usual.name, "searched-50x100-snr40-fast-seed2");
	assert_string_equal(usual.model, "nowhere/models/searched-50x100-snr40-fast-seed2.safetensors");
	assert_string_equal(usual.record, "nowhere/models/searched-50x100-snr40-fast-seed2.jsonl");
	assert_string_equal(changed.name, "searched-50x100-snr40-other-seed2");
	assert_int_equal(changed.settings.recipe.stage[0].length, 5);
	assert_true(usual.settings.problem.snr_db == 40 && usual.settings.seed == 2);
	assert_false(reproduce_network_exists(&usual));
	reproduce_network_release(&changed);
	reproduce_network_release(&usual);
	clu_error error;
	reproduce_network none;
	assert_int_equal(reproduce_network_create(job, "LYSTA", "snr40", 1, NULL, &none, &error), CLU_ARGUMENT);
	free(job);
}

/* A layer without stages of its own has no NMSE. */
static const char three_layers[] =
    "{\"layer\":1,\"nmse_db\":-5.5,\"nmse_ratio_db\":-5,\"validation_nmse_db\":-5.25,\"steps\":800,\"seconds\":1.5}\n"
    "{\"layer\":2,\"nmse_db\":null,\"nmse_ratio_db\":null,\"validation_nmse_db\":null,\"steps\":0,\"seconds\":0}\n"
    "{\"layer\":3,\"nmse_db\":-9,\"nmse_ratio_db\":-8,\"validation_nmse_db\":-9.5,\"steps\":2400,\"seconds\":6}\n";

static void records_are_read(void **state)
{
	(void)state;
	char *directory = support_directory_create();
	static const char *const folders[] = {"models", NULL};
	reproduce_job *job = fixture_job("tiny");
	clu_error error;
	clu_layer_record records[CLU_LAYERS_MAX];
	job->directory = directory;
	job->base.layers = 3;
	support_ok(reproduce_directories(job, folders, &error), &error);
	reproduce_network network = network_of(job, "LISTA", NULL);
	assert_false(reproduce_network_records(&network, records));
	support_write(network.record, three_layers, strlen(three_layers));
	assert_true(reproduce_network_records(&network, records));
	assert_true(records[0].test.db == -5.5 && records[0].validation.db == -5.25 && records[0].seconds == 1.5);
	assert_true(isnan(records[1].test.db) && records[1].steps == 0);
	assert_true(records[2].test.ratio_db == -8 && records[2].steps == 2400);
	support_write(network.record, three_layers, (size_t)(strstr(three_layers, "{\"layer\":3") - three_layers));
	assert_false(reproduce_network_records(&network, records));
	reproduce_network_release(&network);
	free(job);
	support_directory_remove(directory);
}

/* The networks that are published are those of their names, however their recipe was printed then. */
static void stored_networks_are_recognised(void **state)
{
	(void)state;
	static const char *const archs[] = {"LISTA", "LFISTA", "Dense", "Searched", "Searched:p"};
	reproduce_job *job = fixture_job("full");
	clu_error error;
	job->directory = TEST_DIR "/../results";
	for (size_t i = 0; i < sizeof archs / sizeof *archs; i++) {
		reproduce_network network;
		clu_model *model = NULL;
		support_ok(reproduce_network_create(job, archs[i], "noiseless", 1, NULL, &network, &error), &error);
		support_ok(reproduce_network_load(&network, &model, &error), &error);
		clu_model_destroy(model);
		network.settings.recipe.stage[0].rate_last = 1e-3; /* which says nothing beside `fall` */
		support_ok(reproduce_network_load(&network, &model, &error), &error);
		clu_model_destroy(model);
		network.settings.recipe.stage[0].rate *= 2;
		assert_int_equal(reproduce_network_load(&network, &model, &error), CLU_MISMATCH);
		reproduce_network_release(&network);
	}
	free(job);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_and_settings),
	    cmocka_unit_test(records_are_read),
	    cmocka_unit_test(stored_networks_are_recognised),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
