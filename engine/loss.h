/* loss.h: samples on the device, batches taken from them, the loss backwards, both NMSE (cl/loss.cl). */
#ifndef CLU_LOSS_H
#define CLU_LOSS_H

#include "arena.h"

/* A data set on the device, shared by all lanes: b [count][ld_m], x [count][ld_n]. */
typedef struct device_samples {
	uint32_t count;
	cl_mem b, x;
} device_samples;

/* One step of one lane, as the kernels read it (STEPS is [burst][lanes]). */
typedef struct step_data {
	cl_uint first;                               /* position in the epoch's permutation */
	cl_float rate, rate_theta, rate_coefficient; /* learning rates with Adam's bias correction: of matrices, θ, a */
	cl_uint loss;                                /* clu_loss */
} step_data;

uint64_t samples_bytes(uint32_t m, uint32_t n, size_t count);
clu_status samples_create(clu_device *device, uint32_t m, uint32_t n, const clu_samples *from, const char *role,
    device_samples *samples, clu_error *error);
void samples_destroy(device_samples *samples);

/* B = the training batch of `step` of the burst. */
clu_status gather_training(
    const arena *arena, const lane_list *list, const device_samples *samples, uint32_t step, clu_error *error);
/* B = samples first, first + 1, …; the last one repeated. */
clu_status gather_evaluation(
    const arena *arena, const lane_list *list, const device_samples *samples, uint32_t first, clu_error *error);
/* TOP = gradient of the loss by x_depth. */
clu_status loss_backward(const arena *arena, const lane_list *list, const device_samples *samples, uint32_t step, clu_error *error);
/* Errors of the samples in the batch, first of them sample `first`. */
clu_status nmse_batch(const arena *arena, const lane_list *list, const device_samples *samples, uint32_t first, clu_error *error);
/* Sums over all samples, read back: nmse[k] is that of list entry k. Waits. */
clu_status nmse_total(const arena *arena, const lane_list *list, uint32_t count, clu_nmse *nmse, clu_error *error);

#endif
