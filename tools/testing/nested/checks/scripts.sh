#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# scripts.sh: shellcheck for every shell script, and what they source. Prints TAP.

set -u

nested=$(cd "$(dirname "$0")/.." && pwd)
top=$(cd "$nested/../../.." && pwd)
. "$nested/checks/tap.sh"
cd "$top" || exit

mapfile -t scripts < <(git ls-files -co --exclude-standard | while read -r f; do
	[ -f "$f" ] && { [[ $f == *.sh ]] || head -n 1 "$f" | grep -qE '^#!.*(sh|bash)$'; } && echo "$f"
done)

plan ${#scripts[@]}
for s in "${scripts[@]}"; do
	shellcheck -x "$s" >/tmp/shellcheck.$$ 2>&1
	result $? "shellcheck: $s" /tmp/shellcheck.$$
done
rm -f /tmp/shellcheck.$$
