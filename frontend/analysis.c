/* analysis.c: ranking, average architecture and devices' speeds. Pure functions of arrays: nothing here reads a store, a clock or
 * a file. The story is analysis_create; each part of it is one function above it. */
#include "analysis.h"

#include "status.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool analysis_plain(double db)
{
	return isfinite(db) && fabs(db) <= 1000;
}

double analysis_db(const study_analysis *analysis, const ranked_trial *entry)
{
	return analysis->has_test ? entry->trial->nmse_db : entry->trial->validation_db;
}

double analysis_layer_db(const study_analysis *analysis, const ranked_trial *entry, uint32_t layer)
{
	return (analysis->has_test ? entry->trial->layer_nmse_db : entry->trial->layer_validation_db)[layer - 1];
}

double analysis_gain(const study_analysis *analysis)
{
	const ranked_trial *lista = analysis->named[NAMED_LISTA];
	return analysis->ranked && lista ? analysis_db(analysis, lista) - analysis_db(analysis, &analysis->entries[0]) : NAN;
}

size_t analysis_curves(const study_analysis *analysis, const ranked_trial *curves[ANALYSIS_CURVES_MAX])
{
	size_t count = 0;
	for (size_t rank = 0; rank < analysis->ranked; rank++) {
		const ranked_trial *entry = &analysis->entries[rank];
		bool drawn = rank < 3;
		for (int name = 0; name < NAMED_COUNT; name++) drawn = drawn || analysis->named[name] == entry;
		if (drawn) curves[count++] = entry;
	}
	return count;
}

/* ---- ranking ---- */

static int compare_entries(const void *left, const void *right)
{
	const trial *a = ((const ranked_trial *)left)->trial, *b = ((const ranked_trial *)right)->trial;
	bool a_plain = analysis_plain(a->validation_db), b_plain = analysis_plain(b->validation_db);
	if (a_plain != b_plain) return a_plain ? -1 : 1;
	if (a_plain && a->validation_db != b->validation_db) return a->validation_db < b->validation_db ? -1 : 1;
	return (a->number > b->number) - (a->number < b->number);
}

static int compare_finished(const void *left, const void *right)
{
	const trial *a = (*(const ranked_trial *const *)left)->trial, *b = (*(const ranked_trial *const *)right)->trial;
	if (a->finished_at != b->finished_at) return a->finished_at < b->finished_at ? -1 : 1;
	return (a->number > b->number) - (a->number < b->number);
}

static void count_states(study_analysis *analysis, const trial *trials, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		switch (trials[i].state) {
		case TRIAL_QUEUED: analysis->queued++; break;
		case TRIAL_RUNNING: analysis->running++; break;
		case TRIAL_DONE: analysis->done++; break;
		case TRIAL_FAILED: analysis->failed++; break;
		}
	}
}

static void rank_trials(study_analysis *analysis, const trial *trials, size_t count)
{
	size_t done = 0;
	for (size_t i = 0; i < count; i++) {
		if (trials[i].state != TRIAL_DONE) continue;
		ranked_trial *entry = &analysis->entries[done++];
		entry->trial = &trials[i];
		entry->readable = clu_arch_parse(trials[i].arch, analysis->layers, &entry->arch, NULL) == CLU_OK;
		if (entry->readable) entry->extra = clu_arch_extra_count(&entry->arch);
		if (entry->readable) entry->name = clu_arch_name(&entry->arch);
		analysis->ranked += analysis_plain(trials[i].validation_db);
		analysis->has_test = analysis->has_test || analysis_plain(trials[i].nmse_db);
		analysis->steps += trials[i].steps;
		analysis->reused += trials[i].reused;
		if (isfinite(trials[i].seconds)) analysis->seconds += trials[i].seconds;
	}
	if (done) qsort(analysis->entries, done, sizeof *analysis->entries, compare_entries);
	for (size_t i = 0; i < analysis->ranked; i++) analysis->history[i] = &analysis->entries[i];
	if (analysis->ranked) qsort(analysis->history, analysis->ranked, sizeof(const ranked_trial *), compare_finished);
}

static void find_named(study_analysis *analysis)
{
	static const char *const names[NAMED_COUNT] = {"LISTA", "LFISTA", "Dense", "Searched"};
	for (size_t rank = analysis->ranked; rank-- > 0;) {
		const ranked_trial *entry = &analysis->entries[rank];
		for (int name = 0; name < NAMED_COUNT; name++) {
			if (entry->name && strcmp(entry->name, names[name]) == 0) analysis->named[name] = entry;
		}
	}
}

/* ---- average architecture ---- */

static bool is_sampled(const ranked_trial *entry)
{
	return entry->readable && entry->trial->name[0] == '\0';
}

static void add_connections(double share[CLU_LAYERS_MAX][CLU_LAYERS_MAX], const clu_arch *arch, double weight)
{
	for (uint32_t layer = 3; layer <= arch->layers; layer++) {
		uint32_t origins = clu_arch_origins(arch, layer);
		for (uint32_t origin = 1; origin <= layer - 2; origin++) {
			if (origins >> (origin - 1) & 1) share[layer - 1][origin - 1] += weight;
		}
	}
}

/* Neuron and side connection of one layer by majority among the top; of neurons that tie, the first of the list. */
static void vote_layer(study_analysis *analysis, const ranked_trial *const *top, uint32_t layer)
{
	size_t votes[CLU_NEURON_COUNT] = {0}, side = 0;
	for (size_t i = 0; i < analysis->top; i++) {
		votes[top[i]->arch.neuron[layer - 1]]++;
		side += top[i]->arch.side[layer - 1];
	}
	uint8_t winner = 0;
	for (uint8_t kind = 1; kind < CLU_NEURON_COUNT; kind++) winner = votes[kind] > votes[winner] ? kind : winner;
	analysis->average.neuron[layer - 1] = winner;
	analysis->average.side[layer - 1] = layer == 1 || 2 * side >= analysis->top;
}

static void average_architectures(study_analysis *analysis)
{
	const ranked_trial *top[ANALYSIS_TOP_MAX];
	for (size_t rank = 0; rank < analysis->ranked; rank++) analysis->sampled += is_sampled(&analysis->entries[rank]);
	size_t half = (analysis->sampled + 1) / 2, found = 0;
	analysis->top = half < ANALYSIS_TOP_MAX ? half : ANALYSIS_TOP_MAX;
	if (!analysis->top) return;
	for (size_t rank = 0; rank < analysis->ranked; rank++) {
		const ranked_trial *entry = &analysis->entries[rank];
		if (!is_sampled(entry)) continue;
		add_connections(analysis->share_all, &entry->arch, 1.0 / (double)analysis->sampled);
		if (found == analysis->top) continue;
		top[found++] = entry;
		add_connections(analysis->share, &entry->arch, 1.0);
	}
	analysis->average.layers = analysis->layers;
	for (uint32_t layer = 1; layer <= analysis->layers; layer++) {
		vote_layer(analysis, top, layer);
		for (uint32_t origin = 1; origin + 2 <= layer; origin++) {
			double *share = &analysis->share[layer - 1][origin - 1];
			*share /= (double)analysis->top; /* a sum of whole numbers until here: a half is exactly a half */
			if (*share >= 0.5) analysis->average.extra[layer - 1] |= 1u << (layer - 2 - origin);
		}
	}
	analysis->average_extra = clu_arch_extra_count(&analysis->average);
}

/* ---- devices ---- */

static bool same_device(const device_share *share, const char *device, const char *driver, const char *key)
{
	bool driver_fits = !driver || strcmp(share->driver, driver) == 0;
	bool key_fits = !key[0] || !share->key[0] || strcmp(share->key, key) == 0; /* a worker that never came up has no key */
	return strcmp(share->device, device) == 0 && driver_fits && key_fits;
}

/* The group of a worker or (driver NULL) of a trial; a new one where there is none yet. */
static device_share *device_of(study_analysis *analysis, const char *device, const char *driver, const char *type, const char *key)
{
	for (size_t i = 0; i < analysis->device_count; i++) {
		device_share *share = &analysis->devices[i];
		if (!same_device(share, device, driver, key)) continue;
		if (!share->key[0]) share->key = key;
		return share;
	}
	device_share *share = &analysis->devices[analysis->device_count++];
	*share = (device_share){.device = device, .driver = driver ? driver : "", .type = type, .key = key};
	return share;
}

static int compare_starts(const void *left, const void *right)
{
	const worker_info *a = *(const worker_info *const *)left, *b = *(const worker_info *const *)right;
	return (a->started_at > b->started_at) - (a->started_at < b->started_at);
}

/* What add_workers gathers of one device: its workers' spans from first start to last heartbeat. */
typedef struct device_spans {
	double sum, together; /* ms: of all spans, and of what they cover */
	int64_t covered_until;
} device_spans;

/* Adds the workers, ordered by first start, to their devices. Workers that share a device overlap, so their busy times must not
 * be added up; a search that was resumed has pauses, so a worker's span is longer than it was busy. Hence: busy time, divided by
 * how many times over the spans cover the time from first to last. */
static void add_workers(study_analysis *analysis, const worker_info **workers, size_t count, device_spans *spans)
{
	for (size_t i = 0; i < count; i++) {
		const worker_info *worker = workers[i];
		device_share *share = device_of(analysis, worker->device, worker->driver, worker->type, worker->key);
		device_spans *span = &spans[share - analysis->devices];
		int64_t from = worker->started_at > span->covered_until ? worker->started_at : span->covered_until;
		if (worker->heartbeat_at > worker->started_at) span->sum += (double)(worker->heartbeat_at - worker->started_at);
		if (worker->heartbeat_at > from) {
			span->together += (double)(worker->heartbeat_at - from);
			span->covered_until = worker->heartbeat_at;
		}
		share->seconds += worker->busy_seconds > 0 ? worker->busy_seconds : 0;
		share->workers++;
		share->steps += worker->steps;
	}
	for (size_t i = 0; i < analysis->device_count; i++) {
		if (spans[i].sum > 0) analysis->devices[i].seconds *= spans[i].together / spans[i].sum;
	}
}

static int compare_devices(const void *left, const void *right)
{
	const device_share *a = left, *b = right;
	if (a->trials != b->trials) return a->trials > b->trials ? -1 : 1;
	return strcmp(a->device, b->device);
}

static clu_status share_devices(study_analysis *analysis, const worker_info *workers, size_t worker_count, clu_error *error)
{
	size_t most = worker_count + analysis->done;
	if (!most) return CLU_OK;
	analysis->devices = calloc(most, sizeof *analysis->devices);
	const worker_info **by_start = calloc(most, sizeof *by_start);
	device_spans *spans = calloc(most, sizeof *spans);
	clu_status status = CLU_OK;
	if (!analysis->devices || !by_start || !spans) {
		status = clu_fail(error, CLU_MEMORY, "no memory to sum up %zu workers", worker_count);
		goto cleanup;
	}
	for (size_t i = 0; i < worker_count; i++) by_start[i] = &workers[i];
	qsort(by_start, worker_count, sizeof *by_start, compare_starts);
	add_workers(analysis, by_start, worker_count, spans);
	for (size_t i = 0; i < analysis->done; i++) {
		const trial *done = analysis->entries[i].trial;
		device_of(analysis, done->device, NULL, "", done->key)->trials++;
	}
	for (size_t i = 0; i < analysis->device_count; i++) {
		device_share *share = &analysis->devices[i];
		share->trials_per_hour = share->seconds > 0 ? (double)share->trials / share->seconds * 3600 : NAN;
		share->steps_per_second = share->seconds > 0 ? (double)share->steps / share->seconds : NAN;
	}
	qsort(analysis->devices, analysis->device_count, sizeof *analysis->devices, compare_devices);
cleanup:
	free(by_start);
	free(spans);
	return status;
}

/* ---- the whole ---- */

clu_status analysis_create(uint32_t layers, const trial *trials, size_t trial_count, const worker_info *workers,
    size_t worker_count, study_analysis **out, clu_error *error)
{
	clu_status status = CLU_OK;
	study_analysis *analysis = calloc(1, sizeof *analysis);
	if (!analysis) return clu_fail(error, CLU_MEMORY, "no memory for an analysis");
	analysis->layers = layers;
	count_states(analysis, trials, trial_count);
	analysis->entries = calloc(analysis->done + 1, sizeof *analysis->entries);
	analysis->history = calloc(analysis->done + 1, sizeof *analysis->history);
	if (!analysis->entries || !analysis->history) {
		status = clu_fail(error, CLU_MEMORY, "no memory to rank %zu trials", analysis->done);
		goto cleanup;
	}
	rank_trials(analysis, trials, trial_count);
	find_named(analysis);
	average_architectures(analysis);
	CLU_GOTO(share_devices(analysis, workers, worker_count, error));
	*out = analysis;
	analysis = NULL;
cleanup:
	analysis_destroy(analysis);
	return status;
}

void analysis_destroy(study_analysis *analysis)
{
	if (!analysis) return;
	free(analysis->entries);
	free(analysis->history);
	free(analysis->devices);
	free(analysis);
}
