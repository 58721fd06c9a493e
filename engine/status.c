/* status.c: texts of statuses and the one place that formats an error. */
#include "status.h"

#include <stdarg.h>
#include <stdio.h>

const char *clu_status_text(clu_status status)
{
	switch (status) {
#define STATUS_TEXT(name, text) \
	case CLU_##name: return text;
		CLU_STATUS_MAP(STATUS_TEXT)
#undef STATUS_TEXT
	}
	return "unknown status";
}

const char *clu_version(void)
{
	return CLUNROLL_VERSION;
}

clu_status clu_fail(clu_error *error, clu_status status, const char *format, ...)
{
	if (!error) return status;
	error->status = status;
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(error->message, sizeof error->message, format, arguments);
	va_end(arguments);
	return status;
}
