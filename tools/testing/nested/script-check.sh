#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# script-check.sh: shellcheck for every shell script. Prints TAP.

set -u

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../../.." && pwd)
. "$here/tap.sh"
cd "$top" || exit

mapfile -t scripts < <(git ls-files -co --exclude-standard | while read -r f; do
	[ -f "$f" ] && head -n 1 "$f" | grep -qE '^#!.*(sh|bash)$' && echo "$f"
done; ls tools/testing/nested/tap.sh)

plan ${#scripts[@]}
for s in "${scripts[@]}"; do
	shellcheck -x "$s" >/tmp/shellcheck.$$ 2>&1
	result $? "shellcheck: $s" /tmp/shellcheck.$$
done
rm -f /tmp/shellcheck.$$
