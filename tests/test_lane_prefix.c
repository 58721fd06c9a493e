/* test_lane_prefix.c: a training that starts at what another one has trained comes to the bits of one from nothing, whatever the
 * directory has lost meanwhile, and from a network of another depth; what differs in anything that counts starts from nothing.
 * TEST_NEEDS: device */
#include "lanes_fixture.h"

#include "prefix.h"

#include <dirent.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void hear(void *context, const char *text)
{
	(void)text;
	++*(int *)context;
}

/* A directory of prefixes, and the lanes' view of it. */
typedef struct shared {
	char *directory;
	clu_prefixes *prefixes;
	int notes;
} shared;

static void shared_open(shared *s)
{
	clu_error error;
	*s = (shared){.directory = support_directory_create()};
	support_ok(clu_prefixes_open(s->directory, hear, &s->notes, &s->prefixes, &error), &error);
}

static void shared_close(shared *s)
{
	clu_prefixes_destroy(s->prefixes);
	support_directory_remove(s->directory);
}

/* Trains alone, with the directory; returns the steps that it did not have to make. */
static uint64_t train(
    clu_device *device, const clu_data *data, const shared *s, const clu_training *training, const char *label, const outcome *want)
{
	clu_lanes *lanes = fixture_lanes_of(device, data, training->arch.layers, 1);
	clu_lanes_use_prefixes(lanes, s->prefixes);
	fixture_start(lanes, 0, training);
	const uint64_t reused = fixture_progress(lanes, 0).reused_steps;
	assert_true(fixture_progress(lanes, 0).steps == reused);
	fixture_finish(lanes, 0);
	assert_true(clu_lanes_steps(lanes) == fixture_progress(lanes, 0).steps - reused);
	if (want) outcome_expect(label, lanes, 0, want);
	clu_lanes_destroy(lanes);
	return reused;
}

static uint64_t steps_to(const outcome *outcome, uint32_t layers)
{
	uint64_t steps = 0;
	for (uint32_t l = 0; l < layers; l++) steps += outcome->progress.record[l].steps;
	return steps;
}

static size_t count_prefixes(const shared *s)
{
	clu_prefix *list;
	size_t count;
	clu_error error;
	support_ok(clu_prefixes_list(s->prefixes, &list, &count, &error), &error);
	free(list);
	return count;
}

/* ---- equal bits ---- */

/* Pairs of architectures and the layers that they share. */
static const struct {
	const char *first, *second;
	uint32_t common;
} pairs[] = {
    {"0_0_1_3", "0_0_1_3", 4},
    {"0_0_1_3", "0_0_1_2", 3},
    {"0_0_1_3", "0_0_0_3", 2},
    {"0_0_1_3:ssss", "0_0_1_3:ssrs", 2},
    {"0_0_1_3:ssls", "0_0_1_3:slss", 1},
    {"0_0_1_3:rsss", "0_0_1_3:ssss", 0},
    {"0_0_1_3:pspp", "0_0_1_3:psps", 3},
    {"0_0_1_3:ssss:1101", "0_0_1_3:ssss:1100", 3},
    {"0_0_1_3:ssss:1011", "0_0_1_3:ssss:1111", 1},
};

static void check_pair(clu_device *device, const clu_data *data, const clu_recipe *recipe, size_t pair)
{
	char label[96];
	shared s;
	clu_training first = {.arch = support_arch(pairs[pair].first), .recipe = *recipe, .seed = 7}, second = first;
	second.arch = support_arch(pairs[pair].second);
	outcome want_first = outcome_alone(device, data, &first), want = outcome_alone(device, data, &second);
	uint32_t trained = 0; /* layers with stages of their own: of the others no prefix ends there, and none has steps */
	for (uint32_t layer = 1; layer <= FIXTURE_LAYERS; layer++) trained += clu_recipe_trains(recipe, layer, FIXTURE_LAYERS);
	shared_open(&s);
	snprintf(label, sizeof label, "recipe %s, %s, with an empty directory", recipe->name, pairs[pair].first);
	assert_int_equal(train(device, data, &s, &first, label, &want_first), 0);
	assert_int_equal(count_prefixes(&s), trained);
	snprintf(label, sizeof label, "recipe %s, %s after %s", recipe->name, pairs[pair].second, pairs[pair].first);
	const uint64_t reused = train(device, data, &s, &second, label, &want);
	if (reused != steps_to(&want, pairs[pair].common))
		fail_msg("%s: %llu steps reused, wanted %llu", label, (unsigned long long)reused,
		    (unsigned long long)steps_to(&want, pairs[pair].common));
	assert_int_equal(s.notes, 0);
	shared_close(&s);
	outcome_release(&want_first);
	outcome_release(&want);
}

static void test_trainings_share_what_they_have_in_common(void **state)
{
	const support_pair *devices = *state;
	clu_data *data = fixture_data(1);
	if (!support_equal_bits()) skip();
	const clu_recipe recipes[] = {fixture_fast(), fixture_paper(), fixture_mixed()};
	for (size_t r = 0; r < 3; r++)
		for (size_t pair = 0; pair < sizeof pairs / sizeof *pairs; pair++)
			if (!support_tiny() || pair == r) check_pair(devices->single, data, &recipes[r], pair);
	check_pair(devices->grouped, data, &recipes[0], 1);
	clu_data_destroy(data);
}

/* Named recipes, of which only how long they take is changed; in both forms, with both starts. */
static void test_named_recipes(void **state)
{
	const support_pair *devices = *state;
	static const char *const names[] = {"paper", "fast", "quick", "analytic"};
	clu_data *data = fixture_data(1);
	clu_error error;
	if (!support_equal_bits() || support_tiny()) skip();
	for (int i = 0; i < 12; i++) {
		clu_recipe recipe;
		support_ok(clu_recipe_load(names[i / 4], &recipe, &error), &error);
		support_ok(clu_recipe_fix_lengths(&recipe, recipe.stage_count == 3 ? "4,9,5" : "11", &error), &error);
		recipe.validate_every = 3;
		recipe.form = i & 1 ? CLU_FORM_MEAN : CLU_FORM_SUM;
		recipe.start = i & 2 ? CLU_START_ONES : CLU_START_REPEAT;
		check_pair(devices->single, data, &recipe, 1);
	}
	clu_data_destroy(data);
}

/* Trains one, then the other, in a new directory; returns how many layers the second one did not have to train. */
static uint32_t layers_shared(clu_device *device, const clu_data *data, const clu_training *first, const clu_training *second)
{
	char label[64];
	shared s;
	uint32_t layers = 0;
	outcome want_first = outcome_alone(device, data, first), want = outcome_alone(device, data, second);
	shared_open(&s);
	snprintf(label, sizeof label, "%u layers after %u", second->arch.layers, first->arch.layers);
	assert_int_equal(train(device, data, &s, first, "first", &want_first), 0);
	const uint64_t reused = train(device, data, &s, second, label, &want);
	while (layers < second->arch.layers && steps_to(&want, layers) < reused) layers++;
	assert_true(steps_to(&want, layers) == reused);
	shared_close(&s);
	outcome_release(&want_first);
	outcome_release(&want);
	return layers;
}

/* Where K has no say in how inner layers are trained, networks of other depths share them; where rates fall to layer K, none. */
static void test_depths_share(void **state)
{
	const support_pair *devices = *state;
	clu_data *data = fixture_data(1);
	clu_error error;
	if (!support_equal_bits() || support_tiny()) skip();
	clu_training twelve = {.arch = support_arch("0_0_0_2_1_3_14_42_48_249_284_4"), .seed = 7};
	support_ok(clu_recipe_load("fast", &twelve.recipe, &error), &error);
	twelve.recipe.validate_every = 3;
	twelve.recipe.stage[0].length = 5;
	twelve.recipe.stage[1].length_last = 8;
	clu_training sixteen = twelve;
	sixteen.arch = support_arch("0_0_0_2_1_3_14_42_48_249_284_4_152_328_4888_12193");
	assert_int_equal(layers_shared(devices->single, data, &twelve, &sixteen), 11);
	assert_int_equal(layers_shared(devices->single, data, &sixteen, &twelve), 11);
	for (uint32_t s = 0; s < 2; s++) twelve.recipe.stage[s].fall = sixteen.recipe.stage[s].fall = 0;
	assert_int_equal(layers_shared(devices->single, data, &twelve, &sixteen), 11); /* one rate for all layers */
	for (int i = 0; i < 2; i++) {
		clu_recipe *recipe = i ? &sixteen.recipe : &twelve.recipe;
		recipe->stage[0].rate_last = recipe->stage[0].rate / 2;
	}
	assert_int_equal(layers_shared(devices->single, data, &twelve, &sixteen), 0);
	/* All but layers 3 and 4, which start with layer 5; the last one of twelve by the stage of the inner ones. */
	for (int i = 0; i < 2; i++) {
		clu_recipe *recipe = i ? &sixteen.recipe : &twelve.recipe;
		recipe->stage[0].rate_last = recipe->stage[0].rate;
		recipe->stage[0].part = CLU_PART_ALL;
		recipe->stage[0].length_last = recipe->stage[0].length;
		recipe->stage_count = 1;
		recipe->layers_at = ~UINT32_C(0xc);
	}
	assert_int_equal(layers_shared(devices->single, data, &twelve, &sixteen), 12);
	/* Three layers are there, but here no stage is run in the third. */
	twelve.recipe.layers_at = 0x5;
	sixteen.recipe.layers_at = 0x11;
	assert_int_equal(layers_shared(devices->single, data, &twelve, &sixteen), 1);
	clu_data_destroy(data);
}

/* Trainings of one lane set that begin and end at different times, each with what the others left. */
static void test_lanes_that_share(void **state)
{
	const support_pair *devices = *state;
	clu_data *data = fixture_data(1);
	static const char *const archs[] = {"0_0_1_3", "0_0_1_2", "0_0_1_1", "0_0_0_3", "0_0_0_2", "0_0_1_0"};
	enum { COUNT = sizeof archs / sizeof *archs, SLOTS = 2 };
	char label[64];
	shared s;
	uint64_t reused = 0;
	if (!support_equal_bits()) skip();
	shared_open(&s);
	clu_lanes *lanes = fixture_lanes(devices->single, data, SLOTS);
	clu_lanes_use_prefixes(lanes, s.prefixes);
	for (size_t round = 0; round < COUNT; round++) {
		const clu_training training = {.arch = support_arch(archs[round]), .recipe = fixture_fast(), .seed = 7};
		const uint32_t slot = (uint32_t)round % SLOTS;
		if (round >= SLOTS) fixture_finish(lanes, slot);
		if (round >= SLOTS) {
			const clu_training before = {.arch = support_arch(archs[round - SLOTS]), .recipe = fixture_fast(), .seed = 7};
			outcome want = outcome_alone(devices->single, data, &before);
			snprintf(label, sizeof label, "%s among others", archs[round - SLOTS]);
			outcome_expect(label, lanes, slot, &want);
			outcome_release(&want);
		}
		fixture_start(lanes, slot, &training);
		reused += fixture_progress(lanes, slot).reused_steps;
		fixture_burst(lanes, 1);
	}
	assert_true(reused > 0);
	clu_lanes_destroy(lanes);
	shared_close(&s);
	clu_data_destroy(data);
}

/* ---- what differs ---- */

static void test_what_counts_makes_another_key(void **state)
{
	const support_pair *devices = *state;
	clu_data *data = fixture_data(1), *other_data = fixture_data(2);
	shared s;
	shared_open(&s);
	const clu_training base = {.arch = support_arch("0_0_1_3"), .recipe = fixture_fast(), .seed = 7};
	assert_int_equal(train(devices->single, data, &s, &base, "", NULL), 0);
	clu_training other = base;
	other.seed++;
	assert_int_equal(train(devices->single, data, &s, &other, "", NULL), 0);
	assert_int_equal(train(devices->single, other_data, &s, &base, "", NULL), 0);
	assert_int_equal(train(devices->grouped, data, &s, &base, "", NULL), 0); /* another numeric key */
	other = base;
	other.recipe.stage[0].rate_last *= 1.5; /* rates of all layers but the first */
	assert_int_equal(train(devices->single, data, &s, &other, "", NULL), 0);
	other = base;
	other.recipe.threshold = 0.41;
	assert_int_equal(train(devices->single, data, &s, &other, "", NULL), 0);
	other = base;
	other.recipe.epsilon *= 1.0000001;
	assert_int_equal(train(devices->single, data, &s, &other, "", NULL), 0);
	/* What does not count does not: the recipe's name, the metadata, the last layer's length for those before it. */
	other = base;
	strcpy(other.recipe.name, "other");
	other.settings = "{\"a\":1}";
	const uint64_t whole = train(devices->single, data, &s, &other, "", NULL);
	assert_true(whole > 0);
	other.recipe.stage[0].length_last += 3;
	const uint64_t part = train(devices->single, data, &s, &other, "", NULL);
	assert_true(part > 0 && part < whole);
	/* Nor a stage of layers that come later, whether it stands between others or at their end. */
	other = base;
	other.recipe = fixture_mixed();
	assert_int_equal(train(devices->single, data, &s, &other, "", NULL), 0);
	other.recipe.stage[2].rate *= 1.5; /* of layer 4 */
	const uint64_t three = train(devices->single, data, &s, &other, "", NULL);
	other.recipe.stage[2] = other.recipe.stage[0];
	other.recipe.stage[0].rate *= 1.5; /* which layers 1 and 3 have already */
	assert_int_equal(train(devices->single, data, &s, &other, "", NULL), 0);
	other.recipe.stage[1].rate *= 1.5; /* of layers 3 and 4, between those of layer 1 */
	const uint64_t one = train(devices->single, data, &s, &other, "", NULL);
	assert_true(one > 0 && one < three);
	assert_int_equal(s.notes, 0);
	shared_close(&s);
	clu_data_destroy(data);
	clu_data_destroy(other_data);
}

static void test_tuning_takes_no_part(void **state)
{
	const support_pair *devices = *state;
	clu_data *data = fixture_data(1);
	shared s;
	clu_training training = {.arch = support_arch("0_0_1_3"), .recipe = fixture_fast(), .seed = 7};
	outcome trained = outcome_alone(devices->single, data, &training);
	training.from = trained.model;
	shared_open(&s);
	assert_int_equal(train(devices->single, data, &s, &training, "", NULL), 0);
	assert_int_equal(count_prefixes(&s), 0);
	training.from = NULL;
	train(devices->single, data, &s, &training, "", NULL);
	training.from = trained.model;
	assert_int_equal(train(devices->single, data, &s, &training, "", NULL), 0);
	outcome_release(&trained);
	shared_close(&s);
	clu_data_destroy(data);
}

/* ---- losses ---- */

/* Removes what `lost` says, bit k − 1 for the prefix of k layers. */
static void lose(const shared *s, unsigned lost)
{
	DIR *folder = opendir(s->directory);
	assert_non_null(folder);
	for (struct dirent *entry; (entry = readdir(folder));) {
		if (!strstr(entry->d_name, ".prefix")) continue;
		char *path = support_path(s->directory, entry->d_name), *text = support_read(path, NULL);
		uint32_t layers = 0;
		assert_int_equal(sscanf(text, "clunroll prefix\nlayers %u", &layers), 1);
		if (lost >> (layers - 1) & 1u) unlink(path);
		free(text);
		free(path);
	}
	closedir(folder);
}

/* Between a training that left them and the next, and while one is under way: any of them may be gone. */
static void test_any_of_them_may_vanish(void **state)
{
	const support_pair *devices = *state;
	clu_data *data = fixture_data(1);
	char label[64];
	if (!support_equal_bits()) skip();
	const clu_training training = {.arch = support_arch("0_0_1_3"), .recipe = fixture_fast(), .seed = 7};
	outcome want = outcome_alone(devices->single, data, &training);
	for (unsigned lost = 0; lost < 16; lost += support_tiny() ? 5 : 1) {
		shared s;
		uint32_t deepest = 0;
		shared_open(&s);
		train(devices->single, data, &s, &training, "", NULL);
		lose(&s, lost);
		for (uint32_t k = 1; k <= 4; k++)
			if (!(lost >> (k - 1) & 1u)) deepest = k;
		snprintf(label, sizeof label, "without the prefixes %x", lost);
		assert_int_equal(train(devices->single, data, &s, &training, label, &want), steps_to(&want, deepest));
		assert_int_equal(count_prefixes(&s), FIXTURE_LAYERS - (size_t)__builtin_popcount(lost & ((1u << deepest) - 1)));
		assert_int_equal(s.notes, 0);
		shared_close(&s);
	}
	outcome_release(&want);
	clu_data_destroy(data);
}

/* Another process removes and the same are made again, all the time. */
static void test_evictions_all_the_time(void **state)
{
	const support_pair *devices = *state;
	clu_data *data = fixture_data(1);
	shared s;
	clu_error error;
	if (!support_equal_bits()) skip();
	const clu_training training = {.arch = support_arch("0_0_1_3"), .recipe = fixture_fast(), .seed = 7};
	outcome want = outcome_alone(devices->single, data, &training);
	shared_open(&s);
	pid_t evictor = fork();
	if (evictor == 0)
		for (;;) clu_prefixes_clear(s.prefixes, &error);
	assert_true(evictor > 0);
	for (int round = 0; round < (support_tiny() ? 2 : 20); round++)
		train(devices->single, data, &s, &training, "while others evict", &want);
	kill(evictor, SIGKILL);
	waitpid(evictor, NULL, 0);
	shared_close(&s);
	outcome_release(&want);
	clu_data_destroy(data);
}

/* A file that passes for whole but holds something else is refused, and the next shallower serves. */
static void test_bytes_of_another_shape_are_refused(void **state)
{
	const support_pair *devices = *state;
	clu_data *data = fixture_data(1);
	shared s;
	clu_prefix *list;
	size_t count;
	clu_error error;
	if (!support_equal_bits()) skip();
	const clu_training training = {.arch = support_arch("0_0_1_3"), .recipe = fixture_fast(), .seed = 7};
	outcome want = outcome_alone(devices->single, data, &training);
	shared_open(&s);
	train(devices->single, data, &s, &training, "", NULL);
	/* The key of the deepest, out of its own file. */
	DIR *folder = opendir(s.directory);
	char key[PREFIX_KEY_TEXT] = "";
	for (struct dirent *entry; (entry = readdir(folder));) {
		char *path = support_path(s.directory, entry->d_name), *text = strstr(path, ".prefix") ? support_read(path, NULL) : NULL;
		if (text && strstr(text, "layers 4\n")) {
			const char *begin = strstr(text, "version 2\n"), *end = strstr(begin, "\n\n") + 2;
			memcpy(key, begin, (size_t)(end - begin));
			unlink(path);
		}
		free(text);
		free(path);
	}
	closedir(folder);
	const clu_prefix about = {.layers = 4, .steps = 1, .recipe = "fast"};
	prefix_store(s.prefixes, key, &about, "nonsense", 8);
	assert_int_equal(count_prefixes(&s), 4);
	assert_int_equal(train(devices->single, data, &s, &training, "after nonsense", &want), steps_to(&want, 3));
	assert_int_equal(s.notes, 1);
	support_ok(clu_prefixes_list(s.prefixes, &list, &count, &error), &error);
	assert_int_equal(count, 4); /* made anew */
	free(list);
	shared_close(&s);
	outcome_release(&want);
	clu_data_destroy(data);
}

/* ---- with checkpoints ---- */

static void test_checkpoints_know_what_was_reused(void **state)
{
	const support_pair *devices = *state;
	clu_data *data = fixture_data(1);
	shared s;
	clu_error error;
	void *bytes;
	size_t size;
	if (!support_equal_bits()) skip();
	const clu_training first = {.arch = support_arch("0_0_1_3"), .recipe = fixture_fast(), .seed = 7};
	clu_training second = first;
	second.arch = support_arch("0_0_1_2");
	outcome want = outcome_alone(devices->single, data, &second);
	shared_open(&s);
	train(devices->single, data, &s, &first, "", NULL);
	clu_lanes *lanes = fixture_lanes(devices->single, data, 1);
	clu_lanes_use_prefixes(lanes, s.prefixes);
	fixture_start(lanes, 0, &second);
	fixture_burst(lanes, 2);
	const uint64_t reused = fixture_progress(lanes, 0).reused_steps;
	assert_true(reused == steps_to(&want, 3));
	support_ok(clu_lane_save(lanes, 0, &bytes, &size, &error), &error);
	clu_lanes_destroy(lanes);
	lanes = fixture_lanes(devices->single, data, 1); /* which uses none */
	support_ok(clu_lane_resume(lanes, 0, &second, bytes, size, &error), &error);
	assert_true(fixture_progress(lanes, 0).reused_steps == reused);
	fixture_finish(lanes, 0);
	outcome_expect("from a prefix, by a checkpoint", lanes, 0, &want);
	free(bytes);
	clu_lanes_destroy(lanes);
	outcome_release(&want);
	shared_close(&s);
	clu_data_destroy(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_trainings_share_what_they_have_in_common),
	    cmocka_unit_test(test_named_recipes),
	    cmocka_unit_test(test_depths_share),
	    cmocka_unit_test(test_lanes_that_share),
	    cmocka_unit_test(test_what_counts_makes_another_key),
	    cmocka_unit_test(test_tuning_takes_no_part),
	    cmocka_unit_test(test_any_of_them_may_vanish),
	    cmocka_unit_test(test_evictions_all_the_time),
	    cmocka_unit_test(test_bytes_of_another_shape_are_refused),
	    cmocka_unit_test(test_checkpoints_know_what_was_reused),
	};
	return cmocka_run_group_tests(tests, support_pair_open, support_pair_close);
}
