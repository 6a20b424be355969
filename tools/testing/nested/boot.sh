#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# boot.sh OUT IMAGE ROOTFS PAYLOAD JOB: boot a kernel as a nested KVM host, have
# it do one job, and keep what it says in the folder OUT: "results" is what its
# init sent over a virtio port of its own, "console" is the kernel's console.
#
# Exit code 0 says that the job came to its end, not that its tests passed. A
# kernel that panics or warns, or says nothing more within TIMEOUT seconds, is
# ended, and the last lines of its console are printed.
#
# Environment: QEMU CPU GIC CPUS TIMEOUT. CPU may be followed by a mode of KVM, as
# in max+protected or max+nvhe.

set -u

out=$1
image=$2
rootfs=$3
payload=$4
job=$5

: "${TIMEOUT:=300}"
mkdir -p "$out"
rm -f "$out"/*
: >"$out/results"

machine=virt,virtualization=on,gic-version=$GIC
cpu=${CPU%+*} mode=
[ "$cpu" = "$CPU" ] || mode=kvm-arm.mode=${CPU#*+}
# Pointer authentication in software costs more than all else together, and
# kernels before v5.5 do not boot on a CPU that has LPA2
[ "$cpu" = max ] && cpu=max,pauth-impdef=on,lpa2=off
# The inner QEMU asks for a register of the PMU that early 4.19.y do not let it read
[ "$job" = guest ] && cpu=$cpu,pmu=off

# The last virtio device on the command line is the first that Linux finds
timeout --foreground -k 5 "$TIMEOUT" "$QEMU" -M "$machine" -cpu "$cpu" -smp "$CPUS" -m 1024 \
	-accel tcg,thread=multi -nodefaults -nographic -no-reboot -nic none \
	-serial "file:$out/console" \
	-global virtio-mmio.force-legacy=false \
	-drive "if=none,id=payload,format=raw,readonly=on,file=$payload" -device virtio-blk-device,drive=payload \
	-drive "if=none,id=root,format=raw,readonly=on,file=$rootfs" -device virtio-blk-device,drive=root \
	-device virtio-rng-device \
	-device virtio-serial-device -chardev "file,id=results,path=$out/results" \
	-device virtserialport,chardev=results,name=results \
	-kernel "$image" \
	-append "console=ttyAMA0 root=/dev/vda ro rootfstype=squashfs init=/nested-init panic=-1 panic_on_warn=1 oops=panic nested_job=$job nested_timeout=$((TIMEOUT / 2)) $mode" \
	</dev/null >"$out/qemu" 2>&1
rc=$?

tr -d '\r' <"$out/results" >"$out/results.new" && mv "$out/results.new" "$out/results"
if [ "$(tail -n 1 "$out/results")" = finished ]; then
	exit 0
fi

if [ $rc -eq 124 ]; then
	why="hung: nothing came of it in $TIMEOUT s"
elif grep -q 'Kernel panic' "$out/console" 2>/dev/null; then
	why=$(grep -m 1 -oE 'Kernel panic.*' "$out/console" | tr -d '\r')
elif [ -s "$out/qemu" ]; then
	why="QEMU: $(head -n 1 "$out/qemu")"
else
	why="ended before its job was done"
fi
echo "$why" >"$out/failed"
if [ -s "$out/console" ]; then
	echo "boot: $job on $CPU: $why; the end of $out/console:" >&2
	tail -n 20 "$out/console" | tr -d '\r' >&2
else
	echo "boot: $job on $CPU: $why" >&2
fi
exit 1
