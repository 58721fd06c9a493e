/* bench_picture.c: see bench_picture.h. Unlike a report's pictures these stand alone, so each brings its own name space and style
 * sheet, with colours for light and dark. */
#include "bench_picture.h"

#include "markup.h"
#include "status.h"
#include "svg.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COLOURS = BENCH_PICTURE_COLOURS };
static const double picture_width = BENCH_PICTURE_WIDTH;

static const char *const style[] = {
    "<style>svg{--page:#fff;--ink:#1a1f26;--muted:#56606b;--grid:#e3e7ec;--c0:#0b5cad;--c1:#b0400a;--c2:#00705a;--c3:#8a3a7a;",
    "--c4:#6b5900;--c5:#56606b}\n",
    "@media (prefers-color-scheme:dark){svg{--page:#12151a;--ink:#e8ecf0;--muted:#a5afba;--grid:#2b3138;--c0:#6cb6ff;--c1:#ffa05c;",
    "--c2:#45c9a0;--c3:#e39ad2;--c4:#d9c35b;--c5:#a5afba}}\n",
    "text{font:13px system-ui,-apple-system,\"Segoe UI\",Roboto,\"DejaVu Sans\",sans-serif;fill:var(--ink)}\n",
    ".title{font-size:16px;font-weight:600}.tick,.axis,.small{fill:var(--muted);font-size:12px}.page{fill:var(--page)}\n",
    ".grid{stroke:var(--grid)}.line{fill:none;stroke:currentColor;stroke-width:2}.marker{fill:currentColor;stroke:currentColor}\n",
    ".label{fill:currentColor;font-weight:600}.bar{fill:currentColor}.letter{fill:var(--page);font-size:12px;font-weight:600}\n",
    ".k0{color:var(--c0)}.k1{color:var(--c1)}.k2{color:var(--c2)}.k3{color:var(--c3)}.k4{color:var(--c4)}.k5{color:var(--c5)}\n",
    "</style>\n"};

void bench_picture_open(markup *out, const picture_titles *titles, double height)
{
	markup_add(out,
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" height=\"%.0f\" role=\"img\" "
	    "aria-label=\"",
	    picture_width, height, picture_width, height);
	markup_escape(out, titles->title);
	markup_add(out, "\">\n");
	for (size_t i = 0; i < sizeof style / sizeof *style; i++) markup_add(out, "%s", style[i]);
	markup_add(out, "<rect class=\"page\" width=\"100%%\" height=\"100%%\"/>\n<text class=\"title\" x=\"16\" y=\"26\">");
	markup_escape(out, titles->title);
	markup_add(out, "</text>\n<text class=\"small\" x=\"16\" y=\"46\">");
	markup_escape(out, titles->below);
	markup_add(out, "</text>\n");
}

clu_status bench_picture_close(markup *out, const char *path, clu_error *error)
{
	markup_add(out, "</svg>\n");
	clu_status status = out->failed ? clu_fail(error, CLU_MEMORY, "no memory for a picture")
	                                : clu_file_replace(path, out->text, strlen(out->text), error);
	free(out->text);
	return status;
}

/* ---- curves ---- */

static void draw_curve(markup *out, const svg_frame *frame, const picture_curve *curve, size_t index)
{
	markup_add(out, "<g class=\"k%zu\"><path class=\"line\" d=\"", index % COLOURS);
	for (size_t i = 0; i < curve->count; i++)
		markup_add(out, "%c%.1f %.1f", i ? 'L' : 'M', svg_x(frame, curve->points[i].x), svg_y(frame, curve->points[i].y));
	markup_add(out, "\"/>\n");
	for (size_t i = 0; i < curve->count; i++) {
		const picture_point *point = &curve->points[i];
		svg_marker_open(out, (svg_shape)(index % SVG_SHAPE_COUNT), svg_x(frame, point->x), svg_y(frame, point->y), 4, "marker");
		markup_add(out, "<title>%.6g: %.4g</title></path>\n", point->x, point->y);
	}
	markup_add(out, "</g>\n");
}

/* Beside the curves' ends, kept apart: in the order of where the curves end. */
static void draw_labels(markup *out, const svg_frame *frame, const picture_curve *curves, size_t count)
{
	double *at = malloc((count + 1) * sizeof *at);
	size_t *order = malloc((count + 1) * sizeof *order);
	if (!at || !order) out->failed = true;
	for (size_t i = 0; at && order && i < count; i++) {
		const double y = svg_y(frame, curves[i].points[curves[i].count - 1].y) + 4;
		size_t place = i;
		for (; place > 0 && at[place - 1] > y; place--) {
			at[place] = at[place - 1];
			order[place] = order[place - 1];
		}
		at[place] = y;
		order[place] = i;
	}
	if (at && order) svg_spread(at, count, 16, frame->top, frame->top + frame->height);
	for (size_t i = 0; at && order && i < count; i++) {
		const picture_curve *curve = &curves[order[i]];
		const double x = svg_x(frame, curve->points[curve->count - 1].x) + 10;
		markup_add(out, "<text class=\"label k%zu\" x=\"%.1f\" y=\"%.1f\">", order[i] % COLOURS, x, at[i]);
		markup_escape(out, curve->label);
		markup_add(out, "</text>\n");
	}
	free(order);
	free(at);
}

clu_status bench_picture_curves(
    const char *path, const picture_titles *titles, const picture_curve *curves, size_t count, clu_error *error)
{
	double most_x = 0, most_y = 0;
	for (size_t c = 0; c < count; c++)
		for (size_t i = 0; i < curves[c].count; i++) {
			most_x = fmax(most_x, curves[c].points[i].x);
			most_y = fmax(most_y, curves[c].points[i].y);
		}
	const svg_frame frame = {64, 64, picture_width - 64 - 130, 300, svg_axis_fit(0, most_x, 8), svg_axis_fit(0, most_y, 6)};
	markup out = {0};
	bench_picture_open(&out, titles, frame.top + frame.height + 52);
	svg_grid(&out, &frame, titles->x_name, titles->y_name);
	for (size_t c = 0; c < count; c++) draw_curve(&out, &frame, &curves[c], c);
	draw_labels(&out, &frame, curves, count);
	return bench_picture_close(&out, path, error);
}

/* ---- bars ---- */

static const double bar_height = 20, bar_gap = 4, group_gap = 34;

static char letter_of(size_t column)
{
	return (char)('A' + column % 26);
}

static void draw_legend(markup *out, const char *const *columns, size_t count, double top)
{
	for (size_t c = 0; c < count; c++) {
		const double y = top + (double)c * 20;
		markup_add(out, "<rect class=\"bar k%zu\" x=\"16\" y=\"%.1f\" width=\"16\" height=\"15\"/>", c % COLOURS, y);
		markup_add(out, "<text class=\"letter\" x=\"20\" y=\"%.1f\">%c</text><text class=\"small\" x=\"40\" y=\"%.1f\">", y + 12,
		    letter_of(c), y + 12);
		markup_escape(out, columns[c]);
		markup_add(out, "</text>\n");
	}
}

static void draw_bar(markup *out, const picture_bar *bar, double y, double most)
{
	const double left = 16, room = picture_width - left - 220, width = fmax(18, bar->value / most * room);
	markup_add(out, "<rect class=\"bar k%zu\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>", bar->column % COLOURS, left,
	    y, width, bar_height);
	markup_add(out, "<text class=\"letter\" x=\"%.1f\" y=\"%.1f\">%c</text><text x=\"%.1f\" y=\"%.1f\">", left + 5, y + 14.5,
	    letter_of(bar->column), left + width + 8, y + 14.5);
	markup_escape(out, bar->text);
	markup_add(out, "</text>\n");
}

clu_status bench_picture_bars(const char *path, const picture_titles *titles, const char *const *columns, size_t column_count,
    const picture_group *groups, size_t group_count, clu_error *error)
{
	double most = 0, y = 64 + 20 * (double)column_count + 14;
	size_t bars = 0;
	for (size_t g = 0; g < group_count; g++)
		for (size_t b = 0; b < groups[g].count; b++, bars++) most = fmax(most, groups[g].bars[b].value);
	markup out = {0};
	bench_picture_open(&out, titles, y + (double)group_count * group_gap + (double)bars * (bar_height + bar_gap) + 16);
	draw_legend(&out, columns, column_count, 64);
	for (size_t g = 0; g < group_count; g++) {
		markup_add(&out, "<text x=\"16\" y=\"%.1f\">", y + 22);
		markup_escape(&out, groups[g].label);
		markup_add(&out, "</text>\n");
		y += group_gap;
		for (size_t b = 0; b < groups[g].count; b++, y += bar_height + bar_gap)
			draw_bar(&out, &groups[g].bars[b], y, most > 0 ? most : 1);
	}
	return bench_picture_close(&out, path, error);
}
