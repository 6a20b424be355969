# SPDX-License-Identifier: GPL-2.0
#
# awk -f coverage.awk LIBNISV.TAP COVERAGE: the table, with a column of what the
# differential test has compared: forms, and the fewest instances of one of them. A form that
# the CPU does not have does not count.

FNR == NR && /^# form .*: [0-9]+/ && !/, not on this CPU$/ {
	n = $0
	sub(/.*: /, "", n)
	forms++
	if (fewest == "" || n + 0 < fewest)
		fewest = n + 0
}
FNR == NR && /^(not )?ok / {
	family = $0
	sub(/^(not )?ok [0-9]+ (- )?/, "", family)
	skipped = sub(/ # SKIP.*/, "", family)
	compared[family] = /^not / ? "FAILED" : skipped ? "not on this CPU" : forms " x " fewest
	forms = 0
	fewest = ""
}
FNR == NR { next }

/\|/ {
	split($0, column, / *\| */)
	sub(/ +$/, "", column[1])
	what = column[1] == "Family" ? "Forms x instances" : column[1] in compared ? compared[column[1]] : "-"
	printf "%-68s %-8s %-6s %-18s %-7s %-6s %s\n", column[1], column[2], column[3], what, column[4], column[5], column[6]
	next
}
{ print }
