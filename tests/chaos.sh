#!/bin/sh
# chaos.sh PROGRAM [KILLS] [SEARCH OPTION…]: KILLS times (50) kill -9 of a worker or the supervisor of a running search, at random
# moments; then the study is held against that of a search that nobody disturbed: the same trials, each done once, the same bits
# of every layer's NMSE, no process left over. Some minutes long, so no part of ctest. Needs sqlite3 and pgrep.
# Exit code 0: equal; 1: not; 77: skipped.
set -eu

program=$1
kills=${2:-50}
shift $(($# < 2 ? $# : 2))
for tool in sqlite3 pgrep; do
	if ! command -v "$tool" >/dev/null; then
		echo "skipped: no $tool"
		exit 77
	fi
done
folder=$(mktemp -d "${TMPDIR:-/tmp}/clunroll-chaos-XXXXXX")
supervisor=
# shellcheck disable=SC2317 # called by the trap
finish() {
	[ -z "$supervisor" ] || kill "$supervisor" 2>/dev/null || :
	wait
	rm -rf "$folder"
}
trap finish EXIT
trap 'exit 130' INT TERM

search() { # STUDY [OPTION…]
	study=$folder/$1
	shift
	exec "$program" search "$study" --trials 24 --enqueue LISTA,Dense --m 40 --n 80 --layers 6 --recipe quick \
		--train-samples 8192 --validation-samples 512 --test-samples 512 --checkpoint 1s --lease 5s "$@"
}

random() { # a number below $1
	echo $(($(od -An -N4 -tu4 /dev/urandom) % $1))
}

results() {
	sqlite3 "$folder/$1" "SELECT t.number, t.arch, t.name, t.state, t.steps, l.layer, printf('%!.17g %!.17g %!.17g', l.validation_db,
		l.nmse_db, l.nmse_ratio_db), l.steps FROM trial t LEFT JOIN layer l ON l.trial = t.number ORDER BY t.number, l.layer" >"$folder/$1.results"
	sqlite3 "$folder/$1" "SELECT trial, hex(bytes) FROM model ORDER BY trial" >"$folder/$1.models"
}

echo "undisturbed search"
(search calm "$@") >"$folder/calm.log" 2>&1 || { cat "$folder/calm.log"; exit 1; }

killed_workers=0
killed_supervisors=0
while [ $((killed_workers + killed_supervisors)) -lt "$kills" ]; do
	if [ -z "$supervisor" ]; then
		(search chaos "$@") >>"$folder/chaos.log" 2>&1 &
		supervisor=$!
	fi
	sleep "$(random 3).$(random 10)"
	victim=$(pgrep -P "$supervisor" | head -n 1) || :
	if [ "$(random 3)" -eq 0 ]; then victim=$supervisor; fi
	if ! kill -0 "$supervisor" 2>/dev/null; then # it has ended by itself
		code=0
		wait "$supervisor" || code=$?
		supervisor=
		if [ "$code" -eq 0 ]; then
			echo "the search ended after $((killed_workers + killed_supervisors)) of $kills kills"
			break
		fi
		continue
	fi
	[ -n "$victim" ] || continue
	kill -9 "$victim" 2>/dev/null || continue
	if [ "$victim" = "$supervisor" ]; then
		wait "$supervisor" 2>/dev/null || :
		supervisor=
		killed_supervisors=$((killed_supervisors + 1))
	else
		killed_workers=$((killed_workers + 1))
	fi
done
echo "killed $killed_workers workers and $killed_supervisors supervisors; now to the end"
if [ -n "$supervisor" ]; then
	kill "$supervisor" 2>/dev/null || :
	wait "$supervisor" || :
	supervisor=
fi
(search chaos "$@") >>"$folder/chaos.log" 2>&1 || { tail -n 20 "$folder/chaos.log"; exit 1; }

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
