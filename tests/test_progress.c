/* test_progress.c: what a person sees of a training, on a terminal and in a log, with a clock that the test sets. */
#include "support.h"

#include "progress.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const cost_shape shape = {3, 5, 1, 2, 1};
static const clu_recipe fixed = {
    .validate_every = 10, .stage_count = 1, .stage = {{.variables = CLU_VARIABLES_ALL, .length = 900, .length_last = 900}}};
static const clu_recipe patient = {
    .validate_every = 10, .stage_count = 1, .stage = {{.variables = CLU_VARIABLES_ALL, .patience = 890}}};

/* Shows steps of a training whose rate is 10 steps/s, one update a second, and returns what was printed; the caller frees it. */
static char *show(bool terminal, const clu_recipe *recipe, unsigned seconds)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	assert_non_null(out);
	progress state;
	progress_begin(&state, out, terminal, &shape, recipe);
	clu_lane_progress lane = {.state = CLU_LANE_TRAINING, .layer = 1, .validation_db = NAN};
	lane.stage_length = recipe->stage[0].length;
	for (unsigned second = 0; second <= seconds; second++) {
		lane.steps = lane.stage_steps = 10 * second;
		if (second >= 10) lane.validation_db = -12.345;
		progress_update(&state, 1000.0 + second, &lane);
	}
	progress_clear(&state);
	fclose(out);
	return text;
}

static size_t count(const char *text, char c)
{
	size_t found = 0;
	for (; *text; text++) found += *text == c;
	return found;
}

static void terminal_line_is_written_over(void **state)
{
	(void)state;
	char *text = show(true, &fixed, 45);
	assert_int_equal(count(text, '\n'), 0);
	assert_int_equal(count(text, '\r'), 47); /* 46 updates and the clearing */
	/* 45 s at 10 steps/s: 450 steps are left. */
	const char *last = strstr(text, "step 450/900");
	assert_non_null(last);
	assert_non_null(strstr(last, "-12.3"));
	assert_non_null(strstr(last, "10 steps/s"));
	assert_non_null(strstr(last, "45 s left"));
	assert_string_equal(text + strlen(text) - 4, "\r\x1b[K");
	free(text);
}

static void log_gets_a_line_now_and_then(void **state)
{
	(void)state;
	char *text = show(false, &fixed, 61);
	assert_int_equal(count(text, '\n'), 2);
	assert_int_equal(count(text, '\r'), 0);
	assert_int_equal(count(text, '\x1b'), 0);
	assert_non_null(strstr(text, "layer 1/1  stage 1/1  step 300/900  -12.3"));
	assert_non_null(strstr(text, "1 min 00 s left\n"));
	free(text);
}

/* Where patience decides, the time left is a lower bound, and says so. */
static void patience_promises_nothing(void **state)
{
	(void)state;
	char *text = show(false, &patient, 31);
	assert_non_null(strstr(text, "step 300 "));
	assert_non_null(strstr(text, "at least 1 min 00 s left"));
	free(text);
}

static void nothing_is_shown_of_a_lane_that_is_done(void **state)
{
	(void)state;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	progress shown;
	progress_begin(&shown, out, true, &shape, &fixed);
	clu_lane_progress lane = {.state = CLU_LANE_DONE, .layer = 1};
	progress_update(&shown, 1, &lane);
	progress_clear(&shown);
	fclose(out);
	assert_string_equal(text, "");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(terminal_line_is_written_over),
	    cmocka_unit_test(log_gets_a_line_now_and_then),
	    cmocka_unit_test(patience_promises_nothing),
	    cmocka_unit_test(nothing_is_shown_of_a_lane_that_is_done),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
