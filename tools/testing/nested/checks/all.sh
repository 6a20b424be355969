#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# all.sh BASE DIR RESULTS CPU ROOTFS: all checks but the kselftests, into
# RESULTS/host/*.tap. That of the series, which compiles, is done again only
# when the series or the checks have changed.

set -eu

base=$1
dir=$2
results=$3
cpu=$4
rootfs=$5
nested=$(cd "$(dirname "$0")/.." && pwd)
top=$(cd "$nested/../../.." && pwd)
kept=$dir/series-check

# What runs make is not part of the one that has started us
unset MAKEFLAGS MFLAGS MAKELEVEL
mkdir -p "$results/host"
stage() {
	local name=$1 tap=$2

	shift 2
	"$nested/stage.sh" "$name" "$tap" "$@" || true
}

stage 'what the base has of it' "$results/host/base.tap" \
	"$nested/checks/base.sh" "$dir/linux" "$dir/image/base/Image" "$results/base"
stage 'a guest with QEMU' "$results/host/guest.tap" \
	"$nested/checks/guest.sh" "$dir" "$results/guest" "$cpu" "$rootfs"
stage 'make apply, make series' "$results/host/apply.tap" "$nested/checks/apply.sh" "$base" "$dir/linux"
stage 'IMAGE=' "$results/host/image.tap" "$nested/checks/image.sh"
stage 'the forms and the assembler' "$results/host/forms.tap" \
	"$nested/checks/forms.sh" "$top/tools/testing/selftests/kvm/arm64/nisv_forms.h"
stage 'the library' "$results/host/library.tap" "$nested/checks/library.sh" "$dir/libnisv"
stage 'the harness' "$results/host/harness.tap" "$nested/checks/harness.sh"
stage 'shellcheck' "$results/host/scripts.tap" "$nested/checks/scripts.sh"

key=$(git -C "$dir/linux" rev-parse 'base^{tree}'
	cat "$dir/commits"
	cat "$nested/checks/series.sh" "$nested/checks/tap.sh" "$top/patches/checkpatch-exceptions" "$dir/image/base/.config" | sha256sum)
if [ "$key" != "$(cat "$kept/key" 2>/dev/null)" ]; then
	rm -rf "$kept"
	mkdir -p "$kept"
	# What was cut short is done again
	"$nested/stage.sh" 'checkpatch, W=1, sparse, builds' "$kept/series.tap" \
		"$nested/checks/series.sh" "$base" "$dir" && echo "$key" >"$kept/key"
fi
cp "$kept/series.tap" "$results/host/"
