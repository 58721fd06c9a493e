/* store.c: the study file itself: its schema and version, making it, opening it, adding trials. What workers do to it is in
 * store_lease.c, how it is read in store_read.c, SQLite's own ways in store_sql.c.
 *
 * Nothing is stored that follows from the rest: a trial's device, key and plan are those of its last run, the total is the number
 * of trials. A change of the schema raises STORE_VERSION; a study of another version is refused, not converted. */
#include "store.h"

#include "status.h"
#include "store_sql.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* state: trial_state. candidate: place in the sampler's trajectory, NULL for enqueued trials. deaths: workers that died by
 * themselves with this trial since its last checkpoint. reused: of its steps, those that it did not make itself. saves: checkpoints
 * a run has stored. beats: clu_lanes_beats and looks for work, for those who watch whether it moves. Times are unix ms. */
static const char schema[] =
    "CREATE TABLE study(id INTEGER PRIMARY KEY CHECK (id = 1), settings TEXT NOT NULL, strategy TEXT NOT NULL, space TEXT NOT NULL,"
    "	created_at INTEGER NOT NULL) STRICT;"
    "CREATE TABLE worker(run INTEGER PRIMARY KEY, name TEXT NOT NULL, device TEXT NOT NULL, driver TEXT NOT NULL, type TEXT NOT "
    "NULL,"
    "	key TEXT NOT NULL DEFAULT '', plan TEXT NOT NULL DEFAULT '', lanes INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL,"
    "	message TEXT NOT NULL DEFAULT '', host TEXT NOT NULL, pid INTEGER NOT NULL, started_at INTEGER NOT NULL,"
    "	heartbeat_at INTEGER NOT NULL, steps INTEGER NOT NULL DEFAULT 0, beats INTEGER NOT NULL DEFAULT 0, saves INTEGER NOT NULL "
    "DEFAULT 0) STRICT;"
    "CREATE TABLE trial(number INTEGER PRIMARY KEY, arch TEXT NOT NULL UNIQUE, name TEXT NOT NULL DEFAULT '', candidate INTEGER "
    "UNIQUE,"
    "	state INTEGER NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 3), run INTEGER REFERENCES worker(run),"
    "	lease_until INTEGER NOT NULL DEFAULT 0, claimed_at INTEGER NOT NULL DEFAULT 0, finished_at INTEGER NOT NULL DEFAULT 0,"
    "	deaths INTEGER NOT NULL DEFAULT 0, progress REAL NOT NULL DEFAULT 0, steps INTEGER NOT NULL DEFAULT 0,"
    "	reused INTEGER NOT NULL DEFAULT 0,"
    "	error TEXT NOT NULL DEFAULT '') STRICT;"
    "CREATE INDEX trial_state ON trial(state, number);"
    "CREATE INDEX trial_run ON trial(run, state);"
    "CREATE TABLE layer(trial INTEGER NOT NULL REFERENCES trial(number), layer INTEGER NOT NULL, validation_db REAL,"
    "	validation_ratio_db REAL, nmse_db REAL, nmse_ratio_db REAL, steps INTEGER NOT NULL, seconds REAL,"
    "	PRIMARY KEY (trial, layer)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE checkpoint(trial INTEGER PRIMARY KEY REFERENCES trial(number), key TEXT NOT NULL, saved_at INTEGER NOT NULL,"
    "	bytes BLOB NOT NULL) STRICT;"
    "CREATE TABLE model(trial INTEGER PRIMARY KEY REFERENCES trial(number), bytes BLOB NOT NULL) STRICT;";

typedef struct identity {
	int64_t application, version, tables;
} identity;

static clu_status identify(store *study, identity *id, clu_error *error)
{
	CLU_TRY(sql_whole(study, "PRAGMA application_id", NULL, 0, &id->application, error));
	CLU_TRY(sql_whole(study, "PRAGMA user_version", NULL, 0, &id->version, error));
	return sql_whole(study, "SELECT count(*) FROM sqlite_schema", NULL, 0, &id->tables, error);
}

static bool is_blank(const identity *id)
{
	return id->application == 0 && id->version == 0 && id->tables == 0;
}

static clu_status check_identity(store *study, clu_error *error)
{
	identity id;
	CLU_TRY(identify(study, &id, error));
	if (is_blank(&id)) return clu_fail(error, CLU_FORMAT, "%s is empty: there is no study in it yet", study->path);
	if (id.application != STORE_APPLICATION_ID) return clu_fail(error, CLU_FORMAT, "%s is not a clunroll study", study->path);
	if (id.version == STORE_VERSION) return CLU_OK;
	return clu_fail(error, CLU_FORMAT, "study %s is of version %lld, this program reads version %d: use the program that made it",
	    study->path, (long long)id.version, STORE_VERSION);
}

clu_status store_exists(const char *path, bool *exists, clu_error *error)
{
	struct stat file;
	*exists = false;
	if (stat(path, &file) != 0) {
		if (errno == ENOENT) return CLU_OK;
		return clu_fail(error, CLU_FILE, "study %s: %s", path, strerror(errno));
	}
	if (!S_ISREG(file.st_mode)) return clu_fail(error, CLU_FORMAT, "%s is not a file, so it cannot be a study", path);
	if (file.st_size == 0) return CLU_OK;
	store *opened;
	identity id;
	CLU_TRY(sql_open(path, false, &opened, error));
	clu_status status = identify(opened, &id, error);
	store_close(opened);
	*exists = status == CLU_OK && !is_blank(&id);
	return status;
}

clu_status store_open(const char *path, store **out, clu_error *error)
{
	struct stat file;
	if (stat(path, &file) != 0) return clu_fail(error, CLU_FILE, "study %s: %s", path, strerror(errno));
	if (!S_ISREG(file.st_mode)) return clu_fail(error, CLU_FORMAT, "%s is not a file, so it cannot be a study", path);
	store *opened;
	CLU_TRY(sql_open(path, false, &opened, error));
	clu_status status = check_identity(opened, error);
	if (status != CLU_OK) {
		store_close(opened);
		return status;
	}
	*out = opened;
	return CLU_OK;
}

/* ---- trials ---- */

/* Adds a trial unless its architecture is there; an enqueued name is then given to the one that is. */
static clu_status add_entry(store *study, const study_entry *entry, int64_t *next, clu_error *error)
{
	int changed;
	CLU_TRY(sql_run(study, "INSERT OR IGNORE INTO trial(number, arch, name) VALUES (?, ?, ?)",
	    SQL_VALUES(SQL_WHOLE(*next), SQL_TEXT(entry->arch), SQL_TEXT(entry->name)), &changed, error));
	*next += changed;
	if (changed || !entry->name[0]) return CLU_OK;
	return sql_run(
	    study, "UPDATE trial SET name = ? WHERE arch = ?", SQL_VALUES(SQL_TEXT(entry->name), SQL_TEXT(entry->arch)), NULL, error);
}

static clu_status add_candidate(store *study, const study_request *request, int64_t number, int64_t index, clu_error *error)
{
	/* So many equal draws in a row mean that the space is used up. */
	enum { ATTEMPTS_MAX = 1 << 16 };
	for (uint32_t attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
		char arch[CLU_ARCH_TEXT];
		int changed;
		CLU_TRY(request->source(request->context, (uint64_t)index, attempt, arch, error));
		CLU_TRY(sql_run(study, "INSERT OR IGNORE INTO trial(number, arch, candidate) VALUES (?, ?, ?)",
		    SQL_VALUES(SQL_WHOLE(number), SQL_TEXT(arch), SQL_WHOLE(index)), &changed, error));
		if (changed) return CLU_OK;
	}
	return clu_fail(error, CLU_ARGUMENT, "no new architecture for trial %lld: the search space \"%s\" has too few for %llu trials",
	    (long long)number, request->space, (unsigned long long)request->total);
}

static clu_status add_trials(store *study, const study_request *request, uint64_t *added, clu_error *error)
{
	int64_t first, index;
	CLU_TRY(sql_whole(study, "SELECT count(*) FROM trial", NULL, 0, &first, error));
	CLU_TRY(sql_whole(study, "SELECT coalesce(max(candidate) + 1, 0) FROM trial", NULL, 0, &index, error));
	int64_t next = first;
	for (size_t i = 0; i < request->enqueue_count; i++) CLU_TRY(add_entry(study, &request->enqueue[i], &next, error));
	for (; next < (int64_t)request->total; next++, index++) CLU_TRY(add_candidate(study, request, next, index, error));
	*added = (uint64_t)(next - first);
	return CLU_OK;
}

clu_status store_extend(store *study, const study_request *request, uint64_t *added, clu_error *error)
{
	CLU_TRY(sql_begin(study, error));
	return sql_end(study, add_trials(study, request, added, error), error);
}

/* ---- a new study ---- */

static clu_status fill(store *study, const study_request *request, clu_error *error)
{
	identity id;
	uint64_t added;
	CLU_TRY(identify(study, &id, error));
	if (id.application == STORE_APPLICATION_ID) return clu_fail(error, CLU_MISMATCH, "%s holds a study already", study->path);
	if (!is_blank(&id)) return clu_fail(error, CLU_FORMAT, "%s is not a clunroll study", study->path);
	CLU_TRY(sql_script(study, schema, error));
	char identification[96];
	sqlite3_snprintf((int)sizeof identification, identification, "PRAGMA application_id = %d; PRAGMA user_version = %d",
	    STORE_APPLICATION_ID, STORE_VERSION);
	CLU_TRY(sql_script(study, identification, error));
	char *settings = cJSON_PrintUnformatted(request->settings);
	if (!settings) return clu_fail(error, CLU_MEMORY, "no memory for the study's settings");
	clu_status status = sql_run(study, "INSERT INTO study(id, settings, strategy, space, created_at) VALUES (1, ?, ?, ?, ?)",
	    SQL_VALUES(SQL_TEXT(settings), SQL_TEXT(request->strategy), SQL_TEXT(request->space), SQL_WHOLE(store_now())), NULL, error);
	cJSON_free(settings);
	CLU_TRY(status);
	return add_trials(study, request, &added, error);
}

clu_status store_create(const char *path, const study_request *request, store **out, clu_error *error)
{
	store *made;
	CLU_TRY(sql_open(path, true, &made, error));
	/* WAL is a property of the file; it cannot be set within the transaction. */
	clu_status status = sql_script(made, "PRAGMA journal_mode = WAL", error);
	if (status == CLU_OK) status = sql_begin(made, error);
	if (status == CLU_OK) status = sql_end(made, fill(made, request, error), error);
	if (status != CLU_OK) {
		store_close(made);
		return status;
	}
	*out = made;
	return CLU_OK;
}
