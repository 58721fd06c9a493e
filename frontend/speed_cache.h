/* speed_cache.h: measured product speeds of devices, kept between runs in $XDG_CACHE_HOME/clunroll/speeds (or ~/.cache/…). A
 * cache that is missing, damaged or of another version is an empty one; one that cannot be written costs time, nothing else. */
#ifndef SPEED_CACHE_H
#define SPEED_CACHE_H

#include "clunroll.h"

/* GFLOP/s of the device under its present driver and this library; 0 when it is not known. */
double speed_cache_get(const clu_device_info *info);
/* false where it could not be kept. */
bool speed_cache_put(const clu_device_info *info, double gflops);

#endif
