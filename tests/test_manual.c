/* test_manual.c: frontend/clunroll.1 names every command that the program has, every option that a command's --help names, every
 * key of a recipe, and no option that no command has; its lists are closed. */
#include "support.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORD = 64, HELP = 64 * 1024 };

/* The next "PREFIXword" at or after *at: copies the word and moves *at behind it. */
static bool next_word(const char **at, const char *prefix, char word[WORD])
{
	while ((*at = strstr(*at, prefix)) != NULL) {
		*at += strlen(prefix);
		size_t length = strspn(*at, "abcdefghijklmnopqrstuvwxyz-");
		if (length == 0 || length >= WORD || !isalpha((unsigned char)**at)) continue;
		memcpy(word, *at, length);
		word[length] = '\0';
		*at += length;
		return true;
	}
	return false;
}

/* Whether `word` stands behind `prefix` somewhere, whole. */
static bool has_word(const char *text, const char *prefix, const char *word)
{
	char found[WORD];
	while (next_word(&text, prefix, found)) {
		if (strcmp(found, word) == 0) return true;
	}
	return false;
}

static char *read_manual(void)
{
	return support_read(TEST_DIR "/../frontend/clunroll.1", NULL);
}

/* What --help prints, of the program (command NULL) or of a command. */
static char *read_help(const char *command)
{
	support_result result = support_run((const char *const[]){command ? command : "--help", command ? "--help" : NULL, NULL});
	if (result.code != 0) fail_msg("%s --help: exit code %d: %s", command ? command : "clunroll", result.code, result.err);
	free(result.err);
	return result.out;
}

/* Commands are the words behind two spaces at a line's begin. */
static bool next_command(const char **at, char command[WORD])
{
	return next_word(at, "\n  ", command);
}

static void test_commands_and_options_are_in_the_manual(void **state)
{
	(void)state;
	char *manual = read_manual(), *help = read_help(NULL), command[WORD];
	size_t commands = 0;
	for (const char *at = help; next_command(&at, command); commands++) {
		if (!has_word(manual, ".Ss clunroll ", command)) fail_msg("the manual has no section on '%s'", command);
		char *text = read_help(command), option[WORD];
		for (const char *place = text; next_word(&place, "--", option);) {
			if (!has_word(manual, "Fl -", option)) fail_msg("the manual lacks --%s, which '%s --help' names", option, command);
		}
		free(text);
	}
	assert_true(commands >= 6);
	free(help);
	free(manual);
}

static void test_options_of_the_manual_exist(void **state)
{
	(void)state;
	char *manual = read_manual(), *help = read_help(NULL), *all = malloc(HELP), word[WORD];
	assert_non_null(all);
	size_t used = (size_t)snprintf(all, HELP, "--version %s", help);
	for (const char *at = help; next_command(&at, word);) {
		char *text = read_help(word);
		used += (size_t)snprintf(all + used, HELP - used, "%s", text);
		assert_true(used < HELP);
		free(text);
	}
	size_t options = 0;
	for (const char *at = manual; next_word(&at, "Fl -", word); options++) {
		if (!has_word(all, "--", word)) fail_msg("the manual has --%s, which no command's --help names", word);
	}
	assert_true(options >= 30);
	free(all);
	free(help);
	free(manual);
}

/* Whether `word` stands, whole, in a line that begins an entry of a list. */
static bool has_entry(const char *text, const char *word)
{
	static const char part[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
	for (const char *at = text; (at = strstr(at, "\n.It Cm ")) != NULL;) {
		const char *end = strchr(++at, '\n');
		for (const char *c = at; end && c < end; c += strspn(c, part), c += strcspn(c, part))
			if (strspn(c, part) == strlen(word) && strncmp(c, word, strlen(word)) == 0) return true;
	}
	return false;
}

static void test_keys_of_recipes_are_in_the_manual(void **state)
{
	(void)state;
	static const char before[] = "{.key = \"";
	char *manual = read_manual(), *source = support_read(TEST_DIR "/../engine/recipe.c", NULL), key[WORD];
	size_t keys = 0;
	for (const char *at = source; (at = strstr(at, before)) != NULL; keys++) {
		at += sizeof before - 1;
		snprintf(key, sizeof key, "%.*s", (int)strcspn(at, "\""), at);
		if (!has_entry(manual, key)) fail_msg("the manual lacks the recipe's key '%s'", key);
	}
	assert_true(keys >= 30);
	free(source);
	free(manual);
}

/* What is no option, command or key: directories of the cache, other names that are taken. */
static void test_other_names_are_in_the_manual(void **state)
{
	(void)state;
	static const char *const names[] = {"Pa ~/.cache/clunroll/plans\n", "Pa ~/.cache/clunroll/kernels\n",
	    "Pa ~/.cache/clunroll/speeds\n", "Pa ~/.cache/clunroll/bench\n", "Cm Dense-LISTA", "SIGHUP"};
	char *manual = read_manual();
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (!strstr(manual, names[i])) fail_msg("the manual lacks %s", names[i]);
	free(manual);
}

static size_t count_of(const char *text, const char *part)
{
	size_t count = 0;
	for (; (text = strstr(text, part)); text += strlen(part)) count++;
	return count;
}

static void test_lists_of_the_manual_are_closed(void **state)
{
	(void)state;
	char *manual = read_manual();
	assert_int_equal(count_of(manual, "\n.Bl "), count_of(manual, "\n.El\n"));
	free(manual);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_commands_and_options_are_in_the_manual),
	    cmocka_unit_test(test_options_of_the_manual_exist),
	    cmocka_unit_test(test_keys_of_recipes_are_in_the_manual),
	    cmocka_unit_test(test_other_names_are_in_the_manual),
	    cmocka_unit_test(test_lists_of_the_manual_are_closed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
