#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# run.sh [-n INSTANCES] [-o OPS] [-s SEED] [-t SECONDS] [-d DIR] [PROGRAM...]: run the programs
# in the folder "programs" beside this, or those named, on this machine's KVM. It prints the
# table that `make check` prints, and what accesses cost, if "bench" is one of them. It needs
# a shell and awk; busybox has both.
#
# libnisv does INSTANCES of each form, nisv_stress OPS operations; SEED says which. What takes
# longer than SECONDS is ended. The programs' output goes to DIR (./results), a *.tap of each,
# and the tables to DIR/summary and DIR/costs. Exit code 1 if anything failed, or if nothing passed.

set -u
export LC_ALL=C

here=$(cd "$(dirname "$0")" && pwd)
instances=1000 ops=5000 seed=1 limit=3600 dir=results

while getopts n:o:s:t:d: opt; do
	case $opt in
	n) instances=$OPTARG ;;
	o) ops=$OPTARG ;;
	s) seed=$OPTARG ;;
	t) limit=$OPTARG ;;
	d) dir=$OPTARG ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))
for n in "$instances" "$ops" "$seed" "$limit"; do
	case $n in
	'' | 0* | *[!0-9]*)
		echo "run: '$n': a number from 1 on, please" >&2
		exit 2
		;;
	esac
done
programs=$(cd "$here/programs" && echo *)
# shellcheck disable=SC2086 # a list
[ $# -gt 0 ] || set -- $programs
for p; do
	[ -x "$here/programs/$p" ] || {
		echo "run: no program '$p'; there is: $programs" >&2
		exit 2
	}
done
asked=$*
mkdir -p "$dir" || exit 2
rm -f "$dir"/*.tap "$dir/bench" "$dir/costs" "$dir/summary"

now() {
	cut -d . -f 1 /proc/uptime
}

# program NAME FILE ARGUMENT...: run one, its output to FILE; and a sign of life
program() {
	name=$1 file=$2 start=$(now) next=20 why=
	shift 2
	"$here/programs/$name" "$@" >"$file" 2>&1 </dev/null &
	job=$!
	while sleep 1 && kill -0 $job 2>/dev/null; do
		took=$(($(now) - start))
		[ $took -lt "$limit" ] || { why="no end in $limit s" && kill -9 $job; }
		[ $took -lt $next ] || {
			printf '  %-34s %4d s ... %.60s\n' "$name" $took "$(tail -n 1 "$file")"
			next=$((took + 20))
		}
	done
	wait $job 2>/dev/null
	rc=$?
	# That may have cut a line
	[ $rc -lt 128 ] || printf '\nBail out! %s\n' "${why:-signal $((rc - 128))}" >>"$file"
	printf '  %-34s %4d s\n' "$name" $(($(now) - start))
}
job=
trap 'kill -9 $job 2>/dev/null; exit 130' INT TERM

for p; do
	case $p in
	bench)
		# Which has no TAP, and counts on a KVM
		[ -w /dev/kvm ] && program bench "$dir/bench"
		;;
	libnisv) program "$p" "$dir/$p.tap" -n "$instances" -s "$seed" ;;
	nisv_stress) program "$p" "$dir/$p.tap" -n "$ops" -s "$seed" ;;
	*) program "$p" "$dir/$p.tap" ;;
	esac
done

# What the machine is, its device tree says, or its firmware
model=$(tr -d '\0' 2>/dev/null </proc/device-tree/model || xargs 2>/dev/null </sys/class/dmi/id/product_name)
cpu=$(sed -n 's/^CPU \(implementer\|part\)[^:]*: *//p' /proc/cpuinfo | head -n 2 | xargs)
mode=$(dmesg 2>/dev/null | sed -n 's/.*kvm \[1\]: \(.*\) initialized.*/, \1/p' | tail -n 1)
host=$(uname -n)
[ "$host" != '(none)' ] || host=here

rc=0
set -- "$dir"/*.tap
if [ -e "$1" ]; then
	echo
	awk -v title="Linux $(uname -r), ${model:-a nameless machine}, CPU ${cpu:-unknown}, $(grep -c ^processor /proc/cpuinfo) CPUs$mode" \
		-v cell="$host" -f "$here/report.awk" "$@" >"$dir/summary" || rc=1
	cat "$dir/summary"
fi

# Beside what others have published
costs() {
	if [ ! -e "$dir/bench" ]; then
		echo "bench: skipped: $([ -e /dev/kvm ] && echo 'no right to use /dev/kvm' || echo 'there is no /dev/kvm')"
		return
	fi
	awk -v host="$host" '
		NR == 1 { n = NF; for (k = 4; k <= n; k++) machine[k] = $k }
		FNR == NR && !/^#/ { theirs[$1] = $2; for (k = 3; k <= NF; k++) figure[$1, k + 1] = $k }
		FNR == NR { next }
		FNR == 1 {
			printf "%-36s%14s", "ns per access", host
			for (k = 4; k <= n; k++) printf "%16s", machine[k] " *"
			print ""
		}
		$2 !~ /^(-|[0-9.]+)$/ { print; bad = 1; next }
		{
			printf "%-36s%14s", $1 ($1 in theirs && theirs[$1] != $1 ? " (" theirs[$1] ")" : ""), $2
			for (k = 4; k <= n && ($1, k) in figure; k++) printf "%16s", figure[$1, k]
			print ""
		}
		END { exit bad }' "$here/published" "$dir/bench" || rc=1
	sed -n '2,$s/^# //p' "$here/published"
	! grep -q dummy-virt /proc/device-tree/compatible 2>/dev/null ||
		echo "This machine is a virtual one, and may be emulated: then its own figures say nothing."
}
case " $asked " in
*" bench "*)
	costs >"$dir/costs"
	echo
	cat "$dir/costs"
	;;
esac
exit $rc
