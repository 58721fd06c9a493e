/* clblast.h: products by CLBlast's strided batched SGEMM, and which of its kernels computes them. */
#ifndef CLU_CLBLAST_H
#define CLU_CLBLAST_H

#include "product.h"

/* The product of the lanes in the list, by the kernel that the device's plan names. Where another device of the process had the
 * other kernel on the same hardware, CLBlast builds its kernels anew first, which takes seconds. */
clu_status clblast_enqueue(clu_device *device, const product *product, const lane_list *list, clu_error *error);
/* What CLBlast keeps of the device's context, before that is released. */
void clblast_forget(const clu_device *device);

#endif
