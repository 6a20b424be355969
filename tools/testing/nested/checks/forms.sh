#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# forms.sh FORMS.h: does each form's word mean what its text says? The
# assembler is asked. Prints TAP, a test per table.

set -u

forms=$1
nested=$(cd "$(dirname "$0")/.." && pwd)
. "$nested/checks/tap.sh"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# Assemble the table's texts, 16 bytes each, and compare the first word or halfwords
check() {
	local table=$1 prefix=$2 head=$3 name="every word of $1 is what the assembler makes of its text"

	if ! command -v "${prefix}as" >/dev/null; then
		skip "$name" "no ${prefix}as here"
		return
	fi
	sed -nE "/ $table\[\]/,/^};/s/^\t\{ (0x[0-9a-f]+), \"([^\"]+)\".*/\1\t\2/p" "$forms" >"$tmp/rows"
	{ printf '%b\n' "$head"; sed 's/.*\t/.balign 16\n/' "$tmp/rows"; } >"$tmp/s"
	{ "${prefix}as" -o "$tmp/o" "$tmp/s" && "${prefix}objcopy" -O binary -j .text "$tmp/o" "$tmp/bin"; } >"$tmp/errors" 2>&1
	# Of a T32 instruction, the first halfword is the upper one
	od -An -v -t x2 -w16 --endian=little "$tmp/bin" | awk -v t32="$([ "${table#t32}" = "$table" ]; echo $?)" '
		!t32           { print "0x" $2 $1; next }
		$1 >= "e800"   { print "0x" $1 $2; next }
		               { print "0x" $1 }' >"$tmp/words"
	cut -f 1 "$tmp/rows" | paste "$tmp/words" - "$tmp/rows" | awk '$1 != $2' >>"$tmp/errors"
	[ -s "$tmp/rows" ] && [ ! -s "$tmp/errors" ]
	result $? "$name ($(wc -l <"$tmp/rows"))" "$tmp/errors"
}

arm=.syntax\ unified\\n.arch\ armv8-a\\n.fpu\ neon-fp-armv8

plan 7
for t in a64_forms a64_isv_forms a64_sve_forms; do
	check $t aarch64-linux-gnu- '.arch armv8.5-a+sve'
done
for t in a32_forms a32_isv_forms; do
	check $t arm-linux-gnueabi- "$arm\n.arm"
done
for t in t32_forms t32_isv_forms; do
	check $t arm-linux-gnueabi- "$arm\n.thumb"
done
