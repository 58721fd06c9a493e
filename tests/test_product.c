/* test_product.c: matrix products of lists of lanes: sizes of one, primes, around multiples of every tile; both kinds, fixed and
 * stacked, A from all zero to all dense, against double; nothing beside the listed lanes' C is touched. Our own product has, for
 * every plan and whether it skips zeros or not, the bits of an ascending sum of fmaf on the host. CLBlast is tried on PoCL alone,
 * where it compiles for some 15 s. TEST_NEEDS: device */
#include "support_network.h"

#include "plan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Float32 sums of up to 3·130 products of numbers below 1: each rounding is at most 2⁻²⁴ of a partial sum, which is some
 * ten times smaller than √inner; relative to the largest entry, 400 roundings are below 3e-5. */
static const double tolerance = 3e-5;

enum { LANES = 6, ENTRIES = 4, LIST_FIRST = 2, LEAD = 32 };

/* Gaps, neighbours, equal and unequal depths. */
static const lane_entry entries[LIST_FIRST + ENTRIES] = {{5, 9}, {5, 9}, {0, 2}, {2, 4}, {3, 4}, {4, 3}};

typedef struct product_case {
	product_kind kind;
	product_inner stacking;
	uint32_t rows, columns, inner;
} product_case;

static const product_case small_cases[] = {
    {PRODUCT_TIMES, INNER_FIXED, 1, 1, 1},
    {PRODUCT_TIMES, INNER_FIXED, 1, 17, 5},
    {PRODUCT_TIMES, INNER_FIXED, 5, 1, 3},
    {PRODUCT_TIMES, INNER_FIXED, 7, 13, 1},
    {PRODUCT_TIMES, INNER_FIXED, 7, 33, 11},
    {PRODUCT_GRADIENT, INNER_FIXED, 1, 1, 1},
    {PRODUCT_GRADIENT, INNER_FIXED, 13, 7, 3},
    {PRODUCT_GRADIENT, INNER_STACKED, 1, 1, 1},
    {PRODUCT_GRADIENT, INNER_STACKED, 5, 19, 3},
};

/* Around multiples of the tiles of all plans below: 4 and 6 rows by 12, 16, 24, 48 and 64 columns, of their groups, and of the
 * 16 inner rows that tiles in local memory have. */
static const product_case large_cases[] = {
    {PRODUCT_TIMES, INNER_FIXED, 16, 64, 16},
    {PRODUCT_TIMES, INNER_FIXED, 15, 63, 31},
    {PRODUCT_TIMES, INNER_FIXED, 17, 65, 29},
    {PRODUCT_TIMES, INNER_FIXED, 12, 48, 7},
    {PRODUCT_TIMES, INNER_FIXED, 11, 47, 8},
    {PRODUCT_TIMES, INNER_FIXED, 13, 49, 9},
    {PRODUCT_TIMES, INNER_FIXED, 64, 128, 2},
    {PRODUCT_TIMES, INNER_FIXED, 67, 129, 130},
    {PRODUCT_TIMES, INNER_FIXED, 61, 127, 1},
    {PRODUCT_GRADIENT, INNER_FIXED, 64, 48, 17},
    {PRODUCT_GRADIENT, INNER_FIXED, 127, 67, 5},
    {PRODUCT_GRADIENT, INNER_FIXED, 97, 25, 130},
    {PRODUCT_GRADIENT, INNER_STACKED, 47, 131, 13},
    {PRODUCT_GRADIENT, INNER_STACKED, 65, 65, 43},
    {PRODUCT_GRADIENT, INNER_STACKED, 17, 16, 1},
    /* one, two and three blocks of rows, as a lane's depth has it */
    {PRODUCT_GRADIENT, INNER_STACKED, 131, 97, 90},
};

static uint32_t inner_of(const product_case *c, lane_entry entry)
{
	return c->stacking == INNER_STACKED ? c->inner * (entry.depth - 1) : c->inner;
}

typedef enum layout { LAYOUT_ROWS, LAYOUT_PANELS } layout;

/* A buffer of one matrix for each lane, LEAD floats into the lane's part; its host copy is `values`. */
typedef struct operand {
	matrix matrix;
	size_t count;
	float *values;
} operand;

static operand operand_create(clu_device *device, uint32_t rows, uint32_t columns, layout layout, float filler)
{
	clu_error error;
	operand o = {.matrix = {.at = LEAD, .panel = PANEL, .ld = arena_ld(columns)}};
	if (layout == LAYOUT_PANELS) {
		o.matrix.ld = PANEL;
		o.matrix.panel = (rows + 1) * PANEL;
	}
	const uint64_t panels = layout == LAYOUT_PANELS ? (columns + PANEL - 1) / PANEL : 1;
	o.matrix.stride = LEAD + panels * (rows + 1) * o.matrix.ld + LEAD;
	o.count = LANES * o.matrix.stride;
	o.values = malloc(o.count * sizeof *o.values);
	assert_non_null(o.values);
	for (size_t i = 0; i < o.count; i++) o.values[i] = filler;
	support_ok(memory_create(device, "operand", o.count * sizeof *o.values, &o.matrix.buffer, &error), &error);
	return o;
}

static float *operand_at(const operand *o, uint32_t slot, uint32_t row, uint32_t column)
{
	return o->values + slot * o->matrix.stride + o->matrix.at + (size_t)row * o->matrix.ld + column / PANEL * o->matrix.panel +
	       column % PANEL;
}

static void operand_upload(clu_device *device, const operand *o)
{
	clu_error error;
	support_ok(memory_write(device, o->matrix.buffer, 0, o->count * sizeof *o->values, o->values, &error), &error);
}

static void operand_destroy(operand *o)
{
	memory_release(&o->matrix.buffer);
	free(o->values);
}

/* A density: blocks of LIST_ROWS by LIST_COLUMNS (product_gradient.cl) are by turns full and nearly empty. */
static const double patches = -1;

static void fill_row(float *values, uint32_t row, uint32_t columns, double density, uint64_t seed)
{
	if (density >= 0) {
		support_fill(values, columns, density, seed);
		return;
	}
	for (uint32_t at = 0; at < columns; at += LIST_COLUMNS) {
		const uint32_t width = columns - at < LIST_COLUMNS ? columns - at : LIST_COLUMNS;
		support_fill(values + at, width, (row / LIST_ROWS + at / LIST_COLUMNS) % 2 ? 1 : 0.1, seed + 7 * at);
	}
}

/* Numbers in [−1, 1) and zeros, padding zero; all around is NaN, which shows wherever it is read. */
static operand random_operand(clu_device *device, uint32_t rows, uint32_t columns, layout layout, double density, uint64_t seed)
{
	operand o = operand_create(device, rows, columns, layout, NAN);
	float *row_values = malloc(columns * sizeof *row_values);
	assert_non_null(row_values);
	for (uint32_t slot = 0; slot < LANES; slot++)
		for (uint32_t row = 0; row < rows; row++) {
			fill_row(row_values, row, columns, density, seed + 1000 * slot + row);
			for (uint32_t j = 0; j < arena_ld(columns); j++) *operand_at(&o, slot, row, j) = j < columns ? row_values[j] : 0;
		}
	free(row_values);
	operand_upload(device, &o);
	return o;
}

enum { ENTRIES_GAP = 5, STARTS_GAP = 3 }; /* between lanes */

/* The lists of A's nonzeros by row, A being [rows][columns], and room for those by column. */
static nonzeros nonzeros_create(clu_device *device, const operand *a, uint32_t rows, uint32_t columns)
{
	clu_error error;
	const uint32_t blocks = (columns + LIST_COLUMNS - 1) / LIST_COLUMNS;
	nonzeros z = {.entries_ld = columns + 1,
	    .entries_stride = ENTRIES_GAP + (uint64_t)rows * (columns + 1),
	    .starts_ld = blocks + 1,
	    .starts_stride = STARTS_GAP + (uint64_t)rows * (blocks + 1),
	    .by_column_ld = rows + 3,
	    .by_column_starts_stride = product_by_column_starts(columns, rows) + 3 * (uint64_t)columns}; /* of either way's */
	const size_t entries_size = LANES * z.entries_stride * 8, starts_size = LANES * z.starts_stride * 4;
	cl_uint *listed = malloc(entries_size), *starts = malloc(starts_size);
	assert_true(listed && starts);
	memset(listed, 0xff, entries_size);
	memset(starts, 0xff, starts_size);
	for (uint32_t slot = 0; slot < LANES; slot++)
		for (uint32_t row = 0; row < rows; row++) {
			cl_uint *to = listed + 2 * (slot * z.entries_stride + (uint64_t)row * z.entries_ld), count = 0;
			cl_uint *start = starts + slot * z.starts_stride + (uint64_t)row * z.starts_ld;
			for (uint32_t column = 0; column < columns; column++) {
				const float *value = operand_at(a, slot, row, column);
				if (column % LIST_COLUMNS == 0) start[column / LIST_COLUMNS] = count;
				if (*value == 0) continue;
				to[2 * count] = column * PANEL;
				memcpy(&to[2 * count++ + 1], value, 4);
			}
			start[blocks] = count;
		}
	support_ok(memory_create(device, "entries", entries_size, &z.entries, &error), &error);
	support_ok(memory_write(device, z.entries, 0, entries_size, listed, &error), &error);
	support_ok(memory_create(device, "starts", starts_size, &z.starts, &error), &error);
	support_ok(memory_write(device, z.starts, 0, starts_size, starts, &error), &error);
	support_ok(memory_create(device, "by column", LANES * columns * z.by_column_ld * 8, &z.by_column, &error), &error);
	support_ok(
	    memory_create(device, "counts by column", LANES * z.by_column_starts_stride * 4, &z.by_column_starts, &error), &error);
	free(starts);
	free(listed);
	return z;
}

static void nonzeros_destroy(nonzeros *z)
{
	memory_release(&z->by_column_starts);
	memory_release(&z->by_column);
	memory_release(&z->starts);
	memory_release(&z->entries);
}

typedef struct fixture {
	product_case shape;
	operand a, b, c;
	nonzeros sparse;
	lane_list list;
} fixture;

static fixture fixture_create(clu_device *device, const product_case *shape, double density, uint64_t seed)
{
	clu_error error;
	fixture f = {.shape = *shape, .list = {.first = LIST_FIRST, .count = ENTRIES, .entries = entries + LIST_FIRST}};
	const uint32_t deep = shape->stacking == INNER_STACKED ? 3 * shape->inner : shape->inner; /* depth is 4 at most */
	const uint32_t a_rows = shape->kind == PRODUCT_TIMES ? shape->rows : deep;
	const uint32_t a_columns = shape->kind == PRODUCT_TIMES ? deep : shape->rows;
	const bool sparse = clu_plan_skips_zeros(&device->plan);
	const bool panels = device->plan.product == CLU_WAY_NATIVE && (sparse || seed % 20 < 10); /* dense takes either */
	const layout layout = panels ? LAYOUT_PANELS : LAYOUT_ROWS;
	f.a = random_operand(device, a_rows, a_columns, LAYOUT_ROWS, density, seed);
	if (sparse) f.sparse = nonzeros_create(device, &f.a, a_rows, a_columns);
	f.b = random_operand(device, deep, shape->columns, layout, 0.9, seed + 500);
	f.c = operand_create(device, shape->rows, shape->columns, shape->kind == PRODUCT_TIMES ? LAYOUT_ROWS : layout, 7);
	for (uint32_t slot = 0; slot < LANES; slot++) /* C is overwritten, whatever was there */
		for (uint32_t row = 0; row < shape->rows; row++)
			for (uint32_t j = 0; j < arena_ld(shape->columns); j++) *operand_at(&f.c, slot, row, j) = j < shape->columns ? NAN : 0;
	operand_upload(device, &f.c);
	support_ok(memory_create(device, "list", sizeof entries, &f.list.buffer, &error), &error);
	support_ok(memory_write(device, f.list.buffer, 0, sizeof entries, entries, &error), &error);
	return f;
}

static void fixture_destroy(fixture *f)
{
	memory_release(&f->list.buffer);
	nonzeros_destroy(&f->sparse);
	operand_destroy(&f->c);
	operand_destroy(&f->b);
	operand_destroy(&f->a);
}

/* The product on the device; the caller frees all of C's buffer. */
static float *run(clu_device *device, const fixture *f)
{
	clu_error error;
	const product product = {.kind = f->shape.kind,
	    .stacking = f->shape.stacking,
	    .rows = f->shape.rows,
	    .columns = f->shape.columns,
	    .inner = f->shape.inner,
	    .a = f->a.matrix,
	    .b = f->b.matrix,
	    .c = f->c.matrix,
	    .sparse = f->sparse};
	float *got = malloc(f->c.count * sizeof *got);
	assert_non_null(got);
	support_ok(product_enqueue(device, &product, &f->list, &error), &error);
	support_ok(memory_read(device, f->c.matrix.buffer, 0, f->c.count * sizeof *got, got, &error), &error);
	return got;
}

/* The factors of term k of an entry of C. */
static void factors_of(const fixture *f, lane_entry entry, uint32_t row, uint32_t column, uint32_t k, float *a, float *b)
{
	const bool times = f->shape.kind == PRODUCT_TIMES;
	*a = *operand_at(&f->a, entry.slot, times ? row : k, times ? k : row);
	*b = *operand_at(&f->b, entry.slot, k, column);
}

/* One entry of C, in double and as the ascending sum of fmaf. */
static double entry_of(const fixture *f, lane_entry entry, uint32_t row, uint32_t column, float *fused)
{
	double sum = 0;
	*fused = 0;
	for (uint32_t k = 0; k < inner_of(&f->shape, entry); k++) {
		float a, b;
		factors_of(f, entry, row, column, k, &a, &b);
		sum += (double)a * b;
		*fused = fmaf(a, b, *fused);
	}
	return sum;
}

/* The parts of 11 significant bits that tile_tensor.cl makes: the nearest, ties away from zero, and the rest, cut. */
static void split(float x, float *high, float *low)
{
	uint32_t bits;
	memcpy(&bits, &x, sizeof bits);
	bits = (bits + 0x1000u) & 0xffffe000u;
	memcpy(high, &bits, sizeof bits);
	*low = x - *high;
	memcpy(&bits, low, sizeof bits);
	bits &= 0xffffe000u;
	memcpy(low, &bits, sizeof bits);
}

/* The same entry as tile_tensor.cl sums it where it does without tensor units: steps of eight terms, each three sums of products of
 * parts one after the other, added up. */
static float tensor_entry_of(const fixture *f, lane_entry entry, uint32_t row, uint32_t column)
{
	enum { STEP = 8, PARTS = 3 };
	const uint32_t inner = inner_of(&f->shape, entry);
	float sum = 0;
	for (uint32_t k0 = 0; k0 < inner; k0 += STEP) {
		float part = 0;
		for (int which = 0; which < PARTS; which++)
			for (uint32_t k = k0; k < inner && k < k0 + STEP; k++) {
				float a, b, a_high, a_low, b_high, b_low;
				factors_of(f, entry, row, column, k, &a, &b);
				split(a, &a_high, &a_low);
				split(b, &b_high, &b_low);
				part = fmaf(which == 0 ? a_low : a_high, which == 1 ? b_low : b_high, part);
			}
		sum += part;
	}
	return sum;
}

/* Puts the products of the listed lanes into C's host copies: `fused` everything of the buffer, `exact` the same in double with
 * what is not computed left 0. */
static void expect(const fixture *f, bool tensor, double *exact, float *fused)
{
	memcpy(fused, f->c.values, f->c.count * sizeof *fused);
	for (uint32_t e = 0; e < ENTRIES; e++)
		for (uint32_t row = 0; row < f->shape.rows; row++) {
			for (uint32_t j = 0; j < f->shape.columns; j++) {
				const size_t at = (size_t)(operand_at(&f->c, f->list.entries[e].slot, row, j) - f->c.values);
				exact[at] = entry_of(f, f->list.entries[e], row, j, &fused[at]);
				if (tensor) fused[at] = tensor_entry_of(f, f->list.entries[e], row, j);
			}
		}
}

/* EITHER: of fmaf's sums where rows are listed, of tensor units' else. */
typedef enum claim { CLAIM_CLOSE, CLAIM_SAME_BITS, CLAIM_EITHER } claim;

static bool same_bits(float a, float b)
{
	return memcmp(&a, &b, sizeof a) == 0 || (!support_equal_bits() && a == b);
}

static bool either_seen[2]; /* in any case so far: fmaf's sums, tensor units' */

/* Each row of C has one of the two. */
static void check_either(const char *label, const fixture *f, const float *got)
{
	for (uint32_t e = 0; e < ENTRIES; e++)
		for (uint32_t row = 0; row < f->shape.rows; row++) {
			bool listed = true, tensor = true;
			for (uint32_t j = 0; j < f->shape.columns; j++) {
				const lane_entry entry = f->list.entries[e];
				const float here = got[operand_at(&f->c, entry.slot, row, j) - f->c.values];
				float fused;
				entry_of(f, entry, row, j, &fused);
				const float parts = tensor_entry_of(f, entry, row, j);
				listed = listed && here == fused;
				tensor = tensor && here == parts;
			}
			if (!listed && !tensor) fail_msg("%s: entry %u, row %u has neither sums", label, e, row);
			if (listed != tensor) either_seen[tensor] = true;
		}
}

static void check_case(clu_device *device, const product_case *shape, double density, claim claim, const char *plan, uint64_t seed)
{
	char label[160];
	fixture f = fixture_create(device, shape, density, seed);
	double *exact = calloc(f.c.count, sizeof *exact);
	float *fused = malloc(f.c.count * sizeof *fused), *got = run(device, &f);
	assert_true(exact && fused);
	snprintf(label, sizeof label, "%s, density %g, %s%s, %u x %u, inner %u", plan, density,
	    shape->kind == PRODUCT_TIMES ? "times" : "gradient", shape->stacking == INNER_STACKED ? " stacked" : "", shape->rows,
	    shape->columns, shape->inner);
	expect(&f, device->plan.product == CLU_WAY_TENSOR, exact, fused);
	if (claim == CLAIM_SAME_BITS) support_same_bits(label, seed, got, fused, f.c.count);
	if (claim == CLAIM_EITHER) check_either(label, &f, got);
	for (size_t i = 0; i < f.c.count; i++) { /* what is not computed keeps its bits */
		if (memcmp(&fused[i], &f.c.values[i], sizeof *fused) != 0) continue;
		if (!same_bits(got[i], f.c.values[i])) fail_msg("%s: float %zu of C became %g", label, i, (double)got[i]);
		got[i] = 0, exact[i] = 0;
	}
	support_close(label, seed, got, exact, f.c.count, tolerance);
	free(got);
	free(fused);
	free(exact);
	fixture_destroy(&f);
}

static void check_cases(clu_device *device, const char *label)
{
	static const double densities[] = {0.5, 0.1, 1, 0, 0.3};
	/* Tensor units sum as they like; what stands for them elsewhere has known sums, and rows that are listed beside it have fmaf's.
	 */
	const bool tensor = device->plan.product == CLU_WAY_TENSOR;
	const bool known = !plan_uses_clblast(&device->plan) && !(tensor && clu_device_has_tensor_units(&device->info));
	const claim claim = !known || !support_equal_bits()           ? CLAIM_CLOSE
	                    : tensor && device->plan.sparse_below > 0 ? CLAIM_EITHER
	                                                              : CLAIM_SAME_BITS;
	for (size_t i = 0; i < sizeof small_cases / sizeof *small_cases; i++)
		check_case(device, &small_cases[i], densities[i % 5], claim, label, 10 * i);
	if (support_tiny()) return;
	for (size_t i = 0; i < sizeof large_cases / sizeof *large_cases; i++) {
		check_case(device, &large_cases[i], densities[(i + 1) % 5], claim, label, 10 * i + 5);
		if (inner_of(&large_cases[i], (lane_entry){0, 4}) > LIST_ROWS)
			check_case(device, &large_cases[i], patches, claim, label, 10 * i + 6);
	}
}

static void test_default_plan(void **state)
{
	check_cases(*state, "default plan");
}

static void test_every_tile(void **state)
{
	(void)state;
	/* llvmpipe takes minutes over wide tiles and, at vectors of 16, loses a store of the narrow ones: `slow` is for the others. */
	static const struct {
		const char *label;
		uint32_t vector, tile_rows, tile_vectors, group, group_columns, group_rows;
		bool slow;
	} plans[] = {
	    {"scalar", 1, 1, 1, 1, 1, 1, false},
	    {"scalar, 3x5", 1, 3, 5, 1, 1, 1, true},
	    {"SSE", 4, 4, 3, 1, 1, 1, false},
	    {"AVX2", 8, 4, 3, 1, 1, 1, true},
	    {"AVX-512", 16, 6, 4, 1, 1, 1, true},
	    {"GPU", 4, 4, 1, 32, 16, 4, false},
	    {"rows in a group", 8, 3, 2, 1, 1, 4, true},
	    {"2x2 groups", 4, 1, 2, 2, 2, 2, true},
	    {"largest tile", 16, 16, 8, 1, 1, 1, true},
	};
	const clu_device_info info = support_device_info();
	for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
		if (support_few_plans() && plans[i].slow) continue;
		clu_plan plan = clu_plan_default(&info);
		clu_device *device;
		clu_error error;
		plan.product = CLU_WAY_NATIVE;
		plan.passes = 0;
		plan.vector = plans[i].vector;
		plan.tile_rows = plans[i].tile_rows;
		plan.tile_vectors = plans[i].tile_vectors;
		plan.group = plans[i].group;
		plan.group_columns = plans[i].group_columns;
		plan.group_rows = plans[i].group_rows;
		plan.sparse_below = 0;
		support_ok(clu_device_open(&info, &plan, &device, &error), &error);
		check_cases(device, plans[i].label);
		clu_device_destroy(device);
	}
}

/* Whole and half panels of every width of vectors; always skipping, hardly ever, and by the density of a few rows. */
static void test_skipping_zeros(void **state)
{
	(void)state;
	static const struct {
		const char *label;
		uint32_t vector, below, rows;
		bool slow;
	} plans[] = {
	    {"skips always, scalar", 1, 100, 1, false},
	    {"skips always, SSE", 4, 100, 5, false},
	    {"skips always, AVX2", 8, 100, 1024, true},
	    {"skips always, AVX-512", 16, 100, 12, true},
	    {"skips hardly ever", 4, 1, 3, true},
	    {"skips at times", 8, 40, 2, true},
	};
	const clu_device_info info = support_device_info();
	if (!support_equal_bits()) skip(); /* llvmpipe miscompiles it, and no default plan has it there */
	for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
		clu_plan plan = clu_plan_default(&info);
		clu_device *device;
		clu_error error;
		if (support_few_plans() && plans[i].slow) continue;
		plan.product = CLU_WAY_NATIVE;
		plan.group = plan.group_columns = plan.group_rows = 1;
		plan.vector = plans[i].vector;
		plan.sparse_below = plans[i].below;
		plan.sparse_rows = plans[i].rows;
		support_ok(clu_device_open(&info, &plan, &device, &error), &error);
		check_cases(device, plans[i].label);
		clu_device_destroy(device);
	}
}

/* Tiles in local memory, and what skips zeros beside them: a work-item alone, more work-items than entries of a tile and fewer,
 * parts that do not come out even, rows by quads and not, every vector. */
static void test_tiles_in_local_memory(void **state)
{
	(void)state;
	static const struct {
		const char *label;
		uint32_t vector, tile_rows, tile_vectors, group_columns, group_rows, group, below;
		bool slow;
	} plans[] = {
	    {"tiled, one work-item", 1, 1, 1, 1, 1, 1, 100, true},
	    {"tiled, 3x2 of 5x1", 1, 3, 2, 5, 1, 2, 30, false},
	    {"tiled, many for little", 1, 1, 1, 16, 16, 64, 0, true},
	    {"tiled, quads, wide vectors", 8, 4, 1, 3, 5, 16, 1, true},
	    {"tiled, GPU, skips at times", 4, 8, 2, 16, 8, 64, 20, true},
	    {"tiled, GPU, skips always", 4, 8, 2, 16, 8, 8, 100, false},
	};
	const clu_device_info info = support_device_info();
	for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
		if (support_few_plans() && plans[i].slow) continue;
		clu_plan plan = clu_plan_default(&info);
		clu_device *device;
		clu_error error;
		plan.product = CLU_WAY_TILED;
		plan.vector = plans[i].vector;
		plan.tile_rows = plans[i].tile_rows;
		plan.tile_vectors = plans[i].tile_vectors;
		plan.group_columns = plans[i].group_columns;
		plan.group_rows = plans[i].group_rows;
		plan.group = plans[i].group;
		plan.sparse_below = support_equal_bits() ? plans[i].below : 0;
		support_ok(clu_device_open(&info, &plan, &device, &error), &error);
		check_cases(device, plans[i].label);
		clu_device_destroy(device);
	}
}

/* Tiles multiplied by tensor units, or by what stands for them: one warp, more of them down and across, wide vectors, and rows
 * without many nonzeros beside them. */
static void test_tensor_units(void **state)
{
	(void)state;
	static const struct {
		const char *label;
		uint32_t vector, tile_rows, tile_vectors, group_columns, group_rows, below;
		bool slow;
	} plans[] = {
	    {"tensor, one warp", 4, 8, 1, 8, 4, 0, false},
	    {"tensor, GPU", 4, 8, 2, 16, 8, 0, true},
	    {"tensor, warps above each other", 8, 4, 1, 4, 16, 0, true},
	    {"tensor, warps beside each other", 4, 2, 1, 8, 16, 0, true},
	    {"tensor, GPU, skips at times", 4, 8, 2, 16, 8, 20, true},
	};
	const clu_device_info info = support_device_info();
	for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
		if (support_few_plans() && plans[i].slow) continue;
		clu_plan plan = clu_plan_default(&info);
		clu_device *device;
		clu_error error;
		plan.product = CLU_WAY_TENSOR;
		plan.vector = plans[i].vector;
		plan.tile_rows = plans[i].tile_rows;
		plan.tile_vectors = plans[i].tile_vectors;
		plan.group_columns = plans[i].group_columns;
		plan.group_rows = plans[i].group_rows;
		plan.group = 64;
		plan.sparse_below = support_equal_bits() ? plans[i].below : 0;
		support_ok(clu_device_open(&info, &plan, &device, &error), &error);
		check_cases(device, plans[i].label);
		clu_device_destroy(device);
	}
	if (!support_few_plans() && !clu_device_has_tensor_units(&info)) assert_true(either_seen[0] && either_seen[1]);
}

/* NVIDIA's own NaN is all ones: it must not be rounded away. */
static void test_tensor_units_pass_nan(void **state)
{
	(void)state;
	static const product_case shape = {PRODUCT_TIMES, INNER_FIXED, 3, 5, 7};
	static const uint32_t bits[] = {0x7fffffffu, 0xffffffffu, 0x7fc00000u, 0x7f800000u};
	const clu_device_info info = support_device_info(), gpu = {.type = CLU_DEVICE_GPU};
	clu_plan plan = clu_plan_default(&gpu);
	clu_device *device;
	clu_error error;
	support_ok(plan_change(&plan, "product tensor\ntile_vectors 1\ngroup_columns 8\ngroup_rows 4\nsparse_below 0", &error), &error);
	support_ok(clu_device_open(&info, &plan, &device, &error), &error);
	for (size_t i = 0; i < sizeof bits / sizeof *bits; i++) {
		fixture f = fixture_create(device, &shape, 1, 1);
		const lane_entry entry = f.list.entries[0];
		memcpy(operand_at(&f.a, entry.slot, 1, 2), &bits[i], sizeof bits[i]);
		operand_upload(device, &f.a);
		float *got = run(device, &f);
		for (uint32_t row = 0; row < shape.rows; row++) {
			const float sum = got[operand_at(&f.c, entry.slot, row, 0) - f.c.values];
			if ((isfinite(sum) != 0) != (row != 1)) fail_msg("%08x, row %u: %g", bits[i], row, (double)sum);
		}
		free(got);
		fixture_destroy(&f);
	}
	clu_device_destroy(device);
}

/* A plan whose tiles do not fit says so before the driver does. */
static void test_too_little_local_memory(void **state)
{
	(void)state;
	clu_device_info info = support_device_info();
	clu_plan plan = clu_plan_default(&info);
	clu_device *device;
	clu_error error;
	plan.product = CLU_WAY_TILED;
	plan.vector = 4;
	plan.tile_rows = 8;
	plan.tile_vectors = 2;
	plan.group_columns = 16;
	plan.group_rows = 8;
	plan.sparse_below = 0;
	info.local_bytes = (16 * (68 + 128) + 1) * 4 - 1;
	assert_int_equal(clu_device_open(&info, &plan, &device, &error), CLU_SIZE);
	assert_non_null(strstr(error.message, info.name));
	assert_non_null(strstr(error.message, "12548"));
	info.local_bytes++;
	support_ok(clu_device_open(&info, &plan, &device, &error), &error);
	clu_device_destroy(device);
}

static void test_clblast(void **state)
{
	(void)state;
	static const product_case cases[] = {
	    {PRODUCT_TIMES, INNER_FIXED, 5, 7, 3},
	    {PRODUCT_TIMES, INNER_FIXED, 17, 65, 29},
	    {PRODUCT_GRADIENT, INNER_FIXED, 13, 33, 11},
	    {PRODUCT_GRADIENT, INNER_STACKED, 17, 31, 5},
	};
	const char *driver = getenv("CLUNROLL_TEST_DRIVER");
	if (driver && strcmp(driver, "pocl") != 0 && strcmp(driver, "system") != 0) skip();
	const clu_device_info info = support_device_info();
	clu_plan plan = clu_plan_default(&info);
	plan.passes = 0;
	for (int indirect = 0; indirect < 2; indirect++) {
		clu_device *device;
		clu_error error;
		plan.product = indirect ? CLU_WAY_CLBLAST_INDIRECT : CLU_WAY_CLBLAST;
		support_ok(clu_device_open(&info, &plan, &device, &error), &error);
		for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
			check_case(device, &cases[i], 0.5, CLAIM_CLOSE, indirect ? "CLBlast, indirect" : "CLBlast", 100 + i);
		clu_device_destroy(device);
	}
}

/* A list without lanes launches nothing. */
static void test_empty_list(void **state)
{
	clu_device *device = *state;
	fixture f = fixture_create(device, &small_cases[0], 1, 1);
	f.list.count = 0;
	float *got = run(device, &f);
	support_same_bits("empty list", 1, got, f.c.values, f.c.count);
	free(got);
	fixture_destroy(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_default_plan),
	    cmocka_unit_test(test_every_tile),
	    cmocka_unit_test(test_skipping_zeros),
	    cmocka_unit_test(test_tiles_in_local_memory),
	    cmocka_unit_test(test_tensor_units),
	    cmocka_unit_test(test_tensor_units_pass_nan),
	    cmocka_unit_test(test_too_little_local_memory),
	    cmocka_unit_test(test_clblast),
	    cmocka_unit_test(test_empty_list),
	};
	return cmocka_run_group_tests(tests, support_group_open, support_group_close);
}
