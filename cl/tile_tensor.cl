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
 * Where there is no such instruction each lane computes what it would get of it: slow, to see that the rest is right. */
#if TENSOR

#if defined(__NVPTX__) || defined(__NV_CL_C_VERSION) || defined(cl_nv_compiler_options)
#define TENSOR_PTX 1
#define UNROLL_FRAGMENTS UNROLLED
#else
#define TENSOR_PTX 0
#define UNROLL_FRAGMENTS
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

/* x = high + low but for 2⁻²³ of it: the nearest number of 11 significant bits, and what is left, cut to as many; of that, 12 bits
 * at most, one is lost. NVIDIA's NaN, all ones, rounds to zero, but the low part keeps it. */
INLINED void tensor_split(float x, float *high, float *low)
{
	*high = as_float((as_uint(x) + 0x1000u) & 0xffffe000u);
	*low = as_float(as_uint(x - *high) & 0xffffe000u);
}

/* Entry e of the fragment of A that a lane holds: those i·16 rows down its warp's and of the inner rows from k on. What is the
 * lane's own comes first, so that a compiler finds the rest to be constants beside one address. */
INLINED float a_entry(warp_place place, __local const float *a_tile, uint k, uint i, uint e)
{
	__local const float *own = a_tile + (place.lane % 4 * TILED_LD + place.row + place.lane / 4);
	return own[(k + e / 2 * 4) * TILED_LD + i * 16 + e % 2 * 8];
}

/* The same of B, j·8 columns along its warp's. */
INLINED float b_entry(warp_place place, __local const vec *b_tile, uint k, uint j, uint e)
{
	__local const float *own =
	    (__local const float *)b_tile + (place.lane % 4 * (TILED_B_LD * VECTOR) + place.column + place.lane / 4);
	return own[(k + e * 4) * (TILED_B_LD * VECTOR) + j * 8];
}

#if TENSOR_PTX
/* A B + c of a warp's fragments. */
INLINED float4 tensor_multiply(const float a[4], const float b[2], float4 c)
{
	float4 d;
	__asm__ volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
	                 "{%10, %11, %12, %13};"
	                 : "=f"(d.x), "=f"(d.y), "=f"(d.z), "=f"(d.w)
	                 : "r"(as_uint(a[0])), "r"(as_uint(a[1])), "r"(as_uint(a[2])), "r"(as_uint(a[3])), "r"(as_uint(b[0])),
	                 "r"(as_uint(b[1])), "f"(c.x), "f"(c.y), "f"(c.z), "f"(c.w));
	return d;
}

/* Adds the product of the tiles. The whole work-group must call it. */
INLINED void sums_add(uint item, __local const float *a_tile, __local const vec *b_tile, tile_sums sum)
{
	const warp_place place = warp_of(item);
	UNROLLED
	for (uint k = 0; k < TILED_INNER; k += 8) {
		float a_high[FRAGMENTS_DOWN][4], a_low[FRAGMENTS_DOWN][4];
		UNROLLED
		for (uint i = 0; i < FRAGMENTS_DOWN; i++) {
			UNROLLED
			for (uint e = 0; e < 4; e++) tensor_split(a_entry(place, a_tile, k, i, e), &a_high[i][e], &a_low[i][e]);
		}
		UNROLLED
		for (uint j = 0; j < FRAGMENTS_ACROSS; j++) {
			float b_high[2], b_low[2];
			UNROLLED
			for (uint e = 0; e < 2; e++) tensor_split(b_entry(place, b_tile, k, j, e), &b_high[e], &b_low[e]);
			UNROLLED
			for (uint i = 0; i < FRAGMENTS_DOWN; i++) {
				float4 part = tensor_multiply(a_low[i], b_high, (float4)(0.0f));
				part = tensor_multiply(a_high[i], b_low, part);
				sum[i][j] += tensor_multiply(a_high[i], b_high, part);
			}
		}
	}
}
#else
/* Entry e of a lane's fragment of C, from what the lanes hold that the instruction would ask. */
INLINED float fragment_entry(
    warp_place place, __local const float *a_tile, __local const vec *b_tile, uint k, uint i, uint j, uint e)
{
	warp_place of_a = place, of_b = place;
	float a_high[8], a_low[8], b_high[8], b_low[8], part = 0.0f;
	for (uint inner = 0; inner < 8; inner++) {
		of_a.lane = place.lane / 4 * 4 + inner % 4;
		of_b.lane = (place.lane % 4 * 2 + e % 2) * 4 + inner % 4;
		tensor_split(a_entry(of_a, a_tile, k, i, inner / 4 * 2 + e / 2), &a_high[inner], &a_low[inner]);
		tensor_split(b_entry(of_b, b_tile, k, j, inner / 4), &b_high[inner], &b_low[inner]);
	}
	for (uint inner = 0; inner < 8; inner++) part = fma(a_low[inner], b_high[inner], part);
	for (uint inner = 0; inner < 8; inner++) part = fma(a_high[inner], b_low[inner], part);
	for (uint inner = 0; inner < 8; inner++) part = fma(a_high[inner], b_high[inner], part);
	return part;
}

INLINED void sums_add(uint item, __local const float *a_tile, __local const vec *b_tile, tile_sums sum)
{
	const warp_place place = warp_of(item);
	for (uint k = 0; k < TILED_INNER; k += 8)
		for (uint i = 0; i < FRAGMENTS_DOWN; i++)
			for (uint j = 0; j < FRAGMENTS_ACROSS; j++) {
				float part[4];
				for (uint e = 0; e < 4; e++) part[e] = fragment_entry(place, a_tile, b_tile, k, i, j, e);
				sum[i][j] += (float4)(part[0], part[1], part[2], part[3]);
			}
}
#endif

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
