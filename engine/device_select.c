/* device_select.c: which devices a user means by all, cpu, an index, part of a name, !exclusions. Knows no OpenCL. */
#include "status.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool contains(const char *text, const char *part)
{
	size_t length = strlen(part);
	for (; *text; text++) {
		size_t i = 0;
		while (i < length && tolower((unsigned char)text[i]) == tolower((unsigned char)part[i])) i++;
		if (i == length) return true;
	}
	return false;
}

static bool equal(const char *a, const char *b)
{
	return strlen(a) == strlen(b) && contains(a, b);
}

static bool is_kind(const char *word)
{
	return equal(word, "all") || equal(word, "cpu") || equal(word, "gpu") || equal(word, "accelerator");
}

static bool matches(const clu_device_info *info, const char *word)
{
	char *end;
	unsigned long index = strtoul(word, &end, 10);
	if (isdigit((unsigned char)word[0]) && *end == '\0') return index == info->index;
	if (equal(word, "all")) return true;
	if (equal(word, "cpu")) return info->type == CLU_DEVICE_CPU;
	if (equal(word, "gpu")) return info->type == CLU_DEVICE_GPU;
	if (equal(word, "accelerator")) return info->type == CLU_DEVICE_ACCELERATOR;
	return contains(info->name, word) || contains(info->platform, word) || contains(info->vendor, word);
}

static clu_status nothing_matches(const clu_device_info *infos, size_t count, const char *spec, clu_error *error)
{
	char list[600] = "";
	size_t used = 0;
	if (count == 0)
		return clu_fail(error, CLU_NO_DEVICE,
		    "no OpenCL device on this machine; any driver will do, e.g. Debian's pocl-opencl-icd for the CPU");
	for (size_t i = 0; i < count && used < sizeof list; i++)
		used += (size_t)snprintf(list + used, sizeof list - used, "%s%u: %s (%s, %s)", i ? "; " : "", infos[i].index, infos[i].name,
		    clu_device_type_name(infos[i].type), infos[i].platform);
	return clu_fail(error, CLU_NO_DEVICE, "no usable device matches \"%s\"; there are: %s", spec, list);
}

/* Of the entries of one physical device keeps the fastest. */
static void keep_fastest(const clu_device_info *infos, size_t count, const double *speed_gflops, bool *taken)
{
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < i; j++)
			if (taken[i] && taken[j] && strcmp(infos[i].physical, infos[j].physical) == 0)
				taken[speed_gflops && speed_gflops[i] > speed_gflops[j] ? j : i] = false;
}

/* Cuts the next entry, without the spaces around it, off a comma-separated list; *rest becomes NULL after the last. */
static char *next_word(char **rest)
{
	char *word = *rest, *comma = strchr(word, ',');
	*rest = comma ? comma + 1 : NULL;
	if (comma) *comma = '\0';
	while (isspace((unsigned char)*word)) word++;
	for (size_t length = strlen(word); length > 0 && isspace((unsigned char)word[length - 1]); length--) word[length - 1] = '\0';
	return word;
}

/* Marks what the comma-separated words name. A kind may be missing on a machine; a name or an index that is not there is a mistake,
 * an exclusion's too. *all_only stays true while no word but all and exclusions was seen. */
static clu_status mark(const clu_device_info *infos, size_t count, char *words, bool *taken, bool *all_only, clu_error *error)
{
	bool any_inclusion = false;
	bool excluded[256] = {false};
	while (words) {
		char *word = next_word(&words);
		bool exclude = *word == '!';
		if (exclude) word++;
		if (!*word) return clu_fail(error, CLU_ARGUMENT, "--device has an empty entry; wanted all, cpu, gpu, an index or a name");
		if (!exclude) any_inclusion = true;
		if (!exclude && !equal(word, "all")) *all_only = false;
		bool found = is_kind(word);
		for (size_t i = 0; i < count; i++) {
			if (!matches(&infos[i], word)) continue;
			(exclude ? excluded : taken)[i] = true;
			found = true;
		}
		if (!found) return nothing_matches(infos, count, word, error);
	}
	for (size_t i = 0; i < count; i++)
		taken[i] = (taken[i] || !any_inclusion) && !excluded[i] && infos[i].type != CLU_DEVICE_CUSTOM;
	return CLU_OK;
}

clu_status clu_device_select(const clu_device_info *infos, size_t count, const char *spec, const double *speed_gflops,
    size_t *chosen, size_t *chosen_count, clu_error *error)
{
	bool taken[256] = {false}, all_only = true;
	*chosen_count = 0;
	if (count > 256) return clu_fail(error, CLU_ARGUMENT, "%zu OpenCL devices; at most 256 are handled", count);
	char *words = strdup(spec);
	if (!words) return clu_fail(error, CLU_MEMORY, "no host memory for a device list");
	clu_status status = mark(infos, count, words, taken, &all_only, error);
	free(words);
	CLU_TRY(status);
	if (all_only) keep_fastest(infos, count, speed_gflops, taken);
	for (size_t i = 0; i < count; i++)
		if (taken[i]) chosen[(*chosen_count)++] = i;
	return *chosen_count ? CLU_OK : nothing_matches(infos, count, spec, error);
}
