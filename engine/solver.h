/* solver.h: the classical solvers inside, for solver_score.c, which lets several threads work with one of them. */
#ifndef CLU_SOLVER_H
#define CLU_SOLVER_H

#include "status.h"

/* All that D gives once; read-only afterwards. */
struct clu_solver {
	uint32_t m, n;
	double lipschitz;     /* 1.001·‖D‖₂² */
	double gain;          /* of D: see generate.h */
	double *atoms;        /* [n][m]: the columns of D */
	double *gram;         /* [n][n]: Dᵀ D */
	double *inverse_norm; /* [n]: 1/‖d_j‖; 0 for a column of zeros */
};

/* Signals that are worked on together. */
enum { SOLVER_BLOCK = 64 };

/* OpenBLAS has one thread, for all of the process, until as many calls of the second have followed. */
void solver_hold_threads(void);
void solver_release_threads(void);
/* As clu_solver_run, but BLAS may use as many threads as it is set to. */
clu_status solver_run(
    const clu_solver *solver, const clu_solve *how, const double *b, size_t count, const float *truth, double *x, clu_error *error);
/* CLU_ARGUMENT where `how` asks for what cannot be done. */
clu_status solver_check(const clu_solve *how, const float *truth, clu_error *error);

#endif
