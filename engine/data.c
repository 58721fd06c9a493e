/* data.c: data sets put together: generated ones and own files, held-out samples, the scale of own codes, writing them out. What
 * is generated is generate.c's affair, the file format npy.c's, the two NMSE nmse.c's.
 *
 * A set's samples are owned by it: x and b are freed with the data. Everything is checked before it is used, and an error names
 * the file, what was found and what was wanted. */
#include "generate.h"
#include "hash.h"
#include "status.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

clu_problem clu_problem_default(void)
{
	return (clu_problem){.m = 250,
	    .n = 500,
	    .density = 0.1,
	    .snr_db = INFINITY,
	    .seed = 1,
	    .train = 102400,
	    .validation = 10240,
	    .test = 10240,
	    .codes = CLU_CODES_BERNOULLI_GAUSSIAN,
	    .gamma_shape = 0.1,
	    .gamma_scale = 1.0};
}

/* Within these bounds some of a code's entries are normal numbers, so that samples without any are drawn again in vain seldom. */
static clu_status check_codes(const clu_problem *problem, clu_error *error)
{
	if (problem->codes == CLU_CODES_BERNOULLI_GAUSSIAN) {
		if (problem->density > 0.0 && problem->density <= 1.0) return CLU_OK;
		return clu_fail(error, CLU_ARGUMENT, "density is %g, wanted above 0, up to 1", problem->density);
	}
	if (problem->codes != CLU_CODES_GAMMA) {
		return clu_fail(error, CLU_ARGUMENT, "codes are of kind %d, wanted 0 to %d", (int)problem->codes, CLU_CODES_GAMMA);
	}
	if (!(problem->gamma_shape >= 1e-3 && problem->gamma_shape <= 1e3)) {
		return clu_fail(error, CLU_ARGUMENT, "gamma shape is %g, wanted 0.001 to 1000", problem->gamma_shape);
	}
	if (problem->gamma_scale >= 1e-6 && problem->gamma_scale <= 1e6) return CLU_OK;
	return clu_fail(error, CLU_ARGUMENT, "gamma scale is %g, wanted 1e-6 to 1e6", problem->gamma_scale);
}

static clu_status check_noise(const clu_problem *problem, clu_error *error)
{
	if (isnan(problem->snr_db) || (problem->snr_db != INFINITY && fabs(problem->snr_db) > 1000.0)) {
		return clu_fail(error, CLU_ARGUMENT, "SNR is %g dB, wanted -1000 to 1000, or infinity for no noise", problem->snr_db);
	}
	if (!(problem->salt_pepper >= 0.0 && problem->salt_pepper <= 1.0)) {
		return clu_fail(error, CLU_ARGUMENT, "share of salt and pepper is %g, wanted 0 to 1", problem->salt_pepper);
	}
	if (problem->perturbation >= 0.0 && problem->perturbation <= 1e3) return CLU_OK;
	return clu_fail(error, CLU_ARGUMENT, "perturbation is of scale %g, wanted 0 to 1000", problem->perturbation);
}

static clu_status check_problem(const clu_problem *problem, clu_error *error)
{
	if (problem->m < 1 || problem->m > CLU_SIDE_MAX || problem->n < 1 || problem->n > CLU_SIDE_MAX) {
		return clu_fail(error, CLU_ARGUMENT, "dictionary of %" PRIu32 "x%" PRIu32 ", wanted sides from 1 to %d", problem->m,
		    problem->n, CLU_SIDE_MAX);
	}
	if (problem->rank > problem->m || problem->rank > problem->n) {
		return clu_fail(error, CLU_ARGUMENT,
		    "dictionary of rank %" PRIu32 ", wanted at most its smaller side, %" PRIu32 ", or 0 for any", problem->rank,
		    problem->m < problem->n ? problem->m : problem->n);
	}
	CLU_TRY(check_codes(problem, error));
	CLU_TRY(check_noise(problem, error));
	if (problem->train > UINT32_MAX || problem->validation > UINT32_MAX || problem->test > UINT32_MAX) {
		return clu_fail(error, CLU_ARGUMENT, "sets of %zu, %zu and %zu samples, wanted at most %" PRIu32, problem->train,
		    problem->validation, problem->test, UINT32_MAX);
	}
	return CLU_OK;
}

/* ---- files ---- */

/* Reads a whole matrix; the caller frees *values. columns 0: any number, else what it must be, explained by `reason`. */
static clu_status read_matrix(
    const char *path, size_t wanted_columns, const char *reason, size_t *rows, size_t *columns, float **values, clu_error *error)
{
	clu_npy_reader *reader = NULL;
	float *matrix = NULL;
	clu_status status;
	CLU_GOTO(clu_npy_open(path, &reader, error));
	size_t found_rows = clu_npy_rows(reader), found_columns = clu_npy_columns(reader);
	if (wanted_columns && found_columns != wanted_columns) {
		status =
		    clu_fail(error, CLU_FORMAT, "%s has rows of %zu values, wanted %zu, %s", path, found_columns, wanted_columns, reason);
		goto cleanup;
	}
	matrix = calloc(found_rows, found_columns * sizeof *matrix);
	if (!matrix) {
		status = clu_fail(error, CLU_MEMORY, "out of memory for %zux%zu values of %s", found_rows, found_columns, path);
		goto cleanup;
	}
	CLU_GOTO(clu_npy_read(reader, found_rows, matrix, error));
	*rows = found_rows;
	if (columns) *columns = found_columns;
	*values = matrix;
	matrix = NULL;
cleanup:
	free(matrix);
	clu_npy_close(reader);
	return status;
}

static clu_status read_dictionary(const char *path, clu_data *data, clu_error *error)
{
	size_t rows, columns;
	CLU_TRY(read_matrix(path, 0, NULL, &rows, &columns, &data->dictionary, error));
	if (rows > CLU_SIDE_MAX || columns > CLU_SIDE_MAX) {
		return clu_fail(
		    error, CLU_FORMAT, "dictionary %s is %zux%zu, wanted sides of at most %d", path, rows, columns, CLU_SIDE_MAX);
	}
	data->m = (uint32_t)rows;
	data->n = (uint32_t)columns;
	return CLU_OK;
}

/* Reads codes, and their measurements where there is a file of them. */
static clu_status read_samples(const clu_data *data, const char *path_x, const char *path_b, clu_samples *samples, clu_error *error)
{
	size_t rows;
	CLU_TRY(read_matrix(path_x, data->n, "as many as the dictionary has columns", &samples->count, NULL, &samples->x, error));
	if (samples->count > UINT32_MAX) {
		return clu_fail(error, CLU_FORMAT, "%s has %zu rows, wanted at most %" PRIu32, path_x, samples->count, UINT32_MAX);
	}
	if (!path_b) return CLU_OK;
	CLU_TRY(read_matrix(path_b, data->m, "as many as the dictionary has rows", &rows, NULL, &samples->b, error));
	if (rows == samples->count) return CLU_OK;
	return clu_fail(error, CLU_FORMAT, "%s has %zu rows, wanted %zu as in %s", path_b, rows, samples->count, path_x);
}

/* ---- sets ---- */

/* What a set is made from. */
typedef struct set_source {
	generate_set set;
	const char *name, *path_x, *path_b;
	size_t wanted; /* samples to be generated or, where only train_x is there, held out if above 0 */
	clu_samples *samples;
} set_source;

static clu_status allocate_matrix(size_t rows, size_t columns, float **values, clu_error *error)
{
	*values = calloc(rows ? rows : 1, columns * sizeof **values);
	return *values ? CLU_OK : clu_fail(error, CLU_MEMORY, "out of memory for %zu samples of %zu values", rows, columns);
}

static clu_status generate_samples(const clu_problem *problem, const clu_data *data, const set_source *source, clu_error *error)
{
	clu_samples *samples = source->samples;
	const bool gamma = problem->codes == CLU_CODES_GAMMA;
	/* Far below one nonzero a sample nearly all would be empty and drawn again, without end in sight. */
	if (!gamma && source->wanted > 0 && problem->density * data->n < 0.01) {
		return clu_fail(error, CLU_ARGUMENT,
		    "density %g leaves nearly all samples of %" PRIu32 " entries empty, wanted at least %g", problem->density, data->n,
		    0.01 / data->n);
	}
	CLU_TRY(allocate_matrix(source->wanted, data->n, &samples->x, error));
	samples->count = source->wanted;
	if (gamma) {
		generate_gamma_codes(
		    problem->seed, source->set, problem->gamma_shape, problem->gamma_scale, samples->count, data->n, samples->x);
	} else {
		generate_codes(problem->seed, source->set, problem->density, samples->count, data->n, samples->x);
	}
	return CLU_OK;
}

/* Moves the last `count` rows of *from to *to. */
static clu_status hold_out(const clu_data *data, size_t count, clu_samples *from, clu_samples *to, clu_error *error)
{
	size_t left = from->count - count;
	CLU_TRY(allocate_matrix(count, data->n, &to->x, error));
	memcpy(to->x, from->x + left * data->n, count * data->n * sizeof *to->x);
	if (from->b) {
		CLU_TRY(allocate_matrix(count, data->m, &to->b, error));
		memcpy(to->b, from->b + left * data->m, count * data->m * sizeof *to->b);
	}
	to->count = count;
	from->count = left;
	return CLU_OK;
}

/* Splits an own training set: its last tenth goes to validation, the tenth before to the test, each unless it has a file of its
 * own or is not wanted. */
static clu_status hold_out_sets(const clu_data *data, const set_source source[3], clu_error *error)
{
	clu_samples *train = source[GENERATE_TRAIN].samples;
	size_t rows = train->count, part = rows / CLU_HELD_OUT_PART ? rows / CLU_HELD_OUT_PART : 1, sets = 0;
	bool held_out[3] = {false};
	for (int set = GENERATE_VALIDATION; set <= GENERATE_TEST; set++) {
		held_out[set] = !source[set].path_x && source[set].wanted > 0;
		sets += held_out[set];
	}
	if (rows < sets + 1) {
		return clu_fail(error, CLU_FORMAT,
		    "%s has %zu samples, wanted at least %zu: one to train on, and one for %s, which %s no file",
		    source[GENERATE_TRAIN].path_x, rows, sets + 1,
		    sets == 2                 ? "each of validation and test"
		    : held_out[GENERATE_TEST] ? "the test"
		                              : "validation",
		    sets == 2 ? "have" : "has");
	}
	for (int set = GENERATE_VALIDATION; set <= GENERATE_TEST; set++) {
		if (held_out[set]) CLU_TRY(hold_out(data, part, train, source[set].samples, error));
	}
	return CLU_OK;
}

/* Row of the first sample without a nonzero entry, or count. */
static size_t first_empty(const clu_samples *samples, uint32_t n)
{
	for (size_t i = 0; i < samples->count; i++) {
		const float *x = samples->x + i * n;
		uint32_t j = 0;
		while (j < n && x[j] == 0.0f) j++;
		if (j == n) return i;
	}
	return samples->count;
}

/* The NMSE of x* = 0 is not defined: no such sample may be validated or tested on. */
static clu_status check_no_empty(const clu_data *data, const set_source source[3], int set, clu_error *error)
{
	const set_source *checked = &source[set];
	const char *train_path = source[GENERATE_TRAIN].path_x;
	size_t row = first_empty(checked->samples, data->n);
	if (row == checked->samples->count) return CLU_OK;
	if (!train_path || checked->path_x)
		return clu_fail(error, CLU_FORMAT,
		    "%s: row %zu (from 0) is all zero, and NMSE is not defined for such a code: leave it out",
		    checked->path_x ? checked->path_x : "generated codes", row);
	row += data->train.count; /* the file has training samples, then those to test, then those to validate */
	if (set == GENERATE_VALIDATION && !source[GENERATE_TEST].path_x) row += data->test.count;
	return clu_fail(error, CLU_FORMAT,
	    "%s: row %zu (from 0), of the %s samples held out, is all zero, and NMSE is not defined for that: leave such rows out",
	    train_path, row, checked->name);
}

static clu_status complete_measurements(
    const clu_problem *problem, const clu_data *data, const set_source *source, clu_error *error)
{
	clu_samples *samples = source->samples;
	if (samples->b) return CLU_OK;
	const float *dictionary = data->perturbed ? data->perturbed : data->dictionary;
	CLU_TRY(allocate_matrix(samples->count, data->m, &samples->b, error));
	CLU_TRY(generate_measurements(
	    dictionary, data->m, data->n, samples->x, samples->count, problem->seed, source->set, problem->snr_db, samples->b, error));
	if (problem->salt_pepper > 0.0)
		generate_salt_pepper(problem->seed, source->set, problem->salt_pepper, samples->count, data->m, samples->b);
	return CLU_OK;
}

static clu_status make_sets(const clu_problem *problem, const clu_data *data, const set_source source[3], clu_error *error)
{
	const char *train_path = source[GENERATE_TRAIN].path_x;
	for (int set = GENERATE_TRAIN; set <= GENERATE_TEST; set++) {
		if (source[set].path_x) {
			CLU_TRY(read_samples(data, source[set].path_x, source[set].path_b, source[set].samples, error));
		} else if (source[set].path_b) {
			return clu_fail(
			    error, CLU_ARGUMENT, "measurements %s without the codes of the %s set", source[set].path_b, source[set].name);
		} else if (set == GENERATE_TRAIN || !train_path) {
			CLU_TRY(generate_samples(problem, data, &source[set], error));
		}
	}
	if (train_path) CLU_TRY(hold_out_sets(data, source, error));
	for (int set = GENERATE_TRAIN; set <= GENERATE_TEST; set++) {
		if (set != GENERATE_TRAIN) CLU_TRY(check_no_empty(data, source, set, error));
		CLU_TRY(complete_measurements(problem, data, &source[set], error));
	}
	return CLU_OK;
}

/* ---- scale ---- */

static void divide(float *values, size_t count, double scale)
{
	for (size_t i = 0; i < count; i++) values[i] = (float)((double)values[i] / scale);
}

/* The start of a training assumes codes of unit variance: own ones are brought there. */
static clu_status measure_scale(clu_data *data, const char *train_path, clu_error *error)
{
	double square = 0.0;
	size_t nonzero = 0, values = data->train.count * data->n;
	for (size_t i = 0; i < values; i++) {
		if (data->train.x[i] == 0.0f) continue;
		square += (double)data->train.x[i] * (double)data->train.x[i];
		nonzero++;
	}
	if (nonzero == 0) return clu_fail(error, CLU_FORMAT, "%s: all %zu codes to train on are zero", train_path, data->train.count);
	data->scale = sqrt(square / (double)nonzero);
	clu_samples *sets[] = {&data->train, &data->validation, &data->test};
	for (int set = 0; set < 3; set++) {
		divide(sets[set]->x, sets[set]->count * data->n, data->scale);
		divide(sets[set]->b, sets[set]->count * data->m, data->scale);
	}
	return CLU_OK;
}

/* ---- the whole ---- */

static clu_status make_dictionary(const clu_problem *problem, const char *path, clu_data *data, clu_error *error)
{
	if (path) {
		CLU_TRY(read_dictionary(path, data, error));
	} else {
		data->m = problem->m;
		data->n = problem->n;
		CLU_TRY(allocate_matrix(data->m, data->n, &data->dictionary, error));
		if (problem->rank > 0)
			CLU_TRY(generate_low_rank(problem->seed, data->m, data->n, problem->rank, data->dictionary, error));
		else
			generate_dictionary(problem->seed, data->m, data->n, data->dictionary);
	}
	if (problem->perturbation > 0.0) {
		CLU_TRY(allocate_matrix(data->m, data->n, &data->perturbed, error));
		generate_perturbed(problem->seed, problem->perturbation, data->m, data->n, data->dictionary, data->perturbed);
	}
	data->gain = path ? generate_gain(data->dictionary, data->m, data->n) : 1.0;
	CLU_TRY(generate_lipschitz(data->dictionary, data->m, data->n, &data->lipschitz, error));
	if (data->lipschitz > 0.0) return CLU_OK;
	return clu_fail(error, CLU_FORMAT, "dictionary %s is all zero", path ? path : "that was generated");
}

clu_status clu_data_create(const clu_problem *problem, const clu_data_files *files, clu_data **out, clu_error *error)
{
	static const clu_data_files no_files;
	clu_problem checked = *problem;
	if (!files) files = &no_files;
	if (files->dictionary) {
		checked.m = checked.n = 1; /* not used */
		checked.rank = 0;
	}
	CLU_TRY(check_problem(&checked, error));
	clu_data *data = calloc(1, sizeof *data);
	if (!data) return clu_fail(error, CLU_MEMORY, "out of memory for a data set");
	data->scale = 1.0;
	const set_source source[3] = {
	    {GENERATE_TRAIN, "training", files->train_x, files->train_b, problem->train, &data->train},
	    {GENERATE_VALIDATION, "validation", files->validation_x, files->validation_b, problem->validation, &data->validation},
	    {GENERATE_TEST, "test", files->test_x, files->test_b, problem->test, &data->test},
	};
	clu_status status;
	CLU_GOTO(make_dictionary(problem, files->dictionary, data, error));
	CLU_GOTO(make_sets(problem, data, source, error));
	if (files->train_x) CLU_GOTO(measure_scale(data, files->train_x, error));
	*out = data;
cleanup:
	if (status != CLU_OK) clu_data_destroy(data);
	return status;
}

void clu_data_destroy(clu_data *data)
{
	if (!data) return;
	clu_samples *sets[] = {&data->train, &data->validation, &data->test};
	for (int set = 0; set < 3; set++) {
		free(sets[set]->x);
		free(sets[set]->b);
	}
	free(data->dictionary);
	free(data->perturbed);
	free(data);
}

/* Scaled values alone would not do: twice the codes and measurements are the same values at another scale. */
uint64_t clu_data_hash(const clu_data *data)
{
	const uint32_t sizes[] = {data->m, data->n};
	const clu_samples *sets[] = {&data->train, &data->validation, &data->test};
	uint64_t hash = hash_words(HASH_START, sizes, 2);
	hash = hash_words(hash, &data->scale, sizeof data->scale / 4);
	hash = hash_words(hash, data->dictionary, (size_t)data->m * data->n);
	for (int set = 0; set < 3; set++) {
		const uint64_t count = sets[set]->count;
		hash = hash_words(hash, &count, 2);
		hash = hash_words(hash, sets[set]->x, sets[set]->count * data->n);
		hash = hash_words(hash, sets[set]->b, sets[set]->count * data->m);
	}
	return hash;
}

/* ---- writing ---- */

/* Writes directory/name.npy, values times scale. */
static clu_status write_matrix(
    const char *directory, const char *name, size_t rows, size_t columns, double scale, const float *values, clu_error *error)
{
	size_t room = strlen(directory) + strlen(name) + 6;
	char *path = malloc(room);
	float *row = calloc(columns, sizeof *row);
	clu_npy_writer *writer = NULL;
	clu_status status;
	if (!path || !row) {
		status = clu_fail(error, CLU_MEMORY, "out of memory to write %s/%s.npy", directory, name);
		goto cleanup;
	}
	snprintf(path, room, "%s/%s.npy", directory, name);
	CLU_GOTO(clu_npy_create(path, rows, columns, &writer, error));
	for (size_t i = 0; i < rows; i++) {
		for (size_t j = 0; j < columns; j++) row[j] = (float)((double)values[i * columns + j] * scale);
		CLU_GOTO(clu_npy_write(writer, 1, row, error));
	}
	status = clu_npy_commit(writer, error);
	writer = NULL;
cleanup:
	clu_npy_abort(writer);
	free(row);
	free(path);
	return status;
}

clu_status clu_data_write(const clu_data *data, const char *directory, clu_error *error)
{
	const struct {
		const char *name_x, *name_b;
		const clu_samples *samples;
	} sets[] = {
	    {"train_x", "train_b", &data->train},
	    {"validation_x", "validation_b", &data->validation},
	    {"test_x", "test_b", &data->test},
	};
	if (mkdir(directory, 0777) != 0 && errno != EEXIST) {
		return clu_fail(error, CLU_FILE, "cannot make directory %s: %s", directory, strerror(errno));
	}
	CLU_TRY(write_matrix(directory, "dictionary", data->m, data->n, 1.0, data->dictionary, error));
	if (data->perturbed) CLU_TRY(write_matrix(directory, "perturbed", data->m, data->n, 1.0, data->perturbed, error));
	for (int set = 0; set < 3; set++) {
		const clu_samples *samples = sets[set].samples;
		if (samples->count == 0) continue;
		CLU_TRY(write_matrix(directory, sets[set].name_x, samples->count, data->n, data->scale, samples->x, error));
		CLU_TRY(write_matrix(directory, sets[set].name_b, samples->count, data->m, data->scale, samples->b, error));
	}
	return CLU_OK;
}
