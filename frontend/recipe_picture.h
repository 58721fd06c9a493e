/* recipe_picture.h: what recipes make of networks and at what cost, as a picture: for each network NMSE by layer over the steps
 * made until then, a curve a variant. Variants differ in marker as well as in colour. */
#ifndef RECIPE_PICTURE_H
#define RECIPE_PICTURE_H

#include "recipe_study.h"

/* An SVG file of its own, with colours for light and dark. At least one variant must be complete. */
clu_status recipe_picture(const recipe_results *results, const char *path, clu_error *error);

#endif
