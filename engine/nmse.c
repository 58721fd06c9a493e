/* nmse.c: the two NMSE of clunroll.h. Sums are in double and in ascending order of the sample. */
#include "nmse.h"

#include <math.h>

#define NMSE_LEAST 1e-30

double nmse_decibels(double ratio)
{
	/* A NaN stays one: an estimate that is not finite must show. */
	return 10.0 * log10(ratio < NMSE_LEAST ? NMSE_LEAST : ratio);
}

typedef struct nmse_sums {
	double error, square, decibels;
} nmse_sums;

static void add_sample(nmse_sums *sums, double error, double square)
{
	sums->decibels += nmse_decibels(error / square);
	sums->error += error;
	sums->square += square;
}

static clu_nmse mean_of(const nmse_sums *sums, size_t count)
{
	return (clu_nmse){.db = sums->decibels / (double)count, .ratio_db = nmse_decibels(sums->error / sums->square)};
}

clu_nmse nmse_of_squares(const double *error, const double *square, size_t count)
{
	nmse_sums sums = {0};
	for (size_t i = 0; i < count; i++) add_sample(&sums, error[i], square[i]);
	return mean_of(&sums, count);
}

clu_nmse clu_nmse_compute(const float *estimate, const float *truth, size_t count, uint32_t n)
{
	nmse_sums sums = {0};
	for (size_t i = 0; i < count; i++) {
		double error = 0.0, square = 0.0;
		for (size_t at = i * n; at < (i + 1) * n; at++) {
			double difference = (double)estimate[at] - (double)truth[at];
			error += difference * difference;
			square += (double)truth[at] * (double)truth[at];
		}
		add_sample(&sums, error, square);
	}
	return mean_of(&sums, count);
}
