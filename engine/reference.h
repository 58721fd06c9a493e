/* reference.h: the network family in plain double precision: what every device is held against. Written for clearness, not
 * speed; shares no code with the kernels. */
#ifndef CLU_REFERENCE_H
#define CLU_REFERENCE_H

#include "status.h"

/* A network, a batch, and all that forward and backward make of them. Row-major; L and i count from 0 in the arrays. */
typedef struct reference {
	clu_arch arch;
	uint32_t m, n, rows;
	uint32_t depth; /* layers in use; the loss is that of x^(depth) */
	clu_loss loss;
	double *w_b, *w_x; /* [n][m], [n][n] */
	double theta[CLU_LAYERS_MAX], coefficient[CLU_LAYERS_MAX][CLU_LAYERS_MAX];
	uint32_t selected[CLU_LAYERS_MAX];
	double *b, *truth;   /* [rows][m], [rows][n] */
	double *v, *x;       /* [depth][rows][n]: before and after the neuron */
	double *dv, *dx;     /* [depth][rows][n] */
	double *dw_b, *dw_x; /* gradients of the loss */
	double dtheta[CLU_LAYERS_MAX], dcoefficient[CLU_LAYERS_MAX][CLU_LAYERS_MAX];
} reference;

/* Allocates everything, zeroed; weights, b and truth are the caller's to fill in. */
clu_status reference_create(
    const clu_arch *arch, uint32_t m, uint32_t n, uint32_t rows, uint32_t depth, reference **out, clu_error *error);
void reference_destroy(reference *reference);

/* The selected-th largest magnitude of a row of n: selecting neurons keep what reaches it. INFINITY where they keep nothing: with
 * θ ≤ 0 nothing is shrunk. */
double reference_cutoff(const double *v, uint32_t n, uint32_t selected, double theta);
/* The cutoff matters to selecting neurons only. */
double reference_neuron(clu_neuron kind, double v, double theta, double cutoff);
double reference_neuron_slope(clu_neuron kind, double v, double theta);                          /* ∂η/∂v */
double reference_neuron_threshold_slope(clu_neuron kind, double v, double theta, double cutoff); /* ∂η/∂θ */

void reference_forward(reference *reference);      /* fills v and x */
double reference_loss(const reference *reference); /* of x^(depth), summed over rows; after reference_forward */
void reference_backward(reference *reference);     /* fills dv, dx and the gradients, after reference_forward */

typedef struct reference_adam {
	double beta1, beta2, epsilon, rate, multiplier, spread; /* rate: with bias correction; spread: n_L for c in the mean form */
} reference_adam;
void reference_adam_step(const reference_adam *adam, double gradient, double *first, double *second, double *weight);

#endif
