/* parallel.h: host work over a range, in parts on the processors that there are. What a part computes may depend on its own entries
 * only, so that results do not depend on how many parts there were. */
#ifndef CLU_PARALLEL_H
#define CLU_PARALLEL_H

#include <stddef.h>

/* Entries begin … end − 1. */
typedef void parallel_part(void *context, size_t begin, size_t end);
/* Calls `part` for parts that together are 0 … count − 1, each of at least `least` entries but the last; returns when all are done.
 * Without threads, for want of memory say, the caller does it all. */
void parallel_run(size_t count, size_t least, parallel_part *part, void *context);

#endif
