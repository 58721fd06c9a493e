/* test_store.c: making, opening and extending studies; files that are none. */
#include "study_fixture.h"

#include "store_sql.h"

#include <sys/stat.h>

static void a_new_study_has_its_trials(void **context)
{
	(void)context;
	clu_error error;
	study_fixture f = fixture_create(8);
	cJSON *settings;
	size_t count;
	support_ok(store_settings(f.study, &settings, &error), &error);
	assert_int_equal(cJSON_GetObjectItem(settings, "trials")->valueint, 8);
	assert_string_equal(cJSON_GetObjectItem(settings, "strategy")->valuestring, "random");
	assert_string_equal(cJSON_GetObjectItem(settings, "space")->valuestring, "gates");
	assert_int_equal(cJSON_GetObjectItem(cJSON_GetObjectItem(settings, "settings"), "layers")->valueint, 3);
	cJSON_Delete(settings);
	trial *trials = fixture_trials(f.study, &count);
	assert_int_equal(count, 8);
	for (size_t i = 0; i < count; i++) {
		char want[32];
		snprintf(want, sizeof want, "t%zu", i);
		assert_int_equal(trials[i].number, i);
		assert_string_equal(trials[i].arch, want);
		assert_int_equal(trials[i].state, TRIAL_QUEUED);
	}
	free(trials);
	fixture_destroy(&f);
}

static void enqueued_trials_come_first_and_once(void **context)
{
	(void)context;
	clu_error error;
	char *directory = support_directory_create(), *path = support_path(directory, "s");
	cJSON *settings = cJSON_CreateObject();
	/* t1 is candidate 1 as well; the second LISTA is a repetition. */
	const study_entry enqueue[] = {{"lista", "LISTA"}, {"t1", "LFISTA"}, {"lista", "LISTA"}};
	study_request request = fixture_request(settings, 5);
	request.enqueue = enqueue;
	request.enqueue_count = 3;
	store *study;
	size_t count;
	clu_status status = store_create(path, &request, &study, &error);
	/* Index 1 draws t1 for ever here: the space is used up, and says so. */
	assert_int_equal(status, CLU_ARGUMENT);
	assert_non_null(strstr(error.message, "too few"));
	request.total = 3;
	support_ok(store_create(path, &request, &study, &error), &error);
	trial *trials = fixture_trials(study, &count);
	const char *want[] = {"lista", "t1", "t0"};
	assert_int_equal(count, 3);
	for (size_t i = 0; i < 3; i++) assert_string_equal(trials[i].arch, want[i]);
	assert_string_equal(trials[0].name, "LISTA");
	assert_string_equal(trials[2].name, "");
	free(trials);
	store_close(study);
	cJSON_Delete(settings);
	free(path);
	support_directory_remove(directory);
}

static void extending_goes_on_where_it_was(void **context)
{
	(void)context;
	clu_error error;
	uint64_t added;
	size_t whole_count, grown_count;
	study_fixture whole = fixture_create(20), grown = fixture_create(7);
	study_request request = fixture_request(NULL, 20);
	support_ok(store_extend(grown.study, &request, &added, &error), &error);
	assert_int_equal(added, 13);
	request.total = 4; /* fewer than there are: none is taken away */
	support_ok(store_extend(grown.study, &request, &added, &error), &error);
	assert_int_equal(added, 0);
	trial *a = fixture_trials(whole.study, &whole_count), *b = fixture_trials(grown.study, &grown_count);
	assert_int_equal(whole_count, grown_count);
	for (size_t i = 0; i < whole_count; i++) assert_string_equal(a[i].arch, b[i].arch);
	free(a);
	free(b);
	fixture_destroy(&whole);
	fixture_destroy(&grown);
}

static void a_study_is_not_made_over_another(void **context)
{
	(void)context;
	clu_error error;
	store *other;
	study_fixture f = fixture_create(2);
	cJSON *settings = cJSON_CreateObject();
	study_request request = fixture_request(settings, 9);
	assert_int_equal(store_create(f.path, &request, &other, &error), CLU_MISMATCH);
	bool exists;
	support_ok(store_exists(f.path, &exists, &error), &error);
	assert_true(exists);
	cJSON_Delete(settings);
	fixture_destroy(&f);
}

static void files_that_are_no_study(void **context)
{
	(void)context;
	char *directory = support_directory_create();
	char *empty = support_path(directory, "empty"), *text = support_path(directory, "text"),
	     *none = support_path(directory, "none");
	char *foreign = support_path(directory, "foreign"), *folder = support_path(directory, "folder");
	clu_error error;
	store *db;
	support_write(empty, "", 0);
	support_write(text, "{\"this\": \"is a text file, longer than the header of a database would be, and none of it\"}......", 95);
	support_ok(sql_open(foreign, true, &db, &error), &error);
	support_ok(sql_script(db, "CREATE TABLE other(x)", &error), &error);
	store_close(db);
	assert_int_equal(mkdir(folder, 0700), 0);
	const struct {
		const char *path;
		clu_status open, exists_status;
		bool exists;
		const char *words;
	} cases[] = {
	    {none, CLU_FILE, CLU_OK, false, "No such file"},
	    {empty, CLU_FORMAT, CLU_OK, false, "empty"},
	    {text, CLU_FORMAT, CLU_FORMAT, false, "not a clunroll study"},
	    {foreign, CLU_FORMAT, CLU_OK, true, "not a clunroll study"},
	    {folder, CLU_FORMAT, CLU_FORMAT, false, "not a file"},
	    {"/proc/version/study", CLU_FILE, CLU_FILE, false, "Not a directory"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bool exists = false;
		assert_int_equal(store_open(cases[i].path, &db, &error), cases[i].open);
		if (!strstr(error.message, cases[i].words)) fail_msg("%s: \"%s\"", cases[i].path, error.message);
		assert_int_equal(store_exists(cases[i].path, &exists, &error), cases[i].exists_status);
		assert_int_equal(exists, cases[i].exists);
	}
	free(empty), free(text), free(none), free(foreign), free(folder);
	support_directory_remove(directory);
}

static void another_version_is_refused(void **context)
{
	(void)context;
	clu_error error;
	store *db;
	study_fixture f = fixture_create(2);
	support_ok(sql_script(f.study, "PRAGMA user_version = 99", &error), &error);
	assert_int_equal(store_open(f.path, &db, &error), CLU_FORMAT);
	assert_non_null(strstr(error.message, "version 99"));
	fixture_destroy(&f);
}

static void a_place_that_cannot_be_written(void **context)
{
	(void)context;
	clu_error error;
	store *study;
	cJSON *settings = cJSON_CreateObject();
	study_request request = fixture_request(settings, 2);
	/* Not even root makes files here, as in a read-only folder. */
	assert_int_equal(store_create("/proc/study.clu", &request, &study, &error), CLU_FILE);
	assert_non_null(strstr(error.message, "/proc/study.clu"));
	cJSON_Delete(settings);
}

static void a_large_study_is_made(void **context)
{
	(void)context;
	clu_error error;
	study_fixture f = fixture_create(10000);
	uint64_t counts[4];
	support_ok(store_counts(f.study, counts, &error), &error);
	assert_int_equal(counts[TRIAL_QUEUED], 10000);
	fixture_destroy(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_new_study_has_its_trials),
	    cmocka_unit_test(enqueued_trials_come_first_and_once),
	    cmocka_unit_test(extending_goes_on_where_it_was),
	    cmocka_unit_test(a_study_is_not_made_over_another),
	    cmocka_unit_test(files_that_are_no_study),
	    cmocka_unit_test(another_version_is_refused),
	    cmocka_unit_test(a_place_that_cannot_be_written),
	    cmocka_unit_test(a_large_study_is_made),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
