# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# clone.sh: for scripts that put the series on a tree. Source it; $linux is the tree that
# has been built, $base the line, and $series is series.sh.

# shellcheck disable=SC2154

# A clone of the base tree, as far as the series is concerned
tree() {
	git clone -qsn "$linux" "$1" 2>/dev/null
	"$series" paths "$base" | sed 's|^|/|' |
		xargs git -C "$1" sparse-checkout set --no-cone /Makefile /Kbuild /arch/arm64/include/ /arch/arm64/kvm/ \
			{,/tools}/include/uapi/linux/kvm.h /tools/arch/arm64/include/uapi/asm/kvm.h
	git -C "$1" checkout -q -B mine base
}
