/* elementary.h: logarithm, exponential and cosine with the same bits on every host: + − × ÷ in a fixed order alone, no libm,
 * whose last bit differs between versions and processors. For data and learning rates, where equal bits are promised.
 * Needs IEEE doubles without contraction (-ffp-contract=off). Good to a few units in the last place, as the tests state. */
#ifndef CLU_ELEMENTARY_H
#define CLU_ELEMENTARY_H

/* Natural logarithm of a positive, finite, normal x. */
double elementary_log(double x);
/* e^x for |x| ≤ 700. */
double elementary_exp(double x);
/* cos(πt) for 0 ≤ t ≤ 1; exactly 1, 0, −1 at 0, ½, 1. */
double elementary_cos_pi(double t);

#endif
