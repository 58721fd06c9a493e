#!/bin/sh
# test_three.sh PROGRAM: one search on three drivers at once: PoCL and Intel's runtime, which are the same CPU twice, and Intel's
# FPGA emulator, an ACCELERATOR. Every device gets a worker, none fails, and all trials are done. To be run by with_driver.sh three.
set -eu

program=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

"$program" search "$folder/study" --device 0,1,2 --trials 9 --enqueue LISTA,LFISTA,Dense --lanes 1 --m 8 --n 16 --layers 5 \
	--batch 16 --train-samples 320 --validation-samples 32 --test-samples 32 --recipe quick --schedule 60 >"$folder/out"
"$program" status "$folder/study" --json >"$folder/status"

# expect COUNT PATTERN: that often in the status.
expect() {
	if [ "$(grep -o "$2" "$folder/status" | wc -l)" -ne "$1" ]; then
		echo "wanted $1 times $2 in:" >&2
		cat "$folder/status" >&2
		exit 1
	fi
}

expect 1 '"queued":0,"running":0,"done":9,"failed":0'
expect 3 '"state":"stopped","message":""'
expect 2 '"type":"CPU"'
expect 1 '"type":"ACCELERATOR"'
