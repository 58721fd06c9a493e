/* made_study.h: made-up trials and workers for the tests of analysis, pictures and report, as the store would hand them out. */
#ifndef MADE_STUDY_H
#define MADE_STUDY_H

#include "support.h"

#include "store.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A queued trial. */
static inline trial made_trial(int64_t number, const char *name, const char *arch)
{
	trial made = {.number = number, .state = TRIAL_QUEUED, .validation_db = NAN, .nmse_db = NAN, .nmse_ratio_db = NAN};
	snprintf(made.arch, sizeof made.arch, "%s", arch);
	snprintf(made.name, sizeof made.name, "%s", name);
	return made;
}

/* Done with this validation NMSE; the test NMSE is 0.5 dB above it, the layers' figures rise to it in equal steps. */
static inline void made_done(trial *made, uint32_t layers, double validation_db)
{
	made->state = TRIAL_DONE;
	made->validation_db = validation_db;
	made->nmse_db = validation_db + 0.5;
	made->nmse_ratio_db = validation_db - 4;
	made->layers = layers;
	for (uint32_t layer = 1; layer <= layers; layer++) {
		made->layer_validation_db[layer - 1] = validation_db * layer / layers;
		made->layer_nmse_db[layer - 1] = made->nmse_db * layer / layers;
	}
	made->steps = 8000;
	made->seconds = 61.5;
	made->finished_at = 1600000000000 + 60000 * made->number;
	snprintf(made->worker, sizeof made->worker, "w0");
	snprintf(made->device, sizeof made->device, "device A");
	snprintf(made->key, sizeof made->key, "00ff");
}

static inline worker_info made_worker(const char *worker, const char *device, const char *key, int64_t from_ms, int64_t to_ms)
{
	worker_info made = {.lanes = 8, .pid = 100, .started_at = from_ms, .heartbeat_at = to_ms, .steps = 1000};
	snprintf(made.worker, sizeof made.worker, "%s", worker);
	snprintf(made.device, sizeof made.device, "%s", device);
	snprintf(made.driver, sizeof made.driver, "driver 1.0");
	snprintf(made.type, sizeof made.type, "CPU");
	snprintf(made.key, sizeof made.key, "%s", key);
	snprintf(made.state, sizeof made.state, "stopped");
	made.busy_seconds = (double)(to_ms - from_ms) / 1000;
	return made;
}

/* The notation of an architecture of `layers` layers with each gate, and with `kinds` also neuron and side connection, by coin. */
static inline void made_arch(uint32_t layers, bool kinds, uint64_t *state, char text[CLU_ARCH_TEXT])
{
	clu_arch arch = {.layers = layers};
	for (uint32_t layer = 1; layer <= layers; layer++) {
		for (uint32_t bit = 0; bit + 2 < layer; bit++) {
			if (support_uniform(state) < 0.5) arch.extra[layer - 1] |= 1u << bit;
		}
		if (kinds) arch.neuron[layer - 1] = (uint8_t)(support_uniform(state) * CLU_NEURON_COUNT);
		arch.side[layer - 1] = layer == 1 || !kinds || support_uniform(state) < 0.7;
	}
	clu_arch_print(&arch, text);
}

#endif
