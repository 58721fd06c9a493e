/* arch.c: architectures as plain data: the named ones, notation read and written, origins, checks.
 *
 * Nothing here knows how a network computes. Layers are counted from 1 everywhere; only arrays are indexed by layer − 1.
 * The named architectures are those of Meng et al.'s design space; each is a rule for any depth but Searched, which is a list of
 * 16 integers, and LISTA-last and LFISTA-last, which take its last. A name at a smaller depth is its first layers. */
#include "status.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define PAPER_LAYERS 16
#define ARCH_QUOTED "%.80s" /* of the user's text in a message; longer than any sensible name */

typedef enum named {
	NAMED_LISTA,
	NAMED_LFISTA,
	NAMED_DENSE,
	NAMED_SEARCHED,
	NAMED_LISTA_LAST,
	NAMED_LFISTA_LAST,
	NAMED_COUNT
} named;

static const char *const named_text[NAMED_COUNT] = {"LISTA", "LFISTA", "Dense", "Searched", "LISTA-last", "LFISTA-last"};
static const uint32_t searched_extra[PAPER_LAYERS] = {0, 0, 0, 2, 1, 3, 14, 42, 48, 249, 284, 4, 152, 328, 4888, 12193};

/* All extra origins that a layer can have. */
static uint32_t extra_all(uint32_t layer)
{
	return layer < 3 ? 0 : (UINT32_C(1) << (layer - 2)) - 1;
}

static uint32_t named_extra(named kind, uint32_t layer)
{
	if ((kind == NAMED_LISTA_LAST || kind == NAMED_LFISTA_LAST) && layer == PAPER_LAYERS) return searched_extra[layer - 1];
	switch (kind) {
	case NAMED_LFISTA_LAST:
	case NAMED_LFISTA: return layer < 3 ? 0 : 1;
	case NAMED_DENSE: return extra_all(layer);
	case NAMED_SEARCHED: return searched_extra[layer - 1];
	default: return 0;
	}
}

static uint32_t named_layers_max(named kind)
{
	return kind == NAMED_LISTA || kind == NAMED_LFISTA || kind == NAMED_DENSE ? CLU_LAYERS_MAX : PAPER_LAYERS;
}

/* Reads "LISTA" and the like, up to a colon; *cursor moves behind it. */
static clu_status parse_name(const char *text, const char **cursor, uint32_t layers, clu_arch *arch, clu_error *error)
{
	size_t length = strcspn(text, ":");
	named kind = 0;
	while (kind < NAMED_COUNT && (strlen(named_text[kind]) != length || strncasecmp(text, named_text[kind], length) != 0)) kind++;
	if (kind == NAMED_COUNT && length == strlen("Dense-LISTA") && strncasecmp(text, "Dense-LISTA", length) == 0) kind = NAMED_DENSE;
	if (kind == NAMED_COUNT) {
		return clu_fail(error, CLU_ARGUMENT,
		    "unknown architecture \"" ARCH_QUOTED "\": known are LISTA, LFISTA, Dense, Searched, LISTA-last, LFISTA-last, or write "
		    "the integers of its layers, as in 0_0_1_3",
		    text);
	}
	if (layers == 0) layers = PAPER_LAYERS;
	if (layers > named_layers_max(kind)) {
		return clu_fail(error, CLU_ARGUMENT, "architecture %s has at most %" PRIu32 " layers, wanted %" PRIu32, named_text[kind],
		    named_layers_max(kind), layers);
	}
	arch->layers = layers;
	for (uint32_t layer = 1; layer <= layers; layer++) arch->extra[layer - 1] = named_extra(kind, layer);
	*cursor = text + length;
	return CLU_OK;
}

/* Reads digits at *cursor; saturates far above any valid value, so that a long number cannot wrap into a valid one. */
static uint64_t read_digits(const char **cursor)
{
	uint64_t value = 0;
	for (; isdigit((unsigned char)**cursor); ++*cursor) {
		value = value * 10 + (uint64_t)(**cursor - '0');
		if (value > UINT32_MAX) value = UINT32_MAX;
	}
	return value;
}

/* Reads "0_0_1_3", up to a colon; *cursor moves behind it. */
static clu_status parse_integers(const char *text, const char **cursor, uint32_t layers, clu_arch *arch, clu_error *error)
{
	const char *at = text;
	for (uint32_t layer = 1;; layer++) {
		const char *start = at;
		uint64_t extra = read_digits(&at);
		if (at == start || (*at && *at != '_' && *at != ':')) {
			return clu_fail(error, CLU_ARGUMENT,
			    "architecture \"" ARCH_QUOTED "\": at character %zu, in layer %" PRIu32
			    ", wanted an integer of digits, then _ or :",
			    text, (size_t)(at - text) + 1, layer);
		}
		if (layer > CLU_LAYERS_MAX) {
			return clu_fail(error, CLU_ARGUMENT, "architecture \"" ARCH_QUOTED "\" has more than %d layers", text, CLU_LAYERS_MAX);
		}
		if (extra > extra_all(layer)) {
			return clu_fail(error, CLU_ARGUMENT,
			    "architecture \"" ARCH_QUOTED "\": layer %" PRIu32 ", at character %zu, is %.*s, wanted 0 to %" PRIu32, text, layer,
			    (size_t)(start - text) + 1, (int)(at - start > 20 ? 20 : at - start), start, extra_all(layer));
		}
		arch->extra[layer - 1] = (uint32_t)extra;
		arch->layers = layer;
		if (*at != '_') break;
		at++;
	}
	if (layers != 0 && arch->layers != layers) {
		return clu_fail(error, CLU_ARGUMENT, "architecture \"" ARCH_QUOTED "\" has %" PRIu32 " layers, wanted %" PRIu32, text,
		    arch->layers, layers);
	}
	*cursor = at;
	return CLU_OK;
}

static int neuron_of_letter(char letter)
{
	switch (tolower((unsigned char)letter)) {
#define NEURON_OF_LETTER(name, symbol, text) \
	case symbol: return CLU_NEURON_##name;
		CLU_NEURON_MAP(NEURON_OF_LETTER)
#undef NEURON_OF_LETTER
	default: return -1;
	}
}

static char letter_of_neuron(uint8_t neuron)
{
#define NEURON_LETTER(name, symbol, text) symbol,
	static const char letters[] = {CLU_NEURON_MAP(NEURON_LETTER)};
#undef NEURON_LETTER
	return letters[neuron];
}

static int side_of_digit(char digit)
{
	return digit == '0' || digit == '1' ? digit - '0' : -1;
}

/* Reads ":" and one character a layer at *cursor into values, which hold their defaults when there is nothing to read. A single
 * character stands for all layers where `one_for_all` allows it. */
static clu_status parse_characters(const char *text, const char **cursor, uint32_t layers, int (*value_of)(char), bool one_for_all,
    const char *wanted, uint8_t *values, clu_error *error)
{
	if (**cursor != ':') return CLU_OK;
	const char *at = *cursor + 1;
	if (one_for_all && strcspn(at, ":") == 1 && value_of(*at) >= 0) {
		memset(values, value_of(*at), layers);
		*cursor = at + 1;
		return CLU_OK;
	}
	for (uint32_t layer = 1; layer <= layers; layer++, at++) {
		int value = *at ? value_of(*at) : -1;
		if (value < 0) {
			return clu_fail(error, CLU_ARGUMENT,
			    "architecture \"" ARCH_QUOTED "\": at character %zu, for layer %" PRIu32 " of %" PRIu32 ", wanted %s", text,
			    (size_t)(at - text) + 1, layer, layers, wanted);
		}
		values[layer - 1] = (uint8_t)value;
	}
	*cursor = at;
	return CLU_OK;
}

clu_status clu_arch_parse(const char *text, uint32_t layers, clu_arch *arch, clu_error *error)
{
#define NEURON_WANTED(name, symbol, text) " " #symbol " " text
	static const char neuron_wanted[] = "a neuron's letter:" CLU_NEURON_MAP(NEURON_WANTED);
#undef NEURON_WANTED
	if (layers > CLU_LAYERS_MAX) {
		return clu_fail(error, CLU_ARGUMENT, "%" PRIu32 " layers, wanted 1 to %d", layers, CLU_LAYERS_MAX);
	}
	clu_arch read = {0};
	const char *cursor = text;
	if (isdigit((unsigned char)*text))
		CLU_TRY(parse_integers(text, &cursor, layers, &read, error));
	else
		CLU_TRY(parse_name(text, &cursor, layers, &read, error));
	memset(read.side, 1, read.layers);
	CLU_TRY(parse_characters(text, &cursor, read.layers, neuron_of_letter, true, neuron_wanted, read.neuron, error));
	CLU_TRY(parse_characters(text, &cursor, read.layers, side_of_digit, false, "0 or 1 (side connection)", read.side, error));
	if (*cursor) {
		return clu_fail(error, CLU_ARGUMENT, "architecture \"" ARCH_QUOTED "\": unexpected \"%.20s\" at character %zu", text,
		    cursor, (size_t)(cursor - text) + 1);
	}
	CLU_TRY(clu_arch_check(&read, error));
	*arch = read;
	return CLU_OK;
}

/* Whether the first `count` values are all `value`. */
static bool all_equal(const uint8_t *values, uint32_t count, uint8_t value)
{
	for (uint32_t i = 0; i < count; i++) {
		if (values[i] != value) return false;
	}
	return true;
}

void clu_arch_print(const clu_arch *arch, char text[CLU_ARCH_TEXT])
{
	bool plain_side = all_equal(arch->side, arch->layers, 1);
	bool plain_neuron = plain_side && all_equal(arch->neuron, arch->layers, CLU_NEURON_SOFT);
	char *at = text;
	for (uint32_t i = 0; i < arch->layers; i++) at += sprintf(at, i ? "_%" PRIu32 : "%" PRIu32, arch->extra[i]);
	if (!plain_neuron) {
		*at++ = ':';
		for (uint32_t i = 0; i < arch->layers; i++) *at++ = letter_of_neuron(arch->neuron[i]);
	}
	if (!plain_side) {
		*at++ = ':';
		for (uint32_t i = 0; i < arch->layers; i++) *at++ = arch->side[i] ? '1' : '0';
	}
	*at = '\0';
}

const char *clu_arch_name(const clu_arch *arch)
{
	if (!all_equal(arch->neuron, arch->layers, CLU_NEURON_SOFT) || !all_equal(arch->side, arch->layers, 1)) return NULL;
	for (named kind = 0; kind < NAMED_COUNT; kind++) {
		if (arch->layers > named_layers_max(kind)) continue;
		uint32_t layer = 1;
		while (layer <= arch->layers && arch->extra[layer - 1] == named_extra(kind, layer)) layer++;
		if (layer > arch->layers) return named_text[kind];
	}
	return NULL;
}

uint32_t clu_arch_extra_count(const clu_arch *arch)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < arch->layers; i++) {
		for (uint32_t bits = arch->extra[i]; bits; bits &= bits - 1) count++;
	}
	return count;
}

uint32_t clu_arch_origins(const clu_arch *arch, uint32_t layer)
{
	if (layer < 2) return 0;
	uint32_t origins = UINT32_C(1) << (layer - 2);
	for (uint32_t j = 0; j + 3 <= layer; j++) {
		if (arch->extra[layer - 1] >> j & 1) origins |= UINT32_C(1) << (layer - 3 - j);
	}
	return origins;
}

clu_status clu_arch_check(const clu_arch *arch, clu_error *error)
{
	if (arch->layers < 1 || arch->layers > CLU_LAYERS_MAX) {
		return clu_fail(error, CLU_ARGUMENT, "architecture has %" PRIu32 " layers, wanted 1 to %d", arch->layers, CLU_LAYERS_MAX);
	}
	for (uint32_t layer = 1; layer <= arch->layers; layer++) {
		if (arch->extra[layer - 1] > extra_all(layer)) {
			return clu_fail(error, CLU_ARGUMENT, "extra connections of layer %" PRIu32 " are %" PRIu32 ", wanted 0 to %" PRIu32,
			    layer, arch->extra[layer - 1], extra_all(layer));
		}
		if (arch->neuron[layer - 1] >= CLU_NEURON_COUNT) {
			return clu_fail(error, CLU_ARGUMENT, "neuron of layer %" PRIu32 " is of kind %u, wanted 0 to %d", layer,
			    (unsigned)arch->neuron[layer - 1], CLU_NEURON_COUNT - 1);
		}
		if (arch->side[layer - 1] > 1 || (layer == 1 && arch->side[0] != 1)) {
			return clu_fail(error, CLU_ARGUMENT, "side connection of layer %" PRIu32 " is %u, wanted %s", layer,
			    (unsigned)arch->side[layer - 1], layer == 1 ? "1 (layer 1 has no other input)" : "0 or 1");
		}
	}
	return CLU_OK;
}
