/* npy.c: matrices on disk in NumPy's .npy format, read and written in slices of rows, so that files may be larger than memory.
 *
 * Read: format versions 1.0 to 3.0, float32 and float64, little-endian, C order, one or two dimensions. Written: version 1.0,
 * float32, data at a multiple of 64 bytes. Everything else is refused with what was found and what is wanted, never guessed. */
#include "file.h"
#include "status.h"

#include <ctype.h>
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define NPY_MAGIC "\x93NUMPY"
#define NPY_PREFIX 8         /* magic and version */
#define NPY_HEADER_MAX 65536 /* far more than two numbers and a type need */
#define NPY_CHUNK 65536      /* bytes converted at once */

struct clu_npy_reader {
	FILE *stream;
	char *path;
	size_t rows, columns, row; /* row: the next one to be read */
	size_t width;              /* bytes of a value: 4 or 8 */
};

/* ---- header ---- */

/* What a header says. A shape of more than two dimensions has dimensions > 2 and no sizes. */
typedef struct npy_header {
	char type[32];
	bool fortran_order;
	int dimensions;
	uint64_t shape[2];
	bool has_type, has_order, has_shape;
} npy_header;

static const char *skip_spaces(const char *at)
{
	while (isspace((unsigned char)*at)) at++;
	return at;
}

/* Reads a quoted Python string; NULL where there is none or it is longer than `room` − 1. */
static const char *read_string(const char *at, char *text, size_t room)
{
	char quote = *at;
	if (quote != '\'' && quote != '"') return NULL;
	size_t length = 0;
	for (at++; *at && *at != quote; at++) {
		if (length + 1 == room || *at == '\\') return NULL;
		text[length++] = *at;
	}
	text[length] = '\0';
	return *at ? at + 1 : NULL;
}

/* Reads a tuple of sizes: "(3, 4)", "(3,)", "()"; a size may end in L, as Python 2 wrote it. */
static const char *read_shape(const char *at, npy_header *header)
{
	if (*at != '(') return NULL;
	at = skip_spaces(at + 1);
	while (*at != ')') {
		if (!isdigit((unsigned char)*at)) return NULL;
		uint64_t size = 0;
		for (; isdigit((unsigned char)*at); at++) {
			if (size > (UINT64_MAX - 9) / 10) return NULL;
			size = size * 10 + (uint64_t)(*at - '0');
		}
		if (header->dimensions < 2) header->shape[header->dimensions] = size;
		header->dimensions++;
		at = skip_spaces(*at == 'L' ? at + 1 : at);
		if (*at == ',')
			at = skip_spaces(at + 1);
		else if (*at != ')')
			return NULL;
	}
	return at + 1;
}

/* Reads the value of a key of the header; NULL where it is malformed or the key is unknown. */
static const char *read_entry(const char *at, const char *key, npy_header *header)
{
	if (strcmp(key, "descr") == 0) {
		header->has_type = true;
		if (*at != '[') return read_string(at, header->type, sizeof header->type);
		snprintf(header->type, sizeof header->type, "a structured type"); /* refused: how it ends does not matter */
		return strchr(at, ']') ? strrchr(at, ']') + 1 : NULL;
	}
	if (strcmp(key, "fortran_order") == 0) {
		header->has_order = true;
		header->fortran_order = strncmp(at, "True", 4) == 0;
		if (header->fortran_order) return at + 4;
		return strncmp(at, "False", 5) == 0 ? at + 5 : NULL;
	}
	if (strcmp(key, "shape") == 0) {
		header->has_shape = true;
		return read_shape(at, header);
	}
	return NULL;
}

/* Parses "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }", keys in any order. */
static bool parse_header(const char *text, npy_header *header)
{
	const char *at = skip_spaces(text);
	*header = (npy_header){0};
	if (*at++ != '{') return false;
	for (at = skip_spaces(at); *at != '}'; at = skip_spaces(at)) {
		char key[16];
		at = read_string(at, key, sizeof key);
		if (!at) return false;
		at = skip_spaces(at);
		if (*at++ != ':') return false;
		at = read_entry(skip_spaces(at), key, header);
		if (!at) return false;
		at = skip_spaces(at);
		if (*at == ',')
			at++;
		else if (*at != '}')
			return false;
	}
	return *skip_spaces(at + 1) == '\0' && header->has_type && header->has_order && header->has_shape;
}

/* ---- reading ---- */

static clu_status fail_truncated(const clu_npy_reader *reader, clu_error *error)
{
	if (ferror(reader->stream)) return clu_fail(error, CLU_FILE, "cannot read %s: %s", reader->path, strerror(errno));
	return clu_fail(error, CLU_FORMAT, "%s is truncated: it ends within its header", reader->path);
}

/* Reads magic, version and header text (NUL-terminated; the caller frees it, also on an error). */
static clu_status read_header_text(clu_npy_reader *reader, char **text, clu_error *error)
{
	unsigned char prefix[NPY_PREFIX + 4] = {0};
	size_t got = fread(prefix, 1, NPY_PREFIX, reader->stream);
	if (ferror(reader->stream)) return fail_truncated(reader, error);
	if (got < NPY_PREFIX) {
		return clu_fail(error, CLU_FORMAT, "%s is no .npy file: it has %zu bytes, fewer than its prefix", reader->path, got);
	}
	if (memcmp(prefix, NPY_MAGIC, 6) != 0) {
		return clu_fail(error, CLU_FORMAT, "%s is no .npy file: it begins with %02x %02x %02x %02x, wanted 93 4e 55 4d",
		    reader->path, prefix[0], prefix[1], prefix[2], prefix[3]);
	}
	unsigned major = prefix[6];
	if (major < 1 || major > 3 || prefix[7] != 0) {
		return clu_fail(error, CLU_FORMAT, "%s is of .npy version %u.%u, wanted 1.0, 2.0 or 3.0", reader->path, major, prefix[7]);
	}
	size_t length_bytes = major == 1 ? 2 : 4, length = 0;
	if (fread(prefix + NPY_PREFIX, 1, length_bytes, reader->stream) != length_bytes) return fail_truncated(reader, error);
	for (size_t i = length_bytes; i-- > 0;) length = length << 8 | prefix[NPY_PREFIX + i];
	if (length > NPY_HEADER_MAX) {
		return clu_fail(error, CLU_FORMAT, "%s has a header of %zu bytes, wanted at most %d", reader->path, length, NPY_HEADER_MAX);
	}
	*text = calloc(length + 1, 1);
	if (!*text) return clu_fail(error, CLU_MEMORY, "out of memory for the header of %s", reader->path);
	return fread(*text, 1, length, reader->stream) == length ? CLU_OK : fail_truncated(reader, error);
}

/* Takes type, order and shape over, where they are such as we read. */
static clu_status accept_header(clu_npy_reader *reader, const npy_header *header, clu_error *error)
{
	if (strcmp(header->type, "<f4") == 0)
		reader->width = 4;
	else if (strcmp(header->type, "<f8") == 0)
		reader->width = 8;
	else {
		return clu_fail(error, CLU_FORMAT, "%s has values of type %s, wanted <f4 or <f8 (float32 or float64, little-endian)",
		    reader->path, header->type);
	}
	if (header->dimensions < 1 || header->dimensions > 2) {
		return clu_fail(error, CLU_FORMAT, "%s has %d dimensions, wanted 1 (one row) or 2", reader->path, header->dimensions);
	}
	uint64_t rows = header->dimensions == 1 ? 1 : header->shape[0], columns = header->shape[header->dimensions - 1];
	if (rows == 0 || columns == 0) {
		return clu_fail(
		    error, CLU_FORMAT, "%s is empty: %ju rows of %ju values", reader->path, (uintmax_t)rows, (uintmax_t)columns);
	}
	if (rows > (SIZE_MAX - NPY_HEADER_MAX - 16) / reader->width / columns) {
		return clu_fail(error, CLU_FORMAT, "%s claims %ju rows of %ju values, more than can be addressed", reader->path,
		    (uintmax_t)rows, (uintmax_t)columns);
	}
	if (header->fortran_order && rows > 1 && columns > 1) {
		return clu_fail(error, CLU_FORMAT,
		    "%s lies in Fortran order, wanted C order (rows one after another): save numpy.ascontiguousarray(a)", reader->path);
	}
	reader->rows = (size_t)rows;
	reader->columns = (size_t)columns;
	return CLU_OK;
}

/* A file's size is known before its data is read; a pipe's is not, and then the data itself has to tell. */
static clu_status check_size(const clu_npy_reader *reader, clu_error *error)
{
	struct stat about;
	if (fstat(fileno(reader->stream), &about) != 0 || !S_ISREG(about.st_mode)) return CLU_OK;
	off_t at = ftello(reader->stream);
	if (at < 0) return clu_fail(error, CLU_FILE, "cannot read %s: %s", reader->path, strerror(errno));
	uintmax_t found = (uintmax_t)(about.st_size - at), wanted = (uintmax_t)reader->rows * reader->columns * reader->width;
	if (found == wanted) return CLU_OK;
	return clu_fail(error, CLU_FORMAT, "%s %s: %ju bytes of data, wanted %ju for %zu rows of %zu values of %zu bytes", reader->path,
	    found < wanted ? "is truncated" : "has trailing bytes", found, wanted, reader->rows, reader->columns, reader->width);
}

static clu_status open_stream(clu_npy_reader *reader, const char *path, clu_error *error)
{
	struct stat about;
	reader->path = strdup(path);
	if (!reader->path) return clu_fail(error, CLU_MEMORY, "out of memory for the name of %s", path);
	reader->stream = fopen(path, "rb");
	if (!reader->stream) return clu_fail(error, CLU_FILE, "cannot read %s: %s", path, strerror(errno));
	if (fstat(fileno(reader->stream), &about) == 0 && S_ISDIR(about.st_mode)) {
		return clu_fail(error, CLU_FILE, "cannot read %s: %s", path, strerror(EISDIR));
	}
	return CLU_OK;
}

clu_status clu_npy_open(const char *path, clu_npy_reader **out, clu_error *error)
{
	clu_status status;
	char *text = NULL;
	npy_header header;
	clu_npy_reader *reader = calloc(1, sizeof *reader);
	if (!reader) return clu_fail(error, CLU_MEMORY, "out of memory to read %s", path);
	CLU_GOTO(open_stream(reader, path, error));
	CLU_GOTO(read_header_text(reader, &text, error));
	if (!parse_header(text, &header)) {
		status = clu_fail(error, CLU_FORMAT, "%s has a header that cannot be read: \"%.*s\"", path, (int)strcspn(text, "\n"), text);
		goto cleanup;
	}
	CLU_GOTO(accept_header(reader, &header, error));
	CLU_GOTO(check_size(reader, error));
	*out = reader;
cleanup:
	free(text);
	if (status != CLU_OK) clu_npy_close(reader);
	return status;
}

size_t clu_npy_rows(const clu_npy_reader *reader)
{
	return reader->rows;
}

size_t clu_npy_columns(const clu_npy_reader *reader)
{
	return reader->columns;
}

/* Byte by byte, so that the host's order does not matter; compilers make one load of it. */
static uint32_t load_u32(const unsigned char *bytes)
{
	return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

/* Converts count values; returns the index of the first that is not finite as float32, or count. */
static size_t convert_values(const unsigned char *bytes, size_t width, size_t count, float *values)
{
	for (size_t i = 0; i < count; i++) {
		if (width == 4) {
			uint32_t bits = load_u32(bytes + 4 * i);
			memcpy(&values[i], &bits, sizeof bits);
		} else {
			uint64_t bits = load_u32(bytes + 8 * i) | (uint64_t)load_u32(bytes + 8 * i + 4) << 32;
			double value;
			memcpy(&value, &bits, sizeof bits);
			values[i] = fabs(value) <= (double)FLT_MAX ? (float)value : isnan(value) ? NAN : INFINITY;
		}
		if (!isfinite(values[i])) return i;
	}
	return count;
}

clu_status clu_npy_read(clu_npy_reader *reader, size_t rows, float *values, clu_error *error)
{
	unsigned char bytes[NPY_CHUNK];
	if (rows > reader->rows - reader->row) {
		return clu_fail(
		    error, CLU_ARGUMENT, "%s: %zu rows wanted from row %zu on, of %zu", reader->path, rows, reader->row, reader->rows);
	}
	size_t count = rows * reader->columns, most = NPY_CHUNK / reader->width;
	for (size_t done = 0; done < count;) {
		size_t part = count - done < most ? count - done : most;
		size_t got = fread(bytes, reader->width, part, reader->stream);
		size_t good = convert_values(bytes, reader->width, got, values + done);
		size_t row = reader->row + (done + good) / reader->columns, column = (done + good) % reader->columns;
		if (good < got) {
			return clu_fail(error, CLU_FORMAT, "%s: row %zu, column %zu (counted from 0) is %s, wanted a finite float32",
			    reader->path, row, column, isnan(values[done + good]) ? "NaN" : "infinite or too large");
		}
		if (got < part && ferror(reader->stream))
			return clu_fail(error, CLU_FILE, "cannot read %s: %s", reader->path, strerror(errno));
		if (got < part) {
			return clu_fail(error, CLU_FORMAT, "%s is truncated: it ends in row %zu of %zu", reader->path, row, reader->rows);
		}
		done += part;
	}
	reader->row += rows;
	return CLU_OK;
}

void clu_npy_close(clu_npy_reader *reader)
{
	if (!reader) return;
	if (reader->stream) fclose(reader->stream);
	free(reader->path);
	free(reader);
}

/* ---- writing ---- */

struct clu_npy_writer {
	file_temporary file;
	size_t rows, columns, row; /* row: the next one to be written */
};

static clu_status write_header(clu_npy_writer *writer, clu_error *error)
{
	char header[192];
	int length = snprintf(header + NPY_PREFIX + 2, sizeof header - NPY_PREFIX - 2,
	    "{'descr': '<f4', 'fortran_order': False, 'shape': (%zu, %zu), }", writer->rows, writer->columns);
	size_t used = NPY_PREFIX + 2 + (size_t)length, size = (used + 1 + 63) / 64 * 64; /* the text ends in a newline */
	memset(header + used, ' ', size - used);
	header[size - 1] = '\n';
	memcpy(header, NPY_MAGIC "\x01\x00", NPY_PREFIX);
	header[NPY_PREFIX] = (char)((size - NPY_PREFIX - 2) & 0xff);
	header[NPY_PREFIX + 1] = (char)((size - NPY_PREFIX - 2) >> 8);
	return file_append(&writer->file, header, size, error);
}

clu_status clu_npy_create(const char *path, size_t rows, size_t columns, clu_npy_writer **out, clu_error *error)
{
	clu_npy_writer *writer = calloc(1, sizeof *writer);
	if (!writer) return clu_fail(error, CLU_MEMORY, "out of memory to write %s", path);
	writer->rows = rows;
	writer->columns = columns;
	clu_status status = file_begin(path, &writer->file, error);
	if (status == CLU_OK) status = write_header(writer, error);
	if (status == CLU_OK)
		*out = writer;
	else
		clu_npy_abort(writer);
	return status;
}

clu_status clu_npy_write(clu_npy_writer *writer, size_t rows, const float *values, clu_error *error)
{
	unsigned char bytes[NPY_CHUNK];
	if (rows > writer->rows - writer->row) {
		return clu_fail(error, CLU_ARGUMENT, "%s: %zu rows given from row %zu on, wanted %zu in all", writer->file.path, rows,
		    writer->row, writer->rows);
	}
	size_t count = rows * writer->columns;
	for (size_t done = 0; done < count;) {
		size_t part = count - done < NPY_CHUNK / 4 ? count - done : NPY_CHUNK / 4;
		for (size_t i = 0; i < part; i++) {
			uint32_t bits;
			memcpy(&bits, &values[done + i], sizeof bits);
			for (int byte = 0; byte < 4; byte++) bytes[4 * i + (size_t)byte] = (unsigned char)(bits >> 8 * byte);
		}
		CLU_TRY(file_append(&writer->file, bytes, 4 * part, error));
		done += part;
	}
	writer->row += rows;
	return CLU_OK;
}

clu_status clu_npy_commit(clu_npy_writer *writer, clu_error *error)
{
	clu_status status;
	if (writer->row < writer->rows) {
		status = clu_fail(error, CLU_ARGUMENT, "%s: %zu rows given, wanted %zu", writer->file.path, writer->row, writer->rows);
	} else {
		status = file_commit(&writer->file, error);
	}
	clu_npy_abort(writer);
	return status;
}

void clu_npy_abort(clu_npy_writer *writer)
{
	if (!writer) return;
	file_abort(&writer->file);
	free(writer);
}
