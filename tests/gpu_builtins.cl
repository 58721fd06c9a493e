/* gpu_builtins.cl: the built-in functions of OpenCL C that the kernels call, for clang's code generators for GPUs, where no library of
 * them is at hand: test_gpu_targets.sh. What it computes is never run; what it costs in registers is what a driver's costs, nearly:
 * only log is shorter. A function that is not here has not been called by a kernel before. */
#ifdef __NVPTX__
#define ITEM(axis) __nvvm_read_ptx_sreg_tid_##axis()
#define BLOCK(axis) __nvvm_read_ptx_sreg_ctaid_##axis()
#define ITEMS(axis) __nvvm_read_ptx_sreg_ntid_##axis()
#define BLOCKS(axis) __nvvm_read_ptx_sreg_nctaid_##axis()
#else
#define ITEM(axis) __builtin_amdgcn_workitem_id_##axis()
#define BLOCK(axis) __builtin_amdgcn_workgroup_id_##axis()
#define ITEMS(axis) __builtin_amdgcn_workgroup_size_##axis()
#define BLOCKS(axis) (__builtin_amdgcn_grid_size_##axis() / ITEMS(axis))
#endif
#define OF_AXIS(n, what) ((n) == 0 ? what(x) : (n) == 1 ? what(y) : what(z))
#define BUILTIN static inline __attribute__((overloadable, always_inline))

BUILTIN size_t get_local_id(uint n) { return OF_AXIS(n, ITEM); }
BUILTIN size_t get_group_id(uint n) { return OF_AXIS(n, BLOCK); }
BUILTIN size_t get_num_groups(uint n) { return OF_AXIS(n, BLOCKS); }
BUILTIN size_t get_global_id(uint n) { return (size_t)OF_AXIS(n, BLOCK) * OF_AXIS(n, ITEMS) + OF_AXIS(n, ITEM); }
BUILTIN size_t get_global_size(uint n) { return (size_t)OF_AXIS(n, BLOCKS) * OF_AXIS(n, ITEMS); }

#ifdef __NVPTX__
BUILTIN void barrier(cl_mem_fence_flags flags) { __syncthreads(); }
BUILTIN float sqrt(float a) { return __nvvm_sqrt_rn_f(a); }
BUILTIN float log(float a) { return 0.6931472f * __nvvm_lg2_approx_f(a); }
BUILTIN uint atomic_add(volatile __local uint *p, uint value)
{
	uint old;
	__asm__ volatile("atom.shared.add.u32 %0, [%1], %2;" : "=r"(old) : "l"(p), "r"(value) : "memory");
	return old;
}
BUILTIN int atomic_or(volatile __global int *p, int value)
{
	int old;
	__asm__ volatile("atom.global.or.b32 %0, [%1], %2;" : "=r"(old) : "l"(p), "r"(value) : "memory");
	return old;
}
#else
BUILTIN void barrier(cl_mem_fence_flags flags)
{
	__builtin_amdgcn_fence(__ATOMIC_ACQ_REL, "workgroup");
	__builtin_amdgcn_s_barrier();
}
BUILTIN float sqrt(float a) { return __builtin_sqrtf(a); }
BUILTIN float log(float a) { return 0.6931472f * __builtin_log2f(a); }
BUILTIN uint atomic_add(volatile __local uint *p, uint value) { return __atomic_fetch_add(p, value, __ATOMIC_RELAXED); }
BUILTIN int atomic_or(volatile __global int *p, int value) { return __atomic_fetch_or(p, value, __ATOMIC_RELAXED); }
#endif

BUILTIN float fma(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
BUILTIN float fabs(float a) { return __builtin_fabsf(a); }
BUILTIN float fmax(float a, float b) { return __builtin_fmaxf(a, b); }
BUILTIN float copysign(float a, float b) { return __builtin_copysignf(a, b); }
BUILTIN int isfinite(float a) { return __builtin_isfinite(a); }
BUILTIN uint clz(uint a) { return a ? __builtin_clz(a) : 32; }
BUILTIN uint popcount(uint a) { return __builtin_popcount(a); }
BUILTIN uint min(uint a, uint b) { return a < b ? a : b; }
BUILTIN uint max(uint a, uint b) { return a > b ? a : b; }

#define EACH1(f, a) f(a.x), f(a.y), f(a.z), f(a.w)
#define EACH2(f, a, b) f(a.x, b.x), f(a.y, b.y), f(a.z, b.z), f(a.w, b.w)
BUILTIN float4 fma(float4 a, float4 b, float4 c)
{
	return (float4)(fma(a.x, b.x, c.x), fma(a.y, b.y, c.y), fma(a.z, b.z, c.z), fma(a.w, b.w, c.w));
}
BUILTIN float4 fabs(float4 a) { return (float4)(EACH1(fabs, a)); }
BUILTIN float4 sqrt(float4 a) { return (float4)(EACH1(sqrt, a)); }
BUILTIN float4 fmax(float4 a, float4 b) { return (float4)(EACH2(fmax, a, b)); }
BUILTIN float4 copysign(float4 a, float4 b) { return (float4)(EACH2(copysign, a, b)); }
BUILTIN float2 select(float2 a, float2 b, int2 c) { return c < 0 ? b : a; }
BUILTIN float4 select(float4 a, float4 b, int4 c) { return c < 0 ? b : a; }
BUILTIN int4 select(int4 a, int4 b, int4 c) { return c < 0 ? b : a; }
BUILTIN float4 convert_float4(int4 a) { return __builtin_convertvector(a, float4); }
BUILTIN float4 vload4(size_t i, const float *p) { return (float4)(p[4 * i], p[4 * i + 1], p[4 * i + 2], p[4 * i + 3]); }
BUILTIN void vstore4(float4 v, size_t i, float *p) { p[4 * i] = v.x, p[4 * i + 1] = v.y, p[4 * i + 2] = v.z, p[4 * i + 3] = v.w; }
