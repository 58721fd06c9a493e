/* pictures.c: see pictures.h. Each picture is about 400 units wide with text of 12 units and more, so that it can be read both on
 * a telephone (some 330 pixels) and in a column of a wide page. */
#include "pictures.h"

#include "svg.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How one of the curves is drawn, the same in every picture. */
typedef struct curve_role {
	const char *class; /* colour and dash in the style sheet */
	svg_shape shape;
} curve_role;

static const curve_role best_role = {"best", SVG_CIRCLE}, second_role = {"second", SVG_SQUARE}, third_role = {"third", SVG_DIAMOND};
static const curve_role other_role = {"other", SVG_CIRCLE};
static const curve_role named_roles[NAMED_COUNT] = {
    {"lista", SVG_TRIANGLE}, {"lfista", SVG_DOWN}, {"dense", SVG_CROSS}, {"searched", SVG_PLUS}};

static curve_role role_of(const study_analysis *analysis, const ranked_trial *entry)
{
	if (entry == &analysis->entries[0]) return best_role;
	for (int name = 0; name < NAMED_COUNT; name++) {
		if (analysis->named[name] == entry) return named_roles[name];
	}
	return entry == &analysis->entries[1] ? second_role : entry == &analysis->entries[2] ? third_role : other_role;
}

void picture_label(const study_analysis *analysis, const ranked_trial *entry, char label[PICTURE_LABEL])
{
	snprintf(label, PICTURE_LABEL, "trial %" PRId64, entry->trial->number);
	for (int name = 0; name < NAMED_COUNT; name++) {
		if (analysis->named[name] == entry) snprintf(label, PICTURE_LABEL, "%s", entry->name);
	}
}

static void add_label(markup *out, const study_analysis *analysis, const ranked_trial *entry)
{
	char label[PICTURE_LABEL];
	picture_label(analysis, entry, label);
	markup_escape(out, label);
}

static const char *nmse_name(const study_analysis *analysis)
{
	return analysis->has_test ? "test NMSE (dB)" : "validation NMSE (dB)";
}

/* ---- architectures ---- */

static const char *neuron_name(uint8_t kind)
{
#define NEURON_NAME(name, letter, text) text,
	static const char *const names[] = {CLU_NEURON_MAP(NEURON_NAME)};
#undef NEURON_NAME
	return kind < sizeof names / sizeof *names ? names[kind] : "unknown";
}

static svg_shape neuron_shape(uint8_t kind)
{
	return kind == CLU_NEURON_SOFT    ? SVG_CIRCLE
	       : kind == CLU_NEURON_RELU  ? SVG_SQUARE
	       : kind == CLU_NEURON_LEAKY ? SVG_DIAMOND
	       : kind == CLU_NEURON_FIRM  ? SVG_TRIANGLE
	                                  : SVG_DOWN;
}

/* Where the nodes of a row lie; the same for all architectures of as many layers, so that pictures side by side compare. */
typedef struct node_row {
	double left, spacing, y, radius;
} node_row;

static const double row_width = 360;

static node_row row_of(uint32_t layers)
{
	double spacing = layers > 1 ? 326.0 / (layers - 1) : 0;
	if (spacing > 48) spacing = 48;
	node_row row = {.left = (row_width - spacing * (layers - 1)) / 2, .spacing = spacing};
	row.radius = spacing > 0 && spacing * 0.42 < 10 ? spacing * 0.42 : 10;
	row.y = 0.28 * spacing * (layers - 1) + row.radius + 10;
	return row;
}

static double node_x(const node_row *row, uint32_t layer)
{
	return row->left + row->spacing * (layer - 1);
}

static void draw_arcs(markup *out, const clu_arch *arch, const node_row *row)
{
	for (uint32_t layer = 3; layer <= arch->layers; layer++) {
		uint32_t origins = clu_arch_origins(arch, layer);
		for (uint32_t origin = 1; origin + 2 <= layer; origin++) {
			if (!(origins >> (origin - 1) & 1)) continue;
			double from = node_x(row, origin), to = node_x(row, layer), y = row->y - row->radius;
			/* A quadratic's peak lies half way to its control point. */
			markup_add(out, "<path class=\"arc\" d=\"M%.1f %.1fQ%.1f %.1f %.1f %.1f\"><title>layer %u → layer %u</title></path>\n",
			    from, y, (from + to) / 2, y - 2 * 0.28 * (to - from), to, y, origin, layer);
		}
	}
}

static void draw_node(markup *out, const clu_arch *arch, const node_row *row, uint32_t layer)
{
	double x = node_x(row, layer), r = row->radius;
	uint8_t kind = arch->neuron[layer - 1];
	bool pruned = !arch->side[layer - 1];
	svg_shape shape = neuron_shape(kind);
	svg_marker_open(out, shape, x, row->y, shape == SVG_DIAMOND ? 1.1 * r : r, "node");
	markup_add(out, "<title>layer %u: %s%s</title></path>", layer, neuron_name(kind), pruned ? ", side connection pruned" : "");
	if (r >= 8)
		markup_add(out, "<text class=\"number\" text-anchor=\"middle\" x=\"%.1f\" y=\"%.1f\">%u</text>", x, row->y + 3.8, layer);
	else if (layer == 1 || layer % 4 == 0)
		markup_add(out, "<text class=\"tick\" text-anchor=\"middle\" x=\"%.1f\" y=\"%.1f\">%u</text>", x, row->y + r + 29, layer);
	if (pruned) {
		double y = row->y + r;
		markup_add(out, "<path class=\"stem\" d=\"M%.1f %.1fv6\"/>", x, y);
		svg_marker_open(out, SVG_CROSS, x, y + 10, 3, "pruned");
		markup_add(out, "<title>layer %u: side connection pruned</title></path>", layer);
	}
	markup_add(out, "\n");
}

void picture_architecture(markup *out, const clu_arch *arch, const char *label)
{
	node_row row = row_of(arch->layers);
	char text[PICTURE_LABEL + 96];
	snprintf(
	    text, sizeof text, "Architecture of %s: %u layers, %u extra connections", label, arch->layers, clu_arch_extra_count(arch));
	svg_open(out, row_width, row.y + row.radius + (row.radius < 8 ? 34 : 18), "architecture", text);
	draw_arcs(out, arch, &row);
	if (arch->layers > 1)
		markup_add(out, "<path class=\"chain\" d=\"M%.1f %.1fH%.1f\"/>\n", row.left, row.y, node_x(&row, arch->layers));
	for (uint32_t layer = 1; layer <= arch->layers; layer++) draw_node(out, arch, &row, layer);
	markup_add(out, "</svg>\n");
}

void picture_architecture_legend(markup *out)
{
	static const struct {
		svg_shape shape;
		const char *class, *text;
	} signs[] = {{SVG_CIRCLE, "node", "soft threshold"}, {SVG_SQUARE, "node", "ReLU"}, {SVG_DIAMOND, "node", "LeakyReLU"},
	    {SVG_DOWN, "node", "soft threshold with support selection"}, {SVG_TRIANGLE, "node", "firm shrinkage"},
	    {SVG_CROSS, "pruned", "side connection W<sub>b</sub>b pruned"}};
	markup_add(out, "<ul class=\"legend\"><li><svg class=\"swatch\" viewBox=\"0 0 30 16\" aria-hidden=\"true\"><path class=\"arc\" "
	                "d=\"M3 14Q15 -8 27 14\"/></svg> extra connection, from left to right</li>\n");
	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
		markup_add(out, "<li><svg class=\"swatch\" viewBox=\"0 0 16 16\" aria-hidden=\"true\">");
		svg_marker_open(out, signs[i].shape, 8, 8, signs[i].shape == SVG_CROSS ? 3 : 6, signs[i].class);
		markup_add(out, "</path></svg><span>%s</span></li>\n", signs[i].text);
	}
	markup_add(out, "</ul>\n");
}

/* ---- heat map ---- */

typedef struct heat_grid {
	double left, top, cell;
} heat_grid;

static unsigned heat_class(double share)
{
	return share >= 0.9 ? 9 : (unsigned)(share * 10 + 1e-9);
}

static void heat_cell(markup *out, const study_analysis *analysis, const heat_grid *grid, uint32_t layer, uint32_t origin)
{
	double x = grid->left + grid->cell * (origin - 1), y = grid->top + grid->cell * (layer - 2), cell = grid->cell;
	if (origin == layer - 1) {
		markup_add(
		    out, "<rect class=\"always\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\">", x + 1, y + 1, cell - 2, cell - 2);
		markup_add(out, "<title>layer %u → layer %u: always connected</title></rect>\n", origin, layer);
		return;
	}
	double share = analysis->share[layer - 1][origin - 1], all = analysis->share_all[layer - 1][origin - 1];
	markup_add(out, "<g class=\"h%u%s\"><title>layer %u → layer %u: %.0f %% of the top %zu; %.0f %% of all %zu sampled</title>",
	    heat_class(share), share >= 0.5 ? " kept" : "", origin, layer, 100 * share, analysis->top, 100 * all, analysis->sampled);
	markup_add(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>", x + 1, y + 1, cell - 2, cell - 2);
	markup_add(
	    out, "<text text-anchor=\"middle\" x=\"%.1f\" y=\"%.1f\">%.0f</text></g>\n", x + cell / 2, y + cell / 2 + 4, 100 * share);
}

static void heat_legend(markup *out)
{
	markup_add(
	    out, "<ul class=\"legend\"><li><span>0\u00a0%%</span> <svg class=\"ramp\" viewBox=\"0 0 160 16\" aria-hidden=\"true\">");
	for (unsigned i = 0; i < 10; i++) {
		markup_add(out, "<g class=\"h%u%s\"><rect x=\"%u\" y=\"1\" width=\"14\" height=\"14\"/></g>", i, i >= 5 ? " kept" : "",
		    16 * i + 1);
	}
	markup_add(out,
	    "</svg> <span>100\u00a0%% of the top have it</span></li>"
	    "<li><svg class=\"swatch\" viewBox=\"0 0 16 16\" aria-hidden=\"true\"><g class=\"h5 kept\"><rect x=\"1\" y=\"1\" "
	    "width=\"14\" height=\"14\"/></g></svg> <span>outlined: at least 50\u00a0%%, kept in the average</span></li>"
	    "<li><svg class=\"swatch\" viewBox=\"0 0 16 16\" aria-hidden=\"true\"><rect class=\"always\" x=\"1\" y=\"1\" width=\"14\" "
	    "height=\"14\"/></svg> always connected</li></ul>\n");
}

bool picture_heat_map(markup *out, const study_analysis *analysis)
{
	if (!analysis->top || analysis->layers < 3) return false;
	uint32_t side = analysis->layers - 1;
	heat_grid grid = {.left = 42, .top = 4, .cell = side < 3 ? 56 : side < 9 ? 40 : side > 15 ? 24 : 360.0 / side};
	double width = grid.left + grid.cell * side + 4, bottom = grid.top + grid.cell * side;
	char label[160];
	snprintf(label, sizeof label,
	    "Heat map: share in %% of the top %zu architectures that have each connection, %u extra ones kept", analysis->top,
	    analysis->average_extra);
	/* On a narrow screen it shrinks as far as its figures can be read, then scrolls. */
	markup_add(out, "<div class=\"scroll\"><div style=\"min-width:%.0fpx\">", 0.75 * width);
	svg_open(out, width, bottom + 42, "heat", label);
	for (uint32_t layer = 2; layer <= analysis->layers; layer++) {
		for (uint32_t origin = 1; origin < layer; origin++) heat_cell(out, analysis, &grid, layer, origin);
		markup_add(out, "<text class=\"tick\" text-anchor=\"end\" x=\"%.1f\" y=\"%.1f\">%u</text>", grid.left - 5,
		    grid.top + grid.cell * (layer - 1.5) + 4, layer);
		markup_add(out, "<text class=\"tick\" text-anchor=\"middle\" x=\"%.1f\" y=\"%.1f\">%u</text>\n",
		    grid.left + grid.cell * (layer - 1.5), bottom + 15, layer - 1);
	}
	markup_add(out, "<text class=\"axis\" text-anchor=\"middle\" x=\"%.1f\" y=\"%.1f\">origin layer</text>",
	    grid.left + grid.cell * side / 2, bottom + 34);
	markup_add(out,
	    "<text class=\"axis\" text-anchor=\"middle\" transform=\"translate(11 %.1f) rotate(-90)\">destination "
	    "layer</text></svg></div></div>\n",
	    grid.top + grid.cell * side / 2);
	heat_legend(out);
	return true;
}

/* ---- NMSE by layer ---- */

static const double plot_width = 400, plot_height = 300;

static svg_frame plot_frame(svg_axis x, svg_axis y)
{
	return (svg_frame){.left = 60, .top = 10, .width = plot_width - 78, .height = plot_height - 54, .x = x, .y = y};
}

/* Least and largest of the plain figures so far; empty while low > high. */
typedef struct db_extent {
	double low, high;
} db_extent;

static const db_extent extent_empty = {INFINITY, -INFINITY};

static void extent_add(db_extent *extent, double db)
{
	if (!analysis_plain(db)) return;
	extent->low = db < extent->low ? db : extent->low;
	extent->high = db > extent->high ? db : extent->high;
}

static uint32_t curve_layers(const study_analysis *analysis, const ranked_trial *entry)
{
	return entry->trial->layers < analysis->layers ? entry->trial->layers : analysis->layers;
}

static void draw_curve(markup *out, const study_analysis *analysis, const svg_frame *frame, const ranked_trial *entry)
{
	curve_role role = role_of(analysis, entry);
	markup_add(out, "<g class=\"curve %s\"><path class=\"line\" d=\"", role.class);
	bool gap = true; /* a figure that is not plain interrupts the line */
	for (uint32_t layer = 1; layer <= curve_layers(analysis, entry); layer++) {
		double db = analysis_layer_db(analysis, entry, layer);
		bool plain = analysis_plain(db);
		if (plain) markup_add(out, "%s%.1f %.1f", gap ? "M" : "L", svg_x(frame, layer), svg_y(frame, db));
		gap = !plain;
	}
	markup_add(out, "\"/>\n");
	for (uint32_t layer = 1; layer <= curve_layers(analysis, entry); layer++) {
		double db = analysis_layer_db(analysis, entry, layer);
		if (!analysis_plain(db)) continue;
		svg_marker_open(out, role.shape, svg_x(frame, layer), svg_y(frame, db), 3.5, "marker");
		markup_add(out, "<title>");
		add_label(out, analysis, entry);
		markup_add(out, ", layer %u: ", layer);
		markup_db(out, db, 2);
		markup_add(out, "</title></path>\n");
	}
	markup_add(out, "</g>\n");
}

static void curves_legend(markup *out, const study_analysis *analysis, const ranked_trial *const *curves, size_t count)
{
	markup_add(out, "<ul class=\"legend\">");
	for (size_t i = 0; i < count; i++) {
		curve_role role = role_of(analysis, curves[i]);
		markup_add(out,
		    "<li><svg class=\"swatch curve %s\" viewBox=\"0 0 34 16\" aria-hidden=\"true\"><path class=\"line\" d=\"M1 8h32\"/>",
		    role.class);
		svg_marker_open(out, role.shape, 17, 8, 4, "marker");
		markup_add(out, "</path></svg> ");
		add_label(out, analysis, curves[i]);
		markup_add(out, "%s: ", curves[i] == analysis->entries ? " (best)" : "");
		markup_db(out, analysis_db(analysis, curves[i]), 2);
		markup_add(out, "</li>\n");
	}
	markup_add(out, "</ul>\n");
}

bool picture_layers(markup *out, const study_analysis *analysis)
{
	const ranked_trial *curves[ANALYSIS_CURVES_MAX];
	size_t count = analysis_curves(analysis, curves);
	db_extent y = extent_empty;
	for (size_t i = 0; i < count; i++) {
		for (uint32_t layer = 1; layer <= curve_layers(analysis, curves[i]); layer++)
			extent_add(&y, analysis_layer_db(analysis, curves[i], layer));
	}
	if (y.low > y.high) return false;
	svg_frame frame = plot_frame(svg_axis_whole(1, analysis->layers, 8), svg_axis_fit(y.low, y.high, 6));
	svg_open(out, plot_width, plot_height, "plot", "NMSE by layer of the best architectures and of the named ones");
	svg_grid(out, &frame, "layer", nmse_name(analysis));
	for (size_t i = count; i-- > 0;) draw_curve(out, analysis, &frame, curves[i]); /* the best on top */
	markup_add(out, "</svg>\n");
	curves_legend(out, analysis, curves, count);
	return true;
}

/* ---- NMSE against connections ---- */

/* Of one of many marks: thousands of large ones would be a blot. */
static double point_radius(const study_analysis *analysis)
{
	return analysis->ranked <= 300 ? 3 : analysis->ranked <= 3000 ? 2 : 1.2;
}

static void draw_point(markup *out, const study_analysis *analysis, const svg_frame *frame, const ranked_trial *entry)
{
	curve_role role = role_of(analysis, entry);
	bool other = role.class == other_role.class || role.class == second_role.class || role.class == third_role.class;
	double db = analysis_db(analysis, entry);
	markup_add(out, "<g class=\"%s\">", other ? "other" : role.class);
	svg_marker_open(out, other ? SVG_CIRCLE : role.shape, svg_x(frame, entry->extra), svg_y(frame, db),
	    other ? point_radius(analysis) : 5, "marker");
	markup_add(out, "<title>");
	add_label(out, analysis, entry);
	markup_add(out, ": %u extra connections, ", entry->extra);
	markup_db(out, db, 2);
	markup_add(out, "</title></path></g>\n");
}

/* A labelled point of a scatter plot; `at` is where the label's middle goes. */
typedef struct point_label {
	const ranked_trial *entry;
	double y;
} point_label;

static int compare_labels(const void *left, const void *right)
{
	const point_label *a = left, *b = right;
	return (a->y > b->y) - (a->y < b->y);
}

/* Labels the best and the named ones, on the side where there is room, kept apart from each other. */
static void label_points(markup *out, const study_analysis *analysis, const svg_frame *frame)
{
	point_label labels[NAMED_COUNT + 1];
	double positions[NAMED_COUNT + 1];
	size_t count = 0;
	for (int name = -1; name < NAMED_COUNT; name++) {
		const ranked_trial *entry = name < 0 ? analysis->entries : analysis->named[name];
		if (!entry || !entry->readable || (name >= 0 && entry == analysis->entries) ||
		    !analysis_plain(analysis_db(analysis, entry)))
			continue;
		labels[count++] = (point_label){.entry = entry, .y = svg_y(frame, analysis_db(analysis, entry))};
	}
	qsort(labels, count, sizeof *labels, compare_labels);
	for (size_t i = 0; i < count; i++) positions[i] = labels[i].y;
	svg_spread(positions, count, 14, frame->top + 8, frame->top + frame->height - 6);
	for (size_t i = 0; i < count; i++) {
		const ranked_trial *entry = labels[i].entry;
		double x = svg_x(frame, entry->extra);
		bool left = x > frame->left + frame->width / 2;
		markup_add(out, "<text class=\"label %s\" text-anchor=\"%s\" x=\"%.1f\" y=\"%.1f\">", role_of(analysis, entry).class,
		    left ? "end" : "start", x + (left ? -9 : 9), positions[i] + 4);
		add_label(out, analysis, entry);
		markup_add(out, "%s</text>\n", entry == analysis->entries ? " (best)" : "");
	}
}

bool picture_connections(markup *out, const study_analysis *analysis)
{
	db_extent x = extent_empty, y = extent_empty;
	for (size_t rank = 0; rank < analysis->ranked; rank++) {
		const ranked_trial *entry = &analysis->entries[rank];
		if (!entry->readable || !analysis_plain(analysis_db(analysis, entry))) continue;
		extent_add(&x, entry->extra);
		extent_add(&y, analysis_db(analysis, entry));
	}
	if (y.low > y.high) return false;
	svg_frame frame = plot_frame(svg_axis_whole(x.low, x.high, 8), svg_axis_fit(y.low, y.high, 6));
	svg_open(out, plot_width, plot_height, "plot", "NMSE against number of extra connections, one mark for each trial");
	svg_grid(out, &frame, "extra connections", nmse_name(analysis));
	for (size_t rank = analysis->ranked; rank-- > 0;) {
		const ranked_trial *entry = &analysis->entries[rank];
		if (entry->readable && analysis_plain(analysis_db(analysis, entry))) draw_point(out, analysis, &frame, entry);
	}
	label_points(out, analysis, &frame);
	markup_add(out, "</svg>\n");
	return true;
}

/* ---- the search's course ---- */

static void draw_best_so_far(markup *out, const study_analysis *analysis, const svg_frame *frame)
{
	double best = analysis->history[0]->trial->validation_db;
	markup_add(out, "<g class=\"curve best\"><path class=\"line\" d=\"M%.1f %.1f", svg_x(frame, 1), svg_y(frame, best));
	for (size_t i = 1; i < analysis->ranked; i++) {
		double db = analysis->history[i]->trial->validation_db;
		if (db >= best) continue;
		best = db;
		markup_add(out, "H%.1fV%.1f", svg_x(frame, (double)i + 1), svg_y(frame, best));
	}
	markup_add(out, "H%.1f\"><title>best so far: ", svg_x(frame, (double)analysis->ranked));
	markup_db(out, best, 2);
	markup_add(out, "</title></path></g>\n");
}

bool picture_history(markup *out, const study_analysis *analysis)
{
	if (!analysis->ranked) return false;
	db_extent y = extent_empty;
	for (size_t i = 0; i < analysis->ranked; i++) extent_add(&y, analysis->history[i]->trial->validation_db);
	svg_frame frame = plot_frame(svg_axis_whole(1, (double)analysis->ranked, 8), svg_axis_fit(y.low, y.high, 6));
	svg_open(out, plot_width, plot_height, "plot", "Validation NMSE of each trial in the order they finished, and the best so far");
	svg_grid(out, &frame, "trials done, in the order they finished", "validation NMSE (dB)");
	markup_add(out, "<g class=\"other\">");
	for (size_t i = 0; i < analysis->ranked; i++) {
		const ranked_trial *entry = analysis->history[i];
		svg_marker_open(out, SVG_CIRCLE, svg_x(&frame, (double)i + 1), svg_y(&frame, entry->trial->validation_db),
		    point_radius(analysis), "marker");
		markup_add(out, "<title>");
		add_label(out, analysis, entry);
		markup_add(out, ": ");
		markup_db(out, entry->trial->validation_db, 2);
		markup_add(out, "</title></path>\n");
	}
	markup_add(out, "</g>\n");
	draw_best_so_far(out, analysis, &frame);
	markup_add(out, "</svg>\n");
	markup_add(out,
	    "<ul class=\"legend\"><li><svg class=\"swatch curve best\" viewBox=\"0 0 34 16\" aria-hidden=\"true\"><path "
	    "class=\"line\" d=\"M1 4H17V12H33\"/></svg> best so far</li><li><svg class=\"swatch other\" viewBox=\"0 0 16 16\" "
	    "aria-hidden=\"true\">");
	svg_marker_open(out, SVG_CIRCLE, 8, 8, 3.5, "marker");
	markup_add(out, "</path></svg> one trial</li></ul>\n");
	return true;
}

/* ---- devices ---- */

static void draw_device(markup *out, const study_analysis *analysis, const device_share *device, double y)
{
	double share = (double)device->trials / (double)analysis->done, width = plot_width - 8;
	markup_add(out, "<g><title>");
	markup_escape(out, device->device);
	markup_add(out, ", driver ");
	markup_escape(out, device->driver);
	/* A name may be longer than the picture is wide: it is cut off here, and whole in the hover text and the table. */
	markup_add(out, "</title><svg x=\"4\" y=\"%.1f\" width=\"280\" height=\"20\"><text class=\"label\" x=\"0\" y=\"14\">", y);
	markup_escape(out, device->device);
	markup_add(out, "</text></svg><text class=\"label\" text-anchor=\"end\" x=\"%.1f\" y=\"%.1f\">", plot_width - 4, y + 14);
	markup_count(out, device->trials);
	markup_add(out, " (%.0f %%)</text><rect class=\"track\" x=\"4\" y=\"%.1f\" width=\"%.1f\" height=\"14\" rx=\"3\"/>",
	    100 * share, y + 21, width);
	markup_add(out, "<rect class=\"bar\" x=\"4\" y=\"%.1f\" width=\"%.1f\" height=\"14\" rx=\"3\"/>", y + 21, share * width);
	markup_add(out, "<text class=\"tick\" x=\"4\" y=\"%.1f\">", y + 50);
	markup_rate(out, device->trials_per_hour);
	markup_add(out, " trials/h, ");
	markup_rate(out, device->steps_per_second);
	markup_add(out, " steps/s</text></g>\n");
}

bool picture_devices(markup *out, const study_analysis *analysis)
{
	if (!analysis->device_count || !analysis->done) return false;
	double line = 64;
	svg_open(
	    out, plot_width, line * (double)analysis->device_count, "bars", "Each device's share of the trials done, and its speed");
	for (size_t i = 0; i < analysis->device_count; i++) draw_device(out, analysis, &analysis->devices[i], line * (double)i);
	markup_add(out, "</svg>\n");
	return true;
}
