#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# decode.sh O ROOTFS OUT: into OUT, how fast libnisv, built in the folder O for this
# machine, and others decode; the code that they decode is that of busybox in ROOTFS

set -eu

top=$(cd "$(dirname "$0")/../../../.." && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

unsquashfs -cat "$2" bin/busybox >"$tmp/busybox"
make -s -C "$top/tools/kvm/nisv" bench O="$1" ELF="$tmp/busybox" >"$3.new"
mv "$3.new" "$3"
