/* rank_agreement.c: see rank_agreement.h. A few dozen things are compared: ranks are counted, not sorted. */
#include "rank_agreement.h"

#include <math.h>
#include <stdbool.h>

/* ---- Spearman's correlation ---- */

/* From 1; those that are equal share the mean of their ranks. */
static void rank_all(const double *values, size_t count, double *ranks)
{
	for (size_t i = 0; i < count; i++) {
		size_t less = 0, equal = 0;
		for (size_t j = 0; j < count; j++) {
			less += values[j] < values[i];
			equal += values[j] == values[i];
		}
		ranks[i] = (double)less + ((double)equal + 1) / 2;
	}
}

/* Ranks have the same mean in both. NaN where one of them has no variance. */
static double correlate(const double *a, const double *b, size_t count)
{
	const double mean = ((double)count + 1) / 2;
	double ab = 0, aa = 0, bb = 0;
	for (size_t i = 0; i < count; i++) {
		ab += (a[i] - mean) * (b[i] - mean);
		aa += (a[i] - mean) * (a[i] - mean);
		bb += (b[i] - mean) * (b[i] - mean);
	}
	return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : NAN;
}

static void correlate_ranks(const double *a, const double *b, rank_agreement *agreement)
{
	static const double quantile = 1.959963984540054; /* of the normal distribution at 97.5 % */
	double a_rank[RANK_MAX], b_rank[RANK_MAX];
	rank_all(a, agreement->count, a_rank);
	rank_all(b, agreement->count, b_rank);
	const double rho = correlate(a_rank, b_rank, agreement->count);
	agreement->rho = rho;
	if (agreement->count <= 3) return;
	const double half = quantile * sqrt((1 + rho * rho / 2) / ((double)agreement->count - 3));
	agreement->low = tanh(atanh(rho) - half);
	agreement->high = tanh(atanh(rho) + half);
}

/* ---- choosing the best ---- */

static bool is_better(const double *values, size_t i, size_t j)
{
	return values[i] < values[j] || (values[i] == values[j] && i < j);
}

/* From 1, no two alike. */
static size_t place_of(const double *values, size_t count, size_t thing)
{
	size_t place = 1;
	for (size_t i = 0; i < count; i++) place += is_better(values, i, thing);
	return place;
}

static double log_choose(size_t n, size_t k)
{
	return lgamma((double)n + 1) - lgamma((double)k + 1) - lgamma((double)(n - k) + 1);
}

/* How many subsets of `size` of all things have `thing` as the reference's best and in the other's top, as a share of all subsets:
 * the rest is drawn from what the reference has behind it, with fewer than RANK_TOP of those that the other has before it. */
static double share_found(const double *reference, const double *other, size_t count, size_t thing, size_t size)
{
	size_t behind = 0, before = 0;
	double share = 0;
	for (size_t i = 0; i < count; i++) {
		if (!is_better(reference, thing, i)) continue;
		behind++;
		before += is_better(other, i, thing);
	}
	for (size_t k = 0; k < RANK_TOP && k <= before && k < size; k++) {
		const size_t rest = size - 1 - k, others = behind - before;
		if (rest <= others) share += exp(log_choose(before, k) + log_choose(others, rest) - log_choose(count, size));
	}
	return share;
}

static void choose(const double *reference, const double *other, rank_agreement *agreement)
{
	const size_t count = agreement->count;
	size_t best = 0, chosen = 0;
	agreement->found = 0;
	for (size_t i = 0; i < count; i++) {
		if (is_better(reference, i, best)) best = i;
		if (is_better(other, i, chosen)) chosen = i;
		agreement->shared += place_of(reference, count, i) <= RANK_TOP && place_of(other, count, i) <= RANK_TOP;
		agreement->found += share_found(reference, other, count, i, (count + 1) / 2);
	}
	agreement->place = place_of(other, count, best);
	agreement->lost = reference[chosen] - reference[best];
}

rank_agreement rank_agree(const double *reference, const double *other, size_t count)
{
	rank_agreement agreement = {.rho = NAN, .low = NAN, .high = NAN, .found = NAN, .lost = NAN};
	double a[RANK_MAX], b[RANK_MAX];
	for (size_t i = 0; i < count; i++) {
		if (!isfinite(reference[i]) || !isfinite(other[i])) continue;
		a[agreement.count] = reference[i];
		b[agreement.count++] = other[i];
	}
	if (agreement.count == 0) return agreement;
	correlate_ranks(a, b, &agreement);
	choose(a, b, &agreement);
	return agreement;
}
