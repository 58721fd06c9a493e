/* linux.h: what only Linux has, all in one place. Elsewhere this file is what must be written anew. */
#ifndef LINUX_H
#define LINUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The path of the running program, so that it can start itself. Also where it was found through PATH, moved or replaced: then a
 * path that still leads to the very same program. */
void linux_program_path(char *path, size_t size);

/* Memory that the process occupies now; 0: unknown. */
uint64_t linux_resident_bytes(void);

/* The counters of energy that the machine's processors keep (RAPL), as they stand. */
enum { LINUX_ENERGY_ZONES = 16 };
typedef struct linux_energy {
	uint32_t zones;
	uint64_t microjoules[LINUX_ENERGY_ZONES];
	uint64_t range[LINUX_ENERGY_ZONES]; /* at which a counter begins anew */
} linux_energy;

/* folder NULL: /sys/class/powercap. false where there are none that may be read. */
bool linux_energy_read(const char *folder, linux_energy *energy);
/* Joules between two readings, which may lie on both sides of one new beginning of a counter. */
double linux_energy_between(const linux_energy *before, const linux_energy *after);

#endif
