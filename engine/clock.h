/* clock.h: elapsed time. */
#ifndef CLU_CLOCK_H
#define CLU_CLOCK_H

/* Seconds since some moment in the past; never goes back. */
double clock_seconds(void);

#endif
