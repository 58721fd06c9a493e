/* test_study_view.c: speed, time left and the best of a study, as text and as JSON, from studies whose times are set by hand. */
#include "study_fixture.h"

#include "store_sql.h"
#include "study_view.h"

#include <math.h>

/* Trials 0 and 1 done in 100 s by w0, which is halfway through trial 2; w1 stopped after trial 3; 4 queued, 5 failed. */
static study_fixture busy_study(void)
{
	clu_error error;
	bool held;
	uint32_t count;
	trial_claim claims[4];
	clu_layer_record record[3];
	study_fixture f = fixture_create(6);
	int64_t first = fixture_run(f.study, "w0", "key");
	support_ok(store_claim(f.study, first, 3, 60000, claims, &count, &error), &error);
	int64_t second = fixture_run(f.study, "w1", "key");
	for (int i = 0; i < 2; i++) support_ok(store_claim(f.study, second, 1, 60000, claims, &count, &error), &error);
	for (int64_t i = 0; i < 2; i++) {
		trial_report report = fixture_report(i, 3, i == 0 ? -20 : -23.5, record);
		support_ok(store_done(f.study, first, &report, "m", 1, &held, &error), &error);
	}
	trial_report half = fixture_report(2, 1, -5, record);
	half.progress = 0.5;
	support_ok(store_progress(f.study, first, &half, 1, &held, &error), &error);
	trial_report third = fixture_report(3, 3, -19, record);
	support_ok(store_done(f.study, second, &third, "m", 1, &held, &error), &error);
	support_ok(store_run_end(f.study, second, RUN_STOPPED, "", &error), &error);
	support_ok(
	    sql_script(f.study,
	        "UPDATE trial SET state = 3, error = 'why', run = NULL WHERE number = 5;"
	        "UPDATE trial SET arch = '0_0_0', name = 'LISTA' WHERE number = 0; UPDATE trial SET arch = '0_0_1' WHERE number = 1;"
	        "UPDATE worker SET started_at = heartbeat_at - 100000",
	        &error),
	    &error);
	return f;
}

static void speed_and_time_left_follow_from_what_was_done(void **context)
{
	(void)context;
	clu_error error;
	study_view view;
	study_fixture f = busy_study();
	support_ok(study_view_load(f.study, 3, &view, &error), &error);
	assert_int_equal(view.trial_count, 6);
	assert_int_equal(view.worker_count, 2);
	assert_true(study_view_at_work(&view.workers[0]) && !study_view_at_work(&view.workers[1]));
	assert_true(fabs(study_view_rate(&view, &view.workers[0]) - 2.5 * 36) < 1e-9);
	assert_true(fabs(study_view_rate(&view, &view.workers[1]) - 1 * 36) < 1e-9);
	assert_true(study_view_trains(&view.workers[0], &view.trials[2]));
	assert_false(study_view_trains(&view.workers[1], &view.trials[2]));
	assert_false(study_view_trains(&view.workers[0], &view.trials[0]));
	assert_true(view.trials_per_hour == 2.5 * 36); /* the stopped one does not count */
	assert_true(view.left == 1.5);
	assert_true(fabs(view.seconds_left - 1.5 / (2.5 * 36) * 3600) < 1e-9);
	study_view_release(&view);
	fixture_destroy(&f);
}

static void the_best_is_told_with_its_lead_over_lista(void **context)
{
	(void)context;
	clu_error error;
	study_view view;
	char text[STUDY_VIEW_TEXT];
	study_fixture f = busy_study();
	support_ok(study_view_load(f.study, 3, &view, &error), &error);
	study_view_best(&view, text);
	/* The fixture's test NMSE is half a dB above the validation NMSE. */
	assert_string_equal(text, "-23.00 dB, 3.50 dB better than LISTA: trial 1 (LFISTA, 0_0_1)");
	cJSON *json = cJSON_CreateObject();
	study_view_best_json(&view, json);
	const cJSON *best = cJSON_GetObjectItem(json, "best");
	assert_true(cJSON_GetObjectItem(best, "trial")->valuedouble == 1);
	assert_true(cJSON_GetObjectItem(best, "nmse_db")->valuedouble == -23);
	assert_true(cJSON_GetObjectItem(best, "validation_nmse_db")->valuedouble == -23.5);
	assert_true(cJSON_GetObjectItem(best, "gain_over_lista_db")->valuedouble == 3.5);
	assert_string_equal(cJSON_GetObjectItem(best, "arch")->valuestring, "0_0_1");
	cJSON_Delete(json);
	study_view_release(&view);
	fixture_destroy(&f);
}

/* With all trials or those that matter: the same line; and those are few. */
static void a_glance_sees_the_same_line(void **context)
{
	(void)context;
	clu_error error;
	study_view whole, glance;
	char whole_best[STUDY_VIEW_TEXT], glance_best[STUDY_VIEW_TEXT];
	study_fixture f = busy_study();
	const char *changes[] = {
	    "SELECT 1",
	    "UPDATE layer SET validation_db = -19 WHERE trial = 1 AND layer = 3",       /* LISTA is the best */
	    "UPDATE layer SET validation_db = -20 WHERE trial IN (1, 3) AND layer = 3", /* three are equal */
	    "UPDATE layer SET validation_db = -2000 WHERE trial = 3 AND layer = 3",     /* no plain figure: out of the ranking */
	    "UPDATE layer SET validation_db = NULL WHERE trial = 0 AND layer = 3",      /* LISTA too */
	    "UPDATE layer SET nmse_db = NULL, nmse_ratio_db = NULL",                    /* no test set */
	    "UPDATE trial SET state = 0 WHERE state = 2",
	};
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		support_ok(sql_script(f.study, changes[i], &error), &error);
		support_ok(study_view_load(f.study, 3, &whole, &error), &error);
		support_ok(study_view_glance(f.study, 3, &glance, &error), &error);
		study_view_best(&whole, whole_best);
		study_view_best(&glance, glance_best);
		print_message("%zu: %s\n", i, glance_best);
		assert_string_equal(glance_best, whole_best);
		assert_memory_equal(glance.counts, whole.counts, sizeof whole.counts);
		assert_true(glance.left == whole.left && glance.trials_per_hour == whole.trials_per_hour);
		assert_true(glance.trial_count <= 3); /* the best, LISTA, the running one */
		study_view_release(&whole);
		study_view_release(&glance);
	}
	fixture_destroy(&f);
}

static void a_study_without_results_says_so(void **context)
{
	(void)context;
	clu_error error;
	study_view view;
	char text[STUDY_VIEW_TEXT];
	study_fixture f = fixture_create(2);
	fixture_run(f.study, "w0", "key");
	support_ok(study_view_load(f.study, 3, &view, &error), &error);
	study_view_best(&view, text);
	assert_string_equal(text, "none yet");
	assert_true(isnan(view.seconds_left) && view.trials_per_hour == 0 && isnan(study_view_rate(&view, &view.workers[0])));
	cJSON *json = cJSON_CreateObject();
	study_view_best_json(&view, json);
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(json, "best")));
	cJSON_Delete(json);
	study_view_release(&view);
	fixture_destroy(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(speed_and_time_left_follow_from_what_was_done),
	    cmocka_unit_test(the_best_is_told_with_its_lead_over_lista),
	    cmocka_unit_test(a_glance_sees_the_same_line),
	    cmocka_unit_test(a_study_without_results_says_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
