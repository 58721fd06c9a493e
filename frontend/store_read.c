/* store_read.c: a study as readers see it (status, report, the search's own progress lines). One query a list, each a consistent
 * picture of one moment, whatever the workers do meanwhile. */
#include "store.h"

#include "status.h"
#include "store_sql.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Heartbeats come every few seconds. */
enum { SILENCE_MS = 60000 };

clu_status store_settings(store *study, cJSON **settings, clu_error *error)
{
	sqlite3_stmt *query;
	bool row;
	CLU_TRY(sql_query(study, "SELECT settings, strategy, space, (SELECT count(*) FROM trial) FROM study", NULL, 0, &query, error));
	clu_status status = sql_step(study, query, &row, error);
	if (status == CLU_OK && !row) status = clu_fail(error, CLU_FORMAT, "study %s has no settings", study->path);
	cJSON *object = NULL;
	if (status == CLU_OK) {
		object = cJSON_CreateObject();
		cJSON *inner = cJSON_Parse((const char *)sqlite3_column_text(query, 0));
		cJSON_AddItemToObject(object, "settings", inner);
		cJSON_AddStringToObject(object, "strategy", (const char *)sqlite3_column_text(query, 1));
		cJSON_AddStringToObject(object, "space", (const char *)sqlite3_column_text(query, 2));
		if (!inner || !cJSON_AddNumberToObject(object, "trials", sqlite3_column_double(query, 3)))
			status = clu_fail(error, CLU_FORMAT, "study %s: its settings cannot be read", study->path);
	}
	sqlite3_finalize(query);
	if (status != CLU_OK)
		cJSON_Delete(object);
	else
		*settings = object;
	return status;
}

/* ---- trials ---- */

#define TRIAL_COLUMNS \
	"SELECT t.number, t.arch, t.name, t.state, t.steps, t.claimed_at, t.finished_at, t.error, t.progress," \
	"	coalesce(w.name, ''), coalesce(w.device, ''), coalesce(w.key, ''), t.reused" \
	" FROM trial t LEFT JOIN worker w ON w.run = t.run "
#define LAYER_COLUMNS "SELECT trial, layer, validation_db, nmse_db, nmse_ratio_db FROM layer "
#define LEADERS "(SELECT number FROM trial WHERE state = 1 OR arch = ?1 OR number = ?2)"
/* As analysis.c ranks: no figure beyond ±1,000 dB counts, and of equals the lower number is the better. −1: there is none. */
static const char best_query[] =
    "SELECT coalesce((SELECT t.number FROM trial t CROSS JOIN layer l ON l.trial = t.number"
    "	AND l.layer = (SELECT max(layer) FROM layer WHERE trial = t.number)"
    "	WHERE t.state = 2 AND abs(l.validation_db) <= 1000 ORDER BY l.validation_db, t.number LIMIT 1), -1)";

static void read_trial(sqlite3_stmt *query, trial *t)
{
	memset(t, 0, sizeof *t);
	t->number = sqlite3_column_int64(query, 0);
	sql_text(query, 1, t->arch, sizeof t->arch);
	sql_text(query, 2, t->name, sizeof t->name);
	t->state = (trial_state)sqlite3_column_int(query, 3);
	t->steps = (uint64_t)sqlite3_column_int64(query, 4);
	t->finished_at = sqlite3_column_int64(query, 6);
	if (t->finished_at) t->seconds = (double)(t->finished_at - sqlite3_column_int64(query, 5)) / 1000;
	sql_text(query, 7, t->error, sizeof t->error);
	t->progress = sqlite3_column_double(query, 8);
	sql_text(query, 9, t->worker, sizeof t->worker);
	sql_text(query, 10, t->device, sizeof t->device);
	sql_text(query, 11, t->key, sizeof t->key);
	t->reused = (uint64_t)sqlite3_column_int64(query, 12);
	t->validation_db = t->nmse_db = t->nmse_ratio_db = NAN;
}

/* Which trials to read: a query of how many there are, then of them and of their layers, by number. */
typedef struct selection {
	const char *count, *trials, *layers;
	const sql_value *values;
	size_t value_count;
} selection;

static clu_status read_trials(store *study, const selection *wanted, trial *trials, size_t count, clu_error *error)
{
	sqlite3_stmt *query;
	bool row;
	CLU_TRY(sql_query(study, wanted->trials, wanted->values, wanted->value_count, &query, error));
	clu_status status = CLU_OK;
	for (size_t i = 0; i < count && status == CLU_OK; i++) {
		status = sql_step(study, query, &row, error);
		if (status == CLU_OK && row) read_trial(query, &trials[i]);
	}
	sqlite3_finalize(query);
	return status;
}

/* Both lists are in order of trial numbers. */
static clu_status read_layers(store *study, const selection *wanted, trial *trials, size_t count, clu_error *error)
{
	sqlite3_stmt *query;
	bool row;
	CLU_TRY(sql_query(study, wanted->layers, wanted->values, wanted->value_count, &query, error));
	clu_status status;
	size_t at = 0;
	while ((status = sql_step(study, query, &row, error)) == CLU_OK && row) {
		int64_t number = sqlite3_column_int64(query, 0);
		int layer = sqlite3_column_int(query, 1);
		while (at < count && trials[at].number < number) at++;
		if (at == count || trials[at].number != number || layer < 1 || layer > CLU_LAYERS_MAX) continue;
		trial *t = &trials[at];
		t->layers = (uint32_t)layer;
		t->validation_db = t->layer_validation_db[layer - 1] = sql_real(query, 2);
		t->nmse_db = t->layer_nmse_db[layer - 1] = sql_real(query, 3);
		t->nmse_ratio_db = sql_real(query, 4);
	}
	sqlite3_finalize(query);
	return status;
}

static clu_status read_selection(store *study, const selection *wanted, trial **trials, size_t *count, clu_error *error)
{
	int64_t total;
	CLU_TRY(sql_whole(study, wanted->count, wanted->values, wanted->value_count, &total, error));
	*count = (size_t)total;
	*trials = calloc(*count ? *count : 1, sizeof **trials);
	if (!*trials) return clu_fail(error, CLU_MEMORY, "no memory for %zu trials", *count);
	CLU_TRY(read_trials(study, wanted, *trials, *count, error));
	return read_layers(study, wanted, *trials, *count, error);
}

static clu_status read_all(store *study, trial **trials, size_t *count, clu_error *error)
{
	static const selection all = {.count = "SELECT count(*) FROM trial",
	    .trials = TRIAL_COLUMNS "ORDER BY t.number",
	    .layers = LAYER_COLUMNS "ORDER BY trial, layer"};
	return read_selection(study, &all, trials, count, error);
}

static clu_status read_leaders(store *study, const char *arch, trial **trials, size_t *count, clu_error *error)
{
	int64_t best;
	CLU_TRY(sql_whole(study, best_query, NULL, 0, &best, error));
	const sql_value values[] = {SQL_TEXT(arch), SQL_WHOLE(best)};
	const selection leaders = {.count = "SELECT count(*) FROM " LEADERS,
	    .trials = TRIAL_COLUMNS "WHERE t.number IN " LEADERS " ORDER BY t.number",
	    .layers = LAYER_COLUMNS "WHERE trial IN " LEADERS " ORDER BY trial, layer",
	    .values = values,
	    .value_count = 2};
	return read_selection(study, &leaders, trials, count, error);
}

/* The whole of a list is of one moment: queries between BEGIN and this. */
static clu_status end_reading(store *study, clu_status status, trial **trials, clu_error *error)
{
	status = sql_end(study, status, error);
	if (status != CLU_OK) {
		free(*trials);
		*trials = NULL;
	}
	return status;
}

clu_status store_trials(store *study, trial **trials, size_t *count, clu_error *error)
{
	*trials = NULL;
	CLU_TRY(sql_script(study, "BEGIN", error));
	return end_reading(study, read_all(study, trials, count, error), trials, error);
}

clu_status store_leaders(store *study, const char *arch, trial **trials, size_t *count, clu_error *error)
{
	*trials = NULL;
	CLU_TRY(sql_script(study, "BEGIN", error));
	return end_reading(study, read_leaders(study, arch, trials, count, error), trials, error);
}

/* ---- workers ---- */

/* All runs of one worker on one device make one row: the latest run's state, sums over all of them. */
static const char workers_query[] =
    "SELECT w.name, w.device, w.driver, w.type, w.key, w.plan, w.state, w.message, w.lanes, w.pid, s.started_at, w.heartbeat_at,"
    "	s.steps, s.busy_ms, s.done, w.host"
    " FROM (SELECT min(run) AS first, max(run) AS last, min(started_at) AS started_at, sum(steps) AS steps,"
    "		sum(heartbeat_at - started_at) AS busy_ms,"
    "		sum((SELECT count(*) FROM trial t WHERE t.run = r.run AND t.state = 2)) AS done"
    "	FROM worker r GROUP BY name, device, driver) s"
    " JOIN worker w ON w.run = s.last ORDER BY s.first";

static void read_worker(sqlite3_stmt *query, worker_info *worker)
{
	memset(worker, 0, sizeof *worker);
	sql_text(query, 0, worker->worker, sizeof worker->worker);
	sql_text(query, 1, worker->device, sizeof worker->device);
	sql_text(query, 2, worker->driver, sizeof worker->driver);
	sql_text(query, 3, worker->type, sizeof worker->type);
	sql_text(query, 4, worker->key, sizeof worker->key);
	sql_text(query, 5, worker->plan, sizeof worker->plan);
	sql_text(query, 6, worker->state, sizeof worker->state);
	sql_text(query, 7, worker->message, sizeof worker->message);
	worker->lanes = (uint32_t)sqlite3_column_int64(query, 8);
	worker->pid = sqlite3_column_int64(query, 9);
	worker->started_at = sqlite3_column_int64(query, 10);
	worker->heartbeat_at = sqlite3_column_int64(query, 11);
	worker->steps = (uint64_t)sqlite3_column_int64(query, 12);
	worker->busy_seconds = (double)sqlite3_column_int64(query, 13) / 1000;
	worker->trials_done = (uint64_t)sqlite3_column_int64(query, 14);
	char host[HOST_SIZE];
	sql_text(query, 15, host, sizeof host);
	bool alive = strcmp(worker->state, "starting") == 0 || strcmp(worker->state, "running") == 0;
	bool silent = store_now() - worker->heartbeat_at > SILENCE_MS || store_process_gone(host, worker->pid);
	if (alive && silent) strcpy(worker->state, "lost");
}

static clu_status read_workers(store *study, worker_info **workers, size_t *count, clu_error *error)
{
	int64_t total;
	CLU_TRY(sql_whole(study, "SELECT count(*) FROM worker", NULL, 0, &total, error));
	*workers = calloc(total ? (size_t)total : 1, sizeof **workers);
	if (!*workers) return clu_fail(error, CLU_MEMORY, "no memory for %lld workers", (long long)total);
	sqlite3_stmt *query;
	bool row;
	CLU_TRY(sql_query(study, workers_query, NULL, 0, &query, error));
	clu_status status;
	while ((status = sql_step(study, query, &row, error)) == CLU_OK && row) read_worker(query, &(*workers)[(*count)++]);
	sqlite3_finalize(query);
	return status;
}

clu_status store_workers(store *study, worker_info **workers, size_t *count, clu_error *error)
{
	*workers = NULL;
	*count = 0;
	CLU_TRY(sql_script(study, "BEGIN", error));
	clu_status status = sql_end(study, read_workers(study, workers, count, error), error);
	if (status != CLU_OK) {
		free(*workers);
		*workers = NULL;
	}
	return status;
}

/* Whether the device has that key under that plan: neither driver nor kernels have changed since. */
static bool has_key(const clu_device_info *device, const char *key, const char *plan_text)
{
	clu_plan plan;
	char now[CLU_KEY_TEXT];
	if (clu_plan_parse(plan_text, "the study's plan", &plan, NULL) != CLU_OK) return false;
	clu_plan_key(device, &plan, now);
	return strcmp(now, key) == 0;
}

clu_status store_pin(
    store *study, const clu_device_info *device, char key[CLU_KEY_TEXT], char plan[CLU_PLAN_TEXT], bool *found, clu_error *error)
{
	sqlite3_stmt *query;
	bool row;
	*found = false;
	CLU_TRY(sql_query(study, "SELECT key, plan FROM worker WHERE device = ? AND driver = ? AND key <> '' ORDER BY run",
	    SQL_VALUES(SQL_TEXT(device->name), SQL_TEXT(device->driver)), &query, error));
	clu_status status;
	while ((status = sql_step(study, query, &row, error)) == CLU_OK && row && !*found) {
		sql_text(query, 0, key, CLU_KEY_TEXT);
		sql_text(query, 1, plan, CLU_PLAN_TEXT);
		*found = has_key(device, key, plan);
	}
	sqlite3_finalize(query);
	return status;
}

/* ---- counts, models ---- */

clu_status store_counts(store *study, uint64_t counts[4], clu_error *error)
{
	sqlite3_stmt *query;
	bool row;
	memset(counts, 0, 4 * sizeof *counts);
	CLU_TRY(sql_query(study, "SELECT state, count(*) FROM trial GROUP BY state", NULL, 0, &query, error));
	clu_status status;
	while ((status = sql_step(study, query, &row, error)) == CLU_OK && row)
		counts[sqlite3_column_int(query, 0) & 3] = (uint64_t)sqlite3_column_int64(query, 1);
	sqlite3_finalize(query);
	return status;
}

clu_status store_model(store *study, int64_t number, void **bytes, size_t *size, clu_error *error)
{
	sqlite3_stmt *query;
	bool row;
	*bytes = NULL;
	*size = 0;
	CLU_TRY(sql_query(study, "SELECT bytes FROM model WHERE trial = ?", SQL_VALUES(SQL_WHOLE(number)), &query, error));
	clu_status status = sql_step(study, query, &row, error);
	if (status == CLU_OK && row) status = sql_blob(query, 0, bytes, size, error);
	sqlite3_finalize(query);
	return status;
}
