/* units.h: times, sizes and numbers of operations as people read them: "2 h 05 min", "15.6 GiB", "1.20 PFLOP". */
#ifndef UNITS_H
#define UNITS_H

#include <stdint.h>

#define UNITS_TEXT 32

void units_duration(double seconds, char text[UNITS_TEXT]);
void units_bytes(uint64_t bytes, char text[UNITS_TEXT]);
void units_flop(double operations, char text[UNITS_TEXT]);

#endif
