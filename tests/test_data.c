/* test_data.c: data sets put together. Generated sets, own files in every combination that people use, held-out samples, scale,
 * what is refused and how the message says it, writing and reading back. */
#include "support.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A directory with own files, and the problem that they belong to. */
typedef struct fixture {
	char *directory;
	clu_problem problem;
} fixture;

enum { M = 5, N = 8, ROWS = 30 };

static int setup(void **state)
{
	fixture *made = calloc(1, sizeof *made);
	assert_non_null(made);
	made->directory = support_directory_create();
	made->problem = clu_problem_default();
	made->problem.m = M;
	made->problem.n = N;
	made->problem.density = 0.4;
	made->problem.train = 20;
	made->problem.validation = 7;
	made->problem.test = 3;
	*state = made;
	return 0;
}

static int teardown(void **state)
{
	fixture *made = *state;
	support_directory_remove(made->directory);
	free(made);
	return 0;
}

/* Writes a matrix into the fixture's directory and returns its path, which the caller frees. */
static char *write_own(const fixture *made, const char *name, size_t rows, size_t columns, const float *values)
{
	clu_npy_writer *writer;
	clu_error error;
	char *path = support_path(made->directory, name);
	support_ok(clu_npy_create(path, rows, columns, &writer, &error), &error);
	support_ok(clu_npy_write(writer, rows, values, &error), &error);
	support_ok(clu_npy_commit(writer, &error), &error);
	return path;
}

/* The same with values of which none is zero. */
static char *write_filled(const fixture *made, const char *name, size_t rows, size_t columns, uint64_t seed)
{
	float *values = calloc(rows, columns * sizeof *values);
	assert_non_null(values);
	support_fill(values, rows * columns, 1.0, seed);
	char *path = write_own(made, name, rows, columns, values);
	free(values);
	return path;
}

static clu_data *create(const clu_problem *problem, const clu_data_files *files)
{
	clu_data *data = NULL;
	clu_error error;
	support_ok(clu_data_create(problem, files, &data, &error), &error);
	return data;
}

static void assert_refused(
    const clu_problem *problem, const clu_data_files *files, clu_status status, const char *part, const char *part2)
{
	clu_data *data = NULL;
	clu_error error = {0};
	clu_status found = clu_data_create(problem, files, &data, &error);
	print_message("%s\n", error.message);
	assert_int_equal(found, status);
	assert_null(data);
	assert_non_null(strstr(error.message, part));
	assert_non_null(strstr(error.message, part2));
}

/* ---- generated ---- */

static void test_defaults(void **state)
{
	(void)state;
	clu_problem problem = clu_problem_default();
	assert_int_equal(problem.m, 250);
	assert_int_equal(problem.n, 500);
	assert_true(problem.density == 0.1 && problem.snr_db == INFINITY);
	assert_int_equal(problem.train, 102400);
	assert_int_equal(problem.validation, 10240);
	assert_int_equal(problem.test, 10240);
	assert_true(problem.codes == CLU_CODES_BERNOULLI_GAUSSIAN && problem.gamma_shape == 0.1 && problem.gamma_scale == 1.0);
	assert_true(problem.rank == 0 && problem.perturbation == 0.0 && problem.salt_pepper == 0.0);
	clu_data_destroy(NULL);
}

/* The data of the default problem, as trainings and their records have known it from the first. */
static void test_default_problem_keeps_its_bits(void **state)
{
	(void)state;
	clu_problem problem = clu_problem_default();
	problem.train = 1500;
	problem.validation = problem.test = 100;
	clu_data *data = create(&problem, NULL);
	print_message("0x%016" PRIx64 "\n", clu_data_hash(data));
	assert_true(clu_data_hash(data) == UINT64_C(0x1fcadd18a1c53ff5));
	assert_null(data->perturbed);
	clu_data_destroy(data);
}

static void test_generated_sets(void **state)
{
	fixture *made = *state;
	clu_data *data = create(&made->problem, NULL);
	assert_int_equal(data->m, M);
	assert_int_equal(data->n, N);
	assert_true(data->scale == 1.0);
	assert_true(data->lipschitz > 1.0 && data->lipschitz < 1.001 * N); /* between one column's norm and all of them */
	assert_int_equal(data->train.count, 20);
	assert_int_equal(data->validation.count, 7);
	assert_int_equal(data->test.count, 3);
	assert_memory_not_equal(data->train.x, data->test.x, 3 * N * sizeof(float));
	assert_memory_not_equal(data->validation.x, data->test.x, 3 * N * sizeof(float));

	clu_problem other = made->problem;
	other.train = 33;
	other.validation = 0;
	clu_data *larger = create(&other, NULL);
	assert_int_equal(larger->validation.count, 0);
	support_same_bits("test set", 1, larger->test.x, data->test.x, 3 * N);
	support_same_bits("test set", 1, larger->test.b, data->test.b, 3 * M);
	support_same_bits("train set", 1, larger->train.x, data->train.x, 20 * N);
	clu_data_destroy(larger);

	other = made->problem;
	other.snr_db = 10.0;
	clu_data *noisy = create(&other, NULL);
	support_same_bits("codes", 1, noisy->test.x, data->test.x, 3 * N);
	assert_memory_not_equal(noisy->test.b, data->test.b, 3 * M * sizeof(float));
	clu_data_destroy(noisy);
	clu_data_destroy(data);
}

/* Which parts of the data a change leaves as they were: no other part may notice it. */
static void test_parts_are_independent(void **state)
{
	fixture *made = *state;
	enum { DICTIONARY = 1, CODES = 2, MEASUREMENTS = 4 };
	const struct {
		const char *label;
		clu_problem change; /* fields that are not zero replace the fixture's */
		unsigned same;
	} cases[] = {
	    {"noise", {.snr_db = 20.0}, DICTIONARY | CODES},
	    {"salt and pepper", {.salt_pepper = 0.5}, DICTIONARY | CODES},
	    {"perturbation", {.perturbation = 1e-3}, DICTIONARY | CODES},
	    {"gamma", {.codes = CLU_CODES_GAMMA}, DICTIONARY},
	    {"rank", {.rank = 2}, CODES},
	    {"training samples", {.train = 9}, DICTIONARY | CODES | MEASUREMENTS},
	    {"validation samples", {.validation = 1}, DICTIONARY | CODES | MEASUREMENTS},
	};
	clu_data *plain = create(&made->problem, NULL);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		clu_problem problem = made->problem;
		const clu_problem *change = &cases[i].change;
		if (change->snr_db != 0.0) problem.snr_db = change->snr_db;
		if (change->train) problem.train = change->train;
		if (change->validation) problem.validation = change->validation;
		problem.codes = change->codes;
		problem.rank = change->rank;
		problem.perturbation = change->perturbation;
		problem.salt_pepper = change->salt_pepper;
		clu_data *data = create(&problem, NULL);
		unsigned same = memcmp(data->dictionary, plain->dictionary, M * N * sizeof(float)) == 0 ? DICTIONARY : 0;
		if (memcmp(data->test.x, plain->test.x, 3 * N * sizeof(float)) == 0) same |= CODES;
		if (memcmp(data->test.b, plain->test.b, 3 * M * sizeof(float)) == 0) same |= MEASUREMENTS;
		if (same != cases[i].same) fail_msg("%s: parts %u are the same, wanted %u", cases[i].label, same, cases[i].same);
		assert_true((data->perturbed != NULL) == (change->perturbation > 0.0));
		assert_true((data->lipschitz == plain->lipschitz) == ((same & DICTIONARY) != 0));
		clu_data_destroy(data);
	}
	clu_data_destroy(plain);
}

/* D + Δ makes the measurements; what a solver knows, and a training starts from, is D. */
static void test_perturbed_measurements(void **state)
{
	fixture *made = *state;
	made->problem.perturbation = 0.1;
	clu_data *data = create(&made->problem, NULL);
	assert_memory_not_equal(data->perturbed, data->dictionary, M * N * sizeof(float));
	for (int i = 0; i < 3; i++) {
		for (int k = 0; k < M; k++) {
			double wanted = 0.0;
			for (int j = 0; j < N; j++) wanted += (double)data->perturbed[k * N + j] * (double)data->test.x[i * N + j];
			assert_true(fabs((double)data->test.b[i * M + k] - wanted) < 1e-5);
		}
	}
	clu_data_destroy(data);
}

/* Salt and pepper comes last: what it leaves has the noise of the SNR. */
static void test_salt_and_pepper_over_noise(void **state)
{
	fixture *made = *state;
	made->problem.snr_db = 10.0;
	clu_data *noisy = create(&made->problem, NULL);
	made->problem.salt_pepper = 0.3;
	clu_data *both = create(&made->problem, NULL);
	int same = 0, peaks = 0;
	for (int i = 0; i < 20; i++) {
		const float *b = noisy->train.b + i * M;
		float peak = 0.0f;
		for (int k = 0; k < M; k++) peak = fmaxf(peak, fabsf(b[k]));
		for (int k = 0; k < M; k++) {
			float value = both->train.b[i * M + k];
			assert_true(value == b[k] || fabsf(value) == peak);
			same += value == b[k];
			peaks += value != b[k];
		}
	}
	assert_true(same > 0 && peaks > 0);
	clu_data_destroy(noisy);
	clu_data_destroy(both);
}

static void test_refused_problems(void **state)
{
	fixture *made = *state;
	const struct {
		const char *label, *part;
		clu_problem change; /* fields that are not zero replace the fixture's */
	} cases[] = {
	    {"m", "5000x8, wanted sides from 1 to 4096", {.m = 5000}},
	    {"n", "5x4097", {.n = 4097}},
	    {"density", "density is -0.1", {.density = -0.1}},
	    {"density", "density is 1.5", {.density = 1.5}},
	    {"density", "density is nan", {.density = NAN}},
	    {"density", "wanted at least 0.00125", {.density = 1e-6}},
	    {"snr", "SNR is nan", {.snr_db = NAN}},
	    {"snr", "SNR is -inf", {.snr_db = -INFINITY}},
	    {"train", "at most 4294967295", {.train = (size_t)1 << 33}},
	    {"rank", "rank 6, wanted at most its smaller side, 5", {.rank = 6}},
	    {"codes", "codes are of kind 7", {.codes = (clu_codes)7}},
	    {"gamma shape", "gamma shape is 0.0001", {.codes = CLU_CODES_GAMMA, .gamma_shape = 1e-4}},
	    {"gamma shape", "gamma shape is nan", {.codes = CLU_CODES_GAMMA, .gamma_shape = NAN}},
	    {"gamma scale", "gamma scale is 1e+07", {.codes = CLU_CODES_GAMMA, .gamma_scale = 1e7}},
	    {"gamma scale", "gamma scale is -1", {.codes = CLU_CODES_GAMMA, .gamma_scale = -1.0}},
	    {"perturbation", "scale -0.001", {.perturbation = -1e-3}},
	    {"perturbation", "scale inf", {.perturbation = INFINITY}},
	    {"salt and pepper", "pepper is 1.01", {.salt_pepper = 1.01}},
	    {"salt and pepper", "pepper is nan", {.salt_pepper = NAN}},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		clu_problem problem = made->problem;
		if (cases[i].change.m) problem.m = cases[i].change.m;
		if (cases[i].change.n) problem.n = cases[i].change.n;
		if (cases[i].change.density != 0.0) problem.density = cases[i].change.density;
		if (cases[i].change.snr_db != 0.0) problem.snr_db = cases[i].change.snr_db;
		if (cases[i].change.train) problem.train = cases[i].change.train;
		if (cases[i].change.gamma_shape != 0.0) problem.gamma_shape = cases[i].change.gamma_shape;
		if (cases[i].change.gamma_scale != 0.0) problem.gamma_scale = cases[i].change.gamma_scale;
		problem.codes = cases[i].change.codes;
		problem.rank = cases[i].change.rank;
		problem.perturbation = cases[i].change.perturbation;
		problem.salt_pepper = cases[i].change.salt_pepper;
		assert_refused(&problem, NULL, CLU_ARGUMENT, cases[i].part, "");
	}
	clu_problem problem = made->problem;
	problem.m = 0;
	assert_refused(&problem, NULL, CLU_ARGUMENT, "0x8", "");
}

/* ---- own files ---- */

static void test_own_dictionary_decides_the_sizes(void **state)
{
	fixture *made = *state;
	char *dictionary = write_filled(made, "d.npy", 3, 11, 1);
	made->problem.m = 0; /* not looked at */
	made->problem.rank = 4;
	clu_data *data = create(&made->problem, &(clu_data_files){.dictionary = dictionary});
	assert_int_equal(data->m, 3);
	assert_int_equal(data->n, 11);
	assert_int_equal(data->train.count, 20);
	assert_true(data->scale == 1.0);
	clu_data_destroy(data);
	free(dictionary);
}

/* Codes alone: the last tenth validates, the tenth before tests, all in scaled units, b from the dictionary. */
static void test_own_codes_are_held_out_and_scaled(void **state)
{
	fixture *made = *state;
	float own[ROWS * N];
	support_fill(own, ROWS * N, 0.5, 3);
	for (int i = 0; i < ROWS; i++) own[i * N] = 2.0f; /* no sample is empty */
	char *path = write_own(made, "x.npy", ROWS, N, own);
	clu_data *data = create(&made->problem, &(clu_data_files){.train_x = path});
	assert_int_equal(data->train.count, 24);
	assert_int_equal(data->validation.count, 3);
	assert_int_equal(data->test.count, 3);
	double square = 0.0, count = 0.0;
	for (int i = 0; i < 24 * N; i++) {
		square += (double)own[i] * (double)own[i];
		count += own[i] != 0.0f;
	}
	assert_true(fabs(data->scale - sqrt(square / count)) < 1e-15);
	const clu_samples *sets[] = {&data->train, &data->test, &data->validation}; /* in the order of the file */
	const float *row = own;
	for (int set = 0; set < 3; set++) {
		for (size_t i = 0; i < sets[set]->count; i++, row += N) {
			for (int j = 0; j < N; j++) assert_true(sets[set]->x[i * N + (size_t)j] == (float)((double)row[j] / data->scale));
			for (int k = 0; k < M; k++) {
				double wanted = 0.0;
				for (int j = 0; j < N; j++) wanted += (double)data->dictionary[k * N + j] * (double)row[j] / data->scale;
				assert_true(fabs((double)sets[set]->b[i * M + (size_t)k] - wanted) < 1e-5);
			}
		}
	}
	clu_data_destroy(data);
	free(path);
}

static void test_own_measurements_are_split_and_scaled_likewise(void **state)
{
	fixture *made = *state;
	float b[ROWS * M], x[ROWS * N];
	support_fill(x, ROWS * N, 1.0, 4);
	for (int i = 0; i < ROWS * M; i++) b[i] = (float)(i + 1);
	char *path_x = write_own(made, "x.npy", ROWS, N, x), *path_b = write_own(made, "b.npy", ROWS, M, b);
	made->problem.snr_db = 10.0; /* own measurements have their own noise: none is added */
	clu_data *data = create(&made->problem, &(clu_data_files){.train_x = path_x, .train_b = path_b});
	for (int i = 0; i < 24 * M; i++) assert_true(data->train.b[i] == (float)((double)b[i] / data->scale));
	for (int i = 0; i < 3 * M; i++) assert_true(data->test.b[i] == (float)((double)b[24 * M + i] / data->scale));
	for (int i = 0; i < 3 * M; i++) assert_true(data->validation.b[i] == (float)((double)b[27 * M + i] / data->scale));
	clu_data_destroy(data);
	free(path_x);
	free(path_b);
}

static void test_which_sets_are_held_out(void **state)
{
	fixture *made = *state;
	char *train = write_filled(made, "x.npy", ROWS, N, 1), *validation = write_filled(made, "v.npy", 4, N, 2),
	     *test = write_filled(made, "t.npy", 9, N, 3);
	const struct {
		clu_data_files files;
		size_t validation_wanted, test_wanted, counts[3];
	} cases[] = {
	    {{.train_x = train}, 7, 3, {24, 3, 3}}, {{.train_x = train}, 7, 0, {27, 3, 0}}, {{.train_x = train}, 0, 0, {30, 0, 0}},
	    {{.train_x = train, .validation_x = validation}, 7, 3, {27, 4, 3}}, {{.train_x = train, .test_x = test}, 7, 3, {27, 3, 9}},
	    {{.train_x = train, .validation_x = validation, .test_x = test}, 7, 3, {30, 4, 9}},
	    {{.validation_x = validation}, 7, 3, {20, 4, 3}}, {{.test_x = test}, 7, 3, {20, 7, 9}},
	    {{.train_x = test}, 7, 3, {7, 1, 1}}, /* fewer than ten: one each */
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		clu_problem problem = made->problem;
		problem.validation = cases[i].validation_wanted;
		problem.test = cases[i].test_wanted;
		clu_data *data = create(&problem, &cases[i].files);
		print_message("case %zu\n", i);
		assert_int_equal(data->train.count, cases[i].counts[0]);
		assert_int_equal(data->validation.count, cases[i].counts[1]);
		assert_int_equal(data->test.count, cases[i].counts[2]);
		assert_true((data->scale == 1.0) == !cases[i].files.train_x);
		clu_data_destroy(data);
	}
	free(train);
	free(validation);
	free(test);
}

static void test_refused_files(void **state)
{
	fixture *made = *state;
	float zeros[ROWS * N] = {0}, some[ROWS * N];
	support_fill(some, ROWS * N, 1.0, 1);
	memset(some + 28 * N, 0, N * sizeof *some);
	char *good = write_filled(made, "good.npy", ROWS, N, 1), *narrow = write_filled(made, "narrow.npy", ROWS, N - 1, 2),
	     *b = write_filled(made, "b.npy", ROWS, M, 3), *b_short = write_filled(made, "b_short.npy", ROWS - 1, M, 4),
	     *two = write_filled(made, "two.npy", 2, N, 5), *zero = write_own(made, "zero.npy", ROWS, N, zeros),
	     *empty = write_own(made, "empty.npy", ROWS, N, some), *wide = write_filled(made, "wide.npy", 2, 4097, 6),
	     *missing = support_path(made->directory, "missing.npy");
	const struct {
		clu_data_files files;
		clu_status status;
		const char *part, *part2;
	} cases[] = {
	    {{.train_x = missing}, CLU_FILE, "missing.npy", "No such file"},
	    {{.dictionary = missing}, CLU_FILE, "missing.npy", "No such file"},
	    {{.dictionary = wide}, CLU_FORMAT, "wide.npy is 2x4097", "at most 4096"},
	    {{.dictionary = zero}, CLU_FORMAT, "zero.npy is all zero", ""},
	    {{.train_x = narrow}, CLU_FORMAT, "narrow.npy has rows of 7 values", "wanted 8"},
	    {{.dictionary = narrow, .train_x = good}, CLU_FORMAT, "good.npy has rows of 8 values", "wanted 7"},
	    {{.train_x = good, .train_b = good}, CLU_FORMAT, "rows of 8 values", "wanted 5, as many as the dictionary has rows"},
	    {{.train_x = good, .train_b = b_short}, CLU_FORMAT, "b_short.npy has 29 rows, wanted 30", "good.npy"},
	    {{.train_b = b}, CLU_ARGUMENT, "b.npy without the codes of the training set", ""},
	    {{.train_x = good, .test_b = b}, CLU_ARGUMENT, "b.npy without the codes of the test set", ""},
	    {{.train_x = two}, CLU_FORMAT, "two.npy has 2 samples, wanted at least 3", "each of validation and test"},
	    {{.train_x = zero, .validation_x = good, .test_x = good}, CLU_FORMAT, "zero.npy: all 30 codes", ""},
	    {{.test_x = empty}, CLU_FORMAT, "empty.npy: row 28 ", "leave it out"},
	    {{.train_x = empty}, CLU_FORMAT, "empty.npy: row 28 ", "validation samples held out"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_refused(&made->problem, &cases[i].files, cases[i].status, cases[i].part, cases[i].part2);
	}
	char *paths[] = {good, narrow, b, b_short, two, zero, empty, wide, missing};
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) free(paths[i]);
}

/* ---- writing ---- */

static void assert_same_data(const clu_data *a, const clu_data *b)
{
	const clu_samples *sets_a[] = {&a->train, &a->validation, &a->test}, *sets_b[] = {&b->train, &b->validation, &b->test};
	support_same_bits("dictionary", 0, a->dictionary, b->dictionary, (size_t)a->m * a->n);
	for (int set = 0; set < 3; set++) {
		assert_int_equal(sets_a[set]->count, sets_b[set]->count);
		support_same_bits("x", (uint64_t)set, sets_a[set]->x, sets_b[set]->x, sets_a[set]->count * a->n);
		support_same_bits("b", (uint64_t)set, sets_a[set]->b, sets_b[set]->b, sets_a[set]->count * a->m);
	}
}

static void test_written_and_read_back(void **state)
{
	fixture *made = *state;
	static const char *const names[] = {
	    "dictionary.npy", "train_x.npy", "train_b.npy", "validation_x.npy", "validation_b.npy", "test_x.npy", "test_b.npy"};
	char *paths[7], *directory = support_path(made->directory, "new");
	clu_error error;
	clu_data *data = create(&made->problem, NULL);
	for (int again = 0; again < 2; again++) support_ok(clu_data_write(data, directory, &error), &error);
	for (int i = 0; i < 7; i++) paths[i] = support_path(directory, names[i]);
	clu_data_files files = {paths[0], paths[1], paths[2], paths[3], paths[4], paths[5], paths[6]};
	clu_data *back = create(&made->problem, &files);
	assert_true(back->lipschitz == data->lipschitz);
	for (size_t i = 0; i < 20 * N; i++) assert_true(back->train.x[i] == (float)((double)data->train.x[i] / back->scale));
	clu_samples *sets[] = {&back->train, &back->validation, &back->test};
	for (int set = 0; set < 3; set++) { /* in own units again, as far as float32 goes: then what is written is what was read */
		for (size_t i = 0; i < sets[set]->count * N; i++) sets[set]->x[i] = (float)((double)sets[set]->x[i] * back->scale);
		for (size_t i = 0; i < sets[set]->count * M; i++) sets[set]->b[i] = (float)((double)sets[set]->b[i] * back->scale);
		for (size_t i = 0; i < sets[set]->count * N; i++) {
			const clu_samples *wanted = set == 0 ? &data->train : set == 1 ? &data->validation : &data->test;
			assert_true(fabs((double)sets[set]->x[i] - (double)wanted->x[i]) <= 1.2e-7 * fabs((double)wanted->x[i]));
		}
	}
	clu_data_destroy(back);
	/* Sets without a scale come back bit for bit. */
	files.train_x = files.train_b = NULL;
	back = create(&made->problem, &files);
	assert_same_data(back, data);
	clu_data_destroy(back);
	clu_data_destroy(data);
	for (int i = 0; i < 7; i++) free(paths[i]);
	free(directory);
}

static void test_scaled_data_is_written_in_own_units(void **state)
{
	fixture *made = *state;
	char *train = write_filled(made, "x.npy", ROWS, N, 1), *directory = support_path(made->directory, "out"),
	     *out = support_path(directory, "train_x.npy");
	clu_error error;
	clu_npy_reader *reader;
	float own[ROWS * N], written[24 * N];
	clu_data *data = create(&made->problem, &(clu_data_files){.train_x = train});
	support_ok(clu_data_write(data, directory, &error), &error);
	support_fill(own, ROWS * N, 1.0, 1);
	support_ok(clu_npy_open(out, &reader, &error), &error);
	assert_int_equal(clu_npy_rows(reader), 24);
	support_ok(clu_npy_read(reader, 24, written, &error), &error);
	clu_npy_close(reader);
	for (int i = 0; i < 24 * N; i++) assert_true(fabs((double)written[i] - (double)own[i]) <= 1.2e-7 * fabs((double)own[i]));
	clu_data_destroy(data);
	free(train);
	free(directory);
	free(out);
}

static void test_where_nothing_can_be_written(void **state)
{
	fixture *made = *state;
	clu_error error = {0};
	clu_data *data = create(&made->problem, NULL);
	char *file = support_path(made->directory, "file"), *deep = support_path(made->directory, "no/such");
	support_write(file, "x", 1);
	assert_int_equal(clu_data_write(data, file, &error), CLU_FILE);
	print_message("%s\n", error.message);
	assert_non_null(strstr(error.message, file));
	assert_int_equal(clu_data_write(data, deep, &error), CLU_FILE);
	print_message("%s\n", error.message);
	assert_non_null(strstr(error.message, "No such file"));
	clu_data_destroy(data);
	free(file);
	free(deep);
}

/* Each part that a training sees makes another hash; the same made again makes the same. */
static void test_hash(void **state)
{
	const fixture *made = *state;
	clu_data *data = create(&made->problem, NULL), *again = create(&made->problem, NULL);
	const uint64_t hash = clu_data_hash(data);
	assert_true(hash == clu_data_hash(again));
	float *const values[] = {
	    data->dictionary, data->train.x, data->train.b, data->validation.x, data->validation.b, data->test.x, data->test.b};
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		const float before = values[i][1];
		values[i][1] = before + 1;
		if (clu_data_hash(data) == hash) fail_msg("matrix %zu does not count", i);
		values[i][1] = before;
	}
	data->train.count--; /* the same values, one sample fewer */
	assert_true(clu_data_hash(data) != hash);
	data->train.count++;
	data->scale = 2; /* twice the codes and measurements of a file */
	assert_true(clu_data_hash(data) != hash);
	data->scale = 1;
	assert_true(clu_data_hash(data) == hash);
	clu_data_destroy(again);
	clu_data_destroy(data);
}

#define DATA_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_defaults),
	    cmocka_unit_test(test_default_problem_keeps_its_bits),
	    DATA_TEST(test_generated_sets),
	    DATA_TEST(test_parts_are_independent),
	    DATA_TEST(test_perturbed_measurements),
	    DATA_TEST(test_salt_and_pepper_over_noise),
	    DATA_TEST(test_refused_problems),
	    DATA_TEST(test_hash),
	    DATA_TEST(test_own_dictionary_decides_the_sizes),
	    DATA_TEST(test_own_codes_are_held_out_and_scaled),
	    DATA_TEST(test_own_measurements_are_split_and_scaled_likewise),
	    DATA_TEST(test_which_sets_are_held_out),
	    DATA_TEST(test_refused_files),
	    DATA_TEST(test_written_and_read_back),
	    DATA_TEST(test_scaled_data_is_written_in_own_units),
	    DATA_TEST(test_where_nothing_can_be_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
