#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# tests.sh OUT NAME CELL IMAGE PAYLOAD: boot a kernel on the machine CELL (boot.sh),
# run the tests in the folder PAYLOAD on it, and split what they print into
# OUT/NAME/*.tap. A test that the kernel did not survive, or did not get to, is a
# test that bailed out.
#
# Exit code 0 says that there are results, not that they are good. The
# environment is boot.sh's.

set -eu

out=$1/$2
boot=$1/$2.boot
payload=$5
nested=$(cd "$(dirname "$0")/.." && pwd)

rm -rf "$out"
mkdir -p "$out"
"$nested/boot/boot.sh" "$boot" "$3" "$4" "$payload/check.cpio" check || true

why=$(cat "$boot/failed" 2>/dev/null || echo "no end")
awk -v out="$out" -v why="$why" '
	/^begin / { file = out "/" $2 ".tap"; printf "" >file; next }
	/^end /   { close(file); file = ""; next }
	file      { print >file }
	END       { if (file) print "Bail out! " why >file }' "$boot/results"

# What never began
for t in "$payload"/tests/*; do
	[ -e "$out/${t##*/}.tap" ] || echo "Bail out! not run: $why" >"$out/${t##*/}.tap"
done
