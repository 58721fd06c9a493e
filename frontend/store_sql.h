/* store_sql.h: the store's own view of SQLite: one wrapper a thing, so that every failure gets the same words and every value its
 * type. For store*.c only. */
#ifndef STORE_SQL_H
#define STORE_SQL_H

#include "store.h"

#include <sqlite3.h>

struct store {
	sqlite3 *db;
	char *path;
};

enum { STORE_APPLICATION_ID = 0x636c7531, STORE_VERSION = 3 }; /* "clu1" */

/* A bound value. NaN is stored as NULL, which is what SQLite makes of it anyhow, and comes back as NaN. */
typedef struct sql_value {
	enum { VALUE_WHOLE, VALUE_REAL, VALUE_TEXT, VALUE_BLOB } type;
	int64_t whole;
	double real;
	const void *bytes;
	size_t size;
} sql_value;
#define SQL_WHOLE(x) ((sql_value){.type = VALUE_WHOLE, .whole = (int64_t)(x)})
#define SQL_REAL(x) ((sql_value){.type = VALUE_REAL, .real = (x)})
#define SQL_TEXT(x) ((sql_value){.type = VALUE_TEXT, .bytes = (x)})
#define SQL_BLOB(x, n) ((sql_value){.type = VALUE_BLOB, .bytes = (x), .size = (n)})
#define SQL_VALUES(...) (const sql_value[]){__VA_ARGS__}, sizeof((const sql_value[]){__VA_ARGS__}) / sizeof(sql_value)

/* Opens the file with the store's settings (busy timeout, durability); makes it when `create`. */
clu_status sql_open(const char *path, bool create, store **study, clu_error *error);
/* Fills error from SQLite's last one. */
clu_status sql_fail(store *study, clu_error *error);

/* Statements without values; several with semicolons. */
clu_status sql_script(store *study, const char *sql, clu_error *error);
/* One statement with values to its end; rows are ignored. *changed (may be NULL): rows that it changed. */
clu_status sql_run(store *study, const char *sql, const sql_value *values, size_t count, int *changed, clu_error *error);
/* The first column of the first row; 0 where there is none. */
clu_status sql_whole(store *study, const char *sql, const sql_value *values, size_t count, int64_t *whole, clu_error *error);

/* A query: while (sql_step(…, &row, …) == CLU_OK && row). The caller ends it with sqlite3_finalize. */
clu_status sql_query(store *study, const char *sql, const sql_value *values, size_t count, sqlite3_stmt **query, clu_error *error);
clu_status sql_step(store *study, sqlite3_stmt *query, bool *row, clu_error *error);
double sql_real(sqlite3_stmt *query, int column);
void sql_text(sqlite3_stmt *query, int column, char *text, size_t size);
/* A copy of a blob for the caller to free; NULL for an empty one. */
clu_status sql_blob(sqlite3_stmt *query, int column, void **bytes, size_t *size, clu_error *error);

/* BEGIN IMMEDIATE: the write lock is taken at once, so a transaction never fails halfway for want of it. */
clu_status sql_begin(store *study, clu_error *error);
/* Commits when status is CLU_OK, else rolls back; returns the status, or the commit's failure. */
clu_status sql_end(store *study, clu_status status, clu_error *error);
void sql_rollback(store *study);

/* Unix time in ms. */
int64_t store_now(void);

/* This machine's name, and whether a process of the machine `host` is known to be gone; of other machines nothing is known. */
enum { HOST_SIZE = 256 };
void store_host(char name[HOST_SIZE]);
bool store_process_gone(const char *host, int64_t pid);

#endif
