/* test_layer.c: one layer between its products, mix and neuron, forward and backward, from made-up products, against the
 * formulas of layer.cl in double: every neuron with thresholds above, at and below zero, v of exactly zero, rows with ties among
 * what is selected, mixes of several origins, pruned side connections, lanes of other depths beside a lane that is not listed.
 * TEST_NEEDS: device */
#include "layer.h"

#include "support_network.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Sums of a few products, and partial sums over up to 11·37 entries: some ten roundings of 2⁻²⁴ each in effect. */
static const double tolerance = 1e-5;
/* No v lies as close to its neuron's kink as rounding could carry it across. */
static const double margin = 1e-4;

enum { LANES = 3, IDLE = 1 };

typedef struct layer_case {
	uint32_t n, batch;
	const char *arch[LANES]; /* of slots 0 and 2; slot 1 is not listed */
	uint32_t depth[LANES];
	float theta[3]; /* of layer L: theta[L mod 3] */
} layer_case;

static const layer_case cases[] = {
    {1, 1, {"0", "0", "0"}, {1, 1, 1}, {0, 0.2f, 0}},
    {5, 3, {"0_0_1_3:ssss", "0_0_0_0", "0_0_1_3:rrrr"}, {4, 4, 4}, {0.1f, 0.2f, 0.3f}},
    {5, 3, {"0_0_1_3:llll", "0_0_0_0", "0_0_1_3:slrs"}, {4, 4, 4}, {-0.1f, -0.2f, -0.3f}},
    {5, 3, {"0_0_1_3:slrl", "0_0_0_0", "0_0_1_3:rlsr"}, {4, 4, 4}, {0, 0, 0}},
    {16, 8, {"0_0_1_2_5:srlss:11010", "0_0_0_0_0", "0_0_0_3_7:lrsls:10000"}, {5, 5, 3}, {0.1f, -0.2f, 0}},
    {17, 9, {"0_0_0_0_0:rlsrl", "0_0_0_0_0", "0_0_1_3_7"}, {2, 5, 5}, {-0.1f, 0.3f, 0.05f}},
    {37, 11, {"0_0_1_3_7_15:lllrrs:111010", "0_0_0_0_0_0", "0_0_1_2_4_8:ssslrs:101101"}, {6, 6, 1}, {0.1f, 0.2f, -0.05f}},
    {1, 2, {"0_0:pp", "0_0", "0_0:sp"}, {2, 2, 2}, {0.1f, 0.2f, 0.3f}},
    {21, 10, {"0_0_1_3_7:f", "0_0_0_0_0:fsfsf", "0_0_1_2_4:flfpf:10110"}, {5, 5, 4}, {0.1f, 0.2f, -0.05f}},
    {37, 11, {"0_0_1_3_7:ppppp", "0_0_0_0_0", "0_0_1_2_4:pspls:10110"}, {5, 5, 4}, {0.1f, 0.2f, -0.05f}},
};

typedef struct fixture {
	const layer_case *c;
	uint32_t layers;
	size_t plane; /* [batch][n] */
	arena arena;
	clu_model *model[LANES];
	float *u[LANES], *y[LANES], *h[LANES], *top[LANES]; /* y, h: [layers][batch][n] */
	double *v[LANES];                                   /* [layers][batch][n] */
} fixture;

static bool is_origin(const clu_model *model, uint32_t layer, uint32_t origin)
{
	return clu_arch_origins(&model->arch, layer) >> (origin - 1) & 1u;
}

/* v of a layer at one entry of the batch, from u and y. */
static double v_of(const fixture *f, uint32_t lane, uint32_t layer, size_t entry)
{
	const clu_model *model = f->model[lane];
	double v = model->arch.side[layer - 1] ? f->u[lane][entry] : 0;
	for (uint32_t i = 1; i < layer; i++)
		if (is_origin(model, layer, i)) v += (double)model->coefficient[layer - 1][i - 1] * f->y[lane][(i - 1) * f->plane + entry];
	return v;
}

static bool near_kink(const clu_model *model, uint32_t layer, double v)
{
	const double theta = model->theta[layer - 1];
	if (v == 0) return false;
	const bool bends_twice = model->arch.neuron[layer - 1] == CLU_NEURON_FIRM;
	return fabs(fabs(v) - fabs(theta)) < margin || fabs(v) < margin || (bends_twice && fabs(fabs(v) - 2 * theta) < margin);
}

static double cutoff_of(const fixture *f, uint32_t lane, uint32_t layer, size_t row)
{
	const clu_model *model = f->model[lane];
	const double *v = f->v[lane] + (layer - 1) * f->plane + row * f->c->n;
	return reference_cutoff(v, f->c->n, model->selected[layer - 1], model->theta[layer - 1]);
}

/* Draws u and y of an entry until no layer's v is near a kink; every seventh entry is exactly zero. */
static void draw_entry(fixture *f, uint32_t lane, size_t entry, uint64_t *random)
{
	for (bool near = true; near;) {
		near = false;
		f->u[lane][entry] = entry % 7 == 3 ? 0 : (float)(2 * support_uniform(random) - 1);
		for (uint32_t l = 0; l < f->layers; l++)
			f->y[lane][l * f->plane + entry] = entry % 7 == 3 ? 0 : (float)(2 * support_uniform(random) - 1);
		for (uint32_t layer = 1; layer <= f->layers; layer++) {
			const double v = f->v[lane][(layer - 1) * f->plane + entry] = v_of(f, lane, layer, entry);
			near = near || near_kink(f->model[lane], layer, v);
		}
	}
}

/* Draws a row until rounding cannot change which of its entries a layer selects. */
static void draw_row(fixture *f, uint32_t lane, size_t row, uint64_t *random)
{
	const uint32_t n = f->c->n;
	for (double gap = 0; gap < margin;) {
		for (size_t entry = row * n; entry < (row + 1) * n; entry++) draw_entry(f, lane, entry, random);
		gap = INFINITY;
		for (uint32_t l = 0; l < f->layers; l++)
			gap = fmin(gap, support_selection_gap(
			                    f->v[lane] + l * f->plane + row * n, n, f->model[lane]->selected[l], f->model[lane]->theta[l]));
	}
}

static void make_lane(fixture *f, uint32_t lane, uint64_t seed)
{
	const size_t stack = f->layers * f->plane;
	const arena *a = &f->arena;
	const uint32_t rows = f->c->batch, n = f->c->n;
	clu_error error;
	uint64_t random = seed;
	f->model[lane] = support_model_create(f->c->arch[lane], 3, n, seed);
	for (uint32_t layer = 1; layer <= f->layers; layer++) f->model[lane]->theta[layer - 1] = f->c->theta[layer % 3];
	f->u[lane] = calloc(f->plane, sizeof(float));
	f->top[lane] = calloc(f->plane, sizeof(float));
	f->y[lane] = calloc(stack, sizeof(float));
	f->h[lane] = calloc(stack, sizeof(float));
	f->v[lane] = calloc(stack, sizeof(double));
	assert_true(f->u[lane] && f->top[lane] && f->y[lane] && f->h[lane] && f->v[lane]);
	for (size_t row = 0; row < rows; row++) draw_row(f, lane, row, &random);
	support_fill(f->top[lane], f->plane, 0.8, seed + 1);
	support_fill(f->h[lane], stack, 0.8, seed + 2);
	support_lane_load(a, lane, f->model[lane]);
	support_ok(arena_write(a, ROLE_REACH, lane, 0, 1, &(cl_uint){1}, &error), &error);
	support_rows_write(a, ROLE_U, lane, 0, rows, a->ld_n, n, f->u[lane]);
	support_rows_write(a, ROLE_TOP, lane, 0, rows, a->ld_n, n, f->top[lane]);
	for (uint32_t l = 0; l < f->layers; l++)
		support_rows_write(a, ROLE_Y, lane, l * a->spaced, rows, a->ld_n, n, f->y[lane] + l * f->plane);
}

static const arena_role written[] = {ROLE_CODES, ROLE_DV, ROLE_DY, ROLE_DU, ROLE_PARTIALS};
enum { WRITTEN = sizeof written / sizeof *written };
static const float untouched = 77;

static fixture fixture_create(clu_device *device, const layer_case *c, uint64_t seed)
{
	clu_error error;
	fixture f = {.c = c, .layers = support_arch(c->arch[0]).layers, .plane = (size_t)c->batch * c->n};
	const arena_shape shape = {.m = 3,
	    .n = c->n,
	    .layers = f.layers,
	    .batch = c->batch,
	    .lanes = LANES,
	    .purpose = ARENA_TRAIN,
	    .burst = 1,
	    .order = 1,
	    .evaluation = 1};
	support_ok(arena_create(device, &shape, &f.arena, &error), &error);
	for (uint32_t lane = 0; lane < LANES; lane++) make_lane(&f, lane, seed + 10 * lane);
	for (size_t w = 0; w < WRITTEN; w++) support_role_fill(&f.arena, written[w], IDLE, untouched);
	return f;
}

static void fixture_destroy(fixture *f)
{
	for (uint32_t lane = 0; lane < LANES; lane++) {
		clu_model_destroy(f->model[lane]);
		free(f->u[lane]);
		free(f->top[lane]);
		free(f->y[lane]);
		free(f->h[lane]);
		free(f->v[lane]);
	}
	arena_destroy(&f->arena);
}

/* Runs `pass` on a layer for the listed lanes that are as deep. */
static void run_layer(fixture *f, uint32_t layer, clu_status (*pass)(const arena *, uint32_t, const lane_list *, clu_error *))
{
	clu_error error;
	lane_entry entries[LANES];
	uint32_t count = 0;
	for (uint32_t lane = 0; lane < LANES; lane++)
		if (lane != IDLE && f->c->depth[lane] >= layer) entries[count++] = (lane_entry){lane, f->c->depth[lane]};
	lane_list list = support_list_create(f->arena.device, entries, count);
	support_ok(pass(&f->arena, layer, &list, &error), &error);
	support_ok(device_finish(f->arena.device, &error), &error);
	memory_release(&list.buffer);
}

/* One plane of a role against the formula's. */
static void check_plane(const fixture *f, const char *what, uint32_t lane, arena_role role, uint32_t layer, const double *want)
{
	char label[96];
	const arena *a = &f->arena;
	const uint64_t plane = role == ROLE_CODES ? a->plane : a->spaced;
	float *got = role == ROLE_DY ? support_operand(a, arena_dy(a), lane, (layer - 1) * f->c->batch, f->c->batch)
	                             : support_rows(a, role, lane, (layer - 1) * plane, f->c->batch, a->ld_n, f->c->n);
	snprintf(label, sizeof label, "case %td, lane %u, %s of layer %u", f->c - cases, lane, what, layer);
	support_close(label, 0, got, want, f->plane, tolerance);
	free(got);
}

static clu_neuron kind_of(const fixture *f, uint32_t lane, uint32_t layer)
{
	return (clu_neuron)f->model[lane]->arch.neuron[layer - 1];
}

static void check_forward(fixture *f)
{
	double *x = malloc(f->plane * sizeof *x);
	assert_non_null(x);
	for (uint32_t lane = 0; lane < LANES; lane++)
		for (uint32_t layer = 1; layer <= f->c->depth[lane] && lane != IDLE; layer++) {
			for (size_t i = 0; i < f->plane; i++)
				x[i] = reference_neuron(kind_of(f, lane, layer), f->v[lane][(layer - 1) * f->plane + i],
				    f->model[lane]->theta[layer - 1], cutoff_of(f, lane, layer, i / f->c->n));
			check_plane(f, "x", lane, ROLE_CODES, layer, x);
		}
	free(x);
}

/* Sums of a layer's partials over the blocks of rows: da by origin, −dθ last. */
static void read_partials(const fixture *f, uint32_t lane, uint32_t layer, double *sums)
{
	clu_error error;
	const uint32_t blocks = f->arena.blocks, rows = f->layers + 1;
	float *partials = malloc((size_t)rows * blocks * sizeof *partials);
	assert_non_null(partials);
	support_ok(arena_read(&f->arena, ROLE_PARTIALS, lane, (uint64_t)(layer - 1) * rows * blocks, (uint64_t)rows * blocks, partials,
	               &error),
	    &error);
	for (uint32_t i = 0; i < rows; i++) {
		sums[i] = 0;
		for (uint32_t b = 0; b < blocks; b++) sums[i] += partials[i * blocks + b];
	}
	free(partials);
}

static void check_sum(const fixture *f, uint32_t lane, uint32_t layer, const char *what, double got, double want, double scale)
{
	if (!(fabs(got - want) <= tolerance * scale))
		fail_msg("case %td, lane %u, layer %u: %s is %.9g, wanted %.9g", f->c - cases, lane, layer, what, got, want);
}

/* ⟨dv_L, Y_i⟩, or ⟨H_L, x_i⟩ where work-items work alone: the same number in a network, not here, where H is drawn. */
static double coefficient_sum(const fixture *f, uint32_t lane, uint32_t layer, uint32_t origin, const double *dv, double *scale)
{
	const float *y = f->y[lane] + (origin - 1) * f->plane, *h = f->h[lane] + (layer - 1) * f->plane;
	const float theta = f->model[lane]->theta[origin - 1];
	double sum = 0;
	*scale = 1e-3;
	for (size_t k = 0; k < f->plane; k++) {
		const double v = f->v[lane][(origin - 1) * f->plane + k], cutoff = cutoff_of(f, lane, origin, k / f->c->n);
		const double x = reference_neuron(kind_of(f, lane, origin), v, theta, cutoff);
		const double term = f->arena.device->plan.group == 1 ? h[k] * x : dv[k] * y[k];
		sum += term;
		*scale += fabs(term);
	}
	return sum;
}

static void check_partials(const fixture *f, uint32_t lane, uint32_t layer, const double *dv)
{
	double sums[CLU_LAYERS_MAX + 1], theta = 0, scale = 1e-3;
	const clu_neuron kind = kind_of(f, lane, layer);
	const double *v = f->v[lane] + (layer - 1) * f->plane, threshold = f->model[lane]->theta[layer - 1];
	read_partials(f, lane, layer, sums);
	for (size_t i = 0; i < f->plane; i++) {
		const double slope = reference_neuron_slope(kind, v[i], threshold);
		scale += fabs(dv[i]);
		const double cutoff = cutoff_of(f, lane, layer, i / f->c->n);
		if (slope != 0) theta -= dv[i] / slope * reference_neuron_threshold_slope(kind, v[i], threshold, cutoff);
	}
	check_sum(f, lane, layer, "sum for theta", sums[f->layers], theta, scale);
	for (uint32_t i = 1; i < layer; i++) {
		if (!is_origin(f->model[lane], layer, i)) continue;
		const double sum = coefficient_sum(f, lane, layer, i, dv, &scale);
		check_sum(f, lane, layer, "sum for a coefficient", sums[i - 1], sum, scale);
	}
}

/* dv, dy of each layer and du from the top down. */
static void check_lane_backward(fixture *f, uint32_t lane)
{
	const clu_model *model = f->model[lane];
	const uint32_t depth = f->c->depth[lane];
	double *dv = calloc(f->layers * f->plane, sizeof *dv), *dy = malloc(f->plane * sizeof *dy), *du = calloc(f->plane, sizeof *du);
	assert_true(dv && dy && du);
	for (uint32_t layer = depth; layer >= 1; layer--) {
		double *mine = dv + (layer - 1) * f->plane;
		for (size_t k = 0; k < f->plane; k++) {
			double g = layer == depth ? f->top[lane][k] : 0;
			dy[k] = 0;
			for (uint32_t above = layer + 1; above <= depth; above++) {
				if (!is_origin(model, above, layer)) continue;
				const double a = model->coefficient[above - 1][layer - 1];
				g += a * f->h[lane][(above - 1) * f->plane + k];
				dy[k] += a * dv[(above - 1) * f->plane + k];
			}
			mine[k] = g * reference_neuron_slope(
			                  kind_of(f, lane, layer), f->v[lane][(layer - 1) * f->plane + k], model->theta[layer - 1]);
			if (model->arch.side[layer - 1]) du[k] += mine[k];
		}
		check_plane(f, "dv", lane, ROLE_DV, layer, mine);
		if (layer < depth) check_plane(f, "dy", lane, ROLE_DY, layer, dy);
		check_partials(f, lane, layer, mine);
	}
	check_plane(f, "du", lane, ROLE_DU, 1, du);
	free(du);
	free(dy);
	free(dv);
}

/* H of a layer takes the place of its Y once the layer is through. */
static void give_product(fixture *f, uint32_t layer)
{
	const arena *a = &f->arena;
	for (uint32_t lane = 0; lane < LANES; lane++)
		support_rows_write(
		    a, ROLE_Y, lane, (layer - 1) * a->spaced, f->c->batch, a->ld_n, f->c->n, f->h[lane] + (layer - 1) * f->plane);
}

static void check_case(clu_device *device, const layer_case *c, uint64_t seed)
{
	fixture f = fixture_create(device, c, seed);
	for (uint32_t layer = 1; layer <= f.layers; layer++) run_layer(&f, layer, layer_forward);
	check_forward(&f);
	for (uint32_t layer = f.layers; layer >= 1; layer--) {
		run_layer(&f, layer, layer_backward);
		give_product(&f, layer);
	}
	for (uint32_t lane = 0; lane < LANES; lane++)
		if (lane != IDLE) check_lane_backward(&f, lane);
	for (size_t w = 0; w < WRITTEN; w++) support_role_untouched(&f.arena, written[w], IDLE, untouched);
	fixture_destroy(&f);
}

static void test_layers(void **state)
{
	const support_pair *pair = *state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		check_case(pair->single, &cases[i], 100 * i);
		check_case(pair->grouped, &cases[i], 100 * i);
	}
}

/* A single layer whose v is U itself, at and around every threshold: the slope must be exactly the reference's, an output of
 * zero exactly +0. */
static void check_around_kinks(clu_device *device, clu_neuron kind, float theta, uint32_t selected)
{
	static const float points[] = {0, -0.0f, 1, -1, 0x1p-126f, -0x1p-126f, 1e30f, -1e30f};
	enum { POINTS = sizeof points / sizeof *points, N = POINTS + 12 };
	const arena_shape shape = {
	    .m = 1, .n = N, .layers = 1, .batch = 1, .lanes = 1, .purpose = ARENA_TRAIN, .burst = 1, .order = 1, .evaluation = 1};
	float v[N], ones[N];
	double wide[N];
	clu_error error;
	arena arena;
	clu_model *model = support_model_create("0", 1, N, 1);
	const lane_entry entry = {0, 1};
	support_ok(arena_create(device, &shape, &arena, &error), &error);
	lane_list list = support_list_create(device, &entry, 1);
	memcpy(v, points, sizeof points);
	for (int i = 0; i < 12; i++) { /* firm shrinkage bends at twice the threshold too */
		const float place = i < 6 ? theta : 2 * theta, at = i % 2 ? -place : place;
		v[POINTS + i] = i % 6 < 2 ? at : nextafterf(at, i % 6 < 4 ? INFINITY : -INFINITY);
	}
	for (int i = 0; i < N; i++) ones[i] = 3;
	model->arch.neuron[0] = (uint8_t)kind;
	model->theta[0] = theta;
	model->selected[0] = selected;
	support_widen(wide, v, N);
	const double cutoff = reference_cutoff(wide, N, selected, theta);
	support_lane_load(&arena, 0, model);
	support_rows_write(&arena, ROLE_U, 0, 0, 1, arena.ld_n, N, v);
	support_rows_write(&arena, ROLE_TOP, 0, 0, 1, arena.ld_n, N, ones);
	support_ok(layer_forward(&arena, 1, &list, &error), &error);
	support_ok(layer_backward(&arena, 1, &list, &error), &error);
	float *x = support_rows(&arena, ROLE_CODES, 0, 0, 1, arena.ld_n, N),
	      *dv = support_rows(&arena, ROLE_DV, 0, 0, 1, arena.ld_n, N);
	for (int i = 0; i < N; i++) {
		const double want = reference_neuron(kind, v[i], theta, cutoff), slope = reference_neuron_slope(kind, v[i], theta);
		const bool subnormal = fabs(want) < 0x1p-126 && !support_equal_bits(); /* may be flushed, and its slope with it */
		if (!(fabs((double)x[i] - want) <= fmax(1e-6 * fabs(want), 0x1p-149)) && !subnormal)
			fail_msg("neuron %d, theta %g: x(%a) is %a, wanted %a", (int)kind, (double)theta, (double)v[i], (double)x[i], want);
		if (!(fabs((double)dv[i] - 3 * slope) < 1e-6) && !subnormal)
			fail_msg("neuron %d, theta %g: dv at v = %a is %g, wanted %g", (int)kind, (double)theta, (double)v[i], (double)dv[i],
			    3 * slope);
		if (support_equal_bits() && x[i] == 0) assert_false(signbit(x[i]));
	}
	free(dv);
	free(x);
	memory_release(&list.buffer);
	clu_model_destroy(model);
	arena_destroy(&arena);
}

static void test_around_kinks(void **state)
{
	const support_pair *pair = *state;
	static const float thetas[] = {0.25f, 0, -0.25f, 1, -1};
	for (clu_neuron kind = 0; kind < CLU_NEURON_COUNT; kind++)
		for (size_t t = 0; t < sizeof thetas / sizeof *thetas; t++) {
			/* four are of magnitude 1 or next to it, so that several tie for the third place */
			for (uint32_t selected = 0; selected <= (kind == CLU_NEURON_SELECT ? 15 : 0); selected += 3) {
				check_around_kinks(pair->single, kind, thetas[t], selected);
				check_around_kinks(pair->grouped, kind, thetas[t], selected);
			}
		}
}

/* ---- which entries are selected ---- */

enum { SELECTION_N = 77, SELECTION_ROWS = 6 };

/* Rows whose largest entries are easy, tie, lie far apart or are not there. */
static void fill_selection(float *v)
{
	uint64_t random = 5;
	for (int i = 0; i < SELECTION_N; i++) {
		const double draw = 2 * support_uniform(&random) - 1;
		const float row[SELECTION_ROWS] = {(float)draw, (float)(ceil(4 * draw) / 4), i % 2 ? 0.5f : -0.5f,
		    (float)(draw * exp(60 * support_uniform(&random) - 30)), i < 4 ? (float)draw : 0, i < 2 ? INFINITY : (float)draw};
		for (int r = 0; r < SELECTION_ROWS; r++) v[r * SELECTION_N + i] = row[r];
	}
}

/* Outputs to the bit, for in float32 too they are v or |v| − θ; the derivative of θ from the cutoff that was kept. */
static void check_selection(clu_device *device, uint32_t selected)
{
	const arena_shape shape = {.m = 1,
	    .n = SELECTION_N,
	    .layers = 1,
	    .batch = SELECTION_ROWS,
	    .lanes = 1,
	    .purpose = ARENA_TRAIN,
	    .burst = 1,
	    .order = 1,
	    .evaluation = 1};
	enum { COUNT = SELECTION_ROWS * SELECTION_N };
	const lane_entry entry = {0, 1};
	const float theta = 0.0625f;
	float v[COUNT], top[COUNT], want[COUNT];
	double theta_sum = 0, sums[2] = {0};
	clu_error error;
	fixture f = {.layers = 1};
	clu_model *model = support_model_create("0:p", 1, SELECTION_N, 1);
	support_ok(arena_create(device, &shape, &f.arena, &error), &error);
	lane_list list = support_list_create(device, &entry, 1);
	fill_selection(v);
	for (int r = 0; r < SELECTION_ROWS; r++) {
		double row[SELECTION_N];
		support_widen(row, v + r * SELECTION_N, SELECTION_N);
		const double cutoff = reference_cutoff(row, SELECTION_N, selected, theta);
		for (int i = 0; i < SELECTION_N; i++) {
			const int at = r * SELECTION_N + i;
			const bool kept = fabsf(v[at]) > theta && fabsf(v[at]) >= cutoff;
			want[at] = kept ? v[at] : fabsf(v[at]) > theta ? copysignf(fabsf(v[at]) - theta, v[at]) : 0;
			top[at] = (float)(1 + at % 3);
			if (!kept && want[at] != 0) theta_sum += copysignf(top[at], v[at]);
		}
	}
	model->theta[0] = theta;
	model->selected[0] = selected;
	support_lane_load(&f.arena, 0, model);
	support_rows_write(&f.arena, ROLE_U, 0, 0, SELECTION_ROWS, f.arena.ld_n, SELECTION_N, v);
	support_rows_write(&f.arena, ROLE_TOP, 0, 0, SELECTION_ROWS, f.arena.ld_n, SELECTION_N, top);
	support_ok(layer_forward(&f.arena, 1, &list, &error), &error);
	support_ok(layer_backward(&f.arena, 1, &list, &error), &error);
	float *x = support_rows(&f.arena, ROLE_CODES, 0, 0, SELECTION_ROWS, f.arena.ld_n, SELECTION_N);
	for (int i = 0; i < COUNT; i++)
		if (x[i] != want[i])
			fail_msg("%u selected, row %d: x(%a) is %a, wanted %a", selected, i / SELECTION_N, (double)v[i], (double)x[i],
			    (double)want[i]);
	read_partials(&f, 0, 1, sums);
	if (sums[1] != theta_sum) fail_msg("%u selected: sum for theta is %g, wanted %g", selected, sums[1], theta_sum);
	free(x);
	memory_release(&list.buffer);
	clu_model_destroy(model);
	arena_destroy(&f.arena);
}

static void test_selection(void **state)
{
	const support_pair *pair = *state;
	static const uint32_t selected[] = {0, 1, 2, 3, 10, 40, 76, 77};
	for (size_t i = 0; i < sizeof selected / sizeof *selected; i++) {
		check_selection(pair->single, selected[i]);
		check_selection(pair->grouped, selected[i]);
	}
}

/* Passes in one launch leave no room for what the launches by layer write. */
static int open_by_layer(void **state)
{
	const int failed = support_pair_open(state);
	const support_pair *pair = *state;
	if (!failed) pair->single->plan.passes = 0;
	return failed;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_layers),
	    cmocka_unit_test(test_around_kinks),
	    cmocka_unit_test(test_selection),
	};
	return cmocka_run_group_tests(tests, open_by_layer, support_pair_close);
}
