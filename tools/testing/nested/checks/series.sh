#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# series.sh BASE DIR: what a maintainer would check of the series before
# looking at it. Every patch: checkpatch --strict, and does it build alone? The
# whole: does it add a warning of gcc (W=1) or sparse, do the kselftests build
# in the tree? Prints TAP.
#
# It builds in object folders of its own. DIR/linux is left at some commit.
#
# Environment: ARCH, CROSS_COMPILE, JOBS

set -u

base=$1
dir=$2
linux=$dir/linux
nested=$(cd "$(dirname "$0")/.." && pwd)
top=$(cd "$nested/../../.." && pwd)
. "$nested/checks/tap.sh"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
unset MAKEFLAGS MFLAGS MAKELEVEL

mapfile -t commits < <(cut -d ' ' -f 1 "$dir/commits")
mapfile -t names < <(cut -d ' ' -f 2 "$dir/commits")

goto() {
	git -C "$linux" -c advice.detachedHead=false checkout -qf --detach "$1"
}

kmake() {
	make -s -C "$linux" O=check -j"$JOBS" CC="$nested/build/cc.sh ${CROSS_COMPILE}gcc" \
		ARCH="$ARCH" CROSS_COMPILE="$CROSS_COMPILE" HOSTCFLAGS=-fcommon KCFLAGS=-Wno-error "$@"
}

# gcc's and sparse's warnings in KVM and its headers, without line numbers
warnings() {
	# 2: sparse looks at all files, changed or not
	find "$linux/arch/$ARCH/kvm" "$linux/virt/kvm" -name "*.c" -exec touch {} +
	kmake W=1 C=2 "arch/$ARCH/kvm/" 2>&1 |
		grep -E '(warning|error):' | sed -E 's/:[0-9]+(:[0-9]+)?:/:/' | sort
}

# What checkpatch says of a mail, less what we have a reason for
checkpatch() {
	local name=$1 mail=$2 types

	types=$(sed 's/#.*//' "$top/patches/checkpatch-exceptions" | while read -r glob type _; do
		# shellcheck disable=SC2053 # a pattern
		[[ -n $glob && ${name##*/} == $glob ]] && echo "$type"
	done | paste -sd ,)
	# In a tree that it does not like, it says nothing, but fails
	(cd "$linux" && scripts/checkpatch.pl --strict --max-line-length=100 --show-types --no-summary --terse \
		${types:+--ignore "$types"} "$mail" 2>"$tmp/checkpatch.err") >"$tmp/checkpatch" ||
		[ -s "$tmp/checkpatch" ] || cp "$tmp/checkpatch.err" "$tmp/checkpatch"
	! grep -q . "$tmp/checkpatch"
}

# Does KVM of another architecture build, where gcc for it is installed?
other() {
	local other=$1 dir=$2 prefix=$3 name="builds for $1 too" out=$linux/check-$1
	local make=(make -s -C "$linux" "O=check-$other" -j"$JOBS" CC="$nested/build/cc.sh ${prefix}gcc"
		    ARCH="$other" CROSS_COMPILE="$prefix" HOSTCFLAGS=-fcommon KCFLAGS=-Wno-error)

	shift 3
	if [ ! -d "$linux/$dir" ]; then
		skip "$name" "this kernel has no KVM for it"
	elif [ -z "$shared" ]; then
		skip "$name" "the series changes nothing of it"
	elif ! command -v "${prefix}gcc" >/dev/null; then
		skip "$name" "no ${prefix}gcc here"
	else
		mkdir -p "$out"
		printf 'CONFIG_%s\n' VIRTUALIZATION=y KVM=y MMU=y HIGH_RES_TIMERS=y MULTIUSER=y EVENTFD=y "$@" >"$tmp/config"
		{ "${make[@]}" allnoconfig KCONFIG_ALLCONFIG="$tmp/config" && grep '^CONFIG_KVM=y' "$out/.config" &&
			"${make[@]}" prepare && "${make[@]}" "$dir/"; } >"$tmp/build" 2>&1
		result $? "$name" "$tmp/build"
	fi
}

plan $((2 * ${#names[@]} + 5))

goto base
mkdir -p "$linux/check"
cp "$dir/image/base/.config" "$linux/check/.config"
kmake olddefconfig prepare >"$tmp/prepare" 2>&1 || sed 's/^/# /' "$tmp/prepare"
warnings >"$tmp/before"

for i in "${!names[@]}"; do
	git -C "$linux" format-patch -q --stdout -1 "${commits[i]}" | "$top/patches/series.sh" mail >"$tmp/mail"
	checkpatch "${names[i]}" "$tmp/mail"
	result $? "checkpatch --strict: ${names[i]}" "$tmp/checkpatch"

	goto "${commits[i]}"
	{ kmake prepare && kmake "arch/$ARCH/kvm/" && kmake headers_install &&
		echo '#include <linux/kvm.h>' | "${CROSS_COMPILE}gcc" -Wall -Werror -fsyntax-only \
			-nostdinc -isystem "$linux/check/usr/include" \
			-isystem "$("${CROSS_COMPILE}gcc" -print-file-name=include)" -x c -
	} >"$tmp/build" 2>&1
	result $? "builds alone: ${names[i]}" "$tmp/build"
done

warnings >"$tmp/after"
diff "$tmp/before" "$tmp/after" | grep '^>' >"$tmp/new"
[ ! -s "$tmp/new" ]
result $? "no new warning of gcc W=1 ($(grep -c . "$tmp/before") before the series) or sparse" "$tmp/new"

# What other architectures have, too
shared=$(git -C "$linux" diff --name-only base series -- . ':!arch/arm64' ':!Documentation' ':!tools')
other x86_64 arch/x86/kvm "$([ "$(uname -m)" = x86_64 ] || echo x86_64-linux-gnu-)" 64BIT=y KVM_INTEL=y KVM_AMD=y NET=y UNWINDER_GUESS=y
other arm arch/arm/kvm arm-linux-gnueabi- ARCH_MULTIPLATFORM=y ARCH_MULTI_V7=y ARCH_VIRT=y ARM_LPAE=y
other powerpc arch/powerpc/kvm powerpc64le-linux-gnu- PPC64=y PPC_BOOK3S_64=y CPU_LITTLE_ENDIAN=y \
	PPC_PSERIES=y PPC_POWERNV=y KVM_BOOK3S_64=y KVM_BOOK3S_64_HV=y KVM_BOOK3S_64_PR=y

name="kselftests: make TARGETS=kvm builds ours in the tree, without a warning"
if [ "$ARCH" != arm64 ]; then
	skip "$name" "the kernel's kselftests of KVM are not for this architecture"
	exit
fi

# The tree's own tests need not all build: 6.1.192's vgic_init.c does not
rm -rf "$dir/kselftest"
# with O=, 5.4.y does not make it, here or there
mkdir -p "$dir"/kselftest/{,kselftest/}kvm/aarch64
make -k -C "$linux/tools/testing/selftests" TARGETS=kvm O="$dir/kselftest" UNAME_M=aarch64 \
	ARCH="$ARCH" CROSS_COMPILE="$CROSS_COMPILE" \
	KHDR_INCLUDES="-isystem $linux/check/usr/include" -j"$JOBS" >"$tmp/kselftest" 2>&1
grep -E 'nisv[^ ]*: *(warning|error):|nisv.*Error' "$tmp/kselftest" >"$tmp/ours"
sed -nE 's/^[[:blank:]]+.*(nisv_[^.]*)\.c$/\1/p' "$top/patches/$base/series" | while read -r t; do
	[ -n "$(find "$dir/kselftest" -name "$t" -type f -perm -1)" ] || echo "$t has not been built"
done >>"$tmp/ours"
sed -nE 's/^make.*\/kvm\/([^/]*\/)?([^/]*)\] Error.*/# not ours, does not build: \2/p' "$tmp/kselftest"
[ ! -s "$tmp/ours" ]
result $? "$name" "$tmp/ours"
