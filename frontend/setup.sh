# shellcheck shell=sh
# setup.sh: what quickstart.sh and tests/run.sh share: installing what is missing from Debian. Sourced, not run.
#
# Things are looked for as the build will look for them (commands, headers, pkg-config), not as packages: what a person has put
# there by other means counts, and when all is there apt is never called, so that both commands work offline.
# The sourcing script sets `root`.
# `missing` gathers the packages of what `need` did not find; install_missing gets them, or says in one line how to.

missing=""

# need PACKAGE TEST…: PACKAGE is missing unless the command TEST succeeds.
need() {
	need_package=$1
	shift
	case "$missing " in *" $need_package "*) return ;; esac
	if ! "$@" >/dev/null 2>&1; then missing="$missing $need_package"; fi
}

has_header() {
	echo "#include <$1>" | cc -E -
}

has_driver() {
	ls "${OCL_ICD_VENDORS:-/etc/OpenCL/vendors}"/*.icd
}

need_build() {
	need gcc command -v cc
	need libc6-dev has_header stdio.h
	need make command -v make
	need cmake command -v cmake
	need pkg-config command -v pkg-config
	need ocl-icd-opencl-dev pkg-config --exists OpenCL
	need libclblast-dev pkg-config --exists clblast
	need liblapacke-dev pkg-config --exists lapacke
	need libopenblas-dev pkg-config --exists openblas
	need libsqlite3-dev pkg-config --exists sqlite3
	need libcjson-dev pkg-config --exists libcjson
	need librandom123-dev has_header Random123/philox.h
	need libcmocka-dev pkg-config --exists cmocka
}

# install_missing LOG: as root or with sudo. Ends the script where it cannot.
install_missing() {
	if [ -z "$missing" ]; then return; fi
	install_how="missing:$missing; get it with: apt-get install$missing"
	install_as=""
	if [ "$(id -u)" -ne 0 ]; then
		install_as=sudo
		install_how="missing:$missing; get it with: sudo apt-get install$missing"
	fi
	if ! command -v apt-get >/dev/null || ! command -v ${install_as:-apt-get} >/dev/null; then
		echo "$(basename "$0"): $install_how" >&2
		exit 1
	fi
	echo "installing$missing (log: $1)"
	# Package lists that are out of date or cannot be fetched are no failure as long as the packages can be.
	$install_as apt-get update >"$1" 2>&1 || true
	# shellcheck disable=SC2086 # $missing is a list of words
	if ! $install_as env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing >>"$1" 2>&1; then
		echo "$(basename "$0"): apt-get failed (see $1); $install_how" >&2
		exit 1
	fi
	missing=""
}

# configure_and_build FOLDER TARGET CMAKE_OPTION…: quiet unless it fails; then the log's end is shown and the script ends.
configure_and_build() {
	build_folder=$1
	build_target=$2
	shift 2
	mkdir -p "$build_folder"
	build_jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
	if ! {
		# shellcheck disable=SC2154
		cmake -S "$root" -B "$build_folder" "$@" && cmake --build "$build_folder" --target "$build_target" -j "$build_jobs"
	} >"$build_folder/build.log" 2>&1; then
		tail -n 40 "$build_folder/build.log" >&2
		echo "$(basename "$0"): the build failed, see $build_folder/build.log" >&2
		exit 1
	fi
}
