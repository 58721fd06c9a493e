/* tune.c: which plan is fastest on a device, and how many lanes, by whole steps of a made-up network (probe.h).
 *
 * A greedy search: groups of plans that differ from the best so far in one respect compete, one group after another. A machine is
 * rarely quiet: rivals take turns in short slices, the best slice of each counts, and the better one must be so by a margin. */
#include "tune.h"

#include "clock.h"
#include "plan.h"
#include "probe.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double slice_seconds = 0.04;  /* a turn, at least one step */
static const double gain_speed = 1.03;     /* what a change must gain … */
static const double gain_bits = 1.10;      /* … where results get other bits: then those of other machines are no longer equal */
static const double lanes_slack = 1.03;    /* fewer lanes may be so much slower: they need less memory, trials end earlier */
static const double lanes_hopeless = 1.15; /* so much slower, and no further number is tried */
static const double share_of_plans = 0.75; /* of the time; the rest is for lanes */
static const double opening_share = 3;     /* up to so many times the time more for building a GPU's rivals */
static const uint64_t memory_share = 4;    /* one in that many bytes of the device may be taken */
static const uint32_t gpu_lanes = 16;      /* at a time while plans compete: one alone does not fill a GPU */
enum { TURNS = 8, RIVALS_MAX = 10, CROSSING_TURNS = 3, CROSSING_HALVINGS = 4 };

/* ---- what is tried ---- */

const tune_variant tune_variants[] = {
    {"way of products", KIND_GPU, 0, "product tiled"},
    {"way of products", KIND_GPU, 0, "product native\nsparse_below 0"},
    {"way of products", KIND_GPU, 0, "sparse_below 0"},
    {"way of products", KIND_GPU, 0, "epilogue 1"},
    {"way of products", KIND_GPU, 0, "sparse_below 0\nepilogue 1"},
    {"way of products", KIND_GPU, 4, "product tensor"},
    {"way of products", KIND_GPU, 4, "product tensor\nsparse_below 0\nepilogue 1"},
    {"tiles of dense products", KIND_HOST, 16, "tile_rows 6\ntile_vectors 4"},
    {"tiles of dense products", KIND_HOST, 16, "tile_rows 8\ntile_vectors 3"},
    {"tiles of dense products", KIND_HOST, 16, "tile_rows 12\ntile_vectors 2"},
    {"tiles of dense products", KIND_HOST, 8, "tile_rows 6\ntile_vectors 2"},
    {"tiles of dense products", KIND_HOST, 8, "tile_rows 3\ntile_vectors 4"},
    {"tiles of dense products", KIND_HOST, 4, "tile_rows 6\ntile_vectors 2"},
    {"tiles of dense products", KIND_GPU, 0, "tile_rows 4"},
    {"tiles of dense products", KIND_GPU, 0, "tile_vectors 1"},
    {"tiles of dense products", KIND_GPU, 0, "group_columns 8\ngroup_rows 16"},
    {"tiles of dense products", KIND_GPU, 0, "group_columns 16\ngroup_rows 16"},
    {"blocks of rows", KIND_HOST, 0, "block_rows 2"},
    {"blocks of rows", KIND_HOST, 0, "block_rows 4"},
    {"blocks of rows", KIND_HOST, 0, "block_rows 16"},
    {"blocks of rows", KIND_GPU, 0, "block_rows 1"},
    {"blocks of rows", KIND_GPU, 0, "block_rows 4"},
    {"work-groups of rows", KIND_GPU, 0, "group 32"},
    {"work-groups of rows", KIND_GPU, 0, "group 128"},
    {"work-groups of rows", KIND_GPU, 0, "group 256"},
    {"passes through the layers", KIND_HOST, 0, "passes 0"},
    {"width of vectors", KIND_HOST, 16, "vector 8\ntile_rows 4\ntile_vectors 3"},
    {"CLBlast", KIND_GPU, 0, "product clblast"}, /* last: it compiles longest */
    {"CLBlast", KIND_GPU, 0, "product clblast-indirect"},
    {NULL, KIND_HOST, 0, NULL},
};

static const uint32_t lane_counts[] = {1, 2, 4, 8, 16, 32, 64, 128, 256};
enum { LANE_COUNTS = sizeof lane_counts / sizeof *lane_counts, LANE_COUNTS_HOST = 5 };

/* ---- rivals ---- */

/* A plan under which steps are timed: a device of its own, opened with it. */
typedef struct rival {
	clu_plan plan;
	const char *change; /* NULL: the plan to beat */
	clu_device *device;
	probe *probe;
	uint32_t steps; /* in a slice */
	double best;    /* s a step of a lane, the fastest slice */
} rival;

typedef struct tuner {
	const clu_device_info *info;
	const clu_tuning_job *job;
	probe_network *network;
	double begin, opening; /* opening: s that went into building rivals */
	uint32_t lanes;        /* while plans compete */
	clu_plan plan;         /* the best so far */
	char key[CLU_KEY_TEXT];
} tuner;

/* A GPU's driver may take seconds to build a rival the first time: they would leave none for measuring. */
static bool time_is_over(const tuner *t, double share)
{
	const double excused = t->info->type == CLU_DEVICE_GPU ? fmin(t->opening, opening_share * t->job->seconds) : 0;
	return (t->job->stop && *t->job->stop) || clock_seconds() - t->begin - excused > share * t->job->seconds;
}

/* Says what a change of the plan came to. */
static void note(const tuner *t, const char *change, double step_seconds, const char *verdict)
{
	char text[256];
	if (!t->job->note) return;
	const int used = snprintf(text, sizeof text, "%s:%.*s", change, step_seconds > 0 ? 1 : 0, " ");
	if (step_seconds > 0) snprintf(text + used, sizeof text - (size_t)used, "%.3f ms a step", 1e3 * step_seconds);
	for (char *c = text; *c; c++)
		if (*c == '\n') *c = ' ';
	const size_t length = strlen(text);
	snprintf(text + length, sizeof text - length, "%s%s", verdict[0] ? ", " : "", verdict);
	t->job->note(t->job->context, text);
}

static void rival_close(rival *rival)
{
	probe_destroy(rival->probe);
	clu_device_destroy(rival->device);
	rival->probe = NULL;
	rival->device = NULL;
}

/* The first step builds what is built late, the second tells how many are a slice; *seconds of that one. */
static clu_status warm_up(probe *probe, uint32_t *steps, double *seconds, clu_error *error)
{
	CLU_TRY(probe_run(probe, 1, seconds, error));
	CLU_TRY(probe_run(probe, 1, seconds, error));
	const double fitting = slice_seconds / (*seconds > 1e-6 ? *seconds : 1e-6);
	*steps = fitting < 1 ? 1 : fitting > 1000 ? 1000 : (uint32_t)fitting;
	return CLU_OK;
}

static clu_status rival_open(tuner *t, rival *rival, clu_error *error)
{
	const double begin = clock_seconds();
	double seconds;
	rival->best = INFINITY;
	clu_status status = clu_device_open(t->info, &rival->plan, &rival->device, error);
	if (status == CLU_OK) status = probe_create(rival->device, t->network, t->lanes, &rival->probe, error);
	if (status == CLU_OK) status = warm_up(rival->probe, &rival->steps, &seconds, error);
	if (status != CLU_OK) rival_close(rival);
	t->opening += clock_seconds() - begin;
	return status;
}

/* *best: s a step and lane. */
static clu_status take_turn(probe *probe, uint32_t steps, uint32_t lanes, double *best, clu_error *error)
{
	double seconds;
	CLU_TRY(probe_run(probe, steps, &seconds, error));
	*best = fmin(*best, seconds / steps / lanes);
	return CLU_OK;
}

/* In turn; but CLBlast builds anew where rivals want different kernels of it, so such a rival has all its turns at once. */
static clu_status compete(tuner *t, rival *rivals, size_t count, int turns, clu_error *error)
{
	for (int turn = 0; turn < turns; turn++)
		for (size_t i = 0; i < count; i++)
			if (!plan_uses_clblast(&rivals[i].plan))
				CLU_TRY(take_turn(rivals[i].probe, rivals[i].steps, t->lanes, &rivals[i].best, error));
	for (size_t i = 0; i < count; i++) {
		if (!plan_uses_clblast(&rivals[i].plan)) continue;
		double building;
		CLU_TRY(probe_run(rivals[i].probe, 1, &building, error));
		t->opening += building;
		for (int turn = 0; turn < turns; turn++)
			CLU_TRY(take_turn(rivals[i].probe, rivals[i].steps, t->lanes, &rivals[i].best, error));
	}
	return CLU_OK;
}

/* Lanes while plans compete: fewer than wanted where not even four plans would fit. */
static uint32_t lanes_of_rivals(const tuner *t)
{
	const uint64_t fit = t->info->memory_bytes / memory_share / probe_lane_bytes(t->network, &t->plan);
	uint32_t lanes = t->info->type == CLU_DEVICE_GPU ? gpu_lanes : 1;
	while (lanes > 1 && 4 * lanes > fit) lanes /= 2;
	return lanes;
}

/* As many plans as may be open beside the one to beat. */
static size_t room_for_rivals(const tuner *t)
{
	const uint64_t rival = t->lanes * probe_lane_bytes(t->network, &t->plan), fit = t->info->memory_bytes / memory_share / rival;
	return fit < 2 ? 0 : fit > RIVALS_MAX ? RIVALS_MAX - 1 : (size_t)(fit - 1);
}

/* ---- groups of plans ---- */

static bool same_plan(const clu_plan *a, const clu_plan *b)
{
	char a_text[CLU_PLAN_TEXT], b_text[CLU_PLAN_TEXT];
	clu_plan_print(a, a_text);
	clu_plan_print(b, b_text);
	return strcmp(a_text, b_text) == 0;
}

static bool changes_key(const tuner *t, const clu_plan *plan)
{
	char key[CLU_KEY_TEXT];
	clu_plan_key(t->info, plan, key);
	return strcmp(key, t->key) != 0;
}

/* The variant's plan; false where it is none to try. */
static bool make_plan(const tuner *t, const tune_variant *variant, clu_plan *plan, clu_error *error)
{
	const plan_kind kind = t->plan.group > 1 || t->plan.group_columns > 1 ? KIND_GPU : KIND_HOST;
	if (variant->kind != kind || (variant->vector && variant->vector != t->plan.vector)) return false;
	*plan = t->plan;
	if (plan_change(plan, variant->change, error) != CLU_OK || plan_check(plan, "a variant", error) != CLU_OK) return false;
	if (plan->product == CLU_WAY_TENSOR && !clu_device_has_tensor_units(t->info)) return false;
	return !same_plan(plan, &t->plan) && !(t->job->keep_key && changes_key(t, plan));
}

/* Opens the rivals of a group, the plan to beat first. One that cannot be built or run is left out. */
static clu_status open_group(tuner *t, size_t first, size_t end, rival *rivals, size_t *count, clu_error *error)
{
	clu_error inner;
	const size_t room = room_for_rivals(t);
	*count = 0;
	if (room == 0) return CLU_OK;
	for (size_t v = first; v < end && !time_is_over(t, share_of_plans); v++) {
		clu_plan plan;
		if (!make_plan(t, &tune_variants[v], &plan, &inner) || *count > room) continue;
		if (*count == 0) {
			rivals[0] = (rival){.plan = t->plan};
			CLU_TRY(rival_open(t, &rivals[0], error));
			*count = 1;
		}
		rivals[*count] = (rival){.plan = plan, .change = tune_variants[v].change};
		if (rival_open(t, &rivals[*count], &inner) == CLU_OK)
			++*count;
		else
			note(t, tune_variants[v].change, 0, "does not run");
	}
	return CLU_OK;
}

/* The fastest rival that passes the self-test and gains enough over the first; the first where there is none. */
static size_t choose(const tuner *t, rival *rivals, size_t count)
{
	size_t chosen = 0;
	for (size_t i = 1; i < count; i++) {
		rival *r = &rivals[i];
		const double wanted = changes_key(t, &r->plan) ? gain_bits : gain_speed;
		bool better = rivals[0].best > wanted * r->best && r->best < rivals[chosen].best;
		const bool passes = !better || clu_device_self_test(r->device, NULL, NULL) == CLU_OK;
		better = better && passes;
		note(t, r->change, r->best, better ? "better" : passes ? "" : "fails the self-test");
		if (better) chosen = i;
	}
	return chosen;
}

static clu_status tune_group(tuner *t, size_t first, size_t end, clu_error *error)
{
	rival rivals[RIVALS_MAX] = {0};
	size_t count;
	clu_status status = open_group(t, first, end, rivals, &count, error);
	if (status == CLU_OK && count > 1) {
		status = compete(t, rivals, count, TURNS, error);
		if (status == CLU_OK) {
			note(t, tune_variants[first].group, rivals[0].best, "as it is");
			t->plan = rivals[choose(t, rivals, count)].plan;
			clu_plan_key(t->info, &t->plan, t->key);
		}
	}
	for (size_t i = 0; i < count; i++) rival_close(&rivals[i]);
	return status;
}

/* ---- where skipping zeros stops to pay ---- */

/* Whether a step that always skips zeros is faster than one that never does, at this density. */
static clu_status sparse_is_faster(tuner *t, rival pair[2], double density, bool *faster, clu_error *error)
{
	for (int i = 0; i < 2; i++) {
		pair[i].best = INFINITY;
		CLU_TRY(probe_set_density(pair[i].probe, density, density, error));
	}
	CLU_TRY(compete(t, pair, 2, CROSSING_TURNS, error));
	*faster = pair[0].best < pair[1].best;
	return CLU_OK;
}

static clu_status bisect(tuner *t, rival pair[2], uint32_t *below, clu_error *error)
{
	double least = 0, most = 1;
	for (int i = 0; i < CROSSING_HALVINGS; i++) {
		bool faster;
		const double middle = (least + most) / 2;
		CLU_TRY(sparse_is_faster(t, pair, middle, &faster, error));
		if (faster)
			least = middle;
		else
			most = middle;
	}
	*below = (uint32_t)lround(50 * (least + most));
	return CLU_OK;
}

static clu_status tune_crossing(tuner *t, clu_error *error)
{
	if (t->plan.product == CLU_WAY_TENSOR) return CLU_OK; /* there it would change bits for what may be noise */
	if ((!program_sparse_below(&t->plan) && !program_listed(&t->plan)) || room_for_rivals(t) < 1) return CLU_OK;
	rival pair[2] = {{.plan = t->plan}, {.plan = t->plan}};
	uint32_t below = t->plan.sparse_below;
	pair[0].plan.sparse_below = 100;
	pair[1].plan.sparse_below = 1;
	clu_status status = rival_open(t, &pair[0], error);
	if (status == CLU_OK) status = rival_open(t, &pair[1], error);
	if (status == CLU_OK) status = bisect(t, pair, &below, error);
	rival_close(&pair[0]);
	rival_close(&pair[1]);
	CLU_TRY(status);
	char text[64];
	snprintf(text, sizeof text, "zeros are worth skipping below %u %%", below);
	note(t, text, 0, "");
	t->plan.sparse_below = below > 1 ? below : 1;
	return CLU_OK;
}

/* ---- lanes ---- */

/* Numbers of lanes to try, ascending: all of them may be open at a time, and not take more than their share of the memory. */
static size_t count_lane_counts(const tuner *t)
{
	const size_t most = t->info->type == CLU_DEVICE_GPU ? LANE_COUNTS : LANE_COUNTS_HOST;
	const uint64_t lane = probe_lane_bytes(t->network, &t->plan);
	uint64_t bytes = 0;
	for (size_t i = 0; i < most; i++) {
		bytes += lane * lane_counts[i];
		if (i && (bytes > t->info->memory_bytes / memory_share ||
		             probe_largest_bytes(t->network, &t->plan, lane_counts[i]) > t->info->allocation_bytes))
			return i;
	}
	return most;
}

/* Lanes under measurement, by their number. */
typedef struct lane_race {
	probe *probes[LANE_COUNTS];
	uint32_t steps[LANE_COUNTS];
	double best[LANE_COUNTS]; /* s a step of a lane */
	size_t count;
} lane_race;

/* Opens numbers of lanes up to where more of them are slower beyond doubt: those would only cost time. */
static clu_status open_race(const tuner *t, clu_device *device, lane_race *race, clu_error *error)
{
	const size_t most = count_lane_counts(t);
	double least = INFINITY;
	while (race->count < most && !time_is_over(t, 1)) {
		const size_t i = race->count;
		double seconds;
		CLU_TRY(probe_create(device, t->network, lane_counts[i], &race->probes[i], error));
		CLU_TRY(warm_up(race->probes[i], &race->steps[i], &seconds, error));
		race->best[i] = INFINITY;
		race->count++;
		if (seconds / lane_counts[i] > lanes_hopeless * least) break;
		least = fmin(least, seconds / lane_counts[i]);
	}
	return CLU_OK;
}

static void choose_lanes(const tuner *t, const lane_race *race, clu_tuning *tuning)
{
	double fastest = INFINITY;
	for (size_t i = 0; i < race->count; i++) fastest = fmin(fastest, race->best[i]);
	for (size_t i = 0; i < race->count; i++) {
		char text[32];
		const double one = race->best[i];
		snprintf(text, sizeof text, "%u lanes", lane_counts[i]);
		note(t, text, one, "");
		if (tuning->lanes || one > lanes_slack * fastest) continue;
		tuning->lanes = lane_counts[i];
		tuning->lane_seconds = one;
	}
}

static clu_status sweep(const tuner *t, clu_device *device, clu_tuning *tuning, clu_error *error)
{
	lane_race race = {.count = 0};
	clu_status status = open_race(t, device, &race, error);
	for (int turn = 0; turn < TURNS && status == CLU_OK; turn++)
		for (size_t i = 0; i < race.count && status == CLU_OK; i++)
			status = take_turn(race.probes[i], race.steps[i], lane_counts[i], &race.best[i], error);
	if (status == CLU_OK) choose_lanes(t, &race, tuning);
	for (size_t i = 0; i < LANE_COUNTS; i++) probe_destroy(race.probes[i]);
	return status;
}

/* ---- the whole ---- */

static clu_status tune_plans(tuner *t, clu_error *error)
{
	for (size_t first = 0, end; tune_variants[first].group && !time_is_over(t, share_of_plans); first = end) {
		const char *group = tune_variants[first].group;
		for (end = first + 1; tune_variants[end].group && strcmp(tune_variants[end].group, group) == 0; end++) continue;
		CLU_TRY(tune_group(t, first, end, error));
	}
	return time_is_over(t, share_of_plans) ? CLU_OK : tune_crossing(t, error);
}

/* The plan found against the one it began with, once more: a gain that was noise is not kept. */
static clu_status confirm(tuner *t, clu_tuning *tuning, clu_error *error)
{
	rival pair[2] = {{.plan = t->job->base}, {.plan = t->plan}};
	const size_t count = same_plan(&t->plan, &t->job->base) ? 1 : 2;
	clu_status status = CLU_OK;
	for (size_t i = 0; i < count; i++) CLU_GOTO(rival_open(t, &pair[i], error));
	CLU_GOTO(clu_device_self_test(pair[count - 1].device, NULL, error));
	CLU_GOTO(compete(t, pair, count, TURNS, error));
	const double wanted = changes_key(t, &t->job->base) ? gain_bits : 1;
	const size_t kept = count == 2 && pair[0].best > wanted * pair[1].best ? 1 : 0;
	tuning->plan = t->plan = pair[kept].plan;
	tuning->base_seconds = pair[0].best;
	tuning->step_seconds = pair[kept].best;
	CLU_GOTO(sweep(t, pair[kept].device, tuning, error));
cleanup:
	rival_close(&pair[0]);
	rival_close(&pair[1]);
	return status;
}

clu_status clu_tune(const clu_device_info *info, const clu_tuning_job *job, clu_tuning *tuning, clu_error *error)
{
	tuner t = {.info = info, .job = job, .begin = clock_seconds(), .plan = job->base};
	*tuning = (clu_tuning){.plan = job->base};
	CLU_TRY(plan_check(&job->base, "the plan to begin with", error));
	if (job->layers < 1 || job->layers > CLU_LAYERS_MAX || job->batch < 1)
		return clu_fail(
		    error, CLU_ARGUMENT, "%u layers and a batch of %u: nothing that could be measured", job->layers, job->batch);
	clu_plan_key(info, &t.plan, t.key);
	CLU_TRY(probe_network_create(job->m, job->n, job->layers, job->batch, &t.network, error));
	t.lanes = lanes_of_rivals(&t);
	clu_status status = tune_plans(&t, error);
	const bool stopped = job->stop && *job->stop;
	if (status == CLU_OK && !stopped) status = confirm(&t, tuning, error);
	probe_network_destroy(t.network);
	tuning->seconds = clock_seconds() - t.begin;
	return status;
}
