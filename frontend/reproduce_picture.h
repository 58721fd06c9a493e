/* reproduce_picture.h: a table of `clunroll reproduce` as a picture: for each row and network a hollow marker where the paper has
 * it and a filled one where it came out here, seeds as a bar. Networks differ in marker as well as in colour. */
#ifndef REPRODUCE_PICTURE_H
#define REPRODUCE_PICTURE_H

#include "reproduce.h"

/* An SVG file of its own, with colours for light and dark. At least one row must be complete. */
clu_status reproduce_picture(const reproduce_results *results, const char *path, clu_error *error);

#endif
