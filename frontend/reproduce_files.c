/* reproduce_files.c: see reproduce_files.h. */
#include "reproduce_files.h"

#include "status.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *reproduce_path(const reproduce_job *job, const char *folder, const char *name, const char *ending)
{
	const size_t size = strlen(job->directory) + strlen(folder) + strlen(name) + strlen(ending) + 3;
	char *path = malloc(size);
	if (path) snprintf(path, size, "%s%s%s/%s%s", job->directory, folder[0] ? "/" : "", folder, name, ending);
	return path;
}

static clu_status make_directory(char *path, clu_error *error)
{
	clu_status status = CLU_OK;
	if (!path)
		status = clu_fail(error, CLU_MEMORY, "out of memory");
	else if (mkdir(path, 0777) != 0 && errno != EEXIST)
		status = clu_fail(error, CLU_FILE, "cannot make directory %.500s: %s", path, strerror(errno));
	free(path);
	return status;
}

clu_status reproduce_directories(const reproduce_job *job, const char *const *folders, clu_error *error)
{
	CLU_TRY(make_directory(strdup(job->directory), error));
	for (; *folders; folders++) CLU_TRY(make_directory(reproduce_path(job, "", *folders, ""), error));
	return CLU_OK;
}

/* text NULL: there was no memory for it. */
static clu_status replace(const reproduce_job *job, const char *name, const char *ending, const char *text, clu_error *error)
{
	char *path = reproduce_path(job, "", name, ending);
	clu_status status = path && text ? clu_file_replace(path, text, strlen(text), error)
	                                 : clu_fail(error, CLU_MEMORY, "out of memory for %s%s", name, ending);
	free(path);
	return status;
}

clu_status reproduce_write(const reproduce_job *job, const char *name, const cJSON *json, const char *markdown, clu_error *error)
{
	char *text = cJSON_Print(json);
	clu_status status = replace(job, name, ".json", text, error);
	cJSON_free(text);
	return status == CLU_OK ? replace(job, name, ".md", markdown, error) : status;
}

void reproduce_remove(const reproduce_job *job, const char *name)
{
	static const char *const endings[] = {".json", ".md", ".svg"};
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
		char *path = reproduce_path(job, "", name, endings[i]);
		if (path) unlink(path);
		free(path);
	}
}
