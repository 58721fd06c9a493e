#!/bin/sh
# run.sh [CTEST OPTION…]: every test, as CI runs them. Installs what is missing, then builds with gcc (warnings as errors; tests on
# every OpenCL driver) and with clang (warnings as errors, AddressSanitizer and UBSan; tests on PoCL). One run of ctest at the
# end has them all. Builds in build/gcc and build/clang, drivers in build/drivers; run again, it reuses them.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
build=$root/build
# shellcheck source=frontend/setup.sh
. "$root/frontend/setup.sh"

has_venv() {
	python3 -c 'import ensurepip, venv'
}

has_sanitizers() {
	echo 'int main(void) { return 0; }' | clang -fsanitize=address,undefined -x c -o /dev/null -
}

mkdir -p "$build/tests"
need_build
need gcc command -v gcc
need clang command -v clang
need libclang-rt-14-dev has_sanitizers
need clang-format command -v clang-format
need shellcheck command -v shellcheck
need python3-venv has_venv
need pocl-opencl-icd test -e /etc/OpenCL/vendors/pocl.icd
need mesa-opencl-icd test -e /etc/OpenCL/vendors/rusticl.icd
need oclgrind test -e /usr/lib/oclgrind/liboclgrind-rt-icd.so
install_missing "$build/setup.log"

cd "$root"
sh tests/drivers.sh "$build/drivers"

echo "building with gcc in $build/gcc"
configure_and_build "$build/gcc" all -DCMAKE_C_COMPILER=gcc -DCMAKE_BUILD_TYPE=Release -DCLUNROLL_WERROR=ON \
	-DCLUNROLL_DRIVERS="$build/drivers" "-DCLUNROLL_TEST_DRIVERS=pocl;intel;fpga;rusticl;oclgrind"
echo "building with clang and sanitizers in $build/clang"
configure_and_build "$build/clang" all -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS_DEBUG="-g -O1" \
	-DCLUNROLL_WERROR=ON -DCLUNROLL_SANITIZE=ON -DCLUNROLL_DRIVERS="$build/drivers" -DCLUNROLL_TEST_DRIVERS=pocl

# Both builds' tests as one list, the way CMake itself joins subdirectories.
printf 'subdirs("%s")\nsubdirs("%s")\n' "$build/gcc" "$build/clang" >"$build/tests/CTestTestfile.cmake"
ctest --test-dir "$build/tests" --output-on-failure --no-tests=error -j "$(getconf _NPROCESSORS_ONLN)" "$@"
