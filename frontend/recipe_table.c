/* recipe_table.c: the Markdown of recipe_table.h. Of quality: a line a variant, then a line a network that was trained. Of the
 * ranking: each run beside the reference, every pair, then the figures. JSON is in recipe_json.c. */
#include "recipe_table.h"

#include "markup.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void add_rule(markup *out, size_t columns)
{
	markup_add(out, "\n|");
	for (size_t i = 0; i < columns; i++) markup_add(out, "---|");
	markup_add(out, "\n");
}

static void add_steps(markup *out, double steps)
{
	if (steps > 0)
		markup_count(out, (uint64_t)(steps + 0.5));
	else
		markup_add(out, "–");
}

/* ---- variants ---- */

static void add_variants(markup *out, const recipe_study *study)
{
	markup_add(out, "\n| variant | recipe | changes (`--set`) |\n|---|---|---|\n");
	for (size_t v = 0; v < study->variant_count; v++) {
		const recipe_variant *variant = study->variant[v];
		markup_add(out, "| %s | `%s` |", variant->name, variant->base);
		for (size_t i = 0; i < RECIPE_CHANGES_MAX && variant->changes[i]; i++) markup_add(out, " `%s`", variant->changes[i]);
		markup_add(out, " |\n");
	}
}

/* ---- quality ---- */

static void add_quality_cell(markup *out, const recipe_cell *cell, uint32_t layers)
{
	double least, most;
	const uint32_t diverged = reproduce_diverged(&cell->cell);
	reproduce_range_db(&cell->cell, &least, &most);
	markup_add(out, " **");
	markup_figure(out, reproduce_mean_db(&cell->cell), 2);
	markup_add(out, "**");
	if (cell->cell.count > diverged + 1) {
		markup_add(out, " [");
		markup_figure(out, least, 2);
		markup_add(out, ", ");
		markup_figure(out, most, 2);
		markup_add(out, "]");
	}
	markup_add(out, ", ");
	markup_figure(out, recipe_dip_db(cell, layers), 1);
	if (diverged > 0) markup_add(out, "; %u diverged", diverged);
	markup_add(out, " |");
}

static void add_paper_line(markup *out, const recipe_results *results)
{
	const reproduce_job *job = &results->study->job;
	if (job->scale->sides > 1) return;
	markup_add(out, "| the paper's figures | – | – |");
	for (size_t a = 0; a < job->arch_count; a++) {
		markup_add(out, " ");
		markup_figure(out, recipe_paper_db(results, a), 1);
		markup_add(out, " |");
	}
	markup_add(out, "\n");
}

static double mean_of(const recipe_results *results, size_t v, double (*figure)(const reproduce_cell *cell))
{
	double sum = 0, known = 0;
	for (size_t a = 0; a < results->study->job.arch_count; a++) {
		const double value = figure(&results->quality[v][a].cell);
		if (!isfinite(value)) continue;
		sum += value;
		known++;
	}
	return known > 0 ? sum / known : NAN;
}

/* Steps and time are means over architectures. */
static void add_quality_line(markup *out, const recipe_results *results, size_t v)
{
	const reproduce_job *job = &results->study->job;
	markup_add(out, "| %s | ", results->study->variant[v]->name);
	add_steps(out, mean_of(results, v, recipe_mean_steps));
	markup_add(out, " | ");
	markup_duration(out, mean_of(results, v, recipe_mean_seconds));
	markup_add(out, " |");
	for (size_t a = 0; a < job->arch_count; a++) add_quality_cell(out, &results->quality[v][a], job->base.layers);
	markup_add(out, "\n");
}

static void add_training(markup *out, const recipe_results *results, const char *variant, const recipe_cell *cell, uint32_t index)
{
	const reproduce_training *training = &cell->cell.training[index];
	const double dip =
	    cell->known[index] ? recipe_training_dip_db(cell->layer[index], results->study->job.base.layers) : (double)NAN;
	markup_add(out, "| %s | %s | %llu | ", variant, cell->cell.arch, (unsigned long long)training->seed);
	markup_figure(out, training->nmse.db, 3);
	markup_add(out, " | ");
	markup_figure(out, training->nmse.ratio_db, 3);
	markup_add(out, " | ");
	markup_figure(out, dip, 2);
	markup_add(out, " | ");
	add_steps(out, (double)training->steps);
	markup_add(out, " | ");
	markup_duration(out, training->seconds);
	markup_add(out, " | %s | `%s` |\n", training->device, training->name);
}

static void add_trainings(markup *out, const recipe_results *results)
{
	markup_add(out,
	    "\n### Every network\n\n| variant | network | seed | NMSE, dB | ratio NMSE, dB | dip, dB | steps | time | trained "
	    "on | file in models/ |");
	add_rule(out, 10);
	for (size_t v = 0; v < results->quality_count; v++)
		for (size_t a = 0; a < results->study->job.arch_count; a++)
			for (uint32_t i = 0; i < results->quality[v][a].cell.count; i++)
				add_training(out, results, results->study->variant[v]->name, &results->quality[v][a], i);
}

static const char quality_notes[] =
    "\nNMSE on the test set in dB, the mean over samples, and over seeds where there are several [best seed, worst seed];\n"
    "then the worst dip: by how many dB a layer was worse than the best before it, in any seed. Steps and time are those\n"
    "of one training on the device, means over networks and seeds. Layers that two trainings share were trained once: both\n"
    "have the steps and the time that they took.\n";

static void add_quality(markup *out, const recipe_results *results, const char *picture)
{
	const reproduce_job *job = &results->study->job;
	if (results->quality_count == 0) return;
	markup_add(out, "\n## Cost and quality\n\n%u×%u, %u layers, batch %u, no noise, ", results->m, results->n, job->base.layers,
	    job->base.batch);
	markup_add(out, job->repeat > 1 ? "seeds 1 to %u. %s\n" : "seed %u. %s\n", job->repeat, results->study->scale->compare);
	markup_add(out, "\n![NMSE by steps](%s)\n\n| variant | steps | time |", picture);
	for (size_t a = 0; a < job->arch_count; a++) markup_add(out, " %s |", job->archs[a]);
	add_rule(out, 3 + job->arch_count);
	add_paper_line(out, results);
	for (size_t v = 0; v < results->quality_count; v++) add_quality_line(out, results, v);
	markup_add(out, "%s", quality_notes);
	add_trainings(out, results);
}

/* ---- ranking ---- */

static void add_run_name(markup *out, const recipe_results *results, size_t run)
{
	markup_add(out, "%c: %s", (char)('A' + run), results->study->variant[results->run[run].variant]->name);
	if (results->run[run].seed != 1) markup_add(out, ", seed %llu", (unsigned long long)results->run[run].seed);
}

static rank_agreement agree(const recipe_results *results, size_t reference, size_t other)
{
	return rank_agree(results->run[reference].nmse_db, results->run[other].nmse_db, results->arch_count);
}

static void add_correlation(markup *out, const rank_agreement *agreement)
{
	markup_add(out, " ");
	markup_figure(out, agreement->rho, 2);
	markup_add(out, " [");
	markup_figure(out, agreement->low, 2);
	markup_add(out, ", ");
	markup_figure(out, agreement->high, 2);
	markup_add(out, "] |");
}

static void add_beside_reference(markup *out, const recipe_results *results, size_t run)
{
	const rank_agreement agreement = agree(results, 0, run);
	markup_add(out, "| ");
	add_run_name(out, results, run);
	markup_add(out, " | ");
	add_steps(out, results->run[run].training_steps);
	markup_add(out, " | ");
	add_steps(out, (double)results->run[run].steps);
	markup_add(out, " | ");
	markup_duration(out, results->run[run].seconds);
	markup_add(out, " | %zu |", agreement.count);
	add_correlation(out, &agreement);
	markup_add(out, " %zu | %zu | ", agreement.place, agreement.shared);
	markup_figure(out, 100 * agreement.found, 0);
	markup_add(out, " %% | ");
	markup_figure(out, agreement.lost, 2);
	markup_add(out, " |\n");
}

static void add_pairs(markup *out, const recipe_results *results)
{
	if (results->run_count < 3) return;
	markup_add(out, "\n### Every pair\n\n| |");
	for (size_t run = 0; run + 1 < results->run_count; run++) markup_add(out, " %c |", (char)('A' + run));
	add_rule(out, results->run_count);
	for (size_t i = 1; i < results->run_count; i++) {
		markup_add(out, "| ");
		add_run_name(out, results, i);
		markup_add(out, " |");
		for (size_t j = 0; j < i; j++) {
			const rank_agreement agreement = agree(results, j, i);
			add_correlation(out, &agreement);
		}
		for (size_t j = i; j + 1 < results->run_count; j++) markup_add(out, " |");
		markup_add(out, "\n");
	}
}

static void add_architecture(markup *out, const recipe_results *results, size_t a)
{
	clu_arch arch;
	const char *name =
	    clu_arch_parse(results->arch[a], results->study->scale->layers, &arch, NULL) == CLU_OK ? clu_arch_name(&arch) : NULL;
	markup_add(out, "| %s%s`%s` |", name ? name : "", name ? " " : "", results->arch[a]);
	for (size_t run = 0; run < results->run_count; run++) {
		markup_add(out, " ");
		markup_figure(out, results->run[run].nmse_db[a], 2);
		markup_add(out, " |");
	}
	markup_add(out, "\n");
}

static void add_architectures(markup *out, const recipe_results *results)
{
	markup_add(out, "\n### Every architecture\n\nNMSE on the test set, dB.\n\n| architecture |");
	for (size_t run = 0; run < results->run_count; run++) markup_add(out, " %c |", (char)('A' + run));
	add_rule(out, results->run_count + 1);
	for (size_t a = 0; a < results->arch_count; a++) add_architecture(out, results, a);
}

static_assert(RANK_TOP == 3, "texts say so");
static const char ranking_notes[] =
    "\nSpearman's rank correlation of test NMSE with the reference, 95 % interval in brackets; how far the reference agrees\n"
    "with itself under another seed is the most that can be expected. Found: how often, in halves of the architectures\n"
    "drawn at random, the reference's best is among the variant's best 3. Lost: by how much the variant's best is worse\n"
    "than the reference's best, both trained by the reference. Steps are those of one training; layers that were there\n"
    "already were not made again, and take no time here. One seed each.\n";

static void add_ranking(markup *out, const recipe_results *results)
{
	const recipe_study *study = results->study;
	const recipe_scale *scale = study->scale;
	if (results->run_count == 0) return;
	markup_add(out,
	    "\n## Ranking\n\n%zu architectures at %u×%u, %u layers: LISTA, LFISTA, Dense, Searched, and %u with each connection a fair "
	    "coin. The order that their test NMSE puts them in is held against that of %s, the reference.\n",
	    results->arch_count, scale->m, scale->n, scale->layers, study->random, study->variant[0]->name);
	markup_add(out, "\n| variant | steps | made in all | time | compared | rank correlation | "
	                "the reference's best comes | best 3 in common | found | lost, dB |");
	add_rule(out, 10);
	for (size_t run = 0; run < results->run_count; run++) add_beside_reference(out, results, run);
	markup_add(out, "%s", ranking_notes);
	add_pairs(out, results);
	add_architectures(out, results);
}

char *recipe_markdown(const recipe_results *results, const char *picture)
{
	markup out = {0};
	markup_add(&out, "# Recipes beside each other\n\nclunroll %s, scale %s.\n", clu_version(), results->study->job.scale->name);
	add_variants(&out, results->study);
	add_quality(&out, results, picture);
	add_ranking(&out, results);
	if (!out.failed) return out.text;
	free(out.text);
	return NULL;
}
