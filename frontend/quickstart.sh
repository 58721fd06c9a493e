#!/bin/sh
# quickstart.sh [OPTION…]: from a bare Debian to a finished architecture search. Installs what is missing, builds in build/, then
# trains LISTA, LFISTA, Dense and 32 random architectures at m=50, n=100, K=8 on every OpenCL device and writes the report.
# Run again, it goes on where it was stopped. OPTIONs go to `clunroll search`, e.g. --trials 100 --device gpu.
# PoCL (OpenCL on the CPU) is installed only where no other device is found.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
build=$root/build
program=$build/clunroll
study=$build/quickstart.study
report=$build/quickstart.html
# shellcheck source=frontend/setup.sh
. "$root/frontend/setup.sh"

search() {
	"$program" search "$study" --strategy random --trials 35 --enqueue LISTA,LFISTA,Dense --m 50 --n 100 --layers 8 \
		--recipe quick "$@" >"$build/quickstart.winner"
}

mkdir -p "$build"
need_build
need pocl-opencl-icd has_driver
install_missing "$build/setup.log"
echo "building clunroll in $build"
configure_and_build "$build" clunroll -DCMAKE_BUILD_TYPE=Release

# On Ctrl-C the program saves its work and ends; the trap only keeps this script alive to say how to go on.
trap : INT
code=0
search "$@" || code=$?
if [ "$code" -eq 4 ] && ! "$program" devices >/dev/null 2>&1; then
	missing=" pocl-opencl-icd"
	install_missing "$build/setup.log"
	code=0
	search "$@" || code=$?
fi
if [ "$code" -eq 3 ]; then echo "stopped; to go on: sh $0 $*" >&2; fi
if [ "$code" -eq 6 ]; then echo "to start anew with these settings, first: rm '$study'" >&2; fi
if [ "$code" -ne 0 ]; then exit "$code"; fi
"$program" report "$study" -o "$report" >/dev/null
echo "$(tail -n 1 "$build/quickstart.winner"); report: $report"
