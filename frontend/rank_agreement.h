/* rank_agreement.h: whether two ways to judge the same things put them in the same order. Pure functions of arrays; less is better.
 */
#ifndef RANK_AGREEMENT_H
#define RANK_AGREEMENT_H

#include <stddef.h>

enum { RANK_MAX = 1024, RANK_TOP = 3 };

typedef struct rank_agreement {
	size_t count;          /* things compared: both have a finite value of them */
	double rho, low, high; /* Spearman's rank correlation, ties at their mean rank, and its 95 % interval; NaN where undefined */
	/* What it costs to choose by the other way; 0 and NaN where nothing is compared. Of equal values the earlier one is the best.
	 */
	size_t place;  /* of the reference's best by the other, from 1 */
	size_t shared; /* of the RANK_TOP best by both */
	double found;  /* how often, in halves of the things drawn at random, the reference's best is in the other's top RANK_TOP */
	double lost;   /* by how much the other's best is worse than the reference's best, both by the reference's values */
} rank_agreement;

/* count: at most RANK_MAX. The interval is Fisher's with the variance (1 + ρ²/2)/(n − 3) of Bonett & Wright (2000); `found` is
 * exact, over all halves of ⌈n/2⌉ things. */
rank_agreement rank_agree(const double *reference, const double *other, size_t count);

#endif
