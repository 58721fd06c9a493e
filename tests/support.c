/* support.c: files, runs of the program and comparisons for the tests. Knows no device, see support_device.c for that.
 * The program's output goes through unlinked temporary files rather than pipes: no reader has to keep up with it. */
#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void *allocate(size_t size)
{
	void *memory = malloc(size);
	if (!memory) fail_msg("out of memory: %zu bytes", size);
	return memory;
}

/* ---- files ---- */

char *support_directory_create(void)
{
	const char *base = getenv("TMPDIR");
	char *directory = support_path(base && *base ? base : "/tmp", "clunroll-test-XXXXXX");
	if (!mkdtemp(directory)) fail_msg("cannot make directory %s: %s", directory, strerror(errno));
	return directory;
}

static void remove_tree(const char *path)
{
	struct stat status;
	if (lstat(path, &status) != 0) fail_msg("cannot look at %s: %s", path, strerror(errno));
	if (S_ISDIR(status.st_mode)) {
		DIR *directory = opendir(path);
		if (!directory) fail_msg("cannot open directory %s: %s", path, strerror(errno));
		for (struct dirent *entry; (entry = readdir(directory));) {
			if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
			char *inner = support_path(path, entry->d_name);
			remove_tree(inner);
			free(inner);
		}
		closedir(directory);
	}
	if (remove(path) != 0) fail_msg("cannot remove %s: %s", path, strerror(errno));
}

void support_directory_remove(char *directory)
{
	if (!directory) return;
	remove_tree(directory);
	free(directory);
}

int support_enter(void **state)
{
	*state = support_directory_create();
	return 0;
}

int support_leave(void **state)
{
	support_directory_remove(*state);
	return 0;
}

char *support_path(const char *directory, const char *name)
{
	size_t size = strlen(directory) + strlen(name) + 2;
	char *path = allocate(size);
	snprintf(path, size, "%s/%s", directory, name);
	return path;
}

static char *read_stream(FILE *stream, const char *name, size_t *size)
{
	if (fseek(stream, 0, SEEK_END) != 0) fail_msg("cannot seek in %s: %s", name, strerror(errno));
	long end = ftell(stream);
	rewind(stream);
	char *bytes = allocate((size_t)end + 1);
	size_t got = fread(bytes, 1, (size_t)end, stream);
	if (got != (size_t)end) fail_msg("read %zu of %ld bytes of %s", got, end, name);
	bytes[got] = '\0';
	if (size) *size = got;
	return bytes;
}

char *support_read(const char *path, size_t *size)
{
	FILE *stream = fopen(path, "rb");
	if (!stream) fail_msg("cannot open %s: %s", path, strerror(errno));
	char *bytes = read_stream(stream, path, size);
	fclose(stream);
	return bytes;
}

void support_write(const char *path, const void *bytes, size_t size)
{
	FILE *stream = fopen(path, "wb");
	if (!stream) fail_msg("cannot open %s: %s", path, strerror(errno));
	if (fwrite(bytes, 1, size, stream) != size || fclose(stream) != 0) fail_msg("cannot write %s: %s", path, strerror(errno));
}

/* ---- runs of the program ---- */

struct support_process {
	pid_t pid;
	FILE *out, *err;
};

static void become_program(const support_process *process, const char *const *arguments)
{
	size_t count = 0;
	while (arguments[count]) count++;
	char **argv = calloc(count + 2, sizeof *argv);
	if (!argv) _exit(127);
	argv[0] = (char[]){CLUNROLL_PROGRAM};
	for (size_t i = 0; i < count; i++) argv[i + 1] = strdup(arguments[i]);
	int nothing = open("/dev/null", O_RDONLY);
	dup2(nothing, STDIN_FILENO);
	dup2(fileno(process->out), STDOUT_FILENO);
	dup2(fileno(process->err), STDERR_FILENO);
	execv(argv[0], argv);
	fprintf(stderr, "cannot run %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

support_process *support_start(const char *const *arguments)
{
	support_process *process = allocate(sizeof *process);
	process->out = tmpfile();
	process->err = tmpfile();
	if (!process->out || !process->err) fail_msg("cannot make temporary files: %s", strerror(errno));
	fflush(NULL);
	process->pid = fork();
	if (process->pid < 0) fail_msg("cannot fork: %s", strerror(errno));
	if (process->pid == 0) become_program(process, arguments);
	return process;
}

pid_t support_pid(const support_process *process)
{
	return process->pid;
}

support_result support_wait(support_process *process)
{
	int status = 0;
	while (waitpid(process->pid, &status, 0) < 0)
		if (errno != EINTR) fail_msg("cannot wait for process %ld: %s", (long)process->pid, strerror(errno));
	support_result result = {
	    .code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
	    .out = read_stream(process->out, "stdout", NULL),
	    .err = read_stream(process->err, "stderr", NULL),
	};
	fclose(process->out);
	fclose(process->err);
	free(process);
	return result;
}

support_result support_run(const char *const *arguments)
{
	return support_wait(support_start(arguments));
}

void support_result_release(support_result *result)
{
	free(result->out);
	free(result->err);
}

/* ---- numbers ---- */

/* SplitMix64 (Steele, Lea, Flood 2014): independent of the engine's own streams, which are under test themselves. */
double support_uniform(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

void support_fill(float *values, size_t count, double density, uint64_t seed)
{
	uint64_t state = seed;
	for (size_t i = 0; i < count; i++) {
		bool nonzero = support_uniform(&state) < density;
		float value = (float)(2.0 * support_uniform(&state) - 1.0);
		values[i] = nonzero ? value : 0.0f;
	}
}

void support_close_at(const char *label, uint64_t seed, const float *got, const double *want, size_t count, double tolerance,
    const char *file, int line)
{
	double scale = 0.0, worst = 0.0;
	size_t at = 0;
	for (size_t i = 0; i < count; i++) scale = fmax(scale, fabs(want[i]));
	for (size_t i = 0; i < count; i++) {
		double error = fabs((double)got[i] - want[i]);
		if (isnan(error)) error = INFINITY;
		if (error > worst) worst = error, at = i;
	}
	if (worst <= tolerance * scale) return;
	print_error("%s, seed %llu: entry %zu of %zu is %.9g, wanted %.17g; error %.3g of the largest, %.9g; tolerance %.3g\n", label,
	    (unsigned long long)seed, at, count, (double)got[at], want[at], worst / scale, scale, tolerance);
	_fail(file, line);
}

void support_same_bits_at(
    const char *label, uint64_t seed, const float *got, const float *want, size_t count, const char *file, int line)
{
	if (count == 0 || memcmp(got, want, count * sizeof *got) == 0) return;
	size_t i = 0;
	while (memcmp(&got[i], &want[i], sizeof *got) == 0) i++;
	print_error("%s, seed %llu: entry %zu of %zu is %a (%.9g), wanted %a (%.9g)\n", label, (unsigned long long)seed, i, count,
	    (double)got[i], (double)got[i], (double)want[i], (double)want[i]);
	_fail(file, line);
}
