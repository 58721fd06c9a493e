/* main.c: finds the command, hands over, and checks that what it wrote to stdout really got there. Commands are in cmd_*.c;
 * only this file ends the program. */
#include "command.h"

#include "commit.h"
#include "message.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
} commands[] = {
    {"devices", cmd_devices, "every OpenCL device: type, driver, memory, speed, self-test, plan"},
    {"train", cmd_train, "trains one network; goes on where it was interrupted"},
    {"eval", cmd_eval, "the error of a trained network under any test condition"},
    {"apply", cmd_apply, "uses a trained network on your own measurements"},
    {"solve", cmd_solve, "what classical solvers reach on the same signals"},
    {"data", cmd_data, "writes the data sets as .npy"},
    {"search", cmd_search, "trains many architectures on all devices and finds the best"},
    {"worker", cmd_worker, "one device's part in a search"},
    {"status", cmd_status, "how far a search is: trials, workers, speed, time left, the best so far"},
    {"report", cmd_report, "a study as one HTML page: the winner, pictures, all trials"},
    {"prefixes", cmd_prefixes, "what a directory of trained prefixes holds and has saved"},
    {"reproduce", cmd_reproduce, "a table of the paper beside figures of our own; recipes beside each other"},
    {"bench", cmd_bench, "what a training step costs on a device"},
    {0},
};

static void print_help(FILE *out)
{
	fputs("Trains unrolled sparse-recovery networks (LISTA and relatives) on OpenCL devices, and searches among them.\n\n"
	      "Usage: clunroll COMMAND [OPTIONS]\n\nCommands:\n",
	    out);
	for (const struct command *command = commands; command->name; command++)
		fprintf(out, "  %-10s %s\n", command->name, command->summary);
	fputs("\n'clunroll COMMAND --help' shows a command's options and examples.\n"
	      "Exit status: 0 done, 1 failure, 2 usage, 3 stopped with work left (run again to go on), 4 no usable device,\n"
	      "5 study, 6 settings differ, 129, 130 and 143 ended by a signal.\n",
	    out);
}

/* Levenshtein's distance of two short words. */
static size_t edit_distance(const char *a, const char *b)
{
	enum { LONGEST = 32 };
	size_t length = strlen(b), row[LONGEST + 1];
	if (strlen(a) > LONGEST || length > LONGEST) return LONGEST;
	for (size_t j = 0; j <= length; j++) row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= length; j++) {
			size_t best = diagonal + (a[i - 1] != b[j - 1]);
			diagonal = row[j];
			if (row[j] + 1 < best) best = row[j] + 1;
			if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[length];
}

static int unknown_command(const char *name)
{
	const char *nearest = NULL;
	size_t distance = 3; /* further off is no typing error */
	for (const struct command *command = commands; command->name; command++) {
		size_t d = edit_distance(name, command->name);
		if (d < distance) {
			distance = d;
			nearest = command->name;
		}
	}
	if (nearest) return report_usage("there is no command '%s'; did you mean '%s'?", name, nearest);
	return report_usage("there is no command '%s'", name);
}

static int run_command(int argc, char **argv)
{
	if (argc < 2) {
		print_help(stderr);
		return EXIT_USAGE;
	}
	const char *name = argv[1];
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
		print_help(stdout);
		return EXIT_DONE;
	}
	if (strcmp(name, "--version") == 0) {
		printf("clunroll %s (%s)\n", clu_version(), commit_text);
		return EXIT_DONE;
	}
	for (const struct command *command = commands; command->name; command++) {
		if (strcmp(name, command->name) == 0) {
			char title[64];
			snprintf(title, sizeof title, "clunroll %s", name);
			argv[1] = title;
			report_command(command->name);
			return command->run(argc - 1, argv + 1);
		}
	}
	return unknown_command(name);
}

int main(int argc, char **argv)
{
	int code = run_command(argc, argv);
	const bool lost = ferror(stdout); /* before: why is not known any more */
	if (fflush(stdout) != 0 || lost) {
		report_note("standard output cannot be written: %s", lost ? "part of it is lost" : strerror(errno));
		if (code == EXIT_DONE) code = EXIT_FAILED;
	}
	return code;
}
