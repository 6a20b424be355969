#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# patches.sh: is each patch there once? A line names the file of another line in its
# series, where that fits. Does each say what mainline has of it? Prints TAP.

set -u

nested=$(cd "$(dirname "$0")/.." && pwd)
top=$(cd "$nested/../../.." && pwd)
. "$nested/checks/tap.sh"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$top/patches" || exit

# What of a patch has to be in a tree, as series.sh places it: the changes, and a line of
# context on either side
essence() {
	awk '
		function flush(i) {
			for (i = 1; i <= n; i++)
				if (line[i] ~ /^[-+]/ || line[i - 1] ~ /^[-+]/ || (i < n && line[i + 1] ~ /^[-+]/))
					print line[i]
			n = 0
		}
		/^diff --git / { flush(); diff = 1; print; next }
		/^@@ / { flush(); print "@@"; next }
		/^-- $/ { exit }
		!diff || /^(index|new file|---|\+\+\+) / { next }
		{ line[++n] = $0 }
		END { flush() }' "$1"
}

plan 4

for p in [0-9]*/*.patch qemu/*/*.patch; do
	echo "$(essence "$p" | sha256sum) $p"
done | sort | awk '{ if ($1 == last) print file " and " $3; last = $1; file = $3 }' >"$tmp/out"
[ ! -s "$tmp/out" ]
result $? "no patch is a copy of another, apart from line numbers and context that does not count" "$tmp/out"

for s in */series qemu/*/series; do
	sed -nE "s|^([^#[:blank:]][^[:blank:]]*\.patch).*|${s%/*}/\1|p" "$s"
done | xargs -n 1 realpath -m --relative-to . | sort -u | diff - <(printf '%s\n' */*.patch qemu/*/*.patch | sort) >"$tmp/out"
result $? "each patch is in a series, and each patch that a series names exists" "$tmp/out"

./export.sh facts [0-9]*/*.patch >"$tmp/facts" 2>"$tmp/out" && awk -F '\t' '
	$2 == "mainline" && what[$4] && what[$4] != $3 " " $5 { print $1 ": " $4 " is " $3 " " $5 ", but elsewhere " what[$4] }
	$2 == "mainline" { what[$4] = $3 " " $5 }' "$tmp/facts" >"$tmp/out"
[ ! -s "$tmp/out" ]
result $? "each patch says what mainline has of it, and all agree" "$tmp/out"

# The last of a fix's commits makes it whole
fixes=$(sed -nE 's,^[^\t]*/(fix-[0-9]+)[^\t]*\t(mainline\t(v[0-9.]+)|none|never).*,\1 \3,p' "$tmp/facts" |
	sort -k 1,1 -k 2,2rV | awk '!seen[$1]++ { print $1, $2 ? $2 : "never" }')
sed -nE 's/^  (fix-[0-9]+)  .* (v[0-9]+\.[0-9]+|never) .*/\1 \2/p' README | diff <(echo "$fixes") - >"$tmp/out"
result $? "README has the versions that the patches have" "$tmp/out"
