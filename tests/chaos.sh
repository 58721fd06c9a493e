#!/bin/sh
# chaos.sh search|train PROGRAM [KILLS] [OPTION…]: KILLS times (50) kill -9 at random moments, each time the same command again; then
# what came out is held against what comes out when nobody disturbs. Some minutes long, so no part of ctest.
# search: a worker or the supervisor is killed. The same trials, each done once, the same bits of every layer's NMSE, no process
# left over. Needs sqlite3 and pgrep.
# train: one training after another, every second with trained prefixes, is killed anywhere or while it writes a file. The same
# model, byte for byte, and the same record but for its times.
# Exit code 0: equal; 1: not; 77: skipped.
set -eu

what=$1
program=$2
kills=${3:-50}
shift $(($# < 3 ? $# : 3))
folder=$(mktemp -d "${TMPDIR:-/tmp}/clunroll-chaos-XXXXXX")
running=
# shellcheck disable=SC2317 # called by the trap
finish() {
	[ -z "$running" ] || kill "$running" 2>/dev/null || :
	wait
	rm -rf "$folder"
}
trap finish EXIT
trap 'exit 130' INT TERM

need() { # TOOL…
	for tool; do
		if ! command -v "$tool" >/dev/null; then
			echo "skipped: no $tool"
			exit 77
		fi
	done
}

random() { # a number below $1
	echo $(($(od -An -N4 -tu4 /dev/urandom) % $1))
}

# ---- a search ----

search() { # STUDY [OPTION…]
	study=$folder/$1
	shift
	exec "$program" search "$study" --trials 24 --enqueue LISTA,Dense --m 40 --n 80 --layers 6 --recipe quick \
		--train-samples 8192 --validation-samples 512 --test-samples 512 --checkpoint 1s --lease 5s "$@"
}

results() {
	sqlite3 "$folder/$1" "SELECT t.number, t.arch, t.name, t.state, t.steps, l.layer, printf('%!.17g %!.17g %!.17g', l.validation_db,
		l.nmse_db, l.nmse_ratio_db), l.steps FROM trial t LEFT JOIN layer l ON l.trial = t.number ORDER BY t.number, l.layer" >"$folder/$1.results"
	sqlite3 "$folder/$1" "SELECT trial, hex(bytes) FROM model ORDER BY trial" >"$folder/$1.models"
}

disturb_search() { # [OPTION…]
	killed_workers=0
	killed_supervisors=0
	while [ $((killed_workers + killed_supervisors)) -lt "$kills" ]; do
		if [ -z "$running" ]; then
			(search chaos "$@") >>"$folder/chaos.log" 2>&1 &
			running=$!
		fi
		sleep "$(random 3).$(random 10)"
		victim=$(pgrep -P "$running" | head -n 1) || :
		if [ "$(random 3)" -eq 0 ]; then victim=$running; fi
		if ! kill -0 "$running" 2>/dev/null; then # it has ended by itself
			code=0
			wait "$running" || code=$?
			running=
			if [ "$code" -eq 0 ]; then
				echo "the search ended after $((killed_workers + killed_supervisors)) of $kills kills"
				break
			fi
			continue
		fi
		[ -n "$victim" ] || continue
		kill -9 "$victim" 2>/dev/null || continue
		if [ "$victim" = "$running" ]; then
			wait "$running" 2>/dev/null || :
			running=
			killed_supervisors=$((killed_supervisors + 1))
		else
			killed_workers=$((killed_workers + 1))
		fi
	done
	echo "killed $killed_workers workers and $killed_supervisors supervisors; now to the end"
	if [ -n "$running" ]; then
		kill "$running" 2>/dev/null || :
		wait "$running" || :
		running=
	fi
	(search chaos "$@") >>"$folder/chaos.log" 2>&1 || { tail -n 20 "$folder/chaos.log"; exit 1; }
}

chaos_search() { # [OPTION…]
	need sqlite3 pgrep
	echo "undisturbed search"
	(search calm "$@") >"$folder/calm.log" 2>&1 || { cat "$folder/calm.log"; exit 1; }
	disturb_search "$@"
	results calm
	results chaos
	failed=0
	cmp "$folder/calm.results" "$folder/chaos.results" || failed=1
	cmp "$folder/calm.models" "$folder/chaos.models" || failed=1
	if pgrep -fa "clunroll worker $folder"; then
		echo "processes are left over"
		failed=1
	fi
	sqlite3 "$folder/chaos" "PRAGMA integrity_check" | grep -qx ok || failed=1
	rows=$(wc -l <"$folder/calm.results")
	[ $failed -eq 0 ] && echo "equal: $rows lines of results, $(wc -l <"$folder/calm.models") models, bit for bit"
	exit $failed
}

# ---- trainings ----

# Half a minute of validations and checkpoints; a start takes some tenths of a second of each run.
train() { # NAME [OPTION…]
	model=$folder/$1/model
	shift
	exec "$program" train --arch Dense --m 64 --n 128 --layers 16 --recipe quick --set validate_every=40 --train-samples 8192 \
		--validation-samples 512 --test-samples 512 --checkpoint 0.1s --json -o "$model" "$@"
}

# Waits for the moment to kill: half of the time just some time, else until a file is being written: any, a prefix where there are
# some, or the model. Such a file is NAME.PROCESS-NUMBER.tmp beside its place.
wait_for_moment() { # DIRECTORY
	files="$1/*.tmp"
	case $(random 10) in
	[0-4])
		sleep "$(random 3).$(printf %03d "$(random 1000)")"
		return
		;;
	[56]) sleep "0.$(printf %03d "$(random 1000)")" ;;
	[78]) [ ! -d "$1/prefixes" ] || files="$1/prefixes/*.tmp" ;;
	9) files="$1/model.[0-9]*.tmp" ;;
	esac
	while kill -0 "$running" 2>/dev/null && [ ! -e "$1/model" ]; do
		for file in $files; do if [ -e "$file" ]; then return; fi; done
		sleep 0.001
	done
}

# Counts what a killed run has left half-written, and removes it.
sweep() { # DIRECTORY
	hit=false
	for file in "$1"/*.tmp "$1"/prefixes/*.tmp; do
		[ -e "$file" ] || continue
		hit=true
		case $file in
		*/model.[0-9]*) hits_model=$((hits_model + 1)) ;;
		*/prefixes/*) hits_prefix=$((hits_prefix + 1)) ;;
		*) hits_checkpoint=$((hits_checkpoint + 1)) ;;
		esac
		rm "$file"
	done
	$hit || hits_none=$((hits_none + 1))
}

disturb_training() { # NAME [OPTION…]
	place=$folder/$1
	mkdir "$place"
	until [ -e "$place/model" ]; do
		restart=
		[ ! -d "$place/prefixes" ] || [ "$(random 4)" -ne 0 ] || restart=yes # then from a prefix, not from the checkpoint
		(train "$@" ${restart:+--restart}) >"$place/record" 2>>"$place/log" &
		running=$!
		[ "$killed" -ge "$kills" ] || { wait_for_moment "$place"; kill -9 "$running" 2>/dev/null || :; }
		code=0
		wait "$running" 2>/dev/null || code=$?
		running=
		if [ $code -eq 137 ]; then
			killed=$((killed + 1))
			sweep "$place"
		elif [ $code -ne 0 ]; then
			tail -n 5 "$place/log"
			exit 1
		fi
	done
}

same_training() { # NAME
	for name in calm "$1"; do sed 's/"seconds":[^,}]*//' "$folder/$name/record" >"$folder/$name/figures"; done
	cmp "$folder/calm/model" "$folder/$1/model" && cmp "$folder/calm/figures" "$folder/$1/figures"
}

chaos_train() { # [OPTION…]
	echo "undisturbed training"
	mkdir "$folder/calm"
	(train calm "$@") >"$folder/calm/record" 2>"$folder/calm/log" || { cat "$folder/calm/log"; exit 1; }
	killed=0 trainings=0 hits_model=0 hits_prefix=0 hits_checkpoint=0 hits_none=0
	while [ $killed -lt "$kills" ] || [ $trainings -lt 2 ]; do
		trainings=$((trainings + 1))
		name=chaos$trainings
		if [ $((trainings % 2)) -eq 1 ]; then
			disturb_training $name "$@"
		else
			disturb_training $name --prefixes "$folder/$name/prefixes" "$@"
		fi
		same_training $name || exit 1
	done
	echo "killed $killed runs of $trainings trainings: $hits_checkpoint while they wrote a checkpoint, $hits_prefix a prefix," \
		"$hits_model the model, $hits_none elsewhere"
	echo "equal: $trainings models, bit for bit, and records of $(wc -l <"$folder/calm/figures") layers"
}

case $what in
search) chaos_search "$@" ;;
train) chaos_train "$@" ;;
*)
	echo "chaos.sh: $what is neither search nor train" >&2
	exit 1
	;;
esac
