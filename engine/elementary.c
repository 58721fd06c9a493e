/* elementary.c: logarithm, exponential and cosine from + − × ÷ in a fixed order.
 *
 * Each reduces its argument to a short interval and sums the function's own power series there, lowest term last (Horner), as
 * many terms as leave a remainder below 2^−54. No tables and no fitted coefficients: every constant can be checked by hand. */
#include "elementary.h"

#include <stdint.h>
#include <string.h>

/* ln 2 in two parts: k·LN2_HIGH is exact for |k| < 2^20, since its last 21 bits are zero (fdlibm's split). */
#define LN2_HIGH 6.93147180369123816490e-01
#define LN2_LOW 1.90821492927058770002e-10
#define PI 3.14159265358979323846

static uint64_t bits_of(double x)
{
	uint64_t bits;
	memcpy(&bits, &x, sizeof bits);
	return bits;
}

static double double_of(uint64_t bits)
{
	double x;
	memcpy(&x, &bits, sizeof x);
	return x;
}

/* x = 2^k·f with f in [√½, √2); log f = 2·atanh(s) = 2·(s + s³/3 + s⁵/5 + …), s = (f − 1)/(f + 1), |s| < 0.1716. */
double elementary_log(double x)
{
	uint64_t bits = bits_of(x);
	int k = (int)(bits >> 52) - 1023;
	double f = double_of((bits & 0xfffffffffffffu) | UINT64_C(1023) << 52);
	if (f > 1.41421356237309504880) {
		f *= 0.5;
		k++;
	}
	double s = (f - 1.0) / (f + 1.0), square = s * s, sum = 0.0;
	for (int denominator = 23; denominator >= 3; denominator -= 2) sum = (sum + 1.0 / denominator) * square;
	double tail = 2.0 * s * sum + k * LN2_LOW;
	return k * LN2_HIGH + (2.0 * s + tail);
}

/* x = k·ln 2 + r with |r| ≤ ½·ln 2; e^r = 1 + r + r²/2 + …; times 2^k. */
double elementary_exp(double x)
{
	int k = (int)(x / 0.693147180559945309417 + (x < 0.0 ? -0.5 : 0.5));
	double r = (x - k * LN2_HIGH) - k * LN2_LOW, sum = 0.0;
	for (int n = 14; n >= 2; n--) sum = (1.0 + sum) * r / n;
	double power = double_of((uint64_t)(k / 2 + 1023) << 52), rest = double_of((uint64_t)(k - k / 2 + 1023) << 52);
	return (1.0 + (r + r * sum)) * power * rest;
}

/* With u = ½ − t, cos(πt) = sin(πu), |πu| ≤ ½π; beyond ¼π by cos(πt) = 1 − 2·sin²(½πt), so that the series is short. */
static double sine_series(double a)
{
	double square = a * a, sum = 0.0;
	for (int n = 17; n >= 3; n -= 2) sum = (1.0 + sum) * -square / (n * (n - 1));
	return a + a * sum;
}

double elementary_cos_pi(double t)
{
	if (t > 0.5) return -elementary_cos_pi(1.0 - t);
	if (t > 0.25) return sine_series(PI * (0.5 - t));
	double half = sine_series(0.5 * PI * t);
	return 1.0 - 2.0 * half * half;
}
