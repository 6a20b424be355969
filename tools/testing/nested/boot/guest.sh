#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# guest.sh OUT CPU IMAGE-WITHOUT IMAGE-WITH INITRD ROOTFS: boot the same guest with
# Debian's QEMU on a host without and a host with the series, and there with the
# reference VMM, too, which has a device where QEMU has nothing; print side by side what
# became of it. Exit code 0 if the first died, or the tree has mainline's implementation,
# the second lived, and the third worked, with accesses of the device as guest.log has
# them below the name of each form, without those that the CPU does not have. The VMMs with
# libnisv that VMM names, QEMU and kvmtool, are in the initrd: they have to work as well, on
# devices of their own, and QEMU to say that it has carried these instructions out.
#
# The environment is boot.sh's, and VMM.

set -eu

out=$1
nested=$(cd "$(dirname "$0")/.." && pwd)
# One CPU, unless the host's name says more: with several, QEMU's TCG now and then goes on with
# code that the kernel has patched, as it does for the first VM (preempt notifiers), and KVM
# warns: "No vcpu context!"
export CPUS=1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# One line a fact: what the guest said, and what became of it
facts() {
	local r=$1/results

	echo "host	$(sed -n 's/^up [0-9.]* //p' "$r"), $(sed -n 's/^kvm \(.*\) mode.*/\1/p' "$r")"
	echo "guest boots	$(grep -q '^guest up' "$r" && echo yes || echo no)"
	sed -n 's/^guest try //p' "$r" | while read -r form; do
		echo "$form	$(sed -n "s|^guest got ${form//[\[\]]/.}: ||p" "$r" | grep . || echo "the VM dies")"
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
columns=("$tmp/without" "$tmp/with" "$tmp/vmm")
titles='QEMU without the series,QEMU with the series,nisv-vmm with the series'
for v in ${VMM-}; do
	case ${v##*/} in
	lkvm)	name=kvmtool job=lkvm ;;
	*)	name=QEMU job=qemu_nisv ;;
	esac
	boot "$job" "with $name and libnisv" "$4" "$job"
	columns+=("$tmp/$job")
	titles+=",$name with libnisv"
done

{
	echo
	# In the order of nisv-vmm, which has all
	awk -F '\t' -v titles="$titles" '
		FNR == 1 { nr++ }
		{ fact[nr, $1] = $2 }
		nr == 3 { row[FNR] = $1; rows = FNR }
		END {
			n = split(titles, title, ",")
			for (i = 0; i <= rows; i++) {
				line = sprintf("%-26s", row[i])
				for (j = 1; j <= n; j++)
					line = line sprintf(" %-26s", i ? ((j, row[i]) in fact ? fact[j, row[i]] : "-") : title[j])
				sub(/ +$/, "", line)
				print line
			}
		}' "${columns[@]}"
	for host in without with; do
		printf '\nwhat KVM reported on the host %s the series:\n' $host
		reported "$out/$host" | sed 's/^/  /'
	done
	printf '\nwhat the device of nisv-vmm saw, and what libnisv made of it:\n'
	sed 's/^/  /' "$tmp/device"
	echo
} | tee "$out/guest.txt"

died=$(grep -c 'the VM dies' "$tmp/without" || true)
lived=$(grep -c '	SIGBUS$' "$tmp/with" || true)
worked=$(grep -c '	works$' "$tmp/vmm" || true)
# The forms of a column that its CPU has
forms() {
	grep -v '	not on this CPU$' "$1" | grep -c '^[^	]*,'
}
forms=$(forms "$tmp/vmm")
# expected WITHOUT: the lines of guest.log for these
expected() {
	awk -F '\t' -v without="$1" 'NR == FNR { absent["# " $1] = $2 == "not on this CPU" || (without && index($1, without)); next }
		/^#/ { out = absent[$0]; next }
		!out' "$tmp/vmm" "$nested/boot/guest.log"
}

# Each of VMM, but for the GIC, which nisv-vmm alone gives to libnisv; and QEMU has carried
# the same instructions out, each once
others_worked() {
	local v

	for v in "${columns[@]:3}"; do
		[ "$(grep -v '(GICD)' "$v" | grep -c '	works$')" -eq "$(($(forms "$v") - 1))" ] && grep -q '	powers off' "$v" || return
		[ "${v##*/}" != qemu_nisv ] || diff <(expected '(GICD)' | sed -n 's/: carried out$//p') \
			<(sed -nE 's/^carried .*kvm_arm_nisv .* iss [^:]*: (.*): success$/\1/p' "$out/qemu_nisv/results") >&2 || return
	done
}
# A tree may have mainline's implementation
if grep -q "KVM_RUN: ENOSYS" "$tmp/without" && [ "$died" -ge 1 ]; then
	before="Without the series the VM dies at the first access"
elif [ "$(grep -c 'SIGBUS$' "$tmp/without" || true)" -eq "$lived" ]; then
	before="This tree has mainline's implementation, so the guest lives without the series, too"
else
	before=
fi
if [ "$before" ] && [ "$forms" -ge 1 ] && [ "$lived" -eq "$forms" ] && [ "$worked" -eq "$forms" ] &&
   grep -q '	powers off' "$tmp/with" && grep -q '	powers off' "$tmp/vmm" &&
   diff <(expected '') "$tmp/device" >&2 && others_worked; then
	echo "$before; with it the guest gets SIGBUS $lived times and powers off;"
	echo "and a VMM with libnisv carries them all out."
else
	echo "This is not the expected result; see $out" >&2
	exit 1
fi
