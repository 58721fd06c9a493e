/* plan.c: plans as plain data: defaults by kind of device, and their text. Knows no OpenCL call beyond one query.
 *
 * Measuring which way is fastest is not this file's subject; a plan says what is used. */
#include "plan.h"

#include <CL/cl.h>
#include <ctype.h>
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

/* CPUs: a tile in the registers of AVX-512 (24 of 32), AVX2 (12 of 16) or SSE/NEON. GPUs: small tiles, many work-items. */
clu_plan clu_plan_default(const clu_device_info *info)
{
	if (info->type == CLU_DEVICE_GPU)
		return (clu_plan){.product = CLU_WAY_CLBLAST,
		    .vector = 4,
		    .tile_rows = 4,
		    .tile_vectors = 1,
		    .group = 32,
		    .block_rows = 2,
		    .group_columns = 16,
		    .group_rows = 4,
		    .sparse_below = 0,
		    .sparse_rows = 1,
		    .passes = 0};
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
	    .passes = 1};
	if (plan.vector == 16) {
		plan.tile_rows = 6;
		plan.tile_vectors = 4;
	}
	/* Mesa's llvmpipe (22.3) leaves the loops over nonzeros after one turn; its self-test finds it out */
	if (strstr(info->name, "llvmpipe")) plan.sparse_below = 0;
	return plan;
}

static const char *const way_names[] = {"native", "clblast"};

void clu_plan_print(const clu_plan *plan, char text[CLU_PLAN_TEXT])
{
	snprintf(text, CLU_PLAN_TEXT,
	    "plan 2\nproduct %s\nvector %u\ntile_rows %u\ntile_vectors %u\ngroup %u\nblock_rows %u\n"
	    "group_columns %u\ngroup_rows %u\nsparse_below %u\nsparse_rows %u\npasses %u\n",
	    way_names[plan->product], plan->vector, plan->tile_rows, plan->tile_vectors, plan->group, plan->block_rows,
	    plan->group_columns, plan->group_rows, plan->sparse_below, plan->sparse_rows, plan->passes);
}

static bool power_of_two(uint32_t x)
{
	return x && !(x & (x - 1));
}

clu_status plan_check(const clu_plan *plan, const char *source, clu_error *error)
{
	if (!power_of_two(plan->vector) || plan->vector > 16 || plan->vector == 2)
		return clu_fail(error, CLU_FORMAT, "%s: vector is %u; wanted 1, 4, 8 or 16", source, plan->vector);
	if (!power_of_two(plan->group) || plan->group > 1024)
		return clu_fail(error, CLU_FORMAT, "%s: group is %u; wanted a power of two up to 1024", source, plan->group);
	if (!plan->tile_rows || plan->tile_rows > 16 || !plan->tile_vectors || plan->tile_vectors > 8)
		return clu_fail(error, CLU_FORMAT, "%s: tile is %u rows by %u vectors; wanted 1 to 16 by 1 to 8", source, plan->tile_rows,
		    plan->tile_vectors);
	if (!plan->block_rows || plan->block_rows > 1024 || !plan->group_columns || !plan->group_rows || plan->group_columns > 1024 ||
	    plan->group_rows > 1024)
		return clu_fail(error, CLU_FORMAT, "%s: block_rows, group_columns and group_rows must be 1 to 1024", source);
	if (plan->sparse_below && (plan->group != 1 || plan->group_columns != 1 || plan->group_rows != 1))
		return clu_fail(error, CLU_FORMAT, "%s: only plans of one work-item a group skip zeros: sparse_below must be 0", source);
	if (plan->sparse_below > 100 || !plan->sparse_rows || plan->sparse_rows > 1024 || plan->passes > 1)
		return clu_fail(error, CLU_FORMAT, "%s: sparse_below must be 0 to 100, sparse_rows 1 to 1024, passes 0 or 1", source);
	if (plan->passes && (plan->group != 1 || plan->product != CLU_WAY_NATIVE))
		return clu_fail(error, CLU_FORMAT, "%s: only native plans of one work-item a group make passes in one launch", source);
	return CLU_OK;
}

clu_status clu_plan_parse(const char *text, const char *source, clu_plan *plan, clu_error *error)
{
	struct {
		const char *key;
		uint32_t *value;
		bool seen;
	} fields[] = {{"vector", &plan->vector, false}, {"tile_rows", &plan->tile_rows, false},
	    {"tile_vectors", &plan->tile_vectors, false}, {"group", &plan->group, false}, {"block_rows", &plan->block_rows, false},
	    {"group_columns", &plan->group_columns, false}, {"group_rows", &plan->group_rows, false},
	    {"sparse_below", &plan->sparse_below, false}, {"sparse_rows", &plan->sparse_rows, false}, {"passes", &plan->passes, false},
	    {"product", NULL, false}};
	const size_t count = sizeof fields / sizeof fields[0], product = count - 1;
	if (strncmp(text, "plan 2\n", 7) != 0)
		return clu_fail(error, CLU_FORMAT, "%s is no plan of version 2: its first line must be \"plan 2\"", source);
	for (const char *line = strchr(text, '\n'); line && line[1]; line = strchr(line + 1, '\n')) {
		char key[32] = "", value[32] = "", beyond[2] = "";
		int found = sscanf(line + 1, "%31[^ \n] %31[^ \n]%1[^\n]", key, value, beyond);
		char *end = value;
		unsigned long number = strtoul(value, &end, 10);
		size_t f = 0;
		while (f < count && strcmp(key, fields[f].key) != 0) f++;
		const bool is_way = f == product && (strcmp(value, "native") == 0 || strcmp(value, "clblast") == 0);
		const bool is_number = f < product && isdigit((unsigned char)value[0]) && *end == '\0' && number <= 1024;
		if (found != 2 || !(is_way || is_number))
			return clu_fail(error, CLU_FORMAT, "%s: cannot read the line \"%s %s\"; `clunroll devices` prints a plan to start from",
			    source, key, value);
		if (fields[f].seen) return clu_fail(error, CLU_FORMAT, "%s has two lines for %s", source, key);
		fields[f].seen = true;
		if (is_way)
			plan->product = strcmp(value, "native") == 0 ? CLU_WAY_NATIVE : CLU_WAY_CLBLAST;
		else
			*fields[f].value = (uint32_t)number;
	}
	for (size_t f = 0; f < count; f++)
		if (!fields[f].seen) return clu_fail(error, CLU_FORMAT, "%s has no line for %s", source, fields[f].key);
	return plan_check(plan, source, error);
}
