#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# host.sh: what a nested host is, by its name. The name, a cell, is words with a +
# between: the emulated CPU, then any of the words below, as "max+nvhe+1cpu".
#
#   host.sh check CELL...	refuse what is no host, in one line
#   host.sh qemu CELL [PROPERTY]	print QEMU's arguments, one a line; with one more
#				property of the CPU
#   host.sh emulator CELL	print which QEMU it is
#   host.sh job JOB		print the kernel's command line of whatever does a job
#   host.sh append CELL JOB	the same of that host
#   host.sh kernels		print the words that stand for another kernel, which is
#				configured by nisv_WORD.config
#   host.sh help		print all words, each with a line about it
#
# Environment: ARCH; GIC and CPUS, which count if the name does not say; QEMU and NEWER, the
# programs; of a job, TIMEOUT, and NESTED: nested_NAME=VALUE for init

set -euo pipefail

: "${ARCH:=arm64}" "${GIC:=3}" "${CPUS:=2}" "${TIMEOUT:=480}" "${NESTED:=}"

# Of QEMU's CPUs those that have EL2, and on which the kernel boots (a64fx: it does not)
case $ARCH in
arm64)	cpus="cortex-a35 cortex-a53 cortex-a57 cortex-a72 cortex-a76 neoverse-n1 max" ;;
arm)	cpus="cortex-a7 cortex-a15" ;;
*)	cpus= ;;
esac

# A word; what it is about, as a host has only one word about each; the CPUs that
# it needs: some, all of an architecture, or any; and what `make hosts` says
words() {
	cat <<-'END'
	nvhe		mode	arm64			KVM does not use VHE, on a CPU that has it
	protected	mode	arm64			KVM in protected mode
	gicv2		gic	any			the interrupt controller, whatever GIC says
	gicv3		gic	any			the same
	[1-8]cpu	cpus	any			how many CPUs, whatever CPUS says
	icount		cpus	any			one CPU, whose clock counts instructions
	16k		kernel	cortex-a76,neoverse-n1,max	the kernel has pages of 16K
	64k		kernel	arm64			the kernel has pages of 64K
	debug		kernel	any			the kernel finds errors, slowly: fewer tests
	full		forms	any			all of nisv_forms, which is else a selection
	mte		mte	max			memory tagging
	sve		sve	max			the vCPUs of the tests have SVE
	newer		qemu	arm64			QEMU is that of Debian's backports, whose max has more
	novirtio	results	any			results on the console, as without virtio
	END
}

fail() {
	echo "host: $*" >&2
	exit 2
}

job() {
	echo "panic=-1 panic_on_warn=1 oops=panic nested_job=$1 nested_timeout=$((TIMEOUT / 2))${NESTED:+ $NESTED}"
}

# Take a name apart, into QEMU's arguments and the kernel's command line
host() {
	local cell=$1 list word pattern about needs _ unknown='' forms='' share=1
	emulator=${QEMU-}
	local machine=virt,virtualization=on cpu gic=$GIC smp=$CPUS
	local clock=(-accel "tcg,thread=multi")
	local results=(-device virtio-serial-device -device "virtserialport,chardev=results,name=results")
	local -A said

	IFS=+ read -ra list <<<"$cell+"
	cpu=${list[0]-}
	[[ -n $cpu && " $cpus " == *" $cpu "* ]] || fail "$cell: no CPU '$cpu'; there is: $cpus"

	# QEMU carries out an instruction alike on each CPU that has it, and max has all:
	# there libnisv does all of it, and a share elsewhere
	append=
	[ "$cell" = max ] || share=10
	for word in "${list[@]:1}"; do
		while read -r pattern about needs _; do
			# shellcheck disable=SC2053 # a pattern
			[[ $word != $pattern ]] || break
		done < <(words)
		if [ -z "$pattern" ]; then
			unknown+=" '$word'"
			continue
		fi
		[ -z "${said[$about]-}" ] || fail "$cell: choose one of ${said[$about]} and $word"
		said[$about]=$word
		[[ ,$needs, =~ ,($cpu|$ARCH|any), ]] || fail "$cell: $word is only for: ${needs//,/ }"

		case $word in
		nvhe | protected) append+=" kvm-arm.mode=$word" ;;
		gicv*)	gic=${word#gicv} ;;
		*cpu)	smp=${word%cpu} ;;
		icount)	smp=1 clock=(-accel tcg -icount "shift=0,sleep=off") ;;
		debug)	forms=${forms:-with a syndrome on} share=250 ;;
		mte)	machine+=,mte=on ;;
		sve)	append+=" nested_vcpu=sve" ;;
		newer)	emulator=${NEWER-} ;;
		full)	forms=-a ;;
		novirtio) results=() ;;
		esac
	done
	[ -z "$unknown" ] || fail "$cell: no such word:$unknown; there is: $(words | cut -f 1 | xargs)"

	append+=" nested_share=$share${forms:+ nested_forms=\"$forms\"}"
	# Pointer authentication in software costs more than all else together, and
	# kernels before v5.5 do not boot on a CPU that has LPA2
	[ "$cpu" != max ] || cpu=max,pauth-impdef=on,lpa2=off
	qemu=(-M "$machine,gic-version=$gic" -cpu "$cpu${2:+,$2}" -smp "$smp" "${clock[@]}" "${results[@]}")
}

[ -n "$cpus" ] || fail "ARCH=$ARCH: must be arm64 or arm"
[[ $GIC == [23] ]] || fail "GIC=$GIC: must be 2 or 3"
[[ $CPUS == [1-8] ]] || fail "CPUS=$CPUS: must be 1 to 8"

what=${1-}
[ $# -eq 0 ] || shift
case $what in
check)
	[ $# -gt 0 ] || fail "no host is named"
	seen=
	for cell; do
		host "$cell"
		[[ "$seen " != *" $cell "* ]] || fail "$cell: named twice"
		seen+=" $cell"
	done
	;;
qemu)	host "$@" && printf '%s\n' "${qemu[@]}" ;;
emulator)
	host "$1"
	[ -n "$emulator" ] || fail "$1: there is no such QEMU: NEWER= or QEMU= says where it is"
	echo "$emulator"
	;;
job)	job "$1" ;;
append)	host "$1" && echo "console=ttyAMA0 $(job "$2")$append" ;;
kernels) words | awk '$2 == "kernel" { print $1 }' ;;
help)	words | sed -E 's/^([^\t]+)\t+([^\t]+\t+){2}/  \1\t/' | expand -t 17 ;;
*)	fail "no such command: '$what'" ;;
esac
