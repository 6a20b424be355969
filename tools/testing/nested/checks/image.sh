#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# image.sh: does IMAGE= take what it says, and refuse anything else in one line, before
# anything is built? With packages made for it, and without a network. Prints TAP.

set -u

nested=$(cd "$(dirname "$0")/.." && pwd)
top=$(cd "$nested/../../.." && pwd)
. "$nested/checks/tap.sh"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit

# package NAME ARCH DEPENDS: of what is in the folder "root", which is emptied
package() {
	mkdir -p root/DEBIAN
	printf '%s\n' "Package: $1" 'Version: 7.9.1-1' "Architecture: $2" "Depends: $3" \
		'Maintainer: nobody <nobody@localhost>' 'Description: none' >root/DEBIAN/control
	dpkg-deb --root-owner-group -b root "$1_7.9.1-1_$2.deb" >/dev/null
	rm -rf root
}

# A kernel of this version, as far as can be seen from outside
image() {
	head -c 56 /dev/zero
	printf 'ARMd\0Linux version %s (nobody)\0' "$1"
}

# module NAME DEPENDS: the same of a module, in the folder "root"
modules=root/usr/lib/modules/7.9.1-arm64/kernel
module() {
	mkdir -p "$modules"
	printf 'name=%s\0depends=%s\0' "$1" "$2" >"$modules/$1.ko"
}

# refuses NAME PATTERN IMAGE [GOAL]
refuses() {
	local rc=0

	env -u MAKEFLAGS make -s -C "$top" "${4-check}" BUILD="$tmp/build" ARCH=arm64 KERNEL= SERIES= IMAGE="$3" >out.all 2>&1 &&
		{ echo "it does not fail"; rc=1; } >>out.all
	grep -v '^make.*\*\*\*' out.all >out
	[ "$(wc -l <out)" = 1 ] && grep -qE "$2" out || rc=1
	[ -z "$(find build -path build/debian -prune -o -type f -print 2>/dev/null)" ] || { echo "something was built"; rc=1; } >>out
	result $rc "refused: $1" out
}

# takes NAME MODULES WHAT...: modules in the order in which they are loaded
takes() {
	local name=$1 wanted=$2

	shift 2
	rm -rf build
	{
		"$nested/build/foreign.sh" kernel build/image "$@" && "$nested/build/foreign.sh" modules build/image &&
			cat build/image/version &&
			cmp build/image/image/foreign/Image Image &&
			found=$(cat /dev/null build/image/modules/* 2>/dev/null | tr '\0' '\n' | sed -n 's/^name=//p' | xargs) &&
			echo "modules: $found" && [ "$found" = "$wanted" ] && [ "$(cat build/image/version)" = 7.9.1-arm64 ]
	} >out 2>&1
	result $? "taken: $name" out
	rm -rf build
}

image 7.9.1-arm64 >Image
gzip -c Image >Image.gz
mkdir -p tree/boot empty both

mkdir -p root/usr/lib/modules/7.9.1-arm64
cp Image root/usr/lib/modules/7.9.1-arm64/vmlinuz
package linux-binary-7.9.1-arm64 arm64 'linux-base-7.9.1-arm64 (= 7.9.1-1)'

module virtio_mmio virtio,virtio_ring
module virtio-ring virtio
module virtio ''
module virtio_console virtio,failover
module failover ''
module virtio_net virtio
xz "$modules/virtio_mmio.ko" "$modules/failover.ko"
zstd -q --rm "$modules/virtio_console.ko"
cp -r root/usr tree/
cp Image tree/boot/vmlinuz-7.9.1-arm64
package linux-modules-7.9.1-arm64 arm64 'kmod, linux-base-7.9.1-arm64 (= 7.9.1-1)'
order='virtio virtio-ring virtio_mmio failover virtio_console'

package linux-image-7.9.1-arm64 arm64 'dracut | linux-initramfs-tool, linux-binary-7.9.1-arm64 (= 7.9.1-1), linux-modules-7.9.1-arm64 (= 7.9.1-1)'
package linux-image-arm64 arm64 'linux-base-arm64, linux-image-7.9.1-arm64 (= 7.9.1-1)'
package linux-image-amd64 amd64 'linux-image-7.9.1-amd64 (= 7.9.1-1)'
package linux-headers-7.9.1-arm64 arm64 'libc6'
mkdir -p root/boot
cp Image root/boot/vmlinuz-7.9.2-arm64
package linux-image-7.9.2-arm64 arm64 'kmod'
mkdir packages
cp linux-{image,binary,modules}-7.9.1-arm64_* linux-headers* packages/
cp linux-binary-7.9.1-arm64_* linux-image-7.9.2-arm64_* both/
echo 'no package' >broken.deb

# A machine with a mirror of its own, which has one suite
arch=$(dpkg --print-architecture)
list=main/binary-$arch/Packages
mkdir -p "mirror/dists/bookworm/${list%/*}" apt/lists/partial
printf '%s\n' 'Package: none' 'Version: 1' "Architecture: $arch" 'Filename: none.deb' 'Size: 0' >"mirror/dists/bookworm/$list"
printf '%s\n' 'Origin: Debian' 'Suite: oldstable' 'Codename: bookworm' "Date: $(date -uR)" "Architectures: $arch" \
	'Components: main' 'SHA256:' " $(sha256sum <"mirror/dists/bookworm/$list" | cut -c 1-64) $(stat -c %s "mirror/dists/bookworm/$list") $list" \
	>mirror/dists/bookworm/Release
echo "deb [trusted=yes] file:$tmp/mirror bookworm main" >sources
cat >machine <<-EOF
	Dir::State::lists "$tmp/apt/lists"; Dir::Cache "$tmp/apt"; Dir::Etc::sourcelist "$tmp/sources"; Dir::Etc::sourceparts "/dev/null";
EOF
APT_CONFIG=$tmp/machine apt-get -q -o APT::Sandbox::User=root update >apt.log 2>&1
sed 's|/sources"|/none"|' machine >no-machine

plan 21

takes "an Image" '' Image
takes "a compressed Image" '' Image.gz
takes "packages: the kernel, and its modules" "$order" linux-binary-*.deb linux-modules-*.deb
takes "the package with the kernel alone" '' linux-binary-*.deb
takes "a folder of packages" "$order" packages
takes "a folder with all of it, as it is installed" "$order" tree
takes "an Image, and a folder with its modules" "$order" Image tree/usr

refuses "no such file" 'nowhere: no such file or folder' "$tmp/nowhere"
refuses "one file of two is missing" 'nowhere: no such file or folder' "$tmp/Image $tmp/nowhere"
refuses "a file that is no kernel" 'no Image of an arm64 kernel' "$tmp/sources"
refuses "a file that is no package" 'broken.deb: not a Debian package' "$tmp/broken.deb"
refuses "a package for another architecture" 'a package for amd64; give one for arm64' "$tmp"/linux-image-amd64_*
refuses "linux-image-VERSION as it is from 6.19 on" \
	'only depends on linux-binary-7.9.1-arm64 and linux-modules-7.9.1-arm64: .* IMAGE=debian:7.9.1$' "$tmp"/linux-image-7.9.1-*
refuses "linux-image-arm64" 'only depends on linux-image-7.9.1-arm64: .* IMAGE=debian:7.9.1$' "$tmp"/linux-image-arm64_*
refuses "a package without a kernel" 'there is no vmlinuz in it' "$tmp"/linux-headers-*
refuses "a folder without a kernel" 'there is no vmlinuz in it' "$tmp/empty"
refuses "a folder with two kernels: which" 'several kernels.*/linux-binary-7.9.1-.*/linux-image-7.9.2-' "$tmp/both"
refuses "debian: and nothing" 'give a suite, as .*, or a version' debian:
APT_CONFIG=$tmp/machine refuses "a suite that the mirror does not have" 'has no suite trixie-backports' debian:trixie-backports
APT_CONFIG=$tmp/no-machine refuses "a suite, without a mirror" 'apt knows no Debian mirror' debian:trixie
refuses "make run" 'does not work with IMAGE=' "$tmp/Image" run
