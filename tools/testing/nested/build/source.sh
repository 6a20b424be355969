#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# source.sh DIR SUITES PACKAGE VERSION: fetch the newest source package of that version
# into DIR, as Debian has it, and print the name of its .dsc. VERSION is upstream's: 7.2
# stands for 1:7.2+dfsg-7, too. SUITES is a list, of which the mirror may lack some.
#
# apt's state is in DIR/apt, as in debian.sh, and what has been fetched is kept. apt
# checks what it fetches against the mirror's signature.

set -euo pipefail

dir=$1
read -ra suites <<<"$2"
package=$3
version=$4
nested=$(cd "$(dirname "$0")/.." && pwd)
. "$nested/build/apt.sh"

fail() {
	echo "source: $*" >&2
	exit 1
}

own_state "$dir" sources

# What has been fetched does without a network
have=("$dir/${package}_${version}"*.dsc)
newest() {
	printf '%s\n' "${have[@]}" | sort -V | tail -n 1
}

mirrors=$(mirrors)
for s in "${suites[@]}"; do
	uri=$(uri_of "$s" "$mirrors")
	[ -z "$uri" ] || echo "deb-src [signed-by=$keyring] $uri $s main"
done >"$sources.new"
mv "$sources.new" "$sources"
[ -s "$sources" ] || fail "apt knows no mirror of ${suites[*]}: add one to /etc/apt/sources.list, then run apt-get update"

apt-get "${options[@]}" update >"$log" 2>&1 || true
found=$(apt-cache "${options[@]}" showsrc --only-source "$package" 2>>"$log" |
	sed -nE "s/^Version: (([0-9]+:)?$version([.+~-].*)?)\$/\\1/p" | sort -V | tail -n 1)
if [ -z "$found" ]; then
	[ ! -e "${have[0]}" ] || { newest; exit 0; }
	[ -n "$(ls "$state"/lists/*_Sources* 2>/dev/null)" ] ||
		fail "cannot fetch the list of sources of ${suites[*]}: no network? See $log"
	fail "this mirror has no source of $package $version in ${suites[*]}: it may be too old or too new"
fi
dsc=$dir/${package}_${found#*:}.dsc
[ -e "$dsc" ] || echo "fetching the source of $package $found" >&2
apt-get "${options[@]}" source --download-only --only-source "$package=$found" >>"$log" 2>&1 || {
	rm -f "$dsc"
	fail "cannot fetch $package $found: $(grep -a '^E: ' "$log" | head -n 1)"
}
echo "$dsc"
