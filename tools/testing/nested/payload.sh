#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# payload.sh DIR TEST.c...: the second disk of the nested host, as
# DIR/payload.squashfs: its init, the tests, and the guest that QEMU boots. The
# guest runs the base kernel, be the host with or without the series.
#
# Environment: ARCH, CROSS_COMPILE

set -euo pipefail

dir=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
out=$dir/payload
cc=("${CROSS_COMPILE}gcc" -static -O2 -std=gnu99 -pthread -Wall -Wextra -Wno-missing-field-initializers -Werror)

headers=(testing/selftests)
# Today's headers know nothing of KVM on 32-bit Arm
[ "$ARCH" = arm64 ] || headers+=(include/uapi "arch/$ARCH/include/uapi" include)

rm -rf "$out"
mkdir -p "$out/tests"
cp "$here/init" "$out/"
for t in "$@"; do
	# Old trees' kselftest.h is not free of warnings
	"${cc[@]}" "${headers[@]/#/-isystem$dir/linux/tools/}" "$t" -o "$out/tests/$(basename "$t" .c)"
done

if [ "$ARCH" = arm64 ]; then
	mkdir -p "$out/guest" "$out/initrd/dev"
	"${cc[@]}" "$here/guest.c" -o "$out/initrd/init"
	(cd "$out/initrd" && find . | cpio -o -H newc --quiet) >"$out/guest/initrd"
	rm -r "$out/initrd"
	cp "$dir/image/base/Image" "$out/guest/"
fi

mksquashfs "$out" "$dir/payload.squashfs" -comp lz4 -noappend -quiet -all-root
