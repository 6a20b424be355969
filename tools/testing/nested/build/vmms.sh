#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# vmms.sh DIR QEMU [KVMTOOL]: build VMMs that people run, with libnisv, for arm64: Debian's
# QEMU of that version with patches/qemu/QEMU, and a kvmtool tree, of which a copy is
# used, with patches/kvmtool. Static programs, in DIR/bin.
#
# vmms.sh check QEMU [KVMTOOL]: refuse what cannot be, before anything is fetched.
#
# What they need of arm64 is Debian's, unpacked into DIR/sysroot: nothing is installed
# for it. Of QEMU it is the virt board with a few devices, and no feature that can be
# left out. A program that is there and was made of the same is kept.
#
# Environment: CROSS_COMPILE, JOBS, CCACHE_DIR

set -euo pipefail

nested=$(cd "$(dirname "$0")/.." && pwd)
top=$(cd "$nested/../../.." && pwd)
# Static libraries, and what they need
packages=(libc6-dev libfdt-dev libglib2.0-dev libpixman-1-dev zlib1g-dev)
devices=(ARM_VIRT NVME_PCI VIRTIO_BLK VIRTIO_NET VIRTIO_PCI VIRTIO_RNG VIRTIO_SERIAL)
features=(--enable-system --enable-kvm --enable-fdt=system --enable-nisv --disable-install-blobs)

fail() {
	echo "vmms: $*" >&2
	exit 1
}

check() {
	[ -e "$top/patches/qemu/$1/series" ] ||
		fail "VMM_QEMU=$1: no patches for that version, only for: $(cd "$top/patches/qemu" && echo *)"
	[ -n "${2-}" ] || return 0
	[ -d "$2" ] || fail "KVMTOOL=$2: no such folder"
	if [ ! -e "$2/builtin-run.c" ] || [ ! -e "$2/arm/aarch64/kvm-cpu.c" ]; then
		fail "KVMTOOL=$2 is not a kvmtool tree that the patches fit: it has no builtin-run.c or no arm/aarch64"
	fi
}

# The patches of a series, in order
series() {
	sed 's/#.*//; /^[[:blank:]]*$/d' "$top/patches/$1/series" | sed "s|^|$top/patches/$1/|"
}

# Apply the series $1 to the folder $2, which is called $3
patched() {
	local p

	for p in $(series "$1"); do
		# It is not a part of the repository around it
		(cd "$2" && GIT_CEILING_DIRECTORIES=$(dirname "$PWD") git apply --whitespace=nowarn "$p") 2>"$dir/apply.err" ||
			fail "$3: ${p#"$top/"} does not fit, at: $(sed -nE 's/^error: (patch failed: )?//p' "$dir/apply.err" |
				grep -v 'patch does not apply$' | paste -sd ' ')"
	done
}

# Libraries of arm64, libnisv among them
sysroot() {
	local key="${packages[*]}"

	if [ "$key" != "$(cat "$dir/sysroot.key" 2>/dev/null)" ]; then
		rm -rf "$dir/sysroot" "$dir/sysroot.key"
		ARCH=arm64 "$nested/build/rootfs.sh" "$dir/sysroot.squashfs" "${packages[@]}"
		unsquashfs -n -q -d "$dir/sysroot" "$dir/sysroot.squashfs" >/dev/null
		rm "$dir/sysroot.squashfs"
		echo "$key" >"$dir/sysroot.key"
	fi
	make -s -C "$top/tools/kvm/nisv" O="$dir/libnisv" CC="${CROSS_COMPILE}gcc" AR="${CROSS_COMPILE}ar" CFLAGS='-O2 -g' \
		install DESTDIR="$dir/sysroot" PREFIX=/usr >/dev/null

	# It is asked again when something is built anew, and then not by us
	mkdir -p "$dir/bin"
	cat >"$dir/bin/pkg-config" <<-END
		#!/bin/sh
		export PKG_CONFIG_SYSROOT_DIR='$dir/sysroot'
		export PKG_CONFIG_LIBDIR='$dir/sysroot/usr/lib/aarch64-linux-gnu/pkgconfig:$dir/sysroot/usr/lib/pkgconfig:$dir/sysroot/usr/share/pkgconfig'
		exec pkg-config "\$@"
	END
	chmod +x "$dir/bin/pkg-config"
}

# All VMMs are made of these
made_with() {
	echo "${packages[*]}"
	"${CROSS_COMPILE}gcc" --version | head -n 1
	sha256sum <"$dir/sysroot/usr/lib/libnisv.a"
}

# Is $1 there, and made of what is $2?
made() {
	[ -x "$1" ] && [ "$2" = "$(cat "$1.key" 2>/dev/null)" ] && echo "${1##*/}: nothing has changed"
}

# Have meson, as new as the QEMU in $1 wants it: of the Debian $2, if ours is too old
meson() {
	local deb

	! dpkg --compare-versions "$(command meson --version)" ge \
		"$(sed -nE "1s/.*meson_version: *'>=([^']*)'.*/\1/p" "$1/meson.build")" || return 0
	deb=$("$nested/build/debian.sh" "$dir/debian" "$2" "$(dpkg --print-architecture)" meson)
	rm -rf "$dir/meson"
	dpkg-deb -x "$deb" "$dir/meson"
	export PYTHONPATH=$dir/meson/usr/lib/python3/dist-packages
}

qemu() {
	local dsc key source=$dir/qemu-$1 obj=$dir/qemu-$1-obj out=$dir/bin/qemu-system-aarch64 suites

	case $1 in
	# target/arm does not build without TCG, nor that without these
	7.2)	features+=(--enable-tcg)
		devices+=(ARM_COMPATIBLE_SEMIHOSTING ARM_GIC_KVM ARM_V7M SEMIHOSTING) ;;
	# Later ones would fetch what they lack
	*)	features+=(--disable-tcg --disable-download) ;;
	esac
	suites=$(cat "$top/patches/qemu/$1/suites")
	dsc=$("$nested/build/source.sh" "$dir/debian" "$suites" qemu "$1")
	key=$(sha256sum <"$dsc"; series "qemu/$1" | xargs cat | sha256sum; echo "${devices[*]} ${features[*]}")
	! made "$out" "$key $(made_with)" || return 0

	if [ "$key" != "$(cat "$source.key" 2>/dev/null)" ]; then
		rm -rf "$source" "$source.key" "$obj"
		dpkg-source --no-check --no-copy -x "$dsc" "$source"
		patched "qemu/$1" "$source" "Debian's QEMU $1"
		printf 'CONFIG_%s=y\n' "${devices[@]}" >"$source/configs/devices/aarch64-softmmu/nisv.mak"
		mkdir "$obj"
	fi
	meson "$source" "${suites%% *}"
	if [ ! -e "$source.key" ]; then
		# Debug information would have ccache tell folders apart
		(cd "$obj" && PKG_CONFIG=$dir/bin/pkg-config ../"${source##*/}"/configure \
			--cross-prefix="$CROSS_COMPILE" --cc="ccache ${CROSS_COMPILE}gcc" --host-cc=gcc \
			--extra-cflags="--sysroot=$dir/sysroot" --extra-ldflags="--sysroot=$dir/sysroot" \
			--target-list=aarch64-softmmu --with-devices-aarch64=nisv --static --disable-pie --disable-debug-info \
			--without-default-features --without-default-devices "${features[@]}") ||
			fail "cannot configure QEMU, see $obj/meson-logs/meson-log.txt"
		echo "$key" >"$source.key"
	fi
	# Ninja does not know of the library
	rm -f "$obj/qemu-system-aarch64"
	CCACHE_BASEDIR=$dir ninja -C "$obj" -j "${JOBS:-$(nproc)}" qemu-system-aarch64
	"${CROSS_COMPILE}strip" -o "$out" "$obj/qemu-system-aarch64"
	echo "$key $(made_with)" >"$out.key"
}

kvmtool() {
	local key copy=$dir/kvmtool out=$dir/bin/lkvm

	# Only what it is made of: objects of the user's may be for another machine
	rm -rf "$copy.new"
	mkdir "$copy.new"
	(cd "$1" && find . -name .git -prune -o -type f ! -name '*.o' ! -name '*.d' ! -name '*.a' ! -name 'lkvm*' -print0 |
		tar c --no-recursion --null -T -) | tar x -C "$copy.new"
	patched kvmtool "$copy.new" "KVMTOOL=$1"
	key=$(cd "$copy.new" && find . -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum; made_with)
	! made "$out" "$key" || return 0
	rm -rf "$copy"
	mv "$copy.new" "$copy"
	CCACHE_BASEDIR=$dir make -C "$copy" -j "${JOBS:-$(nproc)}" ARCH=arm64 CROSS_COMPILE="$CROSS_COMPILE" \
		CC="ccache ${CROSS_COMPILE}gcc --sysroot=$dir/sysroot" LD="${CROSS_COMPILE}ld" WERROR=0 lkvm-static
	"${CROSS_COMPILE}nm" "$copy/lkvm-static" | grep ' T nisv_kvm$' >/dev/null ||
		fail "KVMTOOL=$1 was built without libnisv: see what its Makefile says about nisv, in $copy"
	"${CROSS_COMPILE}strip" -o "$out" "$copy/lkvm-static"
	echo "$key" >"$out.key"
}

unset MAKEFLAGS MFLAGS MAKELEVEL
if [ "$1" = check ]; then
	shift
	check "$@"
	exit
fi
check "$2" "${3-}"
mkdir -p "$1"
dir=$(cd "$1" && pwd)
sysroot
# The smaller one, of which the user has to hear
[ -z "${3-}" ] || kvmtool "$(realpath "$3")"
qemu "$2"
