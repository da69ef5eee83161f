#!/bin/sh
# Inside a place: runs the tests of the sandbox, then tells the kernel and what came of each program,
# a line each with a word before it. Nothing is left but what is printed.
#   run.sh PYTHON PYTEST-ARGUMENTS...
python=$1
shift
folder=$(mktemp -d /tmp/places.XXXXXX) || exit 1
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
export SAFEEXEC_RESULTS="$folder/results" PYTHONDONTWRITEBYTECODE=1 HOME="$folder"
: >"$SAFEEXEC_RESULTS"
"$python" -m pytest -p no:cacheprovider --basetemp="$folder/tests" "$@"
status=$?
echo "kernel: $(uname -r)"
sed 's/^/result: /' "$SAFEEXEC_RESULTS"
exit $status
