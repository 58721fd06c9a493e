/* program.c: builds the kernels from the embedded sources, and hashes all that decides the bits of a result into the numeric
 * key. */
#include "program.h"

#include "hash.h"
#include "kernel_cache.h"
#include "opencl.h"
#include "plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {
#define KERNEL_TEXT(name) #name,
    KERNEL_MAP(KERNEL_TEXT) PASS_KERNEL_MAP(KERNEL_TEXT) SPARSE_KERNEL_MAP(KERNEL_TEXT) TILED_KERNEL_MAP(KERNEL_TEXT)
        LISTED_KERNEL_MAP(KERNEL_TEXT)
#undef KERNEL_TEXT
};

const char *kernel_name(kernel_id id)
{
	return names[id];
}

uint32_t program_sparse_below(const clu_plan *plan)
{
	return plan->product == CLU_WAY_NATIVE ? plan->sparse_below : 0;
}

/* 4 or 8 vectors, of the 16 registers or more that a CPU has; vectors of 4 fill 8 with one panel. */
uint32_t program_panels_at_once(const clu_plan *plan)
{
	return PANEL / plan->vector > 4 ? 1 : 2;
}

bool program_panels(const clu_plan *plan)
{
	return plan->product == CLU_WAY_NATIVE && plan->group == 1;
}

bool program_passes(const clu_plan *plan)
{
	return plan->passes && program_panels(plan);
}

bool program_listed(const clu_plan *plan)
{
	return clu_plan_is_tiled(plan) && plan->sparse_below > 0;
}

bool program_epilogue(const clu_plan *plan)
{
	return clu_plan_is_tiled(plan) && plan->epilogue;
}

uint64_t program_local_bytes(const clu_plan *plan)
{
	const bool tensor = plan->product == CLU_WAY_TENSOR;
	const uint64_t rows = plan->tile_rows * plan->group_rows, columns = plan->tile_vectors * plan->group_columns * plan->vector;
	const uint64_t a_ld = tensor ? rows + 8 : (rows + 7) / 4 * 4, b_ld = tensor ? columns + 8 : columns; /* as in tile.cl */
	return clu_plan_is_tiled(plan) ? (TILED_INNER * (a_ld + b_ld) + 1) * sizeof(float) : 0;
}

static bool kernel_used(const clu_plan *plan, int kernel)
{
	if ((kernel == KERNEL_layer_tiled || kernel == KERNEL_layer_listed) && !program_epilogue(plan)) return false;
	if (kernel >= KERNEL_LISTED_FIRST) return program_listed(plan);
	if (kernel >= KERNEL_TILED_FIRST) return clu_plan_is_tiled(plan);
	if (kernel >= KERNEL_SPARSE_FIRST) return program_sparse_below(plan) > 0;
	return kernel < KERNEL_PASS_FIRST || program_passes(plan);
}

/* common.cl comes first, neuron.cl before its users, product_gpu.cl behind its tiles, and those that call all others last; the rest
 * in the table's order. */
enum { SOURCE_RANKS = 5 };
static unsigned source_rank(const char *name)
{
	const bool last = strcmp(name, "applier") == 0 || strcmp(name, "epilogue") == 0 || strncmp(name, "pass", 4) == 0;
	if (last) return 4;
	return strcmp(name, "common") == 0 ? 0 : strcmp(name, "neuron") == 0 ? 1 : strcmp(name, "product_gpu") == 0 ? 3 : 2;
}

cl_uint program_sources(const char **texts, cl_uint room)
{
	cl_uint count = 0;
	for (unsigned rank = 0; rank < SOURCE_RANKS; rank++)
		for (const struct kernel_file *file = kernel_files; file->name; file++)
			if (source_rank(file->name) == rank && count < room) texts[count++] = file->text;
	return count;
}

void program_options(const clu_plan *plan, char text[PROGRAM_OPTIONS])
{
	int used = snprintf(text, PROGRAM_OPTIONS,
	    "-cl-std=CL1.2 -DVECTOR=%u -DGROUP=%u -DBLOCK_ROWS=%u -DTILE_ROWS=%u -DTILE_VECTORS=%u -DTILE_ROW_AXIS=%d "
	    "-DTILE_GROUP_0=%u -DTILE_GROUP_1=%u -DSPARSE_BELOW=%u -DSPARSE_ROWS=%u -DPANEL=%u -DNMSE_PARTS=%u "
	    "-DFINITE_RUN=%u -DTILE_SIDE=%u -DLOSS_SQUARES=%d -DLOSS_NORM=%d -DLOSS_LOG=%d "
	    "-DLIST_COLUMNS=%u -DLIST_ROWS=%u -DLIST_GAP=%u -DPANELS_AT_ONCE=%u -DLAYERS_MAX=%d -DTILED=%d -DTILED_BELOW=%u "
	    "-DTILED_INNER=%u -DGROUP_COLUMNS=%u -DGROUP_ROWS=%u -DEPILOGUE=%d -DTENSOR=%d",
	    plan->vector, plan->group, plan->block_rows, plan->tile_rows, plan->tile_vectors, plan->group_columns > 1,
	    plan->group_columns > 1 ? plan->group_columns : plan->group_rows, plan->group_columns > 1 ? plan->group_rows : 1u,
	    program_sparse_below(plan), plan->sparse_rows, PANEL, NMSE_PARTS, FINITE_RUN, TILE_SIDE, CLU_LOSS_SQUARES, CLU_LOSS_NORM,
	    CLU_LOSS_LOG, LIST_COLUMNS, LIST_ROWS, LIST_GAP, program_panels_at_once(plan), CLU_LAYERS_MAX, clu_plan_is_tiled(plan),
	    program_listed(plan) ? plan->sparse_below : 0u, TILED_INNER, plan->group_columns, plan->group_rows, program_epilogue(plan),
	    plan->product == CLU_WAY_TENSOR);
#define NEURON_OPTION(name, letter, word) \
	used += snprintf(text + used, PROGRAM_OPTIONS - (size_t)used, " -DNEURON_%s=%d", #name, (int)CLU_NEURON_##name);
	CLU_NEURON_MAP(NEURON_OPTION)
#undef NEURON_OPTION
}

static clu_status build_failed(const clu_device_info *info, cl_program program, clu_error *error, cl_int code)
{
	size_t size = 0;
	clGetProgramBuildInfo(program, info->device_id, CL_PROGRAM_BUILD_LOG, 0, NULL, &size);
	char *log = calloc(size + 1, 1);
	if (log) clGetProgramBuildInfo(program, info->device_id, CL_PROGRAM_BUILD_LOG, size, log, NULL);
	clu_status status = clu_fail(error, CLU_BUILD, "kernels do not build on %s (%s), OpenCL error %d: %.500s", info->name,
	    info->driver, code, log ? log : "no log");
	free(log);
	return status;
}

#define HASH_EMPTY UINT64_C(0xcbf29ce484222325)

/* FNV-1a, 64 bits: an identity, not a seal. */
static uint64_t hash_text(uint64_t hash, const char *text)
{
	for (; *text; text++) hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return (hash ^ 0xff) * UINT64_C(0x100000001b3); /* so that "ab","c" and "a","bc" differ */
}

static uint64_t hash_hardware(const clu_device_info *info)
{
	uint64_t hash = hash_text(HASH_EMPTY, info->name);
	hash = hash_text(hash, info->platform);
	hash = hash_text(hash, info->platform_version);
	return hash_text(hash, info->driver);
}

static uint64_t hash_sources(void)
{
	const char *texts[32];
	uint64_t hash = HASH_EMPTY;
	const cl_uint count = program_sources(texts, 32);
	for (cl_uint i = 0; i < count; i++) hash = hash_text(hash, texts[i]);
	const uint32_t parts = NMSE_PARTS; /* it orders a sum, and arrives as -D */
	return hash_words(hash, &parts, 1);
}

static clu_status build_source(
    const clu_device_info *info, cl_context context, const kernel_build *build, cl_program *program, clu_error *error)
{
	const char *texts[32];
	cl_int code;
	cl_device_id id = info->device_id;
	*program = clCreateProgramWithSource(context, program_sources(texts, 32), texts, NULL, &code);
	if (code != CL_SUCCESS) return opencl_fail(info, error, code, "clCreateProgramWithSource");
	code = clBuildProgram(*program, 1, &id, build->options, NULL, NULL);
	if (code != CL_SUCCESS) return build_failed(info, *program, error, code);
	kernel_cache_store(info, *program, build);
	return CLU_OK;
}

clu_status program_build(const clu_device_info *info, const clu_plan *plan, cl_context context, cl_program *program,
    cl_kernel kernels[KERNEL_COUNT], clu_error *error)
{
	char options[PROGRAM_OPTIONS];
	cl_int code;
	if (program_local_bytes(plan) > info->local_bytes)
		return clu_fail(error, CLU_SIZE,
		    "the plan's products want %" PRIu64 " bytes of local memory, %s has %" PRIu64 ": use smaller tiles",
		    program_local_bytes(plan), info->name, info->local_bytes);
	program_options(plan, options);
	const kernel_build build = {options, hash_sources()};
	*program = kernel_cache_load(info, context, &build);
	if (!*program) CLU_TRY(build_source(info, context, &build, program, error));
	for (int k = 0; k < KERNEL_COUNT; k++) {
		if (!kernel_used(plan, k)) continue;
		kernels[k] = clCreateKernel(*program, names[k], &code);
		if (code != CL_SUCCESS) return opencl_fail(info, error, code, names[k]);
	}
	return CLU_OK;
}

void clu_plan_key(const clu_device_info *info, const clu_plan *plan, char key[CLU_KEY_TEXT])
{
	char text[CLU_PLAN_TEXT];
	uint64_t hardware = hash_hardware(info);
	if (plan_uses_clblast(plan)) hardware = hash_text(hardware, CLUNROLL_CLBLAST_VERSION);
	plan_print_bits(plan, text);
	snprintf(key, CLU_KEY_TEXT, "%016llx-%016llx-%016llx", (unsigned long long)hardware, (unsigned long long)hash_sources(),
	    (unsigned long long)hash_text(HASH_EMPTY, text));
}

void clu_plan_subject(const clu_device_info *info, char subject[CLU_KEY_TEXT])
{
	snprintf(subject, CLU_KEY_TEXT, "%016llx-%016llx", (unsigned long long)hash_text(hash_hardware(info), CLUNROLL_CLBLAST_VERSION),
	    (unsigned long long)hash_sources());
}
