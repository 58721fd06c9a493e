/* analysis.h: the numbers behind a study's report, computed from what the store hands out and from nothing else.
 *
 * Trials are ranked by the validation NMSE, which is what a search looks at; what is shown of them is the test NMSE, or the
 * validation NMSE in a study without a test set. A dB figure that is no plain number (NaN, infinite, beyond ±1,000, which float32
 * cannot reach) keeps a trial out of the ranking, and out of every number here but the counts. */
#ifndef ANALYSIS_H
#define ANALYSIS_H

#include "store.h"

/* A trial that is done, and its architecture. */
typedef struct ranked_trial {
	const trial *trial;
	bool readable; /* trial->arch could be parsed: arch and extra are valid */
	clu_arch arch;
	uint32_t extra;   /* connections beside x^(L−1) */
	const char *name; /* clu_arch_name's; NULL where it has none */
} ranked_trial;

/* What one device, under one driver and numeric key, did in all runs. */
typedef struct device_share {
	const char *device, *driver, *type, *key; /* of the first worker, or of a trial whose worker is unknown (driver and type "") */
	size_t workers;
	uint64_t trials; /* done */
	uint64_t steps;
	double seconds;          /* wall time that its workers were at work; 0 when unknown */
	double trials_per_hour;  /* NaN when unknown */
	double steps_per_second; /* NaN when unknown */
} device_share;

typedef enum named_arch { NAMED_LISTA, NAMED_LFISTA, NAMED_DENSE, NAMED_SEARCHED, NAMED_COUNT } named_arch;

typedef struct study_analysis {
	uint32_t layers;
	size_t queued, running, done, failed;
	bool has_test;         /* figures are of the test set, else of the validation set */
	ranked_trial *entries; /* [done], best first, those outside the ranking last */
	size_t ranked;
	const ranked_trial **history;           /* [ranked], in the order they finished */
	const ranked_trial *named[NAMED_COUNT]; /* the best ranked one of each name; NULL where there is none */
	size_t top;                             /* of the sampled architectures, how many the average is over; 0: no average */
	size_t sampled;                         /* ranked and not enqueued by name: the average is about what the search came upon */
	double share[CLU_LAYERS_MAX][CLU_LAYERS_MAX];     /* [L−1][i−1]: of the top, with x^(i) as an extra origin of L */
	double share_all[CLU_LAYERS_MAX][CLU_LAYERS_MAX]; /* the same of all sampled */
	clu_arch average; /* connections with a share ≥ 0.5; the most frequent neurons, side connections ≥ 0.5 */
	uint32_t average_extra;
	device_share *devices; /* [device_count], by trials done */
	size_t device_count;
	uint64_t steps;  /* of all done trials */
	uint64_t reused; /* of these, those that they did not make: they started at trained prefixes */
	double seconds;  /* of all done trials; trials that shared a device overlap */
} study_analysis;

#define ANALYSIS_TOP_MAX 50 /* the paper's */

/* Keeps pointers into trials and workers: they must outlive it. CLU_MEMORY. */
clu_status analysis_create(uint32_t layers, const trial *trials, size_t trial_count, const worker_info *workers,
    size_t worker_count, study_analysis **out, clu_error *error);
void analysis_destroy(study_analysis *analysis);

/* Whether a figure may be ranked and drawn. */
bool analysis_plain(double db);
/* The figure that is shown of a trial, and of its network cut off after `layer` (1…trial->layers). */
double analysis_db(const study_analysis *analysis, const ranked_trial *entry);
double analysis_layer_db(const study_analysis *analysis, const ranked_trial *entry, uint32_t layer);
/* How many dB the best is below LISTA; NaN without either. */
double analysis_gain(const study_analysis *analysis);
/* What is drawn by layer: the best three and the named ones, each once, best first. Returns how many. */
#define ANALYSIS_CURVES_MAX (3 + NAMED_COUNT)
size_t analysis_curves(const study_analysis *analysis, const ranked_trial *curves[ANALYSIS_CURVES_MAX]);

#endif
