#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# split.sh OUT NAME RESULTS WHY TEST...: split what a host has sent, the file RESULTS, into
# OUT/NAME/*.tap. WHY it did not come to its end is empty if it did. A test that the kernel
# did not survive is a test that bailed out. All else that goes wrong, a host that never
# begins or tests that it does not get to, is said once, in OUT/NAME/boot.tap. OUT/seconds
# has what each test took.

set -eu

out=$1/$2
results=$3
why=$4
name=$2 seconds=$1/seconds
shift 4

rm -rf "$out"
mkdir -p "$out"
blamed=$(awk -v name="$name" -v out="$out" -v seconds="$seconds" -v why="${why:-no end}" '
	/^begin / { test = $2; file = out "/" test ".tap"; printf "" >file; next }
	/^end /   { close(file); file = ""; print name, $2, $4 >>seconds; next }
	file      { print >file }
	END       { if (file) { print "Bail out! " why >file; print test } }' "$results")

missing=
for t; do
	[ -e "$out/$t.tap" ] || missing="$missing $t"
done
if [ -n "$missing" ]; then
	[ -z "$blamed" ] || why="the host did not survive $blamed"
	echo "Bail out! ${why:-no end}; not run:$missing" >"$out/boot.tap"
elif [ -n "$why" ] && [ -z "$blamed" ]; then
	echo "Bail out! after the last test: $why" >"$out/boot.tap"
fi
