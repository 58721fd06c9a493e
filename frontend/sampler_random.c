/* sampler_random.c: Philox4x32-10 with key = seed and counter = (index, attempt, block): any candidate at once, without those
 * before it. The blocks' top bits name the stream, so that gates, neurons and other users of the same seed never share a number. */
#include "sampler_random.h"

#include "status.h"

#include <Random123/philox.h>
#include <math.h>
#include <string.h>

/* In the counter's last word, above the block number. */
enum stream { STREAM_GATES = 0x67000000, STREAM_NEURONS = 0x6e000000 };

static const char *const space_names[] = {
#define SAMPLER_SPACE_TEXT(name, text) text,
    SAMPLER_SPACE_MAP(SAMPLER_SPACE_TEXT)
#undef SAMPLER_SPACE_TEXT
};
enum { SPACE_COUNT = sizeof space_names / sizeof *space_names };

/* Neurons are drawn among the first `kinds`, or are all `only` where that is 1. Numbers and not CLU_NEURON_COUNT: a study's
 * trajectory must not change when a kind is added. */
static const struct {
	bool gates;
	uint8_t kinds, only;
} spaces[SPACE_COUNT] = {
    [SPACE_GATES] = {true, 1, CLU_NEURON_SOFT},
    [SPACE_NEURONS] = {false, 3, 0},
    [SPACE_BOTH] = {true, 3, 0},
    [SPACE_SELECT] = {true, 1, CLU_NEURON_SELECT},
    [SPACE_ALL] = {true, 4, 0},
    [SPACE_FIRM] = {true, 1, CLU_NEURON_FIRM},
};

clu_status sampler_space_parse(const char *text, sampler_space *space, clu_error *error)
{
	for (int i = 0; i < SPACE_COUNT; i++) {
		if (strcmp(text, space_names[i]) != 0) continue;
		*space = (sampler_space)i;
		return CLU_OK;
	}
	return clu_fail(error, CLU_ARGUMENT, "there is no search space \"%s\": gates, neurons, both, select, firm or all", text);
}

const char *sampler_space_name(sampler_space space)
{
	return space_names[space];
}

double sampler_space_size(sampler_space space, uint32_t layers)
{
	double gates = layers > 2 ? (layers - 1) * (layers - 2) / 2.0 : 0;
	return (spaces[space].gates ? pow(2, gates) : 1) * pow(spaces[space].kinds, layers);
}

/* Word `number` of a candidate's stream. */
static uint32_t draw(uint64_t seed, uint64_t index, uint32_t attempt, enum stream stream, uint32_t number)
{
	philox4x32_key_t key = {{(uint32_t)seed, (uint32_t)(seed >> 32)}};
	philox4x32_ctr_t counter = {{(uint32_t)index, (uint32_t)(index >> 32), attempt, (uint32_t)stream | number / 4}};
	return philox4x32(counter, key).v[number % 4];
}

void sampler_random(uint64_t seed, sampler_space space, uint32_t layers, uint64_t index, uint32_t attempt, clu_arch *arch)
{
	memset(arch, 0, sizeof *arch);
	arch->layers = layers;
	for (uint32_t i = 0; i < layers; i++) {
		arch->side[i] = 1;
		arch->neuron[i] = spaces[space].only;
		/* Layer L = i + 1 has L − 2 extra gates: as many of the low bits of its word. */
		if (spaces[space].gates && i >= 2) arch->extra[i] = draw(seed, index, attempt, STREAM_GATES, i) & ((1u << (i - 1)) - 1);
		/* The largest bias of this way to draw one of three is 2^−31. */
		if (spaces[space].kinds > 1)
			arch->neuron[i] = (uint8_t)((uint64_t)draw(seed, index, attempt, STREAM_NEURONS, i) * spaces[space].kinds >> 32);
	}
}
