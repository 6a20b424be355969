#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# payload.sh DIR TEST.c...: the second disk of the nested host, as
# DIR/payload.squashfs: its init, the tests, and the guest that QEMU boots. The
# guest runs the base kernel, be the host with or without the series.
#
# Environment: CROSS_COMPILE

set -euo pipefail

dir=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
out=$dir/payload
cc=("${CROSS_COMPILE}gcc" -static -O2 -std=gnu99 -Wall -Wextra -Wno-missing-field-initializers -Werror)

rm -rf "$out"
mkdir -p "$out/tests" "$out/guest" "$out/initrd/dev"
cp "$here/init" "$out/"
for t in "$@"; do
	# Old trees' kselftest.h is not free of warnings
	"${cc[@]}" -isystem "$dir/linux/tools/testing/selftests" "$t" -o "$out/tests/$(basename "$t" .c)"
done

"${cc[@]}" "$here/guest.c" -o "$out/initrd/init"
(cd "$out/initrd" && find . | cpio -o -H newc --quiet) >"$out/guest/initrd"
rm -r "$out/initrd"
cp "$dir/image/base/Image" "$out/guest/"

mksquashfs "$out" "$dir/payload.squashfs" -comp lz4 -noappend -quiet -all-root
