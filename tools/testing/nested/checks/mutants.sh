#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# mutants.sh DIR OUT PAYLOAD CELL CONFIG...: break the series in DIR/linux in each of
# the ways that the file "mutants" lists, build that, run the tests of PAYLOAD on the
# machine CELL, and see that one of them fails which names the row. Prints TAP; a
# mutant that survives is a missing test. MUTANTS: only lines that match this.
#
# The environment is that of boot.sh and image.sh.

set -u

dir=$1
out=$2
payload=$3
cell=$4
shift 4
nested=$(cd "$(dirname "$0")/.." && pwd)
linux=$dir/linux
. "$nested/checks/tap.sh"
git=(git -C "$linux" -c advice.detachedHead=false -c user.name=mutants -c user.email=mutants@localhost)
tmp=$(mktemp -d)
trap '"${git[@]}" checkout -qf --detach series; rm -rf "$tmp"' EXIT

# The tests of CELL that failed, or the programs that did not come to their end
failed() {
	grep -hE '^not ok' "$out/$1"/*.tap | sed -E 's/^not ok [0-9]+ (- )?//'
	grep -lE '^Bail out' "$out/$1"/*.tap | sed "s|.*/\(.*\).tap|\1 ended: $(cat "$out/$1.boot/failed" 2>/dev/null)|"
}

grep -v '^#' "$nested/checks/mutants" | grep -E "${MUTANTS:-.}" >"$tmp/list"
plan "$(wc -l <"$tmp/list")"
n=0
while IFS=$'\t' read -r row file expression what machine <&3; do
	n=$((n + 1))
	name=mutant-$n
	"${git[@]}" checkout -qf --detach series
	perl -0pi -e "$expression" "$linux/$file" 2>"$tmp/log"
	if "${git[@]}" diff --quiet; then
		echo "the expression changes nothing: $expression" >>"$tmp/log"
		result 1 "$row $what" "$tmp/log"
		continue
	fi
	"${git[@]}" commit -qam "$row $what"
	if ! "$nested/build/image.sh" "$dir" HEAD mutant "$@" >"$tmp/log" 2>&1; then
		tail -n 5 "$tmp/log" >"$tmp/end"
		result 1 "$row $what: does not build" "$tmp/end"
		continue
	fi
	"$nested/boot/tests.sh" "$out" "$name" "${machine:-$cell}" "$dir/image/mutant/Image" "$payload" >"$tmp/log" 2>&1
	failed "$name" >"$tmp/failed"
	echo "# $(wc -l <"$tmp/failed") failed: $(head -n 1 "$tmp/failed")"
	# The row is named, or the kernel did not live to say so; not if it never began
	grep -qE "^([CEI][0-9]+ )*$row |^nisv_[a-z]+ ended: " "$tmp/failed"
	result $? "$row $what" "$tmp/failed"
done 3<"$tmp/list"
