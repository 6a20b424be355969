#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# harness.sh: does the harness refuse at once what makes no sense, and does it say
# the right thing when a host fails? The hosts are played: nothing is built or
# booted. Prints TAP.

set -u

nested=$(cd "$(dirname "$0")/.." && pwd)
top=$(cd "$nested/../../.." && pwd)
. "$nested/checks/tap.sh"
# Not those of the kernel that is checked
unset ARCH GIC CPUS QEMU
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# make, as from a fresh shell
make=(env -i "PATH=$PATH" "HOME=$HOME" timeout 20 make -s -C "$top" "BUILD=$tmp/build")

# What make is told, and what its one line about it must have
bad() {
	cat <<-'END'
	cells CELLS=max+nvh+gic2	no such word: 'nvh' 'gic2'; there is: nvhe
	cells CELLS=max+	no such word: ''
	cells CELLS=max+9cpu	no such word: '9cpu'
	check CELLS=foo	no CPU 'foo'; there is: .* cortex-a57 .*max
	check CPU=foo	no CPU 'foo'
	run CPU=max+nvhe+protected	choose one of nvhe and protected
	cells CELLS=max+gicv2+gicv3	choose one of gicv2 and gicv3
	cells CELLS=max+1cpu+4cpu	choose one of 1cpu and 4cpu
	cells CELLS=max+16k+64k	choose one of 16k and 64k
	cells CELLS=max+16k+debug	choose one of 16k and debug
	cells CELLS=cortex-a57+mte	mte is only for: max
	cells CELLS=neoverse-n1+sve	sve is only for: .*max
	cells CELLS=cortex-a57+16k	16k is only for: .*neoverse-n1
	cells CELLS=max\ max	max: named twice
	cells CELLS=	no host is named
	run CPU=max+64k	max\+64k: leave out .*64k
	check IMAGE=debian CELLS=max+64k	max\+64k: leave out .*64k
	bench CPU=max+4cpu	choose one of 4cpu and icount
	check ARCH=mips	ARCH=mips: must be
	check GIC=7	GIC=7: must be
	check CPUS=abc	CPUS=abc: must be
	check TIMEOUT=abc	TIMEOUT=abc: must be a number
	check TIMEOUT=99999999999999999999	TIMEOUT=9+: must be a number
	check JOBS=x	JOBS=x: must be a number
	check OPS=0	OPS=0: must be a number
	soak SOAK_OPS=-1	SOAK_OPS=-1: must be a number
	check INSTANCES=1k	INSTANCES=1k: must be a number
	soak SOAK_INSTANCES=	SOAK_INSTANCES=: must be a number
	check SEED=x	SEED=x: must be a number
	check KERNEL="$tmp/rewound"	that name stands for a tree in
	check DOCS=yes	DOCS=yes: must be "no" or empty
	series SIGNOFF=nobody	SIGNOFF=nobody: must be
	series SIGNOFF=a\ b@c	SIGNOFF=a b@c: must be
	series SIGNOFF='<a@b>'	SIGNOFF=<a@b>: must be
	export	which format\? Say FORMAT=, one of: quilt
	export FORMAT=deb	FORMAT=deb: there is no such format; there is: quilt
	run FIRMWARE=bios	FIRMWARE=bios: must be aavmf or u-boot
	run GUEST=x	GUEST=x: must be installer
	run FIRMWARE=u-boot GUEST=installer	FIRMWARE= and GUEST=: choose one
	check FIRMWARE=aavmf	are for make run, not for make check
	lava BOARD=x BOARD_BOOT=uboot	BOARD_BOOT=uboot: must be u-boot or grub
	lava-run CELL=foo	no CPU 'foo'
	bundle IMAGE=debian	make bundle: does not work with IMAGE=
	report	no results in .*: make check makes them
	report BASE=2.4	no BASE=2.4; there is: .*6\.1
	report SCREENSHOT=x.jpg	SCREENSHOT=x.jpg: call it FILE.png
	vmms VMM_QEMU=1.0	no patches for that version, only for: .*7\.2
	vmms KVMTOOL=/nonexistent	KVMTOOL=/nonexistent: no such folder
	vmms KVMTOOL=/usr	KVMTOOL=/usr is not a kvmtool tree
	END
}

# A QEMU that leaves the files $tmp/results and $tmp/console, and then hangs if
# there is a file $tmp/hangs
cat >"$tmp/qemu" <<END
#!/bin/bash
for a; do
	case \$a in
	file,id=results,path=*)	cat "$tmp/results" >"\${a#*path=}" ;;
	file:*)			cat "$tmp/console" >"\${a#file:}" ;;
	esac
done
[ ! -e "$tmp/hangs" ] || exec sleep 60
END
chmod +x "$tmp/qemu"
mkdir -p "$tmp/payload/tests" "$tmp/rewound"
touch "$tmp"/payload/tests/{one,two,three}

# A host whose results and console are these; then what the report says
host() {
	printf '%b' "$1" >"$tmp/results"
	printf '%b' "$2" >"$tmp/console"
	rm -rf "$tmp/cells"
	mkdir "$tmp/cells"
	QEMU=$tmp/qemu TIMEOUT=1 "$nested/boot/tests.sh" "$tmp/cells" max max none "$tmp/payload" >"$tmp/log" 2>&1
	"$nested/report.pl" title "$tmp/cells" max host >"$tmp/report"
	rm -f "$tmp/hangs"
}

# says NAME LINE...: these, and no others, are the problems that the report names
says() {
	local name=$1

	shift
	sed -n '/^FAILED:/,/^$/s/^  //p' "$tmp/report" >"$tmp/said"
	printf '%s\n' "$@" | grep . | diff - "$tmp/said" >"$tmp/diff"
	result $? "$name" "$tmp/diff"
}

plan $(($(bad | wc -l) + 12))

while IFS=$'\t' read -r args pattern; do
	eval "\"\${make[@]}\" $args" >"$tmp/out" 2>&1
	rc=$?
	[ $rc -eq 2 ] && [ ! -e "$tmp/build" ] && grep -qE "$pattern" "$tmp/out" &&
		[ "$(grep -vcE '^make(\[[0-9]\])?: \*\*\* ' "$tmp/out")" = 1 ]
	result $? "make $args: refused at once" "$tmp/out"
	rm -rf "$tmp/build"
done < <(bad)

for base in 6.1-rewound 6.12 7.3; do
	# shellcheck disable=SC2016 # make's variables
	"${make[@]}" BASE=$base --eval 'all-cells: ; @echo $(ALL_CELLS) $(SOAK_CELL)' all-cells >"$tmp/names" &&
		grep -q 'max+' "$tmp/names" && xargs -n 1 "$nested/boot/host.sh" check <"$tmp/names" >"$tmp/out" 2>&1
	result $? "make check-all and make soak name hosts that exist ($base)" "$tmp/out"
done

"$nested/boot/host.sh" kernels | while read -r k; do
	[ -e "$top/arch/arm64/configs/nisv_$k.config" ] || { echo "$k"; false; }
done >"$tmp/out"
result $? "each word for another kernel has its configuration" "$tmp/out"

good='begin one\nTAP version 13\n1..1\nok 1 a\nend one 0 1 s\nbegin two\nTAP version 13\n1..1\nok 1 b\nend two 0 2 s\n'
all="up 1\n${good}begin three\nTAP version 13\n1..1\nok 1 c\nend three 0 3 s\n"

host "${all}finished\n" 'Linux\n'
says "a host on which all goes well"

host '' "nested: ${all//\\n/\\nnested: }finished\n"
says "the same, over the console"

host '' ''
says "QEMU does not start: once" 'max: boot: ended before the job was done; not run: one three two'

touch "$tmp/hangs"
host '' 'Linux\n'
says "a kernel that hangs before its init: once" 'max: boot: hung: no result in 1 s; not run: one three two'

host "up 1\nbegin one\nTAP version 13\n1..1\n" 'Kernel panic - not syncing: why\n'
says "a test takes the kernel with it: that test fails, and the others are named once" \
	'max: boot: the host did not survive one; not run: three two' 'max: one: ended after 0 of 1 tests: Kernel panic - not syncing: why'

host "$all" 'Kernel panic - not syncing: late\n'
says "a panic after the last test" 'max: boot: after the last test: Kernel panic - not syncing: late'

printf '%s\n' 'seq 1000; echo "foo.c:1:2: error: bad"; seq 1000; exit 3' >"$tmp/build.sh"
"$nested/stage.sh" building "$tmp/log" bash "$tmp/build.sh" >"$tmp/out" 2>&1
[ $? -eq 3 ] && grep -q '^ *foo.c:1:2: error: bad$' "$tmp/out"
result $? "a stage that fails shows the error, not only the end" "$tmp/out"

printf '%s\n' 'seq 1000; echo "foo.c:1:2: error: bad"; echo "tree: no space"; exit 3' >"$tmp/build.sh"
"$nested/stage.sh" building "$tmp/log" bash "$tmp/build.sh" >"$tmp/out" 2>&1
tail -n +2 "$tmp/out" | diff - <(echo "    tree: no space") >"$tmp/diff"
result $? "a stage that fails in a script of ours shows only the script's message" "$tmp/diff"
