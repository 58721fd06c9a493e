/* probe.h: optimiser steps of a made-up network, to be timed: weights and samples are random, thresholds such that a known share
 * of every layer's outputs is nonzero, since that decides what a step costs. Steps have rate 0: each costs what the last one did.
 */
#ifndef CLU_PROBE_H
#define CLU_PROBE_H

#include "device.h"

/* Shares of nonzero outputs of trained networks at 250×500: the first and the newest layer's, and those of the layers between. */
#define PROBE_DENSITY_ENDS 0.33
#define PROBE_DENSITY_MIDDLE 0.13

/* What every probe of a shape is made from, whatever its device and plan. */
typedef struct probe_network probe_network;
clu_status probe_network_create(uint32_t m, uint32_t n, uint32_t layers, uint32_t batch, probe_network **network, clu_error *error);
void probe_network_destroy(probe_network *network);

/* The network on `lanes` lanes of a device. Destroy it before device and network. */
typedef struct probe probe;
clu_status probe_create(clu_device *device, const probe_network *network, uint32_t lanes, probe **probe, clu_error *error);
void probe_destroy(probe *probe);
/* Thresholds of all layers for that share of nonzero outputs. */
clu_status probe_set_density(probe *probe, double ends, double middle, clu_error *error);
/* Runs `steps` steps of all lanes and waits; *seconds of them all. */
clu_status probe_run(probe *probe, uint32_t steps, double *seconds, clu_error *error);
/* Share of nonzero outputs of lane 0's layer (from 1) in the last step. */
clu_status probe_density(const probe *probe, uint32_t layer, double *density, clu_error *error);
/* Device bytes of a lane, and of the largest single buffer of `lanes`, under a plan. */
uint64_t probe_lane_bytes(const probe_network *network, const clu_plan *plan);
uint64_t probe_largest_bytes(const probe_network *network, const clu_plan *plan, uint32_t lanes);

#endif
