/* paper_figures.c: see paper_figures.h. Rows are data: one more row is one more line here. */
#include "paper_figures.h"

#include <string.h>

const char *const paper_networks[PAPER_NETWORKS] = {"LISTA", "LFISTA", "Dense", "Searched"};

/* clang-format off */
static const paper_row table1_rows[] = {
	{"b", "no noise", "noiseless", "noiseless", {-43.3, -47.3, -48.3, -54.2}},
	{"c", "SNR 40 dB", "snr40", "snr40", {-34.3, -35.3, -37.3, -38.2}},
	{"d", "SNR 20 dB", "snr20", "snr20", {-16.5, -16.9, -17.8, -18.7}},
	{"e", "non-exactly sparse codes", "gamma", "gamma", {-22.4, -26.3, -26.9, -29.1}},
	{"f", "trained without noise, tested at 40 dB", "snr40", "noiseless", {-32.4, -33.1, -33.7, -34.3}},
	{"g", "trained without noise, tested at 20 dB", "snr20", "noiseless", {-7.6, -13.0, -13.3, -13.3}},
	{"h", "trained without noise, tested with 1 % salt and pepper", "salt-pepper", "noiseless", {-6.0, -9.2, -11.3, -11.7}},
	{"i", "trained on D, tested on a perturbed D", "perturbed", "noiseless", {-28.9, -29.8, -30.4, -30.4}},
	{"j", "10,240 training samples", "samples10240", "samples10240", {-32.4, -42.6, -38.4, -49.6}},
	{"k", "5,120 training samples", "samples5120", "samples5120", {-26.0, -35.3, -26.9, -35.4}},
};

static const paper_row table2_rows[] = {
	{"512", "D of 512×1024", "size512", "size512", {-44.1, -47.0, -47.9, -52.4}},
	{"uv", "D = U V of rank 200", "low-rank", "low-rank", {-27.1, -33.4, -42.4, -42.8}},
};
/* clang-format on */

static const paper_table tables[] = {
    {"table1", "Table 1", table1_rows, sizeof table1_rows / sizeof *table1_rows},
    {"table2", "Table 2", table2_rows, sizeof table2_rows / sizeof *table2_rows},
};

const paper_table *paper_table_find(const char *name)
{
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		if (strcmp(tables[i].name, name) == 0) return &tables[i];
	}
	return NULL;
}

const paper_row *paper_row_find(const paper_table *table, const char *id)
{
	for (size_t i = 0; i < table->row_count; i++) {
		if (strcmp(table->rows[i].id, id) == 0) return &table->rows[i];
	}
	return NULL;
}
