/* tile_tensor.cl: the tiles of tile.cl multiplied by NVIDIA's tensor units, which take numbers of 11 significant bits (TF32) and
 * sum in float32: each entry is split into a high part and a low one of 11 bits each, and three products of parts are summed,
 * low·high, high·low, high·high, which leaves out some 2⁻²² of each term ("3×TF32"). The units round towards zero: so each step of
 * eight inner rows begins at zero and is added by an ordinary addition, as H. Ootomo and R. Yokota do (Recovering single precision
 * accuracy from Tensor Cores while surpassing the FP32 theoretical peak performance, 2022). Sums have one fixed order, but other
 * bits than fma's.
 *
 * A warp computes WARP_ROWS rows of C by as many columns as a work-item has sums, by instructions of 16 rows, 8 columns and 8 inner
 * rows. Which lane holds which entries is PTX's table for mma.m16n8k8 with .tf32: lane l has of A the rows l/4 and l/4 + 8 of the
 * inner rows l%4 and l%4 + 4, of B the column l/4 of the same inner rows, of C the rows of A and the columns 2(l%4) and one more.
 * Where there is no such instruction the lanes hand their entries round in local memory: slow, to see that the rest is right. */
#if TENSOR

#if defined(__NVPTX__) || defined(__NV_CL_C_VERSION) || defined(cl_nv_compiler_options)
#define TENSOR_PTX 1
#define UNROLL_FRAGMENTS UNROLLED
#define TILE_SCRATCH(name) __local float *name = 0
#else
#define TENSOR_PTX 0
#define UNROLL_FRAGMENTS
#define TILE_SCRATCH(name) __local float name[TENSOR_SCRATCH * TILED_ITEMS]
#endif

#define WARP 32u
#define WARP_ROWS 32u
#define WARP_COLUMNS (TILE_ROWS * TILE_VECTORS * VECTOR)
#define WARPS_DOWN (TILED_ROWS / WARP_ROWS)
#define FRAGMENTS_DOWN (WARP_ROWS / 16)
#define FRAGMENTS_ACROSS (WARP_COLUMNS / 8)

/* Of each fragment: (l/4, 2(l%4)), the next column, and the same of row l/4 + 8. */
typedef float4 tile_sums[FRAGMENTS_DOWN][FRAGMENTS_ACROSS];

/* A work-item's place in its warp, and the warp's first row and column of the work-group's part of C. */
typedef struct {
	uint lane, row, column;
} warp_place;

INLINED warp_place warp_of(uint item)
{
	const uint warp = item / WARP;
	warp_place place = {item % WARP, warp % WARPS_DOWN * WARP_ROWS, warp / WARPS_DOWN * WARP_COLUMNS};
	return place;
}

INLINED void sums_clear(tile_sums sum)
{
	UNROLL_FRAGMENTS
	for (uint i = 0; i < FRAGMENTS_DOWN; i++) {
		UNROLL_FRAGMENTS
		for (uint j = 0; j < FRAGMENTS_ACROSS; j++) sum[i][j] = (float4)(0.0f);
	}
}

/* The nearest number of 11 significant bits. */
INLINED float tensor_round(float x)
{
	return as_float((as_uint(x) + 0x1000u) & 0xffffe000u);
}

INLINED void tensor_split(float x, float *high, float *low)
{
	*high = tensor_round(x);
	*low = tensor_round(x - *high);
}

/* A B + c of a warp's fragments. The whole work-group must call it. */
INLINED float4 tensor_multiply(const float a[4], const float b[2], float4 c, uint item, __local float *scratch)
{
#if TENSOR_PTX
	float4 d;
	__asm__ volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
	                 "{%10, %11, %12, %13};"
	                 : "=f"(d.x), "=f"(d.y), "=f"(d.z), "=f"(d.w)
	                 : "r"(as_uint(a[0])), "r"(as_uint(a[1])), "r"(as_uint(a[2])), "r"(as_uint(a[3])), "r"(as_uint(b[0])),
	                 "r"(as_uint(b[1])), "f"(c.x), "f"(c.y), "f"(c.z), "f"(c.w));
	return d;
#else
	const uint lane = item % WARP;
	float d[4] = {c.x, c.y, c.z, c.w};
	__local float *a_all = scratch + item / WARP * (TENSOR_SCRATCH * WARP), *b_all = a_all + 4 * WARP;
	for (uint e = 0; e < 4; e++) a_all[e * WARP + lane] = a[e];
	for (uint e = 0; e < 2; e++) b_all[e * WARP + lane] = b[e];
	barrier(CLK_LOCAL_MEM_FENCE);
	for (uint e = 0; e < 4; e++) {
		const uint column = lane % 4 * 2 + e % 2;
		for (uint k = 0; k < 8; k++)
			d[e] = fma(a_all[(k / 4 * 2 + e / 2) * WARP + lane / 4 * 4 + k % 4], b_all[k / 4 * WARP + column * 4 + k % 4], d[e]);
	}
	barrier(CLK_LOCAL_MEM_FENCE); /* the next to write waits until all have read */
	return (float4)(d[0], d[1], d[2], d[3]);
#endif
}

/* Adds the product of the tiles. The whole work-group must call it. */
INLINED void sums_add(uint item, __local const float *a_tile, __local const vec *b_tile, __local float *scratch, tile_sums sum)
{
	const warp_place place = warp_of(item);
	__local const float *a_lane = a_tile + place.lane % 4 * TILED_LD + place.row + place.lane / 4;
	__local const float *b_lane =
	    (__local const float *)b_tile + place.lane % 4 * (TILED_B_LD * VECTOR) + place.column + place.lane / 4;
	UNROLL_FRAGMENTS
	for (uint k = 0; k < TILED_INNER; k += 8) {
		float a_high[FRAGMENTS_DOWN][4], a_low[FRAGMENTS_DOWN][4];
		UNROLL_FRAGMENTS
		for (uint i = 0; i < FRAGMENTS_DOWN; i++) {
			UNROLL_FRAGMENTS
			for (uint e = 0; e < 4; e++)
				tensor_split(a_lane[(k + e / 2 * 4) * TILED_LD + i * 16 + e % 2 * 8], &a_high[i][e], &a_low[i][e]);
		}
		UNROLL_FRAGMENTS
		for (uint j = 0; j < FRAGMENTS_ACROSS; j++) {
			float b_high[2], b_low[2];
			UNROLL_FRAGMENTS
			for (uint e = 0; e < 2; e++) tensor_split(b_lane[(k + e * 4) * (TILED_B_LD * VECTOR) + j * 8], &b_high[e], &b_low[e]);
			UNROLL_FRAGMENTS
			for (uint i = 0; i < FRAGMENTS_DOWN; i++) {
				float4 part = tensor_multiply(a_low[i], b_high, (float4)(0.0f), item, scratch);
				part = tensor_multiply(a_high[i], b_low, part, item, scratch);
				sum[i][j] += tensor_multiply(a_high[i], b_high, part, item, scratch);
			}
		}
	}
}

/* Zeros are +0, as store_sum's. */
INLINED void pair_store(float2 pair, __global float *c)
{
	*(__global float2 *)c = select(pair, (float2)(0.0f), pair == (float2)(0.0f));
}

/* Stores what of the sums is within C; c, rows and vectors count from the work-group's. */
INLINED void sums_store(uint item, uint rows, uint vectors, tile_sums sum, __global float *c, ulong c_ld)
{
	const warp_place place = warp_of(item);
	UNROLL_FRAGMENTS
	for (uint i = 0; i < FRAGMENTS_DOWN; i++) {
		const uint row = place.row + i * 16 + place.lane / 4;
		UNROLL_FRAGMENTS
		for (uint j = 0; j < FRAGMENTS_ACROSS; j++) {
			const uint column = place.column + j * 8 + place.lane % 4 * 2;
			if (column >= vectors * VECTOR) continue;
			if (row < rows) pair_store(sum[i][j].lo, c + row * c_ld + column);
			if (row + 8 < rows) pair_store(sum[i][j].hi, c + (row + 8) * c_ld + column);
		}
	}
}
#endif
