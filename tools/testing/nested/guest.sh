#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# guest.sh OUT CPU IMAGE-WITHOUT IMAGE-WITH INITRD ROOTFS: boot the same guest with
# Debian's QEMU on a host without and a host with the series, and print side by
# side what became of it. Exit code 0 if the one died and the other lived.
#
# The environment is boot.sh's.

set -eu

out=$1
here=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# One line a fact: what the guest said, what QEMU said, what KVM's trace says
facts() {
	local r=$1/results

	echo "host	$(sed -n 's/^up [0-9.]* //p' "$r"), $(sed -n 's/^kvm \(.*\) mode.*/\1/p' "$r")"
	echo "guest boots	$(grep -q '^guest up' "$r" && echo yes || echo no)"
	sed -n 's/^guest try //p' "$r" | while read -r form; do
		echo "$form	$(sed -n "s/^guest got ${form//[\[\]]/.}: //p" "$r" | grep . || echo "the VM dies")"
	done
	echo "QEMU	$(sed -n 's/^guest error: //p' "$r" | grep . || echo "exit $(sed -n 's/^qemu //p' "$r")")"
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

for host in without with; do
	image=$3
	[ $host = with ] && image=$4
	"$here/stage.sh" "boot a guest, host $host" "$out/$host.log" \
		"$here/boot.sh" "$out/$host" "$2" "$image" "$5" guest "$6"
	facts "$out/$host" >"$tmp/$host"
	reported "$out/$host" >"$tmp/$host.kvm"
done

{
	printf '\n%-22s %-44s %s\n' "" "without the series" "with the series"
	awk -F '\t' '
		NR == FNR	{ without[$1] = $2; next }
		!($1 in without) { without[$1] = "-" }
				{ printf "%-22s %-44s %s\n", $1, without[$1], $2 }' "$tmp/without" "$tmp/with"
	for host in without with; do
		printf '\nwhat KVM reported on the host %s the series:\n' $host
		sed 's/^/  /' "$tmp/$host.kvm"
	done
	echo
} | tee "$out/guest.txt"

died=$(grep -c 'the VM dies' "$tmp/without" || true)
lived=$(grep -c 'SIGBUS$' "$tmp/with" || true)
forms=$(grep -c '\[x10\]' "$tmp/with" || true)
if [ "$died" -ge 1 ] && [ "$forms" -ge 1 ] && [ "$lived" -eq "$forms" ] && grep -q '	powers off' "$tmp/with" &&
   grep -q 'kvm run failed Function not implemented' "$tmp/without"; then
	echo "Without the series the VM dies at the first access; with it the guest gets SIGBUS $lived times and powers off."
else
	echo "This is not what it should be; see $out" >&2
	exit 1
fi
