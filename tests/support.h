/* support.h: what the tests share: the device under test, fresh directories, runs of the program, comparisons.
 *
 * Which OpenCL driver a test runs on is decided from outside, by with_driver.sh, which names it in CLUNROLL_TEST_DRIVER.
 * All functions fail the running cmocka test, with the facts, where they cannot do what they are asked for. */
#ifndef SUPPORT_H
#define SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <cmocka.h>

#include "clunroll.h"

/* ---- driver and device under test (support_device.c) ---- */

/* True where the driver is some hundred times slower than the others (rusticl on llvmpipe, Oclgrind): tiny sizes only. */
bool support_tiny(void);
/* True there and where each program that opens a device waits seconds for its kernels (Intel's FPGA emulator): what hangs on the
 * host alone, and the many builds that Intel's CPU runtime has too, are left out. */
bool support_slow_builds(void);
/* True there and in builds with sanitizers, which see nothing of kernels: a few plans of many do. */
bool support_few_plans(void);
/* False where the driver flushes subnormals or loses the sign of zero (rusticl): nothing about equal bits holds there. */
bool support_equal_bits(void);
/* The first device, or the one that CLUNROLL_TEST_DEVICE names as --device would. */
clu_device_info support_device_info(void);
/* Opens that device with its default plan; the caller destroys it. */
clu_device *support_device_open(void);
/* Fails the test with the error's message unless status is CLU_OK. */
#define support_ok(status, error) support_ok_at((status), (error), #status, __FILE__, __LINE__)
void support_ok_at(clu_status status, const clu_error *error, const char *call, const char *file, int line);

/* ---- files (support.c) ---- */

/* A fresh empty directory under $TMPDIR or /tmp. support_directory_remove removes it with all that is in it, and frees it. */
char *support_directory_create(void);
void support_directory_remove(char *directory);
/* The same around a test or a group of tests, as its *state. */
int support_enter(void **state);
int support_leave(void **state);
/* "directory/name"; the caller frees it. */
char *support_path(const char *directory, const char *name);
/* The whole file, NUL-terminated; the caller frees it. size may be NULL. */
char *support_read(const char *path, size_t *size);
void support_write(const char *path, const void *bytes, size_t size);

/* ---- runs of the program (support.c) ---- */

typedef struct support_result {
	int code;  /* exit code, or 128 + signal */
	char *out; /* stdout, NUL-terminated */
	char *err; /* stderr, NUL-terminated */
} support_result;

typedef struct support_process support_process;

/* Runs the program clunroll with these arguments (its name excluded, NULL at the end) and waits for its end. */
support_result support_run(const char *const *arguments);
void support_result_release(support_result *result);
/* The same in two halves, for tests that send signals in between. support_wait frees the process. */
support_process *support_start(const char *const *arguments);
pid_t support_pid(const support_process *process);
support_result support_wait(support_process *process);

/* ---- numbers (support.c) ---- */

/* Next of a sequence that `state` keys, uniform in [0, 1). Start with state = seed. */
double support_uniform(uint64_t *state);
/* Fills with numbers uniform in [−1, 1) of which each is nonzero with probability `density`. */
void support_fill(float *values, size_t count, double density, uint64_t seed);

/* Fails unless |got − want| ≤ tolerance · max|want| for every entry (NaN never passes); the message names `label`, `seed`, the
 * worst entry and both values. All of `got` must be 0 where all of `want` is. */
#define support_close(label, seed, got, want, count, tolerance) \
	support_close_at((label), (seed), (got), (want), (count), (tolerance), __FILE__, __LINE__)
void support_close_at(const char *label, uint64_t seed, const float *got, const double *want, size_t count, double tolerance,
    const char *file, int line);
/* Fails unless all bits are equal; the message names the first entry that differs and both values. */
#define support_same_bits(label, seed, got, want, count) \
	support_same_bits_at((label), (seed), (got), (want), (count), __FILE__, __LINE__)
void support_same_bits_at(
    const char *label, uint64_t seed, const float *got, const float *want, size_t count, const char *file, int line);

#endif
