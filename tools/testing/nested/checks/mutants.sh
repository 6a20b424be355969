#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# mutants.sh DIR OUT PAYLOAD CELL CONFIG...: break the series in DIR/linux in each of
# the ways that the file "mutants" lists, build that, run the tests of its row in PAYLOAD
# on the machine CELL, and see that one of them fails. Prints TAP; a mutant that
# survives is a missing test. MUTANTS: only lines that match this. Some boot while the
# next one is built.
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

# Boot mutant $1, an image, on machine $2; a test of the row $3 must fail
judge() {
	local forms='SP_EL1, 4K'

	[ "$3" != E10 ] || forms=E10
	NESTED="nested_part=$3 nested_forms=\"$forms\"" \
		"$nested/boot/tests.sh" "$out" "mutant-$1" "$2" "$tmp/$1.Image" "$payload" >"$tmp/$1.log" 2>&1
	rm "$tmp/$1.Image"
	failed "mutant-$1" >"$tmp/$1.why"
	# The row is named, or the kernel did not live to say so; not if it never began
	grep -qE "^([CEI][0-9]+ )*$3 |^nisv_[a-z]+ ended: " "$tmp/$1.why"
	echo $? >"$tmp/$1.rc"
}

# Make mutant $1 of the expression $3 in the file $2; what it is, is $4
build() {
	"${git[@]}" checkout -qf --detach series
	perl -0pi -e "$3" "$linux/$2" 2>"$tmp/$1.why"
	if "${git[@]}" diff --quiet; then
		echo "the expression changes nothing: $3" >>"$tmp/$1.why"
		return 1
	fi
	"${git[@]}" commit -qam "$4"
	if ! "$nested/build/image.sh" "$dir" HEAD mutant "${configs[@]}" >"$tmp/log" 2>&1; then
		{ echo "it does not build:"; grep 'error:' "$tmp/log" || tail -n 5 "$tmp/log"; } >"$tmp/$1.why"
		return 1
	fi
	mv "$dir/image/mutant/Image" "$tmp/$1.Image"
}

configs=("$@")
grep -v '^#' "$nested/checks/mutants" | grep -E "${MUTANTS:-.}" >"$tmp/list"
n=0
while IFS=$'\t' read -r row file expression what machine <&3; do
	n=$((n + 1))
	echo "mutant $n: $row $what" >&2
	while [ "$(jobs -rp | wc -l)" -ge "$JOBS" ]; do
		wait -n
	done
	echo 1 >"$tmp/$n.rc"
	if build $n "$file" "$expression" "$row $what"; then
		judge $n "${machine:-$cell}" "$row" &
	fi
done 3<"$tmp/list"
wait

plan $n
n=0
while IFS=$'\t' read -r row _ _ what _ <&3; do
	n=$((n + 1))
	sed -n 1p "$tmp/$n.why" | sed 's/^/# /'
	result "$(cat "$tmp/$n.rc")" "$row $what" "$tmp/$n.why"
done 3<"$tmp/list"
