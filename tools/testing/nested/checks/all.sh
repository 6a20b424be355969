#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# all.sh LINE DIR RESULTS CPU ROOTFS: all checks but the kselftests, into
# RESULTS/host/*.tap. Done again only when something has changed: that of the series,
# which compiles; and those that have nothing to do with the kernel, which are done
# once for all of them, in DIR/../checks.

set -eu

line=$1
dir=$2
results=$3
cpu=$4
rootfs=$5
nested=$(cd "$(dirname "$0")/.." && pwd)
top=$(cd "$nested/../../.." && pwd)

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
stage 'make apply, make series' "$results/host/apply.tap" "$nested/checks/apply.sh" "$line" "$dir/linux"
stage 'make export' "$results/host/export.tap" "$nested/checks/export.sh" "$line" "$dir/linux"

# keep KEY DIR NAME TAP COMMAND...: what was cut short is done again, as what failed is
keep() {
	local key=$1 kept=$2 name=$3 tap=$4

	shift 4
	if [ "$key" != "$(cat "$kept/$tap.key" 2>/dev/null)" ]; then
		rm -f "$kept/$tap.key"
		mkdir -p "$kept"
		"$nested/stage.sh" "$name" "$kept/$tap" "$@" && ! grep -q '^not ok' "$kept/$tap" &&
			echo "$key" >"$kept/$tap.key"
	fi
	cp "$kept/$tap" "$results/host/"
}

key=$(cd "$top" && find . -path ./.git -prune -o -path ./build -prune -o -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum)
once() {
	keep "$key" "$dir/../checks" "$@"
}

once 'IMAGE=' image.tap "$nested/checks/image.sh"
once 'the forms and the assembler' forms.tap \
	"$nested/checks/forms.sh" "$top/tools/testing/selftests/kvm/arm64/nisv_forms.h"
once 'the library' library.tap "$nested/checks/library.sh" "$dir/../checks/libnisv"
once 'the harness' harness.tap "$nested/checks/harness.sh"
once 'the report' report.tap "$nested/checks/report.sh"
once 'the bundle' bundle.tap "$nested/checks/bundle.sh"
once 'jobs for LAVA' lava.tap "$nested/checks/lava.sh" "$dir/../lava"
once 'patches, each once' patches.tap "$nested/checks/patches.sh"
once 'shellcheck' scripts.tap "$nested/checks/scripts.sh"

keep "$key $(git -C "$dir/linux" rev-parse 'series^{tree}')" "$dir/docs-check" 'documentation' docs.tap \
	"$nested/checks/docs.sh" "$dir" "$dir/docs-check/build"

key=$(git -C "$dir/linux" rev-parse 'base^{tree}'
	cat "$dir/commits"
	cat "$nested/checks/series.sh" "$nested/checks/tap.sh" "$top/patches/checkpatch-exceptions" "$dir/image/base/.config" | sha256sum)
keep "$key" "$dir/series-check" 'checkpatch, W=1, sparse, builds' series.tap "$nested/checks/series.sh" "$line" "$dir"
