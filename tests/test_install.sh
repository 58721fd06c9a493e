#!/bin/sh
# test_install.sh BUILD CC PREFIX LIBDIR: what cmake --install puts down, and whether a stranger can use it: a program finds the
# library by pkg-config alone, shared and static, and neither library shows a name without the prefix clu_.
set -eu

build=$1
cc=$2
prefix=$3
libdir=$4
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

DESTDIR=$folder cmake --install "$build" >/dev/null
root=$folder$prefix
for file in bin/clunroll include/clunroll.h "$libdir/libclunroll.a" "$libdir/libclunroll.so" share/man/man1/clunroll.1; do
	if [ ! -e "$root/$file" ]; then
		echo "not installed: $prefix/$file" >&2
		exit 1
	fi
done

for names in "-D $root/$libdir/libclunroll.so" "-g $root/$libdir/libclunroll.a"; do
	# shellcheck disable=SC2086 # an option and a file
	nm --defined-only --extern-only --format=posix $names | grep -v ':$' | cut -d ' ' -f 1 >"$folder/names"
	if ! grep -q '^clu_version$' "$folder/names" || grep -v '^clu_' "$folder/names"; then
		echo "exported beside clu_ (none shown: clu_version is missing): nm $names" >&2
		exit 1
	fi
done

cat >"$folder/user.c" <<'C'
#include <clunroll.h>
#include <stdio.h>

int main(void)
{
	clu_device_info *infos = NULL;
	size_t count = 0;
	clu_arch arch;
	puts(clu_version());
	return clu_device_list(&infos, &count, NULL) != CLU_OK || clu_arch_parse("LISTA", 16, &arch, NULL) != CLU_OK;
}
C
PKG_CONFIG_PATH=$root/$libdir/pkgconfig
PKG_CONFIG_SYSROOT_DIR=$folder
export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR
flags=$(pkg-config --cflags --libs clunroll)
static_flags=$(pkg-config --static --cflags --libs clunroll | sed 's/-lclunroll/-l:libclunroll.a/')
# shellcheck disable=SC2086 # lists of flags
"$cc" "$folder/user.c" -o "$folder/shared" $flags
# shellcheck disable=SC2086
"$cc" "$folder/user.c" -o "$folder/static" $static_flags
version=$(pkg-config --modversion clunroll)
for program in shared static; do
	if [ "$(LD_LIBRARY_PATH=$root/$libdir "$folder/$program")" != "$version" ]; then
		echo "$program: wants version $version" >&2
		exit 1
	fi
done
