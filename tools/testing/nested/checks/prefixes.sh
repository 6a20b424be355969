#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# prefixes.sh DIR OUT PAYLOAD CELLS CONFIG...: does each patch leave what held
# before it? Run the tests of PAYLOAD on the machines CELLS, with DIR/image/base and
# with DIR/linux as it is after each patch of DIR/commits, and compare: a test that passed
# after the patch before has to pass. If it fails, is skipped or has no result, a row
# is lost to whoever bisects there, whatever later patches do. Prints TAP.
#
# The environment is that of boot.sh and image.sh. Let a kernel that warns go on:
# there is a test of that.

set -u

dir=$1
out=$2
payload=$3
read -ra cells <<<"$4"
shift 4
nested=$(cd "$(dirname "$0")/.." && pwd)
linux=$dir/linux
. "$nested/checks/tap.sh"
tmp=$(mktemp -d)
trap 'git -C "$linux" -c advice.detachedHead=false checkout -qf --detach series; rm -rf "$tmp"' EXIT

mapfile -t commits < <(cut -d ' ' -f 1 "$dir/commits")
mapfile -t names < <(cut -d ' ' -f 2 "$dir/commits")

# run NAME IMAGE: what came of the tests is in $tmp/results, as "cell: program: TAP",
# what holds in $tmp/now
run() {
	local name=$1 image=$2 cell tap from

	for cell in "${cells[@]}"; do
		if "$nested/boot/tests.sh" "$out" "$name-$cell" "$cell" "$image" "$payload" >"$tmp/log" 2>&1; then
			# The kernel may not survive the last test
			echo "$cell: boot: ok 0 all tests come to their end"
		fi
		for tap in "$out/$name-$cell"/*.tap; do
			from="$cell: $(basename "$tap" .tap): "
			sed -nE "s/^((not )?ok |Bail out)/$from&/p" "$tap"
		done
	done >"$tmp/results"
	grep -v '# SKIP' "$tmp/results" | sed -nE 's/^([^:]*: [^:]*: )ok [0-9]+ (- )?/\1/p' | sort -u >"$tmp/now"
}

# What became of the tests on stdin, after what ended early
fate() {
	local cell program test

	grep ': Bail out' "$tmp/results"
	while IFS=: read -r cell program test; do
		echo "$cell:$program:$test"
		grep -F "$cell:$program: " "$tmp/results" | grep -F "${test# }" | sed -E 's/^[^:]*: [^:]*: /  /' |
			grep . || echo "  no result"
	done
}

plan $((1 + ${#commits[@]}))

run base "$dir/image/base/Image"
echo "# $(wc -l <"$tmp/now") hold"
[ -s "$tmp/now" ]
result $? "base: boots, and some tests pass" "$tmp/log"

for i in "${!commits[@]}"; do
	name=${names[i]##*/}
	name="${name%.patch} loses nothing"
	if git -C "$linux" diff --quiet "${commits[i]}^" "${commits[i]}" -- . ':!/Documentation' ':!/tools'; then
		skip "$name" "only documentation or tests"
		continue
	fi
	if ! "$nested/build/image.sh" "$dir" "${commits[i]}" prefix "$@" >"$tmp/log" 2>&1; then
		tail -n 5 "$tmp/log" >"$tmp/end"
		result 1 "$name: does not build" "$tmp/end"
		continue
	fi
	mv "$tmp/now" "$tmp/before"
	run "$((i + 1))" "$dir/image/prefix/Image"
	comm -23 "$tmp/before" "$tmp/now" >"$tmp/lost"
	echo "# $(wc -l <"$tmp/now") hold, $(comm -13 "$tmp/before" "$tmp/now" | wc -l) of them new, $(wc -l <"$tmp/lost") lost"
	fate <"$tmp/lost" >"$tmp/fate"
	[ ! -s "$tmp/lost" ]
	result $? "$name" "$tmp/fate"
done
