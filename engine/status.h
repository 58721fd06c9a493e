/* status.h: how the library reports errors. A function that fails fills the caller's clu_error once, where the facts are
 * known, and every function above it only forwards the status. */
#ifndef CLU_STATUS_H
#define CLU_STATUS_H

#include "clunroll.h"

/* Writes status and formatted message into *error (may be NULL) and returns status. Exported: the program uses it too. */
CLU_API clu_status clu_fail(clu_error *error, clu_status status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Forwards a failure to the caller; only where nothing needs cleaning up. */
#define CLU_TRY(call) \
	do { \
		clu_status try_status_ = (call); \
		if (try_status_ != CLU_OK) return try_status_; \
	} while (0)

/* Stores the status of `call` in the local variable `status` and jumps to the label `cleanup` when it failed. */
#define CLU_GOTO(call) \
	do { \
		status = (call); \
		if (status != CLU_OK) goto cleanup; \
	} while (0)

#endif
