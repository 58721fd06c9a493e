/* study_fixture.h: a small study in a fresh directory for the tests of the store and of what stands on it. Its architectures are
 * plain texts "t0", "t1" …: the store does not look into them. */
#ifndef STUDY_FIXTURE_H
#define STUDY_FIXTURE_H

#include "support.h"

#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct study_fixture {
	char *directory, *path;
	store *study;
} study_fixture;

/* Every third index first draws what index 0 drew, so that it has to draw again. */
static inline clu_status fixture_source(
    const void *context, uint64_t index, uint32_t attempt, char text[CLU_ARCH_TEXT], clu_error *error)
{
	(void)context;
	(void)error;
	snprintf(text, CLU_ARCH_TEXT, "t%llu", (unsigned long long)(index % 3 == 0 && attempt == 0 ? 0 : index));
	return CLU_OK;
}

/* The caller deletes settings. */
static inline study_request fixture_request(const cJSON *settings, uint64_t total)
{
	return (study_request){.settings = settings, .strategy = "random", .space = "gates", .total = total, .source = fixture_source};
}

static inline study_fixture fixture_create(uint64_t total)
{
	clu_error error;
	study_fixture fixture = {.directory = support_directory_create()};
	fixture.path = support_path(fixture.directory, "study.clu");
	cJSON *settings = cJSON_Parse("{\"m\":5,\"layers\":3}");
	study_request request = fixture_request(settings, total);
	support_ok(store_create(fixture.path, &request, &fixture.study, &error), &error);
	cJSON_Delete(settings);
	return fixture;
}

static inline void fixture_destroy(study_fixture *fixture)
{
	store_close(fixture->study);
	free(fixture->path);
	support_directory_remove(fixture->directory);
}

static inline int64_t fixture_run(store *study, const char *name, const char *key)
{
	clu_error error;
	int64_t run;
	clu_device_info device = {.type = CLU_DEVICE_CPU, .name = "Test device", .driver = "1.0"};
	support_ok(store_run_begin(study, name, &device, &run, &error), &error);
	support_ok(store_run_ready(study, run, key, "plan of test", 4, &error), &error);
	return run;
}

/* A report of `layers` layers whose last has the validation NMSE `db`. record: room for `layers`. */
static inline trial_report fixture_report(int64_t number, uint32_t layers, double db, clu_layer_record *record)
{
	for (uint32_t i = 0; i < layers; i++) {
		double layer_db = db + (double)(layers - 1 - i);
		record[i] = (clu_layer_record){{layer_db, layer_db - 1}, {layer_db + 0.5, layer_db - 0.5}, 100 + i, 1.5};
	}
	return (trial_report){.number = number, .progress = 1, .steps = 1000, .layers = layers, .record = record};
}

static inline trial *fixture_trials(store *study, size_t *count)
{
	clu_error error;
	trial *trials;
	support_ok(store_trials(study, &trials, count, &error), &error);
	return trials;
}

#endif
