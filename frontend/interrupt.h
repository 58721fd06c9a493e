/* interrupt.h: Ctrl-C, SIGTERM, and SIGHUP when the terminal goes. The first sets a flag that long loops look at; a further SIGINT
 * or SIGTERM ends the process at once (exit 130 or 143), which loses nothing beyond the last checkpoint. */
#ifndef INTERRUPT_H
#define INTERRUPT_H

/* Installs the handlers for SIGINT, SIGTERM and, unless it is ignored already (nohup), SIGHUP; a file that grows too large becomes
 * an error of its write. */
void interrupt_install(void);
/* Nonzero once a signal came (its number); hand its address to clu_lanes_run. */
extern volatile int interrupt_flag;

#endif
