/* epilogue.h: a layer in the launch of the product before it, for plans with `epilogue`: the same results, to the bit, as
 * product.h's and layer.h's launches one after the other. For elementwise neurons alone. */
#ifndef CLU_EPILOGUE_H
#define CLU_EPILOGUE_H

#include "arena.h"

/* From B to U and the first layer's x; above, from x_{L−1} to Y_{L−1} and x_L. Where tiled products skip zeros, x_{L−1} must have
 * been listed (product_list_rows). */
clu_status epilogue_forward(const arena *arena, uint32_t layer, const lane_list *list, clu_error *error);

#endif
