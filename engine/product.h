/* product.h: matrix products of a list of lanes, C = A B, behind one face. Which way a product is computed (our kernel,
 * CLBlast, skipping zeros or not) is the device's plan's business and no caller's. */
#ifndef CLU_PRODUCT_H
#define CLU_PRODUCT_H

#include "device.h"

/* A lane and the number of layers that it trains now. */
typedef struct lane_entry {
	cl_uint slot, depth;
} lane_entry;

/* Lanes that a launch covers: entries `first` … of a device buffer, and the host's copy of them, ascending by slot. */
typedef struct lane_list {
	cl_mem buffer;
	uint32_t first, count;
	const lane_entry *entries;
} lane_list;

/* A matrix in each lane: `at` floats into the lane's part, which is `stride` floats from the next lane's. Rows are `ld` floats
 * apart, panels of PANEL columns `panel` floats: PANEL where the matrix is row-major as a whole; where it lies in panels, ld is
 * PANEL. */
typedef struct matrix {
	cl_mem buffer;
	uint64_t at, stride, panel;
	uint32_t ld;
} matrix;

typedef enum product_kind {
	PRODUCT_TIMES,    /* A [rows][inner], B [inner][columns] */
	PRODUCT_GRADIENT, /* Aᵀ B: A [inner][rows], B [inner][columns] */
} product_kind;

typedef enum product_inner {
	INNER_FIXED,   /* `inner`, for every lane */
	INNER_STACKED, /* `inner` rows for each of a lane's depth − 1 lower layers, stacked */
} product_inner;

/* The nonzeros of A, row by row, as layer.cl lists them; B must lie in panels. GRADIENT makes lists of its
 * own, by column, in the room that by_column gives. No buffer: A is taken as dense. Tiled products make all their lists themselves:
 * those by row in the room of entries, a number for each row in that of starts, and [segment][row of C] in that of
 * by_column_starts. */
typedef struct nonzeros {
	cl_mem entries, starts;
	uint64_t entries_stride, starts_stride; /* from lane to lane, in entries, in numbers */
	uint32_t entries_ld, starts_ld;
	cl_mem by_column, by_column_starts;
	uint64_t by_column_ld, by_column_starts_stride; /* entries for each column, numbers of a lane: see product_by_column_starts */
} nonzeros;

typedef struct product {
	product_kind kind;
	product_inner stacking;
	uint32_t rows, columns, inner;
	matrix a, b, c;  /* C is overwritten; B's padding columns are zero and C's become so */
	nonzeros sparse; /* of A */
} product;

clu_status product_enqueue(clu_device *device, const product *product, const lane_list *list, clu_error *error);
/* Numbers that product_gradient.cl's lists of an A of so many columns and, stacked, rows have for their starts. */
uint64_t product_by_column_starts(uint32_t columns, uint32_t rows);
/* Only the lists that a GRADIENT product would make of A (product_gradient.cl), for a kernel that goes on from there (pass.h). */
clu_status product_list_columns(clu_device *device, const product *product, const lane_list *list, clu_error *error);
/* Only the lists of the rows of A that a tiled TIMES product would make, for a kernel that goes on from there (epilogue.h). */
clu_status product_list_rows(clu_device *device, const product *product, const lane_list *list, clu_error *error);

#endif
