/* units.c: see units.h. Two places of a time are shown, since nobody plans by the seconds of a day's run. */
#include "units.h"

#include <stddef.h>
#include <stdio.h>

void units_duration(double seconds, char text[UNITS_TEXT])
{
	if (!(seconds >= 0) || seconds > 1e9) {
		snprintf(text, UNITS_TEXT, "unknown time");
		return;
	}
	unsigned long whole = (unsigned long)(seconds + 0.5);
	if (seconds < 10)
		snprintf(text, UNITS_TEXT, "%.1f s", seconds);
	else if (whole < 60)
		snprintf(text, UNITS_TEXT, "%lu s", whole);
	else if (whole < 3600)
		snprintf(text, UNITS_TEXT, "%lu min %02lu s", whole / 60, whole % 60);
	else if (whole < 86400)
		snprintf(text, UNITS_TEXT, "%lu h %02lu min", whole / 3600, whole % 3600 / 60);
	else
		snprintf(text, UNITS_TEXT, "%lu d %02lu h", whole / 86400, whole % 86400 / 3600);
}

void units_bytes(uint64_t bytes, char text[UNITS_TEXT])
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
	double value = (double)bytes;
	size_t unit = 0;
	for (; value >= 1024 && unit < sizeof units / sizeof *units - 1; unit++) value /= 1024;
	snprintf(text, UNITS_TEXT, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
}

void units_flop(double operations, char text[UNITS_TEXT])
{
	static const char *const units[] = {"FLOP", "kFLOP", "MFLOP", "GFLOP", "TFLOP", "PFLOP", "EFLOP", "ZFLOP"};
	size_t unit = 0;
	for (; operations >= 1000 && unit < sizeof units / sizeof *units - 1; unit++) operations /= 1000;
	snprintf(text, UNITS_TEXT, "%.3g %s", operations, units[unit]);
}
