#!/bin/sh
# gpu.sh OUT [OPTION…]: all that is to be seen on a GPU in one go, on a machine that may have nothing but a compiler, CMake and the
# GPU's driver, and no network: builds, then runs the parts one after the other until the time is up. OUT/logs.tar.gz has their logs.
# gpu.sh --collect DIR: on a machine with network (Debian 12), gathers the packages that such a machine lacks.
#
#   --packages DIR    .deb files to unpack beside the build, for what the machine lacks; nothing is installed
#   --parts LIST      of devices,bench,lanes,plans,train,search,tests (all, in this order: what tells most comes first)
#   --minutes N       for everything, building included (25); no part takes more than a third of them
#   --device SPEC     as clunroll takes it (gpu)
#   --lanes LIST      of the sweep (1,2,4,8,16,32,64,128,256); the last is the search's that is set against one at a time
#   --small           tiny sizes: to try this script
#   --build DIR       where it is built, and logs are (/tmp/clunroll-gpu): a second run with other parts finds it built
# OUT/summary says which part did what, and for how long. Exit status: 0 when all parts did, 1 else.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
packages="ocl-icd-libopencl1 ocl-icd-opencl-dev opencl-c-headers libclblast1 libclblast-dev libcjson1 libcjson-dev libsqlite3-0
	libsqlite3-dev librandom123-dev libcmocka0 libcmocka-dev pkgconf pkgconf-bin libpkgconf3 libopenblas0-pthread
	libopenblas-pthread-dev liblapacke liblapacke-dev libtmglib3 libgfortran5 libquadmath0"

usage() {
	sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2
	exit 2
}

collect() {
	mkdir -p "$1"
	cd "$1"
	# shellcheck disable=SC2086 # a list of words
	apt-get download $packages
}

if [ "${1:-}" = --collect ] && [ $# -eq 2 ]; then
	collect "$2"
	exit
fi

out="" debs="" parts=devices,bench,lanes,plans,train,search,tests minutes=25 device=gpu lanes=1,2,4,8,16,32,64,128,256 small="" build=/tmp/clunroll-gpu
while [ $# -gt 0 ]; do
	case $1 in
	--small) small=yes ;;
	--packages | --parts | --minutes | --device | --lanes | --build)
		[ $# -ge 2 ] || usage
		case $1 in
		--packages) debs=$(cd "$2" && pwd) ;;
		--parts) parts=$2 ;;
		--minutes) minutes=$2 ;;
		--device) device=$2 ;;
		--lanes) lanes=$2 ;;
		--build) build=$2 ;;
		esac
		shift
		;;
	-*) usage ;;
	*)
		[ -z "$out" ] || usage
		out=$1
		;;
	esac
	shift
done
[ -n "$out" ] || usage
rm -rf "$build/logs"
mkdir -p "$out" "$build/logs"
out=$(cd "$out" && pwd)
build=$(cd "$build" && pwd)
logs=$build/logs
end=$(($(date +%s) + minutes * 60))
failures=0

say() {
	echo "$@" | tee -a "$out/summary"
}

# limit: seconds that a part may take now: a third of the time, or what is left of it.
limit() {
	left=$((end - $(date +%s)))
	if [ "$left" -gt $((minutes * 20)) ]; then left=$((minutes * 20)); fi
	if [ "$left" -lt 1 ]; then left=1; fi
	echo "$left"
}

# part NAME COMMAND…: runs it with its output in NAME.log until its limit: what hangs costs no more. It is told to stop first, and has a
# minute to save what it has.
part() {
	name=$1
	shift
	begin=$(date +%s)
	code=1
	if [ "$begin" -ge "$end" ]; then
		say "$name: no time left"
		failures=$((failures + 1))
		return
	fi
	code=0
	timeout -k 60 "$(limit)" "$@" </dev/null >"$logs/$name.log" 2>&1 || code=$?
	tar -C "$build" -czf "$out/logs.tar.gz" logs || say "logs.tar.gz cannot be written"
	say "$name: exit status $code after $(($(date +%s) - begin)) s"
	if [ "$code" -ne 0 ]; then
		failures=$((failures + 1))
		tail -n 15 "$logs/$name.log"
	fi
}

wanted() {
	case ",$parts," in *",$1,"*) return 0 ;; esac
	return 1
}

# ---- what the machine has ----

# What CMake, the compiler, the linker and the loader then find beside what the machine has itself.
use_packages() {
	prefix=$build/packages
	mkdir -p "$prefix"
	for deb in "$debs"/*.deb; do dpkg -x "$deb" "$prefix"; done
	machine=$(gcc -print-multiarch)
	# Installing them would make these links.
	blas=$prefix/usr/lib/$machine/openblas-pthread
	for name in blas lapack; do ln -sf "$name-openblas.pc" "$blas/pkgconfig/$name.pc"; done
	PATH=$prefix/usr/bin:$PATH
	CPATH=$prefix/usr/include
	LIBRARY_PATH=$prefix/usr/lib/$machine:$blas
	LD_LIBRARY_PATH=$prefix/usr/lib/$machine:$blas${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
	PKG_CONFIG_LIBDIR=$prefix/usr/lib/$machine/pkgconfig:$blas/pkgconfig:$prefix/usr/share/pkgconfig
	PKG_CONFIG_SYSROOT_DIR=$prefix
	export PATH CPATH LIBRARY_PATH LD_LIBRARY_PATH PKG_CONFIG_LIBDIR PKG_CONFIG_SYSROOT_DIR
	say "packages: $(find "$debs" -name '*.deb' | wc -l) unpacked in $prefix"
}

# NVIDIA's driver as containers get it: the library without the .icd file that names it. Other drivers have one already.
use_nvidia() {
	for library in $(ldconfig -p | sed -n 's/.*=> \(.*libnvidia-opencl\.so\.1\)$/\1/p') /usr/local/nvidia/lib64/libnvidia-opencl.so.1 \
		/usr/local/nvidia/lib/libnvidia-opencl.so.1 /usr/lib/x86_64-linux-gnu/libnvidia-opencl.so.1 /usr/lib64/libnvidia-opencl.so.1; do
		if [ ! -e "$library" ]; then continue; fi
		mkdir -p "$build/vendors"
		echo "$library" >"$build/vendors/nvidia.icd"
		OCL_ICD_VENDORS=$build/vendors
		LD_LIBRARY_PATH=${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$(dirname "$library")
		export OCL_ICD_VENDORS LD_LIBRARY_PATH
		say "driver: $library"
		for helper in nvvm ptxjitcompiler; do
			found=$(find "$(dirname "$library")" /usr/local/nvidia /usr/lib/x86_64-linux-gnu -name "libnvidia-$helper.so*" 2>/dev/null | head -n 1)
			say "driver: $helper: ${found:-not found, without which kernels may not build}"
			if [ -n "$found" ]; then LD_LIBRARY_PATH=$LD_LIBRARY_PATH:$(dirname "$found"); fi
		done
		return
	done
	say "driver: no libnvidia-opencl.so.1; $(cat /etc/OpenCL/vendors/*.icd 2>/dev/null | tr '\n' ' ')"
}

: >"$out/summary"
say "commit: $(git -C "$root" rev-parse HEAD 2>/dev/null || echo unknown)"
say "machine: $(uname -sm), $(getconf _NPROCESSORS_ONLN) processors, $(sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' /etc/os-release)"
if [ -n "$debs" ]; then use_packages; fi
if [ -z "${OCL_ICD_VENDORS:-}" ]; then use_nvidia; else say "driver: as OCL_ICD_VENDORS says, $OCL_ICD_VENDORS"; fi
if command -v nvidia-smi >/dev/null; then nvidia-smi -q >"$logs/nvidia-smi.log" 2>&1 || true; fi
for tool in cc cmake pkg-config; do command -v "$tool" >/dev/null || say "missing: $tool"; done
generator="Unix Makefiles"
if ! command -v make >/dev/null; then generator=Ninja; fi
XDG_CACHE_HOME=$build/cache # nothing into a person's home; CUDA_CACHE_PATH: NVIDIA's compiled kernels
CUDA_CACHE_PATH=$build/cache/nvidia
CLUNROLL_TEST_DEVICE=$device
export XDG_CACHE_HOME CUDA_CACHE_PATH CLUNROLL_TEST_DEVICE
mkdir -p "$XDG_CACHE_HOME" "$CUDA_CACHE_PATH"

# ---- the parts ----

processors=$(getconf _NPROCESSORS_ONLN)
shape="--m 250 --n 500 --layers 16 --batch 128"
training="--recipe quick"
bench="--repeat 7"
if [ -n "$small" ]; then
	shape="--m 20 --n 40 --layers 6 --batch 16 --train-samples 640 --validation-samples 64 --test-samples 64"
	training="--recipe quick --schedule 40"
	bench="--m 20 --n 40 --layers 4 --batch 16 --repeat 2 --slice 0.02"
fi
program=$build/clunroll

# What was not built now must not be measured under this commit's name.
built() {
	if [ "$code" -eq 0 ]; then return; fi
	say "not built"
	exit 1
}

part configure cmake -G "$generator" -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release -DCLUNROLL_TEST_DRIVERS=system
built
part build cmake --build "$build" --target clunroll -j "$processors"
built

# What is there and how fast, for every device; the self-test's verdict.
if wanted devices; then
	part devices "$program" devices --json
	if [ "$code" -eq 4 ]; then
		say "there is no device: nothing more can be seen here"
		exit 1
	fi
fi

# shellcheck disable=SC2086 # shapes and training are options
{
	if wanted bench; then part bench "$program" bench all $bench --kernels --device "$device" --json; fi

	if wanted lanes || wanted plans; then
		part network "$program" train --arch Searched $shape --recipe quick --schedule 60 --device "$device" --force -o "$build/searched.safetensors"
	fi
	many=${lanes##*,}
	if wanted lanes; then
		part lanes "$program" bench step "$build/searched.safetensors" --lanes "$lanes" --repeat 5 --device "$device" --json
	fi

	if wanted plans; then
		timeout 120 "$program" devices --device "$device" --json 2>/dev/null | sed -n '1s/.*"plan":"\([^"]*\)".*/\1/p' | sed 's/\\n/\n/g' | sed '/^$/d' >"$build/device.plan"
		while read -r name changes; do
			cp "$build/device.plan" "$build/$name.plan"
			for change in $changes; do sed -i "s/^${change%=*} .*/${change%=*} ${change#*=}/" "$build/$name.plan"; done
			part "plan-$name" "$program" bench step "$build/searched.safetensors" --lanes "1,$many" --repeat 3 --device "$device" \
				--plan "$build/$name.plan" --json
		done <<-PLANS
			own
			clblast product=clblast
			clblast-indirect product=clblast-indirect
			registers product=native sparse_below=0 tile_rows=4 tile_vectors=1 group_columns=16 group_rows=4
			dense product=tiled sparse_below=0 epilogue=0
			dense-epilogue product=tiled sparse_below=0 epilogue=1
			tensor product=tensor vector=4 tile_rows=8 tile_vectors=2 group_columns=16 group_rows=8 sparse_below=0 epilogue=0
			tensor-sparse-20 product=tensor vector=4 tile_rows=8 tile_vectors=2 group_columns=16 group_rows=8 sparse_below=20 epilogue=0
			tensor-128x64 product=tensor vector=4 tile_rows=8 tile_vectors=2 group_columns=8 group_rows=16 sparse_below=0 epilogue=0
			sparse-10 product=tiled sparse_below=10
			sparse-30 product=tiled sparse_below=30
			sparse-always product=tiled sparse_below=100
			sparse-20 product=tiled sparse_below=20 epilogue=0
			sparse-20-epilogue product=tiled sparse_below=20 epilogue=1
			tiles-32x64 product=tiled sparse_below=0 tile_rows=4 tile_vectors=1 group_columns=16 group_rows=8
			tiles-64x64 product=tiled sparse_below=0 tile_rows=8 tile_vectors=1 group_columns=16 group_rows=8
			tiles-64x128 product=tiled sparse_below=0 tile_rows=8 tile_vectors=2 group_columns=16 group_rows=8
			tiles-128x128 product=tiled sparse_below=0 tile_rows=8 tile_vectors=2 group_columns=16 group_rows=16
			rows-by-32 product=tiled group=32 block_rows=2
			rows-by-128 product=tiled group=128 block_rows=2
			rows-by-128-alone product=tiled group=128 block_rows=1
		PLANS
	fi

	if wanted train; then
		part train "$program" train --arch Searched $shape $training --device "$device" --force -o "$out/trained.safetensors" --json
	fi

	# Trials an hour, many at a time and one at a time: short trainings of full-size networks.
	if wanted search; then
		for at_once in 1 "$many"; do
			rm -f "$build/$at_once.study"
			for_search=$(($(limit) > 120 ? $(limit) - 60 : 60))
			part "search-$at_once" "$program" search "$build/$at_once.study" --trials $((at_once == 1 ? 8 : 4 * at_once)) --lanes "$at_once" \
				$shape --recipe quick --schedule 60 --no-prefixes --device "$device" --time "${for_search}s"
			part "status-$at_once" "$program" status "$build/$at_once.study" --json
			say "trials an hour, $at_once at a time: $(sed -n 's/.*"trials_per_hour":\([0-9.]*\).*/\1/p' "$logs/status-$at_once.log" | tail -n 1)"
		done
	fi
}

# All tests that need a device, on this one.
if wanted tests; then
	part build-tests cmake --build "$build" -j "$processors"
	part tests ctest --test-dir "$build" -L device -j 4 --timeout 300 --output-on-failure
fi

exit $((failures > 0))
