/* test_gpu_targets.c: the kernels, as a GPU's plans build them, compiled for GPUs that need not be here: clang writes PTX for
 * NVIDIA's and assembler for AMD's; ptxas, where it is installed, goes on to registers. OpenCL 1.2 must be enough for all of them,
 * no kernel may keep anything in private memory (a GPU's lies in its slow global memory) nor spill, and a compute unit must have
 * room for two work-groups at least. What a driver's own compiler does may differ: this finds what no compiler could mend. Skipped
 * where clang is not installed or knows no GPUs. */
#include "support.h"

#include "plan.h"
#include "program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KERNELS_MAX = 64, SKIPPED = 77 };

static const struct {
	const char *label, *vendor, *options;
	bool ptx;
	uint32_t registers, local_bytes; /* of a work-item at most; of a compute unit, for all of its work-groups */
	uint32_t items_registers;        /* the same registers for all of a compute unit's work-items; AMD's: of 64 lanes each */
} targets[] = {
    {"NVIDIA sm_80", "NVIDIA Corporation",
        "--target=nvptx64-nvidia-nvcl -Xclang -target-cpu -Xclang sm_80 -Xclang -target-feature -Xclang +ptx72", true, 255,
        48 * 1024, 64 * 1024},
    {"AMD gfx90a", "Advanced Micro Devices, Inc.", "--target=amdgcn-amd-amdhsa -mcpu=gfx90a -nogpulib", false, 256, 64 * 1024,
        128 * 1024},
    {"AMD gfx1030", "Advanced Micro Devices, Inc.", "--target=amdgcn-amd-amdhsa -mcpu=gfx1030 -nogpulib", false, 256, 64 * 1024,
        128 * 1024},
};
enum { TARGETS = sizeof targets / sizeof *targets };

static const struct {
	const char *lines;
	bool ptx; /* where instructions of NVIDIA's are meant, nowhere else */
} changes[] = {{"epilogue 1", false}, {"epilogue 1\ntile_vectors 1\ngroup 256\ngroup_columns 8\ngroup_rows 16", false},
    {"product tensor\nepilogue 1", true}, {"product tensor\nepilogue 1\ngroup_columns 8\ngroup_rows 16", true}};
enum { CHANGES = sizeof changes / sizeof *changes };

/* What a compiler says of a kernel. */
typedef struct cost {
	char name[64];
	uint32_t registers, spills, private_bytes, local_bytes;
} cost;

typedef struct costs {
	cost kernel[KERNELS_MAX];
	size_t count;
} costs;

static bool runs(const char *command)
{
	char quiet[1024];
	const int length = snprintf(quiet, sizeof quiet, "%s >/dev/null 2>&1", command);
	return length < (int)sizeof quiet && system(quiet) == 0;
}

static void write_source(const char *path)
{
	const char *texts[32];
	FILE *file = fopen(path, "w");
	if (!file) fail_msg("cannot write %s", path);
	const cl_uint count = program_sources(texts, 32);
	for (cl_uint i = 0; i < count; i++) fputs(texts[i], file);
	fclose(file);
}

static clu_plan make_plan(size_t target, size_t change)
{
	clu_device_info info = {.type = CLU_DEVICE_GPU};
	clu_error error;
	snprintf(info.vendor, sizeof info.vendor, "%s", targets[target].vendor);
	clu_plan plan = clu_plan_default(&info);
	support_ok(plan_change(&plan, changes[change].lines, &error), &error);
	support_ok(plan_check(&plan, changes[change].lines, &error), &error);
	return plan;
}

/* Runs a command and fails with what it said unless it succeeds; the caller frees the text. */
static char *run_compiler(const char *command)
{
	size_t size = 0, used = 0;
	char *text = NULL;
	FILE *pipe = popen(command, "r");
	if (!pipe) fail_msg("cannot run %s", command);
	do {
		if (used + 1 >= size) text = realloc(text, size += 65536);
		if (!text) fail_msg("no memory for what %.40s says", command);
		used += fread(text + used, 1, size - 1 - used, pipe);
	} while (!feof(pipe));
	text[used] = '\0';
	if (pclose(pipe) != 0) fail_msg("%s\n%.2000s", command, text);
	return text;
}

/* The next line of *text into `line`, cut where it is longer. */
static bool next_line(const char **text, char *line, size_t size)
{
	if (!**text) return false;
	const size_t length = strcspn(*text, "\n"), kept = length < size ? length : size - 1;
	memcpy(line, *text, kept);
	line[kept] = '\0';
	*text += length + ((*text)[length] == '\n');
	return true;
}

static cost *add_kernel(costs *all, const char *name)
{
	assert_true(all->count < KERNELS_MAX);
	cost *added = &all->kernel[all->count++];
	*added = (cost){.registers = 0};
	snprintf(added->name, sizeof added->name, "%s", name);
	return added;
}

/* The metadata at the end of AMD's assembler: of each kernel, keys in the order of the alphabet. Scalar registers spill into vector
 * ones, not into memory. */
static void read_assembler(const char *text, costs *all)
{
	char line[256], name[64];
	cost seen = {.registers = 0};
	while (next_line(&text, line, sizeof line)) {
		sscanf(line, " .group_segment_fixed_size: %u", &seen.local_bytes);
		sscanf(line, " .private_segment_fixed_size: %u", &seen.private_bytes);
		sscanf(line, " .vgpr_count: %u", &seen.registers);
		if (sscanf(line, " .symbol: %63[^.]", name) == 1) snprintf(seen.name, sizeof seen.name, "%s", name);
		if (sscanf(line, " .vgpr_spill_count: %u", &seen.spills) == 1) *add_kernel(all, seen.name) = seen;
	}
}

/* PTX names registers without end: of a kernel it tells private memory alone. */
static void read_ptx(const char *text, costs *all)
{
	char line[256], name[64];
	uint32_t align, value;
	while (next_line(&text, line, sizeof line)) {
		if (sscanf(line, ".entry %63[^(]", name) == 1 || sscanf(line, ".visible .entry %63[^(]", name) == 1)
			add_kernel(all, name);
		else if (sscanf(line, "%63s .func", name) == 1 && strstr(line, ".func"))
			add_kernel(all, "a function that was not inlined");
		else if (all->count && sscanf(line, " .local .align %u .b8 __local_depot%*u[%u]", &align, &value) == 2)
			all->kernel[all->count - 1].private_bytes = value;
	}
}

/* ptxas -v: a line that names the kernel, one of its stack, one of its registers. */
static void read_ptxas(const char *text, costs *all)
{
	char line[512], name[64];
	cost *kernel = NULL;
	while (next_line(&text, line, sizeof line)) {
		const char *used = strstr(line, "Used "), *local = strstr(line, " bytes smem");
		if (sscanf(line, "ptxas info : Compiling entry function '%63[^']", name) == 1) kernel = add_kernel(all, name);
		if (!kernel) continue;
		uint32_t stack, stores, loads;
		if (sscanf(line, " %u bytes stack frame, %u bytes spill stores, %u bytes spill loads", &stack, &stores, &loads) == 3) {
			kernel->private_bytes += stack;
			kernel->spills += stores + loads;
		}
		if (used) sscanf(used, "Used %u registers", &kernel->registers);
		if (!local) continue;
		while (local > line && local[-1] != ' ') local--;
		sscanf(local, "%u bytes smem", &kernel->local_bytes);
	}
}

static void compile(size_t target, const clu_plan *plan, const char *directory, bool ptxas, costs *all)
{
	char options[PROGRAM_OPTIONS], command[4096];
	program_options(plan, options);
	snprintf(command, sizeof command,
	    "cd %s && clang -x cl %s %s -Werror -fsyntax-only k.cl 2>&1 && " /* as OpenCL declares its functions */
	    "clang -x cl %s %s -include %s/gpu_builtins.cl -O3 -ffp-contract=off -S -o k.s k.cl 2>&1 && %s",
	    directory, options, targets[target].options, options, targets[target].options, TEST_DIR,
	    !targets[target].ptx ? "cat k.s"
	    : ptxas              ? "ptxas -v -arch=sm_80 -o /dev/null k.s 2>&1"
	                         : "cat k.s");
	char *text = run_compiler(command);
	*all = (costs){.count = 0};
	(!targets[target].ptx ? read_assembler : ptxas ? read_ptxas : read_ptx)(text, all);
	free(text);
}

/* Work-items of a kernel's work-groups: those of row kernels or those of products. */
static uint32_t items_of(const char *kernel, const clu_plan *plan)
{
	static const char *const of_products[] = {"product_", "layer_tiled", "layer_listed"};
	for (size_t i = 0; i < sizeof of_products / sizeof *of_products; i++)
		if (strncmp(kernel, of_products[i], strlen(of_products[i])) == 0) return plan->group_columns * plan->group_rows;
	return plan->group;
}

static void check(size_t target, const clu_plan *plan, const cost *kernel)
{
	const uint32_t items = items_of(kernel->name, plan);
	printf("%s: %s: %u registers of %u work-items, %u bytes of local memory\n", targets[target].label, kernel->name,
	    kernel->registers, items, kernel->local_bytes);
	if (kernel->private_bytes || kernel->spills)
		fail_msg("%s, %s: %u bytes of private memory, %u spills", targets[target].label, kernel->name, kernel->private_bytes,
		    kernel->spills);
	assert_true(kernel->registers <= targets[target].registers);
	assert_true(2 * kernel->registers * items <= targets[target].items_registers);
	assert_true(2 * kernel->local_bytes <= targets[target].local_bytes);
}

static void test_targets(void **state)
{
	(void)state;
	char *directory = support_directory_create(), *source = support_path(directory, "k.cl");
	const bool ptxas = runs("ptxas --version");
	static costs all;
	write_source(source);
	for (size_t target = 0; target < TARGETS; target++)
		for (size_t change = 0; change < CHANGES; change++) {
			if (changes[change].ptx && !targets[target].ptx) continue;
			const clu_plan plan = make_plan(target, change);
			compile(target, &plan, directory, ptxas, &all);
			assert_true(all.count >= 20);
			for (size_t k = 0; k < all.count; k++) check(target, &plan, &all.kernel[k]);
		}
	free(source);
	support_directory_remove(directory);
}

static bool has_targets(void)
{
	for (size_t target = 0; target < TARGETS; target++) {
		char command[512];
		snprintf(command, sizeof command, "clang -x cl %s -S -o - /dev/null", targets[target].options);
		if (!runs(command)) return false;
	}
	return true;
}

int main(void)
{
	if (!has_targets()) {
		printf("skipped: no clang with code generators for NVIDIA's and AMD's GPUs\n");
		return SKIPPED;
	}
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_targets)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
