/* speed_cache.c: a text file, "clunroll-speeds 1", then a line "GFLOPS<tab>DEVICE" for each device. DEVICE names all that a
 * speed depends on: device, driver, platform, this library's version. */
#include "speed_cache.h"

#include "path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char header[] = "clunroll-speeds 1";
enum { KEY_TEXT = 800 };

static void key_of(const clu_device_info *info, char key[KEY_TEXT])
{
	snprintf(key, KEY_TEXT, "%s | %s | %s | %s | %s | clunroll %s", info->name, info->driver, info->version, info->platform,
	    info->platform_version, clu_version());
	for (char *c = key; *c; c++) {
		if (*c == '\t' || *c == '\n') *c = ' ';
	}
}

/* The cache as NUL-terminated text, or NULL. */
static char *read_cache(void)
{
	char *path = path_cache("speeds");
	void *bytes = NULL;
	size_t size = 0;
	const bool read = path && clu_file_read(path, &bytes, &size, NULL) == CLU_OK;
	free(path);
	if (!read) return NULL;
	char *text = malloc(size + 1);
	if (text) {
		memcpy(text, bytes, size);
		text[size] = '\0';
	}
	free(bytes);
	if (text && (strncmp(text, header, sizeof header - 1) != 0 || text[sizeof header - 1] != '\n')) {
		free(text);
		return NULL;
	}
	return text;
}

double speed_cache_get(const clu_device_info *info)
{
	char key[KEY_TEXT];
	key_of(info, key);
	char *text = read_cache(), *rest = NULL;
	double gflops = 0;
	for (char *line = text ? strtok_r(text, "\n", &rest) : NULL; line; line = strtok_r(NULL, "\n", &rest)) {
		char *end;
		double value = strtod(line, &end);
		if (end > line && *end == '\t' && strcmp(end + 1, key) == 0 && value > 0 && value < 1e9) gflops = value;
	}
	free(text);
	return gflops;
}

bool speed_cache_put(const clu_device_info *info, double gflops)
{
	char key[KEY_TEXT];
	key_of(info, key);
	char *old = read_cache(), *rest = NULL, *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	if (!out) {
		free(old);
		return false;
	}
	fprintf(out, "%s\n", header);
	/* Every other device's line stays. */
	char *line = old ? strtok_r(old, "\n", &rest) : NULL;
	while (line && (line = strtok_r(NULL, "\n", &rest))) {
		const char *tab = strchr(line, '\t');
		if (tab && strcmp(tab + 1, key) != 0) fprintf(out, "%s\n", line);
	}
	fprintf(out, "%.6g\t%s\n", gflops, key);
	bool kept = fclose(out) == 0;
	char *path = path_cache("speeds");
	kept = kept && path && clu_file_replace(path, text, size, NULL) == CLU_OK;
	free(path);
	free(text);
	free(old);
	return kept;
}
