/* reference.c: forward and backward in double. Mixes first, then multiplies: the other way round than the engine, so that an
 * error of arrangement shows. */
#include "reference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

clu_status reference_create(
    const clu_arch *arch, uint32_t m, uint32_t n, uint32_t rows, uint32_t depth, reference **out, clu_error *error)
{
	reference *r = calloc(1, sizeof *r);
	*out = NULL;
	if (!r) return clu_fail(error, CLU_MEMORY, "no host memory for a reference network");
	*r = (reference){.arch = *arch, .m = m, .n = n, .rows = rows, .depth = depth};
	const size_t stack = (size_t)depth * rows * n;
	struct {
		double **pointer;
		size_t count;
	} parts[] = {{&r->w_b, (size_t)n * m}, {&r->w_x, (size_t)n * n}, {&r->b, (size_t)rows * m}, {&r->truth, (size_t)rows * n},
	    {&r->v, stack}, {&r->x, stack}, {&r->dv, stack}, {&r->dx, stack}, {&r->dw_b, (size_t)n * m}, {&r->dw_x, (size_t)n * n}};
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		if (!(*parts[i].pointer = calloc(parts[i].count, sizeof(double)))) {
			reference_destroy(r);
			return clu_fail(error, CLU_MEMORY, "no host memory for a reference network of %u×%u", m, n);
		}
	*out = r;
	return CLU_OK;
}

void reference_destroy(reference *r)
{
	if (!r) return;
	double *parts[] = {r->w_b, r->w_x, r->b, r->truth, r->v, r->x, r->dv, r->dx, r->dw_b, r->dw_x};
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) free(parts[i]);
	free(r);
}

static int descending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return (x < y) - (x > y);
}

double reference_cutoff(const double *v, uint32_t n, uint32_t selected, double theta)
{
	double magnitudes[CLU_SIDE_MAX];
	if (!(theta > 0) || selected == 0) return INFINITY;
	for (uint32_t j = 0; j < n; j++) magnitudes[j] = fabs(v[j]);
	qsort(magnitudes, n, sizeof *magnitudes, descending);
	return magnitudes[(selected < n ? selected : n) - 1];
}

static bool is_kept(double v, double theta, double cutoff)
{
	return fabs(v) > theta && fabs(v) >= cutoff;
}

/* Whether firm shrinkage is on its way from 0 to v. */
static bool is_firm_slope(double v, double theta)
{
	return fabs(v) > theta && fabs(v) < 2 * theta;
}

double reference_neuron(clu_neuron kind, double v, double theta, double cutoff)
{
	switch (kind) {
	case CLU_NEURON_SOFT: return v == 0 ? 0 : copysign(fmax(0, fabs(v) - theta), v);
	case CLU_NEURON_RELU: return fmax(0, v - theta);
	case CLU_NEURON_LEAKY: return v > theta ? v - theta : 0.1 * (v - theta);
	case CLU_NEURON_SELECT: return is_kept(v, theta, cutoff) ? v : reference_neuron(CLU_NEURON_SOFT, v, theta, cutoff);
	case CLU_NEURON_FIRM:
		if (is_firm_slope(v, theta)) return 2 * (v - copysign(theta, v));
		return theta > 0 && fabs(v) > theta ? v : reference_neuron(CLU_NEURON_SOFT, v, theta, cutoff);
	case CLU_NEURON_COUNT: break;
	}
	return NAN;
}

double reference_neuron_slope(clu_neuron kind, double v, double theta)
{
	switch (kind) {
	case CLU_NEURON_SOFT:
	case CLU_NEURON_SELECT: return v != 0 && fabs(v) > theta ? 1 : 0;
	case CLU_NEURON_FIRM: return is_firm_slope(v, theta) ? 2 : reference_neuron_slope(CLU_NEURON_SOFT, v, theta);
	case CLU_NEURON_RELU: return v > theta ? 1 : 0;
	case CLU_NEURON_LEAKY: return v > theta ? 1 : 0.1;
	case CLU_NEURON_COUNT: break;
	}
	return NAN;
}

double reference_neuron_threshold_slope(clu_neuron kind, double v, double theta, double cutoff)
{
	const double slope = reference_neuron_slope(kind, v, theta);
	if (kind == CLU_NEURON_SELECT && is_kept(v, theta, cutoff)) return 0;
	if (kind == CLU_NEURON_FIRM && theta > 0 && !is_firm_slope(v, theta)) return 0;
	return kind == CLU_NEURON_RELU || kind == CLU_NEURON_LEAKY ? -slope : -copysign(slope, v);
}

static bool is_origin(const reference *r, uint32_t layer, uint32_t origin)
{
	return clu_arch_origins(&r->arch, layer + 1) >> origin & 1u;
}

/* mixed = Σ_{i∈S_L} a_{i,L} x_i of one row, [n]. */
static void mix_row(const reference *r, uint32_t layer, uint32_t row, double *mixed)
{
	memset(mixed, 0, r->n * sizeof *mixed);
	for (uint32_t i = 0; i < layer; i++)
		if (is_origin(r, layer, i))
			for (uint32_t k = 0; k < r->n; k++) mixed[k] += r->coefficient[layer][i] * r->x[((size_t)i * r->rows + row) * r->n + k];
}

static double cutoff_of(const reference *r, uint32_t layer, uint32_t row)
{
	return reference_cutoff(r->v + ((size_t)layer * r->rows + row) * r->n, r->n, r->selected[layer], r->theta[layer]);
}

static void forward_row(reference *r, uint32_t layer, uint32_t row)
{
	double mixed[CLU_SIDE_MAX];
	double *v = r->v + ((size_t)layer * r->rows + row) * r->n, *x = r->x + ((size_t)layer * r->rows + row) * r->n;
	mix_row(r, layer, row, mixed);
	for (uint32_t j = 0; j < r->n; j++) {
		v[j] = 0;
		for (uint32_t k = 0; k < r->m && r->arch.side[layer]; k++)
			v[j] += r->w_b[(size_t)j * r->m + k] * r->b[(size_t)row * r->m + k];
		for (uint32_t k = 0; k < r->n && layer > 0; k++) v[j] += r->w_x[(size_t)j * r->n + k] * mixed[k];
	}
	const double cutoff = cutoff_of(r, layer, row);
	for (uint32_t j = 0; j < r->n; j++) x[j] = reference_neuron((clu_neuron)r->arch.neuron[layer], v[j], r->theta[layer], cutoff);
}

void reference_forward(reference *r)
{
	for (uint32_t layer = 0; layer < r->depth; layer++)
		for (uint32_t row = 0; row < r->rows; row++) forward_row(r, layer, row);
}

/* ‖x^(depth) − truth‖² and ‖truth‖² of a row. */
static void row_norms(const reference *r, uint32_t row, double *error, double *truth)
{
	const double *x = r->x + ((size_t)(r->depth - 1) * r->rows + row) * r->n, *t = r->truth + (size_t)row * r->n;
	*error = *truth = 0;
	for (uint32_t k = 0; k < r->n; k++) {
		*error += (x[k] - t[k]) * (x[k] - t[k]);
		*truth += t[k] * t[k];
	}
}

double reference_loss(const reference *r)
{
	double loss = 0, error, truth;
	for (uint32_t row = 0; row < r->rows; row++) {
		row_norms(r, row, &error, &truth);
		switch (r->loss) {
		case CLU_LOSS_SQUARES: loss += 0.5 * error; break;
		case CLU_LOSS_NORM: loss += sqrt(error); break;
		case CLU_LOSS_LOG: loss += truth > 0 ? log(error / truth + 1e-9) : 0.5 * error; break;
		}
	}
	return loss;
}

/* dx of the last layer, one row: a multiple of x^(depth) − truth. */
static void loss_backward_row(reference *r, uint32_t row)
{
	const size_t at = ((size_t)(r->depth - 1) * r->rows + row) * r->n;
	double error, truth, factor = 1;
	row_norms(r, row, &error, &truth);
	if (r->loss == CLU_LOSS_NORM) factor = 1 / sqrt(fmax(error, 1e-30));
	if (r->loss == CLU_LOSS_LOG && truth > 0) factor = 2 / fmax(error + 1e-9 * truth, 1e-30);
	for (uint32_t k = 0; k < r->n; k++) r->dx[at + k] = factor * (r->x[at + k] - r->truth[(size_t)row * r->n + k]);
}

/* From dx of a layer to its dv, its weights' gradients and the dx of its origins, one row. */
static void backward_row(reference *r, uint32_t layer, uint32_t row)
{
	const clu_neuron kind = (clu_neuron)r->arch.neuron[layer];
	const size_t at = ((size_t)layer * r->rows + row) * r->n;
	const double cutoff = cutoff_of(r, layer, row);
	double mixed[CLU_SIDE_MAX], dmixed[CLU_SIDE_MAX] = {0};
	mix_row(r, layer, row, mixed);
	for (uint32_t j = 0; j < r->n; j++) {
		const double dx = r->dx[at + j], v = r->v[at + j];
		const double dv = r->dv[at + j] = dx * reference_neuron_slope(kind, v, r->theta[layer]);
		r->dtheta[layer] += dx * reference_neuron_threshold_slope(kind, v, r->theta[layer], cutoff);
		for (uint32_t k = 0; k < r->m && r->arch.side[layer]; k++)
			r->dw_b[(size_t)j * r->m + k] += dv * r->b[(size_t)row * r->m + k];
		for (uint32_t k = 0; k < r->n && layer > 0; k++) {
			r->dw_x[(size_t)j * r->n + k] += dv * mixed[k];
			dmixed[k] += dv * r->w_x[(size_t)j * r->n + k];
		}
	}
	for (uint32_t i = 0; i < layer; i++) {
		if (!is_origin(r, layer, i)) continue;
		const size_t origin = ((size_t)i * r->rows + row) * r->n;
		for (uint32_t k = 0; k < r->n; k++) {
			r->dx[origin + k] += r->coefficient[layer][i] * dmixed[k];
			r->dcoefficient[layer][i] += r->x[origin + k] * dmixed[k];
		}
	}
}

void reference_backward(reference *r)
{
	const size_t count = (size_t)r->rows * r->n;
	memset(r->dx, 0, r->depth * count * sizeof *r->dx);
	memset(r->dw_b, 0, (size_t)r->n * r->m * sizeof *r->dw_b);
	memset(r->dw_x, 0, (size_t)r->n * r->n * sizeof *r->dw_x);
	memset(r->dtheta, 0, sizeof r->dtheta);
	memset(r->dcoefficient, 0, sizeof r->dcoefficient);
	for (uint32_t row = 0; row < r->rows; row++) loss_backward_row(r, row);
	for (uint32_t layer = r->depth; layer-- > 0;)
		for (uint32_t row = 0; row < r->rows; row++) backward_row(r, layer, row);
}

void reference_adam_step(const reference_adam *adam, double gradient, double *first, double *second, double *weight)
{
	const double g = gradient * adam->multiplier;
	*first = adam->beta1 * *first + (1 - adam->beta1) * g;
	*second = adam->beta2 * *second + (1 - adam->beta2) * g * g;
	*weight -= adam->rate / adam->spread * *first / (sqrt(*second) + adam->epsilon * adam->spread);
}
