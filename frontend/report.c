/* report.c: the page around the pictures: headline, sections with their captions, tables. A reader sees first what won and by how
 * much, then what it looks like, then everything.
 *
 * Whatever comes from the study (names, architectures, devices, errors, settings) goes through markup_escape. The page forbids
 * scripts and loads by its own policy as well, so that a slip there would still do nothing. */
#include "report.h"

#include "analysis.h"
#include "markup.h"
#include "pictures.h"
#include "report_style.h"
#include "status.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct report_page {
	markup out;
	const report_input *input;
	const study_analysis *analysis;
} report_page;

static const ranked_trial *best_of(const study_analysis *analysis)
{
	return analysis->ranked ? &analysis->entries[0] : NULL;
}

static const char *plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

/* ---- head and headline ---- */

static void write_head(report_page *page)
{
	markup *out = &page->out;
	markup_add(out,
	    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light "
	    "dark\">\n"
	    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n<title>");
	markup_escape(out, page->input->study);
	markup_add(out, " – clunroll report</title>\n<style>\n");
	for (size_t i = 0; i < sizeof report_style / sizeof *report_style; i++) markup_add(out, "%s", report_style[i]);
	markup_add(out, "</style>\n</head>\n<body>\n");
}

/* "4.31 dB better than LISTA", or why that cannot be said. */
static void write_gain(markup *out, const study_analysis *analysis)
{
	double gain = analysis_gain(analysis);
	if (!analysis_plain(gain)) return;
	markup_add(out, ", ");
	markup_db(out, fabs(gain), 2);
	markup_add(out, gain >= 0 ? " better than LISTA" : " worse than LISTA");
}

static void write_title(report_page *page)
{
	markup *out = &page->out;
	const study_analysis *analysis = page->analysis;
	const ranked_trial *best = best_of(analysis);
	markup_add(out, "<p class=\"quiet\">clunroll report on the study ");
	markup_escape(out, page->input->study);
	markup_add(out, "</p>\n<h1>");
	if (best) {
		char label[PICTURE_LABEL];
		picture_label(analysis, best, label);
		markup_add(out, "%s%s won: ", best->name ? "" : "The architecture of ", label);
		markup_db(out, analysis_db(analysis, best), 2);
		if (best != analysis->named[NAMED_LISTA]) write_gain(out, analysis);
	} else if (analysis->done) {
		markup_add(out, "No winner: no trial ended with an NMSE that is a number");
	} else if (analysis->failed && analysis->failed == page->input->trial_count) {
		markup_add(out, analysis->failed == 1 ? "The only trial failed" : "All %zu trials failed", analysis->failed);
	} else {
		markup_add(out, "No result yet");
	}
	markup_add(out, "</h1>\n");
}

/* What was recovered, by what, in one sentence. */
static void write_problem(report_page *page)
{
	markup *out = &page->out;
	const settings *chosen = page->input->settings;
	const clu_problem *problem = &chosen->problem;
	markup_add(out, "<p>Recovering n = %u unknowns (", problem->n);
	if (problem->codes == CLU_CODES_GAMMA)
		markup_add(out, "all Gamma(%.3g, %.3g)", problem->gamma_shape, problem->gamma_scale);
	else
		markup_add(out, "%.3g %% of them nonzero", 100 * problem->density);
	markup_add(out, "%s) from m = %u measurements, ", chosen->train_x ? " where generated" : "", problem->m);
	if (problem->rank) markup_add(out, "dictionary of rank %u, ", problem->rank);
	if (isinf(problem->snr_db)) {
		markup_add(out, "without noise (SNR ∞)");
	} else {
		markup_add(out, "SNR ");
		markup_figure(out, problem->snr_db, 1);
		markup_add(out, " dB");
	}
	if (problem->salt_pepper > 0) markup_add(out, ", %.3g %% salt and pepper", 100 * problem->salt_pepper);
	if (problem->perturbation > 0) markup_add(out, ", dictionary perturbed by %.3g", problem->perturbation);
	markup_add(out, ", with networks of K = %u layer%s, trained by the recipe <b>", chosen->layers, plural(chosen->layers));
	markup_escape(out, chosen->recipe.name);
	markup_add(out, "</b>%s.</p>\n", chosen->dictionary || chosen->train_x ? ", on data of its own (see the settings)" : "");
}

static void write_notices(report_page *page)
{
	markup *out = &page->out;
	const study_analysis *analysis = page->analysis;
	uint64_t total = page->input->total, ended = analysis->done + analysis->failed;
	if (ended < total || analysis->running || analysis->queued) {
		markup_add(out, "<p class=\"notice\"><b>Unfinished:</b> %zu of %" PRIu64 " trial%s done, %zu running, %zu failed, ",
		    analysis->done, total, plural(total), analysis->running, analysis->failed);
		markup_add(
		    out, "%" PRIu64 " not yet begun.</p>\n", total > ended + analysis->running ? total - ended - analysis->running : 0);
	} else if (analysis->failed) {
		markup_add(out, "<p class=\"notice\">%zu trial%s failed; the table of trials says why.</p>\n", analysis->failed,
		    plural(analysis->failed));
	}
	if (analysis->done > analysis->ranked) {
		size_t unranked = analysis->done - analysis->ranked;
		markup_add(out, "<p class=\"notice\">%zu trial%s ended with an NMSE that is no finite number, and %s not ranked.</p>\n",
		    unranked, plural(unranked), unranked == 1 ? "is" : "are");
	}
	if (analysis->ranked && !analysis->named[NAMED_LISTA])
		markup_add(out, "<p class=\"quiet\">LISTA is not among the trials done, so there is nothing to compare with: "
		                "<code>clunroll search … --enqueue LISTA</code> adds it.</p>\n");
}

static void tile_open(markup *out, const char *name)
{
	markup_add(out, "<div><dt>%s</dt><dd>", name);
}

static void write_tiles(report_page *page)
{
	markup *out = &page->out;
	const study_analysis *analysis = page->analysis;
	const ranked_trial *best = best_of(analysis);
	markup_add(out, "<dl class=\"tiles\">\n");
	if (best) {
		tile_open(out, analysis->has_test ? "best, test NMSE" : "best, validation NMSE");
		markup_db(out, analysis_db(analysis, best), 2);
		markup_add(out, "</dd></div>\n");
	}
	if (best && best->readable) {
		tile_open(out, "its extra connections");
		markup_add(out, "%u</dd></div>\n", best->extra);
	}
	if (best && analysis->named[NAMED_LISTA]) {
		tile_open(out, analysis->has_test ? "LISTA, test NMSE" : "LISTA, validation NMSE");
		markup_db(out, analysis_db(analysis, analysis->named[NAMED_LISTA]), 2);
		markup_add(out, "</dd></div>\n");
	}
	tile_open(out, "trials done");
	markup_count(out, analysis->done);
	markup_add(out, " of ");
	markup_count(out, page->input->total);
	markup_add(out, "</dd></div>\n");
	tile_open(out, "optimiser steps");
	markup_count(out, analysis->steps - analysis->reused);
	markup_add(out, "</dd></div>\n");
	if (analysis->reused) {
		tile_open(out, "steps saved by trained prefixes");
		markup_count(out, analysis->reused);
		markup_add(out, "</dd></div>\n");
	}
	tile_open(out, analysis->device_count == 1 ? "device" : "devices");
	markup_add(out, "%zu</dd></div>\n</dl>\n", analysis->device_count);
}

static void write_headline(report_page *page)
{
	markup *out = &page->out;
	const ranked_trial *best = best_of(page->analysis);
	markup_add(out, "<header>\n");
	write_title(page);
	write_problem(page);
	if (best) {
		markup_add(out, "<p>The winner: <code>");
		markup_escape(out, best->trial->arch);
		markup_add(out, "</code></p>\n");
	}
	write_notices(page);
	write_tiles(page);
	if (page->analysis->has_test)
		markup_add(out,
		    "<p class=\"quiet\">Trials are ranked by the validation NMSE, which is what the search looks at; figures are "
		    "of the test set unless said otherwise. NMSE is the mean over samples of 10·log<sub>10</sub>(‖x̂ − x‖² / "
		    "‖x‖²): lower is better.</p>\n");
	markup_add(out, "</header>\n<main>\n");
}

/* ---- architectures ---- */

static void write_card(report_page *page, const ranked_trial *entry, size_t rank)
{
	markup *out = &page->out;
	char label[PICTURE_LABEL];
	picture_label(page->analysis, entry, label);
	markup_add(out, "<figure class=\"card\"><h3>");
	markup_add(out, "#%zu %s: ", rank, label);
	markup_db(out, analysis_db(page->analysis, entry), 2);
	markup_add(out, "</h3>\n");
	if (entry->readable) {
		markup_add(out, "<p class=\"quiet\">%u extra connection%s</p>\n", entry->extra, plural(entry->extra));
		picture_architecture(out, &entry->arch, label);
	} else {
		markup_add(out, "<p class=\"quiet\">cannot be drawn: not an architecture of %u layers</p>\n", page->analysis->layers);
	}
	markup_add(out, "<figcaption><code>");
	markup_escape(out, entry->trial->arch);
	markup_add(out, "</code></figcaption></figure>\n");
}

/* The best, LISTA beside it, then the next: six in all, which fill rows of one, two and three. */
static void write_best(report_page *page)
{
	enum { SHOWN = 6 };
	const study_analysis *analysis = page->analysis;
	const ranked_trial *lista = analysis->named[NAMED_LISTA];
	if (!analysis->ranked) return;
	markup_add(&page->out,
	    "<section>\n<h2>Best architectures</h2>\n<p>Layers from left to right; each layer also takes the output of the one "
	    "before it (straight line). Arcs are the extra connections that were searched.</p>\n<div class=\"cards\">\n");
	size_t shown = 0;
	for (size_t rank = 0; rank < analysis->ranked && shown < SHOWN; rank++) {
		if (rank && &analysis->entries[rank] == lista) continue;
		write_card(page, &analysis->entries[rank], rank + 1);
		shown++;
		if (rank || !lista || lista == analysis->entries) continue;
		write_card(page, lista, (size_t)(lista - analysis->entries) + 1);
		shown++;
	}
	markup_add(&page->out, "</div>\n");
	picture_architecture_legend(&page->out);
	markup_add(&page->out, "</section>\n");
}

/* Whether each connection of the sampled architectures was drawn by a fair coin. */
static bool coins_decide(const cJSON *study)
{
	const char *strategy = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(study, "strategy"));
	const char *space = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(study, "space"));
	return strategy && strcmp(strategy, "random") == 0 && space && strcmp(space, "neurons") != 0;
}

static void write_average(report_page *page)
{
	markup *out = &page->out;
	const study_analysis *analysis = page->analysis;
	markup_add(out, "<section>\n<h2>Average architecture</h2>\n");
	if (!analysis->top || analysis->layers < 3) {
		markup_add(out, analysis->layers < 3 ? "<p>Networks of fewer than 3 layers have no extra connections to average.</p>\n"
		                                     : "<p>No sampled architecture is done yet.</p>\n");
		markup_add(out, "</section>\n");
		return;
	}
	markup_add(out, "<p>How many of the best %zu of %zu sampled architectures have each connection, in %%. ", analysis->top,
	    analysis->sampled);
	/* Standard error of a share of one half: a reader should not take chance for a pattern. */
	if (coins_decide(page->input->study_json))
		markup_add(
		    out, "By chance alone, the sampler's fair coins would give 50 ± %.0f %%. ", 100 * sqrt(0.25 / (double)analysis->top));
	markup_add(out, "Named architectures that were enqueued are left out.</p>\n");
	markup_add(out, "<div class=\"cards wide\">\n<div class=\"card%s\">\n", analysis->layers > 18 ? " row" : "");
	picture_heat_map(out, analysis);
	markup_add(out, "</div>\n<figure class=\"card\"><h3>Connections that at least half of the top have</h3>\n");
	markup_add(out, "<p class=\"quiet\">%u extra connection%s; not a trained network, so it has no NMSE</p>\n",
	    analysis->average_extra, plural(analysis->average_extra));
	picture_architecture(out, &analysis->average, "the average");
	char notation[CLU_ARCH_TEXT];
	clu_arch_print(&analysis->average, notation);
	markup_add(out, "<figcaption><code>%s</code></figcaption></figure>\n</div>\n</section>\n", notation);
}

/* ---- curves ---- */

static void write_curves(report_page *page)
{
	markup *out = &page->out;
	if (!page->analysis->ranked) return;
	markup_add(out, "<section>\n<h2>Figures</h2>\n<div class=\"cards wide\">\n<div class=\"card\"><h3>NMSE by layer</h3>\n");
	if (!picture_layers(out, page->analysis)) markup_add(out, "<p>No figures by layer.</p>\n");
	markup_add(out, "</div>\n<div class=\"card\"><h3>NMSE and number of connections</h3>\n");
	if (!picture_connections(out, page->analysis)) markup_add(out, "<p>No trial with an architecture that can be read.</p>\n");
	markup_add(out, "</div>\n<div class=\"card\"><h3>Course of the search</h3>\n");
	picture_history(out, page->analysis);
	markup_add(out, "</div>\n<div class=\"card\"><h3>Trials done by each device</h3>\n");
	picture_devices(out, page->analysis);
	markup_add(out, "</div>\n</div>\n</section>\n");
}

/* ---- devices ---- */

static void table_open(markup *out, const char *label, const char *columns)
{
	markup_add(out,
	    "<div class=\"scroll card\" tabindex=\"0\" role=\"region\" "
	    "aria-label=\"%s\">\n<table>\n<thead><tr>%s</tr></thead>\n<tbody>\n",
	    label, columns);
}

static void table_close(markup *out)
{
	markup_add(out, "</tbody>\n</table>\n</div>\n");
}

static void text_cell(markup *out, const char *class, const char *text)
{
	markup_add(out, "<td class=\"%s\">", class);
	markup_escape(out, text[0] ? text : "–");
	markup_add(out, "</td>");
}

static void write_device(markup *out, const study_analysis *analysis, const device_share *device)
{
	markup_add(out, "<tr>");
	text_cell(out, "name", device->device);
	text_cell(out, "short", device->type);
	text_cell(out, "name", device->driver);
	markup_add(out, "<td class=\"figure\">%zu</td><td class=\"figure\">", device->workers);
	markup_count(out, device->trials);
	markup_add(out, "</td><td class=\"figure\">");
	markup_figure(out, analysis->done ? 100 * (double)device->trials / (double)analysis->done : NAN, 0);
	markup_add(out, " %%</td><td class=\"figure\">");
	markup_rate(out, device->trials_per_hour);
	markup_add(out, "</td><td class=\"figure\">");
	markup_rate(out, device->steps_per_second);
	markup_add(out, "</td><td class=\"figure\">");
	markup_duration(out, device->seconds > 0 ? device->seconds : NAN);
	markup_add(out, "</td><td class=\"name\"><code>");
	markup_escape(out, device->key[0] ? device->key : "–");
	markup_add(out, "</code></td></tr>\n");
}

/* Workers that did not simply run or stop, and why. */
static void write_workers(report_page *page)
{
	markup *out = &page->out;
	bool open = false;
	for (size_t i = 0; i < page->input->worker_count; i++) {
		const worker_info *worker = &page->input->workers[i];
		bool retired = strcmp(worker->state, "retired") == 0, lost = strcmp(worker->state, "lost") == 0;
		if (!retired && !lost && !worker->message[0]) continue;
		markup_add(out, "%s<li><b>", open ? "" : "<ul>\n");
		open = true;
		markup_escape(out, worker->state);
		markup_add(out, "</b>: worker <bdi>");
		markup_escape(out, worker->worker);
		markup_add(out, "</bdi> on <bdi>");
		markup_escape(out, worker->device);
		markup_add(out, "</bdi>: ");
		markup_escape(out, worker->message[0] ? worker->message : "no reason recorded");
		markup_add(out, "</li>\n");
	}
	if (open) markup_add(out, "</ul>\n");
}

static void write_devices(report_page *page)
{
	markup *out = &page->out;
	const study_analysis *analysis = page->analysis;
	markup_add(out, "<section>\n<h2>Devices</h2>\n");
	if (!analysis->device_count) {
		markup_add(out, "<p>No device has worked on this study yet.</p>\n</section>\n");
		return;
	}
	markup_add(out, "<p class=\"quiet\">Rates are over the wall time that a device's workers were at work, kernel builds and "
	                "self-tests included; "
	                "steps are of all trainings together. Results at equal numeric keys have equal bits.</p>\n");
	table_open(out, "Devices",
	    "<th scope=\"col\">Device</th><th scope=\"col\">Type</th><th scope=\"col\">Driver</th>"
	    "<th scope=\"col\" class=\"figure\">Workers</th><th scope=\"col\" class=\"figure\">Trials</th>"
	    "<th scope=\"col\" class=\"figure\">Share</th><th scope=\"col\" class=\"figure\">Trials/h</th>"
	    "<th scope=\"col\" class=\"figure\">Steps/s</th><th scope=\"col\" class=\"figure\">Wall time</th>"
	    "<th scope=\"col\">Numeric key</th>");
	for (size_t i = 0; i < analysis->device_count; i++) write_device(out, analysis, &analysis->devices[i]);
	table_close(out);
	write_workers(page);
	markup_add(out, "</section>\n");
}

/* ---- all trials ---- */

static void trial_start(markup *out, const trial *one, const clu_arch *arch, const char *name)
{
	markup_add(out, "<td class=\"figure\">%" PRId64 "</td><td class=\"long\">", one->number);
	if (name || one->name[0]) {
		markup_add(out, "<b>");
		markup_escape(out, name ? name : one->name);
		markup_add(out, "</b> ");
	}
	markup_add(out, "<code>");
	markup_escape(out, one->arch);
	markup_add(out, "</code></td><td class=\"figure\">");
	if (arch)
		markup_add(out, "%u</td>", clu_arch_extra_count(arch));
	else
		markup_add(out, "–</td>");
}

static void write_done(report_page *page, size_t index)
{
	markup *out = &page->out;
	const ranked_trial *entry = &page->analysis->entries[index];
	const trial *done = entry->trial;
	const double figures[] = {done->nmse_db, done->nmse_ratio_db, done->validation_db};
	markup_add(out, "<tr><td class=\"figure\">");
	if (index < page->analysis->ranked)
		markup_add(out, "%zu</td>", index + 1);
	else
		markup_add(out, "–</td>");
	trial_start(out, done, entry->readable ? &entry->arch : NULL, entry->name);
	for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
		markup_add(out, "<td class=\"figure\">");
		markup_figure(out, figures[i], 2);
		markup_add(out, "</td>");
	}
	markup_add(out, "<td class=\"figure\">");
	markup_count(out, done->steps);
	markup_add(out, "</td><td class=\"figure\">");
	markup_duration(out, done->seconds);
	markup_add(out, "</td>");
	text_cell(out, "name", done->device);
	markup_add(out, "<td class=\"short\">done</td></tr>\n");
}

/* A trial that is running or has failed: no figures, but how far it is or why. */
static void write_other(report_page *page, const trial *one)
{
	markup *out = &page->out;
	clu_arch arch;
	bool readable = clu_arch_parse(one->arch, page->analysis->layers, &arch, NULL) == CLU_OK;
	markup_add(out, "<tr><td class=\"figure\">–</td>");
	trial_start(out, one, readable ? &arch : NULL, readable ? clu_arch_name(&arch) : NULL);
	markup_add(out, "<td class=\"figure\">–</td><td class=\"figure\">–</td><td class=\"figure\">–</td><td class=\"figure\">");
	markup_count(out, one->steps);
	markup_add(out, "</td><td class=\"figure\">");
	markup_duration(out, one->seconds > 0 ? one->seconds : NAN);
	markup_add(out, "</td>");
	text_cell(out, "name", one->device);
	if (one->state == TRIAL_RUNNING) {
		markup_add(out, "<td class=\"short\">running, ");
		markup_figure(out, 100 * one->progress, 0);
		markup_add(out, " %%</td></tr>\n");
	} else {
		markup_add(out, "<td class=\"long\">failed: ");
		markup_escape(out, one->error[0] ? one->error : "no reason recorded");
		markup_add(out, "</td></tr>\n");
	}
}

static void write_trials(report_page *page)
{
	markup *out = &page->out;
	const study_analysis *analysis = page->analysis;
	markup_add(out, "<section>\n<h2>All trials</h2>\n");
	if (analysis->done + analysis->running + analysis->failed == 0) {
		markup_add(out, "<p>No trial has begun.</p>\n</section>\n");
		return;
	}
	table_open(out, "All trials",
	    "<th scope=\"col\" class=\"figure\">Rank</th><th scope=\"col\" class=\"figure\">Trial</th>"
	    "<th scope=\"col\">Architecture</th><th scope=\"col\" class=\"figure\">Extra</th>"
	    "<th scope=\"col\" class=\"figure\">Test,<br>dB</th><th scope=\"col\" class=\"figure\">Ratio of<br>sums, dB</th>"
	    "<th scope=\"col\" class=\"figure\">Validation,<br>dB</th><th scope=\"col\" class=\"figure\">Steps</th>"
	    "<th scope=\"col\" class=\"figure\">Time</th><th scope=\"col\">Device</th><th scope=\"col\">State</th>");
	for (size_t i = 0; i < analysis->done; i++) write_done(page, i);
	static const trial_state others[] = {TRIAL_RUNNING, TRIAL_FAILED};
	for (size_t state = 0; state < sizeof others / sizeof *others; state++) {
		for (size_t i = 0; i < page->input->trial_count; i++) {
			if (page->input->trials[i].state == others[state]) write_other(page, &page->input->trials[i]);
		}
	}
	table_close(out);
	markup_add(out,
	    "<p class=\"quiet\">Extra: connections beside the one to the layer before. Test and validation: NMSE as the mean "
	    "over samples of the ratio in dB, the paper's. Ratio of sums: 10·log<sub>10</sub>(Σ‖x̂ − x‖² / Σ‖x‖²) on the test "
	    "set, LISTA-CPSS's. Time: from claim to result; trials that shared a device overlap.</p>\n</section>\n");
}

/* ---- settings ---- */

/* One row for each value; an object within, such as the trainings' own settings, goes between its neighbours. */
static void write_setting(markup *out, const cJSON *item)
{
	if (cJSON_IsObject(item)) {
		const cJSON *child;
		cJSON_ArrayForEach(child, item) write_setting(out, child);
		return;
	}
	char *printed = cJSON_IsString(item) ? NULL : cJSON_PrintUnformatted(item);
	const char *value = cJSON_IsString(item) ? item->valuestring : printed;
	markup_add(out, "<tr><th scope=\"row\">");
	markup_escape(out, item->string);
	markup_add(out, "</th>");
	text_cell(out, "long", value ? value : "");
	markup_add(out, "</tr>\n");
	cJSON_free(printed);
}

static void write_settings(report_page *page)
{
	markup *out = &page->out;
	if (!page->input->study_json) return;
	markup_add(out, "<section>\n<h2>Settings</h2>\n");
	table_open(out, "Settings", "<th scope=\"col\">Setting</th><th scope=\"col\">Value</th>");
	write_setting(out, page->input->study_json);
	table_close(out);
	markup_add(out, "</section>\n");
}

/* ---- the whole ---- */

static void write_foot(report_page *page)
{
	markup *out = &page->out;
	markup_add(out, "</main>\n<footer class=\"quiet\">Written ");
	markup_time(out, page->input->written_at);
	markup_add(out, " by clunroll ");
	markup_escape(out, clu_version());
	markup_add(out, ".</footer>\n</body>\n</html>\n");
}

clu_status report_render(const report_input *input, char **html, size_t *size, clu_error *error)
{
	study_analysis *analysis = NULL;
	CLU_TRY(analysis_create(
	    input->settings->layers, input->trials, input->trial_count, input->workers, input->worker_count, &analysis, error));
	report_page page = {.input = input, .analysis = analysis};
	write_head(&page);
	write_headline(&page);
	write_best(&page);
	write_average(&page);
	write_curves(&page);
	write_devices(&page);
	write_trials(&page);
	write_settings(&page);
	write_foot(&page);
	analysis_destroy(analysis);
	if (page.out.failed) {
		free(page.out.text);
		return clu_fail(error, CLU_MEMORY, "no memory for a report on %zu trials", input->trial_count);
	}
	*html = page.out.text;
	*size = page.out.size;
	return CLU_OK;
}
