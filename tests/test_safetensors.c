/* test_safetensors.c: tensors and metadata there and back, the layout byte by byte, and files that are damaged in every way:
 * each header below is wrong in one thing and must be refused with its name, and no damage at all may be read past the end. */
#include "safetensors.h"
#include "support.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of a file with this header, padded to a multiple of 8, and `data` bytes 0, 1, 2, … The caller frees them. */
static unsigned char *make_file(const char *header, size_t data, size_t *size)
{
	size_t length = strlen(header), padded = (length + 7) / 8 * 8;
	*size = 8 + padded + data;
	unsigned char *bytes = malloc(*size);
	assert_non_null(bytes);
	for (int i = 0; i < 8; i++) bytes[i] = (unsigned char)((uint64_t)padded >> 8 * i);
	memset(bytes + 8, ' ', padded);
	memcpy(bytes + 8, header, length);
	for (size_t i = 0; i < data; i++) bytes[8 + padded + i] = (unsigned char)i;
	return bytes;
}

static void test_layout(void **state)
{
	(void)state;
	static const uint8_t flags[3] = {1, 0, 255};
	static const float weights[2] = {1.0f, -2.0f};
	const tensor_info tensors[] = {
	    {"flags", TENSOR_U8, 1, {3}, flags},
	    {"weights", TENSOR_F32, 2, {2, 1}, weights},
	};
	const metadata_entry entries[] = {{"a", "1"}, {"quoted", "\"\n{}"}};
	void *bytes;
	size_t size;
	clu_error error;
	support_ok(safetensors_encode(tensors, 2, entries, 2, &bytes, &size, &error), &error);
	static const char header[] = "{\"__metadata__\":{\"a\":\"1\",\"quoted\":\"\\\"\\n{}\"},"
	                             "\"weights\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[0,8]},"
	                             "\"flags\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[8,11]}}";
	size_t padded = (strlen(header) + 7) / 8 * 8;
	const unsigned char *file = bytes;
	assert_int_equal(size, 8 + padded + 11);
	assert_int_equal(file[0], padded & 0xff);
	assert_int_equal(file[1], padded >> 8);
	for (int i = 2; i < 8; i++) assert_int_equal(file[i], 0);
	assert_memory_equal(file + 8, header, strlen(header));
	for (size_t i = strlen(header); i < padded; i++) assert_int_equal(file[8 + i], ' ');
	assert_memory_equal(file + 8 + padded, "\x00\x00\x80\x3f\x00\x00\x00\xc0\x01\x00\xff", 11);
	free(bytes);
}

static void test_there_and_back(void **state)
{
	(void)state;
	static const double f64[3] = {DBL_MAX, -0.0, INFINITY};
	static const uint64_t u64[2] = {UINT64_MAX, 1};
	static const float f32[4] = {FLT_MIN, -1.5f, NAN, 3.0f};
	static const uint32_t u32[1] = {0xdeadbeef};
	static const uint8_t u8[5] = {0, 1, 2, 254, 255};
	const tensor_info tensors[] = {
	    {"u8", TENSOR_U8, 1, {5}, u8},
	    {"f32", TENSOR_F32, 4, {1, 2, 2, 1}, f32},
	    {"f64", TENSOR_F64, 2, {3, 1}, f64},
	    {"u32", TENSOR_U32, 0, {0}, u32},
	    {"none", TENSOR_F32, 2, {0, 7}, f32},
	    {"u64", TENSOR_U64, 1, {2}, u64},
	};
	unsigned char values[64];
	void *bytes;
	size_t size;
	clu_error error;
	safetensors *file;
	support_ok(safetensors_encode(tensors, 6, NULL, 0, &bytes, &size, &error), &error);
	support_ok(safetensors_decode(bytes, size, "memory", &file, &error), &error);
	static const size_t sizes[] = {sizeof u8, sizeof f32, sizeof f64, sizeof u32, 0, sizeof u64};
	for (int i = 0; i < 6; i++) {
		tensor_info found;
		support_ok(safetensors_find(file, tensors[i].name, &found, &error), &error);
		assert_int_equal(found.type, tensors[i].type);
		assert_int_equal(found.dimensions, tensors[i].dimensions);
		support_ok(safetensors_take(file, &tensors[i], values, &error), &error);
		assert_memory_equal(values, tensors[i].data, sizes[i]);
	}
	assert_null(safetensors_metadata(file, "format"));
	assert_string_equal(safetensors_source(file), "memory");
	safetensors_destroy(file);
	safetensors_destroy(NULL);
	free(bytes);
}

static void test_nothing_at_all(void **state)
{
	(void)state;
	void *bytes;
	size_t size;
	clu_error error;
	safetensors *file;
	support_ok(safetensors_encode(NULL, 0, NULL, 0, &bytes, &size, &error), &error);
	support_ok(safetensors_decode(bytes, size, "empty", &file, &error), &error);
	safetensors_destroy(file);
	free(bytes);
}

static void test_take_names_what_is_wanted(void **state)
{
	(void)state;
	static const float values[6] = {0};
	static const struct {
		tensor_info wanted;
		const char *part;
	} cases[] = {
	    {{"x", TENSOR_F32, 2, {2, 3}, NULL}, "no tensor x"},
	    {{"w", TENSOR_F64, 2, {2, 3}, NULL}, "w is F32 [2][3], wanted F64 [2][3]"},
	    {{"w", TENSOR_F32, 2, {3, 2}, NULL}, "w is F32 [2][3], wanted F32 [3][2]"},
	    {{"w", TENSOR_F32, 1, {6}, NULL}, "w is F32 [2][3], wanted F32 [6]"},
	};
	void *bytes;
	size_t size;
	clu_error error;
	safetensors *file;
	support_ok(safetensors_encode(&(tensor_info){"w", TENSOR_F32, 2, {2, 3}, values}, 1, NULL, 0, &bytes, &size, &error), &error);
	support_ok(safetensors_decode(bytes, size, "w.safetensors", &file, &error), &error);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		float taken[6];
		assert_int_equal(safetensors_take(file, &cases[i].wanted, taken, &error), CLU_FORMAT);
		print_message("%s\n", error.message);
		assert_non_null(strstr(error.message, "w.safetensors"));
		assert_non_null(strstr(error.message, cases[i].part));
	}
	safetensors_destroy(file);
	free(bytes);
}

#define F32(name, shape, begin, end) "\"" name "\":{\"dtype\":\"F32\",\"shape\":" shape ",\"data_offsets\":[" begin "," end "]}"

static void test_refused_headers(void **state)
{
	(void)state;
	static const struct {
		const char *header;
		size_t data;
		const char *part;
	} cases[] = {
	    {"[]", 0, "no JSON object"},
	    {" {}", 0, "no JSON object"},
	    {"{\"a\":", 0, "no JSON object"},
	    {"{} x", 0, "no JSON object"},
	    {"{}{}", 0, "no JSON object"},
	    {"{}", 4, "4 bytes of data, its tensors have 0"},
	    {"{" F32("a", "[2]", "0", "8") "}", 7, "is truncated: tensor a ends at byte 8"},
	    {"{" F32("a", "[2]", "0", "8") "}", 9, "9 bytes of data, its tensors have 8"},
	    {"{" F32("a", "[2]", "0", "4") "}", 4, "tensor a has 4 bytes of data, its shape wants 8"},
	    {"{" F32("a", "[1]", "4", "8") "}", 8, "tensor a begins at byte 4 of the data, wanted 0"},
	    {"{" F32("a", "[2]", "0", "8") "," F32("b", "[1]", "4", "8") "}", 8, "tensor b begins at byte 4"},
	    {"{" F32("a", "[1]", "0", "4") "," F32("a", "[1]", "4", "8") "}", 8, "tensor a is there twice"},
	    {"{" F32("a", "[1]", "8", "4") "}", 8, "no data_offsets"},
	    {"{" F32("a", "[1]", "-4", "0") "}", 8, "no data_offsets"},
	    {"{" F32("a", "[1]", "0.5", "4.5") "}", 8, "no data_offsets"},
	    {"{" F32("a", "[1]", "0", "1e300") "}", 8, "no data_offsets"},
	    {"{" F32("a", "[1]", "\"0\"", "4") "}", 8, "no data_offsets"},
	    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, "no data_offsets"},
	    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}", 4, "no data_offsets"},
	    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4,8]}}", 8, "no data_offsets"},
	    {"{\"a\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[0,4]}}", 4, "tensor a has type F16, wanted F64"},
	    {"{\"a\":{\"shape\":[2],\"data_offsets\":[0,4]}}", 4, "tensor a has type none"},
	    {"{\"a\":{\"dtype\":4,\"shape\":[2],\"data_offsets\":[0,4]}}", 4, "tensor a has type none"},
	    {"{\"a\":3}", 0, "tensor a has type none"},
	    {"{" F32("a", "3", "0", "4") "}", 4, "tensor a has no shape"},
	    {"{" F32("a", "[1,1,1,1,1]", "0", "4") "}", 4, "at most 4 sizes"},
	    {"{" F32("a", "[-1]", "0", "4") "}", 4, "tensor a has no shape"},
	    {"{" F32("a", "[1.5]", "0", "4") "}", 4, "tensor a has no shape"},
	    {"{" F32("a", "[4294967296,4294967296]", "0", "4") "}", 4, "tensor a has no shape"},
	    {"{" F32("a", "[0]", "2", "2") "," F32("b", "[1]", "0", "4") "}", 4, "tensor a begins at byte 2"},
	    {"{\"__metadata__\":3}", 0, "metadata is no object of strings"},
	    {"{\"__metadata__\":{\"a\":3}}", 0, "metadata is no object of strings"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		size_t size;
		unsigned char *bytes = make_file(cases[i].header, cases[i].data, &size);
		clu_error error = {0};
		safetensors *file = NULL;
		clu_status status = safetensors_decode(bytes, size, "bad", &file, &error);
		print_message("%s\n\t%s\n", cases[i].header, error.message);
		assert_int_equal(status, CLU_FORMAT);
		assert_null(file);
		assert_non_null(strstr(error.message, cases[i].part));
		free(bytes);
	}
}

static void test_refused_lengths(void **state)
{
	(void)state;
	static const unsigned char lengths[][8] = {
	    {3}, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, {1, 0, 0, 0, 0, 0, 0, 0x80}, {0}};
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		unsigned char bytes[10] = "????????{}";
		safetensors *file = NULL;
		memcpy(bytes, lengths[i], 8);
		assert_int_equal(safetensors_decode(bytes, 10, "bad", &file, NULL), CLU_FORMAT);
		assert_null(file);
	}
	safetensors *file = NULL;
	for (size_t size = 0; size < 8; size++) assert_int_equal(safetensors_decode(lengths[0], size, "bad", &file, NULL), CLU_FORMAT);
}

/* Every truncation is refused; every changed byte is refused or gives tensors that can be taken in full. Each file lies in an
 * allocation of its exact size, where the sanitizer sees a read past its end. */
static void test_damage(void **state)
{
	(void)state;
	static const char header[] = "{\"__metadata__\":{\"k\":\"v\"}," F32("ab", "[1,2]", "0", "8") "," F32("c", "[1]", "8", "12") "}";
	size_t size;
	unsigned char *good = make_file(header, 12, &size);
	safetensors *file;
	for (size_t length = 0; length < size; length++) {
		unsigned char *part = malloc(length ? length : 1);
		assert_non_null(part);
		memcpy(part, good, length);
		assert_int_equal(safetensors_decode(part, length, "part", &file, NULL), CLU_FORMAT);
		free(part);
	}
	int accepted = 0;
	for (size_t at = 0; at < size; at++) {
		for (int change = 1; change < 256; change += 2) {
			unsigned char *bad = malloc(size);
			assert_non_null(bad);
			memcpy(bad, good, size);
			bad[at] ^= (unsigned char)change;
			if (safetensors_decode(bad, size, "bad", &file, NULL) == CLU_OK) {
				float values[2];
				safetensors_take(file, &(tensor_info){"ab", TENSOR_F32, 2, {1, 2}, NULL}, values, NULL);
				safetensors_take(file, &(tensor_info){"c", TENSOR_F32, 1, {1}, NULL}, values, NULL);
				safetensors_destroy(file);
				accepted++;
			}
			free(bad);
		}
	}
	assert_true(accepted >= 12 * 128); /* changes of the data alone */
	free(good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_layout),
	    cmocka_unit_test(test_there_and_back),
	    cmocka_unit_test(test_nothing_at_all),
	    cmocka_unit_test(test_take_names_what_is_wanted),
	    cmocka_unit_test(test_refused_headers),
	    cmocka_unit_test(test_refused_lengths),
	    cmocka_unit_test(test_damage),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
