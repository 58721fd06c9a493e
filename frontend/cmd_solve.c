/* cmd_solve.c: `clunroll solve`: what classical solvers reach on a test set, where `clunroll eval` says it of a network. They train
 * nothing and need no device. Penalties are in the user's units, the solvers work in those of the data. */
#include "command.h"

#include "message.h"
#include "options.h"
#include "status.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] = "Scores classical solvers of b = D x on a test set, to stand beside a network's error.\n\n"
                           "Usage: clunroll solve [--solver LIST] [OPTIONS]\n\n"
                           "  --solver LIST     of these, with commas between (fista:200,omp):\n"
                           "                    fista:N[:P]  N iterations of FISTA on |b-Dx|²/2 + P·|x|₁\n"
                           "                    omp[:R]      orthogonal matching pursuit until |b-Dx| ≤ R·|b|\n"
                           "                    oracle       least squares on the true support: a bound\n"
                           "                    P or R that is not given is the one with the least error on the validation set\n"
                           "  --json            one JSON object a line\n"
                           "  --help            this text\n\n"
                           "Prints NMSE and ratio NMSE as 'clunroll eval' does, and the time of a signal on one thread.\n\n";
static const char examples[] =
    "\nExamples:\n"
    "  clunroll solve --m 50 --n 100 --solver fista:16,fista:200,omp,oracle\n"
    "  clunroll solve --dictionary D.npy --train-set X.npy                # the test set is held out, as in 'clunroll train'\n"
    "  clunroll solve --dictionary D.npy --solver fista:200:0.01 --test-set X.npy --test-measurements B.npy\n";

enum { OPTION_SOLVER = 1, OPTION_JSON, SOLVERS_MAX = 16, WORD_MAX = 64, ITERATIONS_MAX = 1000000 };

/* A solver as asked for. */
struct wish {
	char word[WORD_MAX];
	clu_solve how; /* penalty in the user's units */
	bool given;    /* its penalty or residual is not to be chosen */
};

struct solve_job {
	settings settings;
	struct wish wish[SOLVERS_MAX];
	size_t count;
	bool json;
};

/* ---- solvers ---- */

static clu_status parse_fista(char *numbers, struct wish *wish, clu_error *error)
{
	char *penalty = numbers ? strchr(numbers, ':') : NULL;
	uint64_t iterations;
	if (!numbers) return clu_fail(error, CLU_ARGUMENT, "--solver fista: how many iterations? fista:200, say");
	if (penalty) *penalty++ = '\0';
	CLU_TRY(parse_whole("--solver fista", numbers, 1, ITERATIONS_MAX, &iterations, error));
	wish->how = (clu_solve){.method = CLU_METHOD_FISTA, .iterations = (uint32_t)iterations};
	wish->given = penalty != NULL;
	return penalty ? parse_real("--solver fista's penalty", penalty, 0, 1e12, &wish->how.penalty, error) : CLU_OK;
}

static clu_status parse_solver(const char *word, struct wish *wish, clu_error *error)
{
	char name[WORD_MAX];
	if (strlen(word) >= sizeof name) return clu_fail(error, CLU_ARGUMENT, "there is no solver '%.80s'", word);
	strcpy(wish->word, word);
	strcpy(name, word);
	char *numbers = strchr(name, ':');
	if (numbers) *numbers++ = '\0';
	if (strcmp(name, "fista") == 0) return parse_fista(numbers, wish, error);
	if (strcmp(name, "omp") == 0) {
		wish->how = (clu_solve){.method = CLU_METHOD_OMP};
		wish->given = numbers != NULL;
		return numbers ? parse_real("--solver omp's residual", numbers, 0, 1, &wish->how.residual, error) : CLU_OK;
	}
	if (strcmp(word, "oracle") != 0) return clu_fail(error, CLU_ARGUMENT, "there is no solver '%.80s': fista:N, omp, oracle", word);
	wish->how = (clu_solve){.method = CLU_METHOD_ORACLE};
	wish->given = true;
	return CLU_OK;
}

static clu_status parse_solvers(struct solve_job *job, const char *list, clu_error *error)
{
	char *copy = strdup(list), *rest = NULL;
	clu_status status = copy ? CLU_OK : clu_fail(error, CLU_MEMORY, "out of memory");
	for (char *word = copy ? strtok_r(copy, ",", &rest) : NULL; word && status == CLU_OK; word = strtok_r(NULL, ",", &rest)) {
		if (job->count == SOLVERS_MAX)
			status = clu_fail(error, CLU_ARGUMENT, "--solver: more than %d", SOLVERS_MAX);
		else
			status = parse_solver(word, &job->wish[job->count++], error);
	}
	free(copy);
	if (status == CLU_OK && job->count == 0) return clu_fail(error, CLU_ARGUMENT, "--solver '%s' names none", list);
	return status;
}

/* ---- data ---- */

static bool chooses(const struct solve_job *job)
{
	for (size_t i = 0; i < job->count; i++)
		if (!job->wish[i].given) return true;
	return false;
}

/* Penalty and residual are chosen on the validation set: there must be one. */
static clu_status check_choice(const struct solve_job *job, clu_error *error)
{
	const settings *given = &job->settings;
	if (!chooses(job) || given->validation_x) return CLU_OK;
	if (given->test_x && !given->train_x)
		return clu_fail(error, CLU_ARGUMENT,
		    "no own codes to choose penalty or residual on: --validation-set, or give them, as in fista:200:0.01,omp:1e-6");
	if (given->problem.validation == 0)
		return clu_fail(error, CLU_ARGUMENT,
		    "--validation-samples 0: penalty and residual are chosen on the validation set; or give them, as in "
		    "fista:200:0.01,omp:1e-6");
	return CLU_OK;
}

/* No more is made than what is needed; where sets are held out from an own training set, the split must be the training's. */
static void drop_other_sets(struct solve_job *job)
{
	const settings *given = &job->settings;
	clu_problem *problem = &job->settings.problem;
	if (given->train_x) return;
	problem->train = 0;
	if (problem->validation > CLU_CHOICE_SAMPLES) problem->validation = CLU_CHOICE_SAMPLES;
	if (!chooses(job) && !given->validation_x) problem->validation = 0;
}

static void divide(clu_samples *samples, const clu_data *data, double by)
{
	for (size_t i = 0; i < samples->count * data->n; i++) samples->x[i] = (float)((double)samples->x[i] / by);
	for (size_t i = 0; i < samples->count * data->m; i++) samples->b[i] = (float)((double)samples->b[i] / by);
}

/* What the user's codes were divided by to have nonzero ones of about 1, where the choice of a penalty begins. For an own
 * validation set without a training set, which nobody has divided yet, it is done here. */
static double take_unit(const settings *given, clu_data *data)
{
	if (given->train_x || !given->validation_x) return data->scale;
	double square = 0;
	size_t nonzero = 0;
	for (size_t i = 0; i < data->validation.count * data->n; i++) {
		const double x = (double)data->validation.x[i];
		square += x * x;
		nonzero += x != 0;
	}
	if (nonzero == 0) return data->scale;
	const double unit = sqrt(square / (double)nonzero);
	divide(&data->validation, data, unit);
	divide(&data->test, data, unit);
	return data->scale * unit;
}

/* ---- scores ---- */

static void print_json(const struct wish *wish, const clu_score *score, size_t count)
{
	cJSON *json = report_json_begin();
	cJSON_AddStringToObject(json, "solver", wish->word);
	if (wish->how.method == CLU_METHOD_FISTA) cJSON_AddNumberToObject(json, "penalty", wish->how.penalty);
	if (wish->how.method == CLU_METHOD_OMP) cJSON_AddNumberToObject(json, "residual", wish->how.residual);
	cJSON_AddNumberToObject(json, "nmse_db", score->nmse.db);
	cJSON_AddNumberToObject(json, "nmse_ratio_db", score->nmse.ratio_db);
	cJSON_AddNumberToObject(json, "samples", (double)count);
	cJSON_AddNumberToObject(json, "seconds", score->seconds);
	report_json(json);
}

static void print_row(const struct wish *wish, const clu_score *score, size_t count)
{
	char chosen[32] = "-";
	if (wish->how.method == CLU_METHOD_FISTA) snprintf(chosen, sizeof chosen, "P %.3g", wish->how.penalty);
	if (wish->how.method == CLU_METHOD_OMP) snprintf(chosen, sizeof chosen, "R %.3g", wish->how.residual);
	printf("%-16s  %10s  %9.4f  %14.4f  %8zu  %11.1f\n", wish->word, chosen, score->nmse.db, score->nmse.ratio_db, count,
	    1e6 * score->seconds);
	fflush(stdout);
}

static clu_status score_one(
    struct solve_job *job, struct wish *wish, const clu_solver *solver, const clu_data *data, double unit, clu_error *error)
{
	const clu_measured measured = settings_measure_exactly(&job->settings) ? CLU_MEASURED_EXACTLY : CLU_MEASURED_AS_GIVEN;
	clu_solve how = wish->how;
	clu_score score;
	how.penalty /= unit;
	report_note("%s on %zu signals", wish->word, data->test.count);
	if (!wish->given) CLU_TRY(clu_solver_choose(solver, &how, &data->validation, measured, error));
	CLU_TRY(clu_solver_score(solver, &how, &data->test, measured, &score, error));
	wish->how = how;
	wish->how.penalty *= unit;
	if (job->json)
		print_json(wish, &score, data->test.count);
	else
		print_row(wish, &score, data->test.count);
	return CLU_OK;
}

static int solve(struct solve_job *job)
{
	clu_data *data = NULL;
	clu_solver *solver = NULL;
	clu_error error;
	clu_status status;
	if (job->count == 0) CLU_GOTO(parse_solvers(job, "fista:200,omp", &error));
	CLU_GOTO(settings_finish_data(&job->settings, &error));
	CLU_GOTO(check_choice(job, &error));
	drop_other_sets(job);
	CLU_GOTO(settings_data(&job->settings, &data, &error));
	const double unit = take_unit(&job->settings, data);
	CLU_GOTO(clu_solver_create(data->dictionary, data->m, data->n, &solver, &error));
	if (!job->json)
		printf("%-16s  %10s  %9s  %14s  %8s  %11s\n", "solver", "", "NMSE dB", "ratio NMSE dB", "samples", "us a signal");
	for (size_t i = 0; i < job->count; i++) CLU_GOTO(score_one(job, &job->wish[i], solver, data, unit, &error));

cleanup:
	clu_solver_destroy(solver);
	clu_data_destroy(data);
	return status == CLU_OK ? EXIT_DONE : report_error(&error);
}

/* ---- command line ---- */

static int read_and_solve(struct solve_job *job, int argc, char **argv)
{
	static const struct option options[] = {{"solver", required_argument, 0, OPTION_SOLVER}, {"json", no_argument, 0, OPTION_JSON},
	    {"help", no_argument, 0, 'h'}, DATA_LONG_OPTIONS, {0}};
	clu_error error;
	for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
		switch (option) {
		case OPTION_SOLVER:
			if (parse_solvers(job, optarg, &error) != CLU_OK) return report_error(&error);
			break;
		case OPTION_JSON: job->json = true; break;
		case 'h': printf("%s%s%s", help, settings_help_data, examples); return EXIT_DONE;
		case '?': return report_usage_hint();
		default:
			if (settings_option(&job->settings, option, optarg, &error) != CLU_OK) return report_error(&error);
		}
	}
	if (optind < argc) return report_usage("unexpected argument '%s'", argv[optind]);
	return solve(job);
}

int cmd_solve(int argc, char **argv)
{
	struct solve_job job = {.count = 0};
	clu_error error;
	if (settings_default(&job.settings, "paper", &error) != CLU_OK) return report_error(&error);
	int code = read_and_solve(&job, argc, argv);
	settings_release(&job.settings);
	return code;
}
