/* bench_network.h: the trained networks that are measured: from a person's file, or trained by the bench itself, briefly, once,
 * and kept in the program's cache. Trained they must be: products skip zeros, and how many there are is training's doing. */
#ifndef BENCH_NETWORK_H
#define BENCH_NETWORK_H

#include "options.h"

typedef struct bench_network {
	char name[CLU_ARCH_TEXT]; /* LISTA …, or the notation */
	char *path;               /* of a person's file, from the root; NULL: the bench's own */
	clu_model *model;
	clu_data *data; /* BENCH_SAMPLES to train with, BENCH_VALIDATION to validate */
	uint32_t batch;
} bench_network;

enum { BENCH_SAMPLES = 12800, BENCH_VALIDATION = 1024 };

/* The bench's own settings: the paper's problem and batch, few samples, a short recipe. m, n, layers and batch are free. */
clu_status bench_settings_default(settings *settings, clu_error *error);

/* A network that `clunroll train` wrote, on the data that its settings say. */
clu_status bench_network_load(const char *path, bench_network *network, clu_error *error);
/* A network of `arch` (a name or the notation) under bench settings: from the cache, else trained on the device, with a note and a
 * progress line on stderr. Where an interrupt ends the training, network->model is NULL and the status CLU_OK. */
clu_status bench_network_train(
    clu_device *device, const settings *settings, const char *arch, bench_network *network, clu_error *error);
void bench_network_release(bench_network *network);

#endif
