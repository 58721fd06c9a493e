/* store_sql.c: SQLite wrapped once for the store. Failures name the study and say what a person can do about them. */
#include "store_sql.h"

#include "status.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BUSY_MS = 30000 };

int64_t store_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void store_host(char name[HOST_SIZE])
{
	if (gethostname(name, HOST_SIZE) != 0) name[0] = '\0';
	name[HOST_SIZE - 1] = '\0';
}

bool store_process_gone(const char *host, int64_t pid)
{
	char here[HOST_SIZE];
	store_host(here);
	return strcmp(here, host) == 0 && kill((pid_t)pid, 0) != 0 && errno == ESRCH;
}

/* SQLite tries several ways to open a file and reports the last one's trouble: what a person needs to know is the first's. */
static clu_status fail_to_open(const char *path, clu_error *error)
{
	if (access(path, R_OK | W_OK) != 0) return clu_fail(error, CLU_FILE, "study %s cannot be opened: %s", path, strerror(errno));
	return clu_fail(
	    error, CLU_FILE, "study %s: the files that belong beside it cannot be made there: is its folder read-only?", path);
}

/* An empty file is a study to be; making it here tells why it cannot be made. */
static clu_status make_file(const char *path, clu_error *error)
{
	int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (file < 0) return clu_fail(error, CLU_FILE, "study %s cannot be made: %s", path, strerror(errno));
	close(file);
	return CLU_OK;
}

clu_status sql_fail(store *study, clu_error *error)
{
	const char *path = study->path;
	int system_error = sqlite3_system_errno(study->db);
	switch (sqlite3_errcode(study->db)) {
	case SQLITE_NOTADB: return clu_fail(error, CLU_FORMAT, "%s is not a clunroll study", path);
	case SQLITE_CORRUPT: return clu_fail(error, CLU_FORMAT, "study %s is damaged: %s", path, sqlite3_errmsg(study->db));
	case SQLITE_FULL: return clu_fail(error, CLU_FILE, "study %s cannot grow: the disk is full", path);
	case SQLITE_READONLY: return clu_fail(error, CLU_FILE, "study %s or its folder is read-only", path);
	case SQLITE_BUSY: return clu_fail(error, CLU_FILE, "study %s has been locked for %d s", path, BUSY_MS / 1000);
	case SQLITE_NOMEM: return clu_fail(error, CLU_MEMORY, "study %s: out of memory", path);
	case SQLITE_CANTOPEN: return fail_to_open(path, error);
	case SQLITE_IOERR:
		return clu_fail(error, CLU_FILE, "study %s: %s%s%s", path, sqlite3_errmsg(study->db), system_error ? ": " : "",
		    system_error ? strerror(system_error) : "");
	default: return clu_fail(error, CLU_FILE, "study %s: %s", path, sqlite3_errmsg(study->db));
	}
}

clu_status sql_open(const char *path, bool create, store **out, clu_error *error)
{
	if (create) CLU_TRY(make_file(path, error));
	store *opened = calloc(1, sizeof *opened);
	if (opened) opened->path = strdup(path);
	if (!opened || !opened->path) {
		free(opened);
		return clu_fail(error, CLU_MEMORY, "study %s: out of memory", path);
	}
	clu_status status = CLU_OK;
	if (sqlite3_open_v2(path, &opened->db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
		status = opened->db ? sql_fail(opened, error) : clu_fail(error, CLU_MEMORY, "study %s: out of memory", path);
	/* FULL: what a worker has committed survives a power cut too; a few commits a second cost nothing. */
	if (status == CLU_OK && sqlite3_busy_timeout(opened->db, BUSY_MS) != SQLITE_OK) status = sql_fail(opened, error);
	if (status == CLU_OK) status = sql_script(opened, "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON", error);
	if (status != CLU_OK) {
		store_close(opened);
		return status;
	}
	*out = opened;
	return CLU_OK;
}

void store_close(store *study)
{
	if (!study) return;
	sqlite3_close(study->db);
	free(study->path);
	free(study);
}

clu_status sql_script(store *study, const char *sql, clu_error *error)
{
	return sqlite3_exec(study->db, sql, NULL, NULL, NULL) == SQLITE_OK ? CLU_OK : sql_fail(study, error);
}

static int bind(sqlite3_stmt *statement, int place, const sql_value *value)
{
	switch (value->type) {
	case VALUE_REAL: return sqlite3_bind_double(statement, place, value->real);
	case VALUE_TEXT: return sqlite3_bind_text(statement, place, value->bytes, -1, SQLITE_STATIC);
	case VALUE_BLOB: return sqlite3_bind_blob64(statement, place, value->bytes, value->size, SQLITE_STATIC);
	case VALUE_WHOLE: break;
	}
	return sqlite3_bind_int64(statement, place, value->whole);
}

clu_status sql_query(store *study, const char *sql, const sql_value *values, size_t count, sqlite3_stmt **query, clu_error *error)
{
	*query = NULL;
	if (sqlite3_prepare_v2(study->db, sql, -1, query, NULL) != SQLITE_OK) return sql_fail(study, error);
	for (size_t i = 0; i < count; i++)
		if (bind(*query, (int)i + 1, &values[i]) != SQLITE_OK) {
			clu_status status = sql_fail(study, error);
			sqlite3_finalize(*query);
			*query = NULL;
			return status;
		}
	return CLU_OK;
}

clu_status sql_step(store *study, sqlite3_stmt *query, bool *row, clu_error *error)
{
	int result = sqlite3_step(query);
	*row = result == SQLITE_ROW;
	return result == SQLITE_ROW || result == SQLITE_DONE ? CLU_OK : sql_fail(study, error);
}

clu_status sql_run(store *study, const char *sql, const sql_value *values, size_t count, int *changed, clu_error *error)
{
	sqlite3_stmt *statement;
	CLU_TRY(sql_query(study, sql, values, count, &statement, error));
	clu_status status;
	bool row;
	do {
		status = sql_step(study, statement, &row, error);
	} while (status == CLU_OK && row);
	sqlite3_finalize(statement);
	if (status == CLU_OK && changed) *changed = sqlite3_changes(study->db);
	return status;
}

clu_status sql_whole(store *study, const char *sql, const sql_value *values, size_t count, int64_t *whole, clu_error *error)
{
	sqlite3_stmt *query;
	bool row;
	*whole = 0;
	CLU_TRY(sql_query(study, sql, values, count, &query, error));
	clu_status status = sql_step(study, query, &row, error);
	if (status == CLU_OK && row) *whole = sqlite3_column_int64(query, 0);
	sqlite3_finalize(query);
	return status;
}

double sql_real(sqlite3_stmt *query, int column)
{
	return sqlite3_column_type(query, column) == SQLITE_NULL ? NAN : sqlite3_column_double(query, column);
}

void sql_text(sqlite3_stmt *query, int column, char *text, size_t size)
{
	const unsigned char *value = sqlite3_column_text(query, column);
	size_t length = value ? strlen((const char *)value) : 0;
	if (length >= size) length = size - 1;
	if (length) memcpy(text, value, length);
	text[length] = '\0';
}

clu_status sql_blob(sqlite3_stmt *query, int column, void **bytes, size_t *size, clu_error *error)
{
	const void *value = sqlite3_column_blob(query, column);
	*size = (size_t)sqlite3_column_bytes(query, column);
	*bytes = NULL;
	if (*size == 0) return CLU_OK;
	*bytes = malloc(*size);
	if (!*bytes) return clu_fail(error, CLU_MEMORY, "no %zu bytes for what a study holds", *size);
	memcpy(*bytes, value, *size);
	return CLU_OK;
}

clu_status sql_begin(store *study, clu_error *error)
{
	return sql_script(study, "BEGIN IMMEDIATE", error);
}

void sql_rollback(store *study)
{
	/* SQLite may have rolled back by itself, after a full disk say: then there is nothing to do. */
	if (!sqlite3_get_autocommit(study->db)) sqlite3_exec(study->db, "ROLLBACK", NULL, NULL, NULL);
}

clu_status sql_end(store *study, clu_status status, clu_error *error)
{
	if (status == CLU_OK) status = sql_script(study, "COMMIT", error);
	if (status != CLU_OK) sql_rollback(study);
	return status;
}
