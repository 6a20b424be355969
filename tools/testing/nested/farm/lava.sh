#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# lava.sh: the hosts as jobs for LAVA, which runs them on a farm, and back.
#
#   lava.sh jobs OUT URL NAME PAYLOAD CELL=IMAGE...	write OUT/jobs/CELL.yaml, and what
#				they need into OUT/files, which is then at URL (empty: there)
#   lava.sh board OUT URL NAME PAYLOAD BOARD=IMAGE METHOD [DTB]	the same for a board: its
#				device type, how that boots, and where its device tree is
#   lava.sh schema OUT		see that LAVA takes the jobs in OUT/jobs, as the former do
#   lava.sh run LAVA JOB LOG	run a job here, as a worker of a farm would, without one:
#				Debian's lava-dispatcher is unpacked into LAVA, not installed
#   lava.sh fetch OUT ID...	get the logs of jobs from the farm that lavacli knows
#   lava.sh report OUT TITLE	sum up OUT/log/*, and see that LAVA counts the same
#
# Environment: QEMU, and host.sh's

set -euo pipefail

nested=$(cd "$(dirname "$0")/.." && pwd)
lava=$nested/farm/lava.py
: "${QEMU:=qemu-system-aarch64}" "${TIMEOUT:=480}"
export TIMEOUT
# Whatever else is called python3, this has Debian's modules
python=/usr/bin/python3

# What lava-run imports, beside what build/packages has. Two that it needs for jobs of other
# kinds are played: guestfs would come with 80 packages.
packages=(lava-dispatcher lava-dispatcher-host lava-server python3-certifi python3-chardet python3-configobj python3-idna
	python3-netifaces python3-pexpect python3-ptyprocess python3-pyudev python3-requests python3-setproctitle
	python3-tz python3-urllib3)
played=(guestfs magic)

fail() {
	echo "lava: $*" >&2
	exit 1
}

# files OUT URL PAYLOAD NAME=IMAGE...: what jobs need, each once, in one folder to publish
files() {
	local image

	rm -rf "$1/jobs" "$1/files"
	mkdir -p "$1/jobs" "$1/files"
	cp "$3/check.cpio" "$1/files/"
	programs=$(cd "$3/tests" && LC_ALL=C && echo *)
	url=${2:-file://$(realpath "$1/files")}
	url=${url%/}
	for image in "${@:4}"; do
		cp "${image#*=}" "$1/files/$(name_of "${image#*=}")"
	done
}

# .../image/series-64k/Image is called Image-series-64k
name_of() {
	echo "Image-$(basename "$(dirname "$1")")"
}

jobs() {
	local out=$1 name=$3 pair cell args

	files "$1" "$2" "$4" "${@:5}"
	for pair in "${@:5}"; do
		cell=${pair%%=*}
		mapfile -t args < <("$nested/boot/host.sh" qemu "$(console "$cell")")
		# -M and -cpu are what a device type of LAVA asks for
		"$python" "$lava" job nested.jinja2 type=qemu "name=$name: $cell" "cell=$cell" "timeout=$TIMEOUT" \
			"programs[]=$programs" "machine=${args[1]}" "cpu=${args[3]}" "extra[]=${args[*]:4}" \
			"append=$("$nested/boot/host.sh" append "$cell" check)" \
			"kernel=$url/$(name_of "${pair#*=}")" "initrd=$url/check.cpio" >"$out/jobs/$cell.yaml"
	done
	schema "$out"
}

# Does LAVA accept all that was written to $1?
schema() {
	"$python" /usr/share/lava-common/lava-schema.py job --strict "$1"/jobs/*.yaml >"$1/schema" ||
		fail "LAVA does not take these jobs:"$'\n'"$(grep -B 3 'mgs:' "$1/schema")"
}

# There is no port for results: LAVA reads the console
console() {
	[[ +$1+ == *+novirtio+* ]] && echo "$1" || echo "$1+novirtio"
}

board() {
	local out=$1 name=$3 board=${5%%=*}

	files "$1" "$2" "$4" "$5"
	"$python" "$lava" job board.jinja2 "type=$board" "name=$name: $board" "cell=$board" "timeout=$TIMEOUT" \
		"programs[]=$programs" "method=$6" "dtb=${7-}" "append=$("$nested/boot/host.sh" job check)" \
		"kernel=$url/$(name_of "${5#*=}")" "initrd=$url/check.cpio" >"$out/jobs/$board.yaml"
	schema "$out"
}

# Have LAVA's programs in the folder $1
dispatcher() {
	local file deb

	root=$1/root
	modules=$root/usr/lib/python3/dist-packages
	types=$root/usr/share/lava-server/device-types
	[ "${packages[*]}" != "$(cat "$1/key" 2>/dev/null)" ] || return 0
	deb=$("$nested/build/debian.sh" "$1/debian" own "$(dpkg --print-architecture)" "${packages[@]}")
	rm -rf "$root"
	for file in $deb; do
		dpkg-deb -x "$file" "$root"
	done
	for file in "${played[@]}"; do
		: >"$modules/$file.py"
	done
	echo "${packages[*]}" >"$1/key"
}

run() {
	local out rc=0 user=()

	mkdir -p "$1" "$(dirname "$3")"
	dispatcher "$(cd "$1" && pwd)"
	out=$(mktemp -d "${root%/*}/run.XXXXXX")
	# shellcheck disable=SC2064 # this folder
	trap "rm -rf '$out'" EXIT
	"$python" "$lava" device "$types" "$2" >"$out/device.yaml"
	# All that it writes is below, and not in /var/lib
	echo "prefix: $out/tmp/" >"$out/dispatcher.yaml"
	mkdir -p "$out/bin" "$out/tmp"
	ln -s "$(command -v "$QEMU")" "$out/bin/qemu-system-aarch64"
	# It wants to be root, if only in name
	[ "$(id -u)" = 0 ] || user=(unshare --map-root-user)
	PATH=$out/bin:$PATH PYTHONPATH=$modules "${user[@]}" "$python" "$root/usr/bin/lava-run" \
		--job-id 1 --output-dir "$out/job" --device "$out/device.yaml" --dispatcher "$out/dispatcher.yaml" \
		"$2" >"$3" 2>&1 </dev/null || rc=$?
	[ $rc -eq 0 ] || fail "$2: $("$python" "$lava" why "$3"); the end of $3:" $'\n' "$(tail -n 5 "$3")"
}

fetch() {
	local out=$1 id cell

	command -v lavacli >/dev/null || fail "there is no lavacli, which knows the farm: apt-get install lavacli"
	mkdir -p "$out/log" "$out/jobs"
	for id in "${@:2}"; do
		lavacli jobs definition "$id" >"$out/job" || fail "job $id: lavacli cannot get it, see above"
		cell=$("$python" "$lava" about "$out/job" cell) || fail "job $id is none that make lava has written, see $out/job"
		lavacli jobs logs --raw "$id" >"$out/log/$cell" || fail "job $id: lavacli cannot get its log, see above"
		mv "$out/job" "$out/jobs/$cell.yaml"
	done
}

report() {
	local out=$1 results=$1/results cell cells=() log why

	rm -rf "$results"
	mkdir -p "$results/host"
	for log in "$out"/log/*; do
		[ -e "$log" ] || fail "there is no log in $out/log: make lava-run and make lava-report LAVA_JOBS= put some there"
		cell=${log##*/}
		cells+=("$cell")
		"$python" "$lava" results "$log" >"$results/$cell.sent"
		why=$("$python" "$lava" why "$log")
		"$python" "$lava" about "$out/jobs/$cell.yaml" programs |
			xargs "$nested/boot/split.sh" "$results" "$cell" "$results/$cell.sent" "$why"
		count "$results/$cell.sent" >"$results/$cell.counts"
		"$python" "$lava" counts "$log" | diff "$results/$cell.counts" - >"$results/$cell.diff" ||
			echo "Bail out! $cell: LAVA counts otherwise, see $results/$cell.diff" >>"$results/host/lava.tap"
	done
	"$nested/report.pl" "$2" "$results" "${cells[@]}" host
}

# What LAVA should have counted of what a host has sent: "PROGRAM PASSED FAILED SKIPPED"
count() {
	awk '/^begin / { program = $2; passed = failed = skipped = 0 }
		/^ok .* # SKIP/ { skipped++; next }
		/^ok / { passed++ }
		/^(not ok|Bail out!) / { failed++ }
		/^end / { if (passed + failed + skipped) print program, passed, failed, skipped; program = "" }
		END { if (program && passed + failed + skipped) print program, passed, failed, skipped }' "$1"
}

case ${1-} in
jobs | board | schema | run | fetch | report) "$@" ;;
*)	fail "no such command: '${1-}'" ;;
esac
