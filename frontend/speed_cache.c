/* speed_cache.c: a text file, "clunroll-speeds 1", then a line "GFLOPS<tab>DEVICE" for each device. DEVICE names all that a
 * speed depends on: device, driver, platform, this library's version. */
#include "speed_cache.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char header[] = "clunroll-speeds 1";
enum { KEY_TEXT = 800, PATH_TEXT = 4096 };

static void key_of(const clu_device_info *info, char key[KEY_TEXT])
{
	snprintf(key, KEY_TEXT, "%s | %s | %s | %s | %s | clunroll %s", info->name, info->driver, info->version, info->platform,
	    info->platform_version, clu_version());
	for (char *c = key; *c; c++) {
		if (*c == '\t' || *c == '\n') *c = ' ';
	}
}

/* The directory of the cache, or the file in it. false: no home to keep it in, or the path is too long. */
static bool cache_path(const char *file, char path[PATH_TEXT])
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	int length = -1;
	if (cache && cache[0] == '/')
		length = snprintf(path, PATH_TEXT, "%s/clunroll%s", cache, file);
	else if (home && home[0] == '/')
		length = snprintf(path, PATH_TEXT, "%s/.cache/clunroll%s", home, file);
	return length > 0 && length < PATH_TEXT;
}

static bool make_directories(char *path)
{
	for (char *slash = strchr(path + 1, '/');; slash = strchr(slash + 1, '/')) {
		if (slash) *slash = '\0';
		if (mkdir(path, 0700) != 0 && errno != EEXIST) return false;
		if (!slash) return true;
		*slash = '/';
	}
}

/* The cache as NUL-terminated text, or NULL. */
static char *read_cache(void)
{
	char path[PATH_TEXT];
	void *bytes = NULL;
	size_t size = 0;
	if (!cache_path("/speeds", path) || clu_file_read(path, &bytes, &size, NULL) != CLU_OK) return NULL;
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
	char key[KEY_TEXT], path[PATH_TEXT];
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
	kept = kept && cache_path("", path) && make_directories(path);
	kept = kept && cache_path("/speeds", path) && clu_file_replace(path, text, size, NULL) == CLU_OK;
	free(text);
	free(old);
	return kept;
}
