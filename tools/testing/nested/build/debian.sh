#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# debian.sh DIR SUITE ARCH PACKAGE...: fetch packages of a Debian suite into DIR, and
# print the names of their files. With a package come those that it needs to be
# a whole kernel: linux-image-* may be no more than a list of others.
#
# SUITE is one that the machine's own mirror has, as trixie or bullseye-security; "own",
# which are those of the machine; or "any", which are all of them. PACKAGE is what apt
# takes, or kernel=VERSION, the newest image of that version: 6.12 stands for 6.12.118,
# too.
#
# apt's state is in DIR/apt. What has been fetched is kept, and does without a network.

set -euo pipefail

dir=$1
suite=$2
arch=$3
shift 3
nested=$(cd "$(dirname "$0")/.." && pwd)
. "$nested/build/apt.sh"
# "stable" is another one on a mirror that is kept at a date
releases="bullseye bookworm trixie forky sid"

fail() {
	echo "debian: $*" >&2
	exit 1
}

own_state "$dir" "sources.$suite"
options+=(-o "APT::Architecture=$arch")

get() {
	apt-get "${options[@]}" "$@"
}

cache() {
	apt-cache "${options[@]}" "$@"
}

mirrors=$(mirrors)
case $suite in
own)	suites=$(cut -d ' ' -f 3 <<<"$mirrors" | sort -u) ;;
any)	suites=$(for r in $releases; do echo "$r" "$r-security" "$r-backports"; done) ;;
*)	suites=$suite ;;
esac
: >"$sources.new"
for s in $suites; do
	uri=$(uri_of "$s" "$mirrors")
	[ -z "$uri" ] || echo "deb [arch=$arch signed-by=$keyring] $uri $s main" >>"$sources.new"
done
mv "$sources.new" "$sources"
[ -s "$sources" ] || fail "apt has no mirror for $suite: add that of your release, such as" \
	"bookworm-security, to /etc/apt/sources.list, then run apt-get update"

# Of several suites, those count that are there
get update >"$log" 2>&1 || true
# shellcheck disable=SC2016 # apt's own variable
there=$(get indextargets --format '$(RELEASE)' 'Created-By: Packages' | sort -u | xargs)
if [ -z "$there" ]; then
	! grep -q 'does not have a Release file' "$log" ||
		fail "the mirror $uri has no suite $suite: it may be misspelt, too old or too new"
	fail "cannot fetch the list of packages of $suite from $uri: no network? See $log"
fi

# All kernels, as "VERSION NAME=VERSION"; those with a word in their names that is no
# number are special ones
kernels() {
	cache pkgnames linux-image- | grep -E "^linux-image-[0-9][^-]*(-[0-9][^-]*)?-$arch\$" |
		xargs -r apt-cache "${options[@]}" madison | tr -d ' ' | awk -F '|' '{ print $2, $1 "=" $2 }' | sort -uV
}

# Of the list $1 the first package that can be fetched, as a mirror may list what it has no
# longer. If none can be, the first of them, for what is said of that.
newest() {
	local p

	for p in $1; do
		if get download "$p" >"$log.download" 2>&1; then
			echo "$p"
			return
		fi
		grep -q '404 ' "$log.download" || break
		echo "skipping $p, which the mirror lists but no longer has" >&2
	done
	echo "${1%%$'\n'*}"
}

wanted=()
for p; do
	case $p in
	kernel=*)
		v=${p#*=}
		p=$(kernels | awk -v v="$v" 'index($1, v) == 1 && substr($1, length(v) + 1) ~ /^[^0-9]/ { print $2 }' | tac)
		[ -n "$p" ] || fail "there is no kernel $v for $arch in $there; there is:" \
			"$(kernels | sed -E 's/^([0-9]+\.[0-9]+).*/\1/' | sort -uV | xargs)"
		p=$(newest "$p")
		;;
	esac
	wanted+=("$p")
done

# With what they need; what is appended is looked at as well
files=() found=() asked=${#wanted[@]}
for ((i = 0; i < ${#wanted[@]}; i++)); do
	p=${wanted[i]}
	if ! show=$(cache show --no-all-versions "$p" 2>/dev/null | grep .); then
		[ $i -ge "$asked" ] || fail "there is no package $p for $arch in $there"
		# Of an older kernel, the mirror may have dropped the modules
		echo "skipping $p, which the mirror no longer has" >&2
		continue
	fi
	found+=("$p")
	for part in $(sed -n 's/^Depends: //p' <<<"$show" | parts); do
		wanted+=("$part")
	done
	# The name that apt gives it
	file=$(awk '$1 == "Package:" { p = $2 } $1 == "Version:" { v = $2 } $1 == "Architecture:" { a = $2 }
		END { gsub(":", "%3a", v); print p "_" v "_" a ".deb" }' <<<"$show")
	files+=("$dir/$file")
done
for file in "${files[@]}"; do
	[ -e "$file" ] || echo "fetching ${file##*/}" >&2
done
get download "${found[@]}" >"$log.download" 2>&1 ||
	fail "cannot fetch ${found[*]}: $(grep -a '^E: ' "$log.download" | tail -n 1)"
printf '%s\n' "${files[@]}" | sort -u
