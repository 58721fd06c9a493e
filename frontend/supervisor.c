/* supervisor.c: see supervisor.h. One loop without threads: reap, watch, start, sleep a tenth of a second. What it knows of a
 * worker's progress it reads from the store, as anyone could; that a worker has ended it learns from the system. */
#include "supervisor.h"

#include "message.h"
#include "progress.h"
#include "status.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RESTART_DELAY_MAX 30.0 /* s */

typedef enum seat_state { SEAT_WAITING, SEAT_WORKING, SEAT_FINISHED, SEAT_RETIRED } seat_state;

struct seat {
	const supervisor_seat *plan;
	seat_state state;
	double start_at; /* WAITING */
	int failures;    /* in a row */
	int kills;       /* from outside, in a row */
	bool unfit;      /* RETIRED: by its own worker, which found its device to be of no use */
	/* WORKING */
	pid_t pid;
	int64_t run;
	double started_at, looked_at;
	double beat_at, moved_at; /* when the heartbeat and its count of beats were last seen to change */
	int64_t heartbeat;
	uint64_t beats;
	char killed_for[128]; /* why the supervisor killed it; empty when it did not */
};

typedef struct supervisor {
	store *study;
	const supervisor_options *options;
	struct seat *seats;
	size_t count;
	int lifeline[2];
	bool stopping;
	double stop_at; /* when it began to stop */
} supervisor;

static void note(const supervisor *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void note(const supervisor *s, const char *format, ...)
{
	char text[1024];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	if (s->options->note) s->options->note(s->options->context, text);
}

/* ---- starting ---- */

enum { ARGUMENTS_MAX = 32 };

/* In the child: only calls that are safe between fork and exec. */
static void become_worker(const supervisor *s, char *const *argv)
{
	setpgid(0, 0);
	int nothing = open("/dev/null", O_RDONLY);
	dup2(nothing, STDIN_FILENO);
	dup2(STDERR_FILENO, STDOUT_FILENO); /* stdout is for the result of the search */
	fcntl(s->lifeline[0], F_SETFD, 0);
	execv(s->options->program, argv);
	_exit(127);
}

static clu_status start_process(const supervisor *s, struct seat *seat, clu_error *error)
{
	char run[24], device[16], lifeline[16];
	snprintf(run, sizeof run, "%lld", (long long)seat->run);
	snprintf(device, sizeof device, "%u", seat->plan->device.index);
	snprintf(lifeline, sizeof lifeline, "%d", s->lifeline[0]);
	const char *argv[ARGUMENTS_MAX] = {s->options->program, "worker", s->options->study_path, "--run", run, "--name",
	    seat->plan->name, "--device", device, "--lifeline", lifeline};
	size_t count = 11;
	for (const char *const *a = s->options->arguments; a && *a && count + 1 < ARGUMENTS_MAX; a++) argv[count++] = *a;
	pid_t pid = fork();
	if (pid == 0) become_worker(s, (char *const *)argv);
	if (pid < 0) return clu_fail(error, CLU_MEMORY, "worker %s cannot be started: %s", seat->plan->name, strerror(errno));
	setpgid(pid, pid); /* here too, so that it holds whoever runs first */
	seat->pid = pid;
	return CLU_OK;
}

static clu_status start_seat(supervisor *s, struct seat *seat, double now, clu_error *error)
{
	CLU_TRY(store_run_begin(s->study, seat->plan->name, &seat->plan->device, &seat->run, error));
	CLU_TRY(start_process(s, seat, error));
	seat->state = SEAT_WORKING;
	seat->started_at = seat->looked_at = seat->beat_at = seat->moved_at = now;
	seat->heartbeat = 0;
	seat->beats = 0;
	seat->killed_for[0] = '\0';
	return store_run_process(s->study, seat->run, seat->pid, error);
}

/* ---- ends ---- */

/* How a process ended, in words. */
static void describe_end(const struct seat *seat, int how, const run_status *row, char text[static 512])
{
	const char *message = row->message[0] ? row->message : NULL;
	if (seat->killed_for[0])
		snprintf(text, 512, "%s", seat->killed_for);
	else if (WIFSIGNALED(how))
		snprintf(text, 512, "ended by signal %d (%s)", WTERMSIG(how), strsignal(WTERMSIG(how)));
	else if (WEXITSTATUS(how) == 127 && !message)
		snprintf(text, 512, "the program could not be started");
	else if (message)
		snprintf(text, 512, "%s", message);
	else
		snprintf(text, 512, "ended with exit code %d and without a message", WEXITSTATUS(how));
}

static bool ended_with(int how, int code)
{
	return WIFEXITED(how) && WEXITSTATUS(how) == code;
}

/* A kill from outside says nothing against the device or the trials, as long as the worker had got going. */
static bool was_killed_from_outside(const struct seat *seat, int how)
{
	return WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL && !seat->killed_for[0];
}

static void count_failure(struct seat *seat, bool outside, const run_status *row)
{
	if (row->advances > 0) seat->failures = seat->kills = 0;
	if (outside && (row->advances > 0 || row->steps > 0))
		seat->kills++;
	else if (row->advances == 0)
		seat->failures++;
}

static clu_status seat_failed(supervisor *s, struct seat *seat, int how, const run_status *row, double now, clu_error *error)
{
	char reason[512];
	bool outside = was_killed_from_outside(seat, how);
	describe_end(seat, how, row, reason);
	count_failure(seat, outside, row);
	if (seat->failures >= SUPERVISOR_FAILURES || seat->kills >= SUPERVISOR_KILLS) {
		seat->state = SEAT_RETIRED;
		note(s, "worker %s on %s is retired after %d failures in a row; the last: %s", seat->plan->name, seat->plan->device.name,
		    seat->failures + seat->kills, reason);
		return store_run_end(s->study, seat->run, RUN_RETIRED, reason, error);
	}
	double delay = s->options->restart_delay * pow(2, seat->failures > 0 ? seat->failures - 1 : 0);
	seat->state = SEAT_WAITING;
	seat->start_at = now + fmin(delay, RESTART_DELAY_MAX);
	note(s, "worker %s on %s: %s; its trials go back and it is started again", seat->plan->name, seat->plan->device.name, reason);
	return store_run_end(s->study, seat->run, outside ? RUN_LOST : RUN_CRASHED, reason, error);
}

/* A seat that found no work is asked again once all others have ended too. One that somebody else told to stop goes on at once
 * where trials are queued: its device would stand idle. */
static clu_status seat_finished(supervisor *s, struct seat *seat, bool told, double now, clu_error *error)
{
	uint64_t counts[4];
	CLU_TRY(store_counts(s->study, counts, error));
	seat->state = SEAT_FINISHED;
	seat->failures = seat->kills = 0;
	if (!told || counts[TRIAL_QUEUED] == 0) return CLU_OK;
	seat->state = SEAT_WAITING;
	seat->start_at = now + s->options->restart_delay;
	note(s, "worker %s on %s was told to stop by another process; it is started again", seat->plan->name, seat->plan->device.name);
	return CLU_OK;
}

static clu_status seat_ended(supervisor *s, struct seat *seat, int how, double now, clu_error *error)
{
	run_status row;
	CLU_TRY(store_run_status(s->study, seat->run, &row, error));
	if (s->stopping) {
		seat->state = SEAT_FINISHED;
		return store_run_end(s->study, seat->run, RUN_LOST, "ended while the search was stopped", error);
	}
	if (strcmp(row.state, "retired") == 0) { /* by itself: its self-test failed, or nothing fits */
		seat->state = SEAT_RETIRED;
		seat->unfit = true;
		note(s, "worker %s on %s gets no work: %s", seat->plan->name, seat->plan->device.name, row.message);
		return CLU_OK;
	}
	if (ended_with(how, EXIT_STORE) || ended_with(how, EXIT_SETTINGS)) {
		store_run_end(s->study, seat->run, RUN_LOST, row.message, NULL);
		seat->state = SEAT_FINISHED;
		if (ended_with(how, EXIT_SETTINGS)) return clu_fail(error, CLU_MISMATCH, "worker %s: %s", seat->plan->name, row.message);
		return clu_fail(error, CLU_FILE, "worker %s could not use the study: %s", seat->plan->name,
		    row.message[0] ? row.message : "see its message above");
	}
	if (ended_with(how, EXIT_DONE) || ended_with(how, EXIT_STOPPED)) {
		CLU_TRY(store_run_end(s->study, seat->run, RUN_STOPPED, "", error));
		return seat_finished(s, seat, ended_with(how, EXIT_STOPPED), now, error);
	}
	return seat_failed(s, seat, how, &row, now, error);
}

static clu_status reap(supervisor *s, double now, clu_error *error)
{
	for (size_t i = 0; i < s->count; i++) {
		int how;
		if (s->seats[i].state != SEAT_WORKING) continue;
		if (waitpid(s->seats[i].pid, &how, WNOHANG) != s->seats[i].pid) continue;
		CLU_TRY(seat_ended(s, &s->seats[i], how, now, error));
	}
	return CLU_OK;
}

/* ---- watching ---- */

static void kill_hung(struct seat *seat, const char *what, double limit)
{
	snprintf(seat->killed_for, sizeof seat->killed_for, "hung: %s %g s", what, limit);
	kill(seat->pid, SIGKILL);
}

static clu_status look(supervisor *s, struct seat *seat, double now, clu_error *error)
{
	if (seat->killed_for[0] || now - seat->looked_at < fmin(1, s->options->hang_limit / 8)) return CLU_OK;
	run_status row;
	seat->looked_at = now;
	CLU_TRY(store_run_status(s->study, seat->run, &row, error));
	if (strcmp(row.state, "starting") == 0) {
		seat->beat_at = seat->moved_at = now;
		if (now - seat->started_at > s->options->start_limit) kill_hung(seat, "not ready after", s->options->start_limit);
		return CLU_OK;
	}
	if (row.heartbeat_at != seat->heartbeat) seat->beat_at = now;
	if (row.beats != seat->beats || row.held == 0) seat->moved_at = now;
	seat->heartbeat = row.heartbeat_at;
	seat->beats = row.beats;
	if (now - seat->beat_at > s->options->hang_limit)
		kill_hung(seat, "no heartbeat for", s->options->hang_limit);
	else if (now - seat->moved_at > s->options->hang_limit)
		kill_hung(seat, now - seat->beat_at > s->options->hang_limit / 2 ? "no sign of life for" : "no step or validation for",
		    s->options->hang_limit);
	return CLU_OK;
}

static clu_status work_left(supervisor *s, bool *left, clu_error *error)
{
	uint64_t counts[4];
	CLU_TRY(store_counts(s->study, counts, error));
	*left = counts[TRIAL_QUEUED] + counts[TRIAL_RUNNING] > 0;
	return CLU_OK;
}

static size_t seats_in(const supervisor *s, seat_state state)
{
	size_t count = 0;
	for (size_t i = 0; i < s->count; i++) count += s->seats[i].state == state;
	return count;
}

/* Once no worker runs or waits: what that means. Finished seats are taken again where work is left after all. */
static clu_status settle(supervisor *s, double now, supervisor_end *end, bool *over, clu_error *error)
{
	bool left;
	*over = false;
	if (seats_in(s, SEAT_WORKING) + (s->stopping ? 0 : seats_in(s, SEAT_WAITING)) > 0) return CLU_OK;
	CLU_TRY(work_left(s, &left, error));
	bool unfit = true;
	for (size_t i = 0; i < s->count; i++) unfit = unfit && s->seats[i].unfit;
	*end = !left ? SUPERVISOR_DONE : s->stopping ? SUPERVISOR_STOPPED : unfit ? SUPERVISOR_UNFIT : SUPERVISOR_RETIRED;
	*over = !left || s->stopping || seats_in(s, SEAT_RETIRED) == s->count;
	for (size_t i = 0; i < s->count && !*over; i++) {
		if (s->seats[i].state != SEAT_FINISHED) continue;
		s->seats[i].state = SEAT_WAITING;
		s->seats[i].start_at = now + s->options->restart_delay;
	}
	return CLU_OK;
}

/* ---- stopping ---- */

static void stop(supervisor *s, double now)
{
	if (s->stopping) return;
	s->stopping = true;
	s->stop_at = now;
	for (size_t i = 0; i < s->count; i++) {
		if (s->seats[i].state == SEAT_WORKING) kill(s->seats[i].pid, SIGTERM);
		if (s->seats[i].state == SEAT_WAITING) s->seats[i].state = SEAT_FINISHED;
	}
}

static void kill_late(supervisor *s, double now)
{
	if (now - s->stop_at < s->options->stop_limit) return;
	for (size_t i = 0; i < s->count; i++) {
		if (s->seats[i].state != SEAT_WORKING || s->seats[i].killed_for[0]) continue;
		kill_hung(&s->seats[i], "did not stop within", s->options->stop_limit);
		note(s, "worker %s did not stop within %g s and was killed; its work since its last checkpoint is lost",
		    s->seats[i].plan->name, s->options->stop_limit);
	}
}

/* After an error, the store's say: the workers stop by themselves, and none is left behind. */
static void abandon(supervisor *s)
{
	stop(s, progress_clock());
	while (seats_in(s, SEAT_WORKING) > 0) {
		kill_late(s, progress_clock());
		for (size_t i = 0; i < s->count; i++) {
			if (s->seats[i].state == SEAT_WORKING && waitpid(s->seats[i].pid, NULL, WNOHANG) != 0)
				s->seats[i].state = SEAT_FINISHED;
		}
		nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
	}
}

/* ---- the loop ---- */

static clu_status turn(supervisor *s, double now, clu_error *error)
{
	CLU_TRY(reap(s, now, error));
	if (s->stopping) {
		kill_late(s, now);
		return CLU_OK;
	}
	for (size_t i = 0; i < s->count; i++) {
		struct seat *seat = &s->seats[i];
		if (seat->state == SEAT_WORKING) CLU_TRY(look(s, seat, now, error));
		if (seat->state == SEAT_WAITING && now >= seat->start_at) CLU_TRY(start_seat(s, seat, now, error));
	}
	return CLU_OK;
}

static clu_status loop(supervisor *s, supervisor_end *end, clu_error *error)
{
	double begun = progress_clock();
	for (bool over = false; !over;) {
		double now = progress_clock();
		bool late = s->options->time_limit > 0 && now - begun > s->options->time_limit;
		if (*s->options->stop || late) stop(s, now);
		CLU_TRY(turn(s, now, error));
		if (s->options->tick) s->options->tick(s->options->context);
		CLU_TRY(settle(s, now, end, &over, error));
		if (!over) nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
	}
	return CLU_OK;
}

clu_status supervise(store *study, const supervisor_options *options, supervisor_end *end, clu_error *error)
{
	supervisor s = {.study = study, .options = options, .count = options->seat_count, .lifeline = {-1, -1}};
	s.seats = calloc(s.count ? s.count : 1, sizeof *s.seats);
	if (!s.seats) return clu_fail(error, CLU_MEMORY, "no memory for %zu workers", s.count);
	for (size_t i = 0; i < s.count; i++) s.seats[i].plan = &options->seats[i];
	clu_status status;
	if (pipe(s.lifeline) != 0) {
		status = clu_fail(error, CLU_FILE, "no pipe to the workers: %s", strerror(errno));
		goto cleanup;
	}
	/* Workers inherit the end they read, and must never hold the other. */
	fcntl(s.lifeline[0], F_SETFD, FD_CLOEXEC);
	fcntl(s.lifeline[1], F_SETFD, FD_CLOEXEC);
	CLU_GOTO(store_runs_sweep(study, error));
	CLU_GOTO(loop(&s, end, error));

cleanup:
	if (status != CLU_OK) abandon(&s);
	if (s.lifeline[0] >= 0) close(s.lifeline[0]);
	if (s.lifeline[1] >= 0) close(s.lifeline[1]);
	free(s.seats);
	return status;
}
