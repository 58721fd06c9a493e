/* test_npy.c: matrices in NumPy's format. What NumPy writes is read, in every version; what is written has its layout; each kind
 * of damage, of foreign type or order, and each value that is not finite is refused with what was found. */
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct fixture {
	char *directory, *path;
} fixture;

static int setup(void **state)
{
	fixture *made = calloc(1, sizeof *made);
	assert_non_null(made);
	made->directory = support_directory_create();
	made->path = support_path(made->directory, "a.npy");
	*state = made;
	return 0;
}

static int teardown(void **state)
{
	fixture *made = *state;
	support_directory_remove(made->directory);
	free(made->path);
	free(made);
	return 0;
}

/* Writes a file of this version, header text and data. */
static void write_npy(const char *path, unsigned version, const char *header, const void *data, size_t size)
{
	size_t length = strlen(header), prefix = version == 1 ? 10 : 12;
	unsigned char *bytes = calloc(1, prefix + length + size);
	assert_non_null(bytes);
	memcpy(bytes, "\x93NUMPY", 6);
	bytes[6] = (unsigned char)version;
	bytes[8] = (unsigned char)(length & 0xff);
	bytes[9] = (unsigned char)(length >> 8);
	memcpy(bytes + prefix, header, length);
	if (size) memcpy(bytes + prefix + length, data, size);
	support_write(path, bytes, prefix + length + size);
	free(bytes);
}

#define HEADER(type, order, shape) "{'descr': '" type "', 'fortran_order': " order ", 'shape': " shape ", }        \n"

/* 1, 2, 3, −1.5, 0.25, 1e-3 as little-endian bytes, so that the test holds on any host. */
static const unsigned char six_f4[24] = {
    0, 0, 0x80, 0x3f, 0, 0, 0, 0x40, 0, 0, 0x40, 0x40, 0, 0, 0xc0, 0xbf, 0, 0, 0x80, 0x3e, 0x6f, 0x12, 0x83, 0x3a};
static const unsigned char six_f8[48] = {0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0, 0, 0, 0, 0, 0, 0x00, 0x40, 0, 0, 0, 0, 0, 0, 0x08, 0x40,
    0, 0, 0, 0, 0, 0, 0xf8, 0xbf, 0, 0, 0, 0, 0, 0, 0xd0, 0x3f, 0xfc, 0xa9, 0xf1, 0xd2, 0x4d, 0x62, 0x50, 0x3f};
static const float six[6] = {1.0f, 2.0f, 3.0f, -1.5f, 0.25f, 1e-3f};

static void test_reads_what_numpy_writes(void **state)
{
	fixture *made = *state;
	static const struct {
		unsigned version;
		const char *header;
		bool wide;
		size_t rows, columns;
	} cases[] = {
	    {1, HEADER("<f4", "False", "(2, 3)"), false, 2, 3},
	    {2, HEADER("<f4", "False", "(2, 3)"), false, 2, 3},
	    {3, HEADER("<f8", "False", "(3, 2)"), true, 3, 2},
	    {1, HEADER("<f8", "False", "(6,)"), true, 1, 6},
	    {1, HEADER("<f4", "True", "(6,)"), false, 1, 6},
	    {1, HEADER("<f4", "True", "(6, 1)"), false, 6, 1},
	    {1, HEADER("<f4", "True", "(1, 6)"), false, 1, 6},
	    {1, HEADER("<f4", "False", "(2L, 3L)"), false, 2, 3},
	    {1, "{\"shape\":(2,3),\"fortran_order\":False,\"descr\":\"<f4\"}", false, 2, 3},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		clu_npy_reader *reader;
		clu_error error;
		float values[6];
		print_message("version %u: %s", cases[i].version, cases[i].header);
		write_npy(made->path, cases[i].version, cases[i].header, cases[i].wide ? six_f8 : six_f4, cases[i].wide ? 48 : 24);
		support_ok(clu_npy_open(made->path, &reader, &error), &error);
		assert_int_equal(clu_npy_rows(reader), cases[i].rows);
		assert_int_equal(clu_npy_columns(reader), cases[i].columns);
		for (size_t row = 0; row < cases[i].rows; row++) {
			support_ok(clu_npy_read(reader, 1, values + row * cases[i].columns, &error), &error);
		}
		support_same_bits("six values", 0, values, six, 6);
		assert_int_equal(clu_npy_read(reader, 1, values, &error), CLU_ARGUMENT);
		clu_npy_close(reader);
	}
}

static void test_writes_the_layout(void **state)
{
	fixture *made = *state;
	clu_npy_writer *writer;
	clu_error error;
	size_t size;
	support_ok(clu_npy_create(made->path, 2, 3, &writer, &error), &error);
	support_ok(clu_npy_write(writer, 1, six, &error), &error);
	assert_int_not_equal(access(made->path, F_OK), 0); /* not there before it is complete */
	support_ok(clu_npy_write(writer, 1, six + 3, &error), &error);
	support_ok(clu_npy_commit(writer, &error), &error);
	char *bytes = support_read(made->path, &size);
	assert_int_equal(size % 64, 24);
	assert_memory_equal(bytes, "\x93NUMPY\x01\x00", 8);
	size_t header = (size_t)(unsigned char)bytes[8] | (size_t)(unsigned char)bytes[9] << 8;
	assert_int_equal(10 + header + 24, size);
	static const char wanted[] = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
	assert_memory_equal(bytes + 10, wanted, strlen(wanted));
	assert_int_equal(bytes[9 + header], '\n');
	assert_memory_equal(bytes + 10 + header, six_f4, 24);
	free(bytes);
}

/* More than the chunk that is converted at once, in uneven slices. */
static void test_there_and_back_in_slices(void **state)
{
	fixture *made = *state;
	enum { ROWS = 1009, COLUMNS = 101 };
	static const size_t slices[] = {1, 0, 700, 7, 301};
	static float values[ROWS * COLUMNS], again[ROWS * COLUMNS];
	clu_npy_writer *writer;
	clu_npy_reader *reader;
	clu_error error;
	support_fill(values, ROWS * COLUMNS, 0.7, 5);
	support_ok(clu_npy_create(made->path, ROWS, COLUMNS, &writer, &error), &error);
	size_t row = 0;
	for (size_t i = 0; i < 5; row += slices[i++])
		support_ok(clu_npy_write(writer, slices[i], values + row * COLUMNS, &error), &error);
	support_ok(clu_npy_commit(writer, &error), &error);
	support_ok(clu_npy_open(made->path, &reader, &error), &error);
	row = 0;
	for (size_t i = 5; i-- > 0; row += slices[i])
		support_ok(clu_npy_read(reader, slices[i], again + row * COLUMNS, &error), &error);
	clu_npy_close(reader);
	support_same_bits("matrix", 5, again, values, ROWS * COLUMNS);
}

static void test_refused(void **state)
{
	fixture *made = *state;
	static const struct {
		unsigned version;
		const char *header;
		size_t size; /* of data */
		const char *parts[2];
	} cases[] = {
	    {1, HEADER("|f4", "False", "(2, 3)"), 24, {"type |f4", "wanted <f4 or <f8"}},
	    {1, HEADER(">f4", "False", "(2, 3)"), 24, {"type >f4", "little-endian"}},
	    {1, HEADER("<i8", "False", "(3,)"), 24, {"type <i8", "wanted <f4"}},
	    {1, HEADER("<f2", "False", "(12,)"), 24, {"type <f2", "wanted <f4"}},
	    {1, "{'descr': [('a', '<f4'), ('b', '<f4')], 'fortran_order': False, 'shape': (3,), }\n", 24,
	        {"a structured type", "wanted"}},
	    {1, HEADER("<f4", "True", "(2, 3)"), 24, {"Fortran order", "ascontiguousarray"}},
	    {1, HEADER("<f4", "False", "()"), 4, {"0 dimensions", "1 (one row) or 2"}},
	    {1, HEADER("<f4", "False", "(1, 2, 3)"), 24, {"3 dimensions", "wanted"}},
	    {1, HEADER("<f4", "False", "(0, 3)"), 0, {"is empty", "0 rows of 3"}},
	    {1, HEADER("<f4", "False", "(3, 0)"), 0, {"is empty", "3 rows of 0"}},
	    {1, HEADER("<f4", "False", "(2, 3)"), 23, {"is truncated: 23 bytes", "wanted 24"}},
	    {1, HEADER("<f4", "False", "(2, 3)"), 0, {"is truncated: 0 bytes", "wanted 24"}},
	    {1, HEADER("<f4", "False", "(2, 2)"), 24, {"trailing bytes: 24", "wanted 16"}},
	    {1, HEADER("<f8", "False", "(2, 3)"), 24, {"is truncated: 24 bytes", "wanted 48"}},
	    {1, HEADER("<f8", "False", "(4294967296, 4294967296)"), 24, {"more than can be addressed"}},
	    {1, HEADER("<f8", "False", "(99999999999999999999, 1)"), 24, {"cannot be read"}},
	    {1, HEADER("<f4", "False", "(2, 3"), 24, {"header that cannot be read"}},
	    {1, HEADER("<f4", "Maybe", "(2, 3)"), 24, {"header that cannot be read"}},
	    {1, "{'descr': '<f4', 'shape': (2, 3), }\n", 24, {"header that cannot be read"}},
	    {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), 'x': 1}\n", 24, {"header that cannot be read"}},
	    {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)} x\n", 24, {"header that cannot be read"}},
	    {1, "{'descr': '<f4", 24, {"header that cannot be read"}},
	    {1, "{'descr': [('a'", 0, {"header that cannot be read"}},
	    {1, "", 24, {"header that cannot be read"}},
	    {4, HEADER("<f4", "False", "(2, 3)"), 24, {"version 4.0", "wanted 1.0"}},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		clu_npy_reader *reader = NULL;
		clu_error error = {0};
		write_npy(made->path, cases[i].version, cases[i].header, six_f4, cases[i].size);
		clu_status status = clu_npy_open(made->path, &reader, &error);
		print_message("%s\n", error.message);
		assert_int_equal(status, CLU_FORMAT);
		assert_null(reader);
		assert_non_null(strstr(error.message, made->path));
		for (int part = 0; part < 2 && cases[i].parts[part]; part++) assert_non_null(strstr(error.message, cases[i].parts[part]));
	}
}

static void test_refused_bytes(void **state)
{
	fixture *made = *state;
	static const struct {
		const char *bytes;
		size_t size;
		const char *part;
	} cases[] = {
	    {"", 0, "it has 0 bytes"},
	    {"\x93NUM", 4, "it has 4 bytes"},
	    {"PK\x03\x04xxxxxxxx", 12, "begins with 50 4b 03 04"},
	    {"\x93NUMPY\x01\x00\x76", 9, "ends within its header"},
	    {"\x93NUMPY\x01\x00\x76\x00{'descr'", 18, "ends within its header"},
	    {"\x93NUMPY\x02\x00\xff\xff\xff\xff{'descr'", 20, "header of 4294967295 bytes"},
	    {"\x93NUMPY\x01\x01\x76\x00", 10, "version 1.1"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		clu_npy_reader *reader = NULL;
		clu_error error = {0};
		support_write(made->path, cases[i].bytes, cases[i].size);
		assert_int_equal(clu_npy_open(made->path, &reader, &error), CLU_FORMAT);
		print_message("%s\n", error.message);
		assert_non_null(strstr(error.message, cases[i].part));
	}
	clu_npy_reader *reader;
	clu_error error;
	assert_int_equal(clu_npy_open(made->directory, &reader, &error), CLU_FILE);
	char *missing = support_path(made->directory, "none.npy");
	assert_int_equal(clu_npy_open(missing, &reader, &error), CLU_FILE);
	assert_non_null(strstr(error.message, missing));
	free(missing);
}

static void test_values_that_are_not_finite(void **state)
{
	fixture *made = *state;
	static const struct {
		double value;
		bool wide;
		const char *part;
	} cases[] = {
	    {NAN, false, "is NaN"},
	    {INFINITY, false, "infinite"},
	    {-INFINITY, false, "infinite"},
	    {NAN, true, "is NaN"},
	    {-INFINITY, true, "infinite"},
	    {1e39, true, "too large"},
	    {-3.5e38, true, "too large"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		double wide[12] = {0};
		float narrow[12] = {0}, values[12];
		clu_npy_reader *reader;
		clu_error error = {0};
		wide[8] = cases[i].value;
		narrow[8] = (float)cases[i].value;
		if (cases[i].wide)
			write_npy(made->path, 1, HEADER("<f8", "False", "(4, 3)"), wide, sizeof wide);
		else
			write_npy(made->path, 1, HEADER("<f4", "False", "(4, 3)"), narrow, sizeof narrow);
		support_ok(clu_npy_open(made->path, &reader, &error), &error);
		support_ok(clu_npy_read(reader, 1, values, &error), &error);
		assert_int_equal(clu_npy_read(reader, 3, values, &error), CLU_FORMAT);
		print_message("%s\n", error.message);
		assert_non_null(strstr(error.message, "row 2, column 2"));
		assert_non_null(strstr(error.message, cases[i].part));
		clu_npy_close(reader);
	}
	clu_npy_close(NULL);
}

/* A pipe's size is not known beforehand: that it ends early shows when it does. */
static void test_pipe_that_ends_early(void **state)
{
	fixture *made = *state;
	char *pipe_path = support_path(made->directory, "pipe");
	write_npy(made->path, 1, HEADER("<f4", "False", "(2, 3)"), six_f4, 20);
	size_t size;
	char *bytes = support_read(made->path, &size);
	assert_int_equal(mkfifo(pipe_path, 0600), 0);
	pid_t writer = fork();
	assert_true(writer >= 0);
	if (writer == 0) {
		FILE *stream = fopen(pipe_path, "wb");
		_exit(stream && fwrite(bytes, 1, size, stream) == size && fclose(stream) == 0 ? 0 : 1);
	}
	clu_npy_reader *reader;
	clu_error error;
	float values[6];
	support_ok(clu_npy_open(pipe_path, &reader, &error), &error);
	assert_int_equal(clu_npy_read(reader, 2, values, &error), CLU_FORMAT);
	assert_non_null(strstr(error.message, "ends in row 1 of 2"));
	clu_npy_close(reader);
	free(bytes);
	free(pipe_path);
}

static void test_nothing_is_left_of_what_was_not_committed(void **state)
{
	fixture *made = *state;
	clu_npy_writer *writer;
	clu_error error = {0};
	support_ok(clu_npy_create(made->path, 2, 3, &writer, &error), &error);
	support_ok(clu_npy_write(writer, 1, six, &error), &error);
	clu_npy_abort(writer);
	clu_npy_abort(NULL);
	support_ok(clu_npy_create(made->path, 2, 3, &writer, &error), &error);
	assert_int_equal(clu_npy_write(writer, 3, six, &error), CLU_ARGUMENT);
	support_ok(clu_npy_write(writer, 1, six, &error), &error);
	assert_int_equal(clu_npy_commit(writer, &error), CLU_ARGUMENT);
	assert_non_null(strstr(error.message, "1 rows given, wanted 2"));
	assert_int_equal(rmdir(made->directory), 0); /* works on empty ones only */
	assert_int_equal(clu_npy_create(made->path, 2, 3, &writer, &error), CLU_FILE);
	assert_int_equal(mkdir(made->directory, 0700), 0);
}

#define NPY_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    NPY_TEST(test_reads_what_numpy_writes),
	    NPY_TEST(test_writes_the_layout),
	    NPY_TEST(test_there_and_back_in_slices),
	    NPY_TEST(test_refused),
	    NPY_TEST(test_refused_bytes),
	    NPY_TEST(test_values_that_are_not_finite),
	    NPY_TEST(test_pipe_that_ends_early),
	    NPY_TEST(test_nothing_is_left_of_what_was_not_committed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
