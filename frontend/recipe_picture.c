/* recipe_picture.c: see recipe_picture.h. Networks stand below each other. Steps are on a logarithmic axis, the same for all, since
 * recipes differ in them a hundredfold; NMSE has an axis for each network. */
#include "recipe_picture.h"

#include "bench_picture.h"
#include "svg.h"

#include <math.h>

static const double left = 64, right = 30, legend_top = 70, legend_line = 18, panel_height = 230, panel_gap = 62;
enum { LEGEND_COLUMNS = 3 };

/* A variant's curve for one network; what is worse than an answer of zeros stands where that would be, or it would set the scale.
 */
typedef struct curve {
	size_t count;
	recipe_point points[CLU_LAYERS_MAX];
} curve;

static curve curve_of(const recipe_results *results, size_t variant, size_t arch)
{
	curve curve;
	curve.count = recipe_curve(&results->quality[variant][arch], results->study->job.base.layers, curve.points);
	for (size_t i = 0; i < curve.count; i++) curve.points[i].nmse_db = fmin(curve.points[i].nmse_db, 0);
	return curve;
}

/* ---- axes ---- */

static void widen(double *low, double *high, double value)
{
	*low = fmin(*low, value);
	*high = fmax(*high, value);
}

/* Decades; no ticks of the frame's own: its step is beyond the range. */
static svg_axis steps_axis(const recipe_results *results)
{
	double low = INFINITY, high = -INFINITY;
	for (size_t v = 0; v < results->quality_count; v++) {
		for (size_t a = 0; a < results->study->job.arch_count; a++) {
			const curve here = curve_of(results, v, a);
			for (size_t i = 0; i < here.count; i++) widen(&low, &high, log10(fmax(1, here.points[i].steps)));
		}
	}
	if (!(low <= high)) low = 0, high = 1;
	return (svg_axis){low - 0.05, high + 0.05, 1000 * (high + 1)};
}

static svg_axis nmse_axis(const recipe_results *results, size_t arch)
{
	double low = INFINITY, high = -INFINITY;
	for (size_t v = 0; v < results->quality_count; v++) {
		const curve here = curve_of(results, v, arch);
		for (size_t i = 0; i < here.count; i++) widen(&low, &high, here.points[i].nmse_db);
	}
	if (recipe_paper_db(results, arch) < 0) widen(&low, &high, recipe_paper_db(results, arch));
	return low <= high ? svg_axis_fit(low, high, 6) : svg_axis_fit(-1, 0, 6);
}

static void draw_tick(markup *out, const svg_frame *frame, double steps)
{
	const double x = svg_x(frame, log10(steps)), bottom = frame->top + frame->height;
	if (x < frame->left || x > frame->left + frame->width) return;
	markup_add(out, "<line class=\"grid\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>", x, frame->top, x, bottom);
	markup_add(out, "<text class=\"tick\" text-anchor=\"middle\" x=\"%.1f\" y=\"%.1f\">", x, bottom + 16);
	markup_count(out, (uint64_t)steps);
	markup_add(out, "</text>\n");
}

static void draw_ticks(markup *out, const svg_frame *frame)
{
	for (double decade = 1; log10(decade) <= frame->x.high; decade *= 10) {
		draw_tick(out, frame, decade);
		draw_tick(out, frame, 2 * decade);
		draw_tick(out, frame, 5 * decade);
	}
}

/* ---- marks ---- */

static void open_marker(markup *out, size_t variant, double x, double y, double radius)
{
	svg_marker_open(out, (svg_shape)(variant % SVG_SHAPE_COUNT), x, y, radius, "marker");
}

static void draw_legend(markup *out, const recipe_results *results)
{
	for (size_t v = 0; v < results->quality_count; v++) {
		const double x = 24 + (double)(v % LEGEND_COLUMNS) * 230, y = legend_top + (double)(v / LEGEND_COLUMNS) * legend_line;
		markup_add(out, "<g class=\"k%zu\">", v % BENCH_PICTURE_COLOURS);
		open_marker(out, v, x, y, 5);
		markup_add(out, "</path><text class=\"label\" x=\"%.1f\" y=\"%.1f\">%s</text></g>\n", x + 11, y + 4,
		    results->study->variant[v]->name);
	}
}

/* The last layer's marker is the network that comes out. */
static void draw_curve(markup *out, const svg_frame *frame, const recipe_results *results, size_t variant, size_t arch)
{
	const curve here = curve_of(results, variant, arch);
	if (here.count == 0) return;
	markup_add(out, "<g class=\"k%zu\"><path class=\"line\" stroke-opacity=\"0.6\" d=\"", variant % BENCH_PICTURE_COLOURS);
	for (size_t i = 0; i < here.count; i++)
		markup_add(out, "%c%.1f %.1f", i ? 'L' : 'M', svg_x(frame, log10(fmax(1, here.points[i].steps))),
		    svg_y(frame, here.points[i].nmse_db));
	markup_add(out, "\"/>\n");
	for (size_t i = 0; i < here.count; i++) {
		const recipe_point *point = &here.points[i];
		open_marker(
		    out, variant, svg_x(frame, log10(fmax(1, point->steps))), svg_y(frame, point->nmse_db), i + 1 < here.count ? 2 : 5);
		markup_add(out, "<title>%s, ", results->study->variant[variant]->name);
		markup_count(out, (uint64_t)point->steps);
		markup_add(out, " steps: ");
		markup_db(out, point->nmse_db, 2);
		markup_add(out, "</title></path>\n");
	}
	markup_add(out, "</g>\n");
}

static void draw_paper(markup *out, const svg_frame *frame, double db)
{
	const double y = svg_y(frame, db), end = frame->left + frame->width;
	if (isnan(db)) return;
	markup_add(out,
	    "<g class=\"k5\"><path class=\"line\" stroke-dasharray=\"2 3\" d=\"M%.1f %.1fH%.1f\"><title>the paper: ", frame->left, y,
	    end);
	markup_db(out, db, 1);
	markup_add(
	    out, "</title></path></g><text class=\"small\" text-anchor=\"end\" x=\"%.1f\" y=\"%.1f\">the paper</text>\n", end, y - 4);
}

static void draw_panel(markup *out, const recipe_results *results, const svg_axis *steps, size_t arch, double top)
{
	const svg_frame frame = {left, top, BENCH_PICTURE_WIDTH - left - right, panel_height, *steps, nmse_axis(results, arch)};
	markup_add(out, "<text x=\"%.1f\" y=\"%.1f\">", left, top - 8);
	markup_escape(out, results->study->job.archs[arch]);
	markup_add(out, "</text>\n");
	svg_grid(out, &frame, "steps", "NMSE, dB");
	draw_ticks(out, &frame);
	draw_paper(out, &frame, recipe_paper_db(results, arch));
	for (size_t v = 0; v < results->quality_count; v++) draw_curve(out, &frame, results, v, arch);
}

clu_status recipe_picture(const recipe_results *results, const char *path, clu_error *error)
{
	const recipe_study *study = results->study;
	const size_t lines = (results->quality_count + LEGEND_COLUMNS - 1) / LEGEND_COLUMNS;
	const double first = legend_top + (double)lines * legend_line + 20, all = (double)study->job.arch_count;
	const svg_axis steps = steps_axis(results);
	const picture_titles titles = {.title = "NMSE by steps of training, layer by layer",
	    .below = "A mark a layer, the large one the whole network. Further down is better, further left cheaper; above 0 dB drawn "
	             "at 0."};
	markup out = {0};
	bench_picture_open(&out, &titles, first + all * (panel_height + panel_gap));
	draw_legend(&out, results);
	for (size_t a = 0; a < study->job.arch_count; a++)
		draw_panel(&out, results, &steps, a, first + (double)a * (panel_height + panel_gap));
	return bench_picture_close(&out, path, error);
}
