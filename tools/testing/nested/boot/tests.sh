#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# tests.sh OUT NAME CELL IMAGE PAYLOAD: boot a kernel on the machine CELL (boot.sh),
# run the tests in the folder PAYLOAD on it, and split what they print (split.sh).
#
# Exit code 0 says that all of them came to an end, not that it is a good one. The
# environment is boot.sh's.

set -eu

boot=$1/$2.boot
payload=$5
here=$(dirname "$0")

why='' rc=0
"$here/boot.sh" "$boot" "$3" "$4" "$payload/check.cpio" check || {
	rc=$?
	why=$(cat "$boot/failed" 2>/dev/null || echo "no end")
}
(cd "$payload/tests" && printf '%s\n' *) | xargs "$here/split.sh" "$1" "$2" "$boot/results" "$why"
exit $rc
