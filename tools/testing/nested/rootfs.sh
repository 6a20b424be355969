#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# rootfs.sh OUT: a squashfs with Debian's QEMU and busybox for the nested host,
# extracted from their packages without running anything of them. QEMU gave up KVM
# on 32-bit Arm in 5.2: such a host gets none. The root file system's /nested-init hands over
# to the second disk, where all that changes from run to run is.

# Environment: ARCH

set -euo pipefail

out=$1
debian=arm64 packages=qemu-system-arm,busybox-static
[ "$ARCH" = arm64 ] || debian=armhf packages=busybox-static
tmp=$(mktemp -d "$(dirname "$out")/rootfs.XXXXXX")
export TMPDIR=$tmp
trap 'rm -rf "$tmp"' EXIT

# The machine's own Debian mirrors, for another architecture
# shellcheck disable=SC2016 # apt's own variables
apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' \
	'Created-By: Packages' 'Origin: Debian' | sort -u >"$tmp/sources"
[ -s "$tmp/sources" ] || {
	echo "rootfs: apt knows no Debian mirror; run apt-get update" >&2
	exit 1
}

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
mkdir -p payload proc sys dev tmp
cat >nested-init <<'END'
#!/bin/busybox sh
b=/bin/busybox
$b mount -t devtmpfs dev /dev && $b mount -t squashfs -o ro /dev/vdb /payload && exec /payload/init
END
chmod +x nested-init
mksquashfs . "$tmp/rootfs.squashfs" -comp lz4 -noappend -quiet -all-root
mv "$tmp/rootfs.squashfs" "$out"
