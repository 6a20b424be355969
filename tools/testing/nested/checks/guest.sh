#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# guest.sh DIR OUT CPU ROOTFS: does a guest with QEMU die on the host without
# the series, live on the one with it, and have its way with libnisv? Prints TAP; all
# about the boots is in OUT.
#
# The environment is guest.sh's of boot, and ARCH.

set -u

dir=$1
out=$2
cpu=$3
rootfs=$4
nested=$(cd "$(dirname "$0")/.." && pwd)
. "$nested/checks/tap.sh"
name="a guest with Debian's QEMU dies without the series, lives with it, and works with libnisv"

plan 1
if [ "$ARCH" != arm64 ]; then
	skip "$name" "QEMU gave up KVM on 32-bit Arm in 5.2"
	exit
fi
if git -C "$dir/linux" grep -q KVM_CAP_ARM_NISV_TO_USER base -- include/uapi/linux/kvm.h; then
	skip "$name" "with mainline's implementation it does not die"
	exit
fi
mkdir -p "$out"
"$nested/boot/guest.sh" "$out" "$cpu" "$dir/image/base/Image" "$dir/image/series/Image" "$dir/payload/guest.cpio" "$rootfs" \
	>"$out/check" 2>&1
result $? "$name" "$out/check"
