/* message.h: what a command says, and with which code it ends: lines on stderr that begin with its name, JSON objects on stdout. */
#ifndef MESSAGE_H
#define MESSAGE_H

#include "clunroll.h"

#include <cjson/cJSON.h>

/* Exit codes of the program. */
typedef enum exit_code {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_STOPPED = 3, /* stopped with work left: run again to go on */
	EXIT_NO_DEVICE = 4,
	EXIT_STORE = 5,
	EXIT_SETTINGS = 6, /* settings differ from the study's or the checkpoint's */
} exit_code;

/* Names the command that messages on stderr begin with: "clunroll train: …". */
void report_command(const char *name);
/* Prints one line on stderr: "clunroll train: …". */
void report_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Prints the error and returns the exit_code that fits its status. */
int report_error(const clu_error *error);
/* Prints what is wrong with the command line, and where its help is; returns EXIT_USAGE. */
int report_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same where getopt_long has said already what is wrong. */
int report_usage_hint(void);
/* A JSON object with its "version"; report_json prints it as one line on stdout and deletes it. A number that is not finite
 * becomes null. */
cJSON *report_json_begin(void);
void report_json(cJSON *json);

#endif
