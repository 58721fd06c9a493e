/* reproduce_network.h: one trained network of `clunroll reproduce`: where it lies, its training where it is missing, what is known
 * of it. It is taken for what its name says only where the settings in it agree. */
#ifndef REPRODUCE_NETWORK_H
#define REPRODUCE_NETWORK_H

#include "reproduce.h"

typedef struct reproduce_network {
	char name[REPRODUCE_NAME]; /* "searched-250x500-snr40-fast-seed1" */
	char *model, *record;      /* paths; the record has a JSON line for each layer */
	char *diverged;            /* path of what says that its training diverged: its settings as JSON */
	clu_arch arch;
	settings settings; /* owns nothing */
} reproduce_network;

/* Of an architecture trained in a named setting at the job's scale; recipe NULL: the job's. Nothing is read or written. */
clu_status reproduce_network_create(const reproduce_job *job, const char *arch, const char *setting, uint64_t seed,
    const clu_recipe *recipe, reproduce_network *network, clu_error *error);
void reproduce_network_release(reproduce_network *network);

bool reproduce_network_exists(const reproduce_network *network);
/* Whether its training diverged, under whatever settings; then there is no network. */
bool reproduce_network_diverged(const reproduce_network *network);
/* Trains it where it does not exist, with progress on stderr; returns an exit code, EXIT_STOPPED after an interrupt. A training
 * that diverges is a result, EXIT_DONE: it leaves no network, is written down, and not tried again until that file is removed. */
int reproduce_network_train(const reproduce_job *job, const reproduce_network *network);
/* CLU_MISMATCH, naming what differs, where it is not of the settings that its name stands for. */
clu_status reproduce_network_load(const reproduce_network *network, clu_model **model, clu_error *error);
/* What its training wrote of each layer, records[layers]; false, and nothing is known, where the last one is missing. Of
 * `validation` the mean of dB alone is known. */
bool reproduce_network_records(const reproduce_network *network, clu_layer_record records[CLU_LAYERS_MAX]);

/* A setting's test set on a device, to evaluate networks on. */
typedef struct reproduce_bench {
	clu_device *device;
	clu_data *data;
	float *x; /* [data->test.count][data->n] */
} reproduce_bench;

clu_status reproduce_bench_open(const reproduce_job *job, const char *setting, reproduce_bench *bench, clu_error *error);
void reproduce_bench_close(reproduce_bench *bench);
/* NMSE, and all else that a table has of the network; of one that diverged, NaN and that word for its device. */
clu_status reproduce_bench_evaluate(
    const reproduce_bench *bench, const reproduce_network *network, reproduce_training *training, clu_error *error);

#endif
