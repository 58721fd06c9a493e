/* reproduce.c: see reproduce.h. A scale divides what the row's setting says, so that a row is data for every scale. */
#include "reproduce.h"

#include "named_setting.h"
#include "status.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const reproduce_scale scales[] = {
    {"full", 1, 1, 128, "fast",
        "The sizes of the paper: its figures and these are of the same experiment on data of another seed."},
    {"small", 5, 10, 128, "quick",
        "Sides are a fifth of the paper's, samples a tenth: a smaller problem is an easier or harder one, so figures cannot be "
        "held "
        "against the paper's. What can be compared is the order of networks and what a row's conditions cost."},
    {"tiny", 25, 100, 16, "quick", "For tests: nothing here can be compared with the paper."},
};

const reproduce_scale *reproduce_scale_find(const char *name)
{
	for (size_t i = 0; i < sizeof scales / sizeof *scales; i++) {
		if (strcmp(scales[i].name, name) == 0) return &scales[i];
	}
	return NULL;
}

clu_status reproduce_settings(const reproduce_job *job, const char *setting, uint64_t seed, settings *options, clu_error *error)
{
	const named_setting *found;
	*options = job->base;
	CLU_TRY(named_setting_find(setting, &found, error));
	CLU_TRY(named_setting_apply(found, options, error));
	clu_problem *problem = &options->problem;
	problem->m /= job->scale->sides;
	problem->n /= job->scale->sides;
	problem->rank /= job->scale->sides;
	problem->train /= job->scale->samples;
	problem->validation /= job->scale->samples;
	problem->test /= job->scale->samples;
	options->seed = seed;
	return CLU_OK;
}

/* ---- names ---- */

/* Letters and digits in lower case; what stands between them becomes one '-', the '_' of a notation stays. */
static void append_slug(char *name, const char *text)
{
	size_t used = strlen(name);
	for (; *text && used + 1 < REPRODUCE_NAME; text++) {
		const char letter = isalnum((unsigned char)*text) || *text == '_' ? (char)tolower((unsigned char)*text) : '-';
		if (letter == '-' && used > 0 && name[used - 1] == '-') continue;
		name[used++] = letter;
	}
	name[used] = '\0';
}

clu_status reproduce_network_name(
    const char *arch, const char *setting, const settings *options, char name[REPRODUCE_NAME], clu_error *error)
{
	char tail[REPRODUCE_NAME];
	const int length = snprintf(tail, sizeof tail, "-%ux%u-%s-%s-seed%" PRIu64, options->problem.m, options->problem.n, setting,
	    options->recipe.name, options->seed);
	name[0] = '\0';
	append_slug(name, arch);
	if (length >= (int)sizeof tail || strlen(name) + (size_t)length >= REPRODUCE_NAME)
		return clu_fail(error, CLU_ARGUMENT, "--arch %.100s is too long for a file's name", arch);
	strcat(name, tail);
	return CLU_OK;
}

void reproduce_table_name(const reproduce_job *job, bool finished, char name[REPRODUCE_NAME])
{
	const bool full = job->scale->sides == 1, usual = strcmp(job->base.recipe.name, job->scale->recipe) == 0;
	snprintf(name, REPRODUCE_NAME, "%s%s%s%s%s%s", job->table->name, full ? "" : "-", full ? "" : job->scale->name,
	    usual ? "" : "-", usual ? "" : job->base.recipe.name,
	    job->part  ? "-part"
	    : finished ? ""
	               : "-unfinished");
}

/* ---- figures ---- */

double reproduce_paper_db(const paper_row *row, const char *arch)
{
	clu_arch wanted, named;
	if (clu_arch_parse(arch, 0, &wanted, NULL) != CLU_OK) return NAN;
	for (size_t i = 0; i < PAPER_NETWORKS; i++) {
		char here[CLU_ARCH_TEXT], there[CLU_ARCH_TEXT];
		if (clu_arch_parse(paper_networks[i], 0, &named, NULL) != CLU_OK) continue;
		clu_arch_print(&wanted, here);
		clu_arch_print(&named, there);
		if (strcmp(here, there) == 0) return row->nmse_db[i];
	}
	return NAN;
}

uint32_t reproduce_diverged(const reproduce_cell *cell)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < cell->count; i++) count += isfinite(cell->training[i].nmse.db) ? 0 : 1;
	return count;
}

double reproduce_mean_db(const reproduce_cell *cell)
{
	const uint32_t known = cell->count - reproduce_diverged(cell);
	double sum = 0;
	for (uint32_t i = 0; i < cell->count; i++) sum += isfinite(cell->training[i].nmse.db) ? cell->training[i].nmse.db : 0;
	return known > 0 ? sum / known : NAN;
}

void reproduce_range_db(const reproduce_cell *cell, double *least, double *most)
{
	*least = INFINITY;
	*most = -INFINITY;
	for (uint32_t i = 0; i < cell->count; i++) {
		*least = fmin(*least, cell->training[i].nmse.db);
		*most = fmax(*most, cell->training[i].nmse.db);
	}
}

bool reproduce_is_worse(const reproduce_cell *cell)
{
	if (isnan(cell->paper_db)) return false;
	return reproduce_diverged(cell) > 0 || reproduce_mean_db(cell) > cell->paper_db + REPRODUCE_WORSE_DB;
}
