/* linux.c: see linux.h. */
#include "linux.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

void linux_program_path(char *path, size_t size)
{
	static const char link[] = "/proc/self/exe";
	ssize_t length = readlink(link, path, size - 1);
	if (length > 0) path[length] = '\0';
	/* A program that was replaced while it runs is reached by the link alone. Else its name is nicer in a list of processes. */
	if (length <= 0 || access(path, X_OK) != 0) snprintf(path, size, "%s", link);
}

uint64_t linux_resident_bytes(void)
{
	uint64_t all = 0, resident = 0;
	FILE *file = fopen("/proc/self/statm", "r");
	if (!file) return 0;
	const bool read = fscanf(file, "%" SCNu64 " %" SCNu64, &all, &resident) == 2;
	fclose(file);
	const long page = sysconf(_SC_PAGESIZE);
	return read && page > 0 ? resident * (uint64_t)page : 0;
}

/* ---- energy ---- */

/* The one line of a zone's file, "" where it cannot be read. */
static void read_zone(const char *folder, uint32_t zone, const char *name, char text[32])
{
	char path[4096];
	snprintf(path, sizeof path, "%s/intel-rapl:%u/%s", folder, zone, name);
	text[0] = '\0';
	FILE *file = fopen(path, "r");
	if (!file) return;
	if (!fgets(text, 32, file)) text[0] = '\0';
	fclose(file);
}

/* Of the zones without a second colon, "package-0" and so on are whole processors; "psys" holds them all once more. On many
 * systems only root may read the counters. */
bool linux_energy_read(const char *folder, linux_energy *energy)
{
	if (!folder) folder = "/sys/class/powercap";
	*energy = (linux_energy){0};
	for (uint32_t zone = 0; zone < LINUX_ENERGY_ZONES; zone++) {
		char name[32], counter[32], range[32];
		read_zone(folder, zone, "name", name);
		read_zone(folder, zone, "energy_uj", counter);
		read_zone(folder, zone, "max_energy_range_uj", range);
		if (strncmp(name, "package", 7) != 0 || sscanf(counter, "%" SCNu64, &energy->microjoules[energy->zones]) != 1 ||
		    sscanf(range, "%" SCNu64, &energy->range[energy->zones]) != 1)
			continue;
		energy->zones++;
	}
	return energy->zones > 0;
}

double linux_energy_between(const linux_energy *before, const linux_energy *after)
{
	double joules = 0;
	for (uint32_t zone = 0; zone < before->zones && zone < after->zones; zone++) {
		const uint64_t from = before->microjoules[zone], to = after->microjoules[zone];
		joules += 1e-6 * (to >= from ? (double)(to - from) : (double)before->range[zone] - (double)from + (double)to);
	}
	return joules;
}
