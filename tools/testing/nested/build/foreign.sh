#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# foreign.sh DIR WHAT ROOTFS: put a kernel that somebody else has built into DIR, as
# image/foreign/Image, with the modules that it needs to report, if any, in modules,
# and its version in version. WHAT is an Image (plain or gzip), a Debian package of a
# kernel, or "debian", which is the one in ROOTFS.

set -euo pipefail

dir=$1
what=$2
rootfs=$3

fail() {
	echo "foreign: $*" >&2
	exit 1
}

[ "$what" = debian ] || [ -r "$what" ] || fail "IMAGE=$what: no such file"

rm -rf "$dir/image" "$dir/modules" "$dir/tmp"
mkdir -p "$dir/image/foreign" "$dir/modules" "$dir/tmp"
trap 'rm -rf "$dir/tmp"' EXIT
case $what in
debian)	unsquashfs -n -q -f -d "$dir/tmp" "$rootfs" boot lib usr/lib >/dev/null 2>&1 || true ;;
*.deb)	dpkg-deb -x "$what" "$dir/tmp" || fail "IMAGE=$what: no Debian package" ;;
*)	cp "$what" "$dir/tmp/vmlinuz" ;;
esac

image=$(find "$dir/tmp" -name 'vmlinu[xz]*' -type f -print -quit)
[ -n "$image" ] || fail "IMAGE=$what: there is no vmlinuz in it; is it linux-image-*?"
gzip -dc "$image" >"$dir/image/foreign/Image" 2>/dev/null || cp "$image" "$dir/image/foreign/Image"
# Documentation/arm64/booting.rst
[ "$(dd if="$dir/image/foreign/Image" bs=1 skip=56 count=4 status=none | tr -d '\0')" = ARMd ] ||
	fail "IMAGE=$what: no Image of an arm64 kernel (no magic number at 0x38)"

# Numbered, as that is their order
n=0
for m in virtio virtio_ring virtio_mmio virtio_console; do
	n=$((n + 1))
	ko=$(find "$dir/tmp" -name "$m.ko" -o -name "$m.ko.xz" -o -name "$m.ko.zst")
	case $ko in
	*.ko)	cp "$ko" "$dir/modules/$n.ko" ;;
	*.xz)	xz -dc "$ko" >"$dir/modules/$n.ko" ;;
	*.zst)	zstd -qdc "$ko" >"$dir/modules/$n.ko" ;;
	esac
done
strings -n 20 "$dir/image/foreign/Image" | sed -n 's/^Linux version \([^ ]*\).*/\1/p' | head -n 1 >"$dir/version"
