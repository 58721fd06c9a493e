/* capability.c: queries of OpenCL 3.0 and of extensions. Their tokens stand here with our own names, since headers of OpenCL 1.2
 * have none of them and those of 3.0 hide some. */
#include "capability.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	DEVICE_PREFERRED_GROUP_MULTIPLE = 0x1067, /* OpenCL 3.0 */
	DEVICE_CONFORMANCE = 0x1072,              /* OpenCL 3.0 */
	DEVICE_UUID = 0x106A,                     /* cl_khr_device_uuid */
	DEVICE_PCI = 0x410F,                      /* cl_khr_pci_bus_info */
	DEVICE_WARP_NV = 0x4003,                  /* cl_nv_device_attribute_query, with the next three */
	DEVICE_PCI_BUS_NV = 0x4008,
	DEVICE_PCI_SLOT_NV = 0x4009,
	DEVICE_PCI_DOMAIN_NV = 0x400A,
	DEVICE_TOPOLOGY_AMD = 0x4037, /* cl_amd_device_attribute_query, with the next */
	DEVICE_WAVEFRONT_AMD = 0x4043,
};

bool capability_version(const char *version, unsigned major, unsigned minor)
{
	unsigned found_major = 0, found_minor = 0;
	if (sscanf(version, "OpenCL %u.%u", &found_major, &found_minor) != 2) return false;
	return found_major > major || (found_major == major && found_minor >= minor);
}

bool capability_listed(const char *extensions, const char *name)
{
	const size_t length = strlen(name);
	for (const char *at = strstr(extensions, name); at; at = strstr(at + 1, name))
		if ((at == extensions || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0')) return true;
	return false;
}

static bool has_extension(cl_device_id id, const char *name)
{
	size_t size = 0;
	if (clGetDeviceInfo(id, CL_DEVICE_EXTENSIONS, 0, NULL, &size) != CL_SUCCESS) return false;
	char *extensions = calloc(size + 1, 1);
	if (!extensions) return false;
	clGetDeviceInfo(id, CL_DEVICE_EXTENSIONS, size, extensions, NULL);
	const bool listed = capability_listed(extensions, name);
	free(extensions);
	return listed;
}

static cl_uint ask_uint(cl_device_id id, cl_device_info what)
{
	cl_uint value = 0;
	return clGetDeviceInfo(id, what, sizeof value, &value, NULL) == CL_SUCCESS ? value : 0;
}

/* Work-items that the device runs together: a warp, a wavefront, a sub-group; 0 where it does not tell. */
static size_t group_multiple(cl_device_id id, bool version_3)
{
	size_t multiple = 0;
	if (version_3 && clGetDeviceInfo(id, DEVICE_PREFERRED_GROUP_MULTIPLE, sizeof multiple, &multiple, NULL) == CL_SUCCESS)
		return multiple;
	if (has_extension(id, "cl_nv_device_attribute_query")) return ask_uint(id, DEVICE_WARP_NV);
	if (has_extension(id, "cl_amd_device_attribute_query")) return ask_uint(id, DEVICE_WAVEFRONT_AMD);
	return 0;
}

void capability_describe(clu_device_info *info)
{
	const bool version_3 = capability_version(info->version, 3, 0);
	info->group_multiple = (uint32_t)group_multiple(info->device_id, version_3);
	if (version_3) clGetDeviceInfo(info->device_id, DEVICE_CONFORMANCE, sizeof info->conformance - 1, info->conformance, NULL);
	if (strncmp(info->conformance, "v0000", 5) == 0) info->conformance[0] = '\0'; /* how a driver says that it passed none */
}

static void pci_address(cl_device_id id, char *text, size_t size)
{
	cl_uint khr[4] = {0};
	struct {
		cl_uint type;
		cl_char unused[17], bus, device, function;
	} amd = {0};
	if (has_extension(id, "cl_khr_pci_bus_info")) {
		if (clGetDeviceInfo(id, DEVICE_PCI, sizeof khr, khr, NULL) == CL_SUCCESS)
			snprintf(text, size, "pci %04x:%02x:%02x", khr[0], khr[1], khr[2]);
	} else if (has_extension(id, "cl_nv_device_attribute_query")) {
		const cl_uint domain = ask_uint(id, DEVICE_PCI_DOMAIN_NV), bus = ask_uint(id, DEVICE_PCI_BUS_NV);
		const cl_uint slot = ask_uint(id, DEVICE_PCI_SLOT_NV); /* device above three bits of function */
		if (bus || slot) snprintf(text, size, "pci %04x:%02x:%02x", domain, bus, slot >> 3);
	} else if (has_extension(id, "cl_amd_device_attribute_query")) {
		if (clGetDeviceInfo(id, DEVICE_TOPOLOGY_AMD, sizeof amd, &amd, NULL) == CL_SUCCESS && amd.type == 1)
			snprintf(text, size, "pci 0000:%02x:%02x", (unsigned char)amd.bus, (unsigned char)amd.device);
	}
}

void capability_identify(cl_device_id id, capability_identity *identity)
{
	unsigned char uuid[16];
	*identity = (capability_identity){"", ""};
	pci_address(id, identity->pci, sizeof identity->pci);
	if (!has_extension(id, "cl_khr_device_uuid")) return;
	if (clGetDeviceInfo(id, DEVICE_UUID, sizeof uuid, uuid, NULL) != CL_SUCCESS) return;
	char *text = identity->uuid + snprintf(identity->uuid, sizeof identity->uuid, "uuid ");
	for (size_t i = 0; i < sizeof uuid; i++) text += snprintf(text, 3, "%02x", uuid[i]);
}

/* The PCI address of the hardware of entry i, from whichever entry knows it; NULL: none does. */
static const char *address_of(const capability_identity *identities, size_t count, size_t i)
{
	if (identities[i].pci[0]) return identities[i].pci;
	for (size_t j = 0; j < count && identities[i].uuid[0]; j++)
		if (identities[j].pci[0] && strcmp(identities[i].uuid, identities[j].uuid) == 0) return identities[j].pci;
	return NULL;
}

void capability_name_hardware(clu_device_info *infos, const capability_identity *identities, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		clu_device_info *info = &infos[i];
		const char *address = address_of(identities, count, i);
		/* CPU drivers, and Intel's FPGA emulator, which computes on the CPU, are all the one CPU */
		if (info->type == CLU_DEVICE_CPU || strstr(info->name, "FPGA Emulation"))
			snprintf(info->physical, sizeof info->physical, "cpu");
		else if (address)
			snprintf(info->physical, sizeof info->physical, "%s", address);
		else if (identities[i].uuid[0])
			snprintf(info->physical, sizeof info->physical, "%s", identities[i].uuid);
		else
			snprintf(info->physical, sizeof info->physical, "entry %u", info->index);
	}
}
