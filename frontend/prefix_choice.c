/* prefix_choice.c: see prefix_choice.h. What trainings share lies beside the study that they belong to unless someone says
 * otherwise, since it is worth keeping as long as the study is. */
#include "prefix_choice.h"

#include "message.h"
#include "status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

clu_status prefix_choice_directory(const prefix_wish *wish, const char *study_path, char **directory, clu_error *error)
{
	static const char suffix[] = ".prefixes";
	*directory = NULL;
	if (wish->none && wish->directory)
		return clu_fail(error, CLU_ARGUMENT, "--prefixes %.200s and --no-prefixes contradict each other", wish->directory);
	if (wish->none) return CLU_OK;
	const char *given = wish->directory ? wish->directory : study_path;
	const size_t size = strlen(given) + sizeof suffix;
	*directory = malloc(size);
	if (!*directory) return clu_fail(error, CLU_MEMORY, "out of memory");
	snprintf(*directory, size, "%s%s", given, wish->directory ? "" : suffix);
	return CLU_OK;
}

static void pass_note(void *context, const char *text)
{
	(void)context;
	report_note("%s", text);
}

clu_status prefix_choice_open(const char *directory, clu_prefixes **prefixes, clu_error *error)
{
	*prefixes = NULL;
	return directory ? clu_prefixes_open(directory, pass_note, NULL, prefixes, error) : CLU_OK;
}
