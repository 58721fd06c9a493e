#!/bin/sh
# prefixes.sh PROGRAM [SEARCH OPTION…]: how many optimiser steps trained prefixes save: in a random search of 32 architectures, or
# $ARCHITECTURES, and in one of as many single-gate mutations of one architecture, both of 16 layers and with one lane, so that no
# two trials train the same layers at the same time. Shares of steps do not depend on sizes, so these are tiny; as in recipe fast the
# last layer takes three times as long as another. Half a minute long, no part of ctest.
# The search without prefixes must come to the same bits. Needs sqlite3. Exit code 0: it does; 1: not; 77: skipped.
set -eu

program=$1
shift
count=${ARCHITECTURES:-32}
if ! command -v sqlite3 >/dev/null; then
	echo "skipped: no sqlite3"
	exit 77
fi
folder=$(mktemp -d "${TMPDIR:-/tmp}/clunroll-prefixes-XXXXXX")
trap 'rm -rf "$folder"' EXIT

search() { # STUDY [OPTION…]
	study=$folder/$1
	shift
	"$program" search "$study" --m 6 --n 10 --layers 16 --batch 8 --train-samples 64 --validation-samples 16 --test-samples 16 \
		--recipe quick --set length=16 --set length_last=48 --lanes 1 "$@" >"$study.log" 2>&1 || { cat "$study.log"; exit 1; }
}

results() {
	sqlite3 "$folder/$1" "SELECT t.arch, l.layer, printf('%!.17g %!.17g %!.17g', l.validation_db, l.nmse_db, l.nmse_ratio_db)
		FROM trial t JOIN layer l ON l.trial = t.number ORDER BY t.number, l.layer"
}

# A step costs 2 + 6 (L - 1) units at layer L where n is 2 m: see frontend/cost.c. So the layers that are saved are the cheap ones.
figures() { # STUDY what it is
	sqlite3 "$folder/$1" "WITH done AS (SELECT l.steps, l.steps * (2 + 6 * (l.layer - 1)) AS cost,
			sum(l.steps) OVER (PARTITION BY t.number ORDER BY l.layer) <= t.reused AS saved
			FROM trial t JOIN layer l ON l.trial = t.number)
		SELECT printf('%s: %d trials, %d steps of the recipe, saved by prefixes %.1f %% of the steps, %.1f %% of the operations', '$2',
			(SELECT count(*) FROM trial), sum(steps), 100.0 * sum(steps * saved) / sum(steps), 100.0 * sum(cost * saved) / sum(cost))
		FROM done"
}

# Mutation i of Searched flips the i-th of $count gates, spread evenly over the 105.
mutations() {
	awk -v count="$count" 'BEGIN {
		split("0 0 0 2 1 3 14 42 48 249 284 4 152 328 4888 12193", layer, " ")
		for (i = 0; i < count; i++) {
			gate = int(i * 105 / count)
			for (l = 3; gate >= l - 2; l++) gate -= l - 2
			bit = 2 ^ gate
			text = i ? "," : ""
			for (k = 1; k <= 16; k++) {
				value = layer[k]
				if (k == l) value += int(value / bit) % 2 ? -bit : bit
				text = text (k > 1 ? "_" : "") value
			}
			printf "%s", text
		}
	}'
}

search random --trials "$count" "$@"
search mutations --trials $((count + 1)) --enqueue "Searched,$(mutations)" "$@"
figures random "random search"
figures mutations "single-gate mutations of Searched"
compare() { # STUDY [OPTION…]: the same search without prefixes
	with=$1
	shift
	search "$with-anew" --no-prefixes "$@"
	results "$with" >"$folder/with"
	results "$with-anew" >"$folder/without"
	cmp "$folder/with" "$folder/without" || { echo "$with: other bits than without prefixes"; exit 1; }
}

compare random --trials "$count" "$@"
compare mutations --trials $((count + 1)) --enqueue "Searched,$(mutations)" "$@"
echo "the same bits as without prefixes"
