/* plan_cache.c: see plan_cache.h. A file is "clunroll-measured-plan 1", lines of a word and its value, then the plan's own text. */
#include "plan_cache.h"

#include "path.h"
#include "status.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char title[] = "clunroll-measured-plan 1\n";
enum { NAME_SIZE = CLU_KEY_TEXT + 64, FILE_SIZE = CLU_PLAN_TEXT + 1024 };

static void name_of(const clu_device_info *info, const plan_shape *shape, char name[NAME_SIZE])
{
	char subject[CLU_KEY_TEXT];
	clu_plan_subject(info, subject);
	snprintf(name, NAME_SIZE, "plans/%s-%ux%u-%u-%u", subject, shape->m, shape->n, shape->layers, shape->batch);
}

/* ---- a file's text ---- */

static void print(const clu_device_info *info, const measured_plan *measured, char text[FILE_SIZE])
{
	const clu_tuning *tuning = &measured->tuning;
	const plan_shape *shape = &measured->shape;
	char subject[CLU_KEY_TEXT], plan[CLU_PLAN_TEXT], name[sizeof info->name];
	clu_plan_subject(info, subject);
	clu_plan_print(&tuning->plan, plan);
	snprintf(name, sizeof name, "%s", info->name);
	for (char *c = name; *c; c++)
		if (*c == '\n') *c = ' ';
	snprintf(text, FILE_SIZE,
	    "%sdevice %s\nsubject %s\nshape %u %u %u %u\nmeasured_at %" PRId64 "\nseconds %.6g\nstep_seconds %.6g\nbase_seconds %.6g\n"
	    "lane_seconds %.6g\nlanes %u\n%s",
	    title, name, subject, shape->m, shape->n, shape->layers, shape->batch, measured->measured_at, tuning->seconds,
	    tuning->step_seconds, tuning->base_seconds, tuning->lane_seconds, tuning->lanes, plan);
}

/* The text after "WORD " at *at, which moves behind the line; NULL where another line stands there. */
static char *take_line(char **at, const char *word)
{
	const size_t length = strlen(word);
	char *line = *at, *end = strchr(line, '\n');
	if (!end || strncmp(line, word, length) != 0 || line[length] != ' ') return NULL;
	*end = '\0';
	*at = end + 1;
	return line + length + 1;
}

static bool take_number(char **at, const char *word, double most, double *value)
{
	char *end, *text = take_line(at, word);
	if (!text) return false;
	*value = strtod(text, &end);
	return end != text && *end == '\0' && *value >= 0 && *value <= most;
}

static bool take_shape(char **at, plan_shape *shape)
{
	char beyond;
	const char *text = take_line(at, "shape");
	return text && sscanf(text, "%" SCNu32 " %" SCNu32 " %" SCNu32 " %" SCNu32 "%c", &shape->m, &shape->n, &shape->layers,
	                   &shape->batch, &beyond) == 4;
}

static bool take_numbers(char **at, measured_plan *measured)
{
	clu_tuning *tuning = &measured->tuning;
	double measured_at, lanes;
	if (!take_number(at, "measured_at", 1e12, &measured_at) || !take_number(at, "seconds", 1e9, &tuning->seconds) ||
	    !take_number(at, "step_seconds", 1e9, &tuning->step_seconds) ||
	    !take_number(at, "base_seconds", 1e9, &tuning->base_seconds) ||
	    !take_number(at, "lane_seconds", 1e9, &tuning->lane_seconds) || !take_number(at, "lanes", 4096, &lanes))
		return false;
	measured->measured_at = (int64_t)measured_at;
	tuning->lanes = (uint32_t)lanes;
	return tuning->step_seconds > 0;
}

/* CLU_FORMAT with the reason; changes the text. */
static clu_status parse(const clu_device_info *info, const char *path, char *text, measured_plan *measured, clu_error *error)
{
	char wanted[CLU_KEY_TEXT];
	*measured = (measured_plan){0};
	if (strncmp(text, title, sizeof title - 1) != 0)
		return clu_fail(error, CLU_FORMAT, "%s is no measured plan of this version", path);
	char *at = text + sizeof title - 1;
	const char *name = take_line(&at, "device"), *subject = take_line(&at, "subject");
	clu_plan_subject(info, wanted);
	if (!name || !subject) return clu_fail(error, CLU_FORMAT, "%s is damaged", path);
	if (strcmp(subject, wanted) != 0)
		return clu_fail(error, CLU_FORMAT, "%s is of another device, driver or version (%.120s)", path, name);
	if (!take_shape(&at, &measured->shape) || !take_numbers(&at, measured))
		return clu_fail(error, CLU_FORMAT, "%s is damaged", path);
	return clu_plan_parse(at, path, &measured->tuning.plan, error);
}

/* ---- files ---- */

static clu_status read_file(const clu_device_info *info, const char *path, measured_plan *measured, clu_error *error)
{
	void *bytes;
	size_t size;
	char text[FILE_SIZE];
	CLU_TRY(clu_file_read(path, &bytes, &size, error));
	const bool fits = size < sizeof text;
	if (fits) memcpy(text, bytes, size);
	free(bytes);
	if (!fits) return clu_fail(error, CLU_FORMAT, "%s is no measured plan: it is too long", path);
	text[size] = '\0';
	if (strlen(text) != size) return clu_fail(error, CLU_FORMAT, "%s is damaged", path);
	return parse(info, path, text, measured, error);
}

clu_status plan_cache_get(const clu_device_info *info, const plan_shape *shape, measured_plan *plan, clu_error *error)
{
	char name[NAME_SIZE];
	name_of(info, shape, name);
	char *path = path_cache(name);
	if (!path) return clu_fail(error, CLU_FILE, "there is no place for a cache of plans");
	clu_status status =
	    access(path, F_OK) == 0 ? read_file(info, path, plan, error) : clu_fail(error, CLU_FILE, "%s: %s", path, strerror(errno));
	if (status == CLU_OK && memcmp(&plan->shape, shape, sizeof *shape) != 0)
		status = clu_fail(error, CLU_FORMAT, "%s is of networks of another shape", path);
	free(path);
	return status;
}

clu_status plan_cache_put(const clu_device_info *info, const measured_plan *plan, clu_error *error)
{
	char name[NAME_SIZE], text[FILE_SIZE];
	name_of(info, &plan->shape, name);
	print(info, plan, text);
	char *path = path_cache(name);
	if (!path) return clu_fail(error, CLU_FILE, "there is no place for a cache of plans");
	clu_status status = clu_file_replace(path, text, strlen(text), error);
	free(path);
	return status;
}

clu_status plan_cache_list(const clu_device_info *info, measured_plan **plans, size_t *count, clu_error *error)
{
	char subject[CLU_KEY_TEXT];
	clu_status status = CLU_OK;
	*plans = NULL;
	*count = 0;
	clu_plan_subject(info, subject);
	char *folder = path_cache("plans/");
	DIR *directory = folder ? opendir(folder) : NULL;
	for (struct dirent *entry; directory && status == CLU_OK && (entry = readdir(directory));) {
		char path[4096];
		if (strncmp(entry->d_name, subject, strlen(subject)) != 0) continue;
		measured_plan *grown = realloc(*plans, (*count + 1) * sizeof **plans);
		if (!grown) {
			status = clu_fail(error, CLU_MEMORY, "no memory for a list of plans");
			break;
		}
		*plans = grown;
		const int length = snprintf(path, sizeof path, "%s%s", folder, entry->d_name);
		if (length < (int)sizeof path && read_file(info, path, &grown[*count], NULL) == CLU_OK) ++*count;
	}
	if (directory) closedir(directory);
	free(folder);
	return status;
}

/* ---- one at a time ---- */

int plan_cache_lock(const volatile int *stop)
{
	const struct timespec pause = {.tv_nsec = 100000000};
	const struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	char *path = path_cache("plans/lock");
	const int lock = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
	free(path);
	/* looks again and again: a signal does not end a wait in the system, which takes it up again */
	while (lock >= 0 && fcntl(lock, F_SETLK, &whole) != 0) {
		if ((errno == EAGAIN || errno == EACCES || errno == EINTR) && !(stop && *stop)) {
			nanosleep(&pause, NULL);
			continue;
		}
		close(lock);
		return -1;
	}
	return lock;
}

void plan_cache_unlock(int lock)
{
	if (lock >= 0) close(lock);
}
