#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# bundle.sh: does the bundle's run.sh run programs as it should, and print the table that
# report.pl prints? The programs are played. Prints TAP.

set -u

nested=$(cd "$(dirname "$0")/.." && pwd)
. "$nested/checks/tap.sh"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
host=$(uname -n)

mkdir "$tmp/bundle"
cp "$nested"/bundle/{run.sh,report.awk,published} "$tmp/bundle/"

# programs NAME=OUTPUT...: these are what there is, and OUTPUT is what they print
programs() {
	local p

	rm -rf "$tmp/bundle/programs" "$tmp/results"
	mkdir "$tmp/bundle/programs"
	for p; do
		printf '%b' "${p#*=}" >"$tmp/bundle/programs/.${p%%=*}"
		printf '#!/bin/sh\ncat "%s"\n' "$tmp/bundle/programs/.${p%%=*}" >"$tmp/bundle/programs/${p%%=*}"
	done
	chmod +x "$tmp/bundle/programs/"*
}

run() {
	"$tmp/bundle/run.sh" -d "$tmp/results/$host" "$@" >"$tmp/out" 2>&1
}

# same NAME: the table is that of report.pl, and so is the exit code
same() {
	local rc want=0

	run
	rc=$?
	"$nested/report.pl" "$(head -n 1 "$tmp/results/$host/summary")" "$tmp/results" "$host" >"$tmp/want" || want=$?
	diff "$tmp/want" "$tmp/results/$host/summary" >"$tmp/diff" && [ $rc -eq $want ] && grep -q ' passed, ' "$tmp/out"
	result $? "$1" "$tmp/diff"
}

plan 9

programs 'one=TAP version 13\n1..2\nok 1 E1 a\nok 2 - b # not a skip\n' 'two=1..1\nok 1 c\n'
same "all pass"
programs 'one=TAP version 13\n1..5\nok 1 a # SKIP z\nok 2 b # SKIP y\nnot ok 3 E4 I1 c\nok 4 d # SKIP z\nok 5 e # skip y: as\n' \
	'two=1..0 # SKIP /dev/kvm: No such file or directory\n' 'three=1..4\nok 1 d # SKIP w\nok 2 c # SKIP w\nok 3 b # SKIP w\nok 4 a # SKIP w\n'
same "some fail, some are skipped"
programs 'empty=' 'short=1..3\nok 1 a\n' 'no-plan=ok 1 a\n' 'early=Bail out! no memory\n' 'late=1..2\nok 1 a\nBail out! it died\n'
same "programs that end too early"
programs 'one=1..0 # SKIP /dev/kvm: No such file or directory\n'
same "nothing passes"

programs 'one=1..1\nok 1 a\n'
printf '#!/bin/sh\necho 1..2\necho ok 1 a\nprintf "ok 2"\nexec sleep 60\n' >"$tmp/bundle/programs/one"
same_after=$SECONDS
run -t 1
[ $? -eq 1 ] && [ $((SECONDS - same_after)) -lt 50 ] &&
	grep -qx "  $host: one: ended after 2 of 2 tests: no end in 1 s" "$tmp/out"
result $? "a program that hangs is ended" "$tmp/out"
printf '#!/bin/sh\necho 1..2\nkill -SEGV $$\n' >"$tmp/bundle/programs/one"
run
[ $? -eq 1 ] && grep -qx "  $host: one: ended after 0 of 2 tests: signal 11" "$tmp/out"
result $? "a program that crashes" "$tmp/out"

run -n 10x one
[ $? -eq 2 ] && grep -q "^run: '10x': a number from 1 on" "$tmp/out" && run two
[ $? -eq 2 ] && grep -q "^run: no program 'two'; there is: one$" "$tmp/out"
result $? "nonsense is refused" "$tmp/out"

programs 'one=1..1\nok 1 a\n' 'bench=hvc 100.5\nnisv -\n'
if [ -e /dev/kvm ]; then
	skip "no figures without KVM" "this machine has it"
else
	run && grep -qx 'bench: skipped: there is no /dev/kvm' "$tmp/out"
	result $? "no figures without KVM" "$tmp/out"
fi
awk '/^# ours/ { n = NF } !/^#/ && NF != n - 1 { bad = 1 } END { exit bad || !n }' "$nested/bundle/published" &&
	grep -q '^#.*Source: .*[0-9]\{4\}' <(tr '\n' ' ' <"$nested/bundle/published")
result $? "each published figure has its machine, and a source"
