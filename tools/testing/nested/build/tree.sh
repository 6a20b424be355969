#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# tree.sh BASE DIR [KERNEL]: put the tree that the series is put on under git in
# DIR/linux, where the tag "base" marks it, and its version in DIR/version.
# tree.sh bases: print each BASE that does without KERNEL.
#
# Without KERNEL that is Debian's linux-source-BASE as it is; or, with "-rewound" behind
# it, that without the feature, which mainline has in all versions that Debian has (the
# tag "debian" is what it was made of). With it, it is a copy of that tree as it is;
# KERNEL itself is only read.
#
# What is there already is kept; an interrupted run leaves nothing that looks
# finished. Packages are kept beside DIR, in debian/.

set -euo pipefail

nested=$(cd "$(dirname "$0")/.." && pwd)

# The suite that has the source of a line: "own" are those of the machine
suites="5.10=bullseye 6.1=own 6.12=own 7.3=trixie-backports"
rewound="6.1 6.12"

if [ "$1" = bases ]; then
	for s in $suites; do
		echo "${s%=*}"
		[[ " $rewound " != *" ${s%=*} "* ]] || echo "${s%=*}-rewound"
	done | xargs
	exit
fi

base=$1
dir=$2
kernel=${3-}
line=${base%-rewound}
package=linux-source-$line
git=(git -c core.compression=1 -c core.fsync=none -c gc.auto=0 -c advice.detachedHead=false
     -c user.name=rewind -c user.email=rewind@localhost)

fail() {
	echo "tree: $*" >&2
	exit 1
}

fetch() {
	local deb suite need=6

	[ "$(df --output=avail -BG "$dir" | tail -n 1 | tr -dc 0-9)" -ge $need ] ||
		fail "less than $need GB free in $dir: make room, or set BUILD= to another disk"
	suite=$(tr ' ' '\n' <<<"$suites" | sed -n "s/^$line=//p")

	rm -rf "$dir/fetch"
	mkdir "$dir/fetch"
	cd "$dir/fetch"
	deb=$("$nested/build/debian.sh" "$dir/../debian" "$suite" "$(dpkg --print-architecture)" "$package" | grep "/${package}_") ||
		fail "no $package, see above; give a tree of that version with KERNEL=dir instead"
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
	"${git[@]}" tag base

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
	perl "$nested/build/rewind.pl" .
	"${git[@]}" commit -qam "Rewind: $package without the feature"
	"${git[@]}" tag -f base >/dev/null
	cat "$nested/build/rewind.pl" "$nested/build/rewind.cocci" | sha256sum >"$dir/rewound-by"
}

# A copy of the user's tree, brought up to date. Of a git tree, what git tracks. What
# differs gets the time of now: make has to see that it is not what was built last.
copy() {
	mkdir -p "$dir/linux"
	cd "$dir/linux"
	rm -f .git/index.lock
	if "${git[@]}" rev-parse -q --verify base >/dev/null 2>&1; then
		"${git[@]}" checkout -qf --detach base
	else
		"${git[@]}" init -q
	fi

	echo "copying $kernel"
	"$nested/../../../patches/series.sh" tracked "$kernel" >"$dir/files" || exit
	if [ -s "$dir/files" ]; then
		rsync -rlpc --ignore-missing-args --from0 --files-from="$dir/files" "$kernel/" .
	else
		rsync -rlpc --delete --exclude=/.git --exclude='/obj*' --exclude='/check*' \
			--exclude='/.checkpatch*' "$kernel/" .
	fi || fail "cannot copy $kernel: no space in $dir?"
	[ ! -e .config ] || make -s ARCH=arm64 mrproper

	echo "committing it"
	"${git[@]}" add -Af . ':!/obj*' ':!/check*' ':!/.checkpatch*'
	"${git[@]}" diff --cached --quiet HEAD 2>/dev/null || "${git[@]}" commit -qm "$kernel"
	"${git[@]}" tag -f base >/dev/null
	make -s ARCH=arm64 kernelversion >"$dir/version"
}

mkdir -p "$dir"
if [ -n "$kernel" ]; then
	copy
	exit
fi
[ -d "$dir/linux/.git" ] || { rm -f "$dir/rewound-by"; fetch; }
[ "$line" = "$base" ] ||
	cat "$nested/build/rewind.pl" "$nested/build/rewind.cocci" | sha256sum | cmp -s - "$dir/rewound-by" || rewind
