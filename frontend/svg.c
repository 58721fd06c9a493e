/* svg.c: see svg.h. Coordinates are written with one decimal, a tenth of a unit: finer than a screen shows, and short. */
#include "svg.h"

#include <math.h>

/* ---- axes ---- */

/* The smallest of 1, 2, 5 · 10^k that cuts `span` into at most `ticks` parts. */
static double round_step(double span, int ticks)
{
	double raw = span / ticks, decade = pow(10, floor(log10(raw)));
	static const double factors[] = {1, 2, 5, 10};
	for (size_t i = 0; i < sizeof factors / sizeof *factors; i++) {
		if (factors[i] * decade >= raw * (1 - 1e-9)) return factors[i] * decade;
	}
	return 10 * decade;
}

svg_axis svg_axis_fit(double low, double high, int ticks)
{
	if (!(high - low > 1e-6)) {
		low = low - 1;
		high = low + 2;
	}
	double step = round_step(high - low, ticks);
	return (svg_axis){.low = floor(low / step + 1e-9) * step, .high = ceil(high / step - 1e-9) * step, .step = step};
}

svg_axis svg_axis_whole(double low, double high, int ticks)
{
	double span = high - low, step = span > 0 ? round_step(span, ticks) : 1;
	return (svg_axis){.low = low - 0.5, .high = low + span + 0.5, .step = step < 1 ? 1 : step};
}

double svg_x(const svg_frame *frame, double value)
{
	return frame->left + (value - frame->x.low) / (frame->x.high - frame->x.low) * frame->width;
}

double svg_y(const svg_frame *frame, double value)
{
	return frame->top + (frame->y.high - value) / (frame->y.high - frame->y.low) * frame->height;
}

/* ---- elements ---- */

void svg_open(markup *out, double width, double height, const char *class, const char *label)
{
	markup_add(
	    out, "<svg class=\"%s\" viewBox=\"0 0 %.1f %.1f\" width=\"%.0f\" role=\"img\" aria-label=\"", class, width, height, width);
	markup_escape(out, label);
	markup_add(out, "\">\n");
}

static int tick_decimals(double step)
{
	double digits = -floor(log10(step) + 1e-9);
	return digits > 0 ? (int)digits : 0;
}

static void x_tick(markup *out, const svg_frame *frame, double value)
{
	double x = svg_x(frame, value), bottom = frame->top + frame->height;
	markup_add(out, "<line class=\"grid\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>", x, frame->top, x, bottom);
	markup_add(out, "<text class=\"tick\" text-anchor=\"middle\" x=\"%.1f\" y=\"%.1f\">", x, bottom + 16);
	markup_figure(out, value, tick_decimals(frame->x.step));
	markup_add(out, "</text>\n");
}

static void y_tick(markup *out, const svg_frame *frame, double value)
{
	double y = svg_y(frame, value), right = frame->left + frame->width;
	markup_add(out, "<line class=\"grid\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>", frame->left, y, right, y);
	markup_add(out, "<text class=\"tick\" text-anchor=\"end\" x=\"%.1f\" y=\"%.1f\">", frame->left - 6, y + 4);
	markup_figure(out, value, tick_decimals(frame->y.step));
	markup_add(out, "</text>\n");
}

void svg_grid(markup *out, const svg_frame *frame, const char *x_name, const char *y_name)
{
	/* Ticks are counted, not added up: sums of steps drift away from round figures. */
	double first = ceil(frame->x.low / frame->x.step - 1e-9), last = floor(frame->x.high / frame->x.step + 1e-9);
	for (double k = first; k <= last; k++) x_tick(out, frame, k * frame->x.step);
	first = ceil(frame->y.low / frame->y.step - 1e-9), last = floor(frame->y.high / frame->y.step + 1e-9);
	for (double k = first; k <= last; k++) y_tick(out, frame, k * frame->y.step);
	double middle = frame->top + frame->height / 2;
	markup_add(out, "<text class=\"axis\" text-anchor=\"middle\" x=\"%.1f\" y=\"%.1f\">%s</text>", frame->left + frame->width / 2,
	    frame->top + frame->height + 34, x_name);
	markup_add(out, "<text class=\"axis\" text-anchor=\"middle\" transform=\"translate(11 %.1f) rotate(-90)\">%s</text>\n", middle,
	    y_name);
}

void svg_marker_open(markup *out, svg_shape shape, double x, double y, double radius, const char *class)
{
	double r = radius;
	markup_add(out, "<path class=\"%s\" d=\"", class);
	switch (shape) {
	case SVG_CIRCLE:
		markup_add(out, "M%.1f %.1fa%.1f %.1f 0 1 0 %.1f 0a%.1f %.1f 0 1 0 %.1f 0z", x - r, y, r, r, 2 * r, r, r, -2 * r);
		break;
	case SVG_SQUARE: markup_add(out, "M%.1f %.1fh%.1fv%.1fh%.1fz", x - r, y - r, 2 * r, 2 * r, -2 * r); break;
	case SVG_TRIANGLE: markup_add(out, "M%.1f %.1fl%.1f %.1fh%.1fz", x, y - r, r, 1.8 * r, -2 * r); break;
	case SVG_DIAMOND: markup_add(out, "M%.1f %.1fl%.1f %.1fl%.1f %.1fl%.1f %.1fz", x, y - r, r, r, -r, r, -r, -r); break;
	case SVG_DOWN: markup_add(out, "M%.1f %.1fl%.1f %.1fh%.1fz", x, y + r, r, -1.8 * r, -2 * r); break;
	case SVG_CROSS:
		markup_add(out, "M%.1f %.1fl%.1f %.1fm0 %.1fl%.1f %.1f", x - r, y - r, 2 * r, 2 * r, -2 * r, -2 * r, 2 * r);
		break;
	case SVG_PLUS:
	case SVG_SHAPE_COUNT: markup_add(out, "M%.1f %.1fh%.1fm%.1f %.1fv%.1f", x - r, y, 2 * r, -r, -r, 2 * r); break;
	}
	markup_add(out, "\">");
}

/* ---- labels ---- */

void svg_spread(double *positions, size_t count, double gap, double low, double high)
{
	for (size_t i = 0; i < count; i++) {
		double least = i ? positions[i - 1] + gap : low;
		if (positions[i] < least) positions[i] = least;
	}
	for (size_t i = count; i-- > 0;) {
		double most = i + 1 < count ? positions[i + 1] - gap : high;
		if (positions[i] > most) positions[i] = most;
	}
	for (size_t i = 0; i < count; i++) {
		double least = i ? positions[i - 1] + gap : low;
		if (positions[i] < least) positions[i] = least;
	}
}
