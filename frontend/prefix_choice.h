/* prefix_choice.h: which directory of trained prefixes a command uses, and how it says what happens there. */
#ifndef PREFIX_CHOICE_H
#define PREFIX_CHOICE_H

#include "clunroll.h"

#include <stdbool.h>

/* What --prefixes and --no-prefixes said. */
typedef struct prefix_wish {
	const char *directory; /* NULL: not given */
	bool none;
} prefix_wish;

/* The directory: as wished, or else STUDY.prefixes beside the study. The caller frees *directory; NULL: none is to be used. */
clu_status prefix_choice_directory(const prefix_wish *wish, const char *study_path, char **directory, clu_error *error);
/* Opens it, with notes to stderr. directory NULL: *prefixes becomes NULL, which is fine everywhere. */
clu_status prefix_choice_open(const char *directory, clu_prefixes **prefixes, clu_error *error);

#endif
