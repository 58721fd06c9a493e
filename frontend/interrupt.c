/* interrupt.c: the handlers behind interrupt.h. They do only what a signal handler may: set a flag, or end the process. */
#include "interrupt.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

volatile int interrupt_flag;

static void on_signal(int number)
{
	/* A terminal that goes sends SIGHUP by the shell and by the system: one event, and no wish to end at once. */
	if (interrupt_flag && number == SIGHUP) return;
	if (interrupt_flag) _exit(128 + number);
	interrupt_flag = number;
}

void interrupt_install(void)
{
	struct sigaction action;
	memset(&action, 0, sizeof action);
	action.sa_handler = on_signal;
	/* One signal is held back while another is handled, so that two at once count as two. */
	sigemptyset(&action.sa_mask);
	sigaddset(&action.sa_mask, SIGINT);
	sigaddset(&action.sa_mask, SIGTERM);
	sigaddset(&action.sa_mask, SIGHUP);
	action.sa_flags = SA_RESTART;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	struct sigaction before;
	if (sigaction(SIGHUP, NULL, &before) != 0 || before.sa_handler != SIG_IGN) sigaction(SIGHUP, &action, NULL); /* nohup */
	signal(SIGXFSZ, SIG_IGN); /* a limit on files' sizes fails the write, as a full disk does, and ends no program */
}
