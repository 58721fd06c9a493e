/* paper_figures.h: the figures of Tables 1 and 2 of the study that is reproduced (Chen, Liu et al., A Design Space Study for LISTA
 * and Beyond, ICLR 2021), and what each row needs to be made again. */
#ifndef PAPER_FIGURES_H
#define PAPER_FIGURES_H

#include <stddef.h>

enum { PAPER_NETWORKS = 4, PAPER_ROWS_MAX = 10 };

/* "LISTA", "LFISTA", "Dense", "Searched", in the tables' order. */
extern const char *const paper_networks[PAPER_NETWORKS];

typedef struct paper_row {
	const char *id;      /* "b", as the table has it; in Table 2, which has none, a word */
	const char *title;   /* "SNR 40 dB" */
	const char *setting; /* of the test set, as --setting takes it */
	const char *trained; /* of the training: the same, but for rows that test a network under conditions it has not seen */
	double nmse_db[PAPER_NETWORKS];
} paper_row;

typedef struct paper_table {
	const char *name;  /* "table1" */
	const char *title; /* "Table 1" */
	const paper_row *rows;
	size_t row_count;
} paper_table;

/* NULL: there is no such table here. */
const paper_table *paper_table_find(const char *name);
const paper_row *paper_row_find(const paper_table *table, const char *id);

#endif
