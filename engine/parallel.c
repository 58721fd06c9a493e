/* parallel.c: see parallel.h. Threads live as long as the work: it is rare and lasts a tenth of a second. */
#include "parallel.h"

#include <pthread.h>
#include <unistd.h>

enum { THREADS_MAX = 64 };

typedef struct task {
	parallel_part *part;
	void *context;
	size_t begin, end;
	pthread_t thread;
	int started;
} task;

static void *run_task(void *argument)
{
	const task *t = argument;
	t->part(t->context, t->begin, t->end);
	return NULL;
}

static size_t count_parts(size_t count, size_t least)
{
	const long processors = sysconf(_SC_NPROCESSORS_ONLN);
	const size_t most = least ? count / least : count;
	size_t parts = processors < 1 ? 1 : processors > THREADS_MAX ? THREADS_MAX : (size_t)processors;
	if (parts > most) parts = most;
	return parts ? parts : 1;
}

void parallel_run(size_t count, size_t least, parallel_part *part, void *context)
{
	task tasks[THREADS_MAX];
	const size_t parts = count_parts(count, least);
	for (size_t i = 0; i < parts; i++) {
		tasks[i] = (task){.part = part, .context = context, .begin = count / parts * i};
		tasks[i].end = i + 1 < parts ? count / parts * (i + 1) : count;
		if (i > 0) tasks[i].started = pthread_create(&tasks[i].thread, NULL, run_task, &tasks[i]) == 0;
	}
	for (size_t i = 0; i < parts; i++)
		if (!tasks[i].started) run_task(&tasks[i]);
	for (size_t i = 1; i < parts; i++)
		if (tasks[i].started) pthread_join(tasks[i].thread, NULL);
}
