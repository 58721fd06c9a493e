/* interrupt.h: Ctrl-C and SIGTERM. The first sets a flag that long loops look at; the second ends the process at once
 * (exit 130 or 143), which loses nothing beyond the last checkpoint. */
#ifndef INTERRUPT_H
#define INTERRUPT_H

/* Installs the handlers for SIGINT and SIGTERM; a file that grows too large becomes an error of its write. */
void interrupt_install(void);
/* Nonzero once a signal came (its number); hand its address to clu_lanes_run. */
extern volatile int interrupt_flag;

#endif
