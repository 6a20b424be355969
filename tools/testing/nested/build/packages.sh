#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# packages.sh SECTION...: install the Debian packages of these sections of the file
# "packages", as far as they are missing. Without the right to do so, print the
# command and exit 2.

set -euf

list=$(dirname "$0")/packages
wanted=$(for section; do
	sed -n "/^\\[$section\\]/,/^\\[/{/^\\[/d;s/#.*//;p}" "$list"
done)

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
	echo "packages: this is not a Debian system: install what $list lists" >&2
	exit 2
fi

# A package that another one provides counts as well
there() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing=
# Those with a question mark, as far as apt knows them
add_optional() {
	for p in $wanted; do
		case $p in
		*\?)	p=${p%?}
			! there "$p" && apt-cache show "$p" >/dev/null 2>&1 && missing="$missing $p" ;;
		esac
	done
	:
}

for p in $wanted; do
	case $p in
	*\?)	;;
	*)	there "$p" || missing="$missing $p" ;;
	esac
done
required=$missing
add_optional
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ]; then
	echo "packages: some are missing; run this, then the same make again:" >&2
	echo "  sudo apt-get install --no-install-recommends$missing" >&2
	exit 2
fi

export DEBIAN_FRONTEND=noninteractive
apt-get -q update || {
	echo "packages: apt-get update failed: no network, or no such mirror? See /etc/apt/sources.list*" >&2
	exit 1
}
# It may know more of them now
missing=$required
add_optional
# shellcheck disable=SC2086 # a list of words
apt-get -q install -y --no-install-recommends $missing || {
	echo "packages: could not install:$missing" >&2
	exit 1
}
