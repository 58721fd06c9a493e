/* svg.h: what pictures in a report share: axes with round ticks, a frame with its grid, markers, labels kept apart.
 *
 * Coordinates are the picture's own units, y downwards. Colours and fonts come from the page's style sheet by class, so that one
 * picture serves light and dark; what is drawn with currentColor takes the colour of the class around it. */
#ifndef SVG_H
#define SVG_H

#include "markup.h"

/* An axis with round ticks: those multiples of `step` that lie in [low, high]. */
typedef struct svg_axis {
	double low, high, step;
} svg_axis;

/* Fits about `ticks` ticks over [low, high], ends moved out to ticks. Equal or unordered ends get room around them. */
svg_axis svg_axis_fit(double low, double high, int ticks);
/* The same for whole numbers: no step below 1, half a unit of room at the ends instead of ticks. */
svg_axis svg_axis_whole(double low, double high, int ticks);

/* A plot's area. The highest y is at the top. */
typedef struct svg_frame {
	double left, top, width, height;
	svg_axis x, y;
} svg_frame;

double svg_x(const svg_frame *frame, double value);
double svg_y(const svg_frame *frame, double value);

/* Opens an <svg> that assistive software reads as one picture called `label` (escaped here); close it with "</svg>". */
void svg_open(markup *out, double width, double height, const char *class, const char *label);
/* Grid lines, ticks' figures and the axes' names (the program's own text). */
void svg_grid(markup *out, const svg_frame *frame, const char *x_name, const char *y_name);

typedef enum svg_shape {
	SVG_CIRCLE,
	SVG_SQUARE,
	SVG_TRIANGLE,
	SVG_DIAMOND,
	SVG_DOWN,
	SVG_CROSS,
	SVG_PLUS,
	SVG_SHAPE_COUNT
} svg_shape;
/* A marker about `radius` around (x, y), left open for a <title>; close it with "</path>". */
void svg_marker_open(markup *out, svg_shape shape, double x, double y, double radius, const char *class);

/* Moves the positions of labels so that each is `gap` below the one before it in [low, high], as near to where it was as a
 * single pass down and up makes it. Positions must be ascending; too many for the room end up evenly packed from `low`. */
void svg_spread(double *positions, size_t count, double gap, double low, double high);

#endif
