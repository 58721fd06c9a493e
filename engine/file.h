/* file.h: whole files read, and files replaced as one: written beside their place, synced, renamed. A reader sees the old file
 * or the new one, never a part; on an error (a full disk, say) the temporary file is removed and the old one is untouched. */
#ifndef CLU_FILE_H
#define CLU_FILE_H

#include "clunroll.h"

#include <time.h>

typedef struct file_temporary {
	char *path, *temporary; /* where it will lie, and where it lies until file_commit */
	int descriptor;         /* −1: nothing is open */
} file_temporary;

/* Whether `name` is that of a temporary file for what its first `final_length` letters name. */
bool file_is_temporary(const char *name, size_t final_length);
/* Whether it was written to so long ago that its writer must have been killed. */
bool file_is_left_over(time_t written);

/* Creates the temporary file in the directory of `path`, and the first time what killed writers of `path` have left there is
 * removed. CLU_FILE where
 * that cannot be, or `path` is something that a rename must not replace (a directory, a device). */
clu_status file_begin(const char *path, file_temporary *file, clu_error *error);
clu_status file_append(file_temporary *file, const void *bytes, size_t size, clu_error *error);
/* Syncs, renames, frees; on an error the temporary is gone too. */
clu_status file_commit(file_temporary *file, clu_error *error);
/* The same without waiting for the disk: for what can be made again, and whose reader finds out where a power failure tore it. */
clu_status file_commit_unsynced(file_temporary *file, clu_error *error);
/* Removes and frees what is left; harmless after file_commit, after a failed file_begin, and twice. */
void file_abort(file_temporary *file);

#endif
