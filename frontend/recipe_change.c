/* recipe_change.c: prints a recipe, edits the lines that a change means, and parses the result: whether key and value are
 * good is for the recipe's parser to say. A line is either "key value" or "stage key=value key=value …". */
#include "recipe_change.h"

#include "status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct change {
	char key[32];
	const char *value;
	unsigned long stage; /* from 1; 0: all */
};

static clu_status change_parse(const char *text, struct change *change, clu_error *error)
{
	const char *equals = strchr(text, '=');
	const char *key = text;
	change->stage = 0;
	if (text[0] >= '0' && text[0] <= '9') {
		char *end;
		change->stage = strtoul(text, &end, 10);
		if (*end != '.' || change->stage == 0)
			return clu_fail(
			    error, CLU_ARGUMENT, "--set %s: a stage is named by its number from 1 and a dot, as in 2.rate=1e-4", text);
		key = end + 1;
	}
	if (!equals || equals <= key || (size_t)(equals - key) >= sizeof change->key || equals[1] == '\0' || strpbrk(text, " \t\n#"))
		return clu_fail(error, CLU_ARGUMENT, "--set %s: wanted KEY=VALUE, as in decay=0.5", text);
	memcpy(change->key, key, (size_t)(equals - key));
	change->key[equals - key] = '\0';
	change->value = equals + 1;
	return CLU_OK;
}

/* Writes a stage's line with its key=value pairs, the changed one last; the parser knows whether the key exists. */
static void print_stage(FILE *out, char *line, const struct change *change)
{
	size_t key_length = strlen(change->key);
	char *rest = NULL;
	for (char *word = strtok_r(line, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		if (strncmp(word, change->key, key_length) != 0 || word[key_length] != '=') fprintf(out, "%s ", word);
	}
	fprintf(out, "%s=%s\n", change->key, change->value);
}

static void print_changed(FILE *out, char *text, const struct change *change)
{
	bool in_stages = change->stage > 0 || !clu_recipe_has_key(change->key);
	size_t key_length = strlen(change->key);
	unsigned long stage = 0;
	char *rest = NULL;
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		bool is_stage = strncmp(line, "stage ", 6) == 0;
		stage += is_stage;
		if (in_stages && is_stage && (change->stage == 0 || change->stage == stage))
			print_stage(out, line, change);
		else if (in_stages || strncmp(line, change->key, key_length) != 0 || line[key_length] != ' ')
			fprintf(out, "%s\n", line);
	}
	if (!in_stages) fprintf(out, "%s %s\n", change->key, change->value);
}

/* The text that was parsed is ours: the number of its line tells nobody anything. */
static const char *without_line(const char *message)
{
	unsigned line;
	int length = 0;
	return sscanf(message, "line %u: %n", &line, &length) == 1 && length > 0 ? message + length : message;
}

clu_status recipe_change(clu_recipe *recipe, const char *change_text, clu_error *error)
{
	struct change change;
	CLU_TRY(change_parse(change_text, &change, error));
	if (change.stage > recipe->stage_count)
		return clu_fail(error, CLU_ARGUMENT, "--set %s: recipe %s has %u stages", change_text, recipe->name, recipe->stage_count);
	if (strcmp(change.key, "stage") == 0)
		return clu_fail(error, CLU_ARGUMENT, "--set %s: name a stage's key, as in 2.rate=1e-4", change_text);

	char text[CLU_RECIPE_TEXT];
	clu_recipe_print(recipe, text);
	char *changed_text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&changed_text, &size);
	if (!out) return clu_fail(error, CLU_MEMORY, "out of memory while changing a recipe");
	print_changed(out, text, &change);
	bool written = fclose(out) == 0;

	clu_recipe changed;
	clu_error inner;
	clu_status status = written ? clu_recipe_parse(changed_text, &changed, &inner)
	                            : clu_fail(&inner, CLU_MEMORY, "out of memory while changing a recipe");
	if (status == CLU_OK)
		*recipe = changed;
	else
		clu_fail(error, status == CLU_FORMAT ? CLU_ARGUMENT : status, "--set %s: %.700s; --print-recipe shows all keys",
		    change_text, without_line(inner.message));
	free(changed_text);
	return status;
}
