/* reproduce_picture.c: see reproduce_picture.h. Rows stand below each other, networks within a row, NMSE to the right. */
#include "reproduce_picture.h"

#include "bench_picture.h"
#include "svg.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double left = 210, top = 100, line_height = 15, row_gap = 14;

static void widen(double *low, double *high, double value)
{
	if (!isfinite(value)) return;
	*low = fmin(*low, value);
	*high = fmax(*high, value);
}

static svg_axis axis_of(const reproduce_results *results)
{
	double low = INFINITY, high = -INFINITY;
	for (size_t r = 0; r < results->row_count; r++) {
		for (size_t a = 0; a < results->job->arch_count; a++) {
			const reproduce_cell *cell = &results->row[r].cell[a];
			double least, most;
			reproduce_range_db(cell, &least, &most);
			widen(&low, &high, least);
			widen(&low, &high, most);
			widen(&low, &high, cell->paper_db);
		}
	}
	return svg_axis_fit(low, high, 8);
}

static void draw_legend(markup *out, const reproduce_job *job)
{
	double x = 20;
	for (size_t a = 0; a < job->arch_count; a++) {
		markup_add(out, "<g class=\"k%zu\">", a % BENCH_PICTURE_COLOURS);
		svg_marker_open(out, (svg_shape)(a % SVG_SHAPE_COUNT), x, 70, 5, "marker");
		markup_add(out, "</path><text class=\"label\" x=\"%.1f\" y=\"74\">", x + 11);
		markup_escape(out, job->archs[a]);
		markup_add(out, "</text></g>\n");
		x += 160;
		if (x > BENCH_PICTURE_WIDTH - 140 && a + 1 < job->arch_count) break; /* the rest is told by the markers' titles */
	}
}

static void draw_marker(markup *out, const svg_frame *frame, size_t arch, double y, double db, const char *class, const char *whose)
{
	svg_marker_open(out, (svg_shape)(arch % SVG_SHAPE_COUNT), svg_x(frame, db), y, 4.5, class);
	markup_add(out, "<title>%s: ", whose);
	markup_db(out, db, 2);
	markup_add(out, "</title></path>\n");
}

static void draw_cell(markup *out, const svg_frame *frame, const reproduce_cell *cell, size_t arch, double y)
{
	const double mean = reproduce_mean_db(cell);
	double least, most;
	reproduce_range_db(cell, &least, &most);
	markup_add(out, "<g class=\"k%zu\">", arch % BENCH_PICTURE_COLOURS);
	if (!isnan(cell->paper_db)) {
		if (!isnan(mean))
			markup_add(out, "<path class=\"line\" stroke-dasharray=\"2 3\" d=\"M%.1f %.1fH%.1f\"/>", svg_x(frame, cell->paper_db),
			    y, svg_x(frame, mean));
		draw_marker(out, frame, arch, y, cell->paper_db, "line", "the paper");
	}
	if (most > least) markup_add(out, "<path class=\"line\" d=\"M%.1f %.1fH%.1f\"/>", svg_x(frame, least), y, svg_x(frame, most));
	if (!isnan(mean)) draw_marker(out, frame, arch, y, mean, "marker", cell->arch);
	markup_add(out, "</g>\n");
}

static void draw_row(markup *out, const svg_frame *frame, const reproduce_row *row, size_t arch_count, double y)
{
	const double middle = y + line_height * ((double)arch_count - 1) / 2;
	const bool unseen = strcmp(row->paper->setting, row->paper->trained) != 0;
	char title[80];
	snprintf(title, sizeof title, "%.24s%s%.24s", unseen ? row->paper->trained : "", unseen ? " → " : "", row->paper->setting);
	markup_add(out, "<text x=\"16\" y=\"%.1f\">%s</text><text class=\"small\" x=\"56\" y=\"%.1f\">", middle + 4, row->paper->id,
	    middle + 4);
	markup_escape(out, title);
	markup_add(out, "</text>\n");
	for (size_t a = 0; a < arch_count; a++) draw_cell(out, frame, &row->cell[a], a, y + line_height * (double)a);
}

clu_status reproduce_picture(const reproduce_results *results, const char *path, clu_error *error)
{
	const reproduce_job *job = results->job;
	const double row_height = line_height * (double)job->arch_count + row_gap;
	const svg_frame frame = {left, top, BENCH_PICTURE_WIDTH - left - 30, row_height * (double)results->row_count, axis_of(results),
	    {0.1, 0.9, 1}}; /* no tick upwards */
	char title[80], below[200];
	snprintf(title, sizeof title, "%s: the paper's figures and these", job->table->title);
	snprintf(below, sizeof below, "Hollow: the paper. Filled: here, scale %s, recipe %s%s. Further left is better.",
	    job->scale->name, job->base.recipe.name, job->repeat > 1 ? ", mean of seeds, the bar from best to worst" : "");
	const picture_titles titles = {.title = title, .below = below};
	markup out = {0};
	bench_picture_open(&out, &titles, frame.top + frame.height + 52);
	draw_legend(&out, job);
	svg_grid(&out, &frame, "NMSE, dB", "");
	for (size_t r = 0; r < results->row_count; r++)
		draw_row(&out, &frame, &results->row[r], job->arch_count, top + row_gap + row_height * (double)r);
	return bench_picture_close(&out, path, error);
}
