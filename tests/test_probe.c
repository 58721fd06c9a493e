/* test_probe.c: networks made to be measured have the density that is asked for, in every layer, on every lane, and stay as they
 * are however many steps they run. TEST_NEEDS: device */
#include "support_network.h"

#include "probe.h"

#include <math.h>

typedef struct shape {
	uint32_t m, n, layers, batch, lanes;
} shape;

static const shape tiny_shapes[] = {{1, 1, 1, 1, 1}, {3, 7, 2, 2, 2}};
static const shape shapes[] = {{1, 1, 1, 1, 1}, {25, 50, 1, 16, 1}, {33, 100, 2, 64, 3}, {50, 100, 8, 64, 2}};

static void check_steps(clu_device *device, const shape *s)
{
	probe_network *network;
	probe *probe;
	clu_error error;
	double seconds = -1, before, after;
	support_ok(probe_network_create(s->m, s->n, s->layers, s->batch, &network, &error), &error);
	support_ok(probe_create(device, network, s->lanes, &probe, &error), &error);
	support_ok(probe_run(probe, 1, &seconds, &error), &error);
	assert_true(seconds >= 0);
	support_ok(probe_density(probe, s->layers, &before, &error), &error);
	support_ok(probe_run(probe, 3, &seconds, &error), &error);
	support_ok(probe_density(probe, s->layers, &after, &error), &error);
	assert_true(before == after);
	probe_destroy(probe);
	probe_network_destroy(network);
}

static void test_steps(void **state)
{
	if (support_tiny())
		for (size_t i = 0; i < sizeof tiny_shapes / sizeof *tiny_shapes; i++) check_steps(*state, &tiny_shapes[i]);
	else
		for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) check_steps(*state, &shapes[i]);
}

/* Within a fifth: samples differ in their norms, and earlier layers add a little. */
static void expect_densities(probe *probe, uint32_t layers, double ends, double middle)
{
	clu_error error;
	double seconds, density;
	support_ok(probe_set_density(probe, ends, middle, &error), &error);
	support_ok(probe_run(probe, 1, &seconds, &error), &error);
	for (uint32_t layer = 1; layer <= layers; layer++) {
		const double wanted = layer == 1 || layer == layers ? ends : middle;
		support_ok(probe_density(probe, layer, &density, &error), &error);
		if (fabs(density - wanted) > 0.2 * wanted) fail_msg("layer %u has density %g, wanted %g", layer, density, wanted);
	}
}

static void test_densities(void **state)
{
	if (support_tiny()) skip();
	enum { LAYERS = 10 };
	probe_network *network;
	probe *probe;
	clu_error error;
	support_ok(probe_network_create(100, 200, LAYERS, 128, &network, &error), &error);
	support_ok(probe_create(*state, network, 1, &probe, &error), &error);
	expect_densities(probe, LAYERS, PROBE_DENSITY_ENDS, PROBE_DENSITY_MIDDLE);
	expect_densities(probe, LAYERS, 0.5, 0.5);
	expect_densities(probe, LAYERS, 0.05, 0.9);
	probe_destroy(probe);
	probe_network_destroy(network);
}

/* What a probe costs is foretold from its shape: that of lanes of the same shape. */
static void test_bytes(void **state)
{
	const clu_device *device = *state;
	probe_network *network;
	clu_error error;
	support_ok(probe_network_create(5, 9, 3, 4, &network, &error), &error);
	const arena_shape shape = {
	    .m = 5, .n = 9, .layers = 3, .batch = 4, .lanes = 2, .purpose = ARENA_TRAIN, .burst = 1, .order = 4, .evaluation = 1};
	assert_true(probe_lane_bytes(network, &device->plan) == arena_lane_bytes(&shape, &device->plan));
	assert_true(probe_largest_bytes(network, &device->plan, 2) == arena_largest_bytes(&shape, &device->plan));
	probe_network_destroy(network);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_steps),
	    cmocka_unit_test(test_densities),
	    cmocka_unit_test(test_bytes),
	};
	return cmocka_run_group_tests(tests, support_group_open, support_group_close);
}
