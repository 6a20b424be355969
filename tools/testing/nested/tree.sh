#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# tree.sh BASE DIR: put Debian's linux-source-BASE under git in DIR/linux, and
# rewind it. DIR/linux then has the tags
#
#   debian    the package's tree as it is
#   rewound   without mainline's implementation of the feature
#
# and DIR/version holds the package's version. What is there already is kept;
# an interrupted run leaves nothing that looks finished.

set -euo pipefail

base=$1
dir=$2
here=$(cd "$(dirname "$0")" && pwd)
package=linux-source-$base
git=(git -c core.compression=1 -c core.fsync=none -c gc.auto=0 -c advice.detachedHead=false
     -c user.name=rewind -c user.email=rewind@localhost)

fail() {
	echo "tree: $*" >&2
	exit 1
}

fetch() {
	local deb need=6

	[ "$(df --output=avail -BG "$dir" | tail -n 1 | tr -dc 0-9)" -ge $need ] ||
		fail "less than $need GB free in $dir: make room, or set BUILD= to another disk"

	rm -rf "$dir/fetch"
	mkdir "$dir/fetch"
	cd "$dir/fetch"
	echo "fetching $package"
	# The lists may be missing or older than the mirror
	apt-get -q -o APT::Sandbox::User=root download "$package" ||
		{ [ "$(id -u)" = 0 ] && apt-get -q update && apt-get -q -o APT::Sandbox::User=root download "$package"; } ||
		fail "cannot fetch $package: no network, or apt does not know it; try: apt-get update && apt-get download $package"
	deb=$(echo ./*.deb)
	dpkg-deb -f "$deb" Version >version

	echo "unpacking $package $(cat version)"
	dpkg-deb --fsys-tarfile "$deb" | tar xO "./usr/src/$package.tar.xz" | tar xJ ||
		fail "cannot unpack $package: no space in $dir?"
	mv "$package" linux

	echo "committing it"
	cd linux
	"${git[@]}" init -q
	# All of it: Debian's .gitignore leaves out everything
	"${git[@]}" add -Af .
	"${git[@]}" commit -qm "$package $(cat ../version)"
	"${git[@]}" tag debian
	# The objects of the kernel build go there
	echo /obj/ >>.git/info/exclude

	cd "$dir"
	rm -rf linux version
	mv fetch/version .
	mv fetch/linux .
	rm -rf fetch
}

rewind() {
	cd "$dir/linux"
	rm -f .git/index.lock
	"${git[@]}" checkout -qf debian
	echo "rewinding"
	perl "$here/rewind.pl" .
	"${git[@]}" commit -qam "Rewind: $package without the feature"
	"${git[@]}" tag -f rewound >/dev/null
	cat "$here/rewind.pl" "$here/rewind.cocci" | sha256sum >"$dir/rewound-by"
}

mkdir -p "$dir"
[ -d "$dir/linux/.git" ] || { rm -f "$dir/rewound-by"; fetch; }
cat "$here/rewind.pl" "$here/rewind.cocci" | sha256sum | cmp -s - "$dir/rewound-by" || rewind
