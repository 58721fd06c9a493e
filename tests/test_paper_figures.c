/* test_paper_figures.c: the tables of the paper as they are printed there: rows by name, a few cells, and what must hold for all.
 */
#include "support.h"

#include "clunroll.h"
#include "named_setting.h"
#include "paper_figures.h"

#include <string.h>

static void cells_as_printed(void **state)
{
	(void)state;
	static const struct {
		const char *table, *row;
		size_t network;
		double nmse_db;
	} cases[] = {{"table1", "b", 0, -43.3}, {"table1", "b", 3, -54.2}, {"table1", "d", 2, -17.8}, {"table1", "g", 0, -7.6},
	    {"table1", "k", 3, -35.4}, {"table2", "512", 1, -47.0}, {"table2", "uv", 2, -42.4}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const paper_table *table = paper_table_find(cases[i].table);
		assert_non_null(table);
		const paper_row *row = paper_row_find(table, cases[i].row);
		assert_non_null(row);
		assert_true(row->nmse_db[cases[i].network] == cases[i].nmse_db);
	}
	assert_null(paper_table_find("table9"));
	assert_null(paper_row_find(paper_table_find("table1"), "a"));
	assert_int_equal(paper_table_find("table1")->row_count, 10);
}

/* Settings exist; a row without training of its own comes after the one that has it; the paper's networks parse. */
static void rows_can_be_made(void **state)
{
	(void)state;
	static const char *const names[] = {"table1", "table2"};
	for (size_t t = 0; t < 2; t++) {
		const paper_table *table = paper_table_find(names[t]);
		assert_true(table->row_count <= PAPER_ROWS_MAX);
		for (size_t r = 0; r < table->row_count; r++) {
			const paper_row *row = &table->rows[r];
			const named_setting *setting;
			assert_int_equal(named_setting_find(row->setting, &setting, NULL), CLU_OK);
			assert_int_equal(named_setting_find(row->trained, &setting, NULL), CLU_OK);
			assert_ptr_equal(paper_row_find(table, row->id), row);
			for (size_t n = 0; n < PAPER_NETWORKS; n++) assert_true(row->nmse_db[n] < -5 && row->nmse_db[n] > -60);
			size_t own = 0;
			while (own < r && strcmp(table->rows[own].setting, row->trained) != 0) own++;
			assert_true(own < r || strcmp(row->setting, row->trained) == 0);
		}
	}
	for (size_t n = 0; n < PAPER_NETWORKS; n++) {
		clu_arch arch;
		assert_int_equal(clu_arch_parse(paper_networks[n], 16, &arch, NULL), CLU_OK);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(cells_as_printed),
	    cmocka_unit_test(rows_can_be_made),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
