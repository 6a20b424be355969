# SPDX-License-Identifier: GPL-2.0
#
# awk -v title=TITLE -v cell=NAME -f report.awk FILE.tap...: what report.pl prints of these
# files, for one machine, which may have no perl. Exit code 1 if anything failed, ended
# early, or if nothing passed.

function program(file)
{
	sub(/.*\//, "", file)
	sub(/\.tap$/, "", file)
	return file
}

function problem(what)
{
	problems[++n_problems] = cell ": " name ": " what
}

# Of the file before: did it do what it planned?
function close_file(ran)
{
	if (!name)
		return
	ran = passed[name] + failed[name] + skipped[name]
	if (skip_all != "") {
		skipped[name]++
		skip(name ": " skip_all, "all of it")
	} else if (bail && !ran && planned == "") {
		failed[name]++
		problem(why)
	} else if (bail || planned == "" || planned != ran) {
		failed[name]++
		problem("ended after " ran " of " (planned == "" ? "an unknown number of" : planned) " tests" (bail ? ": " why : ""))
	}
}

function skip(reason, test)
{
	if (!(reason in n_skip))
		reasons[++n_reasons] = reason
	if (!((reason, test) in seen)) {
		seen[reason, test] = 1
		skips[reason, ++n_skip[reason]] = test
	}
}

function sort(list, n,   i, k, x)
{
	for (i = 2; i <= n; i++) {
		x = list[i]
		for (k = i - 1; k > 0 && list[k] > x; k--)
			list[k + 1] = list[k]
		list[k + 1] = x
	}
}

function counts(of,   s)
{
	s = (failed[of] ? failed[of] " FAILED " : "") (passed[of] ? passed[of] " ok " : "") (skipped[of] ? skipped[of] " skip " : "")
	sub(/ $/, "", s)
	return s
}

# Files before this one that have no line
function empty_files(until)
{
	for (at++; at <= n_files && files[at] != until; at++) {
		name = program(files[at])
		failed[name] = 1
		problem("ended after 0 of an unknown number of tests")
	}
}

BEGIN {
	for (i = 1; i < ARGC; i++)
		if (ARGV[i] !~ /^[a-z]+=/)
			files[++n_files] = ARGV[i]
}

FNR == 1 {
	close_file()
	empty_files(FILENAME)
	name = program(FILENAME)
	planned = skip_all = why = ""
	bail = 0
	passed[name] = failed[name] = skipped[name] = 0
}

bail { next }

/^1\.\.[0-9]+/ {
	planned = substr($1, 4) + 0
	if (!planned && match($0, /# *[Ss][Kk][Ii][Pp][^ ]* */))
		skip_all = substr($0, RSTART + RLENGTH)
	next
}

/^Bail out!/ {
	bail = 1
	why = substr($0, 10)
	sub(/^ +/, "", why)
	next
}

/^(not )?ok [0-9]+/ {
	test = $0
	sub(/^(not )?ok [0-9]+ *(- )?/, "", test)
	reason = ""
	if (match(test, / *# *[Ss][Kk][Ii][Pp][^ ]* */)) {
		reason = substr(test, RSTART + RLENGTH)
		test = substr(test, 1, RSTART - 1)
		skipped[name]++
		skip(name ": " reason, test)
	} else if (/^not/) {
		failed[name]++
		problem(test)
	} else {
		passed[name]++
	}
}

END {
	close_file()
	empty_files("")
	for (i = 1; i <= n_files; i++) {
		name = names[i] = program(files[i])
		all_passed += passed[name]
		all_failed += failed[name]
		all_skipped += skipped[name]
	}
	if (!n_files) {
		all_failed = 1
		problems[++n_problems] = cell ": there are no results"
	}
	sort(names, n_files)
	line = sprintf("%-18s", "")
	row = sprintf("%-18s", cell)
	for (i = 1; i <= n_files; i++) {
		line = line sprintf(" %17s", names[i])
		row = row sprintf(" %17s", counts(names[i]))
	}
	print title
	if (n_files)
		print "\n" line
	print row
	if (n_reasons)
		print "\nskipped:"
	sort(reasons, n_reasons)
	for (i = 1; i <= n_reasons; i++) {
		reason = reasons[i]
		print "  " reason " (" cell ")"
		if (n_skip[reason] > 3) {
			print "    " n_skip[reason] " tests"
			continue
		}
		for (k = 1; k <= n_skip[reason]; k++)
			shown[k] = skips[reason, k]
		sort(shown, n_skip[reason])
		for (k = 1; k <= n_skip[reason]; k++)
			print "    " shown[k]
	}
	if (n_problems)
		print "\nFAILED:"
	for (i = 1; i <= n_problems; i++) {
		print "  " problems[i]
		# The rows of the contract, as the tests' names begin with them
		if (match(problems[i], /: ([CEI][0-9]+ )+/)) {
			n = split(substr(problems[i], RSTART + 2, RLENGTH - 2), ids, " ")
			for (k = 1; k <= n; k++)
				if (!(ids[k] in broken)) {
					broken[ids[k]] = 1
					rows[++n_rows] = ids[k]
				}
		}
	}
	if (n_rows) {
		sort(rows, n_rows)
		line = ""
		for (i = 1; i <= n_rows; i++)
			line = line " " rows[i]
		print "\nrows of the contract in their names:" line
	}
	print "\n" all_passed + 0 " passed, " all_failed + 0 " failed, " all_skipped + 0 " skipped"
	exit(all_failed || !all_passed)
}
