/* cmd_data.c: `clunroll data`: writes the dictionary and the three sets that the other commands would use, as .npy. */
#include "command.h"

#include "message.h"
#include "options.h"
#include "path.h"
#include "status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Writes dictionary.npy [m][n] and {train,validation,test}_{x,b}.npy [count][n], [count][m] into a directory, and\n"
    "perturbed.npy [m][n] where --perturbation makes the measurements with another dictionary.\n\n"
    "Usage: clunroll data -o DIR [OPTIONS]\n\n"
    "  -o, --output DIR  made when it is not there\n"
    "  --help            this text\n\n";
static const char examples[] = "\nExamples:\n"
                               "  clunroll data -o data\n"
                               "  clunroll data --m 50 --n 100 --snr 40 --train-samples 1000 -o small\n";

static void print_set(const char *directory, const char *name, const clu_samples *samples, const clu_data *data)
{
	if (samples->count == 0) return;
	printf("%s/%s_x.npy  %zu×%u\n", directory, name, samples->count, data->n);
	printf("%s/%s_b.npy  %zu×%u\n", directory, name, samples->count, data->m);
}

static bool would_replace(const char *directory, const char *name, const char *input)
{
	const size_t size = strlen(directory) + strlen(name) + sizeof "/.npy";
	char *path = malloc(size);
	if (!path) return true; /* no answer: better not */
	snprintf(path, size, "%s/%s.npy", directory, name);
	const bool same = path_same_file(path, input);
	free(path);
	return same;
}

/* Own files are the user's only ones: none is replaced, whatever it is called. */
static clu_status check_inputs(const settings *given, const char *directory, clu_error *error)
{
	static const char *const names[] = {
	    "dictionary", "perturbed", "train_x", "train_b", "validation_x", "validation_b", "test_x", "test_b"};
	const char *const inputs[] = {
	    given->dictionary, given->train_x, given->train_b, given->validation_x, given->validation_b, given->test_x, given->test_b};
	for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
		for (size_t k = 0; inputs[i] && k < sizeof names / sizeof *names; k++)
			if (would_replace(directory, names[k], inputs[i]))
				return clu_fail(error, CLU_ARGUMENT,
				    "%s.npy in %.300s would overwrite the input file %.300s; give -o another directory", names[k], directory,
				    inputs[i]);
	}
	return CLU_OK;
}

static int write_data(settings *given, const char *directory)
{
	clu_data *data = NULL;
	clu_error error;
	clu_status status = settings_finish_data(given, &error);
	if (status == CLU_OK) status = check_inputs(given, directory, &error);
	if (status == CLU_OK) status = settings_data(given, &data, &error);
	if (status == CLU_OK) status = clu_data_write(data, directory, &error);
	if (status == CLU_OK) {
		printf("%s/dictionary.npy  %u×%u\n", directory, data->m, data->n);
		if (data->perturbed) printf("%s/perturbed.npy  %u×%u\n", directory, data->m, data->n);
		print_set(directory, "train", &data->train, data);
		print_set(directory, "validation", &data->validation, data);
		print_set(directory, "test", &data->test, data);
	}
	clu_data_destroy(data);
	return status == CLU_OK ? EXIT_DONE : report_error(&error);
}

static int read_and_write(settings *given, int argc, char **argv)
{
	static const struct option options[] = {
	    {"output", required_argument, 0, 'o'}, {"help", no_argument, 0, 'h'}, DATA_LONG_OPTIONS, {0}};
	const char *directory = NULL;
	clu_error error;
	for (int option; (option = getopt_long(argc, argv, "o:h", options, NULL)) != -1;) {
		switch (option) {
		case 'o': directory = optarg; break;
		case 'h': printf("%s%s%s", help, settings_help_data, examples); return EXIT_DONE;
		case '?': return report_usage_hint();
		default:
			if (settings_option(given, option, optarg, &error) != CLU_OK) return report_error(&error);
		}
	}
	if (optind < argc) return report_usage("unexpected argument '%s'", argv[optind]);
	if (!directory) return report_usage("-o is missing: the directory to write into");
	return write_data(given, directory);
}

int cmd_data(int argc, char **argv)
{
	settings given;
	clu_error error;
	if (settings_default(&given, "paper", &error) != CLU_OK) return report_error(&error);
	int code = read_and_write(&given, argc, argv);
	settings_release(&given);
	return code;
}
