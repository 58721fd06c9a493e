/* profile.h: the account of kernels' times that a device keeps on request, see clu_device_profile. */
#ifndef CLU_PROFILE_H
#define CLU_PROFILE_H

#include "device.h"

/* Where the next launch, of this kernel, puts its event; profile_launched takes it over once it was enqueued. */
clu_status profile_event(clu_device *device, kernel_id kernel, cl_event **event, clu_error *error);
void profile_launched(clu_device *device);
/* Drops the account; fine where there is none. */
void profile_destroy(clu_device *device);

#endif
