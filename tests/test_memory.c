/* test_memory.c: device buffers: created zeroed or refused with figures, ranges that are written, cleared and copied exactly,
 * rows that get their padding and lose it again. TEST_NEEDS: device */
#include "support_network.h"

#include <stdlib.h>
#include <string.h>

static void test_created_zeroed(void **state)
{
	clu_device *device = *state;
	static const uint64_t sizes[] = {4, 8, 4 * 17, 4 * 4099};
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		clu_error error;
		cl_mem buffer;
		float values[4099], zeros[4099] = {0};
		memset(values, 0xff, sizeof values);
		support_ok(memory_create(device, "some values", sizes[i], &buffer, &error), &error);
		support_ok(memory_read(device, buffer, 0, sizes[i], values, &error), &error);
		assert_memory_equal(values, zeros, sizes[i]);
		memory_release(&buffer);
		assert_null(buffer);
		memory_release(&buffer);
	}
}

/* An empty set of samples still has a buffer that kernels can be given. */
static void test_nothing(void **state)
{
	clu_device *device = *state;
	clu_error error;
	cl_mem buffer;
	support_ok(memory_create(device, "nothing", 0, &buffer, &error), &error);
	assert_non_null(buffer);
	support_ok(memory_write(device, buffer, 0, 0, NULL, &error), &error);
	support_ok(memory_read(device, buffer, 0, 0, NULL, &error), &error);
	support_ok(memory_write_rows(device, buffer, 0, NULL, 0, 3, 16, &error), &error);
	memory_release(&buffer);
}

static void test_too_large(void **state)
{
	clu_device *device = *state;
	const uint64_t sizes[] = {device->info.allocation_bytes + 1, UINT64_MAX / 8};
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		clu_error error;
		cl_mem buffer = NULL;
		assert_int_equal(memory_create(device, "layer outputs", sizes[i], &buffer, &error), CLU_SIZE);
		assert_null(buffer);
		assert_non_null(strstr(error.message, "layer outputs"));
		assert_non_null(strstr(error.message, "MiB"));
		assert_non_null(strstr(error.message, device->info.name));
	}
}

static void test_ranges(void **state)
{
	clu_device *device = *state;
	enum { COUNT = 12 };
	const float start[COUNT] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, two[2] = {-1, -2};
	const float wanted_a[COUNT] = {1, 2, -1, -2, 5, 0, 0, 0, 9, 10, 11, 12},
	            wanted_b[COUNT] = {0, 0, 0, 0, 0, 0, -1, -2, 5, 0, 0, 0};
	float got[COUNT];
	clu_error error;
	cl_mem a, b;
	support_ok(memory_create(device, "a", sizeof start, &a, &error), &error);
	support_ok(memory_create(device, "b", sizeof start, &b, &error), &error);
	support_ok(memory_write(device, a, 0, sizeof start, start, &error), &error);
	support_ok(memory_write(device, a, 8, sizeof two, two, &error), &error);
	support_ok(memory_zero(device, a, 20, 12, &error), &error);
	support_ok(memory_copy(device, a, b, 8, 24, 12, &error), &error);
	support_ok(memory_read(device, a, 0, sizeof got, got, &error), &error);
	assert_memory_equal(got, wanted_a, sizeof got);
	support_ok(memory_read(device, b, 0, sizeof got, got, &error), &error);
	assert_memory_equal(got, wanted_b, sizeof got);
	memset(got, 0, sizeof got);
	support_ok(memory_read(device, b, 24, 12, got, &error), &error);
	assert_true(got[0] == -1 && got[1] == -2 && got[2] == 5 && got[3] == 0);
	memory_release(&a);
	memory_release(&b);
}

static void test_mapped(void **state)
{
	clu_device *device = *state;
	const float start[4] = {1, 2, 3, 4}, wanted[4] = {1, 7, 8, 4};
	float got[4], *at;
	clu_error error;
	cl_mem buffer;
	support_ok(memory_create(device, "mapped", sizeof start, &buffer, &error), &error);
	support_ok(memory_write(device, buffer, 0, sizeof start, start, &error), &error);
	support_ok(memory_map(device, buffer, CL_MAP_WRITE_INVALIDATE_REGION, 4, 8, (void **)&at, &error), &error);
	at[0] = 7;
	at[1] = 8;
	support_ok(memory_unmap(device, buffer, at, &error), &error);
	support_ok(memory_read(device, buffer, 0, sizeof got, got, &error), &error);
	assert_memory_equal(got, wanted, sizeof wanted);
	support_ok(memory_map(device, buffer, CL_MAP_READ, 4, 12, (void **)&at, &error), &error);
	assert_memory_equal(at, wanted + 1, 12);
	support_ok(memory_unmap(device, buffer, at, &error), &error);
	memory_release(&buffer);
}

/* Outside the buffer: an error from the driver, forwarded with the device's name. */
static void test_out_of_range(void **state)
{
	clu_device *device = *state;
	clu_error error;
	cl_mem buffer;
	float values[4] = {0};
	const char *driver = getenv("CLUNROLL_TEST_DRIVER");
	if (driver && strcmp(driver, "oclgrind") == 0) skip(); /* it reports such a call as the fault that it is */
	support_ok(memory_create(device, "four values", sizeof values, &buffer, &error), &error);
	assert_int_equal(memory_read(device, buffer, 4, sizeof values, values, &error), CLU_DEVICE);
	assert_non_null(strstr(error.message, device->info.name));
	assert_int_equal(memory_write(device, buffer, 4, sizeof values, values, &error), CLU_DEVICE);
	void *at;
	assert_int_equal(memory_map(device, buffer, CL_MAP_READ, 4, sizeof values, &at, &error), CLU_DEVICE);
	assert_non_null(strstr(error.message, "mapping"));
	memory_release(&buffer);
}

/* Row counts around the slices in which rows are padded. */
static void test_rows(void **state)
{
	clu_device *device = *state;
	static const struct {
		size_t count;
		uint32_t columns, ld;
	} cases[] = {{1, 1, 16}, {1, 16, 16}, {3, 5, 16}, {7, 17, 32}, {4095, 3, 16}, {4096, 3, 16}, {4097, 3, 16}, {8193, 1, 16}};
	enum { BEFORE = 5, AFTER = 3 };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const size_t count = cases[i].count, columns = cases[i].columns, ld = cases[i].ld, all = BEFORE + count * ld + AFTER;
		clu_error error;
		cl_mem buffer;
		float *rows = malloc(count * columns * sizeof *rows), *whole = malloc(all * sizeof *whole);
		assert_true(rows && whole);
		support_fill(rows, count * columns, 1.0, i);
		for (size_t k = 0; k < all; k++) whole[k] = 9;
		support_ok(memory_create(device, "rows", all * sizeof *whole, &buffer, &error), &error);
		support_ok(memory_write(device, buffer, 0, all * sizeof *whole, whole, &error), &error);
		support_ok(memory_write_rows(device, buffer, BEFORE, rows, count, cases[i].columns, cases[i].ld, &error), &error);
		support_ok(memory_read(device, buffer, 0, all * sizeof *whole, whole, &error), &error);
		for (size_t k = 0; k < all; k++) {
			const size_t at = k - BEFORE, row = at / ld, column = at % ld;
			const bool inside = k >= BEFORE && at < count * ld;
			assert_true(whole[k] == (!inside ? 9 : column < columns ? rows[row * columns + column] : 0));
		}
		memory_release(&buffer);
		free(whole);
		free(rows);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_created_zeroed),
	    cmocka_unit_test(test_nothing),
	    cmocka_unit_test(test_too_large),
	    cmocka_unit_test(test_ranges),
	    cmocka_unit_test(test_mapped),
	    cmocka_unit_test(test_out_of_range),
	    cmocka_unit_test(test_rows),
	};
	return cmocka_run_group_tests(tests, support_group_open, support_group_close);
}
