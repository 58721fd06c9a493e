#!/bin/sh
# test_sources.sh: the sources themselves: C and OpenCL C as .clang-format has it, shell scripts without a complaint of shellcheck.
# Skipped where the tools are not installed.
set -eu

cd "$(dirname "$0")/.."
for tool in clang-format shellcheck; do
	if ! command -v "$tool" >/dev/null; then
		echo "skipped: no $tool"
		exit 77
	fi
done
find engine frontend tests -name '*.[ch]' -exec clang-format --dry-run -Werror {} +
clang-format --dry-run -Werror cl/*.cl
shellcheck -x frontend/*.sh tests/*.sh .ci/run
