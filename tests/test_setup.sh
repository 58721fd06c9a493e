#!/bin/sh
# test_setup.sh: frontend/setup.sh on machines made of false commands: who installs, what is said when nobody can.
# Each false command logs its call, so that a case sees what would have been run.
set -eu

setup=$(cd "$(dirname "$0")/.." && pwd)/frontend/setup.sh
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failures=0

# false_command NAME EXIT_CODE TEXT: in the case's PATH.
false_command() {
	printf '#!/bin/sh\necho "%s $*" >>"%s/calls"\necho "%s"\nexit %s\n' "$1" "$folder" "$3" "$2" >"$folder/bin/$1"
	chmod +x "$folder/bin/$1"
}

# false_runner NAME: like sudo and env, it goes on with the command in its arguments.
false_runner() {
	# shellcheck disable=SC2016 # for the false command to expand
	printf '#!/bin/sh\necho "%s $*" >>"%s/calls"\ncase $1 in *=*) shift ;; esac\nexec "$@"\n' "$1" "$folder" >"$folder/bin/$1"
	chmod +x "$folder/bin/$1"
}

# expect CASE WHAT WANTED GOT
expect() {
	if [ "$3" = "$4" ]; then return; fi
	printf '%s: %s is\n  %s\nwanted\n  %s\n' "$1" "$2" "$4" "$3" >&2
	failures=$((failures + 1))
}

# check CASE USER_ID COMMANDS MISSING: runs install_missing; the caller states what it expects of code, stderr and calls.
check() {
	rm -rf "${folder:?}/bin" "$folder/calls"
	mkdir "$folder/bin"
	: >"$folder/calls"
	for tool in basename sh cat; do ln -s "$(command -v "$tool")" "$folder/bin/$tool"; done
	false_command id 0 "$2"
	for name in $3; do
		case $name in
		apt-get-failing) false_command apt-get 100 "" ;;
		sudo | env) false_runner "$name" ;;
		*) false_command "$name" 0 "" ;;
		esac
	done
	code=0
	PATH=$folder/bin sh -c '. "$1"; missing=$2; install_missing "$3"' quickstart.sh "$setup" "$4" "$folder/log" \
		>"$folder/out" 2>"$folder/err" || code=$?
	err=$(cat "$folder/err")
	installs=$(grep -c '^apt-get install' "$folder/calls" || true)
}

check "nothing missing" 1000 "" ""
expect "nothing missing" code 0 "$code"
expect "nothing missing" calls "" "$(cat "$folder/calls")"

check "root" 0 "apt-get env" " cmake gcc"
expect "root" code 0 "$code"
expect "root" calls "apt-get install -y --no-install-recommends cmake gcc" "$(grep '^apt-get install' "$folder/calls")"
expect "root" "use of sudo" 0 "$(grep -c '^sudo' "$folder/calls" || true)"

check "sudo" 1000 "apt-get env sudo" " cmake"
expect "sudo" code 0 "$code"
expect "sudo" installs 1 "$installs"
expect "sudo" "use of sudo" 2 "$(grep -c '^sudo' "$folder/calls")"

check "neither root nor sudo" 1000 "apt-get env" " cmake"
expect "neither root nor sudo" code 1 "$code"
expect "neither root nor sudo" installs 0 "$installs"
expect "neither root nor sudo" stderr "quickstart.sh: missing: cmake; get it with: sudo apt-get install cmake" "$err"

check "no apt" 0 "env" " cmake"
expect "no apt" code 1 "$code"
expect "no apt" stderr "quickstart.sh: missing: cmake; get it with: apt-get install cmake" "$err"

check "apt fails" 0 "apt-get-failing env" " cmake"
expect "apt fails" code 1 "$code"
expect "apt fails" stderr \
	"quickstart.sh: apt-get failed (see $folder/log); missing: cmake; get it with: apt-get install cmake" "$err"

# shellcheck source=frontend/setup.sh
. "$setup"
need there true
need twice false
need twice false
need once false
expect "need" missing " twice once" "$missing"

exit "$((failures > 0))"
