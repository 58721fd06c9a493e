/* bench_picture.h: pictures of measurements as files of their own: curves of a cost that grows, bars of devices beside each other.
 * Nothing is told by colour alone: curves differ in marker, bars carry the letter of their column. */
#ifndef BENCH_PICTURE_H
#define BENCH_PICTURE_H

#include "clunroll.h"
#include "markup.h"

typedef struct picture_point {
	double x, y;
} picture_point;

typedef struct picture_curve {
	const char *label;
	const picture_point *points; /* ascending in x */
	size_t count;
} picture_curve;

typedef struct picture_titles {
	const char *title, *below; /* any text; `below` in small print, e.g. the device */
	const char *x_name, *y_name;
} picture_titles;

enum { BENCH_PICTURE_WIDTH = 720, BENCH_PICTURE_COLOURS = 6 };
/* What every such picture begins with: style sheet, page, titles. Classes: k0 … k5 give a colour to label, line, marker, bar. */
void bench_picture_open(markup *out, const picture_titles *titles, double height);
/* Closes the picture, writes the file and frees the markup. CLU_MEMORY where the markup could not grow. */
clu_status bench_picture_close(markup *out, const char *path, clu_error *error);

/* Curves over a range that begins at 0 both ways, as an SVG file. At least one curve with a point. */
clu_status bench_picture_curves(
    const char *path, const picture_titles *titles, const picture_curve *curves, size_t count, clu_error *error);

typedef struct picture_bar {
	size_t column;
	double value;
	char text[48]; /* beside the bar */
} picture_bar;

typedef struct picture_group {
	const char *label;
	const picture_bar *bars;
	size_t count;
} picture_group;

/* Groups of bars, one below the other, and a legend of the columns: A, B, … */
clu_status bench_picture_bars(const char *path, const picture_titles *titles, const char *const *columns, size_t column_count,
    const picture_group *groups, size_t group_count, clu_error *error);

#endif
