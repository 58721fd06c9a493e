/* tile.cl: the tiles that a work-group of product_gpu.cl multiplies: parts of A as [inner][rows] and of B as [inner][vectors] in
 * local memory, TILED_INNER inner rows at a time, each float fetched from global memory once a group; and what a work-item does
 * with them. tile_tensor.cl has tensor units do that. */
#if TILED

#define TILED_ITEMS (GROUP_COLUMNS * GROUP_ROWS)
#define TILED_ROWS (TILE_ROWS * GROUP_ROWS)
#define TILED_VECTORS (TILE_VECTORS * GROUP_COLUMNS)
/* Of A's tile, in floats, and of B's, in vectors. Quads are aligned, and writes down a column spread over banks. For tensor units a
 * row is eight floats longer than a multiple of 32: a warp reads four inner rows by eight, from 32 banks then. */
#if TENSOR
#define TILED_LD (TILED_ROWS + 8)
#define TILED_B_LD (TILED_VECTORS + 8 / VECTOR)
#else
#define TILED_LD ((TILED_ROWS + 7) / 4 * 4)
#define TILED_B_LD TILED_VECTORS
#endif
#define A_PER_ITEM ((TILED_INNER * TILED_ROWS + TILED_ITEMS - 1) / TILED_ITEMS)
#define B_PER_ITEM ((TILED_INNER * TILED_VECTORS + TILED_ITEMS - 1) / TILED_ITEMS)

/* Where a work-item's entries of the tiles lie, those with s from 0 on: (inner row, row or vector) in the tile. Consecutive
 * work-items take what is consecutive in memory. In all but odd shapes the entries of one work-item are so many inner rows or rows
 * apart, the same for all: that leaves one address to keep where each would have registers of its own. */
typedef struct {
	uint2 a, a_step, b;
} tile_places;

INLINED tile_places places_of(uint item, uint a_inner)
{
	tile_places p;
	p.a = a_inner == 1 ? (uint2)(item % TILED_INNER, item / TILED_INNER) : (uint2)(item / TILED_ROWS, item % TILED_ROWS);
	p.a_step = a_inner == 1 ? (uint2)(0, TILED_ITEMS / TILED_INNER) : (uint2)(TILED_ITEMS / TILED_ROWS, 0);
	p.b = (uint2)(item / TILED_VECTORS, item % TILED_VECTORS);
	return p;
}

INLINED uint2 a_place(tile_places p, uint s, uint item, uint a_inner)
{
#if TILED_ITEMS % TILED_INNER == 0 && TILED_ITEMS % TILED_ROWS == 0
	return p.a + s * p.a_step;
#else
	return places_of(item + s * TILED_ITEMS, a_inner).a;
#endif
}

INLINED uint2 b_place(tile_places p, uint s, uint item)
{
#if TILED_ITEMS % TILED_VECTORS == 0
	return p.b + (uint2)(s * (TILED_ITEMS / TILED_VECTORS), 0);
#else
	return places_of(item + s * TILED_ITEMS, 1).b;
#endif
}

/* This work-item's part of the tiles that begin at inner row k0. Beyond the matrices it is what lies at their end, so that nothing
 * branches, and A's is zero beyond the last inner row: what is multiplied there adds nothing. */
INLINED void tiles_fetch(uint item, tile_places places, uint rows, uint vectors, uint inner, uint k0, __global const float *a,
    uint a_row, uint a_inner, __global const float *b, uint b_ld, float *a_next, vec *b_next)
{
	const uint last = max(inner, 1u) - 1;
	UNROLLED
	for (uint s = 0; s < A_PER_ITEM; s++) {
		const uint2 at = a_place(places, s, item, a_inner);
		const float entry = a[min(at.y, rows - 1) * a_row + min(k0 + at.x, last) * a_inner];
		a_next[s] = k0 + at.x < inner ? entry : 0.0f;
	}
	UNROLLED
	for (uint s = 0; s < B_PER_ITEM; s++) {
		const uint2 at = b_place(places, s, item);
		b_next[s] = LOAD(b + (min(k0 + at.x, last) * b_ld + min(at.y, vectors - 1) * VECTOR));
	}
}

INLINED void tiles_put(
    uint item, tile_places places, uint a_inner, const float *a_next, const vec *b_next, __local float *a_tile, __local vec *b_tile)
{
	UNROLLED
	for (uint s = 0; s < A_PER_ITEM; s++) {
		const uint2 at = a_place(places, s, item, a_inner);
		if (item + s * TILED_ITEMS < TILED_INNER * TILED_ROWS) a_tile[at.x * TILED_LD + at.y] = a_next[s];
	}
	UNROLLED
	for (uint s = 0; s < B_PER_ITEM; s++) {
		const uint2 at = b_place(places, s, item);
		if (item + s * TILED_ITEMS < TILED_INNER * TILED_VECTORS) b_tile[at.x * TILED_B_LD + at.y] = b_next[s];
	}
}

#if !TENSOR
/* This work-item's sums: TILE_ROWS neighbouring rows by TILE_VECTORS vectors that are GROUP_COLUMNS apart, so that neighbours read
 * neighbouring vectors, of local memory and of C. */
typedef vec tile_sums[TILE_ROWS][TILE_VECTORS];

INLINED void sums_clear(tile_sums sum)
{
	UNROLLED
	for (uint r = 0; r < TILE_ROWS; r++) {
		UNROLLED
		for (uint v = 0; v < TILE_VECTORS; v++) sum[r][v] = (vec)(0.0f);
	}
}

/* TILE_ROWS neighbouring entries of A's tile, by quads where they are whole ones. */
INLINED void rows_take(__local const float *from, float *entries)
{
#if TILE_ROWS % 4 == 0
	UNROLLED
	for (uint r = 0; r < TILE_ROWS; r += 4) {
		const float4 quad = *(__local const float4 *)(from + r);
		entries[r] = quad.x;
		entries[r + 1] = quad.y;
		entries[r + 2] = quad.z;
		entries[r + 3] = quad.w;
	}
#else
	UNROLLED
	for (uint r = 0; r < TILE_ROWS; r++) entries[r] = from[r];
#endif
}

/* Adds the product of the tiles. The whole work-group must call it. */
INLINED void sums_add(uint item, __local const float *a_tile, __local const vec *b_tile, tile_sums sum)
{
	const uint column = item % GROUP_COLUMNS, row = item / GROUP_COLUMNS;
	UNROLLED_BY_4
	for (uint k = 0; k < TILED_INNER; k++) {
		float entries[TILE_ROWS];
		rows_take(a_tile + k * TILED_LD + row * TILE_ROWS, entries);
		UNROLLED
		for (uint v = 0; v < TILE_VECTORS; v++) {
			const vec panel = b_tile[k * TILED_B_LD + v * GROUP_COLUMNS + column];
			UNROLLED
			for (uint r = 0; r < TILE_ROWS; r++) sum[r][v] = fma((vec)(entries[r]), panel, sum[r][v]);
		}
	}
}

/* Stores what of the sums is within C; c, rows and vectors count from the work-group's. */
INLINED void sums_store(uint item, uint rows, uint vectors, tile_sums sum, __global float *c, ulong c_ld)
{
	const uint column = item % GROUP_COLUMNS, row = item / GROUP_COLUMNS;
	UNROLLED
	for (uint r = 0; r < TILE_ROWS; r++) {
		UNROLLED
		for (uint v = 0; v < TILE_VECTORS; v++) {
			const uint c_row = row * TILE_ROWS + r, c_vector = v * GROUP_COLUMNS + column;
			if (c_row < rows && c_vector < vectors) store_sum(sum[r][v], c + c_row * c_ld + c_vector * VECTOR);
		}
	}
}
#endif
#endif
