#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# system.sh OUT CPU IMAGE-WITHOUT IMAGE-WITH INITRD ROOTFS SYSTEM: boot one of Debian's
# packages with Debian's QEMU on a host without and a host with the series: the firmware
# aavmf (UEFI) or u-boot, from read-only flash, or installer, its own; print what it says.
# Exit code 0 if it comes to its prompt on the latter. What it does on the former depends
# on the kernel: the page tables that UEFI has had in flash since 2022.11 hang a guest
# where KVM takes a walk of them for a write.
#
# If VMM names a QEMU with libnisv, the initrd has it: on that it has to do so, too.
#
# The environment is boot.sh's, and VMM. What says nothing for two minutes has hung.

set -eu

out=$1 cpu=$2 initrd=$5 rootfs=$6 system=$7
nested=$(cd "$(dirname "$0")/.." && pwd)
export TIMEOUT=240
# As for guest.sh
export CPUS=1
own=
[[ ${VMM-} != *qemu-system-aarch64* ]] || own=1

boot() {
	NESTED="nested_system=$system nested_qemu=$4" "$nested/stage.sh" "$system $2" "$out/$1.log" \
		"$nested/boot/boot.sh" "$out/$1" "$cpu" "$3" "$initrd" system "$rootfs"
}

prompt() {
	grep -q '^prompt' "$out/$1/results"
}

# What it said, without what moves the cursor, colours, the status line of the installer's
# screen, and QEMU's word of its end
say() {
	printf '\n%s %s:\n' "$system" "$2"
	sed -nE 's/\x1b(\[[=?0-9;]*[A-Za-z]|\([A-B])//g; s/qemu-system-aarch64: terminating.*//; s/[[:blank:]]+$//
		/^system \[ .*\[ [A-Z][a-z]{2} [0-9 :]+\]/d; s/^system (.+)/  \1/p' "$out/$1/results" |
		grep . || echo "  (nothing in $((TIMEOUT / 2)) s)"
}

boot without 'without the series' "$3" debian
boot with 'with the series' "$4" debian
[ -z "$own" ] || boot qemu 'in QEMU with libnisv' "$4" libnisv

say without 'without the series'
say with 'with the series'
[ -z "$own" ] || say qemu 'in QEMU with libnisv'
echo
if ! prompt with || { [ -n "$own" ] && ! prompt qemu; }; then
	echo "It does not reach its prompt with the series, but should; see $out" >&2
	exit 1
fi
echo "It reaches its prompt with the series, $(prompt without && echo 'and also without it' || echo 'but not without it')."
