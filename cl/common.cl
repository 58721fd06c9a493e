/* common.cl: what all kernels share. Comes first in the program; program.c has the order of the other files.
 *
 * The plan's numbers arrive as -D: VECTOR (floats in a vector: 1, 4, 8, 16), GROUP (work-items that share a row),
 * BLOCK_ROWS (rows that a work-group covers), and the product's TILE_* (product.cl).
 * Matrices are row-major with a leading dimension `ld` that is a multiple of 16; columns beyond n are zero and stay so. Those that
 * products read as B may be cut into panels of PANEL columns, each row-major by itself: see column_at.
 * A list entry is (slot, depth): the lane and the number of layers that it trains now; layers count from 1.
 *
 * Bits must not depend on where a number lies: fma() is always written out, never a*b+c, and every sum has one fixed order. */
#pragma OPENCL FP_CONTRACT OFF

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)

#if VECTOR == 1
typedef float vec;
typedef int ivec;
#define NONZERO_ONES(v) ((v) != 0.0f)
#define TO_FLOATS(v) convert_float(v)
#define LOAD_PRIVATE(p) (*(p))
#define STORE_PRIVATE(value, p) (*(p) = (value))
#else
typedef JOIN(float, VECTOR) vec;
typedef JOIN(int, VECTOR) ivec;
#define NONZERO_ONES(v) (0 - ((v) != 0.0f)) /* a comparison of vectors has -1 for true */
#define TO_FLOATS(v) JOIN(convert_float, VECTOR)(v)
#define LOAD_PRIVATE(p) JOIN(vload, VECTOR)(0, p)
#define STORE_PRIVATE(value, p) JOIN(vstore, VECTOR)(value, 0, p)
#endif
/* Vectors in global memory are aligned as their type wants. vload and vstore promise less: NVIDIA's compiler makes an access an
 * entry of them, PoCL three stores of one. */
#define LOAD(p) (*(__global const vec *)(p))
#define STORE(value, p) (*(__global vec *)(p) = (value))

/* Before a function that takes registers by pointers: where a GPU's compiler leaves it a function, they go by way of memory. */
#define INLINED __attribute__((always_inline))

/* Before a loop that a compiler should unroll, wherever it runs. */
#define UNROLLED _Pragma("unroll")
#define UNROLLED_BY_4 _Pragma("unroll 4")

/* Before a loop over a private array that is to lie in registers, which have no index. CPUs' compilers are done sooner without. */
#if GROUP == 1
#define UNROLL_ON_GPU
#else
#define UNROLL_ON_GPU _Pragma("unroll")
#endif

/* Before a large function that several kernels call: on CPUs one copy of it is enough, and halves what compilers have to do. */
#if GROUP == 1
#define SHARED_FUNCTION __attribute__((noinline))
#else
#define SHARED_FUNCTION INLINED
#endif

/* What a work-group has for sums over its work-items; none where it is one. */
#if GROUP > 1
#define GROUP_SCRATCH(name) __local float name[GROUP]
#else
#define GROUP_SCRATCH(name) __local float *name = 0
#endif

/* Where in its row a column lies. Panels are `panel` floats apart, rows `ld`: (PANEL, ld) for a whole row-major matrix, (rows·PANEL
 * or more, PANEL) for one in panels, where a product finds a panel's rows side by side. A vector never crosses panels. */
ulong column_at(uint column, ulong panel)
{
	return (ulong)(column / PANEL) * panel + column % PANEL;
}

/* Entries that a row's list has room for: a line more than the row has columns, so that the lists of neighbouring rows do not fall
 * on the same lines of a cache. */
#define LIST_LD(ld) ((ld) + LIST_GAP)

/* Numbers that a row of lists' starts has: layer.cl. */
#define STARTS_LD(n) (((n) + LIST_COLUMNS - 1) / LIST_COLUMNS + 1)

/* One step of one lane: position in the epoch's permutation; learning rates with Adam's bias correction, of matrices, thresholds,
 * coefficients; kind of loss. */
typedef struct {
	uint first;
	float rate, rate_theta, rate_coefficient;
	uint loss;
} step_data;

/* Sum of a vector's entries, by halves. */
float sum_entries(vec v)
{
#if VECTOR == 1
	return v;
#else
#if VECTOR == 16
	float8 e = v.lo + v.hi;
	float4 q = e.lo + e.hi;
#elif VECTOR == 8
	float4 q = v.lo + v.hi;
#else
	float4 q = v;
#endif
	float2 p = q.lo + q.hi;
	return p.x + p.y;
#endif
}

/* v with its entries from column n on set to zero; `column` is the column of its first entry. */
vec clear_padding(vec v, uint column, uint n)
{
	if (column + VECTOR <= n) return v;
#if VECTOR == 1
	return 0.0f;
#else
	float entries[VECTOR];
	STORE_PRIVATE(v, entries);
	for (uint i = 0; i < VECTOR; i++)
		if (column + i >= n) entries[i] = 0.0f;
	return LOAD_PRIVATE(entries);
#endif
}

/* Sum over the work-group of one float per work-item, in a fixed tree; valid in work-item 0. All work-items must call it.
 * GROUP is a power of two. */
float sum_group(float value, __local float *shared)
{
#if GROUP == 1
	return value;
#else
	uint item = (uint)get_local_id(0);
	shared[item] = value;
	for (uint half_ = GROUP / 2; half_ > 0; half_ /= 2) {
		barrier(CLK_LOCAL_MEM_FENCE);
		if (item < half_) shared[item] += shared[item + half_];
	}
	float total = item == 0 ? shared[0] : 0.0f; /* the others would read what work-item 0 is writing */
	barrier(CLK_LOCAL_MEM_FENCE);
	return total;
#endif
}

#if GROUP > 1
/* The same of `count` floats per work-item, at most SUMS_AT_ONCE, sum k at shared[k·GROUP] then, for all to see; `shared` has as
 * many times GROUP floats. */
#define SUMS_AT_ONCE 4
INLINED void sum_group_each(const float value[SUMS_AT_ONCE], uint count, __local float *shared)
{
	const uint item = (uint)get_local_id(0);
	UNROLLED
	for (uint k = 0; k < SUMS_AT_ONCE; k++)
		if (k < count) shared[k * GROUP + item] = value[k];
	barrier(CLK_LOCAL_MEM_FENCE);
	for (uint half_ = GROUP / 2; half_ > 0; half_ /= 2) {
		for (uint i = item; i < count * half_; i += GROUP) {
			__local float *sum = shared + i / half_ * GROUP + i % half_;
			*sum += sum[half_];
		}
		barrier(CLK_LOCAL_MEM_FENCE);
	}
}
#endif

/* Work-item 0's value for the whole work-group; all work-items must call it. */
float share_group(float value, __local float *shared)
{
#if GROUP == 1
	return value;
#else
	if (get_local_id(0) == 0) shared[0] = value;
	barrier(CLK_LOCAL_MEM_FENCE);
	const float common_ = shared[0];
	barrier(CLK_LOCAL_MEM_FENCE); /* the next to write waits until all have read */
	return common_;
#endif
}

/* Position of the lowest set bit of a nonzero mask. */
uint lowest_bit(uint mask)
{
	return 31u - clz(mask & (0u - mask));
}

/* The same of the highest. */
uint highest_bit(uint mask)
{
	return 31u - clz(mask);
}

/* A bit for each nonzero of a vector, the first entry's lowest. */
uint nonzero_bits(vec v)
{
#if VECTOR == 1
	return v != 0.0f;
#elif VECTOR == 16 && defined(__AVX512F__)
	return (ushort)__builtin_ia32_cmpps512_mask(v, (vec)(0.0f), 4 /* unequal */, (ushort)-1, 4);
#elif VECTOR == 8 && defined(__AVX__)
	return (uint)__builtin_ia32_movmskps256(as_float8(v != 0.0f));
#else
#if VECTOR == 16
	const int16 bits = (v != 0.0f) & (int16)(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768);
	const int8 half_ = bits.lo | bits.hi;
	const int4 quarter = half_.lo | half_.hi;
#elif VECTOR == 8
	const int8 bits = (v != 0.0f) & (int8)(1, 2, 4, 8, 16, 32, 64, 128);
	const int4 quarter = bits.lo | bits.hi;
#else
	const int4 quarter = (v != 0.0f) & (int4)(1, 2, 4, 8);
#endif
	const int2 pair = quarter.lo | quarter.hi;
	return (uint)(pair.x | pair.y);
#endif
}
