#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# guest.sh OUT CPU IMAGE-WITHOUT IMAGE-WITH INITRD ROOTFS: boot the same guest with
# Debian's QEMU on a host without and a host with the series, and there with the
# reference VMM, too, which has a device where QEMU has nothing; print side by side what
# became of it. Exit code 0 if the first died, the second lived, and the third worked,
# with accesses of the device as guest.log has them. If VMM is set, the initrd has a QEMU
# with libnisv: it has to work as well, on a device of its own, and to say that it has
# carried these instructions out.
#
# The environment is boot.sh's, and VMM.

set -eu

out=$1
nested=$(cd "$(dirname "$0")/.." && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# One line a fact: what the guest said, and what became of it
facts() {
	local r=$1/results

	echo "host	$(sed -n 's/^up [0-9.]* //p' "$r"), $(sed -n 's/^kvm \(.*\) mode.*/\1/p' "$r")"
	echo "guest boots	$(grep -q '^guest up' "$r" && echo yes || echo no)"
	sed -n 's/^guest try //p' "$r" | while read -r form; do
		echo "$form	$(sed -n "s/^guest got ${form//[\[\]]/.}: //p" "$r" | grep . || echo "the VM dies")"
	done
	echo "the VMM	$(sed -n 's/^guest error: //p' "$r" | sed 's/^kvm run failed Function not implemented/KVM_RUN: ENOSYS/' | grep . || echo "exit $(sed -nE 's/^(qemu|vmm) //p' "$r")")"
	echo "guest ends	$(grep -q '^guest .*reboot: Power down' "$r" && echo "powers off" || echo "killed")"
}

# What KVM reported for each access, from its trace events
reported() {
	sed -nE 's/.*kvm_guest_fault: ipa (0x[0-9a-f]+), hsr (0x[0-9a-f]+).*/fault \1 \2/p
		 s/.*kvm_mmio_nisv: .*esr (0x[0-9a-f]+),.* ipa (0x[0-9a-f]+).*/fault \2 \1/p
		 s/.*kvm_mmio_nisv: ipa (0x[0-9a-f]+), esr (0x[0-9a-f]+),.*/fault \1 \2/p
		 s/.*kvm_userspace_exit: reason (.*) \(([0-9]+)\)/exit \1 \2/p' "$1/results" |
	while read -r what a b; do
		case $what in
		fault)	ipa=$a esr=$b ;;
		exit)
			case $a in
			error)	echo "KVM_RUN fails, errno $b; the fault was at IPA $ipa, ESR_EL2 $esr" ;;
			*)	printf '%s (%s), fault_ipa %s, esr_iss 0x%x\n' "$a" "$b" "$ipa" $((esr & 0x17f)) ;;
			esac ;;
		esac
	done
}

boot() {
	"$nested/stage.sh" "boot a guest $2" "$out/$1.log" "$nested/boot/boot.sh" "$out/$1" "$cpu" "$3" "$initrd" "$4" "$rootfs"
	facts "$out/$1" >"$tmp/$1"
}

cpu=$2 initrd=$5 rootfs=$6
boot without 'without the series' "$3" guest
boot with 'with the series' "$4" guest
boot vmm 'with series and libnisv' "$4" vmm
sed -n 's/^device //p' "$out/vmm/results" >"$tmp/device"
: >"$tmp/qemu"
[ -z "${VMM-}" ] || boot qemu 'with QEMU and libnisv' "$4" qemu_nisv

{
	printf '\n%-26s %-24s %-24s %-24s %s\n' "" "QEMU without the series" "QEMU with the series" \
		"nisv-vmm with the series" "${VMM:+QEMU with libnisv}"
	awk -F '\t' '
		FILENAME == ARGV[1] { without[$1] = $2; next }
		FILENAME == ARGV[2] { with[$1] = $2; next }
		FILENAME == ARGV[3] { qemu[$1] = $2; next }
		{ printf "%-26s %-24s %-24s %-24s %s\n", $1, ($1 in without) ? without[$1] : "-", with[$1], $2, qemu[$1] }' \
		"$tmp/without" "$tmp/with" "$tmp/qemu" "$tmp/vmm" | sed 's/ *$//'
	for host in without with; do
		printf '\nwhat KVM reported on the host %s the series:\n' $host
		reported "$out/$host" | sed 's/^/  /'
	done
	printf '\nwhat the device of nisv-vmm saw, and what libnisv made of it:\n'
	sed 's/^/  /' "$tmp/device"
	echo
} | tee "$out/guest.txt"

died=$(grep -c 'the VM dies' "$tmp/without" || true)
lived=$(grep -c 'SIGBUS$' "$tmp/with" || true)
worked=$(grep -c '	works$' "$tmp/vmm" || true)
# The same instructions, each once
qemu_worked() {
	[ -n "${VMM-}" ] || return 0
	[ "$(grep -c '	works$' "$tmp/qemu")" -eq "$forms" ] && grep -q '	powers off' "$tmp/qemu" &&
		diff <(sed -n 's/: carried out$//p' "$nested/boot/guest.log") \
			<(sed -nE 's/^carried .*kvm_arm_nisv .* iss [^:]*: (.*): success$/\1/p' "$out/qemu/results") >&2
}
forms=$(grep -c '\[x' "$tmp/with" || true)
if [ "$died" -ge 1 ] && [ "$forms" -ge 1 ] && [ "$lived" -eq "$forms" ] && [ "$worked" -eq "$forms" ] &&
   grep -q '	powers off' "$tmp/with" && grep -q '	powers off' "$tmp/vmm" &&
   grep -q "KVM_RUN: ENOSYS" "$tmp/without" && diff "$nested/boot/guest.log" "$tmp/device" >&2 && qemu_worked; then
	echo "Without the series the VM dies at the first access; with it the guest gets SIGBUS $lived times and powers off;"
	echo "and a VMM with libnisv carries all of them out${VMM:+, as does QEMU with libnisv}."
else
	echo "This is not what it should be; see $out" >&2
	exit 1
fi
