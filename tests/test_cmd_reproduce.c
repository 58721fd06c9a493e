/* test_cmd_reproduce.c: the command line of `clunroll reproduce`: what it refuses, naming it. What it does is in
 * test_reproduce_run.c. */
#include "support.h"

#include "message.h"

#include <string.h>
#include <unistd.h>

static void refusals_are_named(void **state)
{
	(void)state;
	static const struct {
		const char *words[10];
		const char *named;
	} cases[] = {
	    {{"reproduce"}, "which one"},
	    {{"reproduce", "table3", "-o", "x"}, "table3"},
	    {{"reproduce", "table1"}, "-o"},
	    {{"reproduce", "table1", "table2", "-o", "x"}, "'table2'"},
	    {{"reproduce", "table1", "-o", "x", "--scale", "huge"}, "huge"},
	    {{"reproduce", "table1", "-o", "x", "--rows", "b,z"}, "--rows z"},
	    {{"reproduce", "table2", "-o", "x", "--rows", "b"}, "no row of Table 2"},
	    {{"reproduce", "table1", "-o", "x", "--rows", "b,b"}, "twice"},
	    {{"reproduce", "table1", "-o", "x", "--rows", ","}, "--rows ','"},
	    {{"reproduce", "table1", "-o", "x", "--arch", "LISTA,LYSTA"}, "LYSTA"},
	    {{"reproduce", "table1", "-o", "x", "--arch", "0_0_1"}, "layers"},
	    {{"reproduce", "table1", "-o", "x", "--repeat", "0"}, "--repeat 0"},
	    {{"reproduce", "table1", "-o", "x", "--recipe", "slow"}, "slow"},
	    {{"reproduce", "table1", "-o", "x", "--snr", "20"}, "snr"},
	    {{"reproduce", "table1", "-o", "x", "--variants", "fast"}, "--variants is for"},
	    {{"reproduce", "table1", "-o", "x", "--random", "5"}, "--random is for"},
	    {{"reproduce", "table1", "-o", "x", "--part", "ranking"}, "--part is for"},
	    {{"reproduce", "recipe"}, "-o"},
	    {{"reproduce", "recipe", "-o", "x", "--rows", "b"}, "--rows is for tables"},
	    {{"reproduce", "recipe", "-o", "x", "--recipe", "fast"}, "--recipe is for tables"},
	    {{"reproduce", "recipe", "-o", "x", "--set", "decay=1"}, "--set is for tables"},
	    {{"reproduce", "recipe", "-o", "x", "--schedule", "5"}, "--schedule is for tables"},
	    {{"reproduce", "recipe", "-o", "x", "--variants", "fast,slow"}, "slow"},
	    {{"reproduce", "recipe", "-o", "x", "--variants", "fast,fast"}, "twice"},
	    {{"reproduce", "recipe", "-o", "x", "--variants", ","}, "--variants ','"},
	    {{"reproduce", "recipe", "-o", "x", "--random", "0"}, "--random 0"},
	    {{"reproduce", "recipe", "-o", "x", "--part", "half"}, "--part half"},
	    {{"reproduce", "recipe", "-o", "x", "--plan", "p.plan"}, "--part quality"},
	    {{"reproduce", "recipe", "-o", "x", "--part", "ranking", "--arch", "LISTA"}, "--arch is not for the ranking"},
	    {{"reproduce", "recipe", "-o", "x", "--part", "ranking", "--repeat", "2"}, "--repeat is not for the ranking"},
	    {{"reproduce", "recipe", "-o", "x", "--part", "quality", "--random", "2"}, "--random is for the ranking"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		support_result result = support_run(cases[i].words);
		if (result.code != EXIT_USAGE) fail_msg("case %zu: exit code %d, %s", i, result.code, result.err);
		if (!strstr(result.err, cases[i].named)) fail_msg("case %zu: '%s' lacks '%s'", i, result.err, cases[i].named);
		assert_true(result.out[0] == '\0');
		support_result_release(&result);
	}
	assert_int_not_equal(access("x", F_OK), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(refusals_are_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
