/* message.c: what a command says: lines on stderr that begin with its name, exit codes, JSON objects on stdout, one a line. */
#include "message.h"

#include <stdarg.h>
#include <stdio.h>

static const char *command_name = "";

void report_command(const char *name)
{
	command_name = name;
}

static void print_line(const char *format, va_list arguments)
{
	fprintf(stderr, "clunroll%s%s: ", command_name[0] ? " " : "", command_name);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
}

void report_note(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	print_line(format, arguments);
	va_end(arguments);
}

int report_error(const clu_error *error)
{
	report_note("%s", error->message);
	switch (error->status) {
	case CLU_OK: return EXIT_DONE;
	case CLU_ARGUMENT: return EXIT_USAGE;
	case CLU_NO_DEVICE:
	case CLU_BUILD:
	case CLU_SELF_TEST: return EXIT_NO_DEVICE;
	case CLU_MISMATCH: return EXIT_SETTINGS;
	case CLU_MEMORY:
	case CLU_FILE:
	case CLU_FORMAT:
	case CLU_SIZE:
	case CLU_DEVICE:
	case CLU_NUMERIC: return EXIT_FAILED;
	}
	return EXIT_FAILED;
}

int report_usage_hint(void)
{
	fprintf(stderr, "Try 'clunroll%s%s --help'.\n", command_name[0] ? " " : "", command_name);
	return EXIT_USAGE;
}

int report_usage(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	print_line(format, arguments);
	va_end(arguments);
	return report_usage_hint();
}

cJSON *report_json_begin(void)
{
	cJSON *json = cJSON_CreateObject();
	cJSON_AddNumberToObject(json, "version", 1);
	return json;
}

void report_json(cJSON *json)
{
	char *text = cJSON_PrintUnformatted(json);
	if (text) puts(text);
	fflush(stdout);
	cJSON_free(text);
	cJSON_Delete(json);
}
