#!/bin/sh
# with_driver.sh DRIVER COMMAND…: runs COMMAND with that OpenCL driver alone, as tests/drivers.sh has laid it out in the folder
# CLUNROLL_DRIVERS (default: build/drivers). "system" changes nothing: whatever drivers the machine has.
# A driver that could not be installed exits 77, which ctest shows as skipped, with the reason.
# Under Oclgrind, an invalid access, a data race, or a wrong API call makes the run fail even where COMMAND itself succeeds.
set -eu

if [ $# -lt 2 ]; then
	echo "usage: with_driver.sh DRIVER COMMAND..." >&2
	exit 2
fi
CLUNROLL_TEST_DRIVER=$1
export CLUNROLL_TEST_DRIVER
shift
if [ "$CLUNROLL_TEST_DRIVER" = system ]; then exec "$@"; fi

home=${CLUNROLL_DRIVERS:-$(cd "$(dirname "$0")/.." && pwd)/build/drivers}/$CLUNROLL_TEST_DRIVER
if [ -f "$home/missing" ]; then
	echo "skipped: $CLUNROLL_TEST_DRIVER: $(cat "$home/missing")"
	exit 77
fi
if [ ! -d "$home/vendors" ]; then
	echo "with_driver.sh: no driver $CLUNROLL_TEST_DRIVER in $home: run tests/drivers.sh first" >&2
	exit 1
fi
# Own caches: compiled kernels outlive a run of the tests, and nothing is written into a person's home.
OCL_ICD_VENDORS=$home/vendors
XDG_CACHE_HOME=$home/cache
POCL_CACHE_DIR=$home/cache/pocl
RUSTICL_ENABLE=llvmpipe
export OCL_ICD_VENDORS XDG_CACHE_HOME POCL_CACHE_DIR RUSTICL_ENABLE
mkdir -p "$POCL_CACHE_DIR"
# On Intel's CPUs with AVX-512 the emulator's release 2023.2.4 does not always load its mathematics for them ("Symbols not found").
case $CLUNROLL_TEST_DRIVER in
fpga | three)
	CL_CONFIG_CPU_TARGET_ARCH=core-avx2
	export CL_CONFIG_CPU_TARGET_ARCH
	;;
esac
if [ "$CLUNROLL_TEST_DRIVER" != oclgrind ]; then exec "$@"; fi

# Not OCLGRIND_UNINITIALIZED: 21.10 takes what a host wrote for uninitialised, and crashes.
OCLGRIND_LOG=$(mktemp)
OCLGRIND_CHECK_API=1
OCLGRIND_DATA_RACES=1
OCLGRIND_MAX_ERRORS=20
export OCLGRIND_LOG OCLGRIND_CHECK_API OCLGRIND_DATA_RACES OCLGRIND_MAX_ERRORS
trap 'rm -f "$OCLGRIND_LOG"' EXIT
code=0
"$@" || code=$?
if [ -s "$OCLGRIND_LOG" ]; then
	echo "Oclgrind found faults:" >&2
	cat "$OCLGRIND_LOG" >&2
	[ "$code" -ne 0 ] || code=1
fi
exit "$code"
