/* report.h: a study as one HTML page that needs nothing beside itself: no script, no link, pictures as inline SVG.
 *
 * A pure function of what the store hands out, so that a report can be made, and tested, from arrays. */
#ifndef REPORT_H
#define REPORT_H

#include "options.h"
#include "store.h"

typedef struct report_input {
	const char *study;        /* what the study is called: its file */
	const settings *settings; /* read from the study */
	const cJSON *study_json;  /* everything that store_settings gives, for the settings table; may be NULL */
	uint64_t total;           /* trials that the study is to have */
	const trial *trials;
	size_t trial_count;
	const worker_info *workers;
	size_t worker_count;
	int64_t written_at; /* unix time, ms */
} report_input;

/* Writes the page. The caller frees *html with free(); it is NUL-terminated, *size bytes long without the NUL. CLU_MEMORY. */
clu_status report_render(const report_input *input, char **html, size_t *size, clu_error *error);

#endif
