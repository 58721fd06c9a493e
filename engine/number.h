/* number.h: numbers as text that reads back to the same number, for recipes and models. */
#ifndef CLU_NUMBER_H
#define CLU_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#define NUMBER_TEXT 32

/* The shortest decimal text that reads back to the same finite double. */
void number_print(double value, char text[NUMBER_TEXT]);
/* All of `text` as one finite decimal number; false otherwise, also for spaces, hexadecimal and what overflows. */
bool number_parse(const char *text, double *value);
/* All of `text` as one whole number of digits, at most `most`. */
bool number_parse_whole(const char *text, uint64_t most, uint64_t *value);

#endif
