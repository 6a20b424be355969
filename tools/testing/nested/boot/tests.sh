#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# tests.sh OUT NAME CELL IMAGE PAYLOAD: boot a kernel on the machine CELL (boot.sh),
# run the tests in the folder PAYLOAD on it, and split what they print into
# OUT/NAME/*.tap. A test that the kernel did not survive is a test that bailed out.
# All else that goes wrong, a host that never begins or tests that it does not get
# to, is said once, in OUT/NAME/boot.tap. OUT/seconds has what each test took.
#
# Exit code 0 says that all of them came to an end, not that it is a good one. The
# environment is boot.sh's.

set -eu

out=$1/$2
boot=$1/$2.boot
payload=$5
nested=$(cd "$(dirname "$0")/.." && pwd)

rm -rf "$out"
mkdir -p "$out"
rc=0
"$nested/boot/boot.sh" "$boot" "$3" "$4" "$payload/check.cpio" check || rc=$?

why=$(cat "$boot/failed" 2>/dev/null || echo "no end")
blamed=$(awk -v name="$2" -v out="$out" -v seconds="$1/seconds" -v why="$why" '
	/^begin / { test = $2; file = out "/" test ".tap"; printf "" >file; next }
	/^end /   { close(file); file = ""; print name, $2, $4 >>seconds; next }
	file      { print >file }
	END       { if (file) { print "Bail out! " why >file; print test } }' "$boot/results")

missing=
for t in "$payload"/tests/*; do
	[ -e "$out/${t##*/}.tap" ] || missing="$missing ${t##*/}"
done
if [ -n "$missing" ]; then
	[ -z "$blamed" ] || why="the host did not survive $blamed"
	echo "Bail out! $why; not run:$missing" >"$out/boot.tap"
elif [ $rc -ne 0 ] && [ -z "$blamed" ]; then
	echo "Bail out! after the last test: $why" >"$out/boot.tap"
fi
exit $rc
