#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# payload.sh DIR ROOTFS TEST...: what the nested host runs, in initramfs's:
# DIR/payload/check.cpio holds the tests, kselftests by name, "libnisv" for the
# library against the CPU, "libnisv_abort" for its abort, "libnisv_vgic" for KVM's interrupt
# controller, or "bench" for what accesses cost; DIR/payload/guest.cpio what Debian's QEMU or
# the VMM boots there as a guest: the base kernel, be the host with or without the series;
# and the VMMs with libnisv that VMM names.
#
# With ROOTFS empty it is just the programs, in DIR/programs, of which "nisv-vmm" may be one.
#
# Modules that the kernel needs to report are in DIR/modules. Without a base kernel
# there is no guest, and without a tree in DIR/linux we have a kselftest.h.
#
# Environment: ARCH, CROSS_COMPILE, VMM

set -euo pipefail

dir=$1
rootfs=$2
shift 2
nested=$(cd "$(dirname "$0")/.." && pwd)
top=$(cd "$nested/../../.." && pwd)
out=$dir/payload
[ -n "$rootfs" ] || out=$dir/programs
cc=("${CROSS_COMPILE}gcc" -static -O2 -std=gnu99 -pthread
	-Wall -Wextra -Wno-missing-field-initializers -Werror)

headers=(testing/selftests)
# Today's headers know nothing of KVM on 32-bit Arm
[ "$ARCH" = arm64 ] || headers+=(include/uapi "arch/$ARCH/include/uapi" include)
headers=("${headers[@]/#/-isystem$dir/linux/tools/}")
[ -d "$dir/linux" ] || headers=("-isystem$nested/build/include")

vmm() {
	make -s -C "$top/tools/kvm/nisv" vmm O="$dir/libnisv-vmm" CC="${CROSS_COMPILE}gcc" CFLAGS='-O2 -g -Werror' \
		LDFLAGS=-static LIBFDT="$dir/linux/scripts/dtc/libfdt"
	cp "$dir/libnisv-vmm/nisv-vmm" "$1"
}

rm -rf "$out"
mkdir -p "$out/tests"
for t in "$@"; do
	case $t in
	libnisv)
		"${cc[@]}" -std=gnu11 -I"$top/include" "$top"/tools/kvm/nisv/tests/differential*.c \
			"$top"/tools/kvm/nisv/*.c -o "$out/tests/$t"
		;;
	libnisv_*)
		"${cc[@]}" -std=gnu11 "${headers[@]}" -I"$top/include" "$top/tools/kvm/nisv/tests/${t#libnisv_}.c" \
			"$top"/tools/kvm/nisv/*.c -o "$out/tests/$t"
		;;
	bench)
		"${cc[@]}" -std=gnu11 -I"$top/include" "$nested/bench/bench.c" "$top"/tools/kvm/nisv/*.c -o "$out/tests/$t"
		;;
	nisv-vmm)
		vmm "$out/tests/"
		;;
	*)
		# Old trees' kselftest.h is not free of warnings
		"${cc[@]}" "${headers[@]}" "$top/tools/testing/selftests/kvm/arm64/$t.c" -o "$out/tests/$t"
		;;
	esac
done

[ -n "$rootfs" ] || exit 0

archive() {
	(cd "$1" && find . | cpio -o -H newc -R 0:0 --quiet) >"$2"
}

mkdir -p "$out/init/bin"
unsquashfs -n -q -f -d "$out/debian" "$rootfs" bin/busybox >/dev/null
mv "$out/debian/bin/busybox" "$out/init/bin/"
cp "$nested/boot/init" "$out/init/"
[ ! -d "$dir/modules" ] || cp -r "$dir/modules" "$out/init/"

cp -r "$out/tests" "$out/init/"
archive "$out/init" "$out/check.cpio"
rm -r "$out/init/tests"

if [ "$ARCH" = arm64 ] && [ -e "$dir/image/base/Image" ]; then
	mkdir -p "$out/initrd/dev" "$out/init/guest"
	"${cc[@]}" "$nested/boot/guest.c" -o "$out/initrd/init"
	# With the preprocessor of the other compiler, as there need be no 32-bit one
	"${CROSS_COMPILE}gcc" -E -x assembler-with-cpp "$nested/boot/guest-neon.S" | arm-linux-gnueabi-as -o "$out/neon.o"
	arm-linux-gnueabi-ld "$out/neon.o" -o "$out/initrd/neon"
	archive "$out/initrd" "$out/init/guest/initrd"
	vmm "$out/init/guest/"
	# shellcheck disable=SC2086 # a list
	cp "$dir/image/base/Image" $VMM "$out/init/guest/"
	archive "$out/init" "$out/guest.cpio"
fi
rm -rf "$out/init" "$out/initrd" "$out/debian"
