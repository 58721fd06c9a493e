#!/bin/sh
# drivers.sh FOLDER: lays out the OpenCL drivers that the tests run on, one folder each, for with_driver.sh: FOLDER/NAME/vendors
# holds the .icd file, or FOLDER/NAME/missing says why there is none. Debian's drivers must be installed already, Intel's two
# come from PyPI into virtual environments in the user's cache. Run again, it keeps what is there and tries what was missing.
#
#   pocl       CPU, Debian            intel     CPU, Intel's runtime
#   rusticl    CPU, Mesa on llvmpipe  fpga      ACCELERATOR, Intel's FPGA emulator
#   oclgrind   a simulator that finds invalid accesses and races
#   three      pocl, fpga, and the CPU runtime of fpga's release: Intel's two only work in one process when they are of one release
set -eu

folder=$1
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)

# layout NAME LIBRARY…: the loader opens every library that an .icd file of the folder names by absolute path.
layout() {
	name=$1
	shift
	rm -rf "${folder:?}/$name/vendors" "$folder/$name/missing"
	mkdir -p "$folder/$name/vendors"
	for library; do
		why=""
		case $library in *" "*) why="it would not work in a path with spaces: $library" ;; esac
		if [ ! -e "$library" ]; then why="no $library"; fi
		if [ "$why" ]; then
			echo "$why" >"$folder/$name/missing"
			return
		fi
		echo "$library" >"$folder/$name/vendors/$(basename "$library").icd"
	done
}

# pip_driver VERSION: Intel's runtimes of that release, in $cache/intel-VERSION. They find no device from a path with spaces, and
# are large: so they are not beside the build.
cache=${XDG_CACHE_HOME:-${HOME:-/var/tmp}/.cache}/clunroll
pip_driver() {
	venv=$cache/intel-$1
	if [ -e "$venv/complete" ]; then return; fi
	rm -rf "$venv"
	mkdir -p "$venv"
	echo "installing Intel's OpenCL runtimes $1 from PyPI in $venv"
	if python3 -m venv "$venv" &&
		"$venv/bin/pip" install -q "intel-opencl-rt==$1" "intel-cmplr-lib-rt==$1" >"$venv/pip.log" 2>&1; then
		touch "$venv/complete"
	else
		tail -n 1 "$venv/pip.log" >&2 || true
	fi
}

machine=$(gcc -print-multiarch 2>/dev/null || true)
pocl=$(cat /etc/OpenCL/vendors/pocl.icd 2>/dev/null || echo "libpocl.so (package pocl-opencl-icd)")
case $pocl in
/*) ;;
*) pocl=/usr/lib/$machine/$pocl ;;
esac
pip_driver 2026.2.0
pip_driver 2023.2.4

layout pocl "$pocl"
layout intel "$cache/intel-2026.2.0/lib/libintelocl.so"
layout fpga "$cache/intel-2023.2.4/lib/libintelocl_emu.so"
layout rusticl "/usr/lib/$machine/libRusticlOpenCL.so.1"
layout oclgrind /usr/lib/oclgrind/liboclgrind-rt-icd.so
layout three "$pocl" "$cache/intel-2023.2.4/lib/libintelocl.so" "$cache/intel-2023.2.4/lib/libintelocl_emu.so"
for name in pocl intel fpga rusticl oclgrind three; do
	if [ -f "$folder/$name/missing" ]; then echo "OpenCL driver $name: missing ($(cat "$folder/$name/missing"))"; fi
done
# The others are skipped in sight; without this one nothing would have been tested.
if [ -f "$folder/pocl/missing" ]; then exit 1; fi
