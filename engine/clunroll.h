/* clunroll.h: the one public header of libclunroll, an OpenCL engine that trains unrolled sparse-recovery networks.
 *
 * A caller lists devices, opens one, makes a data set and a recipe, starts trainings on lanes, and takes models out.
 * Everything is in plain structs; matrices are row-major float32; every call that can fail returns a clu_status and,
 * where it is not CLU_OK, has written what went wrong into *error (which may be NULL).
 * A handle (clu_device, clu_lanes, clu_applier) belongs to the thread that made it; plain data may be shared read-only.
 * Every x_destroy(NULL) is fine. Destroy in reverse order: lanes and appliers before their device. */
#ifndef CLUNROLL_H
#define CLUNROLL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define CLU_API __attribute__((visibility("default")))
#else
#define CLU_API
#endif

#define CLU_LAYERS_MAX 32 /* K, the number of layers of a network */
#define CLU_SIDE_MAX 4096 /* m and n */
#define CLU_STAGES_MAX 32 /* stage lines of a recipe */

/* ---- status ------------------------------------------------------------------------------------------------- */

#define CLU_STATUS_MAP(X) \
	X(OK, "success") \
	X(ARGUMENT, "invalid argument") \
	X(MEMORY, "out of host memory") \
	X(FILE, "file cannot be read or written") \
	X(FORMAT, "file content is not what was expected") \
	X(NO_DEVICE, "no usable OpenCL device") \
	X(SIZE, "does not fit the device") \
	X(BUILD, "kernel does not build") \
	X(DEVICE, "OpenCL call failed") \
	X(SELF_TEST, "device computes wrong results") \
	X(NUMERIC, "training produced a number that is not finite") \
	X(MISMATCH, "does not belong together")

typedef enum clu_status {
#define CLU_STATUS_ENUM(name, text) CLU_##name,
	CLU_STATUS_MAP(CLU_STATUS_ENUM)
#undef CLU_STATUS_ENUM
} clu_status;

typedef struct clu_error {
	clu_status status;
	char message[768]; /* one sentence or two: what was wrong, where, what to do */
} clu_error;

/* The X-macro's text for a status; never NULL. */
CLU_API const char *clu_status_text(clu_status status);
/* Version of the library, "major.minor.patch". */
CLU_API const char *clu_version(void);

/* ---- architectures (arch.c) --------------------------------------------------------------------------------- */

/* Kinds of neuron: an open list. X(NAME, letter in the notation, name). They act on v with threshold θ, all but SELECT elementwise:
 * support selection (Chen, Liu et al. 2018) lets of a sample's entries beyond θ > 0 the largest keep v, as many as clu_model's
 * `selected` says and all that tie with the least of them. Firm shrinkage (Gao and Bruce 1997, the upper threshold twice the lower)
 * is 0 up to θ > 0, v from 2θ on and a line in between; soft where θ ≤ 0. */
#define CLU_NEURON_MAP(X) \
	X(SOFT, 's', "soft")     /* sign(v)·max(0, |v| − θ) */ \
	X(RELU, 'r', "relu")     /* max(0, v − θ) */ \
	X(LEAKY, 'l', "leaky")   /* u = v − θ; u > 0 ? u : 0.1·u */ \
	X(SELECT, 'p', "select") /* selected ? v : soft */ \
	X(FIRM, 'f', "firm")     /* sign(v)·min(|v|, 2·max(0, |v| − θ)) */

typedef enum clu_neuron {
#define CLU_NEURON_ENUM(name, letter, text) CLU_NEURON_##name,
	CLU_NEURON_MAP(CLU_NEURON_ENUM)
#undef CLU_NEURON_ENUM
	    CLU_NEURON_COUNT
} clu_neuron;

/* One architecture. Layers are counted from 1 as in the paper; arrays are indexed by layer − 1.
 * x^(L−1) is always an origin of layer L ≥ 2; bit j of extra[L−1] adds origin x^(L−2−j), so extra[L−1] < 2^(L−2). */
typedef struct clu_arch {
	uint32_t layers;
	uint32_t extra[CLU_LAYERS_MAX];
	uint8_t neuron[CLU_LAYERS_MAX]; /* clu_neuron */
	uint8_t side[CLU_LAYERS_MAX];   /* 1: W_b b enters the layer (always for layer 1); 0: pruned */
} clu_arch;

#define CLU_ARCH_TEXT 512 /* longest notation with its NUL */

/* Parses a name (LISTA, LFISTA, Dense, Searched, LISTA-last, LFISTA-last; any case) or the integers extra_1_…_extra_K, each
 * followed by
 *   [":" one letter of CLU_NEURON_MAP a layer, or one for all [":" one digit 0|1 a layer: side connections]]
 * LISTA-last and LFISTA-last are LISTA and LFISTA with Searched's last layer. A named architecture takes its first `layers`
 * integers (16 when layers is 0; Searched and the two -last have 16 at most); a list must have exactly `layers` integers, or any
 * number when layers is 0. Errors: CLU_ARGUMENT, naming the place in the text. */
CLU_API clu_status clu_arch_parse(const char *text, uint32_t layers, clu_arch *arch, clu_error *error);
/* Writes the list of integers that parses to the same architecture; letters and digits, one a layer, only where needed. */
CLU_API void clu_arch_print(const clu_arch *arch, char text[CLU_ARCH_TEXT]);
/* The name of the architecture, the first that fits at its depth, otherwise NULL. */
CLU_API const char *clu_arch_name(const clu_arch *arch);
/* Number of extra connections (those beside x^(L−1)). */
CLU_API uint32_t clu_arch_extra_count(const clu_arch *arch);
/* Bit i−1 is set where x^(i) is an origin of `layer` (x^(L−1) included); 0 for layer 1. */
CLU_API uint32_t clu_arch_origins(const clu_arch *arch, uint32_t layer);
/* CLU_ARGUMENT where a field is out of range. */
CLU_API clu_status clu_arch_check(const clu_arch *arch, clu_error *error);

/* ---- data (data.c, nmse.c) ---------------------------------------------------------------------------------- */

typedef enum clu_codes {
	CLU_CODES_BERNOULLI_GAUSSIAN, /* each entry nonzero with probability `density`, then N(0, 1) */
	CLU_CODES_GAMMA,              /* all entries Gamma(shape, scale): not exactly sparse */
} clu_codes;

/* What is generated: b = D x + noise, protocol of Chen, Liu et al. 2018. Bit-identical on every host. Each part has random streams
 * of its own: whatever is changed here leaves the bits of the other parts as they were. */
typedef struct clu_problem {
	uint32_t m, n;                  /* D is m×n, N(0, 1/m), columns of unit norm */
	double density;                 /* of CLU_CODES_BERNOULLI_GAUSSIAN */
	double snr_db;                  /* INFINITY: no noise; else per sample σ = std(b)·10^(−SNR/20) */
	uint64_t seed;                  /* keys dictionary, codes and noise */
	size_t train, validation, test; /* numbers of samples; 0 makes that set empty */
	clu_codes codes;
	double gamma_shape, gamma_scale; /* of CLU_CODES_GAMMA */
	uint32_t rank;                   /* R: D = U·V, U m×R and V R×n of N(0, 1), columns of unit norm; 0: D as above */
	double perturbation;             /* b is made with D + Δ, Δ_ij ~ Laplace(0, perturbation), columns of D's norms; 0: with D */
	double salt_pepper; /* probability that an entry of b is replaced, last of all, by ±max|b| of its sample, half each */
} clu_problem;

/* Files in .npy format, each NULL where the generated thing is wanted. */
typedef struct clu_data_files {
	const char *dictionary;                  /* [m][n] */
	const char *train_x, *train_b;           /* [count][n], [count][m]; b is D x (+ noise at snr_db) when NULL */
	const char *validation_x, *validation_b; /* when only train_x is given, its last tenth is held out for validation … */
	const char *test_x, *test_b;             /* … and the tenth before that for the test */
} clu_data_files;

/* One sample in that many of an own training set, one at least, is held out for each set that has no file. */
#define CLU_HELD_OUT_PART 10

typedef struct clu_samples {
	size_t count;
	float *x; /* [count][n], in scaled units (divided by clu_data.scale) */
	float *b; /* [count][m], the same */
} clu_samples;

typedef struct clu_data {
	uint32_t m, n;
	double scale;      /* rms of the nonzero codes of an own training set; 1 for generated data */
	double lipschitz;  /* L = 1.001·‖D‖₂², power iteration of fixed length */
	double gain;       /* of an own dictionary: rms length of its columns, of those that are not zero; 1 where that is so within a
	                    * thousandth. Trainings go by D and b divided by it, so that they do not depend on it */
	float *dictionary; /* [m][n] */
	float *perturbed;  /* D + Δ [m][n], which computed measurements were made with; NULL: with D */
	clu_samples train, validation, test;
} clu_data;

/* 250×500, density 0.1, no noise, 102,400 / 10,240 / 10,240 samples; gamma codes, where chosen, of shape 0.1 and scale 1. */
CLU_API clu_problem clu_problem_default(void);
/* Generates or reads everything. files may be NULL. m, n and rank of the problem are ignored in favour of a dictionary file's;
 * noise and perturbation do not touch measurements from a file.
 * Errors: CLU_ARGUMENT, CLU_FILE, CLU_FORMAT (naming file, found, wanted), CLU_MEMORY. */
CLU_API clu_status clu_data_create(const clu_problem *problem, const clu_data_files *files, clu_data **data, clu_error *error);
CLU_API void clu_data_destroy(clu_data *data);
/* Of dictionary, codes and measurements, sizes and scale. */
CLU_API uint64_t clu_data_hash(const clu_data *data);
/* Writes dictionary.npy, perturbed.npy where there is one, {train,validation,test}_{x,b}.npy into an existing or new directory,
 * each atomically. */
CLU_API clu_status clu_data_write(const clu_data *data, const char *directory, clu_error *error);

typedef struct clu_nmse {
	double db;       /* mean over samples of 10·log10(‖x̂−x‖²/‖x‖²): the paper's; ratios below 1e-30 count as 1e-30 */
	double ratio_db; /* 10·log10 of the ratio of the sums: LISTA-CPSS's */
} clu_nmse;
/* estimate, truth: [count][n]. */
CLU_API clu_nmse clu_nmse_compute(const float *estimate, const float *truth, size_t count, uint32_t n);

/* ---- classical solvers (solver.c, solver_score.c) ------------------------------------------------------------- */

/* What a network stands beside: solvers of b = D x that train nothing. In double precision, on the host, on LAPACK. */
typedef enum clu_method {
	CLU_METHOD_FISTA,  /* of ½‖b − D x‖² + penalty·‖x‖₁, steps of 1/L (Beck & Teboulle 2009) */
	CLU_METHOD_OMP,    /* orthogonal matching pursuit (Pati et al. 1993) */
	CLU_METHOD_ORACLE, /* least squares on the true support: a bound, since nobody is told the support */
} clu_method;

typedef struct clu_solve {
	clu_method method;
	uint32_t iterations; /* of FISTA; most atoms of matching pursuit, 0: as many as the rank allows */
	double penalty;      /* of FISTA */
	double residual;     /* matching pursuit ends at ‖b − D x‖ ≤ residual·‖b‖ */
} clu_solve;

/* A solver for one dictionary; it keeps no reference to it. Read-only once it is made: threads may share it. */
typedef struct clu_solver clu_solver;
/* dictionary [m][n], not all zero. CLU_ARGUMENT, CLU_MEMORY. */
CLU_API clu_status clu_solver_create(const float *dictionary, uint32_t m, uint32_t n, clu_solver **solver, clu_error *error);
CLU_API void clu_solver_destroy(clu_solver *solver);
/* b [count][m] → x [count][n], on the calling thread; truth [count][n] for the oracle, else NULL. OpenBLAS has one thread while
 * calls of this or of clu_solver_score run, and after the last of them as many as before the first. CLU_ARGUMENT, CLU_MEMORY. */
CLU_API clu_status clu_solver_run(
    const clu_solver *solver, const clu_solve *how, const double *b, size_t count, const float *truth, double *x, clu_error *error);

/* Which measurements of a set a solver gets: its b, or D x anew in double, without the rounding to float32 that ends what is
 * solved exactly at some −140 dB. */
typedef enum clu_measured { CLU_MEASURED_AS_GIVEN, CLU_MEASURED_EXACTLY } clu_measured;
typedef struct clu_score {
	clu_nmse nmse;
	double seconds; /* a signal on one thread, CPU time, signals in blocks of 64 */
} clu_score;
/* On all samples, by as many threads as there are processors. */
CLU_API clu_status clu_solver_score(const clu_solver *solver, const clu_solve *how, const clu_samples *samples,
    clu_measured measured, clu_score *score, clu_error *error);
#define CLU_CHOICE_SAMPLES 256
/* Sets the penalty of FISTA, or the residual of matching pursuit, to what has the least NMSE on the first CLU_CHOICE_SAMPLES: half
 * decades down from 1 until two decades have brought nothing (1e-12 at the least), then three times finer steps, to 1/16 decade;
 * penalties times the square of the dictionary's gain (see clu_data). */
CLU_API clu_status clu_solver_choose(
    const clu_solver *solver, clu_solve *how, const clu_samples *samples, clu_measured measured, clu_error *error);

/* ---- matrices on disk (npy.c) --------------------------------------------------------------------------------- */

/* Matrices on disk, in slices of rows, so that files may be larger than memory. float32 and float64 little-endian, C order,
 * 1-D (one row) or 2-D. A value that is NaN or infinite is an error that names its row and column. */
typedef struct clu_npy_reader clu_npy_reader;
CLU_API clu_status clu_npy_open(const char *path, clu_npy_reader **reader, clu_error *error);
CLU_API size_t clu_npy_rows(const clu_npy_reader *reader);
CLU_API size_t clu_npy_columns(const clu_npy_reader *reader);
/* Reads the next `rows` rows into values [rows][columns]. */
CLU_API clu_status clu_npy_read(clu_npy_reader *reader, size_t rows, float *values, clu_error *error);
CLU_API void clu_npy_close(clu_npy_reader *reader);

/* Writes to a temporary file beside `path`; clu_npy_commit renames it there, clu_npy_abort removes it. */
typedef struct clu_npy_writer clu_npy_writer;
CLU_API clu_status clu_npy_create(const char *path, size_t rows, size_t columns, clu_npy_writer **writer, clu_error *error);
CLU_API clu_status clu_npy_write(clu_npy_writer *writer, size_t rows, const float *values, clu_error *error);
CLU_API clu_status clu_npy_commit(clu_npy_writer *writer, clu_error *error); /* frees the writer, also on error */
CLU_API void clu_npy_abort(clu_npy_writer *writer);

/* ---- recipes (recipe.c) ------------------------------------------------------------------------------------- */

typedef enum clu_form { CLU_FORM_MEAN, CLU_FORM_SUM } clu_form; /* of the coefficients c */
/* A new layer's coefficients: all equal; 1 for x of the layer before, 0 for others; or, the layer before repeated: the sum of that
 * layer's coefficients for its x, 0 for others, and its threshold. The last begins where that layer stands, as x and x before it
 * hardly differ once a network is good. */
typedef enum clu_start { CLU_START_ONES, CLU_START_PREVIOUS, CLU_START_REPEAT } clu_start;
typedef enum clu_variables { CLU_VARIABLES_NEW, CLU_VARIABLES_ALL } clu_variables; /* what a stage trains */
typedef enum clu_curve { CLU_CURVE_FLAT, CLU_CURVE_COSINE, CLU_CURVE_EXPONENTIAL } clu_curve;
typedef enum clu_part { CLU_PART_ALL, CLU_PART_INNER, CLU_PART_LAST } clu_part; /* of a network's layers; inner: but the last */
/* Which weights go on after a stage: the last; those of the lowest validation NMSE; or, of a stage of known length, the mean of
 * those that the validations after its half saw, each counted alike (stochastic weight averaging, Izmailov et al. 2018). Adam goes
 * on with its own meanwhile. */
typedef enum clu_keep { CLU_KEEP_LAST, CLU_KEEP_BEST, CLU_KEEP_AVERAGE } clu_keep;
/* The loss of a sample, e = x^(L) − x*; a batch's is the sum. Gradients: e; e/‖e‖; 2e/(‖e‖² + 1e-9·‖x*‖²). Denominators count as
 * 1e-30 at least, ‖e‖² under the root too. A sample whose code is all zero has no relative error: its loss is ½‖e‖² under
 * CLU_LOSS_LOG. */
typedef enum clu_loss {
	CLU_LOSS_SQUARES, /* ½‖e‖² */
	CLU_LOSS_NORM,    /* ‖e‖ */
	CLU_LOSS_LOG,     /* log(‖e‖²/‖x*‖² + 1e-9): the NMSE in dB but for a factor, down to −90 dB */
} clu_loss;

typedef struct clu_stage {
	clu_variables variables;
	double rate, rate_last; /* learning rate in the first and in the last of its layers; geometric in between … */
	double fall;            /* … unless this is not 0: then rate·fall^(L − 1) in layer L, however deep the network */
	clu_curve curve;        /* over a stage of known length: flat, or down to rate·floor, as a cosine or by a factor a step */
	double floor;
	uint32_t length, length_last; /* steps, in layers 1…K−1 and in layer K; 0: until patience runs out */
	uint32_t patience;            /* steps without a better validation NMSE that end the stage; 0: none */
	uint32_t cap;                 /* most steps of a stage with patience; 0: none */
	clu_keep keep;
	clu_loss loss;
	double clip;     /* a longer gradient, of all variables that are trained, is scaled down to this norm; 0: none is */
	uint32_t layers; /* which it is run in: bit L − 1 for layer L; 0: all … */
	clu_part part;   /* … of this part of a network's */
} clu_stage;

typedef struct clu_recipe {
	char name[32];
	clu_form form;
	clu_start start;
	double threshold; /* θ starts at threshold/L, or threshold where there is a ridge */
	double ridge;     /* W_b starts as Dᵀ/L where this is 0, else as Dᵀ(DDᵀ + ridge·I)⁻¹, in D's mean squared column norm,
	                   * its rows scaled so that W_b D has ones on its diagonal; W_x as I − W_b D */
	double select_slope;          /* neurons that select keep select_slope·L per cent of a sample's entries in layer L … */
	double select_most;           /* … but no more per cent than this; rounded to a whole number of entries */
	double decay;                 /* of the gradient multiplier of a trained variable, after each layer */
	double beta1, beta2, epsilon; /* Adam; ε is outside the bias correction */
	uint32_t validate_every;      /* steps between validations */
	uint32_t layers_at;           /* layers that have stages of their own, beside layer K: bit L − 1 for layer L; 0: all. The
	                               * others start together with the next that has, their θ copied from the last that had */
	double rate_w; /* multiplies the stages' rates for matrices; 0: they stay what they start as, and no step is spent on them */
	double rate_theta, rate_coefficient; /* the same for thresholds and coefficients */
	uint32_t stage_count;
	clu_stage stage[CLU_STAGES_MAX]; /* run in this order for each layer, where they say so */
} clu_recipe;

#define CLU_RECIPE_TEXT 16384
/* A named recipe (paper, fast, quick, analytic), or else a file in the text format that clu_recipe_print writes. CLU_ARGUMENT for a
 * word that is neither, CLU_FILE for a path that cannot be read, CLU_FORMAT for what is no recipe. */
CLU_API clu_status clu_recipe_load(const char *name_or_path, clu_recipe *recipe, clu_error *error);
CLU_API clu_status clu_recipe_parse(const char *text, clu_recipe *recipe, clu_error *error);
/* CLU_ARGUMENT where a field is one that training cannot use, which no parsed one is, or where a layer from first_layer to
 * `layers` that is to be trained has no stage. */
CLU_API clu_status clu_recipe_check(const clu_recipe *recipe, uint32_t first_layer, uint32_t layers, clu_error *error);
/* Keys that a text may leave out are left out where they have their usual values. */
CLU_API void clu_recipe_print(const clu_recipe *recipe, char text[CLU_RECIPE_TEXT]);
/* Whether two recipes train alike: whatever their names, and what says nothing beside the rest (a last rate beside `fall`, the
 * floor of a flat curve, the last layer's length where a stage is not run in it). Texts of equal recipes may differ. */
CLU_API bool clu_recipe_equal(const clu_recipe *a, const clu_recipe *b);
/* Whether the recipe itself has this key; those of its stages are others. */
CLU_API bool clu_recipe_has_key(const char *key);
/* Whether a layer of a network of `layers` has stages of its own: see layers_at. */
CLU_API bool clu_recipe_trains(const clu_recipe *recipe, uint32_t layer, uint32_t layers);
/* The recipe with its stages' lengths fixed, e.g. "300,1200,300" for one of three stages, or "300" for all of them. */
CLU_API clu_status clu_recipe_fix_lengths(clu_recipe *recipe, const char *lengths, clu_error *error);
/* Steps of a whole training of `layers` layers; *exact is false where patience decides (then it is the least possible). */
CLU_API uint64_t clu_recipe_steps(const clu_recipe *recipe, uint32_t layers, bool *exact);
/* The same of one stage in one of the layers; 0 where it is not run there. *exact is left alone, or becomes false. */
CLU_API uint64_t clu_recipe_stage_steps(const clu_recipe *recipe, uint32_t stage, uint32_t layer, uint32_t layers, bool *exact);

/* ---- models (model.c) --------------------------------------------------------------------------------------- */

/* A trained network of `arch`. Coefficients are the effective ones, a = c/n_L. */
typedef struct clu_model {
	clu_arch arch;
	uint32_t m, n;
	double scale; /* measurements are divided by it, codes multiplied */
	float *w_b;   /* [n][m] */
	float *w_x;   /* [n][n] */
	float theta[CLU_LAYERS_MAX];
	float coefficient[CLU_LAYERS_MAX][CLU_LAYERS_MAX]; /* [L−1][i−1]; 0 where x^(i) is no origin of L */
	uint32_t selected[CLU_LAYERS_MAX];                 /* entries a sample, up to n; 0 but for CLU_NEURON_SELECT */
	char *settings;                                    /* JSON object: everything that led here; "{}" when unknown */
} clu_model;

CLU_API clu_status clu_model_create(const clu_arch *arch, uint32_t m, uint32_t n, clu_model **model, clu_error *error);
CLU_API void clu_model_destroy(clu_model *model);
/* One safetensors file: tensors W_b [n][m], W_x [n][n], theta [K], coefficient [K][K]; metadata format, version, arch, scale,
 * settings. Written to a temporary file, synced, renamed. */
CLU_API clu_status clu_model_save(const clu_model *model, const char *path, clu_error *error);
CLU_API clu_status clu_model_load(const char *path, clu_model **model, clu_error *error);
/* The same bytes in memory; the caller frees *bytes with free(). `source` names the bytes in errors. */
CLU_API clu_status clu_model_encode(const clu_model *model, void **bytes, size_t *size, clu_error *error);
CLU_API clu_status clu_model_decode(const void *bytes, size_t size, const char *source, clu_model **model, clu_error *error);

/* Writes `size` bytes to path by temporary file, fsync and rename: a reader sees the old file or the new one. */
CLU_API clu_status clu_file_replace(const char *path, const void *bytes, size_t size, clu_error *error);
/* Reads a whole file; the caller frees *bytes with free(). */
CLU_API clu_status clu_file_read(const char *path, void **bytes, size_t *size, clu_error *error);
/* Tells whether bytes are the same as before; not for adversaries. Zeros that only make up the last word of four do not change it:
 * lengths are to be compared too. */
CLU_API uint64_t clu_hash_bytes(const void *bytes, size_t size);

/* ---- devices (device.c, selftest.c, measure.c, plan.c, tune.c) ------------------------------------------------------ */

typedef enum clu_device_type { CLU_DEVICE_CPU, CLU_DEVICE_GPU, CLU_DEVICE_ACCELERATOR, CLU_DEVICE_CUSTOM } clu_device_type;

typedef struct clu_device_info {
	uint32_t index;       /* in the list, the same in every process with the same drivers */
	clu_device_type type; /* CUSTOM devices are listed and cannot be opened */
	char name[128], vendor[128], driver[128], version[128], platform[128], platform_version[128];
	char physical[64];    /* equal for two entries that are the same hardware: "cpu", a PCI address, a UUID */
	char conformance[64]; /* the version of Khronos' conformance tests that its driver passed; empty: none, or it does not say */
	uint32_t compute_units;
	uint32_t group_multiple; /* work-items that it runs together: a warp, a wavefront; 0 where it does not say */
	uint64_t memory_bytes, allocation_bytes, local_bytes;
	size_t work_group_max;
	void *platform_id, *device_id; /* cl_platform_id, cl_device_id */
} clu_device_info;

/* Every device of every platform. The caller frees *infos with free(). No device at all: CLU_OK and *count 0. */
CLU_API clu_status clu_device_list(clu_device_info **infos, size_t *count, clu_error *error);
CLU_API const char *clu_device_type_name(clu_device_type type); /* "CPU", "GPU", "ACCELERATOR", "CUSTOM" */
/* Devices that `spec` names: all, cpu, gpu, accelerator, an index, part of a name; several with commas; ! excludes.
 * With `all` (alone or with exclusions) each physical device appears once: `speed_gflops` (NULL: the first wins) holds a
 * figure for each device, and the fastest entry of a physical device is taken. chosen: room for `count` indices.
 * CLU_NO_DEVICE, with the list in the message, where nothing matches. */
CLU_API clu_status clu_device_select(const clu_device_info *infos, size_t count, const char *spec, const double *speed_gflops,
    size_t *chosen, size_t *chosen_count, clu_error *error);

/* Whether the device has what CLU_WAY_TENSOR is for; elsewhere it is correct, and slow. */
CLU_API bool clu_device_has_tensor_units(const clu_device_info *info);

/* How a device does its products: plain data, a few lines of text. */
typedef enum clu_way {
	CLU_WAY_NATIVE,           /* own kernel, tiles in registers */
	CLU_WAY_CLBLAST,          /* CLBlast's batched SGEMM, its kernel for any size */
	CLU_WAY_TILED,            /* own kernel for GPUs, tiles in local memory; the bits of CLU_WAY_NATIVE */
	CLU_WAY_CLBLAST_INDIRECT, /* CLBlast's kernel for whole tiles, on padded copies that it makes */
	CLU_WAY_TENSOR, /* CLU_WAY_TILED by NVIDIA's tensor units, TF32 three times over (compute capability 8.0); slow elsewhere */
} clu_way;
typedef struct clu_plan {
	clu_way product;                    /* of the matrix products */
	uint32_t vector;                    /* floats in a vector of the native kernels: 1, 4, 8, 16 */
	uint32_t tile_rows, tile_vectors;   /* the native product's register tile */
	uint32_t group;                     /* work-items of a work-group in the row kernels; 1 on CPUs */
	uint32_t block_rows;                /* rows of the batch that a work-group covers in the row kernels */
	uint32_t group_columns, group_rows; /* work-group of the native and the tiled product, in tiles */
	uint32_t sparse_below;              /* own products skip zeros below this per cent of nonzeros; 0: never */
	uint32_t sparse_rows;               /* rows that a work-item covers there, where passes is 0 */
	uint32_t passes;   /* 1: a pass, or both of a step, is one launch, where group is 1 and products native; 0: many */
	uint32_t epilogue; /* 1: a layer is computed in the launch of the product before it, where products are tiled; 0: in its own */
} clu_plan;
#define CLU_PLAN_TEXT 512
CLU_API clu_plan clu_plan_default(const clu_device_info *info);
CLU_API clu_status clu_plan_parse(const char *text, const char *source, clu_plan *plan, clu_error *error);
CLU_API void clu_plan_print(const clu_plan *plan, char text[CLU_PLAN_TEXT]);
/* Whether products are of tiles in local memory: CLU_WAY_TILED and CLU_WAY_TENSOR. */
CLU_API bool clu_plan_is_tiled(const clu_plan *plan);
/* Whether products skip zeros anywhere under the plan: CLBlast's never do. */
CLU_API bool clu_plan_skips_zeros(const clu_plan *plan);
/* The numeric key (see clu_device_key) that the device has under a plan, without opening it. */
#define CLU_KEY_TEXT 80
CLU_API void clu_plan_key(const clu_device_info *info, const clu_plan *plan, char key[CLU_KEY_TEXT]);
/* Names all that a measured plan is good for: a hash of device, drivers and kernel sources. */
CLU_API void clu_plan_subject(const clu_device_info *info, char subject[CLU_KEY_TEXT]);

/* Where built kernels are kept for the next process, for drivers that would build them again in each: a directory, which is made
 * where its parent is there; NULL, as at first: nowhere. Of the whole process, to be said before devices are opened. */
CLU_API void clu_device_keep_kernels(const char *directory);
/* One OpenCL context and queue, and the kernels built for it. plan NULL: the default.
 * CLUNROLL_DEBUG=sync in the environment finishes after each launch and names the kernel that failed. */
typedef struct clu_device clu_device;
CLU_API clu_status clu_device_open(const clu_device_info *info, const clu_plan *plan, clu_device **device, clu_error *error);
CLU_API void clu_device_destroy(clu_device *device);
CLU_API const clu_device_info *clu_device_about(const clu_device *device);
CLU_API const clu_plan *clu_device_plan(const clu_device *device);
/* The numeric key: a hash of all that decides bits: device, driver, kernel source, and what of the plan changes bits (way, vector,
 * group, block_rows; tiles and the skipping of zeros are free but with tensor units). Results at equal keys are equal. */
CLU_API const char *clu_device_key(const clu_device *device);
/* Every op of a step, and a small network, against the double-precision reference. CLU_SELF_TEST names the op and
 * the error's size. */
CLU_API clu_status clu_device_self_test(clu_device *device, double *seconds, clu_error *error);

typedef struct clu_measurement {
	double peak_gflops;      /* multiply-adds in registers */
	double product_gflops;   /* 128×500×500 product, in the plan's way */
	double bandwidth_gbytes; /* GB/s, read + written, of a copy beyond the caches */
	double seconds;          /* what measuring took */
} clu_measurement;
CLU_API clu_status clu_device_measure(clu_device *device, clu_measurement *measurement, clu_error *error);

/* What clu_tune is asked for. */
typedef struct clu_tuning_job {
	uint32_t m, n, layers, batch; /* of the networks in use */
	clu_plan base;                /* where it begins */
	bool keep_key;                /* tries only what leaves the numeric key of `base` as it is */
	double seconds;           /* about how long it may take, without what a GPU's driver builds meanwhile: nothing is begun later */
	const volatile int *stop; /* nonzero: ends soon, with `base` and no times; NULL: never */
	void (*note)(void *context, const char *text); /* what was tried and what came of it, a line each; NULL: nobody listens */
	void *context;
} clu_tuning_job;

typedef struct clu_tuning {
	clu_plan plan;       /* the fastest found that passes the self-test */
	uint32_t lanes;      /* the least that reach the best speed within a few per cent; 0: there was no time to find out */
	double step_seconds; /* of an optimiser step at full depth, one lane, made-up samples of usual sparsity */
	double base_seconds; /* the same under `base` */
	double lane_seconds; /* a lane's step among `lanes` */
	double seconds;      /* what it took */
} clu_tuning;
/* Measures which plan is fastest for networks of a shape, and how many lanes, by whole optimiser steps. What changes bits must gain
 * more than what does not. Takes the device for itself: a device busy with other work gives noise. */
CLU_API clu_status clu_tune(const clu_device_info *info, const clu_tuning_job *job, clu_tuning *tuning, clu_error *error);

/* Time of a kernel on the device, by its own clock. */
typedef struct clu_kernel_time {
	const char *name;
	uint64_t launches;
	double seconds;
} clu_kernel_time;
/* Begins (or ends) keeping account of every kernel's time, which costs time itself. Waits for what was enqueued. Kernels of
 * CLBlast are not seen. Where a plan has passes, both of a step, its gathering and its loss are launches of their own meanwhile. */
CLU_API clu_status clu_device_profile(clu_device *device, bool on, clu_error *error);
/* Waits; the kernels that ran since profiling began or this was last called, longest first. The caller frees *times. */
CLU_API clu_status clu_device_profile_take(clu_device *device, clu_kernel_time **times, size_t *count, clu_error *error);

/* ---- lanes: many trainings in a launch (lanes.c) ------------------------------------------------------------- */

typedef struct clu_lanes clu_lanes;

/* What one lane trains. A result depends on this, the data and the numeric key only: not on slot, neighbours, interruptions. */
typedef struct clu_training {
	clu_arch arch; /* arch.layers must be the lanes' */
	clu_recipe recipe;
	uint64_t seed;         /* keys the shuffles */
	const clu_model *from; /* NULL: start from nothing. Else its weights start every layer (fine-tuning): stages of the last
	                        * layer only, all layers in place. Connections that only it has go to the layer before, so that a
	                        * layer's coefficients keep their sum; those that it has not start at 0. Neurons that select
	                        * keep as many entries as the recipe says, not as they did in it. */
	const char *settings;  /* JSON for the model's metadata; NULL: "{}" */
} clu_training;

typedef enum clu_lane_state { CLU_LANE_EMPTY, CLU_LANE_TRAINING, CLU_LANE_DONE, CLU_LANE_FAILED } clu_lane_state;

typedef struct clu_layer_record {
	clu_nmse validation, test; /* test is NaN without a test set, both for a layer without stages of its own */
	uint64_t steps;            /* of this layer's stages */
	double seconds;            /* wall time while this layer trained: shared with the other lanes */
} clu_layer_record;

typedef struct clu_lane_progress {
	clu_lane_state state;
	uint32_t layer, stage; /* being trained, layer from 1, stage from 0 */
	uint64_t stage_steps;  /* done in this stage */
	uint64_t stage_length; /* its length; 0 where patience decides */
	uint64_t steps;        /* done in all … */
	uint64_t reused_steps; /* … of which these were not made here: a trained prefix came from a directory */
	double validation_db;  /* latest; NaN before the first */
	uint32_t layers_done;
	clu_layer_record record[CLU_LAYERS_MAX]; /* the first layers_done are valid */
	clu_error error;                         /* why it FAILED */
} clu_lane_progress;

/* Device bytes of one lane, and of what all lanes share (data sets, buffers); both from shapes and plan (NULL: the default)
 * alone. */
CLU_API void clu_lanes_bytes(const clu_device_info *info, const clu_plan *plan, const clu_data *data, uint32_t layers,
    uint32_t batch, uint64_t *lane_bytes, uint64_t *shared_bytes);
/* The largest number of lanes that fits, at most `wanted`. 0: not even one. */
CLU_API uint32_t clu_lanes_fit(
    const clu_device_info *info, const clu_plan *plan, const clu_data *data, uint32_t layers, uint32_t batch, uint32_t wanted);
/* Copies the data to the device. The data may be destroyed afterwards. CLU_SIZE, with the figures, where it does not fit. */
CLU_API clu_status clu_lanes_create(
    clu_device *device, const clu_data *data, uint32_t layers, uint32_t batch, uint32_t lanes, clu_lanes **out, clu_error *error);
CLU_API void clu_lanes_destroy(clu_lanes *lanes);
CLU_API uint32_t clu_lanes_count(const clu_lanes *lanes);

/* Starts a training on an EMPTY, DONE or FAILED slot. training is copied. At a trained prefix of all its layers it is DONE at once:
 * see clu_lanes_use_prefixes. */
CLU_API clu_status clu_lane_start(clu_lanes *lanes, uint32_t slot, const clu_training *training, clu_error *error);
/* Frees the slot; whatever trained there is dropped. */
CLU_API void clu_lane_clear(clu_lanes *lanes, uint32_t slot);
/* Runs optimiser steps of all TRAINING lanes for about `seconds` (at least one step or validation), validating and changing stages
 * as their recipes say; returns early when a lane becomes DONE or FAILED, or when *stop becomes nonzero: after the steps that are
 * enqueued, some 0.2 s, and a validation that is due then, some 2 s. An error is the device's; a lane's own trouble makes that lane
 * FAILED and is no error here. */
CLU_API clu_status clu_lanes_run(clu_lanes *lanes, double seconds, const volatile int *stop, clu_error *error);
CLU_API void clu_lane_progress_get(const clu_lanes *lanes, uint32_t slot, clu_lane_progress *progress);
/* Optimiser steps done by all lanes since creation. */
CLU_API uint64_t clu_lanes_steps(const clu_lanes *lanes);
/* Seconds that they took; the rest of clu_lanes_run's time went into shuffles, validations and changes of stage. */
CLU_API double clu_lanes_step_seconds(const clu_lanes *lanes);
/* Steps and validations: a heartbeat; one that stands still over several calls of clu_lanes_run means a hung device. */
CLU_API uint64_t clu_lanes_beats(const clu_lanes *lanes);
/* The lane's network as it is now (for DONE: the trained one). */
CLU_API clu_status clu_lane_model(clu_lanes *lanes, uint32_t slot, clu_model **model, clu_error *error);
/* A checkpoint: all that is needed to go on to the same bits, in any slot of any lanes of the same data, shapes and key,
 * and of plans that lay weights out alike (own products of group 1 do it in panels, all others by rows). The caller frees *bytes
 * with free(). */
CLU_API clu_status clu_lane_save(clu_lanes *lanes, uint32_t slot, void **bytes, size_t *size, clu_error *error);
/* CLU_MISMATCH where the checkpoint is of other settings, shapes or numeric key (naming which); CLU_FORMAT where damaged. */
CLU_API clu_status clu_lane_resume(
    clu_lanes *lanes, uint32_t slot, const clu_training *training, const void *bytes, size_t size, clu_error *error);

/* ---- trained prefixes (prefix.c, lane_prefix.c) ---------------------------------------------------------------- */

/* What the first k layers are trained to depends on the first k entries of an architecture alone, beside data, seed, batch, recipe
 * and numeric key. A directory keeps what trainings came to after each layer, in files named by all that led there. A lane starts
 * at the deepest that is there, and comes to the bits of a training from nothing. Any number of processes share a directory. It is
 * a cache: files may vanish at any time, damaged ones count as not there, and a training goes on where none can be written; `note`
 * (which may be NULL) then hears why. */
typedef struct clu_prefixes clu_prefixes;
typedef void clu_prefix_note(void *context, const char *text);
/* Makes the directory where only its parent is there. CLU_FILE where it is none. */
CLU_API clu_status clu_prefixes_open(
    const char *directory, clu_prefix_note *note, void *context, clu_prefixes **prefixes, clu_error *error);
CLU_API void clu_prefixes_destroy(clu_prefixes *prefixes);
/* Lanes that are started from now on use the directory, those with a network to start from excepted; NULL, as at first: none does.
 * The lanes do not own it. */
CLU_API void clu_lanes_use_prefixes(clu_lanes *lanes, clu_prefixes *prefixes);

typedef struct clu_prefix {
	uint32_t layers;
	uint64_t steps;  /* that training them takes */
	uint64_t bytes;  /* of its file */
	char recipe[32]; /* the recipe's name, which is no part of what led there */
} clu_prefix;
/* All that the directory holds, in no order. The caller frees *list with free(). */
CLU_API clu_status clu_prefixes_list(const clu_prefixes *prefixes, clu_prefix **list, size_t *count, clu_error *error);

/* Of trainings that started at a prefix: how many, and the steps that they did not have to make; by the prefix's layers − 1. */
typedef struct clu_prefix_uses {
	uint64_t starts[CLU_LAYERS_MAX], steps[CLU_LAYERS_MAX];
} clu_prefix_uses;
CLU_API clu_status clu_prefixes_uses(const clu_prefixes *prefixes, clu_prefix_uses *uses, clu_error *error);

/* Bytes that the files together may have: those not used for the longest time go first. Kept in the directory, for all processes.
 */
#define CLU_PREFIXES_BYTES (UINT64_C(2) << 30) /* until something else is said */
CLU_API uint64_t clu_prefixes_limit(const clu_prefixes *prefixes);
CLU_API clu_status clu_prefixes_set_limit(clu_prefixes *prefixes, uint64_t bytes, clu_error *error);
/* Removes all prefixes, and what is known of their use. */
CLU_API clu_status clu_prefixes_clear(clu_prefixes *prefixes, clu_error *error);

/* ---- what a step costs, in parts (lanes_measure.c) ------------------------------------------------------------ */

/* The products of a step. */
typedef enum clu_product {
	CLU_PRODUCT_SIDE,       /* U = b W_bᵀ */
	CLU_PRODUCT_FORWARD,    /* Y_L = x_L W_xᵀ, L = 1 … depth − 1; where it is timed, the last takes the place of all */
	CLU_PRODUCT_BACKWARD,   /* H_L = dv_L W_x, L = 2 … depth; where it is timed, H_2 takes the place of all */
	CLU_PRODUCT_GRADIENT_X, /* dW_x = Σ dY_Lᵀ x_L, one product with the layers stacked */
	CLU_PRODUCT_GRADIENT_B, /* dW_b = dUᵀ b; where a plan has passes, this and dW_x mix what they multiply, too */
	CLU_PRODUCT_COUNT
} clu_product;
/* Does one of them `count` times (as often as the deepest lane has it, for the lanes that do), on what a step left, and waits.
 * No training notices: the next step overwrites what this writes. CLU_ARGUMENT before the first step. */
CLU_API clu_status clu_lanes_time_product(clu_lanes *lanes, clu_product product, uint32_t count, double *seconds, clu_error *error);
/* Shares of nonzero entries, by layer, of what lies on the device: the left operands of Y and dW_x, and of H. After a step that is
 * that step's; after a validation, codes are those of its last batch; a layer that has not run yet counts with what was there. */
typedef struct clu_density {
	double code[CLU_LAYERS_MAX], gradient[CLU_LAYERS_MAX]; /* x_L, dv_L at L − 1; 0 above the lane's depth */
} clu_density;
CLU_API clu_status clu_lanes_density(clu_lanes *lanes, uint32_t slot, clu_density *density, clu_error *error);
/* Bytes of the buffers that the lanes hold on the device, as its driver tells: beside clu_lanes_bytes, which foretells them. */
CLU_API uint64_t clu_lanes_held_bytes(const clu_lanes *lanes);

/* ---- using a network (applier.c) ---------------------------------------------------------------------------- */

typedef struct clu_applier clu_applier;
CLU_API clu_status clu_applier_create(
    clu_device *device, const clu_model *model, uint32_t batch, clu_applier **applier, clu_error *error);
/* b [count][m] → x [count][n], in the user's own units. Any count. CLU_ARGUMENT names the first measurement that is not finite. */
CLU_API clu_status clu_applier_run(clu_applier *applier, const float *b, size_t count, float *x, clu_error *error);
CLU_API void clu_applier_destroy(clu_applier *applier);

#ifdef __cplusplus
}
#endif
#endif
