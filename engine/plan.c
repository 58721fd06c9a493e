/* plan.c: plans as plain data: defaults by kind of device, and their text. Knows no OpenCL call beyond one query.
 *
 * Measuring which way is fastest is tune.c's subject; a plan says what is used. A new field is a line of the table below, and its
 * default. */
#include "plan.h"

#include <CL/cl.h>
#include <ctype.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Floats in the widest vector that the device computes at once, as far as the kernels have it. */
static uint32_t native_vector(const clu_device_info *info)
{
	cl_uint width = 0;
	clGetDeviceInfo(info->device_id, CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT, sizeof width, &width, NULL);
	return width >= 16 ? 16 : width >= 8 ? 8 : 4;
}

/* Two warps of NVIDIA's and of AMD's narrow ones, or one of whatever is wider: a power of two. */
static uint32_t gpu_group(const clu_device_info *info)
{
	uint32_t group = 64;
	while (group < info->group_multiple && group < 256) group *= 2;
	while (info->work_group_max && group > info->work_group_max && group > 1) group /= 2;
	return group;
}

/* CPUs: a tile in the registers of AVX-512 (24 of 32), AVX2 (12 of 16) or SSE/NEON. GPUs: work-groups of 128 work-items that
 * compute 64×128 of C, 64 sums each: some 160 of the 256 registers that NVIDIA's and AMD's work-items have, so that three
 * work-groups share a compute unit, with 13 KiB of local memory each (test_gpu_targets.c prints them). Intel's have 64 to 128
 * floats of registers: half the sums. Skipping zeros reads each row of B from the caches, which give NVIDIA's and AMD's multipliers
 * work for an eighth to a quarter of the time, where tiles keep them at it for most: it pays below some 20 %. */
clu_plan clu_plan_default(const clu_device_info *info)
{
	if (info->type == CLU_DEVICE_GPU)
		return (clu_plan){.product = CLU_WAY_TILED,
		    .vector = 4,
		    .tile_rows = 8,
		    .tile_vectors = strstr(info->vendor, "Intel") ? 1 : 2,
		    .group = gpu_group(info),
		    .block_rows = 2,
		    .group_columns = 16,
		    .group_rows = 8,
		    .sparse_below = 20,
		    .sparse_rows = 1,
		    .passes = 0,
		    .epilogue = 0};
	clu_plan plan = {.product = CLU_WAY_NATIVE,
	    .vector = native_vector(info),
	    .tile_rows = 4,
	    .tile_vectors = 3,
	    .group = 1,
	    .block_rows = 8,
	    .group_columns = 1,
	    .group_rows = 1,
	    .sparse_below = 40,
	    .sparse_rows = 64,
	    .passes = 1,
	    .epilogue = 0};
	if (plan.vector == 16) plan.tile_vectors = 4;
	/* Mesa's llvmpipe (22.3) leaves the loops over nonzeros, and over the tiles of a pass's gradient, after one turn; its self-test
	 * finds it out */
	if (strstr(info->name, "llvmpipe")) plan.sparse_below = plan.passes = 0;
	return plan;
}

bool clu_device_has_tensor_units(const clu_device_info *info)
{
	return info->type == CLU_DEVICE_GPU && strstr(info->vendor, "NVIDIA");
}

bool plan_uses_clblast(const clu_plan *plan)
{
	return plan->product == CLU_WAY_CLBLAST || plan->product == CLU_WAY_CLBLAST_INDIRECT;
}

bool clu_plan_is_tiled(const clu_plan *plan)
{
	return plan->product == CLU_WAY_TILED || plan->product == CLU_WAY_TENSOR;
}

bool clu_plan_skips_zeros(const clu_plan *plan)
{
	return !plan_uses_clblast(plan) && plan->sparse_below > 0;
}

/* ---- the fields ---- */

static const char *const way_names[] = {[CLU_WAY_NATIVE] = "native",
    [CLU_WAY_CLBLAST] = "clblast",
    [CLU_WAY_TILED] = "tiled",
    [CLU_WAY_CLBLAST_INDIRECT] = "clblast-indirect",
    [CLU_WAY_TENSOR] = "tensor",
    NULL};

_Static_assert(sizeof(clu_way) == sizeof(uint32_t), "every field is read and written as a uint32_t");

typedef struct plan_field {
	const char *name;
	size_t at; /* in clu_plan */
	uint32_t least, most;
	plan_effect effect;
	const char *const *words; /* what its values are called; NULL: by their numbers */
} plan_field;

#define FIELD(name, least, most, effect) \
	{ \
#name, offsetof(clu_plan, name), least, most, effect, NULL \
	}

/* In the order of a plan's text. Tiles and the skipping of zeros change no bit (but beside tensor units): each sum has one
 * accumulator and one order. Sums within a row go by vectors, over work-items, and over blocks of rows: those change bits, and so
 * do another library and tensor units. */
static const plan_field fields[] = {
    {"product", offsetof(clu_plan, product), CLU_WAY_NATIVE, CLU_WAY_TENSOR, PLAN_BITS, way_names},
    FIELD(vector, 1, 16, PLAN_BITS),
    FIELD(tile_rows, 1, 16, PLAN_SKIPPING),
    FIELD(tile_vectors, 1, 8, PLAN_SPEED),
    FIELD(group, 1, 1024, PLAN_BITS),
    FIELD(block_rows, 1, 1024, PLAN_BITS),
    FIELD(group_columns, 1, 1024, PLAN_SPEED),
    FIELD(group_rows, 1, 1024, PLAN_SKIPPING),
    FIELD(sparse_below, 0, 100, PLAN_SKIPPING),
    FIELD(sparse_rows, 1, 1024, PLAN_SPEED),
    FIELD(passes, 0, 1, PLAN_SPEED),
    FIELD(epilogue, 0, 1, PLAN_SPEED),
};
enum { FIELD_COUNT = sizeof fields / sizeof *fields };

static uint32_t value_of(const clu_plan *plan, const plan_field *field)
{
	uint32_t value;
	memcpy(&value, (const char *)plan + field->at, sizeof value);
	return value;
}

static void set_value(clu_plan *plan, const plan_field *field, uint32_t value)
{
	memcpy((char *)plan + field->at, &value, sizeof value);
}

static const plan_field *find_field(const char *name)
{
	for (size_t f = 0; f < FIELD_COUNT; f++)
		if (strcmp(fields[f].name, name) == 0) return &fields[f];
	return NULL;
}

/* ---- a plan as text ---- */

/* Appends a line for each field that has the effect. */
static void print_fields(const clu_plan *plan, unsigned effects, char *text, size_t used)
{
	for (size_t f = 0; f < FIELD_COUNT; f++) {
		const uint32_t value = value_of(plan, &fields[f]);
		if (!(fields[f].effect & effects) || used >= CLU_PLAN_TEXT) continue;
		if (fields[f].words)
			used += (size_t)snprintf(text + used, CLU_PLAN_TEXT - used, "%s %s\n", fields[f].name, fields[f].words[value]);
		else
			used += (size_t)snprintf(text + used, CLU_PLAN_TEXT - used, "%s %u\n", fields[f].name, value);
	}
}

void clu_plan_print(const clu_plan *plan, char text[CLU_PLAN_TEXT])
{
	print_fields(plan, PLAN_BITS | PLAN_SPEED | PLAN_SKIPPING, text, (size_t)snprintf(text, CLU_PLAN_TEXT, "plan 2\n"));
}

void plan_print_bits(const clu_plan *plan, char text[CLU_PLAN_TEXT])
{
	clu_plan deciding = *plan;
	unsigned effects = PLAN_BITS;
	if (deciding.product == CLU_WAY_TILED) deciding.product = CLU_WAY_NATIVE; /* the same sums in the same order */
	if (deciding.product == CLU_WAY_TENSOR && deciding.sparse_below > 0) effects |= PLAN_SKIPPING;
	text[0] = '\0';
	print_fields(&deciding, effects, text, 0);
}

/* false where the word is no value of the field. */
static bool read_value(const plan_field *field, const char *word, uint32_t *value)
{
	char *end;
	if (field->words) {
		for (*value = 0; field->words[*value]; ++*value)
			if (strcmp(word, field->words[*value]) == 0) return true;
		return false;
	}
	const unsigned long number = strtoul(word, &end, 10);
	*value = (uint32_t)number;
	return isdigit((unsigned char)word[0]) && *end == '\0' && number <= UINT32_MAX;
}

/* Takes the lines of `text` over into the plan. *seen has bit f set for each field that has one. */
static clu_status read_lines(const char *text, const char *source, clu_plan *plan, uint32_t *seen, clu_error *error)
{
	*seen = 0;
	for (const char *line = text, *end; *line; line = *end ? end + 1 : end) {
		char key[32] = "", word[32] = "", beyond[2] = "";
		uint32_t value;
		end = line + strcspn(line, "\n");
		const int found = sscanf(line, "%31[^ \n] %31[^ \n]%1[^\n]", key, word, beyond);
		const plan_field *field = find_field(key);
		if (found != 2 || !field || !read_value(field, word, &value))
			return clu_fail(error, CLU_FORMAT, "%s: cannot read the line \"%s %s\"; `clunroll devices` prints a plan to start from",
			    source, key, word);
		const uint32_t bit = 1u << (field - fields);
		if (*seen & bit) return clu_fail(error, CLU_FORMAT, "%s has two lines for %s", source, key);
		*seen |= bit;
		set_value(plan, field, value);
	}
	return CLU_OK;
}

clu_status plan_change(clu_plan *plan, const char *lines, clu_error *error)
{
	uint32_t seen;
	return read_lines(lines, "a change of the plan", plan, &seen, error);
}

clu_status clu_plan_parse(const char *text, const char *source, clu_plan *plan, clu_error *error)
{
	static const char title[] = "plan 2\n";
	uint32_t seen;
	if (strncmp(text, title, sizeof title - 1) != 0)
		return clu_fail(error, CLU_FORMAT, "%s is no plan of version 2: its first line must be \"plan 2\"", source);
	*plan = (clu_plan){0};
	CLU_TRY(read_lines(text + sizeof title - 1, source, plan, &seen, error));
	for (size_t f = 0; f < FIELD_COUNT; f++)
		if (!(seen >> f & 1u)) return clu_fail(error, CLU_FORMAT, "%s has no line for %s", source, fields[f].name);
	return plan_check(plan, source, error);
}

/* ---- what a plan must be ---- */

static bool power_of_two(uint32_t x)
{
	return x && !(x & (x - 1));
}

/* What tile_tensor.cl's warps need: whole warps of work-items, which share the work-group's tile evenly. */
static clu_status check_warps(const clu_plan *plan, const char *source, clu_error *error)
{
	enum { WARP = 32, WARP_ROWS = 32, FRAGMENT_COLUMNS = 8 };
	const uint32_t items = plan->group_columns * plan->group_rows, rows = plan->tile_rows * plan->group_rows;
	const uint32_t sums = plan->tile_rows * plan->tile_vectors * plan->vector;
	if (plan->vector != 4 && plan->vector != 8)
		return clu_fail(error, CLU_FORMAT, "%s: vector is %u; tensor products want 4 or 8", source, plan->vector);
	if (items % WARP || rows % WARP_ROWS || sums % FRAGMENT_COLUMNS || plan->group_columns % plan->tile_rows)
		return clu_fail(error, CLU_FORMAT,
		    "%s: tensor products want group_columns·group_rows and tile_rows·group_rows in whole multiples of 32, "
		    "tile_rows·tile_vectors·vector of 8, group_columns of tile_rows",
		    source);
	return CLU_OK;
}

clu_status plan_check(const clu_plan *plan, const char *source, clu_error *error)
{
	for (size_t f = 0; f < FIELD_COUNT; f++) {
		const plan_field *field = &fields[f];
		const uint32_t value = value_of(plan, field);
		if (value < field->least || value > field->most)
			return clu_fail(
			    error, CLU_FORMAT, "%s: %s is %u; wanted %u to %u", source, field->name, value, field->least, field->most);
	}
	if (!power_of_two(plan->vector) || plan->vector == 2)
		return clu_fail(error, CLU_FORMAT, "%s: vector is %u; wanted 1, 4, 8 or 16", source, plan->vector);
	if (!power_of_two(plan->group))
		return clu_fail(error, CLU_FORMAT, "%s: group is %u; wanted a power of two", source, plan->group);
	if (plan->product == CLU_WAY_NATIVE && plan->sparse_below &&
	    (plan->group != 1 || plan->group_columns != 1 || plan->group_rows != 1))
		return clu_fail(error, CLU_FORMAT, "%s: native products of groups skip no zeros: sparse_below must be 0", source);
	return plan->product == CLU_WAY_TENSOR ? check_warps(plan, source, error) : CLU_OK;
}
