# SPDX-License-Identifier: GPL-2.0
#
# misfit.awk: print the lines that a hunk looks for, the first file, and the part of the
# second that has most of them, of several the nearest.

FILENAME == ARGV[1] {
	if (/^@@ /) {
		split($2, range, "[-,]")
		at = range[2]
	} else if (at && /^[- ]/) {
		want[++n] = substr($0, 2)
		if (/[A-Za-z0-9][A-Za-z0-9]/)
			known[want[n]]
	}
	next
}

{ line[++lines] = $0 }

END {
	print "    looked for:"
	for (i = 1; i <= n && i <= 12; i++)
		print "      |" want[i]

	for (i = 1; i <= lines; i++) {
		if (!(line[i] in known))
			continue
		score = 0
		for (k = i; k <= i + n; k++)
			if (line[k] in known && seen[line[k]] != i) {
				seen[line[k]] = i
				score++
			}
		away = i < at ? at - i : i - at
		if (score > most || (score == most && away < distance)) {
			most = score
			distance = away
			first = i
		}
	}
	if (!most) {
		print "    nothing similar was found"
		exit
	}
	print "    there is, at line " first ":"
	for (i = first; i <= lines && i <= first + n && i < first + 12; i++)
		print "      |" line[i]
}
