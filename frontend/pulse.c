/* pulse.c: see pulse.h. The two threads share the counters, the latest error and a pipe that ends the thread, nothing else. */
#include "pulse.h"

#include "message.h"
#include "progress.h"
#include "status.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BEAT_MS = 2000 };

struct pulse {
	pulse_options options;
	store *study;
	pthread_t thread;
	int quit[2]; /* closing [1] ends the thread */
	_Atomic uint64_t steps, beats;
	uint64_t beats_seen; /* the thread's own: what it saw last, and when that was new */
	double moved_at;
	pthread_mutex_t lock; /* of what follows */
	clu_status status;
	clu_error error;
};

static void beat(pulse *p)
{
	clu_error error;
	uint64_t beats = atomic_load(&p->beats);
	double now = progress_clock();
	if (beats != p->beats_seen) p->moved_at = now;
	p->beats_seen = beats;
	bool hung = p->options.hang_limit > 0 && now - p->moved_at > p->options.hang_limit;
	clu_status status =
	    store_heartbeat(p->study, p->options.run, atomic_load(&p->steps), beats, hung ? 0 : p->options.lease_ms, &error);
	pthread_mutex_lock(&p->lock);
	p->status = status;
	if (status != CLU_OK) p->error = error;
	pthread_mutex_unlock(&p->lock);
}

static int beat_ms(const pulse *p)
{
	int64_t often = p->options.lease_ms / 4;
	return often < BEAT_MS ? (int)often + 1 : BEAT_MS;
}

static void *run(void *context)
{
	pulse *p = context;
	struct pollfd ends[2] = {{.fd = p->quit[0], .events = POLLIN}, {.fd = p->options.lifeline, .events = POLLIN}};
	double give_up = 0, next = progress_clock();
	for (;;) {
		double now = progress_clock();
		if (give_up > 0 && now > give_up) _exit(EXIT_STOPPED);
		if (now >= next) {
			beat(p);
			next = now + beat_ms(p) / 1000.0;
		}
		int wait = (int)((next - now) * 1000) + 1;
		if (poll(ends, 2, wait > 0 ? wait : 0) <= 0) continue;
		if (ends[0].revents) break;
		if (ends[1].revents) { /* nothing is ever written to the lifeline: its end of file */
			ends[1].fd = -1;
			give_up = progress_clock() + p->options.grace;
			kill(getpid(), SIGTERM);
		}
	}
	beat(p);
	return NULL;
}

static clu_status start_thread(pulse *p, clu_error *error)
{
	if (pipe(p->quit) != 0) return clu_fail(error, CLU_FILE, "no pipe for the heartbeat: %s", strerror(errno));
	int failure = pthread_mutex_init(&p->lock, NULL);
	if (failure == 0) failure = pthread_create(&p->thread, NULL, run, p);
	if (failure == 0) return CLU_OK;
	close(p->quit[0]);
	close(p->quit[1]);
	return clu_fail(error, CLU_MEMORY, "no thread for the heartbeat: %s", strerror(failure));
}

clu_status pulse_start(const pulse_options *options, pulse **out, clu_error *error)
{
	pulse *p = calloc(1, sizeof *p);
	if (!p) return clu_fail(error, CLU_MEMORY, "no memory for the heartbeat");
	p->options = *options;
	p->moved_at = progress_clock();
	clu_status status;
	CLU_GOTO(store_open(options->path, &p->study, error));
	CLU_GOTO(start_thread(p, error));
	*out = p;
	return CLU_OK;

cleanup:
	store_close(p->study);
	free(p);
	return status;
}

void pulse_tell(pulse *p, uint64_t steps, uint64_t beats)
{
	atomic_store(&p->steps, steps);
	atomic_store(&p->beats, beats);
}

clu_status pulse_check(pulse *p, clu_error *error)
{
	pthread_mutex_lock(&p->lock);
	clu_status status = p->status;
	if (status != CLU_OK && error) *error = p->error;
	pthread_mutex_unlock(&p->lock);
	return status;
}

void pulse_stop(pulse *p)
{
	if (!p) return;
	close(p->quit[1]);
	pthread_join(p->thread, NULL);
	close(p->quit[0]);
	pthread_mutex_destroy(&p->lock);
	store_close(p->study);
	free(p);
}
