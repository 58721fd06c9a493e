/* test_cmd_bench.c: what `clunroll bench` says to wrong words, before it looks for a device. */
#include "support.h"

#include <string.h>

static void test_wrong_words_are_usage_errors(void **state)
{
	(void)state;
	static const struct {
		const char *words[5];
		const char *says;
	} cases[] = {
	    {{"bench", NULL}, "step"},
	    {{"bench", "nothing", NULL}, "step"},
	    {{"bench", "step", "--repeat=0", NULL}, "--repeat"},
	    {{"bench", "step", "--repeat=1001", NULL}, "--repeat"},
	    {{"bench", "step", "--slice=long", NULL}, "--slice"},
	    {{"bench", "step", "--layers=33", NULL}, "--layers"},
	    {{"bench", "step", "--n=0", NULL}, "--n"},
	    {{"bench", "step", "--nothing", NULL}, "--nothing"},
	    {{"bench", "compare", NULL}, "what to compare"},
	    {{"bench", "compare", "a.json", "--check=b.json", NULL}, "takes no --check"},
	    {{"bench", "apply", "--kernels", NULL}, "takes no --kernels"},
	    {{"bench", "apply", "--repeat=3", NULL}, "takes no --repeat"},
	    {{"bench", "products", "--sweep=n", NULL}, "takes no --sweep"},
	    {{"bench", "products", "--kernels", NULL}, "takes no --kernels"},
	    {{"bench", "all", "-o", "p.svg", NULL}, "takes no --output"},
	    {{"bench", "step", "--batches=1", NULL}, "takes no --batches"},
	    {{"bench", "all", "--batches=1", NULL}, "takes no --batches"},
	    {{"bench", "apply", "--lanes=1", NULL}, "takes no --lanes"},
	    {{"bench", "compare", "a.json", "--lanes=1", NULL}, "takes no --lanes"},
	    {{"bench", "step", "--sweep=width", NULL}, "connections"},
	    {{"bench", "step", "--lanes=0", "m", NULL}, "--lanes"},
	    {{"bench", "step", "--lanes=,", "m", NULL}, "--lanes"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		support_result run = support_run(cases[i].words);
		if (run.code != 2 || !strstr(run.err, cases[i].says)) fail_msg("case %zu: exit code %d: %s", i, run.code, run.err);
		support_result_release(&run);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_wrong_words_are_usage_errors)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
