/* solver_results.h: what classical solvers reach on a test set, for the tables that networks stand in. A figure is kept as a small
 * file once it is there: 2,000 iterations on 10,240 signals are minutes of work. */
#ifndef SOLVER_RESULTS_H
#define SOLVER_RESULTS_H

#include "options.h"

enum { SOLVER_RESULTS = 5 };

typedef struct solver_result {
	bool known; /* false: it has no meaning here, such as a support that is everything */
	clu_score score;
	double chosen; /* penalty of FISTA, residual of matching pursuit; 0 for least squares on the true support */
} solver_result;

/* "fista-16", and "FISTA, 16 iterations". */
const char *solver_result_id(size_t index);
const char *solver_result_title(size_t index);

/* All of them, on the test set of `settings`; penalties and residuals are chosen on its validation set. Without noise, solvers get
 * measurements in double. `directory` keeps a file for each solver and data; what is damaged is made anew. Stops between two
 * solvers when *stop is nonzero: the rest is not known then. */
clu_status solver_results_make(const settings *settings, const char *directory, const volatile int *stop,
    solver_result results[SOLVER_RESULTS], clu_error *error);

#endif
