#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# foreign.sh kernel DIR WHAT...: put a kernel that somebody else has built into DIR, as
# image/foreign/Image, and its version in version. WHAT is all that belongs to it:
#
#   an Image, plain or gzip
#   Debian packages, or a folder of them
#   a folder that has it as vmlinuz*, and its modules, as they are installed
#   debian, debian:SUITE, debian:VERSION: Debian's, of the machine's own release, of
#   another suite, of that version
#
# foreign.sh modules DIR: then put the modules that it needs to report, if any, into
# DIR/modules. This needs xz and zstd; the former only what a Debian has anyway, so that
# what is no kernel can be refused before anything else is done.

set -euo pipefail

step=$1
dir=$2
shift 2
what="IMAGE=$*"
nested=$(cd "$(dirname "$0")/.." && pwd)
. "$nested/build/apt.sh"
# All that was given, side by side: packages as they unpack, files, links to folders
tree=$dir/tree

fail() {
	echo "foreign: $*" >&2
	exit 1
}

# Does it have the magic number of Documentation/arch/arm64/booting.rst?
is_image() {
	[ "$({ gzip -dc "$1" || cat "$1"; } 2>/dev/null | head -c 60 | tail -c 4 | tr -d '\0')" = ARMd ]
}

check_package() {
	local arch

	arch=$(dpkg-deb -f "$1" Architecture 2>/dev/null) || fail "IMAGE=$1: not a Debian package"
	case $arch in
	arm64 | all) ;;
	*) fail "IMAGE=$1: a package for $arch; give one for arm64" ;;
	esac
}

# The packages in a folder; not those of a kernel build that have no kernel, but are large
packages_in() {
	find "$1/" -maxdepth 1 -name '*.deb' ! -name '*-dbg_*' ! -name 'linux-headers-*' ! -name 'linux-libc-dev*' | sort
}

# The kernels in a package or a folder; not in that with debug information
kernels_in() {
	if [ -d "$1" ]; then
		find "$1/" -path '*/usr/lib/debug' -prune -o -name 'vmlinuz*' -type f -print
	else
		dpkg-deb -c "$1" | awk '/^-/ && $6 ~ /\/vmlinuz[^\/]*$/ && $6 !~ /\/usr\/lib\/debug\// { print $6 }'
	fi
}

# There is no kernel, maybe as these packages are but a list of others
no_kernel() {
	local p needs='' version=''

	for p; do
		needs+=" $(dpkg-deb -f "$p" Depends | parts | sed 's/=.*//' | xargs)"
		version=$(dpkg-deb -f "$p" Version | sed 's/[-~+].*//')
	done
	needs=$(xargs -n 1 <<<"$needs" | sort -u | grep . | sed ':a; N; s/\n/ and /; ta') ||
		fail "$what: there is no vmlinuz in it, nor a package that has one"
	fail "$what: there is no kernel in it, it only depends on $needs: give the files of these, or IMAGE=debian:$version"
}

kernel() {
	local w p n=0 packages=() others=() kernels=() found fetch image

	# All of it is looked at before anything is fetched, and that before it is unpacked
	for w; do
		case $w in
		debian | debian:[0-9a-z]*) continue ;;
		debian:*) fail "IMAGE=$w: give a suite, as debian:trixie-backports, or a version, as debian:6.12" ;;
		esac
		[ -r "$w" ] || fail "IMAGE=$w: no such file or folder"
		found=()
		if [ -d "$w" ]; then
			mapfile -t found < <(packages_in "$w")
		elif [[ $w == *.deb ]]; then
			found=("$w")
		else
			is_image "$w" || fail "IMAGE=$w: no Image of an arm64 kernel (no magic number at 0x38)"
			kernels+=("$w")
		fi
		for p in "${found[@]}"; do
			check_package "$p"
		done
		packages+=("${found[@]}")
		[ ${#found[@]} -gt 0 ] || others+=("$(realpath "$w")")
	done
	for w; do
		case $w in
		debian)		fetch=(own arm64 linux-image-arm64) ;;
		debian:[0-9]*)	fetch=(any arm64 "kernel=${w#*:}") ;;
		debian:*)	fetch=("${w#*:}" arm64 linux-image-arm64) ;;
		*)		continue ;;
		esac
		image=$("$nested/build/debian.sh" "$(dirname "$dir")/debian" "${fetch[@]}")
		mapfile -t found <<<"$image"
		packages+=("${found[@]}")
	done
	for p in "${packages[@]}" "${others[@]}"; do
		[ -d "$p" ] || [[ $p == *.deb ]] || continue
		for w in $(kernels_in "$p"); do
			[ -d "$p" ] && kernels+=("$w") || kernels+=("$p")
		done
	done
	case ${#kernels[@]} in
	0)	no_kernel "${packages[@]}" ;;
	1)	;;
	*)	fail "$what: there are several kernels in it, give one of them: ${kernels[*]}" ;;
	esac

	rm -rf "$dir/image" "$dir/modules" "$dir/version" "$tree"
	mkdir -p "$dir/image/foreign" "$tree"
	trap '[ $? -eq 0 ] || rm -rf "$tree"' EXIT
	for p in "${packages[@]}" "${others[@]}"; do
		n=$((n + 1))
		if [ -d "$p" ]; then
			ln -s "$p" "$tree/$n"
		elif [[ $p == *.deb ]]; then
			dpkg-deb -x "$p" "$tree/$n" || fail "IMAGE=$p: cannot unpack it: damaged, or no space in $dir?"
		else
			mkdir "$tree/$n"
			cp "$p" "$tree/$n/vmlinuz"
		fi
	done

	image=$(for p in "$tree"/*; do kernels_in "$p"; done)
	is_image "$image" || fail "$what: its ${image##*/} is no Image of an arm64 kernel (no magic number at 0x38)"
	gzip -dc "$image" >"$dir/image/foreign/Image" 2>/dev/null || cp "$image" "$dir/image/foreign/Image"
	grep -aom 1 'Linux version [0-9][^ ]*' "$dir/image/foreign/Image" | head -n 1 | cut -d ' ' -f 3 >"$dir/version" ||
		fail "$what: that Image does not say which version it is"
}

# A module, after those that it needs, which it names itself. One that is not there is
# built in. They are numbered, as that is their order.
loaded=0
module() {
	local ko new depends d

	ko=$(find "$tree"/*/ -path "*/$(cat "$dir/version")/*" -name "${1//_/[-_]}.ko*" -print -quit)
	[ -n "$ko" ] && [ ! -e "$tree/loaded-$1" ] || return 0
	new=$tree/loaded-$1
	case $ko in
	*.xz)	xz -dc "$ko" ;;
	*.zst)	zstd -qdc "$ko" ;;
	*.gz)	gzip -dc "$ko" ;;
	*)	cat "$ko" ;;
	esac >"$new"
	depends=$(tr '\0' '\n' <"$new" | sed -n 's/^depends=//p')
	for d in ${depends//,/ }; do
		module "$d"
	done
	loaded=$((loaded + 1))
	cp "$new" "$dir/modules/$(printf %02d $loaded).ko"
	echo "$1"
}

case $step in
kernel)
	kernel "$@"
	;;
modules)
	mkdir -p "$dir/modules"
	for m in virtio_mmio virtio_console; do
		module $m
	done
	rm -rf "$tree"
	;;
esac
