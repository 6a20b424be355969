#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# lava.sh LAVA: does LAVA take our jobs, does its dispatcher, which is in the folder LAVA or
# is put there, run them as boot.sh runs a host, and is what comes back the same? The hosts
# are played: nothing is booted. Prints TAP.

set -u

lava=$1
nested=$(cd "$(dirname "$0")/.." && pwd)
top=$(cd "$nested/../../.." && pwd)
. "$nested/checks/tap.sh"
unset GIC CPUS QEMU NESTED TIMEOUT
export ARCH=arm64
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

mkdir -p "$tmp/image/series" "$tmp/payload/tests"
echo kernel >"$tmp/image/series/Image"
echo initrd >"$tmp/payload/check.cpio"
touch "$tmp"/payload/tests/{one,two}

# jobs OUT CELL...
jobs() {
	local out=$1

	shift
	"$nested/farm/lava.sh" jobs "$out" '' 'a title: with "all"' "$tmp/payload" "${@/%/=$tmp/image/series/Image}"
}

# A QEMU that prints the file $tmp/console, and notes how it was called. The device type
# brings a few words of its own.
cat >"$tmp/qemu" <<END
#!/bin/bash
printf '%s\n' "\$@" >"$tmp/called"
cat "$tmp/console"
END
chmod +x "$tmp/qemu"

# host CONSOLE: what comes of a job on a host whose console is that
host() {
	printf '%b' "$1" | sed 's/$/\r/' >"$tmp/console"
	rm -rf "$tmp/out/log"
	QEMU=$tmp/qemu "$nested/farm/lava.sh" run "$lava" "$tmp/out/jobs/max.yaml" "$tmp/out/log/max" >"$tmp/log" 2>&1
	"$nested/farm/lava.sh" report "$tmp/out" title >"$tmp/report" 2>&1
}

# says NAME PATTERN...: each is a line of the report
says() {
	local name=$1 p rc=0

	shift
	for p; do
		grep -qxE -- "$p" "$tmp/report" || { rc=1 && echo "no line: $p"; }
	done >"$tmp/why"
	[ $rc -eq 0 ] || cat "$tmp/report" "$tmp/log" >>"$tmp/why"
	result $rc "$name" "$tmp/why"
}

plan 13

# shellcheck disable=SC2016 # make's variables
cells=$(make -s -C "$top" BASE=6.12 --eval 'all-cells: ; @echo $(ALL_CELLS) $(SOAK_CELL)' all-cells)
# shellcheck disable=SC2086 # a list
jobs "$tmp/all" $cells >"$tmp/why" 2>&1 && [ "$(wc -w <<<"$cells")" -gt 30 ]
result $? "LAVA takes the job of each host of make check-all" "$tmp/why"

for method in u-boot grub; do
	"$nested/farm/lava.sh" board "$tmp/board" https://farm.example/ title "$tmp/payload" \
		"hip07-d05=$tmp/image/series/Image" $method https://farm.example/a.dtb >"$tmp/why" 2>&1 &&
		grep -q 'https://farm.example/Image-series"' "$tmp/board/jobs/hip07-d05.yaml"
	result $? "LAVA takes the job of a board that boots with $method" "$tmp/why"
done

# broken NAME SED: a job so changed is refused
broken() {
	rm -rf "$tmp/broken"
	mkdir -p "$tmp/broken"
	cp -r "$tmp/board/jobs" "$tmp/broken/"
	sed -i "$2" "$tmp/broken"/jobs/*.yaml
	"$nested/farm/lava.sh" schema "$tmp/broken" >"$tmp/why" 2>&1
	[ $? -eq 1 ] && grep -q 'lava: LAVA does not take' "$tmp/why"
	result $? "$1: refused" "$tmp/why"
}
broken "a job without a kernel" '/^    kernel:/,/type:/d'
broken "a job with a result that LAVA does not know" "s/'SKIP': skip/'SKIP': skipped/"
broken "a job with a word that LAVA does not know" 's/ramdisk:$/initrd:/'

NESTED='nested_ops=7' jobs "$tmp/out" max
one='nested: begin one\nnested: TAP version 13\nnested: 1..3\nnested: ok 1 a: b # c\nnested: # a remark, ok 9 x\nnested: ok 2 - d # SKIP there is none\nnested: not ok 3 e\nnested: end one 1 1 s\n'
two='nested: begin two\nnested: TAP version 13\nnested: 1..1\nnested: ok 1 f\nnested: end two 0 2 s\n'

host "Linux\nnested: up 1\n$one${two}nested: finished\n"
says "what passes, fails, and is skipped" 'max +1 FAILED 1 ok 1 skip +1 ok' '    d' '  max: one: e' '2 passed, 1 failed, 1 skipped'
{
	"$nested/boot/host.sh" qemu max+novirtio
	NESTED='nested_ops=7' "$nested/boot/host.sh" append max check
} | sed 's/^-M$/-machine/' | grep -vxFf "$tmp/called" >"$tmp/why"
[ ! -s "$tmp/why" ]
result $? "QEMU is called as boot.sh calls it" "$tmp/why"

host "nested: up 1\n${one}nested: begin two\nnested: 1..1\nKernel panic - not syncing: why\n"
says "a program takes the kernel with it" '  max: two: ended after 0 of 1 tests: Kernel panic - not syncing: why'

host "nested: up 1\n${one}Kernel panic - not syncing: why\n"
says "a kernel that dies between two programs" '  max: boot: Kernel panic - not syncing: why; not run: two'

host "nested: up 1\nnested: begin one\nnested: Bail out! no memory\nnested: end one 1 1 s\n${two}nested: finished\n"
says "a program that bails out" '  max: one: no memory' '1 passed, 1 failed, 0 skipped'

sed -i '/"definition": "two"/s/"result": "pass"/"result": "fail"/' "$tmp/out/log/max"
"$nested/farm/lava.sh" report "$tmp/out" title >"$tmp/report" 2>&1
says "LAVA counts otherwise" '  host: lava: max: LAVA counts otherwise, see .*/max.diff'

# Of a farm it comes from lavacli
mkdir "$tmp/bin"
cat >"$tmp/bin/lavacli" <<END
#!/bin/sh
case \$1-\$2 in
jobs-definition) cat "$tmp/all/jobs/max+64k+mte.yaml" ;;
jobs-logs)	sed 's/^/- /' "$tmp/out/log/max" ;;
esac
END
chmod +x "$tmp/bin/lavacli"
PATH=$tmp/bin:$PATH "$nested/farm/lava.sh" fetch "$tmp/out" 17 >"$tmp/log" 2>&1
rm "$tmp/out/log/max"
"$nested/farm/lava.sh" report "$tmp/out" title >"$tmp/report" 2>&1
says "the same from a farm" '  max\+64k\+mte: one: no memory' 'max\+64k\+mte +1 FAILED +1 ok'
