/* commit.h: what this program was built from. */
#ifndef COMMIT_H
#define COMMIT_H

/* The commit, "-dirty" behind it where the sources differ from it; "unknown" when built outside a checkout. */
extern const char commit_text[];

#endif
