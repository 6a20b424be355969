#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# report.sh: does the page of make report say what the results are, and nothing else? With
# results made up for it. Prints TAP.

set -u

nested=$(cd "$(dirname "$0")/.." && pwd)
. "$nested/checks/tap.sh"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
results=$tmp/results
page=$tmp/report/index.html
mapfile -t rows < <(sed -nE 's/^([CEI][0-9]+)\t.*/\1/p' "$nested/rows")

# A host on which each row has a test, and passes
host() {
	mkdir -p "$results/$1" "$results/$1.boot"
	{
		echo "1..${#rows[@]}"
		printf '%s\n' "${rows[@]}" | awk '{ print "ok", NR, $1, "as it should be" }'
	} >"$results/$1/nisv_all.tap"
}

# Make the page; it is to be XML, which has no mistake that a browser would have to guess at.
# And one without what says where lines may end.
make_page() {
	"$nested/page.pl" "$page" "$tmp" "$results" "$tmp/judgment" && xmllint --noout "$page" &&
		sed -E 's,<wbr/>|<span class="word">([^<]*)</span>,\1,g' "$page" >"$page.txt"
}

# row ROW: what its cells say, on each host
row() {
	grep "^<tr id=\"$1\">" "$page" | grep -oE '"[a-z]+ cell"' | tr -d '"' | sed 's/ cell//' | xargs
}

mkdir -p "$results/host" "$tmp/bench"
host max
host cortex-a57
host neoverse-n1
sed -i -e '/ok 7 /{s/^/not /;i # the register is <0>\x01, not <1>
}' -e 's/^ok 9 .*/& # SKIP the CPU does not do <that>/' "$results/cortex-a57/nisv_all.tap"
printf '%s\n' 'Bail out! Kernel panic' >"$results/neoverse-n1/nisv_more.tap"
printf '%s\r\n' '[    0.1] one' '[    0.2] the end of <it>' >"$results/neoverse-n1.boot/console"
printf '%s\n' 1..2 'ok 1 a <check>' '# foo.c:1: it is "wrong"' 'not ok 2 another' >"$results/host/scripts.tap"
printf '%s\t%s\n' kernel 'linux <6.1>' machine GICv3 emulator QEMU cells 'max cortex-a57 neoverse-n1 max+nvhe' >"$results/about"
cp "$results/about" "$tmp/bench/"
echo 'the bench' >"$tmp/bench/summary"
printf '%s\t%s\t%s\t%s\t%s\t%s\n' 'read / base' '<=' 1.005 max 1.001 held 'write / base' '<=' 1.005 max 1.250 missed >"$tmp/bench/bars"
printf 'one\tOne access\tinstructions\n' >"$tmp/bench/plots"
printf '""\t"base"\t"series"\n"read"\t100\t50\n"write"\t?\t25\n' >"$tmp/bench/one.dat"
printf '%s\n' '   * - row' '     - what a kernel should do' '     - 6.1' '     - 7.3' '   * - C1' '     - a <row>' '     - **no**' '     - yes' >"$tmp/judgment"

plan 14

make_page >"$tmp/out" 2>&1
result $? "the page is well-formed" "$tmp/out"

for r in "${rows[@]}"; do
	text=$(sed -n "s/^$r	\([^	]*\).*/\1/p" "$nested/rows")
	grep "^<tr id=\"$r\">" "$page.txt" | grep -qF ">$text<" || echo "$r: $text"
done >"$tmp/out"
[ ${#rows[@]} -gt 0 ] && [ ! -s "$tmp/out" ]
result $? "each row is there, with its text" "$tmp/out"

sed -n '/<section id="contract">/,/<\/thead>/p' "$page.txt" | grep -oE '<th scope="col"><span>[^ <]*' | sed 's/.*<span>//' |
	diff - <(printf '%s\n' max cortex-a57 neoverse-n1 max+nvhe) >"$tmp/out"
result $? "each host is there, one without results, too" "$tmp/out"

{ row "${rows[6]}"; row "${rows[7]}"; row "${rows[8]}"; } |
	diff - <(printf '%s\n' 'passed failed passed none' 'passed passed passed none' 'passed skipped passed none') >"$tmp/out"
result $? "a row that fails on a host is marked there, and so is one that is skipped" "$tmp/out"

grep -oE '<h2>.*</h2>' "$page" | head -n 1 | grep -q 'What failed' && ! grep -q 'Nothing failed' "$page" &&
	[ "$(grep -c '^<article' "$page")" = 4 ]
result $? "what failed comes first"

grep -q 'the register is &lt;0&gt;'$'\xef\xbf\xbd'', not &lt;1&gt;' "$page" && grep -q 'foo.c:1: it is &quot;wrong&quot;' "$page"
result $? "with what the test says of it"

grep -q '^\[    0.2\] the end of &lt;it&gt;</pre>$' "$page" && grep -q 'Kernel panic' "$page" && grep -q 'there are no results' "$page"
result $? "with the console's end, where a test has none"

sed -n '/<section id="skipped">/,/<\/section>/p' "$page" >"$tmp/out"
grep -q 'the CPU does not do &lt;that&gt;' "$tmp/out" && grep -q "nisv_all: ${rows[8]} as it should be" "$tmp/out"
result $? "what is skipped is there, with the reason" "$tmp/out"

counts=$(grep '^<p class="sum">' "$page" | sed 's/<[^>]*>//g' | tr -cd 'a-z0-9 ' | xargs)
[ "$counts" = "$((3 * ${#rows[@]} - 1)) passed 4 failed 1 skipped" ]
result $? "the counts are right" <(echo "$counts")

sed -n '/<section id="cost">/,/<\/section>/p' "$page" >"$tmp/out"
grep -q 'read / base.*"passed cell">[^<]*1.001<' "$tmp/out" && grep -q 'write / base.*"failed cell">[^<]*1.250 missed<' "$tmp/out" &&
	grep -q '1 bar missed' "$tmp/out"
result $? "a bar that is missed is marked" "$tmp/out"

grep -oE 'rect class="c[0-9]" height="9" width="[0-9.]+%"' "$tmp/out" | diff - <(printf 'rect class="c%d" height="9" width="%s%%"\n' 0 100.00 1 50.00 1 25.00) >"$tmp/diff"
result $? "the plot has a bar for each figure" "$tmp/diff"

sed -n '/<section id="kernels">/,/<\/section>/p' "$page" | grep 'a &lt;row&gt;' | grep -q 'failed cell".*passed cell"'
result $? "the table of kernels is there"

{
	grep -noE '<script|@import|url\(|[a-z]+="(https?:)?//[^"]*' "$page" | grep -v 'xmlns="http://www.w3.org/1999/xhtml'
	grep -oE '(href|src)="[^"]*"' "$page" | sed 's/^[a-z]*="//; s/"$//' | sort -u | while read -r to; do
		case $to in
		\#*) grep -q " id=\"${to#\#}\"" "$page" ;;
		*) [ -e "$tmp/report/$to" ] ;;
		esac || echo "leads nowhere: $to"
	done
} >"$tmp/out"
[ ! -s "$tmp/out" ]
result $? "nothing is loaded from elsewhere, and all links lead somewhere" "$tmp/out"

rm -rf "$results/host" "$results/neoverse-n1" "$tmp/bench" "$tmp/judgment"
host cortex-a57
sed -i '/^cells/s/\t.*/\tmax cortex-a57/' "$results/about"
make_page >"$tmp/out" 2>&1 && grep -q 'Nothing failed' "$page" && ! grep -qE 'id="(failed|cost|kernels|checks)"|"failed cell" title' "$page"
result $? "where nothing failed it says so; what is not there has no place" "$tmp/out"
