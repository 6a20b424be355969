# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# tap.sh: for scripts that print TAP. Source it, call plan once, and result
# once for each test.

tests=0

plan() {
	echo "TAP version 13"
	echo "1..$1"
}

# result RC NAME [FILE]: a test whose exit code was RC; if it failed, FILE says why
result() {
	tests=$((tests + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $tests $2"
	else
		[ -z "${3-}" ] || sed 's/^/# /' "$3"
		echo "not ok $tests $2"
	fi
}

# skip NAME REASON: a test that cannot run here
skip() {
	tests=$((tests + 1))
	echo "ok $tests $1 # SKIP $2"
}
