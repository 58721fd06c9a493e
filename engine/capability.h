/* capability.h: what devices of newer OpenCL versions and with extensions tell about themselves. A device is asked only for what
 * it says it has: a driver may answer an unknown question with anything. OpenCL 1.2 is enough for all else in the engine. */
#ifndef CLU_CAPABILITY_H
#define CLU_CAPABILITY_H

#include "status.h"

#include <CL/cl.h>

/* Whether a CL_DEVICE_VERSION ("OpenCL 3.0 …") is at least that version. */
bool capability_version(const char *version, unsigned major, unsigned minor);
/* Whether a list of extensions, separated by spaces, has that very name. */
bool capability_listed(const char *extensions, const char *name);

/* Fills info's conformance and group_multiple; its device_id and version are set. */
void capability_describe(clu_device_info *info);

/* What tells one piece of hardware from another: a PCI address, a UUID, each empty where the driver does not tell. */
typedef struct capability_identity {
	char pci[24], uuid[40];
} capability_identity;

void capability_identify(cl_device_id id, capability_identity *identity);
/* Sets `physical` of all entries: "cpu"; else the PCI address, its own or one of an entry with the same UUID; else the UUID; else
 * the entry itself. identities[i] belongs to infos[i], whose type, name and index are set. */
void capability_name_hardware(clu_device_info *infos, const capability_identity *identities, size_t count);

#endif
