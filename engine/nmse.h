/* nmse.h: from squared errors to the two NMSE, for estimates that are not in float32 as clu_nmse_compute wants them. */
#ifndef CLU_NMSE_H
#define CLU_NMSE_H

#include "clunroll.h"

/* error: ‖x̂ − x‖² of each sample, square: ‖x‖². Sums go in ascending order of the sample. */
clu_nmse nmse_of_squares(const double *error, const double *square, size_t count);

#endif
