/* pictures.h: the pictures of a report, each one inline SVG, drawn from an analysis alone. The page around them (headings,
 * captions, tables, style sheet) is report.c's.
 *
 * Nothing is told by colour alone: curves differ in dash and marker too, neurons in shape, shares are also written as figures.
 * A picture for which there is nothing to draw adds nothing and returns false. */
#ifndef PICTURES_H
#define PICTURES_H

#include "analysis.h"
#include "markup.h"

/* "LISTA" for the best of that name, otherwise "trial 23": never text from outside. */
#define PICTURE_LABEL 40
void picture_label(const study_analysis *analysis, const ranked_trial *entry, char label[PICTURE_LABEL]);

/* Layers as nodes in a row (circle: soft threshold, square: ReLU, diamond: LeakyReLU), extra connections as arcs from left to
 * right, a cross below where the side connection is pruned. */
void picture_architecture(markup *out, const clu_arch *arch, const char *label);
/* What the signs of picture_architecture mean. */
void picture_architecture_legend(markup *out);
/* The paper's Figure 2: share of the top with each connection, destination layer downwards, origin layer to the right. */
bool picture_heat_map(markup *out, const study_analysis *analysis);
/* NMSE by layer of analysis_curves, with a legend below. */
bool picture_layers(markup *out, const study_analysis *analysis);
/* NMSE against number of extra connections; named architectures are labelled. */
bool picture_connections(markup *out, const study_analysis *analysis);
/* Each trial's validation NMSE in the order they finished, and the best so far. */
bool picture_history(markup *out, const study_analysis *analysis);
/* Each device's share of the trials, and its speed. */
bool picture_devices(markup *out, const study_analysis *analysis);

#endif
