#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# qemu.sh DIR: unpack the QEMU of the backports of this Debian into DIR/root. Nothing is
# installed: what it needs is there with the release's own, or else is named. What has been
# fetched is kept, and does without a network.

set -eu

nested=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1"
dir=$(cd "$1" && pwd)
qemu=$dir/root/usr/bin/qemu-system-aarch64
suite=$(. /etc/os-release && echo "$VERSION_CODENAME-backports")

debs=$("$nested/build/debian.sh" "$dir" "$suite" "$(dpkg --print-architecture)" \
	qemu-system-arm qemu-system-common qemu-system-data)
if [ "$debs" != "$(cat "$dir/debs" 2>/dev/null)" ]; then
	rm -rf "$dir/root" "$dir/debs"
	while read -r deb; do
		dpkg-deb -x "$deb" "$dir/root"
	done <<<"$debs"
	echo "$debs" >"$dir/debs"
fi
if ! "$qemu" --version; then
	echo "qemu: $suite: QEMU lacks: $(ldd "$qemu" | awk '/not found/ { print $1 }' | xargs)" >&2
	exit 1
fi
