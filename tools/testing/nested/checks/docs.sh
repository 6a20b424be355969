#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# docs.sh DIR OUT: do our pages build without a warning, alone and in the tree DIR/linux, and
# does each file that the documentation names exist? Built in OUT. Prints TAP.

set -u

linux=$1/linux
out=$2
nested=$(cd "$(dirname "$0")/.." && pwd)
top=$(cd "$nested/../../.." && pwd)
. "$nested/checks/tap.sh"
unset MAKEFLAGS MFLAGS MAKELEVEL
cd "$top" || exit
rm -rf "$out"
mkdir -p "$out"

pages=Documentation/virt/kvm/arm
texts=("$pages"/*.rst Documentation/*.rst README.rst patches/README tools/kvm/nisv/nisv.3 tools/kvm/nisv/COVERAGE MAINTAINERS-snippet)

# htmldocs REV: the warnings of the kernel's own build of its KVM pages, without line numbers
htmldocs() {
	local tree=$out/$1

	mkdir "$tree"
	git -C "$linux" archive "$1" Makefile Documentation scripts tools include/uapi/linux arch/arm64/Makefile |
		tar -x -C "$tree" &&
		timeout 900 make -s -C "$tree" ARCH=arm64 SPHINXDIRS=virt/kvm SPHINXOPTS='-q -n' htmldocs >"$tree.log" 2>&1 &&
		[ -n "$(find "$tree/Documentation/output" -name api.html)" ] || return
	sed -nE "s|^$tree/||; /(WARNING|ERROR|SEVERE)[: ]/s/:[0-9]+:/:/p" "$tree.log" | sort >"$tree.warnings"
}

# named FILE: what in it looks like a path below a folder of ours, one a line; not what is built
named() {
	grep -oE '[[:alnum:]_.*-]+(/[[:alnum:]_.*-]+)+/?' "$1" |
		sed -E 's|^\./||; s/[.,]+$//; s|/$||; /^build(\/|$)/d; s/\b(X\.Y|VERSION|BASE)\b/*/g' | sort -u |
		while read -r path; do
			[ -d "${path%%/*}" ] || [ -d "${1%/*}/${path%%/*}" ] && echo "$path"
		done
}

# there FILE PATH: here, beside FILE, in the tree, or where `series` puts a file of ours
there() {
	compgen -G "$2" || compgen -G "${1%/*}/$2" ||
		git -C "$linux" cat-file -e "series:$2" 2>/dev/null ||
		grep -qE -- "-> $2(/|\$)" patches/*/series
} >/dev/null

plan 5

# warning: of a page alone, links to the rest of the kernel's documentation cannot be resolved,
# and there are none
echo "root_doc = 'nisv'" >"$out/conf.py"
sphinx-build -q -n -W --keep-going -c "$out" "$pages" "$out/alone" >"$out/log" 2>&1
result $? "documentation: the guide's pages build alone without a warning" "$out/log"

for f in README.rst Documentation/*.rst; do
	rst2html5 --report=info --exit-status=info "$f" "$out/${f##*/}.html" 2>&1 || echo "$f does not render"
done >"$out/log"
[ ! -s "$out/log" ]
result $? "documentation: README and the pages that stay here render without a warning" "$out/log"

name="documentation: the tree's KVM pages build, and the series adds no warning"
if ! git -C "$linux" cat-file -e "series:$pages/nisv.rst" 2>/dev/null; then
	skip "$name" 'this tree takes no page of ours'
else
	htmldocs base
	case $? in
	0)	if htmldocs series; then
			comm -13 "$out/base.warnings" "$out/series.warnings" >"$out/log"
		else
			tail "$out/series.log" >"$out/log"
		fi
		[ ! -s "$out/log" ]
		result $? "$name" "$out/log" ;;
	124)	echo "the base's did not end in time" >"$out/log"
		result 1 "$name" "$out/log" ;;
	*)	skip "$name" "the base's own do not build with this Sphinx, see ${out#"$top/"}/base.log" ;;
	esac
fi

for f in "${texts[@]}"; do
	named "$f" | while read -r path; do
		there "$f" "$path" || echo "$f: $path"
	done
done >"$out/log"
[ ! -s "$out/log" ]
result $? "documentation: each file that it names exists" "$out/log"

# A link is to a host by name over https; one to a mail has the Message-ID. XHTML's name is
# none, and checks have patterns
git grep -InoE '(https?|ftp|git)://[^][:space:]<>")]+' -- . ':!*.lock' |
	grep -vE ':https://(lore\.kernel\.org/(r|[a-z-]+)/[^/@]+@[^/]+/|[[:alnum:].-]+\.[a-z]+(/[^.,;]*([.,;][^.,;]+)*)?)$' |
	grep -vE "^[^:]*/checks/|:http://www\.w3\.org/1999/xhtml'?\$" >"$out/log"
[ ! -s "$out/log" ]
result $? "documentation: links are well-formed" "$out/log"
