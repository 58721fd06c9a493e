/* store_lease.c: what workers and their supervisor do to a study: runs, claims, heartbeats, results, checkpoints. Each function is
 * one transaction, so a kill between any two instructions leaves the study as before it or as after it.
 *
 * A lease is a time in the wall clock of one machine. It is renewed every few seconds and lasts a minute or so: a clock that jumps
 * by less does no harm, and one that jumps by more costs work at most, since every write checks who holds the trial. */
#include "store.h"

#include "status.h"
#include "store_sql.h"

#include <string.h>
#include <unistd.h>

/* ---- runs ---- */

clu_status store_run_begin(store *study, const char *name, const clu_device_info *device, int64_t *run, clu_error *error)
{
	char host[HOST_SIZE];
	store_host(host);
	int64_t now = store_now();
	CLU_TRY(sql_run(study,
	    "INSERT INTO worker(name, device, driver, type, state, host, pid, started_at, heartbeat_at)"
	    " VALUES (?, ?, ?, ?, 'starting', ?, ?, ?, ?)",
	    SQL_VALUES(SQL_TEXT(name), SQL_TEXT(device->name), SQL_TEXT(device->driver), SQL_TEXT(clu_device_type_name(device->type)),
	        SQL_TEXT(host), SQL_WHOLE(getpid()), SQL_WHOLE(now), SQL_WHOLE(now)),
	    NULL, error));
	*run = sqlite3_last_insert_rowid(study->db);
	return CLU_OK;
}

clu_status store_run_process(store *study, int64_t run, int64_t pid, clu_error *error)
{
	return sql_run(study, "UPDATE worker SET pid = ? WHERE run = ?", SQL_VALUES(SQL_WHOLE(pid), SQL_WHOLE(run)), NULL, error);
}

clu_status store_run_ready(store *study, int64_t run, const char *key, const char *plan, uint32_t lanes, clu_error *error)
{
	return sql_run(study, "UPDATE worker SET state = 'running', key = ?, plan = ?, lanes = ?, heartbeat_at = ? WHERE run = ?",
	    SQL_VALUES(SQL_TEXT(key), SQL_TEXT(plan), SQL_WHOLE(lanes), SQL_WHOLE(store_now()), SQL_WHOLE(run)), NULL, error);
}

clu_status store_run_message(store *study, int64_t run, const char *message, clu_error *error)
{
	return sql_run(
	    study, "UPDATE worker SET message = ? WHERE run = ?", SQL_VALUES(SQL_TEXT(message), SQL_WHOLE(run)), NULL, error);
}

static const char *end_state(run_end how)
{
	switch (how) {
	case RUN_STOPPED: return "stopped";
	case RUN_RETIRED: return "retired";
	case RUN_LOST:
	case RUN_CRASHED: break;
	}
	return "lost";
}

/* Trials of a run that crashed for the last time that they are allowed to see. */
static clu_status fail_deadly_trials(store *study, int64_t run, const char *message, clu_error *error)
{
	CLU_TRY(sql_run(
	    study, "UPDATE trial SET deaths = deaths + 1 WHERE run = ? AND state = 1", SQL_VALUES(SQL_WHOLE(run)), NULL, error));
	char reason[sizeof(((trial *)0)->error)];
	sqlite3_snprintf(
	    (int)sizeof reason, reason, "%d workers in a row died while they trained this; the last: %s", TRIAL_DEATHS, message);
	CLU_TRY(sql_run(study, "UPDATE trial SET state = 3, error = ?, finished_at = ? WHERE run = ? AND state = 1 AND deaths >= ?",
	    SQL_VALUES(SQL_TEXT(reason), SQL_WHOLE(store_now()), SQL_WHOLE(run), SQL_WHOLE(TRIAL_DEATHS)), NULL, error));
	return sql_run(study, "DELETE FROM checkpoint WHERE trial IN (SELECT number FROM trial WHERE run = ? AND state = 3)",
	    SQL_VALUES(SQL_WHOLE(run)), NULL, error);
}

static clu_status end_run(store *study, int64_t run, run_end how, const char *message, clu_error *error)
{
	if (how == RUN_CRASHED) CLU_TRY(fail_deadly_trials(study, run, message, error));
	CLU_TRY(sql_run(
	    study, "UPDATE trial SET state = 0, run = NULL WHERE run = ? AND state = 1", SQL_VALUES(SQL_WHOLE(run)), NULL, error));
	return sql_run(study, "UPDATE worker SET state = ?, message = ? WHERE run = ? AND state IN ('starting', 'running')",
	    SQL_VALUES(SQL_TEXT(end_state(how)), SQL_TEXT(message), SQL_WHOLE(run)), NULL, error);
}

clu_status store_run_end(store *study, int64_t run, run_end how, const char *message, clu_error *error)
{
	CLU_TRY(sql_begin(study, error));
	return sql_end(study, end_run(study, run, how, message, error), error);
}

static clu_status sweep(store *study, clu_error *error)
{
	sqlite3_stmt *query;
	bool row;
	CLU_TRY(sql_query(study, "SELECT run, pid, host FROM worker WHERE state IN ('starting', 'running')", NULL, 0, &query, error));
	clu_status status;
	while ((status = sql_step(study, query, &row, error)) == CLU_OK && row) {
		char host[HOST_SIZE];
		sql_text(query, 2, host, sizeof host);
		if (!store_process_gone(host, sqlite3_column_int64(query, 1))) continue;
		status = end_run(study, sqlite3_column_int64(query, 0), RUN_LOST, "its process is gone", error);
		if (status != CLU_OK) break;
	}
	sqlite3_finalize(query);
	return status;
}

clu_status store_runs_sweep(store *study, clu_error *error)
{
	CLU_TRY(sql_begin(study, error));
	return sql_end(study, sweep(study, error), error);
}

clu_status store_run_status(store *study, int64_t run, run_status *out, clu_error *error)
{
	sqlite3_stmt *query;
	bool row;
	memset(out, 0, sizeof *out);
	CLU_TRY(sql_query(study,
	    "SELECT state, message, heartbeat_at, steps, beats, (SELECT count(*) FROM trial t WHERE t.run = w.run AND t.state = 1),"
	    " saves + (SELECT count(*) FROM trial t WHERE t.run = w.run AND t.state >= 2) FROM worker w WHERE run = ?",
	    SQL_VALUES(SQL_WHOLE(run)), &query, error));
	clu_status status = sql_step(study, query, &row, error);
	if (status == CLU_OK && !row) status = clu_fail(error, CLU_ARGUMENT, "study %s has no run %lld", study->path, (long long)run);
	if (status == CLU_OK) {
		sql_text(query, 0, out->state, sizeof out->state);
		sql_text(query, 1, out->message, sizeof out->message);
		out->heartbeat_at = sqlite3_column_int64(query, 2);
		out->steps = (uint64_t)sqlite3_column_int64(query, 3);
		out->beats = (uint64_t)sqlite3_column_int64(query, 4);
		out->held = (uint64_t)sqlite3_column_int64(query, 5);
		out->advances = (uint64_t)sqlite3_column_int64(query, 6);
	}
	sqlite3_finalize(query);
	return status;
}

clu_status store_heartbeat(store *study, int64_t run, uint64_t steps, uint64_t beats, int64_t lease_ms, clu_error *error)
{
	int64_t now = store_now();
	CLU_TRY(sql_begin(study, error));
	clu_status status = sql_run(study, "UPDATE worker SET heartbeat_at = ?, steps = ?, beats = ? WHERE run = ?",
	    SQL_VALUES(SQL_WHOLE(now), SQL_WHOLE(steps), SQL_WHOLE(beats), SQL_WHOLE(run)), NULL, error);
	if (status == CLU_OK && lease_ms != 0)
		status = sql_run(study, "UPDATE trial SET lease_until = ? WHERE run = ? AND state = 1",
		    SQL_VALUES(SQL_WHOLE(now + lease_ms), SQL_WHOLE(run)), NULL, error);
	return sql_end(study, status, error);
}

/* ---- claims ---- */

/* What a run holds. */
typedef struct holding {
	int64_t trials, suspects; /* suspects: of the trials, those that a worker has died of */
} holding;

static clu_status count_held(store *study, int64_t run, holding *held, clu_error *error)
{
	CLU_TRY(sql_whole(
	    study, "SELECT count(*) FROM trial WHERE run = ? AND state = 1", SQL_VALUES(SQL_WHOLE(run)), &held->trials, error));
	return sql_whole(study, "SELECT count(*) FROM trial WHERE run = ? AND state = 1 AND deaths > 0", SQL_VALUES(SQL_WHOLE(run)),
	    &held->suspects, error);
}

/* With others at work too, no run holds more than its share, so that the last trials of a study are spread over the devices. */
static clu_status fair_share(store *study, int64_t held, uint32_t wanted, uint32_t *share, clu_error *error)
{
	int64_t left, runs;
	CLU_TRY(sql_whole(study, "SELECT count(*) FROM trial WHERE state IN (0, 1)", NULL, 0, &left, error));
	CLU_TRY(sql_whole(study, "SELECT count(*) FROM worker WHERE state IN ('starting', 'running') AND heartbeat_at > ?",
	    SQL_VALUES(SQL_WHOLE(store_now() - 60000)), &runs, error));
	int64_t fair = (runs > 1 ? (left + runs - 1) / runs : left) - held;
	*share = fair < wanted ? (uint32_t)(fair > 0 ? fair : 0) : wanted;
	return CLU_OK;
}

static clu_status take(store *study, int64_t run, int64_t now, int64_t lease_ms, const trial_claim *claim, clu_error *error)
{
	CLU_TRY(sql_run(study, "UPDATE trial SET state = 1, run = ?, lease_until = ?, claimed_at = ? WHERE number = ? AND state = 0",
	    SQL_VALUES(SQL_WHOLE(run), SQL_WHOLE(now + lease_ms), SQL_WHOLE(now), SQL_WHOLE(claim->number)), NULL, error));
	/* Without a checkpoint of this run's key it starts anew: what another device recorded of it is void. */
	static const char fresh[] =
	    " = ?1 AND NOT EXISTS (SELECT 1 FROM checkpoint c JOIN worker w ON w.key = c.key WHERE c.trial = ?1 AND w.run = ?2)";
	char sql[512];
	sqlite3_snprintf((int)sizeof sql, sql, "DELETE FROM layer WHERE trial%s", fresh);
	CLU_TRY(sql_run(study, sql, SQL_VALUES(SQL_WHOLE(claim->number), SQL_WHOLE(run)), NULL, error));
	sqlite3_snprintf((int)sizeof sql, sql, "UPDATE trial SET progress = 0, steps = 0, reused = 0 WHERE number%s", fresh);
	return sql_run(study, sql, SQL_VALUES(SQL_WHOLE(claim->number), SQL_WHOLE(run)), NULL, error);
}

/* What may be claimed, in this order. */
typedef enum claim_kind { CLAIM_OWN, CLAIM_FOREIGN, CLAIM_SUSPECT } claim_kind;

/* Adds to the claims until there are `most`. */
static clu_status select_claims(
    store *study, int64_t run, claim_kind kind, uint32_t most, trial_claim *claims, uint32_t *count, clu_error *error)
{
	static const char *const query_text[] = {
	    [CLAIM_OWN] = "SELECT t.number, t.arch, t.name FROM trial t WHERE t.state = 0 AND t.deaths = 0 AND NOT EXISTS"
	                  "	(SELECT 1 FROM checkpoint c, worker w WHERE c.trial = t.number AND w.run = ?1 AND c.key <> w.key)"
	                  " ORDER BY t.number LIMIT ?2",
	    [CLAIM_FOREIGN] = "SELECT t.number, t.arch, t.name FROM checkpoint c JOIN trial t ON t.number = c.trial, worker w"
	                      "	WHERE t.state = 0 AND t.deaths = 0 AND w.run = ?1 AND c.key <> w.key ORDER BY t.number LIMIT ?2",
	    /* The least suspect first: the run's results then tell its device's deaths from the guilty trial's. */
	    [CLAIM_SUSPECT] = "SELECT t.number, t.arch, t.name FROM trial t, worker w WHERE t.state = 0 AND t.deaths > 0 AND w.run = ?1"
	                      " ORDER BY t.deaths, t.number LIMIT ?2",
	};
	sqlite3_stmt *query;
	bool row;
	CLU_TRY(sql_query(study, query_text[kind], SQL_VALUES(SQL_WHOLE(run), SQL_WHOLE(most - *count)), &query, error));
	clu_status status;
	while ((status = sql_step(study, query, &row, error)) == CLU_OK && row) {
		trial_claim *claim = &claims[(*count)++];
		claim->number = sqlite3_column_int64(query, 0);
		sql_text(query, 1, claim->arch, sizeof claim->arch);
		sql_text(query, 2, claim->name, sizeof claim->name);
	}
	sqlite3_finalize(query);
	return status;
}

static clu_status claim(
    store *study, int64_t run, uint32_t wanted, int64_t lease_ms, trial_claim *claims, uint32_t *count, clu_error *error)
{
	int64_t now = store_now();
	uint32_t share;
	holding held;
	CLU_TRY(sql_run(study, "UPDATE trial SET state = 0, run = NULL WHERE state = 1 AND lease_until < ?", SQL_VALUES(SQL_WHOLE(now)),
	    NULL, error));
	CLU_TRY(count_held(study, run, &held, error));
	if (held.suspects > 0 || wanted == 0) return CLU_OK;
	CLU_TRY(fair_share(study, held.trials, wanted, &share, error));
	CLU_TRY(select_claims(study, run, CLAIM_OWN, share, claims, count, error));
	CLU_TRY(select_claims(study, run, CLAIM_FOREIGN, share, claims, count, error));
	if (held.trials == 0 && *count == 0) CLU_TRY(select_claims(study, run, CLAIM_SUSPECT, 1, claims, count, error));
	for (uint32_t i = 0; i < *count; i++) CLU_TRY(take(study, run, now, lease_ms, &claims[i], error));
	return CLU_OK;
}

clu_status store_claim(
    store *study, int64_t run, uint32_t wanted, int64_t lease_ms, trial_claim *claims, uint32_t *count, clu_error *error)
{
	*count = 0;
	CLU_TRY(sql_begin(study, error));
	clu_status status = sql_end(study, claim(study, run, wanted, lease_ms, claims, count, error), error);
	if (status != CLU_OK) *count = 0;
	return status;
}

/* ---- results ---- */

/* The check of the lease: changes the trial, and finds *held false where it is another run's now. */
static clu_status update_held(
    store *study, int64_t run, const trial_report *report, trial_state state, bool *held, clu_error *error)
{
	int changed;
	CLU_TRY(
	    sql_run(study, "UPDATE trial SET state = ?, progress = ?, steps = ?, reused = ? WHERE number = ? AND run = ? AND state = 1",
	        SQL_VALUES(SQL_WHOLE(state), SQL_REAL(report->progress), SQL_WHOLE(report->steps), SQL_WHOLE(report->reused),
	            SQL_WHOLE(report->number), SQL_WHOLE(run)),
	        &changed, error));
	*held = changed == 1;
	return CLU_OK;
}

static clu_status write_layers(store *study, const trial_report *report, clu_error *error)
{
	for (uint32_t i = report->layers_stored; i < report->layers; i++) {
		const clu_layer_record *r = &report->record[i];
		CLU_TRY(sql_run(study, "INSERT OR REPLACE INTO layer VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		    SQL_VALUES(SQL_WHOLE(report->number), SQL_WHOLE(i + 1), SQL_REAL(r->validation.db), SQL_REAL(r->validation.ratio_db),
		        SQL_REAL(r->test.db), SQL_REAL(r->test.ratio_db), SQL_WHOLE(r->steps), SQL_REAL(r->seconds)),
		    NULL, error));
	}
	return CLU_OK;
}

clu_status store_progress(store *study, int64_t run, const trial_report *reports, uint32_t count, bool *held, clu_error *error)
{
	clu_status status = CLU_OK;
	CLU_TRY(sql_begin(study, error));
	for (uint32_t i = 0; i < count && status == CLU_OK; i++) {
		status = update_held(study, run, &reports[i], TRIAL_RUNNING, &held[i], error);
		if (status == CLU_OK && held[i]) status = write_layers(study, &reports[i], error);
	}
	return sql_end(study, status, error);
}

static clu_status finish(store *study, const trial_report *report, const char *message, clu_error *error)
{
	CLU_TRY(sql_run(study, "UPDATE trial SET finished_at = ?, error = ? WHERE number = ?",
	    SQL_VALUES(SQL_WHOLE(store_now()), SQL_TEXT(message), SQL_WHOLE(report->number)), NULL, error));
	CLU_TRY(write_layers(study, report, error));
	return sql_run(study, "DELETE FROM checkpoint WHERE trial = ?", SQL_VALUES(SQL_WHOLE(report->number)), NULL, error);
}

/* Keeps models of named trials and of the best by validation NMSE; equals go by number. */
static clu_status keep_model(store *study, int64_t number, const void *model, size_t size, clu_error *error)
{
	CLU_TRY(sql_run(study, "INSERT OR REPLACE INTO model(trial, bytes) VALUES (?, ?)",
	    SQL_VALUES(SQL_WHOLE(number), SQL_BLOB(model, size)), NULL, error));
	return sql_run(study,
	    "DELETE FROM model WHERE trial IN (SELECT number FROM trial WHERE name = '') AND trial NOT IN"
	    " (SELECT m.trial FROM model m JOIN layer l ON l.trial = m.trial"
	    "	WHERE l.layer = (SELECT max(layer) FROM layer WHERE trial = m.trial)"
	    "	ORDER BY l.validation_db IS NULL, l.validation_db, m.trial LIMIT ?)",
	    SQL_VALUES(SQL_WHOLE(STORE_MODELS)), NULL, error);
}

clu_status store_done(
    store *study, int64_t run, const trial_report *report, const void *model, size_t size, bool *held, clu_error *error)
{
	CLU_TRY(sql_begin(study, error));
	clu_status status = update_held(study, run, report, TRIAL_DONE, held, error);
	if (status == CLU_OK && *held) status = finish(study, report, "", error);
	if (status == CLU_OK && *held) status = keep_model(study, report->number, model, size, error);
	return sql_end(study, status, error);
}

clu_status store_failed(store *study, int64_t run, const trial_report *report, const char *message, bool *held, clu_error *error)
{
	CLU_TRY(sql_begin(study, error));
	clu_status status = update_held(study, run, report, TRIAL_FAILED, held, error);
	if (status == CLU_OK && *held) status = finish(study, report, message, error);
	return sql_end(study, status, error);
}

/* ---- checkpoints ---- */

static clu_status write_checkpoint(
    store *study, int64_t run, int64_t number, const char *key, const void *bytes, size_t size, clu_error *error)
{
	CLU_TRY(sql_run(study, "INSERT OR REPLACE INTO checkpoint(trial, key, saved_at, bytes) VALUES (?, ?, ?, ?)",
	    SQL_VALUES(SQL_WHOLE(number), SQL_TEXT(key), SQL_WHOLE(store_now()), SQL_BLOB(bytes, size)), NULL, error));
	CLU_TRY(sql_run(study, "UPDATE trial SET deaths = 0 WHERE number = ?", SQL_VALUES(SQL_WHOLE(number)), NULL, error));
	return sql_run(study, "UPDATE worker SET saves = saves + 1 WHERE run = ?", SQL_VALUES(SQL_WHOLE(run)), NULL, error);
}

clu_status store_checkpoint(store *study, int64_t run, const trial_report *report, const char *key, const void *bytes, size_t size,
    after_checkpoint then, bool *held, clu_error *error)
{
	CLU_TRY(sql_begin(study, error));
	clu_status status = update_held(study, run, report, TRIAL_RUNNING, held, error);
	if (status == CLU_OK && *held) status = write_layers(study, report, error);
	if (status == CLU_OK && *held) status = write_checkpoint(study, run, report->number, key, bytes, size, error);
	if (status == CLU_OK && *held && then == CHECKPOINT_RELEASE)
		status = sql_run(
		    study, "UPDATE trial SET state = 0, run = NULL WHERE number = ?", SQL_VALUES(SQL_WHOLE(report->number)), NULL, error);
	return sql_end(study, status, error);
}

clu_status store_checkpoint_load(store *study, int64_t number, const char *key, void **bytes, size_t *size, clu_error *error)
{
	sqlite3_stmt *query;
	bool row;
	*bytes = NULL;
	*size = 0;
	CLU_TRY(sql_query(study, "SELECT bytes FROM checkpoint WHERE trial = ? AND key = ?",
	    SQL_VALUES(SQL_WHOLE(number), SQL_TEXT(key)), &query, error));
	clu_status status = sql_step(study, query, &row, error);
	if (status == CLU_OK && row) status = sql_blob(query, 0, bytes, size, error);
	sqlite3_finalize(query);
	return status;
}
