/* clblast.c: see clblast.h. A strided batch for each run of neighbouring slots, always by the same routine, so that a lane's bits
 * do not depend on the length of its run.
 *
 * CLBlast computes a product either by one kernel for any size ("direct") or by a faster one that wants padded and transposed
 * copies, which it makes in memory that it allocates for each call ("indirect"). Its own choice goes by m·n·k against a size that
 * was tuned for square matrices; here the plan chooses. CLBlast holds that size for a device in all contexts of the process, hence
 * the account of what it was told last. */
#include "clblast.h"

#include "plan.h"

#include <clblast_c.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct told {
	cl_device_id device;
	clu_way way;
} told;

static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER; /* of what follows, and of calls that depend on it */
static told *account;
static size_t account_size;

/* The device's line; a new one says that nothing was told. NULL: no memory. */
static told *find_told(cl_device_id device)
{
	for (size_t i = 0; i < account_size; i++)
		if (account[i].device == device) return &account[i];
	told *longer = realloc(account, (account_size + 1) * sizeof *account);
	if (!longer) return NULL;
	account = longer;
	account[account_size] = (told){device, CLU_WAY_NATIVE};
	return &account[account_size++];
}

/* Sizes from this one cubed on go the indirect way. */
static clu_status choose_kernel(clu_device *device, clu_error *error)
{
	static const char *names[] = {"XGEMM_MIN_INDIRECT_SIZE"};
	const clu_way way = device->plan.product;
	const size_t least[] = {way == CLU_WAY_CLBLAST ? 1u << 20 : 1};
	told *told = find_told(device->info.device_id);
	if (!told) return clu_fail(error, CLU_MEMORY, "no host memory for CLBlast's account");
	if (told->way == way) return CLU_OK;
	const CLBlastStatusCode code =
	    CLBlastOverrideParameters(device->info.device_id, "GemmRoutine", CLBlastPrecisionSingle, 1, names, least);
	if (code != CLBlastSuccess) return device_fail(device, error, (cl_int)code, "CLBlast's choice of a kernel");
	told->way = way;
	return CLU_OK;
}

/* Entries from `begin` on that CLBlast can take as one batch: neighbouring slots, and equal depth where that is a size. */
static uint32_t run_length(const product *p, const lane_list *list, uint32_t begin)
{
	uint32_t end = begin + 1;
	while (end < list->count && list->entries[end].slot == list->entries[end - 1].slot + 1 &&
	       (p->stacking == INNER_FIXED || list->entries[end].depth == list->entries[begin].depth))
		end++;
	return end - begin;
}

static clu_status multiply(clu_device *device, const product *p, lane_entry first, uint32_t batch, clu_error *error)
{
	const CLBlastTranspose a_transpose = p->kind == PRODUCT_TIMES ? CLBlastTransposeNo : CLBlastTransposeYes;
	const size_t inner = p->stacking == INNER_STACKED ? (size_t)p->inner * (first.depth - 1) : p->inner;
	const CLBlastStatusCode code = CLBlastSgemmStridedBatched(CLBlastLayoutRowMajor, a_transpose, CLBlastTransposeNo, p->rows,
	    p->columns, inner, 1.0f, p->a.buffer, p->a.at + first.slot * p->a.stride, p->a.ld, p->a.stride, p->b.buffer,
	    p->b.at + first.slot * p->b.stride, p->b.ld, p->b.stride, 0.0f, p->c.buffer, p->c.at + first.slot * p->c.stride, p->c.ld,
	    p->c.stride, batch, &device->queue, NULL);
	if (code == CLBlastSuccess) return CLU_OK;
	char what[96];
	snprintf(what, sizeof what, "CLBlast's SGEMM of %u×%zu by %zu×%u", p->rows, inner, inner, p->columns);
	return device_fail(device, error, (cl_int)code, what);
}

clu_status clblast_enqueue(clu_device *device, const product *product, const lane_list *list, clu_error *error)
{
	for (uint32_t begin = 0, length; begin < list->count; begin += length) {
		length = run_length(product, list, begin);
		pthread_mutex_lock(&guard);
		clu_status status = choose_kernel(device, error);
		if (status == CLU_OK) status = multiply(device, product, list->entries[begin], length, error);
		pthread_mutex_unlock(&guard);
		CLU_TRY(status);
		if (device->sync) CLU_TRY(device_finish(device, error));
	}
	return CLU_OK;
}

void clblast_forget(const clu_device *device)
{
	if (plan_uses_clblast(&device->plan)) CLBlastClearCache(); /* keyed by the context's address */
}
