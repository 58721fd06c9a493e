/* plan_choice.c: see plan_choice.h. Order of precedence: imposed, pinned, measured, built in. A measured plan of the pinned key is
 * taken, since its results have the same bits; one of another key never is. */
#include "plan_choice.h"

#include "message.h"
#include "speed_cache.h"
#include "status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const double measuring_seconds = 20;
static const double worth_seconds = 300;       /* work that lasts so long gains more than measuring costs */
static const double gflops_of_a_unit = 50;     /* of a compute unit whose device's speed is not known */
static const char built_in_word[] = "default"; /* for --plan */

const char *plan_source_name(plan_source source)
{
	static const char *const names[] = {"built-in", "measured", "imposed", "pinned"};
	return names[source];
}

void plan_choice_describe(const plan_choice *choice, char text[PLAN_CHOICE_TEXT])
{
	const measured_plan *measured = &choice->measured;
	const plan_shape *shape = &measured->shape;
	const time_t at = (time_t)measured->measured_at;
	char date[32] = "";
	struct tm parts;
	switch (choice->source) {
	case PLAN_BUILT_IN: snprintf(text, PLAN_CHOICE_TEXT, "built in, not measured"); return;
	case PLAN_IMPOSED: snprintf(text, PLAN_CHOICE_TEXT, "imposed"); return;
	case PLAN_PINNED: snprintf(text, PLAN_CHOICE_TEXT, "kept: results are to have the same bits"); return;
	case PLAN_MEASURED: break;
	}
	if (gmtime_r(&at, &parts)) strftime(date, sizeof date, "%Y-%m-%d %H:%M UTC", &parts);
	snprintf(text, PLAN_CHOICE_TEXT,
	    "measured %s in %.0f s, %.2f times the built-in plan's speed at %ux%u, %u layers, batch %u; lanes %u", date,
	    measured->tuning.seconds, measured->tuning.base_seconds / measured->tuning.step_seconds, shape->m, shape->n, shape->layers,
	    shape->batch, choice->lanes);
}

static bool is_worth_measuring(const clu_device_info *info, double operations)
{
	double gflops = speed_cache_get(info);
	if (gflops <= 0) gflops = gflops_of_a_unit * info->compute_units;
	return operations > worth_seconds * gflops * 1e9;
}

/* ---- imposed and pinned ---- */

static clu_status read_imposed(const char *path, clu_plan *plan, clu_error *error)
{
	void *bytes = NULL;
	size_t size = 0;
	char text[CLU_PLAN_TEXT];
	CLU_TRY(clu_file_read(path, &bytes, &size, error));
	bool fits = size < sizeof text;
	if (fits) {
		memcpy(text, bytes, size);
		text[size] = '\0';
	}
	free(bytes);
	/* As any other word of the command line: the plan is one that would not fit there. */
	if (!fits) return clu_fail(error, CLU_ARGUMENT, "%s: found %zu bytes, a plan has fewer than %d", path, size, CLU_PLAN_TEXT);
	clu_error inner;
	for (char *c = text; *c; c++)
		if (*c == ';') *c = '\n'; /* as `clunroll devices` prints it on a line */
	clu_status status = clu_plan_parse(text, path, plan, &inner);
	if (status == CLU_OK) return status;
	return clu_fail(error, status == CLU_FORMAT ? CLU_ARGUMENT : status, "%s", inner.message);
}

/* Whether the device still computes the pinned key's bits under the pinned plan. */
static bool read_pinned(const clu_device_info *info, const plan_wish *wish, clu_plan *plan)
{
	char key[CLU_KEY_TEXT];
	if (!wish->pinned_key || !wish->pinned_plan) return false;
	if (clu_plan_parse(wish->pinned_plan, "the plan gone on with", plan, NULL) != CLU_OK) return false;
	clu_plan_key(info, plan, key);
	return strcmp(key, wish->pinned_key) == 0;
}

/* ---- measured ---- */

static void show_note(void *context, const char *text)
{
	(void)context;
	report_note("  %s", text);
}

/* Measures and keeps it. An interrupted measurement is used for nothing. */
static bool measure(const clu_device_info *info, const plan_wish *wish, measured_plan *measured)
{
	const plan_shape *shape = &wish->shape;
	const double seconds = wish->seconds > 0 ? wish->seconds : measuring_seconds;
	const clu_tuning_job job = {.m = shape->m,
	    .n = shape->n,
	    .layers = shape->layers,
	    .batch = shape->batch,
	    .base = clu_plan_default(info),
	    .seconds = seconds,
	    .stop = wish->stop,
	    .note = wish->again ? show_note : NULL};
	clu_error error;
	report_note("measuring how %.100s is fastest at %ux%u, %u layers, batch %u: about %.0f s%s, once", info->name, shape->m,
	    shape->n, shape->layers, shape->batch, seconds, info->type == CLU_DEVICE_GPU ? " beside compiling" : "");
	*measured = (measured_plan){.shape = *shape};
	clu_status status = clu_tune(info, &job, &measured->tuning, &error);
	if (wish->stop && *wish->stop) return false;
	measured->measured_at = (int64_t)time(NULL);
	if (status == CLU_OK && plan_cache_put(info, measured, &error) != CLU_OK)
		report_note("the measured plan could not be kept: %s", error.message);
	if (status != CLU_OK) report_note("measuring failed, the built-in plan is used: %s", error.message);
	return status == CLU_OK;
}

/* What the cache has; says so where that is not fit for use. */
static bool look_up(const clu_device_info *info, const plan_shape *shape, bool say, measured_plan *measured)
{
	clu_error error;
	const clu_status status = plan_cache_get(info, shape, measured, &error);
	if (status == CLU_FORMAT && say) report_note("a measured plan is not used: %s", error.message);
	return status == CLU_OK;
}

/* While this process waited for the lock, another may have measured. */
static bool find_measured(const clu_device_info *info, const plan_wish *wish, measured_plan *measured)
{
	if (wish->shape.n == 0) return false;
	if (!wish->again && look_up(info, &wish->shape, true, measured)) return true;
	if (!wish->again && !is_worth_measuring(info, wish->operations)) return false;
	const int lock = plan_cache_lock(wish->stop);
	const bool found = (!wish->again && look_up(info, &wish->shape, false, measured)) || measure(info, wish, measured);
	plan_cache_unlock(lock);
	return found;
}

clu_status plan_choose(const clu_device_info *info, const plan_wish *wish, plan_choice *choice, clu_error *error)
{
	const char *imposed = wish->imposed ? wish->imposed : getenv("CLUNROLL_PLAN");
	clu_plan pinned;
	*choice = (plan_choice){.plan = clu_plan_default(info), .source = PLAN_BUILT_IN};
	const bool built_in = imposed && strcmp(imposed, built_in_word) == 0;
	if (imposed && imposed[0] && !built_in) {
		choice->source = PLAN_IMPOSED;
		return read_imposed(imposed, &choice->plan, error);
	}
	if (!built_in && find_measured(info, wish, &choice->measured)) {
		choice->source = PLAN_MEASURED;
		choice->plan = choice->measured.tuning.plan;
		choice->lanes = choice->measured.tuning.lanes;
	}
	char key[CLU_KEY_TEXT];
	clu_plan_key(info, &choice->plan, key);
	if (!(built_in && wish->imposed) && read_pinned(info, wish, &pinned) && strcmp(key, wish->pinned_key) != 0) {
		choice->source = PLAN_PINNED;
		choice->plan = pinned;
	}
	return CLU_OK;
}
