/* progress.c: see progress.h. The time left is what is still to be done, in operations, over the operations per second of the
 * last seconds: steps of deep layers take longer, so steps per second alone would promise too much. */
#include "progress.h"

#include "units.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <time.h>

enum { LINE_MAX_LENGTH = 256 };
static const double mark_seconds = 10;

void progress_begin(progress *state, FILE *out, bool terminal, const cost_shape *shape, const clu_recipe *recipe)
{
	memset(state, 0, sizeof *state);
	state->out = out;
	state->terminal = terminal;
	state->shape = *shape;
	state->recipe = recipe;
	cost_steps(shape, recipe, &state->exact);
}

static void print_line(const progress *state, const progress_mark *now, const clu_lane_progress *lane, char line[LINE_MAX_LENGTH])
{
	const progress_mark *since = &state->marks[0];
	double seconds = now->time - since->time;
	char step[48], nmse[24] = "", rate[32] = "", left[UNITS_TEXT + 24] = "";
	if (lane->stage_length > 0)
		snprintf(step, sizeof step, "%" PRIu64 "/%" PRIu64, lane->stage_steps, lane->stage_length);
	else
		snprintf(step, sizeof step, "%" PRIu64, lane->stage_steps);
	if (!isnan(lane->validation_db)) snprintf(nmse, sizeof nmse, "  %.2f dB", lane->validation_db);
	if (seconds > 0 && now->steps > since->steps) {
		snprintf(rate, sizeof rate, "  %.3g steps/s", (double)(now->steps - since->steps) / seconds);
		/* A stage that patience prolongs does not bring the end nearer: then nothing is said about it. */
		double done = since->cost_left - now->cost_left;
		if (done > 0) {
			char duration[UNITS_TEXT];
			units_duration(now->cost_left * seconds / done, duration);
			snprintf(left, sizeof left, "  %s%s left", state->exact ? "" : "at least ", duration);
		}
	}
	snprintf(line, LINE_MAX_LENGTH, "layer %u/%u  stage %u/%u  step %s%s%s%s", lane->layer, state->shape.layers, lane->stage + 1,
	    state->recipe->stage_count, step, nmse, rate, left);
}

void progress_update(progress *state, double now, const clu_lane_progress *lane)
{
	if (lane->state != CLU_LANE_TRAINING) return;
	progress_mark mark = {now, lane->steps, cost_left(&state->shape, state->recipe, lane)};
	if (!state->started) {
		state->marks[0] = state->marks[1] = mark;
		state->printed_at = now;
		state->started = true;
	}
	if (state->terminal || now - state->printed_at >= PROGRESS_INTERVAL) {
		char line[LINE_MAX_LENGTH];
		print_line(state, &mark, lane, line);
		fprintf(state->out, state->terminal ? "\r%s\x1b[K" : "%s\n", line);
		fflush(state->out);
		state->visible = state->terminal;
		state->printed_at = now;
	}
	if (now - state->marks[1].time >= mark_seconds) {
		state->marks[0] = state->marks[1];
		state->marks[1] = mark;
	}
}

void progress_clear(progress *state)
{
	if (!state->visible) return;
	fputs("\r\x1b[K", state->out);
	fflush(state->out);
	state->visible = false;
}

double progress_clock(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
