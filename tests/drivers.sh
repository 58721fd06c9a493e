#!/bin/sh
# drivers.sh FOLDER: lays out the OpenCL drivers that the tests run on, one folder each, for with_driver.sh: FOLDER/NAME/vendors
# holds the .icd file, or FOLDER/NAME/missing says why there is none. Debian's drivers must be installed already, Intel's two
# come from PyPI into FOLDER/NAME/venv. Run again, it keeps what is there and tries what was missing.
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
		if [ ! -e "$library" ]; then
			echo "no $library" >"$folder/$name/missing"
			return
		fi
		echo "$library" >"$folder/$name/vendors/$(basename "$library").icd"
	done
}

# pip_driver NAME VERSION: Intel's runtime in a virtual environment of its own.
pip_driver() {
	venv=$folder/$1/venv
	if [ -e "$venv/complete" ]; then return; fi
	rm -rf "$venv"
	mkdir -p "$folder/$1"
	echo "installing the OpenCL driver $1: intel-opencl-rt$2 from PyPI"
	if python3 -m venv "$venv" && "$venv/bin/pip" install -q "intel-opencl-rt$2" "intel-cmplr-lib-rt$2" >"$folder/$1/pip.log" 2>&1; then
		touch "$venv/complete"
	else
		tail -n 1 "$folder/$1/pip.log" >&2 || true
	fi
}

machine=$(gcc -print-multiarch 2>/dev/null || true)
pocl=$(cat /etc/OpenCL/vendors/pocl.icd 2>/dev/null || echo "libpocl.so (package pocl-opencl-icd)")
case $pocl in
/*) ;;
*) pocl=/usr/lib/$machine/$pocl ;;
esac
pip_driver intel "==2026.2.0"
pip_driver fpga "==2023.2.4"

layout pocl "$pocl"
layout intel "$folder/intel/venv/lib/libintelocl.so"
layout fpga "$folder/fpga/venv/lib/libintelocl_emu.so"
layout rusticl "/usr/lib/$machine/libRusticlOpenCL.so.1"
layout oclgrind /usr/lib/oclgrind/liboclgrind-rt-icd.so
layout three "$pocl" "$folder/fpga/venv/lib/libintelocl.so" "$folder/fpga/venv/lib/libintelocl_emu.so"
for name in pocl intel fpga rusticl oclgrind three; do
	if [ -f "$folder/$name/missing" ]; then echo "OpenCL driver $name: missing ($(cat "$folder/$name/missing"))"; fi
done
# The others are skipped in sight; without this one nothing would have been tested.
if [ -f "$folder/pocl/missing" ]; then exit 1; fi
