#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# boot.sh OUT CELL IMAGE INITRD JOB [ROOTFS]: boot a kernel as a nested KVM host,
# have it do one job, and keep what it says in the folder OUT: "results" is what
# its init sent, "console" is the kernel's console.
#
# CELL is the name of the host, see host.sh.
#
# Exit code 0 says that the job came to its end, not that its tests passed. A
# kernel that panics or warns, or has no result within TIMEOUT seconds, is ended,
# and the last lines of its console are printed.
#
# Environment: that of host.sh

set -u

out=$1
cell=$2
image=$3
initrd=$4
job=$5
rootfs=${6-}
host=$(dirname "$0")/host.sh

: "${QEMU:=qemu-system-aarch64}" "${TIMEOUT:=480}"
export TIMEOUT
mkdir -p "$out"
rm -f "$out"/*
: >"$out/results"
: >"$out/console"

# The inner QEMU asks for a register of the PMU that early 4.19.y do not let it read
case $job in guest | clock | system | qemu_nisv | lkvm) pmu=pmu=off ;; *) pmu= ;; esac
export QEMU
emulator=$("$host" emulator "$cell") && machine=$("$host" qemu "$cell" $pmu) && append=$("$host" append "$cell" "$job") || exit
mapfile -t machine <<<"$machine"

disk=()
[ -z "$rootfs" ] ||
	disk=(-drive "if=none,id=root,format=raw,readonly=on,file=$rootfs" -device "virtio-blk-device,drive=root")

"$emulator" "${machine[@]}" -m 1024 \
	-nodefaults -nographic -no-reboot -nic none \
	-serial "file:$out/console" \
	-global virtio-mmio.force-legacy=false "${disk[@]}" \
	-device virtio-rng-device \
	-chardev "file,id=results,path=$out/results" \
	-kernel "$image" -initrd "$initrd" \
	-append "$append" \
	</dev/null >"$out/qemu" 2>&1 &
qemu=$!
trap 'kill -9 $qemu 2>/dev/null' EXIT
trap 'exit 130' INT TERM

# The console does not count: a kernel that complains for ever is hung, too
quiet=0 size='' hung=
while kill -0 $qemu 2>/dev/null; do
	sleep 0.5
	now=$(stat -c %s "$out/results")$(grep -c '^nested: ' "$out/console")
	[ "$now" = "$size" ] && quiet=$((quiet + 1)) || quiet=0
	size=$now
	[ $quiet -lt $((TIMEOUT * 2)) ] || { hung=1; kill -9 $qemu; }
done
wait $qemu 2>/dev/null

# A kernel without virtio has sent its results to the console, marked
if [ -s "$out/results" ]; then
	tr -d '\r' <"$out/results"
else
	tr -d '\r' <"$out/console" | sed -n 's/^nested: //p'
fi >"$out/results.new"
mv "$out/results.new" "$out/results"
if [ "$(tail -n 1 "$out/results")" = finished ]; then
	exit 0
fi

if [ -n "$hung" ]; then
	why="hung: no result in $TIMEOUT s"
elif grep -q 'Kernel panic' "$out/console"; then
	why=$(grep -m 1 -oE 'Kernel panic.*' "$out/console" | tr -d '\r')
elif [ -s "$out/qemu" ]; then
	why="QEMU: $(head -n 1 "$out/qemu")"
else
	why="ended before the job was done"
fi
echo "$why" >"$out/failed"
if [ -s "$out/console" ]; then
	echo "boot: $job on $cell: $why; the end of $out/console:" >&2
	tail -n 20 "$out/console" | tr -d '\r' >&2
else
	echo "boot: $job on $cell: $why" >&2
fi
exit 1
