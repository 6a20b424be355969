#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# rootfs.sh OUT PACKAGE...: a squashfs of Debian packages for the nested host,
# extracted without running anything of them
#
# Environment: ARCH

set -euo pipefail

out=$1
shift
nested=$(cd "$(dirname "$0")/.." && pwd)
. "$nested/build/apt.sh"
debian=arm64 packages=$*
[ "$ARCH" = arm64 ] || debian=armhf
tmp=$(mktemp -d "$(dirname "$out")/rootfs.XXXXXX")
export TMPDIR=$tmp
trap 'rm -rf "$tmp"' EXIT

# For another architecture
mirrors >"$tmp/sources"

extract() {
	mmdebstrap --variant=extract --architectures="$debian" \
		--mode="$([ "$(id -u)" = 0 ] && echo root || echo unshare)" \
		--include="$packages" \
		--aptopt='APT::Install-Recommends "false"' \
		--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		'' "$tmp/rootfs.tar" -
}

# Updates may be out of step on the mirror; the release itself does not change
extract <"$tmp/sources" || grep -E '^deb [^ ]+ [^ /-]+ ' "$tmp/sources" | extract || {
	echo "rootfs: cannot get the $debian packages: no network, or a mirror without $debian" >&2
	exit 1
}

mkdir "$tmp/root"
tar xf "$tmp/rootfs.tar" -C "$tmp/root" --exclude='./dev/*'
cd "$tmp/root"
mkdir -p guest proc sys dev tmp
mksquashfs . "$tmp/rootfs.squashfs" -comp lz4 -noappend -quiet -all-root
mv "$tmp/rootfs.squashfs" "$out"
