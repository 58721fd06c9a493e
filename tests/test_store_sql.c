/* test_store_sql.c: values through SQLite and back, bit for bit; failures with the status and the words a person needs. */
#include "support.h"

#include "store_sql.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct state {
	char *directory, *path;
	store *db;
} state;

static int setup(void **context)
{
	clu_error error;
	state *s = calloc(1, sizeof *s);
	s->directory = support_directory_create();
	s->path = support_path(s->directory, "x.db");
	support_ok(sql_open(s->path, true, &s->db, &error), &error);
	support_ok(sql_script(s->db, "CREATE TABLE v(id INTEGER PRIMARY KEY, r REAL, t TEXT, b BLOB)", &error), &error);
	*context = s;
	return 0;
}

static int teardown(void **context)
{
	state *s = *context;
	store_close(s->db);
	free(s->path);
	support_directory_remove(s->directory);
	free(s);
	return 0;
}

static void reals_keep_their_bits(void **context)
{
	state *s = *context;
	clu_error error;
	const double cases[] = {0.1, -41.23456789012345, 1e-310, 1e308, INFINITY, -INFINITY, NAN, -0.0, 3};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		support_ok(
		    sql_run(s->db, "INSERT OR REPLACE INTO v(id, r) VALUES (1, ?)", SQL_VALUES(SQL_REAL(cases[i])), NULL, &error), &error);
		sqlite3_stmt *query;
		bool row;
		support_ok(sql_query(s->db, "SELECT r FROM v WHERE id = ?", SQL_VALUES(SQL_WHOLE(1)), &query, &error), &error);
		support_ok(sql_step(s->db, query, &row, &error), &error);
		assert_true(row);
		double back = sql_real(query, 0);
		sqlite3_finalize(query);
		/* SQLite drops the sign of zero; no NMSE needs it. */
		if (!(isnan(cases[i]) ? isnan(back) : back == cases[i])) fail_msg("case %zu: %a came back as %a", i, cases[i], back);
	}
}

static void texts_and_blobs_come_back_whole(void **context)
{
	state *s = *context;
	clu_error error;
	const char blob[] = {1, 0, 2, 0, 0};
	const char *text = "it's \"quoted\"; DROP TABLE v; --";
	support_ok(sql_run(s->db, "INSERT INTO v(id, t, b) VALUES (?, ?, ?)",
	               SQL_VALUES(SQL_WHOLE(INT64_MIN), SQL_TEXT(text), SQL_BLOB(blob, sizeof blob)), NULL, &error),
	    &error);
	sqlite3_stmt *query;
	bool row;
	char back[64], cut[5];
	void *bytes;
	size_t size;
	support_ok(sql_query(s->db, "SELECT t, b, id FROM v", NULL, 0, &query, &error), &error);
	support_ok(sql_step(s->db, query, &row, &error), &error);
	sql_text(query, 0, back, sizeof back);
	sql_text(query, 0, cut, sizeof cut);
	support_ok(sql_blob(query, 1, &bytes, &size, &error), &error);
	assert_true(sqlite3_column_int64(query, 2) == INT64_MIN);
	sqlite3_finalize(query);
	assert_string_equal(back, text);
	assert_string_equal(cut, "it's");
	assert_int_equal(size, sizeof blob);
	assert_memory_equal(bytes, blob, sizeof blob);
	free(bytes);
}

static void a_failed_transaction_leaves_nothing(void **context)
{
	state *s = *context;
	clu_error error;
	int64_t count;
	support_ok(sql_begin(s->db, &error), &error);
	support_ok(sql_script(s->db, "INSERT INTO v(id) VALUES (7)", &error), &error);
	assert_int_equal(sql_end(s->db, CLU_NUMERIC, &error), CLU_NUMERIC);
	support_ok(sql_whole(s->db, "SELECT count(*) FROM v", NULL, 0, &count, &error), &error);
	assert_true(count == 0);
	support_ok(sql_begin(s->db, &error), &error); /* and the store is usable again */
	support_ok(sql_end(s->db, CLU_OK, &error), &error);
}

static void a_full_disk_is_named(void **context)
{
	state *s = *context;
	clu_error error;
	support_ok(sql_script(s->db, "PRAGMA max_page_count = 4", &error), &error);
	support_ok(sql_begin(s->db, &error), &error);
	clu_status status = sql_run(s->db, "INSERT INTO v(id, b) VALUES (1, zeroblob(100000))", NULL, 0, NULL, &error);
	assert_int_equal(sql_end(s->db, status, &error), CLU_FILE);
	assert_non_null(strstr(error.message, "disk is full"));
	assert_non_null(strstr(error.message, s->path));
	support_ok(sql_script(s->db, "INSERT INTO v(id) VALUES (2)", &error), &error);
}

static void files_that_cannot_be_opened(void **context)
{
	state *s = *context;
	clu_error error;
	store *other;
	char *text = support_path(s->directory, "text");
	char *missing = support_path(s->directory, "no/such/file");
	support_write(text, "just some text that is long enough to be taken for a file", 57);
	assert_int_equal(sql_open(missing, true, &other, &error), CLU_FILE);
	assert_non_null(strstr(error.message, "No such file"));
	assert_int_equal(sql_open(text, false, &other, &error), CLU_FORMAT);
	assert_non_null(strstr(error.message, "not a clunroll study"));
	free(text);
	free(missing);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(reals_keep_their_bits, setup, teardown),
	    cmocka_unit_test_setup_teardown(texts_and_blobs_come_back_whole, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_failed_transaction_leaves_nothing, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_full_disk_is_named, setup, teardown),
	    cmocka_unit_test_setup_teardown(files_that_cannot_be_opened, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
